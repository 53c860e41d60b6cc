/** @file
 * The insides of the stores that speak SQL. What a store does (lease, journal, rows, history) is written once, in
 * state/sql_*.c; a driver (SQLite, PostgreSQL) runs its statements. For the files of state/ and their tests alone. */
#ifndef ADIT_STATE_SQL_H
#define ADIT_STATE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/store.h"

/** The version of the schema that this adit writes. */
#define SQL_SCHEMA_VERSION 2

/** Statements that a driver prepares once per store; their texts: sql_text(). ?1 is always the project. */
enum statement {
	SQL_META_ENSURE, SQL_META_READ, SQL_META_LINEAGE, SQL_META_SERIAL, SQL_META_FENCE, SQL_META_REPLACE, SQL_META_SUSPEND, SQL_META_SEAL,
	SQL_LEASE_READ, SQL_LEASE_WRITE, SQL_LEASE_RENEW, SQL_LEASE_DELETE,
	SQL_RESOURCE_READ, SQL_RESOURCE_LIST, SQL_RESOURCE_WRITE, SQL_RESOURCE_DELETE,
	SQL_ZONE_READ, SQL_ZONE_WRITE, SQL_ZONE_CLEAR,
	SQL_INTENT_BEGIN, SQL_INTENT_END, SQL_INTENT_OPEN, SQL_INTENT_PRUNE,
	SQL_RUN_NEXT, SQL_RUN_BEGIN, SQL_RUN_ABANDON, SQL_RUN_END, SQL_RUN_LIST, SQL_RUN_READ, SQL_RUN_CHANGES, SQL_RUN_PRUNE,
	SQL_CHANGE_WRITE, SQL_SNAPSHOT_WRITE, SQL_SNAPSHOT_READ, SQL_SNAPSHOT_LET_GO, SQL_SNAPSHOT_PRUNE,
	SQL_GATEWAY_READ, SQL_GATEWAY_WRITE, SQL_GATEWAY_DELETE, SQL_GATEWAY_SHARERS, SQL_GATEWAY_CLEAR,
	SQL_SLICE_READ, SQL_SLICE_INTENTS,
	SQL_LOCK_READ, SQL_LOCK_WRITE, SQL_LOCK_RENEW, SQL_LOCK_COUNT, SQL_LOCK_DELETE,
	SQL_BUDGET_READ, SQL_BUDGET_WRITE, SQL_BUDGET_DROP_AHEAD, SQL_BUDGET_PRUNE,
	SQL_COUNT,
};

/** The text of a statement, with parameters ?1, ?2... in SQL that every driver understands; static. */
const char *sql_text(enum statement id);

/** A parameter of a statement: a text (NULL is SQL's NULL) or a number. The one of a place is always the same. */
struct value {
	const char *text;
	int64_t number;
	bool is_number;
};

static inline struct value text_value(const char *text)
{
	return (struct value){ .text = text };
}

static inline struct value int_value(int64_t number)
{
	return (struct value){ .number = number, .is_number = true };
}

struct sql_store;

/** Rows of a statement that runs. Drivers put theirs behind it. */
struct sql_rows {
	struct sql_store *store;
};

/** What a driver does. Its failures carry their diagnostic, unless the store is_quiet. */
struct sql_driver {
	/** Start a transaction. @param is_write  alone with the project from here on, and not just at the first write
	 * @return RC_OK; RC_CONFLICT kept busy (A0503); RC_IO; RC_CORRUPT; RC_NOMEM */
	enum rc (*begin)(struct sql_store *s, bool is_write);
	/** Commit, durably. After a failure rollback() is still due.
	 * @return RC_EXISTS is_locking, and somebody else was faster: nothing is said, and it may be tried again */
	enum rc (*commit)(struct sql_store *s);
	/** End the transaction without effect; fine without one. */
	void (*rollback)(struct sql_store *s);
	/** After a transaction that committed; NULL: nothing is due then. */
	void (*done)(struct sql_store *s);
	/** Run a statement with the project as ?1 and @p values from ?2 on; they must live until finish(). */
	enum rc (*query)(struct sql_store *s, enum statement id, const struct value *values, size_t count,
			 struct sql_rows **ret_rows);
	enum rc (*next)(struct sql_rows *rows, bool *ret_any);
	void (*finish)(struct sql_rows *rows);
	/** A column as text, which lives until next() or finish(). @param ret_text NULL for SQL's NULL
	 * @param ret_size  NULL: of no interest */
	enum rc (*column)(struct sql_rows *rows, int column, const char **ret_text, size_t *ret_size);
	int64_t (*integer)(struct sql_rows *rows, int column);
	/** Rows that the last executed statement changed. */
	int64_t (*changed)(struct sql_store *s);
	/** How many resources the project has, found in another way than SQL_RESOURCE_READ finds them; NULL: there is no need,
	 * as the server answers for its rows. */
	enum rc (*resource_count)(struct sql_store *s, int64_t *ret_count);
	/** Check the pages of the history, which opening did not; before it is read. NULL: there is no need.
	 * @return RC_OK; RC_CORRUPT (A0505); RC_IO; RC_NOMEM */
	enum rc (*check_history)(struct sql_store *s);
	/** The store's clock: every process that shares the store goes by it. Milliseconds since 1970. */
	int64_t (*now_ms)(struct sql_store *s);
	/** store_keep_image(); NULL, as the next two: the driver keeps none. */
	void (*keep_image)(struct sql_store *s, const char *path, bool may_write);
	/** Take the resources from the image, if one is kept and fits; within a transaction that reads, before anything is read.
	 * @param ret_is_read  false: they are to be read row by row
	 * @return RC_OK; RC_NOMEM; as begin() */
	enum rc (*image_read)(struct sql_store *s, struct arena *arena, struct recorded_state *state, bool *ret_is_read);
	/** Make the image anew of what was read row by row, within the same transaction, if it may be and is worth it. */
	void (*image_write)(struct sql_store *s, const struct recorded_state *state);
	/** Close the connection and free the store. */
	void (*close)(struct sql_store *s);
};

struct sql_store {
	struct store base;             /**< first, so that a struct store * is one of these */
	const struct sql_driver *driver;
	struct run *run;
	bool is_empty;                 /**< opened for reading, and nothing was ever stored */
	bool read_only;
	bool budget_only;              /**< see store_options */
	bool is_quiet;                 /**< fail without a diagnostic */
	bool is_impatient;             /**< do not wait for a busy database */
	int64_t wait_until_ms;         /**< on the run's clock: how long others are waited for; 0: as long as the driver does */
	bool has_meta;                 /**< the transaction that runs may change meta: it is sealed before the commit */
	bool is_locking;               /**< the transaction that runs takes the lease */
	bool is_loss_told;             /**< the lost lease has its diagnostic */
	int64_t ttl_ms;
	size_t history_runs;
	int64_t history_ms;
	size_t snapshot_bytes;
	const char *holder, *host;
	const char *host_id;           /**< kernel and pid namespace: where a pid means the same; "" unknown */
	int64_t fence;                 /**< of the lease held; 0: none */
	int64_t run_id;                /**< begun and not ended; 0: none */
	const char *lock_purpose;      /**< of the locks on tunnels that are held; NULL: none */
	size_t lock_count;
};

/* sql_store.c */

/** Fill in what all drivers share; base.location is the driver's. @return RC_OK; RC_NOMEM */
enum rc sql_store_init(struct sql_store *s, struct run *run, const struct sql_driver *driver,
		       const struct store_options *options) MUST_CHECK;

/* sql_statement.c */

/** The state is none of adit's, or damaged (A0505). @return RC_CORRUPT */
enum rc sql_fault_damaged(struct sql_store *s, const char *reason) MUST_CHECK;
/** It is kept busy: who does it, as far as the lease tells (A0503). @return RC_CONFLICT */
enum rc sql_fault_busy(struct sql_store *s) MUST_CHECK;
/** It was written by a newer adit (A0506). @return RC_UNSUPPORTED */
enum rc sql_fault_newer(struct sql_store *s, int64_t version) MUST_CHECK;
/** Prepare or reuse a statement, bind the project and @p values from ?2 on.
 * @param ret_rows  to step through with sql_next(), then sql_finish(); the values must live until then */
enum rc sql_query(struct sql_store *s, enum statement id, const struct value *values, size_t count,
		  struct sql_rows **ret_rows) MUST_CHECK;
/** The next row. @param ret_any false after the last */
enum rc sql_next(struct sql_rows *rows, bool *ret_any) MUST_CHECK;
/** Give a statement back to the cache; NULL is fine. */
void sql_finish(struct sql_rows *rows);
/** Run a statement to its end. */
enum rc sql_execute(struct sql_store *s, enum statement id, const struct value *values, size_t count) MUST_CHECK;
/** A column, which lives until the next row. @param ret_text NULL for SQL's NULL */
enum rc sql_peek(struct sql_rows *rows, int column, const char **ret_text) MUST_CHECK;
/** Copy a column; arena. @param ret_text NULL for SQL's NULL */
enum rc sql_column(struct arena *arena, struct sql_rows *rows, int column, const char **ret_text) MUST_CHECK;
int64_t sql_integer(struct sql_rows *rows, int column);
int64_t sql_changed(struct sql_store *s);
int64_t sql_now_ms(struct sql_store *s);
/** A transaction that reads one state of things; end it with sql_write_end(). */
enum rc sql_read_begin(struct sql_store *s) MUST_CHECK;

/* sql_lease.c */

/** What meta holds. */
struct meta {
	const char *lineage;
	int64_t serial, fence;
	const char *suspended;         /**< why; NULL: it is not */
};
/** Start a transaction that writes: the lease is ours (and renewed), or nobody else's; meta has its row and lineage.
 * End it with sql_write_end() when RC_OK.
 * @return RC_OK; RC_STALE lease lost (A0502); RC_CONFLICT not locked, and another holds it (A0501); the driver's */
enum rc sql_write_begin(struct sql_store *s) MUST_CHECK;
/** Commit when @p rc is RC_OK, else roll back. @return @p rc, or why the commit failed */
enum rc sql_write_end(struct sql_store *s, enum rc rc) MUST_CHECK;
/** Refuse to write through a store that was opened for reading (A0514). */
enum rc sql_check_writable(struct sql_store *s) MUST_CHECK;
/** @return RC_OK; RC_NOTFOUND nothing was ever written; RC_UNSUPPORTED newer (A0506) */
enum rc sql_meta_read(struct sql_store *s, struct arena *arena, struct meta *ret_meta) MUST_CHECK;
enum rc sql_lock(struct store *store, const char *purpose, int64_t timeout_ms) MUST_CHECK;
enum rc sql_heartbeat(struct store *store) MUST_CHECK;
void sql_unlock(struct store *store);
enum rc sql_lease(struct store *store, struct arena *arena, struct lease_info *ret_lease) MUST_CHECK;
enum rc sql_break_lease(struct store *store, int64_t fence) MUST_CHECK;

/** The lease of the project, or of another key, if it is alive and not ours.
 * @param key  NULL: the project
 * @return RC_NOTFOUND there is no row; RC_STALE there is one, but it may be taken over; RC_EXISTS it is alive */
enum rc sql_find_rival(struct sql_store *s, const char *key, struct lease_info *ret_lease) MUST_CHECK;
/** Somebody holds it (A0501). @return RC_CONFLICT */
enum rc sql_fault_held(struct sql_store *s, const struct lease_info *lease) MUST_CHECK;
/** It was taken over (A0502). @return RC_STALE */
enum rc sql_fault_lost(struct sql_store *s) MUST_CHECK;

/* sql_tunnel_lock.c */

enum rc sql_tunnel_lock(struct store *store, const char *const *keys, size_t count, int64_t timeout_ms) MUST_CHECK;
void sql_tunnel_unlock(struct store *store);
/** Within a transaction: are the locks on tunnels still ours? @param renew  and stay so
 * @return RC_OK; RC_STALE (A0502) */
enum rc sql_tunnel_pass(struct sql_store *s, bool renew) MUST_CHECK;

/* sql_gateway.c */

enum rc sql_gateways(struct store *store, struct arena *arena, const char *owner, struct recorded_gateway **ret_gateways,
		     size_t *ret_count) MUST_CHECK;
enum rc sql_slices(struct store *store, struct arena *arena, const char *owner, const char *address,
		   struct slice **ret_slices, size_t *ret_count) MUST_CHECK;
/** All rows of a project, within a transaction. */
enum rc sql_gateway_rows(struct sql_store *s, struct arena *arena, const char *project,
			 struct recorded_gateway **ret_gateways, size_t *ret_count) MUST_CHECK;
/** An outcome's Gateways; removals first. @param changed  set when anything was not so before */
enum rc sql_gateways_write(struct sql_store *s, const struct outcome *outcome, bool *changed) MUST_CHECK;

/* sql_resource.c */

/** The recorded rules of a project in a tunnel, within a transaction. */
enum rc sql_slice_rules(struct sql_store *s, struct arena *arena, const char *project, const char *tunnel,
			struct recorded **ret_rules, size_t *ret_count) MUST_CHECK;

void sql_keep_image(struct store *store, const char *path, bool may_write);
enum rc sql_load(struct store *store, struct arena *arena, struct recorded_state *ret_state) MUST_CHECK;
enum rc sql_list(struct store *store, struct arena *arena, const char *after, struct listed_page *page) MUST_CHECK;
/** sql_load() within a transaction that runs already. */
enum rc sql_load_rows(struct sql_store *s, struct arena *arena, struct recorded_state *ret_state) MUST_CHECK;
/** Insert or replace rows. @param changed  set when one of them was not there in just this form */
enum rc sql_resources_write(struct sql_store *s, const struct recorded *items, size_t count, bool *changed) MUST_CHECK;
/** Delete one row. @param changed  set when it was there */
enum rc sql_resource_delete(struct sql_store *s, const char *address, bool *changed) MUST_CHECK;
enum rc sql_zones_write(struct sql_store *s, const struct recorded_zone *zones, size_t count) MUST_CHECK;

/* sql_journal.c */

enum rc sql_begin(struct store *store, struct intent *intents, size_t count) MUST_CHECK;
enum rc sql_commit(struct store *store, const struct outcome *outcome) MUST_CHECK;
enum rc sql_commit_begin(struct store *store, const struct outcome *outcome, struct intent *intents, size_t count) MUST_CHECK;
enum rc sql_open_intents(struct store *store, struct arena *arena, struct intent **ret_intents, size_t *ret_count) MUST_CHECK;

/* sql_run.c, sql_history.c */

enum rc sql_run_begin(struct store *store, const struct run_record *record, int64_t *ret_run) MUST_CHECK;
enum rc sql_run_end(struct store *store, int64_t run, const struct run_result *result) MUST_CHECK;
enum rc sql_runs(struct store *store, struct arena *arena, struct run_entry **ret_runs, size_t *ret_count) MUST_CHECK;
enum rc sql_run_read(struct store *store, struct arena *arena, int64_t run, struct run_detail *ret_run) MUST_CHECK;
enum rc sql_suspend(struct store *store, const char *reason) MUST_CHECK;
/** Forget runs beyond what is kept, and snapshots that no run names any more.
 * @param snapshot_bytes  size of the one that was just written; 0: there was none */
enum rc sql_history_prune(struct sql_store *s, size_t snapshot_bytes) MUST_CHECK;

/* sql_budget.c */

enum rc sql_budget_take(struct store *store, const struct budget_request *request, struct budget_grant *ret_grant) MUST_CHECK;

/* sql_transfer.c */

enum rc sql_export(struct store *store, struct arena *arena, struct json **ret_document) MUST_CHECK;
enum rc sql_import(struct store *store, const struct json *document, bool force) MUST_CHECK;

#endif
