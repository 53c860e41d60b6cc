/** @file
 * The part of a source line that a diagnostic points at, cut to a readable width. */
#ifndef ADIT_REPORT_EXCERPT_H
#define ADIT_REPORT_EXCERPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

/** Walks forward through a text, so that many sorted places cost one pass over it. Zeroed to begin with. */
struct excerpt_cursor {
	const struct text *text;
	size_t line, line_offset;     /**< 1-based line, byte where it begins */
	size_t column, column_offset; /**< 1-based character of that line, byte where it stands */
};

struct excerpt {
	const char *before, *after;   /**< text up to the column, and from it on; printable, tabs as spaces; arena */
	size_t before_columns;        /**< columns that @p before takes on a terminal */
	size_t byte;                  /**< offset of the place in the text */
};

/** Cut out the line at @p span, with "..." marks where it goes on.
 * @param cursor  moved to the place; reset by itself when @p span lies before it
 * @return false when the place is unknown or outside the text, the text has no bytes (it may hold a secret), or memory
 * is used up */
bool excerpt_at(struct arena *arena, struct excerpt_cursor *cursor, const struct span *span,
		struct excerpt *ret_excerpt);

#endif
