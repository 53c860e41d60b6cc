/** @file Tests of the lease: one writer at a time, dead holders, and writers that stalled. */
#include "tests/state/fixture.h"

#include <signal.h>

#define DB "state.db"
#define TTL_MS 60000

static struct user *open_again(struct fixture *f)
{
	struct user *user = fixture_user(f);
	static const struct store_options options = { .project = "shop", .holder = "bob@ci" };

	assert_int_equal(user_open(user, DB, &options), RC_OK);
	return user;
}

static enum rc lock(struct user *user, int64_t timeout_ms)
{
	return user->store->vt->lock(user->store, "destroy", timeout_ms);
}

static void advance(struct user *user, int64_t ms)
{
	user->run.clock.wall_offset_ms += ms;
}

static void test_the_lease_says_who_holds_it(void **state)
{
	struct fixture *f = *state;
	struct user *holder = fixture_open(f, NULL), *other = open_again(f);
	struct lease_info lease;
	int64_t now = clock_wall_ms(&holder->run.clock);
	char host[256];

	assert_int_equal(other->store->vt->lease(other->store, other->run.arena, &lease), RC_NOTFOUND);
	assert_int_equal(lock(holder, 0), RC_OK);
	assert_int_equal(other->store->vt->lease(other->store, other->run.arena, &lease), RC_OK);
	assert_int_equal(gethostname(host, sizeof(host)), 0);
	assert_string_equal(lease.holder, "alice@laptop");
	assert_string_equal(lease.host, host);
	assert_string_equal(lease.purpose, "destroy");
	assert_int_equal(lease.pid, getpid());
	assert_int_equal(lease.ttl_ms, TTL_MS);
	assert_int_equal(lease.fence, 1);
	assert_in_range(lease.acquired_ms, now, now + 60000);
	assert_int_equal(lease.heartbeat_ms, lease.acquired_ms);
	holder->store->vt->unlock(holder->store);
	assert_int_equal(other->store->vt->lease(other->store, other->run.arena, &lease), RC_NOTFOUND);
}

static void test_a_second_holder_is_refused_with_the_first_ones_name(void **state)
{
	struct fixture *f = *state;
	struct user *holder = fixture_open(f, "apply"), *other = open_again(f);
	const struct diag *diag;

	assert_int_equal(lock(other, 0), RC_CONFLICT);
	assert_only_error(other, "A0501");
	diag = user_diag(other, "A0501");
	assert_non_null(strstr(diag->summary, "alice@laptop"));
	assert_non_null(strstr(diag->summary, "apply"));
	assert_non_null(strstr(diag->summary, arena_printf(other->run.arena, "process %d", (int)getpid())));
	assert_non_null(strstr(diag->help, "--lock-timeout"));
	/* and may not write either */
	assert_int_equal(user_commit(other, NULL, 0, NULL, 0), RC_CONFLICT);
	assert_int_equal(lock(holder, 0), RC_OK);
	holder->store->vt->unlock(holder->store);
	assert_int_equal(lock(other, 0), RC_OK);
}

static void test_waiting_ends_with_the_timeout(void **state)
{
	struct fixture *f = *state;
	struct user *other;
	int64_t begun;

	(void)fixture_open(f, "apply");
	other = open_again(f);
	/* a thousand times as fast: the lease would last long beyond the wait, had the clocks one pace */
	other->run.clock.scale = 1000;
	other->run.clock.wall_anchor_ms = other->run.clock.start_mono_ms;
	other->run.clock.wall_offset_ms -= 3600000;
	begun = clock_mono_ms(&other->run.clock);
	assert_int_equal(lock(other, 30000), RC_CONFLICT);
	assert_true(clock_mono_ms(&other->run.clock) - begun >= 30000);
	assert_only_error(other, "A0501");
}

static void test_waiting_can_be_interrupted(void **state)
{
	struct fixture *f = *state;
	struct user *other;
	volatile int interrupted = 1;

	(void)fixture_open(f, "apply");
	other = open_again(f);
	other->run.interrupted = &interrupted;
	assert_int_equal(lock(other, INT64_MAX), RC_CANCELLED);
	assert_int_equal(other->run.diags.count, 0);
}

static void test_closing_gives_the_lease_back(void **state)
{
	struct fixture *f = *state;
	struct user *holder = fixture_open(f, "apply"), *other = open_again(f);

	user_close(holder);
	assert_int_equal(lock(other, 0), RC_OK);
	assert_int_equal(query_number(DB, "SELECT fence FROM meta"), 2);
}

static void test_an_expired_lease_is_taken_over_and_its_holder_fenced_off(void **state)
{
	struct fixture *f = *state;
	struct user *stalled = fixture_open(f, "apply"), *other = open_again(f);
	struct recorded item = make_cname(stalled->run.arena, "tunnel/a", "a.example.com");
	struct intent intent = { .operation = "create", .address = "tunnel/a" };
	struct run_record record = { .command = "apply" };
	const struct store_vt *vt = stalled->store->vt;
	struct recorded_state loaded;
	int64_t run;

	assert_int_equal(user_commit(stalled, &item, 1, NULL, 0), RC_OK);
	advance(other, TTL_MS - 1000);
	assert_int_equal(lock(other, 0), RC_CONFLICT);
	advance(other, 2000);
	assert_int_equal(lock(other, 0), RC_OK);
	/* the stalled one wakes up */
	item.prior_comment = "too late";
	assert_int_equal(user_commit(stalled, &item, 1, NULL, 0), RC_STALE);
	assert_int_equal(vt->begin(stalled->store, &intent, 1), RC_STALE);
	assert_int_equal(vt->heartbeat(stalled->store), RC_STALE);
	assert_int_equal(vt->run_begin(stalled->store, &record, &run), RC_STALE);
	assert_only_error(stalled, "A0502");
	loaded = user_load(other);
	assert_string_equal(loaded.items[0].prior_comment, "by hand");
	assert_int_equal(loaded.serial, 1);
	assert_int_equal(query_number(DB, "SELECT (SELECT count(*) FROM intent) + (SELECT count(*) FROM run)"), 0);
	/* and cannot give away what is no longer its own */
	vt->unlock(stalled->store);
	assert_int_equal(query_number(DB, "SELECT fence FROM lease"), 2);
	assert_int_equal(user_commit(other, &item, 1, NULL, 0), RC_OK);
}

/** Silence alone loses nothing, as long as nobody took over. */
static void test_an_expired_lease_is_still_its_holders(void **state)
{
	struct fixture *f = *state;
	struct user *holder = fixture_open(f, "apply"), *other = open_again(f);

	advance(holder, 10 * TTL_MS);
	advance(other, 10 * TTL_MS);
	assert_int_equal(holder->store->vt->heartbeat(holder->store), RC_OK);
	assert_int_equal(lock(other, 0), RC_CONFLICT);
}

static void test_every_write_renews_the_lease(void **state)
{
	struct fixture *f = *state;
	struct user *holder = fixture_open(f, "apply"), *other = open_again(f);
	struct intent intent = { .operation = "create", .address = "tunnel/a" };
	const struct store_vt *vt = holder->store->vt;

	for (size_t i = 0; i < 6; i++) {
		advance(holder, TTL_MS * 2 / 3);
		advance(other, TTL_MS * 2 / 3);
		switch (i % 3) {
		case 0:
			assert_int_equal(vt->heartbeat(holder->store), RC_OK);
			break;
		case 1:
			assert_int_equal(vt->begin(holder->store, &intent, 1), RC_OK);
			break;
		case 2:
			assert_int_equal(user_commit(holder, NULL, 0, NULL, 0), RC_OK);
			break;
		}
		assert_int_equal(lock(other, 0), RC_CONFLICT);
	}
}

/** A writer of --lock=false: works while nobody holds the lease, and fences off a holder that it believed dead. */
static void test_writing_without_a_lock(void **state)
{
	struct fixture *f = *state;
	struct user *unlocked = fixture_open(f, NULL), *holder = open_again(f);
	struct recorded item = make_cname(unlocked->run.arena, "tunnel/a", "a.example.com");

	assert_int_equal(user_commit(unlocked, &item, 1, NULL, 0), RC_OK);
	assert_int_equal(unlocked->store->vt->heartbeat(unlocked->store), RC_OK);
	assert_int_equal(lock(holder, 0), RC_OK);
	item.prior_comment = "2";
	assert_int_equal(user_commit(unlocked, &item, 1, NULL, 0), RC_CONFLICT);
	assert_only_error(unlocked, "A0501");
	/* Some more, as the machine's own clock may be set back a little meanwhile. */
	advance(unlocked, TTL_MS + 1000);
	assert_int_equal(user_commit(unlocked, &item, 1, NULL, 0), RC_OK);
	assert_int_equal(user_commit(holder, NULL, 0, NULL, 0), RC_STALE);
	assert_int_equal(user_load(unlocked).serial, 2);
}

static void test_fences_only_grow(void **state)
{
	struct fixture *f = *state;
	struct user *user = fixture_open(f, NULL);

	for (int64_t i = 1; i <= 5; i++) {
		assert_int_equal(lock(user, 0), RC_OK);
		assert_int_equal(query_number(DB, "SELECT fence FROM lease"), i);
		user->store->vt->unlock(user->store);
	}
}

/** adit unlock: whoever holds the lease with that number can write nothing any more. */
static void test_a_broken_lease_is_lost(void **state)
{
	struct fixture *f = *state;
	struct user *holder = fixture_open(f, "apply"), *other = open_again(f), *reader = fixture_open_read_only(f);
	struct recorded item = make_cname(holder->run.arena, "tunnel/a", "a.example.com");
	struct store *store = other->store;

	assert_int_equal(store->vt->break_lease(store, 2), RC_NOTFOUND);
	assert_int_equal(user_commit(holder, NULL, 0, NULL, 0), RC_OK);
	assert_int_equal(reader->store->vt->break_lease(reader->store, 1), RC_INTERNAL);
	assert_int_equal(user_count_code(reader, "A0514"), 1);
	assert_int_equal(store->vt->break_lease(store, 1), RC_OK);
	assert_int_equal(store->vt->break_lease(store, 1), RC_NOTFOUND);
	assert_int_equal(user_commit(holder, &item, 1, NULL, 0), RC_STALE);
	assert_only_error(holder, "A0502");
	assert_int_equal(user_load(other).count, 0);
	/* what is broken does not come back */
	assert_int_equal(lock(other, 0), RC_OK);
	assert_int_equal(query_number(DB, "SELECT fence FROM lease"), 2);
	assert_int_equal(store->vt->break_lease(store, 1), RC_NOTFOUND);
	assert_int_equal(user_commit(other, &item, 1, NULL, 0), RC_OK);
}

/** A holder in a process of its own: tells through a pipe when it holds the lease, waits on another, and is killed. */
struct holder {
	int told[2], wait[2];
	bool dies;
};

static int hold(void *context)
{
	struct holder *holder = context;
	static struct fixture none;
	struct user *user = fixture_user(&none);
	char byte = 'x';

	if (user_open(user, DB, NULL) || lock(user, 0))
		return 1;
	if (!holder->dies) {
		close(holder->wait[1]);
		if (write(holder->told[1], &byte, 1) != 1 || read(holder->wait[0], &byte, 1) < 0)
			return 2;
	}
	return raise(SIGKILL);
}

static void test_a_dead_holder_is_taken_over_at_once(void **state)
{
	struct fixture *f = *state;
	struct holder holder = { .dies = true };
	struct user *user;

	assert_true(WIFSIGNALED(fixture_join(f, fixture_fork(f, hold, &holder))));
	assert_int_equal(query_number(DB, "SELECT count(*) FROM lease"), 1);
	user = open_again(f);
	assert_int_equal(lock(user, 0), RC_OK);
	assert_int_equal(query_number(DB, "SELECT fence FROM lease"), 2);
	assert_int_equal(user->run.diags.count, 0);
}

/** The same pid in another container, or on another machine, says nothing. */
static void test_a_dead_pid_elsewhere_proves_nothing(void **state)
{
	static const char *const elsewhere[] = { "UPDATE lease SET host_id = 'other pid:[1]'", "UPDATE lease SET host_id = ''",
						 "UPDATE lease SET pid = 0", "UPDATE lease SET pid = -1",
						 /* kill() would say of these that there is no such process */
						 "UPDATE lease SET pid = -2147483000", "UPDATE lease SET pid = 6442450000" };
	struct fixture *f = *state;
	struct holder holder = { .dies = true };
	struct user *user;

	assert_true(WIFSIGNALED(fixture_join(f, fixture_fork(f, hold, &holder))));
	user = open_again(f);
	run_sql(DB, "CREATE TABLE kept AS SELECT * FROM lease");
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		run_sql(DB, elsewhere[i]);
		assert_int_equal(lock(user, 0), RC_CONFLICT);
		run_sql(DB, "DELETE FROM lease; INSERT INTO lease SELECT * FROM kept");
	}
	assert_int_equal(lock(user, 0), RC_OK);
}

static void test_a_living_holder_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct holder holder = { 0 };
	struct user *user;
	char byte;
	pid_t child;

	assert_int_equal(pipe(holder.told), 0);
	assert_int_equal(pipe(holder.wait), 0);
	child = fixture_fork(f, hold, &holder);
	assert_int_equal(read(holder.told[0], &byte, 1), 1);
	user = open_again(f);
	assert_int_equal(lock(user, 0), RC_CONFLICT);
	assert_non_null(strstr(user_diag(user, "A0501")->summary, arena_printf(user->run.arena, "process %d", (int)child)));
	/* it ends without giving the lease back; the wait finds out */
	assert_int_equal(close(holder.wait[1]), 0);
	assert_true(WIFSIGNALED(fixture_join(f, child)));
	user->run.clock.scale = 100;
	assert_int_equal(lock(user, 3600000), RC_OK);
	close(holder.told[0]);
	close(holder.told[1]);
	close(holder.wait[0]);
}

#define PROCESSES 4
#define ROUNDS 6

/** Read how many there are, record one more under that number: two at a time would meet. */
static int count_up(void *context)
{
	static struct fixture none;
	struct user *user = fixture_user(&none);
	int *start = context;
	char byte;

	close(start[1]);
	if (read(start[0], &byte, 1) != 0)
		return 1;
	user->run.clock.scale = 8;
	for (size_t i = 0; i < ROUNDS; i++) {
		static const struct store_options options = { .project = "shop", .lease_ttl_ms = INT64_MAX / 4 };
		struct recorded_state loaded;
		struct recorded item;

		if (user_open(user, DB, &options) || lock(user, INT64_MAX) ||
		    user->store->vt->load(user->store, user->run.arena, &loaded))
			return 2;
		item = make_cname(user->run.arena, "tunnel/a", arena_printf(user->run.arena, "a%zu.example.com", loaded.count));
		if (map_get(&loaded.by_address, item.resource->address) || user_commit(user, &item, 1, NULL, 0))
			return 3;
		user_close(user);
	}
	return 0;
}

static void test_processes_take_turns(void **state)
{
	struct fixture *f = *state;
	pid_t children[PROCESSES];
	struct user *user;
	int start[2];

	assert_int_equal(pipe(start), 0);
	for (size_t i = 0; i < PROCESSES; i++)
		children[i] = fixture_fork(f, count_up, start);
	/* the end of the pipe is the signal to start */
	close(start[0]);
	close(start[1]);
	for (size_t i = 0; i < PROCESSES; i++)
		assert_int_equal(fixture_join(f, children[i]), 0);
	user = open_again(f);
	assert_int_equal(user_load(user).count, PROCESSES * ROUNDS);
	assert_int_equal(user_load(user).serial, PROCESSES * ROUNDS);
	assert_int_equal(query_number(DB, "SELECT fence FROM meta"), PROCESSES * ROUNDS);
}

/** A process that is stopped in the middle of a write keeps others out for a bounded time. */
static void test_a_write_that_does_not_end(void **state)
{
	struct fixture *f = *state;
	struct user *holder = fixture_open(f, "apply"), *other = fixture_user(f);
	struct sql_store *s = (struct sql_store *)holder->store;

	/* how long a server lets it wait is said when it is opened */
	other->run.clock.scale = 5000;
	assert_int_equal(user_open(other, DB, NULL), RC_OK);
	assert_int_equal(sql_write_begin(s), RC_OK);
	assert_int_equal(lock(other, 0), RC_CONFLICT);
	assert_only_error(other, "A0503");
	assert_non_null(strstr(user_diag(other, "A0503")->summary, arena_printf(other->run.arena, "process %d", (int)getpid())));
	other->run.clock.scale = 1;
	assert_int_equal(sql_write_end(s, RC_OK), RC_OK);
	assert_int_equal(lock(other, 0), RC_CONFLICT);
	assert_int_equal(user_count_code(other, "A0501"), 1);
}

/** Nobody can be named when not even the lease can be read. */
static void test_a_file_that_is_locked_whole(void **state)
{
	struct fixture *f = *state;
	struct user *user = fixture_open(f, NULL);
	struct recorded_state loaded;
	sqlite3 *other = NULL;

	if (fixture_is_postgres())
		skip();
	assert_int_equal(sqlite3_open(DB, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	user->run.clock.scale = 5000;
	assert_int_equal(lock(user, 0), RC_CONFLICT);
	assert_only_error(user, "A0503");
	assert_int_equal(user->store->vt->load(user->store, user->run.arena, &loaded), RC_CONFLICT);
	sqlite3_close(other);
	assert_int_equal(lock(user, 0), RC_OK);
}

/** A reader that never ends keeps a commit from ending: bounded, and nothing of it stays. */
static void test_a_commit_that_readers_hold_up(void **state)
{
	struct fixture *f = *state;
	struct user *holder = fixture_open(f, "apply");
	struct recorded item = make_cname(holder->run.arena, "tunnel/a", "a.example.com");
	sqlite3 *reader = NULL;

	if (fixture_is_postgres())
		skip();
	assert_int_equal(sqlite3_open(DB, &reader), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM resource", NULL, NULL, NULL), SQLITE_OK);
	holder->run.clock.scale = 5000;
	assert_int_equal(user_commit(holder, &item, 1, NULL, 0), RC_CONFLICT);
	assert_only_error(holder, "A0503");
	assert_int_equal(user_load(holder).count, 0);
	sqlite3_close(reader);
	assert_int_equal(user_commit(holder, &item, 1, NULL, 0), RC_OK);
	assert_int_equal(user_load(holder).count, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_lease_says_who_holds_it),
		TEST(test_a_second_holder_is_refused_with_the_first_ones_name),
		TEST(test_waiting_ends_with_the_timeout),
		TEST(test_waiting_can_be_interrupted),
		TEST(test_closing_gives_the_lease_back),
		TEST(test_an_expired_lease_is_taken_over_and_its_holder_fenced_off),
		TEST(test_an_expired_lease_is_still_its_holders),
		TEST(test_every_write_renews_the_lease),
		TEST(test_writing_without_a_lock),
		TEST(test_fences_only_grow),
		TEST(test_a_broken_lease_is_lost),
		TEST(test_a_dead_holder_is_taken_over_at_once),
		TEST(test_a_dead_pid_elsewhere_proves_nothing),
		TEST(test_a_living_holder_is_waited_for),
		TEST(test_processes_take_turns),
		TEST(test_a_write_that_does_not_end),
		TEST(test_a_file_that_is_locked_whole),
		TEST(test_a_commit_that_readers_hold_up),
	};

	return cmocka_run_group_tests_name("store_lease", tests, NULL, NULL);
}
