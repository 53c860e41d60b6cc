/* Lines as editors count them. libyaml also breaks lines at a lone carriage return, U+0085, U+2028 and U+2029; in texts
 * that have one of these its marks are corrected, by their index in characters. */
#include "schema/yaml_internal.h"

static bool is_start(char byte)
{
	return ((unsigned char)byte & 0xC0) != 0x80;
}

/* Past one character; all characters of the text count once, whatever stands in the private copy instead. */
static void advance(struct yaml_cursor *cursor, const struct text *text)
{
	bool is_newline = text->bytes[cursor->offset] == '\n';

	do {
		cursor->offset++;
	} while (cursor->offset < text->size && !is_start(text->bytes[cursor->offset]));
	cursor->index++;
	cursor->line += is_newline;
	cursor->column = is_newline ? 0 : cursor->column + 1;
}

void yaml_correct_mark(struct yaml_reader *reader, yaml_mark_t *mark)
{
	struct yaml_cursor *cursor = &reader->cursor;

	mark->line += reader->lines_before;
	if (!reader->has_odd_breaks)
		return;
	if (mark->index < cursor->index)
		*cursor = (struct yaml_cursor){.offset = reader->bom_size};
	while (cursor->index < mark->index && cursor->offset < reader->text->size)
		advance(cursor, reader->text);
	/* libyaml ends a text whose last line has no end on a line of its own */
	if (cursor->offset == reader->text->size && !mark->column && cursor->column) {
		mark->line = cursor->line + 1;
		return;
	}
	mark->line = cursor->line;
	mark->column = cursor->column;
}
