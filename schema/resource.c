/* Resource kinds: the field tables, comparison of normal forms, addresses. */
#include "schema/resource.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "base/str.h"

#define AT(member) offsetof(struct resource, member)
#define FIELDS(table) .fields = (table), .field_count = sizeof(table) / sizeof((table)[0])

static const struct field tunnel_fields[] = {
	{"id", AT(id), FIELD_STRING, FIELD_COMPUTED, "the tunnel's UUID"},
	{"account", AT(u.tunnel.account), FIELD_STRING, FIELD_REQUIRED | FIELD_IMMUTABLE,
	 "the account it lives in, by its name in the project"},
	{"name", AT(u.tunnel.name), FIELD_STRING, FIELD_REQUIRED, "the tunnel's name, which is also its mark"},
	{"origin_request", AT(u.tunnel.origin_request), FIELD_JSON, 0,
	 "originRequest for all rules that set nothing else"},
	{"rule_order", AT(u.tunnel.rule_order), FIELD_JSON, FIELD_ORDER,
	 "addresses of the rules as cloudflared tries them; compared by the order of the rules on both sides"},
	{"status", AT(u.tunnel.status), FIELD_STRING, FIELD_COMPUTED, "inactive, degraded, healthy or down"},
	{"created_at", AT(u.tunnel.created_at), FIELD_STRING, FIELD_COMPUTED, "when it was created"},
};

static const struct field rule_fields[] = {
	{"hostname", AT(u.rule.hostname), FIELD_STRING, FIELD_IMMUTABLE,
	 "exact, or *. and a suffix; absent for any"},
	{"path", AT(u.rule.path), FIELD_STRING, FIELD_IMMUTABLE,
	 "RE2 that the decoded path must match; absent for any"},
	{"service", AT(u.rule.service), FIELD_STRING, FIELD_REQUIRED, "where requests go"},
	{"origin_request", AT(u.rule.origin_request), FIELD_JSON, 0, "originRequest of this rule alone"},
};

static const struct field cname_fields[] = {
	{"id", AT(id), FIELD_STRING, FIELD_COMPUTED, "the record's id"},
	{"account", AT(u.cname.account), FIELD_STRING, FIELD_REQUIRED | FIELD_IMMUTABLE,
	 "the account of its zone, by its name in the project"},
	{"zone", AT(u.cname.zone), FIELD_STRING, FIELD_IMMUTABLE | FIELD_LATE | FIELD_ANY_CASE,
	 "the zone it lies in, by name"},
	{"name", AT(u.cname.name), FIELD_STRING, FIELD_REQUIRED | FIELD_IMMUTABLE | FIELD_ANY_CASE,
	 "the whole hostname"},
	{"content", AT(u.cname.content), FIELD_STRING, FIELD_REQUIRED | FIELD_LATE | FIELD_ANY_CASE,
	 "<tunnel id>.cfargotunnel.com"},
	{"proxied", AT(u.cname.proxied), FIELD_BOOL, 0, "through Cloudflare's edge; always true"},
	{"ttl", AT(u.cname.ttl), FIELD_INT, 0, "seconds; 1 means automatic"},
	{"comment", AT(u.cname.comment), FIELD_STRING, 0, "adit's mark, then the comment that was there before"},
};

static const struct resource_type types[] = {
	[RESOURCE_TUNNEL] = {RESOURCE_TUNNEL, "tunnel", FIELDS(tunnel_fields)},
	[RESOURCE_RULE] = {RESOURCE_RULE, "rule", FIELDS(rule_fields)},
	[RESOURCE_CNAME] = {RESOURCE_CNAME, "cname", FIELDS(cname_fields)},
};

const struct resource_type *resource_type(enum resource_kind kind)
{
	return &types[kind];
}

const struct resource_type *resource_type_find(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_eq(types[i].name, name))
			return &types[i];
	return NULL;
}

static const char *string_at(const struct resource *resource, const struct field *field)
{
	const char *text;

	memcpy(&text, (const char *)resource + field->offset, sizeof(text));
	return text;
}

static const struct json *json_at(const struct resource *resource, const struct field *field)
{
	const struct json *value;

	memcpy(&value, (const char *)resource + field->offset, sizeof(value));
	return value;
}

static bool strings_equal(const struct field *field, const char *a, const char *b)
{
	if (a == b)
		return true;
	if (field->flags & FIELD_LATE && (!a || !b))
		return a == b;
	if (field->flags & FIELD_ANY_CASE)
		return strcasecmp(str_or_empty(a), str_or_empty(b)) == 0;
	return strcmp(str_or_empty(a), str_or_empty(b)) == 0;
}

/** Null, and objects in which nothing is set, say nothing. */
static bool says_nothing(const struct json *value)
{
	if (!value || value->type == JSON_NULL)
		return true;
	if (value->type != JSON_OBJECT)
		return false;
	for (size_t i = 0; i < value->u.object.count; i++)
		if (!says_nothing(value->u.object.members[i].value))
			return false;
	return true;
}

static size_t count_said(const struct json *object)
{
	size_t count = 0;

	for (size_t i = 0; i < object->u.object.count; i++)
		count += !says_nothing(object->u.object.members[i].value);
	return count;
}

/** json_equal() of the normal forms, without making them. */
static bool documents_equal(const struct json *a, const struct json *b)
{
	if (a == b)
		return true;
	if (says_nothing(a) || says_nothing(b))
		return says_nothing(a) && says_nothing(b);
	if (a->type != JSON_OBJECT || b->type != JSON_OBJECT)
		return json_equal(a, b);
	if (count_said(a) != count_said(b))
		return false;
	for (size_t i = 0; i < a->u.object.count; i++) {
		const struct json_member *member = &a->u.object.members[i];

		if (!says_nothing(member->value) && !documents_equal(member->value, json_get(b, member->key)))
			return false;
	}
	return true;
}

static const char *order_item(const struct json *order, size_t index)
{
	const struct json *item = json_item(order, index);

	return item && item->type == JSON_STRING ? item->u.string : "";
}

static size_t order_count(const struct json *order)
{
	return order && order->type == JSON_ARRAY ? order->u.array.count : 0;
}

/** The places of @p a's members, then a walk over @p b: those known must come in ascending order. */
static bool common_order_equal(struct arena *scratch, const struct json *a, const struct json *b)
{
	size_t count = order_count(a), last = 0;
	size_t *places = arena_array(scratch, count, sizeof(*places));
	struct map place_of;

	map_init(&place_of, scratch);
	if (!places)
		return false;
	for (size_t i = 0; i < count; i++) {
		places[i] = i + 1;
		if (map_put(&place_of, order_item(a, i), &places[i], NULL))
			return false;
	}
	for (size_t i = 0; i < order_count(b); i++) {
		const size_t *place = map_get(&place_of, order_item(b, i));

		if (!place)
			continue;
		if (*place < last)
			return false;
		last = *place;
	}
	return true;
}

/** When memory is used up the orders count as different: an update too many does no harm. */
static bool orders_equal(const struct json *a, const struct json *b)
{
	struct arena *scratch;
	size_t same = 0;
	bool equal;

	if (a == b)
		return true;
	while (same < order_count(a) && same < order_count(b) && str_eq(order_item(a, same), order_item(b, same)))
		same++;
	if (same == order_count(a) || same == order_count(b))
		return true;
	scratch = arena_new(SIZE_MAX / 2);
	if (!scratch)
		return false;
	equal = common_order_equal(scratch, a, b);
	arena_free(scratch);
	return equal;
}

bool resource_field_equal(const struct field *field, const struct resource *a, const struct resource *b)
{
	const char *pa = (const char *)a + field->offset, *pb = (const char *)b + field->offset;

	switch (field->type) {
	case FIELD_STRING:
		/* What one was made of is often the other's. */
		return string_at(a, field) == string_at(b, field) || strings_equal(field, string_at(a, field), string_at(b, field));
	case FIELD_BOOL:
		return memcmp(pa, pb, sizeof(bool)) == 0;
	case FIELD_INT:
		return memcmp(pa, pb, sizeof(int64_t)) == 0;
	case FIELD_JSON:
		if (field->flags & FIELD_ORDER)
			return orders_equal(json_at(a, field), json_at(b, field));
		return documents_equal(json_at(a, field), json_at(b, field));
	}
	return false;
}

bool resource_equal(const struct resource *a, const struct resource *b)
{
	const struct resource_type *type = resource_type(a->kind);

	if (a->kind != b->kind)
		return false;
	if (a == b)
		return true;
	for (size_t i = 0; i < type->field_count; i++)
		if (!(type->fields[i].flags & FIELD_COMPUTED) && !resource_field_equal(&type->fields[i], a, b))
			return false;
	return true;
}

static int address_rank(const char *address)
{
	if (*address == 't' && str_has_prefix(address, "tunnel/"))
		return RESOURCE_TUNNEL;
	if (*address == 'r' && str_has_prefix(address, "rule/"))
		return RESOURCE_RULE;
	return RESOURCE_CNAME;
}

int resource_compare_address(const char *a, const char *b)
{
	int rank_a = address_rank(a), rank_b = address_rank(b);

	return rank_a != rank_b ? rank_a - rank_b : strcmp(a, b);
}

/** What follows "tunnel/". */
static const char *tunnel_part(const char *tunnel_address)
{
	return str_has_prefix(tunnel_address, "tunnel/") ? tunnel_address + strlen("tunnel/") : tunnel_address;
}

char *resource_rule_address(struct arena *arena, const char *tunnel_address, const char *hostname,
			    const char *path, bool is_catch_all)
{
	const char *parts[] = {"rule/", tunnel_part(tunnel_address), "/",
			       is_catch_all ? "*" : str_or_empty(hostname),
			       is_catch_all ? "" : str_or_empty(path)};

	return arena_join(arena, parts, 5);
}

char *resource_cname_address(struct arena *arena, const char *fqdn)
{
	const char *parts[] = {"cname/", fqdn};

	return arena_join(arena, parts, 2);
}

char *resource_tunnel_address(struct arena *arena, const char *name_space, const char *name)
{
	if (str_is_empty(name_space))
		return arena_printf(arena, "tunnel/%s", name);
	return arena_printf(arena, "tunnel/%s/%s", name_space, name);
}

bool resource_service_is_serving(const char *service)
{
	return !str_has_prefix(service, "http_status:");
}
