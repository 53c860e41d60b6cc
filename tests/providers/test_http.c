/* The transport over real sockets: connections, bounds, retries, rate limits, interrupts. */
#include "tests/providers/providing.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"
#include "providers/http.h"

#define TUNNEL_OK "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":{\"id\":\"" TUNNEL "\",\"name\":\"shop\"}}"
#define SECOND 1000

/** Run the transport until the server has so many requests; nothing may come back meanwhile. */
static void run_until_requested(struct providing *test, size_t count)
{
	struct call *done = NULL;

	while (script_request_count(test->server) < count)
		assert_int_equal(test->provider->vt->next(test->provider, SECOND, &done), RC_TIMEOUT);
}

/** Run the transport until it says why it waits. */
static void run_until_waiting(struct providing *test)
{
	struct call *done = NULL;

	while (!test->provider->vt->status(test->provider, NULL))
		assert_int_equal(test->provider->vt->next(test->provider, 50, &done), RC_TIMEOUT);
}

static void connections_are_reused(void **state)
{
	struct providing *test = *state;

	for (int i = 0; i < 5; i++) {
		struct call call = providing_call(test, CALL_TUNNEL_GET);

		script_answer(test->server, NULL, 200, "", TUNNEL_OK);
		assert_int_equal(providing_do(test, &call), RC_OK);
	}
	assert_int_equal(script_request_count(test->server), 5);
	assert_int_equal(script_request(test->server, 4)->connection, 1);
}

static void requests_carry_the_fields_they_must(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);
	const struct script_request *request;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	script_answer(test->server, NULL, 200, "Set-Cookie: a=b\r\n", TUNNEL_OK);
	script_answer(test->server, NULL, 200, "", TUNNEL_OK);
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_int_equal(providing_do(test, &call), RC_OK);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	request = script_request(test->server, 1);
	assert_true(str_has_prefix(request->head, "GET " TUNNELS_PATH "/" TUNNEL " HTTP/1.1\r\n"));
	assert_true(script_has_field(request, "Authorization: Bearer " TOKEN));
	assert_true(script_has_field(request, "User-Agent: adit/" ADIT_VERSION));
	assert_true(script_has_field(request, "Accept: application/json"));
	assert_true(script_has_field(request, "Accept-Encoding: gzip"));
	assert_null(strcasestr(request->head, "\r\ncookie:"));
	assert_null(strcasestr(request->head, "\r\nexpect:"));
	assert_string_equal(request->body, "");
}

static void chunked_answers_are_read(void **state)
{
	static const char raw[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
				  "1e\r\n{\"success\":true,\"result\":{\"id\"\r\n"
				  "15\r\n:\"a1\",\"name\":\"shop\"}}\r\n0\r\n\r\n";
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);

	script_raw(test->server, NULL, raw, strlen(raw), SCRIPT_KEEP);
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_string_equal(call.tunnels->id, "a1");
}

/** A whole answer, compressed; the body is @p size bytes. */
static void script_gzip(struct script_server *server, const char *body, size_t size)
{
	uLong room = compressBound(size) + 64;
	unsigned char *packed = malloc(room);
	char *answer = malloc(room + 256);
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)body, .avail_in = (uInt)size, .next_out = packed,
			   .avail_out = (uInt)room};
	int head;

	assert_true(packed && answer);
	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	head = snprintf(answer, 256, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n",
			stream.total_out);
	memcpy(answer + head, packed, stream.total_out);
	script_raw(server, NULL, answer, (size_t)head + stream.total_out, SCRIPT_KEEP);
	free(packed);
	free(answer);
}

static void compressed_answers_are_read(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);

	script_gzip(test->server, TUNNEL_OK, strlen(TUNNEL_OK));
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_string_equal(call.tunnels->name, "shop");
}

/** A few kilobytes that become more than an answer may be. */
static void compressed_answers_are_bounded(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);
	size_t size = (size_t)LIMIT_ANSWER_BYTES + 1;
	char *spaces = malloc(size);

	assert_non_null(spaces);
	memset(spaces, ' ', size);
	script_gzip(test->server, spaces, size);
	free(spaces);
	assert_int_equal(providing_do(test, &call), RC_LIMIT);
	assert_contains(call.message, "larger than allowed");
	assert_int_equal(call.attempts, 1);
}

static void header_fields_are_bounded(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);
	struct strbuf raw;

	strbuf_init(&raw, 0);
	strbuf_adds(&raw, "HTTP/1.1 200 OK\r\n");
	while (raw.size <= HTTP_HEADER_BYTES_MAX)
		strbuf_adds(&raw, "X-Filler: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n");
	strbuf_adds(&raw, "Content-Length: 0\r\n\r\n");
	script_raw(test->server, NULL, raw.data, raw.size, SCRIPT_KEEP);
	strbuf_done(&raw);
	assert_int_equal(providing_do(test, &call), RC_LIMIT);
}

static void redirects_are_not_followed(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);

	script_answer(test->server, NULL, 302, "Location: /elsewhere\r\n", "");
	script_answer(test->server, "/elsewhere", 200, "", TUNNEL_OK);
	assert_int_equal(providing_do(test, &call), RC_UNAVAILABLE);
	assert_contains(call.message, "redirect to /elsewhere is not followed");
	assert_int_equal(call.http_status, 302);
	assert_int_equal(script_request_count(test->server), 1);
}

static void json_counts_whatever_it_is_called(void **state)
{
	static const char plain[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" TUNNEL_OK;
	static const char html[] = "HTTP/1.1 200 OK\r\nContent-Type: Text/HTML; charset=utf-8\r\n\r\n<html>";
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);

	script_raw(test->server, NULL, plain, strlen(plain), SCRIPT_CLOSE);
	assert_int_equal(providing_do(test, &call), RC_OK);
	script_raw(test->server, NULL, html, strlen(html), SCRIPT_CLOSE);
	assert_int_equal(providing_do(test, &call), RC_CORRUPT);
	assert_contains(call.message, "HTTP 200 from 127.0.0.1 without an answer in JSON (text/html, 6 bytes)");
}

/* --- failures of a read: tried again --- */

static const char ok_head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"success\":tr";

static void reads_survive_every_fault(void **state)
{
	static const struct {
		const char *name, *bytes;
		enum script_then then;
	} faults[] = {
		{"closed before the answer", "", SCRIPT_CLOSE},
		{"reset before the answer", "", SCRIPT_RESET},
		{"closed in the head", "HTTP/1.1 20", SCRIPT_CLOSE},
		{"reset in the head", "HTTP/1.1 200 OK\r\nContent-", SCRIPT_RESET},
		{"closed in the body", ok_head, SCRIPT_CLOSE},
		{"reset in the body", ok_head, SCRIPT_RESET},
		{"closed in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{\"succ", SCRIPT_CLOSE},
		{"no HTTP", "220 mail.example ESMTP\r\n", SCRIPT_CLOSE},
		{"broken gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", SCRIPT_CLOSE},
		{"502 in HTML", "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p/>", SCRIPT_KEEP},
		{"503 empty", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", SCRIPT_CLOSE},
		{"500", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", SCRIPT_KEEP},
		{"504", "HTTP/1.1 504 Slow\r\nContent-Length: 0\r\n\r\n", SCRIPT_KEEP},
		{"408", "HTTP/1.1 408 Slow\r\nContent-Length: 0\r\n\r\n", SCRIPT_CLOSE},
		{"522", "HTTP/1.1 522 Edge\r\nContent-Length: 0\r\n\r\n", SCRIPT_KEEP},
	};
	struct providing *test = *state;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct call call = providing_call(test, CALL_TUNNEL_GET);
		enum rc rc;

		script_raw(test->server, NULL, faults[i].bytes, strlen(faults[i].bytes), faults[i].then);
		script_answer(test->server, NULL, 200, "", TUNNEL_OK);
		rc = providing_do(test, &call);
		if (rc || call.attempts < 2)
			fail_msg("%s: %s, %u attempts: %s", faults[i].name, rc_name(rc), call.attempts, call.message);
	}
}

static void a_read_is_tried_five_times(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);
	int64_t began_ms = clock_mono_ms(&test->run.clock);

	for (int i = 0; i < 10; i++)
		script_answer(test->server, NULL, 502, "", "<html>");
	assert_int_equal(providing_do(test, &call), RC_UNAVAILABLE);
	assert_int_equal(call.attempts, 5);
	assert_int_equal(call.http_status, 502);
	assert_int_equal(script_request_count(test->server), 5);
	/* 0.5 + 1 + 2 + 4 seconds, less a quarter at most. */
	assert_true(providing_elapsed(test, began_ms) >= 5600);
	assert_contains(call.message, "HTTP 502 from 127.0.0.1");
}

static void what_no_retry_can_mend_is_not_retried(void **state)
{
	static const int statuses[] = {400, 401, 403, 404, 405, 409, 413, 501};
	struct providing *test = *state;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct call call = providing_call(test, CALL_TUNNEL_GET);

		script_answer(test->server, NULL, statuses[i], "", "{\"success\":false}");
		assert_int_not_equal(providing_do(test, &call), RC_OK);
		assert_int_equal(call.attempts, 1);
		assert_int_equal(call.http_status, statuses[i]);
	}
}

/* --- failures of a write --- */

static struct call create_call(struct providing *test)
{
	struct call call = providing_call(test, CALL_TUNNEL_CREATE);

	call.name = "shop";
	call.secret = SECRET;
	return call;
}

static void a_create_whose_answer_is_lost_is_not_repeated(void **state)
{
	static const struct {
		const char *name, *bytes;
		enum script_then then;
	} faults[] = {
		{"closed before the answer", "", SCRIPT_CLOSE},
		{"reset before the answer", "", SCRIPT_RESET},
		{"closed in the body", ok_head, SCRIPT_CLOSE},
		{"502", "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", SCRIPT_KEEP},
		{"503 with Retry-After", "HTTP/1.1 503 Bad\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", SCRIPT_KEEP},
		{"HTML", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", SCRIPT_KEEP},
		{"cut by close", "HTTP/1.1 200 OK\r\n\r\n{\"success\":true,\"resu", SCRIPT_CLOSE},
	};
	struct providing *test = *state;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct call call = create_call(test);
		size_t before = script_request_count(test->server);
		enum rc rc;

		script_raw(test->server, "POST", faults[i].bytes, strlen(faults[i].bytes), faults[i].then);
		rc = providing_do(test, &call);
		if (rc != RC_UNKNOWN_OUTCOME || script_request_count(test->server) != before + 1)
			fail_msg("%s: %s, %zu requests: %s", faults[i].name, rc_name(rc),
				 script_request_count(test->server) - before, call.message);
	}
}

/** libcurl sends a request again by itself when a reused connection dies before the answer: not this one. */
static void a_create_on_a_reused_connection_is_sent_once(void **state)
{
	struct providing *test = *state;
	struct call read = providing_call(test, CALL_TUNNEL_GET);
	struct call call = create_call(test);

	script_answer(test->server, "GET", 200, "", TUNNEL_OK);
	script_raw(test->server, "POST", "", 0, SCRIPT_CLOSE);
	script_answer(test->server, "POST", 200, "", TUNNEL_OK);
	assert_int_equal(providing_do(test, &read), RC_OK);
	assert_int_equal(providing_do(test, &call), RC_UNKNOWN_OUTCOME);
	assert_int_equal(script_request_count(test->server), 2);
	assert_int_equal(script_request(test->server, 1)->connection, 1);
	assert_contains(call.message, "it may have been done all the same");
}

static void a_write_that_may_be_repeated_is(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_RENAME);

	call.name = "shop";
	script_raw(test->server, NULL, "", 0, SCRIPT_RESET);
	script_answer(test->server, NULL, 503, "", "");
	script_answer(test->server, NULL, 200, "", TUNNEL_OK);
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_int_equal(call.attempts, 3);
}

static void a_write_whose_retries_are_used_up_is_in_doubt(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_RENAME);

	call.name = "shop";
	for (int i = 0; i < 5; i++)
		script_raw(test->server, NULL, "", 0, SCRIPT_RESET);
	assert_int_equal(providing_do(test, &call), RC_UNKNOWN_OUTCOME);
	assert_int_equal(script_request_count(test->server), 5);
}

/** What the last try says proves nothing about the first. */
static void a_write_that_was_lost_and_then_refused_is_in_doubt(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_RENAME);

	call.name = "shop";
	script_raw(test->server, NULL, "", 0, SCRIPT_RESET);
	script_answer(test->server, NULL, 400, "", "{\"success\":false,\"errors\":[{\"code\":1,\"message\":\"no\"}]}");
	assert_int_equal(providing_do(test, &call), RC_UNKNOWN_OUTCOME);
	assert_string_equal(call.message, "no (code 1); it may have been done all the same");
}

static void a_delete_that_was_lost_and_then_finds_nothing_is_done(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_RECORD_DELETE);

	script_raw(test->server, NULL, "", 0, SCRIPT_RESET);
	script_answer(test->server, NULL, 404, "",
		      "{\"success\":false,\"errors\":[{\"code\":81044,\"message\":\"Record does not exist.\"}]}");
	assert_int_equal(providing_do(test, &call), RC_OK);
}

/** Nobody listens yet: certainly not executed, so that even a create is tried again. */
static void a_create_that_could_not_be_sent_is_tried_again(void **state)
{
	struct providing *test = *state;
	struct script_server *late = script_server_new(false);
	struct call call = create_call(test);

	script_server_free(test->server);
	test->server = late;
	snprintf(test->url, sizeof(test->url), "http://127.0.0.1:%u/base", script_server_port(late));
	test->run.clock.scale = 1; /* time to look before the next try */
	providing_submit(test, &call);
	run_until_waiting(test);
	assert_contains(test->provider->vt->status(test->provider, NULL), "no answer from 127.0.0.1: trying again in");
	script_answer(late, NULL, 200, "", TUNNEL_OK);
	script_server_listen(late);
	providing_collect(test, 1);
	assert_int_equal(call.rc, RC_OK);
	assert_int_equal(script_request_count(late), 1);
	assert_true(call.attempts >= 2);
}

static void nobody_there_is_said(void **state)
{
	struct providing *test = *state;
	struct script_server *silent = script_server_new(false);
	struct call call = create_call(test);
	struct provider_stats stats;

	snprintf(test->url, sizeof(test->url), "http://127.0.0.1:%u/base", script_server_port(silent));
	assert_int_equal(providing_do(test, &call), RC_UNAVAILABLE);
	assert_int_equal(call.http_status, 0);
	assert_int_equal(call.attempts, 5);
	assert_string_equal(call.message, "no answer from 127.0.0.1: cannot connect: Connection refused");
	test->provider->vt->stats(test->provider, &stats);
	assert_int_equal(stats.requests, 0);
	script_server_free(silent);
}

/* --- rate limits --- */

static void retry_after_in_seconds_is_obeyed(void **state)
{
	struct providing *test = *state;
	struct call call = create_call(test);
	int64_t began_ms = clock_mono_ms(&test->run.clock);
	struct provider_stats stats;

	script_answer(test->server, NULL, 429, "Retry-After: 40\r\n", "{\"code\":10100,\"message\":\"slow down\"}");
	script_answer(test->server, NULL, 200, "", TUNNEL_OK);
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_true(providing_elapsed(test, began_ms) >= 40 * SECOND);
	test->provider->vt->stats(test->provider, &stats);
	assert_int_equal(stats.requests, 2);
	assert_int_equal(stats.writes, 2);
	assert_true(stats.waited_ms >= 39 * SECOND);
}

static void retry_after_as_a_date_is_obeyed(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);
	int64_t began_ms = clock_mono_ms(&test->run.clock);
	time_t later = (time_t)(clock_wall_ms(&test->run.clock) / 1000) + 60;
	char field[128];
	struct tm tm;

	strftime(field, sizeof(field), "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&later, &tm));
	script_answer(test->server, NULL, 429, field, "");
	script_answer(test->server, NULL, 200, "", TUNNEL_OK);
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_true(providing_elapsed(test, began_ms) >= 50 * SECOND);
}

static void refusals_without_a_word_do_not_count_as_tries(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);

	for (int i = 0; i < 8; i++)
		script_answer(test->server, NULL, 429, "", "");
	script_answer(test->server, NULL, 200, "", TUNNEL_OK);
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_int_equal(call.attempts, 9);
}

static void refusals_end_after_ten_minutes(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);
	int64_t began_ms = clock_mono_ms(&test->run.clock);

	for (int i = 0; i < 20; i++)
		script_answer(test->server, NULL, 429, "Retry-After: 130\r\n", "");
	assert_int_equal(providing_do(test, &call), RC_UNAVAILABLE);
	assert_true(call.attempts <= 5);
	assert_true(providing_elapsed(test, began_ms) >= 260 * SECOND);
	assert_contains(call.message, "the rate limit was not lifted in time");
}

static void a_wait_longer_than_is_waited_is_not_begun(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);

	script_answer(test->server, NULL, 429, "Retry-After: 86400\r\n", "");
	assert_int_equal(providing_do(test, &call), RC_UNAVAILABLE);
	assert_int_equal(call.attempts, 1);
	script_answer(test->server, NULL, 503, "Retry-After: 86400\r\n", "");
	assert_int_equal(providing_do(test, &call), RC_UNAVAILABLE);
	assert_int_equal(call.attempts, 1);
}

/** The limit is the token's: what one call was told holds for all. */
static void a_rate_limit_holds_for_all_calls(void **state)
{
	struct providing *test = *state;
	struct call first = providing_call(test, CALL_TUNNEL_GET), second = first, *done = NULL;
	int64_t wait_ms = 0;

	script_answer(test->server, NULL, 429, "Retry-After: 300\r\n", "");
	script_answer(test->server, NULL, 200, "", TUNNEL_OK);
	script_answer(test->server, NULL, 200, "", TUNNEL_OK);
	providing_submit(test, &first);
	run_until_waiting(test);
	assert_contains(test->provider->vt->status(test->provider, &wait_ms), "rate limit: waiting ");
	assert_in_range(wait_ms, 1, 300 * SECOND);
	providing_submit(test, &second);
	assert_int_equal(test->provider->vt->next(test->provider, 1 * SECOND, &done), RC_TIMEOUT);
	assert_int_equal(script_request_count(test->server), 1);
	providing_collect(test, 2);
	assert_int_equal(first.rc, RC_OK);
	assert_int_equal(second.rc, RC_OK);
	assert_null(test->provider->vt->status(test->provider, NULL));
}

static void a_used_up_ratelimit_pauses_before_the_next_call(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET);
	int64_t began_ms = clock_mono_ms(&test->run.clock);

	script_answer(test->server, NULL, 200,
		      "Ratelimit: \"default\";r=0;t=300\r\nRatelimit-Policy: \"burst\";q=100;w=60\r\n", TUNNEL_OK);
	script_answer(test->server, NULL, 200, "Ratelimit: \"default\";r=99;t=60\r\n", TUNNEL_OK);
	assert_int_equal(providing_do(test, &call), RC_OK);
	providing_submit(test, &call);
	assert_contains(test->provider->vt->status(test->provider, NULL), "rate limit (100 calls per 60 s): waiting ");
	providing_collect(test, 1);
	assert_int_equal(call.rc, RC_OK);
	assert_true(providing_elapsed(test, began_ms) >= 300 * SECOND);
}

static void other_calls_go_on_while_one_waits(void **state)
{
	struct providing *test = *state;
	struct call waits = providing_call(test, CALL_TUNNEL_GET), goes = providing_call(test, CALL_ZONE_GET), *done = NULL;
	int64_t began_ms = clock_mono_ms(&test->run.clock);

	test->config.parallelism = 1;
	script_answer(test->server, "cfd_tunnel", 503, "Retry-After: 300\r\n", "");
	script_answer(test->server, "cfd_tunnel", 200, "", TUNNEL_OK);
	script_answer(test->server, "zones", 200, "", "{\"success\":true,\"result\":{\"id\":\"z\",\"name\":\"example.com\"}}");
	providing_submit(test, &waits);
	providing_submit(test, &goes);
	assert_int_equal(test->provider->vt->next(test->provider, -1, &done), RC_OK);
	assert_ptr_equal(done, &goes);
	assert_contains(test->provider->vt->status(test->provider, NULL), "HTTP 503 from 127.0.0.1: trying again in");
	providing_collect(test, 1);
	assert_int_equal(waits.rc, RC_OK);
	assert_true(providing_elapsed(test, began_ms) >= 300 * SECOND);
}

/* --- time, order, interrupts --- */

static void a_silent_server_times_out(void **state)
{
	struct providing *test = *state;
	struct call read = providing_call(test, CALL_TUNNEL_GET), create = create_call(test);

	read.timeout_ms = 200;
	create.timeout_ms = 200;
	for (int i = 0; i < 5; i++)
		script_raw(test->server, "GET", "", 0, SCRIPT_HANG);
	script_raw(test->server, "POST", "HTTP/1.1 200 OK\r\nContent-Le", 26, SCRIPT_HANG);
	assert_int_equal(providing_do(test, &read), RC_TIMEOUT);
	assert_int_equal(read.attempts, 5);
	assert_string_equal(read.message, "no answer from 127.0.0.1: it did not come in time");
	assert_int_equal(providing_do(test, &create), RC_UNKNOWN_OUTCOME);
	assert_int_equal(create.attempts, 1);
}

static enum rc say_no(void *context)
{
	++*(int *)context;
	return RC_STALE;
}

/** Whoever lost the lease: nothing that writes goes out any more, reads do. */
static void writes_are_asked_for(void **state)
{
	struct providing *test = *state;
	struct call create = create_call(test), read = providing_call(test, CALL_TUNNEL_GET);
	int asked = 0;

	providing_open(test);
	test->provider->hooks.may_write = say_no;
	test->provider->hooks.write_context = &asked;
	script_answer(test->server, "GET", 200, "", TUNNEL_OK);
	assert_int_equal(providing_do(test, &create), RC_CANCELLED);
	assert_int_equal(create.attempts, 0);
	assert_int_equal(asked, 1);
	assert_int_equal(providing_do(test, &read), RC_OK);
	assert_int_equal(asked, 1);
	assert_int_equal(script_request_count(test->server), 1);
}

/** What a budget was asked, and what it has left. */
struct purse {
	struct providing *test;
	int64_t left, most;
	int64_t empty_since_ms;
};

static void take_from_purse(void *context, int64_t want, int64_t *ret_calls, int64_t *ret_wait_ms)
{
	struct purse *purse = context;
	int64_t now = clock_mono_ms(&purse->test->run.clock);

	purse->most = want > purse->most ? want : purse->most;
	if (!purse->left && !purse->empty_since_ms)
		purse->empty_since_ms = now;
	else if (!purse->left && now >= purse->empty_since_ms + 7 * SECOND)
		purse->left = 100;
	*ret_calls = want < purse->left ? want : purse->left;
	*ret_wait_ms = *ret_calls ? 0 : purse->empty_since_ms + 7 * SECOND - now;
	purse->left -= *ret_calls;
}

/** Calls are taken in small lots, each before it is sent; an empty budget is waited for, and said. */
static void calls_are_taken_from_the_budget(void **state)
{
	enum { CALLS = 30 };
	struct providing *test = *state;
	struct purse purse = {.test = test, .left = 25};
	struct call calls[CALLS], *done;
	struct provider_stats stats;
	bool is_told = false;
	size_t count = 0;

	providing_open(test);
	test->provider->hooks.take_calls = take_from_purse;
	test->provider->hooks.budget_context = &purse;
	for (size_t i = 0; i < CALLS; i++) {
		script_answer(test->server, NULL, 200, "", TUNNEL_OK);
		calls[i] = providing_call(test, CALL_TUNNEL_GET);
		providing_submit(test, &calls[i]);
	}
	while (count < CALLS) {
		enum rc rc = test->provider->vt->next(test->provider, SECOND, &done);
		const char *status = test->provider->vt->status(test->provider, NULL);

		assert_true(rc == RC_OK || rc == RC_TIMEOUT);
		count += rc == RC_OK;
		if (rc == RC_TIMEOUT && count == 25 && status && str_has_prefix(status, "call budget used up: waiting "))
			is_told = true;
	}
	assert_true(is_told);
	assert_int_equal(purse.most, 20);
	test->provider->vt->stats(test->provider, &stats);
	assert_in_range(stats.waited_ms, 5 * SECOND, 60 * SECOND);
}

static void next_returns_when_told(void **state)
{
	struct providing *test = *state;
	struct call call = providing_call(test, CALL_TUNNEL_GET), *done = &call;

	providing_open(test);
	assert_int_equal(test->provider->vt->next(test->provider, -1, &done), RC_NOTFOUND);
	assert_null(done);
	script_raw(test->server, NULL, "", 0, SCRIPT_HANG);
	providing_submit(test, &call);
	assert_int_equal(test->provider->vt->pending(test->provider), 1);
	assert_int_equal(test->provider->vt->next(test->provider, 0, &done), RC_TIMEOUT);
	assert_int_equal(test->provider->vt->next(test->provider, 5 * SECOND, &done), RC_TIMEOUT);
	assert_int_equal(test->provider->vt->pending(test->provider), 1);
	/* Teardown closes the provider with the call under way. */
}

static void parallelism_is_used_and_kept(void **state)
{
	enum { CALLS = 24, AT_ONCE = 4 };
	struct providing *test = *state;
	struct call calls[CALLS], first = providing_call(test, CALL_TUNNEL_GET);

	test->config.parallelism = AT_ONCE;
	/* Until something was answered, few calls are risked. */
	script_answer(test->server, NULL, 200, "", TUNNEL_OK);
	providing_submit(test, &first);
	providing_collect(test, 1);
	for (size_t i = 0; i < CALLS; i++) {
		calls[i] = providing_call(test, CALL_TUNNEL_GET);
		script_hold(test->server, NULL, AT_ONCE, TUNNEL_OK);
		providing_submit(test, &calls[i]);
	}
	providing_collect(test, CALLS);
	assert_int_equal(script_held_max(test->server), AT_ONCE);
	for (size_t i = 0; i < CALLS; i++) {
		assert_int_equal(calls[i].rc, RC_OK);
		assert_true(script_request(test->server, i + 1)->connection <= AT_ONCE);
	}
}

static void requests_go_out_in_the_order_of_submission(void **state)
{
	enum { CALLS = 100 };
	struct providing *test = *state;
	struct call calls[CALLS];
	char ids[CALLS][16], path[256];

	test->config.parallelism = 1;
	for (size_t i = 0; i < CALLS; i++) {
		calls[i] = providing_call(test, CALL_TUNNEL_GET);
		snprintf(ids[i], sizeof(ids[i]), "id-%03zu", i);
		calls[i].tunnel_id = ids[i];
		script_answer(test->server, NULL, 200, "", TUNNEL_OK);
		providing_submit(test, &calls[i]);
	}
	providing_collect(test, CALLS);
	for (size_t i = 0; i < CALLS; i++) {
		snprintf(path, sizeof(path), "GET " TUNNELS_PATH "/%s ", ids[i]);
		assert_true(str_has_prefix(script_request(test->server, i)->head, path));
	}
}

static void an_interrupt_ends_reads_and_lets_writes_finish(void **state)
{
	struct providing *test = *state;
	struct call read = providing_call(test, CALL_TUNNEL_GET), write = providing_call(test, CALL_TUNNEL_RENAME);
	struct call queued = providing_call(test, CALL_ZONE_GET), after = providing_call(test, CALL_RECORD_GET), *done = NULL;

	write.name = "shop";
	test->config.parallelism = 2;
	script_raw(test->server, "GET", "", 0, SCRIPT_HANG);
	script_hold(test->server, "PATCH", 2, TUNNEL_OK);
	script_hold(test->server, "dns_records", 2, "{\"success\":true,\"result\":{\"id\":\"r\",\"name\":\"n\",\"type\":\"A\"}}");
	providing_submit(test, &read);
	providing_submit(test, &write);
	providing_submit(test, &queued);
	run_until_requested(test, 2);
	test->interrupted = 1;
	assert_int_equal(test->provider->vt->next(test->provider, -1, &done), RC_CANCELLED);
	providing_collect(test, 2);
	assert_int_equal(read.rc, RC_CANCELLED);
	assert_int_equal(queued.rc, RC_CANCELLED);
	assert_int_equal(test->provider->vt->pending(test->provider), 1);
	/* What is asked after the interrupt was told runs as ever: cleaning up may need it. */
	providing_submit(test, &after);
	providing_collect(test, 2);
	assert_int_equal(write.rc, RC_OK);
	assert_int_equal(after.rc, RC_OK);
	assert_null(script_find(test->server, "/zones/" ZONE " "));
}

static void an_interrupt_ends_waits(void **state)
{
	struct providing *test = *state;
	struct call read = providing_call(test, CALL_TUNNEL_GET), write = providing_call(test, CALL_TUNNEL_RENAME), *done;

	write.name = "shop";
	script_answer(test->server, "PATCH", 503, "Retry-After: 500\r\n", "");
	script_answer(test->server, "GET", 429, "Retry-After: 500\r\n", "");
	providing_submit(test, &write);
	run_until_waiting(test);
	providing_submit(test, &read);
	run_until_requested(test, 2);
	test->interrupted = 1;
	assert_int_equal(test->provider->vt->next(test->provider, -1, &done), RC_CANCELLED);
	providing_collect(test, 2);
	assert_int_equal(read.rc, RC_CANCELLED);
	/* The try that got 503 may have been executed. */
	assert_int_equal(write.rc, RC_UNKNOWN_OUTCOME);
	/* A second interrupt is told too. */
	test->interrupted = 2;
	assert_int_equal(test->provider->vt->next(test->provider, -1, &done), RC_CANCELLED);
	assert_int_equal(test->provider->vt->next(test->provider, -1, &done), RC_NOTFOUND);
}

static void do_refuses_when_another_call_is_under_way(void **state)
{
	struct providing *test = *state;
	struct call first = providing_call(test, CALL_TUNNEL_GET), second = first;

	script_answer(test->server, NULL, 200, "", TUNNEL_OK);
	providing_submit(test, &first);
	assert_int_equal(provider_do(test->provider, &second), RC_INTERNAL);
	providing_collect(test, 1);
	assert_int_equal(first.rc, RC_OK);
}

/* --- the trace --- */

static void the_trace_has_one_line_per_try_and_no_secret(void **state)
{
	char path[] = "/tmp/adit-test-trace-XXXXXX";
	struct providing *test = *state;
	struct call call = create_call(test);
	struct text *trace;
	struct stat status;
	char *bytes;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	test->config.trace_path = path;
	script_answer(test->server, NULL, 429, "Retry-After: 1\r\nCF-Ray: 9ab\033-FRA\r\n", "");
	script_answer(test->server, NULL, 200, "", TUNNEL_OK);
	assert_int_equal(providing_do(test, &call), RC_OK);
	call = providing_call(test, CALL_RECORDS_LIST);
	call.name = TOKEN;
	script_answer(test->server, NULL, 200, "", "{\"success\":true,\"result\":[]}");
	assert_int_equal(providing_do(test, &call), RC_OK);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(file_read(test->run.arena, &test->run.diags, path, 65536, &trace), RC_OK);
	unlink(path);
	bytes = arena_memdup(test->run.arena, trace->bytes, trace->size);
	assert_contains(bytes, "Z POST " TUNNELS_PATH " status=429 ms=");
	assert_contains(bytes, " try=1 ray=9ab?-FRA\n");
	assert_contains(bytes, "Z POST " TUNNELS_PATH " status=200 ms=");
	assert_contains(bytes, " try=2\n");
	assert_contains(bytes, "name=[redacted]&page=1&per_page=5000 status=200");
	assert_null(strstr(bytes, TOKEN));
	assert_null(strstr(bytes, SECRET));
	assert_null(strstr(bytes, "shop"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, providing_setup, providing_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(connections_are_reused),
		TEST(requests_carry_the_fields_they_must),
		TEST(chunked_answers_are_read),
		TEST(compressed_answers_are_read),
		TEST(compressed_answers_are_bounded),
		TEST(header_fields_are_bounded),
		TEST(redirects_are_not_followed),
		TEST(json_counts_whatever_it_is_called),
		TEST(reads_survive_every_fault),
		TEST(a_read_is_tried_five_times),
		TEST(what_no_retry_can_mend_is_not_retried),
		TEST(a_create_whose_answer_is_lost_is_not_repeated),
		TEST(a_create_on_a_reused_connection_is_sent_once),
		TEST(a_write_that_may_be_repeated_is),
		TEST(a_write_whose_retries_are_used_up_is_in_doubt),
		TEST(a_write_that_was_lost_and_then_refused_is_in_doubt),
		TEST(a_delete_that_was_lost_and_then_finds_nothing_is_done),
		TEST(a_create_that_could_not_be_sent_is_tried_again),
		TEST(nobody_there_is_said),
		TEST(retry_after_in_seconds_is_obeyed),
		TEST(retry_after_as_a_date_is_obeyed),
		TEST(refusals_without_a_word_do_not_count_as_tries),
		TEST(refusals_end_after_ten_minutes),
		TEST(a_wait_longer_than_is_waited_is_not_begun),
		TEST(a_rate_limit_holds_for_all_calls),
		TEST(a_used_up_ratelimit_pauses_before_the_next_call),
		TEST(other_calls_go_on_while_one_waits),
		TEST(a_silent_server_times_out),
		TEST(writes_are_asked_for),
		TEST(calls_are_taken_from_the_budget),
		TEST(next_returns_when_told),
		TEST(parallelism_is_used_and_kept),
		TEST(requests_go_out_in_the_order_of_submission),
		TEST(an_interrupt_ends_reads_and_lets_writes_finish),
		TEST(an_interrupt_ends_waits),
		TEST(do_refuses_when_another_call_is_under_way),
		TEST(the_trace_has_one_line_per_try_and_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
