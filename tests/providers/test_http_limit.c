/* How far down a call may take the server's rate limit: the pure part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "providers/http_internal.h"

#define CALLS 60
#define WINDOW_S 15
#define RESERVE 24 /* 40 % */
#define SLOT_MS (WINDOW_S * 1000 / HTTP_LIMIT_SLOTS)

/* Ten windows from zero: no slot is as old as it looks. */
#define START_MS ((int64_t)10 * WINDOW_S * 1000)

struct world {
	struct provider_hooks hooks;
	struct http http;
	struct http_request requests[CALLS + 1];
	size_t begun;
};

static struct world make(int64_t reserve_percent)
{
	return (struct world){.hooks.reserve_percent = reserve_percent,
			      .http = {.policy_calls = CALLS, .policy_window_s = WINDOW_S}};
}

static struct http_request *begin(struct world *w)
{
	struct http_request *request = &w->requests[w->begun++];

	http_limit_begin(&w->http, request);
	w->http.active_count++;
	return request;
}

/** An answer that tells what is left; the call ends with it. @param left  -1: it does not tell */
static void answer(struct world *w, const struct http_request *request, int64_t left, int64_t reset_s, int64_t now_ms)
{
	char field[64];

	w->http.hooks = &w->hooks;
	snprintf(field, sizeof(field), "\"default\";r=%lld;t=%lld", (long long)left, (long long)reset_s);
	http_limit_read(&w->http, request, left < 0 ? NULL : field, now_ms);
	http_limit_end(&w->http, now_ms);
	w->http.active_count--;
}

static bool allows(struct world *w, int64_t now_ms)
{
	int64_t until_ms;

	return http_limit_allows(&w->http, now_ms, &until_ms);
}

/** How many calls may begin now, one beside the other. */
static size_t count_allowed(struct world *w, int64_t now_ms)
{
	size_t count = 0;

	while (count < CALLS && allows(w, now_ms)) {
		begin(w);
		count++;
	}
	return count;
}

static void two_calls_ask_what_the_limit_is(void **state)
{
	struct world w = make(40);
	int64_t until_ms = 0;

	(void)state;
	assert_int_equal(count_allowed(&w, START_MS), 2);
	assert_false(http_limit_allows(&w.http, START_MS, &until_ms));
	assert_int_equal(until_ms, -1);
}

static void a_server_that_tells_nothing_sets_no_limit(void **state)
{
	struct world w = make(40);

	(void)state;
	answer(&w, begin(&w), -1, 0, START_MS);
	assert_int_equal(count_allowed(&w, START_MS), CALLS);
}

static void the_reserve_is_left_to_others(void **state)
{
	struct world w = make(40);

	(void)state;
	answer(&w, begin(&w), CALLS - 1, WINDOW_S, START_MS);
	assert_int_equal(count_allowed(&w, START_MS), CALLS - 1 - RESERVE);
}

static void calls_under_way_were_not_counted_yet(void **state)
{
	struct world w = make(40);
	struct http_request *first;

	(void)state;
	answer(&w, begin(&w), CALLS - 1, WINDOW_S, START_MS);
	first = begin(&w);
	for (int i = 0; i < 9; i++)
		begin(&w);
	answer(&w, first, CALLS - 2, WINDOW_S, START_MS);
	assert_int_equal(count_allowed(&w, START_MS), CALLS - 2 - 9 - RESERVE);
}

static void what_others_use_comes_out_of_their_reserve(void **state)
{
	static const struct {
		int64_t left, allowed;
	} cases[] = {
		{49, 49 - (RESERVE - 10)}, /* ten were others' */
		{41, 41 - RESERVE / 4},	   /* 18: a quarter of the reserve stays */
		{20, 20 - RESERVE / 4},
		{RESERVE / 4, 0},
		{0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world w = make(40);

		answer(&w, begin(&w), cases[i].left, WINDOW_S, START_MS);
		assert_int_equal(count_allowed(&w, START_MS), cases[i].allowed);
	}
}

/** Spread over the window, so that slots come into it. @return when the last one ended */
static int64_t make_calls(struct world *w, int64_t count, int64_t now_ms)
{
	for (int64_t i = 0; i < count; i++, now_ms += SLOT_MS)
		answer(w, begin(w), CALLS - 1 - i, WINDOW_S, now_ms);
	return now_ms;
}

static void own_calls_are_not_taken_for_others(void **state)
{
	struct world w = make(40);
	int64_t now_ms = make_calls(&w, 10, START_MS);

	(void)state;
	answer(&w, begin(&w), CALLS - 11, WINDOW_S, now_ms);
	assert_int_equal(count_allowed(&w, now_ms), CALLS - 11 - RESERVE);
}

static void own_calls_of_an_earlier_window_count_no_more(void **state)
{
	struct world w = make(40);
	int64_t now_ms = make_calls(&w, 10, START_MS) + WINDOW_S * 1000 + 2 * SLOT_MS;

	(void)state;
	/* Eleven are used, one of them ours. */
	answer(&w, begin(&w), CALLS - 11, WINDOW_S, now_ms);
	assert_int_equal(count_allowed(&w, now_ms), CALLS - 11 - (RESERVE - 10));
}

static void a_slot_is_emptied_before_it_is_used_again(void **state)
{
	struct world w = make(40);
	int64_t now_ms = START_MS + (HTTP_LIMIT_SLOTS + 3) * SLOT_MS;

	(void)state;
	for (int i = 0; i < 10; i++)
		answer(&w, begin(&w), CALLS - 1 - i, WINDOW_S, START_MS);
	answer(&w, begin(&w), CALLS - 1, WINDOW_S, now_ms);
	/* Twelve are used, two of them ours. */
	answer(&w, begin(&w), CALLS - 12, WINDOW_S, now_ms);
	assert_int_equal(count_allowed(&w, now_ms), CALLS - 12 - (RESERVE - 10));
}

static void own_calls_count_as_long_as_the_server_may_count_them(void **state)
{
	struct world w = make(40);
	int64_t now_ms = START_MS + WINDOW_S * 1000 + 2 * SLOT_MS - 1;

	(void)state;
	answer(&w, begin(&w), CALLS - 1, WINDOW_S, START_MS);
	answer(&w, begin(&w), CALLS - 2, WINDOW_S, now_ms);
	assert_int_equal(count_allowed(&w, now_ms), CALLS - 2 - RESERVE);
}

static void answers_may_overtake_each_other(void **state)
{
	struct world w = make(0);
	struct http_request *first, *second, *third;

	(void)state;
	answer(&w, begin(&w), 40, WINDOW_S, START_MS);
	first = begin(&w);
	second = begin(&w);
	third = begin(&w);
	answer(&w, first, 37, WINDOW_S, START_MS);
	answer(&w, third, 39, WINDOW_S, START_MS);
	answer(&w, second, 38, WINDOW_S, START_MS);
	assert_int_equal(count_allowed(&w, START_MS), 37);
	/* One that began later tells of a new window. */
	for (size_t i = 4; i < w.begun; i++)
		answer(&w, &w.requests[i], 0, 0, START_MS);
	answer(&w, begin(&w), 59, WINDOW_S, START_MS);
	assert_true(allows(&w, START_MS));
}

static void when_nothing_is_left_one_call_asks_again(void **state)
{
	struct world w = make(40);
	struct http_request *late;
	int64_t until_ms = 0;

	(void)state;
	late = begin(&w);
	answer(&w, begin(&w), 0, 9, START_MS);
	/* The answer to the one under way may tell more. */
	assert_false(http_limit_allows(&w.http, START_MS + 9000, &until_ms));
	assert_int_equal(until_ms, -1);
	answer(&w, late, 0, 9, START_MS);
	assert_false(http_limit_allows(&w.http, START_MS, &until_ms));
	assert_int_equal(until_ms, START_MS + 9000);
	assert_false(allows(&w, START_MS + 8999));
	assert_int_equal(count_allowed(&w, START_MS + 9000), 1);
}

static void asking_again_takes_no_more_than_half_of_the_reserve(void **state)
{
	static const struct {
		int64_t percent, reset_s, wait_ms;
	} cases[] = {
		{40, 1, WINDOW_S * 1000 * 2 / (RESERVE / 4)},
		{40, 0, WINDOW_S * 1000 * 2 / (RESERVE / 4)},
		{40, 9, 9000},
		{0, 0, 1000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world w = make(cases[i].percent);
		int64_t until_ms = 0;

		answer(&w, begin(&w), 0, cases[i].reset_s, START_MS);
		assert_false(http_limit_allows(&w.http, START_MS, &until_ms));
		assert_int_equal(until_ms, START_MS + cases[i].wait_ms);
	}
}

/* Whatever an answer says, a call waits no longer than it would for a refusal. */
static void a_wait_has_an_end(void **state)
{
	static const int64_t resets_s[] = {HTTP_RATE_WAIT_MAX_MS / 1000 + 1, INT32_MAX, INT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(resets_s) / sizeof(resets_s[0]); i++) {
		struct world w = make(40);
		int64_t until_ms = 0;

		answer(&w, begin(&w), 0, resets_s[i], START_MS);
		assert_false(http_limit_allows(&w.http, START_MS, &until_ms));
		assert_int_equal(until_ms, START_MS + HTTP_RATE_WAIT_MAX_MS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_calls_ask_what_the_limit_is),
		cmocka_unit_test(a_server_that_tells_nothing_sets_no_limit),
		cmocka_unit_test(the_reserve_is_left_to_others),
		cmocka_unit_test(calls_under_way_were_not_counted_yet),
		cmocka_unit_test(what_others_use_comes_out_of_their_reserve),
		cmocka_unit_test(own_calls_are_not_taken_for_others),
		cmocka_unit_test(own_calls_of_an_earlier_window_count_no_more),
		cmocka_unit_test(a_slot_is_emptied_before_it_is_used_again),
		cmocka_unit_test(own_calls_count_as_long_as_the_server_may_count_them),
		cmocka_unit_test(answers_may_overtake_each_other),
		cmocka_unit_test(when_nothing_is_left_one_call_asks_again),
		cmocka_unit_test(asking_again_takes_no_more_than_half_of_the_reserve),
		cmocka_unit_test(a_wait_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
