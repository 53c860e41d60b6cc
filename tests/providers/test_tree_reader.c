/* Reading JSON trees in a thread beside. */
#include "providers/tree_reader.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

/** How often the reader said that it is done with a job. */
struct told {
	pthread_mutex_t mutex;
	size_t count;
};

static void tell(void *context)
{
	struct told *told = context;

	pthread_mutex_lock(&told->mutex);
	told->count++;
	pthread_mutex_unlock(&told->mutex);
}

static struct told told;

static int setup(void **state)
{
	struct tree_reader *reader;

	told = (struct told){.mutex = PTHREAD_MUTEX_INITIALIZER};
	if (tree_reader_new(tell, &told, &reader))
		return -1;
	*state = reader;
	return 0;
}

static int teardown(void **state)
{
	tree_reader_free(*state);
	return 0;
}

static struct tree_job make_job(const char *text)
{
	return (struct tree_job){.bytes = text, .size = strlen(text)};
}

static void trees_come_in_the_order_of_their_texts(void **state)
{
	static const char *const texts[] = {"[1]", "[2]", "[3]", "[4]", "[5]"};
	struct tree_reader *reader = *state;

	assert_null(tree_reader_take(reader, true));
	for (size_t i = 0; i < 5; i++) {
		struct tree_job job = make_job(texts[i]), *taken;

		assert_true(tree_reader_give(reader, &job));
		taken = tree_reader_take(reader, true);
		assert_ptr_equal(taken, &job);
		assert_int_equal(job.rc, RC_OK);
		assert_int_equal((int)json_item(job.root, 0)->u.number, i + 1);
		assert_int_equal(told.count, i + 1);
		assert_null(tree_reader_take(reader, false));
		tree_reader_end(reader, &job);
		assert_null(job.root);
		if (i == 2)
			tree_reader_trim(reader);
	}
}

static void what_is_no_json_is_said(void **state)
{
	struct tree_reader *reader = *state;
	struct tree_job job = make_job("{\"a\":");

	assert_true(tree_reader_give(reader, &job));
	assert_ptr_equal(tree_reader_take(reader, true), &job);
	assert_int_equal(job.rc, RC_INVALID);
	tree_reader_end(reader, &job);
}

/** Two trees that are looked at are all that there may be; one text more may wait. */
static void memory_is_bounded(void **state)
{
	struct tree_reader *reader = *state;
	struct tree_job jobs[4] = {make_job("1"), make_job("2"), make_job("3"), make_job("4")};

	for (size_t i = 0; i < 2; i++) {
		assert_true(tree_reader_give(reader, &jobs[i]));
		assert_ptr_equal(tree_reader_take(reader, true), &jobs[i]);
	}
	assert_ptr_not_equal(jobs[0].arena, jobs[1].arena);
	assert_true(tree_reader_give(reader, &jobs[2]));
	assert_false(tree_reader_give(reader, &jobs[3]));
	assert_int_equal(jobs[3].phase, TREE_IDLE);
	assert_null(tree_reader_take(reader, false));
	assert_int_equal((int)jobs[0].root->u.number, 1);
	tree_reader_end(reader, &jobs[0]);
	assert_ptr_equal(tree_reader_take(reader, true), &jobs[2]);
	assert_int_equal((int)jobs[2].root->u.number, 3);
	assert_int_equal((int)jobs[1].root->u.number, 2);
	tree_reader_end(reader, &jobs[1]);
	tree_reader_end(reader, &jobs[2]);
	assert_int_equal(told.count, 3);
}

/** Whatever phase it is in. */
static void a_job_may_go_at_any_time(void **state)
{
	struct tree_reader *reader = *state;
	struct tree_job held[2] = {make_job("1"), make_job("2")}, waiting = make_job("3"), last = make_job("[4]"), idle = make_job("5");
	char *large = malloc(2000001);

	assert_non_null(large);
	tree_reader_end(reader, &idle);
	for (size_t i = 0; i < 2; i++) {
		assert_true(tree_reader_give(reader, &held[i]));
		assert_ptr_equal(tree_reader_take(reader, true), &held[i]);
	}
	/* Not begun: there is no arena for it. */
	assert_true(tree_reader_give(reader, &waiting));
	tree_reader_end(reader, &waiting);
	assert_null(tree_reader_take(reader, true));
	tree_reader_end(reader, &held[0]);
	tree_reader_end(reader, &held[1]);
	/* Being read, most likely. */
	memset(large, '1', 2000000);
	large[0] = '[';
	for (size_t i = 2; i < 1999999; i += 2)
		large[i] = ',';
	large[1999999] = ']';
	large[2000000] = '\0';
	for (size_t i = 0; i < 3; i++) {
		struct tree_job job = make_job(large);

		assert_true(tree_reader_give(reader, &job));
		tree_reader_end(reader, &job);
		assert_int_equal(job.phase, TREE_IDLE);
	}
	free(large);
	assert_true(tree_reader_give(reader, &last));
	assert_ptr_equal(tree_reader_take(reader, true), &last);
	assert_int_equal(json_count(last.root), 1);
	tree_reader_end(reader, &last);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(trees_come_in_the_order_of_their_texts),
		TEST(what_is_no_json_is_said),
		TEST(memory_is_bounded),
		TEST(a_job_may_go_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
