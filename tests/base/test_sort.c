/** @file Tests of sorting. */
#include "tests/base/unit.h"

#include <string.h>

#include "base/sort.h"

static size_t comparisons;

static int compare(const void *a, const void *b)
{
	const int *left = a, *right = b;

	comparisons++;
	return (*left > *right) - (*left < *right);
}

static void test_items_are_sorted(void **state)
{
	int items[] = { 5, 3, 9, 3, 1 };
	static const int sorted[] = { 1, 3, 3, 5, 9 };

	(void)state;
	sort_items(items, COUNT(items), sizeof(items[0]), compare);
	assert_memory_equal(items, sorted, sizeof(sorted));
}

static void test_only_the_last_is_out_of_place(void **state)
{
	int items[] = { 2, 3, 4, 1 };
	static const int sorted[] = { 1, 2, 3, 4 };

	(void)state;
	sort_items(items, COUNT(items), sizeof(items[0]), compare);
	assert_memory_equal(items, sorted, sizeof(sorted));
}

static void test_what_is_in_order_takes_one_comparison_an_item(void **state)
{
	int items[1000];

	(void)state;
	for (int i = 0; i < (int)COUNT(items); i++)
		items[i] = i / 2;
	comparisons = 0;
	sort_items(items, COUNT(items), sizeof(items[0]), compare);
	assert_int_equal(comparisons, COUNT(items) - 1);
	for (int i = 0; i < (int)COUNT(items); i++)
		assert_int_equal(items[i], i / 2);
}

static void test_nothing_and_one(void **state)
{
	int one = 7;

	(void)state;
	comparisons = 0;
	sort_items(NULL, 0, sizeof(one), compare);
	sort_items(&one, 1, sizeof(one), compare);
	assert_int_equal(comparisons, 0);
	assert_int_equal(one, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items_are_sorted),
		cmocka_unit_test(test_only_the_last_is_out_of_place),
		cmocka_unit_test(test_what_is_in_order_takes_one_comparison_an_item),
		cmocka_unit_test(test_nothing_and_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
