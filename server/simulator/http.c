/* The simulator's HTTP server: requests become struct request, struct reply becomes a response. */
#include "server/simulator/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "server/simulator/http_address.h"
#include "server/simulator/http_reply.h"
#include "server/simulator/listener.h"
#include "server/simulator/microhttpd.h"

#define STACK_BYTES ((size_t)1024 * 1024)
#define HEADER_BYTES ((size_t)64 * 1024)

struct http {
	struct MHD_Daemon *daemon;
	struct listener *listener;
	struct service *service;
	char origin[128];
};

/* One request while it arrives. */
struct exchange {
	char *uri;
	bool is_started;
	struct strbuf body;
	struct param params[SIMULATOR_PARAMS];
	size_t param_count;
};

static void *begin_exchange(void *closure, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	(void)closure;
	(void)connection;
	if (!exchange)
		return NULL;
	exchange->uri = strdup(uri);
	strbuf_init(&exchange->body, SIMULATOR_BODY_BYTES);
	return exchange;
}

static void end_exchange(void *closure, struct MHD_Connection *connection, void **exchange_ptr,
			 enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *exchange_ptr;

	(void)closure;
	(void)connection;
	(void)code;
	if (!exchange)
		return;
	strbuf_wipe(&exchange->body); /* may hold a tunnel secret */
	free(exchange->uri);
	free(exchange);
	*exchange_ptr = NULL;
}

static enum MHD_Result take_param(void *closure, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct exchange *exchange = closure;

	(void)kind;
	if (exchange->param_count == SIMULATOR_PARAMS)
		return MHD_NO;
	exchange->params[exchange->param_count++] = (struct param){name, str_or_empty(value)};
	return MHD_YES;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return microhttpd->lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool is_from_loopback(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		microhttpd->get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info && info->client_addr && http_address_is_loopback(info->client_addr);
}

static enum MHD_Result refuse_size(struct MHD_Connection *connection)
{
	struct reply reply = {.status = MHD_HTTP_CONTENT_TOO_LARGE};

	strbuf_init(&reply.body, 0);
	strbuf_adds(&reply.body,
		    "{\"success\":false,\"errors\":[{\"code\":1101,\"message\":\"request was invalid: the body "
		    "is too large\"}],\"messages\":[],\"result\":null}");
	return http_reply_send(connection, &reply);
}

static bool announces_too_much(struct MHD_Connection *connection)
{
	const char *length = header(connection, "Content-Length");

	return length && strtoull(length, NULL, 10) > SIMULATOR_BODY_BYTES;
}

static enum MHD_Result answer(struct http *http, struct MHD_Connection *connection, const char *path,
			      const char *method, struct exchange *exchange)
{
	/* A NUL would end path and values early and make them mean something else. */
	bool has_nul = strstr(exchange->uri, "%00") != NULL;
	struct request request = {
		.method = method,
		.uri = exchange->uri,
		.path = has_nul ? "" : path,
		.params = exchange->params,
		.authorization = header(connection, "Authorization"),
		.auth_email = header(connection, "X-Auth-Email"),
		.auth_key = header(connection, "X-Auth-Key"),
		.body = strbuf_text(&exchange->body),
		.body_size = exchange->body.size,
		.from_loopback = is_from_loopback(connection),
	};
	struct reply reply = {0};

	microhttpd->get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_param, exchange);
	request.param_count = exchange->param_count;
	strbuf_init(&reply.body, 0);
	service_answer(http->service, &request, &reply);
	reply.clock = &http->service->clock;
	if (reply.down_ms)
		listener_pause(http->listener, reply.down_ms > 0 ? reply.down_ms : 0);
	return http_reply_send(connection, &reply);
}

static enum MHD_Result on_request(void *closure, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data, size_t *data_size,
				  void **exchange_ptr)
{
	struct exchange *exchange = *exchange_ptr;

	(void)version;
	if (!exchange || !exchange->uri)
		return MHD_NO;
	if (!exchange->is_started) {
		exchange->is_started = true;
		return announces_too_much(connection) ? refuse_size(connection) : MHD_YES;
	}
	if (*data_size > 0) {
		strbuf_add(&exchange->body, data, *data_size);
		*data_size = 0;
		/* A body that never said its size and is too large: nothing is left but to hang up. */
		return strbuf_failed(&exchange->body) ? MHD_NO : MHD_YES;
	}
	return answer(closure, connection, path, method, exchange);
}

/* A connection came in; libmicrohttpd closes what it cannot take. */
static void take_connection(void *closure, int fd, const struct sockaddr *address, socklen_t size)
{
	struct http *http = closure;

	(void)microhttpd->add_connection(http->daemon, fd, address, size);
}

/* More connections than are served at a time wait until one ends. */
static bool has_room(void *closure)
{
	struct http *http = closure;
	const union MHD_DaemonInfo *info = microhttpd->get_daemon_info(http->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return !info || info->num_connections < SIMULATOR_CONNECTIONS;
}

/* Threads inherit the mask: signals stay with the threads of the program around us. */
static enum rc start_threads(struct http *http, const union http_address *address)
{
	const unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
			       MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC;
	const struct listener_config config = {.address = &address->any, .clock = &http->service->clock,
					       .take = take_connection, .has_room = has_room, .closure = http};
	sigset_t all, before;
	enum rc rc = RC_IO;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before))
		return RC_IO;
	errno = 0;
	http->daemon = microhttpd->start_daemon(flags, 0, NULL, NULL, on_request, http,
					MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, NULL,
					MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL,
					MHD_OPTION_CONNECTION_LIMIT, SIMULATOR_CONNECTIONS,
					MHD_OPTION_CONNECTION_TIMEOUT, SIMULATOR_IDLE_SECONDS,
					MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_BYTES,
					MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES, MHD_OPTION_END);
	if (http->daemon)
		rc = listener_start(&config, &http->listener);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void write_origin(struct http *http, const union http_address *address)
{
	unsigned port = listener_port(http->listener);
	char host[INET6_ADDRSTRLEN] = "";

	if (address->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
		snprintf(http->origin, sizeof(http->origin), "http://[%s]:%u", host, port);
	} else {
		inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
		snprintf(http->origin, sizeof(http->origin), "http://%s:%u", host, port);
	}
}

static enum rc check_address(struct diags *diags, const char *text, bool allow_remote,
			     union http_address *address)
{
	struct diag *diag;

	if (http_address_parse(text, address) != RC_OK) {
		diag = diag_add(diags, SEVERITY_ERROR, "A0901", (struct span){0},
				"the simulator cannot listen on \"%s\": that is no address", text);
		diag_help(diags, diag, "Write HOST:PORT with a numeric host, such as 127.0.0.1:0.");
		return RC_INVALID;
	}
	if (!allow_remote && !http_address_is_loopback(&address->any)) {
		diag = diag_add(diags, SEVERITY_ERROR, "A0902", (struct span){0},
				"the simulator listens on loopback only, and %s is not loopback", text);
		diag_help(diags, diag, "Listen on 127.0.0.1, or allow remote callers explicitly.");
		return RC_INVALID;
	}
	return RC_OK;
}

enum rc http_start(struct diags *diags, struct service *service, const char *listen, bool allow_remote,
		   struct http **ret_http)
{
	const char *text = listen ? listen : "127.0.0.1:0";
	union http_address address = {0};
	struct http *http;
	struct diag *diag;
	enum rc rc = check_address(diags, text, allow_remote, &address);

	if (!rc)
		rc = microhttpd_load(diags);
	if (rc)
		return rc;
	http = calloc(1, sizeof(*http));
	if (!http)
		return RC_NOMEM;
	http->service = service;
	rc = start_threads(http, &address);
	if (rc) {
		diag = diag_add(diags, SEVERITY_ERROR, "A0906", (struct span){0},
				"the simulator cannot listen on %s: %s", text,
				errno ? strerror(errno) : "libmicrohttpd refused");
		diag->system_errno = errno;
		http_stop(http);
		return rc;
	}
	write_origin(http, &address);
	*ret_http = http;
	return RC_OK;
}

const char *http_origin(const struct http *http)
{
	return http->origin;
}

void http_stop(struct http *http)
{
	if (!http)
		return;
	listener_stop(http->listener);
	if (http->daemon)
		microhttpd->stop_daemon(http->daemon);
	free(http);
}
