/** @file
 * The PostgreSQL driver: postgres://[USER[:PASSWORD]@][HOST][:PORT]/DATABASE[?OPTION=VALUE...], as libpq reads it, with
 * its TLS options (sslmode, sslrootcert...), PGPASSWORD and password file.
 *
 * One schema, "adit", holds all projects of a database; adit makes and migrates it. Writers are kept apart by advisory
 * locks: see postgres_driver.c. Times are the server's. For state/postgres_*.c and their tests alone.
 * @par Source  https://www.postgresql.org/docs/15/libpq.html */
#ifndef ADIT_STATE_POSTGRES_H
#define ADIT_STATE_POSTGRES_H

#include "state/libpq.h"
#include "state/sql.h"

struct postgres_rows {
	struct sql_rows base;          /**< first */
	PGresult *result;              /**< one row, as it comes; NULL: none */
	bool is_prepared, is_running;
};

struct postgres_store {
	struct sql_store sql;          /**< first */
	PGconn *connection;
	bool is_in_transaction;
	bool is_writing;               /**< in a transaction that writes */
	bool is_committing;            /**< a write: the server may have done it, whatever comes */
	bool has_tunnels;              /**< this transaction is alone with the locks on tunnels */
	bool is_silent;                /**< the server did not answer in time: as good as lost */
	bool is_lost_told;             /**< the lost connection has its diagnostic */
	int64_t changed;
	int64_t project_key;           /**< of the project's advisory lock */
	int64_t server_ms, read_at_ms; /**< the server's clock, and this machine's when it was read */
	struct postgres_rows rows[SQL_COUNT];
};

/** store_open() for a URL.
 * @return RC_OK; RC_IO no connection (A0520); RC_DENIED (A0522); RC_INVALID no such URL (A0523); RC_CORRUPT (A0505);
 * RC_UNSUPPORTED newer (A0506) */
enum rc postgres_store_open(struct run *run, const char *url, const struct store_options *options,
			    struct store **ret_store) MUST_CHECK;

/* postgres_driver.c */

extern const struct sql_driver postgres_driver;
/** Run SQL that has no parameters; @p ret_value: the first column of its row, in @p arena, or NULL when not asked for. */
enum rc postgres_run_text(struct postgres_store *s, const char *sql, const char **ret_value) MUST_CHECK;
/** Read the server's clock. */
enum rc postgres_read_clock(struct postgres_store *s) MUST_CHECK;

/** The key of an advisory lock: of a kind of thing, and which one. @return RC_OK; RC_NOMEM */
enum rc postgres_key(struct arena *arena, const char *kind, const char *name, int64_t *ret_key) MUST_CHECK;
/** Have an advisory lock to the end of the transaction. @return RC_OK; RC_CONFLICT kept busy (A0503); as postgres_fault() */
enum rc postgres_lock(struct postgres_store *s, int64_t key) MUST_CHECK;

/* postgres_link.c: nothing here waits for ever. */

/** True when nothing can be sent any more. */
bool postgres_is_lost(const struct postgres_store *s);
/** Hand over what is queued for the server. @return false: the connection is lost */
bool postgres_flush(struct postgres_store *s);
/** The next part of the answer; NULL: there is no more, or the connection is lost. */
PGresult *postgres_receive(struct postgres_store *s);
/** Take in and forget the rest of an answer. */
void postgres_drain(struct postgres_store *s);
/** True when a statement was run to its end. */
bool postgres_is_good(const PGresult *result);
/** Run SQL without parameters. @return the last result, or the first that is an error; NULL: the connection is lost */
PGresult *postgres_exchange(struct postgres_store *s, const char *sql);

/* postgres_fault.c */

/** Say why a statement failed. A transaction that failed is rolled back first, so that the lease can still be read to say
 * who has it. @param result  its; NULL: the connection is lost */
enum rc postgres_fault(struct postgres_store *s, const PGresult *result) MUST_CHECK;
/** Say why no connection came about (A0520). */
enum rc postgres_fault_connect(struct postgres_store *s) MUST_CHECK;

/* postgres_schema.c */

/** Find the schema, or make or migrate it unless opened for reading. @param ret_any  false: it is not there */
enum rc postgres_schema_check(struct postgres_store *s, bool *ret_any) MUST_CHECK;

#endif
