/* The listening socket and its thread.
 * States: listening (fd >= 0), or paused (fd < 0) until resume_ms. The lock guards both and is_stopping. */
#include "server/simulator/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 128
#define RETRY_MS 10 /* real: until there may be room, or the port may be free again */

struct listener {
	pthread_t thread;
	pthread_mutex_t lock;
	struct listener_config config;
	struct clock clock;
	struct sockaddr_storage address;
	socklen_t address_size;
	int wake[2];
	int fd;
	int64_t resume_ms;
	bool is_stopping;
};

static int open_socket(const struct listener *listener)
{
	const struct sockaddr *address = (const struct sockaddr *)&listener->address;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, saved;

	if (fd < 0)
		return -1;
	/* Connections of before that linger must not keep the port from us. */
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) && !bind(fd, address, listener->address_size) &&
	    !listen(fd, BACKLOG))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void take_one(struct listener *listener, int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	int connection = accept4(fd, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC);

	if (connection >= 0)
		listener->config.take(listener->config.closure, connection, (const struct sockaddr *)&peer, size);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		(void)poll(NULL, 0, RETRY_MS);
}

/* How long to wait for what; real milliseconds, -1 without end. Listens again when the pause is over. */
static int look_at_pause(struct listener *listener)
{
	int64_t left_ms = listener->resume_ms - clock_mono_ms(&listener->clock);

	if (listener->fd >= 0)
		return -1;
	if (left_ms > 0)
		return clock_real_ms(&listener->clock, left_ms);
	listener->fd = open_socket(listener);
	return listener->fd >= 0 ? -1 : RETRY_MS;
}

/* One turn of the thread. @return false: stop */
static bool turn(struct listener *listener)
{
	struct pollfd polls[2] = {{.fd = listener->wake[0], .events = POLLIN}, {.fd = -1, .events = POLLIN}};
	bool has_room = listener->config.has_room(listener->config.closure);
	char bytes[16];
	int wait_ms;

	pthread_mutex_lock(&listener->lock);
	wait_ms = listener->is_stopping ? 0 : look_at_pause(listener);
	polls[1].fd = has_room ? listener->fd : -1;
	pthread_mutex_unlock(&listener->lock);
	if (!has_room)
		wait_ms = RETRY_MS;
	(void)poll(polls, 2, wait_ms);
	if (polls[0].revents)
		(void)!read(listener->wake[0], bytes, sizeof(bytes));
	pthread_mutex_lock(&listener->lock);
	if (polls[1].revents && polls[1].fd == listener->fd && !listener->is_stopping)
		take_one(listener, listener->fd);
	has_room = !listener->is_stopping;
	pthread_mutex_unlock(&listener->lock);
	return has_room;
}

static void *run(void *closure)
{
	struct listener *listener = closure;

	while (turn(listener))
		continue;
	return NULL;
}

static void close_all(struct listener *listener)
{
	for (size_t i = 0; i < 2; i++) {
		if (listener->wake[i] >= 0)
			close(listener->wake[i]);
	}
	if (listener->fd >= 0)
		close(listener->fd);
	free(listener);
}

static bool open_all(struct listener *listener)
{
	if (pipe(listener->wake)) {
		listener->wake[0] = listener->wake[1] = -1;
		return false;
	}
	listener->fd = open_socket(listener);
	/* The port that was free is ours from now on. */
	return listener->fd >= 0 &&
	       !getsockname(listener->fd, (struct sockaddr *)&listener->address, &listener->address_size);
}

enum rc listener_start(const struct listener_config *config, struct listener **ret_listener)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int saved;

	if (!listener)
		return RC_NOMEM;
	listener->config = *config;
	listener->clock = *config->clock;
	listener->wake[0] = listener->wake[1] = listener->fd = -1;
	listener->address_size = config->address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
									: sizeof(struct sockaddr_in);
	memcpy(&listener->address, config->address, listener->address_size);
	if (!open_all(listener) || pthread_mutex_init(&listener->lock, NULL)) {
		saved = errno;
		close_all(listener);
		errno = saved;
		return RC_IO;
	}
	if (pthread_create(&listener->thread, NULL, run, listener)) {
		pthread_mutex_destroy(&listener->lock);
		close_all(listener);
		return RC_NOMEM;
	}
	*ret_listener = listener;
	return RC_OK;
}

unsigned listener_port(const struct listener *listener)
{
	/* The port is at the same place for both families. */
	return ntohs(((const struct sockaddr_in *)&listener->address)->sin_port);
}

static void wake(struct listener *listener)
{
	(void)!write(listener->wake[1], "", 1);
}

void listener_pause(struct listener *listener, int64_t ms)
{
	pthread_mutex_lock(&listener->lock);
	if (listener->fd >= 0 && ms > 0) {
		/* The thread's poll() holds on to what is only closed. */
		(void)shutdown(listener->fd, SHUT_RDWR);
		close(listener->fd);
		listener->fd = -1;
	}
	listener->resume_ms = clock_mono_ms(&listener->clock) + ms;
	if (listener->fd < 0 && ms <= 0)
		listener->fd = open_socket(listener); /* where it fails, the thread tries again */
	pthread_mutex_unlock(&listener->lock);
	wake(listener);
}

void listener_stop(struct listener *listener)
{
	if (!listener)
		return;
	pthread_mutex_lock(&listener->lock);
	listener->is_stopping = true;
	pthread_mutex_unlock(&listener->lock);
	wake(listener);
	pthread_join(listener->thread, NULL);
	pthread_mutex_destroy(&listener->lock);
	close_all(listener);
}
