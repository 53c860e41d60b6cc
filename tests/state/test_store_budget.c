/** @file Tests of the budget that all processes with one store share: no window ever holds more than the limit. */
#include "tests/state/fixture.h"

#define DB "state.db"
#define ACCOUNT "api.cloudflare.com/0123456789abcdef0123456789abcdef"
#define WINDOW_MS 15000
#define LIMIT 30

static const struct store_options shop = { .project = "shop", .budget_only = true };
static const struct store_options blog = { .project = "blog", .budget_only = true };

static struct user *open_budget(struct fixture *f, const struct store_options *options)
{
	struct user *user = fixture_user(f);

	assert_int_equal(user_open(user, DB, options), RC_OK);
	return user;
}

static struct budget_grant take(struct user *user, const char *account, int64_t want)
{
	const struct budget_request request = { .account = account, .want = want, .limit = LIMIT, .window_ms = WINDOW_MS };
	struct budget_grant grant = { .calls = -1 };

	assert_int_equal(user->store->vt->budget_take(user->store, &request, &grant), RC_OK);
	assert_in_range(grant.calls, 0, want);
	if (!grant.calls)
		assert_in_range(grant.wait_ms, 1, WINDOW_MS + WINDOW_MS / 30);
	return grant;
}

static void advance(struct user *user, int64_t ms)
{
	user->run.clock.wall_offset_ms += ms;
}

/** Nothing is made for a budget, and nothing is said. */
static void test_without_a_store_there_is_none(void **state)
{
	const struct budget_request request = { .account = ACCOUNT, .want = 1, .limit = LIMIT, .window_ms = WINDOW_MS };
	struct user *user = open_budget(*state, &shop);
	struct budget_grant grant;

	assert_int_equal(user->store->vt->budget_take(user->store, &request, &grant), RC_NOTFOUND);
	assert_int_equal(user->run.diags.count, 0);
	assert_true(access(DB, F_OK) < 0);
}

static void test_all_projects_share_an_accounts(void **state)
{
	struct fixture *f = *state;
	struct user *first, *second;

	(void)fixture_open(f, "apply");
	first = open_budget(f, &shop);
	second = open_budget(f, &blog);
	assert_int_equal(take(first, ACCOUNT, 20).calls, 20);
	assert_int_equal(take(second, ACCOUNT, 20).calls, 10);
	assert_int_equal(take(first, ACCOUNT, 1).calls, 0);
	/* another account, or the same one at another host, has its own */
	assert_int_equal(take(first, "127.0.0.1/0123456789abcdef0123456789abcdef", 20).calls, 20);
	/* after the wait that was told there is some again, and not before the window has passed */
	advance(first, WINDOW_MS / 2);
	assert_int_equal(take(first, ACCOUNT, 1).calls, 0);
	advance(first, take(first, ACCOUNT, 1).wait_ms);
	assert_int_equal(take(first, ACCOUNT, LIMIT).calls, LIMIT);
	assert_int_equal(first->run.diags.count + second->run.diags.count, 0);
	/* what no window holds any more is forgotten */
	assert_in_range(query_number(DB, "SELECT count(*) FROM budget WHERE account LIKE 'api.%'"), 1, 2);
}

/** It takes no lease, and no lease stands in its way. */
static void test_beside_a_lease(void **state)
{
	struct user *holder = fixture_open(*state, "apply"), *user = open_budget(*state, &shop);

	assert_int_equal(take(user, ACCOUNT, 1).calls, 1);
	assert_int_equal(user_commit(holder, NULL, 0, NULL, 0), RC_OK);
	assert_int_equal(query_number(DB, "SELECT fence FROM lease"), 1);
}

/** What was taken by a clock that was ahead counts from now on: nobody waits until the clock is there again. */
static void test_a_clock_that_was_ahead(void **state)
{
	const int64_t day_ms = 86400000;
	struct fixture *f = *state;
	struct user *user;

	(void)fixture_open(f, NULL);
	user = open_budget(f, &shop);
	assert_int_equal(take(user, ACCOUNT, 5).calls, 5);
	advance(user, day_ms);
	assert_int_equal(take(user, ACCOUNT, 10).calls, 10);
	advance(user, WINDOW_MS / 3);
	assert_int_equal(take(user, ACCOUNT, 10).calls, 10);
	advance(user, -day_ms);
	assert_int_equal(take(user, ACCOUNT, 20).calls, 10);
	advance(user, take(user, ACCOUNT, 1).wait_ms);
	assert_int_equal(take(user, ACCOUNT, LIMIT).calls, LIMIT);
}

#define STEPS 400

/** Two processes take and wait at random: no window, wherever it begins, holds more than the limit. */
static void test_no_window_holds_more(void **state)
{
	struct fixture *f = *state;
	struct user *users[2];
	int64_t times[STEPS], calls[STEPS], used = 0;
	uint32_t random = 7;

	(void)fixture_open(f, NULL);
	for (size_t i = 0; i < 2; i++)
		users[i] = open_budget(f, i ? &blog : &shop);
	for (size_t i = 0; i < STEPS; i++) {
		random = random * 1664525u + 1013904223u;
		calls[i] = take(users[random >> 31], ACCOUNT, 1 + (random >> 16) % 9).calls;
		times[i] = sql_now_ms((struct sql_store *)users[random >> 31]->store);
		used += calls[i];
		for (size_t j = 0; j < 2; j++)
			advance(users[j], (random >> 8) % 1500);
	}
	assert_in_range(used, 10 * LIMIT, STEPS * 9);
	for (size_t first = 0; first < STEPS; first++) {
		int64_t sum = 0;

		for (size_t i = first; i < STEPS && times[i] < times[first] + WINDOW_MS; i++)
			sum += calls[i];
		assert_in_range(sum, 0, LIMIT);
	}
}

#define PROCESSES 6

/** Take until there is none left. @return how many, plus 100; something else: it went wrong */
static int take_all(void *context)
{
	static struct fixture none;
	struct user *user = fixture_user(&none);
	const struct budget_request request = { .account = ACCOUNT, .want = 3, .limit = LIMIT, .window_ms = 3600000 };
	struct budget_grant grant = { .calls = 1 };
	int *start = context, sum = 0;
	char byte;

	close(start[1]);
	if (read(start[0], &byte, 1) != 0 || user_open(user, DB, &shop))
		return 1;
	while (grant.calls && sum <= LIMIT) {
		if (user->store->vt->budget_take(user->store, &request, &grant))
			return 2;
		sum += (int)grant.calls;
	}
	user_close(user);
	return 100 + sum;
}

static void test_processes_share_one(void **state)
{
	struct fixture *f = *state;
	pid_t children[PROCESSES];
	int start[2], sum = 0;

	user_close(fixture_open(f, NULL));
	assert_int_equal(pipe(start), 0);
	for (size_t i = 0; i < PROCESSES; i++)
		children[i] = fixture_fork(f, take_all, start);
	close(start[0]);
	close(start[1]);
	for (size_t i = 0; i < PROCESSES; i++) {
		int status = fixture_join(f, children[i]);

		assert_true(WIFEXITED(status));
		assert_in_range(WEXITSTATUS(status), 100, 100 + LIMIT);
		sum += WEXITSTATUS(status) - 100;
	}
	assert_int_equal(sum, LIMIT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_a_store_there_is_none),
		TEST(test_all_projects_share_an_accounts),
		TEST(test_beside_a_lease),
		TEST(test_a_clock_that_was_ahead),
		TEST(test_no_window_holds_more),
		TEST(test_processes_share_one),
	};

	return cmocka_run_group_tests_name("store_budget", tests, NULL, NULL);
}
