/* Which rule serves a request: cloudflared's FindMatchingRule, gateway-semantics 1. */
#include <string.h>

#include "schema/translate.h"
#include "tests/base/unit.h"

static struct resource rule_of(const char *hostname, const char *path)
{
	return (struct resource){.kind = RESOURCE_RULE,
				 .u.rule = {.hostname = hostname, .path = path, .service = "http://a"}};
}

/** One rule before the catch-all: is it the one? */
static const struct {
	const char *hostname, *path, *host, *request;
	bool is_match;
} rows[] = {
	{"", "", "any.org", "/", true},
	{"*", "", "any.org", "/", true},
	{"a.com", "", "a.com", "/", true},
	{"a.com", "", "a.com:8080", "/", true},
	{"a.com", "", "a.com:", "/", true},
	{"a.com", "", "b.a.com", "/", false},
	{"*.a.com", "", "b.a.com", "/", true},
	{"*.a.com", "", "c.b.a.com:443", "/", true},
	{"*.a.com", "", ".a.com", "/", true},
	{"*.a.com", "", "a.com", "/", false},
	{"*.a.com", "", "xa.com", "/", false},
	{"*a.com", "", "xa.com", "/", false},
	{"*a.com", "", "*a.com", "/", true},
	/* Bytes count, case too. */
	{"foo.a.com", "", "FOO.a.com", "/", false},
	{"*.a.com", "", "FOO.a.com", "/", true},
	{"a.com.", "", "a.com", "/", false},
	{"a.com", "", "a.com.", "/", false},
	/* A second form of the rule's hostname. */
	{"b\xC3\xBC" "cher.de", "", "xn--bcher-kva.de", "/", true},
	{"A.COM", "", "a.com", "/", true},
	{"*.A.COM", "", "b.a.com", "/", false},
	{"*.b\xC3\xBC" "cher.de", "", "a.xn--bcher-kva.de", "/", false},
	/* What Go's SplitHostPort does not take apart stays whole. */
	{"[::1]", "", "[::1]:80", "/", false},
	{"::1", "", "[::1]:80", "/", true},
	{"a:b:c", "", "a:b:c", "/", true},
	{"[::1]", "", "[::1]", "/", true},
	/* The path is matched unanchored, and decoded already. */
	{"", "api", "a", "/x/api/y", true},
	{"", "^/api(?:/|$)", "a", "/api/v1", true},
	{"", "^/api(?:/|$)", "a", "/apiv1", false},
	{"", "^/api$", "a", "/api\n", false},
	{"a.com", "^/x$", "b.com", "/x", false},
};

static void one_rule_is_tried_as_cloudflared_tries_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct resource rule = rule_of(rows[i].hostname, rows[i].path), last = rule_of("", "");
		struct resource *const rules[] = {&rule, &last};
		size_t index = 9;

		assert_int_equal(translate_match(rules, 2, rows[i].host, rows[i].request, &index), RC_OK);
		if (index != (rows[i].is_match ? 0 : 1))
			fail_msg("row %zu: %s %s for %s%s", i, rows[i].hostname, rows[i].path, rows[i].host,
				 rows[i].request);
	}
}

static void the_first_that_matches_wins_and_the_last_takes_the_rest(void **state)
{
	struct resource a = rule_of("a.com", "^/x"), b = rule_of("a.com", ""), c = rule_of("c.com", "");
	struct resource *const rules[] = {&a, &b, &c};
	size_t index = 9;

	(void)state;
	assert_int_equal(translate_match(rules, 3, "a.com", "/x", &index), RC_OK);
	assert_int_equal(index, 0);
	assert_int_equal(translate_match(rules, 3, "a.com", "/y", &index), RC_OK);
	assert_int_equal(index, 1);
	assert_int_equal(translate_match(rules, 3, "b.com", "/y", &index), RC_OK);
	assert_int_equal(index, 2);
}

static void a_bad_pattern_is_told_once_it_matters(void **state)
{
	struct resource bad = rule_of("a.com", "("), last = rule_of("", "");
	struct resource *const rules[] = {&bad, &last};
	size_t index = 9;

	(void)state;
	assert_int_equal(translate_match(rules, 2, "b.com", "/", &index), RC_OK);
	assert_int_equal(translate_match(rules, 2, "a.com", "/", &index), RC_INVALID);
	assert_int_equal(translate_match(rules, 0, "a.com", "/", &index), RC_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_rule_is_tried_as_cloudflared_tries_it),
		cmocka_unit_test(the_first_that_matches_wins_and_the_last_takes_the_rest),
		cmocka_unit_test(a_bad_pattern_is_told_once_it_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
