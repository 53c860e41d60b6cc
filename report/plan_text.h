/** @file
 * Plans, drift and the outcome of an apply as text, in the words that terraform's users know. Text from manifests or the
 * API is stripped of what a terminal would obey. */
#ifndef ADIT_REPORT_PLAN_TEXT_H
#define ADIT_REPORT_PLAN_TEXT_H

#include <stdbool.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "planner/apply.h"
#include "planner/plan.h"

/** The whole plan: exposes and hides first, then drift, changes, orphans, refusals, losses, guards, and the summary line.
 * @param arena  for scratch texts */
void plan_text(struct strbuf *out, struct arena *arena, const struct plan *plan, bool color);

/** Drift alone, field by field; "No drift. ..." when there is none. */
void drift_text(struct strbuf *out, struct arena *arena, const struct plan *plan, bool color);
/** {"drift":[...],"orphans":[...],"unknown":[...]} */
enum rc drift_json(struct json_writer *w, struct arena *arena, const struct plan *plan) MUST_CHECK;

/** What an apply came to: failures, what was skipped or deferred and why, then one closing line. */
/** One line per operation of an interrupted run: what it was, what was found, and what @p plan makes of it. */
void recovery_text(struct strbuf *out, struct arena *arena, const struct plan *plan, const struct recovery *list, size_t count);
void apply_text(struct strbuf *out, struct arena *arena, const struct plan *plan, const struct apply_result *result);
void apply_json(struct json_writer *w, const struct plan *plan, const struct apply_result *result);

#endif
