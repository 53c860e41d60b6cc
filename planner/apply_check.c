/* What a CNAME change expects against what is live. */
#include <string.h>

#include "base/str.h"
#include "planner/applying.h"

static bool fingerprint_is(struct arena *arena, const struct resource *live, const char *expected)
{
	char *fingerprint = live ? resource_fingerprint(arena, live) : NULL;

	return fingerprint && str_eq(fingerprint, expected);
}

static bool is_as_planned(const struct change *change, const struct resource *live, const char *target)
{
	const struct cname_fields *want = &change->after->u.cname, *have = &live->u.cname;

	return str_eq(want->name, have->name) && str_eq(target, have->content) && want->proxied == have->proxied &&
	       str_eq(want->comment, have->comment);
}

/** Creation: nothing may stand on the name, but for what an interrupted run of ours made. */
static enum cname_finding find_for_create(struct arena *arena, const struct change *change, const struct live_name *name,
					  const char *target)
{
	const struct resource *live;

	if (!name || !name->count)
		return CNAME_AS_EXPECTED;
	if (name->count > 1 || !str_eq(name->records[0]->type, "CNAME"))
		return CNAME_CHANGED;
	live = live_record_resource(arena, change->after->u.cname.account, change->after->u.cname.zone, name->records[0]);
	return live && is_as_planned(change, live, target) ? CNAME_ALREADY_DONE : CNAME_CHANGED;
}

static enum cname_finding find_for_replace(struct arena *arena, const struct change *change, const struct live_account *records)
{
	struct live_record **found = arena_array(arena, change->replaced_count, sizeof(struct live_record *));
	char *fingerprint;

	if (!found)
		return CNAME_CHANGED;
	for (size_t i = 0; i < change->replaced_count; i++) {
		found[i] = map_get(&records->record_by_id, change->replaced_ids[i]);
		if (!found[i])
			return CNAME_CHANGED;
	}
	fingerprint = live_records_fingerprint(arena, found, change->replaced_count);
	return fingerprint && str_eq(fingerprint, change->expected) ? CNAME_AS_EXPECTED : CNAME_CHANGED;
}

enum cname_finding apply_cname_find(struct arena *arena, const struct change *change, const struct live_account *records,
				    const char *target)
{
	const struct resource *any = change->after ? change->after : change->before;
	const struct live_record *record;
	const struct resource *live;

	if (change->action == ACTION_CREATE) {
		const struct live_name *name = NULL;

		if (live_name_find(arena, records, change->zone_id, any->u.cname.name, &name))
			return CNAME_CHANGED;
		return find_for_create(arena, change, name, target);
	}
	if (change->action == ACTION_REPLACE)
		return find_for_replace(arena, change, records);
	record = change->before && change->before->id ? map_get(&records->record_by_id, change->before->id) : NULL;
	if (!record)
		return change->action == ACTION_DELETE ? CNAME_ALREADY_DONE : CNAME_CHANGED;
	live = live_record_resource(arena, change->before->u.cname.account, change->before->u.cname.zone, record);
	if (fingerprint_is(arena, live, change->expected))
		return CNAME_AS_EXPECTED;
	if (change->after && live && is_as_planned(change, live, target))
		return CNAME_ALREADY_DONE;
	return CNAME_CHANGED;
}
