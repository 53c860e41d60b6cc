/* Building the document that a PUT sends. */
#include "planner/document.h"

#include <string.h>

#include "base/sort.h"
#include "base/str.h"

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

/** The addresses of rules in the order that they shall have. */
struct order {
	const char *const *addresses;
	size_t count;
};

/** The rules that shall exist: the live ones with this tunnel's changes made; address -> struct json *. */
struct content {
	struct map rules;
	struct map live;          /**< address -> its place in the live document, from 1: size_t * */
	const char **others;      /**< addresses that stay but are not in the tunnel's order */
	size_t other_count;
};

static enum rc content_live(struct arena *arena, const struct tunnel_plan *tunnel, const struct json *document,
			    struct content *content, struct resource ***ret_rules, size_t *ret_count)
{
	const struct json *ingress = json_get(document, "ingress");
	enum rc rc = document_rules(arena, tunnel->address, document, ret_rules, ret_count);
	size_t *places = arena_array(arena, rc ? 0 : *ret_count, sizeof(*places));

	if (!rc && !places)
		rc = RC_NOMEM;
	for (size_t i = 0; !rc && i < *ret_count; i++) {
		struct json *copy = json_copy(arena, json_item(ingress, i));

		places[i] = i + 1;
		rc = copy ? map_put(&content->rules, (*ret_rules)[i]->address, copy, NULL) : RC_NOMEM;
		if (!rc)
			rc = map_put(&content->live, (*ret_rules)[i]->address, &places[i], NULL);
	}
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

/** Rules of other projects as they are recorded, and own ones that another project's made room for until now. */
static enum rc content_merge(struct arena *arena, const struct document_merge *merge, const struct map *keep,
			     struct content *content)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < merge->count; i++) {
		const struct shared_rule *item = &merge->rules[i];
		struct json *there = map_get(&content->rules, item->rule->address), *json = NULL;

		if (there && !item->project)
			continue;
		/* What the owner put there for want of a Route comes back once the rule may go. */
		if (there && (const void *)there != &REMOVED && keep && map_get(keep, item->rule->u.rule.hostname) &&
		    str_eq(item->rule->origin.precedence, PRECEDENCE_LAST))
			continue;
		rc = rule_json(arena, item->rule, (const void *)there == &REMOVED ? NULL : there, &json);
		if (!rc)
			rc = map_put(&content->rules, item->rule->address, json, NULL);
	}
	return rc;
}

static enum rc content_others(struct arena *arena, const struct order *order, struct resource *const *live,
			      size_t live_count, struct content *content)
{
	struct map ordered;
	enum rc rc = RC_OK;

	map_init(&ordered, arena);
	for (size_t i = 0; !rc && i < order->count; i++)
		rc = map_put(&ordered, order->addresses[i], content, NULL);
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
	return str_is_empty(document_hostname(rule)) && str_is_empty(json_get_string(rule, "path", ""));
}

/** An ordered rule on its way into a document. */
struct placed {
	struct json *json;
	const char *hostname, *path;
	size_t live;             /**< its place in the live document, from 1; 0: new */
	size_t next;             /**< the next one of its hostname, from 1; 0: none */
};

/** The ordered rules of one hostname, walked once. */
struct lane {
	size_t first, last, at;  /**< places, from 1; at 0: walked through */
};

struct placing {
	struct arena *arena;
	struct placed *list;
	size_t count;
	struct map lanes;        /**< hostname -> struct lane * */
};

static enum rc add_to_lane(struct placing *placing, size_t index)
{
	struct placed *placed = &placing->list[index];
	struct lane *lane = map_get(&placing->lanes, placed->hostname);

	if (lane) {
		placing->list[lane->last - 1].next = index + 1;
		lane->last = index + 1;
		return RC_OK;
	}
	lane = arena_alloc(placing->arena, sizeof(*lane));
	if (!lane)
		return RC_NOMEM;
	*lane = (struct lane){index + 1, index + 1, index + 1};
	return map_put(&placing->lanes, placed->hostname, lane, NULL);
}

/** True when @p rule stays before @p other of the same hostname: as in the live document; a new one by its length. */
static bool precedes(const struct placed *rule, const struct placed *other)
{
	return rule->live ? rule->live < other->live : strlen(rule->path) >= strlen(other->path);
}

static size_t first_of(const struct placing *placing, const char *hostname, const struct placed *other, size_t best)
{
	const struct lane *lane = map_get(&placing->lanes, hostname);

	/* One that stood before it in the live document took its requests already. */
	if (!lane || lane->first - 1 >= best ||
	    (placing->list[lane->first - 1].live && placing->list[lane->first - 1].live < other->live))
		return best;
	return lane->first - 1;
}

/** The first rule of a wildcard, or of any host, that would take the requests of a rule. */
static size_t before_covers(const struct placing *placing, const struct placed *other, size_t best)
{
	const char *dot = other->hostname;
	char wildcard[300];

	if (str_has_prefix(dot, "*."))
		dot += 2;
	while ((dot = strchr(dot, '.')) != NULL && strlen(dot) + 2 <= sizeof(wildcard)) {
		wildcard[0] = '*';
		memcpy(wildcard + 1, dot, strlen(dot) + 1);
		best = first_of(placing, wildcard, other, best);
		dot++;
	}
	return *other->hostname ? first_of(placing, "", other, best) : best;
}

/** Where a rule that has no place in the order stands; asked for in the order of the live document. */
static size_t place_of(struct placing *placing, const struct placed *other)
{
	struct lane *lane = map_get(&placing->lanes, other->hostname);
	size_t best = placing->count - 1; /* before the catch-all */

	while (lane && lane->at && precedes(&placing->list[lane->at - 1], other))
		lane->at = placing->list[lane->at - 1].next;
	if (lane && (lane->at ? lane->at - 1 : lane->last) < best)
		best = lane->at ? lane->at - 1 : lane->last;
	return before_covers(placing, other, best);
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

/** Merge the ordered rules with those that have no place of their own into the ingress array. */
static enum rc merge(struct placing *placing, const struct content *content, struct json *ingress)
{
	struct insertion *insertions = arena_array(placing->arena, content->other_count, sizeof(*insertions));
	size_t used = 0, next = 0;
	enum rc rc = insertions ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < content->other_count; i++) {
		struct json *json = map_get(&content->rules, content->others[i]);
		const size_t *live = map_get(&content->live, content->others[i]);
		struct placed other = {.json = json, .hostname = document_hostname(json),
				       .path = json_get_string(json, "path", ""), .live = *live};

		if (is_catch_all(json))
			continue; /* one that is no longer wanted would hide what follows */
		insertions[used] = (struct insertion){.sequence = i, .json = json};
		insertions[used++].at = place_of(placing, &other);
	}
	sort_items(insertions, used, sizeof(*insertions), compare_insertions);
	for (size_t i = 0; !rc && i < placing->count; i++) {
		while (!rc && next < used && insertions[next].at <= i)
			rc = json_push(placing->arena, ingress, json_copy(placing->arena, insertions[next++].json));
		if (!rc)
			rc = json_push(placing->arena, ingress, placing->list[i].json);
	}
	return rc;
}

static enum rc add_placed(struct placing *placing, struct json *json, const size_t *live)
{
	struct placed *placed = &placing->list[placing->count++];

	*placed = (struct placed){.json = json, .hostname = document_hostname(json), .path = json_get_string(json, "path", ""),
				  .live = live ? *live : 0};
	return add_to_lane(placing, placing->count - 1);
}

static enum rc build_ingress(struct arena *arena, const struct order *order, const struct content *content,
			     struct json *ingress)
{
	struct placing placing = {.arena = arena, .list = arena_array(arena, order->count + 1, sizeof(struct placed))};
	enum rc rc = placing.list ? RC_OK : RC_NOMEM;

	map_init(&placing.lanes, arena);
	for (size_t i = 0; !rc && i < order->count; i++) {
		struct json *json = map_get(&content->rules, order->addresses[i]);

		if (json && (const void *)json != &REMOVED)
			rc = add_placed(&placing, json, map_get(&content->live, order->addresses[i]));
	}
	if (!rc && (!placing.count || !is_catch_all(placing.list[placing.count - 1].json))) {
		struct json *last = json_new(arena, JSON_OBJECT);

		if (!last || json_set(arena, last, "service", json_new_string(arena, "http_status:404")))
			return RC_NOMEM;
		rc = add_placed(&placing, last, NULL);
	}
	return rc ? rc : merge(&placing, content, ingress);
}

/** The members beside the rules: ours, and those that adit does not know. */
static enum rc add_top(struct arena *arena, const struct json *origin_request, const struct json *live_document,
		       struct json *document)
{
	enum rc rc = RC_OK;

	if (origin_request)
		rc = json_set(arena, document, "originRequest", json_copy(arena, origin_request));
	for (size_t i = 0; !rc && live_document && i < live_document->u.object.count; i++) {
		const struct json_member *member = &live_document->u.object.members[i];

		if (!str_eq(member->key, "ingress") && !str_eq(member->key, "originRequest"))
			rc = json_set(arena, document, member->key, json_copy(arena, member->value));
	}
	return rc;
}

enum rc document_build(struct arena *arena, const struct plan *plan, const struct tunnel_plan *tunnel,
		       const struct json *live_document, const struct map *keep, const struct document_merge *merge,
		       struct json **ret_document)
{
	const struct order order = {merge ? merge->order : tunnel->order, merge ? merge->count : tunnel->order_count};
	bool keeps_top = merge && merge->keeps_origin_request;
	struct json *document = json_new(arena, JSON_OBJECT), *ingress = json_new(arena, JSON_ARRAY);
	struct content content = {0};
	struct resource **live = NULL;
	size_t live_count = 0;
	enum rc rc;

	if (!document || !ingress)
		return RC_NOMEM;
	map_init(&content.rules, arena);
	map_init(&content.live, arena);
	rc = content_live(arena, tunnel, live_document, &content, &live, &live_count);
	if (!rc)
		rc = content_changes(arena, plan, tunnel, keep, &content);
	if (!rc && merge)
		rc = content_merge(arena, merge, keep, &content);
	if (!rc)
		rc = content_others(arena, &order, live, live_count, &content);
	if (!rc)
		rc = build_ingress(arena, &order, &content, ingress);
	if (!rc)
		rc = json_set(arena, document, "ingress", ingress);
	if (!rc)
		rc = add_top(arena, keeps_top ? json_get(live_document, "originRequest") : tunnel->origin_request, live_document,
			     document);
	if (!rc)
		*ret_document = document;
	return rc;
}
