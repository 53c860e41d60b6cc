/* A Gateway of another project, as JSON of the state. */
#include "schema/shared_gateway.h"

#include <string.h>

#include "base/str.h"

static const char *const from_words[] = {
	[ROUTES_FROM_SAME] = "Same", [ROUTES_FROM_ALL] = "All", [ROUTES_FROM_SELECTOR] = "Selector", [ROUTES_FROM_NONE] = "None",
};
static const char *const operator_words[] = {
	[SELECTOR_IN] = "In", [SELECTOR_NOT_IN] = "NotIn", [SELECTOR_EXISTS] = "Exists",
	[SELECTOR_DOES_NOT_EXIST] = "DoesNotExist",
};
static const char *const protocol_words[] = {
	[PROTOCOL_HTTP] = "HTTP", [PROTOCOL_HTTPS] = "HTTPS", [PROTOCOL_TLS] = "TLS", [PROTOCOL_TCP] = "TCP",
	[PROTOCOL_UDP] = "UDP", [PROTOCOL_OTHER] = "other",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum rc set_text(struct arena *arena, struct json *object, const char *key, const char *text)
{
	return text ? json_set(arena, object, key, json_new_string(arena, text)) : RC_OK;
}

static enum rc set_true(struct arena *arena, struct json *object, const char *key, bool value)
{
	return value ? json_set(arena, object, key, json_new_bool(arena, true)) : RC_OK;
}

static enum rc write_texts(struct arena *arena, struct json *object, const char *key, const char *const *texts, size_t count)
{
	struct json *list = json_new(arena, JSON_ARRAY);
	enum rc rc = list ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < count; i++)
		rc = json_push(arena, list, json_new_string(arena, texts[i]));
	return rc ? rc : json_set(arena, object, key, list);
}

static enum rc write_policy(struct arena *arena, struct json *object, const struct shared_policy *policy)
{
	struct json *json;
	enum rc rc;

	if (!policy)
		return RC_OK;
	json = json_new(arena, JSON_OBJECT);
	rc = json ? set_text(arena, json, "feature", policy->feature) : RC_NOMEM;
	if (!rc)
		rc = set_text(arena, json, "reason", policy->reason);
	return rc ? rc : json_set(arena, object, "policy", json);
}

static enum rc write_selector(struct arena *arena, struct json *object, const struct label_selector *selector)
{
	struct json *list = json_new(arena, JSON_ARRAY);
	enum rc rc = list ? RC_OK : RC_NOMEM;

	if (!selector->is_present)
		return rc;
	for (size_t i = 0; !rc && i < selector->requirement_count; i++) {
		const struct selector_requirement *requirement = &selector->requirements[i];
		struct json *item = json_new(arena, JSON_OBJECT);

		rc = item ? set_text(arena, item, "key", requirement->key) : RC_NOMEM;
		if (!rc)
			rc = set_text(arena, item, "operator", operator_words[requirement->op]);
		if (!rc)
			rc = write_texts(arena, item, "values", requirement->values, requirement->value_count);
		if (!rc)
			rc = json_push(arena, list, item);
	}
	return rc ? rc : json_set(arena, object, "selector", list);
}

static enum rc write_kinds(struct arena *arena, struct json *object, const struct listener *listener)
{
	struct json *list = json_new(arena, JSON_ARRAY);
	enum rc rc = list ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < listener->kind_count; i++) {
		struct json *item = json_new(arena, JSON_OBJECT);

		rc = item ? set_text(arena, item, "group", listener->kinds[i].group) : RC_NOMEM;
		if (!rc)
			rc = set_text(arena, item, "kind", listener->kinds[i].kind);
		if (!rc)
			rc = json_push(arena, list, item);
	}
	return rc ? rc : json_set(arena, object, "kinds", list);
}

static enum rc write_listener(struct arena *arena, const struct listener *listener, const struct shared_policy *policy,
			      struct json *list)
{
	struct json *json = json_new(arena, JSON_OBJECT);
	enum rc rc = json ? set_text(arena, json, "name", listener->name) : RC_NOMEM;

	if (!rc)
		rc = set_text(arena, json, "hostname", listener->hostname);
	if (!rc)
		rc = json_set(arena, json, "port", json_new_int(arena, listener->port));
	if (!rc)
		rc = set_text(arena, json, "protocol", protocol_words[listener->protocol]);
	if (!rc)
		rc = set_text(arena, json, "from", from_words[listener->from]);
	if (!rc)
		rc = write_selector(arena, json, &listener->selector);
	if (!rc)
		rc = write_kinds(arena, json, listener);
	if (!rc)
		rc = write_policy(arena, json, policy);
	return rc ? rc : json_push(arena, list, json);
}

enum rc shared_gateway_write(struct arena *arena, const struct gateway *gateway, const struct shared_gateway_facts *facts,
			     struct json **ret_json)
{
	struct json *json = json_new(arena, JSON_OBJECT), *listeners = json_new(arena, JSON_ARRAY);
	enum rc rc = json && listeners ? set_text(arena, json, "class", gateway->class_name) : RC_NOMEM;

	if (!rc)
		rc = set_true(arena, json, "default", gateway->is_default);
	if (!rc)
		rc = set_true(arena, json, "no_dns", gateway->meta.dns_off);
	if (!rc)
		rc = set_true(arena, json, "protect", gateway->meta.protect);
	if (!rc && gateway->meta.origin_request)
		rc = json_set(arena, json, "origin_request", json_copy(arena, gateway->meta.origin_request));
	if (!rc)
		rc = write_policy(arena, json, facts->policy);
	if (!rc)
		rc = write_texts(arena, json, "hostnames", facts->hostnames, facts->hostname_count);
	for (size_t i = 0; !rc && i < gateway->listener_count; i++)
		rc = write_listener(arena, &gateway->listeners[i], facts->listener_policies[i], listeners);
	if (!rc)
		rc = json_set(arena, json, "listeners", listeners);
	if (!rc)
		*ret_json = json;
	return rc;
}

/** The index of a word; @return false when it is none of them */
static bool read_word(const struct json *object, const char *key, const char *const *words, size_t count, size_t *ret_index)
{
	const char *word = json_get_string(object, key, "");

	for (size_t i = 0; i < count; i++)
		if (str_eq(words[i], word)) {
			*ret_index = i;
			return true;
		}
	return false;
}

static enum rc read_policy(struct arena *arena, const struct json *object, const struct shared_policy **ret_policy)
{
	const struct json *json = json_get(object, "policy");
	struct shared_policy *policy;

	*ret_policy = NULL;
	if (!json)
		return RC_OK;
	policy = arena_alloc(arena, sizeof(*policy));
	if (!policy)
		return RC_NOMEM;
	policy->feature = json_get_string(json, "feature", NULL);
	policy->reason = json_get_string(json, "reason", "a policy of its owner's covers it");
	*ret_policy = policy;
	return RC_OK;
}

static enum rc read_requirement(struct arena *arena, const struct json *json, struct selector_requirement *requirement)
{
	const struct json *values = json_get(json, "values");
	size_t op;

	requirement->key = json_get_string(json, "key", NULL);
	if (!requirement->key || !read_word(json, "operator", operator_words, COUNT(operator_words), &op))
		return RC_CORRUPT;
	requirement->op = (enum selector_operator)op;
	requirement->values = arena_array(arena, json_count(values), sizeof(const char *));
	if (!requirement->values)
		return RC_NOMEM;
	requirement->value_count = json_count(values);
	for (size_t i = 0; i < requirement->value_count; i++) {
		if (json_item(values, i)->type != JSON_STRING)
			return RC_CORRUPT;
		requirement->values[i] = json_item(values, i)->u.string;
	}
	return RC_OK;
}

static enum rc read_selector(struct arena *arena, const struct json *json, struct label_selector *selector)
{
	const struct json *list = json_get(json, "selector");
	enum rc rc = RC_OK;

	if (!list)
		return RC_OK;
	if (list->type != JSON_ARRAY)
		return RC_CORRUPT;
	selector->is_present = true;
	selector->requirement_count = json_count(list);
	selector->requirements = arena_array(arena, selector->requirement_count, sizeof(*selector->requirements));
	if (!selector->requirements)
		return RC_NOMEM;
	for (size_t i = 0; !rc && i < selector->requirement_count; i++)
		rc = read_requirement(arena, json_item(list, i), &selector->requirements[i]);
	return rc;
}

static enum rc read_kinds(struct arena *arena, const struct json *json, struct listener *listener)
{
	const struct json *list = json_get(json, "kinds");

	listener->kind_count = json_count(list);
	listener->kinds = arena_array(arena, listener->kind_count, sizeof(*listener->kinds));
	if (!listener->kinds)
		return RC_NOMEM;
	for (size_t i = 0; i < listener->kind_count; i++) {
		listener->kinds[i].group = json_get_string(json_item(list, i), "group", NULL);
		listener->kinds[i].kind = json_get_string(json_item(list, i), "kind", "");
	}
	return RC_OK;
}

static enum rc read_listener(struct arena *arena, const struct json *json, struct listener *listener,
			     const struct shared_policy **ret_policy)
{
	int64_t port = json_get_int(json, "port", 0);
	size_t from, protocol;
	enum rc rc;

	listener->name = json_get_string(json, "name", NULL);
	listener->hostname = json_get_string(json, "hostname", NULL);
	if (!listener->name || port < 0 || port > 65535 || !read_word(json, "from", from_words, COUNT(from_words), &from) ||
	    !read_word(json, "protocol", protocol_words, COUNT(protocol_words), &protocol))
		return RC_CORRUPT;
	listener->port = (int32_t)port;
	listener->from = (enum routes_from)from;
	listener->protocol = (enum listener_protocol)protocol;
	listener->protocol_text = protocol_words[protocol];
	rc = read_selector(arena, json, &listener->selector);
	if (!rc)
		rc = read_kinds(arena, json, listener);
	return rc ? rc : read_policy(arena, json, ret_policy);
}

static enum rc read_meta(struct arena *arena, const char *address, const struct json *json, struct meta *meta)
{
	const char *key = str_has_prefix(address, "tunnel/") ? address + strlen("tunnel/") : "", *slash = strchr(key, '/');

	if (!slash || slash == key || !slash[1])
		return RC_CORRUPT;
	meta->key = arena_strdup(arena, key);
	meta->name_space = arena_memdup(arena, key, (size_t)(slash - key));
	meta->name = arena_strdup(arena, slash + 1);
	meta->created_s = NO_TIMESTAMP;
	meta->origin_request = json_get(json, "origin_request");
	meta->dns_off = json_get_bool(json, "no_dns", false);
	meta->protect = json_get_bool(json, "protect", false);
	return meta->key && meta->name_space && meta->name ? RC_OK : RC_NOMEM;
}

enum rc shared_gateway_read(struct arena *arena, const char *address, const struct json *json, struct gateway **ret_gateway)
{
	const struct json *listeners = json_get(json, "listeners");
	struct gateway *gateway = arena_alloc(arena, sizeof(*gateway));
	struct shared_gateway *shared = arena_alloc(arena, sizeof(*shared));
	enum rc rc;

	if (!gateway || !shared)
		return RC_NOMEM;
	rc = read_meta(arena, address, json, &gateway->meta);
	gateway->class_name = json_get_string(json, "class", "");
	gateway->is_default = json_get_bool(json, "default", false);
	gateway->listener_count = json_count(listeners);
	gateway->listeners = arena_array(arena, gateway->listener_count, sizeof(*gateway->listeners));
	shared->listener_policies = arena_array(arena, gateway->listener_count, sizeof(const struct shared_policy *));
	if (!rc && (!gateway->listeners || !shared->listener_policies))
		rc = RC_NOMEM;
	if (!rc)
		rc = read_policy(arena, json, &shared->policy);
	for (size_t i = 0; !rc && i < gateway->listener_count; i++)
		rc = read_listener(arena, json_item(listeners, i), &gateway->listeners[i], &shared->listener_policies[i]);
	gateway->shared = shared;
	if (!rc)
		*ret_gateway = gateway;
	return rc;
}
