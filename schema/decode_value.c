/* Calm readers of nodes. */
#include "schema/decode_value.h"

const struct node *value_get(const struct node *mapping, const char *key)
{
	const struct node *node = mapping ? node_get(mapping, key) : NULL;

	return node && node->kind != NODE_NULL ? node : NULL;
}

const struct node *value_get2(const struct node *mapping, const char *key, const char *inner)
{
	return value_get(value_get(mapping, key), inner);
}

const char *value_text(const struct node *node, const char *fallback)
{
	return node && node->kind == NODE_STRING ? node->text : fallback;
}

bool value_is_int(const struct node *node, int64_t *ret_value)
{
	const double limit = 9007199254740992.0; /* 2^53: beyond it a double has lost digits */

	if (node && node->kind == NODE_INT) {
		*ret_value = node->u.integer;
		return true;
	}
	if (!node || node->kind != NODE_FLOAT || !(node->u.real >= -limit && node->u.real <= limit))
		return false;
	*ret_value = (int64_t)node->u.real;
	return (double)*ret_value >= node->u.real && (double)*ret_value <= node->u.real;
}

int64_t value_int(const struct node *node, int64_t fallback)
{
	int64_t value;

	return value_is_int(node, &value) ? value : fallback;
}

bool value_bool(const struct node *node, bool fallback)
{
	return node && node->kind == NODE_BOOL ? node->u.boolean : fallback;
}

size_t value_count(const struct node *node)
{
	if (node && node->kind == NODE_SEQUENCE)
		return node->u.sequence.count;
	if (node && node->kind == NODE_MAPPING)
		return node->u.mapping.count;
	return 0;
}

const struct node *value_item(const struct node *list, size_t index)
{
	if (!list || list->kind != NODE_SEQUENCE || index >= list->u.sequence.count)
		return NULL;
	return list->u.sequence.items[index];
}
