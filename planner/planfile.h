/** @file
 * Plan files: canonical JSON that terraform's tools read, with adit's own keys beside. */
#ifndef ADIT_PLANNER_PLANFILE_H
#define ADIT_PLANNER_PLANFILE_H

#include "base/strbuf.h"
#include "base/text.h"
#include "planner/plan.h"

/** Write a plan. The same plan gives the same bytes.
 * @return RC_OK; RC_NOMEM; RC_LIMIT over LIMIT_PLAN_BYTES */
enum rc planfile_write(const struct plan *plan, struct strbuf *out) MUST_CHECK;

/** SHA-256 of a plan document but for its member "checksum", hex, whatever the layout; arena. It covers what the digest
 * leaves out: orders, expectations, overrides, the verdict. NULL when memory is used up. */
char *planfile_checksum(struct arena *arena, const struct json *root);

/** Read what planfile_write() wrote. Every value is checked; the digest must be that of the changes.
 * @param ret_plan arena; holds what applying needs (not drift, conflicts and the like, which are judged anew)
 * @return RC_OK; RC_INVALID (A0620 no plan file, A0621 changed by hand); RC_UNSUPPORTED (A0622 another format); RC_NOMEM */
enum rc planfile_read(struct arena *arena, struct diags *diags, const struct text *text, struct plan **ret_plan) MUST_CHECK;

#endif
