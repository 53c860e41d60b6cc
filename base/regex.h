/** @file
 * Regular expressions as cloudflared understands them: RE2, linear time. A thin C face of the C++ library. */
#ifndef ADIT_BASE_REGEX_H
#define ADIT_BASE_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

struct regex;

/** Compile a pattern that both RE2 and Go's regexp accept: refuses \C and whatever Go does not know.
 * @param ret_regex   owned, free with regex_free()
 * @param error       filled with one line on failure; may be NULL
 * @return RC_OK; RC_INVALID; RC_LIMIT pattern over LIMIT_REGEX_BYTES, LIMIT_REGEX_MEMORY or LIMIT_REGEX_NESTING; RC_NOMEM (bad_alloc is caught)
 * @par Source  gateway-semantics 5.3; https://github.com/google/re2/wiki/Syntax */
enum rc regex_new(const char *pattern, size_t size, struct regex **ret_regex, char *error, size_t error_size) MUST_CHECK;
void regex_free(struct regex *regex);
/** Does any part of @p text match (unanchored, as Go's MatchString)? RE2 builds parts of its automaton only now.
 * @return RC_OK; RC_NOMEM (bad_alloc is caught) */
enum rc regex_match(const struct regex *regex, const char *text, size_t size, bool *ret_is_match) MUST_CHECK;

#endif
