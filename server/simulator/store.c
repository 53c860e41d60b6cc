/* SQLite behind the simulator. Invariant: a kept statement is either idle (reset, no binds) or owned by one
 * cursor. */
#include "server/simulator/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_STATEMENTS 96
#define APPLICATION_ID 0x61646974 /* "adit" */
#define FORMAT 2
#define BUSY_MS 10000

struct kept_statement {
	const char *sql; /* static; compared by address */
	sqlite3_stmt *statement;
	bool busy;
};

struct store {
	sqlite3 *db;
	bool in_transaction;
	struct kept_statement kept[KEPT_STATEMENTS];
	size_t kept_count;
};

struct bind bind_text(const char *text)
{
	if (!text)
		return bind_null();
	return (struct bind){.type = BIND_TEXT, .bytes = text, .size = strlen(text)};
}

struct bind bind_int(int64_t number)
{
	return (struct bind){.type = BIND_INT, .number = number};
}

struct bind bind_blob(const void *bytes, size_t size)
{
	return (struct bind){.type = BIND_BLOB, .bytes = bytes, .size = size};
}

struct bind bind_null(void)
{
	return (struct bind){.type = BIND_NULL};
}

static enum rc rc_of_sqlite(int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return RC_OK;
	case SQLITE_NOMEM:
		return RC_NOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return RC_CORRUPT;
	case SQLITE_CONSTRAINT:
		return RC_EXISTS;
	case SQLITE_TOOBIG:
		return RC_LIMIT;
	default: /* SQLite's codes are no enumeration of ours */
		return RC_IO;
	}
}

static enum rc exec(struct store *store, const char *sql)
{
	return rc_of_sqlite(sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

static enum rc pragma_number(struct store *store, const char *sql, int64_t *ret_number)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	bool row = false;
	enum rc rc = store_query_once(store, sql, NULL, 0, &cursor);

	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (rc)
		return rc;
	*ret_number = row ? cursor_int(&cursor, 0) : 0;
	return RC_OK;
}

static enum rc is_ours(struct store *store, bool *ret_ours)
{
	int64_t application = 0, format = 0;
	enum rc rc = pragma_number(store, "PRAGMA application_id", &application);

	if (!rc)
		rc = pragma_number(store, "PRAGMA user_version", &format);
	if (!rc)
		*ret_ours = application == APPLICATION_ID && format == FORMAT;
	return rc;
}

/* One transaction, so that a process killed here leaves an empty file, not half a schema; asked again inside
 * it, because another process may have been faster. RC_CORRUPT when the file belongs to somebody else. */
static enum rc create_tables(struct store *store)
{
	bool ours = false;
	int64_t tables = 0;
	enum rc rc = store_begin(store);

	if (!rc)
		rc = is_ours(store, &ours);
	if (!rc && !ours)
		rc = pragma_number(store, "SELECT count(*) FROM sqlite_master", &tables);
	if (!rc && tables > 0)
		rc = RC_CORRUPT;
	if (!rc && !ours)
		rc = exec(store, store_schema_sql());
	if (!rc && !ours)
		rc = exec(store, "PRAGMA application_id = 1633970548; PRAGMA user_version = 2");
	if (!rc)
		rc = store_commit(store);
	store_rollback(store);
	return rc;
}

/* Nothing is written before the file is known to be empty or ours. */
static enum rc prepare_tables(struct store *store)
{
	bool ours = false;
	enum rc rc = is_ours(store, &ours);

	if (!rc && !ours)
		rc = create_tables(store);
	if (!rc)
		rc = exec(store,
			  "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"
			  "PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 4294967296");
	return rc;
}

/* SQLite would make the file with the umask's mode; the secrets in it must be readable by the owner alone. */
static enum rc create_file(const char *path, int *ret_errno)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat st;

	if (fd < 0) {
		*ret_errno = errno;
		return RC_IO;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		*ret_errno = EINVAL;
		return RC_IO;
	}
	close(fd);
	return RC_OK;
}

static enum rc report_failure(struct diags *diags, const char *path, enum rc rc, int system_errno)
{
	struct diag *diag;

	if (rc == RC_NOMEM)
		return rc;
	if (rc == RC_CORRUPT) {
		diag = diag_add(diags, SEVERITY_ERROR, "A0904", (struct span){0},
				"%s holds no data of this simulator", path);
		diag_help(diags, diag, "Name another file; this one is left as it is.");
		return RC_CORRUPT;
	}
	diag = diag_add(diags, SEVERITY_ERROR, "A0905", (struct span){0},
			"the simulator's data in %s cannot be opened: %s", path,
			system_errno ? strerror(system_errno) : "SQLite refused");
	diag->system_errno = system_errno;
	return RC_IO;
}

enum rc sim_store_open(struct diags *diags, const char *path, struct store **ret_store)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	struct store *store = calloc(1, sizeof(*store));
	int system_errno = 0;
	enum rc rc = RC_OK;

	if (!store)
		return RC_NOMEM;
	if (path)
		rc = create_file(path, &system_errno);
	if (!rc)
		rc = rc_of_sqlite(sqlite3_open_v2(path ? path : ":memory:", &store->db, flags, NULL));
	if (!rc)
		rc = rc_of_sqlite(sqlite3_busy_timeout(store->db, BUSY_MS));
	if (!rc)
		rc = prepare_tables(store);
	if (rc) {
		store_close(store);
		return report_failure(diags, path ? path : "memory", rc, system_errno);
	}
	*ret_store = store;
	return RC_OK;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < store->kept_count; i++)
		sqlite3_finalize(store->kept[i].statement);
	sqlite3_close(store->db);
	free(store);
}

static enum rc open_memory(struct store **ret_store)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	struct store *store = calloc(1, sizeof(*store));
	enum rc rc;

	if (!store)
		return RC_NOMEM;
	rc = rc_of_sqlite(sqlite3_open_v2(":memory:", &store->db, flags, NULL));
	if (rc)
		store_close(store);
	else
		*ret_store = store;
	return rc;
}

enum rc store_copy(struct store *from, struct store **to)
{
	enum rc rc = *to ? RC_OK : open_memory(to);
	sqlite3_backup *backup;

	if (rc)
		return rc;
	backup = sqlite3_backup_init((*to)->db, "main", from->db, "main");
	if (!backup)
		return rc_of_sqlite(sqlite3_errcode((*to)->db));
	sqlite3_backup_step(backup, -1);
	return rc_of_sqlite(sqlite3_backup_finish(backup));
}

enum rc store_begin(struct store *store)
{
	/* IMMEDIATE: two processes on one file must not both read first and then fail to write. */
	enum rc rc = exec(store, "BEGIN IMMEDIATE");

	store->in_transaction = !rc;
	return rc;
}

enum rc store_commit(struct store *store)
{
	enum rc rc = exec(store, "COMMIT");

	if (!rc)
		store->in_transaction = false;
	return rc;
}

void store_rollback(struct store *store)
{
	if (!store->in_transaction)
		return;
	/* SQLite rolls back by itself after some failures; then this one has nothing to do and fails. */
	sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->in_transaction = false;
}

static enum rc prepare(struct store *store, const char *sql, unsigned flags, sqlite3_stmt **ret_statement)
{
	sqlite3_stmt *statement = NULL;
	enum rc rc = rc_of_sqlite(sqlite3_prepare_v3(store->db, sql, -1, flags, &statement, NULL));

	if (!rc)
		*ret_statement = statement;
	return rc;
}

static enum rc bind_all(sqlite3_stmt *statement, const struct bind *binds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct bind *bind = &binds[i];
		int index = (int)i + 1, result = SQLITE_OK;

		switch (bind->type) {
		case BIND_NULL:
			result = sqlite3_bind_null(statement, index);
			break;
		case BIND_TEXT:
			result = sqlite3_bind_text64(statement, index, bind->bytes, bind->size,
						     SQLITE_STATIC, SQLITE_UTF8);
			break;
		case BIND_INT:
			result = sqlite3_bind_int64(statement, index, bind->number);
			break;
		case BIND_BLOB:
			result = sqlite3_bind_blob64(statement, index, bind->bytes, bind->size, SQLITE_STATIC);
			break;
		}
		if (result != SQLITE_OK)
			return rc_of_sqlite(result);
	}
	return RC_OK;
}

static enum rc keep_statement(struct store *store, const char *sql, struct cursor *cursor)
{
	struct kept_statement *kept = &store->kept[store->kept_count];
	enum rc rc = prepare(store, sql, SQLITE_PREPARE_PERSISTENT, &cursor->statement);

	if (rc)
		return rc;
	*kept = (struct kept_statement){.sql = sql, .statement = cursor->statement, .busy = true};
	store->kept_count++;
	cursor->kept = true;
	return RC_OK;
}

static enum rc take_statement(struct store *store, const char *sql, struct cursor *cursor)
{
	for (size_t i = 0; i < store->kept_count; i++) {
		struct kept_statement *kept = &store->kept[i];

		if (kept->sql != sql)
			continue;
		if (kept->busy)
			return prepare(store, sql, 0, &cursor->statement);
		kept->busy = true;
		cursor->statement = kept->statement;
		cursor->kept = true;
		return RC_OK;
	}
	if (store->kept_count == KEPT_STATEMENTS)
		return prepare(store, sql, 0, &cursor->statement);
	return keep_statement(store, sql, cursor);
}

static enum rc start_cursor(struct cursor *cursor, enum rc rc, const struct bind *binds, size_t count,
			    struct cursor *ret_cursor)
{
	if (!rc)
		rc = bind_all(cursor->statement, binds, count);
	if (rc) {
		cursor_done(cursor);
		return rc;
	}
	*ret_cursor = *cursor;
	return RC_OK;
}

enum rc store_query(struct store *store, const char *sql, const struct bind *binds, size_t count,
		    struct cursor *ret_cursor)
{
	struct cursor cursor = {.store = store};
	enum rc rc = take_statement(store, sql, &cursor);

	return start_cursor(&cursor, rc, binds, count, ret_cursor);
}

enum rc store_query_once(struct store *store, const char *sql, const struct bind *binds, size_t count,
			 struct cursor *ret_cursor)
{
	struct cursor cursor = {.store = store};
	enum rc rc = prepare(store, sql, 0, &cursor.statement);

	return start_cursor(&cursor, rc, binds, count, ret_cursor);
}

enum rc cursor_next(struct cursor *cursor, bool *ret_row)
{
	int result = sqlite3_step(cursor->statement);
	enum rc rc = rc_of_sqlite(result);

	if (!rc)
		*ret_row = result == SQLITE_ROW;
	return rc;
}

static void give_back(struct store *store, sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	for (size_t i = 0; i < store->kept_count; i++) {
		if (store->kept[i].statement == statement)
			store->kept[i].busy = false;
	}
}

void cursor_done(struct cursor *cursor)
{
	if (!cursor->statement)
		return;
	if (cursor->kept)
		give_back(cursor->store, cursor->statement);
	else
		sqlite3_finalize(cursor->statement);
	*cursor = (struct cursor){0};
}

const char *cursor_text(struct cursor *cursor, struct arena *arena, int column)
{
	const unsigned char *text = sqlite3_column_text(cursor->statement, column);

	if (!text)
		return NULL;
	return arena_memdup(arena, text, (size_t)sqlite3_column_bytes(cursor->statement, column));
}

void cursor_add_text(struct cursor *cursor, struct strbuf *out, int column)
{
	const unsigned char *text = sqlite3_column_text(cursor->statement, column);

	if (text)
		strbuf_add(out, text, (size_t)sqlite3_column_bytes(cursor->statement, column));
}

int64_t cursor_int(struct cursor *cursor, int column)
{
	return sqlite3_column_int64(cursor->statement, column);
}

const unsigned char *cursor_blob(struct cursor *cursor, struct arena *arena, int column, size_t *ret_size)
{
	const void *bytes = sqlite3_column_blob(cursor->statement, column);
	size_t size = (size_t)sqlite3_column_bytes(cursor->statement, column);

	if (!bytes)
		return NULL;
	*ret_size = size;
	return (const unsigned char *)arena_memdup(arena, bytes, size);
}

enum rc store_run(struct store *store, const char *sql, const struct bind *binds, size_t count,
		  int64_t *ret_changes)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	bool row = false;
	enum rc rc = store_query(store, sql, binds, count, &cursor);

	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (!rc && ret_changes)
		*ret_changes = sqlite3_changes64(store->db);
	return rc;
}

enum rc store_number(struct store *store, const char *sql, const struct bind *binds, size_t count,
		     int64_t *ret_number)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	bool row = false;
	enum rc rc = store_query(store, sql, binds, count, &cursor);

	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (rc)
		return rc;
	*ret_number = row ? cursor_int(&cursor, 0) : 0;
	return RC_OK;
}
