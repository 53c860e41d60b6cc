/* CNAMEs: whose a record is, what stands in the way, what changes. */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "planner/plan_cname.h"
#include "schema/mark.h"

static const struct span nowhere;

/** A record that stays as it is may point where it pointed: what serves it there must not go. */
static enum rc keep_behind(struct planning *p, const struct cname_context *c)
{
	const struct recorded *recorded = c->triple.recorded;
	enum rc rc = map_put(&p->kept_hosts, c->hostname, p, NULL);

	if (!rc && recorded && recorded->resource->tunnel)
		rc = map_put(&p->kept_tunnels, recorded->resource->tunnel, p, NULL);
	return rc;
}

static enum rc set_unknown(struct planning *p, struct cname_context *c)
{
	enum rc rc = planning_add_unknown(p, c->triple.address);

	c->is_unknown = true;
	return rc ? rc : keep_behind(p, c);
}

static enum rc unseen_zone(struct planning *p, struct cname_context *c)
{
	struct diag *diag = diag_add(p->diags, SEVERITY_ERROR, "A0603", nowhere,
				     "the zone of %s is not visible to this token any more", c->hostname);

	diag_address(p->diags, diag, c->triple.address);
	diag_help(p->diags, diag, "What cannot be seen is unknown: the record is neither changed nor forgotten. Give the token "
				  "Zone: Zone: Read and Zone: DNS: Edit on the zone, or run `adit state rm %s`.",
		  c->triple.address);
	return set_unknown(p, c);
}

static enum rc refuse_zone(struct planning *p, const struct cname_context *c)
{
	struct plan *plan = p->plan;
	struct refusal *grown;
	struct strbuf zones;
	struct refusal refusal = {.feature = "CNAME", .effect = "no CNAME; the rule stays", .span = c->wanted->cname->origin.span};

	strbuf_init(&zones, 4096);
	for (size_t i = 0; i < c->account->zone_count && zones.size < 300; i++)
		strbuf_addf(&zones, "%s%s", i ? ", " : "", c->account->zones[i].zone.name);
	refusal.object = c->wanted->cname->origin.object ? c->wanted->cname->origin.object : c->triple.address;
	refusal.reason = arena_printf(p->arena, "%s lies in no zone of account %s (zones: %s)", c->hostname,
				      c->account->account, zones.size ? strbuf_text(&zones) : "none");
	strbuf_done(&zones);
	grown = arena_grow(p->arena, plan->refusals, plan->refusal_count, &plan->refusal_capacity, sizeof(*grown));
	if (!grown || !refusal.reason)
		return RC_NOMEM;
	plan->refusals = grown;
	grown[plan->refusal_count++] = refusal;
	return RC_OK;
}

/** Find the zone. @param ret_done set when there is nothing more to plan for it */
static enum rc find_zone(struct planning *p, struct cname_context *c, bool *ret_done)
{
	const struct recorded *recorded = c->triple.recorded;
	const struct live_zone_records *was = NULL;

	*ret_done = true;
	if (!c->account || c->account->zones_visibility == NOT_VISIBLE)
		return set_unknown(p, c);
	/* In another account by now: a guard asks whether that is meant. */
	if (c->wanted && planning_is_moved(recorded, c->account))
		recorded = NULL;
	if (recorded && recorded->zone_id)
		was = map_get(&c->account->zone_by_id, recorded->zone_id);
	if (recorded && recorded->zone_id && !was)
		return unseen_zone(p, c);
	c->zone = c->wanted ? live_zone_of(c->account, c->hostname) : was;
	if (!c->zone)
		return c->wanted ? refuse_zone(p, c) : unseen_zone(p, c);
	if (c->zone->visibility == NOT_VISIBLE)
		return set_unknown(p, c);
	*ret_done = false;
	return RC_OK;
}

static enum rc add_conflict(struct planning *p, struct cname_context *c, const struct live_record *record)
{
	struct mark mark = mark_parse(p->arena, record->comment);
	struct conflict conflict = {.address = c->triple.address, .record_id = record->id, .account = c->account->account};
	enum rc rc;

	conflict.what = arena_printf(p->arena, "%s %s", record->type, record->content);
	if (mark.project)
		conflict.owner = arena_printf(p->arena, "project %s", mark.project);
	else
		conflict.owner = mark_foreign_tool(record->comment, record->tags);
	rc = planning_add_conflict(p, &conflict);
	if (!rc)
		rc = map_put(&p->held_hosts, c->hostname, p, NULL);
	return rc ? rc : keep_behind(p, c);
}

/** Marked by another project, or by another tool and not by this project as well. */
static bool is_other_owner(struct planning *p, const struct live_record *record)
{
	struct mark mark = mark_parse(p->scratch, record->comment);

	if (!mark.project)
		return mark_foreign_tool(record->comment, record->tags);
	return !str_eq(mark.project, p->in->project->name);
}

static bool is_ours_by_mark(struct planning *p, const struct live_record *record)
{
	struct mark mark = mark_parse(p->scratch, record->comment);

	return str_eq(record->type, "CNAME") && str_eq(mark.project, p->in->project->name);
}

/** One that is recorded at another address: renamed by hand, it is still what it is recorded as, and makes room. */
static bool is_another(struct planning *p, const struct cname_context *c, const struct live_record *record)
{
	const struct recorded *recorded = map_get(&p->recorded_by_id, record->id);

	return recorded && !str_eq(recorded->resource->address, c->triple.address) && !is_other_owner(p, record);
}

/** Our record: by its recorded id, else by its mark on the name. */
static enum rc find_record(struct planning *p, struct cname_context *c)
{
	const struct recorded *recorded = c->triple.recorded;
	enum rc rc;

	if (c->wanted && planning_is_moved(recorded, c->account))
		recorded = NULL;
	if (recorded && recorded->resource->id && str_eq(recorded->zone_id, c->zone->zone.id)) {
		c->record = map_get(&c->account->record_by_id, recorded->resource->id);
		if (!c->record && !map_get(&c->account->gone, recorded->resource->id))
			return set_unknown(p, c);
	}
	rc = live_name_find(p->scratch, c->account, c->zone->zone.id, c->hostname, &c->in_the_way);
	for (size_t i = 0; !c->record && c->wanted && c->in_the_way && i < c->in_the_way->count; i++)
		if (is_ours_by_mark(p, c->in_the_way->records[i]) && !is_another(p, c, c->in_the_way->records[i]))
			c->record = c->in_the_way->records[i];
	return rc;
}

/** Not ours to change any more; that it changed is drift all the same. */
static enum rc note_lost_record(struct planning *p, const struct cname_context *c)
{
	struct drift drift = {.kind = DRIFT_CHANGED, .resource_kind = RESOURCE_CNAME, .address = c->triple.address};

	if (!c->triple.recorded)
		return RC_OK;
	drift.recorded = c->triple.recorded->resource;
	drift.live = live_record_resource(p->arena, c->account->account, c->zone->zone.name, c->record);
	return drift.live ? planning_add_drift(p, &drift) : RC_NOMEM;
}

/** Another owner's mark on our recorded id, or something else made of it that is not wanted.
 * @param ret_done set when that settles it */
static enum rc check_owner(struct planning *p, struct cname_context *c, bool *ret_done)
{
	struct change change = {.action = ACTION_FORGET, .kind = RESOURCE_CNAME, .address = c->triple.address,
				.reason = "it bears another owner's mark by now", .expected = ""};
	bool is_others = c->record && is_other_owner(p, c->record);
	struct diag *diag;
	enum rc rc;

	*ret_done = (is_others || (c->record && !c->wanted && !str_eq(c->record->type, "CNAME"))) &&
		    !planning_is_adopted(p, c->triple.address) && !c->is_given_up;
	if (!*ret_done)
		return RC_OK;
	rc = note_lost_record(p, c);
	if (rc)
		return rc;
	if (c->wanted)
		return add_conflict(p, c, c->record);
	if (is_others) {
		const char *tool = mark_foreign_tool(c->record->comment, c->record->tags);

		diag = diag_add(p->diags, SEVERITY_WARNING, "A0605", nowhere,
				"%s bears another owner's mark by now (%s): it is forgotten, not deleted", c->hostname,
				tool ? tool : c->record->comment);
	} else {
		change.reason = "it is another record by now";
		diag = diag_add(p->diags, SEVERITY_WARNING, "A0605", nowhere,
				"%s is a record of type %s by now: it is forgotten, not deleted", c->hostname, c->record->type);
	}
	diag_address(p->diags, diag, c->triple.address);
	change.before = c->triple.recorded->resource;
	return planning_add_change(p, &change, NULL);
}

/** What else stands on the name: a conflict, or taken over. @param ret_done set on a conflict */
static enum rc check_name(struct planning *p, struct cname_context *c, bool *ret_done)
{
	for (size_t i = 0; c->in_the_way && i < c->in_the_way->count; i++) {
		const struct live_record *record = c->in_the_way->records[i];

		if (record == c->record || is_another(p, c, record))
			continue;
		/* A delegation is never taken over: it is not one record of a hostname. */
		if (!planning_is_adopted(p, c->triple.address) || str_eq(record->type, "NS")) {
			*ret_done = true;
			return add_conflict(p, c, record);
		}
		c->is_takeover = true;
	}
	if (c->is_takeover && !c->record && c->in_the_way->count == 1 && str_eq(c->in_the_way->records[0]->type, "CNAME"))
		c->record = c->in_the_way->records[0];
	if (c->record && is_other_owner(p, c->record) && !c->is_given_up)
		c->is_takeover = true;
	return RC_OK;
}

/** Both sides to be compared: the desired CNAME with everything filled in that only live knows, and the live record.
 * @param arena  for both */
static enum rc complete(struct planning *p, struct arena *arena, struct cname_context *c)
{
	const struct resource *bare = c->wanted ? c->wanted->cname : NULL;
	struct resource *full;

	c->triple.live = NULL;
	if (c->record) {
		c->triple.live = live_record_resource(arena, c->account->account, c->zone->zone.name, c->record);
		if (!c->triple.live)
			return RC_NOMEM;
	}
	if (!bare)
		return RC_OK;
	full = (void *)arena_memdup(arena, bare, sizeof(*bare));
	if (!full)
		return RC_NOMEM;
	full->u.cname.zone = c->zone->zone.name;
	full->u.cname.content = c->tunnel->target;
	full->u.cname.comment = mark_apply(arena, p->in->project->name, bare->tunnel, c->record ? c->record->comment : "");
	c->triple.desired = full;
	return full->u.cname.comment ? RC_OK : RC_NOMEM;
}

/** The tunnel that it shall point at. */
static enum rc find_tunnel(struct planning *p, struct cname_context *c)
{
	c->tunnel = map_get(&p->tunnel_by_address, c->wanted->cname->tunnel);
	if (!c->tunnel || c->tunnel->is_unknown)
		return set_unknown(p, c);
	c->triple.is_held = c->tunnel->is_contested;
	return RC_OK;
}

/** Records of another type, or several, make room in the same batch that makes the CNAME. */
static enum rc make_replacement(struct planning *p, struct cname_context *c, struct change *change)
{
	struct live_record *only[1] = {NULL};
	struct live_record **records = c->in_the_way ? c->in_the_way->records : NULL;
	size_t count = c->in_the_way ? c->in_the_way->count : 0;

	if (c->record && !c->is_takeover) {
		only[0] = map_get(&c->account->record_by_id, c->record->id);
		records = only;
		count = 1;
	}
	change->action = ACTION_REPLACE;
	change->replaced_ids = arena_array(p->arena, count, sizeof(const char *));
	change->expected = live_records_fingerprint(p->arena, records, count);
	if (!change->replaced_ids || !change->expected)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++)
		change->replaced_ids[i] = records[i]->id;
	change->replaced_count = count;
	if (count)
		change->before = live_record_resource(p->arena, c->account->account, c->zone->zone.name, records[0]);
	return count && !change->before ? RC_NOMEM : RC_OK;
}

static enum rc judge_cname(struct planning *p, struct cname_context *c)
{
	struct change *change = NULL;
	bool replaces, is_handover = false;
	enum rc rc;

	c->triple.kind = RESOURCE_CNAME;
	c->triple.account_id = c->account->account_id;
	c->triple.zone_id = c->zone->zone.id;
	c->triple.is_protected = c->wanted && c->wanted->protect;
	/* Most are as they should be, and leave nothing behind. */
	if (c->wanted && c->triple.recorded && c->record && !c->is_takeover) {
		rc = complete(p, p->scratch, c);
		if (rc || judge_is_settled(p, &c->triple))
			return rc;
	}
	rc = complete(p, p->arena, c);
	if (rc)
		return rc;
	/* A CNAME without its rule would be served by a wider one. */
	c->triple.is_held |= p->in->options->keep_going && p->in->options->has_hidden_input;
	if (p->in->options->keep_going && p->in->options->has_invalid_input && c->triple.recorded)
		c->triple.is_held |= !c->wanted || !str_eq(c->wanted->cname->origin.object,
							   c->triple.recorded->resource->origin.object);
	rc = cname_hand_over(p, c, &is_handover);
	if (!rc)
		rc = judge(p, &c->triple, &change);
	if (rc || !change)
		return rc;
	if (is_handover) {
		change->is_handover = true;
		change->reason = "given up here; another project uses it in the same tunnel";
	}
	change->is_takeover = c->is_takeover;
	if (c->is_takeover && c->record)
		change->prior_comment = c->record->comment;
	replaces = (c->is_takeover && !c->record) || (c->record && !str_eq(c->record->type, "CNAME"));
	if (replaces && (change->action == ACTION_CREATE || change->action == ACTION_UPDATE))
		return make_replacement(p, c, change);
	return RC_OK;
}

static bool is_recorded_as(const struct cname_context *c)
{
	return c->triple.recorded && str_eq(c->triple.recorded->resource->id, c->record->id);
}

static enum rc plan_one(struct planning *p, struct cname_context *c)
{
	bool done = false;
	enum rc rc = planning_index_records(p);

	arena_reset(p->scratch);
	if (!rc)
		rc = find_zone(p, c, &done);
	if (!rc && !done)
		rc = find_record(p, c);
	if (!rc && !done && !c->is_unknown && c->wanted)
		rc = cname_check_served(p, c, &done);
	if (!rc && !done && !c->is_unknown)
		rc = check_owner(p, c, &done);
	if (!rc && !done && !c->is_unknown && c->wanted)
		rc = check_name(p, c, &done);
	if (!rc && c->record && !is_recorded_as(c) && !map_get(&p->recorded_by_id, c->record->id))
		rc = map_put(&p->cname_ids, c->record->id, p, NULL);
	if (!rc && !done && !c->is_unknown && c->wanted)
		rc = find_tunnel(p, c);
	if (rc || done || c->is_unknown)
		return rc;
	return judge_cname(p, c);
}

enum rc plan_cnames(struct planning *p)
{
	const struct desired *desired = p->in->desired;
	const struct recorded_state *recorded = p->in->recorded;
	bool *is_wanted = NULL, *is_settled = NULL;
	enum rc rc = plan_settle_cnames(p, &is_wanted, &is_settled);

	for (size_t i = 0; !rc && i < desired->cname_count; i++) {
		const struct resource *cname = desired->cnames[i].cname;
		struct cname_context c = {.wanted = &desired->cnames[i], .hostname = cname->u.cname.name};

		if (is_settled[i])
			continue;
		c.triple.address = cname->address;
		c.triple.recorded = planning_recorded(p, cname->address);
		c.account = live_account(p->in->live, cname->u.cname.account);
		rc = plan_one(p, &c);
	}
	for (size_t i = 0; !rc && i < recorded->count; i++) {
		const struct resource *cname = recorded->items[i].resource;
		struct cname_context c = {0};

		if (is_wanted[i] || p->is_settled[i] || cname->kind != RESOURCE_CNAME)
			continue;
		c.hostname = cname->u.cname.name;
		c.triple.address = cname->address;
		c.triple.recorded = &recorded->items[i];
		c.account = live_account(p->in->live, cname->u.cname.account);
		rc = plan_one(p, &c);
	}
	return rc;
}
