/* What `cloudflared tunnel route dns` calls: a proxied CNAME to a tunnel. */
#include "base/str.h"
#include "server/simulator/handlers.h"
#include "server/simulator/record.h"
#include "server/simulator/tunnel.h"

struct tunnel_route {
	const char *hostname; /* whole name */
	const char *target;
	bool overwrites;
};

static enum rc decode(struct call *call, struct tunnel_route *route)
{
	const char *type = NULL, *hostname = NULL;
	enum rc rc = call_body_object(call);

	if (!rc)
		rc = call_string(call, call->body, "type", &type);
	if (!rc)
		rc = call_string(call, call->body, "user_hostname", &hostname);
	if (rc)
		return rc;
	if (!str_eq(type, "dns"))
		return call_refuse_invalid(call, "type must be dns");
	if (str_is_empty(hostname))
		return call_refuse_invalid(call, "user_hostname is required");
	rc = record_name_in_zone(call->arena, call->zone, hostname, &route->hostname);
	if (rc == RC_INVALID)
		return call_refuse(call, 400, 9000, "DNS name is invalid.");
	route->overwrites = json_get_bool(call->body, "overwrite_existing", false);
	return rc;
}

static enum rc find_target(struct call *call, struct tunnel_route *route)
{
	struct tunnel tunnel = {0};
	enum rc rc = tunnel_find(call, call->tunnel_id, &tunnel);

	if (!rc && (tunnel.deleted_ms || !str_eq(tunnel.account_id, call->zone->account_id)))
		rc = RC_NOTFOUND;
	if (rc == RC_NOTFOUND)
		return call_refuse(call, 404, 1003, "Tunnel not found");
	if (rc)
		return rc;
	route->target = arena_printf(call->arena, "%s.cfargotunnel.com", tunnel.id);
	return route->target ? RC_OK : RC_NOMEM;
}

static const char standing_sql[] =
	"SELECT r.id, r.type = 'CNAME' AND r.content = ?3 FROM record r WHERE r.zone_id = ?1 AND r.name = ?2"
	" AND r.type IN ('A', 'AAAA', 'CNAME')";

/* Make room at the name. @param ret_outcome "new", "updated" or "unchanged" */
static enum rc clear_name(struct call *call, const struct tunnel_route *route, const char **ret_outcome)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	bool row = false;
	enum rc rc = store_query(
		call->store, standing_sql,
		BINDS(bind_text(call->zone->id), bind_text(route->hostname), bind_text(route->target)), &cursor);

	*ret_outcome = "new";
	while (!rc && !(rc = cursor_next(&cursor, &row)) && row) {
		const char *id = cursor_text(&cursor, call->arena, 0);

		if (cursor_int(&cursor, 1)) {
			*ret_outcome = "unchanged";
			return RC_OK;
		}
		if (!route->overwrites)
			return call_refuse(call, 400, 1003,
					   "An A, AAAA, or CNAME record with that host already exists.");
		*ret_outcome = "updated";
		rc = id ? record_delete(call, id) : RC_NOMEM;
	}
	return rc;
}

static enum rc point(struct call *call, const struct tunnel_route *route)
{
	struct json *body = build_object(&call->build);
	struct record record = {0};

	build_string(&call->build, body, "type", "CNAME");
	build_string(&call->build, body, "name", route->hostname);
	build_string(&call->build, body, "content", route->target);
	build_bool(&call->build, body, "proxied", true);
	return call->build.rc ? call->build.rc : record_post(call, body, &record);
}

enum rc tunnel_routes_put(struct call *call)
{
	struct tunnel_route route = {0};
	const char *outcome = NULL;
	enum rc rc = decode(call, &route);

	if (!rc)
		rc = find_target(call, &route);
	if (!rc)
		rc = clear_name(call, &route, &outcome);
	if (!rc && !str_eq(outcome, "unchanged"))
		rc = point(call, &route);
	if (rc)
		return rc;
	call->result = build_object(&call->build);
	build_string(&call->build, call->result, "cname", outcome);
	build_string(&call->build, call->result, "name", route.hostname);
	return RC_OK;
}
