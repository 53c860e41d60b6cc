/* Generated worlds, from bytes to plan files: what the generator makes is valid, its order is irrelevant, cloudflared takes
 * every document that is rendered, a plan that creates it all makes the same documents, and plan files round-trip. */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "planner/document.h"
#include "schema/translate.h"
#include "tests/fuzz/fuzz.h"
#include "tests/property/pipeline.h"

#define ACCOUNT_ID "0123456789abcdef0123456789abcdef"

static void holds(const char *why)
{
	if (!why)
		return;
	fprintf(stderr, "%s\n", why);
	abort();
}

/** Two zones, and nothing in them. */
static void empty_account(struct arena *arena, struct live_account *account)
{
	static struct live_zone_records zones[] = {
		{.zone = {.id = "11", .name = "example.com", .status = "active", .account_id = ACCOUNT_ID, .plan = "free"}, .is_read = true},
		{.zone = {.id = "12", .name = "example.net", .status = "active", .account_id = ACCOUNT_ID, .plan = "free"}, .is_read = true},
	};

	*account = (struct live_account){.account = "main", .account_id = ACCOUNT_ID, .zones = zones,
					 .zone_count = sizeof(zones) / sizeof(zones[0])};
	map_init(&account->gone, arena);
	if (live_index(arena, account))
		abort();
}

/** The documents that applying would send are those that render shows. */
static void compare_documents(struct arena *arena, const struct plan *plan, const struct desired *desired)
{
	for (size_t i = 0; i < plan->tunnel_count; i++) {
		struct json *built = NULL, *shown = NULL;
		size_t d = 0;

		while (d < desired->tunnel_count && !str_eq(desired->tunnels[d].tunnel->address, plan->tunnels[i]->address))
			d++;
		if (d == desired->tunnel_count || document_build(arena, plan, plan->tunnels[i], NULL, NULL, NULL, &built) ||
		    translate_document(arena, &desired->tunnels[d], &shown))
			abort();
		if (!str_eq(document_fingerprint(arena, built), document_fingerprint(arena, shown)))
			holds("the document that is sent is not the one that is rendered");
	}
}

/** From one order of the documents to a plan. @param ret_text what is rendered */
static const struct plan *pass(struct run *run, const struct generated *generated, bool backwards, char **ret_text)
{
	struct recorded_state recorded = {.lineage = "lab"};
	struct live_account account;
	const struct live live = {.accounts = &account, .account_count = 1};
	struct objects *objects = arena_alloc(run->arena, sizeof(*objects));
	struct desired *desired = NULL;
	struct plan *plan = NULL;
	struct project project;

	if (!objects)
		abort();
	map_init(&recorded.by_address, run->arena);
	empty_account(run->arena, &account);
	holds(pipeline_project(run->arena, &project));
	holds(pipeline_decode(run, generated, backwards, objects));
	holds(pipeline_translate(run, &project, objects, NULL, &desired));
	holds(pipeline_render(run->arena, desired, ret_text));
	holds(pipeline_plan(run, &project, desired, &recorded, &live, &plan));
	if (plan->add_count != plan->change_count || plan->drift_count || plan->tunnel_count != desired->tunnel_count)
		holds("a plan against nothing does not create all");
	if (!backwards) {
		holds(pipeline_round_trip(run, plan));
		compare_documents(run->arena, plan, desired);
	}
	return plan;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choices choices = {.bytes = data, .size = size};
	const struct plan *forwards, *backwards;
	char *first = NULL, *second = NULL;
	struct generated generated;
	struct run run;

	if (run_init(&run))
		return 0;
	generate(&choices, &generated);
	forwards = pass(&run, &generated, false, &first);
	backwards = pass(&run, &generated, true, &second);
	if (!str_eq(first, second))
		holds("the order of the documents changes what is rendered");
	if (!str_eq(forwards->digest, backwards->digest))
		holds("the order of the documents changes the plan");
	generated_done(&generated);
	run_done(&run);
	return 0;
}
