/* A saved plan against what is live and recorded by now. A plan file is input like any other: that its checksums are
 * right does not make what it touches adit's. */
#include <string.h>

#include "base/str.h"
#include "planner/applying.h"
#include "planner/document.h"
#include "planner/planning.h"
#include "schema/mark.h"

struct checking {
	struct run *run;
	const struct project *project;
	const struct plan *plan;
	const struct recorded_state *recorded;
	const struct live *live;
	const struct sharing *sharing;
	struct map recorded_by_id;   /**< -> struct recorded * */
	struct map tunnel_changes;   /**< address -> struct change * */
	struct map targets;          /**< addresses of tunnels that CNAMEs come to */
	bool is_stale, is_foreign;
};

static void stale(struct checking *c, const char *address, const char *what)
{
	struct diags *diags = &c->run->diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0701", (struct span){0}, "the plan is stale: %s %s", address, what);

	diag_address(diags, diag, address);
	diag_help(diags, diag, "It can no longer be applied because this changed after the plan was made. Plan again.");
	c->is_stale = true;
}

static void foreign(struct checking *c, const char *address, const char *what)
{
	struct diags *diags = &c->run->diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0707", (struct span){0}, "%s: %s is not adit's", address, what);

	diag_address(diags, diag, address);
	diag_help(diags, diag, "A plan file may only touch what is recorded, what bears this project's mark, or what it was told to "
			       "take over. Plan again.");
	c->is_foreign = true;
}

static const struct live_account *account_by_id(const struct live *live, const char *account_id)
{
	for (size_t i = 0; account_id && i < live->account_count; i++)
		if (str_eq(live->accounts[i].account_id, account_id))
			return &live->accounts[i];
	return NULL;
}

static bool is_recorded_as(const struct checking *c, const char *id, const char *address)
{
	const struct recorded *recorded = id ? map_get(&c->recorded_by_id, id) : NULL;

	return recorded && str_eq(recorded->resource->address, address);
}

/* Tunnels. */

/** Recorded so, or named so: as planning finds them. */
static bool tunnel_is_ours(const struct checking *c, const struct tunnel_plan *tunnel, const struct live_tunnel_state *state)
{
	const struct change *change = map_get(&c->tunnel_changes, tunnel->address);
	const struct shared_tunnel *shared = sharing_find(c->sharing, tunnel->address);

	if (tunnel->owner)
		return shared && str_eq(shared->owner, tunnel->owner) && shared->gateway && !tunnel->origin_request &&
		       str_eq(shared->gateway->tunnel_id, tunnel->id);
	if (map_get(&c->recorded_by_id, tunnel->id))
		return is_recorded_as(c, tunnel->id, tunnel->address);
	if (change && (change->is_takeover || (change->is_adoption && !strstr(c->project->tunnel_name, "{project}"))))
		return true;
	return mark_is_tunnel_name(c->project->tunnel_name, c->project->name, state->tunnel.name);
}

/** Of a shared tunnel only this project's part counts: others write to it in between. */
static bool document_is_expected(struct checking *c, const struct tunnel_plan *tunnel, const struct json *document)
{
	const struct shared_tunnel *shared = sharing_find(c->sharing, tunnel->address);
	const char *fingerprint = NULL;
	struct map own;

	if (!tunnel->slice || !shared || (!tunnel->owner && !sharing_user(shared)))
		return !tunnel->expected || str_eq(document_fingerprint(c->run->arena, document), tunnel->expected);
	if (plan_shared_own(c->run->arena, c->plan, tunnel, c->recorded, &own) ||
	    sharing_fingerprint(c->run->arena, tunnel->address, document, &own, !tunnel->owner, &fingerprint))
		return false;
	return str_eq(fingerprint, tunnel->slice);
}

/** True when a contributor's plan was judged by the Gateway that its owner has recorded now. */
static bool gateway_is_expected(const struct checking *c, const struct tunnel_plan *tunnel)
{
	const struct shared_tunnel *shared = tunnel->owner ? sharing_find(c->sharing, tunnel->address) : NULL;

	return !shared || !shared->gateway || json_equal(shared->gateway->document, tunnel->gateway);
}

static void check_document(struct checking *c, const struct tunnel_plan *tunnel, const struct live_tunnel_state *state)
{
	if (!gateway_is_expected(c, tunnel))
		stale(c, tunnel->address, arena_printf(c->run->arena, "was planned by another Gateway: project %s changed its Gateway",
						       tunnel->owner));
	else if (!document_is_expected(c, tunnel, state->config.document))
		stale(c, tunnel->address, "has another configuration");
	else if (!tunnel_is_ours(c, tunnel, state))
		foreign(c, tunnel->address, arena_printf(c->run->arena, "the tunnel %s", state->tunnel.name));
}

static void check_tunnel(struct checking *c, const struct tunnel_plan *tunnel)
{
	const struct live_account *account = live_account(c->live, tunnel->account);
	const struct live_tunnel_state *state = account && tunnel->id ? map_get(&account->tunnel_by_id, tunnel->id) : NULL;
	bool is_touched = tunnel->needs_put || tunnel->is_created || tunnel->is_deleted ||
			  map_get(&c->tunnel_changes, tunnel->address);

	if (!is_touched && !map_get(&c->targets, tunnel->address))
		return;
	if (!account || !str_eq(account->account_id, tunnel->account_id))
		stale(c, tunnel->address, "is in another account");
	else if (!tunnel->id && map_get(&account->tunnel_by_name, tunnel->name))
		stale(c, tunnel->address, "exists by now");
	else if (tunnel->id && (!state || state->tunnel.is_deleted))
		stale(c, tunnel->address, "is gone");
	else if (tunnel->id && is_touched)
		check_document(c, tunnel, state);
}

static void check_tunnel_change(struct checking *c, const struct change *change)
{
	const struct live_account *account = account_by_id(c->live, change->account_id);
	const struct live_tunnel_state *state;

	if (change->action == ACTION_CREATE)
		return; /* checked with its tunnel's document */
	state = account && change->before->id ? map_get(&account->tunnel_by_id, change->before->id) : NULL;
	if (!state || state->tunnel.is_deleted || !str_eq(state->tunnel.name, change->before->u.tunnel.name))
		stale(c, change->address, "was renamed or deleted");
}

/* CNAMEs. */

static bool record_is_ours(const struct checking *c, const struct change *change, const struct live_account *account,
			   const char *id)
{
	const struct live_record *record = map_get(&account->record_by_id, id);

	if (map_get(&c->recorded_by_id, id))
		return is_recorded_as(c, id, change->address);
	if (!record)
		return true; /* nothing to touch */
	if (change->is_takeover && change->after)
		return !str_eq(record->type, "NS");
	return str_eq(record->type, "CNAME") &&
	       str_eq(mark_parse(c->run->arena, record->comment).project, c->project->name);
}

static void check_record(struct checking *c, const struct change *change, const struct live_account *account)
{
	bool is_ours = change->action == ACTION_CREATE || change->action == ACTION_REPLACE || !change->before->id ||
		       record_is_ours(c, change, account, change->before->id);

	for (size_t i = 0; i < change->replaced_count; i++)
		is_ours = record_is_ours(c, change, account, change->replaced_ids[i]) && is_ours;
	if (!is_ours)
		foreign(c, change->address, "the record");
}

static void check_cname(struct checking *c, const struct change *change)
{
	const struct live_account *account = account_by_id(c->live, change->account_id);
	const struct resource *any = change->after ? change->after : change->before;
	enum cname_finding finding;

	if (!account) {
		stale(c, change->address, "is in an account that is not visible");
		return;
	}
	if (!map_get(&account->zone_by_id, change->zone_id)) {
		stale(c, change->address, "is in a zone that is not visible");
		return;
	}
	finding = apply_cname_find(c->run->arena, change, account, any->u.cname.content);
	if (finding != CNAME_AS_EXPECTED)
		stale(c, change->address, "is not as it was");
	else
		check_record(c, change, account);
}

/* Changes of the state alone. */

static bool is_there(const struct checking *c, const struct recorded *recorded)
{
	const struct live_account *account = account_by_id(c->live, recorded->account_id);
	const struct resource *resource = recorded->resource;
	const struct live_tunnel_state *tunnel;
	const struct live_record *record;

	if (!account || !resource->id)
		return false;
	tunnel = map_get(&account->tunnel_by_id, resource->id);
	record = map_get(&account->record_by_id, resource->id);
	if (record) {
		const char *owner = mark_parse(c->run->arena, record->comment).project;

		return !owner || str_eq(owner, c->project->name);
	}
	return tunnel && !tunnel->tunnel.is_deleted;
}

static void check_forgotten(struct checking *c, const struct change *change)
{
	const struct recorded *recorded = map_get(&c->recorded->by_address, change->address);

	if (!recorded)
		stale(c, change->address, "is not recorded any more");
	else if (!str_eq(recorded->resource->id, change->before->id) || !resource_equal(recorded->resource, change->before))
		stale(c, change->address, "is recorded otherwise by now");
	else if (is_there(c, recorded))
		stale(c, change->address, "is there again");
}

/** What other projects judge their Routes by is recorded with the tunnel. */
static bool is_gateway_recorded(const struct checking *c, const struct change *change)
{
	const struct json *gateway = NULL;

	for (size_t i = 0; i < c->plan->tunnel_count; i++)
		if (str_eq(c->plan->tunnels[i]->address, change->address))
			gateway = c->plan->tunnels[i]->gateway;
	for (size_t i = 0; gateway && i < c->recorded->gateway_count; i++)
		if (str_eq(c->recorded->gateways[i].address, change->address))
			return json_equal(c->recorded->gateways[i].document, gateway);
	return !gateway;
}

static bool is_recorded_already(const struct checking *c, const struct change *change)
{
	const struct recorded *recorded = map_get(&c->recorded->by_address, change->address);
	const struct resource *was = recorded ? recorded->resource : NULL;

	return was && resource_equal(was, change->after) && str_eq(was->id, change->before->id) &&
	       str_eq(was->tunnel, change->after->tunnel) && str_eq(was->origin.object, change->after->origin.object) &&
	       str_eq(was->origin.precedence, change->after->origin.precedence) &&
	       recorded->is_protected == change->is_protected && recorded->retired_ms == change->retired_ms && is_gateway_recorded(c, change);
}

static void check_change(struct checking *c, const struct change *change)
{
	if (change->action == ACTION_FORGET) {
		check_forgotten(c, change);
		return;
	}
	if (change->action == ACTION_RECORD && is_recorded_already(c, change)) {
		stale(c, change->address, "is recorded so already");
		return;
	}
	if (change->kind == RESOURCE_TUNNEL)
		check_tunnel_change(c, change);
	if (change->kind == RESOURCE_CNAME)
		check_cname(c, change);
}

static enum rc index_plan(struct checking *c)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < c->recorded->count; i++)
		if (c->recorded->items[i].resource->id)
			rc = map_put(&c->recorded_by_id, c->recorded->items[i].resource->id, &c->recorded->items[i], NULL);
	for (size_t i = 0; !rc && i < c->plan->change_count; i++) {
		const struct change *change = &c->plan->changes[i];

		if (change->kind == RESOURCE_TUNNEL && change->action != ACTION_FORGET)
			rc = map_put(&c->tunnel_changes, change->address, (void *)(uintptr_t)change, NULL);
		else if (change->kind == RESOURCE_CNAME && change->after)
			rc = map_put(&c->targets, change->after->tunnel, c, NULL);
	}
	return rc;
}

enum rc apply_check_plan(struct run *run, const struct project *project, const struct plan *plan,
			 const struct recorded_state *recorded, const struct live *live, const struct sharing *sharing)
{
	struct checking c = {.run = run, .project = project, .plan = plan, .recorded = recorded, .live = live, .sharing = sharing};
	enum rc rc;

	map_init(&c.recorded_by_id, run->arena);
	map_init(&c.tunnel_changes, run->arena);
	map_init(&c.targets, run->arena);
	rc = index_plan(&c);
	if (rc)
		return rc;
	for (size_t i = 0; i < plan->tunnel_count; i++)
		check_tunnel(&c, plan->tunnels[i]);
	for (size_t i = 0; i < plan->change_count; i++)
		check_change(&c, &plan->changes[i]);
	return c.is_stale ? RC_STALE : c.is_foreign ? RC_CONFLICT : RC_OK;
}
