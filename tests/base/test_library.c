/** @file Tests of loading libraries when they are first used, and ahead of that. */
#include "base/library.h"

#include "tests/base/unit.h"

struct math {
	double (*floor)(double);
};

static struct math math;
static const struct library_symbol symbols[] = {{"floor", offsetof(struct math, floor)}};
static size_t prepared;

static void count_prepared(void *handle)
{
	assert_non_null(handle);
	prepared++;
}

static struct library make_library(const char *file)
{
	prepared = 0;
	math.floor = NULL;
	return (struct library){.file = file, .purpose = "a test", .symbols = symbols, .symbol_count = 1, .table = &math,
				.prepare = count_prepared, .mutex = PTHREAD_MUTEX_INITIALIZER};
}

static void test_ahead_it_is_loaded_once(void **state)
{
	struct library library = make_library("libm.so.6");

	(void)state;
	library_load_ahead(&library);
	library_load_ahead(&library);
	assert_int_equal(library_load(&library, NULL), RC_OK);
	assert_true(math.floor(1.5) == 1.0);
	library_load_ahead(&library);
	assert_int_equal(library_load(&library, NULL), RC_OK);
	assert_int_equal(prepared, 1);
}

static void test_waiting_is_enough(void **state)
{
	struct library library = make_library("libm.so.6");

	(void)state;
	library_wait(&library);
	assert_int_equal(prepared, 0);
	library_load_ahead(&library);
	library_wait(&library);
	assert_int_equal(prepared, 1);
	library_wait(&library);
	assert_int_equal(library_load(&library, NULL), RC_OK);
	assert_int_equal(prepared, 1);
}

/** The thread says nothing; who needs the library hears why it is not there. */
static void test_what_fails_ahead_is_told_to_who_asks(void **state)
{
	struct library library = make_library("libnowhere-to-be-found.so.1");
	struct diags diags;

	diags_init(&diags, *state);
	library_load_ahead(&library);
	library_wait(&library);
	assert_int_equal(diags.count, 0);
	library_load_ahead(&library);
	assert_int_equal(library_load(&library, &diags), RC_UNSUPPORTED);
	assert_int_equal(diags.count, 1);
	assert_string_equal(diags.items[0].code, "A0019");
	assert_int_equal(prepared, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ahead_it_is_loaded_once),
		cmocka_unit_test(test_waiting_is_enough),
		ARENA_TEST(test_what_fails_ahead_is_told_to_who_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
