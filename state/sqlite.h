/** @file The SQLite driver: one connection and its cached statements. For state/sqlite_*.c and their tests alone. */
#ifndef ADIT_STATE_SQLITE_H
#define ADIT_STATE_SQLITE_H

#include <sqlite3.h>

#include "state/image.h"
#include "state/sql.h"

/** "adit" as a big-endian number: marks a SQLite file as ours (PRAGMA application_id). */
#define SQLITE_STATE_APPLICATION_ID 0x61646974

struct sqlite_rows {
	struct sql_rows base;          /**< first */
	sqlite3_stmt *statement;       /**< NULL until first used */
};

struct sqlite_store {
	struct sql_store sql;          /**< first */
	sqlite3 *db;                   /**< NULL when sql.is_empty */
	const char *path;              /**< as SQLite is given it */
	bool is_unchecked;             /**< opened for reading: its pages are still to be checked, before anything is read */
	int64_t busy_since_ms;
	const char *image_path;        /**< state/image.h; NULL: none is kept */
	bool may_write_image;
	bool has_image_key;            /**< image_key is of the transaction that runs, or of the last one */
	uint8_t image_key[IMAGE_KEY_BYTES];
	struct sqlite_rows statements[SQL_COUNT];
};

/** store_open() for a path. */
enum rc sqlite_store_open(struct run *run, const char *path, const struct store_options *options,
			  struct store **ret_store) MUST_CHECK;

/* sqlite_driver.c */

extern const struct sql_driver sqlite_driver;
/* Its functions, for drivers that are SQLite's but for some of them. */
enum rc sqlite_driver_begin(struct sql_store *store, bool is_write) MUST_CHECK;
enum rc sqlite_driver_commit(struct sql_store *store) MUST_CHECK;
void sqlite_driver_rollback(struct sql_store *store);
enum rc sqlite_driver_query(struct sql_store *store, enum statement id, const struct value *values, size_t count,
			    struct sql_rows **ret_rows) MUST_CHECK;
enum rc sqlite_driver_next(struct sql_rows *rows, bool *ret_any) MUST_CHECK;
void sqlite_driver_finish(struct sql_rows *rows);
enum rc sqlite_driver_column(struct sql_rows *rows, int column, const char **ret_text, size_t *ret_size) MUST_CHECK;
int64_t sqlite_driver_integer(struct sql_rows *rows, int column);
int64_t sqlite_driver_changed(struct sql_store *store);
/** A database in memory with the newest schema. @return RC_OK; RC_NOMEM; as sqlite_fault() */
enum rc sqlite_open_memory(struct sqlite_store *s) MUST_CHECK;
/** struct sql_driver's check_history. */
enum rc sqlite_check_history(struct sql_store *store) MUST_CHECK;
/** Check the pages that opening for reading did not; once, before anything is read.
 * @return RC_OK; RC_CORRUPT (A0505); as sqlite_fault() */
enum rc sqlite_check_pages(struct sqlite_store *s) MUST_CHECK;

/* sqlite_image.c: struct sql_driver's functions for images */

void sqlite_keep_image(struct sql_store *store, const char *path, bool may_write);
enum rc sqlite_image_read(struct sql_store *store, struct arena *arena, struct recorded_state *state, bool *ret_is_read) MUST_CHECK;
void sqlite_image_write(struct sql_store *store, const struct recorded_state *state);

/** Say what went wrong and classify it. @param result of the SQLite call that failed
 * @return RC_NOMEM; RC_CONFLICT busy (A0503); RC_CORRUPT (A0505); RC_IO (A0509); RC_LIMIT or RC_INTERNAL a value that
 * no row can hold (A0516) */
enum rc sqlite_fault(struct sqlite_store *s, int result) MUST_CHECK;
/** Run SQL that has no parameters. */
enum rc sqlite_run_text(struct sqlite_store *s, const char *sql) MUST_CHECK;
/** Finalize every cached statement. */
void sqlite_forget_statements(struct sqlite_store *s);
/** Close the connection, if there is one. */
void sqlite_disconnect(struct sqlite_store *s);

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

#endif
