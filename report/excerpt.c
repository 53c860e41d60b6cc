/* Source excerpts: lines may be megabytes long, hold tabs, wide characters and what a terminal would obey. */
#include "report/excerpt.h"

#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "base/str.h"

#define CHARS_BEFORE 60u /* shown left of the column when the line is long */
#define CHARS_TOTAL 110u
#define TAB "    "
#define ELLIPSIS "\xe2\x80\xa6"

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/** Byte offset @p chars characters after @p offset, but not past the end of the line. */
static size_t forward(const struct text *text, size_t offset, size_t chars)
{
	while (chars && offset < text->size && text->bytes[offset] != '\n') {
		offset++;
		while (offset < text->size && is_continuation(text->bytes[offset]))
			offset++;
		chars--;
	}
	return offset;
}

/** Byte offset @p chars characters before @p offset, but not before @p start. */
static size_t backward(const struct text *text, size_t offset, size_t start, size_t chars)
{
	while (chars && offset > start) {
		offset--;
		while (offset > start && is_continuation(text->bytes[offset]))
			offset--;
		chars--;
	}
	return offset;
}

static bool move_to_line(struct excerpt_cursor *cursor, const struct span *span)
{
	const struct text *text = span->text;

	if (cursor->text != text || cursor->line > span->line)
		*cursor = (struct excerpt_cursor){ .text = text, .line = 1, .column = 1 };
	while (cursor->line < span->line) {
		const char *from = text->bytes + cursor->line_offset;
		const char *newline = memchr(from, '\n', text->size - cursor->line_offset);

		if (!newline)
			return false;
		cursor->line++;
		cursor->line_offset = (size_t)(newline + 1 - text->bytes);
		cursor->column = 1;
		cursor->column_offset = cursor->line_offset;
	}
	return true;
}

/** Move along the line to the column; past its end the place is the end. */
static void move_to_column(struct excerpt_cursor *cursor, size_t column)
{
	if (cursor->column > column) {
		cursor->column = 1;
		cursor->column_offset = cursor->line_offset;
	}
	cursor->column_offset = forward(cursor->text, cursor->column_offset, column - cursor->column);
	cursor->column = column;
}

/** Tabs become spaces first: a terminal's tab stops would move the caret. */
static char *printable(struct arena *arena, const char *bytes, size_t size)
{
	char *text = arena_alloc(arena, size * strlen(TAB) + 1);
	size_t used = 0;

	if (!text)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\t') {
			memcpy(text + used, TAB, strlen(TAB));
			used += strlen(TAB);
		} else {
			text[used++] = bytes[i];
		}
	}
	return str_printable(arena, text, used, false);
}

/** Columns on a terminal; text in a form that the locale cannot read counts its characters. */
static size_t columns_of(const char *text)
{
	mbstate_t state = { 0 };
	size_t columns = 0, size = strlen(text);

	for (size_t i = 0; i < size;) {
		wchar_t wide = 0;
		size_t used = mbrtowc(&wide, text + i, size - i, &state);
		int width = 1;

		if (used == 0 || used > size - i) {
			used = 1;
			state = (mbstate_t){ 0 };
			width = is_continuation(text[i]) ? 0 : 1;
		} else {
			width = wcwidth(wide);
		}
		columns += width >= 0 ? (size_t)width : 1;
		i += used;
	}
	return columns;
}

static bool is_line_end(const struct text *text, size_t offset)
{
	return offset >= text->size || text->bytes[offset] == '\n' || text->bytes[offset] == '\r';
}

bool excerpt_at(struct arena *arena, struct excerpt_cursor *cursor, const struct span *span,
		struct excerpt *ret_excerpt)
{
	const struct text *text = span->text;
	size_t start, place, end;
	char *before, *after;

	/* A text without bytes is one whose lines may hold a secret. */
	if (!text || !text->bytes || !span->line || !move_to_line(cursor, span))
		return false;
	move_to_column(cursor, span->column ? span->column : 1);
	start = cursor->line_offset;
	place = cursor->column_offset;
	end = forward(text, start, CHARS_TOTAL);
	if (!is_line_end(text, end)) {
		start = backward(text, place, start, CHARS_BEFORE);
		end = forward(text, place, CHARS_TOTAL - CHARS_BEFORE);
	}
	if (end > place && text->bytes[end - 1] == '\r')
		end--;
	before = printable(arena, text->bytes + start, place - start);
	after = printable(arena, text->bytes + place, end - place);
	if (before && start > cursor->line_offset)
		before = arena_printf(arena, ELLIPSIS "%s", before);
	if (after && !is_line_end(text, end))
		after = arena_printf(arena, "%s" ELLIPSIS, after);
	if (!before || !after)
		return false;
	*ret_excerpt = (struct excerpt){ before, after, columns_of(before), place };
	return true;
}
