/* Configuration documents: reading, comparing and building them. */
#include "planner/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"

const char *document_hostname(const struct json *rule)
{
	const char *hostname = json_get_string(rule, "hostname", "");

	return str_eq(hostname, "*") ? "" : hostname;
}

static enum rc unique_address(struct arena *arena, struct map *seen, const char **address, void *value)
{
	const char *wanted = *address;

	for (unsigned n = 2; map_get(seen, *address); n++) {
		*address = arena_printf(arena, "%s#%u", wanted, n);
		if (!*address)
			return RC_NOMEM;
	}
	return map_put(seen, *address, value, NULL);
}

static enum rc rule_resource(struct arena *arena, const char *tunnel_address, const struct json *json, bool is_last,
			     struct map *seen, struct resource **ret_rule)
{
	struct resource *rule = arena_alloc(arena, sizeof(*rule));
	enum rc rc;

	if (!rule)
		return RC_NOMEM;
	rule->kind = RESOURCE_RULE;
	rule->tunnel = tunnel_address;
	rule->u.rule.hostname = document_hostname(json);
	rule->u.rule.path = json_get_string(json, "path", "");
	rule->u.rule.service = json_get_string(json, "service", "");
	rule->u.rule.origin_request = resource_origin_request_normal(arena, json_get(json, "originRequest"));
	rule->address = resource_rule_address(arena, tunnel_address, rule->u.rule.hostname, rule->u.rule.path,
					      is_last && str_is_empty(rule->u.rule.hostname) &&
						      str_is_empty(rule->u.rule.path));
	if (!rule->address)
		return RC_NOMEM;
	rc = unique_address(arena, seen, &rule->address, rule);
	if (!rc)
		*ret_rule = rule;
	return rc;
}

enum rc document_rules(struct arena *arena, const char *tunnel_address, const struct json *document,
		       struct resource ***ret_rules, size_t *ret_count)
{
	const struct json *ingress = json_get(document, "ingress");
	size_t count = ingress && ingress->type == JSON_ARRAY ? json_count(ingress) : 0;
	struct resource **rules = arena_array(arena, count, sizeof(struct resource *));
	struct arena *scratch = arena_new(LIMIT_ARENA_BYTES);
	enum rc rc = rules && scratch ? RC_OK : RC_NOMEM;
	struct map seen;

	map_init(&seen, scratch);
	if (!rc)
		rc = map_reserve(&seen, count);
	for (size_t i = 0; !rc && i < count; i++)
		rc = rule_resource(arena, tunnel_address, json_item(ingress, i), i + 1 == count, &seen, &rules[i]);
	arena_free(scratch);
	if (rc)
		return rc;
	*ret_rules = rules;
	*ret_count = count;
	return RC_OK;
}

enum rc document_order(struct arena *arena, struct resource *const *rules, size_t count, struct json **ret_order)
{
	struct json *order = json_new(arena, JSON_ARRAY);
	enum rc rc = order ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < count; i++)
		rc = json_push(arena, order, json_borrow_string(arena, rules[i]->address));
	if (!rc)
		*ret_order = order;
	return rc;
}

void document_print_rule(struct strbuf *buf, const struct rule_fields *rule)
{
	const char *parts[] = {rule->hostname, rule->path, rule->service};

	for (size_t i = 0; i < 3; i++)
		strbuf_add(buf, parts[i], strlen(parts[i]) + 1);
	json_write_canonical(buf, rule->origin_request);
	strbuf_addc(buf, '\n');
}

static void fingerprint_rule(struct arena *arena, struct strbuf *buf, const struct json *rule)
{
	const struct rule_fields fields = {document_hostname(rule), json_get_string(rule, "path", ""),
					   json_get_string(rule, "service", ""),
					   resource_origin_request_normal(arena, json_get(rule, "originRequest"))};

	document_print_rule(buf, &fields);
}

char *document_fingerprint(struct arena *arena, const struct json *document)
{
	const struct json *ingress = json_get(document, "ingress");
	struct strbuf buf;
	char *fingerprint = NULL;

	if (!json_count(ingress))
		return arena_strdup(arena, "");
	strbuf_init(&buf, 0);
	for (size_t i = 0; i < json_count(ingress); i++)
		fingerprint_rule(arena, &buf, json_item(ingress, i));
	json_write_canonical(&buf, resource_origin_request_normal(arena, json_get(document, "originRequest")));
	if (!strbuf_failed(&buf))
		fingerprint = str_xxh3_hex(arena, strbuf_text(&buf), buf.size);
	strbuf_done(&buf);
	return fingerprint;
}
