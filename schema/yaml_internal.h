/** @file
 * Shared by the parts of the YAML reader; nobody else includes it. */
#ifndef ADIT_SCHEMA_YAML_INTERNAL_H
#define ADIT_SCHEMA_YAML_INTERNAL_H

#include <string.h>
#include <yaml.h>

#include "base/limits.h"
#include "base/map.h"
#include "schema/yaml.h"

#define YAML_KEY_CACHE 256u /**< keys kept so that equal ones share their bytes */

/** A key that came before. */
struct yaml_key {
	const char *text;  /**< NULL: none */
	size_t size;
	bool is_plain;     /**< written plainly it is this text, not a number or the like */
};

/** An anchor of the current document. */
struct anchor {
	struct node *node;
	size_t nodes;      /**< in its subtree, aliases expanded */
	unsigned height;   /**< collections nested in it, itself included */
	unsigned uses;     /**< aliases that named it so far */
	bool is_open;      /**< its collection is still being read: an alias to it would be a cycle */
};

/** A collection that is being read. */
struct frame {
	struct node *node;
	struct anchor *anchor;     /**< NULL when it has none */
	size_t first;              /**< its first entry in reader->pending */
	size_t nodes_before;       /**< reader->nodes when it was opened */
	unsigned height;
	bool has_key, is_merge;    /**< mapping: a key waits for its value; that key is "<<" */
	struct node_member key;    /**< mapping: that key, or the last one; value unused */
	struct node_member merge;  /**< mapping: "<<" and its value; key NULL when absent */
};

/** A place in the text that moves forward: see yaml_mark.c. */
struct yaml_cursor {
	size_t index, offset; /**< characters after the byte order mark; bytes */
	size_t line, column;  /**< from 0, as libyaml counts */
};

struct yaml_reader {
	struct diags *diags;
	const struct text *text;
	unsigned char *copy;       /**< what libyaml reads instead of the text; NULL: the text itself */
	size_t bom_size;           /**< bytes before what libyaml reads */
	uint32_t lines_before;     /**< a part: lines of the text before it */
	bool has_odd_breaks;       /**< libyaml counts other lines than editors do */
	struct yaml_cursor cursor;
	yaml_parser_t parser;
	bool in_document;          /**< a document's end was not read yet */
	bool is_ended;
	/* The current document. */
	struct arena *arena;
	struct node *root;
	struct map anchors;        /**< name -> struct anchor */
	size_t nodes;
	unsigned nesting;          /**< open collections as libyaml reports them */
	unsigned depth;            /**< frames in use */
	struct frame frames[LIMIT_DEPTH];
	struct yaml_key keys[YAML_KEY_CACHE];
	bool has_keys;             /**< some were put there */
	struct arena *shared_keys; /**< of all documents; NULL: each has its own */
	size_t shared_key_bytes;
	struct yaml_key unshared_key;
	/* Entries of all open collections, the innermost last; heap. */
	struct node_member *pending;
	size_t pending_count, pending_capacity;
};

/** Refuse bytes that no YAML or JSON text has: invalid UTF-8 (A0101), NUL and other control characters (A0102),
 * and directives without end, which libyaml compares each with each (A0115).
 * @param ret_odd_breaks  the text has characters that end a line for libyaml alone
 * @return RC_OK, RC_INVALID, RC_LIMIT */
enum rc yaml_check_bytes(struct diags *diags, const struct text *text, bool *ret_odd_breaks) MUST_CHECK;

/** Make line and column of @p mark those that editors show. */
void yaml_correct_mark(struct yaml_reader *reader, yaml_mark_t *mark);

/** JSON that libyaml does not understand, in words that it does: surrogate pairs in strings become \U escapes, tabs
 * before the first bracket become spaces. All other bytes keep their place.
 * @param ret_copy  owned (free()), or NULL when the text needs no change
 * @return RC_OK, RC_NOMEM */
enum rc yaml_json_adapt(const char *bytes, size_t size, unsigned char **ret_copy) MUST_CHECK;

/** Add the diagnostic for libyaml's failure. @return RC_INVALID, RC_NOMEM */
enum rc yaml_syntax_error(struct diags *diags, const struct text *text, const yaml_parser_t *parser) MUST_CHECK;

/** Say so when the line of @p diag holds an unrendered template. */
void yaml_help_template(struct diags *diags, struct diag *diag);

/** Give a plain scalar its kind and value; node->text is set. */
void yaml_resolve_plain(struct node *node);
/** Kind and value of a scalar event as its style and tag say.
 * @return RC_OK; RC_INVALID (A0111 a number that JSON cannot express, A0112 not what its tag says) */
enum rc yaml_scalar(struct yaml_reader *reader, const yaml_event_t *event, struct node *node) MUST_CHECK;
/** Forget the last document's keys, unless they are shared. */
void yaml_begin_keys(struct yaml_reader *reader);
/** Where a key stands if it came before (yaml_is_key()). */
struct yaml_key *yaml_key_place(struct yaml_reader *reader, const char *text, size_t size);
static inline bool yaml_is_key(const struct yaml_key *key, const char *text, size_t size)
{
	return key->text && key->size == size && memcmp(key->text, text, size) == 0;
}
/** A key that may have come before. @return NULL when memory is used up; valid until the next call */
struct yaml_key *yaml_key_intern(struct yaml_reader *reader, const char *text);
/** The JSON string form of a scalar used as a key: the text itself for strings, "true" for yes.
 * @param buffer  used for numbers @return borrowed from node or buffer */
const char *yaml_key_text(const struct node *node, char *buffer, size_t buffer_size);

/** Complete the members of a mapping, which start at pending[frame->first]: add what "<<" merges in, refuse duplicates.
 * @return RC_OK; RC_INVALID (A0108 duplicate key, A0110 nothing that can be merged); RC_NOMEM */
enum rc yaml_merge_members(struct yaml_reader *reader, const struct frame *frame) MUST_CHECK;
/** Append to reader->pending. @return RC_OK, RC_NOMEM */
enum rc yaml_push(struct yaml_reader *reader, const struct node_member *member) MUST_CHECK;

#endif
