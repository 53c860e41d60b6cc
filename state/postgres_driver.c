/** @file The PostgreSQL driver: statements prepared once, rows as they come, transactions alone in the database. */
#include "state/postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

#define MAX_VALUES 16
#define NUMBER_BYTES 24
#define OID_TEXT 25u
#define OID_INT8 20u
/** Held by every write transaction: "adit" as a number. */
#define ADVISORY_LOCK "1633970548"
#define CLOCK "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
/** In test builds the clock runs faster from here on, for all processes alike: 2026-01-01. */
#define SCALE_ANCHOR_MS INT64_C(1767225600000)

static struct postgres_store *self(struct sql_store *store)
{
	return (struct postgres_store *)(void *)store;
}

static struct postgres_rows *rows_of(struct sql_rows *rows)
{
	return (struct postgres_rows *)(void *)rows;
}

enum rc postgres_run_text(struct postgres_store *s, const char *sql, const char **ret_value)
{
	PGresult *result = PQexec(s->connection, sql);
	ExecStatusType status = PQresultStatus(result);
	enum rc rc = RC_OK;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		rc = postgres_fault(s, result);
	if (!rc && ret_value) {
		bool any = PQntuples(result) > 0 && !PQgetisnull(result, 0, 0);
		const char *value = any ? arena_strdup(s->sql.run->arena, PQgetvalue(result, 0, 0)) : NULL;

		if (any && !value)
			rc = RC_NOMEM;
		else
			*ret_value = value;
	}
	PQclear(result);
	return rc;
}

static enum rc read_clock(struct postgres_store *s, const char *text)
{
	if (!text || str_to_int64(text, &s->server_ms))
		return sql_fault_damaged(&s->sql, "its clock cannot be read");
	s->read_at_ms = clock_mono_ms(&s->sql.run->clock);
	return RC_OK;
}

enum rc postgres_read_clock(struct postgres_store *s)
{
	const char *text = NULL;
	enum rc rc = postgres_run_text(s, CLOCK, &text);

	return rc ? rc : read_clock(s, text);
}

static void driver_rollback(struct sql_store *store)
{
	struct postgres_store *s = self(store);

	if (s->is_in_transaction)
		PQclear(PQexec(s->connection, "ROLLBACK"));
	s->is_in_transaction = false;
}

/** In one round trip. What waited for the lock too long is rolled back before its failure is told, so that the lease
 * can still be read to say who has it. */
static enum rc begin_alone(struct postgres_store *s)
{
	PGresult *result = PQexec(s->connection, "BEGIN; SELECT pg_advisory_xact_lock(" ADVISORY_LOCK "); " CLOCK);
	enum rc rc;

	s->is_in_transaction = true;
	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) {
		rc = read_clock(s, PQgetvalue(result, 0, 0));
	} else {
		driver_rollback(&s->sql);
		rc = postgres_fault(s, result);
	}
	PQclear(result);
	return rc;
}

static enum rc driver_begin(struct sql_store *store, bool is_write)
{
	struct postgres_store *s = self(store);
	enum rc rc;

	if (is_write)
		return begin_alone(s);
	rc = postgres_run_text(s, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL);
	s->is_in_transaction = !rc;
	return rc;
}

static enum rc driver_commit(struct sql_store *store)
{
	struct postgres_store *s = self(store);
	enum rc rc = postgres_run_text(s, "COMMIT", NULL);

	if (!rc)
		s->is_in_transaction = false;
	return rc;
}

/** "?3" is "$3" to PostgreSQL. None of the statements has a question mark for anything else. */
static void translate(struct strbuf *sql, const char *text)
{
	for (; *text; text++)
		strbuf_addc(sql, *text == '?' ? '$' : *text);
}

static enum rc prepare(struct postgres_store *s, enum statement id, const char *name, const struct value *values, size_t count)
{
	Oid types[MAX_VALUES] = { OID_TEXT };
	PGresult *result;
	struct strbuf sql;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < count; i++)
		types[i + 1] = values[i].is_number ? OID_INT8 : OID_TEXT;
	strbuf_init(&sql, 0);
	translate(&sql, sql_text(id));
	if (strbuf_failed(&sql)) {
		strbuf_done(&sql);
		return RC_NOMEM;
	}
	result = PQprepare(s->connection, name, strbuf_text(&sql), (int)count + 1, types);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		rc = postgres_fault(s, result);
	PQclear(result);
	strbuf_done(&sql);
	return rc;
}

static enum rc send(struct postgres_store *s, const char *name, const struct value *values, size_t count)
{
	char numbers[MAX_VALUES][NUMBER_BYTES];
	const char *texts[MAX_VALUES] = { s->sql.base.project };

	for (size_t i = 0; i < count; i++) {
		texts[i + 1] = values[i].text;
		if (!values[i].is_number)
			continue;
		snprintf(numbers[i], NUMBER_BYTES, "%lld", (long long)values[i].number);
		texts[i + 1] = numbers[i];
	}
	if (!PQsendQueryPrepared(s->connection, name, (int)count + 1, texts, NULL, NULL, 0) ||
	    !PQsetSingleRowMode(s->connection))
		return postgres_fault(s, NULL);
	return RC_OK;
}

static enum rc driver_query(struct sql_store *store, enum statement id, const struct value *values, size_t count,
			    struct sql_rows **ret_rows)
{
	struct postgres_store *s = self(store);
	struct postgres_rows *rows = &s->rows[id];
	char name[16];
	enum rc rc = RC_OK;

	if (count >= MAX_VALUES)
		return RC_INTERNAL;
	snprintf(name, sizeof(name), "s%d", (int)id);
	rows->base.store = store;
	if (!rows->is_prepared)
		rc = prepare(s, id, name, values, count);
	if (rc)
		return rc;
	rows->is_prepared = true;
	rc = send(s, name, values, count);
	if (rc)
		return rc;
	rows->is_running = true;
	*ret_rows = &rows->base;
	return RC_OK;
}

static enum rc driver_next(struct sql_rows *base, bool *ret_any)
{
	struct postgres_rows *rows = rows_of(base);
	struct postgres_store *s = self(base->store);
	ExecStatusType status;

	PQclear(rows->result);
	rows->result = PQgetResult(s->connection);
	if (!rows->result) {
		rows->is_running = false;
		*ret_any = false;
		return RC_OK;
	}
	status = PQresultStatus(rows->result);
	if (status == PGRES_SINGLE_TUPLE) {
		*ret_any = true;
		return RC_OK;
	}
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		return postgres_fault(s, rows->result);
	s->changed = strtoll(PQcmdTuples(rows->result), NULL, 10);
	*ret_any = false;
	return RC_OK;
}

/** The connection takes the next statement only when this one's results are all read. */
static void driver_finish(struct sql_rows *base)
{
	struct postgres_rows *rows = rows_of(base);
	struct postgres_store *s = self(base->store);

	PQclear(rows->result);
	rows->result = NULL;
	while (rows->is_running) {
		PGresult *rest = PQgetResult(s->connection);

		rows->is_running = rest != NULL;
		PQclear(rest);
	}
}

static enum rc driver_column(struct arena *arena, struct sql_rows *base, int column, const char **ret_text)
{
	const PGresult *result = rows_of(base)->result;
	char *copy;

	if (PQgetisnull(result, 0, column)) {
		*ret_text = NULL;
		return RC_OK;
	}
	copy = arena_memdup(arena, PQgetvalue(result, 0, column), (size_t)PQgetlength(result, 0, column));
	if (!copy)
		return RC_NOMEM;
	*ret_text = copy;
	return RC_OK;
}

static int64_t driver_integer(struct sql_rows *base, int column)
{
	const PGresult *result = rows_of(base)->result;

	return PQgetisnull(result, 0, column) ? 0 : strtoll(PQgetvalue(result, 0, column), NULL, 10);
}

static int64_t driver_changed(struct sql_store *store)
{
	return self(store)->changed;
}

/** The server's clock, as of the last look and the time that passed here since. */
static int64_t driver_now_ms(struct sql_store *store)
{
	const struct postgres_store *s = self(store);
	const struct clock *clock = &store->run->clock;
	int64_t server_ms = SCALE_ANCHOR_MS + (int64_t)((double)(s->server_ms - SCALE_ANCHOR_MS) * clock->scale);

	return server_ms + clock_mono_ms(clock) - s->read_at_ms;
}

static void driver_close(struct sql_store *store)
{
	struct postgres_store *s = self(store);

	for (size_t i = 0; i < SQL_COUNT; i++)
		PQclear(s->rows[i].result);
	PQfinish(s->connection);
	free(s);
}

const struct sql_driver postgres_driver = {
	.begin = driver_begin,
	.commit = driver_commit,
	.rollback = driver_rollback,
	.query = driver_query,
	.next = driver_next,
	.finish = driver_finish,
	.column = driver_column,
	.integer = driver_integer,
	.changed = driver_changed,
	.now_ms = driver_now_ms,
	.close = driver_close,
};
