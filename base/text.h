/** @file
 * A named text, and a place in it: where something in the input was written. */
#ifndef ADIT_BASE_TEXT_H
#define ADIT_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/** Where span_line() last found a line, so that places asked for in order cost one pass over the text in all. */
struct text_memo {
	uint32_t line; /**< 0: nothing found yet */
	size_t offset;
};

/** One input: a file, standard input, a plan file. Borrowed by everything that points into it. */
struct text {
	const char *name;  /**< as shown to the user: path as given, or "<stdin>" */
	const char *bytes; /**< not NUL-terminated; NULL: forgotten for now (base/file.h) */
	size_t size;
	uint64_t sum;      /**< XXH3-64 of the bytes, while they are forgotten */
	struct text_memo *memo; /**< used by span_line() alone; NULL: every search starts at the top */
};

/** A place in a text. All zero: no place known. */
struct span {
	const struct text *text; /**< NULL when unknown */
	uint32_t line;           /**< 1-based; 0 when unknown */
	uint32_t column;         /**< 1-based, in characters; 0 when unknown */
};

/** Order by name, line, column: for deterministic output. */
int span_compare(const struct span *a, const struct span *b);

/** The line that @p span is in, without its newline. With a memo (texts of base/file.h have one) any number of
 * spans in the order of span_compare() costs one pass over the text.
 * @param ret_size bytes of the line; 0 when the place is unknown
 * @return borrowed from the text, or NULL */
const char *span_line(const struct span *span, size_t *ret_size);

#endif
