/** @file Tests of what the history keeps, tells and forgets, and of projects that are suspended. */
#include "tests/state/fixture.h"

#include "base/limits.h"

#define DB "state.db"
#define CHANGES \
	"[{\"action\":\"create\",\"address\":\"tunnel/a\",\"result\":\"ok\"}," \
	"{\"action\":\"update\",\"address\":\"cname/a.example.com\",\"result\":\"refused\"}]"

static struct user *open_with(struct fixture *f, const struct store_options *options)
{
	struct user *user = fixture_user(f);

	assert_int_equal(user_open(user, DB, options), RC_OK);
	assert_int_equal(user->store->vt->lock(user->store, "apply", 0), RC_OK);
	return user;
}

/** A run from its beginning to its end. */
static int64_t make_run(struct user *user, int64_t started_ms, const char *snapshot)
{
	const struct run_record record = { .command = "apply", .actor = "alice@laptop", .commit = "4b825dc",
					   .plan_digest = "e3b0c442", .started_ms = started_ms };
	const struct run_result result = { .status = "partial", .added = 3, .changed = 2, .destroyed = 1, .failed = 5, .deferred = 4,
					   .ended_ms = started_ms + 10, .changes = CHANGES, .snapshot = snapshot };
	int64_t run = 0;

	assert_int_equal(user->store->vt->run_begin(user->store, &record, &run), RC_OK);
	assert_int_equal(user->store->vt->run_end(user->store, run, &result), RC_OK);
	return run;
}

static size_t list_runs(struct user *user, struct run_entry **ret_runs)
{
	size_t count = 99;

	assert_int_equal(user->store->vt->runs(user->store, user->run.arena, ret_runs, &count), RC_OK);
	return count;
}

static enum rc read_run(struct user *user, int64_t run, struct run_detail *ret_run)
{
	return user->store->vt->run_read(user->store, user->run.arena, run, ret_run);
}

static void test_where_nothing_ever_ran(void **state)
{
	struct user *user = fixture_open_read_only(*state);
	struct run_detail detail;
	struct run_entry *runs;

	assert_int_equal(list_runs(user, &runs), 0);
	assert_int_equal(read_run(user, 1, &detail), RC_NOTFOUND);
	assert_only_error(user, "A0517");
}

static void test_runs_are_told_newest_first(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	const struct run_record bare = { .command = "destroy", .started_ms = 3000 };
	struct run_entry *runs;
	int64_t under_way;

	assert_int_equal(make_run(user, 1000, "{}"), 1);
	assert_int_equal(make_run(user, 2000, NULL), 2);
	assert_int_equal(user->store->vt->run_begin(user->store, &bare, &under_way), RC_OK);
	assert_int_equal(list_runs(user, &runs), 3);
	for (int64_t i = 0; i < 3; i++)
		assert_int_equal(runs[i].id, 3 - i);
	assert_string_equal(runs[0].command, "destroy");
	assert_null(runs[0].actor);
	assert_null(runs[0].commit);
	assert_null(runs[0].plan_digest);
	assert_null(runs[0].status);
	assert_int_equal(runs[0].ended_ms, 0);
	assert_false(runs[1].has_snapshot);
	assert_true(runs[2].has_snapshot);
	assert_string_equal(runs[2].actor, "alice@laptop");
	assert_string_equal(runs[2].commit, "4b825dc");
	assert_string_equal(runs[2].plan_digest, "e3b0c442");
	assert_string_equal(runs[2].status, "partial");
	assert_int_equal(runs[2].started_ms, 1000);
	assert_int_equal(runs[2].ended_ms, 1010);
	assert_int_equal(runs[2].added * 10000 + runs[2].changed * 1000 + runs[2].destroyed * 100 + runs[2].failed * 10 +
			 runs[2].deferred, 32154);
}

static void test_a_run_is_read_whole(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	struct run_detail detail;

	make_run(user, 1000, "{\"resources\":[]}");
	make_run(user, 2000, NULL);
	assert_int_equal(read_run(user, 1, &detail), RC_OK);
	assert_int_equal(detail.entry.id, 1);
	assert_string_equal(detail.snapshot, "{\"resources\":[]}");
	assert_int_equal(detail.change_count, 2);
	assert_string_equal(detail.changes[0].address, "tunnel/a");
	assert_string_equal(detail.changes[0].action, "create");
	assert_string_equal(detail.changes[0].result, "ok");
	assert_string_equal(detail.changes[1].address, "cname/a.example.com");
	assert_int_equal(read_run(user, 2, &detail), RC_OK);
	assert_null(detail.snapshot);
	assert_int_equal(read_run(user, 3, &detail), RC_NOTFOUND);
	assert_only_error(user, "A0517");
}

/** It steers what a rollback deletes. */
static void test_a_damaged_snapshot_is_refused(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	struct run_detail detail;

	make_run(user, 1000, "{\"resources\":[]}");
	run_sql(DB, "UPDATE snapshot SET document = '{}'");
	assert_int_equal(read_run(user, 1, &detail), RC_CORRUPT);
	assert_only_error(user, "A0505");
}

/** Of large ones the last, and the one before; those that are the same count once. */
static void test_snapshots_are_kept_as_far_as_there_is_room(void **state)
{
	const struct store_options options = { .project = "shop", .holder = "alice@laptop", .snapshot_bytes = 31 };
	struct user *user = open_with(*state, &options);
	int64_t now = clock_wall_ms(&user->run.clock);
	struct run_entry *runs;
	static const char *const snapshots[] = { "{\"a\":1234}", "{\"b\":1234}", NULL, "{\"c\":1234}", "{\"c\":1234}", "{\"d\":1234}" };

	for (size_t i = 0; i < sizeof(snapshots) / sizeof(snapshots[0]); i++)
		make_run(user, now, snapshots[i]);
	assert_int_equal(list_runs(user, &runs), 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(runs[i].has_snapshot, runs[i].id >= 4 || runs[i].id == 2);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM snapshot"), 3);
	make_run(user, now, "{\"large\":\"0123456789012345678901234567890123456789\"}");
	assert_int_equal(list_runs(user, &runs), 7);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(runs[i].has_snapshot, runs[i].id >= 6);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM snapshot"), 2);
}

static void test_the_oldest_runs_are_forgotten_by_count(void **state)
{
	const struct store_options options = { .project = "shop", .holder = "alice@laptop", .history_runs = 12 };
	struct user *user = open_with(*state, &options);
	int64_t now = clock_wall_ms(&user->run.clock);
	struct run_detail detail;
	struct run_entry *runs;

	/* one desired state of runs 1 to 5, another of all after them */
	for (int64_t i = 1; i <= 15; i++)
		assert_int_equal(make_run(user, now, i <= 5 ? "{\"a\":1}" : "{\"b\":1}"), i);
	assert_int_equal(list_runs(user, &runs), 12);
	assert_int_equal(runs[0].id, 15);
	assert_int_equal(runs[11].id, 4);
	assert_int_equal(read_run(user, 3, &detail), RC_NOTFOUND);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM change"), 24);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM snapshot"), 2);
	make_run(user, now, NULL);
	make_run(user, now, NULL);
	/* the last run that applied the first one is gone, and the numbers go on */
	assert_int_equal(query_number(DB, "SELECT count(*) FROM snapshot"), 1);
	assert_int_equal(make_run(user, now, NULL), 18);
}

static void test_old_runs_are_forgotten_but_for_the_last_ones(void **state)
{
	const struct store_options options = { .project = "shop", .holder = "alice@laptop", .history_ms = 60000 };
	struct user *user = open_with(*state, &options);
	int64_t now = clock_wall_ms(&user->run.clock);
	struct run_entry *runs;

	for (size_t i = 0; i < LIMIT_HISTORY_LEAST + 5; i++)
		make_run(user, now - 3600000, NULL);
	assert_int_equal(list_runs(user, &runs), LIMIT_HISTORY_LEAST);
	for (size_t i = 0; i < 3; i++)
		make_run(user, now, NULL);
	assert_int_equal(list_runs(user, &runs), LIMIT_HISTORY_LEAST);
	for (size_t i = 0; i < LIMIT_HISTORY_LEAST + 5; i++)
		make_run(user, now, NULL);
	/* none of these is old */
	assert_int_equal(list_runs(user, &runs), LIMIT_HISTORY_LEAST + 8);
}

/** Without options: 200 runs. What many runs applied is kept once. */
static void test_how_many_runs_are_kept(void **state)
{
	struct user *user = open_with(*state, NULL);
	int64_t now = clock_wall_ms(&user->run.clock);
	struct run_detail detail;
	struct run_entry *runs;

	assert_int_equal(LIMIT_HISTORY_RUNS, 200);
	for (int64_t i = 1; i <= 203; i++)
		assert_int_equal(make_run(user, now, i % 2 ? "{\"odd\":1}" : "{\"even\":1}"), i);
	assert_int_equal(list_runs(user, &runs), 200);
	assert_int_equal(runs[199].id, 4);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM snapshot"), 2);
	assert_int_equal(read_run(user, 4, &detail), RC_OK);
	assert_string_equal(detail.snapshot, "{\"even\":1}");
	assert_int_equal(read_run(user, 203, &detail), RC_OK);
	assert_string_equal(detail.snapshot, "{\"odd\":1}");
}

/** Without options: 180 days. What an old run alone applied goes with it. */
static void test_how_long_runs_are_kept(void **state)
{
	const int64_t day_ms = 86400000;
	struct user *user = open_with(*state, NULL);
	int64_t now = clock_wall_ms(&user->run.clock);
	struct run_detail detail;
	struct run_entry *runs;

	for (size_t i = 0; i < LIMIT_HISTORY_LEAST; i++)
		make_run(user, now - 181 * day_ms, i % 2 ? "{\"old\":1}" : "{\"both\":1}");
	assert_int_equal(query_number(DB, "SELECT count(*) FROM snapshot"), 2);
	for (size_t i = 0; i < LIMIT_HISTORY_LEAST; i++)
		make_run(user, now - 179 * day_ms, "{\"both\":1}");
	assert_int_equal(list_runs(user, &runs), LIMIT_HISTORY_LEAST);
	assert_int_equal(runs[LIMIT_HISTORY_LEAST - 1].id, LIMIT_HISTORY_LEAST + 1);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM snapshot"), 1);
	assert_int_equal(read_run(user, LIMIT_HISTORY_LEAST + 1, &detail), RC_OK);
	assert_string_equal(detail.snapshot, "{\"both\":1}");
}

static void test_other_projects_keep_theirs(void **state)
{
	const struct store_options few = { .project = "shop", .holder = "alice@laptop", .history_runs = 1 };
	const struct store_options other = { .project = "blog", .holder = "alice@laptop" };
	struct user *shop = open_with(*state, &few), *blog = open_with(*state, &other);
	int64_t now = clock_wall_ms(&shop->run.clock);
	struct run_detail detail;
	struct run_entry *runs;

	assert_int_equal(make_run(blog, now, "{\"same\":1}"), 1);
	for (int64_t i = 1; i <= 3; i++)
		assert_int_equal(make_run(shop, now, i == 1 ? "{\"same\":1}" : NULL), i);
	assert_int_equal(list_runs(shop, &runs), 1);
	assert_int_equal(list_runs(blog, &runs), 1);
	assert_int_equal(read_run(blog, 1, &detail), RC_OK);
	assert_string_equal(detail.snapshot, "{\"same\":1}");
}

static void test_a_project_is_suspended_and_resumed(void **state)
{
	const struct store_options other = { .project = "blog", .holder = "alice@laptop" };
	struct user *user = fixture_open(*state, "rollback"), *blog = open_with(*state, &other);
	struct user *reader = fixture_open_read_only(*state);
	const struct store_vt *vt = user->store->vt;

	assert_null(user_load(user).suspended);
	assert_int_equal(vt->suspend(user->store, "rolled back to run 3 by alice"), RC_OK);
	assert_string_equal(user_load(reader).suspended, "rolled back to run 3 by alice");
	assert_null(user_load(blog).suspended);
	assert_int_equal(user_load(user).serial, 0);
	assert_int_equal(vt->suspend(reader->store, NULL), RC_INTERNAL);
	assert_int_equal(user_count_code(reader, "A0514"), 1);
	assert_int_equal(vt->suspend(user->store, NULL), RC_OK);
	assert_null(user_load(reader).suspended);
}

/** It is a write like any other. */
static void test_suspending_needs_the_lease(void **state)
{
	struct user *holder = fixture_open(*state, "apply"), *other = fixture_open(*state, NULL);

	assert_int_equal(other->store->vt->suspend(other->store, "now"), RC_CONFLICT);
	assert_only_error(other, "A0501");
	assert_null(user_load(holder).suspended);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_where_nothing_ever_ran),
		TEST(test_runs_are_told_newest_first),
		TEST(test_a_run_is_read_whole),
		TEST(test_a_damaged_snapshot_is_refused),
		TEST(test_snapshots_are_kept_as_far_as_there_is_room),
		TEST(test_the_oldest_runs_are_forgotten_by_count),
		TEST(test_old_runs_are_forgotten_but_for_the_last_ones),
		TEST(test_how_many_runs_are_kept),
		TEST(test_how_long_runs_are_kept),
		TEST(test_other_projects_keep_theirs),
		TEST(test_a_project_is_suspended_and_resumed),
		TEST(test_suspending_needs_the_lease),
	};

	return cmocka_run_group_tests_name("store_history", tests, NULL, NULL);
}
