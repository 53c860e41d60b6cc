/* When a request is sent again: pure functions of how the last try ended. */
#include "providers/http_retry.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

/** What libcurl's codes mean. A code that is not listed ends the request. */
static const struct curl_meaning {
	CURLcode code;
	enum http_fault fault;
	enum rc rc;
} meanings[] = {
	{CURLE_COULDNT_RESOLVE_HOST, HTTP_FAULT_UNSENT, RC_UNAVAILABLE},
	{CURLE_COULDNT_RESOLVE_PROXY, HTTP_FAULT_UNSENT, RC_UNAVAILABLE},
	{CURLE_COULDNT_CONNECT, HTTP_FAULT_UNSENT, RC_UNAVAILABLE},
	{CURLE_SSL_CONNECT_ERROR, HTTP_FAULT_UNSENT, RC_UNAVAILABLE},
	{CURLE_PROXY, HTTP_FAULT_UNSENT, RC_UNAVAILABLE},
	{CURLE_OPERATION_TIMEDOUT, HTTP_FAULT_LOST, RC_TIMEOUT},
	{CURLE_SEND_ERROR, HTTP_FAULT_LOST, RC_UNAVAILABLE},
	{CURLE_RECV_ERROR, HTTP_FAULT_LOST, RC_UNAVAILABLE},
	{CURLE_GOT_NOTHING, HTTP_FAULT_LOST, RC_UNAVAILABLE},
	{CURLE_PARTIAL_FILE, HTTP_FAULT_LOST, RC_UNAVAILABLE},
	{CURLE_HTTP2, HTTP_FAULT_LOST, RC_UNAVAILABLE},
	{CURLE_HTTP2_STREAM, HTTP_FAULT_LOST, RC_UNAVAILABLE},
	{CURLE_BAD_CONTENT_ENCODING, HTTP_FAULT_LOST, RC_UNAVAILABLE},
	{CURLE_WEIRD_SERVER_REPLY, HTTP_FAULT_LOST, RC_UNAVAILABLE},
	{CURLE_UNSUPPORTED_PROTOCOL, HTTP_FAULT_LOST, RC_UNAVAILABLE}, /* "HTTP/0.9": no status line */
	{CURLE_ABORTED_BY_CALLBACK, HTTP_FAULT_LOST, RC_UNAVAILABLE},  /* libcurl was about to send it twice */
	{CURLE_OUT_OF_MEMORY, HTTP_FAULT_FINAL, RC_NOMEM},
	{CURLE_URL_MALFORMAT, HTTP_FAULT_FINAL, RC_INVALID},
};

static struct http_ending ending_of_status(int status)
{
	if (status == 429)
		return (struct http_ending){HTTP_FAULT_RATE, RC_OK};
	/* 501 and 505 are opinions about the request, not about the moment. */
	if (status == 408 || (status >= 500 && status != 501 && status != 505))
		return (struct http_ending){HTTP_FAULT_SERVER, RC_OK};
	return (struct http_ending){HTTP_FAULT_NONE, RC_OK};
}

struct http_ending http_ending_of(CURLcode code, int status, bool was_sent, bool is_too_large)
{
	struct http_ending ending = {HTTP_FAULT_FINAL, RC_UNAVAILABLE};

	if (code == CURLE_OK)
		return ending_of_status(status);
	if (is_too_large)
		return (struct http_ending){HTTP_FAULT_FINAL, RC_LIMIT};
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].code == code)
			ending = (struct http_ending){meanings[i].fault, meanings[i].rc};
	if (ending.fault == HTTP_FAULT_LOST && !was_sent)
		ending.fault = HTTP_FAULT_UNSENT;
	return ending;
}

int64_t http_backoff_ms(struct clock *clock, unsigned tries)
{
	int64_t wait_ms = HTTP_BACKOFF_MS;
	unsigned char chance = 0;

	for (unsigned i = 0; i < tries && wait_ms < HTTP_BACKOFF_MAX_MS; i++)
		wait_ms *= 2;
	/* Without randomness there is no jitter: many clients at once are worth less than an answer. */
	if (clock_random(clock, &chance, sizeof(chance)))
		chance = 0;
	return wait_ms - wait_ms * chance / 1024;
}

int64_t http_retry_after_ms(const struct clock *clock, const char *value)
{
	int64_t seconds;
	time_t date;
	int64_t wait_ms;

	if (str_is_empty(value))
		return 0;
	if (!str_to_int64(value, &seconds))
		return seconds <= 0 ? 0 : seconds > INT32_MAX ? (int64_t)INT32_MAX * 1000 : seconds * 1000;
	date = libcurl_load(NULL) ? 0 : libcurl->getdate(value, NULL);
	if (date <= 0)
		return 0;
	wait_ms = (int64_t)date * 1000 - clock_wall_ms(clock);
	return wait_ms > 0 ? wait_ms : 0;
}

/** The number of parameter @p name ("r") in one member of a structured field, up to @p end; -1 if there is none. */
static int64_t parameter(const char *member, const char *end, char name)
{
	for (const char *at = member; at < end; at++) {
		char *stop;
		long long value;

		if (*at != ';')
			continue;
		at += 1 + strspn(at + 1, " \t");
		if (at + 2 >= end || *at != name || at[1] != '=' || at[2] < '0' || at[2] > '9')
			continue;
		value = strtoll(at + 2, &stop, 10);
		return value > INT32_MAX ? INT32_MAX : (int64_t)value;
	}
	return -1;
}

/** End of the member that begins at @p text. Names of limits are quoted and have no commas in practice. */
static const char *member_end(const char *text)
{
	return text + strcspn(text, ",");
}

int64_t http_ratelimit_wait_ms(const char *value)
{
	int64_t wait_ms = 0;

	for (const char *end; value && *value; value = *end ? end + 1 : end) {
		int64_t reset_s;

		end = member_end(value);
		if (parameter(value, end, 'r') != 0)
			continue;
		reset_s = parameter(value, end, 't');
		if (reset_s * 1000 > wait_ms)
			wait_ms = reset_s * 1000;
	}
	return wait_ms;
}

bool http_ratelimit_left(const char *value, int64_t *ret_left, int64_t *ret_reset_s)
{
	int64_t least = -1;

	for (const char *end; value && *value; value = *end ? end + 1 : end) {
		int64_t left, reset_s;

		end = member_end(value);
		left = parameter(value, end, 'r');
		if (left < 0 || (least >= 0 && left >= least))
			continue;
		least = left;
		reset_s = parameter(value, end, 't');
		*ret_reset_s = reset_s > 0 ? reset_s : 0;
	}
	if (least < 0)
		return false;
	*ret_left = least;
	return true;
}

bool http_ratelimit_policy(const char *value, int64_t *ret_calls, int64_t *ret_window_s)
{
	const char *end;
	int64_t calls, window_s;

	if (!value)
		return false;
	end = member_end(value);
	calls = parameter(value, end, 'q');
	window_s = parameter(value, end, 'w');
	if (calls <= 0 || window_s <= 0)
		return false;
	*ret_calls = calls;
	*ret_window_s = window_s;
	return true;
}
