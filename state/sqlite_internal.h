/** @file
 * The insides of the SQLite store: one connection, its cached statements, and the lease that it writes under.
 * For the files state/sqlite_*.c and their tests alone. */
#ifndef ADIT_STATE_SQLITE_INTERNAL_H
#define ADIT_STATE_SQLITE_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/store.h"

/** "adit" as a big-endian number: marks a SQLite file as ours (PRAGMA application_id). */
#define SQLITE_STATE_APPLICATION_ID 0x61646974
/** The schema that this adit writes (PRAGMA user_version). */
#define SQLITE_STATE_VERSION 1

/** Statements that are prepared once per store. ?1 is always the project. */
enum statement {
	SQL_BEGIN_READ, SQL_BEGIN_WRITE, SQL_COMMIT, SQL_ROLLBACK,
	SQL_META_ENSURE, SQL_META_READ, SQL_META_LINEAGE, SQL_META_SERIAL, SQL_META_FENCE, SQL_META_REPLACE,
	SQL_LEASE_READ, SQL_LEASE_WRITE, SQL_LEASE_RENEW, SQL_LEASE_DELETE,
	SQL_RESOURCE_READ, SQL_RESOURCE_WRITE, SQL_RESOURCE_DELETE, SQL_RESOURCE_CLEAR,
	SQL_ZONE_READ, SQL_ZONE_WRITE, SQL_ZONE_CLEAR,
	SQL_INTENT_BEGIN, SQL_INTENT_END, SQL_INTENT_OPEN, SQL_INTENT_PRUNE,
	SQL_RUN_NEXT, SQL_RUN_BEGIN, SQL_RUN_ABANDON, SQL_RUN_END, SQL_CHANGE_WRITE, SQL_SNAPSHOT_WRITE,
	SQL_COUNT,
};

struct sqlite_store {
	struct store base;             /**< first, so that a struct store * is one of these */
	struct run *run;
	sqlite3 *db;                   /**< NULL: opened for reading, and nothing was ever stored */
	const char *path;              /**< as SQLite is given it */
	bool read_only;
	bool is_quiet;                 /**< fail without a diagnostic */
	bool is_impatient;             /**< do not wait for a busy database */
	bool is_loss_told;             /**< the lost lease has its diagnostic */
	int64_t ttl_ms;
	const char *holder, *host;
	const char *host_id;           /**< kernel and pid namespace: where a pid means the same; "" unknown */
	int64_t fence;                 /**< of the lease held; 0: none */
	int64_t run_id;                /**< begun and not ended; 0: none */
	int64_t busy_since_ms;
	sqlite3_stmt *statements[SQL_COUNT];
};

/** A parameter of a statement: a text (NULL is SQL's NULL) or a number. */
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

/* sqlite_statement.c */

/** Say what went wrong and classify it. @param result of the SQLite call that failed
 * @return RC_NOMEM; RC_CONFLICT busy (A0503); RC_CORRUPT (A0505); RC_IO (A0509); RC_LIMIT or RC_INTERNAL a value that
 * no row can hold (A0516) */
enum rc sqlite_fault(struct sqlite_store *s, int result) MUST_CHECK;
/** The database is no state of adit's, or damaged (A0505). @return RC_CORRUPT */
enum rc sqlite_fault_damaged(struct sqlite_store *s, const char *reason) MUST_CHECK;
/** Prepare or reuse a statement, bind the project and @p values from ?2 on.
 * @param ret_rows  to step through with sqlite_next(), then sqlite_finish(); the values must live until then */
enum rc sqlite_query(struct sqlite_store *s, enum statement id, const struct value *values, size_t count,
		     sqlite3_stmt **ret_rows) MUST_CHECK;
/** The next row. @param ret_any false after the last */
enum rc sqlite_next(struct sqlite_store *s, sqlite3_stmt *rows, bool *ret_any) MUST_CHECK;
/** Give a statement back to the cache; NULL is fine. */
void sqlite_finish(sqlite3_stmt *rows);
/** Run a statement to its end. */
enum rc sqlite_execute(struct sqlite_store *s, enum statement id, const struct value *values, size_t count) MUST_CHECK;
/** Copy a column; arena. @param ret_text NULL for SQL's NULL */
enum rc sqlite_column(struct arena *arena, sqlite3_stmt *rows, int column, const char **ret_text) MUST_CHECK;
/** Finalize every cached statement. */
void sqlite_forget_statements(struct sqlite_store *s);

/* sqlite_schema.c */

/** One step of the schema's history: from version @p from to the next one. */
struct migration {
	int from;
	const char *sql;
};
/** Bring the database from its version to @p to, in one transaction; does nothing when it is there already.
 * @return RC_OK; RC_CORRUPT no step leads there (A0505); as sqlite_fault() */
enum rc sqlite_migrate(struct sqlite_store *s, const struct migration *steps, size_t count, int to) MUST_CHECK;
/** Check that the database is ours and of a version we know, and create or migrate it unless opened for reading.
 * @param ret_any  false: there are no tables yet
 * @return RC_OK; RC_CORRUPT (A0505); RC_UNSUPPORTED newer (A0506); as sqlite_fault() */
enum rc sqlite_schema_check(struct sqlite_store *s, bool *ret_any) MUST_CHECK;

/* sqlite_open.c */

/** store_open() for a path. */
enum rc sqlite_store_open(struct run *run, const char *path, const struct store_options *options,
			  struct store **ret_store) MUST_CHECK;

/* sqlite_lease.c */

/** What meta holds. */
struct meta {
	const char *lineage;
	int64_t serial, fence;
};
/** Start a transaction that writes: the lease is ours (and renewed), or nobody else's; meta has its row and lineage.
 * End it with sqlite_write_end() when RC_OK.
 * @return RC_OK; RC_STALE lease lost (A0502); RC_CONFLICT not locked, and another holds it (A0501); as sqlite_fault() */
enum rc sqlite_write_begin(struct sqlite_store *s) MUST_CHECK;
/** Commit when @p rc is RC_OK, else roll back. @return @p rc, or why the commit failed */
enum rc sqlite_write_end(struct sqlite_store *s, enum rc rc) MUST_CHECK;
/** @return RC_OK; RC_NOTFOUND nothing was ever written; RC_UNSUPPORTED newer (A0506) */
enum rc sqlite_meta_read(struct sqlite_store *s, struct arena *arena, struct meta *ret_meta) MUST_CHECK;
enum rc sqlite_lock(struct store *store, const char *purpose, int64_t timeout_ms) MUST_CHECK;
enum rc sqlite_heartbeat(struct store *store) MUST_CHECK;
void sqlite_unlock(struct store *store);
enum rc sqlite_lease(struct store *store, struct arena *arena, struct lease_info *ret_lease) MUST_CHECK;

/* sqlite_resource.c */

enum rc sqlite_load(struct store *store, struct arena *arena, struct recorded_state *ret_state) MUST_CHECK;
/** sqlite_load() within a transaction that runs already. */
enum rc sqlite_load_rows(struct sqlite_store *s, struct arena *arena, struct recorded_state *ret_state) MUST_CHECK;
/** Insert or replace rows. @param changed  set when one of them was not there in just this form */
enum rc sqlite_resources_write(struct sqlite_store *s, const struct recorded *items, size_t count, bool *changed) MUST_CHECK;
enum rc sqlite_zones_write(struct sqlite_store *s, const struct recorded_zone *zones, size_t count) MUST_CHECK;

/* sqlite_journal.c */

enum rc sqlite_begin(struct store *store, struct intent *intents, size_t count) MUST_CHECK;
enum rc sqlite_commit(struct store *store, const struct outcome *outcome) MUST_CHECK;
enum rc sqlite_open_intents(struct store *store, struct arena *arena, struct intent **ret_intents, size_t *ret_count) MUST_CHECK;

/* sqlite_run.c */

enum rc sqlite_run_begin(struct store *store, const struct run_record *record, int64_t *ret_run) MUST_CHECK;
enum rc sqlite_run_end(struct store *store, int64_t run, const struct run_result *result) MUST_CHECK;

/* sqlite_transfer.c */

enum rc sqlite_export(struct store *store, struct arena *arena, struct json **ret_document) MUST_CHECK;
enum rc sqlite_import(struct store *store, const struct json *document, bool force) MUST_CHECK;

#endif
