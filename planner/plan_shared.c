/* Planning with tunnels that other projects have rules in: what of them is whose. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "planner/planning.h"

bool plan_shared_is_foreign(const struct tunnel_context *context)
{
	return context->shared && !context->shared->is_own;
}

enum rc plan_shared_collect(struct planning *p)
{
	const struct sharing *sharing = p->in->sharing;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && sharing && i < sharing->count; i++) {
		const struct shared_tunnel *shared = &sharing->tunnels[i];
		struct tunnel_context *context = map_get(&p->tunnel_by_address, shared->address);

		if (!shared->is_own)
			rc = plan_tunnel_context(p, shared->address, &context);
		if (!rc && context)
			context->shared = shared;
	}
	return rc;
}

static enum rc set_unknown(struct planning *p, struct tunnel_context *context, const char *what)
{
	struct diag *diag = diag_add(p->diags, SEVERITY_ERROR, "A0608", (struct span){0}, "%s of project %s %s",
				     context->address, context->shared->owner, what);

	diag_address(p->diags, diag, context->address);
	diag_help(p->diags, diag, "Nothing of it is changed. Apply project %s first, with the same state and account.",
		  context->shared->owner);
	context->is_unknown = true;
	return RC_OK;
}

enum rc plan_shared_resolve(struct planning *p, struct tunnel_context *context)
{
	const struct recorded_gateway *gateway = context->shared->gateway;
	const struct live *live = p->in->live;

	if (!gateway || !gateway->document || !gateway->tunnel_id)
		return set_unknown(p, context, "is not recorded any more");
	for (size_t i = 0; i < live->account_count; i++)
		if (str_eq(live->accounts[i].account_id, gateway->account_id))
			context->account = &live->accounts[i];
	if (!context->account)
		return set_unknown(p, context, "is in an account that this project does not have");
	if (context->account->tunnels_visibility == NOT_VISIBLE) {
		context->is_unknown = true;
		return RC_OK;
	}
	context->live = map_get(&context->account->tunnel_by_id, gateway->tunnel_id);
	if (!context->live || context->live->tunnel.is_deleted)
		return set_unknown(p, context, "is not there");
	context->is_unknown = context->live->visibility == NOT_VISIBLE;
	return RC_OK;
}

bool plan_shared_is_others(const struct planning *p, const struct tunnel_context *context, const char *address)
{
	bool is_closing, is_desired = map_get(&p->desired_rules, address);

	if (!context->shared)
		return false;
	if (map_get(&p->in->sharing->held, address))
		return true;
	is_closing = map_get(&p->in->sharing->closings, address);
	if (planning_recorded(p, address) || (is_desired && !is_closing))
		return false;
	return plan_shared_is_foreign(context); /* what is no project's is the owner's to deal with */
}

enum rc plan_shared_order(struct planning *p, struct tunnel_context *context)
{
	const struct shared_tunnel *shared = context->shared;
	struct shared_rule *rules = NULL;
	struct json *order;
	size_t count = 0;
	enum rc rc;

	if (!shared || !shared->is_own || !context->desired || !context->desired->gateway)
		return RC_OK;
	rc = sharing_merge(p->arena, context->desired->gateway, context->desired->rules, context->desired->rule_count,
			   shared->slices, shared->slice_count, &rules, &count);
	order = json_new(p->arena, JSON_ARRAY);
	context->merged = (void *)arena_memdup(p->arena, context->desired->tunnel, sizeof(*context->merged));
	if (!rc && (!order || !context->merged))
		rc = RC_NOMEM;
	for (size_t i = 0; !rc && i < count; i++)
		rc = json_push(p->arena, order, json_new_string(p->arena, rules[i].rule->address));
	if (!rc)
		context->merged->u.tunnel.rule_order = order;
	return rc;
}

enum rc plan_shared_make_room(struct planning *p, const struct tunnel_context *context, const struct triple *triple,
			      bool *ret_done)
{
	struct change change = {.action = ACTION_RECORD, .kind = RESOURCE_RULE, .address = triple->address,
				.before = triple->desired, .after = triple->desired, .expected = "",
				.account_id = context->account->account_id};
	const struct recorded *recorded = triple->recorded;

	*ret_done = context->shared && context->shared->is_own && map_get(&p->in->sharing->held, triple->address) &&
		    str_eq(triple->desired->origin.precedence, PRECEDENCE_LAST);
	if (!*ret_done || (recorded && resource_equal(recorded->resource, triple->desired) &&
			   str_eq(recorded->resource->origin.precedence, PRECEDENCE_LAST)))
		return RC_OK;
	return planning_add_change(p, &change, NULL);
}

/* Places: a rule is out of place when other rules stand before it than shall. */

static uint64_t place_sum(const char *address)
{
	uint64_t hash = 14695981039346656037u;

	for (; *address; address++)
		hash = (hash ^ (unsigned char)*address) * 1099511628211u;
	return hash;
}

struct order_sums {
	struct map merged, live;   /**< address -> any */
	struct map before;         /**< own address -> uint64_t *: the sum of what stands before it */
};

static enum rc sum_merged(struct planning *p, const struct shared_rule *rules, size_t count, struct order_sums *sums)
{
	uint64_t *values = arena_array(p->arena, count, sizeof(*values)), sum = 0;
	enum rc rc = values ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < count; i++) {
		const char *address = rules[i].rule->address;

		rc = map_put(&sums->merged, address, p, NULL);
		if (!map_get(&sums->live, address))
			continue;
		values[i] = sum;
		sum += place_sum(address);
		if (!rc && !rules[i].project)
			rc = map_put(&sums->before, address, &values[i], NULL);
	}
	return rc;
}

static enum rc move_rule(struct planning *p, struct tunnel_context *context, const struct resource *live)
{
	struct change change = {.action = ACTION_UPDATE, .kind = RESOURCE_RULE, .address = live->address, .before = live,
				.after = map_get(&p->desired_rules, live->address),
				.reason = "its place among the rules of the tunnel",
				.account_id = context->account->account_id};

	change.expected = resource_fingerprint(p->arena, live);
	context->plan->needs_put = true;
	return change.expected ? planning_add_change(p, &change, NULL) : RC_NOMEM;
}

enum rc plan_shared_places(struct planning *p, struct tunnel_context *context)
{
	const struct shared_tunnel *shared = context->shared;
	struct shared_rule *rules = NULL;
	struct order_sums sums;
	uint64_t sum = 0;
	size_t count = 0;
	enum rc rc;

	/* A PUT that is due anyway puts everything in its place. */
	if (!plan_shared_is_foreign(context) || !context->desired || context->plan->needs_put)
		return RC_OK;
	map_init(&sums.merged, p->arena);
	map_init(&sums.live, p->arena);
	map_init(&sums.before, p->arena);
	rc = sharing_merge(p->arena, shared->gateway->document, context->desired->rules, context->desired->rule_count,
			   shared->slices, shared->slice_count, &rules, &count);
	for (size_t i = 0; !rc && i < context->live_rule_count; i++)
		rc = map_put(&sums.live, context->live_rules[i]->address, p, NULL);
	if (!rc)
		rc = sum_merged(p, rules, count, &sums);
	for (size_t i = 0; !rc && i < context->live_rule_count; i++) {
		const char *address = context->live_rules[i]->address;
		const uint64_t *before = map_get(&sums.before, address);

		if (before && *before != sum)
			return move_rule(p, context, context->live_rules[i]);
		if (map_get(&sums.merged, address))
			sum += place_sum(address);
	}
	return rc;
}

/* What is recorded of a Gateway. */

bool plan_shared_is_stale(const struct planning *p, const struct tunnel_context *context)
{
	const struct recorded_state *recorded = p->in->recorded;
	const struct desired_tunnel *desired = context->desired;

	if (!desired->gateway || !context->live)
		return false;
	for (size_t i = 0; i < recorded->gateway_count; i++) {
		const struct recorded_gateway *gateway = &recorded->gateways[i];

		if (str_eq(gateway->address, context->address))
			return !str_eq(gateway->owner, p->in->project->name) || !json_equal(gateway->document, desired->gateway) ||
			       !str_eq(gateway->tunnel_id, context->live->tunnel.id) ||
			       !str_eq(gateway->tunnel_name, desired->tunnel->u.tunnel.name) ||
			       !str_eq(gateway->account_id, context->account->account_id);
	}
	return true;
}

static bool makes_room(const struct resource *rule)
{
	return str_eq(rule->origin.precedence, PRECEDENCE_LAST) && !str_is_empty(rule->u.rule.hostname);
}

/** The first recorded resource that does not come before @p address. */
static size_t find_recorded(const struct recorded_state *recorded, const char *address)
{
	size_t low = 0, high = recorded->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (resource_compare_address(recorded->items[middle].resource->address, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum rc plan_shared_own(struct arena *arena, const struct plan *plan, const struct tunnel_plan *tunnel,
			const struct recorded_state *recorded, struct map *ret_own)
{
	const char *prefix = arena_printf(arena, "rule/%s/", tunnel->address + strlen("tunnel/"));
	size_t first, end;
	enum rc rc = prefix ? RC_OK : RC_NOMEM;

	map_init(ret_own, arena);
	for (size_t i = prefix ? find_recorded(recorded, prefix) : 0; !rc && i < recorded->count; i++) {
		const struct resource *rule = recorded->items[i].resource;

		if (!str_has_prefix(rule->address, prefix))
			break;
		if (str_eq(rule->tunnel, tunnel->address) && !makes_room(rule))
			rc = map_put(ret_own, rule->address, (void *)(uintptr_t)rule, NULL);
	}
	plan_rule_range(plan, tunnel->address, &first, &end);
	for (size_t i = first; !rc && i < end; i++) {
		const struct change *change = &plan->changes[i];
		const struct resource *any = change->after ? change->after : change->before;

		if (change->kind == RESOURCE_RULE && str_eq(any->tunnel, tunnel->address) && !makes_room(any))
			rc = map_put(ret_own, change->address, (void *)(uintptr_t)any, NULL);
	}
	return rc;
}

static enum rc expect_slice(void *data, struct arena *arena, size_t item)
{
	struct planning *p = data;
	struct tunnel_context *context = p->tunnels[item];
	struct arena *scratch;
	struct map own;
	enum rc rc;

	if (!context->plan || !context->live || (!context->plan->gateway && !context->shared))
		return RC_OK;
	scratch = arena_new(LIMIT_ARENA_BYTES);
	rc = scratch ? plan_shared_own(scratch, p->plan, context->plan, p->in->recorded, &own) : RC_NOMEM;
	if (!rc)
		rc = sharing_rules_fingerprint(arena, context->live_rules, context->live_rule_count,
					       context->live->config.document, &own, !context->plan->owner, &context->plan->slice);
	arena_free(scratch);
	return rc;
}

enum rc plan_shared_expect(struct planning *p)
{
	/* Without changes nothing will be written that expects anything. */
	return p->plan->change_count ? planning_each(p, p->tunnel_count, expect_slice, p) : RC_OK;
}
