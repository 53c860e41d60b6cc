/* Saved plans against what is live: what a plan file may touch, however right its checksums are. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "planner/apply.h"
#include "tests/planner/world.h"

#define RECORD "33333333333333333333333333333333"
#define MARK "adit:lab edge/web"
#define TARGET WORLD_TUNNEL_ID ".cfargotunnel.com"
#define ZONE_ID "22222222222222222222222222222222"

static const struct world_rule one_rule[] = {{"app.example.com", "", "http://web.shop.svc:80"}};

struct row {
	const char *name;
	enum action action;
	const char *comment;   /**< of the live record */
	bool is_recorded, is_takeover;
	const char *type;
	enum rc expected;
};

static const struct row rows[] = {
	{"delete what is recorded", ACTION_DELETE, MARK, true, false, "CNAME", RC_OK},
	{"delete what lost its mark", ACTION_DELETE, "", true, false, "CNAME", RC_OK},
	{"delete an orphan", ACTION_DELETE, MARK, false, false, "CNAME", RC_OK},
	{"delete a foreign record", ACTION_DELETE, "", false, false, "CNAME", RC_CONFLICT},
	{"delete another owner's", ACTION_DELETE, "adit:blog edge/web", false, false, "CNAME", RC_CONFLICT},
	{"taking over is no leave to delete", ACTION_DELETE, "", false, true, "CNAME", RC_CONFLICT},
	{"update a foreign record", ACTION_UPDATE, "", false, false, "CNAME", RC_CONFLICT},
	{"take over a foreign record", ACTION_UPDATE, "", false, true, "CNAME", RC_OK},
	{"replace a foreign record", ACTION_REPLACE, "", false, false, "A", RC_CONFLICT},
	{"take over an address", ACTION_REPLACE, "", false, true, "A", RC_OK},
	{"a delegation is never taken over", ACTION_REPLACE, "", false, true, "NS", RC_CONFLICT},
	{"record a foreign record", ACTION_RECORD, "", false, false, "CNAME", RC_CONFLICT},
	{"record what is marked", ACTION_RECORD, MARK, false, false, "CNAME", RC_OK},
};

static enum rc check(struct world *world, struct plan *plan)
{
	assert_int_equal(live_index(world->run.arena, &world->live.accounts[0]), RC_OK);
	return apply_check_plan(&world->run, &world->project, plan, &world->recorded, &world->live, NULL);
}

static struct change make_change(struct world *world, const struct row *row)
{
	struct arena *arena = world->run.arena;
	struct live_record *record = &world->live.accounts[0].zones[0].records[0];
	struct resource *live = live_record_resource(arena, "main", "example.com", record);
	struct resource *after = (void *)arena_memdup(arena, live, sizeof(*live));
	struct change change = {.action = row->action, .kind = RESOURCE_CNAME, .address = live->address, .before = live,
				.account_id = WORLD_ACCOUNT, .zone_id = ZONE_ID, .is_takeover = row->is_takeover};

	after->tunnel = "tunnel/edge/web";
	after->u.cname.content = "new.cfargotunnel.com";
	change.after = row->action == ACTION_DELETE ? NULL : after;
	change.expected = resource_fingerprint(arena, live);
	if (row->action == ACTION_REPLACE) {
		change.replaced_ids = arena_array(arena, 1, sizeof(const char *));
		change.replaced_ids[0] = RECORD;
		change.replaced_count = 1;
		change.expected = live_records_fingerprint(arena, &record, 1);
	}
	return change;
}

static void test_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct plan plan = {.project = "lab", .change_count = 1};
		struct change change;
		struct world world;
		enum rc rc;

		world_init(&world);
		world_live_record(&world, RECORD, row->type, "app.example.com", TARGET, row->comment);
		if (row->is_recorded)
			world_record_cname(&world, "app.example.com", RECORD, TARGET);
		change = make_change(&world, row);
		plan.changes = &change;
		rc = check(&world, &plan);
		if (rc != row->expected)
			fail_msg("%s: %s, expected %s", row->name, rc_name(rc), rc_name(row->expected));
		world_done(&world);
	}
}

static void test_tunnels(void **state)
{
	static const struct {
		const char *name;
		bool is_recorded;
		enum rc expected;
	} tunnels[] = {
		{"lab.edge.web", false, RC_OK},
		{"anything", true, RC_OK},
		{"anything", false, RC_CONFLICT},
		{"blog.edge.web", false, RC_CONFLICT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
		struct tunnel_plan tunnel = {.address = "tunnel/edge/web", .account = "main", .account_id = WORLD_ACCOUNT,
					     .id = WORLD_TUNNEL_ID, .name = "lab.edge.web", .needs_put = true};
		struct tunnel_plan *list[] = {&tunnel};
		struct plan plan = {.project = "lab", .tunnels = list, .tunnel_count = 1};
		struct world world;

		world_init(&world);
		world_live_tunnel(&world, one_rule, 1);
		world.live.accounts[0].tunnels[0].tunnel.name = tunnels[i].name;
		if (tunnels[i].is_recorded)
			world_record_tunnel(&world, one_rule, 1);
		assert_int_equal(check(&world, &plan), tunnels[i].expected);
		/* Recorded as something else: not to be touched under this address. */
		tunnel.address = "tunnel/edge/other";
		if (tunnels[i].is_recorded)
			assert_int_equal(check(&world, &plan), RC_CONFLICT);
		world_done(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_tunnels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
