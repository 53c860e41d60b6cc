/** @file
 * What the parts of the HTTP transport share. Internal to providers/http*.c. */
#ifndef ADIT_PROVIDERS_HTTP_INTERNAL_H
#define ADIT_PROVIDERS_HTTP_INTERNAL_H

#include <stdatomic.h>

#include "providers/http.h"
#include "providers/http_retry.h"

#define HTTP_STATUS_BYTES 192u

#define HTTP_LIMIT_SLOTS 30u /* calls of one's own are counted by parts of the window */

/** What the server told of its rate limit (http_limit.c); times of the run's monotonic clock. */
struct http_limit {
	bool is_answered;                    /**< any answer came: whether it tells is known */
	bool is_told;
	uint64_t started;                    /**< calls that began */
	int64_t seen;                        /**< calls left, as last told */
	uint64_t seen_at;                    /**< how many calls had begun then */
	int64_t left;                        /**< calls that may begin before the next answer tells more */
	int64_t reset_ms;                    /**< when there will be more */
	struct {
		int64_t start_ms, calls;
	} slots[HTTP_LIMIT_SLOTS + 3];       /**< own calls, in a ring */
};

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
	bool is_awaited;                     /**< what is due waits for answers to those under way */
	bool is_budget_gate;                 /**< gate_ms was set by the budget, not by the server */
	int64_t gate_ms;                     /**< rate limit: nothing is sent before */
	struct http_limit limit;
	int64_t policy_calls, policy_window_s; /**< as last told by Ratelimit-Policy; 0: never */
	size_t request_count, write_count;
	int64_t waited_ms;                   /**< spent waiting because the server said so */
	int interrupts_seen;
	atomic_bool is_woken;
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

/* http_limit.c */

/** A call begins. */
void http_limit_begin(struct http *http, struct http_request *request);
/** A call ended, with an answer or without. */
void http_limit_end(struct http *http, int64_t now_ms);
/** Take in what the answer to @p request tells; its policy was read before. @param ratelimit the field's value; NULL: it has none */
void http_limit_read(struct http *http, const struct http_request *request, const char *ratelimit, int64_t now_ms);
/** May a call begin? @param ret_until_ms when not: when to ask again; -1: once an answer came */
bool http_limit_allows(struct http *http, int64_t now_ms, int64_t *ret_until_ms);

/* http_trace.c */

/** One line about a finished try, without bodies and secrets. */
void http_trace(const struct transfer *transfer, CURLcode code);

#endif
