/* The validator that other tests lean on: rows of gateway-semantics 2, as proved on cloudflared itself. */
#include <string.h>

#include "base/str.h"
#include "tests/base/unit.h"
#include "tests/schema/cloudflared_rules.h"

static const char *judge(struct arena *arena, const char *text)
{
	struct json *config = NULL;

	assert_int_equal(json_parse(arena, text, strlen(text), &config, NULL), RC_OK);
	return cloudflared_refusal(arena, config);
}

#define LAST ",{\"service\":\"http_status:404\"}]}"

static const struct {
	const char *config, *refusal; /* its start; NULL: accepted */
} configs[] = {
	{"{}", NULL},
	{"{\"ingress\":[]}", NULL},
	{"{\"ingress\":[{\"service\":\"http_status:404\"}]}", NULL},
	{"{\"ingress\":[{\"hostname\":\"*\",\"service\":\"http_status:404\"}]}", NULL},
	{"{\"ingress\":[{\"hostname\":\"a\",\"service\":\"http_status:404\"}]}", "The last ingress rule"},
	{"{\"ingress\":[{\"path\":\"a\",\"service\":\"http_status:404\"}]}", "The last ingress rule"},
	{"{\"ingress\":[{\"service\":\"http://a\"}" LAST, "Rule #1 is matching the hostname ''"},
	{"{\"ingress\":[{\"hostname\":\"*\",\"service\":\"http://a\"}" LAST,
	 "Rule #1 is matching the hostname '*'"},
	{"{\"ingress\":[{\"hostname\":\"*\",\"path\":\".*\",\"service\":\"http://a\"}" LAST, NULL},
	{"{\"ingress\":[{\"hostname\":\"a*.b\",\"service\":\"http://a\"}" LAST, "Hostname patterns"},
	{"{\"ingress\":[{\"hostname\":\"*.*.b\",\"service\":\"http://a\"}" LAST, "Hostname patterns"},
	{"{\"ingress\":[{\"hostname\":\"a:80\",\"service\":\"http://a\"}" LAST, "Hostname cannot contain a port"},
	{"{\"ingress\":[{\"hostname\":\"a:b:c\",\"service\":\"http://a\"}" LAST, NULL},
	{"{\"ingress\":[{\"hostname\":\"a\",\"path\":\"(\",\"service\":\"http://a\"}" LAST,
	 "Rule #1 has an invalid regex"},
	{"{\"ingress\":[{\"hostname\":\"a\",\"service\":\"http://a\",\"originRequest\":{\"connectTimeout\":\"30s\"}}" LAST, "json"},
	{"{\"ingress\":[{\"hostname\":\"a\",\"service\":\"http://a\",\"originRequest\":{\"connectTimeout\":1.5}}" LAST, "json"},
	{"{\"ingress\":[{\"hostname\":\"a\",\"service\":\"\",\"originRequest\":{\"bastionMode\":true}}" LAST,
	 NULL},
	{"{\"ingress\":[{\"hostname\":\"a\",\"service\":\"http://a\","
	 "\"originRequest\":{\"access\":{\"required\":true,\"audTag\":[\"x\"]}}}" LAST, "access.TeamName"},
	{"{\"ingress\":[{\"hostname\":1,\"service\":\"http://a\"}" LAST, "json"},
	{"{\"ingress\":[{\"hostname\":\"a\"}" LAST, " is an invalid address"},
	{"{\"originRequest\":{\"noTLSVerify\":1}}", "json"},
};

static void configurations_are_judged_as_cloudflared_does(void **state)
{
	for (size_t i = 0; i < COUNT(configs); i++) {
		const char *refusal = judge(*state, configs[i].config);

		if (configs[i].refusal ? !str_has_prefix(str_or_empty(refusal),
							 configs[i].refusal) : refusal != NULL)
			fail_msg("%s: %s", configs[i].config, refusal ? refusal : "accepted");
	}
}

static const char *const taken[] = {
	"http://a", "https://a:443", "http://a:", "http://a:0", "http://a:99999", "http://a?q=1", "http://a#f",
	"http://user:pw@a", "HTTP://a", "foo://a", "tcp://a:1", "ssh://a", "http_status:404", "http_status:+404",
	"http_status:0404", "unix:/x", "unix:", "unix+tls:/x", "hello_world", "hello-world", "bastion", "socks-proxy",
	"http://[::1]:80",
};
static const char *const refused[] = {
	"", "a", "a:80", "localhost:80", "127.0.0.1:80", "http://", "http://:80", "http_status", "http_status:1000",
	"http_status:abc", "http_status:", "http_status:99", "http://a/", "http://a/b", "http://a:x", "http://a b",
	"http://a%20b",
};

static void services_are_judged_as_cloudflared_does(void **state)
{
	for (size_t i = 0; i < COUNT(taken); i++)
		if (cloudflared_service_refusal(*state, taken[i]))
			fail_msg("%s is refused", taken[i]);
	for (size_t i = 0; i < COUNT(refused); i++)
		if (!cloudflared_service_refusal(*state, refused[i]))
			fail_msg("%s is taken", refused[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(configurations_are_judged_as_cloudflared_does),
		ARENA_TEST(services_are_judged_as_cloudflared_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
