/** @file
 * Shared libraries that only some commands need, loaded when they are first used, and then kept.
 *
 * Who uses one has a table for it: a struct of pointers with the library's own prototypes, which library_load() fills, and
 * an ELF note, by which packagers find the dependency that no NEEDED entry names. What a table holds is valid once
 * library_load() said RC_OK, in any thread, and does not change any more.
 * @par Source  https://uapi-group.org/specifications/specs/elf_dlopen_metadata/ */
#ifndef ADIT_BASE_LIBRARY_H
#define ADIT_BASE_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/rc.h"

/** One function: its name, and where its pointer goes. */
struct library_symbol {
	const char *name;
	size_t offset;
};

struct library {
	const char *file;                      /**< "libpq.so.5": the name that the loader looks for */
	const char *first;                     /**< the largest of what it brings along, or NULL: alone, it is bound in less time
	                                            than among all the others; nothing is amiss when it is not there */
	const char *purpose;                   /**< what cannot be done without it: "a state in PostgreSQL" */
	const struct library_symbol *symbols;
	size_t symbol_count;
	void *table;
	void (*prepare)(void *handle);         /**< called once, before anybody uses the library; NULL: nothing to do */
	pthread_mutex_t mutex;                 /**< over what follows, and the table */
	bool is_loaded, is_ahead;
	pthread_t ahead;                       /**< is_ahead: loads it */
};

/** Load it in a thread of its own, which library_load() or library_wait() waits for. Nothing is said, and nothing is amiss when
 * that cannot be done: library_load() tries itself then. */
void library_load_ahead(struct library *library);

/** Wait until the thread of library_load_ahead() is gone; for who will not call library_load() any more. */
void library_wait(struct library *library);

/** Load it, unless it is, and fill its table.
 * @param diags  NULL: nothing is said
 * @return RC_OK; RC_UNSUPPORTED it is not there, or lacks a function (A0019); RC_NOMEM */
enum rc library_load(struct library *library, struct diags *diags) MUST_CHECK;

/** The note of a library: @p text is an array of one JSON object with feature, description, priority and soname. */
#define LIBRARY_NOTE(variable, text)                                                                                   \
	__attribute__((used, section(".note.dlopen"))) _Alignas(uint32_t) static const struct {                                           \
		uint32_t name_size, text_size, type;                                                                   \
		char name[sizeof("FDO")];                                                                              \
		_Alignas(uint32_t) char bytes[sizeof(text)];                                                           \
	} variable = {sizeof("FDO"), sizeof(text), 0x407c0c0a, "FDO", text}

#endif
