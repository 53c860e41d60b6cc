/** @file
 * Read what is live, in bulk and in parallel: tunnels by page, one configuration per tunnel in question, zones, and the
 * records of zones in question. Needs read permissions only. */
#ifndef ADIT_PLANNER_REFRESH_H
#define ADIT_PLANNER_REFRESH_H

#include "base/run.h"
#include "planner/live.h"
#include "planner/plan.h"
#include "planner/recovery.h"
#include "schema/desired.h"
#include "state/store.h"

struct refresh_scope {
	const struct desired *desired;          /**< may be NULL */
	const struct recorded_state *recorded;  /**< may be NULL */
	const struct sharing *sharing;          /**< tunnels of other projects; may be NULL */
	const struct plan *plan;                /**< a saved plan, whose objects are in question; may be NULL */
	const struct recovery *open;            /**< operations whose objects are in question */
	size_t open_count;
	bool all_zones;                         /**< read every zone's records: state rebuild */
	bool connections;                       /**< read the connectors of tunnels in question */
	bool tunnels_only;                      /**< no zones, no records */
	const char *project, *tunnel_template;  /**< with all_zones: tunnels of this project are in question as well */
};

/** @param providers  one per account of the project
 * @return RC_OK also when parts are not visible (diagnostics A0601.. tell, and the parts are marked);
 * RC_CANCELLED; RC_NOMEM */
enum rc refresh_live(struct run *run, struct provider *const *providers, size_t provider_count,
		     const struct refresh_scope *scope, struct live **ret_live) MUST_CHECK;

#endif
