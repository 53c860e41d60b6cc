/* What needs no judge: of a world in which all three states agree nothing is planned, and whatever one of them says
 * otherwise is seen, by one worker and by several. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "planner/live_recorded.h"
#include "planner/planfile.h"
#include "tests/planner/world.h"

#define TARGET WORLD_TUNNEL_ID ".cfargotunnel.com"
#define RECORD_ID "33333333333333333333333333333333"
#define SECOND_ID "44444444444444444444444444444444"
#define THIRD_ID "55555555555555555555555555555555"
#define MARK "adit:lab edge/web"
#define NOTHING (-1)

static const struct world_rule rules[] = {
	{"app.example.com", "^/api(?:/|$)", "http://api.shop.svc:80"},
	{"app.example.com", "", "http://web.shop.svc:80"},
	{"www.example.com", "", "http://web.shop.svc:80"},
};
static const struct world_rule other[] = {
	{"app.example.com", "^/api(?:/|$)", "http://api.shop.svc:80"},
	{"app.example.com", "", "http://other.shop.svc:80"},
	{"www.example.com", "", "http://web.shop.svc:80"},
};
static const struct world_rule swapped[] = {
	{"app.example.com", "", "http://web.shop.svc:80"},
	{"app.example.com", "^/api(?:/|$)", "http://api.shop.svc:80"},
	{"www.example.com", "", "http://web.shop.svc:80"},
};
static const struct world_rule fewer[] = {
	{"app.example.com", "^/api(?:/|$)", "http://api.shop.svc:80"},
	{"www.example.com", "", "http://web.shop.svc:80"},
};
static const struct world_rule more[] = {
	{"app.example.com", "^/api(?:/|$)", "http://api.shop.svc:80"},
	{"app.example.com", "", "http://web.shop.svc:80"},
	{"old.example.com", "", "http://web.shop.svc:80"},
	{"www.example.com", "", "http://web.shop.svc:80"},
};

static void fill(struct world *world)
{
	world_init(world);
	world_want_tunnel(world, rules, 3);
	world_record_tunnel(world, rules, 3);
	world_live_tunnel(world, rules, 3);
	world_want_cname(world, "app.example.com");
	world_want_cname(world, "www.example.com");
	world_record_cname(world, "app.example.com", RECORD_ID, TARGET);
	world_record_cname(world, "www.example.com", SECOND_ID, TARGET);
	world_live_record(world, RECORD_ID, "CNAME", "app.example.com", TARGET, MARK);
	world_live_record(world, SECOND_ID, "CNAME", "www.example.com", TARGET, MARK);
}

static struct recorded *recorded(struct world *world, const char *address)
{
	struct recorded *item = map_get(&world->recorded.by_address, address);

	assert_non_null(item);
	return item;
}

static struct recorded *rule_record(struct world *world)
{
	return recorded(world, "rule/edge/web/app.example.com");
}

static struct recorded *cname_record(struct world *world)
{
	return recorded(world, "cname/app.example.com");
}

static struct resource *wanted_rule(struct world *world)
{
	return world->desired.tunnels[0].rules[1];
}

static struct resource *wanted_cname(struct world *world)
{
	return (struct resource *)(uintptr_t)world->desired.cnames[0].cname;
}

static struct live_record *live_cname(struct world *world)
{
	return &world->live.accounts[0].zones[0].records[0];
}

static void nothing(struct world *w) { (void)w; }
static void want_other_service(struct world *w) { wanted_rule(w)->u.rule.service = "http://other.shop.svc:80"; }
static void want_origin(struct world *w)
{
	struct json *origin = json_new(w->run.arena, JSON_OBJECT);

	assert_int_equal(json_set(w->run.arena, origin, "noTLSVerify", json_new_bool(w->run.arena, true)), RC_OK);
	wanted_rule(w)->u.rule.origin_request = origin;
}
static void live_other_service(struct world *w) { world_live_tunnel(w, other, 3); }
static void live_fewer(struct world *w) { world_live_tunnel(w, fewer, 2); }
static void live_more(struct world *w) { world_live_tunnel(w, more, 4); }
static void record_other_service(struct world *w) { rule_record(w)->resource->u.rule.service = "http://other.shop.svc:80"; }
static void record_other_object(struct world *w) { rule_record(w)->resource->origin.object = "HTTPRoute shop/old"; }
static void record_other_precedence(struct world *w) { rule_record(w)->resource->origin.precedence = "b"; }
static void record_other_tunnel(struct world *w) { rule_record(w)->resource->tunnel = "tunnel/edge/old"; }
static void record_protected(struct world *w) { rule_record(w)->is_protected = true; }
static void record_retired(struct world *w) { rule_record(w)->retired_ms = 1; }
static void want_protected(struct world *w) { wanted_rule(w)->protect = true; }
static void live_unproxied(struct world *w) { live_cname(w)->proxied = false; }
static void live_other_content(struct world *w) { live_cname(w)->content = "elsewhere.example.net"; }
static void live_capitals(struct world *w) { live_cname(w)->content = "11111111-1111-4111-8111-111111111111.CFARGOTUNNEL.COM"; }
static void live_more_comment(struct world *w) { live_cname(w)->comment = MARK " paid by accounting"; }
static void live_no_mark(struct world *w) { live_cname(w)->comment = "by hand"; }
static void live_other_gateway(struct world *w) { live_cname(w)->comment = "adit:lab edge/old"; }
static void live_other_project(struct world *w) { live_cname(w)->comment = "adit:blog edge/web"; }
static void live_other_type(struct world *w)
{
	live_cname(w)->type = "A";
	live_cname(w)->content = "192.0.2.1";
}
static void live_second(struct world *w)
{
	world_live_record(w, THIRD_ID, "CNAME", "app.example.com", "elsewhere.example.net", "");
}
static void live_renamed(struct world *w) { live_cname(w)->name = "new.example.com"; }
static void live_no_zone(struct world *w) { w->live.accounts[0].zones_visibility = NOT_VISIBLE; }
static void live_no_records(struct world *w) { w->live.accounts[0].zones[0].visibility = NOT_VISIBLE; }
static void record_other_content(struct world *w) { cname_record(w)->resource->u.cname.content = "x.example.net"; }
static void record_other_comment(struct world *w) { cname_record(w)->resource->u.cname.comment = "adit:lab edge/old"; }
static void record_other_claim(struct world *w) { cname_record(w)->resource->origin.object = "HTTPRoute shop/old"; }
static void record_no_id(struct world *w) { cname_record(w)->resource->id = NULL; }
static void record_cname_protected(struct world *w) { cname_record(w)->is_protected = true; }
static void want_cname_protected(struct world *w) { w->desired.cnames[0].protect = true; }
static void want_ttl(struct world *w) { wanted_cname(w)->u.cname.ttl = 300; }

static struct resource *wanted_tunnel(struct world *world)
{
	return (struct resource *)(uintptr_t)world->desired.tunnels[0].tunnel;
}
static void want_tunnel_name(struct world *w) { wanted_tunnel(w)->u.tunnel.name = "lab.edge.new"; }
static void want_tunnel_protected(struct world *w) { w->desired.tunnels[0].protect = true; }
static void want_tunnel_origin(struct world *w)
{
	struct json *origin = json_new(w->run.arena, JSON_OBJECT);

	assert_int_equal(json_set(w->run.arena, origin, "noTLSVerify", json_new_bool(w->run.arena, true)), RC_OK);
	wanted_tunnel(w)->u.tunnel.origin_request = origin;
}
static void record_tunnel_name(struct world *w) { recorded(w, "tunnel/edge/web")->resource->u.tunnel.name = "lab.edge.old"; }
static void record_tunnel_retired(struct world *w) { recorded(w, "tunnel/edge/web")->retired_ms = 1; }
static void live_tunnel_name(struct world *w) { w->live.accounts[0].tunnels[0].tunnel.name = "by.hand"; }

/** One difference, where it shows, and what comes of it. */
static const struct difference {
	const char *name;
	void (*make)(struct world *world);
	const char *address;
	int action;
	bool drift, conflict, unknown;
} differences[] = {
	{"none", nothing, "rule/edge/web/app.example.com", NOTHING, false, false, false},
	{"want_other_service", want_other_service, "rule/edge/web/app.example.com", ACTION_UPDATE, false, false, false},
	{"want_origin", want_origin, "rule/edge/web/app.example.com", ACTION_UPDATE, false, false, false},
	{"live_other_service", live_other_service, "rule/edge/web/app.example.com", ACTION_UPDATE, true, false, false},
	{"live_fewer", live_fewer, "rule/edge/web/app.example.com", ACTION_CREATE, true, false, false},
	{"live_more", live_more, "rule/edge/web/old.example.com", ACTION_DELETE, true, false, false},
	{"record_other_service", record_other_service, "rule/edge/web/app.example.com", ACTION_RECORD, true, false, false},
	{"record_other_object", record_other_object, "rule/edge/web/app.example.com", ACTION_RECORD, false, false, false},
	{"record_other_precedence", record_other_precedence, "rule/edge/web/app.example.com", ACTION_RECORD, false, false, false},
	{"record_other_tunnel", record_other_tunnel, "rule/edge/web/app.example.com", ACTION_RECORD, false, false, false},
	{"record_protected", record_protected, "rule/edge/web/app.example.com", ACTION_RECORD, false, false, false},
	{"record_retired", record_retired, "rule/edge/web/app.example.com", ACTION_RECORD, false, false, false},
	{"want_protected", want_protected, "rule/edge/web/app.example.com", ACTION_RECORD, false, false, false},
	{"live_unproxied", live_unproxied, "cname/app.example.com", ACTION_UPDATE, true, false, false},
	{"live_other_content", live_other_content, "cname/app.example.com", ACTION_UPDATE, true, false, false},
	{"live_capitals", live_capitals, "cname/app.example.com", NOTHING, false, false, false},
	{"live_more_comment", live_more_comment, "cname/app.example.com", ACTION_RECORD, true, false, false},
	{"live_no_mark", live_no_mark, "cname/app.example.com", ACTION_UPDATE, true, false, false},
	{"live_other_gateway", live_other_gateway, "cname/app.example.com", ACTION_UPDATE, true, false, false},
	{"live_other_project", live_other_project, "cname/app.example.com", NOTHING, true, true, false},
	{"live_other_type", live_other_type, "cname/app.example.com", ACTION_REPLACE, true, false, false},
	{"live_second", live_second, "cname/app.example.com", NOTHING, false, true, false},
	{"live_renamed", live_renamed, "cname/app.example.com", ACTION_UPDATE, true, false, false},
	{"live_no_zone", live_no_zone, "cname/app.example.com", NOTHING, false, false, true},
	{"live_no_records", live_no_records, "cname/app.example.com", NOTHING, false, false, true},
	{"record_other_content", record_other_content, "cname/app.example.com", ACTION_RECORD, true, false, false},
	{"record_other_comment", record_other_comment, "cname/app.example.com", ACTION_RECORD, true, false, false},
	{"record_other_claim", record_other_claim, "cname/app.example.com", ACTION_RECORD, false, false, false},
	{"record_no_id", record_no_id, "cname/app.example.com", ACTION_RECORD, false, false, false},
	{"record_cname_protected", record_cname_protected, "cname/app.example.com", ACTION_RECORD, false, false, false},
	{"want_cname_protected", want_cname_protected, "cname/app.example.com", ACTION_RECORD, false, false, false},
	{"want_tunnel_name", want_tunnel_name, "tunnel/edge/web", ACTION_UPDATE, false, false, false},
	{"want_tunnel_protected", want_tunnel_protected, "tunnel/edge/web", ACTION_RECORD, false, false, false},
	{"want_tunnel_origin", want_tunnel_origin, "tunnel/edge/web", ACTION_UPDATE, false, false, false},
	{"record_tunnel_name", record_tunnel_name, "tunnel/edge/web", ACTION_RECORD, true, false, false},
	{"record_tunnel_retired", record_tunnel_retired, "tunnel/edge/web", ACTION_RECORD, false, false, false},
	{"live_tunnel_name", live_tunnel_name, "tunnel/edge/web", ACTION_UPDATE, true, false, false},
	{"want_ttl", want_ttl, "cname/app.example.com", ACTION_UPDATE, false, false, false},
};

static bool is_unknown(const struct plan *plan, const char *address)
{
	for (size_t i = 0; i < plan->unknown_count; i++)
		if (str_eq(plan->unknown[i], address))
			return true;
	return false;
}

static void check(const struct difference *d, size_t workers)
{
	const struct change *change;
	struct world world;
	struct plan *plan;

	fill(&world);
	d->make(&world);
	world.options.workers = workers;
	plan = world_plan(&world);
	change = world_change(plan, d->address);
	if ((change ? (int)change->action : NOTHING) != d->action)
		fail_msg("%s: action %d, expected %d", d->name, change ? (int)change->action : NOTHING, d->action);
	if ((world_drift(plan, d->address) != NULL) != d->drift)
		fail_msg("%s: drift", d->name);
	if ((plan->conflict_count > 0) != d->conflict)
		fail_msg("%s: conflict", d->name);
	if (is_unknown(plan, d->address) != d->unknown)
		fail_msg("%s: unknown", d->name);
	/* What is not different stays as it is. */
	if (world_change(plan, "rule/edge/web/www.example.com") || world_drift(plan, "cname/www.example.com") ||
	    world_change(plan, "cname/www.example.com"))
		fail_msg("%s: something else changes, too", d->name);
	world_done(&world);
}

static void test_each_difference_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
		check(&differences[i], 1);
		check(&differences[i], 3);
	}
}

/** The plan as it is saved, of what is recorded taken for what is live. @param is_looked_up  each record, as if it had been read */
static char *plan_of_recorded(const struct difference *d, bool is_looked_up)
{
	struct plan_input input;
	struct plan *plan = NULL;
	struct strbuf out;
	struct world world;
	struct live *live;
	char *text;

	fill(&world);
	world.recorded.zones = (struct recorded_zone[]){ { .account = "main", .zone_id = "22222222222222222222222222222222",
							   .name = "example.com", .plan = "free" } };
	world.recorded.zone_count = 1;
	world.project.accounts = (struct account[]){ { .name = "main", .account_id = WORLD_ACCOUNT } };
	world.project.account_count = 1;
	d->make(&world);
	assert_int_equal(live_from_recorded(world.run.arena, &world.project, &world.recorded, NULL, &live), RC_OK);
	if (is_looked_up) {
		live->accounts[0].is_recorded = false;
		assert_int_equal(live_index_records(world.run.arena, &live->accounts[0]), RC_OK);
	}
	input = (struct plan_input){ .project = &world.project, .desired = &world.desired, .recorded = &world.recorded, .live = live,
				     .options = &world.options };
	assert_int_equal(plan_build(world.run.arena, &world.run.diags, &input, &plan), RC_OK);
	strbuf_init(&out, 0);
	assert_int_equal(planfile_write(plan, &out), RC_OK);
	text = strdup(strbuf_text(&out));
	strbuf_done(&out);
	world_done(&world);
	return text;
}

static void test_of_what_is_recorded_nothing_need_be_looked_up(void **state)
{
	char *none = plan_of_recorded(&differences[0], false);
	size_t differing = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
		char *quick = plan_of_recorded(&differences[i], false), *slow = plan_of_recorded(&differences[i], true);

		if (!str_eq(quick, slow))
			fail_msg("%s: %s\n%s", differences[i].name, quick, slow);
		differing += !str_eq(quick, none);
		free(quick);
		free(slow);
	}
	free(none);
	/* Those that what is desired or recorded says; what is live has no say here. */
	assert_true(differing >= 12);
}

static void test_order_alone_is_seen(void **state)
{
	const struct change *change;
	struct world world;
	struct plan *plan;

	(void)state;
	fill(&world);
	world_live_tunnel(&world, swapped, 3);
	plan = world_plan(&world);
	change = world_change(plan, "tunnel/edge/web");
	assert_non_null(change);
	assert_int_equal(change->action, ACTION_UPDATE);
	assert_int_equal(plan->change_count, 1);
	world_done(&world);
}

/* More rules that are new than are looked ahead for, and more that are gone. */
static void test_rules_far_apart_are_found(void **state)
{
	struct world_rule many[44];
	char names[40][40];
	size_t count = 0;
	struct plan *plan;

	(void)state;
	many[count++] = rules[0];
	for (size_t i = 0; i < 40; i++) {
		snprintf(names[i], sizeof(names[i]), "n%02zu.example.com", i);
		many[count++] = (struct world_rule){names[i], "", "http://web.shop.svc:80"};
	}
	many[count++] = rules[1];
	many[count++] = rules[2];
	for (int gone = 0; gone < 2; gone++) {
		struct world world;

		fill(&world);
		if (gone)
			world_live_tunnel(&world, many, count);
		else
			world_want_tunnel(&world, many, count);
		plan = world_plan(&world);
		assert_int_equal(gone ? plan->destroy_count : plan->add_count, 40);
		assert_null(world_change(plan, "rule/edge/web/www.example.com"));
		assert_null(world_change(plan, "rule/edge/web/app.example.com"));
		world_done(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_difference_is_seen),
		cmocka_unit_test(test_of_what_is_recorded_nothing_need_be_looked_up),
		cmocka_unit_test(test_order_alone_is_seen),
		cmocka_unit_test(test_rules_far_apart_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
