/* Configuration documents: reading, comparing and building them. */
#include "planner/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/** A rule on its way into a document. */
struct placed {
	struct json *json;
	const char *hostname;
};

static const char *rule_hostname(const struct json *rule)
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
	rule->u.rule.hostname = rule_hostname(json);
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
	struct map seen;

	if (!rules)
		return RC_NOMEM;
	map_init(&seen, arena);
	for (size_t i = 0; i < count; i++) {
		enum rc rc = rule_resource(arena, tunnel_address, json_item(ingress, i), i + 1 == count, &seen, &rules[i]);

		if (rc)
			return rc;
	}
	*ret_rules = rules;
	*ret_count = count;
	return RC_OK;
}

enum rc document_order(struct arena *arena, struct resource *const *rules, size_t count, struct json **ret_order)
{
	struct json *order = json_new(arena, JSON_ARRAY);
	enum rc rc = order ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < count; i++)
		rc = json_push(arena, order, json_new_string(arena, rules[i]->address));
	if (!rc)
		*ret_order = order;
	return rc;
}

static void fingerprint_rule(struct arena *arena, struct strbuf *buf, const struct json *rule)
{
	const char *parts[] = {rule_hostname(rule), json_get_string(rule, "path", ""), json_get_string(rule, "service", "")};

	for (size_t i = 0; i < 3; i++)
		strbuf_add(buf, parts[i], strlen(parts[i]) + 1);
	json_write_canonical(buf, resource_origin_request_normal(arena, json_get(rule, "originRequest")));
	strbuf_addc(buf, '\n');
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

/** A rule object for the API; members that adit does not know are taken from @p live. */
static enum rc rule_json(struct arena *arena, const struct resource *rule, const struct json *live, struct json **ret_json)
{
	struct json *json = json_new(arena, JSON_OBJECT);
	const struct rule_fields *fields = &rule->u.rule;
	enum rc rc = json ? RC_OK : RC_NOMEM;

	if (!rc && !str_is_empty(fields->hostname))
		rc = json_set(arena, json, "hostname", json_new_string(arena, fields->hostname));
	if (!rc && !str_is_empty(fields->path))
		rc = json_set(arena, json, "path", json_new_string(arena, fields->path));
	if (!rc)
		rc = json_set(arena, json, "service", json_new_string(arena, fields->service));
	if (!rc && fields->origin_request)
		rc = json_set(arena, json, "originRequest", json_copy(arena, fields->origin_request));
	for (size_t i = 0; !rc && live && i < live->u.object.count; i++) {
		const struct json_member *member = &live->u.object.members[i];

		if (str_eq(member->key, "hostname") || str_eq(member->key, "path") || str_eq(member->key, "service") ||
		    str_eq(member->key, "originRequest"))
			continue;
		rc = json_set(arena, json, member->key, member->value);
	}
	if (!rc)
		*ret_json = json;
	return rc;
}

/** The rules that shall exist: the live ones with this tunnel's changes made; address -> struct json *. */
struct content {
	struct map rules;
	const char **others;      /**< addresses that stay but are not in the tunnel's order */
	size_t other_count;
};

static enum rc content_live(struct arena *arena, const struct tunnel_plan *tunnel, const struct json *document,
			    struct content *content, struct resource ***ret_rules, size_t *ret_count)
{
	const struct json *ingress = json_get(document, "ingress");
	enum rc rc = document_rules(arena, tunnel->address, document, ret_rules, ret_count);

	for (size_t i = 0; !rc && i < *ret_count; i++)
		rc = map_put(&content->rules, (*ret_rules)[i]->address, json_copy(arena, json_item(ingress, i)), NULL);
	return rc;
}

static const char REMOVED = 0; /**< value of an address that the changes delete */

static enum rc content_changes(struct arena *arena, const struct plan *plan, const struct tunnel_plan *tunnel,
			       const struct map *keep, struct content *content)
{
	enum rc rc = RC_OK;
	size_t first, end;

	plan_rule_range(plan, tunnel->address, &first, &end);
	for (size_t i = first; !rc && i < end; i++) {
		const struct change *change = &plan->changes[i];
		const struct resource *any = change->after ? change->after : change->before;
		struct json *json = NULL;

		if (change->kind != RESOURCE_RULE || !any || !str_eq(any->tunnel, tunnel->address))
			continue;
		switch (change->action) {
		case ACTION_CREATE:
		case ACTION_UPDATE:
			rc = rule_json(arena, change->after, map_get(&content->rules, change->address), &json);
			if (!rc)
				rc = map_put(&content->rules, change->address, json, NULL);
			break;
		case ACTION_DELETE:
			if (!keep || !map_get(keep, change->before->u.rule.hostname))
				rc = map_put(&content->rules, change->address, (void *)(uintptr_t)&REMOVED, NULL);
			break;
		case ACTION_REPLACE:
		case ACTION_RECORD:
		case ACTION_FORGET:
			break;
		}
	}
	return rc;
}

static enum rc content_others(struct arena *arena, const struct tunnel_plan *tunnel, struct resource *const *live,
			      size_t live_count, struct content *content)
{
	struct map ordered;
	enum rc rc = RC_OK;

	map_init(&ordered, arena);
	for (size_t i = 0; !rc && i < tunnel->order_count; i++)
		rc = map_put(&ordered, tunnel->order[i], content, NULL);
	content->others = arena_array(arena, live_count, sizeof(const char *));
	if (!content->others)
		return RC_NOMEM;
	for (size_t i = 0; !rc && i < live_count; i++)
		if (!map_get(&ordered, live[i]->address) && map_get(&content->rules, live[i]->address) != &REMOVED)
			content->others[content->other_count++] = live[i]->address;
	return rc;
}

static bool is_catch_all(const struct json *rule)
{
	return str_is_empty(rule_hostname(rule)) && str_is_empty(json_get_string(rule, "path", ""));
}

/** Where a rule that has no place in the order must stand: before the first rule that would take its requests. */
static size_t place_of(const struct map *first, size_t count, const char *hostname)
{
	size_t best = count;
	const char *label = hostname;
	char wildcard[300];

	for (;;) {
		const size_t *at = map_get(first, label == hostname ? hostname : wildcard);
		const char *dot;

		if (at && *at - 1 < best)
			best = *at - 1;
		if (!*hostname)
			return best;
		dot = strchr(label + (str_has_prefix(label, "*.") ? 2 : 0), '.');
		if (!dot || strlen(dot) + 2 > sizeof(wildcard))
			break;
		wildcard[0] = '*';
		memcpy(wildcard + 1, dot, strlen(dot) + 1);
		label = dot + 1;
	}
	const size_t *any = map_get(first, "");
	return any && *any - 1 < best ? *any - 1 : best;
}

struct insertion {
	size_t at, sequence;
	const struct json *json;
};

static int compare_insertions(const void *a, const void *b)
{
	const struct insertion *ia = a, *ib = b;

	if (ia->at != ib->at)
		return ia->at < ib->at ? -1 : 1;
	return ia->sequence < ib->sequence ? -1 : ia->sequence > ib->sequence;
}

static enum rc first_positions(struct arena *arena, struct json *const *list, size_t count, struct map *first)
{
	map_init(first, arena);
	for (size_t i = 0; i < count; i++) {
		const char *hostname = rule_hostname(list[i]);
		size_t *at;
		enum rc rc;

		if (map_get(first, hostname))
			continue;
		at = arena_alloc(arena, sizeof(*at));
		if (!at)
			return RC_NOMEM;
		*at = i + 1;
		rc = map_put(first, hostname, at, NULL);
		if (rc)
			return rc;
	}
	return RC_OK;
}

/** Merge the ordered rules with those that have no place of their own into the ingress array. */
static enum rc merge(struct arena *arena, struct json **list, size_t count, const struct content *content,
		     struct json *ingress)
{
	struct insertion *insertions = arena_array(arena, content->other_count, sizeof(*insertions));
	struct map first;
	size_t used = 0, next = 0;
	enum rc rc;

	if (!insertions)
		return RC_NOMEM;
	rc = first_positions(arena, list, count, &first);
	if (rc)
		return rc;
	for (size_t i = 0; i < content->other_count; i++) {
		const struct json *json = map_get(&content->rules, content->others[i]);

		if (is_catch_all(json))
			continue; /* one that is no longer wanted would hide what follows */
		insertions[used] = (struct insertion){.sequence = i, .json = json};
		insertions[used++].at = place_of(&first, count ? count - 1 : 0, rule_hostname(json));
	}
	if (used > 1)
		qsort(insertions, used, sizeof(*insertions), compare_insertions);
	for (size_t i = 0; !rc && i <= count; i++) {
		while (!rc && next < used && insertions[next].at <= i)
			rc = json_push(arena, ingress, json_copy(arena, insertions[next++].json));
		if (!rc && i < count)
			rc = json_push(arena, ingress, list[i]);
	}
	return rc;
}

static enum rc build_ingress(struct arena *arena, const struct tunnel_plan *tunnel, const struct content *content,
			     struct json *ingress)
{
	struct json **list = arena_array(arena, tunnel->order_count + 1, sizeof(struct json *));
	size_t count = 0;

	if (!list)
		return RC_NOMEM;
	for (size_t i = 0; i < tunnel->order_count; i++) {
		struct json *json = map_get(&content->rules, tunnel->order[i]);

		if (json && (const void *)json != &REMOVED)
			list[count++] = json;
	}
	if (!count || !is_catch_all(list[count - 1])) {
		struct json *last = json_new(arena, JSON_OBJECT);

		if (!last || json_set(arena, last, "service", json_new_string(arena, "http_status:404")))
			return RC_NOMEM;
		list[count++] = last;
	}
	return merge(arena, list, count, content, ingress);
}

enum rc document_build(struct arena *arena, const struct plan *plan, const struct tunnel_plan *tunnel,
		       const struct json *live_document, const struct map *keep, struct json **ret_document)
{
	struct json *document = json_new(arena, JSON_OBJECT), *ingress = json_new(arena, JSON_ARRAY);
	struct content content = {0};
	struct resource **live = NULL;
	size_t live_count = 0;
	enum rc rc;

	if (!document || !ingress)
		return RC_NOMEM;
	map_init(&content.rules, arena);
	rc = content_live(arena, tunnel, live_document, &content, &live, &live_count);
	if (!rc)
		rc = content_changes(arena, plan, tunnel, keep, &content);
	if (!rc)
		rc = content_others(arena, tunnel, live, live_count, &content);
	if (!rc)
		rc = build_ingress(arena, tunnel, &content, ingress);
	if (!rc)
		rc = json_set(arena, document, "ingress", ingress);
	if (!rc && tunnel->origin_request)
		rc = json_set(arena, document, "originRequest", json_copy(arena, tunnel->origin_request));
	for (size_t i = 0; !rc && live_document && i < live_document->u.object.count; i++) {
		const struct json_member *member = &live_document->u.object.members[i];

		if (!str_eq(member->key, "ingress") && !str_eq(member->key, "originRequest"))
			rc = json_set(arena, document, member->key, json_copy(arena, member->value));
	}
	if (!rc)
		*ret_document = document;
	return rc;
}
