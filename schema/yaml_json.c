/* JSON for libyaml, which reads all of it but for surrogate pairs ("\ud83d\ude00") and tabs before the first bracket.
 * A pair becomes the shorter "\U0001f600"; the two characters saved are put behind the string as spaces, so that all
 * that follows keeps its column. */
#include <stdlib.h>
#include <string.h>

#include "schema/yaml_internal.h"

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blank(const unsigned char *bytes, size_t size, size_t at)
{
	while (at < size && is_blank(bytes[at]))
		at++;
	return at;
}

/* The value of "\uXXXX" at @p at, or 0. */
static unsigned unicode_escape(const unsigned char *bytes, size_t size, size_t at)
{
	char digits[5] = {0};
	char *end;
	unsigned long value;

	if (size - at < 6 || bytes[at] != '\\' || bytes[at + 1] != 'u')
		return 0;
	memcpy(digits, bytes + at + 2, 4);
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return 0;
	value = strtoul(digits, &end, 16);
	return (unsigned)value;
}

static unsigned surrogate_pair(const unsigned char *bytes, size_t size, size_t at)
{
	unsigned high = unicode_escape(bytes, size, at), low;

	if (high < 0xD800 || high > 0xDBFF)
		return 0;
	low = unicode_escape(bytes, size, at + 6);
	if (low < 0xDC00 || low > 0xDFFF)
		return 0;
	return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static void write_escape(unsigned char *out, unsigned code)
{
	static const char hex[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'U';
	for (unsigned i = 0; i < 8; i++)
		out[2 + i] = (unsigned char)hex[code >> (28 - 4 * i) & 0xF];
}

/* Rewrite the double-quoted string at @p at in place. @return behind its closing quote */
static size_t adapt_string(unsigned char *bytes, size_t size, size_t at)
{
	size_t to = at + 1, padding;

	for (at++; at < size && bytes[at] != '"';) {
		unsigned code = surrogate_pair(bytes, size, at);
		size_t step = bytes[at] == '\\' && at + 1 < size ? 2 : 1;

		if (code) {
			write_escape(bytes + to, code);
			to += 10;
			at += 12;
			continue;
		}
		memmove(bytes + to, bytes + at, step);
		to += step;
		at += step;
	}
	if (at == size) /* never closed: libyaml says so, and where the quote is */
		return size;
	padding = at - to;
	bytes[to] = '"';
	memset(bytes + to + 1, ' ', padding);
	return at + 1;
}

/* Single-quoted text and comments are no JSON but may stand in what looks like it. */
static size_t skip_foreign(const unsigned char *bytes, size_t size, size_t at)
{
	unsigned char end = bytes[at] == '#' ? '\n' : '\'';
	const unsigned char *found = memchr(bytes + at + 1, end, size - at - 1);

	return found ? (size_t)(found - bytes) + 1 : size;
}

/* Rewrite the flow collection at @p at. @return behind its last bracket */
static size_t adapt_value(unsigned char *bytes, size_t size, size_t at)
{
	size_t depth = 0;
	unsigned char before = ' '; /* the last character that is not blank, or a blank next to a comment */

	while (at < size) {
		unsigned char c = bytes[at];

		if (c == '"' && strchr("{[,: ", before)) {
			at = adapt_string(bytes, size, at);
			before = '"';
			continue;
		}
		if ((c == '\'' && strchr("{[,: ", before)) || (c == '#' && is_blank(bytes[at - 1]))) {
			at = skip_foreign(bytes, size, at);
			continue;
		}
		at++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return at;
		if (!is_blank(c))
			before = c;
	}
	return at;
}

static void adapt(unsigned char *bytes, size_t size)
{
	size_t at = skip_blank(bytes, size, 0);

	for (size_t i = 0; i < at; i++) {
		if (bytes[i] == '\t')
			bytes[i] = ' ';
	}
	while (at < size && (bytes[at] == '{' || bytes[at] == '[')) {
		at = skip_blank(bytes, size, adapt_value(bytes, size, at));
		if (size - at < 3 || memcmp(bytes + at, "---", 3) != 0)
			return;
		at = skip_blank(bytes, size, at + 3);
	}
}

enum rc yaml_json_adapt(const char *bytes, size_t size, unsigned char **ret_copy)
{
	const unsigned char *text = (const unsigned char *)bytes;
	size_t first = skip_blank(text, size, 0);
	unsigned char *copy;

	*ret_copy = NULL;
	if (first == size || (bytes[first] != '{' && bytes[first] != '['))
		return RC_OK;
	if (!memchr(bytes, '\t', first) && !memmem(bytes, size, "\\ud", 3) && !memmem(bytes, size, "\\uD", 3))
		return RC_OK;
	copy = malloc(size);
	if (!copy)
		return RC_NOMEM;
	memcpy(copy, bytes, size);
	adapt(copy, size);
	*ret_copy = copy;
	return RC_OK;
}
