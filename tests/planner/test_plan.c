/* Every row of the table of three states, on a CNAME; then rules, order, guards and the plan file. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "planner/planfile.h"
#include "tests/planner/world.h"

#define TARGET WORLD_TUNNEL_ID ".cfargotunnel.com"
#define RECORD "33333333333333333333333333333333"
#define MARK "adit:lab edge/web"

static const struct world_rule one_rule[] = {{"app.example.com", "", "http://web.shop.svc:80"}};

/** One row: what there is, and what must come of it. action -1: no change. */
struct row {
	const char *name;
	bool desired, recorded;
	const char *recorded_content;
	const char *live_type, *live_content, *live_comment; /**< type NULL: not there */
	bool adopt, prune;
	int action;
	bool drift, conflict, orphan, adoption;
};

static const struct row rows[] = {
	{"create", true, false, NULL, NULL, NULL, NULL, false, false, ACTION_CREATE, false, false, false, false},
	{"adopt", true, false, NULL, "CNAME", TARGET, MARK, false, false, ACTION_RECORD, false, false, false, true},
	{"adopt and update", true, false, NULL, "CNAME", "old.cfargotunnel.com", MARK, false, false, ACTION_UPDATE, false, false, false, true},
	{"foreign", true, false, NULL, "CNAME", TARGET, "", false, false, -1, false, true, false, false},
	{"foreign A", true, false, NULL, "A", "192.0.2.1", "", false, false, -1, false, true, false, false},
	{"other owner", true, false, NULL, "CNAME", TARGET, "adit:blog edge/web", false, false, -1, false, true, false, false},
	{"foreign taken over", true, false, NULL, "CNAME", "x.example.net", "", true, false, ACTION_UPDATE, false, false, false, true},
	{"foreign A taken over", true, false, NULL, "A", "192.0.2.1", "", true, false, ACTION_REPLACE, false, false, false, false},
	{"a delegation is never taken over", true, false, NULL, "NS", "ns.example.net", "", true, false, -1, false, true, false, false},
	{"no change", true, true, TARGET, "CNAME", TARGET, MARK, false, false, -1, false, false, false, false},
	{"case and trailing dot", true, true, TARGET, "CNAME", "11111111-1111-4111-8111-111111111111.CFargotunnel.com.", MARK, false, false, -1, false, false, false, false},
	{"update", true, true, "old.cfargotunnel.com", "CNAME", "old.cfargotunnel.com", MARK, false, false, ACTION_UPDATE, false, false, false, false},
	{"record only", true, true, "old.cfargotunnel.com", "CNAME", TARGET, MARK, false, false, ACTION_RECORD, true, false, false, false},
	{"drift", true, true, TARGET, "CNAME", "hand.example.net", MARK, false, false, ACTION_UPDATE, true, false, false, false},
	{"mark removed", true, true, TARGET, "CNAME", TARGET, "", false, false, ACTION_UPDATE, true, false, false, false},
	{"type changed", true, true, TARGET, "A", "192.0.2.1", MARK, false, false, ACTION_REPLACE, true, false, false, false},
	{"owner changed", true, true, TARGET, "CNAME", TARGET, "adit:blog edge/web", false, false, -1, true, true, false, false},
	{"gone", true, true, TARGET, NULL, NULL, NULL, false, false, ACTION_CREATE, true, false, false, false},
	{"delete", false, true, TARGET, "CNAME", TARGET, MARK, false, false, ACTION_DELETE, false, false, false, false},
	{"delete what drifted", false, true, TARGET, "CNAME", "hand.example.net", MARK, false, false, ACTION_DELETE, true, false, false, false},
	{"forget another owner's", false, true, TARGET, "CNAME", TARGET, "adit:blog edge/web", false, false, ACTION_FORGET, true, false, false, false},
	{"forget what is gone", false, true, TARGET, NULL, NULL, NULL, false, false, ACTION_FORGET, true, false, false, false},
	{"orphan", false, false, NULL, "CNAME", TARGET, MARK, false, false, -1, false, false, true, false},
	{"orphan pruned", false, false, NULL, "CNAME", TARGET, MARK, false, true, ACTION_DELETE, false, false, true, false},
	{"another project's orphan", false, false, NULL, "CNAME", TARGET, "adit:blog edge/web", false, true, -1, false, false, false, false},
	{"foreign and unwanted", false, false, NULL, "CNAME", TARGET, "", false, true, -1, false, false, false, false},
};

static void fill(struct world *world, const struct row *row)
{
	static const char *const everything[] = {"*"};

	world_want_tunnel(world, one_rule, 1);
	world_record_tunnel(world, one_rule, 1);
	world_live_tunnel(world, one_rule, 1);
	if (row->desired)
		world_want_cname(world, "app.example.com");
	if (row->recorded)
		world_record_cname(world, "app.example.com", RECORD, row->recorded_content);
	if (row->live_type)
		world_live_record(world, RECORD, row->live_type, "app.example.com", row->live_content, row->live_comment);
	else if (row->recorded)
		world_gone(world, RECORD);
	world->options.adopt = everything;
	world->options.adopt_count = row->adopt;
	world->options.prune_orphans = row->prune;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		const struct change *change;
		struct world world;
		struct plan *plan;

		world_init(&world);
		fill(&world, row);
		plan = world_plan(&world);
		change = world_change(plan, "cname/app.example.com");
		if ((change ? (int)change->action : -1) != row->action)
			fail_msg("%s: action %d, expected %d", row->name, change ? (int)change->action : -1, row->action);
		if ((world_drift(plan, "cname/app.example.com") != NULL) != row->drift)
			fail_msg("%s: drift", row->name);
		if ((plan->conflict_count > 0) != row->conflict)
			fail_msg("%s: conflict", row->name);
		if ((plan->orphan_count > 0) != row->orphan)
			fail_msg("%s: orphan", row->name);
		if (change && change->is_adoption != row->adoption)
			fail_msg("%s: adoption", row->name);
		if (plan_is_refused(plan) != row->conflict)
			fail_msg("%s: refused", row->name);
		world_done(&world);
	}
}

static void test_unseen_is_unknown(void **state)
{
	struct world world;
	struct plan *plan;

	(void)state;
	world_init(&world);
	world_want_tunnel(&world, one_rule, 1);
	world_record_tunnel(&world, one_rule, 1);
	world_live_tunnel(&world, one_rule, 1);
	world_record_cname(&world, "app.example.com", RECORD, TARGET);
	/* neither in the list nor looked up by id */
	plan = world_plan(&world);
	assert_null(world_change(plan, "cname/app.example.com"));
	assert_int_equal(plan->unknown_count, 1);
	assert_string_equal(plan->unknown[0], "cname/app.example.com");
	world_done(&world);
}

static void test_unread_zone_is_unknown(void **state)
{
	struct world world;
	struct plan *plan;

	(void)state;
	world_init(&world);
	world_want_tunnel(&world, one_rule, 1);
	world_want_cname(&world, "app.example.com");
	world.live.accounts[0].zones[0].visibility = NOT_VISIBLE;
	plan = world_plan(&world);
	assert_null(world_change(plan, "cname/app.example.com"));
	assert_int_equal(plan->unknown_count, 1);
	world_done(&world);
}

/** A record renamed by hand onto another's name is not made the other's: else each run would rename it. */
static void test_renamed_onto_another(void **state)
{
	static const char other_id[] = "44444444444444444444444444444444";
	struct world world;
	struct plan *plan;

	(void)state;
	world_init(&world);
	world_want_tunnel(&world, one_rule, 1);
	world_record_tunnel(&world, one_rule, 1);
	world_live_tunnel(&world, one_rule, 1);
	world_want_cname(&world, "app.example.com");
	world_want_cname(&world, "b.example.com");
	world_record_cname(&world, "app.example.com", RECORD, TARGET);
	world_record_cname(&world, "b.example.com", other_id, TARGET);
	world_live_record(&world, RECORD, "CNAME", "b.example.com", TARGET, MARK);
	world_gone(&world, other_id);
	plan = world_plan(&world);
	assert_int_equal(world_change(plan, "cname/app.example.com")->action, ACTION_UPDATE);
	assert_int_equal(world_change(plan, "cname/b.example.com")->action, ACTION_CREATE);
	assert_int_equal(plan->conflict_count, 0);
	world_done(&world);
}

static void test_moved_account(void **state)
{
	struct world world;
	struct plan *plan;

	(void)state;
	for (int pass = 0; pass < 2; pass++) {
		world_init(&world);
		world_want_tunnel(&world, one_rule, 1);
		world_want_cname(&world, "app.example.com");
		world_record_tunnel(&world, one_rule, 1);
		world_record_cname(&world, "app.example.com", RECORD, TARGET);
		for (size_t i = 0; i < world.recorded.count; i++)
			world.recorded.items[i].account_id = "fedcba9876543210fedcba9876543210";
		world.options.overrides.allow_moved_account = pass;
		plan = world_plan(&world);
		assert_int_equal(plan->unknown_count, 0);
		assert_int_equal(world_change(plan, "tunnel/edge/web")->action, ACTION_CREATE);
		assert_int_equal(world_change(plan, "cname/app.example.com")->action, ACTION_CREATE);
		assert_int_equal(plan_is_refused(plan), !pass);
		world_done(&world);
	}
}

static void test_path_change(void **state)
{
	static const struct world_rule before[] = {{"a.example.com", "^/x$", "http://x:80"}, {"a.example.com", "^/z$", "http://z:80"}};
	static const struct world_rule after[] = {{"a.example.com", "^/y$", "http://x:80"}, {"a.example.com", "^/z$", "http://z:80"}};
	struct world world;
	struct plan *plan;

	(void)state;
	world_init(&world);
	world_want_tunnel(&world, after, 2);
	world_record_tunnel(&world, before, 2);
	world_live_tunnel(&world, before, 2);
	plan = world_plan(&world);
	assert_int_equal(plan->change_count, 2);
	assert_int_equal(world_change(plan, "rule/edge/web/a.example.com^/x$")->action, ACTION_DELETE);
	assert_int_equal(world_change(plan, "rule/edge/web/a.example.com^/y$")->action, ACTION_CREATE);
	assert_int_equal(plan->loss_count, 0);
	assert_true(plan->tunnels[0]->needs_put);
	world_done(&world);
}

static void test_order_alone(void **state)
{
	static const struct world_rule before[] = {{"a.example.com", "", "http://x:80"}, {"b.example.com", "", "http://z:80"}};
	static const struct world_rule after[] = {{"b.example.com", "", "http://z:80"}, {"a.example.com", "", "http://x:80"}};
	struct world world;
	struct plan *plan;

	(void)state;
	world_init(&world);
	world_want_tunnel(&world, after, 2);
	world_record_tunnel(&world, before, 2);
	world_live_tunnel(&world, before, 2);
	plan = world_plan(&world);
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(plan->changes[0].address, "tunnel/edge/web");
	assert_int_equal(plan->changes[0].action, ACTION_UPDATE);
	assert_true(plan->tunnels[0]->needs_put);
	world_done(&world);
}

static void test_foreign_rule_is_drift_and_loss(void **state)
{
	static const struct world_rule live[] = {{"hand.example.com", "", "http://hand:80"}, {"app.example.com", "", "http://web.shop.svc:80"}};
	struct world world;
	struct plan *plan;

	(void)state;
	world_init(&world);
	world_want_tunnel(&world, one_rule, 1);
	world_record_tunnel(&world, one_rule, 1);
	world_live_tunnel(&world, live, 2);
	plan = world_plan(&world);
	assert_int_equal(world_change(plan, "rule/edge/web/hand.example.com")->action, ACTION_DELETE);
	assert_int_equal(world_drift(plan, "rule/edge/web/hand.example.com")->kind, DRIFT_FOREIGN);
	assert_int_equal(plan->loss_count, 1);
	assert_int_equal(plan->losses[0].kind, LOSS_FOREIGN);
	assert_true(plan_is_refused(plan));
	world_done(&world);
}

/** A claim that the input still makes, and a rule that would no longer serve it. */
static void test_claim_without_rule_is_a_loss(void **state)
{
	static const char *const allowed[] = {"app.example.com"};
	struct claim claim = {.state = CLAIM_DROPPED, .object = "HTTPRoute shop/web", .hostname = "app.example.com", .path = "",
			      .reason = "matches on header x-beta"};

	(void)state;
	for (int pass = 0; pass < 2; pass++) {
		struct world world;
		struct plan *plan;

		world_init(&world);
		world_want_tunnel(&world, NULL, 0);
		world_record_tunnel(&world, one_rule, 1);
		world_live_tunnel(&world, one_rule, 1);
		world.desired.claims = &claim;
		world.desired.claim_count = 1;
		world.options.overrides.allow_loss = (const char **)(uintptr_t)allowed;
		world.options.overrides.allow_loss_count = pass ? 1 : 0;
		plan = world_plan(&world);
		assert_int_equal(plan->loss_count, 1);
		assert_int_equal(plan->losses[0].kind, LOSS_CLAIMED);
		assert_int_equal(plan_is_refused(plan), !pass);
		world_done(&world);
	}
}

static void test_input_that_lets_go_is_no_loss(void **state)
{
	struct world world;
	struct plan *plan;

	(void)state;
	world_init(&world);
	world_want_tunnel(&world, NULL, 0);
	world_record_tunnel(&world, one_rule, 1);
	world_live_tunnel(&world, one_rule, 1);
	plan = world_plan(&world);
	assert_int_equal(plan->loss_count, 0);
	assert_false(plan_is_refused(plan));
	world_done(&world);
}

static void test_plan_file_round_trip(void **state)
{
	struct world world;
	struct plan *plan, *read = NULL;
	struct strbuf first, second;
	struct text text = {.name = "plan.json"};

	(void)state;
	world_init(&world);
	world_want_tunnel(&world, one_rule, 1);
	world_want_cname(&world, "app.example.com");
	plan = world_plan(&world);
	assert_true(plan_has_changes(plan));
	strbuf_init(&first, 0);
	strbuf_init(&second, 0);
	assert_int_equal(planfile_write(plan, &first), RC_OK);
	text.bytes = first.data;
	text.size = first.size;
	assert_int_equal(planfile_read(world.run.arena, &world.run.diags, &text, &read), RC_OK);
	assert_string_equal(read->digest, plan->digest);
	assert_int_equal(read->change_count, plan->change_count);
	assert_int_equal(read->add_count, plan->add_count);
	assert_int_equal(read->tunnel_count, 1);
	assert_int_equal(read->tunnels[0]->order_count, 2);
	assert_true(read->tunnels[0]->is_created);
	strbuf_done(&first);
	strbuf_done(&second);
	world_done(&world);
}

static void test_damaged_plan_files(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "{}", "{\"format_version\":\"1.2\"}", "{\"format_version\":\"9\",\"project\":\"x\"}",
					    "{\"format_version\":\"1.2\",\"project\":\"x\",\"resource_changes\":[{}]}",
					    "{\"format_version\":\"1.2\",\"project\":\"x\",\"resource_changes\":[],\"record_changes\":[],\"digest\":\"x\"}"};
	struct world world;

	(void)state;
	world_init(&world);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct text text = {.name = "plan.json", .bytes = texts[i], .size = strlen(texts[i])};
		struct plan *read = NULL;
		size_t before = world.run.diags.error_count;

		assert_int_not_equal(planfile_read(world.run.arena, &world.run.diags, &text, &read), RC_OK);
		assert_null(read);
		assert_int_equal(world.run.diags.error_count, before + 1);
	}
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unseen_is_unknown),
		cmocka_unit_test(test_unread_zone_is_unknown),
		cmocka_unit_test(test_renamed_onto_another),
		cmocka_unit_test(test_moved_account),
		cmocka_unit_test(test_path_change),
		cmocka_unit_test(test_order_alone),
		cmocka_unit_test(test_foreign_rule_is_drift_and_loss),
		cmocka_unit_test(test_claim_without_rule_is_a_loss),
		cmocka_unit_test(test_input_that_lets_go_is_no_loss),
		cmocka_unit_test(test_plan_file_round_trip),
		cmocka_unit_test(test_damaged_plan_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
