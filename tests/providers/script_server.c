/* A scripted HTTP/1.1 server. */
#include "tests/providers/script_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 128
#define REQUESTS_MAX 4096
#define STEPS_MAX 4096

struct connection {
	int fd;
	unsigned number;
	char *in;
	size_t in_size;
	struct script_step *held;    /* the answer that waits */
	bool is_hung;
};

struct script_server {
	int listen_fd, wake[2];
	unsigned port;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_stopping, is_started;
	struct script_step *steps[STEPS_MAX];
	size_t step_count;
	struct script_request *requests[REQUESTS_MAX];
	size_t request_count;
	struct connection connections[CONNECTIONS_MAX];
	size_t connection_count;
	unsigned connections_made, held_max;
};

static void die(const char *what)
{
	fprintf(stderr, "script server: %s: %s\n", what, strerror(errno));
	abort();
}

static void *must(void *p)
{
	if (!p)
		die("memory");
	return p;
}

static void drop(struct script_server *server, struct connection *connection, bool is_reset)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	if (is_reset)
		setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(connection->fd);
	free(connection->in);
	*connection = server->connections[--server->connection_count];
}

/** False when the client is gone. */
static bool send_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		bytes += sent;
		size -= (size_t)sent;
	}
	return true;
}

/** Send a step's answer. @return false when the connection is gone from the table */
static bool play(struct script_server *server, struct connection *connection, const struct script_step *step)
{
	bool is_sent = send_all(connection->fd, step->bytes, step->size);

	connection->held = NULL;
	if (!is_sent || step->then == SCRIPT_CLOSE || step->then == SCRIPT_RESET) {
		drop(server, connection, step->then == SCRIPT_RESET);
		return false;
	}
	connection->is_hung = step->then == SCRIPT_HANG;
	return true;
}

static struct script_step *next_step(struct script_server *server, const char *line)
{
	for (size_t i = 0; i < server->step_count; i++) {
		struct script_step *step = server->steps[i];

		if (step->is_used || (step->match && !strstr(line, step->match)))
			continue;
		step->is_used = true;
		return step;
	}
	return NULL;
}

static unsigned held_count(const struct script_server *server)
{
	unsigned count = 0;

	for (size_t i = 0; i < server->connection_count; i++)
		count += server->connections[i].held != NULL;
	return count;
}

/** Answer those that are held, once there are enough of them. */
static void release(struct script_server *server)
{
	unsigned held = held_count(server);

	if (held > server->held_max)
		server->held_max = held;
	for (size_t i = server->connection_count; i-- > 0;) {
		struct connection *connection = &server->connections[i];

		if (connection->held && held >= connection->held->hold_until)
			play(server, connection, connection->held);
	}
}

static void record(struct script_server *server, const struct connection *connection, size_t head, size_t body)
{
	struct script_request *request = must(calloc(1, sizeof(*request)));

	request->head = must(strndup(connection->in, head));
	request->body = must(strndup(connection->in + head, body));
	request->connection = connection->number;
	if (server->request_count == REQUESTS_MAX)
		die("too many requests");
	server->requests[server->request_count++] = request;
	pthread_cond_broadcast(&server->changed);
}

static size_t content_length(const char *head)
{
	const char *field = strcasestr(head, "\r\ncontent-length:");

	return field ? (size_t)strtoul(field + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

/** Answer the request at the start of the input, if it is complete. @return false when the connection is gone */
static bool serve(struct script_server *server, struct connection *connection)
{
	static const char unscripted[] = "HTTP/1.1 418 Unscripted\r\nContent-Length: 0\r\n\r\n";
	struct script_step fallback = {.bytes = NULL, .then = SCRIPT_KEEP};
	const char *end = connection->in ? strstr(connection->in, "\r\n\r\n") : NULL;
	struct script_step *step;
	size_t head, body;
	char *line;

	if (!end || connection->is_hung)
		return true;
	head = (size_t)(end - connection->in) + 4;
	body = content_length(connection->in);
	if (connection->in_size < head + body)
		return true;
	record(server, connection, head, body);
	line = must(strndup(connection->in, strcspn(connection->in, "\r")));
	step = next_step(server, line);
	free(line);
	connection->in_size -= head + body;
	memmove(connection->in, connection->in + head + body, connection->in_size + 1);
	if (!step) {
		fallback.bytes = strdup(unscripted);
		fallback.size = strlen(unscripted);
		bool is_there = play(server, connection, &fallback);

		free(fallback.bytes);
		return is_there;
	}
	if (step->hold_until) {
		connection->held = step;
		return true;
	}
	return play(server, connection, step);
}

static void accept_one(struct script_server *server)
{
	int fd = accept(server->listen_fd, NULL, NULL);

	if (fd < 0)
		return;
	if (server->connection_count == CONNECTIONS_MAX)
		die("too many connections");
	server->connections[server->connection_count++] =
		(struct connection){.fd = fd, .number = ++server->connections_made};
}

static void receive(struct script_server *server, struct connection *connection)
{
	char bytes[65536];
	ssize_t size = recv(connection->fd, bytes, sizeof(bytes), 0);

	if (size <= 0) {
		drop(server, connection, false);
		return;
	}
	connection->in = must(realloc(connection->in, connection->in_size + (size_t)size + 1));
	memcpy(connection->in + connection->in_size, bytes, (size_t)size);
	connection->in_size += (size_t)size;
	connection->in[connection->in_size] = '\0';
	serve(server, connection);
}

static void turn(struct script_server *server, struct pollfd *polls, size_t connection_count)
{
	char byte;

	if (polls[0].revents && read(server->wake[0], &byte, 1) < 0)
		die("wake");
	/* From the last: drop() puts the last one in the place of the one dropped. */
	for (size_t i = connection_count; i-- > 0;)
		if (polls[2 + i].revents)
			receive(server, &server->connections[i]);
	if (polls[1].revents & POLLIN)
		accept_one(server);
	release(server);
}

static void *run_server(void *user)
{
	struct script_server *server = user;
	struct pollfd polls[2 + CONNECTIONS_MAX];

	pthread_mutex_lock(&server->lock);
	while (!server->is_stopping) {
		size_t count = server->connection_count;

		polls[0] = (struct pollfd){.fd = server->wake[0], .events = POLLIN};
		polls[1] = (struct pollfd){.fd = server->listen_fd, .events = POLLIN};
		for (size_t i = 0; i < count; i++)
			polls[2 + i] = (struct pollfd){.fd = server->connections[i].fd, .events = POLLIN};
		pthread_mutex_unlock(&server->lock);
		if (poll(polls, 2 + count, -1) < 0 && errno != EINTR)
			die("poll");
		pthread_mutex_lock(&server->lock);
		turn(server, polls, count);
	}
	pthread_mutex_unlock(&server->lock);
	return NULL;
}

void script_server_listen(struct script_server *server)
{
	if (listen(server->listen_fd, CONNECTIONS_MAX))
		die("listen");
	server->is_started = true;
	if (pthread_create(&server->thread, NULL, run_server, server))
		die("thread");
}

struct script_server *script_server_new(bool listens)
{
	struct script_server *server = must(calloc(1, sizeof(*server)));
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->changed, NULL);
	server->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->listen_fd < 0 || pipe(server->wake))
		die("socket");
	if (bind(server->listen_fd, (struct sockaddr *)&address, sizeof(address)) ||
	    getsockname(server->listen_fd, (struct sockaddr *)&address, &size))
		die("bind");
	server->port = ntohs(address.sin_port);
	if (listens)
		script_server_listen(server);
	return server;
}

void script_server_free(struct script_server *server)
{
	if (!server)
		return;
	if (server->is_started) {
		pthread_mutex_lock(&server->lock);
		server->is_stopping = true;
		pthread_mutex_unlock(&server->lock);
		if (write(server->wake[1], "", 1) != 1)
			die("wake");
		pthread_join(server->thread, NULL);
	}
	while (server->connection_count)
		drop(server, &server->connections[0], false);
	close(server->listen_fd);
	close(server->wake[0]);
	close(server->wake[1]);
	for (size_t i = 0; i < server->step_count; i++) {
		free(server->steps[i]->match);
		free(server->steps[i]->bytes);
		free(server->steps[i]);
	}
	for (size_t i = 0; i < server->request_count; i++) {
		free(server->requests[i]->head);
		free(server->requests[i]->body);
		free(server->requests[i]);
	}
	free(server);
}

unsigned script_server_port(const struct script_server *server)
{
	return server->port;
}

static void add_step(struct script_server *server, const char *match, char *bytes, size_t size, enum script_then then,
		     unsigned hold_until)
{
	struct script_step *step = must(calloc(1, sizeof(*step)));

	step->match = match ? must(strdup(match)) : NULL;
	step->bytes = bytes;
	step->size = size;
	step->then = then;
	step->hold_until = hold_until;
	pthread_mutex_lock(&server->lock);
	if (server->step_count == STEPS_MAX)
		die("too many steps");
	server->steps[server->step_count++] = step;
	pthread_mutex_unlock(&server->lock);
}

void script_raw(struct script_server *server, const char *match, const void *bytes, size_t size,
		enum script_then then)
{
	char *copy = must(malloc(size + 1));

	if (size)
		memcpy(copy, bytes, size);
	add_step(server, match, copy, size, then, 0);
}

static char *complete(int status, const char *fields, const char *body)
{
	char *text = NULL;

	if (asprintf(&text, "HTTP/1.1 %d Scripted\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s",
		     status, strlen(body), fields, body) < 0)
		die("memory");
	return text;
}

void script_answer(struct script_server *server, const char *match, int status, const char *fields, const char *body)
{
	char *text = complete(status, fields, body);

	add_step(server, match, text, strlen(text), SCRIPT_KEEP, 0);
}

void script_hold(struct script_server *server, const char *match, unsigned hold_until, const char *body)
{
	char *text = complete(200, "", body);

	add_step(server, match, text, strlen(text), SCRIPT_KEEP, hold_until);
}

size_t script_request_count(struct script_server *server)
{
	size_t count;

	pthread_mutex_lock(&server->lock);
	count = server->request_count;
	pthread_mutex_unlock(&server->lock);
	return count;
}

const struct script_request *script_request(struct script_server *server, size_t index)
{
	const struct script_request *request;

	pthread_mutex_lock(&server->lock);
	request = index < server->request_count ? server->requests[index] : NULL;
	pthread_mutex_unlock(&server->lock);
	return request;
}

const struct script_request *script_find(struct script_server *server, const char *match)
{
	size_t count = script_request_count(server);

	for (size_t i = 0; i < count; i++) {
		const struct script_request *request = script_request(server, i);
		char *line = must(strndup(request->head, strcspn(request->head, "\r")));
		bool is_it = strstr(line, match) != NULL;

		free(line);
		if (is_it)
			return request;
	}
	return NULL;
}

bool script_has_field(const struct script_request *request, const char *line)
{
	const char *at = request->head;
	size_t size = strlen(line);

	while ((at = strstr(at, "\r\n"))) {
		at += 2;
		if (!strncasecmp(at, line, size) && at[size] == '\r')
			return true;
	}
	return false;
}

unsigned script_held_max(struct script_server *server)
{
	unsigned max;

	pthread_mutex_lock(&server->lock);
	max = server->held_max;
	pthread_mutex_unlock(&server->lock);
	return max;
}

void script_wait_for_requests(struct script_server *server, size_t count)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 30;
	pthread_mutex_lock(&server->lock);
	while (server->request_count < count)
		if (pthread_cond_timedwait(&server->changed, &server->lock, &until))
			die("no request came");
	pthread_mutex_unlock(&server->lock);
}
