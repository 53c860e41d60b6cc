/** @file Tests of large pieces of memory. */
#include "tests/base/unit.h"

#include <string.h>
#include <sys/mman.h>

#include "base/pages.h"

#define MIB ((size_t)1024 * 1024)

static bool is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

/** True when there is memory at the address. */
static bool is_there(void *piece)
{
	unsigned char resident;

	return mincore(piece, 1, &resident) == 0;
}

/* No test leaves anything to the next: what it took it unmaps itself. */

static void test_a_piece_is_zero_and_large_enough(void **state)
{
	size_t size = 2 * MIB + 5;
	unsigned char *piece = pages_take(&size);

	(void)state;
	assert_non_null(piece);
	assert_true(size >= 2 * MIB + 5);
	assert_true(is_zero(piece, size));
	memset(piece, 1, size);
	munmap(piece, size);
}

static void test_what_was_given_back_is_taken_again(void **state)
{
	size_t size = 5 * MIB, again = 4 * MIB, more = 6 * MIB;
	unsigned char *piece = pages_take(&size), *larger;

	(void)state;
	pages_give(piece, size, 0);
	larger = pages_take(&more);
	assert_ptr_not_equal(larger, piece);
	assert_ptr_equal(pages_take(&again), piece);
	assert_int_equal(again, size);
	munmap(piece, size);
	munmap(larger, more);
}

static void test_what_is_kept_is_wiped(void **state)
{
	size_t size = 5 * MIB, again = size;
	unsigned char *piece = pages_take(&size);

	(void)state;
	memset(piece, 1, 3 * MIB);
	pages_give(piece, size, 3 * MIB);
	assert_ptr_equal(pages_take(&again), piece);
	assert_true(is_zero(piece, size));
	munmap(piece, size);
}

static void test_the_smallest_that_fits_is_taken(void **state)
{
	size_t sizes[] = { 7 * MIB, 5 * MIB, 6 * MIB }, want;
	void *pieces[COUNT(sizes)];

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++)
		pieces[i] = pages_take(&sizes[i]);
	for (size_t i = 0; i < COUNT(sizes); i++)
		pages_give(pieces[i], sizes[i], 0);
	want = 4 * MIB;
	assert_ptr_equal(pages_take(&want), pieces[1]);
	assert_int_equal(want, sizes[1]);
	want = 4 * MIB;
	assert_ptr_equal(pages_take(&want), pieces[2]);
	want = 4 * MIB;
	assert_ptr_equal(pages_take(&want), pieces[0]);
	for (size_t i = 0; i < COUNT(sizes); i++)
		munmap(pieces[i], sizes[i]);
}

static void test_a_small_wish_takes_no_large_piece(void **state)
{
	size_t size = 8 * MIB, small = 2 * MIB, half = 4 * MIB;
	void *piece = pages_take(&size), *other;

	(void)state;
	pages_give(piece, size, 0);
	other = pages_take(&small);
	assert_ptr_not_equal(other, piece);
	assert_int_equal(small, 2 * MIB);
	assert_ptr_equal(pages_take(&half), piece);
	munmap(other, small);
	munmap(piece, size);
}

static void test_only_so_much_is_kept(void **state)
{
	size_t size = PAGES_KEPT_BYTES / 2, again = size;
	void *pieces[] = { pages_take(&size), pages_take(&size), pages_take(&size) };

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++)
		pages_give(pieces[i], size, 0);
	assert_true(is_there(pieces[0]));
	assert_true(is_there(pieces[1]));
	assert_false(is_there(pieces[2]));
	for (size_t i = 0; i < 2; i++)
		munmap(pages_take(&again), size);
}

static void test_what_is_kept_goes_before_memory_is_used_up(void **state)
{
	size_t size = 8 * MIB, huge = SIZE_MAX / 4;
	void *piece = pages_take(&size);

	(void)state;
	pages_give(piece, size, 0);
	assert_true(is_there(piece));
	assert_null(pages_take(&huge));
	assert_false(is_there(piece));
}

static void test_there_is_no_more_than_there_is(void **state)
{
	size_t size = SIZE_MAX / 4;

	(void)state;
	assert_null(pages_take(&size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_piece_is_zero_and_large_enough),
		cmocka_unit_test(test_what_was_given_back_is_taken_again),
		cmocka_unit_test(test_what_is_kept_is_wiped),
		cmocka_unit_test(test_the_smallest_that_fits_is_taken),
		cmocka_unit_test(test_a_small_wish_takes_no_large_piece),
		cmocka_unit_test(test_only_so_much_is_kept),
		cmocka_unit_test(test_what_is_kept_goes_before_memory_is_used_up),
		cmocka_unit_test(test_there_is_no_more_than_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
