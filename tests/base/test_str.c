/** @file Tests of the string functions. */
#include "tests/base/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static void test_comparison(void **state)
{
	(void)state;
	assert_true(str_eq(NULL, NULL));
	assert_false(str_eq(NULL, ""));
	assert_false(str_eq("", NULL));
	assert_true(str_eq("a", "a"));
	assert_true(str_is_empty(NULL) && str_is_empty("") && !str_is_empty(" "));
	assert_string_equal(str_or_empty(NULL), "");
	assert_true(str_has_prefix("abc", "ab") && str_has_prefix("abc", "") && !str_has_prefix("ab", "abc"));
	assert_true(str_has_suffix("abc", "bc") && str_has_suffix("abc", "") && !str_has_suffix("bc", "abc"));
	assert_true(str_compare(NULL, "") < 0 && str_compare("", NULL) > 0 && str_compare(NULL, NULL) == 0);
	assert_true(str_compare("a", "b") < 0 && str_compare("\xC3", "a") > 0);
}

static void test_glob(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool expected;
	} rows[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "*", "a/b/c", true },
		{ "**", "x", true },
		{ "a*", "a", true },
		{ "a*c", "abcabc", true },
		{ "a*c", "abcab", false },
		{ "a*b*c", "a-b-b-c", true },
		{ "*.example.com", "a.b.example.com", true },
		{ "*.example.com", "example.com", false },
		{ "edge/*", "edge/web", true },
		{ "?", "", false },
		{ "?", "a", true },
		{ "?", "ab", false },
		{ "?x", "\xC3\xA9x", true },   /* one character of two bytes */
		{ "??x", "\xC3\xA9x", false },
		{ "?x", "\xFFx", true },       /* a stray byte counts as one */
		{ "a?c*", "abcdef", true },
		{ "[a]", "a", false },         /* no classes */
		{ "[a]", "[a]", true },
		{ "*a*", "bbb", false },
		{ "a", "A", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_glob_match(rows[i].pattern, rows[i].text) != rows[i].expected)
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
}

/* Backtracking over all stars would take longer than the universe lasts. */
static void test_glob_does_not_blow_up(void **state)
{
	char *pattern = arena_alloc(*state, 2002), *text = arena_alloc(*state, 20001);

	memset(text, 'a', 20000);
	for (size_t i = 0; i < 2000; i += 2)
		memcpy(pattern + i, "*a", 2);
	assert_true(str_glob_match(pattern, text));
	pattern[2000] = 'b';
	assert_false(str_glob_match(pattern, text));
}

static void test_utf8(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		bool expected;
	} rows[] = {
		{ "", 0, true },
		{ "abc", 3, true },
		{ "a\0b", 3, false },
		{ "\xC3\xA9", 2, true },
		{ "\xC3", 1, false },
		{ "\xC3g", 2, false },
		{ "\x80", 1, false },
		{ "\xC0\xAF", 2, false },             /* overlong / */
		{ "\xC1\xBF", 2, false },
		{ "\xE0\x9F\xBF", 3, false },         /* overlong */
		{ "\xE0\xA0\x80", 3, true },
		{ "\xED\x9F\xBF", 3, true },
		{ "\xED\xA0\x80", 3, false },         /* surrogate */
		{ "\xEF\xBF\xBF", 3, true },
		{ "\xF0\x8F\xBF\xBF", 4, false },     /* overlong */
		{ "\xF0\x90\x80\x80", 4, true },
		{ "\xF4\x8F\xBF\xBF", 4, true },
		{ "\xF4\x90\x80\x80", 4, false },     /* over U+10FFFF */
		{ "\xF5\x80\x80\x80", 4, false },
		{ "\xF0\x9F\x98\x80", 4, true },
		{ "\xF0\x9F\x98", 3, false },
		{ "\xFE\xFF", 2, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_is_utf8(rows[i].bytes, rows[i].size) != rows[i].expected)
			fail_msg("row %zu", i);
}

static void test_utf8_next(void **state)
{
	uint32_t c = 7;

	(void)state;
	assert_int_equal(str_utf8_next("", 0, &c), 0);
	assert_int_equal(str_utf8_next("\xFF", 1, &c), 0);
	assert_int_equal(c, 7);
	assert_int_equal(str_utf8_next("\xE2\x82\xAC!", 4, &c), 3);
	assert_int_equal(c, 0x20AC);
	assert_int_equal(str_utf8_next("\xF0\x9F\x98\x80", 4, &c), 4);
	assert_int_equal(c, 0x1F600);
}

static void test_utf8_cut(void **state)
{
	static const char text[] = "a\xC3\xA9\xF0\x9F\x98\x80z"; /* 1 + 2 + 4 + 1 */
	static const size_t expected[] = { 0, 1, 1, 3, 3, 3, 3, 7, 8, 8 };

	(void)state;
	for (size_t size = 0; size < COUNT(expected); size++)
		assert_int_equal(str_utf8_cut(text, size), expected[size]);
	assert_int_equal(str_utf8_cut(text, SIZE_MAX), 8);
}

static void test_printable(void **state)
{
	static const struct {
		const char *text;
		bool keep_newlines;
		const char *expected;
	} rows[] = {
		{ "plain \xC3\xA9", false, "plain \xC3\xA9" },
		{ "\x1B[31mred\x1B[0m", false, "\xEF\xBF\xBD[31mred\xEF\xBF\xBD[0m" },
		{ "a\nb", false, "a\xEF\xBF\xBD" "b" },
		{ "a\nb", true, "a\nb" },
		{ "a\r\nb", true, "a\xEF\xBF\xBD\nb" },
		{ "\x7F", false, "\xEF\xBF\xBD" },
		{ "\xC2\x9B" "31m", false, "\xEF\xBF\xBD" "31m" },          /* CSI as C1 */
		{ "\xE2\x80\xAE" "evil", false, "\xEF\xBF\xBD" "evil" },    /* right-to-left override */
		{ "\xE2\x81\xA6x", false, "\xEF\xBF\xBDx" },                /* isolate */
		{ "\x9B\xC3", false, "\xEF\xBF\xBD\xEF\xBF\xBD" },          /* invalid UTF-8 */
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(str_printable(*state, rows[i].text, strlen(rows[i].text), rows[i].keep_newlines),
				    rows[i].expected);
	assert_string_equal(str_printable(*state, "a\0b", 3, false), "a\xEF\xBF\xBD" "b");
	assert_string_equal(str_printable(*state, "", 0, false), "");
}

static void test_nearest(void **state)
{
	static const char *const kinds[] = { "Gateway", "GatewayClass", "HTTPRoute", "Service", "Tunnel", "id" };
	static const struct {
		const char *word, *expected;
	} rows[] = {
		{ "Gatewya", "Gateway" },
		{ "gateway", "Gateway" },
		{ "HttpRoute", "HTTPRoute" },
		{ "HTTPRoutes", "HTTPRoute" },
		{ "Gatewayclas", "GatewayClass" },
		{ "Servce", "Service" },
		{ "ig", "id" },
		{ "Tonnal", "Tunnel" },
		{ "Tonna", NULL },
		{ "Deployment", NULL },
		{ "", NULL },
		{ "x", NULL },
		{ "Tnl", NULL },
	};
	char huge[1000];
	const char *too_long = huge + sizeof(huge) - 1 - 65;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *nearest = str_nearest(rows[i].word, kinds, COUNT(kinds));

		if (!str_eq(nearest, rows[i].expected))
			fail_msg("%s: %s", rows[i].word, str_or_empty(nearest));
	}
	memset(huge, 'a', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	assert_null(str_nearest(huge, kinds, COUNT(kinds)));
	assert_null(str_nearest(huge + 1000 - 1 - 64, &too_long, 1)); /* 64 letters against 65 */
	assert_null(str_nearest("Gateway", NULL, 0));
}

static void test_lower_and_hex(void **state)
{
	assert_string_equal(str_lower(*state, "AbZ-\xC3\x89"), "abz-\xC3\x89");
	assert_true(str_is_lower(""));
	assert_true(str_is_lower("a-1.\xC3\x89"));
	assert_false(str_is_lower("aZ"));
	assert_string_equal(str_hex(*state, "\x00\xFF\x1a", 3), "00ff1a");
	assert_string_equal(str_hex(*state, NULL, 0), "");
}

static void test_base64(void **state)
{
	static const struct {
		const char *plain, *encoded;
	} rows[] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foobar", "Zm9vYmFy" },
	};
	static const char *const invalid[] = { "Zg", "Zg=", "Zg===", "====", "Z===", "Zm9v\n", " Zm9", "Zg==Zg==",
					       "Zm-_", "Zm=v", "=Zg=", "Zm9v====" };
	unsigned char *bytes = NULL;
	size_t size = 99;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_string_equal(str_base64(*state, rows[i].plain, strlen(rows[i].plain)), rows[i].encoded);
		assert_int_equal(str_base64_decode(*state, rows[i].encoded, &bytes, &size), RC_OK);
		assert_int_equal(size, strlen(rows[i].plain));
		assert_memory_equal(bytes, rows[i].plain, size);
	}
	for (size_t i = 0; i < COUNT(invalid); i++)
		if (str_base64_decode(*state, invalid[i], &bytes, &size) != RC_INVALID)
			fail_msg("%s", invalid[i]);
}

static void test_integers(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} valid[] = {
		{ "0", 0 }, { "-0", 0 }, { "007", 7 }, { "-12", -12 },
		{ "9223372036854775807", INT64_MAX }, { "-9223372036854775808", INT64_MIN },
	};
	static const char *const invalid[] = { "", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "9223372036854775808",
					       "-9223372036854775809", "99999999999999999999999" };
	int64_t value;

	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++) {
		assert_int_equal(str_to_int64(valid[i].text, &value), RC_OK);
		assert_int_equal(value, valid[i].value);
	}
	value = 5;
	for (size_t i = 0; i < COUNT(invalid); i++)
		if (str_to_int64(invalid[i], &value) != RC_INVALID)
			fail_msg("%s", invalid[i]);
	assert_int_equal(str_to_int64(NULL, &value), RC_INVALID);
	assert_int_equal(value, 5);
}

static void test_numbers_as_text(void **state)
{
	static const int64_t values[] = { 0, 9, 10, 65535, -1, INT64_MAX, INT64_MIN };
	static const uint32_t words[] = { 0, 1, 0x12345678, 0x9ABCDEF0, 0xFFFFFFFF, 0x0A00F000 };
	char text[STR_INT_BYTES + 1], expected[32];

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		*str_put_int(text, values[i]) = '\0';
		snprintf(expected, sizeof(expected), "%" PRId64, values[i]);
		assert_string_equal(text, expected);
	}
	for (size_t i = 0; i < COUNT(words); i++) {
		*str_put_hex32(text, words[i]) = '\0';
		snprintf(expected, sizeof(expected), "%08" PRIx32, words[i]);
		assert_string_equal(text, expected);
	}
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} valid[] = {
		{ "10s", 10000 }, { "1m30s", 90000 }, { "50ms", 50 }, { "24h", 86400000 }, { "300", 300000 },
		{ "0", 0 }, { "0s", 0 }, { "1.5s", 1500 }, { ".5s", 500 }, { "1.s", 1000 }, { "1h0.001s", 3600001 },
		{ "1500us", 1 }, { "1500\xC2\xB5s", 1 }, { "1500\xCE\xBCs", 1 }, { "999999ns", 0 },
		{ "0.3333333333333333333333h", 1200000 - 1 }, { "2562047h", 2562047LL * 3600000 },
	};
	static const char *const invalid[] = { "", "s", "-1s", "+1s", "1 s", "1d", "1s1", ".", ".s", "10S", "1.5",
					       "2562048h", "99999999999999999999s", "9223372036854775807", "1e3s" };
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++) {
		if (str_to_duration_ms(valid[i].text, &ms) != RC_OK || ms != valid[i].ms)
			fail_msg("%s: %lld", valid[i].text, (long long)ms);
	}
	ms = 5;
	for (size_t i = 0; i < COUNT(invalid); i++)
		if (str_to_duration_ms(invalid[i], &ms) != RC_INVALID)
			fail_msg("%s", invalid[i]);
	assert_int_equal(str_to_duration_ms(NULL, &ms), RC_INVALID);
	assert_int_equal(ms, 5);
}

static void test_digests(void **state)
{
	assert_string_equal(str_sha256_hex(*state, "", 0),
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_string_equal(str_sha256_hex(*state, "abc", 3),
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_string_equal(str_xxh3_hex(*state, "", 0), "99aa06d3014798d86001c324468d497f");
	assert_int_equal(strlen(str_xxh3_hex(*state, "abc", 3)), 32);
	assert_true(str_is_xxh3_hex("99aa06d3014798d86001c324468d497f", "", 0));
	assert_false(str_is_xxh3_hex("99aa06d3014798d86001c324468d497e", "", 0));
	assert_false(str_is_xxh3_hex("89aa06d3014798d86001c324468d497f", "", 0));
	assert_false(str_is_xxh3_hex("99aa06d3014798d86001c324468d497f0", "", 0));
	assert_false(str_is_xxh3_hex("99AA06D3014798D86001C324468D497F", "", 0));
	assert_false(str_is_xxh3_hex("", "", 0));
	assert_false(str_is_xxh3_hex(NULL, "", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparison),
		cmocka_unit_test(test_glob),
		ARENA_TEST(test_glob_does_not_blow_up),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_utf8_next),
		cmocka_unit_test(test_utf8_cut),
		ARENA_TEST(test_printable),
		cmocka_unit_test(test_nearest),
		ARENA_TEST(test_lower_and_hex),
		ARENA_TEST(test_base64),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_numbers_as_text),
		cmocka_unit_test(test_durations),
		ARENA_TEST(test_digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
