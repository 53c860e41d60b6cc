/** @file
 * What the parts of the HTTP transport share. Internal to providers/http*.c. */
#ifndef ADIT_PROVIDERS_HTTP_INTERNAL_H
#define ADIT_PROVIDERS_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "providers/http.h"
#include "providers/http_retry.h"

#define HTTP_STATUS_BYTES 192u

/** One request on its way: an easy handle, kept for the next one. */
struct transfer {
	struct http *http;
	CURL *easy;                          /**< NULL until first used */
	struct http_request *request;        /**< NULL when idle */
	unsigned sends;                      /**< times libcurl began to send it in this try */
	size_t header_bytes;
	bool is_too_large;                   /**< the answer passed a limit */
	bool is_out_of_memory;
	int64_t started_ms;
	char error[CURL_ERROR_SIZE];
};

struct http {
	struct run *run;
	CURLM *multi;
	struct curl_slist *headers;          /**< of every request; holds the token */
	char *base_url;
	char *base_path;
	char *host;
	char *token;
	char *ca_file;
	bool is_https, is_loopback;
	int trace_fd;
	int64_t timeout_ms;
	bool has_curl;                       /**< curl_global_init() succeeded */

	struct transfer *transfers;
	size_t parallelism, active_count;
	size_t *idle;                        /**< stack of indices of idle transfers */
	size_t idle_count;

	struct http_request **heap;          /**< those waiting; the one to be sent next is first */
	size_t heap_count, heap_capacity;
	struct http_request *done_first, *done_last;
	size_t pending_count;                /**< submitted and not yet handed out */
	uint64_t sequence;

	const struct provider_hooks *hooks;  /**< never NULL */
	int64_t credit;                      /**< calls taken out of the shared budget, and not made yet */
	bool is_budget_gate;                 /**< gate_ms was set by the budget, not by the server */
	int64_t gate_ms;                     /**< rate limit: nothing is sent before */
	int64_t policy_calls, policy_window_s; /**< as last told by Ratelimit-Policy; 0: never */
	size_t request_count, write_count;
	int64_t waited_ms;                   /**< spent waiting because the server said so */
	int interrupts_seen;
	char *status;                        /**< HTTP_STATUS_BYTES: what http_status() last said */
};

/* http_queue.c: those waiting, ordered by (ready_ms, sequence) */

/** Make room for one more request in all. @return RC_OK or RC_NOMEM */
enum rc http_queue_reserve(struct http *http) MUST_CHECK;
/** Add to those waiting; there is room. */
void http_queue_push(struct http *http, struct http_request *request, int64_t ready_ms);
void http_queue_remove(struct http *http, struct http_request *request);
/** Remove from those done. */
void http_queue_undone(struct http *http, struct http_request *request);
/** Add to those done. */
void http_queue_done(struct http *http, struct http_request *request);
/** Take the first of those done, or NULL. */
struct http_request *http_queue_take(struct http *http);

/* http_transfer.c: one try */

/** The header fields that every request carries. @return RC_OK or RC_NOMEM */
enum rc transfer_headers(struct http *http) MUST_CHECK;
/** Begin a try of @p request on an idle transfer. @return RC_OK; RC_NOMEM; RC_INTERNAL */
enum rc transfer_start(struct http *http, struct http_request *request) MUST_CHECK;
/** End a try, whether libcurl finished it or not; the transfer is idle afterwards. */
void transfer_stop(struct http *http, struct transfer *transfer);
/** Read status and header fields into the request's answer. */
void transfer_read_answer(struct transfer *transfer);
/** A header field of the answer, or NULL; borrowed until the next one is asked for. */
const char *transfer_header(const struct transfer *transfer, const char *name);
void transfer_free(struct transfer *transfer);

/* http_trace.c */

/** One line about a finished try, without bodies and secrets. */
void http_trace(const struct transfer *transfer, CURLcode code);

#endif
