/** @file Tests of what projects with one store know of each other's tunnels, and of the locks between them. */
#include "tests/state/fixture.h"

#include <signal.h>

#define DB "state.db"
#define TUNNEL "tunnel/edge/web"
#define ID "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415"

/** A project's store, with its lease. */
static struct user *open_as(struct fixture *f, const char *project)
{
	struct user *user = fixture_user(f);
	const struct store_options options = { .project = project, .holder = "alice@laptop" };

	assert_int_equal(user_open(user, DB, &options), RC_OK);
	assert_int_equal(user->store->vt->lock(user->store, "apply", 0), RC_OK);
	return user;
}

static struct json *document_of(struct user *user, const char *class)
{
	struct json *document = json_new(user->run.arena, JSON_OBJECT);

	assert_non_null(document);
	assert_int_equal(json_set(user->run.arena, document, "class", json_new_string(user->run.arena, class)), RC_OK);
	return document;
}

static void own(struct user *user, const char *class)
{
	const struct recorded_gateway row = { .address = TUNNEL, .owner = user->store->project, .account_id = "a", .tunnel_id = ID,
					      .tunnel_name = "platform.edge.web", .document = document_of(user, class) };
	const struct outcome outcome = { .gateways = &row, .gateway_count = 1, .result = "ok" };

	assert_int_equal(user->store->vt->commit(user->store, &outcome), RC_OK);
}

static void contribute(struct user *user, const char *hostname, const char *precedence)
{
	const struct recorded_gateway row = { .address = TUNNEL, .owner = "platform" };
	struct recorded rule = make_rule(user->run.arena, TUNNEL, hostname, "^/x", "http://web.shop:80");
	const struct outcome outcome = { .upserts = &rule, .upsert_count = 1, .gateways = &row, .gateway_count = 1, .result = "ok" };

	rule.resource->origin.precedence = precedence;
	assert_int_equal(user->store->vt->commit(user->store, &outcome), RC_OK);
}

static size_t read_slices(struct user *user, struct slice **ret_slices)
{
	size_t count = 99;

	assert_int_equal(user->store->vt->slices(user->store, user->run.arena, "platform", TUNNEL, ret_slices, &count), RC_OK);
	return count;
}

static void test_a_gateway_is_seen_by_other_projects(void **state)
{
	struct fixture *f = *state;
	struct user *platform = open_as(f, "platform"), *shop = open_as(f, "shop");
	struct recorded_gateway *found = NULL;
	size_t count = 99;

	assert_int_equal(shop->store->vt->gateways(shop->store, shop->run.arena, "platform", &found, &count), RC_OK);
	assert_int_equal(count, 0);
	own(platform, "cloudflare");
	contribute(shop, "shop.example.com", "0");
	assert_int_equal(shop->store->vt->gateways(shop->store, shop->run.arena, "platform", &found, &count), RC_OK);
	assert_int_equal(count, 1);
	assert_string_equal(found[0].address, TUNNEL);
	assert_string_equal(found[0].tunnel_id, ID);
	assert_string_equal(found[0].tunnel_name, "platform.edge.web");
	assert_string_equal(json_get_string(found[0].document, "class", NULL), "cloudflare");
	/* A contributor owns nothing, though it has a row. */
	assert_int_equal(shop->store->vt->gateways(shop->store, shop->run.arena, "shop", &found, &count), RC_OK);
	assert_int_equal(count, 0);
	assert_int_equal(user_load(shop).gateway_count, 1);
	assert_string_equal(user_load(shop).gateways[0].owner, "platform");
	assert_null(user_load(shop).gateways[0].document);
}

static void test_what_is_the_same_does_not_raise_the_serial(void **state)
{
	struct user *platform = open_as(*state, "platform");
	const char *address = TUNNEL;
	const struct outcome removal = { .gateway_removals = &address, .gateway_removal_count = 1, .result = "ok" };
	int64_t serial;

	own(platform, "cloudflare");
	serial = user_load(platform).serial;
	own(platform, "cloudflare");
	assert_int_equal(user_load(platform).serial, serial);
	own(platform, "other");
	assert_int_equal(user_load(platform).serial, serial + 1);
	assert_int_equal(platform->store->vt->commit(platform->store, &removal), RC_OK);
	assert_int_equal(user_load(platform).serial, serial + 2);
	assert_int_equal(user_load(platform).gateway_count, 0);
}

static void test_slices_are_the_others_rules(void **state)
{
	struct fixture *f = *state;
	struct user *platform = open_as(f, "platform"), *shop = open_as(f, "shop"), *blog = open_as(f, "blog");
	struct slice *slices = NULL;

	own(platform, "cloudflare");
	contribute(shop, "shop.example.com", "12");
	contribute(blog, "blog.example.com", NULL);
	assert_int_equal(read_slices(platform, &slices), 2);
	assert_string_equal(slices[0].project, "blog");
	assert_string_equal(slices[1].project, "shop");
	assert_int_equal(slices[1].rule_count, 1);
	assert_string_equal(slices[1].rules[0].resource->u.rule.hostname, "shop.example.com");
	assert_string_equal(slices[1].rules[0].resource->origin.precedence, "12");
	assert_null(slices[0].rules[0].resource->origin.precedence);
	/* Seen by one of them: the other, and the owner. */
	assert_int_equal(read_slices(blog, &slices), 2);
	assert_string_equal(slices[0].project, "platform");
	assert_int_equal(slices[0].rule_count, 0);
	assert_string_equal(slices[1].project, "shop");
}

static void test_what_is_being_written_is_known_by_its_intent(void **state)
{
	struct fixture *f = *state;
	struct user *platform = open_as(f, "platform"), *shop = open_as(f, "shop");
	struct intent intents[] = {
		{ .operation = "put-configuration", .address = TUNNEL, .detail = "{\"rules\":[\"rule/edge/web/new.example.com\"]}" },
		{ .operation = "put-configuration", .address = TUNNEL, .detail = "no JSON" },
		{ .operation = "put-configuration", .address = "tunnel/edge/other", .detail = "{\"rules\":[\"rule/edge/other/x\"]}" },
	};
	struct outcome outcome = { .intents = &intents[0].id, .intent_count = 1, .result = "ok" };
	struct slice *slices = NULL;

	own(platform, "cloudflare");
	contribute(shop, "shop.example.com", "12");
	assert_int_equal(shop->store->vt->begin(shop->store, intents, 3), RC_OK);
	assert_int_equal(read_slices(platform, &slices), 1);
	assert_int_equal(slices[0].in_flight_count, 1);
	assert_string_equal(slices[0].in_flight[0], "rule/edge/web/new.example.com");
	assert_int_equal(shop->store->vt->commit(shop->store, &outcome), RC_OK);
	assert_int_equal(read_slices(platform, &slices), 1);
	assert_int_equal(slices[0].in_flight_count, 0);
}

static void test_a_row_that_was_edited_is_refused(void **state)
{
	struct fixture *f = *state;
	struct user *platform = open_as(f, "platform"), *shop = open_as(f, "shop");
	struct recorded_gateway *found = NULL;
	size_t count;

	own(platform, "cloudflare");
	run_sql(DB, "UPDATE gateway SET tunnel_id = 'another'");
	assert_int_equal(shop->store->vt->gateways(shop->store, shop->run.arena, "platform", &found, &count), RC_CORRUPT);
	assert_only_error(shop, "A0505");
}

static void test_a_rules_precedence_is_under_its_checksum(void **state)
{
	struct fixture *f = *state;
	struct user *platform = open_as(f, "platform"), *shop = open_as(f, "shop");
	struct slice *slices = NULL;
	size_t count;

	own(platform, "cloudflare");
	contribute(shop, "shop.example.com", "12");
	run_sql(DB, "UPDATE resource SET precedence = '00'");
	assert_int_equal(platform->store->vt->slices(platform->store, platform->run.arena, "platform", TUNNEL, &slices, &count),
			 RC_CORRUPT);
	assert_only_error(platform, "A0505");
}

static enum rc lock_tunnels(struct user *user, const char *const *ids, size_t count, int64_t timeout_ms)
{
	return user->store->vt->tunnel_lock(user->store, ids, count, timeout_ms);
}

static void test_locks_are_taken_all_or_none(void **state)
{
	static const char *const both[] = { "one", "two" }, *const two[] = { "two" }, *const one[] = { "one" };
	struct fixture *f = *state;
	struct user *platform = open_as(f, "platform"), *shop = open_as(f, "shop"), *blog = open_as(f, "blog");

	assert_int_equal(lock_tunnels(platform, two, 1, 0), RC_OK);
	assert_int_equal(lock_tunnels(shop, both, 2, 0), RC_CONFLICT);
	assert_only_error(shop, "A0501");
	assert_non_null(strstr(user_diag(shop, "A0501")->summary, "project platform"));
	/* The one that was free stayed so. */
	assert_int_equal(lock_tunnels(blog, one, 1, 0), RC_OK);
	blog->store->vt->tunnel_unlock(blog->store);
	platform->store->vt->tunnel_unlock(platform->store);
	assert_int_equal(lock_tunnels(shop, both, 2, 0), RC_OK);
	assert_int_equal(lock_tunnels(platform, one, 1, 0), RC_CONFLICT);
}

static void test_a_lock_that_was_taken_over_ends_all_writing(void **state)
{
	static const char *const one[] = { "one" };
	struct fixture *f = *state;
	struct user *stalled = open_as(f, "platform"), *shop = open_as(f, "shop");
	struct intent intent = { .operation = "create", .address = TUNNEL, .detail = "{}" };

	assert_int_equal(lock_tunnels(stalled, one, 1, 0), RC_OK);
	assert_int_equal(stalled->store->vt->heartbeat(stalled->store), RC_OK);
	shop->run.clock.wall_offset_ms += 61000;
	assert_int_equal(lock_tunnels(shop, one, 1, 0), RC_OK);
	assert_int_equal(stalled->store->vt->begin(stalled->store, &intent, 1), RC_STALE);
	assert_int_equal(stalled->store->vt->heartbeat(stalled->store), RC_STALE);
	assert_int_equal(user_count_code(stalled, "A0502"), 1);
	/* Without the tunnel the project is its own again. */
	stalled->store->vt->tunnel_unlock(stalled->store);
	assert_int_equal(stalled->store->vt->begin(stalled->store, &intent, 1), RC_OK);
}

static void test_a_heartbeat_keeps_the_locks(void **state)
{
	static const char *const one[] = { "one" };
	struct fixture *f = *state;
	struct user *platform = open_as(f, "platform"), *shop = open_as(f, "shop");

	assert_int_equal(lock_tunnels(platform, one, 1, 0), RC_OK);
	platform->run.clock.wall_offset_ms += 50000;
	assert_int_equal(platform->store->vt->heartbeat(platform->store), RC_OK);
	shop->run.clock.wall_offset_ms += 70000;
	assert_int_equal(lock_tunnels(shop, one, 1, 0), RC_CONFLICT);
}

static int die_with_a_lock(void *context)
{
	static const char *const one[] = { "one" };
	struct user *user = context;
	const struct store_options options = { .project = "blog" };

	if (run_init(&user->run) || user_open(user, DB, &options) ||
	    user->store->vt->lock(user->store, "apply", 0) || lock_tunnels(user, one, 1, 0))
		return 1;
	raise(SIGKILL);
	return 2;
}

static void test_the_lock_of_a_dead_process_is_free(void **state)
{
	static const char *const one[] = { "one" };
	struct fixture *f = *state;
	struct user *shop = open_as(f, "shop"), dead = { 0 };
	int status = fixture_join(f, fixture_fork(f, die_with_a_lock, &dead));

	assert_true(WIFSIGNALED(status));
	assert_int_equal(query_number(DB, "SELECT count(*) FROM lease WHERE project = 'tunnel one'"), 1);
	assert_int_equal(lock_tunnels(shop, one, 1, 0), RC_OK);
}

static void test_closing_the_store_gives_the_locks_back(void **state)
{
	static const char *const one[] = { "one" };
	struct fixture *f = *state;
	struct user *platform = open_as(f, "platform"), *shop = open_as(f, "shop");

	assert_int_equal(lock_tunnels(platform, one, 1, 0), RC_OK);
	user_close(platform);
	assert_int_equal(lock_tunnels(shop, one, 1, 0), RC_OK);
}

static void test_a_document_carries_gateways_and_precedence(void **state)
{
	struct fixture *f = *state;
	struct user *platform = open_as(f, "platform"), *shop = open_as(f, "shop"), *copy;
	const struct store_options options = { .project = "platform" };
	struct json *document = NULL;
	const char *before;

	own(platform, "cloudflare");
	contribute(shop, "shop.example.com", "12");
	assert_non_null(strstr(user_export(shop), "\"precedence\":\"12\""));
	assert_non_null(strstr(user_export(shop), "\"owner\":\"platform\""));
	before = user_export(platform);
	assert_int_equal(json_parse(platform->run.arena, before, strlen(before), &document, NULL), RC_OK);
	copy = fixture_user(f);
	assert_int_equal(user_open(copy, "copy.db", &options), RC_OK);
	assert_int_equal(copy->store->vt->import_document(copy->store, document, false), RC_OK);
	assert_string_equal(user_export(copy), before);
	assert_int_equal(user_load(copy).gateway_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		TEST(test_a_gateway_is_seen_by_other_projects),
		TEST(test_what_is_the_same_does_not_raise_the_serial),
		TEST(test_slices_are_the_others_rules),
		TEST(test_what_is_being_written_is_known_by_its_intent),
		TEST(test_a_row_that_was_edited_is_refused),
		TEST(test_a_rules_precedence_is_under_its_checksum),
		TEST(test_locks_are_taken_all_or_none),
		TEST(test_a_lock_that_was_taken_over_ends_all_writing),
		TEST(test_a_heartbeat_keeps_the_locks),
		TEST(test_the_lock_of_a_dead_process_is_free),
		TEST(test_closing_the_store_gives_the_locks_back),
		TEST(test_a_document_carries_gateways_and_precedence),
#undef TEST
	};

	return cmocka_run_group_tests_name("store_shared", tests, NULL, NULL);
}
