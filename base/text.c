/** @file Places in texts. */
#include "base/text.h"

#include <string.h>

#include "base/str.h"

int span_compare(const struct span *a, const struct span *b)
{
	int order = str_compare(a->text ? a->text->name : NULL, b->text ? b->text->name : NULL);

	if (order)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return 0;
}

/* From where to look for the line: what the last search found, when that is not past it. */
static size_t start_of_search(const struct span *span, uint32_t *ret_line)
{
	const struct text_memo *memo = span->text->memo;
	bool is_useful = memo && memo->line && memo->line <= span->line && memo->offset <= span->text->size;

	*ret_line = is_useful ? memo->line : 1;
	return is_useful ? memo->offset : 0;
}

const char *span_line(const struct span *span, size_t *ret_size)
{
	const struct text *text = span->text;
	const char *start, *end, *newline;
	uint32_t line;

	*ret_size = 0;
	if (!text || !text->bytes || !span->line)
		return NULL;
	start = text->bytes + start_of_search(span, &line);
	end = text->bytes + text->size;
	for (; line < span->line; line++) {
		newline = memchr(start, '\n', (size_t)(end - start));
		if (!newline)
			return NULL;
		start = newline + 1;
	}
	if (text->memo)
		*text->memo = (struct text_memo){ .line = line, .offset = (size_t)(start - text->bytes) };
	newline = memchr(start, '\n', (size_t)(end - start));
	if (!newline)
		newline = end;
	if (newline > start && newline[-1] == '\r')
		newline--;
	*ret_size = (size_t)(newline - start);
	return start;
}
