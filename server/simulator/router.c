/* From method and path to a handler; its body and its transaction. */
#include "server/simulator/router.h"

#include <string.h>

#include "base/str.h"
#include "server/simulator/handlers.h"
#include "server/simulator/ident.h"

static const struct route api_routes[] = {
	{"GET", "/accounts", PERMISSION_ACCOUNT_READ, 0, accounts_list},
	{"GET", "/accounts/{account}", PERMISSION_ACCOUNT_READ, 0, accounts_get},
	{"GET", "/accounts/{account}/tokens/verify", PERMISSION_NONE, 0, tokens_verify_account},
	{"GET", "/user/tokens/verify", PERMISSION_NONE, 0, tokens_verify_user},

	{"GET", "/accounts/{account}/cfd_tunnel", PERMISSION_TUNNEL_READ, 0, tunnels_list},
	{"POST", "/accounts/{account}/cfd_tunnel", PERMISSION_TUNNEL_WRITE, ROUTE_WRITES_BODY, tunnels_create},
	{"GET", "/accounts/{account}/cfd_tunnel/{tunnel}", PERMISSION_TUNNEL_READ, 0, tunnels_get},
	{"PATCH", "/accounts/{account}/cfd_tunnel/{tunnel}", PERMISSION_TUNNEL_WRITE,
	 ROUTE_WRITES_BODY, tunnels_update},
	{"DELETE", "/accounts/{account}/cfd_tunnel/{tunnel}", PERMISSION_TUNNEL_WRITE, ROUTE_WRITES, tunnels_delete},
	{"GET", "/accounts/{account}/cfd_tunnel/{tunnel}/configurations", PERMISSION_TUNNEL_READ, 0,
	 configurations_get},
	{"PUT", "/accounts/{account}/cfd_tunnel/{tunnel}/configurations", PERMISSION_TUNNEL_WRITE,
	 ROUTE_WRITES_BODY, configurations_put},
	{"GET", "/accounts/{account}/cfd_tunnel/{tunnel}/token", PERMISSION_TUNNEL_WRITE, 0, tunnels_token},
	{"GET", "/accounts/{account}/cfd_tunnel/{tunnel}/connections", PERMISSION_TUNNEL_READ, 0, connections_list},
	{"DELETE", "/accounts/{account}/cfd_tunnel/{tunnel}/connections", PERMISSION_TUNNEL_WRITE,
	 ROUTE_WRITES, connections_delete},

	/* The family that cloudflare-go up to 2.4.0 calls. */
	{"GET", "/accounts/{account}/tunnels", PERMISSION_TUNNEL_READ, 0, tunnels_list},
	{"POST", "/accounts/{account}/tunnels", PERMISSION_TUNNEL_WRITE, ROUTE_WRITES_BODY, tunnels_create},
	{"GET", "/accounts/{account}/tunnels/{tunnel}", PERMISSION_TUNNEL_READ, 0, tunnels_get},
	{"DELETE", "/accounts/{account}/tunnels/{tunnel}", PERMISSION_TUNNEL_WRITE, ROUTE_WRITES, tunnels_delete},
	{"DELETE", "/accounts/{account}/tunnels/{tunnel}/connections", PERMISSION_TUNNEL_WRITE, ROUTE_WRITES,
	 connections_delete},

	{"GET", "/zones", PERMISSION_ZONE_READ, 0, zones_list},
	{"GET", "/zones/{zone}", PERMISSION_ZONE_READ | PERMISSION_DNS_READ, 0, zones_get},
	{"GET", "/zones/{zone}/dns_records", PERMISSION_DNS_READ, 0, records_list},
	{"POST", "/zones/{zone}/dns_records", PERMISSION_DNS_WRITE, ROUTE_WRITES_BODY, records_create},
	{"POST", "/zones/{zone}/dns_records/batch", PERMISSION_DNS_WRITE, ROUTE_WRITES_BODY, records_batch},
	{"GET", "/zones/{zone}/dns_records/{record}", PERMISSION_DNS_READ, 0, records_get},
	{"PUT", "/zones/{zone}/dns_records/{record}", PERMISSION_DNS_WRITE, ROUTE_WRITES_BODY, records_put},
	{"PATCH", "/zones/{zone}/dns_records/{record}", PERMISSION_DNS_WRITE, ROUTE_WRITES_BODY, records_patch},
	{"DELETE", "/zones/{zone}/dns_records/{record}", PERMISSION_DNS_WRITE, ROUTE_WRITES, records_delete},
	{"PUT", "/zones/{zone}/tunnels/{tunnel}/routes", PERMISSION_DNS_WRITE, ROUTE_WRITES_BODY,
	 tunnel_routes_put},
};

const struct route *router_api_routes(size_t *ret_count)
{
	*ret_count = sizeof(api_routes) / sizeof(api_routes[0]);
	return api_routes;
}

static const struct {
	const char *name;
	size_t name_size;
	bool (*is_valid)(const char *);
	size_t offset; /* of its member in struct route_match */
} variables[] = {
	{"{account}", 9, ident_is_hex, offsetof(struct route_match, account_id)},
	{"{zone}", 6, ident_is_hex, offsetof(struct route_match, zone_id)},
	{"{record}", 8, ident_is_hex, offsetof(struct route_match, record_id)},
	{"{tunnel}", 8, ident_is_uuid, offsetof(struct route_match, tunnel_id)},
	{"{connector}", 11, ident_is_uuid, offsetof(struct route_match, connector_id)},
};

static enum rc take_variable(struct arena *arena, const char *name, size_t name_size, const char *value,
			     size_t value_size, struct route_match *match)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *copy;

		if (variables[i].name_size != name_size || memcmp(variables[i].name, name, name_size) != 0)
			continue;
		copy = arena_memdup(arena, value, value_size);
		copy = copy ? str_lower(arena, copy) : NULL;
		if (!copy)
			return RC_NOMEM;
		match->is_id_malformed |= !variables[i].is_valid(copy);
		memcpy((char *)match + variables[i].offset, &copy, sizeof(copy));
	}
	return RC_OK;
}

/* Walk pattern and path together, segment by segment; with @match the variables are taken on the way. */
static enum rc walk(const char *pattern, const char *path, struct arena *arena, struct route_match *match,
		    bool *ret_fits)
{
	*ret_fits = false;
	while (*pattern == '/' && *path == '/') {
		size_t pattern_size = strcspn(++pattern, "/"), path_size = strcspn(++path, "/");

		if (*pattern == '{' && path_size > 0) {
			enum rc rc = match ? take_variable(arena, pattern, pattern_size, path, path_size, match)
					   : RC_OK;

			if (rc)
				return rc;
		} else if (pattern_size != path_size || memcmp(pattern, path, path_size) != 0) {
			return RC_OK;
		}
		pattern += pattern_size;
		path += path_size;
	}
	*ret_fits = *pattern == '\0' && *path == '\0';
	return RC_OK;
}

static void add_method(char *allow, size_t size, const char *method)
{
	size_t used = strlen(allow);

	if (used + strlen(method) + 3 > size)
		return;
	if (used > 0)
		strcat(allow, ", ");
	strcat(allow, method);
}

enum rc router_find(const struct route *routes, size_t count, struct arena *arena, const char *method,
		    const char *path, struct route_match *ret_match)
{
	struct route_match match = {0};

	for (size_t i = 0; i < count && !match.route; i++) {
		bool fits = false;
		enum rc rc = walk(routes[i].pattern, path, arena, NULL, &fits);

		if (rc)
			return rc;
		if (!fits)
			continue;
		match.is_path_known = true;
		add_method(match.allow, sizeof(match.allow), routes[i].method);
		if (!str_eq(routes[i].method, method))
			continue;
		match.route = &routes[i];
		rc = walk(routes[i].pattern, path, arena, &match, &fits);
		if (rc)
			return rc;
	}
	*ret_match = match;
	return RC_OK;
}

static enum rc parse_body(struct call *call, const struct route *route)
{
	const struct request *request = call->request;
	struct json *body = NULL;
	enum rc rc;

	if (!(route->flags & ROUTE_BODY) || request->body_size == 0)
		return RC_OK;
	rc = json_parse(call->arena, request->body, request->body_size, &body, NULL);
	if (rc == RC_INVALID || rc == RC_LIMIT)
		return call_refuse(call, 400, 9207, "malformed request body");
	call->body = body;
	return rc;
}

static enum rc run_handler(struct call *call, const struct route *route)
{
	bool writes = (route->flags & ROUTE_WRITES) != 0;
	bool is_dropped = call->fault && call->fault->kind == FAULT_DROP_WRITE;
	enum rc rc = writes ? faults_before_write(call) : RC_OK;

	if (!rc && writes)
		rc = store_begin(call->store);
	if (!rc)
		rc = route->handler(call);
	if (!rc)
		rc = call->build.rc;
	if (!rc && writes && !is_dropped)
		rc = store_commit(call->store);
	if ((rc || is_dropped) && writes)
		store_rollback(call->store);
	return rc;
}

enum rc router_run(struct call *call, const struct route *route)
{
	enum rc rc = parse_body(call, route);

	return rc ? rc : run_handler(call, route);
}
