/** @file UTF-8, and text that is safe on a terminal. */
#include <string.h>

#include "base/str.h"

#define REPLACEMENT "\xEF\xBF\xBD"

/* Length of the sequence that a first byte announces, and the least code point that needs it. */
static size_t sequence_size(unsigned char first, uint32_t *ret_least)
{
	if (first >= 0xC2 && first <= 0xDF) {
		*ret_least = 0x80;
		return 2;
	}
	if ((first & 0xF0) == 0xE0) {
		*ret_least = 0x800;
		return 3;
	}
	if (first >= 0xF0 && first <= 0xF4) {
		*ret_least = 0x10000;
		return 4;
	}
	return 0;
}

size_t str_utf8_next(const char *bytes, size_t size, uint32_t *ret_char)
{
	unsigned char first = size ? (unsigned char)bytes[0] : 0;
	uint32_t least, c;
	size_t length;

	if (!size)
		return 0;
	if (first < 0x80) {
		*ret_char = first;
		return 1;
	}
	length = sequence_size(first, &least);
	if (!length || length > size)
		return 0;
	c = first & (0x7Fu >> length);
	for (size_t i = 1; i < length; i++) {
		unsigned char next = (unsigned char)bytes[i];

		if ((next & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (next & 0x3Fu);
	}
	if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	*ret_char = c;
	return length;
}

bool str_is_utf8(const char *bytes, size_t size)
{
	uint32_t c = 0;

	for (size_t i = 0, length; i < size; i += length) {
		if ((unsigned char)bytes[i] - 1u < 0x7F) {
			length = 1;
			continue;
		}
		length = str_utf8_next(bytes + i, size - i, &c);
		if (!length || !c)
			return false;
	}
	return true;
}

size_t str_utf8_cut(const char *text, size_t size)
{
	size_t cut = strnlen(text, size);

	/* text[cut] is the NUL, or the first byte that does not fit. */
	while (cut && ((unsigned char)text[cut] & 0xC0) == 0x80)
		cut--;
	return cut;
}

/* Controls, and what makes a terminal show text in another order than it stands. */
static bool is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

char *str_printable(struct arena *arena, const char *text, size_t size, bool keep_newlines)
{
	/* A byte becomes three at most. */
	char *printable, *out;
	size_t length, worst = 1;
	uint32_t c = 0;

	for (size_t i = 0; i < size; i += length) {
		length = str_utf8_next(text + i, size - i, &c);
		worst += !length || is_harmful(c) ? strlen(REPLACEMENT) : length;
		length = length ? length : 1;
	}
	printable = out = arena_alloc(arena, worst);
	for (size_t i = 0; out && i < size; i += length) {
		length = str_utf8_next(text + i, size - i, &c);
		if (!length || (is_harmful(c) && !(c == '\n' && keep_newlines))) {
			memcpy(out, REPLACEMENT, strlen(REPLACEMENT));
			out += strlen(REPLACEMENT);
			length = length ? length : 1;
		} else {
			memcpy(out, text + i, length);
			out += length;
		}
	}
	return printable;
}
