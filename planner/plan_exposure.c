/* Which hostnames become, or stop being, reachable from the Internet; and warnings that need live knowledge. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "planner/planning.h"

/** For every tunnel, the hostnames that some serving rule stands for: "tunnel address hostname" -> any. */
struct serving {
	struct arena *arena;
	struct map hosts;
};

static enum rc serving_add(struct serving *serving, const char *tunnel, const struct resource *rule)
{
	const char *key;

	if (!resource_service_is_serving(rule->u.rule.service))
		return RC_OK;
	key = arena_printf(serving->arena, "%s %s", tunnel, rule->u.rule.hostname);
	return key ? map_put(&serving->hosts, key, serving, NULL) : RC_NOMEM;
}

static bool serving_has(const struct serving *serving, const char *tunnel, const char *hostname)
{
	const char *key = arena_printf(serving->arena, "%s %s", tunnel, hostname);

	return key && map_get(&serving->hosts, key);
}

/** True when a rule of the tunnel takes this hostname: itself, a wildcard over it, or any host. */
static bool serving_covers(const struct serving *serving, const char *tunnel, const char *hostname)
{
	const char *dot = hostname;

	if (!tunnel)
		return false;
	if (serving_has(serving, tunnel, hostname) || serving_has(serving, tunnel, ""))
		return true;
	while ((dot = strchr(dot, '.')) != NULL) {
		const char *wildcard = arena_printf(serving->arena, "*%s", dot++);

		if (!wildcard || serving_has(serving, tunnel, wildcard))
			return true;
	}
	return false;
}

static enum rc add_hostname(struct arena *arena, struct hostname_list *list, const char *hostname)
{
	const char **grown = arena_grow(arena, (void *)list->items, list->count, &list->capacity, sizeof(const char *));

	if (!grown)
		return RC_NOMEM;
	grown[list->count++] = hostname;
	list->items = grown;
	return RC_OK;
}

static enum rc collect_before(struct planning *p, struct serving *before, struct map *names)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < p->tunnel_count; i++) {
		const struct tunnel_context *context = p->tunnels[i];

		for (size_t r = 0; !rc && r < context->live_rule_count; r++)
			rc = serving_add(before, context->address, context->live_rules[r]);
		if (!rc && context->live) {
			const char *target = arena_printf(p->arena, "%s.cfargotunnel.com", context->live->tunnel.id);

			rc = target ? map_put(names, target, (void *)(uintptr_t)context->address, NULL) : RC_NOMEM;
		}
	}
	return rc;
}

/** The rules after: live ones but for the changes. */
static enum rc collect_after(struct planning *p, const struct map *changed, struct serving *after)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < p->tunnel_count; i++) {
		const struct tunnel_context *context = p->tunnels[i];

		for (size_t r = 0; !rc && r < context->live_rule_count; r++)
			if (!map_get(changed, context->live_rules[r]->address))
				rc = serving_add(after, context->address, context->live_rules[r]);
	}
	for (size_t i = 0; !rc && i < p->plan->change_count; i++) {
		const struct change *change = &p->plan->changes[i];

		if (change->kind == RESOURCE_RULE && change->after)
			rc = serving_add(after, change->after->tunnel, change->after);
	}
	return rc;
}

static int compare_text(const void *a, const void *b)
{
	const char *const *ta = a, *const *tb = b;

	return strcmp(*ta, *tb);
}

/** Every hostname in question: desired and recorded ones, once. */
static enum rc judge_hostname(struct planning *p, const struct serving *before, const struct serving *after,
			      const struct map *tunnels, const struct resource *cname, const struct map *changed)
{
	const struct live_account *account = live_account(p->in->live, cname->u.cname.account);
	const struct change *change = map_get(changed, cname->address);
	const struct live_name *name = account ? map_get(&account->records_by_name, cname->u.cname.name) : NULL;
	const struct live_zone_records *zone = account ? live_zone_of(account, cname->u.cname.name) : NULL;
	const char *was = NULL, *now = NULL;

	for (size_t i = 0; name && i < name->count; i++) {
		const char *content = str_lower(p->arena, name->records[i]->content);

		if (!content)
			return RC_NOMEM;
		if (str_eq(name->records[i]->type, "CNAME") && zone && str_eq(name->records[i]->zone_id, zone->zone.id))
			was = map_get(tunnels, content);
	}
	now = was;
	if (change)
		now = change->after ? change->after->tunnel : NULL;
	bool is_reachable = serving_covers(before, was, cname->u.cname.name);
	bool will_be = serving_covers(after, now, cname->u.cname.name);

	/* Taken over from elsewhere: it was reachable already, though not through us. */
	if (change && change->is_takeover)
		is_reachable = true;
	if (is_reachable == will_be)
		return RC_OK;
	return add_hostname(p->arena, will_be ? &p->plan->exposes : &p->plan->hides, cname->u.cname.name);
}

static enum rc judge_hostnames(struct planning *p, const struct serving *before, const struct serving *after,
			       const struct map *tunnels, const struct map *changed)
{
	struct map seen;
	enum rc rc = RC_OK;

	map_init(&seen, p->arena);
	for (size_t i = 0; !rc && i < p->in->desired->cname_count; i++) {
		const struct resource *cname = p->in->desired->cnames[i].cname;

		rc = map_put(&seen, cname->address, p, NULL);
		if (!rc)
			rc = judge_hostname(p, before, after, tunnels, cname, changed);
	}
	for (size_t i = 0; !rc && i < p->in->recorded->count; i++) {
		const struct resource *cname = p->in->recorded->items[i].resource;

		if (cname->kind == RESOURCE_CNAME && !map_get(&seen, cname->address))
			rc = judge_hostname(p, before, after, tunnels, cname, changed);
	}
	return rc;
}

enum rc plan_exposure(struct planning *p)
{
	struct serving before = {.arena = p->arena}, after = {.arena = p->arena};
	struct map tunnels, changed;
	enum rc rc = RC_OK;

	if (!p->plan->change_count)
		return RC_OK; /* what is reached stays so */
	map_init(&before.hosts, p->arena);
	map_init(&after.hosts, p->arena);
	map_init(&tunnels, p->arena);
	map_init(&changed, p->arena);
	for (size_t i = 0; !rc && i < p->plan->change_count; i++)
		if (p->plan->changes[i].action != ACTION_FORGET)
			rc = map_put(&changed, p->plan->changes[i].address, &p->plan->changes[i], NULL);
	if (!rc)
		rc = collect_before(p, &before, &tunnels);
	if (!rc)
		rc = collect_after(p, &changed, &after);
	if (!rc)
		rc = judge_hostnames(p, &before, &after, &tunnels, &changed);
	if (p->plan->exposes.count > 1)
		qsort(p->plan->exposes.items, p->plan->exposes.count, sizeof(const char *), compare_text);
	if (p->plan->hides.count > 1)
		qsort(p->plan->hides.items, p->plan->hides.count, sizeof(const char *), compare_text);
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
