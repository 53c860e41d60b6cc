/* Zones: list, details. */
#include "server/simulator/zones.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "server/simulator/handlers.h"
#include "server/simulator/ident.h"
#include "server/simulator/query.h"

#define ZONE_FROM "FROM zone z JOIN account a ON a.id = z.account_id"

enum rc zones_read(struct call *call, struct cursor *cursor, struct zone *ret_zone)
{
	const char *plan = cursor_text(cursor, call->arena, 4);

	*ret_zone = (struct zone){
		.id = cursor_text(cursor, call->arena, 0),
		.name = cursor_text(cursor, call->arena, 1),
		.account_id = cursor_text(cursor, call->arena, 2),
		.account_name = cursor_text(cursor, call->arena, 3),
		.plan = zone_plan_find(plan),
		.created_ms = cursor_int(cursor, 5),
	};
	if (!ret_zone->id || !ret_zone->name || !ret_zone->account_id || !ret_zone->account_name || !plan)
		return RC_NOMEM;
	return ret_zone->plan ? RC_OK : RC_CORRUPT;
}

enum rc zones_load(struct call *call, const char *id, const struct zone **ret_zone)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	struct zone *zone = arena_alloc(call->arena, sizeof(*zone));
	bool row = false;
	enum rc rc = zone ? RC_OK : RC_NOMEM;

	if (!rc)
		rc = store_query(call->store, "SELECT " ZONE_COLUMNS " " ZONE_FROM " WHERE z.id = ?1",
				 BINDS(bind_text(id)), &cursor);
	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (rc)
		return rc;
	if (!row)
		return call_refuse(call, 404, 7003,
				   "Could not route to %s, perhaps your object identifier is invalid?",
				   call->request->path);
	rc = zones_read(call, &cursor, zone);
	if (rc)
		return rc;
	if (call->token && !token_sees_zone(call->token, zone->name, zone->account_id))
		return call_refuse(call, 403, 10000, "Authentication error");
	*ret_zone = zone;
	return RC_OK;
}

bool zones_is_name(const char *name)
{
	size_t label = 0, dots = 0, size = strlen(name);

	if (size > 253)
		return false;
	for (size_t i = 0; i <= size; i++) {
		if (i == size || name[i] == '.') {
			if (label == 0 || label > 63)
				return false;
			dots += name[i] == '.';
			label = 0;
			continue;
		}
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '-')
			return false;
		label++;
	}
	return dots > 0;
}

static enum rc find_id(struct store *store, struct arena *arena, const char *name, const char **ret_id)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	bool row = false;
	enum rc rc = store_query(store, "SELECT id FROM zone WHERE name = ?1", BINDS(bind_text(name)), &cursor);

	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (rc)
		return rc;
	if (!row)
		return RC_NOTFOUND;
	*ret_id = cursor_text(&cursor, arena, 0);
	return *ret_id ? RC_OK : RC_NOMEM;
}

enum rc zones_add(struct store *store, struct clock *clock, struct arena *arena, const struct zone_spec *spec,
		  const char **ret_id)
{
	enum rc rc = find_id(store, arena, spec->name, ret_id);

	if (rc != RC_NOTFOUND)
		return rc;
	rc = ident_fresh(store, clock, arena, ident_hex, "SELECT count(*) FROM zone WHERE id = ?1", ret_id);
	if (rc)
		return rc;
	return store_run(
		store, "INSERT INTO zone (id, name, account_id, plan, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
		BINDS(bind_text(*ret_id), bind_text(spec->name), bind_text(spec->account_id),
		      bind_text(spec->plan->legacy_id), bind_int(clock_wall_ms(clock))),
		NULL);
}

static struct json *plan_json(struct build *build, const struct zone_plan *plan)
{
	struct json *json = build_object(build);

	build_string(build, json, "id", plan->id);
	build_string(build, json, "name", plan->name);
	build_int(build, json, "price", plan->price);
	build_string(build, json, "currency", "USD");
	build_string(build, json, "frequency", "");
	build_bool(build, json, "is_subscribed", false);
	build_bool(build, json, "can_subscribe", false);
	build_string(build, json, "legacy_id", plan->legacy_id);
	build_bool(build, json, "legacy_discount", false);
	build_bool(build, json, "externally_managed", false);
	return json;
}

static struct json *meta_json(struct build *build, const struct zone_plan *plan)
{
	struct json *json = build_object(build);

	build_int(build, json, "step", 2);
	build_int(build, json, "custom_certificate_quota", 0);
	build_int(build, json, "page_rule_quota", plan->page_rules);
	build_bool(build, json, "phishing_detected", false);
	return json;
}

static struct json *party_json(struct build *build, const char *id, const char *name, const char *type)
{
	struct json *json = build_object(build);

	build_string(build, json, "id", id);
	build_string(build, json, "name", name);
	if (type)
		build_string(build, json, "type", type);
	return json;
}

static struct json *zone_json(struct build *build, const struct zone *zone)
{
	static const char *const servers[] = {"ada.ns.cloudflare.com", "bob.ns.cloudflare.com"};
	static const char *const permissions[] = {"#dns_records:edit", "#dns_records:read", "#zone:read"};
	struct json *json = build_object(build);

	build_string(build, json, "id", zone->id);
	build_string(build, json, "name", zone->name);
	build_string(build, json, "status", "active");
	build_bool(build, json, "paused", false);
	build_string(build, json, "type", "full");
	build_int(build, json, "development_mode", 0);
	build_strings(build, json, "name_servers", servers, 2);
	build_null(build, json, "original_name_servers");
	build_null(build, json, "original_registrar");
	build_null(build, json, "original_dnshost");
	build_time(build, json, "modified_on", zone->created_ms);
	build_time(build, json, "created_on", zone->created_ms);
	build_time(build, json, "activated_on", zone->created_ms);
	build_strings(build, json, "vanity_name_servers", NULL, 0);
	build_value(build, json, "meta", meta_json(build, zone->plan));
	build_value(build, json, "owner",
		    party_json(build, zone->account_id, zone->account_name, "organization"));
	build_value(build, json, "account", party_json(build, zone->account_id, zone->account_name, NULL));
	build_strings(build, json, "permissions", permissions, 3);
	build_value(build, json, "plan", plan_json(build, zone->plan));
	return json;
}

/* Operators of a name filter, spelled "operator:value"; without one: equal. */
static const struct {
	const char *name;
	enum query_match match;
	bool fold;
} operators[] = {
	{"equal", QUERY_EQUAL, true},
	{"not_equal", QUERY_NOT_EQUAL, true},
	{"starts_with", QUERY_STARTS, true},
	{"ends_with", QUERY_ENDS, true},
	{"contains", QUERY_CONTAINS, true},
	{"starts_with_case_sensitive", QUERY_STARTS, false},
	{"ends_with_case_sensitive", QUERY_ENDS, false},
	{"contains_case_sensitive", QUERY_CONTAINS, false},
};

static void add_name_filter(struct call *call, struct query *query, const char *param, const char *column)
{
	const char *value = call_param(call, param);
	size_t word = value ? strcspn(value, ":") : 0;

	if (!value)
		return;
	for (size_t i = 0; value[word] == ':' && i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (strlen(operators[i].name) != word || strncmp(operators[i].name, value, word) != 0)
			continue;
		query_add_text(query, operators[i].match, column, value + word + 1, operators[i].fold);
		return;
	}
	query_add_text(query, QUERY_EQUAL, column, value, true);
}

/* type is a list; absent leaves internal zones out, which there are none of here: all zones are full. */
static void add_type_filter(struct call *call, struct query *query)
{
	const char *types = call_param(call, "type");

	if (types)
		query_add(query, "instr(',' || ? || ',', ',full,') > 0", BINDS(bind_text(types)));
}

static enum rc add_filters(struct call *call, struct query *query)
{
	static const char *const statuses[] = {"", "initializing", "pending", "active", "moved", NULL};
	static const char *const matches[] = {"all", "any", NULL};
	const char *account_id = call_param(call, "account.id");
	size_t status = 0, match = 0;
	enum rc rc = call_param_word(call, "status", statuses, &status);

	if (!rc)
		rc = call_param_word(call, "match", matches, &match);
	if (rc)
		return rc;
	query_open(query, match == 1);
	add_name_filter(call, query, "name", "z.name");
	add_name_filter(call, query, "account.name", "a.name");
	if (status)
		query_add(query, "? = 'active'", BINDS(bind_text(statuses[status])));
	if (account_id)
		query_add(query, "z.account_id = ?", BINDS(bind_text(account_id)));
	add_type_filter(call, query);
	query_close(query);
	return RC_OK;
}

static void add_visibility(struct call *call, struct query *query)
{
	if (call->token->zones)
		query_add(query, "z.name IN (SELECT value FROM json_each(?))",
			  BINDS(bind_text(build_text(&call->build, call->token->zones))));
	if (call->token->accounts)
		query_add(query, "z.account_id IN (SELECT value FROM json_each(?))",
			  BINDS(bind_text(build_text(&call->build, call->token->accounts))));
}

static enum rc order_sql(struct call *call, const char **ret_order)
{
	static const char *const orders[] = {"name", "status", "account.id", "account.name", "plan.id", NULL};
	static const char *const columns[] = {"z.name", "'active'", "z.account_id", "a.name", "z.plan"};
	static const char *const directions[] = {"asc", "desc", NULL};
	size_t order = 0, direction = 0;
	enum rc rc = call_param_word(call, "order", orders, &order);

	if (!rc)
		rc = call_param_word(call, "direction", directions, &direction);
	if (rc)
		return rc;
	*ret_order =
		arena_printf(call->arena, "ORDER BY %s %s, z.name", columns[order], direction ? "DESC" : "ASC");
	return *ret_order ? RC_OK : RC_NOMEM;
}

enum rc zones_list(struct call *call)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	struct query query QUERY_CLEANUP;
	struct json *list = build_array(&call->build);
	struct paging paging = {0};
	const char *order = NULL;
	int64_t total = 0;
	bool row = false;
	enum rc rc = call_paging(call, 20, 5, 50, &paging);

	query_init(&query);
	add_visibility(call, &query);
	if (!rc)
		rc = add_filters(call, &query);
	if (!rc)
		rc = order_sql(call, &order);
	if (!rc)
		rc = query_count(call, &query, ZONE_FROM, &total);
	if (!rc)
		rc = query_page(call, &query, ZONE_COLUMNS, ZONE_FROM, order, &paging, &cursor);
	while (!rc && !(rc = cursor_next(&cursor, &row)) && row) {
		struct zone zone = {0};

		rc = zones_read(call, &cursor, &zone);
		if (!rc)
			build_push(&call->build, list, zone_json(&call->build, &zone));
	}
	if (rc)
		return rc;
	call->result = list;
	call_result_info(call, &paging, json_count(list), total, true);
	return RC_OK;
}

enum rc zones_get(struct call *call)
{
	call->result = zone_json(&call->build, call->zone);
	return RC_OK;
}
