/** @file
 * The listening socket and its thread. It can be closed for a while, so that callers are refused as they are where
 * nothing runs. */
#ifndef ADIT_SERVER_SIMULATOR_LISTENER_H
#define ADIT_SERVER_SIMULATOR_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/rc.h"

struct listener;

struct listener_config {
	const struct sockaddr *address;  /**< copied; port 0 takes a free one */
	const struct clock *clock;       /**< of the pauses; copied */
	/** Takes the connection @p fd. */
	void (*take)(void *closure, int fd, const struct sockaddr *address, socklen_t size);
	bool (*has_room)(void *closure); /**< false: connections wait */
	void *closure;
};

/** @return RC_OK; RC_IO with errno set; RC_NOMEM */
enum rc listener_start(const struct listener_config *config, struct listener **ret_listener) MUST_CHECK;
unsigned listener_port(const struct listener *listener);
/** Close the socket now, and listen on the same port again after @p ms of the clock's time. Returns once it is closed.
 * @param ms  0: end the pause, if there is one */
void listener_pause(struct listener *listener, int64_t ms);
/** NULL is fine. */
void listener_stop(struct listener *listener);

#endif
