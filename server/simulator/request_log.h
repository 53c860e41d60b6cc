/** @file
 * The request log: what was called, in order, for tests to read through /_simulator/requests. In memory,
 * bounded: the oldest entries give way. No token and no tunnel secret is ever in it. */
#ifndef ADIT_SERVER_SIMULATOR_REQUEST_LOG_H
#define ADIT_SERVER_SIMULATOR_REQUEST_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "server/simulator/build.h"

struct logged_request;

struct request_log {
	struct logged_request *oldest, *newest; /**< owned, linked */
	size_t size_bytes;
	int64_t last_seq; /**< numbers go on after a clear */
};

/** One call, as it goes into the log; all borrowed. */
struct log_entry {
	int64_t wall_ms;
	const char *method;
	const char *uri;        /**< path and query as sent */
	const struct json *body; /**< NULL: none, or no JSON */
	int status;
	int code;               /**< error code of the answer; 0: none */
	const char *token;      /**< name of the token; NULL: none */
	const char *fault;      /**< kind of the fault that struck; NULL: none */
};

/** Add an entry; members named tunnel_secret in the body are replaced, at any depth.
 * @param build  for what is made on the way; failures stay in it */
void request_log_add(struct request_log *log, struct build *build, const struct log_entry *entry);
/** Write the entries after @p since, oldest first, as one JSON array. */
void request_log_write(const struct request_log *log, struct strbuf *out, int64_t since);
void request_log_clear(struct request_log *log);

#endif
