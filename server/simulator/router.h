/** @file
 * From method and path to a handler, through tables of routes. */
#ifndef ADIT_SERVER_SIMULATOR_ROUTER_H
#define ADIT_SERVER_SIMULATOR_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"
#include "server/simulator/call.h"

enum route_flags {
	ROUTE_WRITES = 1, /**< runs in a transaction */
	ROUTE_BODY = 2,   /**< a JSON body is parsed for it */
	ROUTE_WRITES_BODY = ROUTE_WRITES | ROUTE_BODY,
};

/** Variables of a pattern are {account}, {zone}, {record} (32 hex digits), {tunnel}, {connector} (UUID). */
struct route {
	const char *method;
	const char *pattern;
	unsigned permission; /**< of enum permission: the token needs one of these bits; 0: none */
	unsigned flags;      /**< of enum route_flags */
	enum rc (*handler)(struct call *call);
};

struct route_match {
	const struct route *route; /**< NULL: none has this method and path */
	bool is_path_known;        /**< some route has this path */
	bool is_id_malformed;      /**< a variable of the route does not look like its kind of id */
	char allow[64];            /**< methods of the routes that have this path */
	const char *account_id, *zone_id, *tunnel_id, *record_id,
		*connector_id; /**< arena, lower case; or NULL */
};

/** Look @p path up in @p routes. @return RC_OK (see the match for the outcome) or RC_NOMEM */
enum rc router_find(const struct route *routes, size_t count, struct arena *arena, const char *method,
		    const char *path, struct route_match *ret_match) MUST_CHECK;

/** Parse the body if the route takes one, and run its handler, in a transaction if it writes. */
enum rc router_run(struct call *call, const struct route *route) MUST_CHECK;

/** The table of Cloudflare's paths, below /client/v4. */
const struct route *router_api_routes(size_t *ret_count);

#endif
