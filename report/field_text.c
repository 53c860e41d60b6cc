/* Fields as text. */
#include "report/field_text.h"

#include <string.h>

#include "base/map.h"
#include "base/str.h"

#define MOVES_SHOWN 5

const char *field_printable(struct arena *arena, const char *text)
{
	const char *safe = text ? str_printable(arena, text, strlen(text), false) : "";

	return safe ? safe : "";
}

/** What cannot be made for want of memory fails @p out. */
static const char *value_text(struct strbuf *out, struct arena *arena, const struct resource *resource,
			      const struct field *field)
{
	struct json *value = NULL;
	struct strbuf buf;
	const char *text;

	if (resource_field_json(arena, resource, field, &value)) {
		strbuf_fail(out);
		return "";
	}
	if (!value)
		return field->flags & FIELD_LATE ? "(known after apply)" : "null";
	strbuf_init(&buf, 0);
	json_write_canonical(&buf, value);
	text = field_printable(arena, strbuf_text(&buf));
	if (strbuf_failed(&buf))
		strbuf_fail(out);
	strbuf_done(&buf);
	return text;
}

static bool is_shown(const struct field *field)
{
	return !(field->flags & (FIELD_COMPUTED | FIELD_SENSITIVE));
}

void field_list(struct strbuf *out, struct arena *arena, const char *sign, const struct resource *resource)
{
	const struct resource_type *type = resource_type(resource->kind);

	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];
		const char *text;

		/* The order stands in the rules themselves. */
		if (!is_shown(field) || field->flags & FIELD_ORDER)
			continue;
		text = value_text(out, arena, resource, field);
		if (strcmp(text, "null") != 0 && strcmp(text, "\"\"") != 0)
			strbuf_addf(out, "      %s %s = %s\n", sign, field->name, text);
	}
}

/** The rules that stand behind another rule than before, among those that are in both. */
static void order_diff(struct strbuf *out, struct arena *arena, const struct json *before, const struct json *after)
{
	struct map was_after, common;
	const char *previous = "";
	size_t moved = 0;

	map_init(&was_after, arena);
	map_init(&common, arena);
	for (size_t i = 0; i < json_count(after); i++)
		if (map_put(&common, json_item(after, i)->u.string, out, NULL)) {
			strbuf_fail(out);
			return;
		}
	for (size_t i = 0; i < json_count(before); i++) {
		const char *address = json_item(before, i)->u.string;

		if (!map_get(&common, address))
			continue;
		if (map_put(&was_after, address, (void *)(uintptr_t)previous, NULL)) {
			strbuf_fail(out);
			return;
		}
		previous = address;
	}
	previous = "";
	for (size_t i = 0; i < json_count(after); i++) {
		const char *address = json_item(after, i)->u.string, *was = map_get(&was_after, address);

		if (!was)
			continue;
		if (strcmp(was, previous) != 0 && ++moved <= MOVES_SHOWN) {
			strbuf_addf(out, "          %s", field_printable(arena, address));
			if (*previous)
				strbuf_addf(out, " after %s\n", field_printable(arena, previous));
			else
				strbuf_adds(out, " first\n");
		}
		previous = address;
	}
	if (moved > MOVES_SHOWN)
		strbuf_addf(out, "          and %zu more\n", moved - MOVES_SHOWN);
}

void field_diff(struct strbuf *out, struct arena *arena, const struct resource *before, const struct resource *after)
{
	const struct resource_type *type = resource_type(after->kind);
	size_t unchanged = 0;

	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];

		if (!is_shown(field))
			continue;
		if (resource_field_equal(field, before, after)) {
			unchanged++;
			continue;
		}
		if (field->flags & FIELD_ORDER) {
			strbuf_addf(out, "      ~ %s\n", field->name);
			order_diff(out, arena, before->u.tunnel.rule_order, after->u.tunnel.rule_order);
			continue;
		}
		strbuf_addf(out, "      ~ %s = %s -> %s\n", field->name, value_text(out, arena, before, field),
			    value_text(out, arena, after, field));
	}
	if (unchanged)
		strbuf_addf(out, "        # (%zu unchanged attributes hidden)\n", unchanged);
}

void field_names(struct json_writer *w, const struct resource *before, const struct resource *after)
{
	if (!before || !after) {
		json_null(w);
		return;
	}
	const struct resource_type *type = resource_type(after->kind);
	json_begin_array(w);
	for (size_t i = 0; i < type->field_count; i++)
		if (is_shown(&type->fields[i]) && !resource_field_equal(&type->fields[i], before, after))
			json_string(w, type->fields[i].name);
	json_end_array(w);
}
