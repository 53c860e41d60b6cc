/** @file
 * The PostgreSQL driver: statements prepared once, rows as they come.
 *
 * SQLite lets one process write at a time. Here writers are kept apart where they meet, by advisory locks that end with the
 * transaction: one that writes holds its project's from the beginning; one that looks at locks on tunnels, which are of all
 * projects, holds theirs from there on; one that takes calls out of an account's budget holds that, and no project's. Always
 * in this order, so that none waits in a circle. READ COMMITTED then sees all that was committed before the lock was had.
 * Reads are REPEATABLE READ: one state of things. */
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
#define CLOCK "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

/** What passes here between two looks at the server's clock passes as fast as there. */
static const struct clock real_clock = { .scale = 1 };

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
	PGresult *result = postgres_exchange(s, sql);
	enum rc rc = postgres_is_good(result) ? RC_OK : postgres_fault(s, result);

	if (!rc && ret_value) {
		bool any = libpq->ntuples(result) > 0 && !libpq->getisnull(result, 0, 0);
		const char *value = any ? arena_strdup(s->sql.run->arena, libpq->getvalue(result, 0, 0)) : NULL;

		if (any && !value)
			rc = RC_NOMEM;
		else
			*ret_value = value;
	}
	libpq->clear(result);
	return rc;
}

enum rc postgres_key(struct arena *arena, const char *kind, const char *name, int64_t *ret_key)
{
	const char *text = arena_printf(arena, "adit %s %s", kind, name);
	char *hex = text ? str_xxh3_hex(arena, text, strlen(text)) : NULL;

	if (!hex)
		return RC_NOMEM;
	hex[15] = '\0'; /* 60 bits: never negative */
	*ret_key = strtoll(hex, NULL, 16);
	return RC_OK;
}

enum rc postgres_lock(struct postgres_store *s, int64_t key)
{
	char text[64];

	snprintf(text, sizeof(text), "SELECT pg_advisory_xact_lock(%lld)", (long long)key);
	return postgres_run_text(s, text, NULL);
}

static enum rc read_clock(struct postgres_store *s, const char *text)
{
	if (!text || str_to_int64(text, &s->server_ms))
		return sql_fault_damaged(&s->sql, "its clock cannot be read");
	s->read_at_ms = clock_mono_ms(&real_clock);
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

	if (s->is_in_transaction && !postgres_is_lost(s)) {
		postgres_drain(s);
		if (libpq->transactionStatus(s->connection) != PQTRANS_IDLE)
			libpq->clear(postgres_exchange(s, "ROLLBACK"));
	}
	s->is_in_transaction = s->is_writing = false;
}

/** The lock was waited for as long as the server waits for one, and --lock-timeout is longer. */
static bool waits_on(const struct postgres_store *s, const PGresult *result)
{
	return result && str_eq(libpq->resultErrorField(result, PG_DIAG_SQLSTATE), "55P03") &&
	       clock_mono_ms(&s->sql.run->clock) < s->sql.wait_until_ms && !s->sql.is_impatient && !run_is_interrupted(s->sql.run);
}

/** In one round trip. @param ret_again  the lock is held, and may be waited for once more */
static enum rc begin_alone(struct postgres_store *s, bool *ret_again)
{
	PGresult *result;
	char text[192];
	enum rc rc;

	if (s->sql.budget_only)
		snprintf(text, sizeof(text), "BEGIN ISOLATION LEVEL READ COMMITTED; " CLOCK);
	else
		snprintf(text, sizeof(text), "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(%lld); " CLOCK,
			 (long long)s->project_key);
	result = postgres_exchange(s, text);
	s->is_in_transaction = s->is_writing = true;
	s->has_tunnels = false;
	*ret_again = waits_on(s, result);
	if (libpq->resultStatus(result) == PGRES_TUPLES_OK && libpq->ntuples(result) == 1)
		rc = read_clock(s, libpq->getvalue(result, 0, 0));
	else
		rc = *ret_again ? RC_CONFLICT : postgres_fault(s, result);
	libpq->clear(result);
	if (rc)
		driver_rollback(&s->sql);
	return rc;
}

static enum rc driver_begin(struct sql_store *store, bool is_write)
{
	struct postgres_store *s = self(store);
	bool again = is_write;
	enum rc rc = RC_OK;

	while (again)
		rc = begin_alone(s, &again);
	if (is_write)
		return rc;
	rc = postgres_run_text(s, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL);
	s->is_in_transaction = !rc;
	return rc;
}

/** The server answers COMMIT with success, too, when it rolled back what had failed before. */
static enum rc driver_commit(struct sql_store *store)
{
	struct postgres_store *s = self(store);
	PGresult *result;
	bool is_done;
	enum rc rc;

	s->is_committing = s->is_writing;
	result = postgres_exchange(s, "COMMIT");
	is_done = postgres_is_good(result) && str_eq(libpq->cmdStatus(result), "COMMIT");
	rc = is_done ? RC_OK : postgres_fault(s, result);
	s->is_committing = false;
	libpq->clear(result);
	if (!rc)
		s->is_in_transaction = s->is_writing = false;
	return rc;
}

/** What is of all projects has a lock of its own. */
static enum rc lock_shared(struct postgres_store *s, enum statement id, const struct value *values)
{
	bool is_tunnels = id >= SQL_LOCK_READ && id <= SQL_LOCK_DELETE;
	int64_t key;
	enum rc rc;

	if (!s->is_writing || (!is_tunnels && id != SQL_BUDGET_READ) || (is_tunnels && s->has_tunnels))
		return RC_OK;
	rc = postgres_key(s->sql.run->arena, is_tunnels ? "tunnels" : "budget", is_tunnels ? "" : values[0].text, &key);
	if (!rc)
		rc = postgres_lock(s, key);
	if (!rc && is_tunnels)
		s->has_tunnels = true;
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
	result = NULL;
	if (libpq->sendPrepare(s->connection, name, strbuf_text(&sql), (int)count + 1, types) && postgres_flush(s))
		result = postgres_receive(s);
	if (!postgres_is_good(result))
		rc = postgres_fault(s, result);
	else
		postgres_drain(s);
	libpq->clear(result);
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
	if (!libpq->sendQueryPrepared(s->connection, name, (int)count + 1, texts, NULL, NULL, 0) ||
	    !libpq->setSingleRowMode(s->connection) || !postgres_flush(s))
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
	if (postgres_is_lost(s))
		return postgres_fault(s, NULL);
	rc = lock_shared(s, id, values);
	if (!rc && !rows->is_prepared)
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

	libpq->clear(rows->result);
	rows->result = NULL;
	if (!rows->is_running) {
		*ret_any = false;
		return RC_OK;
	}
	rows->result = postgres_receive(s);
	if (libpq->resultStatus(rows->result) == PGRES_SINGLE_TUPLE) {
		*ret_any = true;
		return RC_OK;
	}
	rows->is_running = false;
	if (!postgres_is_good(rows->result))
		return postgres_fault(s, rows->result);
	s->changed = strtoll(libpq->cmdTuples(rows->result), NULL, 10);
	postgres_drain(s);
	*ret_any = false;
	return RC_OK;
}

/** The connection takes the next statement only when this one's results are all read. */
static void driver_finish(struct sql_rows *base)
{
	struct postgres_rows *rows = rows_of(base);
	struct postgres_store *s = self(base->store);

	libpq->clear(rows->result);
	rows->result = NULL;
	if (rows->is_running)
		postgres_drain(s);
	rows->is_running = false;
}

static enum rc driver_column(struct sql_rows *base, int column, const char **ret_text, size_t *ret_size)
{
	const PGresult *result = rows_of(base)->result;
	bool is_null = libpq->getisnull(result, 0, column);

	*ret_text = is_null ? NULL : libpq->getvalue(result, 0, column);
	if (ret_size)
		*ret_size = is_null ? 0 : (size_t)libpq->getlength(result, 0, column);
	return RC_OK;
}

static int64_t driver_integer(struct sql_rows *base, int column)
{
	const PGresult *result = rows_of(base)->result;

	return !result || libpq->getisnull(result, 0, column) ? 0 : strtoll(libpq->getvalue(result, 0, column), NULL, 10);
}

static int64_t driver_changed(struct sql_store *store)
{
	return self(store)->changed;
}

/** The server's clock, as of the last look and the time that passed here since. */
static int64_t driver_now_ms(struct sql_store *store)
{
	const struct postgres_store *s = self(store);

	return s->server_ms + clock_mono_ms(&real_clock) - s->read_at_ms + clock_lead_ms(&store->run->clock);
}

static void driver_close(struct sql_store *store)
{
	struct postgres_store *s = self(store);

	for (size_t i = 0; i < SQL_COUNT; i++)
		if (s->rows[i].result)
			libpq->clear(s->rows[i].result);
	if (s->connection)
		libpq->finish(s->connection);
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
