/* The native Tunnel: what cloudflared refuses or silently breaks is refused; the rest becomes a typed value. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tests/base/unit.h"
#include "tests/schema/decoding.h"

#define DECODING_TEST(function) cmocka_unit_test_setup_teardown(function, decoding_setup, decoding_teardown)
#define HEAD "apiVersion: adit.cnap.tech/v1\nkind: Tunnel\nmetadata: {name: edge}\n"

/* A value in its place, and the code that refuses it (NULL: taken). */
struct value_case {
	const char *value, *code;
};

static void check_values(struct decoding *decoding, const char *before, const char *after, const struct value_case *cases,
			 size_t count)
{
	size_t failed = 0;
	char yaml[4096];

	for (size_t i = 0; i < count; i++) {
		snprintf(yaml, sizeof(yaml), HEAD "%s%s%s", before, cases[i].value, after);
		decoding_one(decoding, yaml);
		if ((cases[i].code && !decoding_diag(decoding, cases[i].code)) ||
		    decoding->run.diags.error_count != (cases[i].code ? 1 : 0) ||
		    decoding->objects.tunnel_count != (cases[i].code ? 0 : 1)) {
			print_error("%s: expected %s\n", cases[i].value, cases[i].code ? cases[i].code : "no error");
			decoding_print(decoding);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

static void services(void **state)
{
	static const struct value_case cases[] = {
		{ "http://web.default:8080", NULL }, { "https://web", NULL }, { "ws://w", NULL }, { "wss://w:1", NULL },
		{ "tcp://w:65535", NULL }, { "ssh://w", NULL }, { "rdp://w", NULL }, { "smb://w", NULL },
		{ "http://10.0.0.1:80", NULL }, { "'http://[::1]:80'", NULL }, { "http://under_score.a", NULL },
		{ "http://a.default.svc.cluster.local.:80", NULL }, { "unix:/run/app.sock", NULL },
		{ "unix+tls:/run/app.sock", NULL }, { "http_status:404", NULL }, { "http_status:100", NULL },
		{ "http_status:999", NULL }, { "hello_world", NULL }, { "hello-world", NULL }, { "bastion", NULL },
		{ "socks-proxy", NULL },
		/* what cloudflared refuses */
		{ "''", "A0140" }, { "a", "A0148" }, { "a:80", "A0148" }, { "localhost:80", "A0148" }, { "http://", "A0148" },
		{ "http://:80", "A0148" }, { "http_status", "A0148" }, { "127.0.0.1:80", "A0148" }, { "http://a/", "A0148" },
		{ "http://a/b", "A0148" }, { "http://a:x", "A0148" }, { "http://a b", "A0148" }, { "http://a%20b", "A0148" },
		{ "http_status:1000", "A0148" }, { "http_status:abc", "A0148" }, { "http_status:099", "A0148" },
		/* what it takes and then breaks */
		{ "'http://a:'", "A0148" }, { "http://a:0", "A0148" }, { "http://a:99999", "A0148" }, { "http://a?q=1", "A0148" },
		{ "'http://a#f'", "A0148" }, { "http://user:pw@a", "A0148" }, { "HTTP://a", "A0148" }, { "foo://a", "A0148" },
		{ "h2c://a", "A0148" }, { "grpc://a", "A0148" }, { "udp://a", "A0148" }, { "'unix:'", "A0148" },
		{ "unix:run/a", "A0148" }, { "unix+tls:/", "A0148" }, { "http_status:+404", "A0148" },
		{ "http_status:0404", "A0148" }, { "http://a..b", "A0148" }, { "http://.a", "A0148" }, { "'http://[::1'", "A0148" },
		{ "'http://[a]:80'", "A0148" }, { "'http://[::1]80'", "A0148" }, { "'http://::1:80'", "A0148" },
		{ "8080", "A0135" },
	};

	check_values(*state, "spec: {ingress: [{hostname: a, service: ", "}]}\n", cases, COUNT(cases));
	check_values(*state, "spec: {catchAll: ", "}\n", cases, COUNT(cases));
}

static void hostnames(void **state)
{
	static const struct value_case cases[] = {
		{ "app.example.com", NULL }, { "'*.apps.example.com'", NULL }, { "xn--bcher-kva.example.com", NULL },
		{ "'*'", "A0137" }, { "'*example.com'", "A0137" }, { "'*.*.a'", "A0137" }, { "'a*.b'", "A0137" },
		{ "App.example.com", "A0137" }, { "a.com.", "A0137" }, { "'a:80'", "A0137" }, { "https://a", "A0137" },
		{ "a.com/path", "A0137" }, { "bücher.de", "A0137" }, { "1.2.3.4", "A0137" }, { "'[::1]'", "A0137" }, { "''", "A0140" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", NULL },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", "A0137" },
	};

	check_values(*state, "spec: {ingress: [{service: http://a, hostname: ", "}]}\n", cases, COUNT(cases));
}

static void paths(void **state)
{
	static const struct value_case cases[] = {
		{ "path: /api", NULL }, { "path: /api, pathType: Exact", NULL }, { "path: 'a(b|c)$', pathType: RegularExpression", NULL },
		{ "path: api", "A0143" }, { "path: /a//b, pathType: Exact", "A0143" }, { "path: ''", "A0140" },
		{ "path: '/a b'", "A0143" }, { "path: /a, pathType: Regex", "A0138" }, { "hostname: a, pathType: Exact", "A0149" },
		{ "path: 'a(', pathType: RegularExpression", "A0153" },
		{ "path: '(?=a)', pathType: RegularExpression", "A0153" },
		/* valid in one form only: wrapped, and alone */
		{ "path: 'a)|(?:.*', pathType: RegularExpression", "A0153" },
		{ "path: '\\Qabc', pathType: RegularExpression", "A0153" },
	};

	check_values(*state, "spec: {ingress: [{service: http://a, ", "}]}\n", cases, COUNT(cases));
}

static void origin_requests(void **state)
{
	static const struct value_case cases[] = {
		{ "{}", NULL }, { "{connectTimeout: 10s, tlsTimeout: 1m30s, tcpKeepAlive: 0, keepAliveTimeout: 24h}", NULL },
		{ "{connectTimeout: 500ms}", "A0137" }, { "{connectTimeout: 1.5}", "A0137" }, { "{connectTimeout: -1}", "A0137" },
		{ "{connectTimeout: soon}", "A0137" }, { "{connectTimeout: [1]}", "A0135" }, { "{connectTimeout: true}", "A0135" },
		{ "{keepAliveConnections: 100}", NULL }, { "{keepAliveConnections: 10s}", "A0135" }, { "{keepAliveConnections: -1}", "A0139" },
		{ "{noHappyEyeballs: true, noTLSVerify: true, disableChunkedEncoding: true, bastionMode: true, http2Origin: true, "
		  "matchSNItoHost: true}", NULL },
		{ "{noTLSVerify: 'true'}", "A0135" }, { "{noTlsVerify: true}", "A0134" }, { "{NoTLSVerify: true}", "A0134" },
		{ "{httpHostHeader: a, originServerName: b, caPool: /c, proxyAddress: 127.0.0.1}", NULL },
		{ "{httpHostHeader: ''}", NULL }, { "{httpHostHeader: \"a\\r\\nx: y\"}", "A0137" }, { "{httpHostHeader: a b}", "A0137" },
		{ "{proxyPort: 65535, proxyType: socks}", NULL }, { "{proxyPort: 65536}", "A0139" }, { "{proxyType: http}", "A0138" },
		{ "{ipRules: [{prefix: 10.0.0.0/8, ports: [80, 443], allow: true}, {prefix: '::/0'}]}", NULL },
		{ "{ipRules: [{prefix: 10.0.0.0}]}", "A0137" }, { "{ipRules: [{prefix: 10.0.0.0/33}]}", "A0137" },
		{ "{ipRules: [{allow: true}]}", "A0136" },
	};
	static const struct value_case rule_cases[] = {
		{ "{access: {required: true, teamName: t, audTag: [a]}}", NULL }, { "{access: {required: true, audTag: [a]}}", "A0136" },
		{ "{access: {required: true, teamName: t}}", "A0136" }, { "{access: {teamName: t, audTag: []}}", "A0141" },
		{ "{access: {teamName: t, audTag: a}}", "A0135" },
	};
	/* cloudflared ignores it there */
	static const struct value_case top_cases[] = { { "{access: {required: true, teamName: t, audTag: [a]}}", "A0143" } };
	const char *rule = "spec: {ingress: [{hostname: a, service: http://a, originRequest: ";

	check_values(*state, rule, "}]}\n", cases, COUNT(cases));
	check_values(*state, rule, "}]}\n", rule_cases, COUNT(rule_cases));
	check_values(*state, "spec: {originRequest: ", "}\n", cases, COUNT(cases));
	check_values(*state, "spec: {originRequest: ", "}\n", top_cases, COUNT(top_cases));
}

static void shapes(void **state)
{
	static const struct value_case cases[] = {
		{ "{}", NULL }, { "{ingress: []}", NULL }, { "{ingress: [{path: /a, service: http://a}]}", NULL },
		{ "{ingress: [{service: http://a}]}", "A0149" },
		{ "{ingress: [{service: http://a}, {hostname: b, service: http://b}]}", "A0149" },
		{ "{ingress: [{hostname: a}]}", "A0136" }, { "{ingress: {hostname: a}}", "A0135" },
		{ "{ingress: [{host: a, hostname: a, service: http://a}]}", "A0134" }, { "{rules: []}", "A0134" },
		{ "{account: main, dns: false}", NULL }, { "{dns: 'false'}", "A0135" }, { "{account: ''}", "A0140" },
	};

	check_values(*state, "spec: ", "\n", cases, COUNT(cases));
}

static void a_tunnel(void **state)
{
	struct decoding *decoding = *state;
	const struct native_tunnel *tunnel;

	decoding_one(decoding, HEAD "spec:\n  account: main\n  ingress:\n"
		     "  - {hostname: app.example.com, path: /api, pathType: Exact, service: 'http://web:8080'}\n"
		     "  - hostname: '*.example.com'\n    service: https://proxy:8443\n"
		     "    originRequest: {noTLSVerify: true, connectTimeout: 10s, httpHostHeader: null}\n"
		     "  catchAll: http_status:503\n  dns: false\n  originRequest: {keepAliveTimeout: 2m}\n");
	assert_int_equal(decoding->objects.tunnel_count, 1);
	tunnel = decoding->objects.tunnels[0];
	assert_string_equal(tunnel->meta.name_space, "");
	assert_string_equal(tunnel->meta.key, "edge");
	assert_string_equal(tunnel->account, "main");
	assert_int_equal(tunnel->account_span.line, 5);
	assert_int_equal(tunnel->rule_count, 2);
	assert_int_equal(tunnel->rules[0].path_type, PATH_EXACT);
	assert_int_equal(tunnel->rules[0].service_span.line, 7);
	assert_null(tunnel->rules[0].origin_request);
	assert_null(tunnel->rules[1].path);
	assert_int_equal(tunnel->rules[1].path_type, PATH_PREFIX);
	assert_int_equal(json_count(tunnel->rules[1].origin_request), 2);
	assert_int_equal(json_get_int(tunnel->rules[1].origin_request, "connectTimeout", 0), 10);
	assert_true(json_get_bool(tunnel->rules[1].origin_request, "noTLSVerify", false));
	assert_string_equal(tunnel->catch_all, "http_status:503");
	assert_int_equal(tunnel->catch_all_span.line, 11);
	assert_false(tunnel->dns);
	assert_int_equal(json_get_int(tunnel->origin_request, "keepAliveTimeout", 0), 120);
	decoding_one(decoding, HEAD "spec: {}\n");
	tunnel = decoding->objects.tunnels[0];
	assert_string_equal(tunnel->catch_all, "http_status:404");
	assert_true(tunnel->dns);
	assert_null(tunnel->account);
	assert_null(tunnel->origin_request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(services), DECODING_TEST(hostnames), DECODING_TEST(paths), DECODING_TEST(origin_requests),
		DECODING_TEST(shapes), DECODING_TEST(a_tunnel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
