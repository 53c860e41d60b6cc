/** @file
 * Locks on tunnels that several projects write to. Each is a lease whose key is no project's name.
 *
 * Invariants:
 *  1. A process takes all the locks that it needs in one transaction or none: nobody waits for one while holding another.
 *  2. While it holds some, a write commits only when all of them are still its own; heartbeats keep them. */
#include "state/sql.h"

#include <unistd.h>

#define POLL_MS 50

/** "tunnel <id>": a blank is in no project's name. */
static const char *make_key(struct sql_store *s, const char *id)
{
	return arena_printf(s->run->arena, "tunnel %s", id);
}

static enum rc take(struct sql_store *s, const char *key, const char *purpose)
{
	const struct value values[] = {
		text_value(key), text_value(s->holder), text_value(s->host), text_value(s->host_id), int_value(getpid()),
		text_value(purpose), int_value(sql_now_ms(s)), int_value(s->ttl_ms), int_value(s->fence),
	};

	return sql_execute(s, SQL_LOCK_WRITE, values, sizeof(values) / sizeof(values[0]));
}

/** @return RC_OK; RC_EXISTS @p ret_rival has one of them */
static enum rc take_all(struct sql_store *s, const char *const *keys, size_t count, const char *purpose,
			struct lease_info *ret_rival)
{
	enum rc rc = sql_write_begin(s);

	if (rc)
		return rc;
	for (size_t i = 0; i < count && !rc; i++) {
		rc = sql_find_rival(s, keys[i], ret_rival);
		if (rc == RC_NOTFOUND || rc == RC_STALE)
			rc = take(s, keys[i], purpose);
	}
	return sql_write_end(s, rc);
}

/** Wait a moment, and keep the lease meanwhile. */
static enum rc linger(struct sql_store *s, int64_t left_ms)
{
	if (run_is_interrupted(s->run))
		return RC_CANCELLED;
	clock_sleep_ms(&s->run->clock, left_ms < POLL_MS ? left_ms : POLL_MS);
	return RC_OK;
}

static enum rc make_keys(struct sql_store *s, const char *const *ids, size_t count, const char ***ret_keys)
{
	const char **keys = arena_array(s->run->arena, count, sizeof(const char *));

	if (!keys)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++) {
		keys[i] = make_key(s, ids[i]);
		if (!keys[i])
			return RC_NOMEM;
	}
	*ret_keys = keys;
	return RC_OK;
}

enum rc sql_tunnel_lock(struct store *store, const char *const *ids, size_t count, int64_t timeout_ms)
{
	struct sql_store *s = (struct sql_store *)store;
	const struct clock *clock = &s->run->clock;
	int64_t begun_ms = clock_mono_ms(clock), beaten_ms = begun_ms;
	const char *purpose = arena_printf(s->run->arena, "writing to shared tunnels, project %s, process %lld of %s",
					   s->base.project, (long long)getpid(), s->host);
	const char **keys = NULL;
	enum rc rc = purpose ? make_keys(s, ids, count, &keys) : RC_NOMEM;

	while (!rc) {
		struct lease_info rival;
		int64_t now_ms;

		rc = take_all(s, keys, count, purpose, &rival);
		if (!rc) {
			s->lock_purpose = purpose;
			s->lock_count = count;
			return RC_OK;
		}
		now_ms = clock_mono_ms(clock);
		if (rc != RC_EXISTS)
			return rc;
		if (now_ms - begun_ms >= timeout_ms)
			return sql_fault_held(s, &rival);
		rc = linger(s, timeout_ms - (now_ms - begun_ms));
		if (!rc && now_ms - beaten_ms > s->ttl_ms / 4) {
			beaten_ms = now_ms;
			rc = sql_heartbeat(store);
		}
	}
	return rc;
}

void sql_tunnel_unlock(struct store *store)
{
	struct sql_store *s = (struct sql_store *)store;
	const struct value purpose = text_value(s->lock_purpose);
	enum rc rc;

	if (!s->lock_count)
		return;
	s->is_quiet = true;
	rc = s->driver->begin(s, true);
	if (!rc)
		rc = sql_write_end(s, sql_execute(s, SQL_LOCK_DELETE, &purpose, 1));
	(void)rc; /* one that cannot be given back ends by itself, or with this process */
	s->is_quiet = false;
	s->lock_count = 0;
	s->lock_purpose = NULL;
}

enum rc sql_tunnel_pass(struct sql_store *s, bool renew)
{
	const struct value values[] = { text_value(s->lock_purpose), int_value(sql_now_ms(s)) };
	struct sql_rows *rows = NULL;
	bool any = false;
	int64_t count = 0;
	enum rc rc;

	if (!s->lock_count)
		return RC_OK;
	rc = renew ? sql_execute(s, SQL_LOCK_RENEW, values, 2) : RC_OK;
	if (!rc)
		rc = sql_query(s, SQL_LOCK_COUNT, values, 1, &rows);
	if (!rc)
		rc = sql_next(rows, &any);
	if (!rc && any)
		count = sql_integer(rows, 0);
	sql_finish(rows);
	if (!rc && count != (int64_t)s->lock_count)
		rc = sql_fault_lost(s);
	return rc;
}
