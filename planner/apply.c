/* The driver of an apply: calls under way, lease, journal, and the order of the phases.
 *
 * Invariants:
 * 1. A write is journaled before it is sent, and its outcome and state row are recorded in one transaction after it.
 *    Steps of one operation (a deletion's three calls) share an intent. What of both comes about at the same time shares
 *    a transaction: apply_journal.c.
 * 2. Once the lease is lost, or the user interrupted, nothing new is sent; what is under way is collected and recorded.
 * 3. A change is settled once: done, failed, skipped, stale or deferred.
 * 4. Just before a write its object is read and compared with what the plan expects (a creation's by the API itself: its
 *    name must be free). What changed is stale, with all that depends on it; the rest goes on.
 * 5. What the answer shows is compared with what was sent. An answer that was lost is replaced by reading again.
 * 6. What an earlier run left open is closed before anything is begun, as judged by a live read after that run.
 *
 *     pending --> stale                              its object is not as expected
 *        |------> skipped                            what it depends on is stale or failed; or the run stops
 *        |------> deferred                           it must wait: a connector, a CNAME that still points here
 *        +--> intent --> call --> outcome --> done   as sent
 *                                        +--> failed the API's words, or the answer is not what was sent */
#include "planner/apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "planner/applying.h"
#include "planner/document.h"

#define HEARTBEAT_MS 10000

struct step *apply_step(struct applying *a, struct provider *provider, enum call_kind kind,
			enum rc (*done)(struct applying *, struct step *))
{
	struct step *step = arena_alloc(a->run->arena, sizeof(*step));

	if (!step)
		return NULL;
	step->call.kind = kind;
	step->call.arena = a->run->arena;
	step->call.user = step;
	step->provider = provider;
	step->done = done;
	return step;
}

/** Keep the lease, and notice an interruption. */
static void look_around(struct applying *a)
{
	int64_t now = clock_mono_ms(&a->run->clock);

	if (run_is_interrupted(a->run) && !a->is_stopping) {
		a->is_stopping = true;
		a->result->is_interrupted = true;
	}
	if (now - a->heartbeat_ms < HEARTBEAT_MS)
		return;
	a->heartbeat_ms = now;
	apply_note_lease(a, a->in->store->vt->heartbeat(a->in->store));
}

/** Just before a write is sent. A process that was stopped for longer than its lease lasts must not go on writing. */
static enum rc may_write(void *context)
{
	struct applying *a = context;

	look_around(a);
	return a->result->is_lease_lost ? RC_STALE : a->fatal;
}

static void watch_writes(struct applying *a, bool is_on)
{
	for (size_t i = 0; i < a->in->provider_count; i++) {
		a->in->providers[i]->hooks.may_write = is_on ? may_write : NULL;
		a->in->providers[i]->hooks.write_context = is_on ? a : NULL;
	}
}

static enum rc collect(struct applying *a, struct provider *provider, int64_t timeout_ms)
{
	struct call *call = NULL;
	volatile int *interrupted = a->run->interrupted;
	enum rc rc;

	/* Stopping, every provider drops what it has not sent; writes under way are still collected, because their outcome
	 * must reach the state. */
	if (a->is_stopping)
		a->run->interrupted = &a->stop;
	rc = provider->vt->next(provider, timeout_ms, &call);
	a->run->interrupted = interrupted;
	look_around(a);
	if (rc == RC_TIMEOUT || rc == RC_CANCELLED || rc == RC_NOTFOUND)
		return RC_OK;
	if (rc)
		return rc;
	struct step *step = call->user;
	return step->done(a, step);
}

static size_t count_busy(const struct applying *a)
{
	size_t busy = 0;

	for (size_t i = 0; i < a->in->provider_count; i++)
		busy += a->in->providers[i]->vt->pending(a->in->providers[i]) > 0;
	return busy;
}

/** A call of each account that has some under way. */
static enum rc collect_round(struct applying *a, size_t busy)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < a->in->provider_count; i++) {
		struct provider *provider = a->in->providers[i];
		/* Several accounts take turns; one alone may wait as long as the lease allows. */
		int64_t wait_ms = busy > 1 ? 20 : HEARTBEAT_MS / 2, held_ms = apply_journal_wait_ms(a);

		if (provider->vt->pending(provider))
			rc = collect(a, provider, held_ms >= 0 && held_ms < wait_ms ? held_ms : wait_ms);
	}
	return rc;
}

enum rc apply_drain(struct applying *a)
{
	for (;;) {
		size_t busy = count_busy(a);
		int64_t held_ms = apply_journal_wait_ms(a);
		enum rc rc = RC_OK;

		if (held_ms == 0 || (held_ms > 0 && !busy))
			rc = apply_journal_write(a);
		else if (!busy)
			return RC_OK;
		else
			rc = collect_round(a, busy);
		if (rc) {
			a->is_stopping = true;
			return apply_journal_write(a) == RC_NOMEM ? RC_NOMEM : rc;
		}
	}
}

enum rc apply_wait(struct applying *a, int64_t ms)
{
	int64_t until = clock_mono_ms(&a->run->clock) + ms;

	while (!a->is_stopping) {
		int64_t left = until - clock_mono_ms(&a->run->clock);

		if (left <= 0)
			break;
		clock_sleep_ms(&a->run->clock, left < 200 ? left : 200);
		look_around(a);
	}
	return RC_OK;
}

void apply_event(struct applying *a, enum apply_event_kind kind, size_t change, const char *message)
{
	struct apply_event event = {.kind = kind, .message = message, .done = a->settled, .total = a->plan->change_count};

	if (!a->in->options->on_event)
		return;
	if (kind != APPLY_WAITING && kind != APPLY_NOTE)
		event.change = &a->plan->changes[change];
	a->in->options->on_event(a->in->options->context, &event);
}

const char *apply_explain(struct applying *a, const struct call *call)
{
	const char *text = str_is_empty(call->message) ? rc_name(call->rc) : call->message;

	if (call->needs)
		text = arena_printf(a->run->arena, "%s: %s; the token needs %s", call_kind_text(call->kind), text, call->needs);
	else
		text = arena_printf(a->run->arena, "%s: %s", call_kind_text(call->kind), text);
	return text ? text : "out of memory";
}

struct provider *apply_provider(struct applying *a, const char *account)
{
	for (size_t i = 0; i < a->in->provider_count; i++)
		if (str_eq(a->in->providers[i]->account, account))
			return a->in->providers[i];
	return NULL;
}

struct recorded apply_recorded(struct applying *a, const struct change *change, const struct resource *resource, const char *id)
{
	struct recorded recorded = {.account_id = change->account_id, .zone_id = change->zone_id,
				    .prior_comment = change->prior_comment, .is_protected = change->is_protected,
				    .retired_ms = change->retired_ms};
	struct resource *copy = (void *)arena_memdup(a->run->arena, resource, sizeof(*resource));
	const struct recorded *before = map_get(&a->in->recorded->by_address, change->address);

	if (copy) {
		copy->id = id ? id : change->before ? change->before->id : resource->id;
		recorded.resource = copy;
	}
	if (!recorded.prior_comment && before)
		recorded.prior_comment = before->prior_comment;
	return recorded;
}

/** The zones of CNAMEs that are recorded without a call, as other CNAMEs' are recorded with theirs. */
static enum rc zone_rows(struct applying *a, struct outcome *outcome)
{
	struct recorded_zone *rows = NULL, *grown;
	size_t capacity = 0, count = 0;
	struct map taken;
	enum rc rc = RC_OK;

	map_init(&taken, a->run->arena);
	for (size_t i = 0; !rc && i < a->plan->change_count; i++) {
		const struct change *change = &a->plan->changes[i];
		bool is_cname = change->kind == RESOURCE_CNAME && change->action == ACTION_RECORD && change->zone_id;
		const struct live_account *account = is_cname ? live_account(a->in->live, change->after->u.cname.account) : NULL;
		const struct live_zone_records *zone = account ? map_get(&account->zone_by_id, change->zone_id) : NULL;

		if (!zone || map_get(&taken, change->zone_id))
			continue;
		grown = arena_grow(a->run->arena, rows, count, &capacity, sizeof(*rows));
		if (!grown)
			return RC_NOMEM;
		rows = grown;
		rows[count++] = (struct recorded_zone){.account = account->account, .zone_id = zone->zone.id,
						       .name = zone->zone.name, .plan = zone->zone.plan};
		rc = map_put(&taken, change->zone_id, a, NULL);
	}
	outcome->zones = rows;
	outcome->zone_count = count;
	return rc;
}

/** What only the state learns: live is as desired already, or the thing is gone. */
enum rc apply_state_changes(struct applying *a)
{
	const struct plan *plan = a->plan;
	struct recorded *upserts = arena_array(a->run->arena, plan->change_count, sizeof(*upserts));
	const char **removals = arena_array(a->run->arena, plan->change_count, sizeof(const char *));
	const char **closed = arena_array(a->run->arena, plan->tunnel_count, sizeof(const char *));
	struct outcome outcome = {.upserts = upserts, .removals = removals, .gateway_removals = closed};
	enum rc rc;

	if (!upserts || !removals || !closed)
		return RC_NOMEM;
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct change *change = &plan->changes[i];

		if (change->action == ACTION_FORGET)
			removals[outcome.removal_count++] = change->address;
		if (change->action != ACTION_RECORD)
			continue;
		/* Its Gateway is gone: there is nothing that other projects could contribute to. */
		if (change->retired_ms)
			closed[outcome.gateway_removal_count++] = change->address;
		upserts[outcome.upsert_count] = apply_recorded(a, change, change->after, NULL);
		if (!upserts[outcome.upsert_count++].resource)
			return RC_NOMEM;
	}
	if (!outcome.upsert_count && !outcome.removal_count)
		return RC_OK;
	rc = zone_rows(a, &outcome);
	if (!rc)
		rc = apply_share_recorded(a, &outcome);
	if (!rc)
		rc = apply_commit(a, 0, &outcome, "ok");
	for (size_t i = 0; !rc && i < plan->change_count; i++)
		if (plan->changes[i].action == ACTION_FORGET || plan->changes[i].action == ACTION_RECORD)
			apply_settle(a, i, CHANGE_DONE, NULL);
	return rc;
}

/** Operations of an earlier run that was interrupted: live was read after it ended, so their outcome is known. */
static enum rc resolve_intents(struct applying *a)
{
	size_t count = 0;
	int64_t *ids = arena_array(a->run->arena, a->in->recovery_count, sizeof(*ids));
	enum rc rc = RC_OK;

	if (!ids)
		return RC_NOMEM;
	for (size_t i = 0; i < a->in->recovery_count; i++)
		if (a->in->recoveries[i].finding != RECOVERY_UNSEEN)
			ids[count++] = a->in->recoveries[i].intent;
	struct outcome outcome = {.intents = ids, .intent_count = count, .result = "resolved by reading live"};

	if (count)
		rc = apply_record(a, &outcome);
	if (!rc)
		rc = apply_journal_write(a);
	if (!rc) {
		a->result->recoveries = a->in->recoveries;
		a->result->recovery_count = a->in->recovery_count;
	}
	return rc;
}

static enum rc open_tunnels(struct applying *a)
{
	const struct plan *plan = a->plan;
	enum rc rc = RC_OK;

	map_init(&a->tunnel_by_address, a->run->arena);
	a->tunnels = arena_array(a->run->arena, plan->tunnel_count, sizeof(*a->tunnels));
	if (!a->tunnels)
		return RC_NOMEM;
	for (size_t i = 0; !rc && i < plan->tunnel_count; i++) {
		struct apply_tunnel *tunnel = &a->tunnels[a->tunnel_count++];

		tunnel->plan = plan->tunnels[i];
		tunnel->id = tunnel->plan->id;
		tunnel->expected = tunnel->plan->expected;
		tunnel->expected_slice = tunnel->plan->slice;
		tunnel->version = -1;
		tunnel->provider = apply_provider(a, tunnel->plan->account);
		map_init(&tunnel->keep, a->run->arena);
		plan_rule_range(plan, tunnel->plan->address, &tunnel->first_rule, &tunnel->end_rule);
		tunnel->change = plan_change_find(plan, tunnel->plan->address);
		if (!tunnel->provider) {
			tunnel->is_broken = true;
			tunnel->why_broken = "its account is not part of the project";
		}
		rc = map_put(&a->tunnel_by_address, tunnel->plan->address, tunnel, NULL);
	}
	return rc;
}

static size_t count_pending(const struct applying *a)
{
	size_t count = 0;

	for (size_t i = 0; i < a->in->provider_count; i++)
		count += a->in->providers[i]->vt->pending(a->in->providers[i]);
	return count;
}

/** The store failed: what is under way is still collected, so that nothing is left half heard. */
static void collect_rest(struct applying *a)
{
	size_t pending = count_pending(a), before = pending + 1;

	a->is_stopping = true;
	for (; pending && pending < before; pending = count_pending(a)) {
		before = pending;
		if (!apply_drain(a))
			return;
	}
}

/** Whatever is still open when the phases are through was never started. */
static void settle_rest(struct applying *a)
{
	const char *why = a->result->is_interrupted ? "interrupted" : a->result->is_lease_lost ? "the lease was lost" :
			  a->fatal ? "the state cannot be reached" : "not started";

	for (size_t i = 0; i < a->plan->change_count; i++)
		apply_settle(a, i, CHANGE_SKIPPED, why);
}

enum rc apply_plan(struct run *run, const struct apply_input *input, struct apply_result *ret_result)
{
	static enum rc (*const phases[])(struct applying *) = {
		resolve_intents, apply_state_changes, apply_tunnel_creations, apply_first_puts, apply_gate,
		apply_dns,       apply_second_puts,   apply_tunnel_deletions,
		apply_share_leave,
	};
	struct applying a = {.run = run, .in = input, .plan = input->plan, .result = ret_result, .stop = 1};
	enum rc rc;

	memset(ret_result, 0, sizeof(*ret_result));
	a.states = arena_array(run->arena, input->plan->change_count, sizeof(*a.states));
	a.messages = arena_array(run->arena, input->plan->change_count, sizeof(const char *));
	a.journal.untold = arena_array(run->arena, input->plan->change_count, sizeof(*a.journal.untold));
	a.heartbeat_ms = clock_mono_ms(&run->clock);
	if (!a.states || !a.messages || !a.journal.untold)
		return RC_NOMEM;
	ret_result->states = a.states;
	ret_result->messages = a.messages;
	watch_writes(&a, true);
	rc = open_tunnels(&a);
	for (size_t i = 0; !rc && i < sizeof(phases) / sizeof(phases[0]) && !a.is_stopping; i++) {
		look_around(&a);
		rc = phases[i](&a);
		if (!rc)
			rc = apply_drain(&a);
	}
	if (rc)
		a.is_stopping = true;
	/* What a phase that failed had not said yet, or was about to send. */
	if (rc && apply_journal_write(&a) != RC_NOMEM && rc != RC_NOMEM)
		collect_rest(&a);
	watch_writes(&a, false);
	apply_share_unlock(&a);
	settle_rest(&a);
	return rc ? rc : a.fatal;
}
