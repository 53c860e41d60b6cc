/** @file
 * What the parts of the JSON module share. */
#ifndef ADIT_BASE_JSON_INTERNAL_H
#define ADIT_BASE_JSON_INTERNAL_H

#include "base/json.h"

/** The members of an object by key. @return owned, free with free(); NULL when memory is used up */
const struct json_member **json_sort_members(const struct json *object);

/** Add a member whose key is known to be new; key and value are borrowed. @return RC_OK or RC_NOMEM */
enum rc json_append_member(struct arena *arena, struct json *object, const char *key, struct json *value) MUST_CHECK;

/** Check the tokens of a JSON text as RFC 8259 has them, where cJSON is more lenient, and its nesting. What the
 * tokens mean together is left to cJSON.
 * @param ret_offset  byte where the fault is
 * @return RC_OK; RC_INVALID; RC_LIMIT nested over LIMIT_DEPTH */
enum rc json_check_tokens(const char *bytes, size_t size, size_t *ret_offset) MUST_CHECK;

/** Append a string with its quotes. */
void json_write_string(struct strbuf *out, const char *text);

/** Append a number in its canonical form. */
void json_write_number(struct strbuf *out, double value);

#endif
