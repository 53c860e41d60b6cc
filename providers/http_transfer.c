/* One try of a request: an easy handle set up, and what it answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/failpoint.h"
#include "base/limits.h"
#include "base/str.h"
#include "providers/http_internal.h"

const char *http_method_name(enum http_method method)
{
	static const char *const names[] = {
		[HTTP_GET] = "GET",     [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
		[HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
	};

	return names[method];
}

static enum rc add_header(struct http *http, const char *line)
{
	struct curl_slist *grown = libcurl->slist_append(http->headers, line);

	if (!grown)
		return RC_NOMEM;
	http->headers = grown;
	return RC_OK;
}

enum rc transfer_headers(struct http *http)
{
	/* "Expect:" keeps libcurl from asking for a 100 before a large body: a second lost where none answers. */
	static const char *const fixed[] = {"Accept: application/json", "Content-Type: application/json", "Expect:"};
	struct strbuf line;
	enum rc rc = RC_NOMEM;

	strbuf_init(&line, 0);
	strbuf_addf(&line, "Authorization: Bearer %s", http->token);
	if (!strbuf_failed(&line))
		rc = add_header(http, strbuf_text(&line));
	strbuf_wipe(&line);
	for (size_t i = 0; !rc && i < sizeof(fixed) / sizeof(fixed[0]); i++)
		rc = add_header(http, fixed[i]);
	return rc;
}

/** As much as was announced, so that a large answer is not copied while it grows. */
static void reserve(const struct transfer *transfer, struct strbuf *body)
{
	curl_off_t size = -1;

	if (libcurl->easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size) || size <= 0 ||
	    (uint64_t)size > LIMIT_ANSWER_BYTES)
		return;
	strbuf_reserve(body, (size_t)size);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct transfer *transfer = user;
	struct strbuf *body = &transfer->request->answer.body;

	(void)size; /* always 1 */
	if (!body->capacity)
		reserve(transfer, body);
	strbuf_add(body, bytes, count);
	if (!strbuf_failed(body))
		return count;
	if (body->size + count > LIMIT_ANSWER_BYTES)
		transfer->is_too_large = true;
	else
		transfer->is_out_of_memory = true;
	return 0;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
	struct transfer *transfer = user;

	(void)bytes;
	(void)size;
	transfer->header_bytes += count;
	if (transfer->header_bytes <= HTTP_HEADER_BYTES_MAX)
		return count;
	transfer->is_too_large = true;
	return 0;
}

/** Called whenever libcurl is about to write the request to a connection. It does so a second time, by itself, when
 * a reused connection dies without an answer, whatever the method; the server may have executed the first. */
static int on_send(void *user, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct transfer *transfer = user;
	struct http *http = transfer->http;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	if (transfer->sends && !transfer->request->is_repeatable)
		return CURL_PREREQFUNC_ABORT;
	if (transfer->sends++)
		transfer->request->attempts++;
	http->request_count++;
	if (transfer->request->method != HTTP_GET)
		http->write_count++;
	return CURL_PREREQFUNC_OK;
}

/** Real milliseconds of a limit. A clock that runs faster, as in tests, does not make the network faster. */
static long real_limit_ms(const struct http *http, int64_t ms)
{
	int real_ms = clock_real_ms(&http->run->clock, ms);
	int64_t least_ms = ms < HTTP_REAL_LIMIT_MIN_MS ? ms : HTTP_REAL_LIMIT_MIN_MS;

	return real_ms > least_ms ? real_ms : (long)least_ms;
}

static bool set_numbers(const struct http *http, CURL *easy)
{
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{CURLOPT_NOSIGNAL, 1},
		{CURLOPT_QUICK_EXIT, 1}, /* do not wait for a resolver thread that hangs */
		{CURLOPT_FOLLOWLOCATION, 0},
		{CURLOPT_NETRC, CURL_NETRC_IGNORED},
		{CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
		{CURLOPT_HEADEROPT, CURLHEADER_SEPARATE}, /* the token never goes to a proxy */
		{CURLOPT_HTTP09_ALLOWED, 0},
		{CURLOPT_SSL_VERIFYPEER, 1},
		{CURLOPT_SSL_VERIFYHOST, 2},
		{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
		{CURLOPT_HTTP_VERSION, http->is_https ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1},
		/* Over TLS the first connection tells whether one is enough; HTTP/1.1 has nothing to wait for. */
		{CURLOPT_PIPEWAIT, http->is_https},
		{CURLOPT_TCP_KEEPALIVE, 1},
		{CURLOPT_BUFFERSIZE, HTTP_RECEIVE_BYTES},
		{CURLOPT_CONNECTTIMEOUT_MS, real_limit_ms(http, HTTP_CONNECT_TIMEOUT_MS)},
		{CURLOPT_LOW_SPEED_LIMIT, HTTP_LOW_SPEED_BYTES},
		{CURLOPT_LOW_SPEED_TIME, (real_limit_ms(http, HTTP_LOW_SPEED_MS) + 999) / 1000},
	};
	bool is_set = true;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		is_set &= !libcurl->easy_setopt(easy, numbers[i].option, numbers[i].value);
	return is_set;
}

static bool set_common(struct transfer *transfer)
{
	struct http *http = transfer->http;
	CURL *easy = transfer->easy;
	bool is_set = set_numbers(http, easy);

	is_set &= !libcurl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, http->is_https ? "https" : "http");
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_USERAGENT, "adit/" ADIT_VERSION);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
	/* "" means none at all, not even from the environment. */
	if (http->is_loopback)
		is_set &= !libcurl->easy_setopt(easy, CURLOPT_PROXY, "");
	if (http->ca_file)
		is_set &= !libcurl->easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	return is_set;
}

static bool set_request(const struct transfer *transfer)
{
	const struct http *http = transfer->http;
	const struct http_request *request = transfer->request;
	int64_t timeout_ms = request->timeout_ms ? request->timeout_ms : http->timeout_ms;
	CURL *easy = transfer->easy;
	struct strbuf url;
	bool is_set;

	strbuf_init(&url, 0);
	strbuf_adds(&url, http->base_url);
	strbuf_adds(&url, request->path);
	is_set = !strbuf_failed(&url) && !libcurl->easy_setopt(easy, CURLOPT_URL, strbuf_text(&url));
	strbuf_done(&url);
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_HTTPGET, 1L); /* forgets the last one's body */
	if (request->body) {
		is_set &= !libcurl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
		is_set &= !libcurl->easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
	}
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, http_method_name(request->method));
	is_set &= !libcurl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, real_limit_ms(http, timeout_ms));
	return is_set;
}

/** Forget what an earlier try answered; was_lost stays. */
static void answer_reset(struct http_answer *answer)
{
	strbuf_wipe(&answer->body);
	strbuf_init(&answer->body, LIMIT_ANSWER_BYTES);
	answer->rc = RC_OK;
	answer->status = 0;
	answer->content_type[0] = '\0';
	answer->error[0] = '\0';
	answer->location[0] = '\0';
	answer->maybe_executed = false;
}

enum rc transfer_start(struct http *http, struct http_request *request)
{
	struct transfer *transfer = &http->transfers[http->idle[http->idle_count - 1]];

	transfer->http = http;
	if (!transfer->easy) {
		transfer->easy = libcurl->easy_init();
		if (!transfer->easy)
			return RC_NOMEM;
		if (!set_common(transfer)) {
			transfer_free(transfer);
			return RC_NOMEM;
		}
	}
	transfer->request = request;
	transfer->sends = 0;
	transfer->header_bytes = 0;
	transfer->is_too_large = false;
	transfer->is_out_of_memory = false;
	transfer->error[0] = '\0';
	transfer->started_ms = clock_mono_ms(&http->run->clock);
	answer_reset(&request->answer);
	if (!set_request(transfer)) {
		transfer->request = NULL;
		return RC_NOMEM;
	}
	failpoint("call.sent");
	if (libcurl->multi_add_handle(http->multi, transfer->easy)) {
		transfer->request = NULL;
		return RC_INTERNAL;
	}
	request->own.phase = HTTP_UNDER_WAY;
	request->own.place = http->idle[--http->idle_count];
	request->attempts++;
	http->active_count++;
	return RC_OK;
}

void transfer_stop(struct http *http, struct transfer *transfer)
{
	libcurl->multi_remove_handle(http->multi, transfer->easy);
	transfer->request->own.phase = HTTP_IDLE;
	transfer->request = NULL;
	http->idle[http->idle_count++] = (size_t)(transfer - http->transfers);
	http->active_count--;
}

const char *transfer_header(const struct transfer *transfer, const char *name)
{
	struct curl_header *header;

	if (libcurl->easy_header(transfer->easy, name, 0, CURLH_HEADER, -1, &header))
		return NULL;
	return header->value;
}

/** "text/html" of "Text/HTML; charset=utf-8". */
static void copy_content_type(char *out, size_t size, const char *value)
{
	size_t used = 0;

	for (; value && *value > ' ' && *value != ';' && *value < 127 && used + 1 < size; value++)
		out[used++] = (char)(*value >= 'A' && *value <= 'Z' ? *value + ('a' - 'A') : *value);
	out[used] = '\0';
}

void transfer_read_answer(struct transfer *transfer)
{
	struct http_answer *answer = &transfer->request->answer;
	long status = 0;

	libcurl->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (int)status;
	copy_content_type(answer->content_type, sizeof(answer->content_type),
			  transfer_header(transfer, "content-type"));
	snprintf(answer->location, sizeof(answer->location), "%s",
		 str_or_empty(transfer_header(transfer, "location")));
}

void transfer_free(struct transfer *transfer)
{
	if (transfer->easy)
		libcurl->easy_cleanup(transfer->easy);
	transfer->easy = NULL;
}
