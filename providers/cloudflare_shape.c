/* Results of Cloudflare's API: each thing has a table of its string fields; the rest is written out. */
#include "providers/cloudflare_shape.h"

#include <string.h>

#include "base/sort.h"
#include "base/str.h"
#include "providers/cloudflare_request.h"

enum need { OPTIONAL, REQUIRED, ID };

/** A string member and where it goes. */
struct string_field {
	const char *key;
	const char *inner;       /**< member of the object at key; NULL: key itself is the string */
	size_t offset;
	enum need need;
	const char *fallback;
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct string_field account_fields[] = {
	{"id", NULL, offsetof(struct live_account_info, id), REQUIRED, NULL},
	{"name", NULL, offsetof(struct live_account_info, name), OPTIONAL, ""},
};

static const struct string_field tunnel_fields[] = {
	{"id", NULL, offsetof(struct live_tunnel, id), ID, NULL},
	{"name", NULL, offsetof(struct live_tunnel, name), REQUIRED, NULL},
	{"status", NULL, offsetof(struct live_tunnel, status), OPTIONAL, NULL},
	{"created_at", NULL, offsetof(struct live_tunnel, created_at), OPTIONAL, NULL},
	{"tun_type", NULL, offsetof(struct live_tunnel, type), OPTIONAL, NULL},
};

static const struct string_field zone_fields[] = {
	{"id", NULL, offsetof(struct live_zone, id), ID, NULL},
	{"name", NULL, offsetof(struct live_zone, name), REQUIRED, NULL},
	{"status", NULL, offsetof(struct live_zone, status), OPTIONAL, NULL},
	{"account", "id", offsetof(struct live_zone, account_id), OPTIONAL, NULL},
	{"plan", "legacy_id", offsetof(struct live_zone, plan), OPTIONAL, NULL},
};

static const struct string_field record_fields[] = {
	{"id", NULL, offsetof(struct live_record, id), ID, NULL},
	{"name", NULL, offsetof(struct live_record, name), REQUIRED, NULL},
	{"type", NULL, offsetof(struct live_record, type), REQUIRED, NULL},
	{"content", NULL, offsetof(struct live_record, content), OPTIONAL, ""},
	{"comment", NULL, offsetof(struct live_record, comment), OPTIONAL, ""},
};

static const struct string_field deleted_record_fields[] = {
	{"id", NULL, offsetof(struct live_record, id), ID, NULL},
	{"name", NULL, offsetof(struct live_record, name), OPTIONAL, ""},
	{"type", NULL, offsetof(struct live_record, type), OPTIONAL, ""},
	{"content", NULL, offsetof(struct live_record, content), OPTIONAL, ""},
	{"comment", NULL, offsetof(struct live_record, comment), OPTIONAL, ""},
};

static const struct string_field connection_fields[] = {
	{"id", NULL, offsetof(struct live_connection, id), ID, NULL},
	{"version", NULL, offsetof(struct live_connection, version), OPTIONAL, NULL},
	{"arch", NULL, offsetof(struct live_connection, arch), OPTIONAL, NULL},
	{"run_at", NULL, offsetof(struct live_connection, run_at), OPTIONAL, NULL},
};

static enum rc expected(struct shape *shape, const char *what)
{
	shape->expected = what;
	return RC_CORRUPT;
}

static enum rc expected_field(struct shape *shape, const struct string_field *field)
{
	const char *sort = field->need == ID ? "an id" : "a string";
	const char *what = arena_printf(shape->arena, "%s%s%s that is %s", field->key, field->inner ? "." : "",
					str_or_empty(field->inner), sort);

	return what ? expected(shape, what) : RC_NOMEM;
}

static bool is_absent(const struct json *json)
{
	return !json || json->type == JSON_NULL;
}

/** Ids and names differ; the rest many records have in common: their type, their target, their comment. */
static const char *copy_text(struct shape *shape, const struct string_field *field, const char *text)
{
	const char *known = NULL;

	if (!*text)
		return "";
	if (field->need != OPTIONAL && !str_eq(field->key, "type"))
		return arena_strdup(shape->arena, text);
	known = map_get(shape->repeated, text);
	if (known)
		return known;
	known = arena_strdup(shape->arena, text);
	/* The map ends with the page, and the copy does not. */
	return known && !map_put(shape->repeated, known, (void *)(uintptr_t)known, NULL) ? known : NULL;
}

static enum rc take_string(struct shape *shape, const struct json *json, const struct string_field *field, void *out)
{
	const struct json *value = json_get(json, field->key);
	const char *text = field->fallback;

	if (field->inner) {
		if (!is_absent(value) && value->type != JSON_OBJECT)
			return expected_field(shape, field);
		value = json_get(value, field->inner);
	}
	if (!is_absent(value)) {
		if (value->type != JSON_STRING)
			return expected_field(shape, field);
		text = value->u.string;
	}
	if (field->need == ID && !wire_id_is_plausible(text))
		return expected_field(shape, field);
	if (field->need == REQUIRED && str_is_empty(text))
		return expected_field(shape, field);
	if (shape->is_copied && !is_absent(value)) {
		text = copy_text(shape, field, text);
		if (!text)
			return RC_NOMEM;
	}
	memcpy((char *)out + field->offset, &text, sizeof(text));
	return RC_OK;
}

static enum rc take_strings(struct shape *shape, const struct json *json, const struct string_field *fields,
			    size_t count, void *out)
{
	enum rc rc = RC_OK;

	if (is_absent(json) || json->type != JSON_OBJECT)
		return expected(shape, "an object");
	for (size_t i = 0; !rc && i < count; i++)
		rc = take_string(shape, json, &fields[i], out);
	return rc;
}

/** A whole number, or @p fallback when it is absent. */
static enum rc take_int(struct shape *shape, const struct json *json, const char *key, int64_t fallback, int64_t *ret)
{
	const struct json *value = json_get(json, key);

	if (!is_absent(value) && !json_is_int(value))
		return expected(shape, arena_printf(shape->arena, "%s that is a whole number", key));
	*ret = is_absent(value) ? fallback : json_get_int(json, key, fallback);
	return RC_OK;
}

static enum rc take_bool(struct shape *shape, const struct json *json, const char *key, bool fallback, bool *ret)
{
	const struct json *value = json_get(json, key);

	if (!is_absent(value) && value->type != JSON_BOOL)
		return expected(shape, arena_printf(shape->arena, "%s that is true or false", key));
	*ret = is_absent(value) ? fallback : value->u.boolean;
	return RC_OK;
}

static int compare_texts(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

/** Sort @p texts and join those that differ by commas; "" if none. */
static enum rc join_sorted(struct arena *arena, const char **texts, size_t count, const char **ret_joined)
{
	struct strbuf buf;
	enum rc rc = RC_OK;

	if (!count) {
		*ret_joined = "";
		return RC_OK;
	}
	sort_items(texts, count, sizeof(*texts), compare_texts);
	strbuf_init(&buf, 0);
	for (size_t i = 0; i < count; i++) {
		if (i && str_eq(texts[i], texts[i - 1]))
			continue;
		strbuf_addf(&buf, "%s%s", i ? "," : "", texts[i]);
	}
	if (!strbuf_failed(&buf))
		*ret_joined = arena_memdup(arena, strbuf_text(&buf), buf.size);
	if (strbuf_failed(&buf) || !*ret_joined)
		rc = RC_NOMEM;
	strbuf_done(&buf);
	return rc;
}

/** The strings of an array, or those at @p key of its objects, sorted and joined. */
static enum rc join_members(struct shape *shape, const struct json *array, const char *key, const char *wanted,
			    const char **ret_joined)
{
	const char **texts;
	size_t count = 0;

	*ret_joined = "";
	if (is_absent(array))
		return RC_OK;
	if (array->type != JSON_ARRAY)
		return expected(shape, wanted);
	texts = arena_array(shape->arena, json_count(array), sizeof(*texts));
	if (!texts)
		return RC_NOMEM;
	for (size_t i = 0; i < json_count(array); i++) {
		const struct json *item = json_item(array, i);

		if (key)
			item = json_get(item, key);
		if (key && is_absent(item))
			continue;
		if (is_absent(item) || item->type != JSON_STRING)
			return expected(shape, wanted);
		texts[count++] = item->u.string;
	}
	return join_sorted(shape->arena, texts, count, ret_joined);
}

enum rc shape_account(struct shape *shape, const struct json *json, void *ret_account)
{
	struct live_account_info account = {0};
	enum rc rc = take_strings(shape, json, account_fields, COUNT(account_fields), &account);

	if (!rc && !wire_account_id_is_plausible(account.id))
		rc = expected(shape, "id that is an id");
	if (!rc)
		memcpy(ret_account, &account, sizeof(account));
	return rc;
}

/** Older answers write a time that is not set as Go's zero time. */
static bool is_time_set(const struct json *json)
{
	if (is_absent(json))
		return false;
	return json->type != JSON_STRING || (*json->u.string && !str_has_prefix(json->u.string, "0001-01-01T00:00:00"));
}

enum rc shape_tunnel(struct shape *shape, const struct json *json, void *ret_tunnel)
{
	struct live_tunnel tunnel = {0};
	const char *source = json_get_string(json, "config_src", NULL);
	enum rc rc = take_strings(shape, json, tunnel_fields, COUNT(tunnel_fields), &tunnel);

	if (!rc)
		rc = take_bool(shape, json, "remote_config", true, &tunnel.is_remote);
	if (rc)
		return rc;
	if (source)
		tunnel.is_remote = str_eq(source, "cloudflare");
	tunnel.is_deleted = is_time_set(json_get(json, "deleted_at"));
	memcpy(ret_tunnel, &tunnel, sizeof(tunnel));
	return RC_OK;
}

enum rc shape_zone(struct shape *shape, const struct json *json, void *ret_zone)
{
	struct live_zone zone = {0};
	enum rc rc = take_strings(shape, json, zone_fields, COUNT(zone_fields), &zone);

	if (!rc)
		memcpy(ret_zone, &zone, sizeof(zone));
	return rc;
}

static enum rc take_record(struct shape *shape, const struct json *json, const struct string_field *fields,
			   size_t count, struct live_record *ret_record)
{
	struct live_record record = {.zone_id = shape->zone_id, .json = shape->is_copied ? NULL : json};
	enum rc rc = take_strings(shape, json, fields, count, &record);

	if (!rc)
		rc = take_int(shape, json, "ttl", 1, &record.ttl);
	if (!rc)
		rc = take_bool(shape, json, "proxied", false, &record.proxied);
	if (!rc)
		rc = join_members(shape, json_get(json, "tags"), NULL, "tags that are strings", &record.tags);
	if (!rc)
		*ret_record = record;
	return rc;
}

enum rc shape_record(struct shape *shape, const struct json *json, void *ret_record)
{
	return take_record(shape, json, record_fields, COUNT(record_fields), ret_record);
}

enum rc shape_deleted_record(struct shape *shape, const struct json *json, void *ret_record)
{
	return take_record(shape, json, deleted_record_fields, COUNT(deleted_record_fields), ret_record);
}

enum rc shape_connection(struct shape *shape, const struct json *json, void *ret_connection)
{
	struct live_connection connection = {0};
	const struct json *conns = json_get(json, "conns");
	enum rc rc = take_strings(shape, json, connection_fields, COUNT(connection_fields), &connection);

	if (!rc)
		rc = take_int(shape, json, "config_version", -1, &connection.config_version);
	if (!rc)
		rc = join_members(shape, conns, "colo_name", "conns with colo_name that is a string",
				  &connection.colos);
	if (rc)
		return rc;
	connection.conn_count = json_count(conns);
	connection.origin_ip = json_get_string(json_item(conns, 0), "origin_ip", NULL);
	memcpy(ret_connection, &connection, sizeof(connection));
	return RC_OK;
}

enum rc shape_config(struct shape *shape, const struct json *json, struct live_config *ret_config)
{
	struct live_config config = {.version = -1};
	const struct json *document = json_get(json, "config");
	enum rc rc;

	if (is_absent(json) || json->type != JSON_OBJECT)
		return expected(shape, "an object");
	if (!is_absent(document) && document->type != JSON_OBJECT)
		return expected(shape, "config that is an object");
	rc = take_int(shape, json, "version", -1, &config.version);
	if (rc)
		return rc;
	config.document = is_absent(document) ? NULL : document;
	*ret_config = config;
	return RC_OK;
}

enum rc shape_array(struct shape *shape, const struct json *json, size_t item_size,
		    enum rc (*take)(struct shape *, const struct json *, void *), void **ret_items, size_t *ret_count)
{
	size_t count = json_count(json);
	char *items;
	enum rc rc = RC_OK;

	/* Not even null: what cannot be seen is unknown, and must not look like nothing. */
	if (is_absent(json) || json->type != JSON_ARRAY)
		return expected(shape, "an array");
	items = arena_array(shape->arena, count, item_size);
	if (!items)
		return RC_NOMEM;
	for (size_t i = 0; !rc && i < count; i++)
		rc = take(shape, json_item(json, i), items + i * item_size);
	if (rc)
		return rc;
	*ret_items = items;
	*ret_count = count;
	return RC_OK;
}
