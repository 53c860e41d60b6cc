/* A DNS record: its row and its JSON. */
#include "server/simulator/record.h"

#include "base/str.h"
#include "server/simulator/ident.h"

struct record record_defaults(void)
{
	return (struct record){.tags = "[]", .settings = "{}", .ttl = 1, .priority = -1, .private_routing = -1};
}

enum rc record_read(struct call *call, struct cursor *cursor, struct record *ret_record)
{
	*ret_record = (struct record){
		.id = cursor_text(cursor, call->arena, 0),
		.name = cursor_text(cursor, call->arena, 1),
		.type = cursor_text(cursor, call->arena, 2),
		.content = cursor_text(cursor, call->arena, 3),
		.comment = cursor_text(cursor, call->arena, 4),
		.tags = cursor_text(cursor, call->arena, 5),
		.settings = cursor_text(cursor, call->arena, 6),
		.data = cursor_text(cursor, call->arena, 7),
		.ttl = cursor_int(cursor, 8),
		.priority = cursor_int(cursor, 9),
		.private_routing = cursor_int(cursor, 10),
		.proxied = cursor_int(cursor, 11) != 0,
		.created_ms = cursor_int(cursor, 12),
		.modified_ms = cursor_int(cursor, 13),
		.comment_ms = cursor_int(cursor, 14),
		.tags_ms = cursor_int(cursor, 15),
		.answer = cursor_text(cursor, call->arena, 16),
	};
	if (!ret_record->id || !ret_record->name || !ret_record->type || !ret_record->content ||
	    !ret_record->tags || !ret_record->settings || !ret_record->answer)
		return RC_NOMEM;
	return RC_OK;
}

enum rc record_load(struct call *call, const char *id, struct record *ret_record)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	bool row = false;
	enum rc rc = store_query(call->store,
				 "SELECT " RECORD_COLUMNS " FROM record r WHERE r.id = ?1 AND r.zone_id = ?2",
				 BINDS(bind_text(id), bind_text(call->zone->id)), &cursor);

	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (rc)
		return rc;
	if (!row)
		return call_refuse(call, 404, 81044, "Record does not exist.");
	return record_read(call, &cursor, ret_record);
}

static struct json *list_of(struct build *build, const char *text)
{
	return str_eq(text, "[]") ? build_array(build) : build_parse(build, text);
}

/* Proxied CNAMEs show flatten_cname though it has no effect there; DNS-only ones show settings only if any is
 * on. */
static void add_settings(struct build *build, struct json *json, const struct record *record)
{
	bool is_cname = str_eq(record->type, "CNAME"), is_empty = str_eq(record->settings, "{}");
	struct json *settings;

	if (is_cname && is_empty && !record->proxied)
		return;
	settings = is_empty ? build_object(build) : build_parse(build, record->settings);
	if (is_cname && !json_get(settings, "flatten_cname"))
		build_bool(build, settings, "flatten_cname", false);
	build_value(build, json, "settings", settings);
}

struct json *record_json(struct build *build, const struct zone *zone, const struct record *record)
{
	const struct record_type *type = record_type_find(record->type);
	struct json *json = build_object(build);

	build_string(build, json, "id", record->id);
	build_string(build, json, "zone_id", zone->id);
	build_string(build, json, "zone_name", zone->name);
	build_string(build, json, "name", record->name);
	build_string(build, json, "type", record->type);
	build_string(build, json, "content", record->content);
	if (record->priority >= 0)
		build_int(build, json, "priority", record->priority);
	build_bool(build, json, "proxiable", type && type->is_proxiable);
	build_bool(build, json, "proxied", record->proxied);
	build_int(build, json, "ttl", record->ttl);
	add_settings(build, json, record);
	if (record->data)
		build_value(build, json, "data", build_parse(build, record->data));
	if (record->private_routing >= 0)
		build_bool(build, json, "private_routing", record->private_routing == 1);
	build_value(build, json, "meta", build_object(build));
	build_string(build, json, "comment", record->comment);
	build_value(build, json, "tags", list_of(build, record->tags));
	build_time(build, json, "created_on", record->created_ms);
	build_time(build, json, "modified_on", record->modified_ms);
	if (record->comment_ms)
		build_time(build, json, "comment_modified_on", record->comment_ms);
	if (record->tags_ms)
		build_time(build, json, "tags_modified_on", record->tags_ms);
	return json;
}

/* zone.record_count spares a count over all records at each insert. */
static enum rc count_change(struct call *call, int64_t change)
{
	return store_run(call->store, "UPDATE zone SET record_count = record_count + ?2 WHERE id = ?1",
			 BINDS(bind_text(call->zone->id), bind_int(change)), NULL);
}

static enum rc check_quota(struct call *call)
{
	int64_t limit = call->service->record_limit ? call->service->record_limit : call->zone->plan->records;
	int64_t count = 0;
	enum rc rc = store_number(call->store, "SELECT record_count FROM zone WHERE id = ?1",
				  BINDS(bind_text(call->zone->id)), &count);

	if (!rc && count >= limit)
		return call_refuse(call, 400, 81045, "The record quota has been exceeded.");
	return rc;
}

static struct bind bind_positive(int64_t number)
{
	return number > 0 ? bind_int(number) : bind_null();
}

static const char insert_sql[] =
	"INSERT INTO record (id, zone_id, name, type, content, comment, tags, settings, data, ttl, priority,"
	" private_routing, proxied, created_ms, modified_ms, comment_ms, tags_ms, answer)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";

/* Its JSON as text. */
static enum rc make_answer(struct call *call, struct record *record)
{
	const struct json *json = record_json(&call->build, call->zone, record);
	struct json_writer w;
	struct strbuf buf;

	strbuf_init(&buf, 0);
	json_writer_init(&w, &buf, 0);
	json_value(&w, json);
	record->answer = strbuf_failed(&buf) ? NULL : arena_memdup(call->arena, buf.data, buf.size);
	strbuf_done(&buf);
	return call->build.rc || record->answer ? call->build.rc : RC_NOMEM;
}

enum rc record_insert(struct call *call, struct record *record)
{
	enum rc rc = check_quota(call);

	if (!rc)
		rc = ident_fresh(call->store, &call->service->clock, call->arena, ident_hex,
				 "SELECT count(*) FROM record WHERE id = ?1", &record->id);
	if (!rc)
		rc = make_answer(call, record);
	if (!rc)
		rc = store_run(call->store, insert_sql,
			       BINDS(bind_text(record->id), bind_text(call->zone->id), bind_text(record->name),
				     bind_text(record->type), bind_text(record->content),
				     bind_text(record->comment), bind_text(record->tags),
				     bind_text(record->settings), bind_text(record->data),
				     bind_int(record->ttl), bind_int(record->priority),
				     bind_int(record->private_routing), bind_int(record->proxied),
				     bind_int(record->created_ms), bind_int(record->modified_ms),
				     bind_positive(record->comment_ms), bind_positive(record->tags_ms),
				     bind_text(record->answer)),
			       NULL);
	return rc ? rc : count_change(call, 1);
}

static const char update_sql[] =
	"UPDATE record SET name = ?2, type = ?3, content = ?4, comment = ?5, tags = ?6, settings = ?7, data = ?8,"
	" ttl = ?9, priority = ?10, private_routing = ?11, proxied = ?12, modified_ms = ?13, comment_ms = ?14,"
	" tags_ms = ?15, answer = ?16 WHERE id = ?1";

enum rc record_update(struct call *call, struct record *record)
{
	enum rc rc = make_answer(call, record);

	if (rc)
		return rc;
	return store_run(call->store, update_sql,
			 BINDS(bind_text(record->id), bind_text(record->name), bind_text(record->type),
			       bind_text(record->content), bind_text(record->comment), bind_text(record->tags),
			       bind_text(record->settings), bind_text(record->data), bind_int(record->ttl),
			       bind_int(record->priority), bind_int(record->private_routing),
			       bind_int(record->proxied), bind_int(record->modified_ms),
			       bind_positive(record->comment_ms), bind_positive(record->tags_ms),
			       bind_text(record->answer)),
			 NULL);
}

enum rc record_delete(struct call *call, const char *id)
{
	enum rc rc = store_run(call->store, "DELETE FROM record WHERE id = ?1", BINDS(bind_text(id)), NULL);

	return rc ? rc : count_change(call, -1);
}
