/* Deletion of tunnels: rotate the secret, so that connectors cannot come back; drop their connections; delete. */
#include <string.h>

#include "base/str.h"
#include "planner/applying.h"

/** A connector that was still there when the tunnel was deleted: how often, and after how long, it is tried again. */
#define MOST_RETRIES 3
#define RETRY_MS 1000

static enum rc delete_next(struct applying *a, struct apply_tunnel *tunnel, enum call_kind kind);

static enum rc fail_deletion(struct applying *a, struct step *step)
{
	struct outcome outcome = {0};
	const char *why = apply_explain(a, &step->call);

	apply_break_tunnel(a, step->tunnel, CHANGE_FAILED, why);
	return apply_commit(a, step->tunnel->intent, &outcome, why);
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

/** The rows of a tunnel that is no more: its own, and those of its rules. */
static enum rc forget_tunnel(struct applying *a, const char *address, struct outcome *outcome)
{
	const struct recorded_state *recorded = a->in->recorded;
	const char *prefix = arena_printf(a->run->arena, "rule/%s/", address + strlen("tunnel/")), **removals;
	size_t first, end, size;

	if (!prefix)
		return RC_NOMEM;
	size = strlen(prefix);
	first = end = find_recorded(recorded, prefix);
	while (end < recorded->count && !strncmp(recorded->items[end].resource->address, prefix, size))
		end++;
	removals = arena_array(a->run->arena, end - first + 1, sizeof(const char *));
	if (!removals)
		return RC_NOMEM;
	removals[outcome->removal_count++] = address;
	for (size_t i = first; i < end; i++)
		if (str_eq(recorded->items[i].resource->tunnel, address))
			removals[outcome->removal_count++] = recorded->items[i].resource->address;
	outcome->removals = removals;
	return RC_OK;
}

static enum rc finish_deletion(struct applying *a, struct step *step)
{
	struct outcome outcome = {0};
	enum rc rc = forget_tunnel(a, step->tunnel->plan->address, &outcome);

	outcome.gateway_removals = &step->tunnel->plan->address;
	outcome.gateway_removal_count = 1;
	if (!rc)
		rc = apply_commit(a, step->tunnel->intent, &outcome, "ok");
	if (!rc)
		apply_settle(a, step->change, CHANGE_DONE, NULL);
	return rc;
}

/** Interrupted between two calls: the next run finds a tunnel that serves nothing, and deletes it. */
static enum rc leave_unfinished(struct applying *a, struct step *step)
{
	struct outcome outcome = {0};

	return a->result->is_lease_lost ? RC_OK : apply_commit(a, step->tunnel->intent, &outcome, "interrupted");
}

/** It is not the tunnel that was looked at before the first call any more. */
static enum rc abandon(struct applying *a, struct step *step, const char *why)
{
	struct outcome outcome = {0};

	apply_break_tunnel(a, step->tunnel, CHANGE_STALE, why);
	return apply_commit(a, step->tunnel->intent, &outcome, why);
}

static enum rc secret_set(struct applying *a, struct step *step)
{
	apply_wipe_secret(step);
	if (step->call.rc == RC_NOTFOUND)
		return finish_deletion(a, step);
	if (step->call.rc)
		return fail_deletion(a, step);
	if (!str_eq(step->call.tunnels[0].name, step->tunnel->change->before->u.tunnel.name))
		return abandon(a, step, "the tunnel was renamed just before it was to be deleted; plan again");
	if (a->is_stopping)
		return leave_unfinished(a, step);
	return delete_next(a, step->tunnel, CALL_CONNECTIONS_DELETE);
}

static enum rc connections_dropped(struct applying *a, struct step *step)
{
	if (step->call.rc && step->call.rc != RC_NOTFOUND)
		return fail_deletion(a, step);
	if (a->is_stopping)
		return leave_unfinished(a, step);
	return delete_next(a, step->tunnel, CALL_TUNNEL_DELETE);
}

static enum rc tunnel_deleted(struct applying *a, struct step *step)
{
	struct apply_tunnel *tunnel = step->tunnel;

	/* 1022: a connector was still there. It cannot come back with the old secret, so a few more tries are enough. */
	if (step->call.rc == RC_CONFLICT && step->call.code == 1022 && tunnel->attempt < MOST_RETRIES) {
		tunnel->is_retried = true;
		return RC_OK;
	}
	if (step->call.rc && step->call.rc != RC_NOTFOUND)
		return fail_deletion(a, step);
	return finish_deletion(a, step);
}

static enum rc delete_next(struct applying *a, struct apply_tunnel *tunnel, enum call_kind kind)
{
	struct step *step = apply_step(a, tunnel->provider, kind,
				       kind == CALL_TUNNEL_SET_SECRET	 ? secret_set
				       : kind == CALL_CONNECTIONS_DELETE ? connections_dropped
									 : tunnel_deleted);
	char *secret = NULL;

	if (!step)
		return RC_NOMEM;
	if (kind == CALL_TUNNEL_SET_SECRET) {
		enum rc rc = apply_make_secret(a, &secret);

		if (rc)
			return rc;
	}
	step->tunnel = tunnel;
	step->change = (size_t)(tunnel->change - a->plan->changes);
	step->call.tunnel_id = tunnel->id;
	step->call.secret = secret;
	return apply_submit(a, step);
}

/** Nothing may depend on it any more: no rule that stays, no CNAME that was to leave and did not. */
static const char *still_needed(const struct applying *a, const struct apply_tunnel *tunnel, const struct map *by_target)
{
	const char *target = arena_printf(a->run->arena, "%s.cfargotunnel.com", str_or_empty(tunnel->id));
	const struct map *leaving = target ? map_get(by_target, target) : NULL;

	if (tunnel->is_broken)
		return tunnel->why_broken;
	if (!leaving)
		return "it is not there";
	if (leaving->count)
		return "a CNAME still points at it";
	for (size_t i = tunnel->first_rule; i < tunnel->end_rule; i++)
		if (a->plan->changes[i].before && str_eq(a->plan->changes[i].before->tunnel, tunnel->plan->address) &&
		    a->states[i] != CHANGE_DONE)
			return "a rule in it still stands";
	return NULL;
}

static enum rc begin_deletion(struct applying *a, struct step *step)
{
	struct apply_tunnel *tunnel = step->tunnel;
	const struct recovery_detail detail = {.account = tunnel->plan->account, .id = tunnel->id,
					       .before = tunnel->change->before->u.tunnel.name};
	enum rc rc;

	if (a->is_stopping)
		return RC_OK;
	rc = apply_begin(a, "delete", tunnel->plan->address, &detail, &tunnel->intent);
	return rc ? rc : delete_next(a, tunnel, CALL_TUNNEL_SET_SECRET);
}

/** What was written to its document since, would go with it. */
static enum rc checked_document(struct applying *a, struct step *step)
{
	bool is_same = false;
	enum rc rc;

	if (step->call.rc == RC_NOTFOUND)
		return finish_deletion(a, step);
	if (step->call.rc) {
		apply_break_tunnel(a, step->tunnel, CHANGE_FAILED, apply_explain(a, &step->call));
		return RC_OK;
	}
	rc = apply_check_document(a, step->tunnel, step->call.config.document, &is_same);
	if (rc)
		return rc;
	if (is_same)
		return begin_deletion(a, step);
	apply_break_tunnel(a, step->tunnel, CHANGE_STALE, "the tunnel's configuration changed since the plan; plan again");
	return RC_OK;
}

/** Connectors that came since the plan: the guard did not see them. */
static bool is_guarded(const struct applying *a, const struct live_tunnel *live)
{
	if (a->plan->is_destroy || a->plan->overrides.allow_live_connectors)
		return false;
	return str_eq(live->status, "healthy") || str_eq(live->status, "degraded");
}

static enum rc checked_for_deletion(struct applying *a, struct step *step)
{
	const struct live_tunnel *live = step->call.tunnels;
	struct step *next;
	const char *why = NULL;

	if (step->call.rc == RC_NOTFOUND || (!step->call.rc && live->is_deleted))
		return finish_deletion(a, step);
	if (step->call.rc) {
		apply_break_tunnel(a, step->tunnel, CHANGE_FAILED, apply_explain(a, &step->call));
		return RC_OK;
	}
	if (!str_eq(live->name, step->tunnel->change->before->u.tunnel.name))
		why = "the tunnel was renamed since the plan; plan again";
	else if (is_guarded(a, live))
		why = "connectors serve the tunnel since the plan; plan again";
	if (why) {
		apply_break_tunnel(a, step->tunnel, CHANGE_STALE, why);
		return RC_OK;
	}
	next = apply_step(a, step->provider, CALL_CONFIG_GET, checked_document);
	if (!next)
		return RC_NOMEM;
	next->tunnel = step->tunnel;
	next->change = step->change;
	next->call.tunnel_id = step->tunnel->id;
	return a->is_stopping ? RC_OK : apply_submit(a, next);
}

static enum rc start_deletion(struct applying *a, struct apply_tunnel *tunnel)
{
	struct step *step = apply_step(a, tunnel->provider, CALL_TUNNEL_GET, checked_for_deletion);

	if (!step)
		return RC_NOMEM;
	step->tunnel = tunnel;
	step->change = (size_t)(tunnel->change - a->plan->changes);
	step->call.tunnel_id = tunnel->id;
	apply_event(a, APPLY_STARTED, step->change, NULL);
	return apply_submit(a, step);
}

/** Try those again whose connectors were still there; they wait together. */
static enum rc retry_deletions(struct applying *a)
{
	for (;;) {
		bool any = false;
		enum rc rc = apply_drain(a);

		for (size_t i = 0; i < a->tunnel_count; i++)
			any |= a->tunnels[i].is_retried;
		if (rc || !any || a->is_stopping)
			return rc;
		rc = apply_wait(a, RETRY_MS);
		for (size_t i = 0; !rc && i < a->tunnel_count && !a->is_stopping; i++) {
			struct apply_tunnel *tunnel = &a->tunnels[i];

			if (!tunnel->is_retried)
				continue;
			tunnel->is_retried = false;
			tunnel->attempt++;
			rc = delete_next(a, tunnel, CALL_CONNECTIONS_DELETE);
		}
		if (rc)
			return rc;
	}
}

enum rc apply_tunnel_deletions(struct applying *a)
{
	struct map by_target;
	enum rc rc = apply_find_leaving(a, &by_target);

	for (size_t i = 0; !rc && i < a->tunnel_count && !a->is_stopping; i++) {
		struct apply_tunnel *tunnel = &a->tunnels[i];
		const char *why;

		if (!tunnel->plan->is_deleted || !tunnel->change)
			continue;
		why = still_needed(a, tunnel, &by_target);
		if (why)
			apply_settle(a, (size_t)(tunnel->change - a->plan->changes), CHANGE_SKIPPED, why);
		else
			rc = start_deletion(a, tunnel);
	}
	return rc ? rc : retry_deletions(a);
}
