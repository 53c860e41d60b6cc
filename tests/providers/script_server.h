/** @file
 * A tiny HTTP/1.1 server on loopback that says what a test scripted, byte for byte, and writes down what it was asked.
 * It stands for the edge of the network, with all the ways in which that fails; it knows nothing of any API.
 *
 * One thread serves all connections. Failures of the server itself abort the test program. */
#ifndef ADIT_TESTS_PROVIDERS_SCRIPT_SERVER_H
#define ADIT_TESTS_PROVIDERS_SCRIPT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What happens to the connection after the answer. */
enum script_then {
	SCRIPT_KEEP,
	SCRIPT_CLOSE,
	SCRIPT_RESET,            /**< TCP reset */
	SCRIPT_HANG,             /**< nothing more, until the client closes it */
};

/** One answer; given to the first request that it matches, once. */
struct script_step {
	char *match;             /**< part of "METHOD /path"; NULL: any */
	char *bytes;
	size_t size;
	enum script_then then;
	unsigned hold_until;     /**< wait until so many requests are held at once; 0: do not wait */
	bool is_used;
};

/** One request as it came. */
struct script_request {
	char *head;              /**< request line and header fields */
	char *body;
	unsigned connection;     /**< number of the connection, from 1 */
};

struct script_server;

struct script_server *script_server_new(bool listens);
void script_server_free(struct script_server *server);
/** Begin to listen, if script_server_new() did not. */
void script_server_listen(struct script_server *server);
unsigned script_server_port(const struct script_server *server);

/** Add an answer of raw bytes. */
void script_raw(struct script_server *server, const char *match, const void *bytes, size_t size,
		enum script_then then);
/** Add a complete answer. @param fields further header fields, each closed by "\r\n"; may be "" */
void script_answer(struct script_server *server, const char *match, int status, const char *fields, const char *body);
/** Add an answer of 200 that waits until @p hold_until requests are held. */
void script_hold(struct script_server *server, const char *match, unsigned hold_until, const char *body);

size_t script_request_count(struct script_server *server);
/** Request number @p index, from 0; lives as long as the server. */
const struct script_request *script_request(struct script_server *server, size_t index);
/** The first request whose "METHOD /path" holds @p match; NULL if none. */
const struct script_request *script_find(struct script_server *server, const char *match);
/** True when a header field line of the request is exactly @p line. */
bool script_has_field(const struct script_request *request, const char *line);
/** Most requests that were held at the same time. */
unsigned script_held_max(struct script_server *server);
/** Wait until a request was received whose number is @p count, at most 30 s. */
void script_wait_for_requests(struct script_server *server, size_t count);

#endif
