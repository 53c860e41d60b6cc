/** @file Tests of processes that die: what they were told is recorded stays, and what they had begun is found. */
#include "tests/state/fixture.h"

#include <signal.h>

#define DB "state.db"

static struct recorded numbered(struct arena *arena, size_t n)
{
	return make_cname(arena, "tunnel/edge/web", arena_printf(arena, "a%06zu.example.com", n));
}

static int begin_and_die(void *context)
{
	static struct fixture none;
	struct user *user = fixture_open(&none, "apply");
	struct intent intents[] = {
		{ .operation = "create", .address = "tunnel/a", .detail = "{\"name\":\"shop.a\"}" },
		{ .operation = "create", .address = "cname/a.example.com", .detail = "{}" },
	};

	(void)context;
	return user->store->vt->begin(user->store, intents, 2) ? 1 : raise(SIGKILL);
}

static void test_intents_of_a_dead_process_are_found(void **state)
{
	struct fixture *f = *state;
	struct intent *intents = NULL;
	struct user *user;
	size_t count = 0;

	assert_true(WIFSIGNALED(fixture_join(f, fixture_fork(f, begin_and_die, NULL))));
	user = fixture_open(f, "apply");
	assert_int_equal(user->store->vt->open_intents(user->store, user->run.arena, &intents, &count), RC_OK);
	assert_int_equal(count, 2);
	assert_string_equal(intents[0].operation, "create");
	assert_string_equal(intents[0].address, "tunnel/a");
	assert_string_equal(intents[0].detail, "{\"name\":\"shop.a\"}");
	assert_string_equal(intents[1].address, "cname/a.example.com");
	assert_int_equal(user_load(user).serial, 0);
}

/** Writes half of a transaction into the file itself, so that only the journal can undo it, and waits for its end. */
static int write_half(void *context)
{
	static struct fixture none;
	struct user *user = fixture_open(&none, "apply");
	struct sqlite_store *s = (struct sqlite_store *)user->store;
	int *told = context;
	bool changed = false;

	if (sql_write_begin(&s->sql))
		return 1;
	for (size_t i = 0; i < 500; i++) {
		struct recorded item = numbered(user->run.arena, i);

		item.prior_comment = "half written";
		if (sql_resources_write(&s->sql, &item, 1, &changed))
			return 2;
	}
	if (sqlite3_db_cacheflush(s->db) != SQLITE_OK || write(told[1], "x", 1) != 1)
		return 3;
	pause();
	return 4;
}

static void kill_in_the_middle(struct fixture *f)
{
	struct user *user = fixture_open(f, "apply");
	struct recorded items[50];
	struct stat journal;
	int told[2];
	char byte;
	pid_t child;

	for (size_t i = 0; i < 50; i++)
		items[i] = numbered(user->run.arena, i);
	assert_int_equal(user_commit(user, items, 50, NULL, 0), RC_OK);
	user_close(user);
	assert_int_equal(pipe(told), 0);
	child = fixture_fork(f, write_half, told);
	assert_int_equal(read(told[0], &byte, 1), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_true(WIFSIGNALED(fixture_join(f, child)));
	close(told[0]);
	close(told[1]);
	assert_int_equal(stat("state.db-journal", &journal), 0);
	assert_true(journal.st_size > 0);
}

static void assert_as_before(struct user *user)
{
	struct recorded_state loaded = user_load(user);

	assert_int_equal(loaded.count, 50);
	for (size_t i = 0; i < loaded.count; i++)
		assert_string_equal(loaded.items[i].prior_comment, "by hand");
	assert_int_equal(loaded.serial, 1);
	assert_int_equal(user->run.diags.count, 0);
}

static void test_killed_in_a_transaction_then_opened_for_writing(void **state)
{
	struct fixture *f = *state;

	kill_in_the_middle(f);
	assert_as_before(fixture_open(f, "apply"));
	assert_int_equal(access("state.db-journal", F_OK), -1);
}

static void test_killed_in_a_transaction_then_opened_for_reading(void **state)
{
	struct fixture *f = *state;
	struct user *user;

	kill_in_the_middle(f);
	user = fixture_open_read_only(f);
	assert_as_before(user);
	/* recovered, and still not to be written to */
	assert_int_equal(sqlite3_exec(((struct sqlite_store *)user->store)->db, "DELETE FROM resource", NULL, NULL, NULL),
			 SQLITE_READONLY);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM resource"), 50);
}

/** A reader that may not roll back says so instead of reading half of a transaction. */
static int read_as_nobody(void *context)
{
	static const struct store_options reading = { .project = "shop", .read_only = true };
	struct user *user = fixture_user(context);

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return 1;
	if (user_open(user, DB, &reading) != RC_IO)
		return 2;
	return user_count_code(user, "A0509") == 1 && user_diag(user, "A0509")->help ? 0 : 3;
}

static void test_killed_in_a_transaction_then_read_without_rights(void **state)
{
	struct fixture *f = *state;
	int status;

	kill_in_the_middle(f);
	if (geteuid() == 0) {
		assert_int_equal(chown(DB, 65534, (gid_t)-1), 0);
		assert_int_equal(chown("state.db-journal", 65534, (gid_t)-1), 0);
		assert_int_equal(chown(".", 65534, (gid_t)-1), 0);
	}
	assert_int_equal(chmod(DB, 0400), 0);
	assert_int_equal(chmod("state.db-journal", 0400), 0);
	assert_int_equal(chmod(".", 0500), 0);
	status = fixture_join(f, fixture_fork(f, read_as_nobody, f));
	assert_int_equal(chmod(".", 0700), 0);
	assert_int_equal(chmod(DB, 0600), 0);
	assert_int_equal(chmod("state.db-journal", 0600), 0);
	assert_int_equal(status, 0);
	assert_as_before(fixture_open(f, "apply"));
}

/** Commits one after the other and tells of each. */
static int commit_for_ever(void *context)
{
	static struct fixture none;
	struct user *user = fixture_open(&none, "apply");
	struct recorded_state loaded = user_load(user);
	int *told = context;

	for (size_t n = loaded.count;; n++) {
		struct recorded item = numbered(user->run.arena, n);

		if (user_commit(user, &item, 1, NULL, 0) || write(told[1], "x", 1) != 1)
			return 1;
	}
}

/** Killed wherever it happens to be, again and again: what it told of is there, and at most one more. */
static void test_killed_at_any_moment(void **state)
{
	struct fixture *f = *state;
	size_t known = 0;

	for (size_t round = 0; round < 8; round++) {
		struct recorded_state loaded;
		struct user *user;
		int told[2];
		char byte;
		pid_t child;

		assert_int_equal(pipe(told), 0);
		child = fixture_fork(f, commit_for_ever, told);
		f->child_count = 0;
		f->children[f->child_count++] = child;
		close(told[1]);
		for (size_t i = 0; i < 3 + round; i++)
			assert_int_equal(read(told[0], &byte, 1), 1);
		assert_int_equal(kill(child, SIGKILL), 0);
		known += 3 + round;
		while (read(told[0], &byte, 1) == 1)
			known++;
		close(told[0]);
		assert_true(WIFSIGNALED(fixture_join(f, child)));
		user = &f->users[0];
		if (!f->user_count)
			user = fixture_user(f);
		assert_int_equal(user_open(user, DB, NULL), RC_OK);
		loaded = user_load(user);
		user_close(user);
		assert_in_range(loaded.count, known, known + 1);
		assert_int_equal(loaded.serial, loaded.count);
		known = loaded.count;
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_intents_of_a_dead_process_are_found),
		TEST(test_killed_in_a_transaction_then_opened_for_writing),
		TEST(test_killed_in_a_transaction_then_opened_for_reading),
		TEST(test_killed_in_a_transaction_then_read_without_rights),
		TEST(test_killed_at_any_moment),
	};

	return cmocka_run_group_tests_name("store_crash", tests, NULL, NULL);
}
