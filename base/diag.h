/** @file
 * Diagnostics: what a run has to say about faults, as values. Many per run; sortable; printed by report/.
 *
 * Codes: "A" and four digits, stable for ever. Ranges: A00xx files and limits, A01xx YAML, JSON and
 * CRD validation, A02xx Gateway API semantics, A03xx project file, A04xx provider and API, A05xx state,
 * A06xx plan, guards and conflicts, A07xx apply, A08xx command line, A09xx simulator. docs/diagnostics.md
 * lists them all; a test keeps that list complete. */
#ifndef ADIT_BASE_DIAG_H
#define ADIT_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/rc.h"
#include "base/text.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

struct diag {
	enum severity severity;
	const char *code;      /**< "A0107"; static */
	struct span span;      /**< where in the input; text NULL when it is not about input */
	const char *address;   /**< resource address or object ("HTTPRoute shop/web"); NULL if none */
	const char *summary;   /**< one line, no full stop; arena */
	const char *help;      /**< the way out, one or more sentences; NULL if none */
	int http_status;       /**< 0 if none */
	int provider_code;     /**< Cloudflare's error code; 0 if none */
	int system_errno;      /**< 0 if none; its words are left to the reporter, not put into summary */
};

struct diags {
	struct arena *arena;
	struct diag *items;
	size_t count, capacity;
	size_t error_count, warning_count, note_count; /**< counted even when no longer kept */
	size_t dropped;    /**< beyond LIMIT_DIAGS */
	size_t next_victim;  /**< private: items before it are errors */
	struct diag scratch; /**< private: what diag_add() returns for one that is not kept */
};

/** An empty list whose texts live in @p arena. */
void diags_init(struct diags *diags, struct arena *arena);

/** Add one. The list copies what it needs. Never fails: when memory is used up it is counted only. Once the list
 * is full, an error takes the place of a note or warning, so that errors are never crowded out.
 * @param code    static, or at least as long-lived as the list
 * @return the item, valid until the next diag_add(), to fill in address, help, http_status and the like; never NULL (a scratch item when dropped) */
struct diag *diag_add(struct diags *diags, enum severity severity, const char *code, struct span span,
		      const char *format, ...) PRINTF_LIKE(5, 6);

/** Add all of @p from, in its order, whose texts live as long as the list: an arena that adopted theirs. */
void diags_append(struct diags *diags, const struct diags *from);

/** Set the way out of @p diag; formatted into the list's arena. */
void diag_help(struct diags *diags, struct diag *diag, const char *format, ...) PRINTF_LIKE(3, 4);

/** Set the address of @p diag; copied. */
void diag_address(struct diags *diags, struct diag *diag, const char *address);

/** Sort by place, then severity, code, address and summary, and drop exact duplicates: the order of print. */
void diags_sort(struct diags *diags);

#endif
