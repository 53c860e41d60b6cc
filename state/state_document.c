/** @file A project's recorded state as one JSON document, and back. */
#include "state/state_document.h"

#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "state/recorded.h"

#define NOWHERE ((struct span){ 0 })
#define FORMAT 1

static const char *const document_members[] = { "format", "project", "lineage", "serial", "resources", "zones",
						"gateways" };
static const char *const resource_members[] = { "address", "kind", "id", "tunnel", "object", "account_id", "zone_id",
						"prior_comment", "precedence", "protected", "retired_ms", "fields" };
static const char *const zone_members[] = { "account", "zone_id", "name", "plan" };
static const char *const gateway_members[] = { "address", "owner", "account_id", "tunnel_id", "tunnel_name", "document" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum rc set_text(struct arena *arena, struct json *object, const char *key, const char *text)
{
	return text ? json_set(arena, object, key, json_new_string(arena, text)) : RC_OK;
}

static enum rc add_texts(struct arena *arena, struct json *object, const char *const *keys, const char *const *texts,
			 size_t count)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < count && !rc; i++)
		rc = set_text(arena, object, keys[i], texts[i]);
	return rc;
}

static enum rc add_resource(struct arena *arena, const struct recorded *item, struct json *list)
{
	const struct resource *resource = item->resource;
	const char *const texts[] = { resource->address, resource_type(resource->kind)->name, resource->id,
				      resource->tunnel, resource->origin.object, item->account_id, item->zone_id,
				      item->prior_comment, resource->origin.precedence };
	struct json *object = json_new(arena, JSON_OBJECT), *fields;
	enum rc rc = object ? resource_to_json(arena, resource, true, &fields) : RC_NOMEM;

	if (!rc)
		rc = add_texts(arena, object, resource_members, texts, COUNT(texts));
	if (!rc && item->is_protected)
		rc = json_set(arena, object, "protected", json_new_bool(arena, true));
	if (!rc && item->retired_ms)
		rc = json_set(arena, object, "retired_ms", json_new_int(arena, item->retired_ms));
	if (!rc)
		rc = json_set(arena, object, "fields", fields);
	return rc ? rc : json_push(arena, list, object);
}

static enum rc add_zone(struct arena *arena, const struct recorded_zone *zone, struct json *list)
{
	const char *const texts[] = { zone->account, zone->zone_id, zone->name, zone->plan };
	struct json *object = json_new(arena, JSON_OBJECT);
	enum rc rc = object ? add_texts(arena, object, zone_members, texts, COUNT(texts)) : RC_NOMEM;

	return rc ? rc : json_push(arena, list, object);
}

static enum rc add_gateway(struct arena *arena, const struct recorded_gateway *gateway, struct json *list)
{
	const char *const texts[] = { gateway->address, gateway->owner, gateway->account_id, gateway->tunnel_id,
				      gateway->tunnel_name };
	struct json *object = json_new(arena, JSON_OBJECT);
	enum rc rc = object ? add_texts(arena, object, gateway_members, texts, COUNT(texts)) : RC_NOMEM;

	if (!rc && gateway->document)
		rc = json_set(arena, object, "document", json_copy(arena, gateway->document));
	return rc ? rc : json_push(arena, list, object);
}

/** Only where there are some: projects without a Gateway have none. */
static enum rc add_gateways(struct arena *arena, const struct recorded_state *state, struct json *document)
{
	struct json *list = json_new(arena, JSON_ARRAY);
	enum rc rc = list ? RC_OK : RC_NOMEM;

	for (size_t i = 0; i < state->gateway_count && !rc; i++)
		rc = add_gateway(arena, &state->gateways[i], list);
	return rc || !state->gateway_count ? rc : json_set(arena, document, "gateways", list);
}

static enum rc add_lists(struct arena *arena, const struct recorded_state *state, struct json *document)
{
	struct json *resources = json_new(arena, JSON_ARRAY), *zones = json_new(arena, JSON_ARRAY);
	enum rc rc = resources && zones ? RC_OK : RC_NOMEM;

	for (size_t i = 0; i < state->count && !rc; i++)
		rc = add_resource(arena, &state->items[i], resources);
	for (size_t i = 0; i < state->zone_count && !rc; i++)
		rc = add_zone(arena, &state->zones[i], zones);
	if (!rc)
		rc = json_set(arena, document, "resources", resources);
	if (!rc)
		rc = json_set(arena, document, "zones", zones);
	return rc ? rc : add_gateways(arena, state, document);
}

enum rc state_document_write(struct arena *arena, const char *project, const struct recorded_state *state,
			     struct json **ret_document)
{
	struct json *document = json_new(arena, JSON_OBJECT);
	enum rc rc = document ? json_set(arena, document, "format", json_new_int(arena, FORMAT)) : RC_NOMEM;

	if (!rc)
		rc = set_text(arena, document, "project", project);
	if (!rc)
		rc = set_text(arena, document, "lineage", state->lineage);
	if (!rc)
		rc = json_set(arena, document, "serial", json_new_int(arena, state->serial));
	if (!rc)
		rc = add_lists(arena, state, document);
	if (!rc)
		*ret_document = document;
	return rc;
}

/** One document being read. */
struct reading {
	struct arena *arena;
	struct diags *diags;
	const char *where;     /**< address, or "zone 3", for messages; "" for the document itself */
	bool is_wrong;
};

PRINTF_LIKE(2, 3) static void complain(struct reading *r, const char *format, ...)
{
	struct diag *diag;
	char *reason;
	va_list args;

	va_start(args, format);
	reason = arena_vprintf(r->arena, format, args);
	va_end(args);
	diag = diag_add(r->diags, SEVERITY_ERROR, "A0511", NOWHERE, "the document is no state of adit's: %s%s%s", r->where,
			*r->where ? ": " : "", str_or_empty(reason));
	if (!r->is_wrong)
		diag_help(r->diags, diag, "Start from what \"adit state pull\" prints. Nothing was changed.");
	r->is_wrong = true;
}

static void check_members(struct reading *r, const struct json *object, const char *const *known, size_t count)
{
	if (!object || object->type != JSON_OBJECT) {
		complain(r, "it is no object");
		return;
	}
	for (size_t i = 0; i < json_count(object); i++) {
		const char *key = object->u.object.members[i].key;
		bool found = false;

		for (size_t j = 0; j < count && !found; j++)
			found = str_eq(known[j], key);
		if (!found)
			complain(r, "unknown member %s", key);
	}
}

/** A text, or NULL when absent. */
static const char *read_text(struct reading *r, const struct json *object, const char *key, bool is_required)
{
	const struct json *value = json_get(object, key);

	if (value && value->type == JSON_STRING)
		return value->u.string;
	if (value)
		complain(r, "%s is no string", key);
	else if (is_required)
		complain(r, "%s is missing", key);
	return NULL;
}

static bool read_bool(struct reading *r, const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	if (value && value->type != JSON_BOOL)
		complain(r, "%s is neither true nor false", key);
	return value && value->type == JSON_BOOL && value->u.boolean;
}

/** A time from 1 on; 0 when there is none. */
static int64_t read_time(struct reading *r, const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	if (!value)
		return 0;
	if (json_is_int(value) && value->u.number >= 1)
		return (int64_t)value->u.number;
	complain(r, "%s is no time in milliseconds", key);
	return 0;
}

/** @return an array or object of @p type; NULL after a complaint */
static const struct json *read_tree(struct reading *r, const struct json *object, const char *key, enum json_type type)
{
	const struct json *value = json_get(object, key);

	if (value && value->type == type)
		return value;
	complain(r, "%s is missing, or no %s", key, type == JSON_ARRAY ? "array" : "object");
	return NULL;
}

static void check_fields(struct reading *r, enum resource_kind kind, const struct json *fields)
{
	const struct resource_type *type = resource_type(kind);

	for (size_t i = 0; i < type->field_count; i++) {
		const struct field *field = &type->fields[i];

		if (field->flags & FIELD_REQUIRED && !(field->flags & FIELD_LATE) && !json_get(fields, field->name))
			complain(r, "fields: %s is missing", field->name);
	}
	for (size_t i = 0; i < json_count(fields); i++) {
		const char *key = fields->u.object.members[i].key;
		bool found = false;

		for (size_t j = 0; j < type->field_count && !found; j++)
			found = str_eq(type->fields[j].name, key);
		if (!found)
			complain(r, "fields: %s has no field %s", type->name, key);
	}
}

/** What the address, the kind and the tunnel say must agree. */
static bool check_address(struct reading *r, const char *address, const char *kind_name, const char *tunnel,
			  enum resource_kind *ret_kind)
{
	const struct resource_type *type = kind_name ? resource_type_find(kind_name) : NULL;

	if (!address || !kind_name)
		return false;
	if (!type) {
		complain(r, "unknown kind %s", kind_name);
		return false;
	}
	if (!recorded_is_address(type->kind, address)) {
		complain(r, "is no address of a %s", kind_name);
		return false;
	}
	if (tunnel && !recorded_is_address(RESOURCE_TUNNEL, tunnel))
		complain(r, "tunnel %s is no address of a tunnel", tunnel);
	else if (type->kind == RESOURCE_TUNNEL && !str_eq(tunnel, address))
		complain(r, "tunnel is not its own address");
	else if (type->kind == RESOURCE_RULE && !(tunnel && recorded_is_rule_of(address, tunnel)))
		complain(r, "tunnel is not the one that the address names");
	*ret_kind = type->kind;
	return true;
}

static enum rc read_resource(struct reading *r, const struct json *object, struct recorded *ret_item)
{
	struct recorded item = { .account_id = read_text(r, object, "account_id", false),
				 .zone_id = read_text(r, object, "zone_id", false),
				 .prior_comment = read_text(r, object, "prior_comment", false),
				 .is_protected = read_bool(r, object, "protected"),
				 .retired_ms = read_time(r, object, "retired_ms") };
	const char *address = read_text(r, object, "address", true), *tunnel = read_text(r, object, "tunnel", false);
	const char *kind_name = read_text(r, object, "kind", true), *id = read_text(r, object, "id", false);
	const char *origin = read_text(r, object, "object", false), *precedence = read_text(r, object, "precedence", false);
	const struct json *fields = read_tree(r, object, "fields", JSON_OBJECT);
	enum resource_kind kind;
	enum rc rc;

	check_members(r, object, resource_members, COUNT(resource_members));
	if (!check_address(r, address, kind_name, tunnel, &kind) || !fields)
		return RC_OK;
	if (item.retired_ms && kind != RESOURCE_TUNNEL)
		complain(r, "retired_ms: only a tunnel can be retired");
	check_fields(r, kind, fields);
	rc = resource_from_json(r->arena, kind, address, fields, &item.resource);
	if (rc == RC_CORRUPT)
		complain(r, "a field has the wrong type");
	if (rc)
		return rc == RC_CORRUPT ? RC_OK : rc;
	item.resource->id = id;
	item.resource->tunnel = tunnel;
	item.resource->origin.object = origin;
	item.resource->origin.precedence = precedence;
	*ret_item = item;
	return RC_OK;
}

static enum rc read_resources(struct reading *r, const struct json *list, struct recorded_state *state)
{
	size_t count = json_count(list);
	const char *duplicate = NULL;
	enum rc rc = RC_OK;

	state->items = arena_array(r->arena, count, sizeof(*state->items));
	if (!state->items)
		return RC_NOMEM;
	for (size_t i = 0; i < count && !rc; i++) {
		const struct json *object = json_item(list, i);

		r->where = json_get_string(object, "address", NULL);
		if (!r->where)
			r->where = arena_printf(r->arena, "resource %zu", i + 1);
		if (!r->where)
			return RC_NOMEM;
		rc = read_resource(r, object, &state->items[i]);
	}
	r->where = "";
	state->count = count;
	if (rc || r->is_wrong)
		return rc;
	rc = recorded_index(r->arena, state, &duplicate);
	if (!rc && duplicate)
		complain(r, "%s stands in it twice", duplicate);
	return rc;
}

static enum rc read_zones(struct reading *r, const struct json *list, struct recorded_state *state)
{
	size_t count = json_count(list);

	state->zones = arena_array(r->arena, count, sizeof(*state->zones));
	if (!state->zones)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct json *object = json_item(list, i);

		r->where = arena_printf(r->arena, "zone %zu", i + 1);
		if (!r->where)
			return RC_NOMEM;
		state->zones[i] = (struct recorded_zone){
			.account = read_text(r, object, "account", true), .zone_id = read_text(r, object, "zone_id", true),
			.name = read_text(r, object, "name", true), .plan = read_text(r, object, "plan", false),
		};
		check_members(r, object, zone_members, COUNT(zone_members));
	}
	r->where = "";
	state->zone_count = count;
	return RC_OK;
}

static struct recorded_gateway read_gateway(struct reading *r, const struct json *object, const char *project)
{
	struct recorded_gateway gateway = {
		.address = read_text(r, object, "address", true), .owner = read_text(r, object, "owner", true),
		.account_id = read_text(r, object, "account_id", false), .tunnel_id = read_text(r, object, "tunnel_id", false),
		.tunnel_name = read_text(r, object, "tunnel_name", false),
	};

	check_members(r, object, gateway_members, COUNT(gateway_members));
	if (gateway.address && !recorded_is_address(RESOURCE_TUNNEL, gateway.address))
		complain(r, "is no address of a tunnel");
	if (json_get(object, "document"))
		gateway.document = read_tree(r, object, "document", JSON_OBJECT);
	else if (str_eq(gateway.owner, project))
		complain(r, "document is missing");
	return gateway;
}

static enum rc read_gateways(struct reading *r, const struct json *document, const char *project, struct recorded_state *state)
{
	const struct json *list = json_get(document, "gateways") ? read_tree(r, document, "gateways", JSON_ARRAY) : NULL;

	state->gateway_count = json_count(list);
	state->gateways = arena_array(r->arena, state->gateway_count, sizeof(*state->gateways));
	if (!state->gateways)
		return RC_NOMEM;
	for (size_t i = 0; i < state->gateway_count; i++) {
		r->where = arena_printf(r->arena, "gateway %zu", i + 1);
		if (!r->where)
			return RC_NOMEM;
		state->gateways[i] = read_gateway(r, json_item(list, i), project);
	}
	r->where = "";
	return RC_OK;
}

static bool is_lineage(const char *text)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	for (size_t i = 0; i < sizeof(shape); i++) {
		bool is_hex = text[i] && strchr("0123456789abcdef", text[i]);

		if (shape[i] == 'x' ? !is_hex : text[i] != shape[i])
			return false;
	}
	return true;
}

static void read_head(struct reading *r, const struct json *document, struct recorded_state *state)
{
	const struct json *serial = json_get(document, "serial");

	state->lineage = read_text(r, document, "lineage", true);
	if (state->lineage && *state->lineage && !is_lineage(state->lineage))
		complain(r, "lineage is no UUID");
	if (!json_is_int(serial) || serial->u.number < 0)
		complain(r, "serial is missing, or no number from 0 on");
	else
		state->serial = (int64_t)serial->u.number;
	check_members(r, document, document_members, COUNT(document_members));
}

/** @return RC_OK go on; otherwise the document is none that can be looked into */
static enum rc check_format(struct reading *r, const char *project, const struct json *document)
{
	const struct json *format = json_get(document, "format");
	const char *owner = json_get_string(document, "project", NULL);
	struct diag *diag;

	if (!document || document->type != JSON_OBJECT || !json_is_int(format) || format->u.number < 1 || !owner) {
		complain(r, "it has no format or no project");
		return RC_INVALID;
	}
	if (format->u.number > FORMAT) {
		diag = diag_add(r->diags, SEVERITY_ERROR, "A0506", NOWHERE,
				"the document was written by a newer adit (its format is %lld, this adit knows %d)",
				(long long)format->u.number, FORMAT);
		diag_help(r->diags, diag, "Use that version of adit, or a later one.");
		return RC_UNSUPPORTED;
	}
	if (str_eq(owner, project))
		return RC_OK;
	diag = diag_add(r->diags, SEVERITY_ERROR, "A0515", NOWHERE, "the document is the state of project %s, not of %s", owner,
			project);
	diag_help(r->diags, diag, "Is it the right file, and the right adit.yaml?");
	return RC_INVALID;
}

enum rc state_document_read(struct arena *arena, struct diags *diags, const char *project, const struct json *document,
			    struct recorded_state *ret_state)
{
	struct reading r = { .arena = arena, .diags = diags, .where = "" };
	struct recorded_state state = { 0 };
	const struct json *resources, *zones;
	enum rc rc = check_format(&r, project, document);

	if (rc)
		return rc;
	read_head(&r, document, &state);
	resources = read_tree(&r, document, "resources", JSON_ARRAY);
	zones = read_tree(&r, document, "zones", JSON_ARRAY);
	if (resources)
		rc = read_resources(&r, resources, &state);
	if (!rc && zones)
		rc = read_zones(&r, zones, &state);
	if (!rc)
		rc = read_gateways(&r, document, project, &state);
	if (rc || r.is_wrong)
		return rc ? rc : RC_INVALID;
	*ret_state = state;
	return RC_OK;
}
