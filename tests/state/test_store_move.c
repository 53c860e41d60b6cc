/** @file Tests of moving recorded resources to other addresses. */
#include "tests/state/fixture.h"

#include "state/recorded.h"

static const char *const orders[] = { "rule/edge/web/a.example.com", "rule/edge/web/b.example.com", "rule/edge/web/*" };

/** Two tunnels with rules and CNAMEs, and one whose name begins like the first one's. */
static struct recorded_state make_state(struct arena *arena)
{
	struct recorded items[] = {
		make_tunnel(arena, "tunnel/edge/web", "1"),
		make_rule(arena, "tunnel/edge/web", "a.example.com", "", "http://a"),
		make_rule(arena, "tunnel/edge/web", "b.example.com", "", "http://b"),
		make_rule(arena, "tunnel/edge/web", "", "", "http_status:404"),
		make_cname(arena, "tunnel/edge/web", "a.example.com"),
		make_tunnel(arena, "tunnel/edge/web2", "2"),
		make_rule(arena, "tunnel/edge/web2", "c.example.com", "", "http://c"),
		make_cname(arena, "tunnel/edge/web2", "c.example.com"),
		make_tunnel(arena, "tunnel/native", "3"),
		make_cname(arena, NULL, "d.example.com"),
	};
	struct recorded_state loaded = { .lineage = "", .count = sizeof(items) / sizeof(items[0]) };
	const char *duplicate = NULL;

	set_rule_order(arena, &items[0], orders, 3);
	items[4].is_protected = true;
	loaded.items = (void *)arena_memdup(arena, items, sizeof(items));
	assert_non_null(loaded.items);
	assert_int_equal(recorded_index(arena, &loaded, &duplicate), RC_OK);
	assert_null(duplicate);
	return loaded;
}

static const struct recorded *upsert(const struct outcome *outcome, const char *address)
{
	for (size_t i = 0; i < outcome->upsert_count; i++)
		if (str_eq(outcome->upserts[i].resource->address, address))
			return &outcome->upserts[i];
	fail_msg("%s is not written", address);
	return NULL;
}

static bool is_removed(const struct outcome *outcome, const char *address)
{
	for (size_t i = 0; i < outcome->removal_count; i++)
		if (str_eq(outcome->removals[i], address))
			return true;
	return false;
}

static void assert_order(const struct recorded *tunnel, const char *const *addresses, size_t count)
{
	const struct json *order = tunnel->resource->u.tunnel.rule_order;

	assert_int_equal(json_count(order), count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(json_item(order, i)->u.string, addresses[i]);
}

static void test_a_tunnel_takes_along_what_is_its(void **state)
{
	static const char *const renamed[] = { "rule/main/a.example.com", "rule/main/b.example.com", "rule/main/*" };
	struct user *user = fixture_user(*state);
	struct recorded_state before = make_state(user->run.arena);
	struct outcome outcome;

	assert_int_equal(store_move(user->run.arena, &before, "tunnel/edge/web", "tunnel/main", &outcome), RC_OK);
	assert_int_equal(outcome.upsert_count, 5);
	assert_int_equal(outcome.removal_count, 4);
	assert_string_equal(upsert(&outcome, "tunnel/main")->resource->tunnel, "tunnel/main");
	assert_string_equal(upsert(&outcome, "tunnel/main")->resource->id, "1");
	assert_order(upsert(&outcome, "tunnel/main"), renamed, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(upsert(&outcome, renamed[i])->resource->tunnel, "tunnel/main");
		assert_true(is_removed(&outcome, orders[i]));
	}
	assert_string_equal(upsert(&outcome, "rule/main/b.example.com")->resource->u.rule.service, "http://b");
	assert_string_equal(upsert(&outcome, "cname/a.example.com")->resource->tunnel, "tunnel/main");
	assert_true(upsert(&outcome, "cname/a.example.com")->is_protected);
	assert_true(is_removed(&outcome, "tunnel/edge/web"));
	/* pure: what it was given is as it was */
	assert_order(map_get(&before.by_address, "tunnel/edge/web"), orders, 3);
	assert_string_equal(((struct recorded *)map_get(&before.by_address, "cname/a.example.com"))->resource->tunnel, "tunnel/edge/web");
}

static void test_a_rule_keeps_its_place_in_the_order(void **state)
{
	static const char *const renamed[] = { "rule/edge/web/a.example.com", "rule/edge/web/new.example.com", "rule/edge/web/*" };
	struct user *user = fixture_user(*state);
	struct recorded_state before = make_state(user->run.arena);
	struct outcome outcome;

	assert_int_equal(store_move(user->run.arena, &before, orders[1], renamed[1], &outcome), RC_OK);
	assert_int_equal(outcome.upsert_count, 2);
	assert_int_equal(outcome.removal_count, 1);
	assert_string_equal(upsert(&outcome, renamed[1])->resource->tunnel, "tunnel/edge/web");
	assert_order(upsert(&outcome, "tunnel/edge/web"), renamed, 3);
	assert_true(is_removed(&outcome, orders[1]));
}

static void test_a_rule_leaves_its_tunnel(void **state)
{
	static const char *const left[] = { "rule/edge/web/a.example.com", "rule/edge/web/*" };
	static const char *const targets[][2] = {
		{ "rule/edge/web2/b.example.com", "tunnel/edge/web2" }, { "rule/native/b.example.com", "tunnel/native" },
	};
	struct user *user = fixture_user(*state);
	struct recorded_state before = make_state(user->run.arena);
	struct outcome outcome;

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(store_move(user->run.arena, &before, orders[1], targets[i][0], &outcome), RC_OK);
		assert_string_equal(upsert(&outcome, targets[i][0])->resource->tunnel, targets[i][1]);
		assert_order(upsert(&outcome, "tunnel/edge/web"), left, 2);
		assert_int_equal(outcome.upsert_count, 2);
	}
}

static void test_a_cname_moves_alone(void **state)
{
	struct user *user = fixture_user(*state);
	struct recorded_state before = make_state(user->run.arena);
	struct outcome outcome;

	assert_int_equal(store_move(user->run.arena, &before, "cname/a.example.com", "cname/z.example.com", &outcome), RC_OK);
	assert_int_equal(outcome.upsert_count, 1);
	assert_int_equal(outcome.removal_count, 1);
	assert_true(is_removed(&outcome, "cname/a.example.com"));
	assert_true(upsert(&outcome, "cname/z.example.com")->is_protected);
	assert_string_equal(upsert(&outcome, "cname/z.example.com")->resource->tunnel, "tunnel/edge/web");
}

static void test_moves_that_are_refused(void **state)
{
	static const struct {
		const char *from, *to;
		enum rc rc;
	} cases[] = {
		{ "tunnel/none", "tunnel/x", RC_NOTFOUND },
		{ "tunnel/edge/*", "tunnel/x", RC_NOTFOUND },
		{ "", "tunnel/x", RC_NOTFOUND },
		{ "tunnel/edge/web", "tunnel/edge/web", RC_EXISTS },
		{ "tunnel/edge/web", "tunnel/edge/web2", RC_EXISTS },
		{ "cname/a.example.com", "cname/c.example.com", RC_EXISTS },
		{ "tunnel/edge/web", "cname/a.example.com", RC_INVALID },
		{ "tunnel/edge/web", "rule/x/y", RC_INVALID },
		{ "tunnel/edge/web", "tunnel/", RC_INVALID },
		{ "tunnel/edge/web", "tunnel", RC_INVALID },
		{ "tunnel/edge/web", "tunnel//x", RC_INVALID },
		{ "tunnel/edge/web", "tunnel/x/", RC_INVALID },
		{ "tunnel/edge/web", "tunnel/x/y/z", RC_INVALID },
		{ "tunnel/edge/web", "", RC_INVALID },
		{ "cname/a.example.com", "cname/", RC_INVALID },
		{ "cname/a.example.com", "cnames/b", RC_INVALID },
		{ "rule/edge/web/*", "rule/edge", RC_INVALID },
		{ "rule/edge/web/*", "rule//x", RC_INVALID },
		{ "rule/edge/web/*", "rule/none/x", RC_INVALID },
		{ "rule/edge/web/*", "rule/edge/web3/x", RC_INVALID },
	};
	struct user *user = fixture_user(*state);
	struct recorded_state before = make_state(user->run.arena);
	struct outcome outcome = { .upsert_count = 77 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum rc rc = store_move(user->run.arena, &before, cases[i].from, cases[i].to, &outcome);

		if (rc != cases[i].rc)
			fail_msg("%s to %s: %s", cases[i].from, cases[i].to, rc_name(rc));
	}
	assert_int_equal(outcome.upsert_count, 77);
}

/** A rule that would come to stand where another one is recorded already. */
static void test_a_tunnel_does_not_move_onto_recorded_rules(void **state)
{
	struct user *user = fixture_user(*state);
	struct arena *arena = user->run.arena;
	struct recorded items[] = {
		make_tunnel(arena, "tunnel/a", "1"), make_rule(arena, "tunnel/a", "x.example.com", "", "http://a"),
		make_rule(arena, "tunnel/b", "x.example.com", "", "http://b"),
	};
	struct recorded_state before = { .items = items, .count = 3 };
	const char *duplicate;
	struct outcome outcome;

	assert_int_equal(recorded_index(arena, &before, &duplicate), RC_OK);
	assert_int_equal(store_move(arena, &before, "tunnel/a", "tunnel/b", &outcome), RC_EXISTS);
	assert_int_equal(store_move(arena, &before, "tunnel/a", "tunnel/c", &outcome), RC_OK);
}

/** There and back again leaves the state as it was. */
static void test_there_and_back(void **state)
{
	static const char *const moves[][2] = {
		{ "tunnel/edge/web", "tunnel/x" }, { "cname/a.example.com", "cname/q.example.com" },
		{ "rule/edge/web/a.example.com", "rule/edge/web/q.example.com" },
		{ "rule/edge/web2/c.example.com", "rule/native/c.example.com" },
	};
	struct user *user = fixture_open(*state, "state mv");
	struct arena *arena = user->run.arena;
	struct recorded_state loaded = make_state(arena);
	const char *before, *after;

	assert_int_equal(user_commit(user, loaded.items, loaded.count, NULL, 0), RC_OK);
	before = strstr(user_export(user), "\"resources\"");
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		for (size_t j = 0; j < 2; j++) {
			struct outcome outcome = { 0 };

			loaded = user_load(user);
			assert_int_equal(store_move(arena, &loaded, moves[i][j], moves[i][1 - j], &outcome), RC_OK);
			outcome.result = "ok";
			assert_int_equal(user->store->vt->commit(user->store, &outcome), RC_OK);
			assert_int_equal(user_load(user).count, loaded.count);
			assert_int_equal(user_load(user).serial, loaded.serial + 1);
		}
		after = strstr(user_export(user), "\"resources\"");
		assert_int_equal(strcspn(after, "]"), strcspn(before, "]"));
		assert_memory_equal(before, after, (size_t)(strstr(before, "\"serial\"") - before));
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_tunnel_takes_along_what_is_its),
		TEST(test_a_rule_keeps_its_place_in_the_order),
		TEST(test_a_rule_leaves_its_tunnel),
		TEST(test_a_cname_moves_alone),
		TEST(test_moves_that_are_refused),
		TEST(test_a_tunnel_does_not_move_onto_recorded_rules),
		TEST(test_there_and_back),
	};

	return cmocka_run_group_tests_name("store_move", tests, NULL, NULL);
}
