/** @file Reading the history, forgetting what is too old, and suspending a project. */
#include "state/sql.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

#define NOWHERE ((struct span){ 0 })

/** Columns of SQL_RUN_LIST and SQL_RUN_READ. */
enum column {
	COLUMN_ID, COLUMN_COMMAND, COLUMN_ACTOR, COLUMN_COMMIT, COLUMN_DIGEST, COLUMN_STARTED, COLUMN_ENDED, COLUMN_STATUS,
	COLUMN_ADDED, COLUMN_CHANGED, COLUMN_DESTROYED, COLUMN_FAILED, COLUMN_DEFERRED, COLUMN_SNAPSHOT,
};

/** @param ret_snapshot  its fingerprint; NULL: none */
static enum rc read_entry(struct arena *arena, struct sql_rows *rows, struct run_entry *ret_entry, const char **ret_snapshot)
{
	struct run_entry entry = {
		.id = sql_integer(rows, COLUMN_ID),
		.started_ms = sql_integer(rows, COLUMN_STARTED),
		.ended_ms = sql_integer(rows, COLUMN_ENDED),
		.added = (size_t)sql_integer(rows, COLUMN_ADDED),
		.changed = (size_t)sql_integer(rows, COLUMN_CHANGED),
		.destroyed = (size_t)sql_integer(rows, COLUMN_DESTROYED),
		.failed = (size_t)sql_integer(rows, COLUMN_FAILED),
		.deferred = (size_t)sql_integer(rows, COLUMN_DEFERRED),
	};
	const struct {
		enum column column;
		const char **at;
	} texts[] = {
		{ COLUMN_COMMAND, &entry.command }, { COLUMN_ACTOR, &entry.actor }, { COLUMN_COMMIT, &entry.commit },
		{ COLUMN_DIGEST, &entry.plan_digest }, { COLUMN_STATUS, &entry.status }, { COLUMN_SNAPSHOT, ret_snapshot },
	};
	enum rc rc = RC_OK;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !rc; i++)
		rc = sql_column(arena, rows, (int)texts[i].column, texts[i].at);
	if (rc)
		return rc;
	entry.has_snapshot = *ret_snapshot != NULL;
	*ret_entry = entry;
	return RC_OK;
}

static enum rc check_history(struct sql_store *s)
{
	return s->driver->check_history ? s->driver->check_history(s) : RC_OK;
}

enum rc sql_runs(struct store *store, struct arena *arena, struct run_entry **ret_runs, size_t *ret_count)
{
	struct sql_store *s = (struct sql_store *)store;
	struct run_entry *runs = NULL;
	size_t count = 0, capacity = 0;
	struct sql_rows *rows = NULL;
	const char *snapshot;
	bool any = false;
	enum rc rc = s->is_empty ? RC_OK : check_history(s);

	if (!rc && !s->is_empty)
		rc = sql_query(s, SQL_RUN_LIST, NULL, 0, &rows);
	if (!rc && rows)
		rc = sql_next(rows, &any);
	while (!rc && any) {
		struct run_entry *grown = arena_grow(arena, runs, count, &capacity, sizeof(*grown));

		if (!grown) {
			rc = RC_NOMEM;
			break;
		}
		runs = grown;
		rc = read_entry(arena, rows, &runs[count++], &snapshot);
		if (!rc)
			rc = sql_next(rows, &any);
	}
	sql_finish(rows);
	if (rc)
		return rc;
	*ret_runs = runs;
	*ret_count = count;
	return RC_OK;
}

static enum rc read_changes(struct sql_store *s, struct arena *arena, int64_t run, struct run_detail *detail)
{
	const struct value id = int_value(run);
	struct sql_rows *rows = NULL;
	size_t capacity = 0;
	bool any = false;
	enum rc rc = sql_query(s, SQL_RUN_CHANGES, &id, 1, &rows);

	if (!rc)
		rc = sql_next(rows, &any);
	while (!rc && any) {
		struct run_change *changes = arena_grow(arena, detail->changes, detail->change_count, &capacity, sizeof(*changes));

		if (!changes) {
			rc = RC_NOMEM;
			break;
		}
		detail->changes = changes;
		changes += detail->change_count++;
		rc = sql_column(arena, rows, 0, &changes->address);
		if (!rc)
			rc = sql_column(arena, rows, 1, &changes->action);
		if (!rc)
			rc = sql_column(arena, rows, 2, &changes->result);
		if (!rc)
			rc = sql_next(rows, &any);
	}
	sql_finish(rows);
	return rc;
}

static enum rc read_snapshot(struct sql_store *s, struct arena *arena, const char *fingerprint, const char **ret_snapshot)
{
	const struct value value = text_value(fingerprint);
	struct sql_rows *rows = NULL;
	bool any = false;
	enum rc rc = sql_query(s, SQL_SNAPSHOT_READ, &value, 1, &rows);

	if (!rc)
		rc = sql_next(rows, &any);
	if (!rc && any)
		rc = sql_column(arena, rows, 0, ret_snapshot);
	sql_finish(rows);
	if (rc)
		return rc;
	/* It steers what is deleted: the fingerprint that it is found by must be its own. */
	if (!any || !str_eq(str_xxh3_hex(arena, *ret_snapshot, strlen(*ret_snapshot)), fingerprint))
		return sql_fault_damaged(s, "the desired state that one of its runs applied is damaged");
	return RC_OK;
}

static enum rc fault_unknown_run(struct sql_store *s, int64_t run)
{
	struct diags *diags = &s->run->diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0517", NOWHERE, "the state %s knows no run %lld", s->base.location,
				     (long long)run);

	diag_help(diags, diag, "\"adit history\" lists those that it keeps.");
	return RC_NOTFOUND;
}

static enum rc read_run(struct sql_store *s, struct arena *arena, int64_t run, struct run_detail *ret_run)
{
	struct run_detail detail = { 0 };
	const struct value id = int_value(run);
	const char *snapshot = NULL;
	struct sql_rows *rows = NULL;
	bool any = false;
	enum rc rc = sql_query(s, SQL_RUN_READ, &id, 1, &rows);

	if (!rc)
		rc = sql_next(rows, &any);
	if (!rc)
		rc = any ? read_entry(arena, rows, &detail.entry, &snapshot) : fault_unknown_run(s, run);
	sql_finish(rows);
	if (!rc)
		rc = read_changes(s, arena, run, &detail);
	if (!rc && snapshot)
		rc = read_snapshot(s, arena, snapshot, &detail.snapshot);
	if (!rc)
		*ret_run = detail;
	return rc;
}

enum rc sql_run_read(struct store *store, struct arena *arena, int64_t run, struct run_detail *ret_run)
{
	struct sql_store *s = (struct sql_store *)store;
	enum rc rc;

	if (s->is_empty)
		return fault_unknown_run(s, run);
	rc = check_history(s);
	if (!rc)
		rc = sql_read_begin(s);
	return rc ? rc : sql_write_end(s, read_run(s, arena, run, ret_run));
}

enum rc sql_suspend(struct store *store, const char *reason)
{
	struct sql_store *s = (struct sql_store *)store;
	const struct value value = text_value(reason);
	enum rc rc = sql_write_begin(s);

	return rc ? rc : sql_write_end(s, sql_execute(s, SQL_META_SUSPEND, &value, 1));
}

/** Those that there is no room for, should all be as large as the last. */
static enum rc let_snapshots_go(struct sql_store *s, size_t bytes)
{
	size_t room = s->snapshot_bytes / bytes;
	const struct value kept = int_value((int64_t)(room > LIMIT_SNAPSHOTS_LEAST ? room : LIMIT_SNAPSHOTS_LEAST));

	return sql_execute(s, SQL_SNAPSHOT_LET_GO, &kept, 1);
}

enum rc sql_history_prune(struct sql_store *s, size_t snapshot_bytes)
{
	struct sql_rows *rows = NULL;
	int64_t newest = 0;
	bool any = false;
	enum rc rc = sql_query(s, SQL_RUN_NEXT, NULL, 0, &rows);

	if (!rc)
		rc = sql_next(rows, &any);
	if (!rc)
		newest = sql_integer(rows, 0) - 1;
	sql_finish(rows);
	if (rc)
		return rc;
	const struct value values[] = { int_value(newest - (int64_t)s->history_runs), int_value(newest - LIMIT_HISTORY_LEAST),
					int_value(sql_now_ms(s) - s->history_ms) };

	rc = sql_execute(s, SQL_RUN_PRUNE, values, 3);
	if (!rc && snapshot_bytes)
		rc = let_snapshots_go(s, snapshot_bytes);
	return rc ? rc : sql_execute(s, SQL_SNAPSHOT_PRUNE, NULL, 0);
}
