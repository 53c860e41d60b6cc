/* What the server says is left of its rate limit, and how far down a call may take it.
 *
 * Others use the same limit: people, other tools. A reserve is left to them, less what they are seen to use, and never
 * less than a quarter of it. Calls under way were not counted yet when an answer was made, so they count as used. When
 * nothing may be sent and nothing is under way, one call asks again once the server said that more will be left. */
#include "providers/http_internal.h"

#define LEAST_RESERVE 4 /* of the reserve that is kept, whatever others use: one in so many */
#define FIRST_CALLS 2   /* before anything is told: the two lists that a run begins with */

static int64_t slot_ms(const struct http *http)
{
	int64_t ms = http->policy_window_s * 1000 / HTTP_LIMIT_SLOTS;

	return ms > 0 ? ms : 1;
}

void http_limit_begin(struct http *http, struct http_request *request)
{
	request->own.start = ++http->limit.started;
	if (http->limit.is_told)
		http->limit.left--;
}

void http_limit_end(struct http *http, int64_t now_ms)
{
	struct http_limit *limit = &http->limit;
	int64_t start_ms = now_ms - now_ms % slot_ms(http);
	size_t slot = (size_t)(start_ms / slot_ms(http)) % (HTTP_LIMIT_SLOTS + 3);

	if (limit->slots[slot].start_ms != start_ms)
		limit->slots[slot].calls = 0;
	limit->slots[slot].start_ms = start_ms;
	limit->slots[slot].calls++;
}

/** Calls of this process in the window that ends now, by when they ended, which is after the server counted them: what is
 * not known to be another's counts as one's own, which keeps the whole reserve. */
static int64_t own_calls(const struct http *http, int64_t now_ms)
{
	int64_t count = (int64_t)http->active_count;

	for (size_t i = 0; i < HTTP_LIMIT_SLOTS + 3; i++)
		if (http->limit.slots[i].start_ms + http->policy_window_s * 1000 + 2 * slot_ms(http) > now_ms)
			count += http->limit.slots[i].calls;
	return count;
}

/** How many calls are left to others. */
static int64_t floor_of(const struct http *http, int64_t left, int64_t now_ms)
{
	int64_t reserve = http->policy_calls * http->hooks->reserve_percent / 100;
	int64_t others = http->policy_calls - left - own_calls(http, now_ms);
	int64_t floor = others > 0 ? reserve - others : reserve;

	return floor > reserve / LEAST_RESERVE ? floor : reserve / LEAST_RESERVE;
}

/** Answers may overtake each other: of calls that were under way together the one that saw least was counted last. */
static int64_t newest(struct http_limit *limit, const struct http_request *request, int64_t left)
{
	bool is_newer = !limit->is_told || request->own.start > limit->seen_at;

	if (!is_newer && left > limit->seen)
		return limit->seen;
	limit->seen = left;
	limit->seen_at = limit->started;
	return left;
}

void http_limit_read(struct http *http, const struct http_request *request, const char *ratelimit, int64_t now_ms)
{
	struct http_limit *limit = &http->limit;
	int64_t left, reset_s, floor, least_ms, wait_ms;

	limit->is_answered = true;
	if (!http_ratelimit_left(ratelimit, &left, &reset_s))
		return;
	left = newest(limit, request, left);
	limit->is_told = true;
	/* The call that was answered is still among those under way. */
	floor = floor_of(http, left, now_ms);
	limit->left = left - floor - ((int64_t)http->active_count - 1);
	/* Asking again costs a call, too: at most half of what is left to others goes there in a window. */
	least_ms = floor > 0 ? http->policy_window_s * 1000 * 2 / floor : 1000;
	wait_ms = reset_s < HTTP_RATE_WAIT_MAX_MS / 1000 ? reset_s * 1000 : HTTP_RATE_WAIT_MAX_MS;
	limit->reset_ms = now_ms + (wait_ms > least_ms ? wait_ms : least_ms);
}

bool http_limit_allows(struct http *http, int64_t now_ms, int64_t *ret_until_ms)
{
	struct http_limit *limit = &http->limit;

	*ret_until_ms = -1;
	if (!limit->is_answered)
		return http->active_count < FIRST_CALLS;
	if (!limit->is_told || limit->left > 0)
		return true;
	if (http->active_count)
		return false;
	if (limit->reset_ms > now_ms) {
		*ret_until_ms = limit->reset_ms;
		return false;
	}
	limit->left = 1;
	return true;
}
