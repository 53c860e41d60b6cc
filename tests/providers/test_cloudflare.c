/* Calls over the wire: what each kind asks, how lists are put together, how a provider is opened. */
#include "tests/providers/providing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "providers/cloudflare_request.h"

#define LIST(result, info) "{\"result\":[" result "],\"success\":true,\"errors\":[],\"result_info\":{" info "}}"
#define OK(result) "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":" result "}"
#define TUNNEL_OF(id) "{\"id\":\"" id "\",\"name\":\"n-" id "\"}"
#define RECORD_OF(id) "{\"id\":\"" id "\",\"name\":\"" id ".example.com\",\"type\":\"CNAME\",\"content\":\"c\"}"

/** The first request's line, without " HTTP/1.1". */
static const char *request_line(struct providing *test, size_t index)
{
	const struct script_request *request = script_request(test->server, index);

	assert_non_null(request);
	return arena_memdup(test->run.arena, request->head, (size_t)(strstr(request->head, " HTTP/") - request->head));
}

static void each_kind_asks_as_it_must(void **state)
{
	static const char body[] = "{\"posts\":[{\"name\":\"a\"}],\"deletes\":[{\"id\":\"d\"}],\"patches\":[{\"id\":\"p\"}]}";
	static const struct {
		enum call_kind kind;
		const char *line, *body;
	} cases[] = {
		{CALL_ACCOUNTS_LIST, "GET /base/accounts?page=1&per_page=50", ""},
		{CALL_TOKEN_VERIFY, "GET /base/user/tokens/verify", ""},
		{CALL_TUNNELS_LIST, "GET " TUNNELS_PATH "?is_deleted=false&page=1&per_page=1000", ""},
		{CALL_TUNNEL_FIND, "GET " TUNNELS_PATH "?is_deleted=false&name=caf%C3%A9%20%26%2F%3F&page=1&per_page=1000", ""},
		{CALL_TUNNEL_GET, "GET " TUNNELS_PATH "/" TUNNEL, ""},
		{CALL_TUNNEL_CREATE, "POST " TUNNELS_PATH,
		 "{\"name\":\"caf\303\251 &/?\",\"config_src\":\"cloudflare\",\"tunnel_secret\":\"" SECRET "\"}"},
		{CALL_TUNNEL_RENAME, "PATCH " TUNNELS_PATH "/" TUNNEL, "{\"name\":\"caf\303\251 &/?\"}"},
		{CALL_TUNNEL_SET_SECRET, "PATCH " TUNNELS_PATH "/" TUNNEL, "{\"tunnel_secret\":\"" SECRET "\"}"},
		{CALL_TUNNEL_DELETE, "DELETE " TUNNELS_PATH "/" TUNNEL, "{}"},
		{CALL_TUNNEL_TOKEN, "GET " TUNNELS_PATH "/" TUNNEL "/token", ""},
		{CALL_CONFIG_GET, "GET " TUNNELS_PATH "/" TUNNEL "/configurations", ""},
		{CALL_CONFIG_PUT, "PUT " TUNNELS_PATH "/" TUNNEL "/configurations",
		 "{\"config\":{\"deletes\":[{\"id\":\"d\"}],\"patches\":[{\"id\":\"p\"}],\"posts\":[{\"name\":\"a\"}]}}"},
		{CALL_CONNECTIONS_GET, "GET " TUNNELS_PATH "/" TUNNEL "/connections", ""},
		{CALL_CONNECTIONS_DELETE, "DELETE " TUNNELS_PATH "/" TUNNEL "/connections", "{}"},
		{CALL_ZONES_LIST, "GET /base/zones?account.id=" ACCOUNT "&page=1&per_page=50", ""},
		{CALL_ZONE_GET, "GET /base/zones/" ZONE, ""},
		{CALL_RECORDS_LIST,
		 "GET " RECORDS_PATH "?name=caf%C3%A9%20%26%2F%3F&comment.startswith=adit%3Ashop%20&page=1&per_page=5000", ""},
		{CALL_RECORD_GET, "GET " RECORDS_PATH "/" RECORD, ""},
		{CALL_RECORD_CREATE, "POST " RECORDS_PATH,
		 "{\"deletes\":[{\"id\":\"d\"}],\"patches\":[{\"id\":\"p\"}],\"posts\":[{\"name\":\"a\"}]}"},
		{CALL_RECORD_PATCH, "PATCH " RECORDS_PATH "/" RECORD,
		 "{\"deletes\":[{\"id\":\"d\"}],\"patches\":[{\"id\":\"p\"}],\"posts\":[{\"name\":\"a\"}]}"},
		{CALL_RECORD_DELETE, "DELETE " RECORDS_PATH "/" RECORD, ""},
		{CALL_RECORD_BATCH, "POST " RECORDS_PATH "/batch",
		 "{\"deletes\":[{\"id\":\"d\"}],\"patches\":[{\"id\":\"p\"}],\"posts\":[{\"name\":\"a\"}]}"},
	};
	struct providing *test = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct call call = providing_call(test, cases[i].kind);

		call.name = "caf\303\251 &/?";
		call.comment_prefix = "adit:shop ";
		call.secret = SECRET;
		call.body = providing_json(test, body);
		script_answer(test->server, NULL, 400, "", "{\"success\":false,\"errors\":[]}");
		assert_int_equal(providing_do(test, &call), RC_INVALID);
		assert_string_equal(request_line(test, i), cases[i].line);
		assert_string_equal(script_request(test->server, i)->body, cases[i].body);
		assert_int_equal(call_is_write(cases[i].kind), !str_has_prefix(cases[i].line, "GET "));
		assert_non_null(call_kind_text(cases[i].kind));
	}
}

static void tokens_of_an_account_verify_there(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TOKEN_VERIFY);

	test->config.token = "cfat_0123456789";
	script_answer(test->server, NULL, 200, "", OK("{\"id\":\"x\",\"status\":\"active\"}"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_string_equal(call.text, "active");
	assert_string_equal(request_line(test, 0), "GET /base/accounts/" ACCOUNT "/tokens/verify");
}

static void requests_that_cannot_be_are_not_sent(void **state)
{
	static const struct {
		enum call_kind kind;
		const char *tunnel_id, *zone_id, *name;
		const char *words;
	} cases[] = {
		{CALL_TUNNEL_GET, NULL, ZONE, "n", "the id of the tunnel, zone or record is missing"},
		{CALL_TUNNEL_GET, "", ZONE, "n", "is missing or no id"},
		{CALL_TUNNEL_GET, "a/../b", ZONE, "n", "no id"},
		{CALL_TUNNEL_GET, "a b", ZONE, "n", "no id"},
		{CALL_TUNNEL_GET, "..", ZONE, "n", "no id"},
		{CALL_RECORDS_LIST, TUNNEL, "x?y", "n", "no id"},
		{CALL_TUNNEL_CREATE, TUNNEL, ZONE, "", "the name of the tunnel is missing"},
		{CALL_TUNNEL_CREATE, TUNNEL, ZONE, "n", "the secret of the tunnel is missing"},
		{CALL_TUNNEL_FIND, TUNNEL, ZONE, NULL, "the name of the tunnel is missing"},
		{CALL_CONFIG_PUT, TUNNEL, ZONE, "n", "the body of the request is missing"},
		{(enum call_kind)99, TUNNEL, ZONE, "n", "there is no such call"},
	};
	struct providing *test = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct call call = {.kind = cases[i].kind, .arena = test->run.arena, .tunnel_id = cases[i].tunnel_id,
				    .zone_id = cases[i].zone_id, .name = cases[i].name};

		assert_int_equal(providing_do(test, &call), RC_INVALID);
		assert_contains(call.message, cases[i].words);
	}
	assert_int_equal(script_request_count(test->server), 0);
}

static void a_call_may_be_used_again(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);

	script_answer(test->server, NULL, 403, "", "");
	script_answer(test->server, NULL, 200, "", OK(TUNNEL_OF("a1")));
	assert_int_equal(providing_do(test, &call), RC_DENIED);
	assert_string_equal(call.needs, "Account: Cloudflare Tunnel: Read");
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_null(call.needs);
	assert_string_equal(call.message, "");
	assert_int_equal(call.attempts, 1);
}

/* --- lists --- */

/** Text of a page of records with ids r<from> to r<to - 1>. */
static const char *records_page(struct providing *test, int from, int to, const char *info)
{
	struct strbuf text;
	const char *copy;

	strbuf_init(&text, 0);
	strbuf_adds(&text, "{\"success\":true,\"result\":[");
	for (int i = from; i < to; i++)
		strbuf_addf(&text,
			    "%s{\"id\":\"r%d\",\"name\":\"h%d.example.com\",\"type\":\"CNAME\",\"content\":"
			    "\"f174e90a-fafe-4643-bbbc-4a0ed4fc8415.cfargotunnel.com\",\"ttl\":1,\"proxied\":true,\"proxiable\":"
			    "true,\"comment\":\"adit:shop edge/web\",\"tags\":[],\"settings\":{},\"meta\":{},\"created_on\":"
			    "\"2025-02-18T22:41:43.534395Z\",\"modified_on\":\"2025-02-18T22:41:43.534395Z\"}",
			    i > from ? "," : "", i, i);
	strbuf_addf(&text, "],\"result_info\":%s}", info);
	copy = arena_strdup(test->run.arena, strbuf_text(&text));
	strbuf_done(&text);
	assert_non_null(copy);
	return copy;
}

static void assert_records(const struct call *call, size_t count)
{
	char id[32];

	assert_int_equal(call->record_count, count);
	for (size_t i = 0; i < count; i++) {
		snprintf(id, sizeof(id), "r%zu", i);
		assert_string_equal(call->records[i].id, id);
		assert_string_equal(call->records[i].zone_id, ZONE);
	}
}

static void a_list_of_one_page_is_one_request(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	script_answer(test->server, NULL, 200, "",
		      records_page(test, 0, 3, "{\"page\":1,\"per_page\":5000,\"count\":3,\"total_count\":3,\"total_pages\":1}"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_records(&call, 3);
	assert_int_equal(script_request_count(test->server), 1);
	script_answer(test->server, NULL, 200, "", records_page(test, 0, 0, "{\"page\":1,\"per_page\":5000,\"count\":0,\"total_count\":0}"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_records(&call, 0);
	assert_int_equal(script_request_count(test->server), 2);
}

/** The server gives 100 a page though 5,000 were asked for, and says so. */
static void a_smaller_page_size_is_honoured(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	for (int page = 0; page < 5; page++) {
		char match[64], info[128];

		snprintf(match, sizeof(match), "?page=%d&", page + 1);
		snprintf(info, sizeof(info), "{\"page\":%d,\"per_page\":100,\"total_count\":430}", page + 1);
		script_answer(test->server, match, 200, "",
			      records_page(test, page * 100, page == 4 ? 430 : page * 100 + 100, info));
	}
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_records(&call, 430);
	assert_int_equal(call.attempts, 5);
	assert_int_equal(script_request_count(test->server), 5);
}

/** The same, but it still speaks of 5,000. */
static void a_smaller_page_is_believed_more_than_its_size(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	script_answer(test->server, "?page=1&", 200, "", records_page(test, 0, 2, "{\"per_page\":5000,\"total_count\":5,\"total_pages\":1}"));
	script_answer(test->server, "?page=2&", 200, "", records_page(test, 2, 4, "{\"per_page\":5000,\"total_count\":5}"));
	script_answer(test->server, "?page=3&", 200, "", records_page(test, 4, 5, "{\"per_page\":5000,\"total_count\":5}"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_records(&call, 5);
}

/** Pages after the first are asked for together; the values come in the order of pages, whatever comes first. */
static void later_pages_are_read_at_once(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	script_answer(test->server, "?page=1&", 200, "", records_page(test, 0, 2, "{\"per_page\":2,\"total_count\":8}"));
	script_hold(test->server, "?page=2&", 3, records_page(test, 2, 4, "{\"per_page\":2,\"total_count\":8}"));
	script_hold(test->server, "?page=3&", 3, records_page(test, 4, 6, "{\"per_page\":2,\"total_count\":8}"));
	script_hold(test->server, "?page=4&", 3, records_page(test, 6, 8, "{\"per_page\":2,\"total_count\":8}"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_records(&call, 8);
	assert_int_equal(script_held_max(test->server), 3);
}

static void without_a_total_a_short_page_is_the_last(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	script_answer(test->server, "?page=1&", 200, "", records_page(test, 0, 2, "{\"per_page\":2}"));
	script_answer(test->server, "?page=2&", 200, "", records_page(test, 2, 4, "{\"per_page\":2}"));
	script_answer(test->server, "?page=3&", 200, "", records_page(test, 4, 5, "{\"per_page\":2}"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_records(&call, 5);
	assert_int_equal(script_request_count(test->server), 3);
}

static void without_a_total_an_empty_page_is_the_last(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	script_answer(test->server, "?page=1&", 200, "", records_page(test, 0, 2, "{\"per_page\":2}"));
	script_answer(test->server, "?page=2&", 200, "", records_page(test, 0, 0, "{\"per_page\":2}"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_records(&call, 2);
	script_answer(test->server, "?page=1&", 200, "", records_page(test, 0, 2, "null"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_records(&call, 2);
}

/** It does not know pages, and answers each with the same. */
static void a_server_without_pages_does_not_make_it_endless(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	for (int i = 0; i < 10; i++)
		script_answer(test->server, NULL, 200, "", records_page(test, 0, 2, "{\"per_page\":2}"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_records(&call, 2);
	assert_int_equal(script_request_count(test->server), 2);
}

/** Something was removed between page 1 and page 2, so that one record slipped through: read it all again. */
static void a_list_that_does_not_add_up_is_read_again(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	script_answer(test->server, "?page=1&", 200, "", records_page(test, 0, 2, "{\"per_page\":2,\"total_count\":4}"));
	script_answer(test->server, "?page=2&", 200, "", records_page(test, 3, 4, "{\"per_page\":2,\"total_count\":3}"));
	script_answer(test->server, "?page=1&", 200, "", records_page(test, 0, 2, "{\"per_page\":2,\"total_count\":3}"));
	script_answer(test->server, "?page=2&", 200, "", records_page(test, 2, 3, "{\"per_page\":2,\"total_count\":3}"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_records(&call, 3);
	assert_int_equal(call.attempts, 4);
}

/** As many as page 1 told, but page 2 tells of another number: the list changed, and one may be missing. */
static void totals_that_differ_are_read_again(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	script_answer(test->server, "?page=1&", 200, "", records_page(test, 0, 2, "{\"per_page\":2,\"total_count\":4}"));
	script_answer(test->server, "?page=2&", 200, "", records_page(test, 2, 4, "{\"per_page\":2,\"total_count\":5}"));
	script_answer(test->server, NULL, 200, "", records_page(test, 0, 5, "{\"total_count\":5}"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_records(&call, 5);
	assert_int_equal(call.attempts, 3);
}

/** Something was added in front between the pages, so that one record came twice. */
static void a_record_that_comes_twice_counts_once(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	for (int reading = 0; reading < 3; reading++) {
		script_answer(test->server, "?page=1&", 200, "", records_page(test, 0, 2, "{\"per_page\":2,\"total_count\":4}"));
		script_answer(test->server, "?page=2&", 200, "", records_page(test, 1, 3, "{\"per_page\":2,\"total_count\":4}"));
	}
	assert_int_equal(providing_do(test, &call), RC_UNAVAILABLE);
	assert_contains(call.message, "told of 4 things and showed 3, in each of 3 readings");
	assert_int_equal(call.record_count, 0);
	assert_int_equal(script_request_count(test->server), 6);
}

static void a_page_past_the_end_ends_the_reading(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	test->config.parallelism = 1;
	for (int reading = 0; reading < 3; reading++) {
		script_answer(test->server, "?page=1&", 200, "", records_page(test, 0, 1, "{\"per_page\":1,\"total_count\":90000}"));
		script_answer(test->server, "?page=2&", 200, "", records_page(test, 0, 0, "{\"per_page\":1,\"total_count\":90000}"));
	}
	assert_int_equal(providing_do(test, &call), RC_UNAVAILABLE);
	assert_int_equal(script_request_count(test->server), 6);
}

static void a_page_that_fails_fails_the_list(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	script_answer(test->server, "?page=1&", 200, "", records_page(test, 0, 2, "{\"per_page\":2,\"total_count\":8}"));
	script_answer(test->server, "?page=2&", 403, "", "");
	script_raw(test->server, "?page=3&", "", 0, SCRIPT_HANG);
	script_raw(test->server, "?page=4&", "", 0, SCRIPT_HANG);
	assert_int_equal(providing_do(test, &call), RC_DENIED);
	assert_string_equal(call.needs, "Zone: DNS: Read");
	assert_int_equal(call.record_count, 0);
	assert_int_equal(test->provider->vt->pending(test->provider), 0);
}

static void lists_with_the_wrong_shape_are_no_empty_lists(void **state)
{
	static const char *const bodies[] = {
		OK("null"),
		"{\"success\":true}",
		OK("{}"),
		OK("[{\"id\":\"a\"}]"),
		OK("[null]"),
		OK("[{\"id\":\"a/b\",\"name\":\"x\",\"type\":\"A\"}]"),
	};
	struct providing *test = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct call call = providing_call(test, CALL_RECORDS_LIST);

		script_answer(test->server, NULL, 200, "", bodies[i]);
		assert_int_equal(providing_do(test, &call), RC_CORRUPT);
	}
}

static void a_list_that_is_not_there_is_unsupported(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNELS_LIST);

	script_answer(test->server, NULL, 404, "", "{\"success\":false,\"errors\":[{\"code\":1003,\"message\":\"x\"}]}");
	assert_int_equal(providing_do(test, &call), RC_UNSUPPORTED);
	script_answer(test->server, NULL, 404, "", "<html>");
	assert_int_equal(providing_do(test, &call), RC_UNSUPPORTED);
}

static void deleted_tunnels_are_left_out(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNELS_LIST);

	script_answer(test->server, NULL, 200, "",
		      LIST("{\"id\":\"a\",\"name\":\"x\",\"deleted_at\":\"2025-01-01T00:00:00Z\"}," TUNNEL_OF("b") "," TUNNEL_OF("c"),
			   "\"count\":3,\"page\":1,\"per_page\":1000,\"total_count\":3"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_int_equal(call.tunnel_count, 2);
	assert_string_equal(call.tunnels[0].id, "b");
	assert_string_equal(call.tunnels[1].id, "c");
}

static void a_tunnel_is_found_by_its_exact_name(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_FIND);

	call.name = "n-b";
	script_answer(test->server, NULL, 200, "",
		      LIST(TUNNEL_OF("a") ",{\"id\":\"old\",\"name\":\"n-b\",\"deleted_at\":\"2025-01-01T00:00:00Z\"}," TUNNEL_OF("b"),
			   "\"total_count\":3"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_int_equal(call.tunnel_count, 1);
	assert_string_equal(call.tunnels[0].id, "b");
	script_answer(test->server, NULL, 200, "", LIST("", "\"total_count\":0"));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_int_equal(call.tunnel_count, 0);
	script_answer(test->server, NULL, 200, "", LIST(TUNNEL_OF("b") ",{\"id\":\"c\",\"name\":\"n-b\"}", "\"total_count\":2"));
	assert_int_equal(providing_do(test, &call), RC_CORRUPT);
	assert_contains(call.message, "shows 2 live tunnels named \"n-b\"");
}

/** 20,000 records in four pages: what a large zone looks like. */
static void large_zones_are_read(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	for (int page = 0; page < 4; page++) {
		char match[64];

		snprintf(match, sizeof(match), "?page=%d&", page + 1);
		script_answer(test->server, match, 200, "",
			      records_page(test, page * 5000, page * 5000 + 5000, "{\"per_page\":5000,\"total_count\":20000}"));
	}
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_records(&call, 20000);
}

/** Pages that came may be being read when another one fails. */
static void a_large_page_that_fails_fails_the_list(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);

	for (int page = 0; page < 3; page++) {
		char match[64];

		snprintf(match, sizeof(match), "?page=%d&", page + 1);
		script_answer(test->server, match, 200, "",
			      records_page(test, page * 5000, page * 5000 + 5000, "{\"per_page\":5000,\"total_count\":20000}"));
	}
	script_answer(test->server, "?page=4&", 403, "", "");
	assert_int_equal(providing_do(test, &call), RC_DENIED);
	assert_int_equal(call.record_count, 0);
	assert_int_equal(test->provider->vt->pending(test->provider), 0);
}

static void a_large_answer_that_is_cut_off_is_unreadable(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORDS_LIST);
	const char *whole = records_page(test, 0, 1000, "{\"total_count\":1000}");
	char *cut = arena_memdup(test->run.arena, whole, strlen(whole) - 1);

	assert_non_null(cut);
	script_answer(test->server, NULL, 200, "", cut);
	assert_int_equal(providing_do(test, &call), RC_CORRUPT);
	assert_contains(call.message, "without an answer in JSON");
}

static void large_configurations_are_read(void **state)
{
	enum { CALLS = 4, RULES = 2000 };
	struct providing *test = *state;
	struct call calls[CALLS];
	struct strbuf text;

	strbuf_init(&text, 0);
	for (size_t i = 0; i < CALLS; i++) {
		calls[i] = providing_call(test, CALL_CONFIG_GET);
		strbuf_reset(&text);
		strbuf_addf(&text, "{\"success\":true,\"result\":{\"version\":7,\"config\":{\"ingress\":[");
		for (int r = 0; r < RULES; r++)
			strbuf_addf(&text, "{\"hostname\":\"h%d.example.com\",\"service\":\"http://web.shop.svc:80\"},", r);
		strbuf_adds(&text, "{\"service\":\"http_status:404\"}]}}}");
		script_answer(test->server, NULL, 200, "", strbuf_text(&text));
		providing_submit(test, &calls[i]);
	}
	strbuf_done(&text);
	providing_collect(test, CALLS);
	for (size_t i = 0; i < CALLS; i++) {
		const struct json *rules = json_get(calls[i].config.document, "ingress");

		assert_int_equal(calls[i].rc, RC_OK);
		assert_int_equal(json_count(rules), RULES + 1);
		assert_string_equal(json_get_string(json_item(rules, RULES - 1), "hostname", ""), "h1999.example.com");
	}
}

static void many_calls_at_once_each_get_their_answer(void **state)
{
	enum { CALLS = 60 };
	struct providing *test = *state;
	struct call calls[CALLS];
	char ids[CALLS][16], match[64], body[256];

	for (size_t i = 0; i < CALLS; i++) {
		snprintf(ids[i], sizeof(ids[i]), "t%02zu", i);
		calls[i] = providing_call(test, CALL_CONFIG_GET);
		calls[i].tunnel_id = ids[i];
		snprintf(match, sizeof(match), "/%s/configurations", ids[i]);
		snprintf(body, sizeof(body), OK("{\"version\":%zu,\"config\":{}}"), i);
		script_answer(test->server, match, i % 7 == 3 ? 503 : 200, "", body);
		script_answer(test->server, match, 200, "", body);
		providing_submit(test, &calls[i]);
	}
	assert_int_equal(test->provider->vt->pending(test->provider), CALLS);
	providing_collect(test, CALLS);
	for (size_t i = 0; i < CALLS; i++) {
		assert_int_equal(calls[i].rc, RC_OK);
		assert_int_equal(calls[i].config.version, i);
	}
}

/* --- opening --- */

static void what_cannot_be_opened_is_said(void **state)
{
	static const struct {
		const char *url, *account_id, *token, *trace_path;
		enum rc rc;
		const char *code;
	} cases[] = {
		{"http://example.com/client/v4", ACCOUNT, TOKEN, NULL, RC_INVALID, "A0401"},
		{"https://u:hunter2@api.cloudflare.com", ACCOUNT, TOKEN, NULL, RC_INVALID, "A0401"},
		{"cnap", "a/b", TOKEN, NULL, RC_INVALID, "A0402"},
		{"cnap", "", TOKEN, NULL, RC_INVALID, "A0402"},
		{"cnap", ACCOUNT, "", NULL, RC_INVALID, "A0403"},
		{"cnap", ACCOUNT, NULL, NULL, RC_INVALID, "A0403"},
		{"cnap", ACCOUNT, "abc\r\nX-Evil: 1", NULL, RC_INVALID, "A0403"},
		{"cnap", ACCOUNT, "abc def", NULL, RC_INVALID, "A0403"},
		{"cnap", ACCOUNT, TOKEN, "/nonexistent/folder/trace", RC_IO, "A0404"},
	};
	struct providing *test = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct provider_config config = {.account = "main", .url = cases[i].url, .account_id = cases[i].account_id,
						       .token = cases[i].token, .trace_path = cases[i].trace_path};
		struct provider *provider = NULL;
		const struct diag *diag;

		assert_int_equal(provider_open(&test->run, &config, &provider), cases[i].rc);
		assert_null(provider);
		assert_int_equal(test->run.diags.count, i + 1);
		diag = &test->run.diags.items[i];
		assert_string_equal(diag->code, cases[i].code);
		assert_null(strstr(diag->summary, "hunter2"));
		assert_null(strstr(diag->summary, "Evil"));
	}
}

static void cnap_is_a_plain_prefix(void **state)
{
	struct providing *test = *state;
	struct provider *provider;

	test->config.url = "cnap";
	provider = providing_open(test);
	assert_string_equal(provider->url, "https://dash.cnap.tech/api/cloudflare");
	assert_string_equal(provider->account, "main");
	assert_string_equal(provider->account_id, ACCOUNT);
}

static void a_trailing_slash_makes_no_difference(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_ZONE_GET);

	strcat(test->url, "/");
	script_answer(test->server, NULL, 400, "", "");
	assert_int_equal(providing_do(test, &call), RC_INVALID);
	assert_string_equal(request_line(test, 0), "GET /base/zones/" ZONE);
}

static void the_only_account_is_taken(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);

	test->config.account_id = NULL;
	providing_open(test);
	assert_null(test->provider->account_id);
	assert_int_equal(providing_do(test, &call), RC_INVALID);
	assert_contains(call.message, "the account id is not known");
	script_answer(test->server, NULL, 200, "", LIST("{\"id\":\"acc_1\",\"name\":\"One\"}", "\"total_count\":1"));
	assert_int_equal(provider_resolve_account(&test->run, test->provider), RC_OK);
	assert_string_equal(test->provider->account_id, "acc_1");
	script_answer(test->server, NULL, 200, "", OK(TUNNEL_OF("a")));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_string_equal(request_line(test, 1), "GET /base/accounts/acc_1/cfd_tunnel/" TUNNEL);
	assert_int_equal(provider_resolve_account(&test->run, test->provider), RC_OK);
	assert_int_equal(script_request_count(test->server), 2);
}

static void no_account_or_several_are_said(void **state)
{
	struct providing *test = *state;

	test->config.account_id = NULL;
	providing_open(test);
	script_answer(test->server, NULL, 200, "", LIST("", "\"total_count\":0"));
	assert_int_equal(provider_resolve_account(&test->run, test->provider), RC_NOTFOUND);
	assert_string_equal(test->run.diags.items[0].code, "A0411");
	script_answer(test->server, NULL, 200, "",
		      LIST("{\"id\":\"a1\",\"name\":\"One\"},{\"id\":\"a2\",\"name\":\"T\\u001bwo\"}", "\"total_count\":2"));
	assert_int_equal(provider_resolve_account(&test->run, test->provider), RC_CONFLICT);
	assert_string_equal(test->run.diags.items[1].code, "A0412");
	assert_contains(test->run.diags.items[1].summary, "sees 2 accounts: a1 (One), a2 (T\xef\xbf\xbdwo)");
	script_answer(test->server, NULL, 403, "", "");
	assert_int_equal(provider_resolve_account(&test->run, test->provider), RC_DENIED);
	assert_string_equal(test->run.diags.items[2].code, "A0410");
	assert_int_equal(test->run.diags.items[2].http_status, 403);
	assert_contains(test->run.diags.items[2].help, "Account: Account Settings: Read");
	assert_null(test->provider->account_id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, providing_setup, providing_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_kind_asks_as_it_must),
		TEST(tokens_of_an_account_verify_there),
		TEST(requests_that_cannot_be_are_not_sent),
		TEST(a_call_may_be_used_again),
		TEST(a_list_of_one_page_is_one_request),
		TEST(a_smaller_page_size_is_honoured),
		TEST(a_smaller_page_is_believed_more_than_its_size),
		TEST(later_pages_are_read_at_once),
		TEST(without_a_total_a_short_page_is_the_last),
		TEST(without_a_total_an_empty_page_is_the_last),
		TEST(a_server_without_pages_does_not_make_it_endless),
		TEST(a_list_that_does_not_add_up_is_read_again),
		TEST(totals_that_differ_are_read_again),
		TEST(a_record_that_comes_twice_counts_once),
		TEST(a_page_past_the_end_ends_the_reading),
		TEST(a_page_that_fails_fails_the_list),
		TEST(lists_with_the_wrong_shape_are_no_empty_lists),
		TEST(a_list_that_is_not_there_is_unsupported),
		TEST(deleted_tunnels_are_left_out),
		TEST(a_tunnel_is_found_by_its_exact_name),
		TEST(large_zones_are_read),
		TEST(a_large_page_that_fails_fails_the_list),
		TEST(a_large_answer_that_is_cut_off_is_unreadable),
		TEST(large_configurations_are_read),
		TEST(many_calls_at_once_each_get_their_answer),
		TEST(what_cannot_be_opened_is_said),
		TEST(cnap_is_a_plain_prefix),
		TEST(a_trailing_slash_makes_no_difference),
		TEST(the_only_account_is_taken),
		TEST(no_account_or_several_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
