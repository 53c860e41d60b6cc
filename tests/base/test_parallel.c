/** @file Tests of work that is shared out. */
#include "tests/base/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/parallel.h"

#define ITEMS 1000u

struct seen {
	atomic_int times[ITEMS];
	atomic_int by_worker[PARALLEL_MAX];
};

static void note(void *data, size_t worker, size_t item)
{
	struct seen *seen = data;

	atomic_fetch_add(&seen->times[item], 1);
	atomic_fetch_add(&seen->by_worker[worker], 1);
}

static void test_each_item_is_worked_on_once(void **state)
{
	const size_t workers[] = { 1, 2, PARALLEL_MAX };

	(void)state;
	for (size_t w = 0; w < COUNT(workers); w++) {
		struct seen seen = { 0 };
		int sum = 0;

		parallel_each(ITEMS, workers[w], note, &seen);
		for (size_t i = 0; i < ITEMS; i++)
			assert_int_equal(seen.times[i], 1);
		for (size_t i = 0; i < workers[w]; i++)
			sum += seen.by_worker[i];
		assert_int_equal(sum, ITEMS);
	}
}

static void test_nothing_is_done_for_no_items(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	parallel_each(0, PARALLEL_MAX, note, &seen);
	assert_int_equal(seen.times[0], 0);
}

static void note_thread(void *data, size_t worker, size_t item)
{
	pthread_t *threads = data;

	(void)worker;
	threads[item] = pthread_self();
}

static void test_one_worker_is_the_caller(void **state)
{
	pthread_t threads[3];

	(void)state;
	parallel_each(COUNT(threads), 1, note_thread, threads);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_true(pthread_equal(threads[i], pthread_self()));
}

/* Two items that each wait for the other: with two workers both are under way at once. */
static void meet(void *data, size_t worker, size_t item)
{
	(void)worker;
	(void)item;
	pthread_barrier_wait(data);
}

static void test_two_workers_work_at_once(void **state)
{
	pthread_barrier_t barrier;

	(void)state;
	assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
	parallel_each(2, 2, meet, &barrier);
	pthread_barrier_destroy(&barrier);
}

struct made {
	char *texts[ITEMS];
	size_t fails_at;
};

static enum rc make(void *data, struct arena *arena, size_t item)
{
	struct made *made = data;

	if (item >= made->fails_at)
		return item == made->fails_at ? RC_LIMIT : RC_CORRUPT;
	made->texts[item] = arena_printf(arena, "item %zu", item);
	return made->texts[item] ? RC_OK : RC_NOMEM;
}

static void test_what_was_made_stays_in_the_arena(void **state)
{
	struct made made = { .fails_at = ITEMS };
	struct arena *arena = arena_new(1 << 20);
	char text[32];

	(void)state;
	assert_int_equal(parallel_make(arena, ITEMS, 4, make, &made), RC_OK);
	for (size_t i = 0; i < ITEMS; i++) {
		snprintf(text, sizeof(text), "item %zu", i);
		assert_string_equal(made.texts[i], text);
	}
	assert_true(arena_used_bytes(arena) >= ITEMS * 8);
	arena_free(arena);
}

static void test_the_first_failure_is_told(void **state)
{
	struct made made = { .fails_at = ITEMS / 2 };
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	assert_int_equal(parallel_make(arena, ITEMS, 4, make, &made), RC_LIMIT);
	assert_string_equal(made.texts[0], "item 0");
	arena_free(arena);
}

static void test_few_items_are_one_workers(void **state)
{
	(void)state;
	assert_int_equal(parallel_workers(9, 10), 1);
	assert_in_range(parallel_workers(10, 10), 1, PARALLEL_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_item_is_worked_on_once),
		cmocka_unit_test(test_nothing_is_done_for_no_items),
		cmocka_unit_test(test_one_worker_is_the_caller),
		cmocka_unit_test(test_two_workers_work_at_once),
		cmocka_unit_test(test_what_was_made_stays_in_the_arena),
		cmocka_unit_test(test_the_first_failure_is_told),
		cmocka_unit_test(test_few_items_are_one_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
