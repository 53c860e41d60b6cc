/* Properties of the whole way from manifests to the simulator, over generated worlds:
 * applying a plan leaves what was desired, a second plan is empty, the order of input is irrelevant, foreign objects are
 * untouched, rendered documents are acceptable to cloudflared, and plan files round-trip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "planner/apply.h"
#include "planner/document.h"
#include "planner/refresh.h"
#include "providers/open.h"
#include "server/simulator/simulator.h"
#include "state/store.h"
#include "tests/property/pipeline.h"

#define ACCOUNT "0123456789abcdef0123456789abcdef"
#define WORLDS 40
#define STEPS 3

/** What lives through one world's steps. */
struct lab {
	struct run run;
	struct simulator *simulator;
	struct provider *provider;
	struct store *store;
	struct project project;
	char folder[64];
	const char *foreign_id;
	char *foreign;
};

/** One pass from manifests to a plan. */
struct pass {
	struct objects objects;
	struct desired *desired;
	struct recorded_state recorded;
	struct live *live;
	struct plan *plan;
};

static uint64_t random_state;

static uint8_t random_byte(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint8_t)(random_state >> 24);
}

static const char *zone_id(struct lab *lab)
{
	struct call call = {.kind = CALL_ZONES_LIST, .arena = lab->run.arena};

	assert_int_equal(provider_do(lab->provider, &call), RC_OK);
	for (size_t i = 0; i < call.zone_count; i++)
		if (str_eq(call.zones[i].name, "example.com"))
			return call.zones[i].id;
	fail_msg("no zone");
	return NULL;
}

static char *foreign_record(struct lab *lab)
{
	struct call call = {.kind = CALL_RECORD_GET, .arena = lab->run.arena, .zone_id = zone_id(lab), .record_id = lab->foreign_id};
	struct strbuf text;
	char *copy;

	assert_int_equal(provider_do(lab->provider, &call), RC_OK);
	strbuf_init(&text, 0);
	json_write_canonical(&text, call.records[0].json);
	copy = arena_strdup(lab->run.arena, strbuf_text(&text));
	strbuf_done(&text);
	return copy;
}

static void add_foreign(struct lab *lab)
{
	struct arena *arena = lab->run.arena;
	struct json *body = json_new(arena, JSON_OBJECT);
	struct call call = {.kind = CALL_RECORD_CREATE, .arena = arena, .zone_id = zone_id(lab), .body = body};

	assert_int_equal(json_set(arena, body, "type", json_new_string(arena, "CNAME")), RC_OK);
	assert_int_equal(json_set(arena, body, "name", json_new_string(arena, "mine.example.com")), RC_OK);
	assert_int_equal(json_set(arena, body, "content", json_new_string(arena, "elsewhere.example.org")), RC_OK);
	assert_int_equal(json_set(arena, body, "ttl", json_new_int(arena, 300)), RC_OK);
	assert_int_equal(provider_do(lab->provider, &call), RC_OK);
	lab->foreign_id = call.records[0].id;
	lab->foreign = foreign_record(lab);
}

static void holds(const char *why)
{
	if (why)
		fail_msg("%s", why);
}

static void open_lab(struct lab *lab)
{
	static const char *const accounts[] = {ACCOUNT}, *const zones[] = {"example.com", "example.net"}, *const tokens[] = {"t"};
	struct simulator_config simulator = {.accounts = accounts, .account_count = 1, .zones = zones, .zone_count = 2,
					     .tokens = tokens, .token_count = 1, .rate_calls = 1000000};
	struct provider_config provider = {.account = "main", .account_id = ACCOUNT, .token = "t"};
	struct store_options options = {.project = "lab"};

	memset(lab, 0, sizeof(*lab));
	assert_int_equal(run_init(&lab->run), RC_OK);
	lab->run.clock.scale = 1000;
	assert_int_equal(simulator_start(&lab->run, &simulator, &lab->simulator), RC_OK);
	provider.url = simulator_url(lab->simulator);
	assert_int_equal(provider_open(&lab->run, &provider, &lab->provider), RC_OK);
	assert_int_equal(provider_resolve_account(&lab->run, lab->provider), RC_OK);
	/* In memory where there is such a place: hundreds of durable commits are not what is tested here. */
	snprintf(lab->folder, sizeof(lab->folder), "%s/adit-property-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(lab->folder));
	assert_int_equal(store_open(&lab->run, arena_printf(lab->run.arena, "%s/state.db", lab->folder), &options, &lab->store), RC_OK);
	assert_int_equal(lab->store->vt->lock(lab->store, "test", 0), RC_OK);
	holds(pipeline_project(lab->run.arena, &lab->project));
	add_foreign(lab);
}

static void close_lab(struct lab *lab)
{
	lab->store->vt->unlock(lab->store);
	lab->store->vt->close(lab->store);
	lab->provider->vt->close(lab->provider);
	simulator_stop(lab->simulator);
	unlink(arena_printf(lab->run.arena, "%s/state.db", lab->folder));
	rmdir(lab->folder);
	run_done(&lab->run);
}

static void make_plan(struct lab *lab, const struct generated *generated, bool backwards, struct pass *pass)
{
	struct refresh_scope scope = {0};

	memset(&pass->objects, 0, sizeof(pass->objects));
	holds(pipeline_decode(&lab->run, generated, backwards, &pass->objects));
	assert_int_equal(lab->store->vt->load(lab->store, lab->run.arena, &pass->recorded), RC_OK);
	holds(pipeline_translate(&lab->run, &lab->project, &pass->objects, &pass->recorded, &pass->desired));
	scope.desired = pass->desired;
	scope.recorded = &pass->recorded;
	assert_int_equal(refresh_live(&lab->run, &lab->provider, 1, &scope, &pass->live), RC_OK);
	holds(pipeline_plan(&lab->run, &lab->project, pass->desired, &pass->recorded, pass->live, &pass->plan));
}

static void apply(struct lab *lab, const struct pass *pass)
{
	struct apply_options options = {.connector_gate = true, .connector_timeout_ms = 1000, .settle_ms = 1000};
	struct apply_input input = {.plan = pass->plan, .providers = &lab->provider, .provider_count = 1, .store = lab->store,
				    .recorded = &pass->recorded, .live = pass->live, .options = &options};
	struct apply_result result;

	assert_int_equal(apply_plan(&lab->run, &input, &result), RC_OK);
	for (size_t i = 0; i < pass->plan->change_count; i++)
		if (result.states[i] != CHANGE_DONE)
			fail_msg("%s: state %d: %s", pass->plan->changes[i].address, (int)result.states[i],
				 str_or_empty(result.messages[i]));
}

/** What is live is what was desired: each tunnel's rules in their order, and where each hostname points. */
static void check_live(struct lab *lab, const struct pass *pass)
{
	const struct live_account *account = &pass->live->accounts[0];

	for (size_t i = 0; i < pass->desired->tunnel_count; i++) {
		const struct desired_tunnel *tunnel = &pass->desired->tunnels[i];
		const struct live_tunnel_state *state = map_get(&account->tunnel_by_name, tunnel->tunnel->u.tunnel.name);
		struct resource **rules;
		size_t count;

		assert_non_null(state);
		assert_int_equal(document_rules(lab->run.arena, tunnel->tunnel->address, state->config.document, &rules, &count), RC_OK);
		assert_int_equal(count, tunnel->rule_count);
		for (size_t r = 0; r < count; r++) {
			assert_string_equal(rules[r]->address, tunnel->rules[r]->address);
			assert_true(resource_equal(rules[r], tunnel->rules[r]));
		}
	}
	for (size_t i = 0; i < pass->desired->cname_count; i++) {
		const struct resource *cname = pass->desired->cnames[i].cname;
		const struct live_name *name = map_get(&account->records_by_name, cname->u.cname.name);
		const struct live_tunnel_state *state;

		assert_non_null(name);
		assert_int_equal(name->count, 1);
		state = map_get(&account->tunnel_by_id, arena_printf(lab->run.arena, "%.36s", name->records[0]->content));
		assert_non_null(state);
		for (size_t t = 0; t < pass->desired->tunnel_count; t++)
			if (str_eq(pass->desired->tunnels[t].tunnel->address, cname->tunnel))
				assert_string_equal(state->tunnel.name, pass->desired->tunnels[t].tunnel->u.tunnel.name);
	}
}

static void step(struct lab *lab, struct choices *choices)
{
	struct generated generated;
	struct pass first = {0}, second = {0};
	struct provider_stats before, after;
	char *shown = NULL, *shown_again = NULL;

	generate(choices, &generated);
	make_plan(lab, &generated, false, &first);
	holds(pipeline_round_trip(&lab->run, first.plan));
	apply(lab, &first);
	lab->provider->vt->stats(lab->provider, &before);
	make_plan(lab, &generated, true, &second);
	lab->provider->vt->stats(lab->provider, &after);
	assert_int_equal(after.writes, before.writes);
	if (plan_has_changes(second.plan) || second.plan->drift_count)
		fail_msg("a second plan is not empty: %s",
			 second.plan->change_count ? second.plan->changes[0].address : second.plan->drifts[0].address);
	check_live(lab, &second);
	holds(pipeline_render(lab->run.arena, first.desired, &shown));
	holds(pipeline_render(lab->run.arena, second.desired, &shown_again));
	assert_string_equal(shown, shown_again);
	assert_string_equal(foreign_record(lab), lab->foreign);
	generated_done(&generated);
}

static void test_worlds(void **state)
{
	(void)state;
	for (unsigned world = 0; world < WORLDS; world++) {
		uint8_t bytes[STEPS * 256];
		struct choices choices = {.bytes = bytes, .size = sizeof(bytes)};
		struct lab lab;

		random_state = 0x9e3779b97f4a7c15u + world;
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = random_byte();
		open_lab(&lab);
		for (unsigned i = 0; i < STEPS; i++) {
			choices.next = i * 256;
			print_message("world %u step %u\n", world, i);
			step(&lab, &choices);
		}
		close_lab(&lab);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worlds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
