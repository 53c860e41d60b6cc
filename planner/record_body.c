/* Bodies of DNS calls: what a change sends. */
#include "planner/record_body.h"

#include "base/str.h"

static enum rc set_text(struct arena *arena, struct json *object, const char *key, const char *text)
{
	return json_set(arena, object, key, json_new_string(arena, text));
}

static enum rc id_json(struct arena *arena, const char *id, struct json *array)
{
	struct json *object = json_new(arena, JSON_OBJECT);
	enum rc rc = object ? set_text(arena, object, "id", id) : RC_NOMEM;

	return rc ? rc : json_push(arena, array, object);
}

enum rc record_body_patch(struct arena *arena, const struct change *change, const char *content, struct json **ret_patch)
{
	const struct cname_fields *want = &change->after->u.cname, *have = &change->before->u.cname;
	struct json *patch = json_new(arena, JSON_OBJECT);
	enum rc rc = patch ? RC_OK : RC_NOMEM;

	if (!rc && !str_eq(want->name, have->name))
		rc = set_text(arena, patch, "name", want->name);
	if (!rc && !str_eq(content, have->content))
		rc = set_text(arena, patch, "content", content);
	if (!rc && want->proxied != have->proxied)
		rc = json_set(arena, patch, "proxied", json_new_bool(arena, want->proxied));
	if (!rc && want->ttl != have->ttl)
		rc = json_set(arena, patch, "ttl", json_new_int(arena, want->ttl));
	if (!rc && !str_eq(want->comment, have->comment))
		rc = set_text(arena, patch, "comment", want->comment);
	if (!rc)
		*ret_patch = patch;
	return rc;
}

enum rc record_body_post(struct arena *arena, const struct change *change, const char *content, struct json **ret_post)
{
	const struct cname_fields *want = &change->after->u.cname;
	struct json *post = json_new(arena, JSON_OBJECT);
	enum rc rc = post ? set_text(arena, post, "type", "CNAME") : RC_NOMEM;

	if (!rc)
		rc = set_text(arena, post, "name", want->name);
	if (!rc)
		rc = set_text(arena, post, "content", content);
	if (!rc)
		rc = json_set(arena, post, "proxied", json_new_bool(arena, want->proxied));
	if (!rc)
		rc = json_set(arena, post, "ttl", json_new_int(arena, want->ttl));
	if (!rc)
		rc = set_text(arena, post, "comment", want->comment);
	if (!rc)
		*ret_post = post;
	return rc;
}

struct body {
	struct json *deletes, *patches, *posts;
};

static enum rc add_to_body(struct arena *arena, struct body *body, const struct record_change *item)
{
	const struct change *change = item->change;
	const char *content = item->content;
	struct json *json = NULL;
	enum rc rc = RC_OK;

	switch (change->action) {
	case ACTION_DELETE:
		return id_json(arena, change->before->id, body->deletes);
	case ACTION_REPLACE:
		for (size_t i = 0; !rc && i < change->replaced_count; i++)
			rc = id_json(arena, change->replaced_ids[i], body->deletes);
		if (!rc)
			rc = record_body_post(arena, change, content, &json);
		return rc ? rc : json_push(arena, body->posts, json);
	case ACTION_CREATE:
		rc = record_body_post(arena, change, content, &json);
		return rc ? rc : json_push(arena, body->posts, json);
	case ACTION_UPDATE:
		rc = record_body_patch(arena, change, content, &json);
		if (!rc)
			rc = set_text(arena, json, "id", change->before->id);
		return rc ? rc : json_push(arena, body->patches, json);
	case ACTION_RECORD:
	case ACTION_FORGET:
		break;
	}
	return RC_INTERNAL;
}

enum rc record_body_batch(struct arena *arena, const struct record_change *items, size_t count, struct json **ret_body)
{
	struct json *body = json_new(arena, JSON_OBJECT);
	struct body parts = {json_new(arena, JSON_ARRAY), json_new(arena, JSON_ARRAY), json_new(arena, JSON_ARRAY)};
	enum rc rc = body && parts.deletes && parts.patches && parts.posts ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < count; i++)
		rc = add_to_body(arena, &parts, &items[i]);
	if (!rc && json_count(parts.deletes))
		rc = json_set(arena, body, "deletes", parts.deletes);
	if (!rc && json_count(parts.patches))
		rc = json_set(arena, body, "patches", parts.patches);
	if (!rc && json_count(parts.posts))
		rc = json_set(arena, body, "posts", parts.posts);
	if (!rc)
		*ret_body = body;
	return rc;
}
