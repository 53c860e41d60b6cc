/* Tunnels and their rules: what is desired, recorded and live of each, and what changes. */
#include <string.h>

#include "base/sort.h"
#include "base/str.h"
#include "planner/covering.h"
#include "planner/document.h"
#include "planner/planning.h"

enum rc plan_tunnel_context(struct planning *p, const char *address, struct tunnel_context **ret_context)
{
	struct tunnel_context *context = map_get(&p->tunnel_by_address, address);
	enum rc rc;

	if (!context) {
		context = arena_alloc(p->arena, sizeof(*context));
		if (!context)
			return RC_NOMEM;
		context->address = address;
		rc = map_put(&p->tunnel_by_address, address, context, NULL);
		if (rc)
			return rc;
		struct tunnel_context **grown =
			arena_grow(p->arena, p->tunnels, p->tunnel_count, &p->tunnel_capacity, sizeof(*grown));
		if (!grown)
			return RC_NOMEM;
		p->tunnels = grown;
		grown[p->tunnel_count++] = context;
	}
	*ret_context = context;
	return RC_OK;
}

static int compare_contexts(const void *a, const void *b)
{
	const struct tunnel_context *const *ca = a, *const *cb = b;

	return strcmp((*ca)->address, (*cb)->address);
}

static enum rc collect(struct planning *p)
{
	const struct desired *desired = p->in->desired;
	const struct recorded_state *recorded = p->in->recorded;
	struct tunnel_context *context;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < desired->tunnel_count; i++) {
		rc = plan_tunnel_context(p, desired->tunnels[i].tunnel->address, &context);
		if (!rc)
			context->desired = &desired->tunnels[i];
	}
	for (size_t i = 0; !rc && i < recorded->count; i++) {
		if (recorded->items[i].resource->kind != RESOURCE_TUNNEL)
			continue;
		rc = plan_tunnel_context(p, recorded->items[i].resource->address, &context);
		if (!rc)
			context->recorded = &recorded->items[i];
	}
	if (!rc)
		rc = plan_shared_collect(p);
	if (!rc)
		sort_items(p->tunnels, p->tunnel_count, sizeof(struct tunnel_context *), compare_contexts);
	return rc;
}

/** Who is recorded with this tunnel's id. */
static const struct recorded *find_recorded_tunnel(const struct planning *p, const char *id)
{
	const struct recorded_state *recorded = p->in->recorded;

	for (size_t i = 0; i < recorded->count; i++)
		if (recorded->items[i].resource->kind == RESOURCE_TUNNEL && str_eq(recorded->items[i].resource->id, id))
			return &recorded->items[i];
	return NULL;
}

/** A tunnel of the desired name is ours by that, but for two: one that is recorded as something else, and one whose
 * rules stand in a file beside its connector, where adit would replace what it cannot see. */
static enum rc find_by_name(struct planning *p, struct tunnel_context *context, struct live_tunnel_state **ret_state)
{
	struct live_tunnel_state *state =
		map_get(&context->account->tunnel_by_name, context->desired->tunnel->u.tunnel.name);
	const struct recorded *other = state ? find_recorded_tunnel(p, state->tunnel.id) : NULL;
	struct conflict conflict = {.address = context->address, .account = context->account->account};

	if (other && !str_eq(other->resource->address, context->address)) {
		context->name_owner = other->resource->address;
		context->is_contested = true;
		return RC_OK;
	}
	if (state && !state->tunnel.is_remote && !planning_is_adopted(p, context->address)) {
		conflict.record_id = state->tunnel.id;
		conflict.what = arena_printf(p->arena, "locally configured tunnel %s", state->tunnel.name);
		context->is_contested = true;
		return planning_add_conflict(p, &conflict);
	}
	context->is_takeover = state && !state->tunnel.is_remote;
	*ret_state = state;
	return RC_OK;
}

/** The live tunnel of an address: by recorded id, else by its name, which is its mark. */
static enum rc find_live(struct planning *p, struct tunnel_context *context)
{
	const struct recorded *recorded = planning_is_moved(context->recorded, context->account) ? NULL : context->recorded;
	struct live_tunnel_state *state = NULL;
	enum rc rc = RC_OK;

	if (recorded && recorded->resource->id) {
		state = map_get(&context->account->tunnel_by_id, recorded->resource->id);
		if (!state && !map_get(&context->account->gone, recorded->resource->id)) {
			context->is_unknown = true;
			return RC_OK;
		}
		if (state && state->tunnel.is_deleted)
			state = NULL;
	}
	if (!state && context->desired)
		rc = find_by_name(p, context, &state);
	if (state && state->visibility == NOT_VISIBLE)
		context->is_unknown = true;
	context->live = state;
	return rc;
}

static enum rc resolve(struct planning *p, struct tunnel_context *context)
{
	const struct resource *any = context->desired	 ? context->desired->tunnel
				     : context->recorded ? context->recorded->resource
							 : NULL;
	enum rc rc = RC_OK;

	if (!plan_shared_is_foreign(context))
		context->account = live_account(p->in->live, any->u.tunnel.account);
	if (plan_shared_is_foreign(context)) {
		rc = plan_shared_resolve(p, context);
	} else if (!context->account) {
		const struct span nowhere = {0};
		struct diag *diag = diag_add(p->diags, SEVERITY_ERROR, "A0602", nowhere,
					     "account %s of %s is not part of the project", any->u.tunnel.account,
					     context->address);

		diag_help(p->diags, diag, "Add the account to spec.accounts again, destroy what is in it, or run `adit state rm %s`.",
			  context->address);
		context->is_unknown = true;
	} else if (context->account->tunnels_visibility == NOT_VISIBLE) {
		context->is_unknown = true;
	} else {
		rc = find_live(p, context);
	}
	if (rc)
		return rc;
	return context->is_unknown ? planning_add_unknown(p, context->address) : RC_OK;
}

/** --keep-going with refused documents: whatever may come from one of them stays as it is. What a policy or a Service among them
 * says may concern any rule: then all stay, and none is made. */
static bool may_be_invalid_input(const struct planning *p, const struct recorded *recorded, const struct resource *desired)
{
	if (p->in->options->keep_going && p->in->options->has_hidden_input)
		return true;
	if (!p->in->options->keep_going || !p->in->options->has_invalid_input || !recorded)
		return false;
	return !desired || !str_eq(desired->origin.object, recorded->resource->origin.object);
}

enum rc plan_tunnels_resolve(struct planning *p)
{
	enum rc rc = collect(p);

	for (size_t i = 0; !rc && i < p->tunnel_count; i++)
		rc = resolve(p, p->tunnels[i]);
	if (!rc)
		rc = plan_settle_tunnels(p);
	for (size_t i = 0; !rc && i < p->tunnel_count; i++) {
		struct tunnel_context *context = p->tunnels[i];

		context->is_held = context->is_contested ||
				   may_be_invalid_input(p, context->recorded, context->desired ? context->desired->tunnel : NULL);
		context->is_retired = !context->is_unknown && !context->is_held && plan_is_retired(p, context);
	}
	return rc;
}

/** True when what differs between two tunnels travels in the configuration document. */
static bool document_differs(const struct resource *a, const struct resource *b)
{
	const struct resource_type *type = resource_type(RESOURCE_TUNNEL);

	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];

		if (str_eq(field->name, "rule_order") || str_eq(field->name, "origin_request"))
			if (!resource_field_equal(field, a, b))
				return true;
	}
	return false;
}

static enum rc add_tunnel_plan(struct planning *p, struct tunnel_context *context)
{
	struct plan *plan = p->plan;
	struct tunnel_plan *tunnel;
	struct tunnel_plan **grown;
	const struct resource *any = context->desired	 ? context->desired->tunnel
				     : context->recorded ? context->recorded->resource
							 : context->live_tunnel;

	tunnel = arena_alloc(p->arena, sizeof(*tunnel));
	grown = arena_grow(p->arena, plan->tunnels, plan->tunnel_count, &plan->tunnel_capacity, sizeof(*grown));
	if (!tunnel || !grown)
		return RC_NOMEM;
	plan->tunnels = grown;
	grown[plan->tunnel_count++] = tunnel;
	context->plan = tunnel;
	tunnel->address = context->address;
	tunnel->account = any->u.tunnel.account;
	tunnel->account_id = context->account->account_id;
	tunnel->name = any->u.tunnel.name;
	tunnel->owner = plan_shared_is_foreign(context) ? context->shared->owner : NULL;
	tunnel->gateway = tunnel->owner	     ? context->shared->gateway->document
			  : context->desired ? context->desired->gateway
					     : NULL;
	tunnel->served = context->served;
	tunnel->served_count = context->served_count;
	tunnel->expected = "";
	if (context->live) {
		tunnel->id = context->live->tunnel.id;
		tunnel->expected = context->fingerprint;
	}
	if (!context->desired)
		return RC_OK;
	if (!tunnel->owner)
		tunnel->origin_request = context->desired->tunnel->u.tunnel.origin_request;
	tunnel->order = arena_array(p->arena, context->desired->rule_count, sizeof(const char *));
	if (!tunnel->order)
		return RC_NOMEM;
	for (size_t i = 0; i < context->desired->rule_count; i++)
		tunnel->order[i] = context->desired->rules[i]->address;
	tunnel->order_count = context->desired->rule_count;
	return RC_OK;
}

static enum rc judge_tunnel(struct planning *p, struct tunnel_context *context)
{
	struct triple triple = {.kind = RESOURCE_TUNNEL, .address = context->address, .recorded = context->recorded,
				.live = context->live_tunnel, .is_held = context->is_held,
				.account_id = context->account->account_id};
	struct change *change = NULL;
	enum rc rc;

	if (plan_shared_is_foreign(context))
		return RC_OK;
	/* What its plan has of it is what is desired: nothing is ignored. */
	if (context->is_settled)
		return RC_OK;
	if (context->desired) {
		triple.desired = context->merged ? context->merged : context->desired->tunnel;
		triple.is_protected = context->desired->protect;
		triple.is_record_stale = plan_shared_is_stale(p, context);
	} else if (map_get(&p->kept_tunnels, context->address)) {
		triple.is_held = true;
		context->is_retired = false;
	}
	if (context->is_retired) {
		rc = plan_retire(p, context, &triple);
		if (rc)
			return rc;
	}
	rc = judge(p, &triple, &change);
	/* As folded: what the project ignores is not written back with something else. */
	if (context->desired && triple.desired)
		context->plan->origin_request = triple.desired->u.tunnel.origin_request;
	if (rc || !change)
		return rc;
	change->is_takeover = context->is_takeover;
	if (change->action == ACTION_UPDATE && document_differs(change->before, change->after))
		context->plan->needs_put = true;
	return RC_OK;
}

static bool rule_is_held(struct planning *p, const struct tunnel_context *context, const struct triple *triple)
{
	const char *hostname = triple->desired ? triple->desired->u.rule.hostname
			       : triple->live  ? triple->live->u.rule.hostname
					       : triple->recorded->resource->u.rule.hostname;

	if (!triple->desired && covering_has(&p->kept_hosts, hostname))
		return true;
	/* What takes any host serves those of the tunnel's unseen records as well. */
	if (!context->desired && !*hostname && map_get(&p->kept_tunnels, context->address))
		return true;
	if (context->is_held || may_be_invalid_input(p, triple->recorded, triple->desired))
		return true;
	/* What closes a contested hostname is made all the same: a wider rule would serve it. */
	if (!triple->live && triple->desired && !resource_service_is_serving(triple->desired->u.rule.service))
		return false;
	return map_get(&p->held_hosts, hostname);
}

static enum rc judge_rule(struct planning *p, struct tunnel_context *context, struct triple *triple)
{
	struct change *change = NULL;
	enum rc rc;

	triple->kind = RESOURCE_RULE;
	triple->account_id = context->account->account_id;
	triple->is_held = rule_is_held(p, context, triple);
	rc = judge(p, triple, &change);
	if (!rc && change && change->action != ACTION_RECORD && change->action != ACTION_FORGET)
		context->plan->needs_put = true;
	return rc;
}

/** The live rules of a tunnel, asked for in the order of the desired ones: mostly the next is the one. */
struct live_walk {
	struct planning *p;
	const struct tunnel_context *context;
	size_t next;
	bool *is_taken;                            /**< of each: it is desired */
	struct map places;                         /**< address -> its place, from 1; made once it is needed */
};

static enum rc live_walk_init(struct live_walk *walk, struct planning *p, const struct tunnel_context *context)
{
	arena_reset(p->scratch);
	*walk = (struct live_walk){.p = p, .context = context};
	walk->is_taken = arena_array(p->scratch, context->live_rule_count, sizeof(*walk->is_taken));
	map_init(&walk->places, p->scratch);
	return walk->is_taken ? RC_OK : RC_NOMEM;
}

static enum rc find_place(struct live_walk *walk, const char *address, size_t *ret_place)
{
	const struct tunnel_context *context = walk->context;
	size_t count = context->live_rule_count;
	enum rc rc = RC_OK;

	if (walk->next < count && str_eq(context->live_rules[walk->next]->address, address)) {
		*ret_place = walk->next + 1;
		return RC_OK;
	}
	if (!walk->places.count)
		rc = map_reserve(&walk->places, count);
	for (size_t i = walk->places.count; !rc && i < count; i++)
		rc = map_put(&walk->places, context->live_rules[i]->address, (void *)(uintptr_t)(i + 1), NULL);
	*ret_place = rc ? 0 : (uintptr_t)map_get(&walk->places, address);
	return rc;
}

/** The live rule of a desired one's address. @param ret_rule  NULL: there is none of this project's */
static enum rc take_live(struct live_walk *walk, const char *address, const struct resource **ret_rule)
{
	size_t place = 0;
	enum rc rc = find_place(walk, address, &place);

	*ret_rule = NULL;
	if (rc || !place)
		return rc;
	walk->next = place;
	if (plan_shared_is_others(walk->p, walk->context, address))
		return RC_OK;
	walk->is_taken[place - 1] = true;
	*ret_rule = walk->context->live_rules[place - 1];
	return RC_OK;
}

static void settle(struct planning *p, const struct recorded *recorded)
{
	if (recorded)
		p->is_settled[recorded - p->in->recorded->items] = true;
}

static enum rc judge_desired(struct planning *p, struct tunnel_context *context, struct live_walk *walk)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < context->desired->rule_count; i++) {
		struct triple triple = {.desired = context->desired->rules[i]};
		bool done = false;

		if (context->settled_at && context->settled_at[i]) {
			walk->next = context->settled_at[i];
			walk->is_taken[walk->next - 1] = true;
			continue;
		}
		triple.address = triple.desired->address;
		triple.is_protected = triple.desired->protect;
		triple.recorded = planning_recorded(p, triple.address);
		settle(p, triple.recorded);
		rc = take_live(walk, triple.address, &triple.live);
		if (!rc)
			rc = plan_shared_make_room(p, context, &triple, &done);
		if (!rc && !done)
			rc = judge_rule(p, context, &triple);
	}
	return rc;
}

/** Every rule address of one tunnel once: desired ones, then live ones that are not desired; recorded leftovers are for
 * judge_leftovers(). */
static enum rc judge_rules(struct planning *p, struct tunnel_context *context)
{
	struct live_walk walk;
	enum rc rc = live_walk_init(&walk, p, context);

	if (!rc && context->desired)
		rc = judge_desired(p, context, &walk);
	for (size_t i = 0; !rc && i < context->live_rule_count; i++) {
		struct triple triple = {.live = context->live_rules[i]};

		triple.address = triple.live->address;
		if (walk.is_taken[i] || plan_shared_is_others(p, context, triple.address))
			continue;
		triple.recorded = planning_recorded(p, triple.address);
		settle(p, triple.recorded);
		if (!plan_retire_leaves(context, triple.live))
			rc = judge_rule(p, context, &triple);
	}
	return rc;
}

/** Recorded rules that are neither desired nor live any more. */
static enum rc judge_leftovers(struct planning *p)
{
	const struct recorded_state *recorded = p->in->recorded;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < recorded->count; i++) {
		const struct resource *rule = recorded->items[i].resource;
		struct triple triple = {.recorded = &recorded->items[i]};
		struct tunnel_context *context;

		if (p->is_settled[i] || rule->kind != RESOURCE_RULE)
			continue;
		triple.address = rule->address;
		context = rule->tunnel ? map_get(&p->tunnel_by_address, rule->tunnel) : NULL;
		if (context && context->is_unknown)
			continue;
		if (context) {
			rc = judge_rule(p, context, &triple);
			continue;
		}
		triple.kind = RESOURCE_RULE;
		rc = judge(p, &triple, NULL);
	}
	return rc;
}

enum rc plan_tunnels(struct planning *p)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < p->tunnel_count; i++) {
		struct tunnel_context *context = p->tunnels[i];

		if (context->is_unknown)
			continue;
		rc = add_tunnel_plan(p, context);
		if (!rc)
			rc = plan_shared_order(p, context);
		if (!rc)
			rc = judge_tunnel(p, context);
		if (!rc)
			rc = judge_rules(p, context);
		if (!rc)
			rc = plan_shared_places(p, context);
	}
	return rc ? rc : judge_leftovers(p);
}
