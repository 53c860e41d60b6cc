/** @file
 * What the parts of planning share while a plan is built. Internal to planner/. */
#ifndef ADIT_PLANNER_PLANNING_H
#define ADIT_PLANNER_PLANNING_H

#include "base/map.h"
#include "planner/plan.h"

/** Everything known about one tunnel address. */
struct tunnel_context {
	const char *address;
	const struct desired_tunnel *desired;      /**< NULL: not desired */
	const struct recorded *recorded;           /**< NULL: not recorded */
	const struct live_account *account;        /**< NULL: the account is not part of the project any more */
	const struct live_tunnel_state *live;      /**< NULL: not there */
	const char *target;                        /**< what its CNAMEs point at; NULL when not there */
	struct resource *live_tunnel;              /**< live as a resource; NULL when not there */
	const char *fingerprint;                   /**< of the live document; NULL when not there */
	const char *bare_mark;                     /**< the comment of a record that bears its mark and nothing else; NULL: no such */
	struct resource **live_rules;
	size_t live_rule_count;
	bool is_settled;                           /**< desired, recorded and live agree on the tunnel itself */
	size_t *settled_at;                        /**< of each desired rule: its place among the live ones, from 1, when desired,
						    *   recorded and live agree; 0: to be judged. NULL: all are */
	bool is_unknown;                           /**< cannot be seen: nothing of it is changed */
	bool is_held;                              /**< --keep-going: left as it is */
	bool is_contested;                         /**< its name belongs to a tunnel that is not adit's */
	bool is_takeover;                          /**< --adopt: it was somebody else's */
	bool is_retired;                           /**< not desired any more; kept, empty, for a time of grace */
	const struct shared_tunnel *shared;        /**< NULL: of this project alone */
	const char **served;                       /**< hostnames: see struct tunnel_plan */
	size_t served_count, served_capacity;
	struct resource *merged;                   /**< desired's tunnel with the order of all projects' rules; NULL: as desired */
	const char *name_owner;                    /**< another address that its name's tunnel is recorded as */
	struct tunnel_plan *plan;
};

/** The three states of one address, ready to be judged. */
struct triple {
	enum resource_kind kind;
	const char *address;
	const struct resource *desired;
	const struct recorded *recorded;
	const struct resource *live;
	const char *account_id, *zone_id;
	bool is_held;                              /**< nothing may change; drift is still shown */
	bool is_protected;                         /**< the input says: never delete */
	bool is_record_stale;                      /**< something beside the resource is to be recorded */
	int64_t retired_ms;                        /**< to be recorded: see struct recorded */
};

struct planning {
	struct arena *arena;
	struct arena *scratch;                     /**< for one hostname at a time */
	struct arena *ids;                         /**< recorded_by_id's: it is filled while others make things in the plan's */
	struct diags *diags;
	const struct plan_input *in;
	struct plan *plan;
	struct tunnel_context **tunnels;           /**< sorted by address */
	size_t tunnel_count, tunnel_capacity;
	struct map tunnel_by_address;              /**< -> struct tunnel_context * */
	struct map desired_rules;                  /**< rule address -> struct resource *; filled where tunnels are shared */
	bool *is_settled;                          /**< of each recorded resource: a rule that was judged as desired or live */
	struct map recorded_by_id;                 /**< tunnel and record ids -> struct recorded * */
	struct map held_hosts;                     /**< contested hostnames: their rules stay as they are */
	struct map kept_hosts, kept_tunnels;       /**< what a record that is not touched may point at: does not go */
	bool ***is_known;                          /**< of each record of each zone of each account: a recorded cname's, and as it
						    *   should be; by their numbers in live */
	struct map cname_ids;                      /**< ids of records that are a desired cname's, though not recorded as it */
};

/** Judge one address by the table of three states; adds drift and at most one change.
 * @param ret_change  the change, or NULL when there is none; may be NULL */
enum rc judge(struct planning *p, struct triple *triple, struct change **ret_change) MUST_CHECK;
/** True when desired, recorded and live agree, so that judge() would find nothing; false may be said of such, too. */
bool judge_is_settled(const struct planning *p, const struct triple *triple);
/** Append a change. @return RC_OK or RC_NOMEM */
enum rc planning_add_change(struct planning *p, const struct change *change, struct change **ret_change) MUST_CHECK;
enum rc planning_add_drift(struct planning *p, const struct drift *drift) MUST_CHECK;
enum rc planning_add_unknown(struct planning *p, const char *address) MUST_CHECK;
enum rc planning_add_held(struct planning *p, const char *address) MUST_CHECK;
struct recorded *planning_recorded(const struct planning *p, const char *address);
/** Make sure that the live records can be looked up. */
enum rc planning_index_records(struct planning *p) MUST_CHECK;
/** True when --adopt names the address. */
bool planning_is_adopted(const struct planning *p, const char *address);
enum rc planning_add_conflict(struct planning *p, const struct conflict *conflict) MUST_CHECK;
/** True when the recorded thing lies in another Cloudflare account than the one that it is looked for in. */
bool planning_is_moved(const struct recorded *recorded, const struct live_account *account);

/* plan_settle.c: what needs no judge, by all processors */
/** parallel_make() into the plan's arena, by as many workers as suit the input. */
enum rc planning_each(struct planning *p, size_t count, enum rc (*work)(void *data, struct arena *arena, size_t item), void *data) MUST_CHECK;
/** What is live of each tunnel, as resources, and which of its rules are as they should be. */
enum rc plan_settle_tunnels(struct planning *p) MUST_CHECK;
/** Also finds the recorded by their ids.
 *  @param ret_is_wanted   of each recorded resource: a CNAME that is desired; arena
 *  @param ret_is_settled  of each desired CNAME: nothing is to be judged; arena */
enum rc plan_settle_cnames(struct planning *p, bool **ret_is_wanted, bool **ret_is_settled) MUST_CHECK;
/** Find out, per tunnel address, what is desired, recorded and live. */
enum rc plan_tunnels_resolve(struct planning *p) MUST_CHECK;
/** Changes of tunnels and of their rules. */
enum rc plan_tunnels(struct planning *p) MUST_CHECK;
/* plan_retire.c: tunnels whose Gateway left the input */
/** True when the tunnel is kept, empty, instead of deleted. Its live state is known. */
bool plan_is_retired(const struct planning *p, const struct tunnel_context *context);
/** What a retired tunnel is judged by: itself, as it is; noted in the plan. @return RC_OK or RC_NOMEM */
enum rc plan_retire(struct planning *p, struct tunnel_context *context, struct triple *triple) MUST_CHECK;
/** True for the one rule that a retired tunnel has left: Cloudflare wants a catch-all in every document. */
bool plan_retire_leaves(const struct tunnel_context *context, const struct resource *rule);
/* plan_shared.c: tunnels that other projects have rules in, too */
/** Contexts of tunnels that other projects own. */
enum rc plan_shared_collect(struct planning *p) MUST_CHECK;
/** The context of an address; made when it is new. */
enum rc plan_tunnel_context(struct planning *p, const char *address, struct tunnel_context **ret_context) MUST_CHECK;
/** True when another project owns the tunnel: of it only rules are this project's. */
bool plan_shared_is_foreign(const struct tunnel_context *context);
/** Account and live tunnel of a context whose tunnel another project owns. */
enum rc plan_shared_resolve(struct planning *p, struct tunnel_context *context) MUST_CHECK;
/** True when the rule that is live at an address is not this project's to judge. */
bool plan_shared_is_others(const struct planning *p, const struct tunnel_context *context, const char *address);
/** The order of all projects' rules as what the owner's tunnel shall have. */
enum rc plan_shared_order(struct planning *p, struct tunnel_context *context) MUST_CHECK;
/** A rule of the owner's that makes room for one of another project: recorded, but not live.
 * @param ret_done  set when the triple is one, and nothing is left to judge */
enum rc plan_shared_make_room(struct planning *p, const struct tunnel_context *context, const struct triple *triple,
			      bool *ret_done) MUST_CHECK;
/** Rules that stay as they are, but not where they are: of another project's tunnel. */
enum rc plan_shared_places(struct planning *p, struct tunnel_context *context) MUST_CHECK;
/** True when what other projects judge their Routes by is recorded otherwise. */
bool plan_shared_is_stale(const struct planning *p, const struct tunnel_context *context);
/** What each shareable tunnel's plan expects of this project's slice. After the selection. */
enum rc plan_shared_expect(struct planning *p) MUST_CHECK;
/** Rule addresses of this project in a tunnel: recorded, changed or in its order; without those that make room. */
enum rc plan_shared_own(struct arena *arena, const struct plan *plan, const struct tunnel_plan *tunnel,
			const struct recorded_state *recorded, struct map *ret_own) MUST_CHECK;

/** Changes of CNAMEs, conflicts, orphans among records; fills held_hosts. Before plan_tunnels(). */
enum rc plan_cnames(struct planning *p) MUST_CHECK;
enum rc plan_orphans(struct planning *p) MUST_CHECK;
/** Keep what --target and --exclude ask for, and what it depends on. */
enum rc plan_select(struct planning *p) MUST_CHECK;
/** --refresh-only: accept drift into the state, nothing else. */
enum rc plan_refresh_only(struct planning *p) MUST_CHECK;
/** Losses, then the guards' verdict. */
enum rc plan_guards(struct planning *p) MUST_CHECK;
/** Hostnames that become, or stop being, reachable. */
enum rc plan_exposure(struct planning *p) MUST_CHECK;
/** Warnings that need live knowledge: certificates, record quotas. */
enum rc plan_lint(struct planning *p) MUST_CHECK;

#endif
