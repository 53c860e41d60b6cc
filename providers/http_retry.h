/** @file
 * When a request is sent again, and what the server's header fields say about waiting. Pure functions.
 * Internal to providers/. */
#ifndef ADIT_PROVIDERS_HTTP_RETRY_H
#define ADIT_PROVIDERS_HTTP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/libcurl.h"
#include "base/rc.h"

#define HTTP_TRIES_MAX 5u                    /**< tries of one request; answers 429 do not count */
#define HTTP_BACKOFF_MS 500                  /**< doubled with each try */
#define HTTP_BACKOFF_MAX_MS 8000
#define HTTP_RATE_WAIT_MAX_MS (10 * 60 * 1000) /**< longest wait for a rate limit, in all, of one request */

/** How one try ended. */
enum http_fault {
	HTTP_FAULT_NONE,                     /**< a definite answer */
	HTTP_FAULT_UNSENT,                   /**< no connection came about: certainly not executed */
	HTTP_FAULT_LOST,                     /**< sent, and the answer never came, or only a part of it */
	HTTP_FAULT_SERVER,                   /**< 408 or 5xx: maybe executed */
	HTTP_FAULT_RATE,                     /**< 429: certainly not executed */
	HTTP_FAULT_FINAL,                    /**< trying again cannot help: certificate, size, memory */
};

/** What a transfer's end means. */
struct http_ending {
	enum http_fault fault;
	enum rc rc;                          /**< of the answer, should this be the last try */
};

/** @param was_sent  the request was, or may have been, begun on a connection */
struct http_ending http_ending_of(CURLcode code, int status, bool was_sent, bool is_too_large);

/** Milliseconds to wait before try number @p tries + 1: 0.5 s doubled, at most 8 s, less up to a quarter by chance. */
int64_t http_backoff_ms(struct clock *clock, unsigned tries);

/** A Retry-After field: seconds or a date. @return milliseconds from now; 0 when absent, malformed or past */
int64_t http_retry_after_ms(const struct clock *clock, const char *value);

/** A Ratelimit field: `"default";r=0;t=30`, several separated by commas.
 * @return milliseconds until a limit that is used up is renewed; 0 when none is used up */
int64_t http_ratelimit_wait_ms(const char *value);

/** Calls left of the limit of a Ratelimit field that is nearest to its end.
 * @param ret_reset_s  seconds until there are more of it; 0 when not told
 * @return true when any is told */
bool http_ratelimit_left(const char *value, int64_t *ret_left, int64_t *ret_reset_s);

/** A Ratelimit-Policy field: `"burst";q=100;w=60`. @return true when both numbers are there and positive */
bool http_ratelimit_policy(const char *value, int64_t *ret_calls, int64_t *ret_window_s);

#endif
