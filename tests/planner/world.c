/* Worlds built by hand. */
#include "tests/planner/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "planner/document.h"
#include "schema/mark.h"

#define ADDRESS "tunnel/edge/web"
#define ZONE_ID "22222222222222222222222222222222"

void world_init(struct world *world)
{
	memset(world, 0, sizeof(*world));
	assert_int_equal(run_init(&world->run), RC_OK);
	project_init(&world->project);
	world->project.name = "lab";
	world->desired.digest = "";
	world->recorded.lineage = "lineage";
	map_init(&world->recorded.by_address, world->run.arena);
	world->live.accounts = arena_array(world->run.arena, 1, sizeof(struct live_account));
	world->live.account_count = 1;
	struct live_account *account = world->live.accounts;
	account->account = "main";
	account->account_id = WORLD_ACCOUNT;
	map_init(&account->gone, world->run.arena);
	account->zones = arena_array(world->run.arena, 1, sizeof(*account->zones));
	account->zone_count = 1;
	account->zones[0].zone = (struct live_zone){.id = ZONE_ID, .name = "example.com", .status = "active", .plan = "free"};
	account->zones[0].is_read = true;
	account->zones[0].records = arena_array(world->run.arena, 64, sizeof(struct live_record));
	world->options.overrides.max_deletes = -1;
	world->options.overrides.max_delete_percent = -1;
	world->options.overrides.max_rule_percent = -1;
}

void world_done(struct world *world)
{
	run_done(&world->run);
}

static struct resource *make(struct world *world, enum resource_kind kind, const char *address)
{
	struct resource *resource = arena_alloc(world->run.arena, sizeof(*resource));

	resource->kind = kind;
	resource->address = address;
	resource->tunnel = ADDRESS;
	resource->origin.object = "HTTPRoute shop/web";
	return resource;
}

static struct resource *make_rule(struct world *world, const struct world_rule *rule)
{
	struct resource *made =
		make(world, RESOURCE_RULE, resource_rule_address(world->run.arena, ADDRESS, rule->hostname, rule->path, !*rule->hostname));

	made->u.rule = (struct rule_fields){.hostname = rule->hostname, .path = rule->path, .service = rule->service};
	return made;
}

static struct resource **make_rules(struct world *world, const struct world_rule *rules, size_t count)
{
	static const struct world_rule last = {"", "", "http_status:404"};
	struct resource **made = arena_array(world->run.arena, count + 1, sizeof(struct resource *));

	for (size_t i = 0; i <= count; i++)
		made[i] = make_rule(world, i < count ? &rules[i] : &last);
	return made;
}

static struct resource *make_tunnel(struct world *world, struct resource **rules, size_t count)
{
	struct resource *tunnel = make(world, RESOURCE_TUNNEL, ADDRESS);
	struct json *order = NULL;

	assert_int_equal(document_order(world->run.arena, rules, count, &order), RC_OK);
	tunnel->origin.object = "Gateway edge/web";
	tunnel->u.tunnel = (struct tunnel_fields){.account = "main", .name = "lab.edge.web", .rule_order = order};
	return tunnel;
}

void world_want_tunnel(struct world *world, const struct world_rule *rules, size_t count)
{
	struct desired_tunnel *tunnel = arena_alloc(world->run.arena, sizeof(*tunnel));

	tunnel->rules = make_rules(world, rules, count);
	tunnel->rule_count = count + 1;
	tunnel->tunnel = make_tunnel(world, tunnel->rules, count + 1);
	world->desired.tunnels = tunnel;
	world->desired.tunnel_count = 1;
}

void world_want_cname(struct world *world, const char *hostname)
{
	struct desired *desired = &world->desired;
	struct resource *cname = make(world, RESOURCE_CNAME, resource_cname_address(world->run.arena, hostname));

	cname->u.cname = (struct cname_fields){.account = "main", .name = hostname, .proxied = true, .ttl = 1,
					       .comment = mark_make(world->run.arena, "lab", ADDRESS)};
	desired->cnames = arena_grow(world->run.arena, desired->cnames, desired->cname_count, &desired->cname_capacity,
				     sizeof(*desired->cnames));
	desired->cnames[desired->cname_count++] = (struct desired_cname){.cname = cname};
}

static void record(struct world *world, struct resource *resource, const char *zone_id)
{
	struct recorded_state *state = &world->recorded;
	struct recorded *items = arena_array(world->run.arena, state->count + 1, sizeof(*items));

	if (state->count)
		memcpy(items, state->items, state->count * sizeof(*items));
	items[state->count++] = (struct recorded){.resource = resource, .account_id = WORLD_ACCOUNT, .zone_id = zone_id};
	state->items = items;
	map_init(&state->by_address, world->run.arena);
	for (size_t i = 0; i < state->count; i++)
		assert_int_equal(map_put(&state->by_address, items[i].resource->address, &items[i], NULL), RC_OK);
}

void world_record_tunnel(struct world *world, const struct world_rule *rules, size_t count)
{
	struct resource **made = make_rules(world, rules, count), *tunnel = make_tunnel(world, made, count + 1);

	tunnel->id = WORLD_TUNNEL_ID;
	record(world, tunnel, NULL);
	for (size_t i = 0; i <= count; i++)
		record(world, made[i], NULL);
}

void world_live_tunnel(struct world *world, const struct world_rule *rules, size_t count)
{
	struct arena *arena = world->run.arena;
	struct live_account *account = world->live.accounts;
	struct live_tunnel_state *state = arena_alloc(arena, sizeof(*state));
	struct json *document = json_new(arena, JSON_OBJECT), *ingress = json_new(arena, JSON_ARRAY);

	for (size_t i = 0; i <= count; i++) {
		struct json *rule = json_new(arena, JSON_OBJECT);

		if (i < count) {
			assert_int_equal(json_set(arena, rule, "hostname", json_new_string(arena, rules[i].hostname)), RC_OK);
			assert_int_equal(json_set(arena, rule, "path", json_new_string(arena, rules[i].path)), RC_OK);
		}
		assert_int_equal(json_set(arena, rule, "service",
					  json_new_string(arena, i < count ? rules[i].service : "http_status:404")), RC_OK);
		assert_int_equal(json_set(arena, rule, "originRequest", json_new(arena, JSON_OBJECT)), RC_OK);
		assert_int_equal(json_push(arena, ingress, rule), RC_OK);
	}
	assert_int_equal(json_set(arena, document, "ingress", ingress), RC_OK);
	state->tunnel = (struct live_tunnel){.id = WORLD_TUNNEL_ID, .name = "lab.edge.web", .status = "inactive", .is_remote = true};
	state->has_config = true;
	state->config = (struct live_config){.version = 1, .document = document};
	account->tunnels = state;
	account->tunnel_count = 1;
}

void world_record_cname(struct world *world, const char *hostname, const char *id, const char *content)
{
	struct resource *cname = make(world, RESOURCE_CNAME, resource_cname_address(world->run.arena, hostname));

	cname->id = id;
	cname->u.cname = (struct cname_fields){.account = "main", .zone = "example.com", .name = hostname, .content = content,
					       .proxied = true, .ttl = 1, .comment = "adit:lab edge/web"};
	record(world, cname, ZONE_ID);
}

void world_live_record(struct world *world, const char *id, const char *type, const char *name, const char *content,
		       const char *comment)
{
	struct live_zone_records *zone = &world->live.accounts[0].zones[0];

	assert_true(zone->count < 64);
	zone->records[zone->count++] = (struct live_record){.id = id, .zone_id = ZONE_ID, .name = name, .type = type, .content = content,
							    .comment = comment, .tags = "", .ttl = 1,
							    .proxied = str_eq(type, "CNAME")};
}

void world_gone(struct world *world, const char *id)
{
	assert_int_equal(map_put(&world->live.accounts[0].gone, id, world, NULL), RC_OK);
}

struct plan *world_plan(struct world *world)
{
	struct plan_input input = {.project = &world->project, .desired = &world->desired, .recorded = &world->recorded,
				   .live = &world->live, .options = &world->options};
	struct plan *plan = NULL;

	assert_int_equal(live_index(world->run.arena, &world->live.accounts[0]), RC_OK);
	assert_int_equal(plan_build(world->run.arena, &world->run.diags, &input, &plan), RC_OK);
	return plan;
}

const struct change *world_change(const struct plan *plan, const char *address)
{
	for (size_t i = 0; i < plan->change_count; i++)
		if (str_eq(plan->changes[i].address, address))
			return &plan->changes[i];
	return NULL;
}

const struct drift *world_drift(const struct plan *plan, const char *address)
{
	for (size_t i = 0; i < plan->drift_count; i++)
		if (str_eq(plan->drifts[i].address, address))
			return &plan->drifts[i];
	return NULL;
}
