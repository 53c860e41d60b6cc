/** @file Tests of diagnostics. */
#include "tests/base/unit.h"

#include <string.h>

#include "base/diag.h"
#include "base/limits.h"

static const struct span nowhere = { 0 };

static void test_what_is_added_is_kept(void **state)
{
	struct text text = { .name = "a.yaml" };
	struct span span = { .text = &text, .line = 3, .column = 7 };
	char address[] = "HTTPRoute shop/web";
	struct diags diags;
	struct diag *diag;

	diags_init(&diags, *state);
	diag = diag_add(&diags, SEVERITY_ERROR, "A0107", span, "%s is %d", "port", 0);
	diag_help(&diags, diag, "Use %d.", 80);
	diag_address(&diags, diag, address);
	memset(address, 'x', sizeof(address) - 1);
	assert_int_equal(diags.count, 1);
	assert_int_equal(diags.error_count, 1);
	assert_string_equal(diags.items[0].summary, "port is 0");
	assert_string_equal(diags.items[0].help, "Use 80.");
	assert_string_equal(diags.items[0].address, "HTTPRoute shop/web");
	assert_string_equal(diags.items[0].code, "A0107");
	assert_int_equal(diags.items[0].span.line, 3);
	diag_address(&diags, diag, NULL);
	assert_null(diags.items[0].address);
}

static void test_sorted_by_place_then_weight_without_repetitions(void **state)
{
	struct text a = { .name = "a" }, b = { .name = "b" };
	struct span place = { .text = &a, .line = 1, .column = 1 };
	struct diags diags;
	static const char *const expected[] = { "run", "error", "warning", "warning two", "note", "last" };

	diags_init(&diags, *state);
	for (int round = 0; round < 3; round++) {
		diag_add(&diags, SEVERITY_NOTE, "A0001", (struct span){ .text = &b, .line = 1, .column = 1 }, "last");
		diag_add(&diags, SEVERITY_NOTE, "A0001", place, "note");
		diag_add(&diags, SEVERITY_WARNING, "A0003", place, "warning two");
		diag_add(&diags, SEVERITY_WARNING, "A0002", place, "warning");
		diag_add(&diags, SEVERITY_ERROR, "A0009", place, "error");
		diag_add(&diags, SEVERITY_ERROR, "A0009", nowhere, "run");
	}
	diags_sort(&diags);
	assert_int_equal(diags.count, COUNT(expected));
	for (size_t i = 0; i < diags.count; i++)
		assert_string_equal(diags.items[i].summary, expected[i]);
	assert_int_equal(diags.error_count, 2);
	assert_int_equal(diags.warning_count, 2);
	assert_int_equal(diags.note_count, 2);
}

static void test_those_that_differ_in_anything_stay(void **state)
{
	struct diags diags;

	diags_init(&diags, *state);
	for (int i = 0; i < 2; i++) {
		diag_add(&diags, SEVERITY_ERROR, "A0001", nowhere, "x")->http_status = i;
		diag_add(&diags, SEVERITY_ERROR, "A0002", nowhere, "x")->provider_code = i;
		diag_add(&diags, SEVERITY_ERROR, "A0003", nowhere, "x")->system_errno = i;
		diag_help(&diags, diag_add(&diags, SEVERITY_ERROR, "A0004", nowhere, "x"), "%d", i);
		diag_address(&diags, diag_add(&diags, SEVERITY_ERROR, "A0005", nowhere, "x"), i ? "a" : "b");
	}
	diags_sort(&diags);
	assert_int_equal(diags.count, 10);
}

static void test_empty_list_sorts(void **state)
{
	struct diags diags;

	diags_init(&diags, *state);
	diags_sort(&diags);
	assert_int_equal(diags.count, 0);
}

/* A flood of notes must not crowd out the one error. */
static void test_the_limit_counts_on_and_keeps_errors(void **state)
{
	struct diags diags;
	struct diag *dropped;

	diags_init(&diags, *state);
	for (unsigned i = 0; i < LIMIT_DIAGS + 50; i++)
		diag_add(&diags, SEVERITY_NOTE, "A0001", nowhere, "note %u", i);
	diag_add(&diags, SEVERITY_ERROR, "A0002", nowhere, "the error");
	assert_int_equal(diags.count, LIMIT_DIAGS);
	assert_int_equal(diags.note_count, LIMIT_DIAGS + 50);
	assert_int_equal(diags.error_count, 1);
	assert_int_equal(diags.dropped, 51);
	assert_string_equal(diags.items[0].summary, "the error");
	dropped = diag_add(&diags, SEVERITY_WARNING, "A0003", nowhere, "late");
	assert_non_null(dropped);
	diag_help(&diags, dropped, "still %s", "harmless");
	diag_address(&diags, dropped, "x");
	for (unsigned i = 0; i < LIMIT_DIAGS + 50; i++)
		diag_add(&diags, SEVERITY_ERROR, "A0002", nowhere, "error %u", i);
	assert_int_equal(diags.count, LIMIT_DIAGS);
	assert_int_equal(diags.error_count, LIMIT_DIAGS + 51);
	for (size_t i = 0; i < diags.count; i++)
		assert_int_equal(diags.items[i].severity, SEVERITY_ERROR);
}

static void test_without_memory_they_are_counted(void **state)
{
	struct arena *arena = arena_new(1000);
	struct diags diags;

	(void)state;
	diags_init(&diags, arena);
	for (int i = 0; i < 100; i++) {
		struct diag *diag = diag_add(&diags, SEVERITY_ERROR, "A0001", nowhere, "number %d", i);

		assert_non_null(diag->summary);
		diag_help(&diags, diag, "some help %d", i);
	}
	assert_int_equal(diags.error_count, 100);
	assert_int_equal(diags.count + diags.dropped, 100);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_what_is_added_is_kept),
		ARENA_TEST(test_sorted_by_place_then_weight_without_repetitions),
		ARENA_TEST(test_those_that_differ_in_anything_stay),
		ARENA_TEST(test_empty_list_sorts),
		ARENA_TEST(test_the_limit_counts_on_and_keeps_errors),
		cmocka_unit_test(test_without_memory_they_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
