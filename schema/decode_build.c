/* Building typed values: strings, arrays, references. Allocation is sticky, see struct decoder. */
#include <string.h>

#include "base/str.h"
#include "schema/decode_internal.h"

void *build_new(struct decoder *decoder, size_t size)
{
	void *memory = arena_alloc(decoder->arena, size);

	if (!memory)
		decoder->out_of_memory = true;
	return memory;
}

const char *build_copy(struct decoder *decoder, const char *text)
{
	const char *copy = arena_strdup(decoder->arena, text);

	if (!copy)
		decoder->out_of_memory = true;
	return copy ? copy : "";
}

const char *build_intern(struct decoder *decoder, const char *text)
{
	char *known;

	if (!text)
		return NULL;
	known = map_get(decoder->interned, text);
	if (known)
		return known;
	known = arena_strdup(decoder->arena, text);
	if (!known || map_put(decoder->interned, known, known, NULL)) {
		decoder->out_of_memory = true;
		return "";
	}
	return known;
}

const char *decode_build_text(struct decoder *decoder, const struct node *node)
{
	const char *text = value_text(node, NULL);

	return text ? build_copy(decoder, text) : NULL;
}

const char *build_name(struct decoder *decoder, const struct node *node, const char *fallback)
{
	const char *text = value_text(node, NULL);

	if (!text || str_eq(text, fallback))
		return fallback;
	return build_intern(decoder, text);
}

void *build_items(struct decoder *decoder, const struct node *list, size_t item_size, size_t *ret_count)
{
	size_t count = value_count(list);
	void *items;

	*ret_count = 0;
	if (count == 0)
		return NULL;
	items = arena_array(decoder->arena, count, item_size);
	if (!items)
		decoder->out_of_memory = true;
	else
		*ret_count = count;
	return items;
}

struct span build_span(const struct decoder *decoder, const struct node *node)
{
	return node ? node_span(decoder->text, node) : (struct span){ 0 };
}

static enum selector_operator operator_of(const char *text)
{
	if (str_eq(text, "NotIn"))
		return SELECTOR_NOT_IN;
	if (str_eq(text, "Exists"))
		return SELECTOR_EXISTS;
	if (str_eq(text, "DoesNotExist"))
		return SELECTOR_DOES_NOT_EXIST;
	return SELECTOR_IN;
}

static void build_label(struct decoder *decoder, const struct node_member *label, struct selector_requirement *to)
{
	const char **values = build_new(decoder, sizeof(*values));

	to->key = build_intern(decoder, label->key);
	to->op = SELECTOR_IN;
	if (!values)
		return;
	values[0] = build_name(decoder, label->value, "");
	to->values = values;
	to->value_count = 1;
}

static void build_expression(struct decoder *decoder, const struct node *node, struct selector_requirement *to)
{
	const struct node *values = value_get(node, "values");

	to->key = build_name(decoder, value_get(node, "key"), "");
	to->op = operator_of(value_text(value_get(node, "operator"), "In"));
	to->values = build_items(decoder, values, sizeof(*to->values), &to->value_count);
	for (size_t i = 0; i < to->value_count; i++)
		to->values[i] = build_name(decoder, value_item(values, i), "");
}

struct label_selector build_selector(struct decoder *decoder, const struct node *node)
{
	const struct node *labels = value_get(node, "matchLabels"),
		*expressions = value_get(node, "matchExpressions");
	struct label_selector selector = { .is_present = node != NULL };
	size_t label_count = labels && labels->kind == NODE_MAPPING ? value_count(labels) : 0;
	size_t expression_count = expressions && expressions->kind == NODE_SEQUENCE ?
		value_count(expressions) : 0;
	size_t count = label_count + expression_count;

	if (count == 0)
		return selector;
	selector.requirements = arena_array(decoder->arena, count, sizeof(*selector.requirements));
	if (!selector.requirements) {
		decoder->out_of_memory = true;
		return selector;
	}
	selector.requirement_count = count;
	for (size_t i = 0; i < label_count; i++)
		build_label(decoder, &labels->u.mapping.members[i], &selector.requirements[i]);
	for (size_t i = 0; i < expression_count; i++)
		build_expression(decoder, value_item(expressions, i), &selector.requirements[label_count + i]);
	return selector;
}

void build_parent(struct decoder *decoder, const struct node *node, const char *name_space, struct parent_ref *to)
{
	to->group = build_name(decoder, value_get(node, "group"), GATEWAY_GROUP);
	to->kind = build_name(decoder, value_get(node, "kind"), "Gateway");
	to->name_space = build_name(decoder, value_get(node, "namespace"), name_space);
	to->name = build_name(decoder, value_get(node, "name"), "");
	to->section_name = build_intern(decoder, value_text(value_get(node, "sectionName"), NULL));
	to->port = (int32_t)value_int(value_get(node, "port"), 0);
	to->span = build_span(decoder, node);
}

struct parent_ref *build_parents(struct decoder *decoder, const struct node *list, const char *name_space,
				 size_t *ret_count)
{
	struct parent_ref *parents = build_items(decoder, list, sizeof(*parents), ret_count);

	for (size_t i = 0; i < *ret_count; i++)
		build_parent(decoder, value_item(list, i), name_space, &parents[i]);
	return parents;
}
