/** @file
 * Addresses to listen on. */
#ifndef ADIT_SERVER_SIMULATOR_HTTP_ADDRESS_H
#define ADIT_SERVER_SIMULATOR_HTTP_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/rc.h"

union http_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/** Parse "HOST:PORT" or "[HOST]:PORT"; HOST numeric or "localhost". @return RC_OK or RC_INVALID */
enum rc http_address_parse(const char *text, union http_address *ret_address) MUST_CHECK;
/** Loopback, IPv4 within IPv6 included. */
bool http_address_is_loopback(const struct sockaddr *address);

#endif
