/** @file Statements of the SQLite store: their texts, cached and bound, and what their failures mean. */
#include "state/sqlite_internal.h"

#include <limits.h>

#define NOWHERE ((struct span){ 0 })

static const char *const texts[SQL_COUNT] = {
	[SQL_BEGIN_READ] = "BEGIN",
	[SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",

	[SQL_META_ENSURE] = "INSERT OR IGNORE INTO meta (project, format, lineage, serial, fence) VALUES (?1, ?2, '', 0, 0)",
	[SQL_META_READ] = "SELECT format, lineage, serial, fence FROM meta WHERE project = ?1",
	[SQL_META_LINEAGE] = "UPDATE meta SET lineage = ?2 WHERE project = ?1",
	[SQL_META_SERIAL] = "UPDATE meta SET serial = serial + 1 WHERE project = ?1",
	[SQL_META_FENCE] = "UPDATE meta SET fence = ?2 WHERE project = ?1",
	[SQL_META_REPLACE] = "UPDATE meta SET lineage = ?2, serial = ?3 WHERE project = ?1",

	[SQL_LEASE_READ] = "SELECT holder, host, host_id, pid, purpose, acquired_ms, heartbeat_ms, ttl_ms, fence"
			   " FROM lease WHERE project = ?1",
	[SQL_LEASE_WRITE] = "INSERT OR REPLACE INTO lease (project, holder, host, host_id, pid, purpose, acquired_ms,"
			    " heartbeat_ms, ttl_ms, fence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9)",
	[SQL_LEASE_RENEW] = "UPDATE lease SET heartbeat_ms = ?3 WHERE project = ?1 AND fence = ?2",
	[SQL_LEASE_DELETE] = "DELETE FROM lease WHERE project = ?1 AND fence = ?2",

	[SQL_RESOURCE_READ] = "SELECT kind, address, id, tunnel, object, account_id, zone_id, prior_comment, fields,"
			      " protected, fingerprint FROM resource WHERE project = ?1 AND kind = ?2 ORDER BY address",
	[SQL_RESOURCE_WRITE] =
		"INSERT INTO resource (project, kind, address, id, tunnel, object, account_id, zone_id, prior_comment,"
		" fields, protected, fingerprint) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
		" ON CONFLICT (project, kind, address) DO UPDATE SET id = excluded.id, tunnel = excluded.tunnel,"
		" object = excluded.object, account_id = excluded.account_id, zone_id = excluded.zone_id,"
		" prior_comment = excluded.prior_comment, fields = excluded.fields, protected = excluded.protected,"
		" fingerprint = excluded.fingerprint WHERE fingerprint <> excluded.fingerprint",
	[SQL_RESOURCE_DELETE] = "DELETE FROM resource WHERE project = ?1 AND kind = substr(?2, 1, instr(?2, '/') - 1)"
				" AND address = ?2",
	[SQL_RESOURCE_CLEAR] = "DELETE FROM resource WHERE project = ?1",

	[SQL_ZONE_READ] = "SELECT account, zone_id, name, plan FROM zone WHERE project = ?1 ORDER BY account, name, zone_id",
	[SQL_ZONE_WRITE] = "INSERT OR REPLACE INTO zone (project, account, zone_id, name, plan) VALUES (?1, ?2, ?3, ?4, ?5)",
	[SQL_ZONE_CLEAR] = "DELETE FROM zone WHERE project = ?1",

	[SQL_INTENT_BEGIN] = "INSERT INTO intent (project, run, operation, address, detail, began_ms)"
			     " VALUES (?1, nullif(?2, 0), ?3, ?4, ?5, ?6)",
	[SQL_INTENT_END] = "UPDATE intent SET result = ?3, ended_ms = ?4 WHERE project = ?1 AND id = ?2 AND result IS NULL",
	[SQL_INTENT_OPEN] = "SELECT id, operation, address, detail FROM intent WHERE project = ?1 AND result IS NULL ORDER BY id",
	[SQL_INTENT_PRUNE] = "DELETE FROM intent WHERE project = ?1 AND result IS NOT NULL",

	[SQL_RUN_NEXT] = "SELECT coalesce(max(id), 0) + 1 FROM run WHERE project = ?1",
	[SQL_RUN_BEGIN] = "INSERT INTO run (project, id, command, actor, git_commit, plan_digest, started_ms)"
			  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[SQL_RUN_ABANDON] = "UPDATE run SET status = 'interrupted' WHERE project = ?1 AND status IS NULL",
	[SQL_RUN_END] = "UPDATE run SET status = ?3, added = ?4, changed = ?5, destroyed = ?6, failed = ?7, deferred = ?8,"
			" ended_ms = ?9, snapshot = ?10 WHERE project = ?1 AND id = ?2 AND status IS NULL",
	[SQL_CHANGE_WRITE] = "INSERT INTO change (project, run, position, address, action, result)"
			     " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_SNAPSHOT_WRITE] = "INSERT OR IGNORE INTO snapshot (project, fingerprint, document) VALUES (?1, ?2, ?3)",
};

enum rc sqlite_fault_damaged(struct sqlite_store *s, const char *reason)
{
	struct diags *diags = &s->run->diags;
	struct diag *diag;

	if (s->is_quiet)
		return RC_CORRUPT;
	diag = diag_add(diags, SEVERITY_ERROR, "A0505", NOWHERE, "%s cannot be used as a state: %s", s->base.location, reason);
	diag_help(diags, diag,
		  "It was not changed. Restore it from a backup, or move it away and run \"adit state rebuild\", which "
		  "finds what adit made by the marks that it bears. If the file is something else, name another with --state.");
	return RC_CORRUPT;
}

/** Who keeps the database busy, as far as the lease tells. */
static enum rc fault_busy(struct sqlite_store *s)
{
	struct diags *diags = &s->run->diags;
	struct lease_info lease;
	struct diag *diag;
	enum rc rc;

	if (s->is_quiet)
		return RC_CONFLICT;
	s->is_quiet = s->is_impatient = true;
	rc = sqlite_lease(&s->base, s->run->arena, &lease);
	s->is_quiet = s->is_impatient = false;
	if (rc)
		diag = diag_add(diags, SEVERITY_ERROR, "A0503", NOWHERE,
				"another process is in the middle of a write to the state %s, and does not end it",
				s->base.location);
	else
		diag = diag_add(diags, SEVERITY_ERROR, "A0503", NOWHERE,
				"the state %s is kept busy, probably by process %lld of %s on %s (%s)", s->base.location,
				(long long)lease.pid, lease.holder, lease.host, lease.purpose);
	diag_help(diags, diag, "Is it stopped? Continue or end it, then run the command again. "
			       "What it had not written whole is rolled back.");
	return RC_CONFLICT;
}

static enum rc fault_io(struct sqlite_store *s, int result)
{
	struct diags *diags = &s->run->diags;
	struct diag *diag;

	if (s->is_quiet)
		return RC_IO;
	diag = diag_add(diags, SEVERITY_ERROR, "A0509", NOWHERE, "the state %s cannot be read or written: %s",
			s->base.location, sqlite3_errstr(result));
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
	if (!s->is_quiet)
		diag_add(&s->run->diags, SEVERITY_ERROR, "A0516", NOWHERE, "the state %s cannot hold this: %s (%s)",
			 s->base.location, sqlite3_errstr(result), sqlite3_errmsg(s->db));
	return rc;
}

enum rc sqlite_fault(struct sqlite_store *s, int result)
{
	switch (result & 0xff) {
	case SQLITE_NOMEM:
		return RC_NOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fault_busy(s);
	case SQLITE_NOTADB:
		return sqlite_fault_damaged(s, "it is not a SQLite database");
	case SQLITE_CORRUPT:
		return sqlite_fault_damaged(s, "it is damaged or cut off");
	case SQLITE_ERROR:
	case SQLITE_SCHEMA:
		return sqlite_fault_damaged(s, sqlite3_errmsg(s->db));
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

enum rc sqlite_query(struct sqlite_store *s, enum statement id, const struct value *values, size_t count,
		     sqlite3_stmt **ret_rows)
{
	sqlite3_stmt **statement = &s->statements[id];
	int result = SQLITE_OK;

	if (!*statement)
		result = sqlite3_prepare_v3(s->db, texts[id], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
	if (result == SQLITE_OK && sqlite3_bind_parameter_count(*statement))
		result = sqlite3_bind_text(*statement, 1, s->base.project, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = bind_values(*statement, values, count);
	if (result != SQLITE_OK)
		return sqlite_fault(s, result);
	*ret_rows = *statement;
	return RC_OK;
}

enum rc sqlite_next(struct sqlite_store *s, sqlite3_stmt *rows, bool *ret_any)
{
	int result = sqlite3_step(rows);

	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return sqlite_fault(s, result);
	*ret_any = result == SQLITE_ROW;
	return RC_OK;
}

void sqlite_finish(sqlite3_stmt *rows)
{
	sqlite3_reset(rows);
	if (rows)
		sqlite3_clear_bindings(rows);
}

enum rc sqlite_execute(struct sqlite_store *s, enum statement id, const struct value *values, size_t count)
{
	sqlite3_stmt *rows = NULL;
	bool any = true;
	enum rc rc = sqlite_query(s, id, values, count, &rows);

	while (!rc && any)
		rc = sqlite_next(s, rows, &any);
	sqlite_finish(rows);
	return rc;
}

enum rc sqlite_column(struct arena *arena, sqlite3_stmt *rows, int column, const char **ret_text)
{
	const void *bytes = sqlite3_column_text(rows, column);
	char *copy;

	if (!bytes) {
		*ret_text = NULL;
		return sqlite3_column_type(rows, column) == SQLITE_NULL ? RC_OK : RC_NOMEM;
	}
	copy = arena_memdup(arena, bytes, (size_t)sqlite3_column_bytes(rows, column));
	if (!copy)
		return RC_NOMEM;
	*ret_text = copy;
	return RC_OK;
}

void sqlite_forget_statements(struct sqlite_store *s)
{
	for (size_t i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
}
