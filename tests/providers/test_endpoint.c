/* Which URLs are acceptable, which may receive a token unasked; and what messages never show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "providers/endpoint.h"
#include "providers/open.h"
#include "providers/redact.h"

static const struct {
	const char *url;
	bool is_valid, is_trusted;
	const char *normal;
} urls[] = {
	{"cnap", true, true, "https://dash.cnap.tech/api/cloudflare"},
	{"https://dash.cnap.tech/api/cloudflare/", true, true, "https://dash.cnap.tech/api/cloudflare"},
	{"https://dash.cnap.tech/other", true, false, "https://dash.cnap.tech/other"},
	{"https://api.cloudflare.com/client/v4", true, true, "https://api.cloudflare.com/client/v4"},
	{"https://api.cloudflare.com/client/v4//", true, true, "https://api.cloudflare.com/client/v4"},
	{"https://API.Cloudflare.com:443/client/v4", true, true, "https://api.cloudflare.com/client/v4"},
	{"https://api.cloudflare.com:8443/client/v4", true, false, "https://api.cloudflare.com:8443/client/v4"},
	{"http://api.cloudflare.com/client/v4", false, false, NULL},
	{"https://api.cloudflare.com.example.net/client/v4", true, false, "https://api.cloudflare.com.example.net/client/v4"},
	{"https://proxy.example.com", true, false, "https://proxy.example.com"},
	{"http://proxy.example.com", false, false, NULL},
	{"http://10.0.0.1/client/v4", false, false, NULL},
	{"http://127.0.0.1:8080/client/v4", true, true, "http://127.0.0.1:8080/client/v4"},
	{"http://127.9.9.9/", true, true, "http://127.9.9.9"},
	{"http://localhost:80/x/", true, true, "http://localhost/x"},
	{"https://localhost:8443", true, true, "https://localhost:8443"},
	{"http://[::1]:9/client/v4", true, true, "http://[::1]:9/client/v4"},
	{"http://[::2]:9/client/v4", false, false, NULL},
	{"http://localhost.example.com/", false, false, NULL},
	{"http://127.0.0.1.example.com/", false, false, NULL},
	{"https://user@api.cloudflare.com/client/v4", false, false, NULL},
	{"https://user:word@api.cloudflare.com/client/v4", false, false, NULL},
	{"https://api.cloudflare.com/client/v4?x=1", false, false, NULL},
	{"https://api.cloudflare.com/client/v4?", false, false, NULL},
	{"https://api.cloudflare.com/client/v4#x", false, false, NULL},
	{"https://api.cloudflare.com\\@evil.example/", false, false, NULL},
	{"https://evil.example/\r\nHost: api.cloudflare.com", false, false, NULL},
	{"ftp://127.0.0.1/", false, false, NULL},
	{"file:///etc/passwd", false, false, NULL},
	{"//127.0.0.1/", false, false, NULL},
	{"dev:", false, false, NULL},
	{"", false, false, NULL},
	{NULL, false, false, NULL},
};

static void urls_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct url_verdict verdict;

		assert_int_equal(provider_judge_url(NULL, urls[i].url, &verdict), RC_OK);
		if (verdict.is_valid != urls[i].is_valid)
			fail_msg("%s: valid", urls[i].url);
		if (verdict.is_trusted != urls[i].is_trusted)
			fail_msg("%s: trusted", urls[i].url);
	}
}

static void urls_have_a_normal_form(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct endpoint endpoint;

		if (!urls[i].normal)
			continue;
		assert_int_equal(endpoint_parse(arena, urls[i].url, &endpoint), RC_OK);
		assert_string_equal(endpoint.url, urls[i].normal);
	}
	arena_free(arena);
}

static void secrets_are_taken_out(void **state)
{
	static const struct {
		const char *text, *line;
	} cases[] = {
		{"nothing", "nothing"},
		{"a abcDEF123 b", "a [redacted] b"},
		{"abcDEF123abcDEF123", "[redacted][redacted]"},
		{"abcDEF1234 is longer", "[redacted] is longer"},
		{"Authorization: Bearer x.y-z_1/2=\r\nnext", "Authorization: Bearer [redacted]\xef\xbf\xbd\xef\xbf\xbdnext"},
		{"bearer ", "bearer "},
		{"BEARER q", "BEARER [redacted]"},
		{"the key s3cret/key", "the key [redacted]"},
		{"esc \033[31m", "esc \xef\xbf\xbd[31m"},
	};
	const char *secrets[] = {"abcDEF123", "abcDEF1234", NULL, "", "s3cret/key"};
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(redact_line(arena, cases[i].text, secrets, 5), cases[i].line);
	arena_free(arena);
}

static void long_lines_are_cut_between_characters(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	char text[3001];
	const char *line;

	(void)state;
	for (size_t i = 0; i < 3000; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	text[3000] = '\0';
	line = redact_line(arena, text, NULL, 0);
	assert_int_equal(strlen(line), 999 + 3);
	assert_string_equal(line + 996, "\xe2\x82\xac...");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_judged),
		cmocka_unit_test(urls_have_a_normal_form),
		cmocka_unit_test(secrets_are_taken_out),
		cmocka_unit_test(long_lines_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
