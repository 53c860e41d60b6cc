/** @file
 * The plan: what would change, and why. Data only, so that it can be shown, saved, compared and applied.
 * Computing it is a pure function: no input or output, no clock. Everything is arena and immutable. */
#ifndef ADIT_PLANNER_PLAN_H
#define ADIT_PLANNER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "planner/live.h"
#include "planner/sharing.h"
#include "schema/desired.h"
#include "schema/project.h"
#include "state/store.h"

enum action {
	ACTION_CREATE,
	ACTION_UPDATE,
	ACTION_DELETE,
	ACTION_REPLACE,   /**< a record of another type is taken over: deleted and made anew in one batch */
	ACTION_RECORD,    /**< live is as desired, the record of it is not: state only */
	ACTION_FORGET,    /**< state only */
};

/** A change is (before, after), an action and a reason. */
struct change {
	enum action action;
	enum resource_kind kind;
	const char *address;
	const struct resource *before;     /**< as live; NULL for create */
	const struct resource *after;      /**< NULL for delete and forget */
	const char *reason;                /**< "not in the manifests"; NULL when the fields say it */
	const char *expected;              /**< fingerprint of the live object; "" when none may be there */
	const char *account_id, *zone_id;
	bool is_adoption;                  /**< not recorded before: taken into the state */
	bool is_takeover;                  /**< --adopt: it was somebody else's */
	bool is_protected;                 /**< to be recorded as protected */
	bool is_handover;                  /**< cname: goes over to another project that uses it; forgotten here */
	const char **replaced_ids;         /**< ACTION_REPLACE: records deleted in the same batch */
	size_t replaced_count;
	const char *prior_comment;         /**< cname taken over: its comment until now */
	int64_t retired_ms;                /**< tunnel: to be recorded as kept empty since then; 0: in use */
};

enum drift_kind { DRIFT_CHANGED, DRIFT_GONE, DRIFT_FOREIGN };
struct drift {
	enum drift_kind kind;
	enum resource_kind resource_kind;
	const char *address;
	const struct resource *recorded;   /**< NULL for DRIFT_FOREIGN */
	const struct resource *live;       /**< NULL for DRIFT_GONE */
};

/** A hostname somebody else holds. */
struct conflict {
	const char *address;
	const char *what;                  /**< "A record 203.0.113.7", "CNAME shop.example.net" */
	const char *owner;                 /**< "project blog", "external-dns"; NULL unknown */
	const char *record_id;
	const char *account;
};

/** A tunnel whose Gateway left the input: kept, empty, for the time of guard.tunnelGrace. */
struct retired {
	const char *address;
	int64_t until_ms;                  /**< from then on a plan deletes it */
};

struct orphan {
	const char *address;
	const struct resource *live;
	const char *account_id, *zone_id;
};

enum loss_kind { LOSS_CLAIMED, LOSS_FOREIGN };
/** Served now, not after. */
struct loss {
	enum loss_kind kind;
	const char *hostname, *path;
	const char *object;                /**< whose claim it is; NULL for LOSS_FOREIGN */
	const char *reason;
	const char *rule;                  /**< address */
	struct span span;
	bool is_allowed;                   /**< --allow-loss */
};

/** What becomes of one tunnel's configuration document. */
struct tunnel_plan {
	const char *address, *account, *account_id;
	const char *id;                    /**< NULL until created */
	const char *name;                  /**< after */
	const char *expected;              /**< fingerprint of the live document; "" when none may be there */
	const char **order;                /**< rule addresses in the order they shall have */
	size_t order_count;
	const struct json *origin_request; /**< top level, after; NULL none */
	bool is_created, is_deleted;
	bool is_retired;                   /**< kept, empty: see struct retired */
	bool needs_put;
	const char *owner;                 /**< the project whose Gateway it is; NULL: this one */
	const struct json *gateway;        /**< the Gateway: to be recorded, or what the owner had recorded; NULL: none */
	const char **served;               /**< hostnames whose CNAME another project has, since it has rules for them here */
	size_t served_count;
	const char *slice;                 /**< fingerprint of what the live document has of this project; NULL: not shareable */
};

enum guard_code {
	GUARD_MAX_DELETES, GUARD_MAX_DELETE_PERCENT, GUARD_MAX_RULE_PERCENT, GUARD_EMPTY, GUARD_LIVE_CONNECTORS, GUARD_LOSS,
	GUARD_MOVED_ZONE, GUARD_MOVED_ACCOUNT, GUARD_PROTECTED, GUARD_NAME, GUARD_SHARED
};
struct guard_refusal {
	enum guard_code code;
	const char *message;               /**< says what and how many */
	const char *override;              /**< "--max-deletes 12"; NULL when there is none */
};

/** Guards' overrides, stored in a plan file and valid for that plan only. */
struct overrides {
	int64_t max_deletes, max_delete_percent, max_rule_percent; /**< -1: the project's */
	bool allow_empty, allow_live_connectors, allow_moved_zone, allow_moved_account;
	const char **allow_loss;           /**< hostnames */
	size_t allow_loss_count;
};

struct hostname_list {
	const char **items;                /**< sorted */
	size_t count, capacity;
};

struct plan {
	const char *project;
	const char *lineage;
	int64_t serial;
	const char *source_digest;
	const char *digest;                /**< SHA-256 over the sorted (address, action, before, after) */
	int64_t timestamp_ms;
	bool is_destroy, is_refresh_only, keep_going;
	bool is_partial;                   /**< --target or --exclude: nothing is said of the rest */
	int64_t rollback_run;              /**< the run that it goes back to; 0: none */
	struct change *changes;            size_t change_count, change_capacity;     /**< sorted by kind and address */
	struct drift *drifts;              size_t drift_count, drift_capacity;
	struct conflict *conflicts;        size_t conflict_count, conflict_capacity;
	struct orphan *orphans;            size_t orphan_count, orphan_capacity;
	struct loss *losses;               size_t loss_count, loss_capacity;
	struct tunnel_plan **tunnels;      size_t tunnel_count, tunnel_capacity;
	struct retired *retired;           size_t retired_count, retired_capacity;   /**< sorted by address */
	struct hostname_list exposes, hides;
	struct refusal *refusals;          size_t refusal_count, refusal_capacity;
	const struct unattached *unattached; size_t unattached_count;
	struct guard_refusal *guards;      size_t guard_count, guard_capacity;
	struct overrides overrides;
	const char **unknown;              size_t unknown_count, unknown_capacity;   /**< addresses that cannot be seen */
	const char **held;                 size_t held_count, held_capacity;         /**< --keep-going: left as they are */
	size_t calls;                      /**< API calls that applying takes, reads included */
	int64_t call_seconds;              /**< at the known budget */
	size_t add_count, change_total, destroy_count, forget_count, import_count;
};

struct plan_options {
	bool destroy;                      /**< desired is empty */
	int64_t rollback_run;              /**< desired is this earlier run's: what it had may change back freely; 0: none */
	bool refresh_only;                 /**< accept drift into the state, change nothing live */
	bool prune_orphans, keep_going;
	bool has_invalid_input;            /**< with keep_going: documents were refused */
	bool has_hidden_input;             /**< of these, some that may shape or protect what others serve */
	const char *const *adopt;          size_t adopt_count;     /**< address globs */
	const char *const *targets;        size_t target_count;    /**< addresses or globs */
	const char *const *excludes;       size_t exclude_count;
	struct overrides overrides;
	int64_t now_ms;                    /**< for ignore rules' until, and the timestamp */
	size_t workers;                    /**< threads, the caller's among them; 0: what suits the input and this machine.
					    *   The plan is the same with any number */
};

struct plan_input {
	const struct project *project;
	const struct desired *desired;     /**< never NULL; empty for destroy */
	const struct recorded_state *recorded;
	const struct live *live;
	const struct sharing *sharing;     /**< tunnels that other projects have rules in; NULL: none */
	const struct plan_options *options;
};

/** Compute the plan. Conflicts, guards, losses and unknowns are part of it, not failures.
 * @return RC_OK; RC_NOMEM; RC_LIMIT */
enum rc plan_build(struct arena *arena, struct diags *diags, const struct plan_input *input, struct plan **ret_plan) MUST_CHECK;

/** Sort a plan's lists, and derive from its changes what each tunnel needs, the totals and the number of calls. */
void plan_finish(struct plan *plan);
/** Judge a saved plan's guards anew, against the present state and what is live; its own overrides hold.
 * Losses are judged at plan time only: they need the manifests. */
enum rc plan_recheck(struct arena *arena, struct diags *diags, const struct project *project,
		     const struct recorded_state *recorded, const struct live *live, struct plan *plan) MUST_CHECK;
/** True when applying would change anything live. */
bool plan_has_changes(const struct plan *plan);
/** True when conflicts or guards forbid applying it. */
bool plan_is_refused(const struct plan *plan);
/** True when applying is allowed and would do something, be it to the state alone. */
bool plan_is_applyable(const struct plan *plan);
/** Where in the changes the rules of a tunnel lie: [*ret_first, *ret_end) holds them all, and maybe others. */
void plan_rule_range(const struct plan *plan, const char *tunnel_address, size_t *ret_first, size_t *ret_end);
/** The first change of an address, or NULL; the changes are sorted. */
const struct change *plan_change_find(const struct plan *plan, const char *address);
/** terraform's words for an action: {"create"}, {"delete","create"}...; @return how many of ret_names are set */
size_t action_names(enum action action, const char *ret_names[2]);
/** The plan's digest: the same for the same changes, whatever else changed meanwhile; arena. */
char *plan_digest(struct arena *arena, const struct plan *plan);

#endif
