/* When a request is sent again: the pure part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "providers/http_retry.h"

static void endings(void **state)
{
	static const struct {
		CURLcode code;
		int status;
		bool was_sent, is_too_large;
		enum http_fault fault;
		enum rc rc;
	} cases[] = {
		{CURLE_OK, 200, true, false, HTTP_FAULT_NONE, RC_OK},
		{CURLE_OK, 302, true, false, HTTP_FAULT_NONE, RC_OK},
		{CURLE_OK, 400, true, false, HTTP_FAULT_NONE, RC_OK},
		{CURLE_OK, 409, true, false, HTTP_FAULT_NONE, RC_OK},
		{CURLE_OK, 501, true, false, HTTP_FAULT_NONE, RC_OK},
		{CURLE_OK, 408, true, false, HTTP_FAULT_SERVER, RC_OK},
		{CURLE_OK, 500, true, false, HTTP_FAULT_SERVER, RC_OK},
		{CURLE_OK, 502, true, false, HTTP_FAULT_SERVER, RC_OK},
		{CURLE_OK, 503, true, false, HTTP_FAULT_SERVER, RC_OK},
		{CURLE_OK, 504, true, false, HTTP_FAULT_SERVER, RC_OK},
		{CURLE_OK, 522, true, false, HTTP_FAULT_SERVER, RC_OK},
		{CURLE_OK, 429, true, false, HTTP_FAULT_RATE, RC_OK},
		{CURLE_COULDNT_CONNECT, 0, false, false, HTTP_FAULT_UNSENT, RC_UNAVAILABLE},
		{CURLE_COULDNT_RESOLVE_HOST, 0, false, false, HTTP_FAULT_UNSENT, RC_UNAVAILABLE},
		{CURLE_OPERATION_TIMEDOUT, 0, false, false, HTTP_FAULT_UNSENT, RC_TIMEOUT},
		{CURLE_OPERATION_TIMEDOUT, 0, true, false, HTTP_FAULT_LOST, RC_TIMEOUT},
		{CURLE_RECV_ERROR, 0, true, false, HTTP_FAULT_LOST, RC_UNAVAILABLE},
		{CURLE_RECV_ERROR, 0, false, false, HTTP_FAULT_UNSENT, RC_UNAVAILABLE},
		{CURLE_PARTIAL_FILE, 200, true, false, HTTP_FAULT_LOST, RC_UNAVAILABLE},
		{CURLE_GOT_NOTHING, 0, true, false, HTTP_FAULT_LOST, RC_UNAVAILABLE},
		{CURLE_WRITE_ERROR, 200, true, true, HTTP_FAULT_FINAL, RC_LIMIT},
		{CURLE_PEER_FAILED_VERIFICATION, 0, false, false, HTTP_FAULT_FINAL, RC_UNAVAILABLE},
		{CURLE_OUT_OF_MEMORY, 0, false, false, HTTP_FAULT_FINAL, RC_NOMEM},
		{CURLE_BAD_FUNCTION_ARGUMENT, 0, false, false, HTTP_FAULT_FINAL, RC_UNAVAILABLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_ending ending =
			http_ending_of(cases[i].code, cases[i].status, cases[i].was_sent, cases[i].is_too_large);

		if (ending.fault != cases[i].fault || ending.rc != cases[i].rc)
			fail_msg("case %zu: curl %d, status %d: fault %d, rc %d", i, (int)cases[i].code, cases[i].status,
				 (int)ending.fault, (int)ending.rc);
	}
}

static void backoff_doubles_up_to_its_maximum(void **state)
{
	static const int64_t full_ms[] = {500, 1000, 2000, 4000, 8000, 8000, 8000};
	struct clock clock;
	bool has_jitter = false;

	(void)state;
	clock_init(&clock);
	for (unsigned tries = 0; tries < 7; tries++) {
		for (int repeat = 0; repeat < 50; repeat++) {
			int64_t wait_ms = http_backoff_ms(&clock, tries);

			assert_in_range(wait_ms, full_ms[tries] * 3 / 4, full_ms[tries]);
			has_jitter |= wait_ms < full_ms[tries];
		}
	}
	assert_true(has_jitter);
	assert_in_range(http_backoff_ms(&clock, 4000000000u), 6000, 8000);
}

static void retry_after(void **state)
{
	static const struct {
		const char *value;
		int64_t wait_ms;
	} cases[] = {
		{NULL, 0},        {"", 0},         {"0", 0},
		{"7", 7000},      {"-3", 0},       {"soon", 0},
		{"3.5", 0},       {"86400", 86400000}, {"99999999999", (int64_t)INT32_MAX * 1000},
		{"Fri, 31 Dec 1999 23:59:59 GMT", 0},
	};
	char date[64];
	struct clock clock;
	time_t later;
	struct tm tm;

	(void)state;
	clock_init(&clock);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(http_retry_after_ms(&clock, cases[i].value), cases[i].wait_ms);
	later = (time_t)(clock_wall_ms(&clock) / 1000) + 90;
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&later, &tm));
	assert_in_range(http_retry_after_ms(&clock, date), 80000, 90000);
}

static void ratelimit(void **state)
{
	static const struct {
		const char *value;
		int64_t wait_ms;
	} cases[] = {
		{NULL, 0},
		{"", 0},
		{"\"default\";r=50;t=30", 0},
		{"\"default\";r=0;t=30", 30000},
		{"\"default\"; r=0; t=30", 30000},
		{"\"default\";t=30;r=0", 30000},
		{"\"default\";r=0", 0},
		{"\"default\";r=;t=30", 0},
		{"\"default\";r=05;t=30", 0},
		{"\"a\";r=0;t=5, \"b\";r=0;t=60, \"c\";r=9;t=300", 60000},
		{"\"a\";r=0,\"b\";t=60", 0},
		{";;;,,,===r=0", 0},
		{"\"x\";r=0;t=99999999999999999999", (int64_t)INT32_MAX * 1000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (http_ratelimit_wait_ms(cases[i].value) != cases[i].wait_ms)
			fail_msg("%s: %lld", cases[i].value, (long long)http_ratelimit_wait_ms(cases[i].value));
}

static void ratelimit_left(void **state)
{
	static const struct {
		const char *value;
		int64_t left, reset_s; /* left -1: nothing is told */
	} cases[] = {
		{"\"default\";r=50;t=30", 50, 30},
		{"\"default\"; r=0; t=7", 0, 7},
		{"\"default\";t=30;r=12", 12, 30},
		/* the limit that is nearest to its end, in any order */
		{"\"a\";r=50;t=30, \"b\";r=3;t=5", 3, 5},
		{"\"a\";r=3;t=5,\"b\";r=50;t=30", 3, 5},
		{"\"a\";r=3", 3, 0},
		{"\"a\";t=30, \"b\";r=4;t=1", 4, 1},
		{"\"a\";r=99999999999999999999;t=1", INT32_MAX, 1},
		{"\"a\";t=30", -1, 0},
		{"\"a\";r=-1;t=3", -1, 0},
		{"\"a\";rr=1;t=3", -1, 0},
		{"r=1;t=3", -1, 0},
		{"", -1, 0},
		{NULL, -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t left = -1, reset_s = 0;
		bool is_told = http_ratelimit_left(cases[i].value, &left, &reset_s);

		if (is_told != (cases[i].left >= 0) || left != cases[i].left || reset_s != cases[i].reset_s)
			fail_msg("%s: %d %lld %lld", cases[i].value ? cases[i].value : "none", is_told, (long long)left, (long long)reset_s);
	}
}

static void ratelimit_policy(void **state)
{
	int64_t calls = -1, window_s = -1;

	(void)state;
	assert_false(http_ratelimit_policy(NULL, &calls, &window_s));
	assert_false(http_ratelimit_policy("\"burst\";q=100", &calls, &window_s));
	assert_false(http_ratelimit_policy("\"burst\";q=0;w=60", &calls, &window_s));
	assert_int_equal(calls, -1);
	assert_true(http_ratelimit_policy("\"burst\";q=100;w=60", &calls, &window_s));
	assert_int_equal(calls, 100);
	assert_int_equal(window_s, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endings),
		cmocka_unit_test(backoff_doubles_up_to_its_maximum),
		cmocka_unit_test(retry_after),
		cmocka_unit_test(ratelimit),
		cmocka_unit_test(ratelimit_left),
		cmocka_unit_test(ratelimit_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
