/** @file
 * The journal: intents before their calls, outcomes after them, each in one durable transaction.
 * An intent without a result is a call whose outcome the state does not know; closed ones are kept until the next
 * run begins. */
#include "state/sqlite_internal.h"

#include "base/str.h"

static enum rc write_intent(struct sqlite_store *s, struct intent *intent, int64_t now_ms)
{
	const struct value values[] = { int_value(s->run_id), text_value(intent->operation), text_value(intent->address),
					text_value(intent->detail), int_value(now_ms) };
	enum rc rc = sqlite_execute(s, SQL_INTENT_BEGIN, values, 5);

	if (!rc)
		intent->id = sqlite3_last_insert_rowid(s->db);
	return rc;
}

enum rc sqlite_begin(struct store *store, struct intent *intents, size_t count)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	int64_t now_ms = clock_wall_ms(&s->run->clock);
	enum rc rc = sqlite_write_begin(s);

	if (rc)
		return rc;
	for (size_t i = 0; i < count && !rc; i++)
		rc = write_intent(s, &intents[i], now_ms);
	return sqlite_write_end(s, rc);
}

static enum rc remove_resources(struct sqlite_store *s, const struct outcome *outcome, bool *changed)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < outcome->removal_count && !rc; i++) {
		const struct value address = text_value(outcome->removals[i]);

		rc = sqlite_execute(s, SQL_RESOURCE_DELETE, &address, 1);
		if (!rc && sqlite3_changes64(s->db))
			*changed = true;
	}
	return rc;
}

static enum rc close_intents(struct sqlite_store *s, const struct outcome *outcome)
{
	int64_t now_ms = clock_wall_ms(&s->run->clock);
	enum rc rc = RC_OK;

	for (size_t i = 0; i < outcome->intent_count && !rc; i++) {
		const struct value values[] = { int_value(outcome->intents[i]), text_value(str_or_empty(outcome->result)),
						int_value(now_ms) };

		rc = sqlite_execute(s, SQL_INTENT_END, values, 3);
	}
	return rc;
}

/** Removals come first, so that an outcome can give a removed address to another resource. */
static enum rc write_outcome(struct sqlite_store *s, const struct outcome *outcome)
{
	bool changed = false;
	enum rc rc = remove_resources(s, outcome, &changed);

	if (!rc)
		rc = sqlite_resources_write(s, outcome->upserts, outcome->upsert_count, &changed);
	if (!rc)
		rc = sqlite_zones_write(s, outcome->zones, outcome->zone_count);
	if (!rc)
		rc = close_intents(s, outcome);
	if (!rc && changed)
		rc = sqlite_execute(s, SQL_META_SERIAL, NULL, 0);
	return rc;
}

enum rc sqlite_commit(struct store *store, const struct outcome *outcome)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	enum rc rc = sqlite_write_begin(s);

	return rc ? rc : sqlite_write_end(s, write_outcome(s, outcome));
}

static enum rc read_intent(struct arena *arena, sqlite3_stmt *rows, struct intent *ret_intent)
{
	struct intent intent = { .id = sqlite3_column_int64(rows, 0) };
	enum rc rc = sqlite_column(arena, rows, 1, &intent.operation);

	if (!rc)
		rc = sqlite_column(arena, rows, 2, &intent.address);
	if (!rc)
		rc = sqlite_column(arena, rows, 3, &intent.detail);
	if (!rc)
		*ret_intent = intent;
	return rc;
}

enum rc sqlite_open_intents(struct store *store, struct arena *arena, struct intent **ret_intents, size_t *ret_count)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	struct intent *intents = NULL;
	size_t count = 0, capacity = 0;
	sqlite3_stmt *rows = NULL;
	bool any = false;
	enum rc rc = s->db ? sqlite_query(s, SQL_INTENT_OPEN, NULL, 0, &rows) : RC_OK;

	if (!rc && rows)
		rc = sqlite_next(s, rows, &any);
	while (!rc && any) {
		struct intent *grown = arena_grow(arena, intents, count, &capacity, sizeof(*grown));

		if (!grown) {
			rc = RC_NOMEM;
			break;
		}
		intents = grown;
		rc = read_intent(arena, rows, &intents[count++]);
		if (!rc)
			rc = sqlite_next(s, rows, &any);
	}
	sqlite_finish(rows);
	if (rc)
		return rc;
	*ret_intents = intents;
	*ret_count = count;
	return RC_OK;
}
