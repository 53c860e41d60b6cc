/* --target, --exclude and --refresh-only: which of the changes are kept.
 *
 * What needs what, so that a part of a plan is as safe as the whole: a rule needs its tunnel; a CNAME that comes to a
 * tunnel needs it and the rules of its hostname there; a rule that goes needs its CNAME to have left; a tunnel that goes
 * needs its rules gone and its CNAMEs away; a rule that serves needs those before it that take hostnames of its own, which
 * it would serve in their place. Chosen changes take along what they need; what needs something that is left out is left
 * out, too. */
#include <string.h>

#include "base/str.h"
#include "planner/planning.h"

struct selection {
	struct planning *p;
	struct map changes;        /**< address -> struct change * */
	struct map in, out;        /**< addresses that are chosen, that are left out */
	struct map in_hosts;       /**< "tunnel hostname" whose rules are chosen, or go */
	struct map out_hosts;      /**< "tunnel hostname" of which a new rule is left out */
	struct map stay;           /**< tunnels, and "tunnel hostname", that something left out still needs */
};

static bool matches(const char *const *patterns, size_t count, const char *address)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(patterns[i], address) || str_glob_match(patterns[i], address))
			return true;
	return false;
}

static bool changes_live(const struct change *change)
{
	return change->action != ACTION_RECORD && change->action != ACTION_FORGET;
}

/** The tunnel that a rule or CNAME belonged to and does not after the change; NULL for none. */
static const char *left_tunnel(const struct planning *p, const struct change *change)
{
	const struct recorded *recorded = planning_recorded(p, change->address);
	const char *was = recorded ? recorded->resource->tunnel : change->before ? change->before->tunnel : NULL;

	if (!was || change->kind == RESOURCE_TUNNEL || !changes_live(change))
		return NULL;
	return change->after && str_eq(change->after->tunnel, was) ? NULL : was;
}

static const char *hostname_of(const struct change *change)
{
	const struct resource *resource = change->after ? change->after : change->before;

	return change->kind == RESOURCE_RULE ? resource->u.rule.hostname : resource->u.cname.name;
}

static enum rc put_host(struct selection *s, struct map *map, const char *tunnel, const char *hostname)
{
	const char *key = arena_printf(s->p->arena, "%s %s", tunnel, hostname);

	return key ? map_put(map, key, s, NULL) : RC_NOMEM;
}

static bool has_host(struct selection *s, const struct map *map, const char *tunnel, const char *hostname)
{
	const char *key = arena_printf(s->p->arena, "%s %s", tunnel, hostname);

	return key && map_get(map, key);
}

/** One look at one change; passes over all changes of a kind are made of it. */
typedef enum rc (*look_fn)(struct selection *s, const struct change *change);

static enum rc pass(struct selection *s, enum resource_kind kind, look_fn look)
{
	const struct plan *plan = s->p->plan;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < plan->change_count; i++)
		if (plan->changes[i].kind == kind)
			rc = look(s, &plan->changes[i]);
	return rc;
}

/** True when its tunnel would have to be made, and is not. */
static bool lacks_tunnel(const struct selection *s, const struct change *change)
{
	const struct change *tunnel =
		change->after && change->after->tunnel ? map_get(&s->changes, change->after->tunnel) : NULL;

	return tunnel && tunnel->action == ACTION_CREATE && map_get(&s->out, tunnel->address);
}

static enum rc leave_out_rule(struct selection *s, const struct change *rule)
{
	enum rc rc = RC_OK;

	if (!changes_live(rule) || !rule->after)
		return RC_OK;
	if (lacks_tunnel(s, rule))
		rc = map_put(&s->out, rule->address, s, NULL);
	if (!rc && rule->action == ACTION_CREATE && map_get(&s->out, rule->address))
		rc = put_host(s, &s->out_hosts, rule->after->tunnel, rule->after->u.rule.hostname);
	return rc;
}

static enum rc leave_out_cname(struct selection *s, const struct change *cname)
{
	const char *left = left_tunnel(s->p, cname), *hostname = hostname_of(cname);
	bool comes = changes_live(cname) && cname->after && (left || cname->action != ACTION_UPDATE);
	enum rc rc = RC_OK;

	if (lacks_tunnel(s, cname) || (comes && has_host(s, &s->out_hosts, cname->after->tunnel, hostname)))
		rc = map_put(&s->out, cname->address, s, NULL);
	if (rc || !left || !map_get(&s->out, cname->address))
		return rc;
	rc = put_host(s, &s->stay, left, hostname);
	return rc ? rc : map_put(&s->stay, left, s, NULL);
}

static enum rc leave_out_gone_rule(struct selection *s, const struct change *rule)
{
	const char *left = left_tunnel(s->p, rule);
	enum rc rc = RC_OK;

	if (!left)
		return RC_OK;
	if (has_host(s, &s->stay, left, hostname_of(rule)))
		rc = map_put(&s->out, rule->address, s, NULL);
	if (!rc && map_get(&s->out, rule->address))
		rc = map_put(&s->stay, left, s, NULL);
	return rc;
}

/** It stays with its catch-all, without which none is. */
static enum rc leave_out_gone_tunnel(struct selection *s, const struct change *tunnel)
{
	const char *catch_all;
	enum rc rc;

	if (tunnel->action != ACTION_DELETE || !(map_get(&s->stay, tunnel->address) || map_get(&s->out, tunnel->address)))
		return RC_OK;
	catch_all = resource_rule_address(s->p->arena, tunnel->address, "", "", true);
	if (!catch_all)
		return RC_NOMEM;
	rc = map_put(&s->out, catch_all, s, NULL);
	return rc ? rc : map_put(&s->out, tunnel->address, s, NULL);
}

/** The next wider pattern of those that take @p hostname: "a.b" -> "*.b" -> "" -> NULL, as cloudflared matches them. */
static const char *wider(struct selection *s, const char *hostname)
{
	const char *dot = strchr(str_has_prefix(hostname, "*.") ? hostname + 2 : hostname, '.');

	if (!*hostname)
		return NULL;
	return dot ? arena_printf(s->p->arena, "*%s", dot) : "";
}

static bool serves(const struct change *rule)
{
	return changes_live(rule) && rule->after && resource_service_is_serving(rule->after->u.rule.service);
}

/** What comes after a new rule that is left out must not serve its hostname in its place. */
static enum rc leave_out_behind(struct selection *s, const struct tunnel_plan *tunnel)
{
	struct map open;
	enum rc rc = RC_OK;

	map_init(&open, s->p->arena);
	for (size_t i = 0; !rc && i < tunnel->order_count; i++) {
		const struct change *rule = map_get(&s->changes, tunnel->order[i]);

		if (!rule || !changes_live(rule) || !rule->after)
			continue;
		if (serves(rule) && map_get(&open, rule->after->u.rule.hostname))
			rc = map_put(&s->out, rule->address, s, NULL);
		if (rc || rule->action != ACTION_CREATE || !map_get(&s->out, rule->address))
			continue;
		for (const char *host = rule->after->u.rule.hostname; !rc && host; host = wider(s, host))
			rc = map_put(&open, host, s, NULL);
	}
	return rc;
}

/** A chosen rule that serves takes along new ones before it that take hostnames of its own. */
static enum rc choose_before(struct selection *s, const struct tunnel_plan *tunnel)
{
	struct map open;
	enum rc rc = RC_OK;

	map_init(&open, s->p->arena);
	for (size_t i = tunnel->order_count; !rc && i > 0; i--) {
		const struct change *rule = map_get(&s->changes, tunnel->order[i - 1]);

		if (!rule || !changes_live(rule) || !rule->after)
			continue;
		for (const char *host = rule->after->u.rule.hostname; !rc && host && rule->action == ACTION_CREATE; host = wider(s, host))
			if (map_get(&open, host))
				rc = map_put(&s->in, rule->address, s, NULL);
		if (!rc && serves(rule) && map_get(&s->in, rule->address))
			rc = map_put(&open, rule->after->u.rule.hostname, s, NULL);
	}
	return rc;
}

static enum rc each_tunnel(struct selection *s, enum rc (*look)(struct selection *, const struct tunnel_plan *))
{
	const struct plan *plan = s->p->plan;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < plan->tunnel_count; i++)
		rc = look(s, plan->tunnels[i]);
	return rc;
}

static enum rc leave_out(struct selection *s)
{
	const struct plan_options *options = s->p->in->options;
	const struct plan *plan = s->p->plan;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < plan->change_count; i++)
		if (matches(options->excludes, options->exclude_count, plan->changes[i].address))
			rc = map_put(&s->out, plan->changes[i].address, s, NULL);
	if (!rc)
		rc = each_tunnel(s, leave_out_behind);
	if (!rc)
		rc = pass(s, RESOURCE_RULE, leave_out_rule);
	if (!rc)
		rc = pass(s, RESOURCE_CNAME, leave_out_cname);
	if (!rc)
		rc = pass(s, RESOURCE_RULE, leave_out_gone_rule);
	return rc ? rc : pass(s, RESOURCE_TUNNEL, leave_out_gone_tunnel);
}

/** Of a tunnel that goes everything goes; of a rule that goes its CNAME leaves. */
static enum rc choose_with_tunnel(struct selection *s, const struct change *change)
{
	const char *left = left_tunnel(s->p, change);
	const struct change *tunnel = left ? map_get(&s->changes, left) : NULL;
	enum rc rc = RC_OK;

	if (tunnel && tunnel->action == ACTION_DELETE && map_get(&s->in, tunnel->address))
		rc = map_put(&s->in, change->address, s, NULL);
	if (!rc && left && change->kind == RESOURCE_RULE && map_get(&s->in, change->address))
		rc = put_host(s, &s->in_hosts, left, hostname_of(change));
	return rc;
}

static enum rc choose_cname(struct selection *s, const struct change *cname)
{
	const char *left = left_tunnel(s->p, cname), *hostname = hostname_of(cname);
	enum rc rc = choose_with_tunnel(s, cname);

	if (!rc && left && has_host(s, &s->in_hosts, left, hostname))
		rc = map_put(&s->in, cname->address, s, NULL);
	if (rc || !map_get(&s->in, cname->address) || !cname->after || !cname->after->tunnel)
		return rc;
	rc = put_host(s, &s->in_hosts, cname->after->tunnel, hostname);
	return rc ? rc : map_put(&s->in, cname->after->tunnel, s, NULL);
}

static enum rc choose_rule(struct selection *s, const struct change *rule)
{
	enum rc rc = RC_OK;

	if (!rule->after || !rule->after->tunnel)
		return RC_OK;
	if (has_host(s, &s->in_hosts, rule->after->tunnel, hostname_of(rule)))
		rc = map_put(&s->in, rule->address, s, NULL);
	if (!rc && map_get(&s->in, rule->address))
		rc = map_put(&s->in, rule->after->tunnel, s, NULL);
	return rc;
}

static enum rc choose(struct selection *s)
{
	const struct plan_options *options = s->p->in->options;
	const struct plan *plan = s->p->plan;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < plan->change_count; i++)
		if (!options->target_count || matches(options->targets, options->target_count, plan->changes[i].address))
			rc = map_put(&s->in, plan->changes[i].address, s, NULL);
	if (rc || !options->target_count)
		return rc;
	rc = pass(s, RESOURCE_RULE, choose_with_tunnel);
	if (!rc)
		rc = pass(s, RESOURCE_CNAME, choose_cname);
	if (!rc)
		rc = pass(s, RESOURCE_RULE, choose_rule);
	return rc ? rc : each_tunnel(s, choose_before);
}

enum rc plan_select(struct planning *p)
{
	struct selection s = {.p = p};
	struct map *maps[] = {&s.changes, &s.in, &s.out, &s.in_hosts, &s.out_hosts, &s.stay};
	struct plan *plan = p->plan;
	size_t kept = 0;
	enum rc rc = RC_OK;

	if (!p->in->options->target_count && !p->in->options->exclude_count)
		return RC_OK;
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		map_init(maps[i], p->arena);
	for (size_t i = 0; !rc && i < plan->change_count; i++)
		rc = map_put(&s.changes, plan->changes[i].address, &plan->changes[i], NULL);
	if (!rc)
		rc = leave_out(&s);
	if (!rc)
		rc = choose(&s);
	if (rc)
		return rc;
	for (size_t i = 0; i < plan->change_count; i++)
		if (map_get(&s.in, plan->changes[i].address) && !map_get(&s.out, plan->changes[i].address))
			plan->changes[kept++] = plan->changes[i];
	plan->change_count = kept;
	return RC_OK;
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
		change.is_protected = recorded->is_protected;
		change.retired_ms = recorded->retired_ms;
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
