/* Slices and their merge: order, places that two have, what a document holds of whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "planner/document.h"
#include "planner/sharing.h"

#define TUNNEL "tunnel/edge/web"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(1 << 22);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct json *parse(const char *text)
{
	struct json *json = NULL;

	assert_int_equal(json_parse(arena, text, strlen(text), &json, NULL), RC_OK);
	return json;
}

/** A rule whose service says whose it is. */
static struct resource *rule(const char *hostname, const char *path, const char *precedence, const char *service)
{
	struct resource *made = arena_alloc(arena, sizeof(*made));

	assert_non_null(made);
	made->kind = RESOURCE_RULE;
	made->tunnel = TUNNEL;
	made->u.rule = (struct rule_fields){.hostname = hostname, .path = path, .service = service};
	made->address = resource_rule_address(arena, TUNNEL, hostname, path, !*hostname && !*path);
	made->origin.precedence = precedence;
	return made;
}

static struct slice slice_of(const char *project, struct resource *const *rules, size_t count)
{
	struct slice slice = {.project = project, .address = TUNNEL, .rule_count = count};

	slice.rules = arena_array(arena, count, sizeof(*slice.rules));
	assert_non_null(slice.rules);
	for (size_t i = 0; i < count; i++)
		slice.rules[i].resource = rules[i];
	return slice;
}

/** "service hostname path, ..." of a merge. */
static const char *merged(const char *gateway, struct resource *const *own, size_t own_count, const struct slice *slices,
			  size_t slice_count)
{
	struct shared_rule *rules = NULL;
	const char *text = "";
	size_t count = 0;

	assert_int_equal(sharing_merge(arena, parse(gateway), own, own_count, slices, slice_count, &rules, &count), RC_OK);
	for (size_t i = 0; i < count; i++)
		text = arena_printf(arena, "%s%s%s %s %s", text, i ? ", " : "", rules[i].rule->u.rule.service,
				    rules[i].rule->u.rule.hostname, rules[i].rule->u.rule.path);
	return text;
}

static void test_listeners_then_hostnames_then_precedence(void **state)
{
	struct resource *own[] = {rule("*.example.com", "", PRECEDENCE_LAST, "close"), rule("", "", PRECEDENCE_LAST, "all"),
				  rule("a.example.com", "", "3", "own")};
	struct resource *shop[] = {rule("*.example.com", "^/a", "1", "shop"), rule("z.example.net", "", "0", "shop"),
				   rule("a.example.com", "^/x", "2", "shop")};
	struct resource *blog[] = {rule("a.example.com", "^/y", "1", "blog"), rule("", "^/any", "0", "blog")};
	const struct slice slices[] = {slice_of("blog", blog, 2), slice_of("shop", shop, 3)};

	(void)state;
	assert_string_equal(merged("{\"hostnames\":[\"*.example.com\",\"\"]}", own, 3, slices, 2),
			    "blog a.example.com ^/y, shop a.example.com ^/x, own a.example.com , shop *.example.com ^/a, "
			    "close *.example.com , shop z.example.net , blog  ^/any, all  ");
	/* Without the listener the longer exact hostname is no different, and the wildcard comes after all of them. */
	assert_string_equal(merged("{\"hostnames\":[\"\"]}", own, 3, slices, 2),
			    "blog a.example.com ^/y, shop a.example.com ^/x, own a.example.com , shop z.example.net , "
			    "shop *.example.com ^/a, close *.example.com , blog  ^/any, all  ");
	assert_string_equal(merged("{}", own, 3, slices, 2), merged("{\"hostnames\":[\"\"]}", own, 3, slices, 2));
}

static void test_what_makes_room_gives_way_whoever_comes_first(void **state)
{
	struct resource *closing[] = {rule("*.example.com", "", PRECEDENCE_LAST, "close")};
	struct resource *taken[] = {rule("*.example.com", "", "b", "shop")};
	const struct slice shop = slice_of("shop", taken, 1), platform = slice_of("platform", closing, 1);

	(void)state;
	assert_string_equal(merged("{}", closing, 1, &shop, 1), "shop *.example.com ");
	assert_string_equal(merged("{}", taken, 1, &platform, 1), "shop *.example.com ");
	assert_string_equal(merged("{}", closing, 1, &platform, 1), "close *.example.com ");
}

static void test_at_one_place_this_projects_rule_stays(void **state)
{
	struct resource *own[] = {rule("a.example.com", "", "b", "own")}, *other[] = {rule("a.example.com", "", "a", "other")};
	const struct slice shop = slice_of("shop", other, 1);

	(void)state;
	assert_string_equal(merged("{}", own, 1, &shop, 1), "own a.example.com ");
}

static void test_held_are_rules_and_what_is_in_flight(void **state)
{
	struct resource *rules[] = {rule("a.example.com", "", "b", "x"), rule("*.example.com", "", PRECEDENCE_LAST, "x")};
	const char *flying[] = {"rule/edge/web/new.example.com"};
	struct slice slice = slice_of("shop", rules, 2);
	struct sharing sharing;

	(void)state;
	slice.in_flight = flying;
	slice.in_flight_count = 1;
	sharing_init(&sharing, arena);
	assert_int_equal(sharing_hold(&sharing, &slice, 1), RC_OK);
	assert_string_equal(map_get(&sharing.held, "rule/edge/web/a.example.com"), "shop");
	assert_string_equal(map_get(&sharing.held, "rule/edge/web/new.example.com"), "shop");
	assert_null(map_get(&sharing.held, "rule/edge/web/*.example.com"));
	assert_non_null(map_get(&sharing.closings, "rule/edge/web/*.example.com"));
}

static void test_users_are_projects_with_rules_other_than_the_owner(void **state)
{
	struct resource *closing[] = {rule("*.example.com", "", PRECEDENCE_LAST, "x"), rule("own.example.com", "", "b", "x")};
	struct resource *rules[] = {rule("a.example.com", "", "b", "x")};
	struct slice slices[] = {slice_of("gone", NULL, 0), slice_of("platform", closing, 2), slice_of("shop", rules, 1)};
	struct shared_tunnel tunnel = {.address = TUNNEL, .owner = "platform", .slices = slices, .slice_count = 3};

	(void)state;
	assert_string_equal(sharing_user(&tunnel), "shop");
	assert_string_equal(sharing_user_of(&tunnel, "a.example.com"), "shop");
	assert_string_equal(sharing_user_of(&tunnel, "own.example.com"), "platform");
	assert_null(sharing_user_of(&tunnel, "*.example.com"));
	assert_true(sharing_has(&tunnel, "gone") && sharing_has(&tunnel, "platform"));
	assert_false(sharing_has(&tunnel, "nobody"));
	tunnel.slice_count = 2;
	assert_null(sharing_user(&tunnel));
	assert_null(sharing_user(NULL));
}

#define DOCUMENT(mine, other) \
	"{\"ingress\":[{\"hostname\":\"a.example.com\",\"service\":\"" mine "\"},{\"hostname\":\"b.example.com\",\"service\":\"" other \
	"\"},{\"service\":\"http_status:404\"}],\"originRequest\":{\"noTLSVerify\":true}}"

static const char *fingerprint(const char *document, bool with_top)
{
	const char *found = NULL;
	struct map own;

	map_init(&own, arena);
	assert_int_equal(map_put(&own, "rule/edge/web/a.example.com", arena, NULL), RC_OK);
	assert_int_equal(sharing_fingerprint(arena, TUNNEL, parse(document), &own, with_top, &found), RC_OK);
	return found;
}

static void test_the_fingerprint_is_of_this_projects_part(void **state)
{
	const char *bare = fingerprint("{\"ingress\":[{\"hostname\":\"a.example.com\",\"service\":\"http://a\"}]}", false);

	(void)state;
	assert_string_equal(fingerprint(DOCUMENT("http://a", "http://b"), false), fingerprint(DOCUMENT("http://a", "http://c"), false));
	assert_string_not_equal(fingerprint(DOCUMENT("http://a", "http://b"), false),
				fingerprint(DOCUMENT("http://x", "http://b"), false));
	assert_string_equal(fingerprint(DOCUMENT("http://a", "http://b"), false), bare);
	assert_string_not_equal(fingerprint(DOCUMENT("http://a", "http://b"), true), bare);
}

/** What a contributor's PUT of one new rule makes of a live document. */
static void test_a_contributors_document(void **state)
{
	struct resource *platform[] = {rule("", "", PRECEDENCE_LAST, "http_status:404"), rule("status.example.com", "", "b", "http://s")};
	struct resource *mine = rule("a.example.com", "^/new", "0", "http://new");
	struct change changes[] = {{.action = ACTION_CREATE, .kind = RESOURCE_RULE, .address = mine->address, .after = mine}};
	struct plan plan = {.changes = changes, .change_count = 1};
	struct tunnel_plan tunnel = {.address = TUNNEL, .owner = "platform"};
	const struct slice slice = slice_of("platform", platform, 2);
	struct document_merge merge = {.keeps_origin_request = true};
	struct shared_rule *rules = NULL;
	struct json *document = NULL;
	const char *order[3];
	struct strbuf out;

	(void)state;
	assert_int_equal(sharing_merge(arena, parse("{}"), &mine, 1, &slice, 1, &rules, &merge.count), RC_OK);
	merge.rules = rules;
	merge.order = order;
	for (size_t i = 0; i < merge.count; i++)
		order[i] = rules[i].rule->address;
	assert_int_equal(document_build(arena, &plan, &tunnel,
					parse("{\"ingress\":[{\"hostname\":\"by.hand.example.com\",\"service\":\"http://h\"},"
					      "{\"hostname\":\"status.example.com\",\"service\":\"http://drifted\",\"x\":1},"
					      "{\"service\":\"http_status:404\"}],\"originRequest\":{\"noTLSVerify\":true},\"y\":2}"),
					NULL, &merge, &document),
			 RC_OK);
	strbuf_init(&out, 0);
	json_write_canonical(&out, document);
	assert_string_equal(strbuf_text(&out),
			    "{\"ingress\":[{\"hostname\":\"status.example.com\",\"service\":\"http://s\",\"x\":1},"
			    "{\"hostname\":\"a.example.com\",\"path\":\"^/new\",\"service\":\"http://new\"},"
			    "{\"hostname\":\"by.hand.example.com\",\"service\":\"http://h\"},{\"service\":\"http_status:404\"}],"
			    "\"originRequest\":{\"noTLSVerify\":true},\"y\":2}");
	strbuf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(test_listeners_then_hostnames_then_precedence),
		TEST(test_what_makes_room_gives_way_whoever_comes_first),
		TEST(test_at_one_place_this_projects_rule_stays),
		TEST(test_held_are_rules_and_what_is_in_flight),
		TEST(test_users_are_projects_with_rules_other_than_the_owner),
		TEST(test_the_fingerprint_is_of_this_projects_part),
		TEST(test_a_contributors_document),
#undef TEST
	};

	return cmocka_run_group_tests_name("sharing", tests, NULL, NULL);
}
