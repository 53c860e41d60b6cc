/* Building a plan: what is what, then what changes, then what to think of it. */
#include "planner/plan.h"

#include <string.h>

#include "base/limits.h"
#include "base/sort.h"
#include "base/str.h"
#include "planner/planning.h"

/** The budget that a plan's duration is told for: 60 % of Cloudflare's 1,200 calls in 300 s (cloudflare-api section 1). */
#define BUDGET_CALLS 720
#define BUDGET_WINDOW_S 300

static int compare_changes(const void *a, const void *b)
{
	const struct change *ca = a, *cb = b;
	int order = resource_compare_address(ca->address, cb->address);

	return order ? order : (int)ca->action - (int)cb->action;
}

static int compare_drifts(const void *a, const void *b)
{
	const struct drift *da = a, *db = b;

	return resource_compare_address(da->address, db->address);
}

static int compare_orphans(const void *a, const void *b)
{
	const struct orphan *oa = a, *ob = b;
	int order = resource_compare_address(oa->address, ob->address);

	return order ? order : strcmp(oa->live->id, ob->live->id);
}

static int compare_conflicts(const void *a, const void *b)
{
	const struct conflict *ca = a, *cb = b;
	int order = resource_compare_address(ca->address, cb->address);

	return order ? order : strcmp(ca->record_id, cb->record_id);
}

static int compare_texts(const void *a, const void *b)
{
	const char *const *ta = a, *const *tb = b;

	return strcmp(*ta, *tb);
}

static void sort_all(struct plan *plan)
{
	sort_items(plan->changes, plan->change_count, sizeof(*plan->changes), compare_changes);
	sort_items(plan->drifts, plan->drift_count, sizeof(*plan->drifts), compare_drifts);
	sort_items(plan->orphans, plan->orphan_count, sizeof(*plan->orphans), compare_orphans);
	sort_items(plan->conflicts, plan->conflict_count, sizeof(*plan->conflicts), compare_conflicts);
	sort_items(plan->unknown, plan->unknown_count, sizeof(const char *), compare_texts);
	sort_items(plan->held, plan->held_count, sizeof(const char *), compare_texts);
}

/** Where a rule's address lies beside "rule/<part>/": 0 in it. @param part "/<part>", from the tunnel's address */
static int compare_part(const char *rule_address, const char *part, size_t size)
{
	const char *rest = rule_address + strlen("rule");
	int order = strncmp(rest, part, size);

	return order ? order : (int)(unsigned char)rest[size] - '/';
}

void plan_rule_range(const struct plan *plan, const char *tunnel_address, size_t *ret_first, size_t *ret_end)
{
	const char *part = strchr(tunnel_address, '/');
	size_t size = part ? strlen(part) : 0, low = 0, high = plan->change_count;

	/* Changes are sorted by kind, then address: find the first "rule/<part>/". */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct change *change = &plan->changes[middle];
		bool is_before = change->kind == RESOURCE_TUNNEL;

		if (change->kind == RESOURCE_RULE && part)
			is_before = compare_part(change->address, part, size) < 0;
		if (is_before)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_first = low;
	while (low < plan->change_count && part && plan->changes[low].kind == RESOURCE_RULE &&
	       !compare_part(plan->changes[low].address, part, size))
		low++;
	*ret_end = low;
}

static enum rc index_input(struct planning *p)
{
	const struct desired *desired = p->in->desired;
	const struct recorded_state *recorded = p->in->recorded;
	bool has_shared = p->in->sharing && p->in->sharing->count;
	enum rc rc;

	p->is_settled = arena_array(p->arena, recorded->count, sizeof(*p->is_settled));
	rc = p->is_settled ? RC_OK : RC_NOMEM;
	for (size_t i = 0; !rc && has_shared && i < desired->tunnel_count; i++)
		for (size_t r = 0; !rc && r < desired->tunnels[i].rule_count; r++)
			rc = map_put(&p->desired_rules, desired->tunnels[i].rules[r]->address, desired->tunnels[i].rules[r], NULL);
	return rc;
}

static enum rc copy_refusals(struct planning *p)
{
	const struct desired *desired = p->in->desired;
	struct plan *plan = p->plan;

	plan->refusals = arena_array(p->arena, desired->refusal_count + 1, sizeof(*plan->refusals));
	if (!plan->refusals)
		return RC_NOMEM;
	for (size_t i = 0; i < desired->refusal_count; i++)
		plan->refusals[i] = desired->refusals[i];
	plan->refusal_count = desired->refusal_count;
	plan->refusal_capacity = desired->refusal_count + 1;
	plan->unattached = desired->unattached;
	plan->unattached_count = desired->unattached_count;
	return RC_OK;
}

const struct change *plan_change_find(const struct plan *plan, const char *address)
{
	size_t low = 0, high = plan->change_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (resource_compare_address(plan->changes[middle].address, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < plan->change_count && str_eq(plan->changes[low].address, address) ? &plan->changes[low] : NULL;
}

/** What is left to do for each tunnel, once the selection is made. */
static void settle_tunnels(struct plan *plan)
{
	for (size_t i = 0; i < plan->tunnel_count; i++) {
		struct tunnel_plan *tunnel = plan->tunnels[i];
		const struct change *change = plan_change_find(plan, tunnel->address);
		bool document_changes = tunnel->needs_put && change && change->action == ACTION_UPDATE;
		size_t first, end;

		tunnel->is_created = change && change->action == ACTION_CREATE;
		tunnel->is_deleted = change && change->action == ACTION_DELETE;
		plan_rule_range(plan, tunnel->address, &first, &end);
		for (size_t c = first; c < end && !document_changes; c++) {
			const struct change *rule = &plan->changes[c];
			const struct resource *any = rule->after ? rule->after : rule->before;

			document_changes = rule->action <= ACTION_DELETE && str_eq(any->tunnel, tunnel->address);
		}
		tunnel->needs_put = document_changes && !plan->is_refresh_only;
	}
}

static void add_up(struct plan *plan)
{
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct change *change = &plan->changes[i];

		switch (change->action) {
		case ACTION_CREATE:
			plan->add_count++;
			break;
		case ACTION_UPDATE:
		case ACTION_REPLACE:
			plan->change_total++;
			break;
		case ACTION_DELETE:
			plan->destroy_count++;
			break;
		case ACTION_FORGET:
			plan->forget_count++;
			break;
		case ACTION_RECORD:
			break;
		}
		plan->import_count += change->is_adoption;
	}
}

/** Zones that were met, as far as there is room: what is beyond it counts as met anew. */
struct met_zones {
	const char *ids[64];
	size_t count;
};

static bool is_met(struct met_zones *zones, const char *id)
{
	for (size_t i = 0; i < zones->count; i++)
		if (str_eq(zones->ids[i], id))
			return true;
	if (zones->count < sizeof(zones->ids) / sizeof(zones->ids[0]))
		zones->ids[zones->count++] = id;
	return false;
}

static void count_calls(struct plan *plan)
{
	struct met_zones zones = {.count = 0};

	for (size_t i = 0; i < plan->tunnel_count; i++)
		plan->calls += (plan->tunnels[i]->needs_put ? 2u : 0u) + (plan->tunnels[i]->is_deleted ? 5u : 0u);
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct change *change = &plan->changes[i];

		if (change->action == ACTION_RECORD || change->action == ACTION_FORGET)
			continue;
		if (change->kind == RESOURCE_TUNNEL && change->action != ACTION_DELETE)
			plan->calls++;
		if (change->kind == RESOURCE_CNAME && !is_met(&zones, change->zone_id))
			plan->calls += 2; /* one list and one batch a zone, as a rule */
	}
	if (plan->calls > BUDGET_CALLS)
		plan->call_seconds = (int64_t)(plan->calls - BUDGET_CALLS) * BUDGET_WINDOW_S / BUDGET_CALLS + 1;
}

static enum rc compute(struct planning *p)
{
	enum rc rc = index_input(p);

	if (!rc)
		rc = copy_refusals(p);
	if (!rc)
		rc = plan_tunnels_resolve(p);
	if (!rc)
		rc = plan_cnames(p);
	if (!rc)
		rc = plan_tunnels(p);
	if (!rc)
		rc = plan_orphans(p);
	if (!rc && p->in->options->refresh_only)
		rc = plan_refresh_only(p);
	if (!rc)
		rc = plan_select(p);
	if (rc)
		return rc;
	rc = plan_guards(p);
	if (!rc)
		rc = plan_exposure(p);
	return rc ? rc : plan_lint(p);
}

void plan_finish(struct plan *plan)
{
	sort_all(plan);
	settle_tunnels(plan);
	add_up(plan);
	count_calls(plan);
}

static enum rc build(struct planning *p)
{
	enum rc rc = compute(p);

	if (rc)
		return rc;
	plan_finish(p->plan);
	rc = plan_shared_expect(p);
	if (rc)
		return rc;
	p->plan->digest = plan_digest(p->arena, p->plan);
	return p->plan->digest ? RC_OK : RC_NOMEM;
}

enum rc plan_build(struct arena *arena, struct diags *diags, const struct plan_input *input, struct plan **ret_plan)
{
	struct planning p = {.arena = arena, .diags = diags, .in = input};
	struct plan *plan = arena_alloc(arena, sizeof(*plan));
	enum rc rc;

	if (!plan)
		return RC_NOMEM;
	p.plan = plan;
	map_init(&p.tunnel_by_address, arena);
	map_init(&p.desired_rules, arena);
	map_init(&p.held_hosts, arena);
	map_init(&p.kept_hosts, arena);
	map_init(&p.kept_tunnels, arena);
	map_init(&p.cname_ids, arena);
	plan->project = input->project->name;
	plan->lineage = input->recorded->lineage;
	plan->serial = input->recorded->serial;
	plan->source_digest = input->desired->digest;
	plan->timestamp_ms = input->options->now_ms;
	plan->is_destroy = input->options->destroy;
	plan->is_refresh_only = input->options->refresh_only;
	plan->rollback_run = input->options->rollback_run;
	plan->keep_going = input->options->keep_going;
	plan->is_partial = input->options->target_count || input->options->exclude_count;
	plan->overrides = input->options->overrides;
	p.scratch = arena_new(LIMIT_ARENA_BYTES);
	p.ids = arena_new(LIMIT_ARENA_BYTES);
	map_init(&p.recorded_by_id, p.ids);
	rc = p.scratch && p.ids ? build(&p) : RC_NOMEM;
	if (!rc && (arena_has_failed(p.scratch) || arena_has_failed(p.ids)))
		rc = RC_NOMEM;
	arena_free(p.scratch);
	arena_free(p.ids);
	if (!rc)
		*ret_plan = plan;
	return rc;
}

bool plan_has_changes(const struct plan *plan)
{
	return plan->add_count + plan->change_total + plan->destroy_count > 0;
}

bool plan_is_refused(const struct plan *plan)
{
	return plan->guard_count > 0 || (plan->conflict_count > 0 && !plan->keep_going);
}

bool plan_is_applyable(const struct plan *plan)
{
	return plan->change_count > 0 && !plan_is_refused(plan);
}
