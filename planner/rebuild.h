/** @file
 * Recorded state made anew from marks: tunnels by their names, CNAMEs by their comments, rules from the tunnels. Pure. */
#ifndef ADIT_PLANNER_REBUILD_H
#define ADIT_PLANNER_REBUILD_H

#include "planner/live.h"
#include "schema/desired.h"
#include "schema/project.h"
#include "state/store.h"

/** @param live         read with all_zones
 * @param desired       tells the addresses of tunnels by their names; may be empty
 * @param ret_outcome   what to commit to an empty state; arena
 * @return RC_OK or RC_NOMEM */
enum rc rebuild_recorded(struct arena *arena, const struct project *project, const struct desired *desired,
			 const struct live *live, struct outcome *ret_outcome) MUST_CHECK;

#endif
