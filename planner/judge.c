/* The table of three states: what becomes of one address. */
#include <string.h>

#include "base/str.h"
#include "planner/planning.h"

enum rc planning_add_change(struct planning *p, const struct change *change, struct change **ret_change)
{
	struct plan *plan = p->plan;
	struct change *grown = arena_grow(p->arena, plan->changes, plan->change_count, &plan->change_capacity, sizeof(*grown));

	if (!grown)
		return RC_NOMEM;
	plan->changes = grown;
	grown[plan->change_count] = *change;
	if (ret_change)
		*ret_change = &grown[plan->change_count];
	plan->change_count++;
	return RC_OK;
}

enum rc planning_add_drift(struct planning *p, const struct drift *drift)
{
	struct plan *plan = p->plan;
	struct drift *grown = arena_grow(p->arena, plan->drifts, plan->drift_count, &plan->drift_capacity, sizeof(*grown));

	if (!grown)
		return RC_NOMEM;
	plan->drifts = grown;
	grown[plan->drift_count++] = *drift;
	return RC_OK;
}

static enum rc add_address(struct planning *p, const char ***items, size_t *count, size_t *capacity, const char *address)
{
	const char **grown = arena_grow(p->arena, (void *)*items, *count, capacity, sizeof(const char *));

	if (!grown)
		return RC_NOMEM;
	grown[(*count)++] = address;
	*items = grown;
	return RC_OK;
}

enum rc planning_add_unknown(struct planning *p, const char *address)
{
	return add_address(p, &p->plan->unknown, &p->plan->unknown_count, &p->plan->unknown_capacity, address);
}

enum rc planning_add_held(struct planning *p, const char *address)
{
	return add_address(p, &p->plan->held, &p->plan->held_count, &p->plan->held_capacity, address);
}

struct recorded *planning_recorded(const struct planning *p, const char *address)
{
	return map_get(&p->in->recorded->by_address, address);
}

enum rc planning_index_records(struct planning *p)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < p->in->live->account_count; i++)
		rc = live_index_records(p->arena, &p->in->live->accounts[i]);
	return rc;
}

bool planning_is_adopted(const struct planning *p, const char *address)
{
	for (size_t i = 0; i < p->in->options->adopt_count; i++)
		if (str_glob_match(p->in->options->adopt[i], address))
			return true;
	return false;
}

enum rc planning_add_conflict(struct planning *p, const struct conflict *conflict)
{
	struct plan *plan = p->plan;
	struct conflict *grown =
		arena_grow(p->arena, plan->conflicts, plan->conflict_count, &plan->conflict_capacity, sizeof(*grown));

	if (!grown || !conflict->what)
		return RC_NOMEM;
	plan->conflicts = grown;
	grown[plan->conflict_count++] = *conflict;
	return RC_OK;
}

bool planning_is_moved(const struct recorded *recorded, const struct live_account *account)
{
	return recorded && account && recorded->account_id && account->account_id &&
	       !str_eq(recorded->account_id, account->account_id);
}

static bool ignore_applies(const struct planning *p, const struct ignore_rule *ignore, const char *address)
{
	if (ignore->until_s && ignore->until_s * 1000 <= p->in->options->now_ms)
		return false;
	return str_glob_match(ignore->address, address);
}

static void copy_field(struct resource *to, const struct resource *from, const struct field *field)
{
	size_t size = sizeof(const char *);

	switch (field->type) {
	case FIELD_STRING:
	case FIELD_JSON:
		size = sizeof(const char *);
		break;
	case FIELD_BOOL:
		size = sizeof(bool);
		break;
	case FIELD_INT:
		size = sizeof(int64_t);
		break;
	}
	memcpy((char *)to + field->offset, (const char *)from + field->offset, size);
}

/** What the project ignores takes the live value on both other sides, so that nothing downstream needs a special case. */
static enum rc fold_ignored(struct planning *p, const struct resource_type *type, struct triple *triple,
			    const struct ignore_rule *ignore)
{
	struct resource *desired = NULL, *was = NULL;
	struct recorded *recorded = NULL;

	if (triple->desired) {
		desired = (void *)arena_memdup(p->arena, triple->desired, sizeof(*desired));
		if (!desired)
			return RC_NOMEM;
	}
	if (triple->recorded) {
		recorded = (void *)arena_memdup(p->arena, triple->recorded, sizeof(*recorded));
		was = (void *)arena_memdup(p->arena, triple->recorded->resource, sizeof(*was));
		if (!recorded || !was)
			return RC_NOMEM;
		recorded->resource = was;
	}
	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];

		if (ignore->field && !str_eq(ignore->field, field->name))
			continue;
		if (desired)
			copy_field(desired, triple->live, field);
		if (was)
			copy_field(was, triple->live, field);
	}
	triple->desired = desired;
	triple->recorded = recorded;
	return RC_OK;
}

static enum rc fold(struct planning *p, struct triple *triple)
{
	const struct project *project = p->in->project;

	for (size_t i = 0; triple->live && i < project->ignore_count; i++) {
		enum rc rc;

		if (!ignore_applies(p, &project->ignores[i], triple->address))
			continue;
		rc = fold_ignored(p, resource_type(triple->kind), triple, &project->ignores[i]);
		if (rc)
			return rc;
	}
	return RC_OK;
}

static enum rc note_drift(struct planning *p, const struct triple *triple)
{
	struct drift drift = {.resource_kind = triple->kind, .address = triple->address, .live = triple->live};

	if (triple->recorded)
		drift.recorded = triple->recorded->resource;
	if (triple->recorded && !triple->live)
		drift.kind = DRIFT_GONE;
	else if (triple->recorded && !resource_equal(drift.recorded, triple->live))
		drift.kind = DRIFT_CHANGED;
	else if (!triple->recorded && !triple->desired && triple->live)
		drift.kind = DRIFT_FOREIGN;
	else
		return RC_OK;
	return planning_add_drift(p, &drift);
}

/** The state's view of it is out of date although live is as desired. */
static bool record_is_stale(const struct triple *triple)
{
	const struct recorded *recorded = triple->recorded;

	if (!recorded || !resource_equal(recorded->resource, triple->desired))
		return true;
	if (!str_eq(recorded->resource->id, triple->live->id) && triple->live->id)
		return true;
	if (recorded->is_protected != triple->is_protected || recorded->retired_ms != triple->retired_ms)
		return true;
	return !str_eq(recorded->resource->origin.object, triple->desired->origin.object) ||
	       !str_eq(recorded->resource->origin.precedence, triple->desired->origin.precedence) ||
	       !str_eq(recorded->resource->tunnel, triple->desired->tunnel);
}

bool judge_is_settled(const struct planning *p, const struct triple *triple)
{
	if (!triple->desired || !triple->recorded || !triple->live || p->in->project->ignore_count)
		return false;
	return resource_equal(triple->recorded->resource, triple->live) && resource_equal(triple->desired, triple->live) &&
	       !record_is_stale(triple) && !triple->is_record_stale;
}

static bool decide(const struct triple *triple, bool is_rollback, struct change *change)
{
	if (triple->desired && !triple->live) {
		change->action = ACTION_CREATE;
		if (triple->recorded)
			change->reason = "it is gone";
	} else if (triple->desired && !resource_equal(triple->desired, triple->live)) {
		change->action = ACTION_UPDATE;
		change->is_adoption = !triple->recorded;
	} else if (triple->desired) {
		if (!record_is_stale(triple) && !triple->is_record_stale)
			return false;
		change->action = ACTION_RECORD;
		change->is_adoption = !triple->recorded;
	} else if (triple->live) {
		change->action = ACTION_DELETE;
		change->reason = !triple->recorded ? "not adit's, in a tunnel of this project" :
				 is_rollback       ? "that run did not have it" : "not in the manifests";
	} else if (triple->recorded) {
		change->action = ACTION_FORGET;
		change->reason = is_rollback ? "it is gone, and that run did not have it" : "it is gone, and not in the manifests";
	} else {
		return false;
	}
	return true;
}

enum rc judge(struct planning *p, struct triple *triple, struct change **ret_change)
{
	struct change change = {.kind = triple->kind, .address = triple->address, .account_id = triple->account_id,
				.zone_id = triple->zone_id, .expected = "", .is_protected = triple->is_protected,
				.retired_ms = triple->retired_ms};
	enum rc rc = fold(p, triple);

	if (ret_change)
		*ret_change = NULL;
	if (!rc)
		rc = note_drift(p, triple);
	if (rc || !decide(triple, p->in->options->rollback_run != 0, &change))
		return rc;
	if (triple->is_held)
		return planning_add_held(p, triple->address);
	change.before = triple->live;
	change.after = triple->desired;
	if (change.action == ACTION_FORGET)
		change.before = triple->recorded->resource;
	if (triple->live) {
		change.expected = resource_fingerprint(p->arena, triple->live);
		if (!change.expected)
			return RC_NOMEM;
	}
	return planning_add_change(p, &change, ret_change);
}
