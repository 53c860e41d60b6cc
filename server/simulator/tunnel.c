/* A tunnel: its row and its JSON. */
#include "server/simulator/tunnel.h"

#include <string.h>

#include "base/str.h"

enum rc tunnel_read(struct call *call, struct cursor *cursor, struct tunnel *ret_tunnel)
{
	*ret_tunnel = (struct tunnel){
		.id = cursor_text(cursor, call->arena, 0),
		.account_id = cursor_text(cursor, call->arena, 1),
		.name = cursor_text(cursor, call->arena, 2),
		.config_src = cursor_text(cursor, call->arena, 3),
		.status = cursor_text(cursor, call->arena, 4),
		.created_ms = cursor_int(cursor, 5),
		.deleted_ms = cursor_int(cursor, 6),
		.active_ms = cursor_int(cursor, 7),
		.inactive_ms = cursor_int(cursor, 8),
		.config_version = cursor_int(cursor, 9),
		.secret_serial = cursor_int(cursor, 10),
	};
	if (!ret_tunnel->id || !ret_tunnel->account_id || !ret_tunnel->name || !ret_tunnel->config_src ||
	    !ret_tunnel->status)
		return RC_NOMEM;
	return RC_OK;
}

enum rc tunnel_find(struct call *call, const char *id, struct tunnel *ret_tunnel)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	bool row = false;
	enum rc rc = store_query(call->store, "SELECT " TUNNEL_COLUMNS " FROM tunnel t WHERE t.id = ?1",
				 BINDS(bind_text(id)), &cursor);

	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (rc)
		return rc;
	return row ? tunnel_read(call, &cursor, ret_tunnel) : RC_NOTFOUND;
}

enum rc tunnel_load(struct call *call, bool live_only, struct tunnel *ret_tunnel)
{
	struct tunnel tunnel = {0};
	enum rc rc = tunnel_find(call, call->tunnel_id, &tunnel);

	if (!rc && (!str_eq(tunnel.account_id, call->account->id) || (live_only && tunnel.deleted_ms)))
		rc = RC_NOTFOUND;
	if (rc == RC_NOTFOUND)
		return call_refuse(call, 404, 1003, "Tunnel not found");
	if (!rc)
		*ret_tunnel = tunnel;
	return rc;
}

struct json *tunnel_json(struct build *build, const struct tunnel *tunnel)
{
	struct json *json = build_object(build);

	build_string(build, json, "id", tunnel->id);
	build_string(build, json, "account_tag", tunnel->account_id);
	build_time(build, json, "created_at", tunnel->created_ms);
	build_time(build, json, "deleted_at", tunnel->deleted_ms);
	build_string(build, json, "name", tunnel->name);
	build_value(build, json, "connections", build_array(build)); /* empty by now: /connections has them */
	build_time(build, json, "conns_active_at", tunnel->active_ms);
	build_time(build, json, "conns_inactive_at", tunnel->inactive_ms);
	build_string(build, json, "tun_type", "cfd_tunnel");
	build_value(build, json, "metadata", build_object(build));
	build_string(build, json, "status", tunnel->status);
	build_bool(build, json, "remote_config", str_eq(tunnel->config_src, "cloudflare"));
	build_string(build, json, "config_src", tunnel->config_src);
	return json;
}

const char *tunnel_token(struct arena *arena, const struct tunnel *tunnel, const unsigned char *secret,
			 size_t size)
{
	const char *encoded = str_base64(arena, secret, size);
	const char *json = NULL;

	if (encoded)
		json = arena_printf(arena, "{\"a\":\"%s\",\"s\":\"%s\",\"t\":\"%s\"}", tunnel->account_id,
				    encoded, tunnel->id);
	return json ? str_base64(arena, json, strlen(json)) : NULL;
}
