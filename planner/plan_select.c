/* --target, --exclude and --refresh-only: which of the changes are kept. */
#include <string.h>

#include "base/str.h"
#include "planner/planning.h"

static bool matches(const char *const *patterns, size_t count, const char *address)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(patterns[i], address) || str_glob_match(patterns[i], address))
			return true;
	return false;
}

static const struct resource *any_side(const struct change *change)
{
	return change->after ? change->after : change->before;
}

/** What a kept change needs first: its tunnel, and for a CNAME the rules of its hostname. */
static enum rc mark_needs(struct planning *p, struct map *needed)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < p->plan->change_count; i++) {
		const struct change *change = &p->plan->changes[i];
		const struct resource *resource = any_side(change);

		if (!map_get(needed, change->address) || !change->after || !resource->tunnel)
			continue;
		rc = map_put(needed, resource->tunnel, p, NULL);
		if (!rc && change->kind == RESOURCE_CNAME) {
			const char *key = arena_printf(p->arena, "%s %s", resource->tunnel, resource->u.cname.name);

			rc = key ? map_put(needed, key, p, NULL) : RC_NOMEM;
		}
	}
	return rc;
}

static bool is_needed(struct planning *p, const struct change *change, const struct map *needed)
{
	const struct resource *resource = any_side(change);
	const char *key;

	if (map_get(needed, change->address))
		return true;
	if (change->kind != RESOURCE_RULE || !change->after)
		return false;
	key = arena_printf(p->arena, "%s %s", resource->tunnel, resource->u.rule.hostname);
	return key && map_get(needed, key);
}

/** A tunnel that goes takes its rules and the CNAMEs that point at it along. */
static enum rc mark_deleted_tunnels(struct planning *p, struct map *needed)
{
	struct map deleted;
	enum rc rc = RC_OK;

	map_init(&deleted, p->arena);
	for (size_t i = 0; !rc && i < p->plan->change_count; i++) {
		const struct change *change = &p->plan->changes[i];

		if (change->kind == RESOURCE_TUNNEL && change->action == ACTION_DELETE && map_get(needed, change->address))
			rc = map_put(&deleted, change->address, p, NULL);
	}
	for (size_t i = 0; !rc && i < p->plan->change_count; i++) {
		const struct change *change = &p->plan->changes[i];
		const struct recorded *recorded = planning_recorded(p, change->address);
		const char *tunnel = recorded ? recorded->resource->tunnel : change->before ? change->before->tunnel : NULL;

		if (tunnel && map_get(&deleted, tunnel))
			rc = map_put(needed, change->address, p, NULL);
	}
	return rc;
}

enum rc plan_select(struct planning *p)
{
	const struct plan_options *options = p->in->options;
	struct plan *plan = p->plan;
	struct map needed;
	size_t kept = 0;
	enum rc rc = RC_OK;

	if (!options->target_count && !options->exclude_count)
		return RC_OK;
	map_init(&needed, p->arena);
	for (size_t i = 0; !rc && i < plan->change_count; i++) {
		const char *address = plan->changes[i].address;

		if ((!options->target_count || matches(options->targets, options->target_count, address)) &&
		    !matches(options->excludes, options->exclude_count, address))
			rc = map_put(&needed, address, p, NULL);
	}
	if (!rc)
		rc = mark_deleted_tunnels(p, &needed);
	if (!rc)
		rc = mark_needs(p, &needed);
	for (size_t i = 0; !rc && i < plan->change_count; i++)
		if (is_needed(p, &plan->changes[i], &needed))
			plan->changes[kept++] = plan->changes[i];
	if (!rc)
		plan->change_count = kept;
	return rc;
}

enum rc plan_refresh_only(struct planning *p)
{
	struct plan *plan = p->plan;
	enum rc rc = RC_OK;

	plan->change_count = 0;
	for (size_t i = 0; !rc && i < plan->drift_count; i++) {
		const struct drift *drift = &plan->drifts[i];
		const struct recorded *recorded = planning_recorded(p, drift->address);
		struct change change = {.kind = drift->resource_kind, .address = drift->address, .expected = ""};

		if (drift->kind == DRIFT_FOREIGN)
			continue;
		change.action = drift->kind == DRIFT_GONE ? ACTION_FORGET : ACTION_RECORD;
		change.before = drift->kind == DRIFT_GONE ? drift->recorded : drift->live;
		change.account_id = recorded->account_id;
		change.zone_id = recorded->zone_id;
		if (change.action == ACTION_RECORD) {
			struct resource *after = (void *)arena_memdup(p->arena, drift->live, sizeof(*after));

			if (!after)
				return RC_NOMEM;
			after->tunnel = recorded->resource->tunnel;
			after->origin = recorded->resource->origin;
			change.after = after;
			change.expected = resource_fingerprint(p->arena, drift->live);
			if (!change.expected)
				return RC_NOMEM;
		}
		rc = planning_add_change(p, &change, NULL);
	}
	return rc;
}
