/* Connectors. Invariant, kept by settle(): a tunnel's active_ms is set, and its last activity open, exactly
 * while it has connectors. */
#include "server/simulator/connectors.h"

#include "base/str.h"
#include "server/simulator/ident.h"

#define CONNECTIONS_EACH 4

enum rc connectors_parse_report(const struct json *value, struct config_report *ret_report)
{
	*ret_report = (struct config_report){.is_fixed = false, .number = 0};
	if (!value)
		return RC_OK;
	if (json_is_int(value)) {
		*ret_report = (struct config_report){.is_fixed = true, .number = (int64_t)value->u.number};
		return RC_OK;
	}
	if (value->type != JSON_STRING)
		return RC_INVALID;
	if (str_eq(value->u.string, "lag"))
		ret_report->number = 1;
	else if (!str_eq(value->u.string, "follow"))
		return RC_INVALID;
	return RC_OK;
}

static enum rc count_connectors(struct call *call, const char *tunnel_id, int64_t *ret_count)
{
	return store_number(call->store, "SELECT count(*) FROM connector WHERE tunnel_id = ?1",
			    BINDS(bind_text(tunnel_id)), ret_count);
}

static enum rc become_active(struct call *call, const char *tunnel_id)
{
	int64_t changes = 0;
	enum rc rc = store_run(call->store, "UPDATE tunnel SET active_ms = ?2, inactive_ms = NULL"
					    " WHERE id = ?1 AND active_ms IS NULL",
			       BINDS(bind_text(tunnel_id), bind_int(call->now_ms)), &changes);

	if (rc || !changes)
		return rc;
	return store_run(call->store, "INSERT INTO activity (tunnel_id, from_ms) VALUES (?1, ?2)",
			 BINDS(bind_text(tunnel_id), bind_int(call->now_ms)), NULL);
}

static enum rc become_inactive(struct call *call, const char *tunnel_id)
{
	enum rc rc = store_run(call->store, "UPDATE tunnel SET active_ms = NULL, inactive_ms = ?2"
					    " WHERE id = ?1 AND active_ms IS NOT NULL",
			       BINDS(bind_text(tunnel_id), bind_int(call->now_ms)), NULL);

	if (rc)
		return rc;
	return store_run(call->store, "UPDATE activity SET to_ms = ?2 WHERE tunnel_id = ?1 AND to_ms IS NULL",
			 BINDS(bind_text(tunnel_id), bind_int(call->now_ms)), NULL);
}

static enum rc settle(struct call *call, const char *tunnel_id)
{
	int64_t count = 0;
	enum rc rc = count_connectors(call, tunnel_id, &count);

	if (rc)
		return rc;
	return count > 0 ? become_active(call, tunnel_id) : become_inactive(call, tunnel_id);
}

/* Ids of fresh connections, as stored. */
static enum rc new_connections(struct call *call, const char **ret_text)
{
	struct json *ids = build_array(&call->build);

	for (size_t i = 0; i < CONNECTIONS_EACH; i++) {
		const char *id = NULL;
		enum rc rc = ident_uuid(&call->service->clock, call->arena, &id);

		if (rc)
			return rc;
		build_push_string(&call->build, ids, id);
	}
	*ret_text = build_text(&call->build, ids);
	return call->build.rc;
}

static const char attach_sql[] =
	"INSERT INTO connector (id, tunnel_id, client_version, lag, config_version, secret_serial, run_ms, conns,"
	" opened_ms) SELECT ?1, id, ?3, ?4, ?5, secret_serial, ?6, ?7, ?6 FROM tunnel WHERE id = ?2";

enum rc connectors_attach(struct call *call, const char *tunnel_id, const char *version,
			  const struct config_report *report, const char **ret_id)
{
	const char *connections = NULL, *id = NULL;
	int64_t count = 0;
	enum rc rc = count_connectors(call, tunnel_id, &count);

	if (!rc && count >= SIMULATOR_CONNECTORS)
		rc = RC_LIMIT;
	if (!rc)
		rc = ident_fresh(call->store, &call->service->clock, call->arena, ident_uuid,
				 "SELECT count(*) FROM connector WHERE id = ?1", &id);
	if (!rc)
		rc = new_connections(call, &connections);
	if (!rc)
		rc = store_run(call->store, attach_sql,
			       BINDS(bind_text(id), bind_text(tunnel_id), bind_text(version),
				     report->is_fixed ? bind_null() : bind_int(report->number),
				     report->is_fixed ? bind_int(report->number) : bind_null(),
				     bind_int(call->now_ms), bind_text(connections)), NULL);
	if (!rc)
		rc = settle(call, tunnel_id);
	if (!rc)
		*ret_id = id;
	return rc;
}

enum rc connectors_change(struct call *call, const char *tunnel_id, const char *id,
			  const struct config_report *report, int64_t *ret_count)
{
	return store_run(call->store, "UPDATE connector SET lag = ?3, config_version = ?4"
				      " WHERE tunnel_id = ?1 AND (?2 IS NULL OR id = ?2)",
			 BINDS(bind_text(tunnel_id), bind_text(id),
			       report->is_fixed ? bind_null() : bind_int(report->number),
			       report->is_fixed ? bind_int(report->number) : bind_null()), ret_count);
}

enum rc connectors_remove(struct call *call, const char *tunnel_id, const char *id)
{
	enum rc rc =
		store_run(call->store, "DELETE FROM connector WHERE tunnel_id = ?1 AND (?2 IS NULL OR id = ?2)",
			  BINDS(bind_text(tunnel_id), bind_text(id)), NULL);

	return rc ? rc : settle(call, tunnel_id);
}

static enum rc reconnect(struct call *call, const char *id)
{
	const char *connections = NULL;
	enum rc rc = new_connections(call, &connections);

	if (rc)
		return rc;
	return store_run(call->store, "UPDATE connector SET conns = ?2, opened_ms = ?3 WHERE id = ?1",
			 BINDS(bind_text(id), bind_text(connections), bind_int(call->now_ms)), NULL);
}

static const char drop_sql[] =
	"DELETE FROM connector WHERE tunnel_id = ?1 AND (?2 IS NULL OR id = ?2)"
	" AND secret_serial <> (SELECT secret_serial FROM tunnel WHERE id = ?1)";

enum rc connectors_drop(struct call *call, const char *tunnel_id, const char *id)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	bool row = false;
	enum rc rc = store_run(call->store, drop_sql, BINDS(bind_text(tunnel_id), bind_text(id)), NULL);

	if (!rc)
		rc = store_query(call->store, "SELECT id FROM connector WHERE tunnel_id = ?1"
					      " AND (?2 IS NULL OR id = ?2) ORDER BY seq",
				 BINDS(bind_text(tunnel_id), bind_text(id)), &cursor);
	while (!rc && !(rc = cursor_next(&cursor, &row)) && row) {
		const char *connector = cursor_text(&cursor, call->arena, 0);

		rc = connector ? reconnect(call, connector) : RC_NOMEM;
	}
	return rc ? rc : settle(call, tunnel_id);
}

static struct json *connection_json(struct call *call, const char *client_id, const char *version,
				    const char *id, size_t index, int64_t opened_ms)
{
	static const char *const colos[CONNECTIONS_EACH] = {"ams01", "fra08", "ams07", "fra03"};
	struct build *build = &call->build;
	struct json *json = build_object(build);

	build_string(build, json, "id", id);
	build_string(build, json, "uuid", id);
	build_string(build, json, "client_id", client_id);
	build_string(build, json, "client_version", version);
	build_string(build, json, "colo_name", colos[index % CONNECTIONS_EACH]);
	build_bool(build, json, "is_pending_reconnect", false);
	build_time(build, json, "opened_at", opened_ms);
	build_string(build, json, "origin_ip", "203.0.113.10");
	return json;
}

static struct json *connector_json(struct call *call, struct cursor *cursor)
{
	static const char *const features[] = {"allow_remote_config", "serialized_headers",
					       "support_datagram_v2"};
	struct build *build = &call->build;
	const char *id = cursor_text(cursor, call->arena, 0), *version = cursor_text(cursor, call->arena, 1);
	int64_t opened_ms = cursor_int(cursor, 4);
	struct json *ids = build_parse(build, cursor_text(cursor, call->arena, 5));
	struct json *json = build_object(build), *connections = build_array(build);

	for (size_t i = 0; i < json_count(ids); i++) {
		const char *connection = json_item(ids, i)->u.string;

		build_push(build, connections, connection_json(call, id, version, connection, i, opened_ms));
	}
	build_string(build, json, "id", id);
	build_string(build, json, "arch", "linux_amd64");
	build_string(build, json, "version", version);
	build_int(build, json, "config_version", cursor_int(cursor, 2));
	build_strings(build, json, "features", features, 3);
	build_time(build, json, "run_at", cursor_int(cursor, 3));
	build_value(build, json, "conns", connections);
	return json;
}

static const char list_sql[] =
	"SELECT c.id, c.client_version, coalesce(c.config_version, t.config_version - c.lag), c.run_ms,"
	" c.opened_ms, c.conns FROM connector c JOIN tunnel t ON t.id = c.tunnel_id WHERE c.tunnel_id = ?1 ORDER BY c.seq";

enum rc connectors_list(struct call *call, const char *tunnel_id, struct json **ret_list)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	struct json *list = build_array(&call->build);
	bool row = false;
	enum rc rc = store_query(call->store, list_sql, BINDS(bind_text(tunnel_id)), &cursor);

	while (!rc && !(rc = cursor_next(&cursor, &row)) && row)
		build_push(&call->build, list, connector_json(call, &cursor));
	if (!rc)
		*ret_list = list;
	return rc;
}
