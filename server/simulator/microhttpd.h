/** @file
 * libmicrohttpd, loaded when the simulator starts to listen. microhttpd->stop_daemon() is MHD_stop_daemon(). For
 * server/simulator/http*.c alone. */
#ifndef ADIT_SERVER_SIMULATOR_MICROHTTPD_H
#define ADIT_SERVER_SIMULATOR_MICROHTTPD_H

#include <microhttpd.h>

#include "base/library.h"

#define MICROHTTPD_FUNCTIONS(X)                                                                                        \
	X(add_connection) X(add_response_header) X(create_response_from_buffer)                                        \
	X(create_response_from_buffer_with_free_callback) X(create_response_from_callback) X(destroy_response)         \
	X(get_connection_info) X(get_connection_values) X(get_daemon_info) X(lookup_connection_value)                  \
	X(queue_response) X(start_daemon) X(stop_daemon)

struct microhttpd {
#define X(name) __typeof__(&MHD_##name) name;
	MICROHTTPD_FUNCTIONS(X)
#undef X
};

/** Filled by microhttpd_load(), before which nothing of it may be called. */
extern const struct microhttpd *const microhttpd;

/** Load it. @return as library_load() */
enum rc microhttpd_load(struct diags *diags) MUST_CHECK;

#endif
