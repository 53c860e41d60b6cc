/** @file Comparison, patterns and did-you-mean. */
#include "base/str.h"

#include <string.h>

#define NEAREST_MAX_BYTES 64u

bool str_eq(const char *a, const char *b)
{
	if (a == b || !a || !b)
		return a == b;
	/* Most that differ do so at once, for less than a call of strcmp(). */
	return *a == *b && strcmp(a, b) == 0;
}

bool str_is_empty(const char *text)
{
	return !text || !*text;
}

const char *str_or_empty(const char *text)
{
	return text ? text : "";
}

bool str_has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_has_suffix(const char *text, const char *suffix)
{
	size_t size = strlen(text), suffix_size = strlen(suffix);

	return size >= suffix_size && memcmp(text + size - suffix_size, suffix, suffix_size) == 0;
}

int str_compare(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

/* The text after one character; a byte that begins none counts as one. */
static const char *skip_character(const char *text)
{
	uint32_t c;
	size_t size = str_utf8_next(text, strnlen(text, 4), &c);

	return text + (size ? size : 1);
}

bool str_glob_match(const char *pattern, const char *text)
{
	const char *after_star = NULL, *retry = NULL;

	/* Only the last star is ever tried again: whatever an earlier one could take, this one can take too. */
	while (*text) {
		if (*pattern == '*') {
			after_star = ++pattern;
			retry = text;
		} else if (*pattern == '?') {
			pattern++;
			text = skip_character(text);
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (after_star) {
			pattern = after_star;
			text = retry = skip_character(retry);
		} else {
			return false;
		}
		if (after_star && !*after_star)
			return true;
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static unsigned char fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static size_t min_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions and replacements from a to b, case aside; both at most NEAREST_MAX_BYTES. */
static size_t edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t row[NEAREST_MAX_BYTES + 1];

	for (size_t j = 0; j <= b_size; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t above = row[j];
			size_t replaced = diagonal + (fold(a[i - 1]) != fold(b[j - 1]));

			row[j] = min_of(replaced, min_of(above, row[j - 1]) + 1);
			diagonal = above;
		}
	}
	return row[b_size];
}

const char *str_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t size = strnlen(word, NEAREST_MAX_BYTES + 1);
	size_t limit = size < 6 ? 1 : size / 3;
	size_t best = limit + 1;
	const char *nearest = NULL;

	if (size > NEAREST_MAX_BYTES)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t candidate_size = strnlen(candidates[i], NEAREST_MAX_BYTES + 1);
		size_t distance;

		if (candidate_size > NEAREST_MAX_BYTES || candidate_size > size + limit ||
		    size > candidate_size + limit)
			continue;
		distance = edit_distance(word, size, candidates[i], candidate_size);
		if (distance < best) {
			best = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}

bool str_is_lower(const char *text)
{
	while (*text && fold(*text) == (unsigned char)*text)
		text++;
	return !*text;
}

char *str_lower(struct arena *arena, const char *text)
{
	char *lower = arena_strdup(arena, text);

	for (char *at = lower; at && *at; at++)
		*at = (char)fold(*at);
	return lower;
}
