/** @file Tests of the growing string. */
#include "tests/base/unit.h"

#include <string.h>

#include "base/strbuf.h"

static int setup(void **state)
{
	static struct strbuf buf;

	strbuf_init(&buf, 0);
	*state = &buf;
	return 0;
}

static int teardown(void **state)
{
	strbuf_done(*state);
	return 0;
}

static void test_empty_is_a_string(void **state)
{
	assert_string_equal(strbuf_text(*state), "");
	assert_false(strbuf_failed(*state));
}

static void test_all_ways_to_append(void **state)
{
	struct strbuf *buf = *state;

	strbuf_add(buf, "a\0b", 3);
	strbuf_adds(buf, "cd");
	strbuf_addc(buf, 'e');
	strbuf_addf(buf, "%05d", 42);
	strbuf_add(buf, NULL, 0);
	assert_int_equal(buf->size, 11);
	assert_memory_equal(buf->data, "a\0bcde00042", 12);
}

static void test_grows_far(void **state)
{
	struct strbuf *buf = *state;

	for (int i = 0; i < 100000; i++)
		strbuf_addf(buf, "%d,", i % 10);
	assert_int_equal(buf->size, 200000);
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(buf->data[i * 2], '0' + (int)(i % 10));
}

static void test_maximum_is_sticky_and_keeps_the_content(void **state)
{
	struct strbuf *buf = *state;

	strbuf_init(buf, 5);
	strbuf_adds(buf, "1234");
	strbuf_adds(buf, "56");
	assert_true(strbuf_failed(buf));
	strbuf_adds(buf, "5");
	strbuf_addf(buf, "%d", 5);
	assert_string_equal(strbuf_text(buf), "1234");
	strbuf_reset(buf);
	assert_false(strbuf_failed(buf));
	strbuf_adds(buf, "12345");
	assert_false(strbuf_failed(buf));
	assert_string_equal(strbuf_text(buf), "12345");
	assert_int_equal(buf->max_bytes, 5);
}

static void test_reserved_room_is_not_moved(void **state)
{
	struct strbuf *buf = *state;
	const char *before;

	strbuf_adds(buf, "x");
	strbuf_reserve(buf, 10000);
	assert_string_equal(strbuf_text(buf), "x");
	before = strbuf_text(buf);
	for (int i = 0; i < 10000; i++)
		strbuf_addc(buf, 'y');
	assert_ptr_equal(strbuf_text(buf), before);
	strbuf_reserve(buf, SIZE_MAX - 1);
	assert_true(strbuf_failed(buf));
}

static void test_absurd_size_fails(void **state)
{
	struct strbuf *buf = *state;

	strbuf_adds(buf, "x");
	strbuf_add(buf, "", SIZE_MAX - 1);
	assert_true(strbuf_failed(buf));
	assert_string_equal(strbuf_text(buf), "x");
}

static void test_wiped_is_empty_and_usable(void **state)
{
	struct strbuf *buf = *state;

	strbuf_adds(buf, "secret");
	strbuf_wipe(buf);
	assert_string_equal(strbuf_text(buf), "");
	assert_int_equal(buf->size, 0);
	strbuf_adds(buf, "again");
	assert_string_equal(strbuf_text(buf), "again");
	strbuf_wipe(buf);
	strbuf_wipe(buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_empty_is_a_string, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_ways_to_append, setup, teardown),
		cmocka_unit_test_setup_teardown(test_grows_far, setup, teardown),
		cmocka_unit_test_setup_teardown(test_maximum_is_sticky_and_keeps_the_content, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reserved_room_is_not_moved, setup, teardown),
		cmocka_unit_test_setup_teardown(test_absurd_size_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wiped_is_empty_and_usable, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
