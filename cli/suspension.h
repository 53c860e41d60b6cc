/** @file
 * A project that was rolled back is suspended: apply refuses, so that the next pipeline does not bring back what was
 * just taken away. */
#ifndef ADIT_CLI_SUSPENSION_H
#define ADIT_CLI_SUSPENSION_H

#include "cli/session.h"
#include "planner/plan.h"

/** Refuse when the project is suspended (A0853), or say so when the command only looks.
 * @param plan  the saved plan that is to be applied, which may lead back or away; NULL: none
 * @return RC_OK; RC_DENIED, with verdict.refused */
enum rc suspension_check(struct session *session, const struct recorded_state *recorded, const struct plan *plan) MUST_CHECK;

/** Suspend it, because run @p run is rolled back to. */
enum rc suspension_begin(struct session *session, int64_t run) MUST_CHECK;

#endif
