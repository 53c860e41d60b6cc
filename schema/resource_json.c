/* Resources as JSON and back, and their fingerprints: walks over the field tables. */
#include "schema/resource.h"

#include <string.h>

#include "base/str.h"

static bool is_empty_object(const struct json *value)
{
	return value && value->type == JSON_OBJECT && !value->u.object.count;
}

/** @param ret_value  NULL when nothing is left of it; otherwise @p value itself where nothing had to go */
static enum rc normalise(struct arena *arena, const struct json *value, const struct json **ret_value)
{
	struct json *object;

	if (!value || value->type == JSON_NULL || is_empty_object(value)) {
		*ret_value = NULL;
		return RC_OK;
	}
	if (value->type != JSON_OBJECT) {
		*ret_value = value;
		return RC_OK;
	}
	object = json_new(arena, JSON_OBJECT);
	if (!object)
		return RC_NOMEM;
	for (size_t i = 0; i < value->u.object.count; i++) {
		const struct json_member *member = &value->u.object.members[i];
		const struct json *kept;
		enum rc rc = normalise(arena, member->value, &kept);

		if (!rc && kept)
			rc = json_set(arena, object, member->key, (struct json *)(uintptr_t)kept);
		if (rc)
			return rc;
	}
	*ret_value = object->u.object.count ? object : NULL;
	return RC_OK;
}

const struct json *resource_origin_request_normal(struct arena *arena, const struct json *origin_request)
{
	const struct json *normal = NULL;

	if (!origin_request || origin_request->type != JSON_OBJECT)
		return NULL;
	if (normalise(arena, origin_request, &normal))
		return origin_request;
	return normal;
}

static enum rc string_json(struct arena *arena, const char *text, const struct field *field,
			   struct json **ret_value)
{
	struct json *value = NULL;

	if (!str_is_empty(text)) {
		const char *normal = field->flags & FIELD_ANY_CASE ? str_lower(arena, text) : text;

		value = normal ? json_new_string(arena, normal) : NULL;
		if (!value)
			return RC_NOMEM;
	}
	*ret_value = value;
	return RC_OK;
}

enum rc resource_field_json(struct arena *arena, const struct resource *resource, const struct field *field,
			    struct json **ret_value)
{
	const void *at = (const char *)resource + field->offset;
	const struct json *normal;
	struct json *value = NULL;
	enum rc rc;

	switch (field->type) {
	case FIELD_STRING:
		return string_json(arena, *(const char *const *)at, field, ret_value);
	case FIELD_BOOL:
		value = json_new_bool(arena, *(const bool *)at);
		break;
	case FIELD_INT:
		value = json_new_int(arena, *(const int64_t *)at);
		break;
	case FIELD_JSON:
		rc = normalise(arena, *(const struct json *const *)at, &normal);
		if (!rc)
			*ret_value = (struct json *)(uintptr_t)normal;
		return rc;
	}
	if (!value)
		return RC_NOMEM;
	*ret_value = value;
	return RC_OK;
}

/** All fields that have none of @p without_flags. */
static enum rc fields_to_json(struct arena *arena, const struct resource *resource, unsigned without_flags,
			      struct json **ret_object)
{
	const struct resource_type *type = resource_type(resource->kind);
	struct json *object = json_new(arena, JSON_OBJECT);

	if (!object)
		return RC_NOMEM;
	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];
		struct json *value;
		enum rc rc;

		if (field->flags & without_flags)
			continue;
		rc = resource_field_json(arena, resource, field, &value);
		if (!rc && value)
			rc = json_set(arena, object, field->name, value);
		if (rc)
			return rc;
	}
	*ret_object = object;
	return RC_OK;
}

enum rc resource_to_json(struct arena *arena, const struct resource *resource, bool computed,
			 struct json **ret_object)
{
	return fields_to_json(arena, resource, computed ? 0u : (unsigned)FIELD_COMPUTED, ret_object);
}

char *resource_fingerprint(struct arena *arena, const struct resource *resource)
{
	struct json *object;
	struct strbuf text;
	char *fingerprint = NULL;

	if (fields_to_json(arena, resource, FIELD_COMPUTED | FIELD_ORDER, &object))
		return NULL;
	strbuf_init(&text, 0);
	json_write_canonical(&text, object);
	if (!strbuf_failed(&text))
		fingerprint = str_xxh3_hex(arena, strbuf_text(&text), text.size);
	else
		arena_fail(arena);
	strbuf_done(&text);
	return fingerprint;
}

static bool is_string_array(const struct json *value)
{
	if (value->type != JSON_ARRAY)
		return false;
	for (size_t i = 0; i < value->u.array.count; i++)
		if (value->u.array.items[i]->type != JSON_STRING)
			return false;
	return true;
}

static enum rc read_document(struct arena *arena, const struct field *field, const struct json *value,
			     const struct json **ret_value)
{
	struct json *copy;

	if (field->flags & FIELD_ORDER ? !is_string_array(value) : value->type != JSON_OBJECT)
		return RC_CORRUPT;
	copy = json_copy(arena, value);
	return copy ? normalise(arena, copy, ret_value) : RC_NOMEM;
}

static enum rc read_field(struct arena *arena, const struct field *field, const struct json *value,
			  struct resource *resource)
{
	void *at = (char *)resource + field->offset;
	char *text;

	switch (field->type) {
	case FIELD_STRING:
		if (value->type != JSON_STRING)
			return RC_CORRUPT;
		text = arena_strdup(arena, value->u.string);
		*(const char **)at = text;
		return text ? RC_OK : RC_NOMEM;
	case FIELD_BOOL:
		if (value->type != JSON_BOOL)
			return RC_CORRUPT;
		*(bool *)at = value->u.boolean;
		return RC_OK;
	case FIELD_INT:
		if (!json_is_int(value))
			return RC_CORRUPT;
		*(int64_t *)at = (int64_t)value->u.number;
		return RC_OK;
	case FIELD_JSON:
		return read_document(arena, field, value, at);
	}
	return RC_INTERNAL;
}

void resource_fill_absent(struct resource *resource)
{
	switch (resource->kind) {
	case RESOURCE_TUNNEL:
		resource->u.tunnel.account = str_or_empty(resource->u.tunnel.account);
		resource->u.tunnel.name = str_or_empty(resource->u.tunnel.name);
		break;
	case RESOURCE_RULE:
		resource->u.rule.hostname = str_or_empty(resource->u.rule.hostname);
		resource->u.rule.path = str_or_empty(resource->u.rule.path);
		resource->u.rule.service = str_or_empty(resource->u.rule.service);
		break;
	case RESOURCE_CNAME:
		resource->u.cname.account = str_or_empty(resource->u.cname.account);
		resource->u.cname.name = str_or_empty(resource->u.cname.name);
		resource->u.cname.comment = str_or_empty(resource->u.cname.comment);
		break;
	}
}

enum rc resource_from_json(struct arena *arena, enum resource_kind kind, const char *address,
			   const struct json *object, struct resource **ret_resource)
{
	const struct resource_type *type = resource_type(kind);
	struct resource *resource;

	if (!object || object->type != JSON_OBJECT)
		return RC_CORRUPT;
	resource = arena_alloc(arena, sizeof(*resource));
	if (!resource)
		return RC_NOMEM;
	resource->kind = kind;
	resource->address = arena_strdup(arena, address);
	if (!resource->address)
		return RC_NOMEM;
	for (size_t i = 0; i < type->field_count; i++) {
		const struct json *value = json_get(object, type->fields[i].name);
		enum rc rc = RC_OK;

		if (value && value->type != JSON_NULL)
			rc = read_field(arena, &type->fields[i], value, resource);
		if (rc)
			return rc;
	}
	resource_fill_absent(resource);
	*ret_resource = resource;
	return RC_OK;
}
