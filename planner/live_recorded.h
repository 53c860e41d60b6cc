/** @file
 * Live as recorded: what --refresh=false plans against. */
#ifndef ADIT_PLANNER_LIVE_RECORDED_H
#define ADIT_PLANNER_LIVE_RECORDED_H

#include "planner/live.h"
#include "planner/sharing.h"
#include "schema/project.h"
#include "state/store.h"

/** Take what is recorded for what is live; no network. @param sharing  tunnels of other projects; may be NULL
 * @return RC_OK or RC_NOMEM */
enum rc live_from_recorded(struct arena *arena, const struct project *project, const struct recorded_state *recorded,
			   const struct sharing *sharing, struct live **ret_live) MUST_CHECK;

#endif
