/** @file History: runs, the changes they made, and the desired state that they applied. */
#include "state/sql.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/limits.h"
#include "base/str.h"

#define NOWHERE ((struct span){ 0 })

static enum rc next_run(struct sql_store *s, int64_t *ret_run)
{
	struct sql_rows *row = NULL;
	bool any = false;
	enum rc rc = sql_query(s, SQL_RUN_NEXT, NULL, 0, &row);

	if (!rc)
		rc = sql_next(row, &any);
	if (!rc)
		*ret_run = sql_integer(row, 0);
	sql_finish(row);
	return rc;
}

/** A run that another process left without an end was interrupted: we hold its lease now. */
static enum rc write_run(struct sql_store *s, const struct run_record *record, int64_t *ret_run)
{
	int64_t run = 0;
	enum rc rc = sql_execute(s, SQL_RUN_ABANDON, NULL, 0);

	if (!rc)
		rc = sql_execute(s, SQL_INTENT_PRUNE, NULL, 0);
	if (!rc)
		rc = next_run(s, &run);
	if (rc)
		return rc;
	const struct value values[] = {
		int_value(run), text_value(record->command), text_value(record->actor), text_value(record->commit),
		text_value(record->plan_digest), int_value(record->started_ms),
	};
	rc = sql_execute(s, SQL_RUN_BEGIN, values, sizeof(values) / sizeof(values[0]));
	if (!rc)
		*ret_run = run;
	return rc;
}

enum rc sql_run_begin(struct store *store, const struct run_record *record, int64_t *ret_run)
{
	struct sql_store *s = (struct sql_store *)store;
	int64_t run = 0;
	enum rc rc;

	failpoint("run.begin");
	rc = sql_write_begin(s);
	if (rc)
		return rc;
	rc = sql_write_end(s, write_run(s, record, &run));
	if (rc)
		return rc;
	s->run_id = run;
	*ret_run = run;
	return RC_OK;
}

static enum rc fault_changes(struct sql_store *s)
{
	diag_add(&s->run->diags, SEVERITY_ERROR, "A0512", NOWHERE, "the changes of a run are no list of JSON objects");
	return RC_INVALID;
}

static enum rc write_changes(struct sql_store *s, int64_t run, const struct json *changes)
{
	enum rc rc = RC_OK;

	if (!changes || changes->type != JSON_ARRAY)
		return fault_changes(s);
	for (size_t i = 0; i < json_count(changes) && !rc; i++) {
		const struct json *change = json_item(changes, i);
		const struct value values[] = {
			int_value(run), int_value((int64_t)i), text_value(json_get_string(change, "address", "")),
			text_value(json_get_string(change, "action", "")), text_value(json_get_string(change, "result", "")),
		};

		if (change->type != JSON_OBJECT)
			return fault_changes(s);
		rc = sql_execute(s, SQL_CHANGE_WRITE, values, sizeof(values) / sizeof(values[0]));
	}
	return rc;
}

/** @param ret_fingerprint  NULL when none is kept */
static enum rc write_snapshot(struct sql_store *s, const char *snapshot, const char **ret_fingerprint)
{
	const char *fingerprint;

	if (!snapshot) {
		*ret_fingerprint = NULL;
		return RC_OK;
	}
	fingerprint = str_xxh3_hex(s->run->arena, snapshot, strlen(snapshot));
	if (!fingerprint)
		return RC_NOMEM;
	*ret_fingerprint = fingerprint;
	const struct value values[] = { text_value(fingerprint), text_value(snapshot) };

	return sql_execute(s, SQL_SNAPSHOT_WRITE, values, 2);
}

static enum rc fault_run(struct sql_store *s, int64_t run)
{
	diag_add(&s->run->diags, SEVERITY_ERROR, "A0513", NOWHERE, "run %lld is not under way in the state %s",
		 (long long)run, s->base.location);
	return RC_NOTFOUND;
}

static enum rc write_result(struct sql_store *s, int64_t run, const struct run_result *result, const struct json *changes)
{
	const char *snapshot = NULL;
	enum rc rc = write_snapshot(s, result->snapshot, &snapshot);

	if (rc)
		return rc;
	const struct value values[] = {
		int_value(run), text_value(result->status), int_value((int64_t)result->added),
		int_value((int64_t)result->changed), int_value((int64_t)result->destroyed),
		int_value((int64_t)result->failed), int_value((int64_t)result->deferred), int_value(result->ended_ms),
		text_value(snapshot),
	};
	rc = sql_execute(s, SQL_RUN_END, values, sizeof(values) / sizeof(values[0]));
	if (!rc && sql_changed(s) != 1)
		return fault_run(s, run);
	if (!rc && changes)
		rc = write_changes(s, run, changes);
	return rc ? rc : sql_history_prune(s, result->snapshot ? strlen(result->snapshot) : 0);
}

static enum rc end_run(struct sql_store *s, struct arena *scratch, int64_t run, const struct run_result *result)
{
	struct json *changes = NULL;
	enum rc rc = RC_OK;

	if (result->changes)
		rc = json_parse(scratch, result->changes, strlen(result->changes), &changes, NULL);
	if (rc)
		return rc == RC_NOMEM ? rc : fault_changes(s);
	failpoint("run.end");
	rc = sql_write_begin(s);
	return rc ? rc : sql_write_end(s, write_result(s, run, result, changes));
}

enum rc sql_run_end(struct store *store, int64_t run, const struct run_result *result)
{
	struct sql_store *s = (struct sql_store *)store;
	struct arena *scratch = arena_new(LIMIT_ARENA_BYTES);
	enum rc rc = scratch ? end_run(s, scratch, run, result) : RC_NOMEM;

	arena_free(scratch);
	if (!rc && s->run_id == run)
		s->run_id = 0;
	return rc;
}
