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

/** Numbers that look like chance, the same each time. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static struct sort_entry entry_of(uint64_t number, const char *text, void *item)
{
	return (struct sort_entry){ .number = number, .text = text, .item = item };
}

static void test_entries_by_number_then_text(void **state)
{
	int places[6];
	struct sort_entry entries[] = { entry_of(2, "a", &places[3]),	    entry_of(1, "b", &places[1]),
					entry_of(UINT64_MAX, "", &places[5]), entry_of(1, "a", &places[0]),
					entry_of(2, "", &places[2]),	    entry_of(2, "a", &places[4]) };
	struct sort_entry room[COUNT(entries)];

	(void)state;
	sort_entries(entries, room, COUNT(entries));
	for (size_t i = 0; i < COUNT(entries); i++)
		assert_ptr_equal(entries[i].item, &places[i]);
	sort_entries(NULL, NULL, 0);
}

/** Texts of few letters, so that many have beginnings in common, and many are equal; one byte above 0x7F. */
static void fill(struct arena *arena, struct sort_entry *entries, size_t count, size_t longest, uint64_t numbers)
{
	uint32_t random = 7;

	for (size_t i = 0; i < count; i++) {
		size_t size = next_random(&random) % (longest + 1);
		char *text = arena_alloc(arena, size + 1);

		for (size_t k = 0; k < size; k++)
			text[k] = next_random(&random) % 8 ? 'a' : next_random(&random) % 2 ? 'b' : '\xC3';
		entries[i] = entry_of(next_random(&random) % numbers, text, NULL);
	}
}

/** @return the entries before they were sorted; their items know which they were */
static struct sort_entry *sort_filled(struct arena *arena, struct sort_entry *entries, size_t count)
{
	struct sort_entry *before = arena_array(arena, count, sizeof(*before));
	struct sort_entry *room = arena_array(arena, count, sizeof(*room));

	for (size_t i = 0; i < count; i++)
		entries[i].item = &before[i];
	memcpy(before, entries, count * sizeof(*before));
	sort_entries(entries, room, count);
	return before;
}

static void test_entries_are_sorted_as_by_comparison(void **state)
{
	static const size_t longest[] = { 3, 8, 17, 90 };
	static struct sort_entry entries[3000];

	for (size_t run = 0; run < 2 * COUNT(longest); run++) {
		const struct sort_entry *before;

		fill(*state, entries, COUNT(entries), longest[run / 2], run % 2 ? 1 : 50);
		before = sort_filled(*state, entries, COUNT(entries));
		for (size_t i = 1; i < COUNT(entries); i++) {
			const struct sort_entry *a = entries[i - 1].item, *b = entries[i].item;
			int order = (a->number > b->number) - (a->number < b->number);

			assert_true(a >= before && a < before + COUNT(entries));
			if (!order)
				order = strcmp(a->text, b->text);
			assert_true(order < 0 || (order == 0 && a < b));
		}
	}
}

static void test_entries_with_one_long_text(void **state)
{
	static struct sort_entry entries[100];
	char *text = arena_alloc(*state, 1000001);

	memset(text, 'x', 1000000);
	for (size_t i = 0; i < COUNT(entries); i++)
		entries[i] = entry_of(0, text, NULL);
	const struct sort_entry *before = sort_filled(*state, entries, COUNT(entries));

	for (size_t i = 0; i < COUNT(entries); i++)
		assert_ptr_equal(entries[i].item, &before[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items_are_sorted),
		cmocka_unit_test(test_only_the_last_is_out_of_place),
		cmocka_unit_test(test_what_is_in_order_takes_one_comparison_an_item),
		cmocka_unit_test(test_nothing_and_one),
		cmocka_unit_test(test_entries_by_number_then_text),
		ARENA_TEST(test_entries_are_sorted_as_by_comparison),
		ARENA_TEST(test_entries_with_one_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
