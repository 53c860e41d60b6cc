/** @file JSON values: readers and builders. */
#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_internal.h"
#include "base/sort.h"
#include "base/str.h"

#define MAX_EXACT_INT 9007199254740992.0 /* 2^53 */
/* Below so many members two unlike orders are compared by plain search. */
#define FEW_MEMBERS 8u

const struct json *json_get(const struct json *object, const char *key)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->u.object.count; i++)
		if (strcmp(object->u.object.members[i].key, key) == 0)
			return object->u.object.members[i].value;
	return NULL;
}

const char *json_get_string(const struct json *object, const char *key, const char *fallback)
{
	const struct json *value = json_get(object, key);

	return value && value->type == JSON_STRING ? value->u.string : fallback;
}

int64_t json_get_int(const struct json *object, const char *key, int64_t fallback)
{
	const struct json *value = json_get(object, key);

	return json_is_int(value) ? (int64_t)value->u.number : fallback;
}

bool json_get_bool(const struct json *object, const char *key, bool fallback)
{
	const struct json *value = json_get(object, key);

	return value && value->type == JSON_BOOL ? value->u.boolean : fallback;
}

size_t json_count(const struct json *value)
{
	if (value && value->type == JSON_ARRAY)
		return value->u.array.count;
	if (value && value->type == JSON_OBJECT)
		return value->u.object.count;
	return 0;
}

const struct json *json_item(const struct json *array, size_t index)
{
	if (!array || array->type != JSON_ARRAY || index >= array->u.array.count)
		return NULL;
	return array->u.array.items[index];
}

bool json_is_int(const struct json *value)
{
	return value && value->type == JSON_NUMBER && fabs(value->u.number) <= MAX_EXACT_INT &&
	       value->u.number == floor(value->u.number);
}

static int compare_members(const void *left, const void *right)
{
	const struct json_member *const *a = left, *const *b = right;

	return strcmp((*a)->key, (*b)->key);
}

const struct json_member **json_sort_members(const struct json *object)
{
	size_t count = object->u.object.count;
	const struct json_member **sorted = calloc(count ? count : 1, sizeof(struct json_member *));

	if (!sorted)
		return NULL;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &object->u.object.members[i];
	sort_items(sorted, count, sizeof(struct json_member *), compare_members);
	return sorted;
}

/* By search: for small objects, and when no memory is left to sort. */
static bool equal_by_search(const struct json *a, const struct json *b)
{
	for (size_t i = 0; i < a->u.object.count; i++) {
		const struct json_member *member = &a->u.object.members[i];
		const struct json *other = json_get(b, member->key);

		if (!other || !json_equal(member->value, other))
			return false;
	}
	return true;
}

static bool equal_objects(const struct json *a, const struct json *b)
{
	const struct json_member **sorted_a, **sorted_b;
	bool is_equal = true;

	if (a->u.object.count != b->u.object.count)
		return false;
	if (a->u.object.count <= FEW_MEMBERS)
		return equal_by_search(a, b);
	sorted_a = json_sort_members(a);
	sorted_b = json_sort_members(b);
	if (!sorted_a || !sorted_b)
		is_equal = equal_by_search(a, b);
	for (size_t i = 0; sorted_a && sorted_b && is_equal && i < a->u.object.count; i++)
		is_equal = strcmp(sorted_a[i]->key, sorted_b[i]->key) == 0 &&
			   json_equal(sorted_a[i]->value, sorted_b[i]->value);
	free(sorted_a);
	free(sorted_b);
	return is_equal;
}

static bool equal_arrays(const struct json *a, const struct json *b)
{
	if (a->u.array.count != b->u.array.count)
		return false;
	for (size_t i = 0; i < a->u.array.count; i++)
		if (!json_equal(a->u.array.items[i], b->u.array.items[i]))
			return false;
	return true;
}

bool json_equal(const struct json *a, const struct json *b)
{
	static const struct json null = { .type = JSON_NULL };

	a = a ? a : &null;
	b = b ? b : &null;
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case JSON_NULL: return true;
	case JSON_BOOL: return a->u.boolean == b->u.boolean;
	case JSON_NUMBER: return a->u.number == b->u.number;
	case JSON_STRING: return str_eq(a->u.string, b->u.string);
	case JSON_ARRAY: return equal_arrays(a, b);
	case JSON_OBJECT: return equal_objects(a, b);
	}
	return false;
}

struct json *json_new(struct arena *arena, enum json_type type)
{
	struct json *value = arena_alloc(arena, sizeof(*value));

	if (value) {
		value->type = type;
		if (type == JSON_STRING)
			value->u.string = "";
	}
	return value;
}

struct json *json_new_string(struct arena *arena, const char *text)
{
	struct json *value = json_new(arena, text ? JSON_STRING : JSON_NULL);

	if (!value || !text)
		return value;
	value->u.string = arena_strdup(arena, text);
	return value->u.string ? value : NULL;
}

struct json *json_borrow_string(struct arena *arena, const char *text)
{
	struct json *value = json_new(arena, JSON_STRING);

	if (value)
		value->u.string = text;
	return value;
}

struct json *json_new_int(struct arena *arena, int64_t number)
{
	struct json *value = json_new(arena, JSON_NUMBER);

	if (value)
		value->u.number = (double)number;
	return value;
}

struct json *json_new_bool(struct arena *arena, bool boolean)
{
	struct json *value = json_new(arena, JSON_BOOL);

	if (value)
		value->u.boolean = boolean;
	return value;
}

/** arena_grow() for counts of 32 bits. */
static void *grow(struct arena *arena, void *items, uint32_t count, uint32_t *capacity, size_t item_size)
{
	size_t wide = *capacity;
	void *grown = arena_grow(arena, items, count, &wide, item_size);

	if (!grown || wide > UINT32_MAX)
		return NULL;
	*capacity = (uint32_t)wide;
	return grown;
}

enum rc json_append_member(struct arena *arena, struct json *object, const char *key, struct json *value)
{
	struct json_member *members;

	members = grow(arena, object->u.object.members, object->u.object.count, &object->u.object.capacity, sizeof(*members));
	if (!members)
		return RC_NOMEM;
	object->u.object.members = members;
	members[object->u.object.count++] = (struct json_member){ .key = key, .value = value };
	return RC_OK;
}

enum rc json_set(struct arena *arena, struct json *object, const char *key, struct json *value)
{
	if (!value || !key || !object)
		return RC_NOMEM;
	for (size_t i = 0; i < object->u.object.count; i++) {
		if (strcmp(object->u.object.members[i].key, key) == 0) {
			object->u.object.members[i].value = value;
			return RC_OK;
		}
	}
	return json_append_member(arena, object, key, value);
}

enum rc json_push(struct arena *arena, struct json *array, struct json *value)
{
	struct json **items;

	if (!value || !array)
		return RC_NOMEM;
	items = grow(arena, array->u.array.items, array->u.array.count, &array->u.array.capacity, sizeof(*items));
	if (!items)
		return RC_NOMEM;
	array->u.array.items = items;
	items[array->u.array.count++] = value;
	return RC_OK;
}

static const char *copy_key(struct arena *arena, const char *key, struct map *keys)
{
	const char *copy = keys ? map_get(keys, key) : NULL;

	if (copy)
		return copy;
	copy = arena_strdup(arena, key);
	return copy && keys && map_put(keys, copy, (void *)(uintptr_t)copy, NULL) ? NULL : copy;
}

static enum rc copy_items(struct arena *arena, const struct json *from, struct json *to, struct map *keys)
{
	uint32_t count = from->u.array.count;
	struct json **items = count ? arena_array(arena, count, sizeof(*items)) : NULL;

	if (count && !items)
		return RC_NOMEM;
	to->u.array.items = items;
	to->u.array.capacity = count;
	for (; to->u.array.count < count; to->u.array.count++) {
		items[to->u.array.count] = json_copy_keys(arena, from->u.array.items[to->u.array.count], keys);
		if (!items[to->u.array.count])
			return RC_NOMEM;
	}
	return RC_OK;
}

static enum rc copy_members(struct arena *arena, const struct json *from, struct json *to, struct map *keys)
{
	uint32_t count = from->u.object.count;
	struct json_member *members = count ? arena_array(arena, count, sizeof(*members)) : NULL;

	if (count && !members)
		return RC_NOMEM;
	to->u.object.members = members;
	to->u.object.capacity = count;
	for (; to->u.object.count < count; to->u.object.count++) {
		const struct json_member *member = &from->u.object.members[to->u.object.count];

		members[to->u.object.count].key = copy_key(arena, member->key, keys);
		members[to->u.object.count].value = json_copy_keys(arena, member->value, keys);
		if (!members[to->u.object.count].key || !members[to->u.object.count].value)
			return RC_NOMEM;
	}
	return RC_OK;
}

struct json *json_copy_keys(struct arena *arena, const struct json *value, struct map *keys)
{
	struct json *copy = json_new(arena, value ? value->type : JSON_NULL);

	if (!copy || !value)
		return copy;
	switch (value->type) {
	case JSON_NULL: break;
	case JSON_BOOL:
	case JSON_NUMBER: *copy = *value; break;
	case JSON_STRING: copy->u.string = arena_strdup(arena, value->u.string); break;
	case JSON_ARRAY: return copy_items(arena, value, copy, keys) ? NULL : copy;
	case JSON_OBJECT: return copy_members(arena, value, copy, keys) ? NULL : copy;
	}
	return value->type == JSON_STRING && !copy->u.string ? NULL : copy;
}

struct json *json_copy(struct arena *arena, const struct json *value)
{
	return json_copy_keys(arena, value, NULL);
}
