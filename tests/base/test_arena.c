/** @file Tests of the arena. */
#include "tests/base/unit.h"

#include <string.h>

static void test_objects_are_zeroed_aligned_and_apart(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 16, 17, 100, 4096, 5000, 70000, 1, 3000000, 2 };
	unsigned char *objects[COUNT(sizes)];

	for (size_t i = 0; i < COUNT(sizes); i++) {
		objects[i] = arena_alloc(*state, sizes[i]);
		assert_non_null(objects[i]);
		assert_int_equal((uintptr_t)objects[i] % _Alignof(uint64_t), 0);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(objects[i][k], 0);
		memset(objects[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(objects[i][k], i + 1);
}

static void test_the_limit_holds(void **state)
{
	struct arena *arena = arena_new(1000);
	size_t objects = 0;

	(void)state;
	assert_null(arena_alloc(arena, 1001));
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_null(arena_alloc(arena, SIZE_MAX - 20));
	assert_int_equal(arena_used_bytes(arena), 0);
	while (arena_alloc(arena, 32))
		objects++;
	assert_int_equal(objects, 1000 / 32);
	assert_true(arena_used_bytes(arena) <= 1000);
	arena_reset(arena);
	assert_int_equal(arena_used_bytes(arena), 0);
	assert_non_null(arena_alloc(arena, 900));
	arena_free(arena);
}

static void test_arrays_check_for_overflow(void **state)
{
	size_t capacity = SIZE_MAX / 2;
	char byte = 0;

	assert_null(arena_array(*state, SIZE_MAX / 4, 8));
	assert_null(arena_array(*state, SIZE_MAX, SIZE_MAX));
	assert_non_null(arena_array(*state, 3, 8));
	assert_null(arena_grow(*state, &byte, capacity, &capacity, 8));
	assert_int_equal(capacity, SIZE_MAX / 2);
	assert_null(arena_memdup(*state, &byte, SIZE_MAX));
}

static void test_reset_gives_zeroed_memory_again(void **state)
{
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++) {
			unsigned char *bytes = arena_alloc(*state, 1000);

			assert_non_null(bytes);
			for (size_t k = 0; k < 1000; k++)
				assert_int_equal(bytes[k], 0);
			memset(bytes, 0xAA, 1000);
		}
		arena_reset(*state);
	}
}

static void test_joined_texts(void **state)
{
	const char *const parts[] = {"rule/", "", "a", "/b"};

	assert_string_equal(arena_join(*state, parts, 4), "rule/a/b");
	assert_string_equal(arena_join(*state, parts, 1), "rule/");
	assert_string_equal(arena_join(*state, parts, 0), "");
}

/* What was kept is given back, and what is handed out then is zero again. */
static void test_trimmed_arenas_go_on(void **state)
{
	for (int round = 0; round < 3; round++) {
		unsigned char *bytes = arena_alloc(*state, 3000000);

		assert_non_null(bytes);
		assert_int_equal(bytes[0] | bytes[2999999], 0);
		memset(bytes, 0xAA, 3000000);
		arena_reset(*state);
		arena_trim(*state);
		assert_int_equal(arena_used_bytes(*state), 0);
	}
}

/* Alone in the arena an array grows in place; with others between it moves. Both must keep every item. */
static void test_growing_arrays_keep_their_items(void **state)
{
	for (int disturb = 0; disturb < 2; disturb++) {
		uint64_t *items = NULL;
		size_t count = 0, capacity = 0;

		for (; count < 20000; count++) {
			items = arena_grow(*state, items, count, &capacity, sizeof(*items));
			assert_non_null(items);
			assert_true(capacity > count);
			items[count] = count * 3;
			if (disturb)
				memset(arena_alloc(*state, 3), 0xFF, 3);
		}
		for (size_t i = 0; i < count; i++)
			assert_int_equal(items[i], i * 3);
	}
}

static void test_growing_fails_softly_at_the_limit(void **state)
{
	struct arena *arena = arena_new(4096);
	int *items = NULL, *grown;
	size_t count = 0, capacity = 0;

	(void)state;
	while ((grown = arena_grow(arena, items, count, &capacity, sizeof(*items)))) {
		items = grown;
		items[count] = (int)count;
		count++;
	}
	assert_int_equal(count, capacity);
	assert_true(count >= 128);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(items[i], i);
	arena_free(arena);
}

static void test_strings(void **state)
{
	char longer[1000];

	assert_string_equal(arena_strdup(*state, ""), "");
	assert_string_equal(arena_strdup(*state, "abc"), "abc");
	assert_memory_equal(arena_memdup(*state, "a\0b", 3), "a\0b", 4);
	assert_non_null(arena_memdup(*state, NULL, 0));
	assert_string_equal(arena_printf(*state, "%d-%s", 7, "x"), "7-x");
	memset(longer, 'y', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_string_equal(arena_printf(*state, "%s", longer), longer);
}

static void test_memory_of_an_arena_that_went_is_zero_again(void **state)
{
	const size_t size = (size_t)3 * 1024 * 1024;

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct arena *arena = arena_new(2 * size);
		unsigned char *object = arena_alloc(arena, size);

		assert_non_null(object);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(object[i], 0);
		memset(object, 'x', size);
		arena_free(arena);
	}
}

/* Total work must not depend on how objects are spread over chunks. */
static void test_many_small_objects_are_cheap_in_memory(void **state)
{
	for (int i = 0; i < 1000000; i++)
		assert_non_null(arena_alloc(*state, 16));
	assert_int_equal(arena_used_bytes(*state), 16000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_objects_are_zeroed_aligned_and_apart),
		cmocka_unit_test(test_the_limit_holds),
		ARENA_TEST(test_arrays_check_for_overflow),
		ARENA_TEST(test_reset_gives_zeroed_memory_again),
		ARENA_TEST(test_joined_texts),
		ARENA_TEST(test_trimmed_arenas_go_on),
		ARENA_TEST(test_growing_arrays_keep_their_items),
		cmocka_unit_test(test_growing_fails_softly_at_the_limit),
		ARENA_TEST(test_strings),
		cmocka_unit_test(test_memory_of_an_arena_that_went_is_zero_again),
		ARENA_TEST(test_many_small_objects_are_cheap_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
