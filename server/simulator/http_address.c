/* Addresses to listen on. */
#include "server/simulator/http_address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

#define HOST_BYTES 64

static enum rc split(const char *text, char host[HOST_BYTES], int64_t *ret_port)
{
	const char *colon = strrchr(text, ':'), *end = colon;

	if (!colon || str_to_int64(colon + 1, ret_port) != RC_OK || *ret_port < 0 || *ret_port > 65535)
		return RC_INVALID;
	if (*text == '[') {
		text++;
		end--;
		if (end < text || *end != ']')
			return RC_INVALID;
	}
	if (end == text || (size_t)(end - text) >= HOST_BYTES)
		return RC_INVALID;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	return RC_OK;
}

enum rc http_address_parse(const char *text, union http_address *ret_address)
{
	union http_address address = {0};
	char host[HOST_BYTES];
	int64_t port = 0;

	if (split(text, host, &port) != RC_OK)
		return RC_INVALID;
	if (inet_pton(AF_INET, str_eq(host, "localhost") ? "127.0.0.1" : host, &address.v4.sin_addr) == 1) {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons((uint16_t)port);
	} else if (*text == '[' && inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons((uint16_t)port);
	} else {
		return RC_INVALID;
	}
	*ret_address = address;
	return RC_OK;
}

bool http_address_is_loopback(const struct sockaddr *address)
{
	union http_address copy = {0};

	if (address->sa_family == AF_INET) {
		memcpy(&copy.v4, address, sizeof(copy.v4));
		return ntohl(copy.v4.sin_addr.s_addr) >> 24 == 127;
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(&copy.v6, address, sizeof(copy.v6));
	return IN6_IS_ADDR_LOOPBACK(&copy.v6.sin6_addr) ||
	       (IN6_IS_ADDR_V4MAPPED(&copy.v6.sin6_addr) && copy.v6.sin6_addr.s6_addr[12] == 127);
}
