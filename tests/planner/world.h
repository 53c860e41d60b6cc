/** @file
 * Worlds built by hand for the planner's tests: a desired, a recorded and a live state of one project. */
#ifndef ADIT_TESTS_PLANNER_WORLD_H
#define ADIT_TESTS_PLANNER_WORLD_H

#include "base/run.h"
#include "planner/plan.h"

#define WORLD_ACCOUNT "0123456789abcdef0123456789abcdef"
#define WORLD_TUNNEL_ID "11111111-1111-4111-8111-111111111111"

/** One rule as a test writes it. */
struct world_rule {
	const char *hostname, *path, *service;
};

struct world {
	struct run run;
	struct project project;
	struct desired desired;
	struct recorded_state recorded;
	struct live live;
	struct plan_options options;
};

void world_init(struct world *world);
void world_done(struct world *world);

/** Desired: the tunnel "tunnel/edge/web" with these rules (a catch-all is added). */
void world_want_tunnel(struct world *world, const struct world_rule *rules, size_t count);
/** Desired: a CNAME to tunnel/edge/web. */
void world_want_cname(struct world *world, const char *hostname);
/** Recorded and live each: the tunnel with these rules; id WORLD_TUNNEL_ID. */
void world_record_tunnel(struct world *world, const struct world_rule *rules, size_t count);
void world_live_tunnel(struct world *world, const struct world_rule *rules, size_t count);
/** Recorded: a CNAME with this record id and content. */
void world_record_cname(struct world *world, const char *hostname, const char *id, const char *content);
/** Live: a record in zone example.com. */
void world_live_record(struct world *world, const char *id, const char *type, const char *name, const char *content,
		       const char *comment);
/** Live: this id was looked up and is not there. */
void world_gone(struct world *world, const char *id);
/** Plan; fails the test when planning fails. */
struct plan *world_plan(struct world *world);
/** The change of an address, or NULL. */
const struct change *world_change(const struct plan *plan, const char *address);
/** The drift of an address, or NULL. */
const struct drift *world_drift(const struct plan *plan, const char *address);

#endif
