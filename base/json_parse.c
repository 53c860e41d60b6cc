/** @file JSON text to values: cJSON's tree is made in the arena, and its items become the values in their place. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json_internal.h"
#include "base/sort.h"

/* Up to so many members, repeated keys are found by search. */
#define FEW_MEMBERS 32

/* A member of the text, to find those that repeat a key. */
struct seen {
	const char *key;
	struct cJSON *item;
	size_t position;
	struct cJSON *winner; /* whose value this key gets; NULL: a repetition */
};

_Static_assert(sizeof(struct json) <= sizeof(struct cJSON), "a value takes the place of its item");

/* What the values are made in, and what was found on the way. */
struct conversion {
	struct arena *arena;
	const char *repeated; /* the first key that an object has twice; NULL: none */
};

/* Where cJSON allocates, whose hooks carry no context. Set while this thread parses. */
static _Thread_local struct arena *parsing;
static pthread_once_t hooks_once = PTHREAD_ONCE_INIT;

static enum rc convert(struct conversion *conversion, struct cJSON *item, struct json **ret_value);

static void *hook_new(size_t size)
{
	void *block = arena_alloc(parsing, size);

	if (!block)
		errno = ENOMEM;
	return block;
}

/* With the arena. */
static void hook_free(void *block)
{
	(void)block;
}

static void set_hooks(void)
{
	cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = hook_new, .free_fn = hook_free });
}

static int compare_by_key(const void *left, const void *right)
{
	const struct seen *a = left, *b = right;
	int order = strcmp(a->key, b->key);

	return order ? order : (a->position > b->position) - (a->position < b->position);
}

static int compare_by_position(const void *left, const void *right)
{
	const struct seen *a = left, *b = right;

	return (a->position > b->position) - (a->position < b->position);
}

/* Each key keeps the place of its first appearance and gets the value of its last. */
static void settle_repetitions(struct seen *seen, size_t count)
{
	size_t first = 0;

	sort_items(seen, count, sizeof(*seen), compare_by_key);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(seen[first].key, seen[i].key) != 0)
			first = i;
		seen[first].winner = seen[i].item;
	}
	sort_items(seen, count, sizeof(*seen), compare_by_position);
}

static void note_repetition(struct conversion *conversion, const char *key)
{
	conversion->repeated = conversion->repeated ? conversion->repeated : key;
}

static enum rc convert_many(struct conversion *conversion, struct cJSON *child, size_t count, struct json *object)
{
	struct seen *seen = calloc(count, sizeof(*seen));
	enum rc rc = RC_OK;

	if (!seen)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++, child = child->next)
		seen[i] = (struct seen){ .key = child->string, .item = child, .position = i };
	settle_repetitions(seen, count);
	for (size_t i = 0; !rc && i < count; i++) {
		struct json_member *member = &object->u.object.members[object->u.object.count];

		if (!seen[i].winner) {
			note_repetition(conversion, seen[i].key);
			continue;
		}
		member->key = seen[i].key;
		rc = convert(conversion, seen[i].winner, &member->value);
		object->u.object.count++;
	}
	free(seen);
	return rc;
}

/* The member of this key, or the next free one. @param signs  a bit for each key so far, to pass over most searches */
static struct json_member *find_member(struct json *object, const char *key, uint64_t *signs)
{
	uint32_t hash = 2166136261u;
	uint64_t sign;

	for (const char *c = key; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	sign = (uint64_t)1 << (hash >> 26);
	for (size_t i = 0; *signs & sign && i < object->u.object.count; i++)
		if (strcmp(object->u.object.members[i].key, key) == 0)
			return &object->u.object.members[i];
	*signs |= sign;
	return &object->u.object.members[object->u.object.count++];
}

static enum rc convert_few(struct conversion *conversion, struct cJSON *child, struct json *object)
{
	uint64_t signs = 0;

	while (child) {
		struct cJSON *next = child->next;
		struct json_member *member = find_member(object, child->string, &signs);
		enum rc rc;

		if (member->key)
			note_repetition(conversion, child->string);
		member->key = child->string;
		rc = convert(conversion, child, &member->value);
		if (rc)
			return rc;
		child = next;
	}
	return RC_OK;
}

/* Each takes two bytes of a text of less than 4 GiB. */
static uint32_t count_items(const struct cJSON *child)
{
	uint32_t count = 0;

	for (; child; child = child->next)
		count++;
	return count;
}

static enum rc convert_object(struct conversion *conversion, struct cJSON *child, struct json *object)
{
	uint32_t count = count_items(child);

	if (!count)
		return RC_OK;
	object->u.object.members = arena_array(conversion->arena, count, sizeof(*object->u.object.members));
	if (!object->u.object.members)
		return RC_NOMEM;
	object->u.object.capacity = count;
	return count > FEW_MEMBERS ? convert_many(conversion, child, count, object) : convert_few(conversion, child, object);
}

static enum rc convert_array(struct conversion *conversion, struct cJSON *child, struct json *array)
{
	uint32_t count = count_items(child);
	enum rc rc = RC_OK;

	if (!count)
		return RC_OK;
	array->u.array.items = arena_array(conversion->arena, count, sizeof(*array->u.array.items));
	if (!array->u.array.items)
		return RC_NOMEM;
	array->u.array.capacity = count;
	while (!rc && child) {
		struct cJSON *next = child->next;

		rc = convert(conversion, child, &array->u.array.items[array->u.array.count++]);
		child = next;
	}
	return rc;
}

static enum json_type type_of(const struct cJSON *item)
{
	if (cJSON_IsObject(item))
		return JSON_OBJECT;
	if (cJSON_IsArray(item))
		return JSON_ARRAY;
	if (cJSON_IsString(item))
		return JSON_STRING;
	if (cJSON_IsNumber(item))
		return JSON_NUMBER;
	return cJSON_IsBool(item) ? JSON_BOOL : JSON_NULL;
}

/* An item and all below it; strings stay where they are. As deep as LIMIT_DEPTH at most, which json_check_tokens()
 * saw to. */
static enum rc convert(struct conversion *conversion, struct cJSON *item, struct json **ret_value)
{
	const struct cJSON from = *item;
	struct json *value = (struct json *)(void *)item;

	*value = (struct json){ .type = type_of(&from) };
	*ret_value = value;
	switch (value->type) {
	case JSON_NULL: break;
	case JSON_BOOL: value->u.boolean = cJSON_IsTrue(&from); break;
	case JSON_NUMBER:
		value->u.number = from.valuedouble;
		return isfinite(from.valuedouble) ? RC_OK : RC_INVALID;
	case JSON_STRING: value->u.string = from.valuestring; break;
	case JSON_ARRAY: return convert_array(conversion, from.child, value);
	case JSON_OBJECT: return convert_object(conversion, from.child, value);
	}
	return RC_OK;
}

static enum rc parse(struct conversion *conversion, const char *bytes, size_t size, struct json **ret_value, size_t *ret_offset)
{
	const char *end = bytes;
	struct json *value;
	struct cJSON *tree;
	enum rc rc;

	if (pthread_once(&hooks_once, set_hooks))
		return RC_NOMEM;
	errno = 0; /* how cJSON's failing malloc() is told from a syntax error */
	parsing = conversion->arena;
	tree = cJSON_ParseWithLengthOpts(bytes, size, &end, 0);
	parsing = NULL;
	*ret_offset = end ? (size_t)(end - bytes) : 0;
	if (!tree)
		return errno == ENOMEM ? RC_NOMEM : RC_INVALID;
	while (*ret_offset < size && strchr(" \t\r\n", bytes[*ret_offset]) && bytes[*ret_offset])
		++*ret_offset;
	rc = *ret_offset == size ? convert(conversion, tree, &value) : RC_INVALID;
	if (!rc)
		*ret_value = value;
	return rc;
}

static enum rc parse_text(struct conversion *conversion, const char *bytes, size_t size, struct json **ret_value, size_t *ret_offset)
{
	size_t offset;
	enum rc rc = json_check_tokens(bytes, size, &offset);

	if (!rc)
		rc = size ? parse(conversion, bytes, size, ret_value, &offset) : RC_INVALID;
	if (rc == RC_INVALID && ret_offset)
		*ret_offset = offset;
	return rc;
}

enum rc json_parse(struct arena *arena, const char *bytes, size_t size, struct json **ret_value, size_t *ret_offset)
{
	struct conversion conversion = { .arena = arena };

	return parse_text(&conversion, bytes, size, ret_value, ret_offset);
}

enum rc json_parse_unique(struct arena *arena, const char *bytes, size_t size, struct json **ret_value, size_t *ret_offset,
			  const char **ret_repeated)
{
	struct conversion conversion = { .arena = arena };
	struct json *value;
	enum rc rc = parse_text(&conversion, bytes, size, &value, ret_offset);

	if (!rc && conversion.repeated) {
		*ret_repeated = conversion.repeated;
		return RC_EXISTS;
	}
	if (!rc)
		*ret_value = value;
	return rc;
}
