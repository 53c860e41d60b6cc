/** @file The budget of API calls: from the store that processes share, else counted here. */
#include "cli/session_budget.h"

#include <string.h>

#include "base/str.h"

#define SLOTS 30
/* Each taking is a transaction of the store, as long as several calls: a small run takes once, and leaves some of it unused. */
#define AHEAD_CALLS 64
#define AHEAD_PART 100 /* of the budget, one in so many: what one run leaves unused is not missed by others */

struct budget {
	struct session *session;
	struct provider *provider;
	int64_t limit, window_ms;
	struct store *store;          /**< opened for this alone */
	char *ahead_key;              /**< what the calls that were taken ahead belong to */
	int64_t ahead_calls;          /**< of these, those not handed out */
	bool is_alone;                /**< no store to share it with: slots count what this process does */
	struct {
		int64_t start_ms, calls;
	} slots[SLOTS + 2];           /**< by start, in a ring */
};

/** What the limit belongs to: host and account. */
static char *make_key(struct session *session, const char *url, const char *account_id)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	return arena_printf(session->run.arena, "%.*s/%s", (int)strcspn(host, "/"), host, str_or_empty(account_id));
}

/** Count in this process: a slot is forgotten when the window has passed its end. */
static void take_alone(struct budget *budget, int64_t want, struct budget_grant *grant)
{
	int64_t slot_ms = budget->window_ms / SLOTS > 0 ? budget->window_ms / SLOTS : 1;
	int64_t now = clock_mono_ms(&budget->session->run.clock), start = now - now % slot_ms;
	int64_t used = 0, oldest = INT64_MAX;
	size_t present = (size_t)(start / slot_ms) % (SLOTS + 2);

	if (budget->slots[present].start_ms != start) {
		budget->slots[present].start_ms = start;
		budget->slots[present].calls = 0;
	}
	for (size_t i = 0; i < SLOTS + 2; i++) {
		if (!budget->slots[i].calls || budget->slots[i].start_ms + slot_ms + budget->window_ms <= now)
			continue;
		used += budget->slots[i].calls;
		oldest = budget->slots[i].start_ms < oldest ? budget->slots[i].start_ms : oldest;
	}
	grant->calls = budget->limit - used < want ? budget->limit - used : want;
	if (grant->calls > 0)
		budget->slots[present].calls += grant->calls;
	else
		*grant = (struct budget_grant){ .wait_ms = oldest + slot_ms + budget->window_ms - now };
}

static int64_t calls_ahead(const struct budget *budget, int64_t want)
{
	int64_t ahead = budget->limit / AHEAD_PART < AHEAD_CALLS ? budget->limit / AHEAD_PART : AHEAD_CALLS;

	return want > ahead ? want : ahead;
}

/** The session's own store when it may write, else one opened for the budget alone. */
static enum rc take_shared(struct budget *budget, const char *key, int64_t want, struct budget_grant *grant)
{
	struct session *session = budget->session;
	const struct store_options options = { .project = session->project.name, .budget_only = true };
	struct budget_request request = { .account = key, .want = calls_ahead(budget, want), .limit = budget->limit,
					  .window_ms = budget->window_ms };
	enum rc rc = request.account ? RC_OK : RC_NOMEM;

	if (!rc && !budget->store)
		rc = store_open(&session->run, session->state_location, &options, &budget->store);
	return rc ? rc : budget->store->vt->budget_take(budget->store, &request, grant);
}

/** A store that cannot be asked must not stop the run: what cannot be shared is kept to alone. */
static void take_calls(void *context, int64_t want, int64_t *ret_calls, int64_t *ret_wait_ms)
{
	struct budget *budget = context;
	struct budget_grant grant = { 0 };

	*ret_calls = budget->ahead_calls;
	*ret_wait_ms = 0;
	budget->ahead_calls = 0;
	if (*ret_calls)
		return;
	if (!budget->is_alone &&
	    take_shared(budget, make_key(budget->session, budget->provider->url, budget->provider->account_id), want, &grant))
		budget->is_alone = true;
	if (budget->is_alone)
		take_alone(budget, want, &grant);
	*ret_calls = grant.calls;
	*ret_wait_ms = grant.wait_ms;
}

static struct budget *new_budget(struct session *session)
{
	const struct budget_config *config = &session->project.budget;
	struct budget *budget = arena_alloc(session->run.arena, sizeof(*budget));
	int64_t limit = config->calls * config->share_percent / 100;

	if (!budget)
		return NULL;
	budget->session = session;
	budget->limit = limit > 0 ? limit : 1;
	budget->window_ms = config->window_ms;
	budget->is_alone = !session->state_location;
	return budget;
}

enum rc budget_ahead(struct session *session, const struct account *account, struct budget **ret_budget)
{
	struct budget_grant grant = { 0 };
	struct budget *budget = new_budget(session);

	if (!budget)
		return RC_NOMEM;
	budget->ahead_key = make_key(session, account->url, account->account_id);
	if (!budget->ahead_key)
		return RC_NOMEM;
	if (!budget->is_alone && take_shared(budget, budget->ahead_key, 1, &grant))
		budget->is_alone = true;
	budget->ahead_calls = grant.calls;
	*ret_budget = budget;
	return RC_OK;
}

enum rc budget_attach(struct session *session, struct provider *provider, struct budget **budget)
{
	const struct budget_config *config = &session->project.budget;
	const char *key = make_key(session, provider->url, provider->account_id);

	if (!*budget)
		*budget = new_budget(session);
	if (!*budget || !key)
		return RC_NOMEM;
	/* The URL may mean another host than it says, as "cnap" does. */
	if (!str_eq((*budget)->ahead_key, key))
		(*budget)->ahead_calls = 0;
	(*budget)->provider = provider;
	provider->hooks.reserve_percent = 100 - config->share_percent;
	provider->hooks.take_calls = take_calls;
	provider->hooks.budget_context = *budget;
	return RC_OK;
}

void budget_close(struct budget *budget)
{
	if (budget && budget->store)
		budget->store->vt->close(budget->store);
}
