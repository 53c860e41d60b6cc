/** @file Values to JSON text: canonical, and as people read it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_internal.h"
#include "base/str.h"

/* From here on integers are written with an exponent: nobody reads their digits. */
#define LONG_INT 1e21

/* Escaped though JSON does not ask for it: a terminal would act on it. */
static bool is_unsafe(uint32_t c)
{
	return (c >= 0x7F && c <= 0x9F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static void write_ascii(struct strbuf *out, unsigned char c)
{
	static const char letters[] = "\b\f\n\r\t\"\\", escapes[] = "bfnrt\"\\";
	const char *found = strchr(letters, c);

	if (found) {
		strbuf_addc(out, '\\');
		strbuf_addc(out, escapes[found - letters]);
	} else {
		strbuf_addf(out, "\\u%04x", c);
	}
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

void json_write_string(struct strbuf *out, const char *text)
{
	size_t size = strlen(text), length;
	uint32_t c;

	strbuf_addc(out, '"');
	for (size_t i = 0; i < size; i += length) {
		for (length = 0; i + length < size && is_plain((unsigned char)text[i + length]);)
			length++;
		if (length) {
			strbuf_add(out, text + i, length);
			continue;
		}
		length = str_utf8_next(text + i, size - i, &c);
		if (!length) {
			strbuf_adds(out, "\xEF\xBF\xBD");
			length = 1;
		} else if (c < 0x80) {
			write_ascii(out, (unsigned char)c);
		} else if (is_unsafe(c)) {
			strbuf_addf(out, "\\u%04x", c);
		} else {
			strbuf_add(out, text + i, length);
		}
	}
	strbuf_addc(out, '"');
}

void json_write_number(struct strbuf *out, double value)
{
	char text[40];

	if (!isfinite(value)) {
		strbuf_adds(out, "null");
		return;
	}
	if (value == 0)
		value = 0; /* no "-0" */
	if (value == floor(value) && fabs(value) < LONG_INT) {
		strbuf_addf(out, "%.0f", value);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	strbuf_adds(out, text);
}

static void write_members(struct strbuf *out, const struct json *object)
{
	const struct json_member **sorted = json_sort_members(object);

	if (!sorted) {
		out->failed = true;
		return;
	}
	strbuf_addc(out, '{');
	for (size_t i = 0; i < object->u.object.count; i++) {
		if (i)
			strbuf_addc(out, ',');
		json_write_string(out, sorted[i]->key);
		strbuf_addc(out, ':');
		json_write_canonical(out, sorted[i]->value);
	}
	strbuf_addc(out, '}');
	free(sorted);
}

static void write_items(struct strbuf *out, const struct json *array)
{
	strbuf_addc(out, '[');
	for (size_t i = 0; i < array->u.array.count; i++) {
		if (i)
			strbuf_addc(out, ',');
		json_write_canonical(out, array->u.array.items[i]);
	}
	strbuf_addc(out, ']');
}

void json_write_canonical(struct strbuf *out, const struct json *value)
{
	switch (value ? value->type : JSON_NULL) {
	case JSON_NULL: strbuf_adds(out, "null"); break;
	case JSON_BOOL: strbuf_adds(out, value->u.boolean ? "true" : "false"); break;
	case JSON_NUMBER: json_write_number(out, value->u.number); break;
	case JSON_STRING: json_write_string(out, value->u.string); break;
	case JSON_ARRAY: write_items(out, value); break;
	case JSON_OBJECT: write_members(out, value); break;
	}
}

void json_writer_init(struct json_writer *w, struct strbuf *out, unsigned indent)
{
	*w = (struct json_writer){ .out = out, .indent = indent };
}

static void start_line(struct json_writer *w)
{
	if (!w->indent)
		return;
	strbuf_addc(w->out, '\n');
	for (unsigned i = 0; i < w->depth * w->indent; i++)
		strbuf_addc(w->out, ' ');
}

/* What goes before a key, an item or the value of a key. */
static void start_value(struct json_writer *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->need_comma)
		strbuf_addc(w->out, ',');
	if (w->depth)
		start_line(w);
}

static void begin(struct json_writer *w, char bracket)
{
	start_value(w);
	strbuf_addc(w->out, bracket);
	w->depth++;
	w->need_comma = false;
}

static void end(struct json_writer *w, char bracket)
{
	w->depth--;
	if (w->need_comma)
		start_line(w);
	strbuf_addc(w->out, bracket);
	w->need_comma = true;
}

void json_begin_object(struct json_writer *w)
{
	begin(w, '{');
}

void json_end_object(struct json_writer *w)
{
	end(w, '}');
}

void json_begin_array(struct json_writer *w)
{
	begin(w, '[');
}

void json_end_array(struct json_writer *w)
{
	end(w, ']');
}

void json_key(struct json_writer *w, const char *key)
{
	start_value(w);
	json_write_string(w->out, key);
	strbuf_adds(w->out, w->indent ? ": " : ":");
	w->after_key = true;
	w->need_comma = false;
}

static void write_word(struct json_writer *w, const char *word)
{
	start_value(w);
	strbuf_adds(w->out, word);
	w->need_comma = true;
}

void json_string(struct json_writer *w, const char *text)
{
	if (!text) {
		json_null(w);
		return;
	}
	start_value(w);
	json_write_string(w->out, text);
	w->need_comma = true;
}

void json_int(struct json_writer *w, int64_t value)
{
	start_value(w);
	strbuf_addf(w->out, "%" PRId64, value);
	w->need_comma = true;
}

void json_number(struct json_writer *w, double value)
{
	start_value(w);
	json_write_number(w->out, value);
	w->need_comma = true;
}

void json_bool(struct json_writer *w, bool value)
{
	write_word(w, value ? "true" : "false");
}

void json_null(struct json_writer *w)
{
	write_word(w, "null");
}

void json_raw(struct json_writer *w, const char *text, size_t size)
{
	start_value(w);
	strbuf_add(w->out, text, size);
	w->need_comma = true;
}

static void write_children(struct json_writer *w, const struct json *value)
{
	if (value->type == JSON_ARRAY) {
		json_begin_array(w);
		for (size_t i = 0; i < value->u.array.count; i++)
			json_value(w, value->u.array.items[i]);
		json_end_array(w);
		return;
	}
	json_begin_object(w);
	for (size_t i = 0; i < value->u.object.count; i++) {
		json_key(w, value->u.object.members[i].key);
		json_value(w, value->u.object.members[i].value);
	}
	json_end_object(w);
}

void json_value(struct json_writer *w, const struct json *value)
{
	switch (value ? value->type : JSON_NULL) {
	case JSON_NULL: json_null(w); break;
	case JSON_BOOL: json_bool(w, value->u.boolean); break;
	case JSON_NUMBER: json_number(w, value->u.number); break;
	case JSON_STRING: json_string(w, value->u.string); break;
	case JSON_ARRAY:
	case JSON_OBJECT: write_children(w, value); break;
	}
}

void json_key_string(struct json_writer *w, const char *key, const char *text)
{
	json_key(w, key);
	json_string(w, text);
}

void json_key_int(struct json_writer *w, const char *key, int64_t value)
{
	json_key(w, key);
	json_int(w, value);
}

void json_key_bool(struct json_writer *w, const char *key, bool value)
{
	json_key(w, key);
	json_bool(w, value);
}
