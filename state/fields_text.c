/** @file Fields in the form in which rows are written; whatever is not exactly of that form is left to the JSON parser. */
#include "state/fields_text.h"

#include <assert.h>
#include <string.h>

/* Of these any number is below 2^53. */
#define DIGITS_MOST 15

/** What is left to be read. */
struct reading {
	char *at, *end;
};

void fields_form_init(struct fields_form *form, enum resource_kind kind)
{
	const struct resource_type *type = resource_type(kind);

	assert(type->field_count <= FIELDS_TEXT_MOST);
	*form = (struct fields_form){ .kind = kind, .count = type->field_count };
	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];
		size_t place = i;

		for (; place && strcmp(form->parts[place - 1].field->name, field->name) > 0; place--)
			form->parts[place] = form->parts[place - 1];
		form->parts[place].field = field;
		form->parts[place].size = strlen(field->name);
	}
}

static bool take(struct reading *in, char c)
{
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

static bool take_word(struct reading *in, const char *word, size_t size)
{
	if ((size_t)(in->end - in->at) < size || memcmp(in->at, word, size) != 0)
		return false;
	in->at += size;
	return true;
}

static bool take_string(struct reading *in, const char **ret_text)
{
	char *start = in->at + 1;

	if (!take(in, '"'))
		return false;
	in->at += json_plain_size(in->at, (size_t)(in->end - in->at));
	if (!take(in, '"'))
		return false;
	in->at[-1] = '\0';
	*ret_text = start;
	return true;
}

static bool take_bool(struct reading *in, bool *ret_value)
{
	*ret_value = take_word(in, "true", 4);
	return *ret_value || take_word(in, "false", 5);
}

static bool take_int(struct reading *in, int64_t *ret_value)
{
	const char *start = in->at;
	int64_t value = 0;

	while (in->at < in->end && *in->at >= '0' && *in->at <= '9' && in->at - start <= DIGITS_MOST)
		value = value * 10 + (*in->at++ - '0');
	*ret_value = value;
	return in->at > start && in->at - start <= DIGITS_MOST && (*start != '0' || in->at - start == 1);
}

static enum rc take_strings(struct reading *in, struct arena *arena, const struct json **ret_array)
{
	struct json *array = json_new(arena, JSON_ARRAY);
	const char *text;
	enum rc rc = array ? RC_OK : RC_NOMEM;

	if (!take(in, '['))
		return RC_NOTFOUND;
	while (!rc && take_string(in, &text)) {
		rc = json_push(arena, array, json_borrow_string(arena, text));
		if (!rc && take(in, ']')) {
			*ret_array = array;
			return RC_OK;
		}
		if (!rc && !take(in, ','))
			return RC_NOTFOUND;
	}
	return rc ? rc : RC_NOTFOUND;
}

static enum rc take_value(struct reading *in, struct arena *arena, const struct field *field, struct resource *resource)
{
	void *at = (char *)resource + field->offset;
	bool is_taken = false;

	switch (field->type) {
	case FIELD_STRING:
		is_taken = take_string(in, at);
		break;
	case FIELD_BOOL:
		is_taken = take_bool(in, at);
		break;
	case FIELD_INT:
		is_taken = take_int(in, at);
		break;
	case FIELD_JSON:
		return field->flags & FIELD_ORDER ? take_strings(in, arena, at) : RC_NOTFOUND;
	}
	return is_taken ? RC_OK : RC_NOTFOUND;
}

/** The field of the key that comes next: one behind those that were there, as they are sorted and none is there twice. */
static const struct field *take_key(struct reading *in, const struct fields_form *form, size_t *next)
{
	if (!take(in, '"'))
		return NULL;
	while (*next < form->count) {
		const struct field *field = form->parts[*next].field;
		size_t size = form->parts[*next].size;

		++*next;
		if ((size_t)(in->end - in->at) > size && in->at[size] == '"' && take_word(in, field->name, size)) {
			in->at++;
			return take(in, ':') ? field : NULL;
		}
	}
	return NULL;
}

enum rc fields_text_read(const struct fields_form *form, struct arena *arena, char *text, size_t size,
			 struct resource *ret_resource)
{
	struct reading in = { .at = text, .end = text + size };
	size_t next = 0;
	enum rc rc = RC_OK;

	if (!take(&in, '{'))
		return RC_NOTFOUND;
	do {
		const struct field *field = take_key(&in, form, &next);

		rc = field ? take_value(&in, arena, field, ret_resource) : RC_NOTFOUND;
	} while (!rc && take(&in, ','));
	if (rc || !take(&in, '}') || in.at != in.end)
		return rc ? rc : RC_NOTFOUND;
	resource_fill_absent(ret_resource);
	return RC_OK;
}
