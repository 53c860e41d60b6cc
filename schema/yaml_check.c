/* Which bytes a YAML or JSON text may have: checked before libyaml sees them, so that each fault has its place. */
#include <string.h>

#include "schema/yaml_internal.h"

/* Size of the well-formed UTF-8 character at @p at; 0 when there is none. RFC 3629, table of section 4. */
static size_t utf8_char(const unsigned char *at, size_t left)
{
	unsigned char lead = at[0], low = 0x80, high = 0xBF;
	size_t size = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;

	if (size < 2)
		return size;
	if (size > left)
		return 0;
	if (lead == 0xE0)
		low = 0xA0;
	else if (lead == 0xED)
		high = 0x9F;
	else if (lead == 0xF0)
		low = 0x90;
	else if (lead == 0xF4)
		high = 0x8F;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++) {
		if ((at[i] & 0xC0) != 0x80)
			return 0;
	}
	return size;
}

/* What YAML 1.1 calls printable, less what libyaml refuses; @p at is well-formed. */
static bool is_printable(const unsigned char *at, size_t size)
{
	if (size == 1)
		return (at[0] >= 0x20 && at[0] != 0x7F) || at[0] == '\t' || at[0] == '\n' || at[0] == '\r';
	if (size == 2)
		return at[0] != 0xC2 || at[1] >= 0xA0 || at[1] == 0x85;
	if (size == 3) /* U+FEFF, U+FFFE, U+FFFF */
		return at[0] != 0xEF || !((at[1] == 0xBB && at[2] == 0xBF) || (at[1] == 0xBF && at[2] >= 0xBE));
	return true;
}

static struct span offset_span(const struct text *text, size_t offset)
{
	struct span span = {.text = text, .line = 1, .column = 1};

	for (size_t i = 0; i < offset; i++) {
		if (text->bytes[i] == '\n') {
			span.line++;
			span.column = 1;
		} else if (((unsigned char)text->bytes[i] & 0xC0) != 0x80) {
			span.column++;
		}
	}
	return span;
}

static enum rc refuse_utf8(struct diags *diags, const struct text *text, size_t offset)
{
	unsigned first = (unsigned char)text->bytes[offset];
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0101", offset_span(text, offset),
				     "the byte 0x%02x is not valid UTF-8", first);

	if (offset == 0 && (first == 0xFF || first == 0xFE))
		diag_help(diags, diag, "The file is UTF-16; save it as UTF-8.");
	else
		diag_help(diags, diag, "Save the file as UTF-8.");
	return RC_INVALID;
}

static enum rc refuse_control(struct diags *diags, const struct text *text, size_t offset, size_t size)
{
	const unsigned char *at = (const unsigned char *)text->bytes + offset;
	struct span span = offset_span(text, offset);
	struct diag *diag;

	if (at[0] == 0)
		diag = diag_add(diags, SEVERITY_ERROR, "A0102", span, "a NUL byte is no text");
	else if (size == 3 && at[1] == 0xBB)
		diag = diag_add(diags, SEVERITY_ERROR, "A0102", span, "a byte order mark stands inside the text");
	else if (size == 3)
		diag = diag_add(diags, SEVERITY_ERROR, "A0102", span, "the character U+FFF%X is not allowed", at[2] & 0x0Fu);
	else
		diag = diag_add(diags, SEVERITY_ERROR, "A0102", span, "the control character U+%04X is not allowed",
				at[size - 1]);
	diag_help(diags, diag, "Remove it; inside double quotes it can be written as an escape.");
	return RC_INVALID;
}

/* What ends a line for libyaml but not for editors; @p at is well-formed. */
static bool is_odd_break(const unsigned char *at, size_t size, size_t left)
{
	if (size == 1)
		return at[0] == '\r' && (left < 2 || at[1] != '\n');
	if (size == 2)
		return at[0] == 0xC2 && at[1] == 0x85;
	return size == 3 && at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9);
}

#define BLOCK_BYTES 64u

/* Nothing but printable ASCII and newlines, as most of all texts. Compilers turn the loop into a few vector instructions. */
static bool is_plain_block(const unsigned char *bytes)
{
	unsigned char others = 0;

	for (size_t i = 0; i < BLOCK_BYTES; i++)
		others |= (unsigned char)((bytes[i] < 0x20) & (bytes[i] != '\n')) | (unsigned char)(bytes[i] >= 0x7F);
	return !others;
}

static enum rc check_characters(struct diags *diags, const struct text *text, bool *ret_odd_breaks)
{
	const unsigned char *bytes = (const unsigned char *)text->bytes;
	size_t i = text->size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0, block = i;

	while (i < text->size) {
		size_t size;

		if (i >= block && text->size - i >= BLOCK_BYTES) {
			block = i + BLOCK_BYTES; /* bytes before it need a closer look, if any does */
			if (is_plain_block(bytes + i)) {
				i = block;
				continue;
			}
		}
		if (bytes[i] >= 0x20 && bytes[i] < 0x7F) {
			i++;
			continue;
		}
		size = utf8_char(bytes + i, text->size - i);
		if (!size)
			return refuse_utf8(diags, text, i);
		if (!is_printable(bytes + i, size))
			return refuse_control(diags, text, i, size);
		*ret_odd_breaks |= is_odd_break(bytes + i, size, text->size - i);
		i += size;
	}
	return RC_OK;
}

#define MAX_DIRECTIVES 64u /* in a row; nobody writes more than two */

static enum rc check_directives(struct diags *diags, const struct text *text)
{
	const char *end = text->bytes + text->size;
	unsigned count = 0;

	for (const char *line = text->bytes; line && line < end;) {
		if (*line == '%' && ++count > MAX_DIRECTIVES) {
			struct span span = offset_span(text, (size_t)(line - text->bytes));

			diag_add(diags, SEVERITY_ERROR, "A0115", span, "over %u directives in a row", MAX_DIRECTIVES);
			return RC_LIMIT;
		}
		if (*line != '%' && *line != '#' && *line != '\n' && *line != '\r')
			count = 0;
		line = memchr(line, '\n', (size_t)(end - line));
		if (line)
			line++;
	}
	return RC_OK;
}

enum rc yaml_check_bytes(struct diags *diags, const struct text *text, bool *ret_odd_breaks)
{
	bool has_odd_breaks = false;
	enum rc rc = check_characters(diags, text, &has_odd_breaks);

	*ret_odd_breaks = has_odd_breaks;
	if (rc)
		return rc;
	/* most texts have no directive at all */
	return memchr(text->bytes, '%', text->size) ? check_directives(diags, text) : RC_OK;
}
