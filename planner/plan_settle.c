/* What is as it should be, which nearly everything is: found by all processors, side by side, before one judges the rest.
 * Nothing here changes what others look at: a tunnel's own context, and flags that belong to one item alone. */
#include <string.h>

#include "base/parallel.h"
#include "base/str.h"
#include "planner/document.h"
#include "planner/planning.h"
#include "schema/mark.h"

/* So many rules and CNAMEs, and starting threads pays. */
#define MANY_ITEMS 4000u
#define CNAMES_AT_ONCE 1024u
/* How far ahead a rule is looked for among the live ones. */
#define RULES_AHEAD 16u

static size_t workers_for(const struct planning *p)
{
	size_t items = p->in->desired->rule_count + p->in->desired->cname_count;

	if (p->in->options->workers)
		return p->in->options->workers < PARALLEL_MAX ? p->in->options->workers : PARALLEL_MAX;
	return parallel_workers(items, MANY_ITEMS);
}

enum rc planning_each(struct planning *p, size_t count, enum rc (*work)(void *data, struct arena *arena, size_t item), void *data)
{
	return parallel_make(p->arena, count, workers_for(p), work, data);
}

static enum rc live_resource(struct arena *arena, struct tunnel_context *context)
{
	const struct live_tunnel_state *state = context->live;
	struct resource *tunnel = arena_alloc(arena, sizeof(*tunnel));
	struct json *order = NULL;
	enum rc rc;

	if (!tunnel)
		return RC_NOMEM;
	rc = document_rules(arena, context->address, state->config.document, &context->live_rules, &context->live_rule_count);
	if (!rc)
		rc = document_order(arena, context->live_rules, context->live_rule_count, &order);
	if (rc)
		return rc;
	context->target = arena_printf(arena, "%s.cfargotunnel.com", state->tunnel.id);
	context->fingerprint = document_fingerprint(arena, state->config.document);
	if (!context->target || !context->fingerprint)
		return RC_NOMEM;
	tunnel->kind = RESOURCE_TUNNEL;
	tunnel->address = context->address;
	tunnel->tunnel = context->address;
	tunnel->id = state->tunnel.id;
	tunnel->u.tunnel.account = context->account->account;
	tunnel->u.tunnel.name = state->tunnel.name;
	tunnel->u.tunnel.status = state->tunnel.status;
	tunnel->u.tunnel.created_at = state->tunnel.created_at;
	tunnel->u.tunnel.rule_order = order;
	tunnel->u.tunnel.origin_request = resource_origin_request_normal(arena, json_get(state->config.document, "originRequest"));
	context->live_tunnel = tunnel;
	return RC_OK;
}

/** The whole comment of a record that bears the mark alone, as this project writes it and reads it. */
static enum rc bare_mark(struct arena *arena, const struct project *project, struct tunnel_context *context)
{
	char *mark = mark_make(arena, project->name, context->address);
	char *applied = mark ? mark_apply(arena, project->name, context->address, mark) : NULL;

	if (!applied)
		return RC_NOMEM;
	if (str_eq(applied, mark) && str_eq(mark_parse(arena, mark).project, project->name))
		context->bare_mark = mark;
	return RC_OK;
}

/** The place of a live rule, from 1; mostly it is the next one. @return 0: not near */
static size_t find_near(const struct tunnel_context *context, size_t next, const char *address)
{
	for (size_t i = next; i < context->live_rule_count && i < next + RULES_AHEAD; i++)
		if (str_eq(context->live_rules[i]->address, address))
			return i + 1;
	return 0;
}

/** Rules of tunnels that are shared are judged one by one: whose they are takes more than three states. */
static enum rc settle_rules(const struct planning *p, struct arena *arena, struct tunnel_context *context)
{
	size_t next = 0;

	if (context->shared || !context->desired || !context->live_rule_count)
		return RC_OK;
	context->settled_at = arena_array(arena, context->desired->rule_count, sizeof(*context->settled_at));
	if (!context->settled_at)
		return RC_NOMEM;
	for (size_t i = 0; i < context->desired->rule_count; i++) {
		struct triple triple = {.kind = RESOURCE_RULE, .desired = context->desired->rules[i]};
		size_t place = find_near(context, next, triple.desired->address);

		if (!place)
			continue;
		next = place;
		triple.address = triple.desired->address;
		triple.is_protected = triple.desired->protect;
		triple.live = context->live_rules[place - 1];
		triple.recorded = planning_recorded(p, triple.address);
		if (!judge_is_settled(p, &triple))
			continue;
		context->settled_at[i] = place;
		p->is_settled[triple.recorded - p->in->recorded->items] = true;
	}
	return RC_OK;
}

/** The tunnel itself. Its order of rules is compared without memory as long as it is the same. */
static bool tunnel_is_settled(const struct planning *p, const struct tunnel_context *context)
{
	struct triple triple = {.kind = RESOURCE_TUNNEL, .address = context->address, .recorded = context->recorded,
				.live = context->live_tunnel};

	if (context->shared || !context->desired)
		return false;
	triple.desired = context->desired->tunnel;
	triple.is_protected = context->desired->protect;
	triple.is_record_stale = plan_shared_is_stale(p, context);
	return judge_is_settled(p, &triple);
}

static enum rc settle_tunnel(void *data, struct arena *arena, size_t item)
{
	struct planning *p = data;
	struct tunnel_context *context = p->tunnels[item];
	enum rc rc;

	if (context->is_unknown || !context->live)
		return RC_OK;
	rc = live_resource(arena, context);
	if (!rc)
		context->is_settled = tunnel_is_settled(p, context);
	if (!rc)
		rc = bare_mark(arena, p->in->project, context);
	return rc ? rc : settle_rules(p, arena, context);
}

enum rc plan_settle_tunnels(struct planning *p)
{
	return planning_each(p, p->tunnel_count, settle_tunnel, p);
}

/** The live record of a recorded CNAME, alone on its name, and its place among the zone's.
 * @param ret_view  of it, in its own texts */
static bool find_alone(const struct live_account *account, const struct live_zone_records *zone, const struct recorded *recorded,
		       struct resource *ret_view, size_t *ret_place)
{
	const struct live_name *name = map_get(&account->records_by_name, recorded->resource->u.cname.name);
	const struct live_record *record = name && name->count == 1 ? name->records[0] : NULL;

	if (!record || !str_eq(record->type, "CNAME") || !str_eq(record->id, recorded->resource->id) ||
	    !str_eq(record->zone_id, zone->zone.id))
		return false;
	*ret_place = (size_t)(record - zone->records);
	return live_record_view(account->account, zone->zone.name, record, ret_view);
}

/** Recorded, where it belongs, alone on its name, and with nothing to say but what the mark says: then it is compared. What is
 * not quite so is for plan_cnames() to find out. */
static bool cname_is_settled(const struct planning *p, const struct resource *bare, const struct recorded *recorded, bool protect)
{
	const struct live_account *account = live_account(p->in->live, bare->u.cname.account);
	const struct tunnel_context *tunnel = map_get(&p->tunnel_by_address, bare->tunnel);
	const struct live_zone_records *zone;
	struct resource view, full = *bare;
	struct triple triple = {.kind = RESOURCE_CNAME, .desired = &full, .recorded = recorded, .is_protected = protect};
	size_t place;

	if (!recorded || !recorded->zone_id || !recorded->resource->id || !account || account->zones_visibility == NOT_VISIBLE ||
	    planning_is_moved(recorded, account))
		return false;
	if (!tunnel || tunnel->is_unknown || !tunnel->target || !tunnel->bare_mark)
		return false;
	zone = live_zone_of(account, bare->u.cname.name);
	if (!zone || zone->visibility == NOT_VISIBLE || !str_eq(zone->zone.id, recorded->zone_id))
		return false;
	full.u.cname.zone = zone->zone.name;
	full.u.cname.content = tunnel->target;
	full.u.cname.comment = tunnel->bare_mark;
	triple.live = recorded->resource;
	if (account->is_recorded)
		return judge_is_settled(p, &triple);
	if (!find_alone(account, zone, recorded, &view, &place) || !str_eq(view.u.cname.comment, tunnel->bare_mark))
		return false;
	triple.live = &view;
	if (!judge_is_settled(p, &triple))
		return false;
	p->is_known[account - p->in->live->accounts][zone - account->zones][place] = true;
	return true;
}

/** Flags of desired CNAMEs and of recorded resources: each belongs to one item. */
struct cname_flags {
	struct planning *p;
	bool *is_wanted, *is_settled;
};

static enum rc index_ids(struct planning *p)
{
	const struct recorded_state *recorded = p->in->recorded;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < recorded->count; i++)
		if (recorded->items[i].resource->id)
			rc = map_put(&p->recorded_by_id, recorded->items[i].resource->id, &recorded->items[i], NULL);
	return rc;
}

/** The first item is the index of ids, which nobody asks for until all are done. */
static enum rc settle_cnames(void *data, struct arena *arena, size_t item)
{
	const struct cname_flags *flags = data;
	const struct planning *p = flags->p;
	const struct desired *desired = p->in->desired;
	bool is_shared = p->in->sharing && p->in->sharing->count;
	size_t end = item * CNAMES_AT_ONCE;

	(void)arena;
	if (!item)
		return index_ids(flags->p);
	for (size_t i = --item * CNAMES_AT_ONCE; i < end && i < desired->cname_count; i++) {
		const struct desired_cname *wanted = &desired->cnames[i];
		const struct recorded *recorded = planning_recorded(p, wanted->cname->address);

		if (recorded)
			flags->is_wanted[recorded - p->in->recorded->items] = true;
		flags->is_settled[i] = !is_shared && cname_is_settled(p, wanted->cname, recorded, wanted->protect);
	}
	return RC_OK;
}

static enum rc make_known(struct planning *p)
{
	const struct live *live = p->in->live;

	p->is_known = arena_array(p->arena, live->account_count, sizeof(*p->is_known));
	for (size_t a = 0; p->is_known && a < live->account_count; a++) {
		const struct live_account *account = &live->accounts[a];

		p->is_known[a] = arena_array(p->arena, account->zone_count, sizeof(bool *));
		for (size_t z = 0; z < account->zone_count; z++) {
			bool *flags = p->is_known[a] ? arena_array(p->arena, account->zones[z].count, sizeof(bool)) : NULL;

			if (!flags)
				return RC_NOMEM;
			p->is_known[a][z] = flags;
		}
	}
	return p->is_known ? RC_OK : RC_NOMEM;
}

enum rc plan_settle_cnames(struct planning *p, bool **ret_is_wanted, bool **ret_is_settled)
{
	size_t count = p->in->desired->cname_count;
	struct cname_flags flags = {p, arena_array(p->arena, p->in->recorded->count, sizeof(bool)),
				    arena_array(p->arena, count, sizeof(bool))};
	enum rc rc = flags.is_wanted && flags.is_settled ? RC_OK : RC_NOMEM;

	if (!rc)
		rc = make_known(p);
	if (!rc)
		rc = planning_each(p, 1 + (count + CNAMES_AT_ONCE - 1) / CNAMES_AT_ONCE, settle_cnames, &flags);
	if (!rc) {
		*ret_is_wanted = flags.is_wanted;
		*ret_is_settled = flags.is_settled;
	}
	return rc;
}
