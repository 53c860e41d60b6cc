/** @file The driver of states behind a URL: SQLite's, in memory, filled before and written back after. */
#include "state/blob.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/** How long a write waits for those of others; --lock-timeout may be longer. */
#define LOCK_WAIT_MS 15000
#define LOCK_POLL_MS 250

static struct blob_store *self(struct sql_store *store)
{
	return (struct blob_store *)(void *)store;
}

/** A change of the heartbeat is a sign of life: the time of the lease begins anew here. */
static enum rc watch_lease(struct blob_store *s)
{
	sqlite3_stmt *row = NULL;
	int64_t heartbeat_ms = 0;
	int result = sqlite3_prepare_v2(s->lite.db, "SELECT heartbeat_ms FROM lease WHERE project = ?1", -1, &row, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_bind_text(row, 1, s->lite.sql.base.project, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_step(row);
	if (result == SQLITE_ROW)
		heartbeat_ms = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return sqlite_fault(&s->lite, result);
	if (heartbeat_ms != s->seen_heartbeat_ms) {
		s->seen_heartbeat_ms = heartbeat_ms;
		s->seen_at_ms = clock_mono_ms(&s->lite.sql.run->clock);
	}
	return RC_OK;
}

static enum rc refresh(struct blob_store *s)
{
	struct strbuf text;
	enum rc rc;

	strbuf_init(&text, 0);
	rc = s->backend->read(s, &text);
	if (!rc) {
		s->is_new = !text.size;
		if (!text.size || !str_eq(blob_document_checksum(s, &text), s->checksum) || !*s->checksum)
			rc = blob_document_read(s, &text);
	}
	strbuf_done(&text);
	return rc ? rc : watch_lease(s);
}

/** Whose leases in the document are alive, as far as the server's clock tells: this project's, another's? What the holder of
 * this project's has besides, its locks on tunnels, is no other's. */
static enum rc find_living(struct blob_store *s, bool *ret_own, bool *ret_other)
{
	static const char sql[] = "SELECT coalesce(sum(project = ?1), 0), coalesce(sum(NOT EXISTS (SELECT 1 FROM lease own WHERE"
				  " own.project = ?1 AND own.pid = l.pid AND own.host_id = l.host_id AND own.host = l.host)), 0)"
				  " FROM lease l WHERE heartbeat_ms + ttl_ms > ?2";
	sqlite3_stmt *row = NULL;
	int result = sqlite3_prepare_v2(s->lite.db, sql, -1, &row, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_bind_text(row, 1, s->lite.sql.base.project, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_bind_int64(row, 2, blob_http_now_ms(s->http) - BLOB_CLOCK_TRUST_MS);
	if (result == SQLITE_OK)
		result = sqlite3_step(row);
	if (result == SQLITE_ROW) {
		*ret_own = sqlite3_column_int64(row, 0) != 0;
		*ret_other = sqlite3_column_int64(row, 1) != 0;
	}
	sqlite3_finalize(row);
	return result == SQLITE_ROW ? RC_OK : sqlite_fault(&s->lite, result);
}

/** Was it there for longer than anybody holds it without a lease? */
static bool is_old(const struct blob_store *s)
{
	int64_t ttl_ms = s->lite.sql.ttl_ms, created_ms = s->rival.created_ms;

	if (created_ms > 0 && blob_http_now_ms(s->http) - created_ms > ttl_ms + BLOB_CLOCK_TRUST_MS)
		return true;
	return clock_mono_ms(&s->lite.sql.run->clock) - s->rival_since_ms >= ttl_ms;
}

/** Somebody else has the lock. With the lease of this project, the statements that follow find that out and say who it is.
 * Without any living lease it is a leftover, once it is old: then it may be taken over.
 * @return RC_OK go on without it; RC_EXISTS wait */
static enum rc judge_rival(struct blob_store *s, const char *last_id)
{
	bool own = false, other = false;
	enum rc rc = refresh(s);

	if (!rc)
		rc = find_living(s, &own, &other);
	if (rc)
		return rc;
	if (!s->rival_since_ms || !str_eq(s->rival.id, last_id))
		s->rival_since_ms = clock_mono_ms(&s->lite.sql.run->clock);
	s->is_leftover = !own && !other && blob_lock_is_adits(&s->rival);
	if (other || (!blob_lock_is_adits(&s->rival) && !(own && str_is_empty(s->rival.id))))
		return RC_EXISTS;
	return own || is_old(s) ? RC_OK : RC_EXISTS;
}

static enum rc try_lock(struct blob_store *s)
{
	const char *last_id = str_or_empty(s->rival.id);
	enum rc rc = s->backend->lock(s);

	s->has_lock = !rc;
	if (!rc)
		s->rival_since_ms = 0;
	return rc == RC_EXISTS ? judge_rival(s, last_id) : rc;
}

/** The lock of the document, for one write at least; with the lease it is kept. */
static enum rc lock(struct blob_store *s)
{
	struct sql_store *sql = &s->lite.sql;
	const struct clock *clock = &sql->run->clock;
	int64_t begun_ms = clock_mono_ms(clock), until_ms = begun_ms + LOCK_WAIT_MS, now_ms;
	/* What looks like a leftover is waited out: else nobody would ever get past it. */
	int64_t leftover_ms = begun_ms + sql->ttl_ms + LOCK_POLL_MS;
	enum rc rc = RC_OK;

	s->has_lock = s->lock_id != NULL;
	if (s->has_lock)
		return RC_OK;
	if (sql->wait_until_ms > until_ms)
		until_ms = sql->wait_until_ms;
	while ((rc = try_lock(s)) == RC_EXISTS) {
		now_ms = clock_mono_ms(clock);
		if (now_ms >= until_ms && !(s->is_leftover && now_ms < leftover_ms))
			return blob_fault_locked(s);
		/* What is to be recorded is, all the same. */
		if (sql->wait_until_ms && run_is_interrupted(sql->run))
			return RC_CANCELLED;
		clock_sleep_ms(clock, LOCK_POLL_MS);
	}
	return rc;
}

static void unlock(struct blob_store *s)
{
	if (s->lock_id && !s->lite.sql.fence && !s->lite.sql.is_locking)
		s->backend->unlock(s);
}

static enum rc begin(struct blob_store *s, bool is_write)
{
	s->changes = sqlite3_total_changes64(s->lite.db);
	return sqlite_driver_begin(&s->lite.sql, is_write);
}

static enum rc driver_begin(struct sql_store *store, bool is_write)
{
	struct blob_store *s = self(store);
	enum rc rc;

	if (!is_write) {
		/* Without the lock others may have written since the last look. */
		rc = s->lock_id ? RC_OK : refresh(s);
		return rc ? rc : begin(s, false);
	}
	rc = lock(s);
	/* Also with the lock held: who was stopped for long may have lost it without knowing. */
	if (!rc)
		rc = refresh(s);
	if (!rc)
		rc = begin(s, true);
	if (rc)
		unlock(s);
	return rc;
}

/** Somebody wrote what this was not made from: our lease is gone, or a stranger passed by. Who is taking the lease tries
 * again. */
static enum rc fault_outrun(struct blob_store *s)
{
	struct sql_store *sql = &s->lite.sql;

	if (sql->is_locking)
		return RC_EXISTS;
	return sql->fence ? sql_fault_lost(sql) : sql_fault_busy(sql);
}

static enum rc take_over(struct blob_store *s)
{
	struct strbuf text;
	enum rc rc = s->backend->take_over(s);

	if (rc)
		return rc;
	/* Nobody may have written since the transaction began. */
	strbuf_init(&text, 0);
	rc = s->backend->read(s, &text);
	if (!rc && !str_eq(blob_document_checksum(s, &text), s->checksum))
		rc = RC_CONFLICT;
	strbuf_done(&text);
	s->has_lock = !rc;
	return rc;
}

/** Refused. An earlier try may have been executed, also one of libcurl's own on a connection that had been closed: is what is
 * there what we wrote? */
static enum rc look_whether_written(struct blob_store *s, const struct strbuf *written)
{
	struct strbuf present;
	enum rc rc;

	strbuf_init(&present, 0);
	rc = s->backend->read(s, &present);
	if (!rc && (present.size != written->size || memcmp(strbuf_text(&present), strbuf_text(written), written->size) != 0))
		rc = RC_CONFLICT;
	strbuf_done(&present);
	return rc;
}

static enum rc write_document(struct blob_store *s)
{
	const char *checksum = NULL;
	struct strbuf text;
	enum rc rc = s->has_lock ? RC_OK : take_over(s);

	if (rc)
		return rc;
	strbuf_init(&text, 0);
	rc = blob_document_write(s, s->serial + 1, &text, &checksum);
	if (!rc && text.size > BLOB_DOCUMENT_BYTES)
		rc = blob_fault_size(s);
	if (!rc && !str_eq(checksum, s->checksum)) {
		rc = s->backend->write(s, strbuf_text(&text), text.size);
		if (rc == RC_CONFLICT)
			rc = look_whether_written(s, &text);
		if (!rc) {
			s->serial++;
			s->checksum = checksum;
			s->is_new = false;
		}
	}
	strbuf_done(&text);
	return rc;
}

static enum rc driver_commit(struct sql_store *store)
{
	struct blob_store *s = self(store);
	enum rc rc = RC_OK;

	if (sqlite3_total_changes64(s->lite.db) != s->changes) {
		rc = write_document(s);
		if (rc == RC_CONFLICT)
			rc = fault_outrun(s);
		if (rc)
			return rc;
	}
	return sqlite_driver_commit(store);
}

static void driver_rollback(struct sql_store *store)
{
	struct blob_store *s = self(store);

	sqlite_driver_rollback(store);
	unlock(s);
}

/** A transaction is over: the lock stays only with the lease. */
static void driver_done(struct sql_store *store)
{
	unlock(self(store));
}

/** Another machine's clock is not compared with ours: see invariant 4. */
static int64_t driver_now_ms(struct sql_store *store)
{
	const struct blob_store *s = self(store);
	int64_t server_ms = blob_http_now_ms(s->http), here_ms;

	if (store->fence || !s->seen_heartbeat_ms)
		return server_ms;
	here_ms = s->seen_heartbeat_ms + (clock_mono_ms(&store->run->clock) - s->seen_at_ms);
	return here_ms > server_ms - BLOB_CLOCK_TRUST_MS ? here_ms : server_ms - BLOB_CLOCK_TRUST_MS;
}

void blob_free(struct blob_store *s)
{
	if (s->lock_id)
		s->backend->unlock(s);
	blob_http_free(s->http);
	sqlite_disconnect(&s->lite);
	free(s);
}

static void driver_close(struct sql_store *store)
{
	blob_free(self(store));
}

static const struct sql_driver blob_driver = {
	.begin = driver_begin,
	.commit = driver_commit,
	.rollback = driver_rollback,
	.done = driver_done,
	.query = sqlite_driver_query,
	.next = sqlite_driver_next,
	.finish = sqlite_driver_finish,
	.column = sqlite_driver_column,
	.integer = sqlite_driver_integer,
	.changed = sqlite_driver_changed,
	.now_ms = driver_now_ms,
	.close = driver_close,
};

enum rc blob_open(struct blob_store *s, struct run *run, const struct store_options *options, struct store **ret_store)
{
	struct store_options writable = *options;
	enum rc rc;

	/* The schema in memory is made also for those who only read. */
	writable.read_only = false;
	s->lite.sql.is_empty = true;
	s->checksum = "";
	rc = options->budget_only ? RC_UNSUPPORTED : sql_store_init(&s->lite.sql, run, &blob_driver, &writable);
	if (!rc && !options->history_runs)
		s->lite.sql.history_runs = BLOB_HISTORY_RUNS;
	if (!rc)
		rc = sqlite_open_memory(&s->lite);
	if (!rc)
		rc = refresh(s);
	if (rc) {
		blob_free(s);
		return rc;
	}
	s->lite.sql.read_only = options->read_only;
	*ret_store = &s->lite.sql.base;
	return RC_OK;
}
