/** @file
 * Recorded state: what adit knows it made. Behind a table of functions, so that the planner is independent of where it is kept.
 *
 * Every write happens under the lease, in one transaction, and checks the lease's fencing number: a process that
 * stalled past its lease cannot write after another took over. No secret is ever stored. */
#ifndef ADIT_STATE_STORE_H
#define ADIT_STATE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/map.h"
#include "base/run.h"
#include "schema/resource.h"

/** A resource as recorded. */
struct recorded {
	struct resource *resource;   /**< id, tunnel and fields; origin.object is the object it came from */
	const char *account_id;      /**< Cloudflare's */
	const char *zone_id;         /**< cname; NULL otherwise */
	const char *prior_comment;   /**< cname: what to restore when it is given up; NULL: none */
	bool is_protected;           /**< its object bears adit.cnap.tech/protect: never deleted */
	int64_t retired_ms;          /**< tunnel: empty since then, deleted after guard.tunnelGrace; 0: in use */
};

struct recorded_zone {
	const char *account, *zone_id, *name, *plan;
};

/** A Gateway's tunnel as recorded: by its owner for projects that contribute Routes, and by these, to say so. */
struct recorded_gateway {
	const char *address;         /**< "tunnel/<namespace>/<gateway>" */
	const char *owner;           /**< the project whose Gateway it is */
	const char *account_id, *tunnel_id, *tunnel_name; /**< as the owner's run left them; NULL in a contributor's */
	const struct json *document; /**< schema/shared_gateway.h; NULL in a contributor's */
};

/** What another project has in a shared tunnel. */
struct slice {
	const char *project;
	const char *address;         /**< of the tunnel */
	struct recorded *rules;      size_t rule_count; /**< in no particular order */
	const char **in_flight;      size_t in_flight_count; /**< addresses of rules that it is writing just now */
};

struct recorded_state {
	const char *lineage;         /**< UUID of this state; "" when it was never written */
	int64_t serial;              /**< grows with every change of the recorded resources */
	struct recorded *items;      /**< sorted by resource_compare_address() */
	size_t count;
	struct map by_address;       /**< address -> struct recorded * */
	struct recorded_zone *zones;
	size_t zone_count;
	struct recorded_gateway *gateways; /**< its own, and those that it has rules in; sorted by address */
	size_t gateway_count;
	const char *suspended;       /**< why apply and sync refuse until `adit resume`; NULL: they do not */
};

/** What listings tell of a resource. */
struct listed {
	enum resource_kind kind;
	const char *address;
	const char *id, *tunnel;     /**< NULL: none */
};

/** Some of the recorded resources, and what is known of all of them so far. All zero before the first page. */
struct listed_page {
	struct listed *items;
	size_t count;                /**< 0: there are no more */
	size_t seen;                 /**< with the pages before */
	int64_t serial;              /**< of the state that the page was read of */
	bool has_changed;            /**< the serial is not that of the page before, here or earlier */
};

struct lease_info {
	const char *holder;          /**< user@host, for people */
	const char *host;
	int64_t pid;
	const char *purpose;         /**< "apply", "destroy", "state rm"... */
	int64_t acquired_ms, heartbeat_ms, ttl_ms;
	int64_t fence;
};

/** An intent: journaled before its call. */
struct intent {
	int64_t id;
	const char *operation;       /**< "create", "update", "delete", "put-configuration", "batch"... */
	const char *address;
	const char *detail;          /**< JSON for recovery: names, contents, ids; never secrets */
};

/** What completed operations change in the state, in one transaction with closing their intents. */
struct outcome {
	const struct recorded *upserts;      size_t upsert_count;
	const char *const *removals;         size_t removal_count;    /**< addresses */
	const struct recorded_zone *zones;   size_t zone_count;
	const struct recorded_gateway *gateways; size_t gateway_count;       /**< inserted or replaced */
	const char *const *gateway_removals; size_t gateway_removal_count;   /**< addresses */
	const int64_t *intents;              size_t intent_count;     /**< closed by it */
	const char *result;          /**< "ok", "failed: ...", "unknown" for the journal */
	const struct outcome *next;  /**< another for the same transaction, after this one; NULL: none */
};

struct run_record {
	const char *command;         /**< "apply", "destroy", "rollback 3": to run 3 */
	const char *actor;           /**< user@host, or CI's actor */
	const char *commit;          /**< git commit; NULL */
	const char *plan_digest;
	int64_t started_ms;
};

struct run_result {
	const char *status;          /**< "complete", "partial", "failed", "interrupted" */
	size_t added, changed, destroyed, failed, deferred;
	int64_t ended_ms;
	/** Canonical JSON of the changes made: [{address, action, result}]; NULL none. */
	const char *changes;
	/** Canonical JSON of the desired state that was applied; NULL: keep none. */
	const char *snapshot;
};

/** A run of the history. */
struct run_entry {
	int64_t id;                  /**< 1, 2, 3... within the project */
	const char *command, *actor;
	const char *commit, *plan_digest; /**< NULL: none */
	int64_t started_ms, ended_ms; /**< ended: 0 while it runs, or when it was killed */
	const char *status;          /**< of run_result; NULL while it runs */
	size_t added, changed, destroyed, failed, deferred;
	bool has_snapshot;           /**< its desired state was kept: it can be rolled back to */
};

struct run_change {
	const char *address, *action, *result;
};

struct run_detail {
	struct run_entry entry;
	struct run_change *changes;
	size_t change_count;
	const char *snapshot;        /**< run_result.snapshot; NULL: none was kept */
};

/** A share of the calls that all processes with one store may make to one account. */
struct budget_request {
	const char *account;         /**< what the rate limit belongs to: "<host>/<account id>"; never a secret */
	int64_t want;                /**< calls */
	int64_t limit, window_ms;    /**< at most limit calls in any window */
};

struct budget_grant {
	int64_t calls;               /**< 0 to want, to be made at once */
	int64_t wait_ms;             /**< when calls is 0: how long until there may be some */
};

struct store;
struct store_vt {
	/** store_keep_image(); may be NULL. */
	void (*keep_image)(struct store *store, const char *path, bool may_write);
	/** Load all recorded resources and zones of the project; arena. Needs no lease. A store that does not exist yet is empty. */
	enum rc (*load)(struct store *store, struct arena *arena, struct recorded_state *ret_state);
	/** The recorded resources by the page, in the order of load(): of any number in little memory. Needs no lease, and no
	 * page keeps anybody from writing: two of them may be of different serials.
	 * @param after  the last address of the page before; "": the first page
	 * @param page   in: the page before; items: arena */
	enum rc (*list)(struct store *store, struct arena *arena, const char *after, struct listed_page *page);
	/** Take the lease. @param timeout_ms how long to wait for another holder; 0: not at all
	 * @return RC_OK; RC_CONFLICT held by another (A0501 names holder, host, pid, purpose), or the store is kept busy (A0503);
	 * RC_CANCELLED; RC_IO; RC_CORRUPT */
	enum rc (*lock)(struct store *store, const char *purpose, int64_t timeout_ms);
	/** Renew; call at least every third of the ttl. @return RC_OK; RC_STALE lost it (A0502) */
	enum rc (*heartbeat)(struct store *store);
	void (*unlock)(struct store *store);
	/** The present lease. @return RC_OK; RC_NOTFOUND nobody holds it */
	enum rc (*lease)(struct store *store, struct arena *arena, struct lease_info *ret_lease);
	/** End the lease with this fencing number, whoever holds it (adit unlock): its holder can write nothing any more.
	 * @return RC_OK; RC_NOTFOUND it is not the present one; as begin() */
	enum rc (*break_lease)(struct store *store, int64_t fence);
	/** Journal @p count intents, durable on return. ids are filled in.
	 * @return RC_OK; RC_STALE lease lost (A0502); RC_CONFLICT never locked, and somebody else holds the lease (A0501), or the
	 * store is kept busy (A0503); RC_IO. The same for every other write. */
	enum rc (*begin)(struct store *store, struct intent *intents, size_t count);
	/** Record an outcome in one durable transaction, removals before upserts; bumps the serial when resources change. */
	enum rc (*commit)(struct store *store, const struct outcome *outcome);
	/** commit(), then begin(), in one transaction: both are durable on return, or neither.
	 * @param outcome  NULL: none @param count  0: no intents */
	enum rc (*commit_begin)(struct store *store, const struct outcome *outcome, struct intent *intents, size_t count);
	/** Intents without an outcome: what an earlier run left open; arena; ordered by id. */
	enum rc (*open_intents)(struct store *store, struct arena *arena, struct intent **ret_intents, size_t *ret_count);
	enum rc (*run_begin)(struct store *store, const struct run_record *record, int64_t *ret_run);
	enum rc (*run_end)(struct store *store, int64_t run, const struct run_result *result);
	/** The history, newest first; arena. What it keeps: LIMIT_HISTORY_RUNS, LIMIT_HISTORY_MS; of the desired states that can
	 * be rolled back to: LIMIT_SNAPSHOT_BYTES, as many as there is room for at the size of the last. */
	enum rc (*runs)(struct store *store, struct arena *arena, struct run_entry **ret_runs, size_t *ret_count);
	/** One run with its changes; arena. @return RC_OK; RC_NOTFOUND no such run, or no longer kept (A0517) */
	enum rc (*run_read)(struct store *store, struct arena *arena, int64_t run, struct run_detail *ret_run);
	/** Make apply and sync refuse, or let them again. @param reason  for people; NULL: resume. Same results as begin(). */
	enum rc (*suspend)(struct store *store, const char *reason);
	/** The Gateways that another project recorded as its own; arena; sorted by address. */
	enum rc (*gateways)(struct store *store, struct arena *arena, const char *owner,
			    struct recorded_gateway **ret_gateways, size_t *ret_count);
	/** What all other projects have in tunnels of a project; arena; sorted by address and project.
	 * @param owner    may be the store's own project; another owner's own rules are a slice, too
	 * @param address  of one tunnel; NULL: of all */
	enum rc (*slices)(struct store *store, struct arena *arena, const char *owner, const char *address,
			  struct slice **ret_slices, size_t *ret_count);
	/** Keep all other projects from writing to tunnels until tunnel_unlock(): all of them or none. Every write checks
	 * that they are still ours. Waiting keeps the lease.
	 * @param keys  ids of the tunnels
	 * @return RC_OK; RC_CONFLICT still held after @p timeout_ms (A0501); RC_STALE the lease was lost; RC_CANCELLED; RC_IO */
	enum rc (*tunnel_lock)(struct store *store, const char *const *keys, size_t count, int64_t timeout_ms);
	void (*tunnel_unlock)(struct store *store);
	/** Take calls out of the budget that all processes and projects with this store share. Needs no lease.
	 * @return RC_OK; RC_NOTFOUND there is no store yet; RC_UNSUPPORTED it cannot share one; RC_CONFLICT kept busy (A0503); RC_IO */
	enum rc (*budget_take)(struct store *store, const struct budget_request *request, struct budget_grant *ret_grant);
	/** The whole project as one JSON document (state pull). */
	enum rc (*export_document)(struct store *store, struct arena *arena, struct json **ret_document);
	/** Replace the project by a document (state push). Refuses another lineage or a lower serial unless @p force; within
	 * a lineage the serial never goes back.
	 * @return RC_OK; RC_INVALID (A0511; A0515 another project's); RC_UNSUPPORTED a newer adit's (A0506); RC_STALE (A0510) */
	enum rc (*import_document)(struct store *store, const struct json *document, bool force);
	void (*close)(struct store *store);
};

struct store {
	const struct store_vt *vt;
	const char *location;        /**< for messages; without secrets */
	const char *project;
};

struct store_options {
	const char *project;
	bool read_only;              /**< never creates, migrates or writes */
	bool budget_only;            /**< for budget_take() alone: quiet, never creates or migrates; may be empty */
	int64_t lease_ttl_ms;        /**< 0: 60 s */
	const char *holder;          /**< user@host; NULL: found out */
	size_t history_runs;         /**< 0: LIMIT_HISTORY_RUNS */
	int64_t history_ms;          /**< 0: LIMIT_HISTORY_MS */
	size_t snapshot_bytes;       /**< 0: LIMIT_SNAPSHOT_BYTES */
};

/** Open the store at @p location: a path (SQLite, created with mode 0600 in folders of mode 0700), or
 * postgres://USER@HOST/DATABASE (see state/postgres.h).
 * @param ret_store owned, close with store->vt->close()
 * @return RC_OK; RC_IO; RC_CORRUPT not a state of adit's, or damaged (A0505 with the way back);
 * RC_UNSUPPORTED written by a newer adit (A0506), or no place that this adit knows (A0507) */
enum rc store_open(struct run *run, const char *location, const struct store_options *options, struct store **ret_store) MUST_CHECK;

/** From here on what the store says, and what it needs memory for, is this run's. Nobody else may be using the store. */
void store_use_run(struct store *store, struct run *run);

/** From here on load() may take the recorded resources from an image of them (state/image.h) instead of reading and checking
 * each row again: one that was made of the very bytes that the state's file has now. Only files have one; for other stores, and
 * NULL, this does nothing.
 * @param path       of the image; copied
 * @param may_write  load() may make it anew when it does not fit and there is much to load. Only who opened the store for
 *                   reading makes images: who writes is about to change what they would be of. */
void store_keep_image(struct store *store, const char *path, bool may_write);

/** Change the address of a recorded resource and of all that belong to it (state mv); pure over @p state.
 * @param ret_outcome  what to commit; arena
 * @return RC_OK; RC_NOTFOUND; RC_EXISTS; RC_INVALID kinds differ, or a rule would be of no recorded tunnel; no diagnostics */
enum rc store_move(struct arena *arena, const struct recorded_state *state, const char *from, const char *to, struct outcome *ret_outcome) MUST_CHECK;

#endif
