/** @file Tests of clock, randomness and RFC 3339. */
#include "tests/base/unit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/run.h"

static int teardown_environment(void **state)
{
	(void)state;
	unsetenv("ADIT_TEST_TIME_SCALE");
	unsetenv("ADIT_TEST_SEED");
	unsetenv("ADIT_TEST_NOW");
	return 0;
}

static void test_rfc3339_both_ways(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
		const char *seconds, *micros;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z" },
		{ "2025-02-18T22:41:43.534395Z", 1739918503534, "2025-02-18T22:41:43Z", "2025-02-18T22:41:43.534000Z" },
		{ "2026-11-23T03:33:00+02:00", 1795397580000, "2026-11-23T01:33:00Z", "2026-11-23T01:33:00.000000Z" },
		{ "2026-11-23t01:33:00.5z", 1795397580500, "2026-11-23T01:33:00Z", "2026-11-23T01:33:00.500000Z" },
		{ "2024-02-29T00:00:00-00:30", 1709166600000, "2024-02-29T00:30:00Z", "2024-02-29T00:30:00.000000Z" },
		{ "1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999000Z" },
		{ "0000-01-01T00:00:00Z", -62167219200000, "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z" },
		{ "0999-12-31T23:59:59Z", -30610224001000, "0999-12-31T23:59:59Z", "0999-12-31T23:59:59.000000Z" },
		{ "9999-12-31T23:59:59Z", 253402300799000, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000000Z" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ms = 0;

		assert_int_equal(clock_parse_rfc3339(rows[i].text, &ms), RC_OK);
		assert_int_equal(ms, rows[i].ms);
		assert_string_equal(clock_rfc3339(*state, ms), rows[i].seconds);
		assert_string_equal(clock_rfc3339_us(*state, ms), rows[i].micros);
	}
	assert_string_equal(clock_rfc3339(*state, INT64_MAX), "9999-12-31T23:59:59Z");
	assert_string_equal(clock_rfc3339(*state, INT64_MIN), "0000-01-01T00:00:00Z");
}

static void test_rfc3339_refused(void **state)
{
	static const char *const rows[] = {
		"", "2026", "2026-11-23", "2026-11-23T03:33:00", "2026-11-23 03:33:00Z", "2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
		"2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00+0200", "2026-01-01T00:00:00+24:00",
		"2026-01-01T00:00:00+02:60", "2026-01-01T00:00:00Zx", " 2026-01-01T00:00:00Z", "2026-1-1T0:0:0Z",
		"+2026-01-01T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00+",
	};
	int64_t ms = 5;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (clock_parse_rfc3339(rows[i], &ms) != RC_INVALID)
			fail_msg("accepted: %s", rows[i]);
	assert_int_equal(clock_parse_rfc3339(NULL, &ms), RC_INVALID);
	assert_int_equal(ms, 5);
}

static void test_scaled_waits(void **state)
{
	struct clock clock = { .scale = 100 };

	(void)state;
	assert_int_equal(clock_real_ms(&clock, -1), -1);
	assert_int_equal(clock_real_ms(&clock, 0), 0);
	assert_int_equal(clock_real_ms(&clock, 1), 1);
	assert_int_equal(clock_real_ms(&clock, 100), 1);
	assert_int_equal(clock_real_ms(&clock, 101), 2);
	assert_int_equal(clock_real_ms(&clock, INT64_MAX), INT_MAX);
	clock.scale = 1;
	assert_int_equal(clock_real_ms(&clock, 1234), 1234);
	assert_int_equal(clock_real_ms(&clock, (int64_t)INT_MAX + 1), INT_MAX);
}

static void test_a_wait_takes_as_long_as_it_says(void **state)
{
	struct clock clock;
	int64_t before;

	(void)state;
	clock_init(&clock);
	clock.scale = 1000;
	before = clock_mono_ms(&clock);
	clock_sleep_ms(&clock, 5000); /* five real milliseconds */
	assert_true(clock_mono_ms(&clock) - before >= 4000);
}

static void test_real_clock(void **state)
{
	unsigned char a[40] = { 0 }, b[40] = { 0 };
	struct clock clock;
	int64_t before;

	(void)state;
	clock_init(&clock);
	before = clock_mono_ms(&clock);
	assert_true(clock_mono_ms(&clock) >= before);
	assert_true(clock_wall_ms(&clock) > INT64_C(1600000000000));
	assert_int_equal(clock_random(&clock, a, sizeof(a)), RC_OK);
	assert_int_equal(clock_random(&clock, b, sizeof(b)), RC_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(clock_random(&clock, NULL, 0), RC_OK);
}

static void test_fixed_sequence(void **state)
{
	unsigned char first[3][37], again[37];
	struct clock clock = { .scale = 1, .seed = 7 }, other = { .scale = 1, .seed = 8 };

	(void)state;
	for (size_t i = 0; i < COUNT(first); i++)
		assert_int_equal(clock_random(&clock, first[i], sizeof(first[i])), RC_OK);
	assert_memory_not_equal(first[0], first[1], 37);
	assert_int_equal(clock_random(&other, again, sizeof(again)), RC_OK);
	assert_memory_not_equal(first[0], again, 37);
	clock = (struct clock){ .scale = 1, .seed = 7 };
	for (size_t i = 0; i < COUNT(first); i++) {
		assert_int_equal(clock_random(&clock, again, sizeof(again)), RC_OK);
		assert_memory_equal(first[i], again, 37);
	}
}

static void test_environment(void **state)
{
	struct clock clock;

	(void)state;
	setenv("ADIT_TEST_TIME_SCALE", "50", 1);
	setenv("ADIT_TEST_SEED", "9", 1);
	setenv("ADIT_TEST_NOW", "1000000", 1);
	clock_init(&clock);
#ifdef ADIT_TEST_BUILD
	assert_true(clock.scale > 49 && clock.scale < 51);
	assert_int_equal(clock.seed, 9);
	assert_true(clock_wall_ms(&clock) >= 1000000000 && clock_wall_ms(&clock) < 1000000000 + 3600000);
	setenv("ADIT_TEST_TIME_SCALE", "-1", 1);
	setenv("ADIT_TEST_SEED", "x", 1);
	setenv("ADIT_TEST_NOW", "99999999999999999", 1);
	clock_init(&clock);
#endif
	assert_true(clock.scale > 0.9 && clock.scale < 1.1);
	assert_int_equal(clock.seed, 0);
	assert_int_equal(clock.wall_offset_ms, 0);
}

static void test_run(void **state)
{
	volatile int interrupted = 0;
	struct run run;

	(void)state;
	assert_int_equal(run_init(&run), RC_OK);
	assert_true(run.clock.scale > 0);
	assert_false(run_is_interrupted(&run));
	run.interrupted = &interrupted;
	assert_false(run_is_interrupted(&run));
	interrupted = 1;
	assert_true(run_is_interrupted(&run));
	diag_add(&run.diags, SEVERITY_NOTE, "A0001", (struct span){ 0 }, "x");
	run_done(&run);
	run_done(&run);
}

static void test_names_of_classes(void **state)
{
	(void)state;
	assert_string_equal(rc_name(RC_OK), "ok");
	assert_string_equal(rc_name(RC_UNKNOWN_OUTCOME), "unknown-outcome");
	for (int rc = RC_OK; rc <= RC_INTERNAL; rc++)
		for (int other = RC_OK; other < rc; other++)
			assert_string_not_equal(rc_name((enum rc)rc), rc_name((enum rc)other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_rfc3339_both_ways),
		cmocka_unit_test(test_rfc3339_refused),
		cmocka_unit_test(test_scaled_waits),
		cmocka_unit_test_teardown(test_a_wait_takes_as_long_as_it_says, teardown_environment),
		cmocka_unit_test(test_real_clock),
		cmocka_unit_test(test_fixed_sequence),
		cmocka_unit_test_teardown(test_environment, teardown_environment),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_names_of_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
