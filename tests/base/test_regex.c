/** @file Tests of the RE2 shim: cloudflared's path matching, and the patterns that Go's regexp refuses. */
#include "tests/base/unit.h"

#include <string.h>

#include "base/limits.h"
#include "base/regex.h"

static enum rc try(const char *pattern, size_t size)
{
	struct regex *regex = NULL;
	char error[200] = "";
	enum rc rc = regex_new(pattern, size, &regex, error, sizeof(error));

	assert_int_equal(rc == RC_OK, regex != NULL);
	assert_int_equal(rc == RC_OK, error[0] == '\0');
	assert_null(strpbrk(error, "\n\r\x1B"));
	regex_free(regex);
	return rc;
}

/* Texts are decoded paths, as cloudflared matches them. */
static void test_path_patterns(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool expected;
	} rows[] = {
		{ "^/api(?:/|$)", "/api", true },
		{ "^/api(?:/|$)", "/api/", true },
		{ "^/api(?:/|$)", "/api/v1", true },
		{ "^/api(?:/|$)", "/api//v1", true },
		{ "^/api(?:/|$)", "/apiv2", false },
		{ "^/api(?:/|$)", "/API", false },
		{ "^/api(?:/|$)", "/x/api", false },
		{ "^/api(?:/|$)", "//api", false },
		{ "^/api(?:/|$)", "/api.json", false },
		{ "^/api(?:/|$)", "/api;v=1", false },
		{ "^/api(?:/|$)", "/api\n", false },
		{ "^/api(?:/|$)", "/api?x", false },
		{ "^/api$", "/api", true },
		{ "^/api$", "/api/", false },
		{ "^/api$", "/api\n", false },
		{ "^/v1\\.0(?:/|$)", "/v1.0", true },
		{ "^/v1\\.0(?:/|$)", "/v1x0", false },
		{ "^/a\\(b\\)\\*\\+\\$(?:/|$)", "/a(b)*+$", true },
		{ "^/a\\(b\\)\\*\\+\\$(?:/|$)", "/abb", false },
		{ "^/?$", "", true },
		{ "^/?$", "/", true },
		{ "^/?$", "//", false },
		{ "^/a b(?:/|$)", "/a b", true },
		{ "^/a b(?:/|$)", "/a%20b", false },
		{ "^/\\x{0A}$", "/\n", true },
		{ ".*", "", true },
		{ "api", "/x/api/y", true },             /* unanchored */
		{ "^(?:a.c)$", "a\nc", false },          /* . is no newline */
		{ "^(?:(?s)a.c)$", "a\nc", true },
		{ "^(?:(?m)a$)$", "a\nb", false },       /* flags stay inside their group */
		{ "^(?:(?i)abc)$", "ABC", true },
		{ "^/\xC3\xA9$", "/\xC3\xA9", true },
		{ "^/.$", "/\xC3\xA9", true },           /* a character, not a byte */
		{ "[^a]", "\n", true },
		{ "^\\Qa.b\\E$", "a.b", true },
		{ "^\\Qa.b\\E$", "axb", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct regex *regex = NULL;
		bool matches;

		assert_int_equal(regex_new(rows[i].pattern, strlen(rows[i].pattern), &regex, NULL, 0), RC_OK);
		assert_int_equal(regex_match(regex, rows[i].path, strlen(rows[i].path), &matches), RC_OK);
		regex_free(regex);
		if (matches != rows[i].expected)
			fail_msg("%s on %s", rows[i].pattern, rows[i].path);
	}
}

static void test_patterns_that_go_refuses(void **state)
{
	static const char *const rows[] = {
		"a)(b", "a)|(?:.*", "(", ")", "(?:a", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(a)\\1", "\\8", "a*+", "a++",
		"a?+", "(?>a)", "(?x)a", "\\h", "\\e", "\\cA", "\\C", "[\\C]", "a\\Cb", "\\\\\\C", "\\K", "\\R", "\\X",
		"\\Z", "\\u1234", "a**", "a{2}{3}", "a{1001}", "a{2,1}", "(a{500}){3}", "(?:(?:a{11}){11}){11}", "[^]",
		"[", "[a", "[z-a]", "[a-\\d]", "[[:foo:]]", "\\pX", "\\p{Foo}", "\\x{110000}", "\\", "*", "|*", "+a", "(?i-)",
		"(?<name>a)", "(?P<a b>c)", "(?P<>c)", "(?P<name", "(?P<\xC3\xA9>c)", "(?P=name)", "\xFF", "[\xFF]",
		"\\\xFF", "\\\xC3\xA9", "\\Q\\E*",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (try(rows[i], strlen(rows[i])) != RC_INVALID)
			fail_msg("accepted: %s", rows[i]);
}

static void test_patterns_that_go_takes(void **state)
{
	static const char *const rows[] = {
		"", "{", "}", "a{", "a{,2}", "a{1000}", "\\Qabc", "\\Q(\\E", "\\Q\\C\\E", "\\\\C", "[(]", "[])]", "[^](]",
		"[[:alpha:](]", "(?i)a", "(?s)a", "(?m)a", "(?U)a", "(?i-s:a)", "(?P<name_1>a)", "\\pL", "\\p{Greek}",
		"\\b", "\\z", "\\A", "\\_", "\\-", "\\/", "a??", "a*?", "()", "(|a)*", "[\\]]", "\\(", "x\\\\(y)", "^*",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (try(rows[i], strlen(rows[i])) != RC_OK)
			fail_msg("refused: %s", rows[i]);
	assert_int_equal(try("a\0b", 3), RC_OK);
}

static void test_nesting(void **state)
{
	char *pattern = arena_alloc(*state, LIMIT_REGEX_BYTES);

	memset(pattern, '(', LIMIT_REGEX_NESTING);
	memset(pattern + LIMIT_REGEX_NESTING, ')', LIMIT_REGEX_NESTING);
	assert_int_equal(try(pattern, LIMIT_REGEX_NESTING * 2), RC_OK);
	memset(pattern, '(', LIMIT_REGEX_BYTES);
	assert_int_equal(try(pattern, LIMIT_REGEX_BYTES), RC_LIMIT);
	for (size_t i = 0; i < LIMIT_REGEX_BYTES; i += 2)
		memcpy(pattern + i, "()", 2); /* side by side is no nesting */
	assert_int_equal(try(pattern, 2000), RC_OK);
	for (size_t i = 0; i < LIMIT_REGEX_BYTES; i += 2)
		memcpy(pattern + i, "\\(", 2);
	assert_int_equal(try(pattern, 20000), RC_OK);
	memset(pattern, ')', LIMIT_REGEX_BYTES);
	assert_int_equal(try(pattern, LIMIT_REGEX_BYTES), RC_INVALID);
}

static void test_size_and_memory(void **state)
{
	char *pattern = arena_alloc(*state, LIMIT_REGEX_BYTES + 1);

	memset(pattern, 'a', LIMIT_REGEX_BYTES + 1);
	assert_int_equal(try(pattern, LIMIT_REGEX_BYTES + 1), RC_LIMIT);
	assert_int_equal(try(pattern, 30000), RC_OK);
	assert_int_equal(try("(?:\\pL{1000})(?:\\pL{1000})", 26), RC_LIMIT);
}

/* Linear time: a backtracking matcher never comes back from this. */
static void test_evil_pattern_is_quick(void **state)
{
	static const char pattern[] = "^(?:(?:a+)+)+$";
	char *text = arena_alloc(*state, 1000000);
	struct regex *regex = NULL;
	bool matches;

	memset(text, 'a', 999999);
	text[999999] = 'b';
	assert_int_equal(regex_new(pattern, strlen(pattern), &regex, NULL, 0), RC_OK);
	assert_int_equal(regex_match(regex, text, 1000000, &matches), RC_OK);
	assert_false(matches);
	assert_int_equal(regex_match(regex, text, 999999, &matches), RC_OK);
	assert_true(matches);
	regex_free(regex);
}

static void test_error_text(void **state)
{
	struct regex *regex = NULL;
	char error[12];

	(void)state;
	assert_int_equal(regex_new("a(\n\x1B[", 5, &regex, error, sizeof(error)), RC_INVALID);
	assert_true(strlen(error) > 0 && strlen(error) < sizeof(error));
	assert_int_equal(regex_new("(", 1, &regex, error, 0), RC_INVALID);
	assert_null(regex);
	regex_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_patterns),
		cmocka_unit_test(test_patterns_that_go_refuses),
		cmocka_unit_test(test_patterns_that_go_takes),
		ARENA_TEST(test_nesting),
		ARENA_TEST(test_size_and_memory),
		ARENA_TEST(test_evil_pattern_is_quick),
		cmocka_unit_test(test_error_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
