/* Writing to tunnels that other projects have rules in: under a lock, slices read under it, the merge of all of them.
 *
 * Invariants:
 * 1. From the check of the live document to the record of the outcome a project holds the lock of the tunnel.
 * 2. Before its first rule is written a project has recorded that it contributes to the tunnel, and what it is about
 *    to write stands in the open intent: whoever reads live meanwhile knows whose it is.
 * 3. What a PUT holds of other projects is what they recorded; what it holds of this one is what the plan says. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "planner/applying.h"
#include "planner/document.h"
#include "planner/planning.h"

static const struct recorded_gateway *find_gateway(const struct recorded_gateway *list, size_t count, const char *address)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i].address, address))
			return &list[i];
	return NULL;
}

static const struct recorded_gateway *recorded_gateway(const struct applying *a, const struct apply_tunnel *tunnel)
{
	return find_gateway(a->in->recorded->gateways, a->in->recorded->gateway_count, tunnel->plan->address);
}

static bool is_shareable(const struct applying *a, const struct apply_tunnel *tunnel)
{
	return tunnel->id && (tunnel->plan->gateway || recorded_gateway(a, tunnel));
}

static void make_stale(struct applying *a, struct apply_tunnel *tunnel, const char *why)
{
	apply_break_document(a, tunnel, CHANGE_STALE, why ? why : "another project changed the tunnel; plan again");
}

/** A contributor says so before it writes. */
static enum rc attach(struct applying *a, const struct apply_tunnel *tunnel)
{
	struct outcome outcome = {.gateway_count = 1, .result = "ok"};
	struct recorded_gateway *row;

	if (recorded_gateway(a, tunnel))
		return RC_OK;
	row = arena_alloc(a->run->arena, sizeof(*row));
	if (!row)
		return RC_NOMEM;
	*row = (struct recorded_gateway){.address = tunnel->plan->address, .owner = tunnel->plan->owner};
	outcome.gateways = row;
	return apply_record(a, &outcome);
}

/** The owner's Gateway must be the one that the plan was judged by. */
static enum rc check_owner(struct applying *a, struct apply_tunnel *tunnel)
{
	const struct recorded_gateway *now;
	struct recorded_gateway *list = NULL;
	size_t count = 0;
	enum rc rc = a->in->store->vt->gateways(a->in->store, a->run->arena, tunnel->plan->owner, &list, &count);

	if (rc)
		return rc;
	now = find_gateway(list, count, tunnel->plan->address);
	if (!now || !str_eq(now->tunnel_id, tunnel->id) || !json_equal(now->document, tunnel->plan->gateway)) {
		make_stale(a, tunnel, arena_printf(a->run->arena, "project %s changed its Gateway since the plan; plan again",
						   tunnel->plan->owner));
		return RC_OK;
	}
	return attach(a, tunnel);
}

static const struct slice *slice_with(const struct apply_tunnel *tunnel, const char *address)
{
	for (size_t i = 0; i < tunnel->slice_count; i++)
		for (size_t r = 0; r < tunnel->slices[i].rule_count; r++) {
			const struct resource *rule = tunnel->slices[i].rules[r].resource;

			if (str_eq(rule->address, address) && !str_eq(rule->origin.precedence, PRECEDENCE_LAST))
				return &tunnel->slices[i];
		}
	return NULL;
}

/** Who is recorded at a place keeps it. */
static void check_places(struct applying *a, struct apply_tunnel *tunnel)
{
	for (size_t i = tunnel->first_rule; i < tunnel->end_rule; i++) {
		const struct change *change = &a->plan->changes[i];
		const struct slice *slice;

		if (change->action != ACTION_CREATE || !str_eq(change->after->tunnel, tunnel->plan->address) ||
		    str_eq(change->after->origin.precedence, PRECEDENCE_LAST))
			continue;
		slice = slice_with(tunnel, change->address);
		if (!slice)
			continue;
		make_stale(a, tunnel, arena_printf(a->run->arena, "project %s has %s by now; plan again", slice->project,
						   change->address));
		return;
	}
}

static const struct slice *user_of(const struct apply_tunnel *tunnel, const char *hostname)
{
	const struct shared_tunnel shared = {.slices = tunnel->slices, .slice_count = tunnel->slice_count};
	const char *project = sharing_user_of(&shared, hostname);

	for (size_t i = 0; project && i < tunnel->slice_count; i++)
		if (str_eq(tunnel->slices[i].project, project))
			return &tunnel->slices[i];
	return NULL;
}

/** CNAMEs that are not made because another project has them: it must still have rules for them. */
static void check_served(struct applying *a, struct apply_tunnel *tunnel)
{
	for (size_t i = 0; i < tunnel->plan->served_count && !tunnel->is_broken; i++)
		if (!user_of(tunnel, tunnel->plan->served[i]))
			make_stale(a, tunnel, arena_printf(a->run->arena, "%s is given up by the project that has its CNAME; plan again",
							   tunnel->plan->served[i]));
}

static enum rc read_slices(struct applying *a, struct apply_tunnel *tunnel)
{
	const char *owner = tunnel->plan->owner ? tunnel->plan->owner : a->plan->project;
	enum rc rc = a->in->store->vt->slices(a->in->store, a->run->arena, owner, tunnel->plan->address, &tunnel->slices,
					      &tunnel->slice_count);

	if (!rc && tunnel->plan->owner)
		rc = check_owner(a, tunnel);
	if (rc || tunnel->is_broken)
		return rc;
	if ((tunnel->plan->is_deleted || tunnel->plan->is_retired) && apply_share_user(tunnel))
		make_stale(a, tunnel, arena_printf(a->run->arena, "project %s has rules in it by now; plan again",
						   apply_share_user(tunnel)));
	else
		check_places(a, tunnel);
	if (!tunnel->is_broken)
		check_served(a, tunnel);
	return RC_OK;
}

const char *apply_share_user(const struct apply_tunnel *tunnel)
{
	for (size_t i = 0; i < tunnel->slice_count; i++)
		if (tunnel->slices[i].rule_count || tunnel->slices[i].in_flight_count)
			return tunnel->slices[i].project;
	return NULL;
}

static enum rc lock_due(struct applying *a, size_t *ret_count)
{
	const char **ids = arena_array(a->run->arena, a->tunnel_count, sizeof(const char *));

	*ret_count = 0;
	if (!ids)
		return RC_NOMEM;
	for (size_t i = 0; i < a->tunnel_count; i++) {
		a->tunnels[i].is_due = a->tunnels[i].is_due && is_shareable(a, &a->tunnels[i]);
		if (a->tunnels[i].is_due)
			ids[(*ret_count)++] = a->tunnels[i].id;
	}
	return *ret_count ? a->in->store->vt->tunnel_lock(a->in->store, ids, *ret_count, a->in->options->tunnel_lock_ms) : RC_OK;
}

static const char locked_elsewhere[] = "another project kept the tunnel locked; run again";

/** What a failed lock means for the run. */
static enum rc judge_lock(struct applying *a, enum rc rc)
{
	if (rc == RC_STALE)
		a->is_stopping = a->result->is_lease_lost = true;
	return rc == RC_CONFLICT || rc == RC_CANCELLED ? RC_OK : rc;
}

enum rc apply_share_lock(struct applying *a)
{
	bool *was_due = arena_array(a->run->arena, a->tunnel_count, sizeof(bool));
	size_t count = 0;
	enum rc rc;

	if (!was_due)
		return RC_NOMEM;
	for (size_t i = 0; i < a->tunnel_count; i++)
		was_due[i] = a->tunnels[i].is_due;
	rc = lock_due(a, &count);
	for (size_t i = 0; i < a->tunnel_count; i++) {
		struct apply_tunnel *tunnel = &a->tunnels[i];

		if (tunnel->is_due && rc == RC_CONFLICT)
			make_stale(a, tunnel, locked_elsewhere);
		else if (tunnel->is_due && !rc)
			rc = read_slices(a, tunnel);
		tunnel->is_due = was_due[i];
	}
	return judge_lock(a, rc);
}

/* CNAMEs of shared tunnels. */

/** The tunnel of a CNAME that this run deletes or hands over; NULL: it is no such change. */
static struct apply_tunnel *left_tunnel(struct applying *a, size_t index)
{
	const struct change *change = &a->plan->changes[index];
	const struct recorded *recorded = map_get(&a->in->recorded->by_address, change->address);

	if (change->kind != RESOURCE_CNAME || a->states[index] != CHANGE_PENDING || !recorded || !recorded->resource->tunnel ||
	    !(change->action == ACTION_DELETE || change->is_handover))
		return NULL;
	return map_get(&a->tunnel_by_address, recorded->resource->tunnel);
}

/** A record that another project has come to use stays; one that is handed over goes to who uses it. */
static void check_left(struct applying *a, size_t index, const struct apply_tunnel *tunnel)
{
	const struct change *change = &a->plan->changes[index];
	const struct slice *user = user_of(tunnel, change->before->u.cname.name);

	if (!user == !change->is_handover)
		return;
	apply_settle(a, index, CHANGE_STALE,
		     user ? arena_printf(a->run->arena, "project %s uses the hostname by now; plan again", user->project)
			  : "no other project uses the hostname any more; plan again");
}

enum rc apply_share_lock_dns(struct applying *a)
{
	size_t count = 0;
	enum rc rc;

	for (size_t i = 0; i < a->tunnel_count; i++)
		a->tunnels[i].is_due = false;
	for (size_t i = 0; i < a->plan->change_count; i++) {
		struct apply_tunnel *tunnel = left_tunnel(a, i);

		if (tunnel)
			tunnel->is_due = true;
	}
	rc = lock_due(a, &count);
	for (size_t i = 0; i < a->tunnel_count && !rc; i++)
		if (a->tunnels[i].is_due)
			rc = a->in->store->vt->slices(a->in->store, a->run->arena,
						      a->tunnels[i].plan->owner ? a->tunnels[i].plan->owner : a->plan->project,
						      a->tunnels[i].plan->address, &a->tunnels[i].slices,
						      &a->tunnels[i].slice_count);
	for (size_t i = 0; i < a->plan->change_count && (!rc || rc == RC_CONFLICT); i++) {
		struct apply_tunnel *tunnel = left_tunnel(a, i);

		if (tunnel && tunnel->is_due && rc)
			apply_settle(a, i, CHANGE_STALE, locked_elsewhere);
		else if (tunnel && tunnel->is_due)
			check_left(a, i, tunnel);
	}
	return judge_lock(a, rc);
}

void apply_share_unlock(struct applying *a)
{
	a->in->store->vt->tunnel_unlock(a->in->store);
}

static bool is_shared(const struct apply_tunnel *tunnel)
{
	return tunnel->plan->owner || apply_share_user(tunnel);
}

static enum rc own_fingerprint(struct applying *a, const struct apply_tunnel *tunnel, const struct json *document,
			       const char **ret_fingerprint)
{
	struct map own;
	enum rc rc = plan_shared_own(a->run->arena, a->plan, tunnel->plan, a->in->recorded, &own);

	return rc ? rc : sharing_fingerprint(a->run->arena, tunnel->plan->address, document, &own, !tunnel->plan->owner,
					     ret_fingerprint);
}

enum rc apply_share_check(struct applying *a, const struct apply_tunnel *tunnel, const struct json *document,
			  bool *ret_is_same)
{
	const char *found = NULL;
	enum rc rc;

	*ret_is_same = true;
	if (!is_shared(tunnel) || !tunnel->expected_slice)
		return RC_NOTFOUND;
	rc = own_fingerprint(a, tunnel, document, &found);
	*ret_is_same = found && str_eq(found, tunnel->expected_slice);
	return rc;
}

enum rc apply_share_expect(struct applying *a, struct apply_tunnel *tunnel, const struct json *document)
{
	return tunnel->expected_slice ? own_fingerprint(a, tunnel, document, &tunnel->expected_slice) : RC_OK;
}

/** This project's rules as the plan leaves them, and those that stay until their CNAMEs are gone. */
static enum rc own_rules(struct applying *a, const struct apply_tunnel *tunnel, struct resource ***ret_rules,
			 size_t *ret_count)
{
	const struct tunnel_plan *plan = tunnel->plan;
	size_t most = plan->order_count + tunnel->end_rule - tunnel->first_rule;
	struct resource **rules = arena_array(a->run->arena, most, sizeof(struct resource *));
	size_t count = 0;

	if (!rules)
		return RC_NOMEM;
	for (size_t i = 0; i < plan->order_count; i++) {
		const struct change *change = plan_change_find(a->plan, plan->order[i]);
		const struct recorded *recorded = map_get(&a->in->recorded->by_address, plan->order[i]);

		if (change && change->after)
			rules[count++] = (struct resource *)(uintptr_t)change->after;
		else if (recorded && !change)
			rules[count++] = recorded->resource;
	}
	for (size_t i = tunnel->first_rule; i < tunnel->end_rule; i++) {
		const struct change *change = &a->plan->changes[i];
		const struct recorded *recorded = map_get(&a->in->recorded->by_address, change->address);

		if (change->action == ACTION_DELETE && recorded && str_eq(change->before->tunnel, plan->address) &&
		    map_get(&tunnel->keep, change->before->u.rule.hostname))
			rules[count++] = recorded->resource;
	}
	*ret_rules = rules;
	*ret_count = count;
	return RC_OK;
}

enum rc apply_share_merge(struct applying *a, const struct apply_tunnel *tunnel, struct document_merge *merge,
			  bool *ret_any)
{
	struct shared_rule *rules = NULL;
	struct resource **own = NULL;
	size_t own_count = 0;
	enum rc rc;

	*ret_any = is_shared(tunnel);
	if (!*ret_any)
		return RC_OK;
	rc = own_rules(a, tunnel, &own, &own_count);
	if (!rc)
		rc = sharing_merge(a->run->arena, tunnel->plan->gateway, own, own_count, tunnel->slices, tunnel->slice_count,
				   &rules, &merge->count);
	if (rc)
		return rc;
	merge->rules = rules;
	merge->keeps_origin_request = tunnel->plan->owner;
	merge->order = arena_array(a->run->arena, merge->count, sizeof(const char *));
	if (!merge->order)
		return RC_NOMEM;
	for (size_t i = 0; i < merge->count; i++)
		merge->order[i] = rules[i].rule->address;
	return RC_OK;
}

enum rc apply_share_tell(struct applying *a, const struct apply_tunnel *tunnel, const struct document_merge *merge,
			 const struct json *live)
{
	const struct shared_rule *first = NULL;
	struct resource **rules = NULL;
	size_t count = 0, missing = 0;
	struct map present;
	char more[48] = "";
	const char *text;
	enum rc rc = document_rules(a->run->arena, tunnel->plan->address, live, &rules, &count);

	map_init(&present, a->run->arena);
	for (size_t i = 0; !rc && i < count; i++)
		rc = map_put(&present, rules[i]->address, rules[i], NULL);
	for (size_t i = 0; !rc && i < merge->count; i++) {
		if (!merge->rules[i].project || map_get(&present, merge->rules[i].rule->address))
			continue;
		first = first ? first : &merge->rules[i];
		missing++;
	}
	if (rc || !missing)
		return rc;
	if (missing > 1)
		snprintf(more, sizeof(more), ", and %zu more", missing - 1);
	text = arena_printf(a->run->arena, "%s: puts back what other projects recorded and was not there: %s of project %s%s",
			    tunnel->plan->address, first->rule->address, first->project, more);
	if (!text)
		return RC_NOMEM;
	apply_event(a, APPLY_NOTE, 0, text);
	return RC_OK;
}

enum rc apply_share_detail(struct applying *a, const struct apply_tunnel *tunnel, struct recovery_detail *detail)
{
	detail->rules = arena_array(a->run->arena, tunnel->end_rule - tunnel->first_rule + 1, sizeof(const char *));
	if (!detail->rules)
		return RC_NOMEM;
	for (size_t i = tunnel->first_rule; i < tunnel->end_rule; i++)
		if (a->plan->changes[i].action == ACTION_CREATE)
			detail->rules[detail->rule_count++] = a->plan->changes[i].address;
	return RC_OK;
}

enum rc apply_share_rows(struct applying *a, const struct apply_tunnel *tunnel, struct outcome *outcome)
{
	struct recorded_gateway *row;

	if (tunnel->plan->owner || !tunnel->plan->gateway || !tunnel->id)
		return RC_OK;
	row = arena_alloc(a->run->arena, sizeof(*row));
	if (!row)
		return RC_NOMEM;
	*row = (struct recorded_gateway){.address = tunnel->plan->address, .owner = a->plan->project,
					 .account_id = tunnel->plan->account_id, .tunnel_id = tunnel->id,
					 .tunnel_name = tunnel->plan->name, .document = tunnel->plan->gateway};
	outcome->gateways = row;
	outcome->gateway_count = 1;
	return RC_OK;
}

static bool is_recorded_by(const struct outcome *outcome, const struct apply_tunnel *tunnel)
{
	for (size_t i = 0; i < outcome->upsert_count; i++) {
		const struct resource *resource = outcome->upserts[i].resource;

		if (resource->kind == (tunnel->plan->owner ? RESOURCE_RULE : RESOURCE_TUNNEL) &&
		    str_eq(resource->tunnel, tunnel->plan->address))
			return true;
	}
	return false;
}

enum rc apply_share_recorded(struct applying *a, struct outcome *outcome)
{
	struct recorded_gateway *gateways = arena_array(a->run->arena, a->tunnel_count, sizeof(*gateways));

	if (!gateways)
		return RC_NOMEM;
	outcome->gateways = gateways;
	for (size_t i = 0; i < a->tunnel_count; i++) {
		const struct tunnel_plan *plan = a->tunnels[i].plan;

		if (!plan->gateway || !a->tunnels[i].id || !is_recorded_by(outcome, &a->tunnels[i]))
			continue;
		gateways[outcome->gateway_count] = (struct recorded_gateway){.address = plan->address, .owner = plan->owner};
		if (!plan->owner)
			gateways[outcome->gateway_count] = (struct recorded_gateway){
				.address = plan->address, .owner = a->plan->project, .account_id = plan->account_id,
				.tunnel_id = a->tunnels[i].id, .tunnel_name = plan->name, .document = plan->gateway};
		outcome->gateway_count++;
	}
	return RC_OK;
}

/** Nothing of this project is left in the tunnel, or on its way out of it. */
static bool has_left(const struct applying *a, const struct apply_tunnel *tunnel)
{
	if (!tunnel->plan->owner || tunnel->plan->order_count || tunnel->is_broken || !recorded_gateway(a, tunnel))
		return false;
	for (size_t i = 0; i < a->plan->change_count; i++) {
		const struct change *change = &a->plan->changes[i];
		const struct resource *any = change->before ? change->before : change->after;

		if (a->states[i] != CHANGE_DONE && (change->kind == RESOURCE_CNAME || str_eq(any->tunnel, tunnel->plan->address)))
			return false;
	}
	return true;
}

enum rc apply_share_leave(struct applying *a)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < a->tunnel_count; i++) {
		const struct outcome outcome = {.gateway_removals = &a->tunnels[i].plan->address, .gateway_removal_count = 1,
						.result = "ok"};

		if (has_left(a, &a->tunnels[i]))
			rc = apply_record(a, &outcome);
	}
	return rc;
}
