/* The configuration document of a tunnel. Source: gateway-semantics 2a. */
#include "base/str.h"
#include "schema/translate.h"

static enum rc set_text(struct arena *arena, struct json *object, const char *key, const char *text)
{
	return str_is_empty(text) ? RC_OK : json_set(arena, object, key, json_new_string(arena, text));
}

static enum rc set_document(struct arena *arena, struct json *object, const struct json *origin_request)
{
	const struct json *normal = resource_origin_request_normal(arena, origin_request);

	return normal ? json_set(arena, object, "originRequest", json_copy(arena, normal)) : RC_OK;
}

enum rc translate_rule(struct arena *arena, const struct rule_fields *rule, struct json **ret_json)
{
	struct json *json = json_new(arena, JSON_OBJECT);
	enum rc rc = json ? RC_OK : RC_NOMEM;

	if (!rc)
		rc = set_text(arena, json, "hostname", rule->hostname);
	if (!rc)
		rc = set_text(arena, json, "path", rule->path);
	if (!rc)
		rc = set_text(arena, json, "service", rule->service);
	if (!rc)
		rc = set_document(arena, json, rule->origin_request);
	if (!rc)
		*ret_json = json;
	return rc;
}

enum rc translate_document(struct arena *arena, const struct desired_tunnel *tunnel, struct json **ret_config)
{
	struct json *config = json_new(arena, JSON_OBJECT), *ingress = json_new(arena, JSON_ARRAY);
	enum rc rc = config && ingress ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < tunnel->rule_count; i++) {
		struct json *rule = NULL;

		rc = translate_rule(arena, &tunnel->rules[i]->u.rule, &rule);
		if (!rc)
			rc = json_push(arena, ingress, rule);
	}
	if (!rc)
		rc = json_set(arena, config, "ingress", ingress);
	if (!rc)
		rc = set_document(arena, config, tunnel->tunnel->u.tunnel.origin_request);
	if (!rc)
		*ret_config = config;
	return rc;
}
