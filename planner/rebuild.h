/** @file
 * Recorded state made anew from marks: tunnels by their names, CNAMEs by their comments, rules from the tunnels. Pure. */
#ifndef ADIT_PLANNER_REBUILD_H
#define ADIT_PLANNER_REBUILD_H

#include "planner/live.h"
#include "planner/sharing.h"
#include "schema/desired.h"
#include "schema/project.h"
#include "state/store.h"

/** @param live         read with all_zones
 * @param desired       tells the addresses of tunnels by their names, and which rules of a shared one are this project's;
 *                      may be empty
 * @param sharing       tunnels that other projects have rules in
 * @param ret_outcome   what to commit to an empty state; arena
 * @return RC_OK or RC_NOMEM */
enum rc rebuild_recorded(struct arena *arena, const struct project *project, const struct desired *desired,
			 const struct live *live, const struct sharing *sharing, struct outcome *ret_outcome) MUST_CHECK;

#endif
