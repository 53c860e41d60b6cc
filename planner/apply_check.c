/* What a plan expects against what is live: before anything is written, and again just before each DNS batch. */
#include <string.h>

#include "base/str.h"
#include "planner/applying.h"
#include "planner/document.h"

static bool fingerprint_is(struct arena *arena, const struct resource *live, const char *expected)
{
	char *fingerprint = live ? resource_fingerprint(arena, live) : NULL;

	return fingerprint && str_eq(fingerprint, expected);
}

static bool is_as_planned(const struct change *change, const struct resource *live, const char *target)
{
	const struct cname_fields *want = &change->after->u.cname, *have = &live->u.cname;

	return str_eq(want->name, have->name) && str_eq(target, have->content) && want->proxied == have->proxied &&
	       str_eq(want->comment, have->comment);
}

/** Creation: nothing may stand on the name, but for what an interrupted run of ours made. */
static enum cname_finding find_for_create(struct arena *arena, const struct change *change, const struct live_name *name,
					  const char *target)
{
	const struct resource *live;

	if (!name || !name->count)
		return CNAME_AS_EXPECTED;
	if (name->count > 1 || !str_eq(name->records[0]->type, "CNAME"))
		return CNAME_CHANGED;
	live = live_record_resource(arena, change->after->u.cname.account, change->after->u.cname.zone, name->records[0]);
	return live && is_as_planned(change, live, target) ? CNAME_ALREADY_DONE : CNAME_CHANGED;
}

static enum cname_finding find_for_replace(struct arena *arena, const struct change *change, const struct live_account *records)
{
	struct live_record **found = arena_array(arena, change->replaced_count, sizeof(struct live_record *));
	char *fingerprint;

	if (!found)
		return CNAME_CHANGED;
	for (size_t i = 0; i < change->replaced_count; i++) {
		found[i] = map_get(&records->record_by_id, change->replaced_ids[i]);
		if (!found[i])
			return CNAME_CHANGED;
	}
	fingerprint = live_records_fingerprint(arena, found, change->replaced_count);
	return fingerprint && str_eq(fingerprint, change->expected) ? CNAME_AS_EXPECTED : CNAME_CHANGED;
}

enum cname_finding apply_cname_find(struct arena *arena, const struct change *change, const struct live_account *records,
				    const char *target)
{
	const struct resource *any = change->after ? change->after : change->before;
	const struct live_record *record;
	const struct resource *live;

	if (change->action == ACTION_CREATE)
		return find_for_create(arena, change, map_get(&records->records_by_name, any->u.cname.name), target);
	if (change->action == ACTION_REPLACE)
		return find_for_replace(arena, change, records);
	record = change->before && change->before->id ? map_get(&records->record_by_id, change->before->id) : NULL;
	if (!record)
		return change->action == ACTION_DELETE ? CNAME_ALREADY_DONE : CNAME_CHANGED;
	live = live_record_resource(arena, change->before->u.cname.account, change->before->u.cname.zone, record);
	if (fingerprint_is(arena, live, change->expected))
		return CNAME_AS_EXPECTED;
	if (change->after && live && is_as_planned(change, live, target))
		return CNAME_ALREADY_DONE;
	return CNAME_CHANGED;
}

static void stale(struct run *run, const char *address, const char *what)
{
	struct diag *diag = diag_add(&run->diags, SEVERITY_ERROR, "A0701", (struct span){0}, "the plan is stale: %s %s", address, what);

	diag_address(&run->diags, diag, address);
	diag_help(&run->diags, diag, "It can no longer be applied because this changed after the plan was made. Plan again.");
}

static const struct live_account *account_of(const struct live *live, const char *account, const char *account_id)
{
	for (size_t i = 0; i < live->account_count; i++)
		if (account ? str_eq(live->accounts[i].account, account) : str_eq(live->accounts[i].account_id, account_id))
			return &live->accounts[i];
	return NULL;
}

static bool check_tunnel(struct run *run, const struct tunnel_plan *tunnel, const struct live *live)
{
	const struct live_account *account = account_of(live, tunnel->account, NULL);
	const struct live_tunnel_state *state = account && tunnel->id ? map_get(&account->tunnel_by_id, tunnel->id) : NULL;
	char *fingerprint;

	if (!account || !str_eq(account->account_id, tunnel->account_id)) {
		stale(run, tunnel->address, "is in another account");
		return false;
	}
	if (!tunnel->id) {
		if (!map_get(&account->tunnel_by_name, tunnel->name))
			return true;
		stale(run, tunnel->address, "exists by now");
		return false;
	}
	if (!state || state->tunnel.is_deleted) {
		stale(run, tunnel->address, "is gone");
		return false;
	}
	fingerprint = document_fingerprint(run->arena, state->config.document);
	if (tunnel->expected && fingerprint && !str_eq(fingerprint, tunnel->expected)) {
		stale(run, tunnel->address, "has another configuration");
		return false;
	}
	return true;
}

static bool check_tunnel_change(struct run *run, const struct change *change, const struct live *live)
{
	const struct live_account *account = account_of(live, NULL, change->account_id);
	const struct live_tunnel_state *state;

	if (change->action == ACTION_CREATE || change->action == ACTION_FORGET || change->action == ACTION_RECORD)
		return true; /* creation is checked with its tunnel's document */
	state = account && change->before->id ? map_get(&account->tunnel_by_id, change->before->id) : NULL;
	if (state && !state->tunnel.is_deleted && str_eq(state->tunnel.name, change->before->u.tunnel.name))
		return true;
	stale(run, change->address, "was renamed or deleted");
	return false;
}

static bool check_cname(struct run *run, const struct change *change, const struct live *live)
{
	const struct live_account *account = account_of(live, NULL, change->account_id);
	const struct resource *any = change->after ? change->after : change->before;

	if (change->action == ACTION_FORGET || change->action == ACTION_RECORD)
		return true;
	if (account && map_get(&account->zone_by_id, change->zone_id) &&
	    apply_cname_find(run->arena, change, account, any->u.cname.content) == CNAME_AS_EXPECTED)
		return true;
	stale(run, change->address, account ? "is not as it was" : "is in an account that is not visible");
	return false;
}

enum rc apply_check_plan(struct run *run, const struct plan *plan, const struct live *live)
{
	bool good = true;

	for (size_t i = 0; i < plan->tunnel_count; i++)
		good = check_tunnel(run, plan->tunnels[i], live) && good;
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct change *change = &plan->changes[i];

		if (change->kind == RESOURCE_TUNNEL)
			good = check_tunnel_change(run, change, live) && good;
		if (change->kind == RESOURCE_CNAME)
			good = check_cname(run, change, live) && good;
	}
	return good ? RC_OK : RC_STALE;
}
