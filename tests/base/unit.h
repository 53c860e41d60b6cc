/** @file
 * What every unit test of base/ needs: cmocka with the headers that it expects, and an arena per test. */
#ifndef ADIT_TESTS_BASE_UNIT_H
#define ADIT_TESTS_BASE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline int unit_setup_arena(void **state)
{
	*state = arena_new((size_t)256 * 1024 * 1024);
	return *state ? 0 : -1;
}

static inline int unit_teardown_arena(void **state)
{
	arena_free(*state);
	return 0;
}

#define ARENA_TEST(function) cmocka_unit_test_setup_teardown(function, unit_setup_arena, unit_teardown_arena)

#endif
