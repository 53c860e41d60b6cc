/** @file
 * The lease of the SQL stores, and the transactions that write under it.
 *
 *   free --lock()--> held --heartbeat() or any write--> held --unlock()--> free
 *                     |
 *                     +--ttl without a sign of life, or its process is dead--> may be taken over
 *
 * Invariants:
 *  1. meta.fence only grows, by one for each lease, and outlives it.
 *  2. A write commits only when the lease row has the fence that this store was given: the check renews the row in
 *     the same transaction. A lease past its time that nobody took over is still ours.
 *  3. A store that was never locked (--lock=false) writes only while nobody else's lease is alive, and ends a dead
 *     one, so that its holder cannot come back after that write. */
#include "state/sql.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/str.h"

#define NOWHERE ((struct span){ 0 })
#define POLL_MS 250
#define OUTRUN_MAX 10 /* others that were faster */
#define DOCUMENT_FORMAT 1

/** A lease as its row says. */
struct lease {
	struct lease_info info;
	const char *host_id;
};

static enum rc copy_lease(struct arena *arena, struct sql_rows *row, struct lease *ret_lease)
{
	struct lease lease = { .info = {
		.pid = sql_integer(row, 3),
		.acquired_ms = sql_integer(row, 5),
		.heartbeat_ms = sql_integer(row, 6),
		.ttl_ms = sql_integer(row, 7),
		.fence = sql_integer(row, 8),
	} };
	enum rc rc = sql_column(arena, row, 0, &lease.info.holder);

	if (!rc)
		rc = sql_column(arena, row, 1, &lease.info.host);
	if (!rc)
		rc = sql_column(arena, row, 2, &lease.host_id);
	if (!rc)
		rc = sql_column(arena, row, 4, &lease.info.purpose);
	if (!rc)
		*ret_lease = lease;
	return rc;
}

/** @param key  NULL: the project's. @return RC_OK; RC_NOTFOUND there is none */
static enum rc read_lease(struct sql_store *s, struct arena *arena, const char *key, struct lease *ret_lease)
{
	const struct value value = text_value(key);
	struct sql_rows *row = NULL;
	bool any = false;
	enum rc rc = sql_query(s, key ? SQL_LOCK_READ : SQL_LEASE_READ, &value, key ? 1 : 0, &row);

	if (!rc)
		rc = sql_next(row, &any);
	if (!rc)
		rc = any ? copy_lease(arena, row, ret_lease) : RC_NOTFOUND;
	sql_finish(row);
	return rc;
}

/** Certain only where a pid means the same to the holder and to us. */
static bool is_process_dead(const struct sql_store *s, const struct lease *lease)
{
	if (!*s->host_id || !str_eq(s->host_id, lease->host_id) || lease->info.pid <= 0 || lease->info.pid > INT_MAX)
		return false;
	return kill((pid_t)lease->info.pid, 0) < 0 && errno == ESRCH;
}

static bool is_expired(struct sql_store *s, const struct lease_info *lease)
{
	int64_t now = sql_now_ms(s);

	return lease->heartbeat_ms < 0 || (now >= lease->heartbeat_ms && now - lease->heartbeat_ms >= lease->ttl_ms);
}

enum rc sql_fault_held(struct sql_store *s, const struct lease_info *lease)
{
	struct diags *diags = &s->run->diags;
	const char *since = clock_rfc3339(s->run->arena, lease->acquired_ms);
	int64_t ends_ms;
	const char *ends;
	struct diag *diag;

	if (__builtin_add_overflow(lease->heartbeat_ms, lease->ttl_ms, &ends_ms))
		ends_ms = INT64_MAX;
	ends = clock_rfc3339(s->run->arena, ends_ms);
	diag = diag_add(diags, SEVERITY_ERROR, "A0501", NOWHERE,
			"the state %s is locked for %s by %s, process %lld on %s, since %s", s->base.location, lease->purpose,
			lease->holder, (long long)lease->pid, lease->host, str_or_empty(since));
	diag_help(diags, diag,
		  "Wait for it with --lock-timeout 10m. If that process is gone, its lock ends by itself at %s "
		  "(at once when it ran on this machine). If it hangs: adit unlock %lld.", str_or_empty(ends),
		  (long long)lease->fence);
	return RC_CONFLICT;
}

enum rc sql_fault_lost(struct sql_store *s)
{
	struct diags *diags = &s->run->diags;
	struct diag *diag;

	if (s->is_loss_told)
		return RC_STALE;
	s->is_loss_told = true;
	diag = diag_add(diags, SEVERITY_ERROR, "A0502", NOWHERE,
			"the lock on the state %s was lost: this process was silent for over %lld s, and another took over",
			s->base.location, (long long)(s->ttl_ms / 1000));
	diag_help(diags, diag, "Nothing was recorded after that. Look at what the other run did, then run the command again: "
			       "it reads what is live first.");
	return RC_STALE;
}

/** What a flipped bit must not change unseen. */
static const char *meta_seal(struct arena *arena, const struct meta *meta)
{
	const char *text = arena_printf(arena, "%s\n%lld\n%s", str_or_empty(meta->lineage), (long long)meta->serial,
					str_or_empty(meta->suspended));

	return text ? str_xxh3_hex(arena, text, strlen(text)) : NULL;
}

/** @param ret_seal  as it stands there; NULL: none yet */
static enum rc read_meta(struct sql_store *s, struct arena *arena, struct meta *ret_meta, const char **ret_seal)
{
	struct meta meta = { 0 };
	struct sql_rows *row = NULL;
	bool any = false;
	enum rc rc = sql_query(s, SQL_META_READ, NULL, 0, &row);

	if (!rc)
		rc = sql_next(row, &any);
	if (!rc && !any)
		rc = RC_NOTFOUND;
	if (!rc && sql_integer(row, 0) != DOCUMENT_FORMAT)
		rc = sql_fault_damaged(s, "its project has a format that never was");
	if (!rc) {
		meta.serial = sql_integer(row, 2);
		meta.fence = sql_integer(row, 3);
		rc = sql_column(arena, row, 1, &meta.lineage);
	}
	if (!rc)
		rc = sql_column(arena, row, 4, &meta.suspended);
	if (!rc)
		rc = sql_column(arena, row, 5, ret_seal);
	sql_finish(row);
	if (!rc)
		*ret_meta = meta;
	return rc;
}

enum rc sql_meta_read(struct sql_store *s, struct arena *arena, struct meta *ret_meta)
{
	const char *seal = NULL;
	struct meta meta = { 0 };
	const char *right = NULL;
	enum rc rc = read_meta(s, arena, &meta, &seal);

	/* Within a transaction that changes it, it was looked at before. */
	if (!rc && seal && !s->has_meta) {
		right = meta_seal(arena, &meta);
		if (!right)
			rc = RC_NOMEM;
		else if (!str_eq(seal, right))
			rc = sql_fault_damaged(s, "its record of the project is damaged");
	}
	if (!rc)
		*ret_meta = meta;
	return rc;
}

static enum rc seal_meta(struct sql_store *s)
{
	struct meta meta = { 0 };
	const char *seal = NULL;
	struct value value;
	enum rc rc = read_meta(s, s->run->arena, &meta, &seal);

	if (rc == RC_NOTFOUND)
		return RC_OK;
	if (rc)
		return rc;
	value = text_value(meta_seal(s->run->arena, &meta));
	if (!value.text)
		return RC_NOMEM;
	return seal && str_eq(seal, value.text) ? RC_OK : sql_execute(s, SQL_META_SEAL, &value, 1);
}

/** A random UUID (RFC 4122, version 4). */
static enum rc new_lineage(struct sql_store *s, const char **ret_lineage)
{
	unsigned char bytes[16];
	const char *hex, *lineage;
	enum rc rc = clock_random(&s->run->clock, bytes, sizeof(bytes));

	if (rc)
		return rc;
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	hex = str_hex(s->run->arena, bytes, sizeof(bytes));
	if (!hex)
		return RC_NOMEM;
	lineage = arena_printf(s->run->arena, "%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
	if (!lineage)
		return RC_NOMEM;
	*ret_lineage = lineage;
	return RC_OK;
}

static enum rc ensure_meta(struct sql_store *s, struct meta *ret_meta)
{
	const struct value format = int_value(DOCUMENT_FORMAT);
	enum rc rc = sql_meta_read(s, s->run->arena, ret_meta);

	if (rc != RC_NOTFOUND)
		return rc;
	rc = sql_execute(s, SQL_META_ENSURE, &format, 1);
	return rc ? rc : sql_meta_read(s, s->run->arena, ret_meta);
}

static enum rc ensure_lineage(struct sql_store *s, const struct meta *meta)
{
	const char *lineage;
	struct value value;
	enum rc rc;

	if (*str_or_empty(meta->lineage))
		return RC_OK;
	rc = new_lineage(s, &lineage);
	if (rc)
		return rc;
	value = text_value(lineage);
	return sql_execute(s, SQL_META_LINEAGE, &value, 1);
}

/** A fence that is greater than all before it. */
static enum rc raise_fence(struct sql_store *s, const struct meta *meta, int64_t *ret_fence)
{
	const struct value fence = int_value(meta->fence + 1);
	enum rc rc;

	if (meta->fence < 0 || meta->fence == INT64_MAX)
		return sql_fault_damaged(s, "its fencing number is out of range");
	rc = sql_execute(s, SQL_META_FENCE, &fence, 1);
	if (!rc)
		*ret_fence = fence.number;
	return rc;
}

enum rc sql_find_rival(struct sql_store *s, const char *key, struct lease_info *ret_lease)
{
	struct lease lease;
	enum rc rc = read_lease(s, s->run->arena, key, &lease);

	if (rc)
		return rc;
	*ret_lease = lease.info;
	return is_expired(s, &lease.info) || is_process_dead(s, &lease) ? RC_STALE : RC_EXISTS;
}

/** A write without a lock: see invariant 3. */
static enum rc pass_unlocked(struct sql_store *s)
{
	struct lease_info lease;
	struct value fence;
	enum rc rc = sql_find_rival(s, NULL, &lease);

	if (rc == RC_NOTFOUND)
		return RC_OK;
	if (rc == RC_EXISTS)
		return sql_fault_held(s, &lease);
	if (rc != RC_STALE)
		return rc;
	fence = int_value(lease.fence);
	return sql_execute(s, SQL_LEASE_DELETE, &fence, 1);
}

/** See invariant 2. */
static enum rc pass_locked(struct sql_store *s)
{
	const struct value values[] = { int_value(s->fence), int_value(sql_now_ms(s)) };
	enum rc rc = sql_execute(s, SQL_LEASE_RENEW, values, 2);

	if (!rc && sql_changed(s) != 1)
		rc = sql_fault_lost(s);
	return rc;
}

enum rc sql_check_writable(struct sql_store *s)
{
	if (!s->read_only)
		return RC_OK;
	diag_add(&s->run->diags, SEVERITY_ERROR, "A0514", NOWHERE, "the state %s was opened for reading only",
		 s->base.location);
	return RC_INTERNAL;
}

/** BEGIN, and the project's row in meta. */
static enum rc begin_with_meta(struct sql_store *s, struct meta *ret_meta)
{
	enum rc rc = sql_check_writable(s);

	if (!rc)
		rc = s->driver->begin(s, true);

	if (rc)
		return rc;
	rc = ensure_meta(s, ret_meta);
	s->has_meta = !rc;
	return rc ? sql_write_end(s, rc) : RC_OK;
}

enum rc sql_write_begin(struct sql_store *s)
{
	struct meta meta;
	enum rc rc = begin_with_meta(s, &meta);

	if (rc)
		return rc;
	rc = s->fence ? pass_locked(s) : pass_unlocked(s);
	if (!rc)
		rc = sql_tunnel_pass(s, false);
	if (!rc)
		rc = ensure_lineage(s, &meta);
	return rc ? sql_write_end(s, rc) : RC_OK;
}

enum rc sql_write_end(struct sql_store *s, enum rc rc)
{
	if (!rc && s->has_meta)
		rc = seal_meta(s);
	s->has_meta = false;
	failpoint("commit.before");
	if (!rc)
		rc = s->driver->commit(s);
	if (rc)
		s->driver->rollback(s);
	else if (s->driver->done)
		s->driver->done(s);
	failpoint("commit.after");
	return rc;
}

static enum rc write_lease(struct sql_store *s, const struct meta *meta, const char *purpose, int64_t *ret_fence)
{
	int64_t fence = 0;
	enum rc rc = raise_fence(s, meta, &fence);

	if (rc)
		return rc;
	const struct value values[] = {
		text_value(s->holder), text_value(s->host), text_value(s->host_id), int_value(getpid()),
		text_value(purpose), int_value(sql_now_ms(s)), int_value(s->ttl_ms), int_value(fence),
	};
	rc = sql_execute(s, SQL_LEASE_WRITE, values, sizeof(values) / sizeof(values[0]));
	if (!rc)
		*ret_fence = fence;
	return rc;
}

/** One attempt. @return RC_OK; RC_EXISTS @p ret_rival is alive, or without a holder: somebody was faster */
static enum rc try_lock(struct sql_store *s, const char *purpose, struct lease_info *ret_rival)
{
	int64_t fence = 0;
	struct meta meta;
	enum rc rc = begin_with_meta(s, &meta);

	if (rc)
		return rc;
	rc = sql_find_rival(s, NULL, ret_rival);
	if (rc == RC_NOTFOUND || rc == RC_STALE)
		rc = write_lease(s, &meta, purpose, &fence);
	s->is_locking = true;
	if (!rc)
		*ret_rival = (struct lease_info){ 0 };
	rc = sql_write_end(s, rc);
	s->is_locking = false;
	if (!rc) {
		s->fence = fence;
		s->is_loss_told = false;
	}
	return rc;
}

enum rc sql_lock(struct store *store, const char *purpose, int64_t timeout_ms)
{
	struct sql_store *s = (struct sql_store *)store;
	const struct clock *clock = &s->run->clock;
	int64_t begun_ms = clock_mono_ms(clock);
	size_t outrun = 0;

	if (s->fence)
		return sql_heartbeat(store);
	failpoint("lease.take");
	s->wait_until_ms = timeout_ms > INT64_MAX / 2 ? INT64_MAX / 2 : begun_ms + timeout_ms;
	for (;;) {
		struct lease_info rival;
		int64_t left_ms;
		enum rc rc = try_lock(s, purpose, &rival);

		if (rc != RC_EXISTS)
			return rc;
		left_ms = timeout_ms - (clock_mono_ms(clock) - begun_ms);
		if (left_ms <= 0 && rival.holder)
			return sql_fault_held(s, &rival);
		if (left_ms <= 0 && ++outrun >= OUTRUN_MAX)
			return sql_fault_busy(s);
		if (run_is_interrupted(s->run))
			return RC_CANCELLED;
		clock_sleep_ms(clock, left_ms < POLL_MS && left_ms > 0 ? left_ms : POLL_MS);
	}
}

enum rc sql_heartbeat(struct store *store)
{
	struct sql_store *s = (struct sql_store *)store;
	enum rc rc;

	if (!s->fence)
		return RC_OK;
	rc = s->driver->begin(s, true);
	if (rc)
		return rc;
	rc = pass_locked(s);
	return sql_write_end(s, rc ? rc : sql_tunnel_pass(s, true));
}

/** A lease that cannot be given back ends by itself, or with this process. */
void sql_unlock(struct store *store)
{
	struct sql_store *s = (struct sql_store *)store;
	const struct value fence = int_value(s->fence);
	enum rc rc;

	if (!s->fence)
		return;
	failpoint("lease.release");
	s->is_quiet = true;
	rc = s->driver->begin(s, true);
	if (!rc)
		rc = sql_execute(s, SQL_LEASE_DELETE, &fence, 1);
	s->fence = 0;
	rc = sql_write_end(s, rc);
	(void)rc;
	s->is_quiet = false;
}

enum rc sql_lease(struct store *store, struct arena *arena, struct lease_info *ret_lease)
{
	struct sql_store *s = (struct sql_store *)store;
	struct lease lease;
	enum rc rc = s->is_empty ? RC_NOTFOUND : read_lease(s, arena, NULL, &lease);

	if (!rc)
		*ret_lease = lease.info;
	return rc;
}

enum rc sql_break_lease(struct store *store, int64_t fence)
{
	struct sql_store *s = (struct sql_store *)store;
	const struct value value = int_value(fence);
	enum rc rc = sql_check_writable(s);

	if (!rc)
		rc = s->driver->begin(s, true);
	if (rc)
		return rc;
	rc = sql_execute(s, SQL_LEASE_DELETE, &value, 1);
	if (!rc && sql_changed(s) != 1)
		rc = RC_NOTFOUND;
	return sql_write_end(s, rc);
}
