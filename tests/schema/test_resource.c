/* Resource kinds: tables, comparison of normal forms, JSON and back, addresses. */
#include <string.h>

#include "base/str.h"
#include "schema/resource.h"
#include "tests/base/unit.h"

static const struct json *parse(struct arena *arena, const char *text)
{
	struct json *value = NULL;

	assert_int_equal(json_parse(arena, text, strlen(text), &value, NULL), RC_OK);
	return value;
}

static const char *write(struct arena *arena, const struct json *value)
{
	struct strbuf text;
	const char *copy;

	strbuf_init(&text, 0);
	json_write_canonical(&text, value);
	copy = arena_strdup(arena, strbuf_text(&text));
	strbuf_done(&text);
	return copy;
}

static struct resource *read_resource(struct arena *arena, enum resource_kind kind, const char *text)
{
	struct resource *resource = NULL;

	assert_int_equal(resource_from_json(arena, kind, "x", parse(arena, text), &resource), RC_OK);
	return resource;
}

static void every_field_has_a_place_and_a_line(void **state)
{
	(void)state;
	for (int kind = RESOURCE_TUNNEL; kind <= RESOURCE_CNAME; kind++) {
		const struct resource_type *type = resource_type((enum resource_kind)kind);

		assert_ptr_equal(resource_type_find(type->name), type);
		for (size_t i = 0; i < type->field_count; i++) {
			assert_true(type->fields[i].offset < sizeof(struct resource));
			assert_true(strlen(type->fields[i].doc) > 5);
			for (size_t k = 0; k < i; k++)
				assert_string_not_equal(type->fields[i].name, type->fields[k].name);
		}
	}
	assert_null(resource_type_find("zone"));
}

/** What two JSON forms of one kind compare as. */
static const struct {
	enum resource_kind kind;
	const char *a, *b;
	bool equal, same_print;
} comparisons[] = {
	/* Null, empty objects and nothing are one thing. */
	{RESOURCE_RULE, "{\"service\":\"http://a:1\"}",
	 "{\"service\":\"http://a:1\",\"hostname\":\"\",\"path\":\"\",\"origin_request\":{}}", true, true},
	{RESOURCE_RULE, "{\"service\":\"s\",\"origin_request\":{\"access\":{},\"noTLSVerify\":null}}",
	 "{\"service\":\"s\"}", true, true},
	{RESOURCE_RULE, "{\"service\":\"s\",\"origin_request\":{\"a\":1,\"b\":2}}",
	 "{\"service\":\"s\",\"origin_request\":{\"b\":2,\"a\":1}}", true, true},
	{RESOURCE_RULE, "{\"service\":\"s\",\"origin_request\":{\"a\":1}}",
	 "{\"service\":\"s\",\"origin_request\":{\"a\":1,\"b\":2}}", false, false},
	{RESOURCE_RULE, "{\"service\":\"s\",\"origin_request\":{\"a\":1}}",
	 "{\"service\":\"s\",\"origin_request\":{\"b\":1}}", false, false},
	{RESOURCE_RULE, "{\"service\":\"s\",\"origin_request\":{\"noTLSVerify\":false}}",
	 "{\"service\":\"s\"}", false, false},
	/* cloudflared compares hostnames and paths byte by byte; DNS does not. */
	{RESOURCE_RULE, "{\"service\":\"s\",\"hostname\":\"a\"}", "{\"service\":\"s\",\"hostname\":\"A\"}",
	 false, false},
	{RESOURCE_CNAME, "{\"name\":\"a.b\",\"content\":\"X.cfargotunnel.com\",\"ttl\":1}",
	 "{\"name\":\"A.b\",\"content\":\"x.CFargotunnel.com\",\"ttl\":1}", true, true},
	{RESOURCE_CNAME, "{\"name\":\"a\",\"ttl\":1}", "{\"name\":\"a\",\"ttl\":300}", false, false},
	{RESOURCE_CNAME, "{\"name\":\"a\",\"proxied\":true}", "{\"name\":\"a\",\"proxied\":false}", false, false},
	{RESOURCE_CNAME, "{\"name\":\"a\",\"comment\":\"\"}", "{\"name\":\"a\"}", true, true},
	/* What is not known yet equals nothing but itself. */
	{RESOURCE_CNAME, "{\"name\":\"a\"}", "{\"name\":\"a\",\"content\":\"x\"}", false, false},
	{RESOURCE_CNAME, "{\"name\":\"a\"}", "{\"name\":\"a\",\"content\":\"\"}", false, true},
	{RESOURCE_CNAME, "{\"name\":\"a\"}", "{\"name\":\"a\"}", true, true},
	/* Computed fields say nothing on whether something must change. */
	{RESOURCE_TUNNEL, "{\"name\":\"t\",\"status\":\"healthy\",\"id\":\"1\"}",
	 "{\"name\":\"t\",\"status\":\"down\"}", true, true},
	{RESOURCE_TUNNEL, "{\"name\":\"t\"}", "{\"name\":\"u\"}", false, false},
	/* Order: only that of the rules on both sides. */
	{RESOURCE_TUNNEL, "{\"name\":\"t\",\"rule_order\":[\"a\",\"b\",\"c\"]}",
	 "{\"name\":\"t\",\"rule_order\":[\"a\",\"c\"]}", true, true},
	{RESOURCE_TUNNEL, "{\"name\":\"t\",\"rule_order\":[\"x\",\"a\",\"b\",\"c\"]}",
	 "{\"name\":\"t\",\"rule_order\":[\"a\",\"y\",\"b\",\"z\",\"c\"]}", true, true},
	{RESOURCE_TUNNEL, "{\"name\":\"t\",\"rule_order\":[\"a\",\"b\",\"c\"]}",
	 "{\"name\":\"t\",\"rule_order\":[\"a\",\"c\",\"b\"]}", false, true},
	{RESOURCE_TUNNEL, "{\"name\":\"t\",\"rule_order\":[\"a\"]}", "{\"name\":\"t\"}", true, true},
};

static void normal_forms_are_compared(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(comparisons); i++) {
		const struct resource *a = read_resource(arena, comparisons[i].kind, comparisons[i].a);
		const struct resource *b = read_resource(arena, comparisons[i].kind, comparisons[i].b);
		bool same_print = str_eq(resource_fingerprint(arena, a), resource_fingerprint(arena, b));

		if (resource_equal(a, b) != comparisons[i].equal || resource_equal(b, a) != comparisons[i].equal ||
		    same_print != comparisons[i].same_print)
			fail_msg("row %zu: %s and %s", i, comparisons[i].a, comparisons[i].b);
		assert_true(resource_equal(a, a));
	}
}

static void other_kinds_differ(void **state)
{
	struct arena *arena = *state;

	assert_false(resource_equal(read_resource(arena, RESOURCE_RULE, "{}"),
				    read_resource(arena, RESOURCE_CNAME, "{}")));
}

/** JSON in, and what comes out again: without and with computed fields. */
static const struct {
	enum resource_kind kind;
	const char *in, *out, *computed;
} round_trips[] = {
	{RESOURCE_TUNNEL,
	 "{\"id\":\"i\",\"account\":\"main\",\"name\":\"n\",\"status\":\"down\",\"created_at\":\"c\",\"rule_order\":[\"x\"],"
	 "\"origin_request\":{\"noTLSVerify\":true,\"access\":{}},\"unheard_of\":1}",
	 "{\"account\":\"main\",\"name\":\"n\",\"origin_request\":{\"noTLSVerify\":true},\"rule_order\":[\"x\"]}",
	 "{\"account\":\"main\",\"created_at\":\"c\",\"id\":\"i\",\"name\":\"n\",\"origin_request\":{\"noTLSVerify\":true},"
	 "\"rule_order\":[\"x\"],\"status\":\"down\"}"},
	{RESOURCE_RULE, "{\"hostname\":\"\",\"service\":\"http_status:404\",\"path\":null}",
	 "{\"service\":\"http_status:404\"}",
	 "{\"service\":\"http_status:404\"}"},
	{RESOURCE_CNAME, "{\"id\":\"r\",\"account\":\"m\",\"name\":\"A.b\",\"proxied\":true,\"ttl\":1,\"comment\":\"c\"}",
	 "{\"account\":\"m\",\"comment\":\"c\",\"name\":\"a.b\",\"proxied\":true,\"ttl\":1}",
	 "{\"account\":\"m\",\"comment\":\"c\",\"id\":\"r\",\"name\":\"a.b\",\"proxied\":true,\"ttl\":1}"},
};

static void json_goes_round(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(round_trips); i++) {
		const struct resource *resource = read_resource(arena, round_trips[i].kind, round_trips[i].in);
		struct json *json = NULL;

		assert_int_equal(resource_to_json(arena, resource, false, &json), RC_OK);
		assert_string_equal(write(arena, json), round_trips[i].out);
		assert_true(resource_equal(resource,
					   read_resource(arena, round_trips[i].kind, round_trips[i].out)));
		assert_int_equal(resource_to_json(arena, resource, true, &json), RC_OK);
		assert_string_equal(write(arena, json), round_trips[i].computed);
	}
}

static void texts_are_never_null(void **state)
{
	const struct resource *rule = read_resource(*state, RESOURCE_RULE, "{}");
	const struct resource *cname = read_resource(*state, RESOURCE_CNAME, "{}");

	assert_string_equal(rule->u.rule.hostname, "");
	assert_string_equal(rule->u.rule.path, "");
	assert_string_equal(cname->u.cname.comment, "");
	assert_null(cname->u.cname.content);
	assert_null(cname->u.cname.zone);
}

static void wrong_types_are_corrupt(void **state)
{
	static const struct {
		enum resource_kind kind;
		const char *text;
	} bad[] = {
		{RESOURCE_RULE, "[]"}, {RESOURCE_RULE, "{\"service\":1}"}, {RESOURCE_RULE,
									    "{\"origin_request\":[]}"},
		{RESOURCE_TUNNEL, "{\"rule_order\":{}}"}, {RESOURCE_TUNNEL, "{\"rule_order\":[1]}"},
		{RESOURCE_CNAME, "{\"proxied\":\"yes\"}"}, {RESOURCE_CNAME, "{\"ttl\":1.5}"}, {RESOURCE_CNAME,
											       "{\"ttl\":true}"},
	};
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct resource *resource = NULL;

		assert_int_equal(resource_from_json(arena, bad[i].kind, "x", parse(arena, bad[i].text),
						    &resource), RC_CORRUPT);
		assert_null(resource);
	}
}

static void addresses_name_tunnel_hostname_and_path(void **state)
{
	struct arena *arena = *state;
	const char *tunnel = resource_tunnel_address(arena, "edge",
						     "web"), *native = resource_tunnel_address(arena, "", "web");

	assert_string_equal(tunnel, "tunnel/edge/web");
	assert_string_equal(native, "tunnel/web");
	assert_string_equal(resource_rule_address(arena, tunnel, "a.b", "^/x$", false), "rule/edge/web/a.b^/x$");
	assert_string_equal(resource_rule_address(arena, native, "*.b", "", false), "rule/web/*.b");
	assert_string_equal(resource_rule_address(arena, native, "", ".*", false), "rule/web/.*");
	assert_string_equal(resource_rule_address(arena, tunnel, "", "", true), "rule/edge/web/*");
	assert_string_equal(resource_cname_address(arena, "*.a.b"), "cname/*.a.b");
}

static void addresses_sort_by_kind_then_bytes(void **state)
{
	static const char *const sorted[] = {"tunnel/a", "tunnel/a/b", "tunnel/z", "rule/a/x", "rule/b/a", "cname/*.a", "cname/a"};

	(void)state;
	for (size_t i = 0; i < COUNT(sorted); i++)
		for (size_t k = 0; k < COUNT(sorted); k++) {
			int order = resource_compare_address(sorted[i], sorted[k]);

			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
		}
}

static void status_services_do_not_serve(void **state)
{
	(void)state;
	assert_false(resource_service_is_serving("http_status:404"));
	assert_true(resource_service_is_serving("http://a:80"));
	assert_true(resource_service_is_serving("hello_world"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_has_a_place_and_a_line),
		ARENA_TEST(normal_forms_are_compared),
		ARENA_TEST(other_kinds_differ),
		ARENA_TEST(json_goes_round),
		ARENA_TEST(texts_are_never_null),
		ARENA_TEST(wrong_types_are_corrupt),
		ARENA_TEST(addresses_name_tunnel_hostname_and_path),
		cmocka_unit_test(addresses_sort_by_kind_then_bytes),
		cmocka_unit_test(status_services_do_not_serve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
