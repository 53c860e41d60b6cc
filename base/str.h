/** @file
 * Small functions on strings that need no state. */
#ifndef ADIT_BASE_STR_H
#define ADIT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/rc.h"

/** Equality; two NULLs are equal, NULL and "" are not. */
bool str_eq(const char *a, const char *b);
/** True when NULL or "". */
bool str_is_empty(const char *text);
/** @p text, or "" for NULL. */
const char *str_or_empty(const char *text);
bool str_has_prefix(const char *text, const char *prefix);
bool str_has_suffix(const char *text, const char *suffix);
/** strcmp() with NULL before everything: for deterministic sorting. */
int str_compare(const char *a, const char *b);
/** Shell-like match over the whole text: '*' any run of characters ('/' too), '?' one; linear memory, no backtracking blow-up. */
bool str_glob_match(const char *pattern, const char *text);
/** True for well-formed UTF-8 without NUL. */
bool str_is_utf8(const char *bytes, size_t size);
/** One well-formed UTF-8 character (no surrogates, no overlong forms, at most U+10FFFF).
 * @param ret_char  the code point, set when the result is not 0
 * @return its length, 1 to 4; 0 when @p bytes do not begin with one or @p size is 0 */
size_t str_utf8_next(const char *bytes, size_t size, uint32_t *ret_char);
/** Bytes to drop so that a cut at @p size falls between UTF-8 characters: returns the largest valid size <= @p size. */
size_t str_utf8_cut(const char *text, size_t size);
/** @p text with control characters (C0, DEL, C1, and the bidirectional overrides) replaced by U+FFFD, for a terminal;
 * newlines too unless @p keep_newlines. Invalid UTF-8 is replaced as well. @return arena, or NULL */
char *str_printable(struct arena *arena, const char *text, size_t size, bool keep_newlines);
/** The candidate nearest to @p word within an edit distance of a third of its length (at least 1), or NULL; for did-you-mean. */
const char *str_nearest(const char *word, const char *const *candidates, size_t count);
/** Lower case of ASCII letters; arena. */
char *str_lower(struct arena *arena, const char *text);
/** True when str_lower() would change nothing. */
bool str_is_lower(const char *text);
/** Lower-case hex of @p size bytes; arena. */
char *str_hex(struct arena *arena, const void *bytes, size_t size);
/** Standard base64 with padding; arena. */
char *str_base64(struct arena *arena, const void *bytes, size_t size);
/** Decode standard base64 with padding. @param ret_bytes arena @return RC_OK, RC_INVALID, RC_NOMEM */
enum rc str_base64_decode(struct arena *arena, const char *text, unsigned char **ret_bytes, size_t *ret_size) MUST_CHECK;
/** A whole decimal integer, nothing else. @return RC_OK or RC_INVALID */
enum rc str_to_int64(const char *text, int64_t *ret_value) MUST_CHECK;
/** Write a number in decimal, without a NUL. @return what follows it, STR_INT_BYTES behind @p out at most */
char *str_put_int(char *out, int64_t value);
#define STR_INT_BYTES 20u
/** Write 8 lower-case hex digits, without a NUL. @return what follows them */
char *str_put_hex32(char *out, uint32_t value);
/** A duration as Go writes it, or whole seconds with a bare number: "10s", "1m30s", "50ms", "24h", "300".
 * @param ret_ms milliseconds @return RC_OK or RC_INVALID */
enum rc str_to_duration_ms(const char *text, int64_t *ret_ms) MUST_CHECK;
/** A rate: "1200/300s". @param ret_calls at least 1 @param ret_window_ms at least 1 @return RC_OK or RC_INVALID */
enum rc str_to_rate(const char *text, int64_t *ret_calls, int64_t *ret_window_ms) MUST_CHECK;
/** SHA-256 as 64 lower-case hex digits; arena. */
char *str_sha256_hex(struct arena *arena, const void *bytes, size_t size);
/** XXH3-128 as 32 lower-case hex digits; arena. Fingerprints only; never over secrets. */
char *str_xxh3_hex(struct arena *arena, const void *bytes, size_t size);
/** True when @p hex is what str_xxh3_hex() makes of these bytes. NULL is not. */
bool str_is_xxh3_hex(const char *hex, const void *bytes, size_t size);

#endif
