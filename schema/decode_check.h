/** @file
 * Schemas as tables, and the one validator that walks them. A schema says what an OpenAPI schema of a CRD says;
 * what a table cannot say (CEL rules) is a small function beside it. Every problem is reported, at its place. */
#ifndef ADIT_SCHEMA_DECODE_CHECK_H
#define ADIT_SCHEMA_DECODE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/regex.h"
#include "schema/decode_value.h"

#define CHECK_MAX_PROBLEMS 100 /**< of one object; then its check ends */
#define CHECK_MAX_PATTERNS 16  /**< different patterns in all tables */

struct check;

enum value_type {
	VALUE_STRING,
	VALUE_BOOL,
	VALUE_INT,    /**< min and max always hold */
	VALUE_OBJECT, /**< fields */
	VALUE_LIST,   /**< item */
	VALUE_MAP,    /**< key and item */
	VALUE_ANY     /**< only the rule, if any */
};

struct schema_field {
	const char *name;
	const struct schema *schema;
	bool is_required;
};

/** What a value must be. Zero means: no limit. */
struct schema {
	enum value_type type;
	const char *what;              /**< in messages: "a hostname" */
	const char *help;              /**< a sentence on what is allowed; NULL if @p what says it all */
	bool (*is_valid)(const char *text, size_t size); /**< string: its format */
	const char *pattern;           /**< string: RE2, for formats too rare for a predicate of their own */
	const char *const *values;     /**< string: enum, ended by NULL */
	const int64_t *numbers;        /**< int: enum, ended by 0 */
	int64_t min, max;              /**< int: bounds; string: characters; list: items; map: members */
	const struct schema *item, *key;
	const char *unique;            /**< list: the key that tells its items apart; "" for the item itself */
	const struct schema_field *fields;
	size_t field_count;            /**< at most 64 */
	bool is_open;                  /**< object: other fields are none of our business */
	void (*rule)(struct check *check, const struct node *node); /**< asked once all types within are right */
};

#define SCHEMA_FIELDS(table) \
	.fields = (table), .field_count = sizeof(table) / sizeof((table)[0]) + CHECK_FEW(table)
/** Nothing; more fields than bits do not compile. */
#define CHECK_FEW(table) (0 * sizeof(char[sizeof(table) / sizeof((table)[0]) <= 64 ? 1 : -1]))

/** A step on the way from an object's root to a value; lives on the stack of the walk. */
struct check_path {
	const struct check_path *parent;
	const char *name;              /**< NULL: an index */
	size_t index;
	bool is_map_key;
};

/** A pattern of a schema, compiled. */
struct check_pattern {
	const char *pattern;
	struct regex *regex;           /**< owned */
};

/** The check of one object after the other. */
struct check {
	struct diags *diags;
	const struct text *text;
	const char *kind, *name_space, *name;  /**< of the object, for messages; NULL when unknown */
	const struct check_path *path;
	size_t error_count;            /**< of this object */
	size_t blocked_count;          /**< those that keep rules from being asked: wrong types, lists too long */
	uint64_t visited;              /**< nodes looked at, all objects */
	bool out_of_memory;
	struct check_pattern patterns[CHECK_MAX_PATTERNS];
	size_t pattern_count;
};

/** Ready @p check for the next object; the names may be NULL. */
void check_begin(struct check *check, const struct text *text, const char *kind, const char *name_space,
		 const char *name);
/** Free the compiled patterns. */
void check_done(struct check *check);

/** Check @p node against @p schema; problems are counted in the check and added to its diagnostics. */
void check_value(struct check *check, const struct schema *schema, const struct node *node);

/** Add an error at @p node. The message starts with the path of the value that is being checked.
 * @param help  a sentence on the way out; may be NULL */
void check_fail(struct check *check, const char *code, const struct node *node, const char *help,
		const char *format, ...)
	PRINTF_LIKE(5, 6);
/** A broken CEL rule (A0143). */
void check_rule(struct check *check, const struct node *node, const char *message);

/** True once so many problems were found that the check ends. */
bool check_is_full(const struct check *check);

/** "HTTPRoute shop/web" for messages, cut when it is too long. */
void check_object_name(const struct check *check, char *name, size_t size);

#endif
