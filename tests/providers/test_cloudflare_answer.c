/* Answers of the API, as bytes: class, words and values of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "providers/cloudflare_answer.h"
#include "providers/cloudflare_request.h"

#define TOKEN "t0ken-Of-The-Test_0123456789abcdef"
#define SECRET "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I="
#define TUNNEL_JSON "{\"id\":\"f174e90a-fafe-4643-bbbc-4a0ed4fc8415\",\"name\":\"shop\"}"
#define RECORD_JSON "{\"id\":\"372e67954025e0ba6aaa6d586b9e0b59\",\"name\":\"a.example.com\",\"type\":\"CNAME\"}"
#define OK(result) "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":" result "}"
#define NO(code, message) \
	"{\"success\":false,\"errors\":[{\"code\":" #code ",\"message\":\"" message "\"}],\"messages\":[],\"result\":null}"

static struct wire_context context = {.token = TOKEN, .host = "api.test"};

/** One answer as the transport hands it over. */
struct answering {
	struct arena *arena;
	struct call call;
	struct http_answer answer;
};

static int setup(void **state)
{
	struct answering *test = calloc(1, sizeof(*test));

	if (!test)
		return -1;
	test->arena = arena_new((size_t)1 << 30);
	context.scratch = arena_new((size_t)1 << 30);
	*state = test;
	return test->arena && context.scratch ? 0 : -1;
}

static int teardown(void **state)
{
	struct answering *test = *state;

	strbuf_done(&test->answer.body);
	arena_free(context.scratch);
	arena_free(test->arena);
	free(test);
	return 0;
}

static enum rc take(struct answering *test, enum call_kind kind, int status, const char *body)
{
	strbuf_done(&test->answer.body);
	memset(&test->answer, 0, sizeof(test->answer));
	test->answer.status = status;
	test->answer.maybe_executed = status == 408 || status >= 500;
	strcpy(test->answer.content_type, "application/json");
	strbuf_adds(&test->answer.body, body);
	test->call = (struct call){.kind = kind, .arena = test->arena, .message = "", .secret = SECRET,
				   .zone_id = "023e105f4ecef8ad9ca31a8372d0c353"};
	test->call.rc = answer_take(&context, &test->call, &test->answer);
	return test->call.rc;
}

static void holds(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" does not hold \"%s\"", text ? text : "(null)", part);
}

#define HTML "<html><body>bad gateway</body></html>"
#define NEED_TUNNEL_EDIT "Account: Cloudflare Tunnel: Edit"
#define NEED_TUNNEL_READ "Account: Cloudflare Tunnel: Read"

static const struct failure {
	enum call_kind kind;
	int status;
	const char *body;
	enum rc rc;
	int code;
	const char *needs, *words;
} failures[] = {
	/* the token */
	{CALL_TUNNEL_GET, 401, NO(1000, "Invalid API Token"), RC_DENIED, 1000, NULL, "the token is not valid: Invalid API Token"},
	{CALL_TUNNEL_GET, 401, "", RC_DENIED, 0, NULL, "the token is not valid"},
	{CALL_TUNNEL_GET, 400,
	 "{\"success\":false,\"errors\":[{\"code\":6003,\"message\":\"Invalid request headers\",\"error_chain\":"
	 "[{\"code\":6111,\"message\":\"Invalid format for Authorization header\"}]}]}",
	 RC_DENIED, 6003, NULL, "Invalid request headers (code 6003): Invalid format for Authorization header (code 6111)"},
	{CALL_TUNNEL_GET, 403, NO(10000, "Authentication error"), RC_DENIED, 10000, NEED_TUNNEL_READ,
	 "the token lacks the permission \"Account: Cloudflare Tunnel: Read\" (Edit includes it): Authentication error"},
	{CALL_TUNNEL_CREATE, 403, NO(10000, "Authentication error"), RC_DENIED, 10000, NEED_TUNNEL_EDIT, "Tunnel: Edit\""},
	{CALL_TUNNEL_TOKEN, 403, "", RC_DENIED, 0, NEED_TUNNEL_EDIT, "lacks the permission"},
	{CALL_CONFIG_GET, 403, HTML, RC_DENIED, 0, NEED_TUNNEL_READ, "lacks"},
	{CALL_CONFIG_PUT, 400, NO(10000, "Authentication error"), RC_DENIED, 10000, NEED_TUNNEL_EDIT, "lacks"},
	{CALL_CONNECTIONS_DELETE, 403, "", RC_DENIED, 0, NEED_TUNNEL_EDIT, "lacks"},
	{CALL_ZONE_GET, 403, "", RC_DENIED, 0, "Zone: Zone: Read", "lacks"},
	{CALL_RECORD_GET, 403, "", RC_DENIED, 0, "Zone: DNS: Read", "lacks"},
	{CALL_RECORD_BATCH, 403, "", RC_DENIED, 0, "Zone: DNS: Edit", "lacks"},
	{CALL_TOKEN_VERIFY, 403, NO(9109, "Unauthorized"), RC_DENIED, 9109, NULL, "Unauthorized (code 9109)"},
	/* there already */
	{CALL_TUNNEL_CREATE, 409, NO(1013, "You already have a tunnel with this name"), RC_EXISTS, 1013, NULL,
	 "You already have a tunnel with this name (code 1013)"},
	{CALL_TUNNEL_CREATE, 409, "", RC_EXISTS, 0, NULL, "HTTP 409 from api.test"},
	{CALL_TUNNEL_DELETE, 409, "", RC_CONFLICT, 0, NULL, "HTTP 409"},
	{CALL_RECORD_CREATE, 400, NO(81053, "An A, AAAA, or CNAME record with that host already exists."), RC_EXISTS, 81053,
	 NULL, "already exists."},
	{CALL_RECORD_CREATE, 400, NO(81054, "x"), RC_EXISTS, 81054, NULL, "x"},
	{CALL_RECORD_PATCH, 400, NO(81057, "x"), RC_EXISTS, 81057, NULL, "x"},
	{CALL_RECORD_BATCH, 400, NO(81058, "An identical record already exists."), RC_EXISTS, 81058, NULL, "identical"},
	/* in the way, not there, too many */
	{CALL_TUNNEL_DELETE, 400, NO(1022, "Cannot delete tunnel because it has active connections"), RC_CONFLICT, 1022, NULL,
	 "active connections"},
	{CALL_TUNNEL_DELETE, 400, NO(1023, "x"), RC_CONFLICT, 1023, NULL, "x"},
	{CALL_TUNNEL_GET, 404, NO(1003, "Tunnel not found"), RC_NOTFOUND, 1003, NULL, "Tunnel not found"},
	{CALL_CONFIG_GET, 404, NO(1003, "Tunnel not found"), RC_NOTFOUND, 1003, NULL, "Tunnel not found"},
	{CALL_RECORD_GET, 404, NO(81044, "Record does not exist."), RC_NOTFOUND, 81044, NULL, "exist"},
	{CALL_RECORD_BATCH, 400, NO(81044, "Record does not exist."), RC_NOTFOUND, 81044, NULL, "exist"},
	{CALL_ZONE_GET, 404, "{\"success\":false,\"errors\":[]}", RC_NOTFOUND, 0, NULL, "without a reason"},
	{CALL_RECORD_CREATE, 400, NO(81045, "The record quota has been exceeded."), RC_LIMIT, 81045, NULL, "quota"},
	{CALL_TUNNEL_CREATE, 400, NO(1234, "Account quota has been reached"), RC_LIMIT, 1234, NULL, "quota"},
	{CALL_RECORD_CREATE, 400,
	 "{\"errors\":[{\"code\":1004,\"message\":\"DNS Validation Error\",\"error_chain\":[{\"code\":9300,\"message\":"
	 "\"DNS record has 1 tags, exceeding the quota of 0.\"}]}],\"success\":false}",
	 RC_INVALID, 1004, NULL, "DNS Validation Error (code 1004): DNS record has 1 tags, exceeding the quota of 0. (code 9300)"},
	/* what the other side does not know; a page of something in between proves nothing about what is there */
	{CALL_TUNNEL_GET, 404, HTML, RC_UNSUPPORTED, 0, NULL, "HTTP 404 from api.test without an answer in JSON"},
	{CALL_RECORD_DELETE, 404, HTML, RC_UNSUPPORTED, 0, NULL, "HTTP 404"},
	{CALL_RECORD_DELETE, 404, NO(7003, "Could not route to /client/v4/x"), RC_UNSUPPORTED, 7003, NULL, "route"},
	{CALL_RECORD_BATCH, 404, NO(1, "no"), RC_UNSUPPORTED, 1, NULL, "no"},
	{CALL_RECORD_BATCH, 405, NO(10000, "POST method not allowed"), RC_UNSUPPORTED, 10000, NULL, "not allowed"},
	{CALL_RECORD_BATCH, 400, NO(7000, "No route for that URI"), RC_UNSUPPORTED, 7000, NULL, "No route"},
	{CALL_RECORD_BATCH, 400, NO(7003, "Could not route"), RC_UNSUPPORTED, 7003, NULL, "route"},
	/* wrong requests */
	{CALL_CONFIG_PUT, 400, NO(1056, "Bad Configuration: Validation failed: x"), RC_INVALID, 1056, NULL, "Bad Configuration"},
	{CALL_RECORD_CREATE, 400, "", RC_INVALID, 0, NULL, "HTTP 400"},
	{CALL_RECORD_CREATE, 422, "{\"error\":{\"code\":\"invalid\",\"message\":\"no such zone\"}}", RC_INVALID, 0, NULL,
	 "no such zone"},
	{CALL_RECORD_CREATE, 400, "{\"error\":\"plain words\"}", RC_INVALID, 0, NULL, "plain words"},
	/* a failure is one under any status */
	{CALL_TUNNEL_GET, 200, NO(1003, "Tunnel not found"), RC_NOTFOUND, 1003, NULL, "Tunnel not found"},
	{CALL_TUNNEL_CREATE, 200, NO(1013, "taken"), RC_EXISTS, 1013, NULL, "taken"},
	{CALL_TUNNEL_CREATE, 200, "{\"success\":false}", RC_INVALID, 0, NULL, "HTTP 200 from api.test without a reason"},
	/* the server's trouble: a read failed, a write is in doubt */
	{CALL_TUNNEL_GET, 502, HTML, RC_UNAVAILABLE, 0, NULL, "HTTP 502 from api.test without an answer in JSON"},
	{CALL_TUNNEL_GET, 500, "", RC_UNAVAILABLE, 0, NULL, "HTTP 500"},
	{CALL_TUNNEL_GET, 503, NO(1, "busy"), RC_UNAVAILABLE, 1, NULL, "busy (code 1)"},
	{CALL_TUNNEL_GET, 429, "{\"code\":10100,\"message\":\"More than 1200 requests\"}", RC_UNAVAILABLE, 10100, NULL,
	 "More than 1200 requests (code 10100); the rate limit was not lifted in time"},
	{CALL_TUNNEL_CREATE, 502, HTML, RC_UNKNOWN_OUTCOME, 0, NULL, "it may have been done all the same"},
	{CALL_TUNNEL_CREATE, 408, "", RC_UNKNOWN_OUTCOME, 0, NULL, "it may have been done"},
	{CALL_CONFIG_PUT, 500, NO(1, "internal"), RC_UNKNOWN_OUTCOME, 1, NULL, "internal (code 1); it may have been done"},
	{CALL_RECORD_BATCH, 504, "", RC_UNKNOWN_OUTCOME, 0, NULL, "HTTP 504"},
	{CALL_TUNNEL_CREATE, 429, "", RC_UNAVAILABLE, 0, NULL, "rate limit"},
	/* a success that cannot be read */
	{CALL_TUNNEL_GET, 200, HTML, RC_CORRUPT, 0, NULL, "without an answer in JSON (application/json, 37 bytes)"},
	{CALL_TUNNEL_GET, 200, "", RC_CORRUPT, 0, NULL, "0 bytes"},
	{CALL_TUNNEL_GET, 200, "[]", RC_CORRUPT, 0, NULL, "without an answer in JSON"},
	{CALL_TUNNEL_GET, 200, "{\"success\":true", RC_CORRUPT, 0, NULL, "without an answer in JSON"},
	{CALL_TUNNEL_GET, 200, "{\"success\":\"yes\",\"result\":" TUNNEL_JSON "}", RC_CORRUPT, 0, NULL, "success that is true"},
	{CALL_TUNNEL_GET, 200, OK("null"), RC_CORRUPT, 0, NULL, "an object is missing or wrong"},
	{CALL_TUNNEL_GET, 200, "{\"success\":true}", RC_CORRUPT, 0, NULL, "an object"},
	{CALL_TUNNEL_GET, 200, OK("[]"), RC_CORRUPT, 0, NULL, "an object"},
	{CALL_TUNNEL_GET, 200, OK("{\"name\":\"x\"}"), RC_CORRUPT, 0, NULL, "id that is an id"},
	{CALL_TUNNEL_GET, 200, OK("{\"id\":7,\"name\":\"x\"}"), RC_CORRUPT, 0, NULL, "id that is an id"},
	{CALL_TUNNEL_GET, 200, OK("{\"id\":\"../x\",\"name\":\"x\"}"), RC_CORRUPT, 0, NULL, "id that is an id"},
	{CALL_TUNNEL_GET, 200, OK("{\"id\":\"a?b\",\"name\":\"x\"}"), RC_CORRUPT, 0, NULL, "id that is an id"},
	{CALL_TUNNEL_GET, 200, OK("{\"id\":\"\",\"name\":\"x\"}"), RC_CORRUPT, 0, NULL, "id that is an id"},
	{CALL_TUNNEL_GET, 200, OK("{\"id\":\"0123456789012345678901234567890123456789012345678901234567890123x\",\"name\":\"x\"}"),
	 RC_CORRUPT, 0, NULL, "id that is an id"},
	{CALL_TUNNEL_GET, 200, OK("{\"id\":\"a\",\"name\":{}}"), RC_CORRUPT, 0, NULL, "name that is a string"},
	{CALL_TUNNEL_GET, 200, OK("{\"id\":\"a\",\"name\":\"x\",\"remote_config\":1}"), RC_CORRUPT, 0, NULL, "remote_config"},
	{CALL_ZONE_GET, 200, OK("{\"id\":\"a\",\"name\":\"x\",\"plan\":7}"), RC_CORRUPT, 0, NULL, "plan.legacy_id"},
	{CALL_RECORD_GET, 200, OK("{\"id\":\"a\",\"name\":\"x\",\"type\":\"A\",\"ttl\":\"1\"}"), RC_CORRUPT, 0, NULL, "ttl"},
	{CALL_RECORD_GET, 200, OK("{\"id\":\"a\",\"name\":\"x\",\"type\":\"A\",\"ttl\":1.5}"), RC_CORRUPT, 0, NULL, "ttl"},
	{CALL_RECORD_GET, 200, OK("{\"id\":\"a\",\"name\":\"x\",\"type\":\"A\",\"tags\":[1]}"), RC_CORRUPT, 0, NULL, "tags"},
	{CALL_RECORD_GET, 200, OK("{\"id\":\"a\",\"name\":\"x\",\"type\":\"A\",\"comment\":[]}"), RC_CORRUPT, 0, NULL, "comment"},
	{CALL_CONFIG_GET, 200, OK("{\"version\":\"3\"}"), RC_CORRUPT, 0, NULL, "version"},
	{CALL_CONFIG_GET, 200, OK("{\"config\":[]}"), RC_CORRUPT, 0, NULL, "config that is an object"},
	{CALL_CONNECTIONS_GET, 200, OK("{}"), RC_CORRUPT, 0, NULL, "an array"},
	{CALL_CONNECTIONS_GET, 200, OK("[{\"id\":\"a\",\"conns\":{}}]"), RC_CORRUPT, 0, NULL, "conns"},
	{CALL_TUNNEL_TOKEN, 200, OK("{}"), RC_CORRUPT, 0, NULL, "result that is a token"},
	{CALL_TUNNEL_TOKEN, 200, OK("\"\""), RC_CORRUPT, 0, NULL, "result that is a token"},
	{CALL_TUNNEL_TOKEN, 200, OK("\"a\\nb\""), RC_CORRUPT, 0, NULL, "result that is a token"},
	{CALL_TOKEN_VERIFY, 200, OK("{}"), RC_CORRUPT, 0, NULL, "result.status"},
	/* ... of a write leaves it in doubt */
	{CALL_TUNNEL_CREATE, 200, HTML, RC_UNKNOWN_OUTCOME, 0, NULL, "it may have been done"},
	{CALL_TUNNEL_CREATE, 200, "", RC_UNKNOWN_OUTCOME, 0, NULL, "it may have been done"},
	{CALL_TUNNEL_CREATE, 200, OK("{}"), RC_UNKNOWN_OUTCOME, 0, NULL, "id that is an id"},
	{CALL_CONFIG_PUT, 200, OK("null"), RC_UNKNOWN_OUTCOME, 0, NULL, "an object"},
	/* never followed */
	{CALL_TUNNEL_GET, 302, "", RC_UNAVAILABLE, 0, NULL, "HTTP 302 from api.test: a redirect is not followed"},
	{CALL_TUNNEL_CREATE, 301, OK(TUNNEL_JSON), RC_UNAVAILABLE, 0, NULL, "is not followed"},
};

static void failures_have_class_and_words(void **state)
{
	struct answering *test = *state;

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		const struct failure *expected = &failures[i];
		enum rc rc = take(test, expected->kind, expected->status, expected->body);

		if (rc != expected->rc || test->call.code != expected->code ||
		    !str_eq(test->call.needs, expected->needs) || test->call.http_status != expected->status)
			fail_msg("%s, %d %s: %s, code %d, needs %s", call_kind_text(expected->kind), expected->status,
				 expected->body, rc_name(rc), test->call.code, str_or_empty(test->call.needs));
		holds(test->call.message, expected->words);
	}
}

static void successes_have_no_words(void **state)
{
	static const struct {
		enum call_kind kind;
		int status;
		const char *body;
	} cases[] = {
		{CALL_TUNNEL_GET, 200, OK(TUNNEL_JSON)},
		{CALL_TUNNEL_GET, 200, "{\"result\":" TUNNEL_JSON ",\"errors\":null,\"success\":true}"},
		{CALL_TUNNEL_CREATE, 201, OK(TUNNEL_JSON)},
		{CALL_TUNNEL_DELETE, 200, OK("null")},
		{CALL_TUNNEL_DELETE, 204, ""},
		{CALL_TUNNEL_DELETE, 404, NO(1003, "Tunnel not found")},
		{CALL_RECORD_DELETE, 200, "{\"result\":{\"id\":\"372e67954025e0ba6aaa6d586b9e0b59\"}}"},
		{CALL_RECORD_DELETE, 404, NO(81044, "Record does not exist.")},
		{CALL_CONNECTIONS_DELETE, 200, OK("null")},
		{CALL_CONNECTIONS_GET, 200, OK("null")},
		{CALL_CONNECTIONS_GET, 200, OK("[]")},
		{CALL_CONFIG_GET, 404, NO(1055, "Configuration for tunnel not found")},
		{CALL_CONFIG_GET, 200, OK("{}")},
	};
	struct answering *test = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum rc rc = take(test, cases[i].kind, cases[i].status, cases[i].body);

		if (rc || *test->call.message || test->call.code)
			fail_msg("%s: %s: %s", cases[i].body, rc_name(rc), test->call.message);
	}
}

/** An earlier try whose answer was lost may have done it; only "it is gone" still means that. */
static void a_lost_try_leaves_writes_in_doubt(void **state)
{
	static const struct {
		enum call_kind kind;
		int status;
		const char *body;
		enum rc rc;
	} cases[] = {
		{CALL_CONFIG_PUT, 400, NO(1056, "x"), RC_UNKNOWN_OUTCOME},
		{CALL_CONFIG_PUT, 403, NO(10000, "x"), RC_UNKNOWN_OUTCOME},
		{CALL_CONFIG_PUT, 429, "", RC_UNKNOWN_OUTCOME},
		{CALL_CONFIG_PUT, 200, OK("{}"), RC_OK},
		{CALL_RECORD_DELETE, 404, NO(81044, "x"), RC_OK},
		{CALL_CONFIG_GET, 400, NO(1, "x"), RC_INVALID},
	};
	struct answering *test = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		take(test, cases[i].kind, cases[i].status, cases[i].body);
		test->answer.was_lost = true;
		test->call.message = "";
		test->call.code = 0;
		assert_int_equal(answer_take(&context, &test->call, &test->answer), cases[i].rc);
	}
}

static void transport_failures_keep_their_class(void **state)
{
	static const struct {
		enum call_kind kind;
		enum rc transport;
		bool maybe_executed;
		enum rc rc;
	} cases[] = {
		{CALL_TUNNEL_GET, RC_UNAVAILABLE, true, RC_UNAVAILABLE},
		{CALL_TUNNEL_GET, RC_TIMEOUT, true, RC_TIMEOUT},
		{CALL_TUNNEL_CREATE, RC_UNAVAILABLE, false, RC_UNAVAILABLE},
		{CALL_TUNNEL_CREATE, RC_UNAVAILABLE, true, RC_UNKNOWN_OUTCOME},
		{CALL_TUNNEL_CREATE, RC_TIMEOUT, true, RC_UNKNOWN_OUTCOME},
		{CALL_TUNNEL_CREATE, RC_LIMIT, true, RC_UNKNOWN_OUTCOME},
		{CALL_TUNNEL_CREATE, RC_CANCELLED, false, RC_CANCELLED},
		{CALL_CONFIG_PUT, RC_CANCELLED, true, RC_UNKNOWN_OUTCOME},
	};
	struct answering *test = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		take(test, cases[i].kind, 0, "");
		test->answer.rc = cases[i].transport;
		test->answer.maybe_executed = cases[i].maybe_executed;
		strcpy(test->answer.error, "reason for " TOKEN);
		assert_int_equal(answer_take(&context, &test->call, &test->answer), cases[i].rc);
		assert_null(strstr(test->call.message, TOKEN));
	}
}

static void messages_are_one_clean_line_without_secrets(void **state)
{
	struct answering *test = *state;

	take(test, CALL_TUNNEL_CREATE, 400,
	     NO(1, "got " TOKEN " and " SECRET "\\nand Authorization: Bearer abc.def\\u001b[2J"));
	assert_string_equal(test->call.message, "got [redacted] and [redacted]\xef\xbf\xbd"
						"and Authorization: Bearer [redacted]\xef\xbf\xbd[2J (code 1)");
}

static void the_location_of_a_redirect_is_told(void **state)
{
	struct answering *test = *state;

	take(test, CALL_TUNNEL_GET, 302, "");
	strcpy(test->answer.location, "https://evil.example/?token=" TOKEN);
	assert_int_equal(answer_take(&context, &test->call, &test->answer), RC_UNAVAILABLE);
	holds(test->call.message, "a redirect to https://evil.example/?token=[redacted] is not followed");
}

static void tunnels(void **state)
{
	struct answering *test = *state;
	const struct live_tunnel *tunnel;

	assert_int_equal(take(test, CALL_TUNNEL_GET, 200,
			      OK("{\"id\":\"f174e90a-fafe-4643-bbbc-4a0ed4fc8415\",\"name\":\"shop\",\"status\":\"healthy\","
				 "\"created_at\":\"2025-02-18T22:41:43.534395Z\",\"deleted_at\":null,\"config_src\":\"cloudflare\","
				 "\"remote_config\":true,\"tun_type\":\"cfd_tunnel\",\"connections\":[],\"metadata\":{}}")),
			 RC_OK);
	assert_int_equal(test->call.tunnel_count, 1);
	tunnel = test->call.tunnels;
	assert_string_equal(tunnel->id, "f174e90a-fafe-4643-bbbc-4a0ed4fc8415");
	assert_string_equal(tunnel->name, "shop");
	assert_string_equal(tunnel->status, "healthy");
	assert_string_equal(tunnel->created_at, "2025-02-18T22:41:43.534395Z");
	assert_string_equal(tunnel->type, "cfd_tunnel");
	assert_true(tunnel->is_remote);
	assert_false(tunnel->is_deleted);
	take(test, CALL_TUNNEL_GET, 200, OK("{\"id\":\"a\",\"name\":\"x\",\"config_src\":\"local\",\"deleted_at\":\"2025-01-01T00:00:00Z\"}"));
	assert_false(test->call.tunnels->is_remote);
	assert_true(test->call.tunnels->is_deleted);
	take(test, CALL_TUNNEL_GET, 200, OK("{\"id\":\"a\",\"name\":\"x\",\"remote_config\":false,\"deleted_at\":\"0001-01-01T00:00:00Z\"}"));
	assert_false(test->call.tunnels->is_remote);
	assert_false(test->call.tunnels->is_deleted);
	take(test, CALL_TUNNEL_GET, 200, OK(TUNNEL_JSON));
	assert_true(test->call.tunnels->is_remote);
	assert_null(test->call.tunnels->type);
}

static void zones_records_connections(void **state)
{
	struct answering *test = *state;
	const struct live_record *record;
	const struct live_connection *connection;

	take(test, CALL_ZONE_GET, 200,
	     OK("{\"id\":\"z1\",\"name\":\"example.com\",\"status\":\"active\",\"account\":{\"id\":\"a1\",\"name\":\"n\"},"
		"\"plan\":{\"legacy_id\":\"free\"}}"));
	assert_string_equal(test->call.zones->name, "example.com");
	assert_string_equal(test->call.zones->account_id, "a1");
	assert_string_equal(test->call.zones->plan, "free");
	take(test, CALL_RECORD_GET, 200,
	     OK("{\"id\":\"r1\",\"name\":\"a.example.com\",\"type\":\"CNAME\",\"content\":\"x.cfargotunnel.com\",\"ttl\":1,"
		"\"proxied\":true,\"comment\":null,\"tags\":[\"b:2\",\"a\",\"b:2\"],\"meta\":{\"x\":1}}"));
	record = test->call.records;
	assert_string_equal(record->zone_id, "023e105f4ecef8ad9ca31a8372d0c353");
	assert_string_equal(record->content, "x.cfargotunnel.com");
	assert_string_equal(record->comment, "");
	assert_string_equal(record->tags, "a,b:2");
	assert_int_equal(record->ttl, 1);
	assert_true(record->proxied);
	assert_int_equal(json_get_int(json_get(record->json, "meta"), "x", 0), 1);
	take(test, CALL_CONNECTIONS_GET, 200,
	     OK("[{\"id\":\"c1\",\"version\":\"2026.1.0\",\"arch\":\"linux_amd64\",\"run_at\":\"t\",\"config_version\":7,\"conns\":["
		"{\"colo_name\":\"FRA\",\"origin_ip\":\"192.0.2.1\"},{\"colo_name\":\"AMS\"},{\"colo_name\":\"FRA\"},{}]},"
		"{\"id\":\"c2\",\"conns\":null}]"));
	assert_int_equal(test->call.connection_count, 2);
	connection = test->call.connections;
	assert_int_equal(connection[0].config_version, 7);
	assert_int_equal(connection[0].conn_count, 4);
	assert_string_equal(connection[0].colos, "AMS,FRA");
	assert_string_equal(connection[0].origin_ip, "192.0.2.1");
	assert_int_equal(connection[1].config_version, -1);
	assert_string_equal(connection[1].colos, "");
	assert_null(connection[1].origin_ip);
}

static void configurations(void **state)
{
	struct answering *test = *state;

	take(test, CALL_CONFIG_GET, 200,
	     OK("{\"tunnel_id\":\"t\",\"version\":4,\"config\":{\"ingress\":[{\"service\":\"http_status:404\"}],"
		"\"warp-routing\":{\"enabled\":false},\"new-key\":[1,2]},\"source\":\"cloudflare\"}"));
	assert_int_equal(test->call.config.version, 4);
	assert_int_equal(json_count(json_get(test->call.config.document, "new-key")), 2);
	take(test, CALL_CONFIG_GET, 200, OK("{\"version\":0,\"config\":null}"));
	assert_int_equal(test->call.config.version, 0);
	assert_null(test->call.config.document);
	take(test, CALL_CONFIG_GET, 404, NO(1055, "Configuration for tunnel not found"));
	assert_int_equal(test->call.config.version, -1);
	assert_null(test->call.config.document);
}

/** The answer to a create holds the tunnel's token and secret, which nobody asked for. */
static void secrets_of_a_create_are_wiped(void **state)
{
	static const char text[] = "{\"id\":\"a\",\"name\":\"x\",\"token\":\"dG9rZW4\",\"credentials_file\":"
				   "{\"AccountTag\":\"t\",\"TunnelSecret\":\"c2VjcmV0\"}}";
	struct answering *test = *state;
	struct json *result;
	const char *token, *secret;

	assert_int_equal(json_parse(test->arena, text, strlen(text), &result, NULL), RC_OK);
	token = json_get_string(result, "token", NULL);
	secret = json_get_string(json_get(result, "credentials_file"), "TunnelSecret", NULL);
	answer_wipe_tunnel_secrets(result);
	assert_memory_equal(token, "\0\0\0\0\0\0", 7);
	assert_memory_equal(secret, "\0\0\0\0\0\0\0", 8);
	assert_string_equal(json_get_string(result, "name", NULL), "x");
	answer_wipe_tunnel_secrets(NULL);
}

static void batches_are_matched_with_what_was_sent(void **state)
{
	static const struct {
		const char *sent, *answer;
		enum rc rc;
	} cases[] = {
		{"{}", "{}", RC_OK},
		{"{}", "{\"deletes\":null,\"patches\":null,\"puts\":null,\"posts\":null}", RC_OK},
		{"{\"deletes\":[{\"id\":\"d1\"}],\"patches\":[{\"id\":\"p1\"}],\"posts\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
		 "{\"posts\":[" RECORD_JSON "," RECORD_JSON "],\"patches\":[{\"id\":\"p1\",\"name\":\"n\",\"type\":\"A\"}],"
		 "\"deletes\":[{\"id\":\"d1\"}]}",
		 RC_OK},
		{"{\"deletes\":[{\"id\":\"d1\"}]}", "{\"deletes\":[]}", RC_UNKNOWN_OUTCOME},
		{"{\"deletes\":[{\"id\":\"d1\"}]}", "{\"deletes\":null}", RC_UNKNOWN_OUTCOME},
		{"{\"deletes\":[{\"id\":\"d1\"},{\"id\":\"d2\"}]}", "{\"deletes\":[{\"id\":\"d2\"},{\"id\":\"d1\"}]}",
		 RC_UNKNOWN_OUTCOME},
		{"{\"posts\":[{\"name\":\"a\"}]}", "{\"posts\":[" RECORD_JSON "," RECORD_JSON "]}", RC_UNKNOWN_OUTCOME},
		{"{\"posts\":[{\"name\":\"a\"}]}", "{\"posts\":[{\"id\":\"x\"}]}", RC_UNKNOWN_OUTCOME},
		{"{}", "{\"posts\":[" RECORD_JSON "]}", RC_UNKNOWN_OUTCOME},
	};
	struct answering *test = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char body[1024];
		struct json *sent;
		enum rc rc;

		snprintf(body, sizeof(body), "{\"success\":true,\"result\":%s}", cases[i].answer);
		take(test, CALL_TUNNEL_GET, 200, body);
		assert_int_equal(json_parse(test->arena, cases[i].sent, strlen(cases[i].sent), &sent, NULL), RC_OK);
		test->call = (struct call){.kind = CALL_RECORD_BATCH, .arena = test->arena, .body = sent};
		rc = answer_take(&context, &test->call, &test->answer);
		if (rc != cases[i].rc)
			fail_msg("%s -> %s: %s", cases[i].sent, cases[i].answer, rc_name(rc));
	}
}

static void batch_records_keep_their_order(void **state)
{
	static const char sent[] = "{\"posts\":[{\"name\":\"b\"},{\"name\":\"a\"}]}";
	struct answering *test = *state;
	struct json *body;

	take(test, CALL_TUNNEL_GET, 200,
	     OK("{\"posts\":[{\"id\":\"r1\",\"name\":\"b\",\"type\":\"CNAME\"},{\"id\":\"r2\",\"name\":\"a\",\"type\":\"CNAME\"}]}"));
	assert_int_equal(json_parse(test->arena, sent, strlen(sent), &body, NULL), RC_OK);
	test->call = (struct call){.kind = CALL_RECORD_BATCH, .arena = test->arena, .body = body};
	assert_int_equal(answer_take(&context, &test->call, &test->answer), RC_OK);
	assert_int_equal(test->call.batch.post_count, 2);
	assert_string_equal(test->call.batch.posts[0].id, "r1");
	assert_string_equal(test->call.batch.posts[1].id, "r2");
	assert_int_equal(test->call.batch.delete_count, 0);
}

/** Whatever n is, the n-th allocation of the arena may fail; nothing crashes, and the class says so. */
static void out_of_memory_is_said(void **state)
{
	static const char body[] = OK("{\"id\":\"a\",\"name\":\"x\",\"tun_type\":\"cfd_tunnel\"}");
	struct answering *test = *state;
	enum rc rc = RC_NOMEM;

	for (size_t limit = 0; rc == RC_NOMEM && limit < 65536; limit += 16) {
		struct arena *small = arena_new(limit);

		assert_non_null(small);
		take(test, CALL_TUNNEL_GET, 200, body);
		test->call.arena = small;
		rc = answer_take(&context, &test->call, &test->answer);
		if (rc == RC_NOMEM)
			assert_string_equal(test->call.message, "out of memory");
		arena_free(small);
	}
	assert_int_equal(rc, RC_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(failures_have_class_and_words, setup, teardown),
		cmocka_unit_test_setup_teardown(successes_have_no_words, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_try_leaves_writes_in_doubt, setup, teardown),
		cmocka_unit_test_setup_teardown(transport_failures_keep_their_class, setup, teardown),
		cmocka_unit_test_setup_teardown(messages_are_one_clean_line_without_secrets, setup, teardown),
		cmocka_unit_test_setup_teardown(the_location_of_a_redirect_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(tunnels, setup, teardown),
		cmocka_unit_test_setup_teardown(zones_records_connections, setup, teardown),
		cmocka_unit_test_setup_teardown(configurations, setup, teardown),
		cmocka_unit_test_setup_teardown(secrets_of_a_create_are_wiped, setup, teardown),
		cmocka_unit_test_setup_teardown(batches_are_matched_with_what_was_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(batch_records_keep_their_order, setup, teardown),
		cmocka_unit_test_setup_teardown(out_of_memory_is_said, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
