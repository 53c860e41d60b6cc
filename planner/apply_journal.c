/** @file
 * What an apply writes to the state, and what waits for that. A transaction costs several fsync calls, so that intents and
 * outcomes that come about within GATHER_MS of each other share one.
 *
 *     apply_begin() -> apply_submit():  intent held -> durable -> call sent
 *     apply_record() -> apply_settle(): outcome held -> durable -> change said to be done
 *
 * Invariants:
 * 1. A write that was submitted after an intent is sent when that is durable, or never. Reads wait for nothing.
 * 2. Outcomes become durable in the order in which they came, and with the intents that were held with them.
 * 3. A change is said to be done when its outcome is durable. If that fails, it is pending, as if no answer had come:
 *    its intent stays open, and the next run finds out.
 * 4. Stopping, no intent is written any more, and outcomes still are. */
#include <stdlib.h>

#include "planner/applying.h"

/** Of real time: shorter than a call takes as a rule, and longer than the answers of calls that were sent together need to
 * come in one after the other. */
#define GATHER_MS 20
/** While calls are under way, a transaction that took long is given so many times as long to gather the next, up to this:
 * then the disk is waited for about a tenth of the time, however slow it is. */
#define GATHER_TIMES 10
#define GATHER_MOST_MS 100

void apply_note_lease(struct applying *a, enum rc rc)
{
	if (!rc)
		return;
	a->is_stopping = true;
	if (rc == RC_STALE)
		a->result->is_lease_lost = true;
	else if (!a->fatal)
		a->fatal = rc;
}

static bool is_holding(const struct apply_journal *journal)
{
	return journal->outcome_count || journal->intent_count || journal->step_count;
}

/** To be called before something is held. */
static void note_time(struct applying *a)
{
	if (!is_holding(&a->journal))
		a->journal.since_ms = clock_mono_ms(&a->run->clock);
}

static int64_t gather_ms(const struct applying *a)
{
	double scale = a->run->clock.scale;
	int64_t least = (int64_t)(GATHER_MS * scale), most = (int64_t)(GATHER_MOST_MS * scale);
	int64_t wanted = a->journal.took_ms * GATHER_TIMES;

	return wanted < least ? least : wanted > most ? most : wanted;
}

int64_t apply_journal_wait_ms(const struct applying *a)
{
	const struct clock *clock = &a->run->clock;
	int64_t left_ms;

	if (!is_holding(&a->journal))
		return -1;
	left_ms = gather_ms(a) - (clock_mono_ms(clock) - a->journal.since_ms);
	return left_ms > 0 ? left_ms : 0;
}

enum rc apply_begin(struct applying *a, const char *operation, const char *address, const struct recovery_detail *detail,
		    int64_t *ret_intent)
{
	struct apply_journal *journal = &a->journal;
	struct arena *arena = a->run->arena;
	struct intent *intents = arena_grow(arena, journal->intents, journal->intent_count, &journal->intent_capacity, sizeof(*intents));
	int64_t **ids = arena_grow(arena, journal->ids, journal->intent_count, &journal->id_capacity, sizeof(int64_t *));
	struct intent intent = {.operation = operation, .address = address};
	enum rc rc;

	if (intents)
		journal->intents = intents;
	if (ids)
		journal->ids = ids;
	rc = intents && ids ? recovery_detail_write(arena, detail, &intent.detail) : RC_NOMEM;
	if (rc)
		return rc;
	note_time(a);
	ids[journal->intent_count] = ret_intent;
	intents[journal->intent_count++] = intent;
	return RC_OK;
}

enum rc apply_submit(struct applying *a, struct step *step)
{
	struct apply_journal *journal = &a->journal;
	struct step **steps;

	if (!journal->intent_count || !call_is_write(step->call.kind))
		return step->provider->vt->submit(step->provider, &step->call);
	steps = arena_grow(a->run->arena, journal->steps, journal->step_count, &journal->step_capacity, sizeof(struct step *));
	if (!steps) {
		apply_wipe_secret(step);
		return RC_NOMEM;
	}
	journal->steps = steps;
	steps[journal->step_count++] = step;
	return RC_OK;
}

enum rc apply_record(struct applying *a, const struct outcome *outcome)
{
	struct apply_journal *journal = &a->journal;
	struct outcome *outcomes =
		arena_grow(a->run->arena, journal->outcomes, journal->outcome_count, &journal->outcome_capacity, sizeof(*outcomes));

	if (!outcomes)
		return RC_NOMEM;
	note_time(a);
	journal->outcomes = outcomes;
	outcomes[journal->outcome_count++] = *outcome;
	return RC_OK;
}

enum rc apply_commit(struct applying *a, int64_t intent, struct outcome *outcome, const char *result)
{
	int64_t *copy = (void *)arena_memdup(a->run->arena, &intent, sizeof(intent));

	if (!copy)
		return RC_NOMEM;
	outcome->intents = copy;
	outcome->intent_count = intent ? 1 : 0;
	outcome->result = result;
	return apply_record(a, outcome);
}

static void count_done(struct applying *a, const struct change *change)
{
	switch (change->action) {
	case ACTION_CREATE:
		a->result->added++;
		break;
	case ACTION_UPDATE:
	case ACTION_REPLACE:
		a->result->changed++;
		break;
	case ACTION_DELETE:
		a->result->destroyed++;
		break;
	case ACTION_FORGET:
		a->result->forgotten++;
		break;
	case ACTION_RECORD:
		break;
	}
}

static void tell(struct applying *a, size_t change)
{
	enum apply_event_kind kind = APPLY_DONE;

	a->settled++;
	switch (a->states[change]) {
	case CHANGE_PENDING:
		return;
	case CHANGE_DONE:
		count_done(a, &a->plan->changes[change]);
		break;
	case CHANGE_FAILED:
		a->result->failed++;
		kind = APPLY_FAILED;
		break;
	case CHANGE_STALE:
		a->result->stale++;
		kind = APPLY_FAILED;
		break;
	case CHANGE_SKIPPED:
		a->result->skipped++;
		kind = APPLY_SKIPPED;
		break;
	case CHANGE_DEFERRED:
		a->result->deferred++;
		kind = APPLY_DEFERRED;
		break;
	}
	apply_event(a, kind, change, a->messages[change]);
}

void apply_settle(struct applying *a, size_t change, enum change_state state, const char *message)
{
	if (a->states[change] != CHANGE_PENDING)
		return;
	a->states[change] = state;
	a->messages[change] = message;
	if (a->journal.outcome_count)
		a->journal.untold[a->journal.untold_count++] = change;
	else
		tell(a, change);
}

/** @param is_durable  what was done is recorded */
static void tell_settled(struct applying *a, bool is_durable)
{
	struct apply_journal *journal = &a->journal;

	for (size_t i = 0; i < journal->untold_count; i++) {
		size_t change = journal->untold[i];

		if (is_durable || a->states[change] != CHANGE_DONE)
			tell(a, change);
		else
			a->states[change] = CHANGE_PENDING;
	}
	journal->untold_count = 0;
}

/** Outcomes and intents in one transaction. @param is_sent  false: no intent is written any more */
static enum rc write_held(struct applying *a, bool is_sent)
{
	struct apply_journal *journal = &a->journal;
	size_t outcomes = journal->outcome_count, intents = is_sent ? journal->intent_count : 0;
	struct store *store = a->in->store;
	enum rc rc;

	if (!outcomes && !intents)
		return RC_OK;
	for (size_t i = 1; i < outcomes; i++)
		journal->outcomes[i - 1].next = &journal->outcomes[i];
	rc = store->vt->commit_begin(store, outcomes ? journal->outcomes : NULL, journal->intents, intents);
	apply_note_lease(a, rc);
	for (size_t i = 0; !rc && i < intents; i++)
		*journal->ids[i] = journal->intents[i].id;
	journal->outcome_count = 0;
	if (outcomes)
		tell_settled(a, !rc);
	return rc;
}

enum rc apply_journal_write(struct applying *a)
{
	struct apply_journal *journal = &a->journal;
	int64_t began_ms = clock_mono_ms(&a->run->clock);
	size_t count = journal->step_count;
	bool is_sent = !a->is_stopping;
	enum rc rc = write_held(a, is_sent);

	journal->took_ms = clock_mono_ms(&a->run->clock) - began_ms;
	journal->intent_count = journal->step_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct step *step = journal->steps[i];

		if (is_sent && !rc)
			rc = step->provider->vt->submit(step->provider, &step->call);
		if (!is_sent || rc)
			apply_wipe_secret(step);
	}
	return rc;
}
