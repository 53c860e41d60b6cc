/** @file Tests of the hash map. */
#include "tests/base/unit.h"

#include <string.h>

#include "base/map.h"

static void test_get_put_replace(void **state)
{
	int one = 1, two = 2;
	struct map map;
	void *old = &two;

	map_init(&map, *state);
	assert_null(map_get(&map, "a"));
	assert_int_equal(map_put(&map, "a", &one, &old), RC_OK);
	assert_null(old);
	assert_ptr_equal(map_get(&map, "a"), &one);
	assert_int_equal(map_put(&map, "a", &two, &old), RC_OK);
	assert_ptr_equal(old, &one);
	assert_ptr_equal(map_get(&map, "a"), &two);
	assert_int_equal(map_put(&map, "a", &one, NULL), RC_OK);
	assert_int_equal(map.count, 1);
	assert_null(map_get(&map, "b"));
	assert_null(map_get(&map, ""));
}

static void test_keys_are_bytes(void **state)
{
	int values[4];
	struct map map;

	map_init(&map, *state);
	assert_int_equal(map_put_bytes(&map, "a\0b", 3, &values[0], NULL), RC_OK);
	assert_int_equal(map_put_bytes(&map, "a\0c", 3, &values[1], NULL), RC_OK);
	assert_int_equal(map_put(&map, "a", &values[2], NULL), RC_OK);
	assert_int_equal(map_put(&map, "", &values[3], NULL), RC_OK);
	assert_ptr_equal(map_get_bytes(&map, "a\0b", 3), &values[0]);
	assert_ptr_equal(map_get_bytes(&map, "a\0c", 3), &values[1]);
	assert_ptr_equal(map_get_bytes(&map, "a", 1), &values[2]);
	assert_ptr_equal(map_get(&map, ""), &values[3]);
	assert_int_equal(map.count, 4);
}

static void test_look_up_and_put_at_once(void **state)
{
	int value = 1;
	struct map map;
	void **at;

	map_init(&map, *state);
	at = map_at_bytes(&map, "ab", 1);
	assert_non_null(at);
	assert_null(*at);
	assert_null(map_get(&map, "a"));
	*at = &value;
	assert_ptr_equal(map_get(&map, "a"), &value);
	assert_ptr_equal(*map_at_bytes(&map, "a", 1), &value);
	assert_null(map_get(&map, "ab"));
	assert_int_equal(map.count, 1);
}

static void test_a_quarter_million_keys(void **state)
{
	static int values[250000];
	struct map map;

	map_init(&map, *state);
	for (int i = 0; i < 250000; i++)
		assert_int_equal(map_put(&map, arena_printf(*state, "key-%d", i), &values[i], NULL), RC_OK);
	assert_int_equal(map.count, 250000);
	for (int i = 0; i < 250000; i++)
		assert_ptr_equal(map_get(&map, arena_printf(*state, "key-%d", i)), &values[i]);
	assert_null(map_get(&map, "key-250000"));
	assert_int_equal(map.capacity & (map.capacity - 1), 0);
}

static void test_without_memory_the_map_is_unchanged(void **state)
{
	static const char *const keys[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n" };
	struct arena *arena = arena_new(16 * 40); /* the first table, not the second */
	struct map map;
	int value;
	size_t put = 0;

	(void)state;
	map_init(&map, arena);
	while (put < COUNT(keys) && map_put(&map, keys[put], &value, NULL) == RC_OK)
		put++;
	assert_int_equal(put, 12);
	assert_int_equal(map.count, 12);
	assert_null(map_get(&map, keys[12]));
	assert_null(map_at_bytes(&map, keys[12], 1));
	for (size_t i = 0; i < put; i++)
		assert_ptr_equal(map_get(&map, keys[i]), &value);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_get_put_replace),
		ARENA_TEST(test_keys_are_bytes),
		ARENA_TEST(test_look_up_and_put_at_once),
		ARENA_TEST(test_a_quarter_million_keys),
		cmocka_unit_test(test_without_memory_the_map_is_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
