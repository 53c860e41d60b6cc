/* Losses (served now, not after) and guards (rules that refuse a plan). */
#include <string.h>

#include "base/str.h"
#include "planner/planning.h"

/** Look-ups for losses. */
struct loss_index {
	struct map hosts;        /**< hostnames of rules that serve now, and will not */
	struct map served;       /**< "hostname\npath" of these that a rule serves afterwards */
	struct map claims;       /**< "hostname\npath" -> struct claim * */
	struct map by_object;    /**< object -> struct claim_list * */
};

struct claim_list {
	const struct claim **items;
	size_t count, capacity;
};

static const char *place_key(struct planning *p, const char *hostname, const char *path)
{
	return arena_printf(p->scratch, "%s\n%s", hostname, path);
}

static enum rc index_claim(struct planning *p, struct loss_index *index, const struct claim *claim)
{
	struct claim_list *list = map_get(&index->by_object, claim->object);
	const struct claim **grown;
	enum rc rc = RC_OK;

	if (claim->state == CLAIM_ELIDED)
		return RC_OK;
	if (claim->path && claim->state != CLAIM_UNATTACHED) {
		const char *key = place_key(p, claim->hostname, claim->path);

		if (!key)
			return RC_NOMEM;
		return map_put(&index->claims, key, (void *)(uintptr_t)claim, NULL);
	}
	if (!list) {
		list = arena_alloc(p->scratch, sizeof(*list));
		if (!list)
			return RC_NOMEM;
		rc = map_put(&index->by_object, claim->object, list, NULL);
		if (rc)
			return rc;
	}
	grown = arena_grow(p->scratch, (void *)list->items, list->count, &list->capacity, sizeof(const struct claim *));
	if (!grown)
		return RC_NOMEM;
	grown[list->count++] = claim;
	list->items = grown;
	return RC_OK;
}

static enum rc index_served(struct planning *p, struct loss_index *index)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < p->in->desired->tunnel_count; i++) {
		const struct desired_tunnel *tunnel = &p->in->desired->tunnels[i];

		for (size_t r = 0; !rc && r < tunnel->rule_count; r++) {
			const struct rule_fields *rule = &tunnel->rules[r]->u.rule;
			const char *key;

			if (!resource_service_is_serving(rule->service) || !map_get(&index->hosts, rule->hostname))
				continue;
			key = place_key(p, rule->hostname, rule->path);
			rc = key ? map_put(&index->served, key, p, NULL) : RC_NOMEM;
		}
	}
	return rc;
}

/** True when what a Route wrote may have become this rule's hostname. */
static bool hostname_covers(const char *written, const char *hostname)
{
	if (str_is_empty(written) || str_eq(written, hostname))
		return true;
	if (str_has_prefix(written, "*."))
		return str_has_suffix(hostname, written + 1);
	return str_has_prefix(hostname, "*.") && str_has_suffix(written, hostname + 1);
}

static const struct claim *find_claim(struct planning *p, const struct loss_index *index, const struct resource *rule,
				      const char *object)
{
	const char *key = place_key(p, rule->u.rule.hostname, rule->u.rule.path);
	const struct claim *claim = key ? map_get(&index->claims, key) : NULL;
	const struct claim_list *list = object ? map_get(&index->by_object, object) : NULL;

	for (size_t i = 0; !claim && list && i < list->count; i++) {
		const struct claim *candidate = list->items[i];

		if (hostname_covers(candidate->hostname, rule->u.rule.hostname) &&
		    (!candidate->path || str_eq(candidate->path, rule->u.rule.path)))
			claim = candidate;
	}
	return claim;
}

static bool loss_is_allowed(const struct overrides *overrides, const char *hostname)
{
	for (size_t i = 0; i < overrides->allow_loss_count; i++)
		if (str_eq(overrides->allow_loss[i], hostname) || str_glob_match(overrides->allow_loss[i], hostname))
			return true;
	return false;
}

static enum rc add_loss(struct planning *p, const struct loss *loss)
{
	struct plan *plan = p->plan;
	struct loss *grown = arena_grow(p->arena, plan->losses, plan->loss_count, &plan->loss_capacity, sizeof(*grown));

	if (!grown)
		return RC_NOMEM;
	plan->losses = grown;
	grown[plan->loss_count] = *loss;
	grown[plan->loss_count++].is_allowed = loss_is_allowed(&p->in->options->overrides, loss->hostname);
	return RC_OK;
}

/** A rule that serves, and will not. */
static bool may_be_loss(const struct change *change)
{
	if (change->kind != RESOURCE_RULE || !change->before || change->action == ACTION_FORGET ||
	    !resource_service_is_serving(change->before->u.rule.service))
		return false;
	return !change->after || !resource_service_is_serving(change->after->u.rule.service);
}

static enum rc judge_loss(struct planning *p, const struct loss_index *index, const struct change *change)
{
	const struct recorded *recorded = planning_recorded(p, change->address);
	const char *object = recorded ? recorded->resource->origin.object : NULL;
	struct loss loss = {.rule = change->address};
	const struct claim *claim;
	const char *key;

	if (!may_be_loss(change))
		return RC_OK;
	loss.hostname = change->before->u.rule.hostname;
	loss.path = change->before->u.rule.path;
	key = place_key(p, loss.hostname, loss.path);
	if (!key)
		return RC_NOMEM;
	if (map_get(&index->served, key))
		return RC_OK;
	claim = find_claim(p, index, change->before, object);
	if (!claim && recorded)
		return RC_OK; /* its Route, hostname or path was taken out of the input */
	loss.kind = claim ? LOSS_CLAIMED : LOSS_FOREIGN;
	if (claim) {
		loss.object = claim->object;
		loss.reason = claim->reason;
		loss.span = claim->span;
	} else {
		loss.reason = "the rule is not adit's, and would be removed";
	}
	return add_loss(p, &loss);
}

static enum rc find_losses(struct planning *p)
{
	struct loss_index index;
	enum rc rc = RC_OK;

	arena_reset(p->scratch);
	map_init(&index.hosts, p->scratch);
	map_init(&index.served, p->scratch);
	map_init(&index.claims, p->scratch);
	map_init(&index.by_object, p->scratch);
	for (size_t i = 0; !rc && i < p->plan->change_count; i++)
		if (may_be_loss(&p->plan->changes[i]))
			rc = map_put(&index.hosts, p->plan->changes[i].before->u.rule.hostname, p, NULL);
	if (rc || !index.hosts.count)
		return rc;
	rc = index_served(p, &index);
	for (size_t i = 0; !rc && i < p->in->desired->claim_count; i++)
		rc = index_claim(p, &index, &p->in->desired->claims[i]);
	for (size_t i = 0; !rc && i < p->plan->change_count; i++)
		rc = judge_loss(p, &index, &p->plan->changes[i]);
	return rc;
}

static enum rc refuse(struct planning *p, enum guard_code code, const char *override, const char *message)
{
	struct plan *plan = p->plan;
	struct guard_refusal *grown =
		arena_grow(p->arena, plan->guards, plan->guard_count, &plan->guard_capacity, sizeof(*grown));

	if (!grown || !message)
		return RC_NOMEM;
	plan->guards = grown;
	grown[plan->guard_count++] = (struct guard_refusal){.code = code, .message = message, .override = override};
	return RC_OK;
}

struct tally {
	size_t deletes;            /**< hostnames and tunnels */
	size_t recorded;           /**< hostnames and tunnels recorded */
	size_t rules_changed, rules_recorded;
	size_t live_deleted;       /**< deleted tunnels with live connectors */
	const char *live_example;
	size_t moved_zones, moved_accounts;
	const char *moved_zone, *moved_account;
};

static bool tunnel_has_connectors(const struct planning *p, const struct change *change)
{
	const struct live_account *account = NULL;
	const struct live_tunnel_state *state;

	for (size_t i = 0; i < p->in->live->account_count; i++)
		if (str_eq(p->in->live->accounts[i].account_id, change->account_id))
			account = &p->in->live->accounts[i];
	state = account && change->before->id ? map_get(&account->tunnel_by_id, change->before->id) : NULL;
	if (!state)
		return false;
	if (state->has_connections)
		return state->connection_count > 0;
	return str_eq(state->tunnel.status, "healthy") || str_eq(state->tunnel.status, "degraded");
}

static void tally_change(const struct planning *p, const struct change *change, struct tally *tally)
{
	const struct recorded *recorded = planning_recorded(p, change->address);

	if (change->kind == RESOURCE_RULE) {
		/* Rolling back, a rule that changes is one that the run had: only what it did not have goes. */
		tally->rules_changed += recorded && ((change->action == ACTION_UPDATE && !p->in->options->rollback_run) ||
						     change->action == ACTION_DELETE);
		return;
	}
	tally->deletes += change->action == ACTION_DELETE;
	if (change->kind == RESOURCE_TUNNEL && change->action == ACTION_DELETE && tunnel_has_connectors(p, change)) {
		tally->live_deleted++;
		tally->live_example = change->address;
	}
	if (!recorded || change->action == ACTION_FORGET)
		return;
	if (recorded->account_id && change->account_id && !str_eq(recorded->account_id, change->account_id)) {
		tally->moved_accounts++;
		tally->moved_account = change->address;
	}
	if (recorded->zone_id && change->zone_id && !str_eq(recorded->zone_id, change->zone_id)) {
		tally->moved_zones++;
		tally->moved_zone = change->address;
	}
}

static struct tally count(const struct planning *p)
{
	struct tally tally = {0};

	for (size_t i = 0; i < p->in->recorded->count; i++) {
		if (p->in->recorded->items[i].resource->kind == RESOURCE_RULE)
			tally.rules_recorded++;
		else
			tally.recorded++;
	}
	for (size_t i = 0; i < p->plan->change_count; i++)
		tally_change(p, &p->plan->changes[i], &tally);
	return tally;
}

static int64_t limit_of(int64_t override, int64_t project)
{
	return override >= 0 ? override : project;
}

static enum rc guard_deletes(struct planning *p, const struct tally *tally)
{
	const struct overrides *overrides = &p->in->options->overrides;
	const struct guard_config *guard = &p->in->project->guard;
	int64_t most = limit_of(overrides->max_deletes, guard->max_deletes);
	int64_t percent = limit_of(overrides->max_delete_percent, guard->max_delete_percent);
	enum rc rc = RC_OK;

	if ((int64_t)tally->deletes > most)
		rc = refuse(p, GUARD_MAX_DELETES, arena_printf(p->arena, "--max-deletes %zu", tally->deletes),
			    arena_printf(p->arena, "%zu hostnames and tunnels would be deleted, and at most %lld may be",
					 tally->deletes, (long long)most));
	if (!rc && tally->deletes > 2 && (int64_t)(tally->deletes * 100) > percent * (int64_t)tally->recorded)
		rc = refuse(p, GUARD_MAX_DELETE_PERCENT,
			    arena_printf(p->arena, "--max-delete-percent %zu",
					 (tally->deletes * 100 + tally->recorded - 1) / (tally->recorded ? tally->recorded : 1)),
			    arena_printf(p->arena, "%zu of %zu hostnames and tunnels would be deleted, and at most %lld %% may be",
					 tally->deletes, tally->recorded, (long long)percent));
	return rc;
}

static enum rc guard_rules(struct planning *p, const struct tally *tally)
{
	int64_t percent = limit_of(p->in->options->overrides.max_rule_percent, p->in->project->guard.max_rule_percent);

	if (tally->rules_recorded < 10 || (int64_t)(tally->rules_changed * 100) <= percent * (int64_t)tally->rules_recorded)
		return RC_OK;
	return refuse(p, GUARD_MAX_RULE_PERCENT,
		      arena_printf(p->arena, "--max-rule-percent %zu",
				   (tally->rules_changed * 100 + tally->rules_recorded - 1) / tally->rules_recorded),
		      arena_printf(p->arena, "%zu of %zu rules would change or go, and at most %lld %% may",
				   tally->rules_changed, tally->rules_recorded, (long long)percent));
}

/** Would nothing, or no hostname, be left? */
static enum rc guard_empty(struct planning *p)
{
	bool is_back = p->in->options->rollback_run != 0;
	size_t tunnels = 0, cnames = 0;

	for (size_t i = 0; i < p->in->recorded->count; i++) {
		tunnels += p->in->recorded->items[i].resource->kind == RESOURCE_TUNNEL && !p->in->recorded->items[i].retired_ms;
		cnames += p->in->recorded->items[i].resource->kind == RESOURCE_CNAME;
	}
	if (p->in->options->overrides.allow_empty)
		return RC_OK;
	if (tunnels && !p->in->desired->tunnel_count)
		return refuse(p, GUARD_EMPTY, "--allow-empty",
			      is_back ? "that run had nothing: every tunnel would be deleted"
				      : "the manifests ask for nothing any more: every tunnel would be deleted");
	if (cnames > 1 && !p->in->desired->cname_count)
		return refuse(p, GUARD_EMPTY, "--allow-empty",
			      is_back ? "that run had no hostname: every CNAME would be deleted"
				      : "the manifests name no hostname any more: every CNAME would be deleted");
	return RC_OK;
}

static enum rc guard_moves(struct planning *p, const struct tally *tally)
{
	const struct overrides *overrides = &p->in->options->overrides;
	enum rc rc = RC_OK;

	if (tally->moved_accounts && !overrides->allow_moved_account)
		rc = refuse(p, GUARD_MOVED_ACCOUNT, "--allow-moved-account",
			    arena_printf(p->arena, "%s is recorded in another Cloudflare account", tally->moved_account));
	if (!rc && tally->moved_zones && !overrides->allow_moved_zone)
		rc = refuse(p, GUARD_MOVED_ZONE, "--allow-moved-zone",
			    arena_printf(p->arena, "%s is recorded in another zone", tally->moved_zone));
	if (!rc && tally->live_deleted && !p->in->options->destroy && !overrides->allow_live_connectors)
		rc = refuse(p, GUARD_LIVE_CONNECTORS, "--allow-live-connectors",
			    arena_printf(p->arena, "%s would be deleted while connectors serve it", tally->live_example));
	return rc;
}

/** A tunnel that other projects have rules in is not deleted. */
static enum rc guard_shared(struct planning *p)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < p->plan->change_count; i++) {
		const struct change *change = &p->plan->changes[i];
		const struct shared_tunnel *tunnel = sharing_find(p->in->sharing, change->address);
		const char *users = "";

		if (change->action != ACTION_DELETE || change->kind != RESOURCE_TUNNEL || !sharing_user(tunnel))
			continue;
		for (size_t s = 0; users && s < tunnel->slice_count; s++)
			if (tunnel->slices[s].rule_count || tunnel->slices[s].in_flight_count)
				users = arena_printf(p->arena, "%s%s%s", users, *users ? ", " : "", tunnel->slices[s].project);
		rc = refuse(p, GUARD_SHARED, NULL,
			    users ? arena_printf(p->arena, "%s has rules of other projects (%s): they have to leave it first, by taking "
							   "their Routes off it or with `adit destroy`", change->address, users) : NULL);
	}
	return rc;
}

static enum rc guard_protected(struct planning *p)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < p->plan->change_count; i++) {
		const struct change *change = &p->plan->changes[i];
		const struct recorded *recorded = planning_recorded(p, change->address);

		if (recorded && recorded->is_protected &&
		    (change->action == ACTION_DELETE || (change->retired_ms && !recorded->retired_ms)))
			rc = refuse(p, GUARD_PROTECTED, NULL,
				    arena_printf(p->arena,
						 "%s is protected: set adit.cnap.tech/protect to \"false\" and apply that first",
						 change->address));
	}
	return rc;
}

/** A tunnel that would become another address's by its name, and would be deleted as what it is recorded as. */
static enum rc guard_names(struct planning *p)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < p->tunnel_count; i++) {
		const struct tunnel_context *context = p->tunnels[i];

		if (context->name_owner)
			rc = refuse(p, GUARD_NAME, NULL,
				    arena_printf(p->arena, "%s has the name of the tunnel recorded as %s: if it is the same, run "
							   "`adit state mv %s %s` first",
						 context->address, context->name_owner, context->name_owner, context->address));
	}
	return rc;
}

static enum rc guard_losses(struct planning *p)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < p->plan->loss_count; i++) {
		const struct loss *loss = &p->plan->losses[i];

		if (loss->is_allowed)
			continue;
		rc = refuse(p, GUARD_LOSS,
			    arena_printf(p->arena, "--allow-loss %s", *loss->hostname ? loss->hostname : "''"),
			    arena_printf(p->arena, "%s%s is served now and would not be after: %s%s%s",
					 *loss->hostname ? loss->hostname : "(any host)", loss->path,
					 loss->object ? loss->object : "", loss->object ? ": " : "", loss->reason));
	}
	return rc;
}

enum rc plan_guards(struct planning *p)
{
	struct tally tally;
	enum rc rc = RC_OK;

	if (p->in->options->refresh_only)
		return RC_OK;
	tally = count(p);
	if (!p->in->options->destroy) {
		rc = find_losses(p);
		if (!rc)
			rc = guard_deletes(p, &tally);
		if (!rc)
			rc = guard_rules(p, &tally);
		if (!rc)
			rc = guard_empty(p);
		if (!rc)
			rc = guard_names(p);
		if (!rc)
			rc = guard_losses(p);
	}
	if (!rc)
		rc = guard_moves(p, &tally);
	if (!rc)
		rc = guard_shared(p);
	return rc ? rc : guard_protected(p);
}

/** What the saved plan was refused for already is not said twice. */
static enum rc drop_repeated(struct arena *arena, struct plan *plan, size_t saved)
{
	struct map known;
	size_t kept = saved;
	enum rc rc = RC_OK;

	map_init(&known, arena);
	for (size_t i = 0; !rc && i < saved; i++)
		rc = map_put(&known, plan->guards[i].message, plan, NULL);
	for (size_t i = saved; i < plan->guard_count; i++)
		if (!map_get(&known, plan->guards[i].message))
			plan->guards[kept++] = plan->guards[i];
	plan->guard_count = kept;
	return rc;
}

enum rc plan_recheck(struct arena *arena, struct diags *diags, const struct project *project,
		     const struct recorded_state *recorded, const struct live *live, struct plan *plan)
{
	struct plan_options options = {.destroy = plan->is_destroy, .rollback_run = plan->rollback_run,
				       .overrides = plan->overrides};
	struct plan_input input = {.project = project, .recorded = recorded, .live = live, .options = &options};
	struct planning p = {.arena = arena, .diags = diags, .in = &input, .plan = plan};
	size_t saved = plan->guard_count;
	struct tally tally;
	enum rc rc = RC_OK;

	if (plan->is_refresh_only)
		return RC_OK;
	tally = count(&p);
	if (!plan->is_destroy) {
		rc = guard_deletes(&p, &tally);
		if (!rc)
			rc = guard_rules(&p, &tally);
	}
	if (!rc)
		rc = guard_moves(&p, &tally);
	if (!rc)
		rc = guard_protected(&p);
	return rc ? rc : drop_repeated(arena, plan, saved);
}
