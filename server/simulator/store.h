/** @file
 * The simulator's data: one SQLite connection, prepared statements kept for reuse, typed binds, cursors.
 * Not thread-safe: the caller holds the simulator's lock. Nothing is cached outside SQLite, so that several
 * processes may share one file. */
#ifndef ADIT_SERVER_SIMULATOR_STORE_H
#define ADIT_SERVER_SIMULATOR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/rc.h"
#include "base/strbuf.h"

struct store;

enum bind_type { BIND_NULL, BIND_TEXT, BIND_INT, BIND_BLOB };

/** One value for a statement's parameter; texts and bytes are borrowed until the statement ran. */
struct bind {
	enum bind_type type;
	const void *bytes;
	size_t size;
	int64_t number;
};

/** NULL binds as SQL NULL. */
struct bind bind_text(const char *text);
struct bind bind_int(int64_t number);
struct bind bind_blob(const void *bytes, size_t size);
struct bind bind_null(void);

/** A list of binds and its length, as two arguments. */
#define BINDS(...) \
	(const struct bind[]){__VA_ARGS__}, sizeof((const struct bind[]){__VA_ARGS__}) / sizeof(struct bind)

/** Rows of a running query. */
struct cursor {
	struct store *store;
	sqlite3_stmt *statement;
	bool kept; /**< belongs to the store's set of prepared statements */
};

/** Open or create the data.
 * @param path  NULL: in memory
 * @return RC_OK; RC_CORRUPT not a file of ours (A0904); RC_IO (A0905); RC_NOMEM */
enum rc sim_store_open(struct diags *diags, const char *path, struct store **ret_store) MUST_CHECK;
void store_close(struct store *store);

/** Make @p *to the same as @p from. @param to  NULL in it: a store in memory is made. Runs outside transactions. */
enum rc store_copy(struct store *from, struct store **to) MUST_CHECK;

enum rc store_begin(struct store *store) MUST_CHECK;
enum rc store_commit(struct store *store) MUST_CHECK;
/** Undo what happened since store_begin(); does nothing outside a transaction. */
void store_rollback(struct store *store);

/** Start a query. @param sql a static string: it is prepared once and kept. @param ret_cursor end with
 * cursor_done() */
enum rc store_query(struct store *store, const char *sql, const struct bind *binds, size_t count,
		    struct cursor *ret_cursor) MUST_CHECK;
/** store_query() for a text that was put together for this call alone. */
enum rc store_query_once(struct store *store, const char *sql, const struct bind *binds, size_t count,
			 struct cursor *ret_cursor) MUST_CHECK;
/** Step to the next row. @param ret_row false at the end */
enum rc cursor_next(struct cursor *cursor, bool *ret_row) MUST_CHECK;
void cursor_done(struct cursor *cursor);
#define CURSOR_CLEANUP __attribute__((cleanup(cursor_done)))

/** Column as text, copied; NULL for SQL NULL and when memory is used up. */
const char *cursor_text(struct cursor *cursor, struct arena *arena, int column);
/** Append a column's text to @p out as it is; nothing for SQL NULL. */
void cursor_add_text(struct cursor *cursor, struct strbuf *out, int column);
/** Column as a number; 0 for SQL NULL. */
int64_t cursor_int(struct cursor *cursor, int column);
/** Column as bytes, copied; NULL for SQL NULL and when memory is used up. */
const unsigned char *cursor_blob(struct cursor *cursor, struct arena *arena, int column, size_t *ret_size);

/** Run a statement that gives no rows. @param ret_changes rows changed; may be NULL */
enum rc store_run(struct store *store, const char *sql, const struct bind *binds, size_t count,
		  int64_t *ret_changes) MUST_CHECK;
/** First column of the first row; 0 when there is none. */
enum rc store_number(struct store *store, const char *sql, const struct bind *binds, size_t count,
		     int64_t *ret_number) MUST_CHECK;

/** The tables, as SQL; static. */
const char *store_schema_sql(void);

#endif
