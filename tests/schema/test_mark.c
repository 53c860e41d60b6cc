/* Marks in comments, and tunnel names. */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "schema/mark.h"
#include "tests/base/unit.h"

#define TEMPLATE "{project}.{namespace}.{gateway}"
#define LONG_TEMPLATE "{project}.{namespace}.and.{gateway}"
#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const struct {
	const char *comment, *project, *gateway, *rest;
} parses[] = {
	{NULL, NULL, NULL, ""},
	{"", NULL, NULL, ""},
	{"hello", NULL, NULL, "hello"},
	{"adit:shop edge/web", "shop", "edge/web", ""},
	{"adit:shop edge", "shop", "edge", ""},
	{"adit:shop edge/web by hand", "shop", "edge/web", "by hand"},
	{"adit:shop edge/web  by hand", "shop", "edge/web", " by hand"},
	{"adit:shop", NULL, NULL, "adit:shop"},
	{"adit:Shop edge/web", NULL, NULL, "adit:Shop edge/web"},
	{"adit: edge/web", NULL, NULL, "adit: edge/web"},
	{"adit:shop edge/web, note", NULL, NULL, "adit:shop edge/web, note"},
	{"see adit:shop edge/web", NULL, NULL, "see adit:shop edge/web"},
	{"adit:" TEN TEN TEN "abc x", NULL, NULL, "adit:" TEN TEN TEN "abc x"},
};

static void a_mark_is_found_at_the_start_only(void **state)
{
	for (size_t i = 0; i < COUNT(parses); i++) {
		struct mark mark = mark_parse(*state, parses[i].comment);

		if (!str_eq(mark.project, parses[i].project) || !str_eq(mark.gateway, parses[i].gateway) ||
		    !str_eq(mark.rest, parses[i].rest))
			fail_msg("row %zu: %s gives %s %s, rest \"%s\"", i, parses[i].comment, mark.project,
				 mark.gateway, mark.rest);
	}
}

static void applying_keeps_the_comment_and_replaces_a_mark(void **state)
{
	struct arena *arena = *state;
	const char *tunnel = "tunnel/edge/web";

	assert_string_equal(mark_make(arena, "shop", tunnel), "adit:shop edge/web");
	assert_string_equal(mark_make(arena, "shop", "tunnel/edge"), "adit:shop edge");
	assert_string_equal(mark_apply(arena, "shop", tunnel, NULL), "adit:shop edge/web");
	assert_string_equal(mark_apply(arena, "shop", tunnel, "by hand"), "adit:shop edge/web by hand");
	assert_string_equal(mark_apply(arena, "shop", tunnel, "adit:old a/b by hand"),
			    "adit:shop edge/web by hand");
	assert_string_equal(mark_apply(arena, "shop", tunnel, "adit:shop edge/web by hand"),
			    "adit:shop edge/web by hand");
}

static void comments_fit_a_free_plan(void **state)
{
	struct arena *arena = *state;
	/* The two-byte letter would be cut in half. */
	const char *old = SIXTY TEN TEN "\xC3\xA4" "bcdef";
	const char *comment = mark_apply(arena, "shop", "tunnel/edge/web", old);
	const char *long_a = mark_make(arena, "shop", "tunnel/" SIXTY "/" SIXTY "a");
	const char *long_b = mark_make(arena, "shop", "tunnel/" SIXTY "/" SIXTY "b");

	assert_string_equal(comment, "adit:shop edge/web " SIXTY TEN TEN);
	assert_string_equal(mark_apply(arena, "shop", "tunnel/edge/web", comment), comment);
	assert_int_equal(strlen(long_a), LIMIT_COMMENT_BYTES);
	assert_string_not_equal(long_a, long_b);
	assert_memory_equal(long_a, "adit:shop " SIXTY "/", 71);
	assert_string_equal(mark_apply(arena, "shop", "tunnel/" SIXTY "/" SIXTY "a", "old"), long_a);
	assert_string_equal(mark_parse(arena, long_a).project, "shop");
}

static const struct {
	const char *comment, *tags, *tool;
} foreign[] = {
	{NULL, NULL, NULL},
	{"by hand", "a:b", NULL},
	{"", "managed-by:cnap-gateway,tunnel-id:1", "CNAP's gateway controller"},
	{"Routed via Cloudflare Tunnel to Gateway edge/web [github.com/x]", NULL, "CNAP's gateway controller"},
	{"managed by cloudflare-tunnel-ingress-controller, tunnel [x]", "",
	 "cloudflare-tunnel-ingress-controller"},
	{"cfgate/owner=1", NULL, "cfgate"},
	{"heritage=external-dns,external-dns/owner=x", NULL, "external-dns"},
	{"Managed by Terraform", NULL, "Terraform"},
	{"octoDNS", NULL, "octoDNS"},
};

static void other_tools_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(foreign); i++)
		if (!str_eq(mark_foreign_tool(foreign[i].comment, foreign[i].tags), foreign[i].tool))
			fail_msg("row %zu", i);
}

static const struct {
	const char *tmpl, *name_space, *gateway, *name; /* name NULL: invalid */
} names[] = {
	{TEMPLATE, "edge", "web", "shop.edge.web"},
	{TEMPLATE, "edge", "web.v1.x", "shop.edge.web-v1-x"},
	{TEMPLATE, "", "web", "shop.web"},
	{"{project}-{gateway}-{namespace}", "", "web", "shop-web"},
	{"{gateway}@{namespace}", "edge", "web", "web@edge"},
	{"x {gateway}", "edge", "web", "x web"},
	{"{project}.{name}", "edge", "web", NULL},
	{"{project", "edge", "web", NULL},
	{"project}", "edge", "web", NULL},
};

static void names_come_from_the_template(void **state)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		char *name = NULL;
		enum rc rc = mark_tunnel_name(*state, names[i].tmpl, "shop", names[i].name_space,
					      names[i].gateway, &name);

		assert_int_equal(rc, names[i].name ? RC_OK : RC_INVALID);
		if (names[i].name)
			assert_string_equal(name, names[i].name);
	}
}

static void long_names_are_cut_and_stay_apart(void **state)
{
	struct arena *arena = *state;
	char *a = NULL, *b = NULL;

	assert_int_equal(mark_tunnel_name(arena, TEMPLATE, "shop", SIXTY, SIXTY "a", &a), RC_OK);
	assert_int_equal(mark_tunnel_name(arena, TEMPLATE, "shop", SIXTY, SIXTY "b", &b), RC_OK);
	assert_int_equal(strlen(a), LIMIT_TUNNEL_NAME_BYTES);
	assert_string_not_equal(a, b);
	assert_true(mark_is_tunnel_name(TEMPLATE, "shop", a));
	assert_false(mark_is_tunnel_name(TEMPLATE, "other", a));
	/* Cut within the namespace, so that what follows it is missing. */
	assert_int_equal(mark_tunnel_name(arena, LONG_TEMPLATE, "shop", SIXTY TEN TEN TEN TEN, "x", &a), RC_OK);
	assert_true(mark_is_tunnel_name(LONG_TEMPLATE, "shop", a));
}

static const struct {
	const char *tmpl, *name;
	bool is_ours;
} owned[] = {
	{TEMPLATE, "shop.edge.web", true},
	{TEMPLATE, "shop.edge", true},           /* a native Tunnel */
	{TEMPLATE, "shop.edge.web.x", false},
	{TEMPLATE, "shop.", false},
	{TEMPLATE, "shop", false},
	{TEMPLATE, "shop-prod.edge.web", false},
	{TEMPLATE, "shop.Edge.web", false},
	{TEMPLATE, "other", false},
	{TEMPLATE, "", false},
	{TEMPLATE, SIXTY SIXTY, false},
	{"{project}-{gateway}", "shop-web", true},
	{"{project}-{gateway}", "shopweb", false},
	/* Without the project anybody's tunnel might be meant. */
	{"{namespace}-{gateway}", "edge-web", false},
	{"tunnel", "tunnel", false},
};

static void names_of_this_project_are_told_from_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(owned); i++)
		if (mark_is_tunnel_name(owned[i].tmpl, "shop", owned[i].name) != owned[i].is_ours)
			fail_msg("row %zu: %s", i, owned[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(a_mark_is_found_at_the_start_only),
		ARENA_TEST(applying_keeps_the_comment_and_replaces_a_mark),
		ARENA_TEST(comments_fit_a_free_plan),
		cmocka_unit_test(other_tools_are_named),
		ARENA_TEST(names_come_from_the_template),
		ARENA_TEST(long_names_are_cut_and_stay_apart),
		cmocka_unit_test(names_of_this_project_are_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
