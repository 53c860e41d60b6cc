/** @file
 * From a session to a plan: what plan, apply, destroy and drift share. */
#ifndef ADIT_CLI_PLANNING_H
#define ADIT_CLI_PLANNING_H

#include "cli/session.h"
#include "planner/plan.h"
#include "planner/recovery.h"
#include "planner/refresh.h"

enum planning_mode {
	PLANNING_MANIFESTS,    /**< desired comes from the manifests */
	PLANNING_DESTROY,      /**< nothing is desired */
	PLANNING_ROLLBACK,     /**< desired is what an earlier run had applied: session->rollback_run */
	PLANNING_DRIFT,        /**< only recorded and live are compared */
};

/** What a plan was made from. */
struct planned {
	struct recorded_state recorded;
	const struct sharing *sharing;
	struct live *live;
	struct recovery *recoveries;   /**< operations without an outcome, judged by live when that was read */
	size_t recovery_count;
	struct plan *plan;
};

/** Load what is needed, read live (unless --refresh=false), and plan.
 * Sets verdict.refused for refused documents, verdict.error for what cannot be seen.
 * @return RC_OK with a plan, whatever its verdict; RC_INVALID bad input without --keep-going (nothing was read from
 * the network); and what the steps return */
enum rc planning_make(struct session *session, enum planning_mode mode, struct planned *ret_planned) MUST_CHECK;

/** What is recorded, and what an interrupted run left open: before live is read.
 * @param arena  for all of it */
enum rc planning_load_recorded(struct session *session, struct arena *arena, struct planned *planned) MUST_CHECK;

/** Read what is live for a saved plan, without manifests. */
enum rc planning_open(struct session *session, const struct plan *plan, struct planned *ret_planned) MUST_CHECK;

/** Open all providers and make sure that each knows its account. */
enum rc planning_connect(struct session *session) MUST_CHECK;

/** Tell of operations without an outcome, and what became of them; only an apply with the lease may record that. */
enum rc planning_note_recoveries(struct session *session, const struct planned *planned) MUST_CHECK;
/** True when the outcome of an operation of an earlier run is known now and not recorded yet. */
bool planning_has_recoveries(const struct planned *planned);

/** Print the plan as --output asks, and set the verdict: refused, error. */
enum rc planning_print(struct session *session, const struct plan *plan) MUST_CHECK;

/** Fold the plan's guards, conflicts, unknowns and (with --strict) refusals into the verdict. */
void planning_judge(struct session *session, const struct plan *plan);

#endif
