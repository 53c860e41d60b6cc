/** @file One HTTP exchange at a time, with retries: for states behind a URL. TLS is verified, redirects are not followed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/failpoint.h"
#include "base/libcurl.h"
#include "base/str.h"
#include "state/blob.h"

#define TRIES_MAX 5
#define BACKOFF_MS 500
#define CONNECT_TIMEOUT_MS 10000L
#define RETRY_AFTER_MAX_MS 60000
#define SILENCE_S 60L        /**< no byte in either direction */
#define TIMEOUT_MS 600000L   /**< a large document on a slow line takes its time */
#define CLOCK_GRAIN_MS 5000  /**< Date has whole seconds, and answers take their time */

struct blob_http {
	struct run *run;
	CURL *easy;
	char *user_password;
	char *sigv4, *token_header;
	bool has_curl;
	int64_t server_lead_ms; /**< how far the server's clock is ahead of this machine's */
	char error[CURL_ERROR_SIZE];
};

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static char *copy(const char *text, bool *is_copied)
{
	char *made = text ? strdup(text) : NULL;

	*is_copied &= !text || made;
	return made;
}

enum rc blob_http_new(struct run *run, const struct blob_credentials *credentials, struct blob_http **ret_http)
{
	struct blob_http *http = calloc(1, sizeof(*http));
	bool is_copied = true;
	enum rc rc = http ? libcurl_load(&run->diags) : RC_NOMEM;

	if (rc) {
		free(http);
		return rc;
	}
	http->run = run;
	http->sigv4 = copy(credentials->sigv4, &is_copied);
	http->token_header = copy(credentials->token_header, &is_copied);
	if (credentials->user) {
		size_t size = strlen(credentials->user) + strlen(str_or_empty(credentials->password)) + 2;

		http->user_password = malloc(size);
		is_copied &= http->user_password != NULL;
		if (http->user_password)
			snprintf(http->user_password, size, "%s:%s", credentials->user, str_or_empty(credentials->password));
	}
	http->has_curl = !libcurl->global_init_mem(CURL_GLOBAL_DEFAULT, alloc_new, alloc_free, alloc_resize, alloc_strdup,
						alloc_array);
	http->easy = is_copied && http->has_curl ? libcurl->easy_init() : NULL;
	if (!http->easy) {
		blob_http_free(http);
		return RC_NOMEM;
	}
	*ret_http = http;
	return RC_OK;
}

void blob_http_free(struct blob_http *http)
{
	if (!http)
		return;
	libcurl->easy_cleanup(http->easy);
	wipe(http->user_password);
	wipe(http->sigv4);
	wipe(http->token_header);
	if (http->has_curl)
		libcurl->global_cleanup();
	free(http);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct blob_call *call = context;

	strbuf_add(&call->answer, bytes, size * count);
	return strbuf_failed(&call->answer) ? 0 : size * count;
}

static bool set_fixed(struct blob_http *http)
{
	CURL *easy = http->easy;
	bool is_set = !libcurl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");

	is_set &= !libcurl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_USERAGENT, "adit/" ADIT_VERSION);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, SILENCE_S);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_ERRORBUFFER, http->error);
	if (http->sigv4)
		is_set &= !libcurl->easy_setopt(easy, CURLOPT_AWS_SIGV4, http->sigv4);
	else if (http->user_password)
		is_set &= !libcurl->easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	if (http->user_password)
		is_set &= !libcurl->easy_setopt(easy, CURLOPT_USERPWD, http->user_password);
	return is_set;
}

/** What is signed: S3 wants the body's digest as a header, too, and libcurl takes it from there. */
static const char *digest_line(const struct blob_http *http, const struct blob_call *call)
{
	struct arena *arena = http->run->arena;
	const char *digest = str_sha256_hex(arena, str_or_empty(call->body), call->body_size);

	return digest ? arena_printf(arena, "x-amz-content-sha256: %s", digest) : NULL;
}

/** The lines of a request beside those that libcurl makes. "Expect:" keeps it from waiting for a 100; a line without a
 * value would spoil a signature. */
static struct curl_slist *headers_of(const struct blob_http *http, const struct blob_call *call)
{
	const char *const lines[] = {http->sigv4 ? digest_line(http, call) : "Expect:",
				     call->body ? "Content-Type: application/json" : NULL, call->header, http->token_header};
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct curl_slist *grown = lines[i] ? libcurl->slist_append(list, lines[i]) : list;

		if (lines[i] && !grown) {
			libcurl->slist_free_all(list);
			return NULL;
		}
		list = grown;
	}
	return list;
}

static bool set_call(struct blob_http *http, struct blob_call *call, struct curl_slist *headers)
{
	CURL *easy = http->easy;
	bool is_set;

	libcurl->easy_reset(easy);
	is_set = set_fixed(http);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_URL, call->url);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_WRITEDATA, call);
	if (call->body) {
		is_set &= !libcurl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_size);
		is_set &= !libcurl->easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
	}
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
	return is_set;
}

const char *blob_http_escape(struct blob_http *http, struct arena *arena, const char *value)
{
	char *escaped = libcurl->easy_escape(http->easy, value, 0);
	const char *copy = escaped ? arena_strdup(arena, escaped) : NULL;

	libcurl->free(escaped);
	return copy;
}

/** The machine's own time; what a test sets ahead is a clock that goes wrong. */
static int64_t machine_ms(const struct run *run)
{
	return clock_wall_ms(&run->clock) - run->clock.wall_offset_ms;
}

static void read_clock(struct blob_http *http)
{
	struct curl_header *date = NULL;
	time_t server;
	int64_t lead_ms;

	if (libcurl->easy_header(http->easy, "Date", 0, CURLH_HEADER, -1, &date))
		return;
	server = libcurl->getdate(date->value, NULL);
	if (server < 0)
		return;
	lead_ms = (int64_t)server * 1000 - (clock_wall_ms(&http->run->clock) - clock_lead_ms(&http->run->clock));
	http->server_lead_ms = lead_ms > -CLOCK_GRAIN_MS && lead_ms < CLOCK_GRAIN_MS ? 0 : lead_ms;
}

int64_t blob_http_now_ms(const struct blob_http *http)
{
	return machine_ms(http->run) + http->server_lead_ms;
}

static void read_answer(struct blob_http *http, struct blob_call *call)
{
	struct curl_header *etag = NULL;
	curl_off_t retry_after_s = 0;
	long status = 0;

	read_clock(http);
	if (!libcurl->easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &retry_after_s) && retry_after_s > 0)
		call->retry_after_ms = retry_after_s < RETRY_AFTER_MAX_MS / 1000 ? retry_after_s * 1000 : RETRY_AFTER_MAX_MS;
	libcurl->easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	call->status = (int)status;
	if (!libcurl->easy_header(http->easy, "ETag", 0, CURLH_HEADER, -1, &etag) && strlen(etag->value) < sizeof(call->etag))
		strcpy(call->etag, etag->value);
}

/** True when the request cannot have been executed. */
static bool is_unsent(CURLcode code)
{
	return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_CONNECT ||
	       code == CURLE_SSL_CONNECT_ERROR;
}

/** 429: not executed. 409 from S3: another write of the object was under way, perhaps an earlier try of this one. */
static bool is_passing(const struct blob_http *http, const struct blob_call *call)
{
	return call->status == 429 || (call->status >= 500 && call->is_repeatable) || (call->status == 409 && http->sigv4);
}

/** @return true when it is worth another try */
static bool try_once(struct blob_http *http, struct blob_call *call)
{
	struct curl_slist *headers = headers_of(http, call);
	CURLcode code;

	strbuf_reset(&call->answer);
	call->status = 0;
	call->retry_after_ms = 0;
	call->etag[0] = http->error[0] = '\0';
	if (!headers || !set_call(http, call, headers)) {
		libcurl->slist_free_all(headers);
		call->rc = RC_NOMEM;
		return false;
	}
	failpoint("store.sent");
	code = libcurl->easy_perform(http->easy);
	failpoint("store.answered");
	libcurl->slist_free_all(headers);
	if (code == CURLE_OK) {
		read_answer(http, call);
		call->rc = RC_OK;
		return is_passing(http, call);
	}
	snprintf(call->error, sizeof(call->error), "%.127s", http->error[0] ? http->error : libcurl->easy_strerror(code));
	call->rc = code == CURLE_OUT_OF_MEMORY ? RC_NOMEM : strbuf_failed(&call->answer) ? RC_LIMIT : code == CURLE_OPERATION_TIMEDOUT ? RC_TIMEOUT : RC_UNAVAILABLE;
	if (call->rc == RC_NOMEM || call->rc == RC_LIMIT)
		return false;
	return is_unsent(code) || call->is_repeatable;
}

void blob_http_do(struct blob_http *http, struct blob_call *call)
{
	int tries_max = call->is_last_effort ? 1 : TRIES_MAX;
	int64_t wait_ms = BACKOFF_MS;

	strbuf_init(&call->answer, BLOB_DOCUMENT_BYTES);
	/* An interruption ends none of it: what was done at Cloudflare has still to be recorded. */
	for (int tries = 1; try_once(http, call) && tries < tries_max; tries++) {
		clock_sleep_ms(&http->run->clock, wait_ms > call->retry_after_ms ? wait_ms : call->retry_after_ms);
		wait_ms *= 2;
	}
}
