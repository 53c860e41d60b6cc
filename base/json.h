/** @file
 * JSON: a value tree in an arena (parsed by cJSON) and a deterministic writer. */
#ifndef ADIT_BASE_JSON_H
#define ADIT_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/rc.h"
#include "base/strbuf.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_member;

/** A value. Immutable once built, except by the json_set_/json_push_ builders below. There are millions of them: hence
 * counts of 32 bits, which no text of up to 4 GiB outgrows. */
struct json {
	enum json_type type;
	union {
		bool boolean;
		double number;
		const char *string;
		struct {
			struct json **items;
			uint32_t count, capacity;
		} array;
		struct {
			struct json_member *members; /**< in the order of the text; keys unique (the last wins) */
			uint32_t count, capacity;
		} object;
	} u;
};

struct json_member {
	const char *key;
	struct json *value;
};

/** Parse a whole document with cJSON; nesting over LIMIT_DEPTH and trailing bytes are refused.
 * Numbers keep double precision and must be finite. Strings with an embedded NUL or invalid UTF-8 are refused, and
 * what cJSON would let pass against RFC 8259: control characters, "01", "1.", a byte order mark. So is a number of
 * more than 63 characters, which cJSON would cut.
 * @param ret_value   arena
 * @param ret_offset  byte where parsing stopped, when RC_INVALID; may be NULL
 * @return RC_OK, RC_INVALID, RC_LIMIT, RC_NOMEM */
enum rc json_parse(struct arena *arena, const char *bytes, size_t size, struct json **ret_value, size_t *ret_offset) MUST_CHECK;

/** As json_parse(), for what people write: of a key that an object has twice nobody knows which value was meant.
 * @param ret_repeated  the first such key, when RC_EXISTS; arena
 * @return RC_EXISTS, too */
enum rc json_parse_unique(struct arena *arena, const char *bytes, size_t size, struct json **ret_value, size_t *ret_offset,
			  const char **ret_repeated) MUST_CHECK;

/** How many of these bytes, from the first on, are within a JSON string what they stand for: ASCII without control characters,
 * quotation marks and backslashes. */
size_t json_plain_size(const char *bytes, size_t size);

/* Readers: each takes NULL and wrong types calmly. */
const struct json *json_get(const struct json *object, const char *key);
/** String member, or @p fallback when it is absent or no string. */
const char *json_get_string(const struct json *object, const char *key, const char *fallback);
int64_t json_get_int(const struct json *object, const char *key, int64_t fallback);
bool json_get_bool(const struct json *object, const char *key, bool fallback);
/** Items of an array or members of an object; 0 for anything else. */
size_t json_count(const struct json *value);
const struct json *json_item(const struct json *array, size_t index);
/** True for a finite number without fraction within +-2^53. */
bool json_is_int(const struct json *value);
/** Same value: object members in any order, arrays in order, numbers by value. NULL equals JSON null. */
bool json_equal(const struct json *a, const struct json *b);

/* Builders; all arena; NULL when memory is used up. */
struct json *json_new(struct arena *arena, enum json_type type);
/** @param text copied; NULL gives a JSON null */
struct json *json_new_string(struct arena *arena, const char *text);
/** @param text not copied: it must live as long as the value */
struct json *json_borrow_string(struct arena *arena, const char *text);
struct json *json_new_int(struct arena *arena, int64_t value);
struct json *json_new_bool(struct arena *arena, bool value);
/** Set or replace a member, in time linear in the members so far; the key and value are borrowed. NULL value gives RC_NOMEM, so builders can be nested. */
enum rc json_set(struct arena *arena, struct json *object, const char *key, struct json *value) MUST_CHECK;
enum rc json_push(struct arena *arena, struct json *array, struct json *value) MUST_CHECK;
/** Deep copy; arena. */
struct json *json_copy(struct arena *arena, const struct json *value);
/** json_copy() in which equal keys of all objects are one text.
 * @param keys  those known so far, and, in @p arena, those that are new; NULL: each is copied */
struct json *json_copy_keys(struct arena *arena, const struct json *value, struct map *keys);

/** Write canonical text: no white space, members sorted by key bytes, integers below 10^21 without exponent, shortest
 * round-trip form of other numbers, no number that is not finite (null instead). Same value, same bytes. NULL
 * writes null. Characters that could steer a terminal are written as \\u escapes, here and by the writer below. */
void json_write_canonical(struct strbuf *out, const struct json *value);

/** A streaming writer with indentation, for output that people read and tools parse. */
struct json_writer {
	struct strbuf *out;
	unsigned indent;   /**< spaces per level; 0: compact, one line */
	unsigned depth;
	bool need_comma, after_key;
};
void json_writer_init(struct json_writer *w, struct strbuf *out, unsigned indent);
void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
/** A string value; NULL writes null. Invalid UTF-8 becomes U+FFFD; <, > and & stay as they are. */
void json_string(struct json_writer *w, const char *text);
void json_int(struct json_writer *w, int64_t value);
void json_number(struct json_writer *w, double value);
void json_bool(struct json_writer *w, bool value);
void json_null(struct json_writer *w);
/** A value that is JSON text already, as it is. */
void json_raw(struct json_writer *w, const char *text, size_t size);
/** A whole value in the writer's style, members in their own order. */
void json_value(struct json_writer *w, const struct json *value);
/** Key and value in one. */
void json_key_string(struct json_writer *w, const char *key, const char *text);
void json_key_int(struct json_writer *w, const char *key, int64_t value);
void json_key_bool(struct json_writer *w, const char *key, bool value);

#endif
