/* The answer as HTTP: whole, cut off, stalled, or none. */
#include "server/simulator/http_reply.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A body that is not sent to its end. */
struct part {
	struct strbuf body;
	const struct clock *clock;
	int64_t stall_ms;
	int fd;
};

static int socket_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = microhttpd->get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

/* Dissolving the association sends a reset at once; the close that follows finds nothing left to say. */
static void reset_connection(struct MHD_Connection *connection)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	(void)connect(socket_of(connection), &nobody, sizeof(nobody));
}

/* Until the caller hangs up, or the time is over. */
static void stall(const struct part *part)
{
	struct pollfd waited = {.fd = part->fd, .events = POLLRDHUP};

	(void)poll(&waited, 1, clock_real_ms(part->clock, part->stall_ms));
}

static ssize_t give_half(void *closure, uint64_t position, char *buffer, size_t size)
{
	struct part *part = closure;
	size_t half = part->body.size / 2;
	size_t left = position < half ? half - (size_t)position : 0;

	if (!left) {
		if (part->stall_ms)
			stall(part);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	left = left < size ? left : size;
	memcpy(buffer, part->body.data + position, left);
	return (ssize_t)left;
}

static void end_part(void *closure)
{
	struct part *part = closure;

	strbuf_done(&part->body);
	free(part);
}

/* Takes the reply's body, also when it fails. */
static struct MHD_Response *make_part(struct MHD_Connection *connection, struct reply *reply)
{
	struct part *part = malloc(sizeof(*part));
	struct MHD_Response *response;

	if (!part) {
		strbuf_done(&reply->body);
		return NULL;
	}
	*part = (struct part){.body = reply->body, .clock = reply->clock, .fd = socket_of(connection),
			      .stall_ms = reply->end == REPLY_STALLED ? reply->stall_ms : 0};
	response = microhttpd->create_response_from_callback(reply->body.size, 1024, give_half, part, end_part);
	if (!response)
		end_part(part);
	return response;
}

/* Takes the reply's body, also when it fails. */
static struct MHD_Response *make_whole(struct reply *reply)
{
	struct MHD_Response *response;

	if (!reply->body.data)
		return microhttpd->create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	response = microhttpd->create_response_from_buffer_with_free_callback(reply->body.size, reply->body.data, free);
	if (!response)
		strbuf_done(&reply->body);
	return response;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	/* A header that finds no memory is left out; the answer itself is more important. */
	if (*value)
		(void)microhttpd->add_response_header(response, name, value);
}

static void add_headers(struct MHD_Response *response, const struct reply *reply)
{
	char seconds[32] = "";

	if (reply->retry_after_s > 0)
		snprintf(seconds, sizeof(seconds), "%lld", (long long)reply->retry_after_s);
	add_header(response, "Content-Type", reply->content_type ? reply->content_type : "application/json");
	add_header(response, "Ratelimit", reply->rate);
	add_header(response, "Ratelimit-Policy", reply->rate_policy);
	add_header(response, "Retry-After", seconds);
	add_header(response, "Allow", reply->allow);
}

enum MHD_Result http_reply_send(struct MHD_Connection *connection, struct reply *reply)
{
	bool is_part = reply->end == REPLY_TRUNCATED || reply->end == REPLY_STALLED;
	struct MHD_Response *response;
	enum MHD_Result result;

	if (reply->end == REPLY_RESET || reply->end == REPLY_HANG_UP) {
		if (reply->end == REPLY_RESET)
			reset_connection(connection);
		strbuf_done(&reply->body);
		return MHD_NO;
	}
	response = is_part && reply->body.data ? make_part(connection, reply) : make_whole(reply);
	if (!response)
		return MHD_NO;
	add_headers(response, reply);
	result = microhttpd->queue_response(connection, (unsigned)reply->status, response);
	microhttpd->destroy_response(response);
	return result;
}
