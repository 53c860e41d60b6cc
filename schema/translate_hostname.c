/* Hostname patterns: how they cover and intersect each other. */
#include "schema/translate_hostname.h"

#include <string.h>

#include "base/str.h"

enum hostname_class hostname_class(const char *pattern)
{
	if (!*pattern)
		return HOSTNAME_ANY;
	return pattern[0] == '*' && pattern[1] == '.' ? HOSTNAME_WILDCARD : HOSTNAME_EXACT;
}

bool hostname_is_covered(const char *outer, const char *inner)
{
	switch (hostname_class(outer)) {
	case HOSTNAME_ANY:
		return true;
	case HOSTNAME_WILDCARD:
		/* "*.c" covers "*.c" too: the suffix ".c" stands at the end of both. */
		return str_has_suffix(inner, outer + 1);
	case HOSTNAME_EXACT:
		break;
	}
	return str_eq(outer, inner);
}

const char *hostname_intersect(const char *a, const char *b)
{
	if (hostname_is_covered(a, b))
		return b;
	return hostname_is_covered(b, a) ? a : NULL;
}

int hostname_compare(const char *a, const char *b)
{
	enum hostname_class class_a = hostname_class(a), class_b = hostname_class(b);
	size_t size_a, size_b;

	if (class_a != class_b)
		return class_a < class_b ? -1 : 1;
	size_a = strlen(a);
	size_b = strlen(b);
	if (size_a != size_b)
		return size_a > size_b ? -1 : 1;
	return strcmp(a, b);
}

char *hostname_widen(char *pattern)
{
	char *dot;

	if (hostname_class(pattern) == HOSTNAME_ANY)
		return pattern;
	dot = strchr(pattern + (hostname_class(pattern) == HOSTNAME_WILDCARD ? 2 : 1), '.');
	if (!dot) {
		*pattern = '\0';
		return pattern;
	}
	dot[-1] = '*';
	return dot - 1;
}
