/* Formats of single values: what each predicate takes and what it does not. */
#include <string.h>

#include "schema/decode_format.h"
#include "tests/base/unit.h"

typedef bool (*predicate)(const char *text, size_t size);

/* Texts that hold and texts that do not, each list ended by NULL. */
static const struct {
	const char *name;
	predicate holds;
	const char *good[12], *bad[16];
} formats[] = {
	{ "label", format_is_label, { "a", "a-b", "0", "a--b" }, { "", "-a", "a-", "a.b", "A", "a_b", "\xc3\xa4" } },
	{ "service", format_is_service_name, { "a", "a1-b" }, { "", "1a", "a-" } },
	{ "subdomain", format_is_subdomain, { "a", "a.b", "1.2.3.4", "a-b.c" }, { "", ".", "a.", ".a", "a..b", "a.-b", "*.a" } },
	{ "hostname", format_is_hostname, { "a.b", "*.a", "*.a.b" }, { "*", "*.", "*a", "a.*", "**.a", "*.*.a", "", "a b", "a:80" } },
	{ "group", format_is_group, { "", "a.b" }, { "a/b", "A" } },
	{ "kind", format_is_kind, { "A", "HTTPRoute", "a-1" }, { "", "1A", "A-", "A_B", "-A" } },
	{ "header name", format_is_header_name, { "X-A", "!#$%&'*+-.^_`|~" }, { "", "a b", "a:", "a/", "\x7f" } },
	{ "header value", format_is_header_value, { "a", "a b", "a\tb", "!~" }, { "", " a", "a ", "a  b", "a\nb", "\x7f", "\xc3\xa4" } },
	{ "Host header", format_is_host_header, { "", "a", "A_b.c:80", "[::1]:80", "b\xc3\xbc" "cher.de" },
	  { "a b", "a\r\nx: y", "a\n", "\t", "\x7f", "a/b", "\"", "a@b", "a?" } },
	{ "duration", format_is_duration, { "0s", "1h2m3s4ms", "99999ms", "1m" },
	  { "", "1", "s", "100000s", "1.5s", "1d", "1h1m1s1ms1s", "1s ", "-1s", "1S" } },
	{ "controller", format_is_controller, { "a.b/c", "a/b/c", "a/~%!$&'()*+,;=:" }, { "", "a", "a/", "/a", "A/b", "a/b c", "a/@" } },
	{ "path", format_is_path, { "/", "/a%2f", "a", "/~!$&'()*+,;=:@" }, { "", "/ ", "/%", "/%2", "/%2g", "/#", "/?", "/[" } },
	{ "qualified name", format_is_qualified_name, { "a", "A_b.c", "a.b/C", "a/b" },
	  { "", "/a", "a/", "a/b/c", "A/b", "-a", "a-", "a b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } },
	{ "label value", format_is_label_value, { "", "a", "A_b.c-d" }, { "-a", "a-", "a b", "a/b" } },
	{ "ip", format_is_ip, { "1.2.3.4", "::1", "2001:db8::" }, { "", "1.2.3", "256.1.1.1", ":::", "a", "1.2.3.4 ", "[::1]" } },
	{ "cidr", format_is_cidr, { "10.0.0.0/8", "::/0", "1.2.3.4/32", "::1/128" },
	  { "", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "/8", "10.0.0.0/+8", "a/8", "10.0.0.0/-1" } },
};

static void each_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		for (size_t k = 0; k < COUNT(formats[i].good) && formats[i].good[k]; k++)
			if (!formats[i].holds(formats[i].good[k], strlen(formats[i].good[k])))
				fail_msg("%s refuses \"%s\"", formats[i].name, formats[i].good[k]);
		for (size_t k = 0; k < COUNT(formats[i].bad) && formats[i].bad[k]; k++)
			if (formats[i].holds(formats[i].bad[k], strlen(formats[i].bad[k])))
				fail_msg("%s takes \"%s\"", formats[i].name, formats[i].bad[k]);
	}
}

static void durations(void **state)
{
	(void)state;
	assert_int_equal(format_duration_ms("1h2m3s4ms"), 3723004);
	assert_int_equal(format_duration_ms("0s"), 0);
	assert_int_equal(format_duration_ms("99999h"), 99999LL * 3600000);
}

static void lengths_are_of_characters(void **state)
{
	(void)state;
	assert_int_equal(format_length("a\xc3\xa4\xf0\x9f\x98\x80", 7), 3);
	assert_int_equal(format_length("", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format),
		cmocka_unit_test(durations),
		cmocka_unit_test(lengths_are_of_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
