/** @file
 * YAML (and so JSON) into trees of nodes, each with its line and column. One document at a time, so that a large
 * input needs memory for its largest document only.
 *
 * Anchors and aliases are resolved (aliases share the anchor's node), merge keys ("<<") are applied, duplicate
 * keys are refused, scalars are typed as Kubernetes does (what sigs.k8s.io/yaml makes of YAML 1.1: see
 * yaml_scalar.c), keys take their JSON string form, unknown tags are plain values. Limits: base/limits.h.
 *
 * Codes: A0101 invalid UTF-8, A0102 NUL or control character, A0103 syntax, A0104 alias without anchor, A0105 alias
 * inside its anchor, A0106 nesting, A0107 nodes, A0108 duplicate key, A0109 what cannot be a key, A0110 "<<" with
 * something else than mappings, A0111 number that JSON cannot express, A0112 value against its tag, A0113 text too
 * long, A0114 anchor used too often, A0115 too many directives. */
#ifndef ADIT_SCHEMA_YAML_H
#define ADIT_SCHEMA_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/json.h"
#include "base/text.h"

enum node_kind { NODE_NULL, NODE_BOOL, NODE_INT, NODE_FLOAT, NODE_STRING, NODE_SEQUENCE, NODE_MAPPING };

struct node_member;

struct node {
	enum node_kind kind;
	uint32_t line, column;   /**< 1-based; column in characters */
	union {
		bool boolean;
		int64_t integer;
		double real;     /**< finite; a number without fraction within +-2^53 is NODE_INT */
		struct {
			struct node **items;
			size_t count;
		} sequence;
		struct {
			struct node_member *members; /**< in the order of the text, merged ones last */
			size_t count;
		} mapping;
	} u;
	const char *text;        /**< scalars: the text as written (strings: the value); NUL-terminated; else NULL */
	size_t text_size;
};

struct node_member {
	const char *key;
	uint32_t line, column;   /**< of the key */
	struct node *value;
};

struct yaml_reader;

/** Start reading @p text. Invalid UTF-8 and NUL bytes are refused with their place.
 * @param ret_reader  owned, free with yaml_close()
 * @return RC_OK; RC_INVALID (A0101, A0102); RC_LIMIT (A0115); RC_NOMEM */
enum rc yaml_open(struct diags *diags, const struct text *text, struct yaml_reader **ret_reader) MUST_CHECK;

/** Start reading a part of a text, which begins at the start of a document: see decode_part.h.
 * @param part        the bytes; its name is not looked at
 * @param lines_before  lines of @p text before it
 * @return as yaml_open(); RC_UNSUPPORTED for what can be read as a whole only (JSON that must be adapted, lines that
 * end in odd ways) */
enum rc yaml_open_part(struct diags *diags, const struct text *text, const struct text *part, uint32_t lines_before,
		       struct yaml_reader **ret_reader) MUST_CHECK;

/** Keep keys in @p keys, which outlives the nodes, so that documents share them. Without this each document has its own. */
void yaml_share_keys(struct yaml_reader *reader, struct arena *keys);

/** The next document.
 * @param arena      for the nodes; may be reset between documents
 * @param ret_root   NULL for an empty document (nothing, a comment, or null)
 * @param ret_end    true when there is no further document (then *ret_root is NULL)
 * @return RC_OK; RC_INVALID with a diagnostic: this document is refused, call again for the next one (after a
 * syntax error and after any other failure the reader is at its end: libyaml cannot resume); RC_LIMIT with a
 * diagnostic; RC_NOMEM */
enum rc yaml_next(struct yaml_reader *reader, struct arena *arena, struct node **ret_root, bool *ret_end) MUST_CHECK;

void yaml_close(struct yaml_reader *reader);

/** Member of a mapping, or NULL (also for anything that is no mapping). */
const struct node *node_get(const struct node *mapping, const char *key);
/** The place of a node in its text. */
struct span node_span(const struct text *text, const struct node *node);
/** The node's kind for messages: "a string", "a list", "a mapping", "null"... static. */
const char *node_kind_text(enum node_kind kind);
/** The node as a JSON value; arena. @return RC_OK, RC_NOMEM */
enum rc node_to_json(struct arena *arena, const struct node *node, struct json **ret_value) MUST_CHECK;

#endif
