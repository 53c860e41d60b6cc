/** @file
 * Hostname patterns: exact, "*." and a suffix (one or more labels before it), or "" for any. Internal to translation.
 * Source: gateway-semantics 1, 3.1. */
#ifndef ADIT_SCHEMA_TRANSLATE_HOSTNAME_H
#define ADIT_SCHEMA_TRANSLATE_HOSTNAME_H

#include <stdbool.h>

enum hostname_class { HOSTNAME_EXACT, HOSTNAME_WILDCARD, HOSTNAME_ANY };

enum hostname_class hostname_class(const char *pattern);
/** True when @p outer matches whatever @p inner matches. */
bool hostname_is_covered(const char *outer, const char *inner);
/** What both match: one of the two; NULL when there is nothing. */
const char *hostname_intersect(const char *a, const char *b);
/** Most specific first: exact ones (longest first), wildcards (longest first), any; then by bytes. */
int hostname_compare(const char *a, const char *b);
/** The next wider pattern that covers @p pattern: "*.b.c" of "a.b.c", "*.c" of "*.b.c", "" at last.
 * @param pattern  overwritten; the result points into it (or is static) */
char *hostname_widen(char *pattern);

#endif
