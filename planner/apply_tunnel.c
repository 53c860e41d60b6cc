/* Tunnels: creation and renaming. */
#include <string.h>

#include "base/str.h"
#include "planner/applying.h"

void apply_break_tunnel(struct applying *a, struct apply_tunnel *tunnel, enum change_state state, const char *why)
{
	tunnel->is_broken = true;
	tunnel->why_broken = why;
	if (tunnel->change)
		apply_settle(a, (size_t)(tunnel->change - a->plan->changes), state, why);
}

enum rc apply_make_secret(struct applying *a, char **ret_secret)
{
	unsigned char bytes[32];
	enum rc rc = clock_random(&a->run->clock, bytes, sizeof(bytes));

	if (rc)
		return rc;
	*ret_secret = str_base64(a->run->arena, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	return *ret_secret ? RC_OK : RC_NOMEM;
}

void apply_wipe_secret(struct step *step)
{
	char *secret = (char *)(uintptr_t)step->call.secret;

	if (secret)
		explicit_bzero(secret, strlen(secret));
	step->call.secret = NULL;
}

static enum rc record_tunnel(struct applying *a, struct apply_tunnel *tunnel, const struct live_tunnel *live, int64_t intent)
{
	struct recorded *row = arena_alloc(a->run->arena, sizeof(*row));
	struct outcome outcome = {.upserts = row, .upsert_count = 1};
	struct tunnel_fields *fields;
	enum rc rc = RC_OK;

	if (!row)
		return RC_NOMEM;
	*row = apply_recorded(a, tunnel->change, tunnel->change->after, live->id);
	if (!row->resource)
		return RC_NOMEM;
	fields = &row->resource->u.tunnel;
	if (tunnel->change->action == ACTION_CREATE) {
		/* Its document is not there yet: the first PUT records order and originRequest. */
		fields->rule_order = NULL;
		fields->origin_request = NULL;
	} else {
		fields->rule_order = tunnel->change->before->u.tunnel.rule_order;
		fields->origin_request = tunnel->change->before->u.tunnel.origin_request;
	}
	/* A new tunnel's Gateway is for others to see once its rules are there. */
	if (tunnel->change->action != ACTION_CREATE)
		rc = apply_share_rows(a, tunnel, &outcome);
	fields->status = live->status;
	fields->created_at = live->created_at;
	return rc ? rc : apply_commit(a, intent, &outcome, "ok");
}

static enum rc note_recreated(struct applying *a, const struct apply_tunnel *tunnel)
{
	const char **grown;

	if (!map_get(&a->in->recorded->by_address, tunnel->plan->address))
		return RC_OK;
	grown = arena_grow(a->run->arena, (void *)a->result->recreated, a->result->recreated_count, &a->recreated_capacity,
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

	apply_break_tunnel(a, step->tunnel, state, why);
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

	apply_wipe_secret(step);
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
	const struct recovery_detail detail = {.account = tunnel->plan->account, .name = tunnel->plan->name};
	char *secret = NULL;
	enum rc rc;

	if (!step)
		return RC_NOMEM;
	rc = apply_begin(a, "create", tunnel->plan->address, &detail, &step->intent);
	if (!rc)
		rc = apply_make_secret(a, &secret);
	if (rc)
		return rc;
	step->tunnel = tunnel;
	step->call.name = tunnel->plan->name;
	step->call.secret = secret;
	apply_event(a, APPLY_STARTED, (size_t)(tunnel->change - a->plan->changes), NULL);
	return apply_submit(a, step);
}

static enum rc fail_renamed(struct applying *a, struct step *step, enum change_state state, const char *why)
{
	struct outcome outcome = {0};

	apply_break_tunnel(a, step->tunnel, state, why);
	return apply_commit(a, step->intent, &outcome, why);
}

/** The tunnel as answered, or as read after a lost answer. */
static enum rc take_renamed(struct applying *a, struct step *step)
{
	const struct change *change = step->tunnel->change;
	const struct live_tunnel *live = &step->call.tunnels[0];
	enum rc rc;

	if (!live->is_deleted && str_eq(live->name, change->before->u.tunnel.name))
		return fail_renamed(a, step, CHANGE_FAILED, "the request to rename it was lost; run apply again");
	if (live->is_deleted || !str_eq(live->name, change->after->u.tunnel.name))
		return fail_renamed(a, step, CHANGE_STALE, "somebody else renamed or deleted the tunnel at the same time; plan again");
	rc = record_tunnel(a, step->tunnel, live, step->intent);
	if (!rc && !step->tunnel->plan->needs_put)
		apply_settle(a, step->change, CHANGE_DONE, NULL);
	return rc;
}

static enum rc renamed_reread(struct applying *a, struct step *step)
{
	if (step->call.rc)
		return fail_renamed(a, step, CHANGE_FAILED, apply_explain(a, &step->call));
	return take_renamed(a, step);
}

static enum rc renamed(struct applying *a, struct step *step)
{
	struct step *again;

	if (!step->call.rc)
		return take_renamed(a, step);
	if (step->call.rc == RC_EXISTS)
		return fail_renamed(a, step, CHANGE_STALE, "a tunnel of that name was made since the plan; plan again");
	if (step->call.rc == RC_NOTFOUND)
		return fail_renamed(a, step, CHANGE_STALE, "the tunnel is gone since the plan; plan again");
	if (step->call.rc != RC_UNKNOWN_OUTCOME)
		return fail_renamed(a, step, CHANGE_FAILED, apply_explain(a, &step->call));
	again = apply_step(a, step->provider, CALL_TUNNEL_GET, renamed_reread);
	if (!again)
		return RC_NOMEM;
	again->tunnel = step->tunnel;
	again->change = step->change;
	again->intent = step->intent;
	again->call.tunnel_id = step->tunnel->id;
	return apply_submit(a, again);
}

/** Just read: is it still the tunnel that the plan saw? */
static enum rc checked_for_rename(struct applying *a, struct step *step)
{
	const struct tunnel_fields *before = &step->tunnel->change->before->u.tunnel;
	const struct recovery_detail detail = {.account = step->tunnel->plan->account, .id = step->tunnel->id,
					       .before = before->name, .name = step->tunnel->change->after->u.tunnel.name};
	struct step *rename;
	enum rc rc;

	if (step->call.rc && step->call.rc != RC_NOTFOUND) {
		apply_break_tunnel(a, step->tunnel, CHANGE_FAILED, apply_explain(a, &step->call));
		return RC_OK;
	}
	if (step->call.rc || step->call.tunnels[0].is_deleted || !str_eq(step->call.tunnels[0].name, before->name)) {
		apply_break_tunnel(a, step->tunnel, CHANGE_STALE, "the tunnel was renamed or deleted since the plan; plan again");
		return RC_OK;
	}
	if (a->is_stopping)
		return RC_OK;
	rename = apply_step(a, step->provider, CALL_TUNNEL_RENAME, renamed);
	if (!rename)
		return RC_NOMEM;
	rc = apply_begin(a, "rename", step->tunnel->plan->address, &detail, &rename->intent);
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
