/** @file
 * The HTTP transport: many requests at once to one origin, over libcurl's multi interface, in one thread.
 *
 * Promises: the token goes to that origin only (no redirect is followed, no proxy stands before loopback); TLS 1.2
 * or later with a verified certificate, plain HTTP on loopback alone; at most `parallelism` requests under way,
 * the rest wait in the order of their submission; every answer is bounded; all waiting happens in http_next().
 * A request that may have been executed is sent again only when it says that it may be (is_repeatable).
 * Never: blocks beyond http_next(), reads .netrc or cookies, keeps or writes a secret of a body.
 *
 * Life of a request: submitted -> waiting -> under way -> (waiting ...) -> done, taken with http_next(). */
#ifndef ADIT_PROVIDERS_HTTP_H
#define ADIT_PROVIDERS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/run.h"
#include "base/strbuf.h"
#include "providers/provider.h"

#define HTTP_PARALLELISM 10u                 /**< requests at once, when the configuration names none */
#define HTTP_PARALLELISM_MAX 1000u
#define HTTP_TIMEOUT_MS 30000                /**< one try, when neither request nor configuration says */
#define HTTP_CONNECT_TIMEOUT_MS 10000
#define HTTP_LOW_SPEED_MS 30000              /**< a try slower than HTTP_LOW_SPEED_BYTES a second for so long ends */
#define HTTP_LOW_SPEED_BYTES 16
#define HTTP_REAL_LIMIT_MIN_MS 1000          /**< however fast the run's clock runs, no limit over this ends sooner */
#define HTTP_HEADER_BYTES_MAX (256u * 1024)  /**< header fields of one answer */
#define HTTP_ERROR_BYTES 256u
#define HTTP_RECEIVE_BYTES (64 * 1024)       /**< at once, at most: a zone's records are megabytes */

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE };

/** What came back, or why nothing did. */
struct http_answer {
	enum rc rc;                      /**< RC_OK: an HTTP status came, whatever it says; RC_UNAVAILABLE, RC_TIMEOUT,
	                                      RC_LIMIT (answer too large), RC_CANCELLED, RC_NOMEM, RC_INVALID (url) */
	int status;                      /**< 0: none came */
	struct strbuf body;              /**< decompressed; wiped by http_request_done() */
	char content_type[64];           /**< without parameters, lower case; "" when not told */
	char error[HTTP_ERROR_BYTES];    /**< why rc is not RC_OK, or which retries were used up; "" otherwise */
	char location[HTTP_ERROR_BYTES]; /**< where a redirect points; "" otherwise */
	bool was_lost;                   /**< an earlier try may have been executed, and its answer never came */
	bool maybe_executed;             /**< the last try may have been executed; its answer does not tell */
};

/** One request: zero it, fill in the request, keep it alive until it comes back. */
struct http_request {
	enum http_method method;
	const char *path;                /**< with query, below the base URL: "/accounts?page=1"; borrowed */
	const char *body;                /**< JSON; NULL: none; borrowed */
	size_t body_size;
	bool is_repeatable;              /**< executing it twice is the same as once */
	int64_t timeout_ms;              /**< of one try, in the run's clock; 0: the transport's */

	struct http_answer answer;
	unsigned attempts;               /**< times it was sent, or would have been, had a connection come about */

	/** The transport's own. */
	struct {
		enum { HTTP_IDLE, HTTP_WAITING, HTTP_UNDER_WAY, HTTP_DONE } phase;
		int64_t ready_ms;            /**< not sent before; run's monotonic clock */
		uint64_t sequence;           /**< ties of ready_ms go by submission */
		size_t place;                /**< in the heap, or of the transfer */
		unsigned tries;              /**< those that count against HTTP_TRIES_MAX */
		unsigned refusals;           /**< answers 429 */
		int64_t refused_since_ms;    /**< when the first 429 came */
		uint64_t start;              /**< how many calls had begun with it */
		int wait_status;             /**< HTTP status that made it wait; 0: no connection */
		bool is_told;                /**< it waits because the server said so */
		struct http_request *next;   /**< among those done */
	} own;
};

/** Where the requests go. Everything is copied. */
struct http_config {
	const char *base_url;            /**< no trailing slash; accepted by endpoint_parse() */
	const char *token;
	unsigned parallelism;            /**< 0: HTTP_PARALLELISM */
	int64_t timeout_ms;              /**< 0: HTTP_TIMEOUT_MS */
	const char *ca_file;             /**< NULL: the system's */
	const struct provider_hooks *hooks; /**< asked before requests are sent; NULL: nobody is; outlives the transport */
	int trace_fd;                    /**< one line per try goes there; -1: none; not closed by the transport */
};

struct http;

/** @param ret_http owned, free with http_free()
 * @return RC_OK; RC_INVALID base URL; RC_NOMEM; RC_UNSUPPORTED there is no libcurl, as libcurl_load() tells who asks before;
 * RC_INTERNAL libcurl cannot do what it must */
enum rc http_new(struct run *run, const struct http_config *config, struct http **ret_http) MUST_CHECK;

/** Drop every request and close all connections; the token is wiped. NULL is fine. */
void http_free(struct http *http);

/** Hand in a request. @return RC_OK: it will come back from http_next(); RC_NOMEM */
enum rc http_submit(struct http *http, struct http_request *request) MUST_CHECK;

/** Run the transport until a request is done.
 * @param timeout_ms  of the run's clock; 0: only look; -1: as long as anything is under way
 * @return RC_OK with a request; RC_TIMEOUT, also when woken; RC_NOTFOUND nothing is submitted; RC_CANCELLED the user interrupted: told
 *         once per interrupt, and from then on requests that were not sent yet, and reads, come back with RC_CANCELLED,
 *         while writes under way may still finish; RC_NOMEM; RC_INTERNAL */
enum rc http_next(struct http *http, int64_t timeout_ms, struct http_request **ret_request) MUST_CHECK;

/** End a wait of http_next(), or the next one that comes: it returns RC_TIMEOUT. From any thread. */
void http_wake(struct http *http);

/** Take back a request that is not done, at once; it will not come back from http_next(). */
void http_drop(struct http *http, struct http_request *request);

/** Wipe and free the answer's body. */
void http_request_done(struct http_request *request);

/** What was sent and waited for so far. */
void http_stats(const struct http *http, struct provider_stats *ret_stats);

/** Why the transport waits, as one line, or NULL when it does not; borrowed until the next call.
 * @param ret_wait_ms  how long still, in the run's clock; may be NULL */
const char *http_status(const struct http *http, int64_t *ret_wait_ms);

/** The clock that the transport's times are of. */
const struct clock *http_clock(const struct http *http);

/** "GET", "POST"...; static. */
const char *http_method_name(enum http_method method);

#endif
