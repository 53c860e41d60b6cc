/* /_simulator/: connectors, request log, zones, tokens, rate. */
#include "server/simulator/control.h"

#include <string.h>

#include "base/str.h"
#include "server/simulator/connectors.h"
#include "server/simulator/ident.h"
#include "server/simulator/router.h"
#include "server/simulator/tunnel.h"
#include "server/simulator/zones.h"

#define PREFIX "/_simulator"
#define CONNECTOR_VERSION "2026.8.2"

static enum rc refuse(struct call *call, const char *message)
{
	return call_refuse(call, 400, 1101, "%s", message);
}

static enum rc load_live_tunnel(struct call *call, struct tunnel *ret_tunnel)
{
	enum rc rc = tunnel_find(call, call->tunnel_id, ret_tunnel);

	if (!rc && ret_tunnel->deleted_ms)
		rc = RC_NOTFOUND;
	return rc == RC_NOTFOUND ? call_refuse(call, 404, 1003, "Tunnel not found") : rc;
}

static enum rc read_report(struct call *call, struct config_report *ret_report)
{
	if (connectors_parse_report(json_get(call->body, "config_version"), ret_report) != RC_OK)
		return refuse(call, "config_version must be a number, \"follow\" or \"lag\"");
	return RC_OK;
}

static enum rc attach_connector(struct call *call)
{
	const char *version = CONNECTOR_VERSION, *given = NULL, *id = NULL;
	struct config_report report;
	struct tunnel tunnel = {0};
	enum rc rc = load_live_tunnel(call, &tunnel);

	if (!rc)
		rc = call_string(call, call->body, "version", &given);
	if (!rc)
		rc = read_report(call, &report);
	if (!rc)
		rc = connectors_attach(call, tunnel.id, given ? given : version, &report, &id);
	if (rc == RC_LIMIT)
		return refuse(call, "this tunnel has as many connectors as Cloudflare allows");
	if (rc)
		return rc;
	call->result = build_object(&call->build);
	build_string(&call->build, call->result, "id", id);
	return RC_OK;
}

static enum rc change_connectors(struct call *call)
{
	struct config_report report;
	struct tunnel tunnel = {0};
	int64_t count = 0;
	enum rc rc = load_live_tunnel(call, &tunnel);

	if (!rc && !json_get(call->body, "config_version"))
		return refuse(call, "config_version is required");
	if (!rc)
		rc = read_report(call, &report);
	if (!rc)
		rc = connectors_change(call, tunnel.id, call->connector_id, &report, &count);
	if (!rc && call->connector_id && !count)
		return call_refuse(call, 404, 1003, "Connector not found");
	if (rc)
		return rc;
	call->result = build_object(&call->build);
	build_int(&call->build, call->result, "changed", count);
	return RC_OK;
}

static enum rc remove_connectors(struct call *call)
{
	struct tunnel tunnel = {0};
	enum rc rc = load_live_tunnel(call, &tunnel);

	return rc ? rc : connectors_remove(call, tunnel.id, call->connector_id);
}

static enum rc list_requests(struct call *call)
{
	const char *text = call_param(call, "since");
	int64_t since = 0;

	if (text && str_to_int64(text, &since) != RC_OK)
		return refuse(call, "since must be a number");
	request_log_write(&call->service->log, call->raw, since);
	return RC_OK;
}

static enum rc clear_requests(struct call *call)
{
	request_log_clear(&call->service->log);
	return RC_OK;
}

/* The account given, else the first. */
static enum rc choose_account(struct call *call, const char **ret_id)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	const char *id = NULL;
	bool row = false;
	enum rc rc = call_string(call, call->body, "account", &id);

	if (!rc)
		rc = store_query(call->store,
				 "SELECT id FROM account WHERE ?1 IS NULL OR id = ?1 ORDER BY rowid LIMIT 1",
				 BINDS(bind_text(id)), &cursor);
	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (rc)
		return rc;
	if (!row)
		return refuse(call, "there is no such account");
	*ret_id = cursor_text(&cursor, call->arena, 0);
	return *ret_id ? RC_OK : RC_NOMEM;
}

static enum rc add_zone(struct call *call)
{
	struct zone_spec spec = {.plan = call->service->plan};
	const char *name = NULL, *plan = NULL, *id = NULL;
	enum rc rc = call_body_object(call);

	if (!rc)
		rc = call_string(call, call->body, "name", &name);
	if (!rc)
		rc = call_string(call, call->body, "plan", &plan);
	if (!rc)
		rc = choose_account(call, &spec.account_id);
	if (rc)
		return rc;
	spec.name = name;
	if (plan)
		spec.plan = zone_plan_find(plan);
	if (!name || !zones_is_name(name))
		return refuse(call, "name must be a domain name in lower case");
	if (!spec.plan)
		return refuse(call, "plan must be free, pro, business or enterprise");
	rc = zones_add(call->store, &call->service->clock, call->arena, &spec, &id);
	if (rc)
		return rc;
	call->result = build_object(&call->build);
	build_string(&call->build, call->result, "id", id);
	build_string(&call->build, call->result, "name", spec.name);
	return RC_OK;
}

static enum rc read_strings(struct call *call, const char *key, const struct json **ret_list)
{
	const struct json *list = json_get(call->body, key);

	if (list && list->type != JSON_ARRAY)
		return call_refuse_invalid(call, "%s must be an array", key);
	for (size_t i = 0; i < json_count(list); i++) {
		if (json_item(list, i)->type != JSON_STRING)
			return call_refuse_invalid(call, "%s must hold strings", key);
	}
	*ret_list = list;
	return RC_OK;
}

static enum rc read_permissions(struct call *call, unsigned *ret_permissions)
{
	const struct json *list = NULL;
	unsigned permissions = 0, bits = 0;
	enum rc rc = read_strings(call, "permissions", &list);

	for (size_t i = 0; !rc && i < json_count(list); i++) {
		if (token_permission_parse(json_item(list, i)->u.string, &bits) != RC_OK)
			return call_refuse_invalid(call, "there is no permission \"%s\"",
						   json_item(list, i)->u.string);
		permissions |= bits;
	}
	if (!rc)
		*ret_permissions = list ? permissions : PERMISSION_ALL;
	return rc;
}

static enum rc add_token(struct call *call)
{
	struct token_spec spec = {0};
	const char *id = NULL;
	enum rc rc = call_body_object(call);

	if (!rc)
		rc = call_string(call, call->body, "token", &spec.text);
	if (!rc)
		rc = call_string(call, call->body, "name", &spec.name);
	if (!rc)
		rc = read_permissions(call, &spec.permissions);
	if (!rc)
		rc = read_strings(call, "zones", &spec.zones);
	if (!rc)
		rc = read_strings(call, "accounts", &spec.accounts);
	if (!rc && (!spec.text || !token_is_wellformed(spec.text)))
		return refuse(call, "token must be 1 to 1024 printable characters without space");
	if (!rc)
		rc = ident_hex(&call->service->clock, call->arena, &id);
	return rc ? rc : token_add(call->store, call->arena, &spec, id, true);
}

static enum rc change_rate(struct call *call)
{
	int64_t calls = json_get_int(call->body, "calls", 0),
		window_ms = json_get_int(call->body, "window_ms", 0);

	if (!rate_is_valid(calls, window_ms))
		return refuse(call, "calls and window_ms must be positive numbers within bounds");
	rate_change(&call->service->rate, calls, window_ms);
	return RC_OK;
}

static enum rc show_stats(struct call *call)
{
	struct service *service = call->service;

	call->result = build_object(&call->build);
	build_int(&call->build, call->result, "most_in_flight", atomic_load(&service->most_in_flight));
	build_int(&call->build, call->result, "least_left", service->rate.least_left);
	build_int(&call->build, call->result, "refused", service->rate.refused);
	return RC_OK;
}

static enum rc clear_stats(struct call *call)
{
	rate_clear_stats(&call->service->rate);
	atomic_store(&call->service->most_in_flight, 0);
	return RC_OK;
}

static const struct route control_routes[] = {
	{"POST", "/tunnels/{tunnel}/connectors", 0, ROUTE_WRITES_BODY, attach_connector},
	{"PATCH", "/tunnels/{tunnel}/connectors", 0, ROUTE_WRITES_BODY, change_connectors},
	{"DELETE", "/tunnels/{tunnel}/connectors", 0, ROUTE_WRITES, remove_connectors},
	{"PATCH", "/tunnels/{tunnel}/connectors/{connector}", 0, ROUTE_WRITES_BODY, change_connectors},
	{"DELETE", "/tunnels/{tunnel}/connectors/{connector}", 0, ROUTE_WRITES, remove_connectors},
	{"GET", "/requests", 0, 0, list_requests},
	{"DELETE", "/requests", 0, 0, clear_requests},
	{"POST", "/zones", 0, ROUTE_WRITES_BODY, add_zone},
	{"POST", "/tokens", 0, ROUTE_WRITES_BODY, add_token},
	{"GET", "/dump", 0, 0, control_dump},
	{"POST", "/rate", 0, ROUTE_BODY, change_rate},
	{"GET", "/stats", 0, 0, show_stats},
	{"DELETE", "/stats", 0, 0, clear_stats},
	{"GET", "/faults", 0, 0, control_list_faults},
	{"POST", "/faults", 0, ROUTE_BODY, control_set_faults},
	{"DELETE", "/faults", 0, 0, control_clear_faults},
	{"POST", "/snapshots", 0, 0, control_snapshot},
	{"POST", "/restore", 0, ROUTE_BODY, control_restore},
};

static enum rc answer(struct call *call, struct reply *reply)
{
	const size_t count = sizeof(control_routes) / sizeof(control_routes[0]);
	const char *path = call->request->path + strlen(PREFIX);
	struct route_match match = {0};
	enum rc rc;

	if (!call->request->from_loopback)
		return call_refuse(call, 403, 10000, "/_simulator/ answers on loopback only");
	rc = router_find(control_routes, count, call->arena, call->request->method, path, &match);
	if (rc)
		return rc;
	if (!match.is_path_known || match.is_id_malformed)
		return call_refuse(call, 404, 7000, "No route for that URI");
	if (!match.route) {
		memcpy(reply->allow, match.allow, sizeof(reply->allow));
		return call_refuse(call, 405, 10000, "this path takes %s", match.allow);
	}
	call->tunnel_id = match.tunnel_id;
	call->connector_id = match.connector_id;
	return router_run(call, match.route);
}

void control_answer(struct call *call, struct reply *reply)
{
	struct json *error;
	struct json_writer w;
	enum rc rc;

	call->raw = &reply->body;
	rc = answer(call, reply);
	reply->down_ms = call->is_up_again ? -1 : 0;
	if (rc && !call->refusal.status)
		call_refuse(call, 500, 1101, "internal error: %s", rc_name(rc));
	reply->status = call->refusal.status ? call->refusal.status : 200;
	if (!rc && reply->body.size > 0)
		return;
	strbuf_reset(&reply->body);
	if (rc) {
		call->build.rc = RC_OK;
		error = build_object(&call->build);
		build_string(&call->build, error, "error", call->refusal.message);
		call->result = error;
	}
	json_writer_init(&w, &reply->body, 0);
	json_value(&w, call->result);
	strbuf_addc(&reply->body, '\n');
}
