/** @file
 * Bodies of DNS calls, from changes. Internal to planner/. Pure; all values are arena.
 * Source: cloudflare-api 2.9 to 2.11. */
#ifndef ADIT_PLANNER_RECORD_BODY_H
#define ADIT_PLANNER_RECORD_BODY_H

#include "planner/plan.h"

/** A change and the content that its record shall have (known by now). */
struct record_change {
	const struct change *change;
	const char *content;
};

/** The members that a PATCH must carry: what differs. */
enum rc record_body_patch(struct arena *arena, const struct change *change, const char *content, struct json **ret_patch) MUST_CHECK;
/** A whole new CNAME. */
enum rc record_body_post(struct arena *arena, const struct change *change, const char *content, struct json **ret_post) MUST_CHECK;
/** {"deletes","patches","posts"} of several changes, in their order. */
enum rc record_body_batch(struct arena *arena, const struct record_change *items, size_t count, struct json **ret_body) MUST_CHECK;

#endif
