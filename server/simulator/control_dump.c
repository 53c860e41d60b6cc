/* The whole live state in a fixed order, so that tests may compare two dumps byte by byte. */
#include "server/simulator/control.h"
#include "server/simulator/record.h"
#include "server/simulator/tunnel.h"
#include "server/simulator/zones.h"

static enum rc dump_accounts(struct call *call, struct json *ret_list)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	bool row = false;
	enum rc rc = store_query(call->store, "SELECT id, name FROM account ORDER BY id", NULL, 0, &cursor);

	while (!rc && !(rc = cursor_next(&cursor, &row)) && row) {
		struct json *json = build_object(&call->build);

		build_string(&call->build, json, "id", cursor_text(&cursor, call->arena, 0));
		build_string(&call->build, json, "name", cursor_text(&cursor, call->arena, 1));
		build_push(&call->build, ret_list, json);
	}
	return rc;
}

static enum rc dump_zone_records(struct call *call, const struct zone *zone, struct json *list)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	bool row = false;
	enum rc rc = store_query(call->store, "SELECT " RECORD_COLUMNS " FROM record r WHERE r.zone_id = ?1"
					      " ORDER BY r.name, r.type, r.content, r.id",
				 BINDS(bind_text(zone->id)), &cursor);

	while (!rc && !(rc = cursor_next(&cursor, &row)) && row) {
		struct record record = {0};

		rc = record_read(call, &cursor, &record);
		if (!rc)
			build_push(&call->build, list, record_json(&call->build, zone, &record));
	}
	return rc;
}

static enum rc dump_zones(struct call *call, struct json *zones, struct json *records)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	bool row = false;
	enum rc rc = store_query(call->store,
				 "SELECT " ZONE_COLUMNS " FROM zone z JOIN account a ON a.id = z.account_id"
				 " ORDER BY z.name",
				 NULL, 0, &cursor);

	while (!rc && !(rc = cursor_next(&cursor, &row)) && row) {
		struct json *json = build_object(&call->build);
		struct zone zone = {0};

		rc = zones_read(call, &cursor, &zone);
		if (rc)
			return rc;
		build_string(&call->build, json, "id", zone.id);
		build_string(&call->build, json, "name", zone.name);
		build_string(&call->build, json, "account_id", zone.account_id);
		build_string(&call->build, json, "plan", zone.plan->legacy_id);
		build_push(&call->build, zones, json);
		rc = dump_zone_records(call, &zone, records);
	}
	return rc;
}

static enum rc dump_tunnels(struct call *call, struct json *tunnels, struct json *configurations)
{
	struct build *build = &call->build;
	struct cursor cursor CURSOR_CLEANUP = {0};
	bool row = false;
	enum rc rc = store_query(call->store, "SELECT " TUNNEL_COLUMNS ", t.config FROM tunnel t"
					      " ORDER BY t.account_id, t.name, t.id", NULL, 0, &cursor);

	while (!rc && !(rc = cursor_next(&cursor, &row)) && row) {
		const char *config = cursor_text(&cursor, call->arena, 11);
		struct json *json = build_object(build);
		struct tunnel tunnel = {0};

		rc = tunnel_read(call, &cursor, &tunnel);
		if (rc)
			return rc;
		build_push(build, tunnels, tunnel_json(build, &tunnel));
		build_string(build, json, "tunnel_id", tunnel.id);
		build_int(build, json, "version", tunnel.config_version);
		build_value(build, json, "config", build_parse(build, config));
		build_push(build, configurations, json);
	}
	return rc;
}

enum rc control_dump(struct call *call)
{
	struct build *build = &call->build;
	struct json *accounts = build_array(build), *zones = build_array(build), *records = build_array(build);
	struct json *tunnels = build_array(build), *configurations = build_array(build);
	enum rc rc = dump_accounts(call, accounts);

	if (!rc)
		rc = dump_zones(call, zones, records);
	if (!rc)
		rc = dump_tunnels(call, tunnels, configurations);
	call->result = build_object(build);
	build_value(build, call->result, "accounts", accounts);
	build_value(build, call->result, "zones", zones);
	build_value(build, call->result, "tunnels", tunnels);
	build_value(build, call->result, "configurations", configurations);
	build_value(build, call->result, "records", records);
	return rc ? rc : build->rc;
}
