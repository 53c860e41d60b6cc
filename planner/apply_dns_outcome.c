/* What became of DNS changes: from an answer to outcomes in the state. */
#include "planner/apply_dns.h"

#include "base/str.h"

const char *dns_target(struct applying *a, const struct change *change)
{
	const struct apply_tunnel *tunnel;

	if (!change->after)
		return NULL;
	if (change->after->u.cname.content)
		return change->after->u.cname.content;
	tunnel = map_get(&a->tunnel_by_address, change->after->tunnel);
	return tunnel && tunnel->id ? arena_printf(a->run->arena, "%s.cfargotunnel.com", tunnel->id) : NULL;
}

static struct recorded_zone zone_row(const struct zone_work *zone)
{
	return (struct recorded_zone){.account = zone->provider->account, .zone_id = zone->zone_id, .name = zone->name,
				      .plan = zone->plan};
}

/** An orphan may bear the address of what is recorded elsewhere: deleting it forgets nothing. */
static bool is_recorded_as(const struct applying *a, const struct change *change)
{
	const struct recorded *recorded = map_get(&a->in->recorded->by_address, change->address);

	return recorded && str_eq(recorded->resource->id, change->before->id);
}

enum rc dns_record_done(struct applying *a, struct batch *batch, const struct live_record *const *records)
{
	struct recorded *upserts = arena_array(a->run->arena, batch->count, sizeof(*upserts));
	const char **removals = arena_array(a->run->arena, batch->count, sizeof(const char *));
	struct recorded_zone *zone = arena_alloc(a->run->arena, sizeof(*zone));
	struct outcome outcome = {.upserts = upserts, .removals = removals, .zones = zone, .zone_count = 1,
				  .intents = batch->intents, .intent_count = batch->intents ? batch->count : 0, .result = "ok"};
	enum rc rc;

	if (!upserts || !removals || !zone)
		return RC_NOMEM;
	*zone = zone_row(batch->zone);
	for (size_t i = 0; i < batch->count; i++) {
		const struct change *change = &a->plan->changes[batch->changes[i]];
		struct resource after;

		if (!change->after || change->is_handover) {
			if (is_recorded_as(a, change))
				removals[outcome.removal_count++] = change->address;
			continue;
		}
		after = *change->after;
		after.u.cname.content = dns_target(a, change);
		upserts[outcome.upsert_count] = apply_recorded(a, change, &after, records[i]->id);
		if (!upserts[outcome.upsert_count++].resource)
			return RC_NOMEM;
	}
	rc = apply_record(a, &outcome);
	for (size_t i = 0; !rc && i < batch->count; i++)
		apply_settle(a, batch->changes[i], CHANGE_DONE, NULL);
	/* What is left of the suspects holds the one that is refused. */
	batch->zone->suspects -= batch->count < batch->zone->suspects ? batch->count : batch->zone->suspects;
	return rc;
}

enum rc dns_close_intents(struct applying *a, struct batch *batch, const char *result)
{
	struct outcome outcome = {.intents = batch->intents, .intent_count = batch->count, .result = result};

	return batch->intents ? apply_record(a, &outcome) : RC_OK;
}

enum rc dns_fail_batch(struct applying *a, struct batch *batch, const char *why)
{
	for (size_t i = 0; i < batch->count; i++)
		apply_settle(a, batch->changes[i], CHANGE_FAILED, why);
	batch->zone->suspects = 0;
	return dns_close_intents(a, batch, why);
}

enum rc dns_stop_zone(struct applying *a, struct batch *batch, const char *why)
{
	struct zone_work *zone = batch->zone;
	enum rc rc = dns_fail_batch(a, batch, why);

	zone->stopped = why;
	for (size_t i = zone->next; i < zone->count; i++)
		apply_settle(a, zone->changes[i], CHANGE_SKIPPED, why);
	zone->next = zone->count;
	return rc;
}

bool dns_answer_fits(struct applying *a, const struct change *change, const struct live_record *record)
{
	const struct resource *live = live_record_resource(a->run->arena, change->after->u.cname.account,
							   change->after->u.cname.zone, record);
	const struct cname_fields *want = &change->after->u.cname;

	return live && str_eq(live->u.cname.name, want->name) && str_eq(live->u.cname.content, dns_target(a, change)) &&
	       live->u.cname.proxied == want->proxied && str_eq(live->u.cname.comment, want->comment);
}

/** Made records by their names: an answer may list them in any order. */
static enum rc index_posts(struct applying *a, const struct call *call, struct map *ret_posts)
{
	enum rc rc = RC_OK;

	map_init(ret_posts, a->run->arena);
	for (size_t i = 0; !rc && i < call->batch.post_count; i++) {
		const char *name = str_lower(a->run->arena, call->batch.posts[i].name);

		rc = name ? map_put(ret_posts, name, &call->batch.posts[i], NULL) : RC_NOMEM;
	}
	return rc;
}

/** The answer shows deleted records as they were: what somebody wrote between reading and deleting is lost, and told. */
static enum rc judge_deletions(struct applying *a, const struct batch *batch, const struct call *call)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct change *change = &a->plan->changes[batch->changes[i]];
		const struct live_record *record = NULL;
		const struct resource *was;
		const char *found;

		for (size_t d = 0; !record && change->action == ACTION_DELETE && d < call->batch.delete_count; d++)
			if (str_eq(call->batch.deletes[d].id, change->before->id))
				record = &call->batch.deletes[d];
		if (!record || str_is_empty(record->content)) /* the API need not tell more than the id */
			continue;
		was = live_record_resource(a->run->arena, change->before->u.cname.account, change->before->u.cname.zone, record);
		found = was ? resource_fingerprint(a->run->arena, was) : NULL;
		if (!found)
			return RC_NOMEM;
		if (!str_eq(found, change->expected))
			apply_settle(a, batch->changes[i], CHANGE_FAILED,
				     arena_printf(a->run->arena, "somebody changed the record just before it was deleted: %s %s is lost",
						  record->type, record->content));
	}
	return RC_OK;
}

enum rc dns_take_answer(struct applying *a, struct batch *batch, const struct call *call)
{
	const struct live_record **records = arena_array(a->run->arena, batch->count, sizeof(const struct live_record *));
	struct map posts;
	size_t patch = 0;
	enum rc rc = records ? index_posts(a, call, &posts) : RC_NOMEM;

	if (rc)
		return rc;
	for (size_t i = 0; i < batch->count; i++) {
		const struct change *change = &a->plan->changes[batch->changes[i]];

		if (!change->after)
			continue;
		if (change->action == ACTION_UPDATE)
			records[i] = patch < call->batch.patch_count ? &call->batch.patches[patch++] : NULL;
		else
			records[i] = map_get(&posts, change->after->u.cname.name);
		if (!records[i] || !dns_answer_fits(a, change, records[i]))
			return dns_fail_batch(a, batch, "the record that Cloudflare answered is not the one that was asked for; plan again");
	}
	rc = judge_deletions(a, batch, call);
	return rc ? rc : dns_record_done(a, batch, records);
}
