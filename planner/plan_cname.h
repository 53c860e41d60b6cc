/** @file
 * What the parts of planning a CNAME share. Internal to planner/plan_cname*.c. */
#ifndef ADIT_PLANNER_PLAN_CNAME_H
#define ADIT_PLANNER_PLAN_CNAME_H

#include "planner/planning.h"

/** One hostname on its way through planning. */
struct cname_context {
	struct triple triple;
	const struct desired_cname *wanted;        /**< NULL: not desired */
	const char *hostname;
	const struct live_account *account;
	const struct live_zone_records *zone;
	const struct tunnel_context *tunnel;       /**< what it shall point at; NULL: not wanted */
	const struct live_record *record;          /**< ours; NULL: none */
	const struct live_name *in_the_way;        /**< what stands on the name in that zone; NULL: nothing */
	bool is_unknown, is_takeover;
	bool is_given_up;                          /**< another project's, which has no rules for it any more */
};

/* plan_cname_shared.c: hostnames of tunnels that projects share */

/** A project that shares the tunnel has the CNAME, which points there: all that is wanted of it. One whose project has
 * no rules for the hostname any more becomes this project's.
 * @param ret_done  set when nothing is left to plan for it */
enum rc cname_check_served(struct planning *p, struct cname_context *c, bool *ret_done) MUST_CHECK;
/** A hostname that is given up here, and that another project has rules for in the same tunnel: its CNAME stays, and is
 * that project's from now on.
 * @param ret_is_one  set when it is such a one */
enum rc cname_hand_over(struct planning *p, struct cname_context *c, bool *ret_is_one) MUST_CHECK;

#endif
