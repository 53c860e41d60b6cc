/** @file JSON text to values: cJSON's tree, moved into the arena and freed here. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json_internal.h"

/* A member of the text, to find those that repeat a key. */
struct seen {
	const struct cJSON *item;
	size_t position;
	const struct cJSON *winner; /* whose value this key gets; NULL: a repetition */
};

static enum rc convert(struct arena *arena, const struct cJSON *from, struct json **ret_value);

static int compare_by_key(const void *left, const void *right)
{
	const struct seen *a = left, *b = right;
	int order = strcmp(a->item->string, b->item->string);

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

	qsort(seen, count, sizeof(*seen), compare_by_key);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(seen[first].item->string, seen[i].item->string) != 0)
			first = i;
		seen[first].winner = seen[i].item;
	}
	qsort(seen, count, sizeof(*seen), compare_by_position);
}

static enum rc convert_members(struct arena *arena, const struct seen *seen, size_t count, struct json *object)
{
	for (size_t i = 0; i < count; i++) {
		struct json *value;
		char *key;
		enum rc rc;

		if (!seen[i].winner)
			continue;
		rc = convert(arena, seen[i].winner, &value);
		if (rc)
			return rc;
		key = arena_strdup(arena, seen[i].item->string);
		rc = key ? json_append_member(arena, object, key, value) : RC_NOMEM;
		if (rc)
			return rc;
	}
	return RC_OK;
}

static enum rc convert_object(struct arena *arena, const struct cJSON *from, struct json *object)
{
	const struct cJSON *item;
	struct seen *seen;
	size_t count = 0;
	enum rc rc;

	cJSON_ArrayForEach(item, from)
		count++;
	if (!count)
		return RC_OK;
	seen = calloc(count, sizeof(*seen));
	if (!seen)
		return RC_NOMEM;
	count = 0;
	cJSON_ArrayForEach(item, from) {
		seen[count] = (struct seen){ .item = item, .position = count };
		count++;
	}
	settle_repetitions(seen, count);
	rc = convert_members(arena, seen, count, object);
	free(seen);
	return rc;
}

static enum rc convert_array(struct arena *arena, const struct cJSON *from, struct json *array)
{
	const struct cJSON *item;

	cJSON_ArrayForEach(item, from) {
		struct json *value;
		enum rc rc = convert(arena, item, &value);

		if (!rc)
			rc = json_push(arena, array, value);
		if (rc)
			return rc;
	}
	return RC_OK;
}

static enum json_type type_of(const struct cJSON *from)
{
	if (cJSON_IsObject(from))
		return JSON_OBJECT;
	if (cJSON_IsArray(from))
		return JSON_ARRAY;
	if (cJSON_IsString(from))
		return JSON_STRING;
	if (cJSON_IsNumber(from))
		return JSON_NUMBER;
	return cJSON_IsBool(from) ? JSON_BOOL : JSON_NULL;
}

/* As deep as LIMIT_DEPTH at most, which json_check_tokens() saw to. */
static enum rc convert(struct arena *arena, const struct cJSON *from, struct json **ret_value)
{
	struct json *value = json_new(arena, type_of(from));
	enum rc rc = RC_OK;

	if (!value)
		return RC_NOMEM;
	switch (value->type) {
	case JSON_NULL: break;
	case JSON_BOOL: value->u.boolean = cJSON_IsTrue(from); break;
	case JSON_NUMBER:
		value->u.number = from->valuedouble;
		rc = isfinite(from->valuedouble) ? RC_OK : RC_INVALID;
		break;
	case JSON_STRING:
		value->u.string = arena_strdup(arena, from->valuestring);
		rc = value->u.string ? RC_OK : RC_NOMEM;
		break;
	case JSON_ARRAY: rc = convert_array(arena, from, value); break;
	case JSON_OBJECT: rc = convert_object(arena, from, value); break;
	}
	if (!rc)
		*ret_value = value;
	return rc;
}

static enum rc parse(struct arena *arena, const char *bytes, size_t size, struct json **ret_value, size_t *ret_offset)
{
	const char *end = bytes;
	struct cJSON *tree;
	enum rc rc;

	errno = 0; /* how cJSON's failing malloc() is told from a syntax error */
	tree = cJSON_ParseWithLengthOpts(bytes, size, &end, 0);
	*ret_offset = end ? (size_t)(end - bytes) : 0;
	if (!tree)
		return errno == ENOMEM ? RC_NOMEM : RC_INVALID;
	while (*ret_offset < size && strchr(" \t\r\n", bytes[*ret_offset]) && bytes[*ret_offset])
		++*ret_offset;
	rc = *ret_offset == size ? convert(arena, tree, ret_value) : RC_INVALID;
	cJSON_Delete(tree);
	return rc;
}

enum rc json_parse(struct arena *arena, const char *bytes, size_t size, struct json **ret_value, size_t *ret_offset)
{
	size_t offset;
	enum rc rc = json_check_tokens(bytes, size, &offset);

	if (!rc)
		rc = size ? parse(arena, bytes, size, ret_value, &offset) : RC_INVALID;
	if (rc == RC_INVALID && ret_offset)
		*ret_offset = offset;
	return rc;
}
