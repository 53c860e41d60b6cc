/* Path matches as patterns, and what these patterns match: gateway-semantics 5. */
#include <string.h>

#include "base/regex.h"
#include "base/str.h"
#include "schema/translate_hostname.h"
#include "schema/translate_path.h"
#include "tests/base/unit.h"

/** How a value is rendered; pattern NULL: refused. */
static const struct {
	enum path_type type;
	const char *value, *pattern, *hostless;
	uint32_t size;
} renderings[] = {
	{PATH_PREFIX, "/", "", ".*", 0},
	{PATH_PREFIX, "/api", "^/api(?:/|$)", NULL, 4},
	{PATH_PREFIX, "/api/", "^/api(?:/|$)", NULL, 4},
	{PATH_PREFIX, "/v1.0", "^/v1\\.0(?:/|$)", NULL, 5},
	{PATH_PREFIX, "/a(b)*+$", "^/a\\(b\\)\\*\\+\\$(?:/|$)", NULL, 8},
	{PATH_PREFIX, "/a%20b", "^/a b(?:/|$)", NULL, 4},
	{PATH_PREFIX, "/%C3%BC", "^/\xC3\xBC(?:/|$)", NULL, 3},
	{PATH_PREFIX, "/%5B%5d%7B", "^/\\[\\]\\{(?:/|$)", NULL, 4},
	{PATH_PREFIX, "/%2541", "^/%41(?:/|$)", NULL, 4},
	{PATH_PREFIX, "/a%0A%7F%00", "^/a\\x{0A}\\x{7F}\\x{00}(?:/|$)", NULL, 5},
	{PATH_PREFIX, "/%FF", NULL, NULL, 0},
	{PATH_PREFIX, "/%C3%00%BC", NULL, NULL, 0},
	{PATH_EXACT, "/", "^/?$", NULL, 1},
	{PATH_EXACT, "/api", "^/api$", NULL, 4},
	{PATH_EXACT, "/api/", "^/api/$", NULL, 5},
	{PATH_EXACT, "/%ff", NULL, NULL, 0},
	{PATH_EXACT, "/a^b|c?d\\", "^/a\\^b\\|c\\?d\\\\$", NULL, 9},
	{PATH_REGEX, "/a.*", "^(?:/a.*)$", NULL, 4},
	{PATH_REGEX, "/(a|b)/[0-9]+", "^(?:/(a|b)/[0-9]+)$", NULL, 13},
	{PATH_REGEX, "(?i)/a", "^(?:(?i)/a)$", NULL, 6},
	/* Valid only once wrapped, and then they match what they should not. */
	{PATH_REGEX, "a)(b", NULL, NULL, 0},
	{PATH_REGEX, "a)|(?:.*", NULL, NULL, 0},
	/* Valid only alone. */
	{PATH_REGEX, "\\Qabc", NULL, NULL, 0},
	/* RE2 or Go says no. */
	{PATH_REGEX, "(?=a)", NULL, NULL, 0},
	{PATH_REGEX, "(a)\\1", NULL, NULL, 0},
	{PATH_REGEX, "a++", NULL, NULL, 0},
	{PATH_REGEX, "a**", NULL, NULL, 0},
	{PATH_REGEX, "(?x)a", NULL, NULL, 0},
	{PATH_REGEX, "\\C", NULL, NULL, 0},
	{PATH_REGEX, "\\h", NULL, NULL, 0},
	{PATH_REGEX, "\\Z", NULL, NULL, 0},
	{PATH_REGEX, "a{1001}", NULL, NULL, 0},
	{PATH_REGEX, "[^]", NULL, NULL, 0},
	{PATH_REGEX, "(", NULL, NULL, 0},
	{PATH_REGEX, "\\Qa.b\\E/.*", "^(?:\\Qa.b\\E/.*)$", NULL, 10},
	{PATH_REGEX, "/[[:alpha:]]\\pL\\b", "^(?:/[[:alpha:]]\\pL\\b)$", NULL, 17},
};

static void values_become_patterns(void **state)
{
	for (size_t i = 0; i < COUNT(renderings); i++) {
		struct path_pattern path = {0};
		char fault[PATH_FAULT_BYTES] = "";
		enum rc rc = path_render(*state, renderings[i].type, renderings[i].value, &path, fault,
					 sizeof(fault));
		const char *pattern = renderings[i].pattern;
		const char *hostless = renderings[i].hostless ? renderings[i].hostless : pattern;

		if ((rc == RC_OK) != (pattern != NULL) || !str_eq(path.pattern, pattern) ||
		    !str_eq(path.hostless, hostless) ||
		    path.size != renderings[i].size)
			fail_msg("%s gives %s (%u)", renderings[i].value, path.pattern ? path.pattern : fault,
				 path.size);
		assert_int_equal(*fault != '\0', rc != RC_OK);
		if (pattern)
			assert_int_equal(path.type, renderings[i].type);
	}
}

/** What cloudflared, which compares the decoded path, finds. */
static const struct {
	enum path_type type;
	const char *value;
	const char *yes[8], *no[12];
} matches[] = {
	{PATH_PREFIX, "/api", {"/api", "/api/", "/api/v1", "/api//v1"},
	 {"/apiv2", "/API", "/x/api", "//api", "/api.json", "/api;v=1", "/api\n", "/api?x", "", "/x/../api"}},
	{PATH_EXACT, "/api", {"/api"}, {"/api/", "/api\n", "/apis", "/x/api", "/API"}},
	{PATH_EXACT, "/api/", {"/api/"}, {"/api", "/api//"}},
	{PATH_PREFIX, "/v1.0", {"/v1.0", "/v1.0/x"}, {"/v1x0"}},
	{PATH_PREFIX, "/a(b)*+$", {"/a(b)*+$", "/a(b)*+$/c"}, {"/abb", "/a"}},
	{PATH_EXACT, "/", {"", "/"}, {"//", "/a"}},
	{PATH_PREFIX, "/", {"", "/", "/a", "*"}, {NULL}},
	{PATH_PREFIX, "/a%20b", {"/a b", "/a b/c"}, {"/a%20b"}},
	{PATH_PREFIX, "/a%0Ab", {"/a\nb"}, {"/ab"}},
	{PATH_REGEX, "/a|/b", {"/a", "/b"}, {"/ab", "/a/", "/x/b"}},
	{PATH_REGEX, "/a.*", {"/a", "/abc/d"}, {"/b", "x/a", "/a\n"}},
	{PATH_REGEX, "(?s)/a.*", {"/a\n"}, {"/b"}},
};

static void check(const struct regex *regex, const char *value, const char *path, bool wanted)
{
	bool is_match = true;

	/* No pattern: cloudflared does not look at the path. */
	if (regex)
		assert_int_equal(regex_match(regex, path, strlen(path), &is_match), RC_OK);
	if (is_match != wanted)
		fail_msg("%s %s %s", value, wanted ? "does not match" : "matches", path);
}

static void patterns_match_as_the_gateway_api_says(void **state)
{
	for (size_t i = 0; i < COUNT(matches); i++) {
		struct path_pattern path = {0};
		struct regex *regex = NULL;
		char fault[PATH_FAULT_BYTES];

		assert_int_equal(path_render(*state, matches[i].type, matches[i].value, &path, fault,
					     sizeof(fault)), RC_OK);
		if (*path.pattern)
			assert_int_equal(regex_new(path.pattern, strlen(path.pattern), &regex, NULL, 0), RC_OK);
		for (size_t k = 0; k < COUNT(matches[i].yes) && matches[i].yes[k]; k++)
			check(regex, matches[i].value, matches[i].yes[k], true);
		for (size_t k = 0; k < COUNT(matches[i].no) && matches[i].no[k]; k++)
			check(regex, matches[i].value, matches[i].no[k], false);
		regex_free(regex);
	}
}

static void odd_regexes_are_told(void **state)
{
	static const struct {
		const char *value;
		bool is_odd;
	} rows[] = {
		{"/api", true}, {"/api/v1-x", true}, {"api/.*", true}, {"/a%20b.*", true}, {"", true},
		{"/api/.*", false}, {"a?/b", false}, {"a|/b", false}, {".*", false}, {"(?i)/a",
										      false}, {"^/api$", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if ((path_regex_lint(rows[i].value) != NULL) != rows[i].is_odd)
			fail_msg("%s", rows[i].value);
}

static const struct {
	const char *a, *b, *both; /* NULL: nothing */
} intersections[] = {
	{"", "", ""},
	{"", "a.b", "a.b"},
	{"", "*.b", "*.b"},
	{"a.b", "a.b", "a.b"},
	{"a.b", "c.b", NULL},
	{"*.b", "a.b", "a.b"},
	{"*.b", "x.a.b", "x.a.b"},
	{"*.b", "b", NULL},
	{"*.b", "*.b", "*.b"},
	{"*.b", "*.a.b", "*.a.b"},
	{"*.com", "*.example.com", "*.example.com"},
	{"*.a.b", "*.c.b", NULL},
	{"*.b", "xb", NULL},
	{"*.b", "*.xb", NULL},
	{"*.a.b", "*.xa.b", NULL},
};

static void hostnames_intersect_either_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(intersections); i++) {
		const char *a = intersections[i].a, *b = intersections[i].b;

		if (!str_eq(hostname_intersect(a, b), intersections[i].both) ||
		    !str_eq(hostname_intersect(b, a), intersections[i].both))
			fail_msg("%s and %s", a, b);
	}
}

static void hostnames_sort_most_specific_first(void **state)
{
	static const char *const sorted[] = {"long.a.b", "a.a", "b.b", "*.a.a.a", "*.a.b", "*.b.b", "*.b", ""};

	(void)state;
	for (size_t i = 0; i < COUNT(sorted); i++)
		for (size_t k = 0; k < COUNT(sorted); k++) {
			int order = hostname_compare(sorted[i], sorted[k]);

			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
		}
}

static void hostnames_widen_to_any(void **state)
{
	static const char *const steps[] = {"*.b.c", "*.c", "", ""};
	char buffer[] = "a.b.c", *pattern = buffer;

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		pattern = hostname_widen(pattern);
		assert_string_equal(pattern, steps[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(values_become_patterns),
		ARENA_TEST(patterns_match_as_the_gateway_api_says),
		cmocka_unit_test(odd_regexes_are_told),
		cmocka_unit_test(hostnames_intersect_either_way),
		cmocka_unit_test(hostnames_sort_most_specific_first),
		cmocka_unit_test(hostnames_widen_to_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
