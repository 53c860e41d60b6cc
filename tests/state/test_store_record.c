/** @file Tests of what the SQLite store records: resources, zones, intents, runs. */
#include "tests/state/fixture.h"

#define DB "state.db"

static bool same_text(const char *a, const char *b)
{
	return str_eq(a, b);
}

/** Everything that is recorded of a resource, the shown-only span apart. */
static void assert_same(struct arena *arena, const struct recorded *expected, const struct recorded *actual)
{
	const struct resource *a = expected->resource, *b = actual->resource;
	struct json *fields_a = NULL, *fields_b = NULL;

	assert_int_equal(a->kind, b->kind);
	assert_string_equal(a->address, b->address);
	assert_true(same_text(a->id, b->id));
	assert_true(same_text(a->tunnel, b->tunnel));
	assert_true(same_text(a->origin.object, b->origin.object));
	assert_true(same_text(expected->account_id, actual->account_id));
	assert_true(same_text(expected->zone_id, actual->zone_id));
	assert_true(same_text(expected->prior_comment, actual->prior_comment));
	assert_int_equal(expected->is_protected, actual->is_protected);
	assert_int_equal(resource_to_json(arena, a, true, &fields_a), RC_OK);
	assert_int_equal(resource_to_json(arena, b, true, &fields_b), RC_OK);
	assert_true(json_equal(fields_a, fields_b));
}

static struct json *parse(struct arena *arena, const char *text)
{
	struct json *value = NULL;

	assert_int_equal(json_parse(arena, text, strlen(text), &value, NULL), RC_OK);
	return value;
}

/** One of each kind, every member set. */
static void make_all(struct arena *arena, struct recorded items[4])
{
	static const char *const order[] = { "rule/edge/web/a.example.com^/x", "rule/edge/web/*" };

	items[0] = make_tunnel(arena, "tunnel/edge/web", "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415");
	items[0].is_protected = true;
	items[0].resource->u.tunnel.origin_request = parse(arena, "{\"connectTimeout\":10,\"access\":{\"required\":true}}");
	items[0].resource->u.tunnel.created_at = "2026-11-23T03:33:00Z";
	set_rule_order(arena, &items[0], order, 2);
	items[1] = make_rule(arena, "tunnel/edge/web", "", "", "http_status:404");
	items[2] = make_rule(arena, "tunnel/edge/web", "a.example.com", "^/x", "http://web.shop:80");
	items[2].resource->u.rule.origin_request = parse(arena, "{\"noTLSVerify\":true}");
	items[3] = make_cname(arena, "tunnel/edge/web", "a.example.com");
}

static void test_what_is_committed_is_loaded(void **state)
{
	struct fixture *f = *state;
	struct user *user = fixture_open(f, "apply"), *reader;
	struct recorded items[4], shuffled[4];
	struct recorded_state loaded;

	make_all(user->run.arena, items);
	for (size_t i = 0; i < 4; i++)
		shuffled[i] = items[3 - i];
	assert_int_equal(user_commit(user, shuffled, 4, NULL, 0), RC_OK);
	user_close(user);
	reader = fixture_open_read_only(f);
	loaded = user_load(reader);
	assert_int_equal(loaded.count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_same(reader->run.arena, &items[i], &loaded.items[i]);
		assert_ptr_equal(map_get(&loaded.by_address, items[i].resource->address), &loaded.items[i]);
	}
	assert_null(map_get(&loaded.by_address, "cname/b.example.com"));
	assert_int_equal(loaded.serial, 1);
	assert_int_equal(strlen(loaded.lineage), 36);
	assert_int_equal(loaded.lineage[14], '4');
}

/** Texts that SQL, JSON or globs could trip over. */
static void test_awkward_texts_survive(void **state)
{
	static const char *const texts[] = { "'; DROP TABLE resource; --", "%_*?[a-z]", "\"\\\n\t\x01", "\xc3\xa4\xe2\x82\xac",
					     "", "NULL", "-", "+" };
	struct user *user = fixture_open(*state, "apply");
	struct arena *arena = user->run.arena;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct recorded item = make_rule(arena, "tunnel/edge/web", "a.example.com", texts[i], "http://web:80");
		struct recorded_state loaded;
		const char *address = item.resource->address;

		item.prior_comment = texts[i];
		item.resource->origin.object = texts[i];
		item.resource->id = i % 2 ? texts[i] : NULL;
		assert_int_equal(user_commit(user, &item, 1, NULL, 0), RC_OK);
		loaded = user_load(user);
		assert_int_equal(loaded.count, 1);
		assert_same(arena, &item, &loaded.items[0]);
		assert_int_equal(user_commit(user, NULL, 0, &address, 1), RC_OK);
		assert_int_equal(user_load(user).count, 0);
	}
}

static void test_tunnels_come_before_rules_before_cnames(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	struct arena *arena = user->run.arena;
	struct recorded items[] = {
		make_cname(arena, "tunnel/a", "a.example.com"), make_cname(arena, "tunnel/a", "*.example.com"),
		make_rule(arena, "tunnel/a", "z.example.com", "", "http://z"), make_tunnel(arena, "tunnel/b", NULL),
		make_rule(arena, "tunnel/a", "A.example.com", "", "http://a"), make_tunnel(arena, "tunnel/a/z", NULL),
		make_tunnel(arena, "tunnel/a", NULL), make_rule(arena, "tunnel/a", "", "", "http_status:404"),
	};
	struct recorded_state loaded;

	assert_int_equal(user_commit(user, items, 8, NULL, 0), RC_OK);
	loaded = user_load(user);
	assert_int_equal(loaded.count, 8);
	for (size_t i = 1; i < loaded.count; i++)
		assert_true(resource_compare_address(loaded.items[i - 1].resource->address,
						     loaded.items[i].resource->address) < 0);
}

static void test_the_serial_counts_changes_of_resources(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	struct recorded item = make_cname(user->run.arena, "tunnel/a", "a.example.com");
	const struct recorded_zone zone = { "main", "023e105f4ecef8ad9ca31a8372d0c353", "example.com", "free" };
	const struct outcome zones = { .zones = &zone, .zone_count = 1, .result = "ok" };
	const char *gone = "cname/a.example.com", *never = "cname/never.example.com", *lineage;

	assert_int_equal(user_load(user).serial, 0);
	assert_int_equal(user_commit(user, &item, 1, NULL, 0), RC_OK);
	assert_int_equal(user_load(user).serial, 1);
	lineage = user_load(user).lineage;
	/* the same again, a zone, or nothing: no change */
	assert_int_equal(user_commit(user, &item, 1, NULL, 0), RC_OK);
	assert_int_equal(user->store->vt->commit(user->store, &zones), RC_OK);
	assert_int_equal(user_commit(user, NULL, 0, &never, 1), RC_OK);
	assert_int_equal(user_commit(user, NULL, 0, NULL, 0), RC_OK);
	assert_int_equal(user_load(user).serial, 1);
	item.is_protected = true;
	assert_int_equal(user_commit(user, &item, 1, NULL, 0), RC_OK);
	assert_int_equal(user_load(user).serial, 2);
	assert_true(user_load(user).items[0].is_protected);
	item.prior_comment = "";
	assert_int_equal(user_commit(user, &item, 1, NULL, 0), RC_OK);
	assert_int_equal(user_load(user).serial, 3);
	item.prior_comment = NULL;
	assert_int_equal(user_commit(user, &item, 1, NULL, 0), RC_OK);
	assert_int_equal(user_load(user).serial, 4);
	/* removed and recorded anew in one step is one change */
	assert_int_equal(user_commit(user, &item, 1, &gone, 1), RC_OK);
	assert_int_equal(user_load(user).serial, 5);
	assert_int_equal(user_load(user).count, 1);
	assert_int_equal(user_commit(user, NULL, 0, &gone, 1), RC_OK);
	assert_int_equal(user_load(user).serial, 6);
	assert_string_equal(user_load(user).lineage, lineage);
}

static void test_zones_are_recorded_by_account_and_id(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	struct recorded_zone zones[] = {
		{ "preview", "2", "cnap.app", NULL }, { "main", "1", "shop.example", "pro" }, { "main", "3", "example.com", "free" },
	};
	struct outcome outcome = { .zones = zones, .zone_count = 3, .result = "ok" };
	struct recorded_state loaded;

	assert_int_equal(user->store->vt->commit(user->store, &outcome), RC_OK);
	zones[1].plan = "enterprise";
	assert_int_equal(user->store->vt->commit(user->store, &outcome), RC_OK);
	loaded = user_load(user);
	assert_int_equal(loaded.zone_count, 3);
	assert_string_equal(loaded.zones[0].name, "example.com");
	assert_string_equal(loaded.zones[1].name, "shop.example");
	assert_string_equal(loaded.zones[1].plan, "enterprise");
	assert_string_equal(loaded.zones[2].account, "preview");
	assert_null(loaded.zones[2].plan);
}

static void test_projects_in_one_file_do_not_meet(void **state)
{
	static const struct store_options other_options = { .project = "other", .holder = "bob@ci" };
	struct fixture *f = *state;
	struct user *shop = fixture_open(f, "apply"), *other = fixture_user(f);
	struct recorded item = make_cname(shop->run.arena, "tunnel/a", "a.example.com");
	const struct recorded_zone zone = { "main", "1", "example.com", "free" };
	const struct outcome zones = { .zones = &zone, .zone_count = 1, .result = "ok" };
	struct intent intent = { .operation = "create", .address = "cname/a.example.com", .detail = "{}" }, *open = NULL;
	const char *address = item.resource->address;
	struct recorded_state loaded;
	size_t count = 0;

	assert_int_equal(user_open(other, DB, &other_options), RC_OK);
	assert_int_equal(other->store->vt->lock(other->store, "apply", 0), RC_OK);
	assert_int_equal(user_commit(shop, &item, 1, NULL, 0), RC_OK);
	assert_int_equal(shop->store->vt->commit(shop->store, &zones), RC_OK);
	assert_int_equal(shop->store->vt->begin(shop->store, &intent, 1), RC_OK);
	loaded = user_load(other);
	assert_int_equal(loaded.count + loaded.zone_count, 0);
	assert_int_equal(user_commit(other, &item, 1, NULL, 0), RC_OK);
	assert_int_equal(user_commit(other, NULL, 0, &address, 1), RC_OK);
	assert_int_equal(user_load(shop).count, 1);
	assert_string_not_equal(user_load(shop).lineage, user_load(other).lineage);
	assert_int_equal(other->store->vt->open_intents(other->store, other->run.arena, &open, &count), RC_OK);
	assert_int_equal(count, 0);
}

static void test_intents_are_open_until_their_outcome(void **state)
{
	struct fixture *f = *state;
	struct user *user = fixture_open(f, "apply");
	struct intent intents[] = {
		{ .operation = "create", .address = "tunnel/a", .detail = "{\"name\":\"shop.a\"}" },
		{ .operation = "batch", .address = NULL, .detail = NULL },
		{ .operation = "delete", .address = "cname/a.example.com", .detail = "{}" },
	};
	struct recorded item = make_tunnel(user->run.arena, "tunnel/a", "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415");
	struct outcome outcome = { .upserts = &item, .upsert_count = 1, .intent_count = 2, .result = "ok" };
	struct intent *open = NULL;
	int64_t closed[2];
	size_t count = 0;

	assert_int_equal(user->store->vt->begin(user->store, intents, 3), RC_OK);
	assert_true(intents[0].id < intents[1].id && intents[1].id < intents[2].id);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM intent WHERE result IS NULL"), 3);
	closed[0] = intents[2].id;
	closed[1] = intents[0].id;
	outcome.intents = closed;
	assert_int_equal(user->store->vt->commit(user->store, &outcome), RC_OK);
	assert_int_equal(user->store->vt->open_intents(user->store, user->run.arena, &open, &count), RC_OK);
	assert_int_equal(count, 1);
	assert_int_equal(open[0].id, intents[1].id);
	assert_string_equal(open[0].operation, "batch");
	assert_null(open[0].address);
	assert_null(open[0].detail);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM intent WHERE result = 'ok' AND ended_ms >= began_ms"), 2);
	/* a second outcome does not rewrite the first */
	outcome.result = "failed: too late";
	assert_int_equal(user->store->vt->commit(user->store, &outcome), RC_OK);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM intent WHERE result = 'ok'"), 2);
	assert_int_equal(user->store->vt->open_intents(user->store, user->run.arena, &open, &count), RC_OK);
	assert_int_equal(count, 1);
}

static void test_an_outcome_is_all_or_nothing(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	struct recorded items[2] = { make_tunnel(user->run.arena, "tunnel/a", NULL),
				     make_cname(user->run.arena, "tunnel/a", "a.example.com") };
	const struct recorded_zone broken = { .account = "main" };
	struct outcome outcome = { .upserts = items, .upsert_count = 2, .zones = &broken, .zone_count = 1, .result = "ok" };

	assert_int_equal(user->store->vt->commit(user->store, &outcome), RC_INTERNAL);
	assert_int_equal(user_load(user).count, 0);
	assert_int_equal(user_load(user).serial, 0);
	outcome.zone_count = 0;
	assert_int_equal(user->store->vt->commit(user->store, &outcome), RC_OK);
	assert_int_equal(user_load(user).count, 2);
}

/** What is heard, and what begins then: both or neither. */
static void test_an_outcome_and_intents_share_a_transaction(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	struct intent next = { .operation = "create", .address = "tunnel/b" };
	struct recorded item = make_tunnel(user->run.arena, "tunnel/a", NULL);
	const struct recorded_zone broken = { .account = "main" };
	struct outcome outcome = { .upserts = &item, .upsert_count = 1, .zones = &broken, .zone_count = 1, .result = "ok" };

	assert_int_equal(user->store->vt->commit_begin(user->store, &outcome, &next, 1), RC_INTERNAL);
	assert_int_equal(user_load(user).count, 0);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM intent"), 0);
	outcome.zone_count = 0;
	assert_int_equal(user->store->vt->commit_begin(user->store, &outcome, &next, 1), RC_OK);
	assert_int_equal(user_load(user).count, 1);
	assert_int_equal(query_number(DB, "SELECT id FROM intent WHERE result IS NULL"), next.id);
}

/** Each with what it changes and how its intents ended, all or none of them, and one serial further. */
static void test_outcomes_share_a_transaction(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	struct intent intents[2] = { { .operation = "delete", .address = "tunnel/a" }, { .operation = "create", .address = "tunnel/a" } };
	struct recorded old = make_tunnel(user->run.arena, "tunnel/a", "00000000-0000-4000-8000-00000000000a");
	struct recorded new = make_tunnel(user->run.arena, "tunnel/a", "00000000-0000-4000-8000-00000000000b");
	const char *address = "tunnel/a";
	const struct recorded_zone broken = { .account = "main" };
	struct outcome second = { .upserts = &new, .upsert_count = 1, .zones = &broken, .zone_count = 1,
				  .intents = &intents[1].id, .intent_count = 1, .result = "failed: so it was said" };
	const struct outcome first = { .removals = &address, .removal_count = 1, .intents = &intents[0].id, .intent_count = 1,
				       .result = "ok", .next = &second };
	struct recorded_state loaded;

	assert_int_equal(user_commit(user, &old, 1, NULL, 0), RC_OK);
	assert_int_equal(user->store->vt->begin(user->store, intents, 2), RC_OK);
	assert_int_equal(user->store->vt->commit(user->store, &first), RC_INTERNAL);
	assert_string_equal(user_load(user).items[0].resource->id, old.resource->id);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM intent WHERE result IS NULL"), 2);
	second.zone_count = 0;
	assert_int_equal(user->store->vt->commit(user->store, &first), RC_OK);
	loaded = user_load(user);
	assert_int_equal(loaded.count, 1);
	assert_string_equal(loaded.items[0].resource->id, new.resource->id);
	assert_int_equal(loaded.serial, 2);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM intent WHERE address = 'tunnel/a' AND"
					  " result = CASE operation WHEN 'delete' THEN 'ok' ELSE 'failed: so it was said' END"), 2);
}

static const struct run_record record = { .command = "apply", .actor = "alice@laptop", .commit = "4b825dc",
					  .plan_digest = "e3b0c442", .started_ms = 1795404780000 };

static void test_runs_and_their_changes(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	const struct store_vt *vt = user->store->vt;
	const struct run_result result = {
		.status = "partial", .added = 3, .changed = 2, .destroyed = 1, .failed = 5, .deferred = 4, .ended_ms = 1795404790000,
		.changes = "[{\"action\":\"create\",\"address\":\"tunnel/a\",\"result\":\"ok\"},"
			   "{\"action\":\"update\",\"address\":\"cname/a.example.com\",\"result\":\"refused\"}]",
		.snapshot = "{\"resources\":[]}",
	};
	int64_t runs[3];

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(vt->run_begin(user->store, &record, &runs[i]), RC_OK);
		assert_int_equal(runs[i], i + 1);
		assert_int_equal(query_number(DB, "SELECT count(*) FROM run WHERE status IS NULL"), 1);
		assert_int_equal(vt->run_end(user->store, runs[i], &result), RC_OK);
	}
	assert_int_equal(query_number(DB, "SELECT count(*) FROM run WHERE status = 'partial' AND added = 3 AND changed = 2"
					  " AND destroyed = 1 AND failed = 5 AND deferred = 4 AND actor = 'alice@laptop'"
					  " AND git_commit = '4b825dc' AND plan_digest = 'e3b0c442' AND command = 'apply'"
					  " AND started_ms = 1795404780000 AND ended_ms = 1795404790000"), 3);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM change WHERE run = 2 AND position = 1 AND action = 'update'"
					  " AND address = 'cname/a.example.com' AND result = 'refused'"), 1);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM change"), 6);
	/* equal snapshots are kept once */
	assert_int_equal(query_number(DB, "SELECT count(*) FROM snapshot"), 1);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM run JOIN snapshot ON run.snapshot = snapshot.fingerprint"
					  " WHERE document = '{\"resources\":[]}'"), 3);
	assert_int_equal(user_load(user).serial, 0);
}

static void test_runs_that_cannot_end(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	const struct store_vt *vt = user->store->vt;
	static const char *const wrong[] = { "", "{}", "[1]", "[{}", "[[]]" };
	struct run_result result = { .status = "complete" };
	int64_t run;

	assert_int_equal(vt->run_end(user->store, 7, &result), RC_NOTFOUND);
	assert_int_equal(user_count_code(user, "A0513"), 1);
	assert_int_equal(vt->run_begin(user->store, &record, &run), RC_OK);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		result.changes = wrong[i];
		assert_int_equal(vt->run_end(user->store, run, &result), RC_INVALID);
		assert_int_equal(user_count_code(user, "A0512"), i + 1);
	}
	assert_int_equal(query_number(DB, "SELECT count(*) FROM run WHERE status IS NULL"), 1);
	result.changes = NULL;
	assert_int_equal(vt->run_end(user->store, run, &result), RC_OK);
	assert_int_equal(vt->run_end(user->store, run, &result), RC_NOTFOUND);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM run WHERE snapshot IS NULL"), 1);
}

/** The next run says of one that never ended that it was interrupted, and clears the journal of what is settled. */
static void test_a_run_follows_one_that_never_ended(void **state)
{
	struct fixture *f = *state;
	struct user *first = fixture_open(f, "apply"), *second;
	struct intent intents[] = { { .operation = "create", .address = "tunnel/a" }, { .operation = "create", .address = "tunnel/b" } };
	struct intent *open = NULL;
	struct outcome outcome = { .intents = &intents[0].id, .intent_count = 1, .result = "ok" };
	size_t count = 0;
	int64_t run;

	assert_int_equal(first->store->vt->run_begin(first->store, &record, &run), RC_OK);
	assert_int_equal(first->store->vt->begin(first->store, intents, 2), RC_OK);
	assert_int_equal(first->store->vt->commit(first->store, &outcome), RC_OK);
	user_close(first);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM intent WHERE run = 1"), 2);
	second = fixture_open(f, "apply");
	assert_int_equal(second->store->vt->run_begin(second->store, &record, &run), RC_OK);
	assert_int_equal(run, 2);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM run WHERE id = 1 AND status = 'interrupted'"), 1);
	assert_int_equal(query_number(DB, "SELECT count(*) FROM intent"), 1);
	assert_int_equal(second->store->vt->open_intents(second->store, second->run.arena, &open, &count), RC_OK);
	assert_int_equal(count, 1);
	assert_string_equal(open[0].address, "tunnel/b");
	/* ids are never used twice */
	assert_int_equal(second->store->vt->begin(second->store, intents, 1), RC_OK);
	assert_true(intents[0].id > open[0].id);
}

/** The arena of a load may be too small: an error, and the store still works. */
static void test_loading_without_memory(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	struct recorded items[4];
	struct recorded_state loaded = { .serial = -1 };
	enum rc rc = RC_NOMEM;

	make_all(user->run.arena, items);
	assert_int_equal(user_commit(user, items, 4, NULL, 0), RC_OK);
	for (size_t limit = 64; rc == RC_NOMEM && limit < 65536; limit += 64) {
		struct arena *arena = arena_new(limit);

		assert_non_null(arena);
		rc = user->store->vt->load(user->store, arena, &loaded);
		assert_int_equal(loaded.serial, rc ? -1 : 1);
		arena_free(arena);
	}
	assert_int_equal(rc, RC_OK);
	assert_int_equal(user_load(user).count, 4);
}

static void test_a_load_can_be_interrupted(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	struct recorded *items = arena_array(user->run.arena, 3000, sizeof(*items));
	struct recorded_state loaded;
	volatile int interrupted = 1;

	for (size_t i = 0; i < 3000; i++)
		items[i] = make_cname(user->run.arena, "tunnel/a", arena_printf(user->run.arena, "a%zu.example.com", i));
	assert_int_equal(user_commit(user, items, 3000, NULL, 0), RC_OK);
	user->run.interrupted = &interrupted;
	assert_int_equal(user->store->vt->load(user->store, user->run.arena, &loaded), RC_CANCELLED);
	/* what is under way is recorded all the same */
	assert_int_equal(user_commit(user, items, 1, NULL, 0), RC_OK);
	user->run.interrupted = NULL;
	assert_int_equal(user_load(user).count, 3000);
}

#define MANY 5000

/** The next page, in memory that lasts. */
static void next_page(struct user *user, struct listed_page *page)
{
	const char *after = page->count ? page->items[page->count - 1].address : "";

	assert_int_equal(user->store->vt->list(user->store, user->run.arena, after, page), RC_OK);
}

/** All of them, in the order of load(), no page larger than another. */
static void test_a_list_comes_by_the_page(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	struct arena *arena = user->run.arena;
	struct recorded *items = arena_array(arena, MANY + 2, sizeof(*items));
	struct listed_page page = {0};
	struct recorded_state loaded;
	size_t at = 0, pages = 0;

	assert_non_null(items);
	for (size_t i = 0; i < MANY; i++)
		items[i] = make_cname(arena, "tunnel/edge/web", arena_printf(arena, "h%05zu.example.com", i));
	items[MANY] = make_tunnel(arena, "tunnel/edge/web", "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415");
	items[MANY + 1] = make_rule(arena, "tunnel/edge/web", "", "", "http_status:404");
	assert_int_equal(user_commit(user, items, MANY + 2, NULL, 0), RC_OK);
	loaded = user_load(user);
	for (next_page(user, &page); page.count; next_page(user, &page), pages++) {
		assert_true(page.count <= MANY / 2);
		for (size_t i = 0; i < page.count; i++, at++) {
			assert_true(at < loaded.count);
			assert_int_equal(page.items[i].kind, loaded.items[at].resource->kind);
			assert_string_equal(page.items[i].address, loaded.items[at].resource->address);
			assert_true(same_text(page.items[i].id, loaded.items[at].resource->id));
			assert_true(same_text(page.items[i].tunnel, loaded.items[at].resource->tunnel));
		}
	}
	assert_int_equal(at, MANY + 2);
	assert_int_equal(page.seen, MANY + 2);
	assert_true(pages > 3);
	assert_false(page.has_changed);
}

/** Whoever lists keeps nobody from writing, and is told. */
static void test_a_list_may_be_of_two_states(void **state)
{
	struct user *user = fixture_open(*state, "apply"), *reader;
	struct recorded items[4], more;
	struct listed_page page = {0};

	make_all(user->run.arena, items);
	assert_int_equal(user_commit(user, items, 4, NULL, 0), RC_OK);
	reader = fixture_open_read_only(*state);
	next_page(reader, &page);
	assert_int_equal(page.count, 1);
	assert_string_equal(page.items[0].address, "tunnel/edge/web");
	assert_false(page.has_changed);
	more = make_cname(user->run.arena, "tunnel/edge/web", "b.example.com");
	assert_int_equal(user_commit(user, &more, 1, NULL, 0), RC_OK);
	next_page(reader, &page);
	assert_true(page.has_changed);
	next_page(reader, &page);
	assert_int_equal(page.count, 2);
	next_page(reader, &page);
	assert_int_equal(page.count, 0);
	assert_int_equal(page.seen, 5);
	assert_true(page.has_changed);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_committed_is_loaded),
		TEST(test_awkward_texts_survive),
		TEST(test_tunnels_come_before_rules_before_cnames),
		TEST(test_the_serial_counts_changes_of_resources),
		TEST(test_zones_are_recorded_by_account_and_id),
		TEST(test_projects_in_one_file_do_not_meet),
		TEST(test_intents_are_open_until_their_outcome),
		TEST(test_an_outcome_is_all_or_nothing),
		TEST(test_an_outcome_and_intents_share_a_transaction),
		TEST(test_outcomes_share_a_transaction),
		TEST(test_runs_and_their_changes),
		TEST(test_runs_that_cannot_end),
		TEST(test_a_run_follows_one_that_never_ended),
		TEST(test_a_list_comes_by_the_page),
		TEST(test_a_list_may_be_of_two_states),
		TEST(test_loading_without_memory),
		TEST(test_a_load_can_be_interrupted),
	};

	return cmocka_run_group_tests_name("store_record", tests, NULL, NULL);
}
