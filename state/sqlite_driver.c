/** @file The SQLite driver: statements cached, bound and stepped, and what their failures mean. */
#include "state/sqlite.h"

#include <limits.h>
#include <stdlib.h>

#define NOWHERE ((struct span){ 0 })

static enum rc fault_io(struct sqlite_store *s, int result)
{
	struct diags *diags = &s->sql.run->diags;
	struct diag *diag;

	if (s->sql.is_quiet)
		return RC_IO;
	diag = diag_add(diags, SEVERITY_ERROR, "A0509", NOWHERE, "the state %s cannot be read or written: %s",
			s->sql.base.location, sqlite3_errstr(result));
	diag->system_errno = sqlite3_system_errno(s->db);
	if (result == SQLITE_FULL)
		diag_help(diags, diag, "Make room on its disk, then run the command again.");
	else if (result == SQLITE_READONLY_ROLLBACK || result == SQLITE_READONLY_RECOVERY)
		diag_help(diags, diag, "A write to it was interrupted and has to be rolled back first, which needs "
				       "permission to write to the file and its folder.");
	return RC_IO;
}

/** What was to be written is not what a row can hold. */
static enum rc fault_value(struct sqlite_store *s, int result, enum rc rc)
{
	if (!s->sql.is_quiet)
		diag_add(&s->sql.run->diags, SEVERITY_ERROR, "A0516", NOWHERE, "the state %s cannot hold this: %s (%s)",
			 s->sql.base.location, sqlite3_errstr(result), sqlite3_errmsg(s->db));
	return rc;
}

enum rc sqlite_fault(struct sqlite_store *s, int result)
{
	switch (result & 0xff) {
	case SQLITE_NOMEM:
		return RC_NOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return sql_fault_busy(&s->sql);
	case SQLITE_NOTADB:
		return sql_fault_damaged(&s->sql, "it is not a SQLite database");
	case SQLITE_CORRUPT:
		return sql_fault_damaged(&s->sql, "it is damaged or cut off");
	case SQLITE_ERROR:
	case SQLITE_SCHEMA:
		return sql_fault_damaged(&s->sql, sqlite3_errmsg(s->db));
	case SQLITE_TOOBIG:
		return fault_value(s, result, RC_LIMIT);
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_RANGE:
	case SQLITE_MISUSE:
		return fault_value(s, result, RC_INTERNAL);
	default:
		return fault_io(s, result);
	}
}

static int bind_values(sqlite3_stmt *statement, const struct value *values, size_t count)
{
	int result = SQLITE_OK;

	for (size_t i = 0; i < count && result == SQLITE_OK; i++) {
		int index = (int)i + 2;

		if (values[i].is_number)
			result = sqlite3_bind_int64(statement, index, values[i].number);
		else
			result = sqlite3_bind_text(statement, index, values[i].text, -1, SQLITE_STATIC);
	}
	return result;
}

enum rc sqlite_run_text(struct sqlite_store *s, const char *sql)
{
	int result = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return result == SQLITE_OK ? RC_OK : sqlite_fault(s, result);
}

enum rc sqlite_driver_begin(struct sql_store *store, bool is_write)
{
	return sqlite_run_text((struct sqlite_store *)store, is_write ? "BEGIN IMMEDIATE" : "BEGIN");
}

enum rc sqlite_driver_commit(struct sql_store *store)
{
	return sqlite_run_text((struct sqlite_store *)store, "COMMIT");
}

/** SQLite rolls back by itself after some errors, and keeps the transaction after a busy COMMIT. */
void sqlite_driver_rollback(struct sql_store *store)
{
	struct sqlite_store *s = (struct sqlite_store *)store;

	if (s->db && !sqlite3_get_autocommit(s->db) && sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		sqlite_forget_statements(s);
}

enum rc sqlite_driver_query(struct sql_store *store, enum statement id, const struct value *values, size_t count,
			    struct sql_rows **ret_rows)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	struct sqlite_rows *rows = &s->statements[id];
	int result = SQLITE_OK;
	enum rc rc = sqlite_check_pages(s);

	if (rc)
		return rc;
	rows->base.store = store;
	if (!rows->statement)
		result = sqlite3_prepare_v3(s->db, sql_text(id), -1, SQLITE_PREPARE_PERSISTENT, &rows->statement, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_bind_text(rows->statement, 1, store->base.project, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = bind_values(rows->statement, values, count);
	if (result != SQLITE_OK)
		return sqlite_fault(s, result);
	*ret_rows = &rows->base;
	return RC_OK;
}

static sqlite3_stmt *statement_of(const struct sql_rows *rows)
{
	return ((const struct sqlite_rows *)rows)->statement;
}

enum rc sqlite_driver_next(struct sql_rows *rows, bool *ret_any)
{
	int result = sqlite3_step(statement_of(rows));

	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return sqlite_fault((struct sqlite_store *)rows->store, result);
	*ret_any = result == SQLITE_ROW;
	return RC_OK;
}

void sqlite_driver_finish(struct sql_rows *rows)
{
	sqlite3_reset(statement_of(rows));
	sqlite3_clear_bindings(statement_of(rows));
}

enum rc sqlite_driver_column(struct sql_rows *rows, int column, const char **ret_text, size_t *ret_size)
{
	sqlite3_stmt *statement = statement_of(rows);
	const char *text = (const char *)sqlite3_column_text(statement, column);

	if (!text && sqlite3_column_type(statement, column) != SQLITE_NULL)
		return RC_NOMEM;
	*ret_text = text;
	if (ret_size)
		*ret_size = text ? (size_t)sqlite3_column_bytes(statement, column) : 0;
	return RC_OK;
}

int64_t sqlite_driver_integer(struct sql_rows *rows, int column)
{
	return sqlite3_column_int64(statement_of(rows), column);
}

/** By the index of their tunnels. */
static enum rc driver_resource_count(struct sql_store *store, int64_t *ret_count)
{
	static const char sql[] = "SELECT count(*) FROM resource INDEXED BY resource_tunnel WHERE project = ?1";
	struct sqlite_store *s = (struct sqlite_store *)store;
	sqlite3_stmt *row = NULL;
	enum rc rc = sqlite_check_pages(s);
	int result;

	if (rc)
		return rc;
	result = sqlite3_prepare_v2(s->db, sql, -1, &row, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_bind_text(row, 1, store->base.project, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_step(row);
	if (result == SQLITE_ROW)
		*ret_count = sqlite3_column_int64(row, 0);
	else
		rc = sqlite_fault(s, result);
	sqlite3_finalize(row);
	return rc;
}

int64_t sqlite_driver_changed(struct sql_store *store)
{
	return sqlite3_changes64(((struct sqlite_store *)store)->db);
}

/** Processes that share the file share a machine, as a rule, and its clock. */
static int64_t driver_now_ms(struct sql_store *store)
{
	return clock_wall_ms(&store->run->clock);
}

static void driver_close(struct sql_store *store)
{
	sqlite_disconnect((struct sqlite_store *)store);
	free(store);
}

const struct sql_driver sqlite_driver = {
	.begin = sqlite_driver_begin,
	.commit = sqlite_driver_commit,
	.rollback = sqlite_driver_rollback,
	.query = sqlite_driver_query,
	.next = sqlite_driver_next,
	.finish = sqlite_driver_finish,
	.column = sqlite_driver_column,
	.integer = sqlite_driver_integer,
	.changed = sqlite_driver_changed,
	.resource_count = driver_resource_count,
	.check_history = sqlite_check_history,
	.now_ms = driver_now_ms,
	.keep_image = sqlite_keep_image,
	.image_read = sqlite_image_read,
	.image_write = sqlite_image_write,
	.close = driver_close,
};

void sqlite_forget_statements(struct sqlite_store *s)
{
	for (size_t i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(s->statements[i].statement);
		s->statements[i].statement = NULL;
	}
}

void sqlite_disconnect(struct sqlite_store *s)
{
	sqlite_forget_statements(s);
	sqlite3_close(s->db);
	s->db = NULL;
	s->sql.is_empty = true;
}
