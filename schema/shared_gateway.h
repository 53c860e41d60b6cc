/** @file
 * A Gateway as its owner records it for projects that contribute Routes to it: what judges their Routes and orders
 * their rules, and nothing else. JSON of the state; two equal Gateways have equal JSON. */
#ifndef ADIT_SCHEMA_SHARED_GATEWAY_H
#define ADIT_SCHEMA_SHARED_GATEWAY_H

#include "base/json.h"
#include "schema/object.h"

/** What the owner's run found out beside the object itself. */
struct shared_gateway_facts {
	const char *const *hostnames;              /**< of the listeners that are served, most specific first; "" last */
	size_t hostname_count;
	const struct shared_policy *policy;        /**< covers every rule; NULL: none */
	const struct shared_policy *const *listener_policies; /**< one per listener; NULL entries: none */
};

/** Write it down. @param ret_json  arena; borrows texts of @p gateway */
enum rc shared_gateway_write(struct arena *arena, const struct gateway *gateway, const struct shared_gateway_facts *facts,
			     struct json **ret_json) MUST_CHECK;

/** Read it back. Its spans are empty, its shared_gateway has only the policies: the rest is the caller's.
 * @param address      "tunnel/<namespace>/<name>"
 * @param ret_gateway  arena; borrows texts of @p json
 * @return RC_OK; RC_CORRUPT it is no such JSON, or @p address is not a Gateway's; RC_NOMEM */
enum rc shared_gateway_read(struct arena *arena, const char *address, const struct json *json,
			    struct gateway **ret_gateway) MUST_CHECK;

#endif
