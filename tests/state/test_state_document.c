/** @file Tests of a state as one JSON document: out, in, and what is refused on the way. */
#include "tests/state/fixture.h"

#include "state/state_document.h"

#define DB "state.db"

static struct json *parse(struct user *user, const char *text)
{
	struct json *value = NULL;

	assert_int_equal(json_parse(user->run.arena, text, strlen(text), &value, NULL), RC_OK);
	return value;
}

static enum rc push(struct user *user, const char *text, bool force)
{
	return user->store->vt->import_document(user->store, parse(user, text), force);
}

/** A state with everything in it. */
static struct user *filled(struct fixture *f)
{
	static const char *const order[] = { "rule/edge/web/a.example.com^/x", "rule/edge/web/*" };
	struct user *user = fixture_open(f, "apply");
	struct arena *arena = user->run.arena;
	struct recorded items[] = {
		make_tunnel(arena, "tunnel/edge/web", "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415"),
		make_rule(arena, "tunnel/edge/web", "a.example.com", "^/x", "http://web.shop:80"),
		make_rule(arena, "tunnel/edge/web", "", "", "http_status:404"),
		make_cname(arena, "tunnel/edge/web", "a.example.com"),
		make_cname(arena, "tunnel/edge/web", "*.example.com"),
	};
	const struct recorded_zone zones[] = { { "main", "023e105f4ecef8ad9ca31a8372d0c353", "example.com", "free" },
					       { "main", "1", "example.org", NULL } };
	struct outcome outcome = { .upserts = items, .upsert_count = 5, .zones = zones, .zone_count = 2, .result = "ok" };

	items[3].is_protected = true;
	items[4].prior_comment = NULL;
	set_rule_order(arena, &items[0], order, 2);
	assert_int_equal(user->store->vt->commit(user->store, &outcome), RC_OK);
	items[1].resource->u.rule.service = "http://web.shop:8080";
	assert_int_equal(user_commit(user, &items[1], 1, NULL, 0), RC_OK);
	return user;
}

static struct user *another_file(struct fixture *f)
{
	struct user *user = fixture_user(f);

	assert_int_equal(user_open(user, "other.db", NULL), RC_OK);
	assert_int_equal(user->store->vt->lock(user->store, "state push", 0), RC_OK);
	return user;
}

static void test_the_document(void **state)
{
	struct user *user = fixture_open(*state, "apply");
	struct recorded item = make_rule(user->run.arena, "tunnel/a", "a.example.com", "", "http://a:80");
	const struct recorded_zone zone = { "main", "1", "example.org", NULL };
	struct outcome outcome = { .upserts = &item, .upsert_count = 1, .zones = &zone, .zone_count = 1, .result = "ok" };

	item.is_protected = true;
	assert_int_equal(user->store->vt->commit(user->store, &outcome), RC_OK);
	assert_string_equal(user_export(user),
		arena_printf(user->run.arena,
			     "{\"format\":1,\"lineage\":\"%s\",\"project\":\"shop\",\"resources\":[{"
			     "\"account_id\":\"699d98642c564d2e855e9661899b7252\",\"address\":\"rule/a/a.example.com\","
			     "\"fields\":{\"hostname\":\"a.example.com\",\"service\":\"http://a:80\"},\"kind\":\"rule\","
			     "\"object\":\"HTTPRoute shop/web\",\"protected\":true,\"tunnel\":\"tunnel/a\"}],\"serial\":1,"
			     "\"zones\":[{\"account\":\"main\",\"name\":\"example.org\",\"zone_id\":\"1\"}]}",
			     user_load(user).lineage));
}

static void test_out_and_in_again_gives_the_same_bytes(void **state)
{
	struct fixture *f = *state;
	struct user *from = filled(f), *to = another_file(f);
	const char *text = user_export(from);

	assert_int_equal(push(to, text, false), RC_OK);
	assert_string_equal(user_export(to), text);
	assert_int_equal(push(to, text, false), RC_OK);
	assert_string_equal(user_export(to), text);
	assert_int_equal(push(from, text, false), RC_OK);
	assert_string_equal(user_export(from), text);
	assert_int_equal(from->run.diags.count + to->run.diags.count, 0);
}

static void test_a_push_replaces_the_zones(void **state)
{
	struct user *user = filled(*state);
	const char *text = user_export(user), *zones = strstr(text, "\"zones\":");

	assert_int_equal(user_load(user).zone_count, 2);
	text = arena_printf(user->run.arena, "%.*s\"zones\":[]}", (int)(zones - text), text);
	assert_int_equal(push(user, text, false), RC_OK);
	assert_string_equal(user_export(user), text);
}

/** @p text with the first @p old replaced. */
static const char *edited(struct user *user, const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);

	assert_non_null(at);
	return arena_printf(user->run.arena, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

static void test_a_push_replaces_everything(void **state)
{
	struct fixture *f = *state;
	struct user *user = filled(f);
	const char *text = user_export(user), *start = strstr(text, "\"resources\":"), *end = strstr(text, ",\"serial\"");
	const char *none = arena_printf(user->run.arena, "%.*s\"resources\":[]%s", (int)(start - text), text, end);

	/* an edit of what is there now: one change more */
	assert_int_equal(push(user, edited(user, text, "http://web.shop:8080", "http://web.shop:9090"), false), RC_OK);
	assert_int_equal(user_load(user).serial, 3);
	assert_non_null(strstr(user_export(user), "http://web.shop:9090"));
	/* prepared before that edit */
	assert_int_equal(push(user, none, false), RC_STALE);
	assert_int_equal(user_load(user).count, 5);
	assert_int_equal(push(user, edited(user, none, "\"serial\":2", "\"serial\":8"), false), RC_OK);
	assert_int_equal(user_load(user).count, 0);
	assert_int_equal(user_load(user).serial, 8);
	assert_int_equal(user_load(user).zone_count, 2);
	/* the serial never goes back, not even over an empty state or by force */
	assert_int_equal(push(user, text, false), RC_OK);
	assert_int_equal(user_load(user).serial, 9);
	assert_int_equal(user_load(user).count, 5);
	assert_int_equal(push(user, none, true), RC_OK);
	assert_int_equal(user_load(user).serial, 10);
	assert_int_equal(push(user, none, true), RC_OK);
	assert_int_equal(user_load(user).serial, 10);
}

static void test_another_lineage_or_a_lower_serial_needs_force(void **state)
{
	struct fixture *f = *state;
	struct user *user = filled(f), *other = another_file(f);
	struct recorded item = make_cname(other->run.arena, "tunnel/a", "b.example.com");
	const char *text = user_export(user), *lineage = user_load(user).lineage;

	assert_int_equal(user_commit(other, &item, 1, NULL, 0), RC_OK);
	assert_int_equal(push(other, text, false), RC_STALE);
	assert_only_error(other, "A0510");
	assert_non_null(strstr(user_diag(other, "A0510")->summary, lineage));
	assert_int_equal(user_load(other).count, 1);
	assert_int_equal(push(user, edited(user, text, "\"serial\":2", "\"serial\":1"), false), RC_STALE);
	assert_only_error(user, "A0510");
	assert_int_equal(push(other, text, true), RC_OK);
	assert_string_equal(user_export(other), text);
	/* a document without a lineage: that of a state never written */
	assert_int_equal(push(user, edited(user, text, lineage, ""), false), RC_OK);
	assert_string_equal(user_load(user).lineage, lineage);
}

static void test_a_push_needs_the_lease(void **state)
{
	struct fixture *f = *state;
	struct user *holder = filled(f), *other = fixture_open(f, NULL);
	const char *text = user_export(holder);

	assert_int_equal(push(other, text, true), RC_CONFLICT);
	assert_only_error(other, "A0501");
	run_sql(DB, "UPDATE lease SET heartbeat_ms = heartbeat_ms - 3600000");
	assert_int_equal(other->store->vt->lock(other->store, "state push", 0), RC_OK);
	assert_int_equal(push(holder, text, true), RC_STALE);
	assert_only_error(holder, "A0502");
}

static void test_a_document_of_another_project(void **state)
{
	struct user *user = filled(*state);
	const char *text = edited(user, user_export(user), "\"project\":\"shop\"", "\"project\":\"bank\"");

	assert_int_equal(push(user, text, true), RC_INVALID);
	assert_only_error(user, "A0515");
}

static void test_a_document_of_a_newer_adit(void **state)
{
	struct user *user = filled(*state);
	const char *text = edited(user, user_export(user), "\"format\":1", "\"format\":2");

	assert_int_equal(push(user, text, true), RC_UNSUPPORTED);
	assert_only_error(user, "A0506");
}

/** Around one list of resources or zones. */
#define HEAD "{\"format\":1,\"project\":\"shop\",\"lineage\":\"\",\"serial\":1,"
#define WITH(resources) HEAD "\"zones\":[],\"resources\":[" resources "]}"
#define CNAME(rest) "{\"address\":\"cname/a.b\",\"kind\":\"cname\"" rest "}"
#define GOOD_FIELDS ",\"fields\":{\"account\":\"main\",\"name\":\"a.b\"}"
#define RULE_FIELDS ",\"fields\":{\"service\":\"http://a\"}"
#define TUNNEL_FIELDS ",\"fields\":{\"account\":\"main\",\"name\":\"n\"}"

/** Each names what is wrong, and changes nothing. */
static void test_documents_that_are_refused(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "null", "no format" },
		{ "[]", "no format" },
		{ "{}", "no format" },
		{ "{\"format\":\"1\",\"project\":\"shop\"}", "no format" },
		{ "{\"format\":0,\"project\":\"shop\"}", "no format" },
		{ "{\"format\":1.5,\"project\":\"shop\"}", "no format" },
		{ "{\"format\":1,\"project\":1}", "no project" },
		{ "{\"format\":1,\"project\":\"shop\",\"serial\":0,\"resources\":[],\"zones\":[]}", "lineage is missing" },
		{ "{\"format\":1,\"project\":\"shop\",\"lineage\":\"x\",\"serial\":0,\"resources\":[],\"zones\":[]}",
		  "lineage is no UUID" },
		{ "{\"format\":1,\"project\":\"shop\",\"lineage\":\"\",\"serial\":-1,\"resources\":[],\"zones\":[]}", "serial" },
		{ "{\"format\":1,\"project\":\"shop\",\"lineage\":\"\",\"serial\":\"1\",\"resources\":[],\"zones\":[]}", "serial" },
		{ HEAD "\"zones\":[]}", "resources is missing" },
		{ HEAD "\"resources\":[]}", "zones is missing" },
		{ HEAD "\"resources\":{},\"zones\":[]}", "resources is missing, or no array" },
		{ HEAD "\"resources\":[],\"zones\":[],\"runs\":[]}", "unknown member runs" },
		{ WITH("1"), "resource 1: it is no object" },
		{ WITH("[[]]"), "resource 1: it is no object" },
		{ WITH("null"), "resource 1" },
		{ WITH(CNAME("")), "cname/a.b: fields is missing" },
		{ WITH(CNAME(",\"fields\":[]")), "fields is missing, or no object" },
		{ WITH("{\"kind\":\"cname\"" GOOD_FIELDS "}"), "address is missing" },
		{ WITH("{\"address\":7,\"kind\":\"cname\"" GOOD_FIELDS "}"), "address is no string" },
		{ WITH("{\"address\":\"cname/a.b\"" GOOD_FIELDS "}"), "kind is missing" },
		{ WITH("{\"address\":\"mx/a.b\",\"kind\":\"mx\"" GOOD_FIELDS "}"), "unknown kind mx" },
		{ WITH("{\"address\":\"rule/a/b\",\"kind\":\"cname\"" GOOD_FIELDS "}"), "is no address of a cname" },
		{ WITH("{\"address\":\"cname/\",\"kind\":\"cname\"" GOOD_FIELDS "}"), "is no address of a cname" },
		{ WITH("{\"address\":\"tunnel/a//b\",\"kind\":\"tunnel\"" TUNNEL_FIELDS "}"), "is no address of a tunnel" },
		{ WITH("{\"address\":\"tunnel/a/b/c\",\"kind\":\"tunnel\"" TUNNEL_FIELDS "}"), "is no address of a tunnel" },
		{ WITH("{\"address\":\"tunnel/a\",\"kind\":\"tunnel\"" TUNNEL_FIELDS "}"), "tunnel is not its own address" },
		{ WITH("{\"address\":\"rule/a\",\"kind\":\"rule\"" RULE_FIELDS "}"), "is no address of a rule" },
		{ WITH("{\"address\":\"rule/a/b\",\"kind\":\"rule\"" RULE_FIELDS "}"), "tunnel is not the one" },
		{ WITH("{\"address\":\"rule/a/b\",\"kind\":\"rule\",\"tunnel\":\"tunnel/b\"" RULE_FIELDS "}"), "tunnel is not the one" },
		{ WITH(CNAME(",\"tunnel\":\"cname/a\"" GOOD_FIELDS)), "is no address of a tunnel" },
		{ WITH(CNAME(",\"fields\":{\"account\":\"main\"}")), "fields: name is missing" },
		{ WITH(CNAME(",\"fields\":{\"account\":\"main\",\"name\":1}")), "wrong type" },
		{ WITH(CNAME(",\"fields\":{\"account\":\"main\",\"name\":\"a.b\",\"ttl\":\"1\"}")), "wrong type" },
		{ WITH(CNAME(",\"fields\":{\"account\":\"main\",\"name\":\"a.b\",\"proxied\":1}")), "wrong type" },
		{ WITH(CNAME(",\"fields\":{\"account\":\"main\",\"name\":\"a.b\",\"tunnel_secret\":\"AQID\"}")),
		  "cname has no field tunnel_secret" },
		{ WITH(CNAME(",\"secret\":\"x\"" GOOD_FIELDS)), "unknown member secret" },
		{ WITH(CNAME(",\"protected\":1" GOOD_FIELDS)), "protected is neither" },
		{ WITH(CNAME(",\"zone_id\":1" GOOD_FIELDS)), "zone_id is no string" },
		{ WITH(CNAME(GOOD_FIELDS) "," CNAME(GOOD_FIELDS)), "cname/a.b stands in it twice" },
		{ HEAD "\"resources\":[],\"zones\":[1]}", "zone 1: it is no object" },
		{ HEAD "\"resources\":[],\"zones\":[{\"account\":\"main\",\"name\":\"a\"}]}", "zone 1: zone_id is missing" },
		{ HEAD "\"resources\":[],\"zones\":[{\"account\":\"m\",\"name\":\"a\",\"zone_id\":\"1\",\"plan\":2}]}",
		  "plan is no string" },
	};
	struct user *user = filled(*state);
	const char *before = user_export(user);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t first = user->run.diags.count;
		bool found = false;

		assert_int_equal(push(user, cases[i].text, true), RC_INVALID);
		assert_true(user->run.diags.count > first);
		assert_non_null(user->run.diags.items[first].help);
		for (size_t j = first; j < user->run.diags.count; j++) {
			assert_string_equal(user->run.diags.items[j].code, "A0511");
			found |= strstr(user->run.diags.items[j].summary, cases[i].reason) != NULL;
		}
		if (!found)
			fail_msg("%s: %s", cases[i].text, user->run.diags.items[first].summary);
	}
	assert_string_equal(user_export(user), before);
}

/** Whatever is cut out of a document, it is refused or read: never anything else. */
static void test_mutilated_documents(void **state)
{
	struct user *user = filled(*state);
	const char *text = user_export(user);
	size_t size = strlen(text), parsed = 0;

	for (size_t at = 0; at < size; at++)
		for (size_t cut = 1; cut < 30 && at + cut <= size; cut += 7) {
			char *broken = arena_memdup(user->run.arena, text, size);
			struct recorded_state read;
			struct json *document;

			assert_non_null(broken);
			memmove(broken + at, broken + at + cut, size - at - cut);
			if (json_parse(user->run.arena, broken, size - cut, &document, NULL))
				continue;
			parsed++;
			switch (state_document_read(user->run.arena, &user->run.diags, "shop", document, &read)) {
			case RC_OK:
			case RC_INVALID:
			case RC_UNSUPPORTED:
				break;
			default:
				fail();
			}
		}
	assert_true(parsed > 100);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_document),
		TEST(test_out_and_in_again_gives_the_same_bytes),
		TEST(test_a_push_replaces_the_zones),
		TEST(test_a_push_replaces_everything),
		TEST(test_another_lineage_or_a_lower_serial_needs_force),
		TEST(test_a_push_needs_the_lease),
		TEST(test_a_document_of_another_project),
		TEST(test_a_document_of_a_newer_adit),
		TEST(test_documents_that_are_refused),
		TEST(test_mutilated_documents),
	};

	return cmocka_run_group_tests_name("state_document", tests, NULL, NULL);
}
