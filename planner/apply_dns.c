/* DNS: one list per zone before its first batch, then atomic batches; a batch refused for one record is
 * narrowed down by bisection. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "planner/apply_dns.h"
#include "planner/applying.h"
#include "planner/record_body.h"

/* cloudflare-api section 2.11 */
#define BATCH_FREE 200
#define BATCH_PAID 3500

static enum rc send_next(struct applying *a, struct zone_work *zone);
static enum rc send_batch(struct applying *a, struct zone_work *zone, const size_t *changes, size_t count, bool was_lost);

/** Why a change cannot be made now, or NULL. */
static const char *blocked(struct applying *a, const struct change *change)
{
	const struct apply_tunnel *tunnel = change->after ? map_get(&a->tunnel_by_address, change->after->tunnel) : NULL;

	if (tunnel && tunnel->is_broken)
		return tunnel->why_broken;
	if (tunnel && tunnel->plan->needs_put && !tunnel->is_put_done)
		return "its tunnel's rules are not there yet";
	if (change->after && !dns_target(a, change))
		return "its tunnel is not there";
	return NULL;
}

static enum rc make_body(struct applying *a, const struct batch *batch, struct json **ret_body)
{
	struct record_change *items = arena_array(a->run->arena, batch->count, sizeof(*items));

	if (!items)
		return RC_NOMEM;
	for (size_t i = 0; i < batch->count; i++) {
		items[i].change = &a->plan->changes[batch->changes[i]];
		items[i].content = dns_target(a, items[i].change);
	}
	return record_body_batch(a->run->arena, items, batch->count, ret_body);
}

/* A lost answer: read the zone again; a batch is atomic, so each change was made or was not. */

static enum rc read_after_loss(struct applying *a, struct step *step)
{
	struct batch *batch = step->batch;
	struct live_zone_records zone = {.zone = {.id = batch->zone->zone_id, .name = batch->zone->name},
					 .records = step->call.records, .count = step->call.record_count};
	const struct live_record **records = arena_array(a->run->arena, batch->count, sizeof(const struct live_record *));
	size_t done = 0;
	enum rc rc;

	if (step->call.rc)
		return dns_stop_zone(a, batch, apply_explain(a, &step->call));
	if (!records)
		return RC_NOMEM;
	batch->zone->records = (struct live_account){.zones = &zone, .zone_count = 1};
	rc = live_index(a->run->arena, &batch->zone->records);
	for (size_t i = 0; !rc && i < batch->count; i++) {
		const struct change *change = &a->plan->changes[batch->changes[i]];
		const struct resource *any = change->after ? change->after : change->before;
		const struct live_name *name = map_get(&batch->zone->records.records_by_name, any->u.cname.name);

		if (change->after && name && name->count == 1 && dns_answer_fits(a, change, name->records[0]))
			records[i] = name->records[0];
		else if (change->after || map_get(&batch->zone->records.record_by_id, change->before->id))
			continue;
		done++;
	}
	if (rc)
		return rc;
	if (done == batch->count) {
		rc = dns_record_done(a, batch, records);
	} else if (!done && !batch->was_lost) {
		rc = dns_close_intents(a, batch, "not executed");
		return rc ? rc : send_batch(a, batch->zone, batch->changes, batch->count, true);
	} else {
		return dns_stop_zone(a, batch, "the answer to the request was lost; run apply again");
	}
	return rc ? rc : send_next(a, batch->zone);
}

static enum rc reread_zone(struct applying *a, struct batch *batch)
{
	struct step *step = apply_step(a, batch->zone->provider, CALL_RECORDS_LIST, read_after_loss);

	if (!step)
		return RC_NOMEM;
	step->batch = batch;
	step->call.zone_id = batch->zone->zone_id;
	return apply_submit(a, step);
}

/** Only answers that judge one record are narrowed down; anything else stops the zone. */
static bool judges_one_record(const struct call *call)
{
	switch (call->rc) {
	case RC_INVALID:
	case RC_EXISTS:
	case RC_CONFLICT:
	case RC_NOTFOUND:
		return true;
	case RC_OK:
	case RC_NOMEM:
	case RC_STALE:
	case RC_DENIED:
	case RC_LIMIT:
	case RC_UNSUPPORTED:
	case RC_UNAVAILABLE:
	case RC_TIMEOUT:
	case RC_UNKNOWN_OUTCOME:
	case RC_CANCELLED:
	case RC_IO:
	case RC_CORRUPT:
	case RC_INTERNAL:
		break;
	}
	return false;
}

static enum rc batch_done(struct applying *a, struct step *step)
{
	struct batch *batch = step->batch;
	enum rc rc;

	if (step->call.rc == RC_UNKNOWN_OUTCOME)
		return reread_zone(a, batch);
	if (step->call.rc == RC_UNSUPPORTED && !batch->zone->use_single_calls) {
		/* The endpoint does not know batches: single calls from here on. */
		batch->zone->use_single_calls = true;
		batch->zone->next -= batch->count;
		apply_event(a, APPLY_WAITING, 0, "this endpoint has no DNS batches: sending single calls");
		rc = dns_close_intents(a, batch, "not executed");
		return rc ? rc : send_next(a, batch->zone);
	}
	if (step->call.rc && judges_one_record(&step->call) && batch->count > 1) {
		/* Back to its first change; send_next() takes half of it. */
		rc = dns_close_intents(a, batch, "narrowed down");
		batch->zone->next -= batch->count;
		batch->zone->suspects = batch->count;
		return rc ? rc : send_next(a, batch->zone);
	}
	if (!step->call.rc)
		rc = dns_take_answer(a, batch, &step->call);
	else if (judges_one_record(&step->call))
		rc = dns_fail_batch(a, batch, apply_explain(a, &step->call));
	else
		rc = dns_stop_zone(a, batch, apply_explain(a, &step->call));
	return rc ? rc : send_next(a, batch->zone);
}

static enum rc single_done(struct applying *a, struct step *step)
{
	const struct live_record *record = step->call.record_count ? &step->call.records[0] : NULL;
	const struct change *change = &a->plan->changes[step->batch->changes[0]];
	enum rc rc;

	if (step->call.rc == RC_UNKNOWN_OUTCOME)
		return reread_zone(a, step->batch);
	if (!step->call.rc && change->after && (!record || !dns_answer_fits(a, change, record)))
		rc = dns_fail_batch(a, step->batch, "the record that Cloudflare answered is not the one that was asked for; plan again");
	else if (!step->call.rc)
		rc = dns_record_done(a, step->batch, &record);
	else if (judges_one_record(&step->call))
		rc = dns_fail_batch(a, step->batch, apply_explain(a, &step->call));
	else
		rc = dns_stop_zone(a, step->batch, apply_explain(a, &step->call));
	return rc ? rc : send_next(a, step->batch->zone);
}

static enum rc send_single(struct applying *a, struct batch *batch)
{
	const struct change *change = &a->plan->changes[batch->changes[0]];
	enum call_kind kind = change->action == ACTION_DELETE   ? CALL_RECORD_DELETE
			      : change->action == ACTION_UPDATE ? CALL_RECORD_PATCH
								: CALL_RECORD_CREATE;
	struct step *step = apply_step(a, batch->zone->provider, kind, single_done);
	struct json *body = NULL;
	enum rc rc = RC_OK;

	if (!step)
		return RC_NOMEM;
	if (change->action == ACTION_CREATE)
		rc = record_body_post(a->run->arena, change, dns_target(a, change), &body);
	else if (change->action == ACTION_UPDATE)
		rc = record_body_patch(a->run->arena, change, dns_target(a, change), &body);
	if (rc)
		return rc;
	step->batch = batch;
	step->call.zone_id = batch->zone->zone_id;
	step->call.record_id = change->before ? change->before->id : NULL;
	step->call.body = body;
	return apply_submit(a, step);
}

/** What a later run looks for, should this one die. */
static enum rc begin(struct applying *a, const struct zone_work *zone, const struct change *change, int64_t *ret_intent)
{
	const struct resource *any = change->after ? change->after : change->before;
	struct recovery_detail detail = {.account = any->u.cname.account, .zone_id = zone->zone_id, .name = any->u.cname.name,
					 .id = change->before ? change->before->id : NULL, .before = change->expected};
	const char *names[2];

	(void)action_names(change->action, names);
	if (change->action == ACTION_REPLACE)
		detail.id = change->replaced_ids[0];
	if (change->after) {
		detail.content = dns_target(a, change);
		detail.comment = str_or_empty(change->after->u.cname.comment);
	}
	return apply_begin(a, change->action == ACTION_REPLACE ? "replace" : names[0], change->address, &detail, ret_intent);
}

static enum rc journal(struct applying *a, struct batch *batch)
{
	enum rc rc = RC_OK;

	batch->intents = arena_array(a->run->arena, batch->count, sizeof(*batch->intents));
	if (!batch->intents)
		return RC_NOMEM;
	for (size_t i = 0; !rc && i < batch->count; i++) {
		rc = begin(a, batch->zone, &a->plan->changes[batch->changes[i]], &batch->intents[i]);
		apply_event(a, APPLY_STARTED, batch->changes[i], NULL);
	}
	return rc;
}

static enum rc send_batch(struct applying *a, struct zone_work *zone, const size_t *changes, size_t count, bool was_lost)
{
	struct batch *batch = arena_alloc(a->run->arena, sizeof(*batch));
	struct json *body = NULL;
	struct step *step;
	enum rc rc;

	if (a->is_stopping)
		return RC_OK;
	if (!batch)
		return RC_NOMEM;
	batch->zone = zone;
	batch->count = count;
	batch->was_lost = was_lost;
	batch->changes = (void *)arena_memdup(a->run->arena, changes, count * sizeof(*changes));
	if (!batch->changes)
		return RC_NOMEM;
	if (zone->use_single_calls && a->plan->changes[batch->changes[0]].action == ACTION_REPLACE)
		return dns_fail_batch(a, batch, "taking over a record of another type needs DNS batches, which this endpoint has not");
	rc = journal(a, batch);
	if (rc)
		return rc;
	if (zone->use_single_calls)
		return send_single(a, batch);
	rc = make_body(a, batch, &body);
	step = apply_step(a, zone->provider, CALL_RECORD_BATCH, batch_done);
	if (rc || !step)
		return rc ? rc : RC_NOMEM;
	step->batch = batch;
	step->call.zone_id = zone->zone_id;
	step->call.body = body;
	return apply_submit(a, step);
}

/** How many records of a call a change takes. */
static size_t weight(const struct change *change)
{
	return change->action == ACTION_REPLACE ? change->replaced_count + 1 : 1;
}

static enum rc send_next(struct applying *a, struct zone_work *zone)
{
	size_t first = zone->next, room = zone->use_single_calls ? 1 : zone->limit;

	if (zone->stopped || a->is_stopping)
		return RC_OK;
	if (zone->suspects && !zone->use_single_calls) {
		/* The last suspect goes alone, too: it must have done it, but what is said about it counts. */
		zone->next += zone->suspects > 1 ? zone->suspects / 2 : 1;
		return send_batch(a, zone, zone->changes + first, zone->next - first, false);
	}
	while (zone->next < zone->count) {
		size_t needs = weight(&a->plan->changes[zone->changes[zone->next]]);

		if (zone->next > first && needs > room)
			break;
		zone->next++;
		if (needs >= room)
			break;
		room -= needs;
	}
	return zone->next > first ? send_batch(a, zone, zone->changes + first, zone->next - first, false) : RC_OK;
}

/** Just read: keep only the changes whose live object is as the plan expects. */
static enum rc zone_read(struct applying *a, struct step *step)
{
	struct zone_work *zone = step->zone;
	struct live_zone_records records = {.zone = {.id = zone->zone_id, .name = zone->name}, .records = step->call.records,
					    .count = step->call.record_count};
	size_t kept = 0;
	enum rc rc;

	if (step->call.rc) {
		for (size_t i = 0; i < zone->count; i++)
			apply_settle(a, zone->changes[i], CHANGE_FAILED, apply_explain(a, &step->call));
		return RC_OK;
	}
	zone->records = (struct live_account){.zones = &records, .zone_count = 1};
	rc = live_index(a->run->arena, &zone->records);
	for (size_t i = 0; !rc && i < zone->count; i++) {
		const struct change *change = &a->plan->changes[zone->changes[i]];
		enum cname_finding finding = apply_cname_find(a->run->arena, change, &zone->records, dns_target(a, change));

		if (finding == CNAME_AS_EXPECTED) {
			zone->changes[kept++] = zone->changes[i];
		} else if (finding == CNAME_ALREADY_DONE) {
			const struct live_name *name = change->after ? map_get(&zone->records.records_by_name,
									       change->after->u.cname.name)
								     : NULL;
			const struct live_record *record = name && name->count ? name->records[0] : NULL;
			struct batch batch = {.zone = zone, .changes = &zone->changes[i], .count = 1};

			rc = dns_record_done(a, &batch, &record);
		} else {
			apply_settle(a, zone->changes[i], CHANGE_STALE, "the record changed since the plan; plan again");
		}
	}
	zone->count = kept;
	return rc ? rc : send_next(a, zone);
}

static enum rc start_zone(struct applying *a, struct zone_work *zone)
{
	struct step *step = apply_step(a, zone->provider, CALL_RECORDS_LIST, zone_read);

	if (!step)
		return RC_NOMEM;
	step->zone = zone;
	step->call.zone_id = zone->zone_id;
	return apply_submit(a, step);
}

static struct zone_work *make_zone(struct applying *a, const struct change *change)
{
	const struct resource *any = change->after ? change->after : change->before;
	const struct live_account *account = live_account(a->in->live, any->u.cname.account);
	const struct live_zone_records *live = account ? map_get(&account->zone_by_id, change->zone_id) : NULL;
	struct zone_work *zone = arena_alloc(a->run->arena, sizeof(*zone));

	if (!zone)
		return NULL;
	zone->provider = apply_provider(a, any->u.cname.account);
	zone->zone_id = change->zone_id;
	zone->name = any->u.cname.zone;
	zone->plan = live ? live->zone.plan : NULL;
	zone->limit = !zone->plan || str_eq(zone->plan, "free") ? BATCH_FREE : BATCH_PAID;
	return zone;
}

static enum rc collect_zone(struct applying *a, struct map *zones, struct zone_work ***list, size_t *count, size_t *capacity,
			    size_t index)
{
	const struct change *change = &a->plan->changes[index];
	struct zone_work *zone = map_get(zones, change->zone_id);
	struct zone_work **grown;
	size_t *changes;
	enum rc rc;

	if (!zone) {
		zone = make_zone(a, change);
		if (!zone)
			return RC_NOMEM;
		rc = map_put(zones, change->zone_id, zone, NULL);
		grown = arena_grow(a->run->arena, *list, *count, capacity, sizeof(struct zone_work *));
		if (rc || !grown)
			return RC_NOMEM;
		grown[(*count)++] = zone;
		*list = grown;
	}
	changes = arena_grow(a->run->arena, zone->changes, zone->count, &zone->capacity, sizeof(size_t));
	if (!changes)
		return RC_NOMEM;
	zone->changes = changes;
	changes[zone->count++] = index;
	return RC_OK;
}

enum rc apply_dns(struct applying *a)
{
	struct zone_work **list = NULL;
	size_t count = 0, capacity = 0;
	struct map zones;
	enum rc rc = apply_share_lock_dns(a);

	map_init(&zones, a->run->arena);
	for (size_t i = 0; !rc && i < a->plan->change_count; i++) {
		const struct change *change = &a->plan->changes[i];
		const char *why;

		if (change->kind != RESOURCE_CNAME || a->states[i] != CHANGE_PENDING)
			continue;
		why = blocked(a, change);
		if (why)
			apply_settle(a, i, CHANGE_SKIPPED, why);
		else
			rc = collect_zone(a, &zones, &list, &count, &capacity, i);
	}
	for (size_t i = 0; !rc && i < count && !a->is_stopping; i++) {
		if (list[i]->provider)
			rc = start_zone(a, list[i]);
		else
			for (size_t c = 0; c < list[i]->count; c++)
				apply_settle(a, list[i]->changes[c], CHANGE_FAILED, "its account is not part of the project");
	}
	if (!rc)
		rc = apply_drain(a);
	apply_share_unlock(a);
	return rc;
}
