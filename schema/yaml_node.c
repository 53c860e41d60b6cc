/* Looking at nodes: members, places, JSON. */
#include <string.h>

#include "schema/yaml.h"

const struct node *node_get(const struct node *mapping, const char *key)
{
	if (!mapping || mapping->kind != NODE_MAPPING)
		return NULL;
	for (size_t i = 0; i < mapping->u.mapping.count; i++) {
		const struct node_member *member = &mapping->u.mapping.members[i];

		if (*member->key == *key && strcmp(member->key, key) == 0)
			return member->value;
	}
	return NULL;
}

struct span node_span(const struct text *text, const struct node *node)
{
	return (struct span){.text = text, .line = node->line, .column = node->column};
}

const char *node_kind_text(enum node_kind kind)
{
	switch (kind) {
	case NODE_NULL:
		return "null";
	case NODE_BOOL:
		return "true or false";
	case NODE_INT:
		return "a number";
	case NODE_FLOAT:
		return "a number with a fraction";
	case NODE_STRING:
		return "a string";
	case NODE_SEQUENCE:
		return "a list";
	case NODE_MAPPING:
		return "a mapping";
	}
	return "nothing known";
}

static enum rc sequence_to_json(struct arena *arena, const struct node *node, struct json **ret_value)
{
	struct json *array = json_new(arena, JSON_ARRAY);
	enum rc rc = array ? RC_OK : RC_NOMEM;

	for (size_t i = 0; i < node->u.sequence.count && !rc; i++) {
		struct json *item;

		rc = node_to_json(arena, node->u.sequence.items[i], &item);
		if (!rc)
			rc = json_push(arena, array, item);
	}
	*ret_value = array;
	return rc;
}

/* The keys are unique, so members are put in directly: json_set() would look for each among all. */
static enum rc mapping_to_json(struct arena *arena, const struct node *node, struct json **ret_value)
{
	struct json *object = json_new(arena, JSON_OBJECT);
	size_t count = node->u.mapping.count;

	if (!object)
		return RC_NOMEM;
	object->u.object.members = arena_array(arena, count, sizeof(struct json_member));
	if (!object->u.object.members)
		return RC_NOMEM;
	object->u.object.count = object->u.object.capacity = (uint32_t)count; /* at most LIMIT_NODES */
	for (size_t i = 0; i < count; i++) {
		struct json_member *member = &object->u.object.members[i];
		enum rc rc = node_to_json(arena, node->u.mapping.members[i].value, &member->value);

		if (rc)
			return rc;
		member->key = arena_strdup(arena, node->u.mapping.members[i].key);
		if (!member->key)
			return RC_NOMEM;
	}
	*ret_value = object;
	return RC_OK;
}

static struct json *number_to_json(struct arena *arena, double number)
{
	struct json *value = json_new(arena, JSON_NUMBER);

	if (value)
		value->u.number = number;
	return value;
}

static struct json *scalar_to_json(struct arena *arena, const struct node *node)
{
	switch (node->kind) {
	case NODE_BOOL:
		return json_new_bool(arena, node->u.boolean);
	case NODE_INT:
		return json_new_int(arena, node->u.integer);
	case NODE_FLOAT:
		return number_to_json(arena, node->u.real);
	case NODE_STRING:
		return json_new_string(arena, node->text);
	case NODE_NULL:
	case NODE_SEQUENCE:
	case NODE_MAPPING:
		break;
	}
	return json_new(arena, JSON_NULL);
}

/* Recursion ends at LIMIT_DEPTH, which the reader holds. */
enum rc node_to_json(struct arena *arena, const struct node *node, struct json **ret_value)
{
	struct json *value;

	if (node->kind == NODE_SEQUENCE)
		return sequence_to_json(arena, node, ret_value);
	if (node->kind == NODE_MAPPING)
		return mapping_to_json(arena, node, ret_value);
	value = scalar_to_json(arena, node);
	if (!value)
		return RC_NOMEM;
	*ret_value = value;
	return RC_OK;
}
