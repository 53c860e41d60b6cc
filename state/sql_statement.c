/** @file The statements of the SQL stores: their texts, and what every driver says in the same words. */
#include "state/sql.h"

#include <limits.h>

#define NOWHERE ((struct span){ 0 })

#define RESOURCE_COLUMNS \
	"kind, address, id, tunnel, object, account_id, zone_id, prior_comment, fields, protected, retired_ms," \
	" fingerprint, precedence"

#define LEASE_COLUMNS "holder, host, host_id, pid, purpose, acquired_ms, heartbeat_ms, ttl_ms, fence"

#define RUN_COLUMNS \
	"id, command, actor, git_commit, plan_digest, started_ms, ended_ms, status, added, changed, destroyed, failed," \
	" deferred, snapshot"

static const char *const texts[SQL_COUNT] = {
	[SQL_META_ENSURE] = "INSERT INTO meta (project, format, lineage, serial, fence)"
			    " VALUES (?1, ?2, '', 0, 0) ON CONFLICT DO NOTHING",
	[SQL_META_READ] = "SELECT format, lineage, serial, fence, suspended, seal FROM meta WHERE project = ?1",
	[SQL_META_LINEAGE] = "UPDATE meta SET lineage = ?2 WHERE project = ?1",
	[SQL_META_SERIAL] = "UPDATE meta SET serial = serial + 1 WHERE project = ?1",
	[SQL_META_FENCE] = "UPDATE meta SET fence = ?2 WHERE project = ?1",
	[SQL_META_SEAL] = "UPDATE meta SET seal = ?2 WHERE project = ?1",
	[SQL_META_SUSPEND] = "UPDATE meta SET suspended = ?2 WHERE project = ?1",
	[SQL_META_REPLACE] = "UPDATE meta SET lineage = ?2, serial = ?3 WHERE project = ?1",

	[SQL_LEASE_READ] = "SELECT " LEASE_COLUMNS " FROM lease WHERE project = ?1",
	[SQL_LEASE_WRITE] = "INSERT INTO lease (project, holder, host, host_id, pid, purpose, acquired_ms,"
			    " heartbeat_ms, ttl_ms, fence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9)"
			    " ON CONFLICT (project) DO UPDATE SET holder = excluded.holder, host = excluded.host,"
			    " host_id = excluded.host_id, pid = excluded.pid, purpose = excluded.purpose,"
			    " acquired_ms = excluded.acquired_ms, heartbeat_ms = excluded.heartbeat_ms,"
			    " ttl_ms = excluded.ttl_ms, fence = excluded.fence",
	[SQL_LEASE_RENEW] = "UPDATE lease SET heartbeat_ms = ?3 WHERE project = ?1 AND fence = ?2",
	[SQL_LEASE_DELETE] = "DELETE FROM lease WHERE project = ?1 AND fence = ?2",

	[SQL_RESOURCE_READ] = "SELECT " RESOURCE_COLUMNS " FROM resource WHERE project = ?1 AND kind = ?2 ORDER BY address",
	[SQL_RESOURCE_LIST] = "SELECT " RESOURCE_COLUMNS " FROM resource WHERE project = ?1 AND kind = ?2 AND address > ?3"
			      " ORDER BY address LIMIT 2048",
	[SQL_RESOURCE_WRITE] =
		"INSERT INTO resource (project, kind, address, id, tunnel, object, account_id, zone_id, prior_comment,"
		" fields, protected, retired_ms, fingerprint, precedence)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
		" ON CONFLICT (project, kind, address) DO UPDATE SET id = excluded.id, tunnel = excluded.tunnel,"
		" object = excluded.object, account_id = excluded.account_id, zone_id = excluded.zone_id,"
		" prior_comment = excluded.prior_comment, fields = excluded.fields, protected = excluded.protected,"
		" retired_ms = excluded.retired_ms, fingerprint = excluded.fingerprint, precedence = excluded.precedence"
		" WHERE resource.fingerprint <> excluded.fingerprint",
	[SQL_RESOURCE_DELETE] = "DELETE FROM resource WHERE project = ?1 AND kind = ?2 AND address = ?3",

	[SQL_ZONE_READ] = "SELECT account, zone_id, name, plan FROM zone WHERE project = ?1 ORDER BY account, name, zone_id",
	[SQL_ZONE_WRITE] = "INSERT INTO zone (project, account, zone_id, name, plan) VALUES (?1, ?2, ?3, ?4, ?5)"
			   " ON CONFLICT (project, account, zone_id) DO UPDATE SET name = excluded.name, plan = excluded.plan",
	[SQL_ZONE_CLEAR] = "DELETE FROM zone WHERE project = ?1",

	[SQL_INTENT_BEGIN] = "INSERT INTO intent (project, run, operation, address, detail, began_ms, fingerprint)"
			     " VALUES (?1, nullif(?2, 0), ?3, ?4, ?5, ?6, ?7) RETURNING id",
	[SQL_INTENT_END] = "UPDATE intent SET result = ?3, ended_ms = ?4 WHERE project = ?1 AND id = ?2 AND result IS NULL",
	[SQL_INTENT_OPEN] = "SELECT id, operation, address, detail, fingerprint FROM intent WHERE project = ?1 AND result IS NULL"
			    " ORDER BY id",
	[SQL_INTENT_PRUNE] = "DELETE FROM intent WHERE project = ?1 AND result IS NOT NULL",

	[SQL_RUN_NEXT] = "SELECT coalesce(max(id), 0) + 1 FROM run WHERE project = ?1",
	[SQL_RUN_BEGIN] = "INSERT INTO run (project, id, command, actor, git_commit, plan_digest, started_ms)"
			  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[SQL_RUN_ABANDON] = "UPDATE run SET status = 'interrupted' WHERE project = ?1 AND status IS NULL",
	[SQL_RUN_END] = "UPDATE run SET status = ?3, added = ?4, changed = ?5, destroyed = ?6, failed = ?7, deferred = ?8,"
			" ended_ms = ?9, snapshot = ?10 WHERE project = ?1 AND id = ?2 AND status IS NULL",
	[SQL_RUN_LIST] = "SELECT " RUN_COLUMNS " FROM run WHERE project = ?1 ORDER BY id DESC",
	[SQL_RUN_READ] = "SELECT " RUN_COLUMNS " FROM run WHERE project = ?1 AND id = ?2",
	[SQL_RUN_CHANGES] = "SELECT address, action, result FROM change WHERE project = ?1 AND run = ?2 ORDER BY position",
	/* ?2: the newest that goes whatever its age; ?3: the newest that may go for its age, ?4. */
	[SQL_RUN_PRUNE] = "DELETE FROM run WHERE project = ?1 AND (id <= ?2 OR (id <= ?3 AND started_ms < ?4))",
	[SQL_CHANGE_WRITE] = "INSERT INTO change (project, run, position, address, action, result)"
			     " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_SNAPSHOT_WRITE] = "INSERT INTO snapshot (project, fingerprint, document) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
	[SQL_SNAPSHOT_READ] = "SELECT document FROM snapshot WHERE project = ?1 AND fingerprint = ?2",
	[SQL_SNAPSHOT_LET_GO] = "UPDATE run SET snapshot = NULL WHERE project = ?1 AND snapshot IS NOT NULL AND snapshot NOT IN"
				" (SELECT kept.snapshot FROM (SELECT snapshot, max(id) AS last FROM run WHERE project = ?1"
				" AND snapshot IS NOT NULL GROUP BY snapshot ORDER BY last DESC LIMIT ?2) AS kept)",
	[SQL_SNAPSHOT_PRUNE] = "DELETE FROM snapshot WHERE project = ?1 AND NOT EXISTS (SELECT 1 FROM run"
			       " WHERE run.project = snapshot.project AND run.snapshot = snapshot.fingerprint)",

	[SQL_GATEWAY_READ] = "SELECT address, owner, account_id, tunnel_id, tunnel_name, document, fingerprint"
			     " FROM gateway WHERE project = ?2 ORDER BY address",
	[SQL_GATEWAY_WRITE] = "INSERT INTO gateway (project, address, owner, account_id, tunnel_id, tunnel_name, document,"
			      " fingerprint) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
			      " ON CONFLICT (project, address) DO UPDATE SET owner = excluded.owner,"
			      " account_id = excluded.account_id, tunnel_id = excluded.tunnel_id,"
			      " tunnel_name = excluded.tunnel_name, document = excluded.document,"
			      " fingerprint = excluded.fingerprint WHERE gateway.fingerprint <> excluded.fingerprint",
	[SQL_GATEWAY_DELETE] = "DELETE FROM gateway WHERE project = ?1 AND address = ?2",
	[SQL_GATEWAY_CLEAR] = "DELETE FROM gateway WHERE project = ?1",
	/* ?3: one address; '': all */
	[SQL_GATEWAY_SHARERS] = "SELECT address, project FROM gateway WHERE owner = ?2 AND project <> ?1"
				" AND (?3 = '' OR address = ?3) ORDER BY address, project",
	[SQL_SLICE_READ] = "SELECT " RESOURCE_COLUMNS " FROM resource WHERE project = ?2 AND kind = 'rule' AND tunnel = ?3"
			   " ORDER BY address",
	[SQL_SLICE_INTENTS] = "SELECT detail FROM intent WHERE project = ?2 AND address = ?3"
			      " AND operation = 'put-configuration' AND result IS NULL ORDER BY id",

	/* A tunnel's lock is a lease whose key, ?2, is no project's name; its purpose is its holder's alone. */
	[SQL_LOCK_READ] = "SELECT " LEASE_COLUMNS " FROM lease WHERE project = ?2",
	[SQL_LOCK_WRITE] = "INSERT INTO lease (project, holder, host, host_id, pid, purpose, acquired_ms,"
			   " heartbeat_ms, ttl_ms, fence) VALUES (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10)"
			   " ON CONFLICT (project) DO UPDATE SET holder = excluded.holder, host = excluded.host,"
			   " host_id = excluded.host_id, pid = excluded.pid, purpose = excluded.purpose,"
			   " acquired_ms = excluded.acquired_ms, heartbeat_ms = excluded.heartbeat_ms,"
			   " ttl_ms = excluded.ttl_ms, fence = excluded.fence",
	[SQL_LOCK_RENEW] = "UPDATE lease SET heartbeat_ms = ?3 WHERE purpose = ?2",
	[SQL_LOCK_COUNT] = "SELECT count(*) FROM lease WHERE purpose = ?2",
	[SQL_LOCK_DELETE] = "DELETE FROM lease WHERE purpose = ?2",

	/* Times of the budget are slots: ?3 is the first that still counts, or now. */
	[SQL_BUDGET_READ] = "SELECT slot_ms, calls FROM budget WHERE account = ?2 AND slot_ms >= ?3 ORDER BY slot_ms",
	[SQL_BUDGET_WRITE] = "INSERT INTO budget (account, slot_ms, calls) VALUES (?2, ?3, ?4)"
			     " ON CONFLICT (account, slot_ms) DO UPDATE SET calls = budget.calls + excluded.calls",
	[SQL_BUDGET_DROP_AHEAD] = "DELETE FROM budget WHERE account = ?2 AND slot_ms > ?3",
	[SQL_BUDGET_PRUNE] = "DELETE FROM budget WHERE account = ?2 AND slot_ms < ?3",
};

enum rc sql_fault_damaged(struct sql_store *s, const char *reason)
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

enum rc sql_fault_busy(struct sql_store *s)
{
	struct diags *diags = &s->run->diags;
	struct lease_info lease;
	struct diag *diag;
	enum rc rc;

	if (s->is_quiet)
		return RC_CONFLICT;
	s->is_quiet = s->is_impatient = true;
	rc = sql_lease(&s->base, s->run->arena, &lease);
	s->is_quiet = s->budget_only;
	s->is_impatient = false;
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

enum rc sql_fault_newer(struct sql_store *s, int64_t version)
{
	struct diags *diags = &s->run->diags;
	struct diag *diag;

	if (s->is_quiet)
		return RC_UNSUPPORTED;
	diag = diag_add(diags, SEVERITY_ERROR, "A0506", NOWHERE,
				     "the state %s was written by a newer adit (its schema is version %lld, this adit knows %d)",
				     s->base.location, (long long)version, SQL_SCHEMA_VERSION);

	diag_help(diags, diag, "Use that version of adit, or a later one.");
	return RC_UNSUPPORTED;
}

const char *sql_text(enum statement id)
{
	return texts[id];
}

enum rc sql_query(struct sql_store *s, enum statement id, const struct value *values, size_t count, struct sql_rows **ret_rows)
{
	return s->driver->query(s, id, values, count, ret_rows);
}

enum rc sql_next(struct sql_rows *rows, bool *ret_any)
{
	return rows->store->driver->next(rows, ret_any);
}

void sql_finish(struct sql_rows *rows)
{
	if (rows)
		rows->store->driver->finish(rows);
}

enum rc sql_execute(struct sql_store *s, enum statement id, const struct value *values, size_t count)
{
	struct sql_rows *rows = NULL;
	bool any = true;
	enum rc rc = sql_query(s, id, values, count, &rows);

	while (!rc && any)
		rc = sql_next(rows, &any);
	sql_finish(rows);
	return rc;
}

enum rc sql_column(struct arena *arena, struct sql_rows *rows, int column, const char **ret_text)
{
	const char *text;
	size_t size;
	enum rc rc = rows->store->driver->column(rows, column, &text, &size);

	if (!rc && text) {
		text = arena_memdup(arena, text, size);
		rc = text ? RC_OK : RC_NOMEM;
	}
	if (!rc)
		*ret_text = text;
	return rc;
}

enum rc sql_peek(struct sql_rows *rows, int column, const char **ret_text)
{
	return rows->store->driver->column(rows, column, ret_text, NULL);
}

int64_t sql_integer(struct sql_rows *rows, int column)
{
	return rows->store->driver->integer(rows, column);
}

int64_t sql_changed(struct sql_store *s)
{
	return s->driver->changed(s);
}

int64_t sql_now_ms(struct sql_store *s)
{
	return s->driver->now_ms(s);
}

enum rc sql_read_begin(struct sql_store *s)
{
	return s->driver->begin(s, false);
}
