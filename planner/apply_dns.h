/** @file
 * DNS changes on their way: what the sending (apply_dns.c) and the outcomes (apply_dns_outcome.c) share. Internal to
 * planner/. */
#ifndef ADIT_PLANNER_APPLY_DNS_H
#define ADIT_PLANNER_APPLY_DNS_H

#include "planner/applying.h"

/** The changes of one zone. */
struct zone_work {
	struct provider *provider;
	const char *zone_id, *name, *plan;
	size_t *changes;             /**< indexes in the plan, in its order */
	size_t count, capacity, next, limit;
	size_t suspects;             /**< so many changes from next on hold one that is refused; 0: none known */
	struct live_account records; /**< what was just read: record_by_id and records_by_name */
	bool use_single_calls;
	const char *stopped;         /**< why nothing more is sent to this zone */
};

/** Changes that travel in one call. */
struct batch {
	struct zone_work *zone;
	size_t *changes;
	size_t count;
	int64_t *intents;
	bool was_lost;               /**< its answer was lost once already */
};

/** "<tunnel id>.cfargotunnel.com" that a change points its record at; NULL: it has none, or its tunnel is not there. */
const char *dns_target(struct applying *a, const struct change *change);

/** Record that changes were made. @param records  the answer's record per change; NULL entries for deletions */
enum rc dns_record_done(struct applying *a, struct batch *batch, const struct live_record *const *records) MUST_CHECK;
/** Match the answer's records to the changes, and record what was made. */
enum rc dns_take_answer(struct applying *a, struct batch *batch, const struct call *call) MUST_CHECK;
/** Is the record what the change asks for? */
bool dns_answer_fits(struct applying *a, const struct change *change, const struct live_record *record);

/** Nothing was made: the intents end with @p result. */
enum rc dns_close_intents(struct applying *a, struct batch *batch, const char *result) MUST_CHECK;
enum rc dns_fail_batch(struct applying *a, struct batch *batch, const char *why) MUST_CHECK;
/** dns_fail_batch() for what says nothing about single records: it ends the zone's part in this run. */
enum rc dns_stop_zone(struct applying *a, struct batch *batch, const char *why) MUST_CHECK;

#endif
