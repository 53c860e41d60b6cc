/** @file
 * The simulator's HTTP server on libmicrohttpd: one thread per connection, so that latency delays one caller
 * alone. */
#ifndef ADIT_SERVER_SIMULATOR_HTTP_H
#define ADIT_SERVER_SIMULATOR_HTTP_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/rc.h"
#include "server/simulator/service.h"

struct http;

/** Listen and answer through service_answer(), in threads that take no signals.
 * @param listen  "HOST:PORT" or "[HOST]:PORT", numeric or "localhost"; NULL: "127.0.0.1:0"
 * @return RC_OK; RC_INVALID (A0901, A0902); RC_IO (A0906); RC_UNSUPPORTED no libmicrohttpd (A0019); RC_NOMEM */
enum rc http_start(struct diags *diags, struct service *service, const char *listen, bool allow_remote,
		   struct http **ret_http) MUST_CHECK;
/** "http://HOST:PORT"; borrowed. */
const char *http_origin(const struct http *http);
/** Let calls in flight finish and stop. NULL is fine. */
void http_stop(struct http *http);

#endif
