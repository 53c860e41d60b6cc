/* Tunnels: creation, renaming, deletion. */
#include <string.h>

#include "base/str.h"
#include "planner/applying.h"

static void break_tunnel(struct applying *a, struct apply_tunnel *tunnel, enum change_state state, const char *why)
{
	tunnel->is_broken = true;
	tunnel->why_broken = why;
	if (tunnel->change)
		apply_settle(a, (size_t)(tunnel->change - a->plan->changes), state, why);
}

/** A fresh tunnel secret: 32 random bytes, base64; the caller wipes it. */
static enum rc make_secret(struct applying *a, char **ret_secret)
{
	unsigned char bytes[32];
	enum rc rc = clock_random(&a->run->clock, bytes, sizeof(bytes));

	if (rc)
		return rc;
	*ret_secret = str_base64(a->run->arena, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	return *ret_secret ? RC_OK : RC_NOMEM;
}

static void wipe_secret(struct step *step)
{
	char *secret = (char *)(uintptr_t)step->call.secret;

	if (secret)
		explicit_bzero(secret, strlen(secret));
	step->call.secret = NULL;
}

static enum rc record_tunnel(struct applying *a, struct apply_tunnel *tunnel, const struct live_tunnel *live, int64_t intent)
{
	struct recorded row = apply_recorded(a, tunnel->change, tunnel->change->after, live->id);
	struct outcome outcome = {.upserts = &row, .upsert_count = 1};

	if (!row.resource)
		return RC_NOMEM;
	if (tunnel->change->action == ACTION_CREATE) {
		/* Its document is not there yet: the first PUT records order and originRequest. */
		row.resource->u.tunnel.rule_order = NULL;
		row.resource->u.tunnel.origin_request = NULL;
	} else {
		row.resource->u.tunnel.rule_order = tunnel->change->before->u.tunnel.rule_order;
		row.resource->u.tunnel.origin_request = tunnel->change->before->u.tunnel.origin_request;
	}
	row.resource->u.tunnel.status = live->status;
	row.resource->u.tunnel.created_at = live->created_at;
	return apply_commit(a, intent, &outcome, "ok");
}

static enum rc note_recreated(struct applying *a, const struct apply_tunnel *tunnel)
{
	const char **grown;
	size_t capacity = a->result->recreated_count;

	if (!map_get(&a->in->recorded->by_address, tunnel->plan->address))
		return RC_OK;
	grown = arena_grow(a->run->arena, (void *)a->result->recreated, a->result->recreated_count, &capacity,
			   sizeof(const char *));
	if (!grown)
		return RC_NOMEM;
	grown[a->result->recreated_count++] = tunnel->plan->address;
	a->result->recreated = grown;
	return RC_OK;
}

static enum rc take_created(struct applying *a, struct step *step, const struct live_tunnel *live)
{
	struct apply_tunnel *tunnel = step->tunnel;
	enum rc rc;

	tunnel->id = live->id;
	tunnel->expected = "";
	rc = record_tunnel(a, tunnel, live, step->intent);
	if (!rc)
		rc = note_recreated(a, tunnel);
	/* With rules to come the change is done with the first PUT: a tunnel without rules serves nothing. */
	if (!rc && !tunnel->plan->needs_put)
		apply_settle(a, (size_t)(tunnel->change - a->plan->changes), CHANGE_DONE, NULL);
	return rc;
}

static enum rc fail_created(struct applying *a, struct step *step, enum change_state state, const char *why)
{
	struct outcome outcome = {0};

	break_tunnel(a, step->tunnel, state, why);
	return apply_commit(a, step->intent, &outcome, why);
}

/** Sent, answer lost: the name is unique among live tunnels, so it tells whether the tunnel was made. */
static enum rc found(struct applying *a, struct step *step)
{
	if (step->call.rc)
		return fail_created(a, step, CHANGE_FAILED, apply_explain(a, &step->call));
	if (step->call.tunnel_count == 1)
		return take_created(a, step, &step->call.tunnels[0]);
	return fail_created(a, step, CHANGE_FAILED, "the request to create it was lost; run apply again");
}

static enum rc created(struct applying *a, struct step *step)
{
	struct step *find;

	wipe_secret(step);
	if (!step->call.rc)
		return take_created(a, step, &step->call.tunnels[0]);
	if (step->call.rc == RC_EXISTS)
		return fail_created(a, step, CHANGE_STALE, "a tunnel of that name was made since the plan; plan again");
	if (step->call.rc != RC_UNKNOWN_OUTCOME)
		return fail_created(a, step, CHANGE_FAILED, apply_explain(a, &step->call));
	find = apply_step(a, step->provider, CALL_TUNNEL_FIND, found);
	if (!find)
		return RC_NOMEM;
	find->tunnel = step->tunnel;
	find->intent = step->intent;
	find->call.name = step->tunnel->plan->name;
	return apply_submit(a, find);
}

static enum rc create(struct applying *a, struct apply_tunnel *tunnel)
{
	struct step *step = apply_step(a, tunnel->provider, CALL_TUNNEL_CREATE, created);
	char *secret = NULL;
	enum rc rc;

	if (!step)
		return RC_NOMEM;
	rc = apply_begin(a, "create", tunnel->plan->address, NULL, &step->intent);
	if (!rc)
		rc = make_secret(a, &secret);
	if (rc)
		return rc;
	step->tunnel = tunnel;
	step->call.name = tunnel->plan->name;
	step->call.secret = secret;
	apply_event(a, APPLY_STARTED, (size_t)(tunnel->change - a->plan->changes), NULL);
	return apply_submit(a, step);
}

static enum rc renamed(struct applying *a, struct step *step)
{
	struct outcome outcome = {0};
	const char *why;

	if (!step->call.rc) {
		enum rc rc = record_tunnel(a, step->tunnel, &step->call.tunnels[0], step->intent);

		if (!rc && !step->tunnel->plan->needs_put)
			apply_settle(a, step->change, CHANGE_DONE, NULL);
		return rc;
	}
	why = apply_explain(a, &step->call);
	break_tunnel(a, step->tunnel, CHANGE_FAILED, why);
	return apply_commit(a, step->intent, &outcome, why);
}

/** Just read: is it still the tunnel that the plan saw? */
static enum rc checked_for_rename(struct applying *a, struct step *step)
{
	const struct tunnel_fields *before = &step->tunnel->change->before->u.tunnel;
	struct step *rename;
	enum rc rc;

	if (step->call.rc) {
		break_tunnel(a, step->tunnel, CHANGE_FAILED, apply_explain(a, &step->call));
		return RC_OK;
	}
	if (step->call.tunnels[0].is_deleted || !str_eq(step->call.tunnels[0].name, before->name)) {
		break_tunnel(a, step->tunnel, CHANGE_STALE, "the tunnel was renamed or deleted since the plan; plan again");
		return RC_OK;
	}
	rename = apply_step(a, step->provider, CALL_TUNNEL_RENAME, renamed);
	if (!rename)
		return RC_NOMEM;
	rc = apply_begin(a, "rename", step->tunnel->plan->address, NULL, &rename->intent);
	if (rc)
		return rc;
	rename->tunnel = step->tunnel;
	rename->change = step->change;
	rename->call.tunnel_id = step->tunnel->id;
	rename->call.name = step->tunnel->change->after->u.tunnel.name;
	return apply_submit(a, rename);
}

static enum rc rename_tunnel(struct applying *a, struct apply_tunnel *tunnel)
{
	struct step *step = apply_step(a, tunnel->provider, CALL_TUNNEL_GET, checked_for_rename);

	if (!step)
		return RC_NOMEM;
	step->tunnel = tunnel;
	step->change = (size_t)(tunnel->change - a->plan->changes);
	step->call.tunnel_id = tunnel->id;
	apply_event(a, APPLY_STARTED, step->change, NULL);
	return apply_submit(a, step);
}

enum rc apply_tunnel_creations(struct applying *a)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < a->tunnel_count && !a->is_stopping; i++) {
		struct apply_tunnel *tunnel = &a->tunnels[i];
		const struct change *change = tunnel->change;

		if (!change || tunnel->is_broken)
			continue;
		if (change->action == ACTION_CREATE)
			rc = create(a, tunnel);
		else if (change->action == ACTION_UPDATE &&
			 !str_eq(change->before->u.tunnel.name, change->after->u.tunnel.name))
			rc = rename_tunnel(a, tunnel);
	}
	return rc;
}

/* Deletion: rotate the secret, so that connectors cannot come back; drop their connections; delete. */

static enum rc delete_next(struct applying *a, struct apply_tunnel *tunnel, enum call_kind kind, int64_t intent, unsigned attempt);

static enum rc fail_deletion(struct applying *a, struct step *step)
{
	struct outcome outcome = {0};
	const char *why = apply_explain(a, &step->call);

	break_tunnel(a, step->tunnel, CHANGE_FAILED, why);
	return apply_commit(a, step->intent, &outcome, why);
}

static enum rc finish_deletion(struct applying *a, struct step *step)
{
	const struct recorded_state *recorded = a->in->recorded;
	const char *address = step->tunnel->plan->address;
	const char **removals = arena_array(a->run->arena, recorded->count + 1, sizeof(const char *));
	struct outcome outcome = {.removals = removals};
	enum rc rc;

	if (!removals)
		return RC_NOMEM;
	removals[outcome.removal_count++] = address;
	for (size_t i = 0; i < recorded->count; i++) {
		const struct resource *resource = recorded->items[i].resource;

		if (resource->kind == RESOURCE_RULE && str_eq(resource->tunnel, address))
			removals[outcome.removal_count++] = resource->address;
	}
	rc = apply_commit(a, step->intent, &outcome, "ok");
	if (!rc)
		apply_settle(a, step->change, CHANGE_DONE, NULL);
	return rc;
}

static enum rc deletion_step(struct applying *a, struct step *step)
{
	wipe_secret(step);
	switch (step->call.kind) {
	case CALL_TUNNEL_SET_SECRET:
		if (step->call.rc == RC_NOTFOUND)
			return finish_deletion(a, step);
		if (step->call.rc)
			return fail_deletion(a, step);
		return delete_next(a, step->tunnel, CALL_CONNECTIONS_DELETE, step->intent, step->attempt);
	case CALL_CONNECTIONS_DELETE:
		if (step->call.rc && step->call.rc != RC_NOTFOUND)
			return fail_deletion(a, step);
		return delete_next(a, step->tunnel, CALL_TUNNEL_DELETE, step->intent, step->attempt);
	default:
		break;
	}
	/* 1022: a connector was still there. It cannot come back with the old secret, so a few more tries are enough. */
	if (step->call.rc == RC_CONFLICT && step->call.code == 1022 && step->attempt < 3) {
		enum rc rc = apply_wait(a, 1000);

		return rc ? rc : delete_next(a, step->tunnel, CALL_CONNECTIONS_DELETE, step->intent, step->attempt + 1);
	}
	if (step->call.rc && step->call.rc != RC_NOTFOUND)
		return fail_deletion(a, step);
	return finish_deletion(a, step);
}

static enum rc delete_next(struct applying *a, struct apply_tunnel *tunnel, enum call_kind kind, int64_t intent, unsigned attempt)
{
	struct step *step = apply_step(a, tunnel->provider, kind, deletion_step);
	char *secret = NULL;

	if (!step)
		return RC_NOMEM;
	if (kind == CALL_TUNNEL_SET_SECRET) {
		enum rc rc = make_secret(a, &secret);

		if (rc)
			return rc;
	}
	step->tunnel = tunnel;
	step->change = (size_t)(tunnel->change - a->plan->changes);
	step->call.tunnel_id = tunnel->id;
	step->call.secret = secret;
	step->intent = intent;
	step->attempt = attempt;
	return apply_submit(a, step);
}

/** Nothing may depend on it any more: no rule that stays, no CNAME that was to leave and did not. */
static const char *still_needed(const struct applying *a, const struct apply_tunnel *tunnel)
{
	if (tunnel->is_broken)
		return tunnel->why_broken;
	for (size_t i = 0; i < a->plan->change_count; i++)
		if (apply_leaves_tunnel(&a->plan->changes[i], tunnel->id) && a->states[i] != CHANGE_DONE)
			return "a CNAME still points at it";
	for (size_t i = tunnel->first_rule; i < tunnel->end_rule; i++)
		if (a->plan->changes[i].before && str_eq(a->plan->changes[i].before->tunnel, tunnel->plan->address) &&
		    a->states[i] != CHANGE_DONE)
			return "a rule in it still stands";
	return NULL;
}

static enum rc checked_for_deletion(struct applying *a, struct step *step)
{
	const struct live_tunnel *live = step->call.tunnels;
	int64_t intent = 0;
	enum rc rc;

	if (step->call.rc == RC_NOTFOUND || (!step->call.rc && live->is_deleted))
		return finish_deletion(a, step);
	if (step->call.rc) {
		break_tunnel(a, step->tunnel, CHANGE_FAILED, apply_explain(a, &step->call));
		return RC_OK;
	}
	if (!str_eq(live->name, step->tunnel->change->before->u.tunnel.name)) {
		break_tunnel(a, step->tunnel, CHANGE_STALE, "the tunnel was renamed since the plan; plan again");
		return RC_OK;
	}
	rc = apply_begin(a, "delete", step->tunnel->plan->address, NULL, &intent);
	return rc ? rc : delete_next(a, step->tunnel, CALL_TUNNEL_SET_SECRET, intent, 0);
}

enum rc apply_tunnel_deletions(struct applying *a)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < a->tunnel_count && !a->is_stopping; i++) {
		struct apply_tunnel *tunnel = &a->tunnels[i];
		const char *why;
		struct step *step;

		if (!tunnel->plan->is_deleted || !tunnel->change)
			continue;
		why = still_needed(a, tunnel);
		if (why) {
			apply_settle(a, (size_t)(tunnel->change - a->plan->changes), CHANGE_SKIPPED, why);
			continue;
		}
		step = apply_step(a, tunnel->provider, CALL_TUNNEL_GET, checked_for_deletion);
		if (!step)
			return RC_NOMEM;
		step->tunnel = tunnel;
		step->change = (size_t)(tunnel->change - a->plan->changes);
		step->call.tunnel_id = tunnel->id;
		apply_event(a, APPLY_STARTED, step->change, NULL);
		rc = apply_submit(a, step);
	}
	return rc;
}
