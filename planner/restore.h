/** @file
 * The desired state of an earlier run, from what was recorded after it. Pure. */
#ifndef ADIT_PLANNER_RESTORE_H
#define ADIT_PLANNER_RESTORE_H

#include "planner/sharing.h"
#include "schema/desired.h"

/** What a complete run had applied is what it desired: tunnels, rules in their order, CNAMEs, protection.
 * @param project   whose it is
 * @param snapshot  as recorded after the run; indexed
 * @param sharing   of the present: where rules in other projects' tunnels go; may be NULL
 * @param ret_missing  a tunnel of another project that is gone, when RC_NOTFOUND
 * @return RC_OK; RC_NOTFOUND it had rules in a tunnel that its owner no longer has; RC_NOMEM */
enum rc restore_desired(struct arena *arena, const char *project, const struct recorded_state *snapshot,
			const struct sharing *sharing, struct desired **ret_desired, const char **ret_missing) MUST_CHECK;

#endif
