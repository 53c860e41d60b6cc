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
	struct map desired_by_name;  /**< tunnel name -> address */
	struct map mark_by_id;       /**< tunnel id -> "namespace/gateway", from the marks of CNAMEs */
	struct map address_by_id;    /**< tunnel id -> address */
	struct recorded *items;
	size_t count, capacity;
	struct recorded_zone *zones;
	size_t zone_count, zone_capacity;
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
	struct json *order = NULL;
	size_t count = 0;
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
	if (!rc)
		rc = document_order(r->arena, rules, count, &order);
	tunnel->u.tunnel.rule_order = order;
	tunnel->u.tunnel.origin_request =
		resource_origin_request_normal(r->arena, json_get(state->config.document, "originRequest"));
	if (!rc)
		rc = map_put(&r->address_by_id, state->tunnel.id, (void *)(uintptr_t)tunnel->address, NULL);
	if (!rc)
		rc = add_item(r, tunnel, NULL);
	for (size_t i = 0; !rc && i < count; i++)
		rc = add_item(r, rules[i], NULL);
	return rc;
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

enum rc rebuild_recorded(struct arena *arena, const struct project *project, const struct desired *desired,
			 const struct live *live, struct outcome *ret_outcome)
{
	struct rebuilding r = {.arena = arena, .project = project};
	enum rc rc = RC_OK;

	map_init(&r.desired_by_name, arena);
	for (size_t i = 0; !rc && i < desired->tunnel_count; i++)
		rc = map_put(&r.desired_by_name, desired->tunnels[i].tunnel->u.tunnel.name,
			     (void *)(uintptr_t)desired->tunnels[i].tunnel->address, NULL);
	for (size_t i = 0; !rc && i < live->account_count; i++) {
		r.account = &live->accounts[i];
		rc = rebuild_account(&r);
	}
	if (!rc)
		*ret_outcome = (struct outcome){.upserts = r.items, .upsert_count = r.count, .zones = r.zones,
						.zone_count = r.zone_count, .result = "ok"};
	return rc;
}
