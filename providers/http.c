/* The HTTP transport's life and its loop.
 *
 * 1. A request is in exactly one place: the heap of those waiting, one transfer, or the list of those done.
 * 2. Nothing is sent while gate_ms lies ahead: the server's rate limit holds for all requests of the token.
 * 3. A request whose try failed goes back to the heap with a time, so that it holds no place while it waits. */
#include "providers/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/failpoint.h"
#include "base/str.h"
#include "providers/endpoint.h"
#include "providers/http_internal.h"

/** An interrupt may come between looking at the flag and waiting: look again so often, in real time. */
#define HTTP_INTERRUPT_POLL_MS 250

/** Calls that are taken out of the budget at once: enough that taking costs little, few enough to waste little. */
#define HTTP_BUDGET_CHUNK 20

static const struct provider_hooks no_hooks;

static int64_t now_ms(const struct http *http)
{
	return clock_mono_ms(&http->run->clock);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static char *copy_or_null(const char *text, bool *is_copied)
{
	char *copy = text ? alloc_strdup(text) : NULL;

	*is_copied &= !text || copy;
	return copy;
}

/** Where the requests go: the parts of the base URL that matter later on. */
static enum rc set_base(struct http *http, const char *base_url)
{
	struct endpoint endpoint;
	struct arena *arena = arena_new(64 * 1024);
	bool is_copied = true;
	enum rc rc;

	if (!arena)
		return RC_NOMEM;
	rc = endpoint_parse(arena, base_url, &endpoint);
	if (!rc) {
		http->base_url = copy_or_null(endpoint.url, &is_copied);
		http->base_path = copy_or_null(endpoint.path, &is_copied);
		http->host = copy_or_null(endpoint.host, &is_copied);
		http->is_https = endpoint.is_https;
		http->is_loopback = endpoint.is_loopback;
		rc = is_copied ? RC_OK : RC_NOMEM;
	}
	arena_free(arena);
	return rc;
}

static enum rc set_transfers(struct http *http, unsigned parallelism)
{
	size_t count = parallelism ? parallelism : HTTP_PARALLELISM;

	http->parallelism = count < HTTP_PARALLELISM_MAX ? count : HTTP_PARALLELISM_MAX;
	http->transfers = calloc(http->parallelism, sizeof(*http->transfers));
	http->idle = calloc(http->parallelism, sizeof(*http->idle));
	if (!http->transfers || !http->idle)
		return RC_NOMEM;
	while (http->idle_count < http->parallelism) {
		http->idle[http->idle_count] = http->parallelism - 1 - http->idle_count;
		http->idle_count++;
	}
	return RC_OK;
}

static enum rc set_multi(struct http *http)
{
	long count = (long)http->parallelism;

	http->has_curl = !libcurl->global_init_mem(CURL_GLOBAL_DEFAULT, alloc_new, alloc_free, alloc_resize, alloc_strdup,
					       alloc_array);
	if (!http->has_curl)
		return RC_INTERNAL;
	http->multi = libcurl->multi_init();
	if (!http->multi)
		return RC_NOMEM;
	if (libcurl->multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) ||
	    libcurl->multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, count) ||
	    libcurl->multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, count))
		return RC_INTERNAL;
	return RC_OK;
}

enum rc http_new(struct run *run, const struct http_config *config, struct http **ret_http)
{
	struct http *http = calloc(1, sizeof(*http));
	bool is_copied = true;
	enum rc rc;

	if (!http)
		return RC_NOMEM;
	http->run = run;
	http->status = calloc(1, HTTP_STATUS_BYTES);
	http->hooks = config->hooks ? config->hooks : &no_hooks;
	http->trace_fd = config->trace_fd;
	http->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : HTTP_TIMEOUT_MS;
	http->token = copy_or_null(config->token, &is_copied);
	http->ca_file = copy_or_null(config->ca_file, &is_copied);
	rc = is_copied && http->status ? set_base(http, config->base_url) : RC_NOMEM;
	if (!rc)
		rc = set_transfers(http, config->parallelism);
	if (!rc)
		rc = set_multi(http);
	if (!rc)
		rc = transfer_headers(http);
	if (rc)
		http_free(http);
	else
		*ret_http = http;
	return rc;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	for (size_t i = 0; http->transfers && i < http->parallelism; i++) {
		if (http->transfers[i].request)
			transfer_stop(http, &http->transfers[i]);
		transfer_free(&http->transfers[i]);
	}
	if (http->has_curl) {
		libcurl->multi_cleanup(http->multi);
		libcurl->slist_free_all(http->headers);
		libcurl->global_cleanup();
	}
	free(http->transfers);
	free(http->idle);
	free(http->heap);
	alloc_free(http->base_url);
	alloc_free(http->base_path);
	alloc_free(http->host);
	alloc_free(http->ca_file);
	free(http->status);
	alloc_free(http->token);
	free(http);
}

enum rc http_submit(struct http *http, struct http_request *request)
{
	enum rc rc = http_queue_reserve(http);

	if (rc)
		return rc;
	memset(&request->answer, 0, sizeof(request->answer));
	memset(&request->own, 0, sizeof(request->own));
	request->attempts = 0;
	request->own.sequence = http->sequence++;
	http->pending_count++;
	http_queue_push(http, request, now_ms(http));
	return RC_OK;
}

void http_request_done(struct http_request *request)
{
	strbuf_wipe(&request->answer.body);
}

void http_stats(const struct http *http, struct provider_stats *ret_stats)
{
	*ret_stats = (struct provider_stats){
		.requests = http->request_count,
		.writes = http->write_count,
		.waited_ms = http->waited_ms,
	};
}

const struct clock *http_clock(const struct http *http)
{
	return &http->run->clock;
}

/** A request comes back. @param rc RC_OK when its answer is to be judged by the caller */
static void finish(struct http *http, struct http_request *request, enum rc rc)
{
	request->answer.rc = rc;
	http_queue_done(http, request);
}

/** The server wants nothing before @p until_ms. */
static void close_gate(struct http *http, int64_t until_ms)
{
	if (until_ms <= http->gate_ms)
		return;
	http->gate_ms = until_ms;
	http->is_budget_gate = false;
}

/** Obey Ratelimit and Ratelimit-Policy of any answer. */
static void read_rate_headers(struct http *http, const struct transfer *transfer)
{
	int64_t wait_ms = http_ratelimit_wait_ms(transfer_header(transfer, "ratelimit"));
	int64_t calls, window_s;

	if (http_ratelimit_policy(transfer_header(transfer, "ratelimit-policy"), &calls, &window_s)) {
		http->policy_calls = calls;
		http->policy_window_s = window_s;
	}
	http_limit_read(http, transfer->request, transfer_header(transfer, "ratelimit"), now_ms(http));
	if (wait_ms > HTTP_RATE_WAIT_MAX_MS)
		wait_ms = HTTP_RATE_WAIT_MAX_MS;
	if (wait_ms)
		close_gate(http, now_ms(http) + wait_ms);
}

/** How long to wait before the next try of a request that got 429. @return -1: it was refused for too long */
static int64_t rate_wait_ms(struct http *http, struct http_request *request, int64_t told_ms)
{
	int64_t now = now_ms(http);
	int64_t wait_ms = told_ms ? told_ms : http_backoff_ms(&http->run->clock, request->own.refusals);

	if (!request->own.refusals++)
		request->own.refused_since_ms = now;
	return now + wait_ms - request->own.refused_since_ms > HTTP_RATE_WAIT_MAX_MS ? -1 : wait_ms;
}

/** How long to wait before the next try. @return -1: there is none */
static int64_t retry_wait_ms(struct http *http, struct http_request *request, enum http_fault fault, int64_t told_ms)
{
	int64_t wait_ms;

	switch (fault) {
	case HTTP_FAULT_NONE:
	case HTTP_FAULT_FINAL:
		return -1;
	case HTTP_FAULT_RATE:
		return rate_wait_ms(http, request, told_ms);
	case HTTP_FAULT_LOST:
	case HTTP_FAULT_SERVER:
		if (!request->is_repeatable)
			return -1;
		break;
	case HTTP_FAULT_UNSENT:
		break;
	}
	if (++request->own.tries >= HTTP_TRIES_MAX || told_ms > HTTP_RATE_WAIT_MAX_MS)
		return -1;
	wait_ms = http_backoff_ms(&http->run->clock, request->own.tries - 1);
	return later(wait_ms, told_ms);
}

/** Send it again later. */
static void wait_and_retry(struct http *http, struct http_request *request, enum http_fault fault, int64_t wait_ms,
			   bool is_told)
{
	int64_t now = now_ms(http);

	request->answer.was_lost |= request->answer.maybe_executed;
	request->own.wait_status = request->answer.status;
	if (fault == HTTP_FAULT_RATE)
		close_gate(http, now + wait_ms);
	request->own.is_told = is_told;
	http_queue_push(http, request, now + wait_ms);
}

/** Why there was no connection, as the system says it; libcurl's own words hold a time, and differ in each run. */
static void describe_connect(const struct transfer *transfer, struct http_answer *answer)
{
	long error = 0;

	libcurl->easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &error);
	snprintf(answer->error, sizeof(answer->error), "cannot connect%s%s", error ? ": " : "",
		 error ? strerror((int)error) : "");
}

/** Say why no answer came, for people. */
static void describe(const struct transfer *transfer, CURLcode code, struct http_answer *answer)
{
	const char *words = transfer->error[0] ? transfer->error : libcurl->easy_strerror(code);

	if (!code)
		return;
	if (transfer->is_too_large)
		words = "the answer is larger than allowed";
	else if (code == CURLE_ABORTED_BY_CALLBACK)
		words = "the connection was closed before an answer came";
	else if (code == CURLE_OPERATION_TIMEDOUT)
		words = transfer->sends ? "it did not come in time" : "no connection came about in time";
	if (code == CURLE_COULDNT_CONNECT)
		describe_connect(transfer, answer);
	else
		snprintf(answer->error, sizeof(answer->error), "%s", words);
}

/** libcurl is through with a try: judge it. */
static void finish_try(struct http *http, struct transfer *transfer, CURLcode code)
{
	struct http_request *request = transfer->request;
	struct http_answer *answer = &request->answer;
	struct http_ending ending;
	int64_t told_ms, wait_ms;

	failpoint("call.answered");
	if (transfer->is_out_of_memory)
		code = CURLE_OUT_OF_MEMORY;
	/* Whoever reads again to learn what became of the call sees that it was lost, not why. */
	if (code == CURLE_OUT_OF_MEMORY)
		arena_fail(http->run->arena);
	transfer_read_answer(transfer);
	ending = http_ending_of(code, answer->status, transfer->sends > 0, transfer->is_too_large);
	told_ms = http_retry_after_ms(&http->run->clock, transfer_header(transfer, "retry-after"));
	describe(transfer, code, answer);
	answer->maybe_executed = ending.fault == HTTP_FAULT_LOST || ending.fault == HTTP_FAULT_SERVER ||
				 (ending.fault == HTTP_FAULT_FINAL && transfer->sends > 0);
	if (!code)
		read_rate_headers(http, transfer);
	http_trace(transfer, code);
	if (code)
		answer->status = 0;
	transfer_stop(http, transfer);
	http_limit_end(http, now_ms(http));
	wait_ms = retry_wait_ms(http, request, ending.fault, told_ms);
	if (wait_ms >= 0)
		wait_and_retry(http, request, ending.fault, wait_ms, told_ms > 0);
	else
		finish(http, request, ending.rc);
}

static void collect(struct http *http)
{
	CURLMsg *message;
	int left;

	while ((message = libcurl->multi_info_read(http->multi, &left))) {
		char *transfer = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		libcurl->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		finish_try(http, (struct transfer *)(void *)transfer, message->data.result);
	}
}

/** Take one call out of the budget. @return false: there is none for now, and the gate is closed until there is */
static bool take_call(struct http *http, int64_t now)
{
	int64_t want = (int64_t)http->heap_count < HTTP_BUDGET_CHUNK ? (int64_t)http->heap_count : HTTP_BUDGET_CHUNK;
	int64_t wait_ms = 0, until_ms;

	if (!http_limit_allows(http, now, &until_ms)) {
		if (until_ms >= 0)
			close_gate(http, until_ms);
		http->is_awaited = until_ms < 0;
		return false;
	}
	if (!http->hooks->take_calls)
		return true;
	if (!http->credit)
		http->hooks->take_calls(http->hooks->budget_context, want, &http->credit, &wait_ms);
	if (http->credit) {
		http->credit--;
		return true;
	}
	http->gate_ms = now + later(wait_ms, 1);
	http->is_budget_gate = true;
	return false;
}

static bool may_send(const struct http *http, const struct http_request *request)
{
	return request->method == HTTP_GET || !http->hooks->may_write || !http->hooks->may_write(http->hooks->write_context);
}

/** Send what is due, as far as there is room. */
static void start_due(struct http *http)
{
	int64_t now = now_ms(http);

	http->is_awaited = false;
	if (http->gate_ms > now)
		return;
	while (http->heap_count && http->idle_count && http->heap[0]->own.ready_ms <= now) {
		struct http_request *request = http->heap[0];
		enum rc rc;

		if (!take_call(http, now))
			return;
		http_queue_remove(http, request);
		rc = may_send(http, request) ? transfer_start(http, request) : RC_CANCELLED;
		if (rc)
			finish(http, request, rc);
		else
			http_limit_begin(http, request);
	}
}

/** When something happens by itself: the next waiting request, unless there is no room for it. -1: never. */
static int64_t next_event_ms(const struct http *http)
{
	if (!http->heap_count || !http->idle_count || http->is_awaited)
		return -1;
	return later(http->gate_ms, http->heap[0]->own.ready_ms);
}

/** True when what is to be sent next waits because the server said so. */
static bool is_held_back(const struct http *http, int64_t now)
{
	return http->heap_count &&
	       (http->gate_ms > now || (http->heap[0]->own.is_told && http->heap[0]->own.ready_ms > now));
}

static void tell_wait(struct http *http)
{
	int64_t wait_ms = 0;
	const char *why = http->hooks->waits ? http_status(http, &wait_ms) : NULL;

	if (why)
		http->hooks->waits(http->hooks->waits_context, why, wait_ms);
}

static enum rc wait_for_something(struct http *http, int64_t deadline_ms)
{
	int64_t event_ms = next_event_ms(http);
	int64_t began_ms = now_ms(http);
	bool is_held = is_held_back(http, began_ms);
	int real_ms = HTTP_INTERRUPT_POLL_MS;

	if (deadline_ms >= 0 && (event_ms < 0 || deadline_ms < event_ms))
		event_ms = deadline_ms;
	if (event_ms >= 0) {
		int until_ms = clock_real_ms(&http->run->clock, later(event_ms - began_ms, 0));

		real_ms = until_ms < real_ms ? until_ms : real_ms;
	}
	if (libcurl->multi_poll(http->multi, NULL, 0, real_ms, NULL))
		return RC_INTERNAL;
	if (is_held) {
		http->waited_ms += now_ms(http) - began_ms;
		tell_wait(http);
	}
	return RC_OK;
}

/** End what has not been sent, and reads; writes under way may still tell how they ended. */
static void cancel(struct http *http)
{
	while (http->heap_count) {
		struct http_request *request = http->heap[0];

		http_queue_remove(http, request);
		finish(http, request, RC_CANCELLED);
	}
	for (size_t i = 0; i < http->parallelism; i++) {
		struct http_request *request = http->transfers[i].request;

		if (!request || request->method != HTTP_GET)
			continue;
		transfer_stop(http, &http->transfers[i]);
		finish(http, request, RC_CANCELLED);
	}
}

/** True once per interrupt. */
static bool was_interrupted(struct http *http)
{
	int count = http->run->interrupted ? *http->run->interrupted : 0;

	if (count == http->interrupts_seen)
		return false;
	http->interrupts_seen = count;
	return count != 0;
}

enum rc http_next(struct http *http, int64_t timeout_ms, struct http_request **ret_request)
{
	int64_t deadline_ms = timeout_ms < 0 ? -1 : now_ms(http) + timeout_ms;

	for (;;) {
		struct http_request *request;
		int running;
		enum rc rc;

		if (was_interrupted(http)) {
			cancel(http);
			return RC_CANCELLED;
		}
		start_due(http);
		if (libcurl->multi_perform(http->multi, &running))
			return RC_INTERNAL;
		collect(http);
		start_due(http);
		request = http_queue_take(http);
		if (request) {
			*ret_request = request;
			return RC_OK;
		}
		if (!http->pending_count)
			return RC_NOTFOUND;
		if (atomic_exchange(&http->is_woken, false) || (deadline_ms >= 0 && now_ms(http) >= deadline_ms))
			return RC_TIMEOUT;
		rc = wait_for_something(http, deadline_ms);
		if (rc)
			return rc;
	}
}

void http_wake(struct http *http)
{
	atomic_store(&http->is_woken, true);
	libcurl->multi_wakeup(http->multi);
}

void http_drop(struct http *http, struct http_request *request)
{
	switch (request->own.phase) {
	case HTTP_IDLE:
		return;
	case HTTP_WAITING:
		http_queue_remove(http, request);
		break;
	case HTTP_UNDER_WAY:
		transfer_stop(http, &http->transfers[request->own.place]);
		break;
	case HTTP_DONE:
		http_queue_undone(http, request);
		break;
	}
	http->pending_count--;
	http_request_done(request);
}

/** The request that waits for a retry and is due first; NULL when the first of the heap is no retry. */
static const struct http_request *first_retry(const struct http *http)
{
	const struct http_request *request = http->heap_count ? http->heap[0] : NULL;

	return request && request->own.tries ? request : NULL;
}

const char *http_status(const struct http *http, int64_t *ret_wait_ms)
{
	const struct http_request *retry = first_retry(http);
	int64_t now = now_ms(http);
	int64_t until_ms = http->gate_ms > now ? http->gate_ms : retry ? retry->own.ready_ms : 0;
	long long seconds = (until_ms - now + 999) / 1000;

	if (until_ms <= now || !http->heap_count)
		return NULL;
	if (ret_wait_ms)
		*ret_wait_ms = until_ms - now;
	if (http->gate_ms > now && http->is_budget_gate)
		snprintf(http->status, HTTP_STATUS_BYTES, "call budget used up: waiting %lld s", seconds);
	else if (http->gate_ms > now && http->policy_calls)
		snprintf(http->status, HTTP_STATUS_BYTES, "rate limit (%lld calls per %lld s): waiting %lld s",
			 (long long)http->policy_calls, (long long)http->policy_window_s, seconds);
	else if (http->gate_ms > now)
		snprintf(http->status, HTTP_STATUS_BYTES, "rate limit: waiting %lld s", seconds);
	else if (retry->own.wait_status)
		snprintf(http->status, HTTP_STATUS_BYTES, "HTTP %d from %s: trying again in %lld s (try %u of %u)",
			 retry->own.wait_status, http->host, seconds, retry->own.tries + 1, HTTP_TRIES_MAX);
	else
		snprintf(http->status, HTTP_STATUS_BYTES, "no answer from %s: trying again in %lld s (try %u of %u)",
			 http->host, seconds, retry->own.tries + 1, HTTP_TRIES_MAX);
	return http->status;
}
