/** @file
 * Applying: exactly the changes of a plan, in an order in which nothing that serves stops serving.
 *
 * Order: create and rename tunnels; first PUT per tunnel (what the plan asks for, and the rules of hostnames that move
 * away or go); connector gate; DNS in batches per zone; settle; second PUT where rules were kept; delete tunnels.
 * Every operation's expected live object is checked just before its call; a mismatch stops that operation and what
 * depends on it, not the rest. */
#ifndef ADIT_PLANNER_APPLY_H
#define ADIT_PLANNER_APPLY_H

#include "base/run.h"
#include "planner/plan.h"
#include "planner/recovery.h"

enum apply_event_kind { APPLY_STARTED, APPLY_DONE, APPLY_FAILED, APPLY_SKIPPED, APPLY_DEFERRED, APPLY_WAITING, APPLY_NOTE };

/** What happens, for the progress display. Borrowed during the callback. */
struct apply_event {
	enum apply_event_kind kind;
	const struct change *change;     /**< NULL for APPLY_WAITING and APPLY_NOTE */
	const char *message;             /**< why, for FAILED, SKIPPED, DEFERRED and WAITING; what is to be told, for NOTE */
	size_t done, total;              /**< changes settled so far, and in all */
};

struct apply_options {
	bool connector_gate;
	int64_t connector_timeout_ms;
	int64_t settle_ms;
	int64_t tunnel_lock_ms;          /**< how long to wait for other projects that write to a shared tunnel */
	void (*on_event)(void *context, const struct apply_event *event); /**< may be NULL */
	void *context;
};

enum change_state { CHANGE_PENDING, CHANGE_DONE, CHANGE_FAILED, CHANGE_SKIPPED, CHANGE_STALE, CHANGE_DEFERRED };

struct apply_result {
	size_t added, changed, destroyed, forgotten;
	size_t failed, skipped, stale, deferred;
	bool is_interrupted, is_lease_lost;
	const enum change_state *states; /**< one per change of the plan; arena */
	const char **messages;           /**< why, one per change; NULL: none; arena */
	const char **recreated;          /**< tunnels made anew: their connectors need the new token */
	size_t recreated_count;
	/** Operations of an earlier, interrupted run, as judged by what is live; those that are not unseen are closed. */
	const struct recovery *recoveries;
	size_t recovery_count;
};

struct apply_input {
	const struct plan *plan;
	struct provider *const *providers;
	size_t provider_count;
	struct store *store;             /**< its lease is held by the caller */
	const struct recorded_state *recorded;
	const struct live *live;         /**< as refreshed for the plan */
	const struct recovery *recoveries; /**< open intents, judged by it */
	size_t recovery_count;
	const struct apply_options *options;
};

/** Compare a saved plan with what is live and recorded: every object that it touches must be as it was, and adit's.
 * @param sharing  tunnels that other projects have rules in; NULL: none
 * @return RC_OK; RC_STALE (A0701 names each object); RC_CONFLICT it touches what is not adit's (A0707); RC_NOMEM */
enum rc apply_check_plan(struct run *run, const struct project *project, const struct plan *plan,
			 const struct recorded_state *recorded, const struct live *live,
			 const struct sharing *sharing) MUST_CHECK;

/** Carry out a plan. Failures of single changes are in the result, not in the return code.
 * @return RC_OK, also when changes failed; RC_STALE lease lost; RC_IO the store failed; RC_NOMEM */
enum rc apply_plan(struct run *run, const struct apply_input *input, struct apply_result *ret_result) MUST_CHECK;

#endif
