/** @file
 * The journal: intents before their calls, outcomes after them.
 *
 * Invariants:
 * 1. When begin() returns, its intents are durable: whatever its caller sends afterwards is known to the next run.
 * 2. An outcome, that is state rows and the end of the intents they belong to, is in one transaction: no state row without
 *    an ended intent, no ended intent without its rows. Outcomes that come together share it, and intents that begin then.
 * 3. Both pass the lease's fencing number: of two runs only the one with the lease can open or end an intent.
 * 4. An intent says what to look for, so that any later run can find out what became of it; never a secret.
 *
 *     begin() --> open --- commit(), result ---> ended --- the next run begins ---> gone
 *                  |                               ^
 *                  +-- its run dies: the next run reads live, judges it (planner/recovery.h) and commits
 *
 * An intent that cannot be judged, because its object cannot be seen, stays open. */
#include "state/sql.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/str.h"

static const char *intent_fingerprint(struct arena *arena, const struct intent *intent)
{
	const char *text = arena_printf(arena, "%s\n%s\n%s", str_or_empty(intent->operation), str_or_empty(intent->address),
					str_or_empty(intent->detail));

	return text ? str_xxh3_hex(arena, text, strlen(text)) : NULL;
}

static enum rc write_intent(struct sql_store *s, struct intent *intent, int64_t now_ms)
{
	const char *fingerprint = intent_fingerprint(s->run->arena, intent);
	const struct value values[] = { int_value(s->run_id), text_value(intent->operation), text_value(intent->address),
					text_value(intent->detail), int_value(now_ms), text_value(fingerprint) };
	struct sql_rows *rows = NULL;
	bool any = false;
	enum rc rc = fingerprint ? sql_query(s, SQL_INTENT_BEGIN, values, 6, &rows) : RC_NOMEM;

	if (!rc)
		rc = sql_next(rows, &any);
	if (!rc && any)
		intent->id = sql_integer(rows, 0);
	while (!rc && any)
		rc = sql_next(rows, &any);
	sql_finish(rows);
	return rc;
}

static enum rc remove_resources(struct sql_store *s, const struct outcome *outcome, bool *changed)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < outcome->removal_count && !rc; i++)
		rc = sql_resource_delete(s, outcome->removals[i], changed);
	return rc;
}

static enum rc close_intents(struct sql_store *s, const struct outcome *outcome)
{
	int64_t now_ms = sql_now_ms(s);
	enum rc rc = RC_OK;

	for (size_t i = 0; i < outcome->intent_count && !rc; i++) {
		const struct value values[] = { int_value(outcome->intents[i]), text_value(str_or_empty(outcome->result)),
						int_value(now_ms) };

		rc = sql_execute(s, SQL_INTENT_END, values, 3);
	}
	return rc;
}

/** Removals come first, so that an outcome can give a removed address to another resource. */
static enum rc write_outcome(struct sql_store *s, const struct outcome *outcome, bool *changed)
{
	enum rc rc = remove_resources(s, outcome, changed);

	if (!rc)
		rc = sql_resources_write(s, outcome->upserts, outcome->upsert_count, changed);
	if (!rc)
		rc = sql_zones_write(s, outcome->zones, outcome->zone_count);
	if (!rc)
		rc = sql_gateways_write(s, outcome, changed);
	return rc ? rc : close_intents(s, outcome);
}

static enum rc write_outcomes(struct sql_store *s, const struct outcome *outcome)
{
	bool changed = false;
	enum rc rc = RC_OK;

	for (; !rc && outcome; outcome = outcome->next)
		rc = write_outcome(s, outcome, &changed);
	if (!rc && changed)
		rc = sql_execute(s, SQL_META_SERIAL, NULL, 0);
	return rc;
}

static enum rc write_intents(struct sql_store *s, struct intent *intents, size_t count)
{
	int64_t now_ms = sql_now_ms(s);
	enum rc rc = RC_OK;

	for (size_t i = 0; i < count && !rc; i++)
		rc = write_intent(s, &intents[i], now_ms);
	return rc;
}

enum rc sql_commit_begin(struct store *store, const struct outcome *outcome, struct intent *intents, size_t count)
{
	struct sql_store *s = (struct sql_store *)store;
	enum rc rc;

	if (outcome)
		failpoint("journal.outcome");
	if (count)
		failpoint("journal.intent");
	rc = sql_write_begin(s);
	if (rc)
		return rc;
	rc = write_outcomes(s, outcome);
	if (!rc)
		rc = write_intents(s, intents, count);
	rc = sql_write_end(s, rc);
	if (count)
		failpoint("journal.intended");
	return rc;
}

enum rc sql_begin(struct store *store, struct intent *intents, size_t count)
{
	return sql_commit_begin(store, NULL, intents, count);
}

enum rc sql_commit(struct store *store, const struct outcome *outcome)
{
	return sql_commit_begin(store, outcome, NULL, 0);
}

static enum rc read_intent(struct sql_store *s, struct arena *arena, struct sql_rows *rows, struct intent *ret_intent)
{
	const char *fingerprint = NULL;
	struct intent intent = { .id = sql_integer(rows, 0) };
	enum rc rc = sql_column(arena, rows, 1, &intent.operation);

	if (!rc)
		rc = sql_column(arena, rows, 2, &intent.address);
	if (!rc)
		rc = sql_column(arena, rows, 3, &intent.detail);
	if (!rc)
		rc = sql_column(arena, rows, 4, &fingerprint);
	/* Those of older versions have none. */
	if (!rc && fingerprint && !str_eq(fingerprint, intent_fingerprint(arena, &intent)))
		rc = sql_fault_damaged(s, "its record of an operation under way is damaged");
	if (!rc)
		*ret_intent = intent;
	return rc;
}

enum rc sql_open_intents(struct store *store, struct arena *arena, struct intent **ret_intents, size_t *ret_count)
{
	struct sql_store *s = (struct sql_store *)store;
	struct intent *intents = NULL;
	size_t count = 0, capacity = 0;
	struct sql_rows *rows = NULL;
	bool any = false;
	enum rc rc = s->is_empty ? RC_OK : sql_query(s, SQL_INTENT_OPEN, NULL, 0, &rows);

	if (!rc && rows)
		rc = sql_next(rows, &any);
	while (!rc && any) {
		struct intent *grown = arena_grow(arena, intents, count, &capacity, sizeof(*grown));

		if (!grown) {
			rc = RC_NOMEM;
			break;
		}
		intents = grown;
		rc = read_intent(s, arena, rows, &intents[count++]);
		if (!rc)
			rc = sql_next(rows, &any);
	}
	sql_finish(rows);
	if (rc)
		return rc;
	*ret_intents = intents;
	*ret_count = count;
	return RC_OK;
}
