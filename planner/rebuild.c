/* Recorded state from marks. */
#include "planner/rebuild.h"

#include <string.h>

#include "base/str.h"
#include "planner/document.h"
#include "schema/mark.h"

struct rebuilding {
	struct arena *arena;
	const struct project *project;
	const struct live_account *account;
	const struct sharing *sharing;
	struct map desired_by_name;  /**< tunnel name -> address */
	struct map desired_tunnels;  /**< address -> struct desired_tunnel * */
	struct map desired_rules;    /**< address -> struct resource * */
	struct map others;           /**< "<tunnel id> <hostname>" of CNAMEs with another project's mark -> any */
	struct map mark_by_id;       /**< tunnel id -> "namespace/gateway", from the marks of CNAMEs */
	struct map address_by_id;    /**< tunnel id -> address */
	struct recorded *items;
	size_t count, capacity;
	struct recorded_zone *zones;
	size_t zone_count, zone_capacity;
	struct recorded_gateway *gateways;
	size_t gateway_count, gateway_capacity;
};

static enum rc add_item(struct rebuilding *r, struct resource *resource, const char *zone_id)
{
	struct recorded *grown = arena_grow(r->arena, r->items, r->count, &r->capacity, sizeof(*grown));

	if (!grown)
		return RC_NOMEM;
	r->items = grown;
	grown[r->count++] =
		(struct recorded){.resource = resource, .account_id = r->account->account_id, .zone_id = zone_id};
	return RC_OK;
}

static const char *tunnel_id_of(struct rebuilding *r, const char *content)
{
	const char *end = strstr(content, ".cfargotunnel.com");

	return end ? arena_memdup(r->arena, content, (size_t)(end - content)) : NULL;
}

static bool is_ours(struct rebuilding *r, const struct live_record *record, struct mark *ret_mark)
{
	if (!str_eq(record->type, "CNAME") || !str_has_prefix(record->comment, "adit:"))
		return false;
	*ret_mark = mark_parse(r->arena, record->comment);
	return str_eq(ret_mark->project, r->project->name);
}

/** What the CNAMEs' marks tell about the tunnels that they point at. */
static enum rc collect_marks(struct rebuilding *r)
{
	enum rc rc = RC_OK;

	for (size_t z = 0; z < r->account->zone_count; z++)
		for (size_t i = 0; !rc && i < r->account->zones[z].count; i++) {
			const struct live_record *record = &r->account->zones[z].records[i];
			struct mark mark;
			const char *id;

			if (!is_ours(r, record, &mark) || str_is_empty(mark.gateway))
				continue;
			id = tunnel_id_of(r, record->content);
			if (id && !map_get(&r->mark_by_id, id))
				rc = map_put(&r->mark_by_id, id, (void *)(uintptr_t)mark.gateway, NULL);
		}
	return rc;
}

/** Hostnames that other projects have on a tunnel, as far as marks tell. */
static enum rc collect_others(struct rebuilding *r)
{
	enum rc rc = RC_OK;

	map_init(&r->others, r->arena);
	for (size_t z = 0; z < r->account->zone_count; z++)
		for (size_t i = 0; !rc && i < r->account->zones[z].count; i++) {
			const struct live_record *record = &r->account->zones[z].records[i];
			struct mark mark = mark_parse(r->arena, record->comment);
			const char *id = tunnel_id_of(r, record->content), *key;

			if (!id || !mark.project || str_eq(mark.project, r->project->name))
				continue;
			key = arena_printf(r->arena, "%s %s", id, record->name);
			rc = key ? map_put(&r->others, key, r, NULL) : RC_NOMEM;
		}
	return rc;
}

/** True for a live rule of a tunnel of this project's that is another project's. */
static bool is_others(struct rebuilding *r, const char *tunnel_id, const struct resource *rule)
{
	const char *key = arena_printf(r->arena, "%s %s", tunnel_id, rule->u.rule.hostname);

	if (map_get(&r->sharing->held, rule->address))
		return true;
	return !map_get(&r->desired_rules, rule->address) && key && map_get(&r->others, key);
}

static enum rc add_rule(struct rebuilding *r, struct resource *rule)
{
	const struct resource *desired = map_get(&r->desired_rules, rule->address);

	if (desired && resource_equal(rule, desired))
		rule->origin.precedence = desired->origin.precedence;
	return add_item(r, rule, NULL);
}

static enum rc add_gateway(struct rebuilding *r, const struct recorded_gateway *gateway)
{
	struct recorded_gateway *grown =
		arena_grow(r->arena, r->gateways, r->gateway_count, &r->gateway_capacity, sizeof(*grown));

	if (!grown)
		return RC_NOMEM;
	r->gateways = grown;
	grown[r->gateway_count++] = *gateway;
	return RC_OK;
}

/** A tunnel of another project: of its rules those that the manifests ask for just so. */
static enum rc add_shared(struct rebuilding *r, const struct shared_tunnel *shared)
{
	const struct recorded_gateway row = {.address = shared->address, .owner = shared->owner};
	const struct live_tunnel_state *state =
		shared->gateway && shared->gateway->tunnel_id ? map_get(&r->account->tunnel_by_id, shared->gateway->tunnel_id) : NULL;
	struct resource **rules = NULL;
	size_t count = 0;
	bool any = false;
	enum rc rc;

	if (shared->is_own || !state)
		return RC_OK;
	rc = document_rules(r->arena, shared->address, state->config.document, &rules, &count);
	for (size_t i = 0; !rc && i < count; i++) {
		const struct resource *desired = map_get(&r->desired_rules, rules[i]->address);

		if (!desired || !resource_equal(desired, rules[i]) || map_get(&r->sharing->held, rules[i]->address))
			continue;
		rules[i]->origin = desired->origin;
		rc = add_item(r, rules[i], NULL);
		any = true;
	}
	if (!rc)
		rc = map_put(&r->address_by_id, state->tunnel.id, (void *)(uintptr_t)shared->address, NULL);
	return !rc && any ? add_gateway(r, &row) : rc;
}

/** "shop.edge.public" -> "tunnel/edge/public" for the default template; anything else by its whole name. */
static char *address_from_name(struct rebuilding *r, const char *name)
{
	const char *first = strchr(name, '.'), *second = first ? strchr(first + 1, '.') : NULL;

	if (str_eq(r->project->tunnel_name, "{project}.{namespace}.{gateway}") && second && !strchr(second + 1, '.'))
		return arena_printf(r->arena, "tunnel/%.*s/%s", (int)(second - first - 1), first + 1, second + 1);
	return arena_printf(r->arena, "tunnel/%s", first && !second ? first + 1 : name);
}

static const char *address_of(struct rebuilding *r, const struct live_tunnel *tunnel)
{
	const char *address = map_get(&r->desired_by_name, tunnel->name), *mark = map_get(&r->mark_by_id, tunnel->id);

	if (address)
		return address;
	return mark ? arena_printf(r->arena, "tunnel/%s", mark) : address_from_name(r, tunnel->name);
}

static enum rc add_tunnel(struct rebuilding *r, const struct live_tunnel_state *state)
{
	struct resource *tunnel = arena_alloc(r->arena, sizeof(*tunnel)), **rules = NULL;
	const struct desired_tunnel *desired;
	struct json *order = NULL;
	size_t count = 0, kept = 0;
	enum rc rc;

	if (!tunnel)
		return RC_NOMEM;
	tunnel->kind = RESOURCE_TUNNEL;
	tunnel->id = state->tunnel.id;
	tunnel->address = tunnel->tunnel = address_of(r, &state->tunnel);
	if (!tunnel->address)
		return RC_NOMEM;
	tunnel->u.tunnel = (struct tunnel_fields){.account = r->account->account, .name = state->tunnel.name,
						  .status = state->tunnel.status, .created_at = state->tunnel.created_at};
	rc = document_rules(r->arena, tunnel->address, state->config.document, &rules, &count);
	for (size_t i = 0; !rc && i < count; i++)
		if (!is_others(r, state->tunnel.id, rules[i]))
			rules[kept++] = rules[i];
	if (!rc)
		rc = document_order(r->arena, rules, kept, &order);
	tunnel->u.tunnel.rule_order = order;
	tunnel->u.tunnel.origin_request =
		resource_origin_request_normal(r->arena, json_get(state->config.document, "originRequest"));
	if (!rc)
		rc = map_put(&r->address_by_id, state->tunnel.id, (void *)(uintptr_t)tunnel->address, NULL);
	if (!rc)
		rc = add_item(r, tunnel, NULL);
	for (size_t i = 0; !rc && i < kept; i++)
		rc = add_rule(r, rules[i]);
	desired = map_get(&r->desired_tunnels, tunnel->address);
	if (rc || !desired || !desired->gateway)
		return rc;
	return add_gateway(r, &(struct recorded_gateway){.address = tunnel->address, .owner = r->project->name,
							 .account_id = r->account->account_id, .tunnel_id = state->tunnel.id,
							 .tunnel_name = state->tunnel.name, .document = desired->gateway});
}

static enum rc add_zone(struct rebuilding *r, const struct live_zone *zone)
{
	struct recorded_zone *grown = arena_grow(r->arena, r->zones, r->zone_count, &r->zone_capacity, sizeof(*grown));

	if (!grown)
		return RC_NOMEM;
	r->zones = grown;
	grown[r->zone_count++] = (struct recorded_zone){.account = r->account->account, .zone_id = zone->id, .name = zone->name,
							.plan = zone->plan};
	return RC_OK;
}

static enum rc add_records(struct rebuilding *r, const struct live_zone_records *zone)
{
	bool any = false;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < zone->count; i++) {
		const struct live_record *record = &zone->records[i];
		struct resource *cname;
		struct mark mark;
		const char *id;

		if (!is_ours(r, record, &mark))
			continue;
		cname = live_record_resource(r->arena, r->account->account, zone->zone.name, record);
		id = cname ? tunnel_id_of(r, cname->u.cname.content) : NULL;
		if (!cname)
			return RC_NOMEM;
		cname->tunnel = id ? map_get(&r->address_by_id, id) : NULL;
		if (!cname->tunnel && mark.gateway)
			cname->tunnel = arena_printf(r->arena, "tunnel/%s", mark.gateway);
		rc = add_item(r, cname, zone->zone.id);
		any = true;
	}
	return !rc && any ? add_zone(r, &zone->zone) : rc;
}

static enum rc rebuild_account(struct rebuilding *r)
{
	enum rc rc;

	map_init(&r->mark_by_id, r->arena);
	map_init(&r->address_by_id, r->arena);
	rc = collect_marks(r);
	if (!rc)
		rc = collect_others(r);
	for (size_t i = 0; !rc && i < r->sharing->count; i++)
		rc = add_shared(r, &r->sharing->tunnels[i]);
	for (size_t i = 0; !rc && i < r->account->tunnel_count; i++) {
		const struct live_tunnel_state *state = &r->account->tunnels[i];

		if (!state->tunnel.is_deleted && state->visibility == VISIBLE &&
		    mark_is_tunnel_name(r->project->tunnel_name, r->project->name, state->tunnel.name))
			rc = add_tunnel(r, state);
	}
	for (size_t z = 0; !rc && z < r->account->zone_count; z++)
		rc = add_records(r, &r->account->zones[z]);
	return rc;
}

static enum rc index_desired(struct rebuilding *r, const struct desired *desired)
{
	enum rc rc = RC_OK;

	map_init(&r->desired_by_name, r->arena);
	map_init(&r->desired_tunnels, r->arena);
	map_init(&r->desired_rules, r->arena);
	for (size_t i = 0; !rc && i < desired->tunnel_count; i++) {
		const struct desired_tunnel *tunnel = &desired->tunnels[i];

		if (!tunnel->owner)
			rc = map_put(&r->desired_by_name, tunnel->tunnel->u.tunnel.name,
				     (void *)(uintptr_t)tunnel->tunnel->address, NULL);
		if (!rc)
			rc = map_put(&r->desired_tunnels, tunnel->tunnel->address, (void *)(uintptr_t)tunnel, NULL);
		for (size_t k = 0; !rc && k < tunnel->rule_count; k++)
			rc = map_put(&r->desired_rules, tunnel->rules[k]->address, tunnel->rules[k], NULL);
	}
	return rc;
}

enum rc rebuild_recorded(struct arena *arena, const struct project *project, const struct desired *desired,
			 const struct live *live, const struct sharing *sharing, struct outcome *ret_outcome)
{
	struct rebuilding r = {.arena = arena, .project = project, .sharing = sharing};
	enum rc rc = index_desired(&r, desired);

	for (size_t i = 0; !rc && i < live->account_count; i++) {
		r.account = &live->accounts[i];
		rc = rebuild_account(&r);
	}
	if (!rc)
		*ret_outcome = (struct outcome){.upserts = r.items, .upsert_count = r.count, .zones = r.zones,
						.zone_count = r.zone_count, .gateways = r.gateways,
						.gateway_count = r.gateway_count, .result = "ok"};
	return rc;
}
