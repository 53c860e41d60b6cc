/** @file Tests of places in texts. */
#include "tests/base/unit.h"

#include <string.h>

#include "base/text.h"

static void check_line(const struct text *text, uint32_t line, const char *expected)
{
	struct span span = { .text = text, .line = line, .column = 1 };
	size_t size = 99;
	const char *found = span_line(&span, &size);

	if (!expected) {
		assert_null(found);
		assert_int_equal(size, 0);
		return;
	}
	assert_non_null(found);
	assert_int_equal(size, strlen(expected));
	assert_memory_equal(found, expected, size);
}

/* In every order, with and without a memo of the last place. */
static void test_lines(void **state)
{
	static const char bytes[] = "one\ntwo\r\n\nfour";
	static const char *const lines[] = { NULL, "one", "two", "", "four", NULL };
	struct text_memo memo = { 0 };
	struct text text = { .name = "t", .bytes = bytes, .size = strlen(bytes) };

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (uint32_t first = 0; first < COUNT(lines); first++) {
			for (uint32_t second = 0; second < COUNT(lines); second++) {
				check_line(&text, first, lines[first]);
				check_line(&text, second, lines[second]);
			}
		}
		text.memo = &memo;
	}
}

static void test_unknown_places(void **state)
{
	struct text empty = { .name = "t", .bytes = "", .size = 0 };
	struct text nothing = { .name = "t" };

	(void)state;
	check_line(NULL, 1, NULL);
	check_line(&nothing, 1, NULL);
	check_line(&empty, 1, "");
	check_line(&empty, 2, NULL);
	check_line(&empty, UINT32_MAX, NULL);
}

/* 10,000 places in 50 MB, in order: one pass, not 10,000. */
static void test_many_places_cost_one_pass(void **state)
{
	struct text_memo memo = { 0 };
	size_t size = (size_t)50 * 1024 * 1024;
	char *bytes = arena_alloc(*state, size);
	struct text text = { .name = "t", .bytes = bytes, .size = size, .memo = &memo };

	memset(bytes, '\n', size);
	for (uint32_t line = 5000; line <= 50000000; line += 5000)
		check_line(&text, line, "");
	assert_int_equal(memo.line, 50000000);
}

static void test_order(void **state)
{
	struct text a = { .name = "a" }, b = { .name = "b" };
	const struct span spans[] = {
		{ 0 },
		{ .text = &a },
		{ .text = &a, .line = 1, .column = 9 },
		{ .text = &a, .line = 2, .column = 1 },
		{ .text = &a, .line = 2, .column = 3 },
		{ .text = &b, .line = 1, .column = 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(spans); i++)
		for (size_t j = 0; j < COUNT(spans); j++) {
			int order = span_compare(&spans[i], &spans[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_unknown_places),
		ARENA_TEST(test_many_places_cost_one_pass),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
