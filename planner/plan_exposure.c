/* Which hostnames become, or stop being, reachable from the Internet; and warnings that need live knowledge. */
#include <string.h>

#include "base/sort.h"
#include "base/str.h"
#include "planner/planning.h"

/** For every tunnel, the hostnames that its rules stand for. */
struct serving {
	struct arena *arena;
	struct map tunnels;              /**< address -> struct patterns */
};

/** Hostnames of rules: "" is any. */
struct patterns {
	struct map hosts;
	struct map wildcards;            /**< without their "*" */
};

static void patterns_init(struct patterns *patterns, struct arena *arena)
{
	map_init(&patterns->hosts, arena);
	map_init(&patterns->wildcards, arena);
}

static enum rc patterns_add(struct patterns *patterns, const char *hostname)
{
	if (str_has_prefix(hostname, "*."))
		return map_put(&patterns->wildcards, hostname + 1, patterns, NULL);
	return map_put(&patterns->hosts, hostname, patterns, NULL);
}

static bool patterns_is_empty(const struct patterns *patterns)
{
	return !patterns->hosts.count && !patterns->wildcards.count;
}

/** True when one stands for this hostname: itself, a wildcard over it, or any host. */
static bool patterns_cover(const struct patterns *patterns, const char *hostname)
{
	if (patterns_is_empty(patterns))
		return false;
	if (map_get(&patterns->hosts, hostname) || map_get(&patterns->hosts, ""))
		return true;
	for (const char *dot = strchr(hostname, '.'); dot; dot = strchr(dot + 1, '.'))
		if (map_get(&patterns->wildcards, dot))
			return true;
	return false;
}

static enum rc serving_add(struct serving *serving, const char *tunnel, const struct resource *rule)
{
	struct patterns *patterns;
	enum rc rc = RC_OK;

	if (!resource_service_is_serving(rule->u.rule.service))
		return RC_OK;
	patterns = map_get(&serving->tunnels, tunnel);
	if (!patterns) {
		patterns = arena_alloc(serving->arena, sizeof(*patterns));
		if (!patterns)
			return RC_NOMEM;
		patterns_init(patterns, serving->arena);
		rc = map_put(&serving->tunnels, tunnel, patterns, NULL);
	}
	return rc ? rc : patterns_add(patterns, rule->u.rule.hostname);
}

static bool serving_covers(const struct serving *serving, const char *tunnel, const char *hostname)
{
	const struct patterns *patterns = tunnel ? map_get(&serving->tunnels, tunnel) : NULL;

	return patterns && patterns_cover(patterns, hostname);
}

/** A comparison in progress: only hostnames that some change touches can come or go. */
struct exposure {
	struct planning *p;
	struct map changed;              /**< address -> change, without those that only forget */
	bool has_changed_cnames;
	struct map tunnels;              /**< target of a CNAME -> address of the tunnel */
	struct patterns touched;         /**< of the rules that change, whatever their tunnel */
	const struct resource **hosts;   /**< CNAMEs in question, each once */
	size_t host_count, host_capacity;
	struct map seen;                 /**< their addresses */
	struct map relevant;             /**< hostnames of rules that can stand for one of them */
	struct serving before, after;
};

static enum rc add_hostname(struct arena *arena, struct hostname_list *list, const char *hostname)
{
	const char **grown = arena_grow(arena, (void *)list->items, list->count, &list->capacity, sizeof(const char *));

	if (!grown)
		return RC_NOMEM;
	grown[list->count++] = hostname;
	list->items = grown;
	return RC_OK;
}

/** A rule that serves, before and after, what it served is no news to anybody. */
static bool may_expose(const struct change *change)
{
	const struct resource *before = change->before, *after = change->after;

	if (change->kind != RESOURCE_RULE)
		return false;
	return !before || !after ||
	       resource_service_is_serving(before->u.rule.service) != resource_service_is_serving(after->u.rule.service);
}

static enum rc index_changes(struct exposure *e)
{
	const struct plan *plan = e->p->plan;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < plan->change_count; i++) {
		const struct change *change = &plan->changes[i];

		e->has_changed_cnames |= change->kind == RESOURCE_CNAME;
		if (change->action != ACTION_FORGET)
			rc = map_put(&e->changed, change->address, (void *)(uintptr_t)change, NULL);
		if (!rc && may_expose(change) && change->before)
			rc = patterns_add(&e->touched, change->before->u.rule.hostname);
		if (!rc && may_expose(change) && change->after)
			rc = patterns_add(&e->touched, change->after->u.rule.hostname);
	}
	return rc;
}

static enum rc index_tunnels(struct exposure *e)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < e->p->tunnel_count; i++) {
		const struct tunnel_context *context = e->p->tunnels[i];

		if (context->target)
			rc = map_put(&e->tunnels, context->target, (void *)(uintptr_t)context->address, NULL);
	}
	return rc;
}

/** The hostnames of rules that can stand for @p hostname. */
static enum rc add_relevant(struct exposure *e, const char *hostname)
{
	enum rc rc = map_put(&e->relevant, hostname, e, NULL);

	for (const char *dot = strchr(hostname, '.'); !rc && dot; dot = strchr(dot + 1, '.')) {
		const char *wildcard = arena_printf(e->p->scratch, "*%s", dot);

		rc = wildcard ? map_put(&e->relevant, wildcard, e, NULL) : RC_NOMEM;
	}
	return rc;
}

static enum rc add_host(struct exposure *e, const struct resource *cname)
{
	bool is_changed = e->has_changed_cnames && map_get(&e->changed, cname->address);
	const struct resource **grown;
	enum rc rc;

	if ((!is_changed && !patterns_cover(&e->touched, cname->u.cname.name)) || map_get(&e->seen, cname->address))
		return RC_OK;
	rc = map_put(&e->seen, cname->address, e, NULL);
	if (!rc)
		rc = add_relevant(e, cname->u.cname.name);
	if (rc)
		return rc;
	grown = arena_grow(e->p->scratch, (void *)e->hosts, e->host_count, &e->host_capacity, sizeof(*grown));
	if (!grown)
		return RC_NOMEM;
	grown[e->host_count++] = cname;
	e->hosts = grown;
	return RC_OK;
}

/** Desired and recorded hostnames, those desired first. */
static enum rc collect_hosts(struct exposure *e)
{
	const struct desired *desired = e->p->in->desired;
	const struct recorded_state *recorded = e->p->in->recorded;
	enum rc rc = map_put(&e->relevant, "", e, NULL);

	for (size_t i = 0; !rc && i < desired->cname_count; i++)
		rc = add_host(e, desired->cnames[i].cname);
	for (size_t i = 0; !rc && i < recorded->count; i++)
		if (recorded->items[i].resource->kind == RESOURCE_CNAME)
			rc = add_host(e, recorded->items[i].resource);
	return rc;
}

/** The rules before; and after: live ones but for the changes. */
static enum rc collect_rules(struct exposure *e)
{
	const struct plan *plan = e->p->plan;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < e->p->tunnel_count; i++) {
		const struct tunnel_context *context = e->p->tunnels[i];

		for (size_t r = 0; !rc && r < context->live_rule_count; r++) {
			const struct resource *rule = context->live_rules[r];

			if (!map_get(&e->relevant, rule->u.rule.hostname))
				continue;
			rc = serving_add(&e->before, context->address, rule);
			if (!rc && !map_get(&e->changed, rule->address))
				rc = serving_add(&e->after, context->address, rule);
		}
	}
	for (size_t i = 0; !rc && i < plan->change_count; i++) {
		const struct change *change = &plan->changes[i];

		if (change->kind == RESOURCE_RULE && change->after && map_get(&e->relevant, change->after->u.rule.hostname))
			rc = serving_add(&e->after, change->after->tunnel, change->after);
	}
	return rc;
}

static int compare_text(const void *a, const void *b)
{
	const char *const *ta = a, *const *tb = b;

	return strcmp(*ta, *tb);
}

static enum rc judge_hostname(struct exposure *e, const struct resource *cname)
{
	struct planning *p = e->p;
	const struct live_account *account = live_account(p->in->live, cname->u.cname.account);
	const struct change *change = map_get(&e->changed, cname->address);
	const struct live_name *name = account ? map_get(&account->records_by_name, cname->u.cname.name) : NULL;
	const struct live_zone_records *zone = account ? live_zone_of(account, cname->u.cname.name) : NULL;
	const char *was = NULL, *now;
	bool is_reachable, will_be;

	for (size_t i = 0; name && i < name->count; i++) {
		const char *content = str_lower(p->scratch, name->records[i]->content);

		if (!content)
			return RC_NOMEM;
		if (str_eq(name->records[i]->type, "CNAME") && zone && str_eq(name->records[i]->zone_id, zone->zone.id))
			was = map_get(&e->tunnels, content);
	}
	now = was;
	if (change)
		now = change->after ? change->after->tunnel : NULL;
	/* Taken over from elsewhere: it was reachable already, though not through us. */
	is_reachable = serving_covers(&e->before, was, cname->u.cname.name) || (change && change->is_takeover);
	will_be = serving_covers(&e->after, now, cname->u.cname.name);
	if (is_reachable == will_be)
		return RC_OK;
	return add_hostname(p->arena, will_be ? &p->plan->exposes : &p->plan->hides, cname->u.cname.name);
}

enum rc plan_exposure(struct planning *p)
{
	struct exposure e = {.p = p, .before = {.arena = p->scratch}, .after = {.arena = p->scratch}};
	enum rc rc;

	arena_reset(p->scratch);
	map_init(&e.changed, p->scratch);
	map_init(&e.tunnels, p->scratch);
	map_init(&e.seen, p->scratch);
	map_init(&e.relevant, p->scratch);
	map_init(&e.before.tunnels, p->scratch);
	map_init(&e.after.tunnels, p->scratch);
	patterns_init(&e.touched, p->scratch);
	rc = index_changes(&e);
	if (!rc)
		rc = index_tunnels(&e);
	/* What no change touches is as reachable as it was. */
	if (!rc && (e.has_changed_cnames || !patterns_is_empty(&e.touched)))
		rc = collect_hosts(&e);
	if (!rc && e.host_count)
		rc = collect_rules(&e);
	if (!rc && e.host_count)
		rc = planning_index_records(p);
	for (size_t i = 0; !rc && i < e.host_count; i++)
		rc = judge_hostname(&e, e.hosts[i]);
	sort_items(p->plan->exposes.items, p->plan->exposes.count, sizeof(const char *), compare_text);
	sort_items(p->plan->hides.items, p->plan->hides.count, sizeof(const char *), compare_text);
	return rc;
}

static size_t labels_below(const char *hostname, const char *zone)
{
	size_t labels = 0;

	for (const char *at = hostname; at + strlen(zone) < hostname + strlen(hostname); at++)
		labels += *at == '.';
	return labels;
}

static size_t plan_record_limit(const struct live_zone *zone)
{
	/* cloudflare-api section 5. Zones older than September 2024 may hold 1,000 on Free: hence a warning only. */
	if (!zone->plan)
		return 0;
	return str_eq(zone->plan, "free") ? 200 : str_eq(zone->plan, "enterprise") ? 0 : 3500;
}

struct zone_load {
	size_t created, deleted;
};

/** Records that a zone will hold, against what its plan allows. */
static void lint_quota(struct planning *p, const struct live_zone_records *zone, const struct zone_load *load)
{
	size_t limit = plan_record_limit(&zone->zone), count = zone->count + load->created - load->deleted;

	if (!limit || !load->created || count <= limit)
		return;
	struct diag *diag = diag_add(p->diags, SEVERITY_WARNING, "A0606", (struct span){0},
				     "zone %s would hold %zu records, and its plan (%s) allows %zu", zone->zone.name, count,
				     zone->zone.plan, limit);
	diag_help(p->diags, diag, "A wildcard CNAME covers many hostnames with one record. Older Free zones allow 1,000.");
}

static enum rc lint_quotas(struct planning *p)
{
	struct map loads;
	enum rc rc = RC_OK;

	map_init(&loads, p->arena);
	for (size_t i = 0; !rc && i < p->plan->change_count; i++) {
		const struct change *change = &p->plan->changes[i];
		struct zone_load *load = change->zone_id ? map_get(&loads, change->zone_id) : NULL;

		if (change->kind != RESOURCE_CNAME || !change->zone_id)
			continue;
		if (!load) {
			load = arena_alloc(p->arena, sizeof(*load));
			rc = load ? map_put(&loads, change->zone_id, load, NULL) : RC_NOMEM;
		}
		if (rc)
			return rc;
		load->created += change->action == ACTION_CREATE;
		load->deleted += change->action == ACTION_DELETE;
	}
	for (size_t a = 0; !rc && a < p->in->live->account_count; a++) {
		const struct live_account *account = &p->in->live->accounts[a];

		for (size_t z = 0; z < account->zone_count; z++) {
			const struct zone_load *load = map_get(&loads, account->zones[z].zone.id);

			if (load)
				lint_quota(p, &account->zones[z], load);
		}
	}
	return rc;
}

enum rc plan_lint(struct planning *p)
{
	for (size_t i = 0; i < p->plan->change_count; i++) {
		const struct change *change = &p->plan->changes[i];

		if (change->kind != RESOURCE_CNAME || change->action != ACTION_CREATE)
			continue;
		if (labels_below(change->after->u.cname.name, change->after->u.cname.zone) < 2)
			continue;
		struct diag *diag = diag_add(p->diags, SEVERITY_WARNING, "A0607", change->after->origin.span,
					     "%s is deeper than Cloudflare's Universal SSL covers", change->after->u.cname.name);
		diag_address(p->diags, diag, change->address);
		diag_help(p->diags, diag, "Universal SSL covers %s and one label below it. Use a hostname such as a-b.%s, or order an "
					  "advanced certificate.",
			  change->after->u.cname.zone, change->after->u.cname.zone);
	}
	return lint_quotas(p);
}
