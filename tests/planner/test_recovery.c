/* What is found of operations without an outcome, by what is live. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "planner/document.h"
#include "planner/recovery.h"
#include "tests/planner/world.h"

#define RECORD "33333333333333333333333333333333"
#define OTHER "44444444444444444444444444444444"
#define MARK "adit:lab edge/web"
#define TARGET WORLD_TUNNEL_ID ".cfargotunnel.com"
#define ZONE_ID "22222222222222222222222222222222"
#define IN_ZONE .account = "main", .zone_id = ZONE_ID, .name = "app.example.com", .content = TARGET, .comment = MARK

static const struct world_rule one_rule[] = {{"app.example.com", "", "http://web.shop.svc:80"}};

struct row {
	const char *what, *operation, *address;
	struct recovery_detail detail;
	enum recovery_finding expected;
};

/* Live: the tunnel lab.edge.web with one rule, and the CNAME app.example.com that points at it. */
static const struct row rows[] = {
	{"a tunnel of the name", "create", "tunnel/edge/web", {.account = "main", .name = "lab.edge.web"}, RECOVERY_MADE},
	{"no tunnel of the name", "create", "tunnel/edge/b", {.account = "main", .name = "lab.edge.b"}, RECOVERY_NOT_MADE},
	{"renamed", "rename", "tunnel/edge/web",
	 {.account = "main", .id = WORLD_TUNNEL_ID, .before = "old", .name = "lab.edge.web"}, RECOVERY_MADE},
	{"not renamed", "rename", "tunnel/edge/web",
	 {.account = "main", .id = WORLD_TUNNEL_ID, .before = "lab.edge.web", .name = "new"}, RECOVERY_NOT_MADE},
	{"renamed by another", "rename", "tunnel/edge/web",
	 {.account = "main", .id = WORLD_TUNNEL_ID, .before = "old", .name = "new"}, RECOVERY_OTHER},
	{"a tunnel that is there", "delete", "tunnel/edge/web", {.account = "main", .id = WORLD_TUNNEL_ID}, RECOVERY_NOT_MADE},
	{"a tunnel that is gone", "delete", "tunnel/edge/b", {.account = "main", .id = "gone"}, RECOVERY_MADE},
	{"another document", "put-configuration", "tunnel/edge/web",
	 {.account = "main", .id = WORLD_TUNNEL_ID, .before = "x", .after = "y"}, RECOVERY_OTHER},
	{"the document of a tunnel that is gone", "put-configuration", "tunnel/edge/web",
	 {.account = "main", .id = "gone", .before = "x", .after = "y"}, RECOVERY_OTHER},
	{"a record as asked", "create", "cname/app.example.com", {IN_ZONE}, RECOVERY_MADE},
	{"no record", "create", "cname/b.example.com",
	 {.account = "main", .zone_id = ZONE_ID, .name = "b.example.com", .content = TARGET, .comment = MARK}, RECOVERY_NOT_MADE},
	{"a record without the mark", "create", "cname/app.example.com",
	 {.account = "main", .zone_id = ZONE_ID, .name = "app.example.com", .content = TARGET, .comment = "adit:other edge/web"},
	 RECOVERY_OTHER},
	{"a record that points elsewhere", "create", "cname/app.example.com",
	 {.account = "main", .zone_id = ZONE_ID, .name = "app.example.com", .content = "x.cfargotunnel.com", .comment = MARK},
	 RECOVERY_OTHER},
	{"taken over", "replace", "cname/app.example.com", {IN_ZONE, .id = OTHER}, RECOVERY_MADE},
	{"not taken over", "replace", "cname/app.example.com",
	 {.account = "main", .zone_id = ZONE_ID, .name = "app.example.com", .content = "new", .comment = MARK, .id = RECORD},
	 RECOVERY_NOT_MADE},
	{"updated", "update", "cname/app.example.com", {IN_ZONE, .id = RECORD}, RECOVERY_MADE},
	{"updated by another", "update", "cname/app.example.com",
	 {.account = "main", .zone_id = ZONE_ID, .name = "app.example.com", .content = "new", .id = RECORD, .before = "x"},
	 RECOVERY_OTHER},
	{"an update of what is gone", "update", "cname/app.example.com", {IN_ZONE, .id = OTHER}, RECOVERY_OTHER},
	{"a record that is there", "delete", "cname/app.example.com", {IN_ZONE, .id = RECORD}, RECOVERY_NOT_MADE},
	{"a record that is gone", "delete", "cname/app.example.com", {IN_ZONE, .id = OTHER}, RECOVERY_MADE},
	{"a zone that cannot be seen", "create", "cname/app.example.org",
	 {.account = "main", .zone_id = "55555555555555555555555555555555", .name = "app.example.org"}, RECOVERY_UNSEEN},
	{"an account that is not there", "create", "tunnel/edge/web", {.account = "old", .name = "lab.edge.web"}, RECOVERY_OTHER},
	{"nothing to look for", "create", "tunnel/edge/web", {.account = NULL}, RECOVERY_OTHER},
};

static void open_world(struct world *world)
{
	world_init(world);
	world_live_tunnel(world, one_rule, 1);
	world_live_record(world, RECORD, "CNAME", "app.example.com", TARGET, MARK);
	world->live.accounts[0].zones[0].is_read = true;
	assert_int_equal(live_index(world->run.arena, &world->live.accounts[0]), RC_OK);
}

/** Through the journal's text, as it is read by another process. */
static struct recovery *reread(struct world *world, const struct row *row)
{
	struct intent intent = {.id = 7, .operation = row->operation, .address = row->address};
	struct recovery *list = NULL;

	assert_int_equal(recovery_detail_write(world->run.arena, &row->detail, &intent.detail), RC_OK);
	assert_int_equal(recovery_read(world->run.arena, &intent, 1, &list), RC_OK);
	assert_int_equal(list->intent, 7);
	assert_int_equal(list->finding, RECOVERY_UNSEEN);
	return list;
}

static void test_findings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world world;
		struct recovery *found;

		open_world(&world);
		found = reread(&world, &rows[i]);
		assert_int_equal(recovery_judge(world.run.arena, &world.live, found, 1), RC_OK);
		if (found->finding != rows[i].expected)
			fail_msg("%s: %s", rows[i].what, recovery_finding_name(found->finding));
		world_done(&world);
	}
}

static void test_documents(void **state)
{
	struct row row = {"document", "put-configuration", "tunnel/edge/web", {.account = "main", .id = WORLD_TUNNEL_ID}, 0};
	struct world world;
	struct live_tunnel_state *tunnel;
	struct recovery *found;
	char *fingerprint;

	(void)state;
	open_world(&world);
	tunnel = &world.live.accounts[0].tunnels[0];
	fingerprint = document_fingerprint(world.run.arena, tunnel->config.document);
	row.detail.after = fingerprint;
	found = reread(&world, &row);
	assert_int_equal(recovery_judge(world.run.arena, &world.live, found, 1), RC_OK);
	assert_int_equal(found->finding, RECOVERY_MADE);
	row.detail.after = "x";
	row.detail.before = fingerprint;
	found = reread(&world, &row);
	assert_int_equal(recovery_judge(world.run.arena, &world.live, found, 1), RC_OK);
	assert_int_equal(found->finding, RECOVERY_NOT_MADE);
	tunnel->visibility = NOT_VISIBLE;
	assert_int_equal(recovery_judge(world.run.arena, &world.live, found, 1), RC_OK);
	assert_int_equal(found->finding, RECOVERY_UNSEEN);
	world_done(&world);
}

static void test_details_that_say_nothing(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "null", "{\"account\": 3}", "\xff", NULL};
	struct world world;

	(void)state;
	open_world(&world);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct intent intent = {.id = 1, .operation = "create", .address = "tunnel/edge/web", .detail = texts[i]};
		struct recovery *list = NULL;

		assert_int_equal(recovery_read(world.run.arena, &intent, 1, &list), RC_OK);
		assert_int_equal(recovery_judge(world.run.arena, &world.live, list, 1), RC_OK);
		assert_int_equal(list->finding, RECOVERY_OTHER);
	}
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_details_that_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
