/* Orphans: what carries this project's mark, but is neither desired nor recorded. */
#include <string.h>

#include "base/str.h"
#include "planner/document.h"
#include "planner/planning.h"
#include "schema/mark.h"

static enum rc add_orphan(struct planning *p, const struct orphan *orphan)
{
	struct plan *plan = p->plan;
	struct orphan *grown = arena_grow(p->arena, plan->orphans, plan->orphan_count, &plan->orphan_capacity, sizeof(*grown));
	struct change change = {.action = ACTION_DELETE, .kind = orphan->live->kind, .address = orphan->address,
				.before = orphan->live, .account_id = orphan->account_id, .zone_id = orphan->zone_id,
				.reason = "an orphan: marked as this project's, neither desired nor recorded"};

	if (!grown)
		return RC_NOMEM;
	plan->orphans = grown;
	grown[plan->orphan_count++] = *orphan;
	if (!p->in->options->prune_orphans || p->in->options->refresh_only)
		return RC_OK;
	change.expected = resource_fingerprint(p->arena, orphan->live);
	return change.expected ? planning_add_change(p, &change, NULL) : RC_NOMEM;
}

/** Belongs to a recorded or a desired cname. */
static bool is_cname(const struct planning *p, const char *record_id)
{
	const struct recorded *recorded = map_get(&p->recorded_by_id, record_id);

	return (recorded && recorded->resource->kind == RESOURCE_CNAME) || map_get(&p->cname_ids, record_id);
}

static enum rc record_orphan(struct planning *p, const struct live_account *account, const struct live_zone_records *zone,
			     const struct live_record *record)
{
	struct mark mark;
	struct orphan orphan = {.account_id = account->account_id, .zone_id = zone->zone.id};
	struct resource *live;

	if (!str_eq(record->type, "CNAME") || is_cname(p, record->id) || !str_has_prefix(record->comment, "adit:"))
		return RC_OK;
	mark = mark_parse(p->arena, record->comment);
	if (!str_eq(mark.project, p->in->project->name))
		return RC_OK;
	live = live_record_resource(p->arena, account->account, zone->zone.name, record);
	if (!live)
		return RC_NOMEM;
	orphan.live = live;
	orphan.address = live->address;
	return add_orphan(p, &orphan);
}

/** A tunnel that is to be pruned gets a plan of its own, so that it is emptied before it is deleted. */
static enum rc tunnel_orphan(struct planning *p, const struct live_account *account, const struct live_tunnel *tunnel)
{
	struct resource *live = arena_alloc(p->arena, sizeof(*live));
	struct orphan orphan = {.account_id = account->account_id, .live = live};
	struct tunnel_plan *plan = arena_alloc(p->arena, sizeof(*plan));
	struct tunnel_plan **grown;
	enum rc rc;

	if (!live || !plan)
		return RC_NOMEM;
	live->kind = RESOURCE_TUNNEL;
	live->id = tunnel->id;
	live->address = live->tunnel = orphan.address = arena_printf(p->arena, "tunnel/%s", tunnel->name);
	live->u.tunnel.account = account->account;
	live->u.tunnel.name = tunnel->name;
	live->u.tunnel.status = tunnel->status;
	if (!orphan.address)
		return RC_NOMEM;
	rc = add_orphan(p, &orphan);
	if (rc || !p->in->options->prune_orphans || p->in->options->refresh_only)
		return rc;
	*plan = (struct tunnel_plan){.address = orphan.address, .account = account->account, .account_id = account->account_id,
				     .id = tunnel->id, .name = tunnel->name, .expected = NULL, .is_deleted = true};
	grown = arena_grow(p->arena, p->plan->tunnels, p->plan->tunnel_count, &p->plan->tunnel_capacity, sizeof(*grown));
	if (!grown)
		return RC_NOMEM;
	p->plan->tunnels = grown;
	grown[p->plan->tunnel_count++] = plan;
	return RC_OK;
}

/** Ids, and the names of tunnels that could not be found by their id: none of these is an orphan. */
static enum rc collect_known(struct planning *p, struct map *known)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < p->tunnel_count; i++) {
		const struct tunnel_context *context = p->tunnels[i];

		if (context->live)
			rc = map_put(known, context->live->tunnel.id, p, NULL);
		if (!rc && context->recorded && context->recorded->resource->id && !planning_is_moved(context->recorded, context->account))
			rc = map_put(known, context->recorded->resource->id, p, NULL);
		if (!rc && context->desired && !context->live)
			rc = map_put(known, context->desired->tunnel->u.tunnel.name, p, NULL);
	}
	return rc;
}

enum rc plan_orphans(struct planning *p)
{
	const struct live *live = p->in->live;
	const struct project *project = p->in->project;
	struct map known;
	enum rc rc;

	map_init(&known, p->arena);
	rc = collect_known(p, &known);
	for (size_t a = 0; !rc && a < live->account_count; a++) {
		const struct live_account *account = &live->accounts[a];

		for (size_t i = 0; !rc && i < account->tunnel_count; i++) {
			const struct live_tunnel *tunnel = &account->tunnels[i].tunnel;

			if (!tunnel->is_deleted && !map_get(&known, tunnel->id) && !map_get(&known, tunnel->name) &&
			    mark_is_tunnel_name(project->tunnel_name, project->name, tunnel->name))
				rc = tunnel_orphan(p, account, tunnel);
		}
		for (size_t z = 0; !rc && z < account->zone_count; z++)
			for (size_t i = 0; !rc && i < account->zones[z].count; i++)
				if (!account->is_recorded && !p->is_known[a][z][i])
					rc = record_orphan(p, account, &account->zones[z], &account->zones[z].records[i]);
	}
	return rc;
}
