/* Live as recorded. Applying still checks every object just before its call. */
#include "planner/live_recorded.h"

#include <string.h>

#include "base/parallel.h"
#include "base/str.h"

/* So many resources, and starting threads pays. */
#define MANY_ITEMS 4000u

struct building {
	struct arena *arena;
	const struct recorded_state *recorded;
	const struct sharing *sharing;
	struct live_account *account;
	const struct resource **own;   /**< the recorded tunnels that the account's first ones are of */
};

/** Its texts are the rule's own. */
static enum rc rule_to_json(struct arena *arena, const struct resource *rule, struct json **ret_json)
{
	struct json *json = json_new(arena, JSON_OBJECT);
	enum rc rc = json ? RC_OK : RC_NOMEM;

	if (!rc && !str_is_empty(rule->u.rule.hostname))
		rc = json_set(arena, json, "hostname", json_borrow_string(arena, rule->u.rule.hostname));
	if (!rc && !str_is_empty(rule->u.rule.path))
		rc = json_set(arena, json, "path", json_borrow_string(arena, rule->u.rule.path));
	if (!rc)
		rc = json_set(arena, json, "service", json_borrow_string(arena, rule->u.rule.service));
	if (!rc && rule->u.rule.origin_request)
		rc = json_set(arena, json, "originRequest", json_copy(arena, rule->u.rule.origin_request));
	if (!rc)
		*ret_json = json;
	return rc;
}

/** The document that the recorded rules make, in their recorded order. */
static enum rc document_of(const struct building *b, struct arena *arena, const struct resource *tunnel, const struct json **ret_document)
{
	const struct json *order = tunnel->u.tunnel.rule_order;
	struct json *document = json_new(arena, JSON_OBJECT), *ingress = json_new(arena, JSON_ARRAY);
	enum rc rc = document && ingress ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < json_count(order); i++) {
		const struct json *item = json_item(order, i);
		const struct recorded *rule = item->type == JSON_STRING ? map_get(&b->recorded->by_address, item->u.string) : NULL;
		struct json *json = NULL;

		if (!rule || rule->resource->kind != RESOURCE_RULE)
			continue;
		rc = rule_to_json(arena, rule->resource, &json);
		if (!rc)
			rc = json_push(arena, ingress, json);
	}
	if (!rc)
		rc = json_set(arena, document, "ingress", ingress);
	if (!rc && tunnel->u.tunnel.origin_request)
		rc = json_set(arena, document, "originRequest", json_copy(arena, tunnel->u.tunnel.origin_request));
	if (!rc)
		*ret_document = document;
	return rc;
}

/** A recorded tunnel; its document is made with all others'. */
static void add_tunnel(struct building *b, const struct recorded *item)
{
	struct live_tunnel_state *state = &b->account->tunnels[b->account->tunnel_count];
	const struct resource *tunnel = item->resource;

	b->own[b->account->tunnel_count++] = tunnel;
	state->tunnel = (struct live_tunnel){.id = tunnel->id, .name = tunnel->u.tunnel.name, .status = tunnel->u.tunnel.status,
					     .created_at = tunnel->u.tunnel.created_at, .is_remote = true};
	state->has_config = true;
	state->config.version = -1;
}

static enum rc make_document(void *data, struct arena *arena, size_t item)
{
	const struct building *b = data;

	return document_of(b, arena, b->own[item], &b->account->tunnels[item].config.document);
}

static enum rc make_documents(struct building *b)
{
	size_t workers = parallel_workers(b->recorded->count, MANY_ITEMS);

	return parallel_make(b->arena, b->account->tunnel_count, workers, make_document, b);
}

/** This project's recorded rules of a tunnel. */
static enum rc own_rules(struct building *b, const char *address, struct resource ***ret_rules, size_t *ret_count)
{
	struct resource **rules = arena_array(b->arena, b->recorded->count, sizeof(struct resource *));
	size_t count = 0;

	if (!rules)
		return RC_NOMEM;
	for (size_t i = 0; i < b->recorded->count; i++) {
		struct resource *rule = b->recorded->items[i].resource;

		if (rule->kind == RESOURCE_RULE && str_eq(rule->tunnel, address))
			rules[count++] = rule;
	}
	*ret_rules = rules;
	*ret_count = count;
	return RC_OK;
}

/** A tunnel that another project owns: what all projects recorded in it. */
static enum rc add_shared(struct building *b, const struct shared_tunnel *shared)
{
	struct json *document = json_new(b->arena, JSON_OBJECT), *ingress = json_new(b->arena, JSON_ARRAY);
	struct live_tunnel_state *state = &b->account->tunnels[b->account->tunnel_count++];
	const struct recorded_gateway *gateway = shared->gateway;
	struct shared_rule *rules = NULL;
	struct resource **own = NULL;
	size_t own_count = 0, count = 0;
	enum rc rc = document && ingress ? own_rules(b, shared->address, &own, &own_count) : RC_NOMEM;

	if (!rc)
		rc = sharing_merge(b->arena, gateway->document, own, own_count, shared->slices, shared->slice_count, &rules, &count);
	for (size_t i = 0; !rc && i < count; i++) {
		struct json *json = NULL;

		rc = rule_to_json(b->arena, rules[i].rule, &json);
		if (!rc)
			rc = json_push(b->arena, ingress, json);
	}
	if (!rc)
		rc = json_set(b->arena, document, "ingress", ingress);
	state->tunnel = (struct live_tunnel){.id = gateway->tunnel_id, .name = gateway->tunnel_name, .is_remote = true};
	state->has_config = true;
	state->config.version = -1;
	state->config.document = document;
	return rc;
}

/** The shared tunnels of an account; one without an id in the project is the only one. */
static enum rc add_all_shared(struct building *b)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && b->sharing && i < b->sharing->count; i++) {
		const struct shared_tunnel *shared = &b->sharing->tunnels[i];

		if (shared->is_own || !shared->gateway || !shared->gateway->tunnel_id)
			continue;
		if (!b->account->account_id)
			b->account->account_id = shared->gateway->account_id;
		if (str_eq(b->account->account_id, shared->gateway->account_id))
			rc = add_shared(b, shared);
	}
	return rc;
}

static void add_record(const struct recorded *item, struct live_record *record)
{
	const struct cname_fields *cname = &item->resource->u.cname;

	*record = (struct live_record){.id = item->resource->id, .zone_id = item->zone_id, .name = cname->name, .type = "CNAME",
				       .content = str_or_empty(cname->content), .comment = str_or_empty(cname->comment), .tags = "",
				       .ttl = cname->ttl, .proxied = cname->proxied};
}

static void add_zone(struct building *b, const struct recorded_zone *zone)
{
	struct live_zone_records *live = &b->account->zones[b->account->zone_count++];

	live->zone = (struct live_zone){.id = zone->zone_id, .name = zone->name, .plan = zone->plan, .status = "active",
					.account_id = b->account->account_id};
	live->is_read = true;
}

/** The records of all zones: counted first, so that each zone's array is one piece. */
static enum rc add_records(struct building *b)
{
	struct map zones;
	enum rc rc = RC_OK;

	map_init(&zones, b->arena);
	for (size_t i = 0; !rc && i < b->account->zone_count; i++)
		rc = map_put(&zones, b->account->zones[i].zone.id, &b->account->zones[i], NULL);
	for (int pass = 0; !rc && pass < 2; pass++) {
		for (size_t i = 0; i < b->recorded->count; i++) {
			const struct recorded *item = &b->recorded->items[i];
			struct live_zone_records *zone = item->zone_id ? map_get(&zones, item->zone_id) : NULL;

			if (!zone || item->resource->kind != RESOURCE_CNAME || !item->resource->id)
				continue;
			if (pass)
				add_record(item, &zone->records[zone->count]);
			zone->count++;
		}
		for (size_t i = 0; !pass && i < b->account->zone_count; i++) {
			struct live_zone_records *zone = &b->account->zones[i];

			zone->records = arena_array(b->arena, zone->count, sizeof(*zone->records));
			if (!zone->records)
				return RC_NOMEM;
			zone->count = 0;
		}
	}
	return rc;
}

/** Most that an account can have. */
static size_t count_tunnels(const struct building *b)
{
	size_t count = b->sharing ? b->sharing->count : 0;

	for (size_t i = 0; i < b->recorded->count; i++)
		count += b->recorded->items[i].resource->kind == RESOURCE_TUNNEL;
	return count;
}

static enum rc build_account(struct building *b, const struct account *account)
{
	enum rc rc;

	b->account->account = account->name;
	b->account->account_id = account->account_id;
	b->account->is_recorded = true;
	map_init(&b->account->gone, b->arena);
	b->account->tunnels = arena_array(b->arena, count_tunnels(b), sizeof(*b->account->tunnels));
	b->account->zones = arena_array(b->arena, b->recorded->zone_count, sizeof(*b->account->zones));
	b->own = arena_array(b->arena, count_tunnels(b), sizeof(*b->own));
	if (!b->account->tunnels || !b->account->zones || !b->own)
		return RC_NOMEM;
	for (size_t i = 0; i < b->recorded->count; i++) {
		const struct recorded *item = &b->recorded->items[i];

		if (item->resource->kind != RESOURCE_TUNNEL || !item->resource->id ||
		    !str_eq(item->resource->u.tunnel.account, account->name))
			continue;
		if (!b->account->account_id)
			b->account->account_id = item->account_id;
		add_tunnel(b, item);
	}
	rc = make_documents(b);
	if (!rc)
		rc = add_all_shared(b);
	for (size_t i = 0; !rc && i < b->recorded->zone_count; i++)
		if (str_eq(b->recorded->zones[i].account, account->name))
			add_zone(b, &b->recorded->zones[i]);
	if (!rc)
		rc = add_records(b);
	return rc ? rc : live_index(b->arena, b->account);
}

enum rc live_from_recorded(struct arena *arena, const struct project *project, const struct recorded_state *recorded,
			   const struct sharing *sharing, struct live **ret_live)
{
	struct live *live = arena_alloc(arena, sizeof(*live));
	enum rc rc = live ? RC_OK : RC_NOMEM;

	if (rc)
		return rc;
	live->accounts = arena_array(arena, project->account_count, sizeof(*live->accounts));
	if (!live->accounts)
		return RC_NOMEM;
	live->account_count = project->account_count;
	for (size_t i = 0; !rc && i < project->account_count; i++) {
		struct building b = {.arena = arena, .recorded = recorded, .sharing = sharing,
				     .account = &live->accounts[i]};

		rc = build_account(&b, &project->accounts[i]);
	}
	if (!rc)
		*ret_live = live;
	return rc;
}
