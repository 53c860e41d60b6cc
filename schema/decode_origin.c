/* originRequest: how cloudflared talks to an origin. Written as in cloudflared's own file ("10s"), sent as the API
 * takes it (whole seconds). Source: gateway-semantics 2a; cloudflare-openapi tunnel_originRequest. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "schema/decode_format.h"
#include "schema/decode_internal.h"
#include "schema/decode_shared.h"

#define DURATION_HELP "Whole seconds, as in 10s, 1m30s or 10."
#define DURATION_MAX_S INT32_MAX

/* Seconds of a duration; -1 when it is none, or no whole number of seconds. */
static int64_t seconds_of(const struct node *node)
{
	int64_t seconds, ms;

	if (value_is_int(node, &seconds))
		return seconds >= 0 && seconds <= DURATION_MAX_S ? seconds : -1;
	if (node->kind != NODE_STRING || str_to_duration_ms(node->text, &ms))
		return -1;
	return ms >= 0 && ms % 1000 == 0 && ms / 1000 <= DURATION_MAX_S ? ms / 1000 : -1;
}

static void duration_rule(struct check *check, const struct node *node)
{
	if (seconds_of(node) >= 0)
		return;
	if (node->kind == NODE_STRING || node->kind == NODE_INT || node->kind == NODE_FLOAT)
		check_fail(check, "A0137", node, DURATION_HELP, "\"%.40s\" is not a whole number of seconds",
			   node->text ? node->text : "");
	else
		check_fail(check, "A0135", node, DURATION_HELP, "must be a duration, not %s",
			   node_kind_text(node->kind));
}

static const struct schema duration = { .type = VALUE_ANY, .rule = duration_rule };
static const struct schema count = { .type = VALUE_INT, .min = 0, .max = INT32_MAX };
static const struct schema port = { .type = VALUE_INT, .min = 0, .max = 65535 };
static const char *const proxy_types[] = { "", "socks", NULL };
static const struct schema proxy_type = { .type = VALUE_STRING, .values = proxy_types };

/* What else stands in it, cloudflared's Go refuses when it sends the request. */
static const struct schema host_header = {
	.type = VALUE_STRING, .is_valid = format_is_host_header, .what = "a Host header",
	.help = "A hostname, with a port if need be: app.internal:8080.",
};

/* ipRules of the SOCKS proxy */
static const struct schema cidr = {
	.type = VALUE_STRING, .min = 1, .max = 64, .is_valid = format_is_cidr, .what = "an IP network",
	.help = "An address and a prefix length: 10.0.0.0/8.",
};
static const struct schema ip_port = { .type = VALUE_INT, .min = 1, .max = 65535 };
static const struct schema ip_ports = { .type = VALUE_LIST, .item = &ip_port };
static const struct schema_field ip_rule_fields[] = {
	{ "prefix", &cidr, true },
	{ "ports", &ip_ports, false },
	{ "allow", &schema_bool, false },
};
static const struct schema ip_rule = { .type = VALUE_OBJECT, SCHEMA_FIELDS(ip_rule_fields) };
static const struct schema ip_rules = { .type = VALUE_LIST, .item = &ip_rule };

/* access: half a configuration would either be refused by cloudflared or let everybody in */
static const struct schema tag = { .type = VALUE_STRING, .min = 1, .max = 256 };
static const struct schema tags = {
	.type = VALUE_LIST, .item = &tag, .min = 1, .help = "The audience tags of the Access applications.",
};
static const struct schema team = {
	.type = VALUE_STRING, .min = 1, .max = 253, .help = "teamName is the part before .cloudflareaccess.com.",
};
static const struct schema_field access_fields[] = {
	{ "required", &schema_bool, false },
	{ "teamName", &team, true },
	{ "audTag", &tags, true },
	{ "environment", &schema_string, false },
};
static const struct schema access = { .type = VALUE_OBJECT, SCHEMA_FIELDS(access_fields) };

static void top_access_rule(struct check *check, const struct node *node)
{
	check_fail(check, "A0143", node, "Write it in the originRequest of each rule that it shall protect.",
		   "cloudflared ignores access for a whole tunnel: nothing would be protected");
}

static const struct schema top_access = { .type = VALUE_ANY, .rule = top_access_rule };

#define COMMON_FIELDS                                        \
	{ "connectTimeout", &duration, false },              \
	{ "tlsTimeout", &duration, false },                  \
	{ "tcpKeepAlive", &duration, false },                \
	{ "keepAliveTimeout", &duration, false },            \
	{ "keepAliveConnections", &count, false },           \
	{ "noHappyEyeballs", &schema_bool, false },          \
	{ "httpHostHeader", &host_header, false },           \
	{ "originServerName", &schema_string, false },       \
	{ "matchSNItoHost", &schema_bool, false },           \
	{ "caPool", &schema_string, false },                 \
	{ "noTLSVerify", &schema_bool, false },              \
	{ "disableChunkedEncoding", &schema_bool, false },   \
	{ "bastionMode", &schema_bool, false },              \
	{ "http2Origin", &schema_bool, false },              \
	{ "proxyAddress", &schema_string, false },           \
	{ "proxyPort", &port, false },                       \
	{ "proxyType", &proxy_type, false },                 \
	{ "ipRules", &ip_rules, false }

static const struct schema_field rule_fields[] = { COMMON_FIELDS, { "access", &access, false } };
static const struct schema_field top_fields[] = { COMMON_FIELDS, { "access", &top_access, false } };
const struct schema origin_schema = { .type = VALUE_OBJECT, SCHEMA_FIELDS(rule_fields) };
const struct schema origin_top_schema = { .type = VALUE_OBJECT, SCHEMA_FIELDS(top_fields) };

static bool is_duration(const char *name)
{
	for (size_t i = 0; i < sizeof(rule_fields) / sizeof(rule_fields[0]); i++)
		if (str_eq(rule_fields[i].name, name))
			return rule_fields[i].schema == &duration;
	return false;
}

static enum rc add_member(struct decoder *decoder, struct json *object, const struct node_member *member)
{
	struct json *value = NULL;
	enum rc rc = RC_OK;

	if (is_duration(member->key))
		value = json_new_int(decoder->arena, seconds_of(member->value));
	else
		rc = node_to_json(decoder->arena, member->value, &value);
	return rc ? rc : json_set(decoder->arena, object, build_intern(decoder, member->key), value);
}

const struct json *origin_build(struct decoder *decoder, const struct node *node)
{
	struct json *object;

	if (value_count(node) == 0)
		return NULL;
	object = json_new(decoder->arena, JSON_OBJECT);
	for (size_t i = 0; object && i < node->u.mapping.count; i++) {
		const struct node_member *member = &node->u.mapping.members[i];

		if (member->value && member->value->kind != NODE_NULL && add_member(decoder, object, member))
			object = NULL;
	}
	if (!object)
		decoder->out_of_memory = true;
	return object && json_count(object) > 0 ? object : NULL;
}

/* JSON as nodes, all at the place of the annotation that it stands in, so that one table checks both forms. */
static struct node *node_of(struct decoder *decoder, const struct json *json, const struct node *place);

static void fill_object(struct decoder *decoder, const struct json *json, const struct node *place,
			struct node *node)
{
	size_t members = json_count(json);

	node->u.mapping.members = arena_array(decoder->nodes, members, sizeof(*node->u.mapping.members));
	if (!node->u.mapping.members) {
		decoder->out_of_memory = true;
		return;
	}
	node->u.mapping.count = members;
	for (size_t i = 0; i < members; i++) {
		node->u.mapping.members[i].key = json->u.object.members[i].key;
		node->u.mapping.members[i].line = place->line;
		node->u.mapping.members[i].column = place->column;
		node->u.mapping.members[i].value = node_of(decoder, json->u.object.members[i].value, place);
	}
}

static void fill_array(struct decoder *decoder, const struct json *json, const struct node *place,
		       struct node *node)
{
	size_t items = json_count(json);

	node->u.sequence.items = arena_array(decoder->nodes, items, sizeof(*node->u.sequence.items));
	if (!node->u.sequence.items) {
		decoder->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < items && !decoder->out_of_memory; i++) {
		node->u.sequence.items[i] = node_of(decoder, json_item(json, i), place);
		node->u.sequence.count = i + (node->u.sequence.items[i] != NULL);
	}
}

static void fill_number(struct decoder *decoder, const struct json *json, struct node *node)
{
	const char *text = arena_printf(decoder->nodes, "%.15g", json->u.number);


	node->kind = json_is_int(json) ? NODE_INT : NODE_FLOAT;
	if (node->kind == NODE_INT)
		node->u.integer = (int64_t)json->u.number;
	else
		node->u.real = json->u.number;
	node->text = text ? text : "";
	node->text_size = strlen(node->text);
}

static struct node *node_of(struct decoder *decoder, const struct json *json, const struct node *place)
{
	static const enum node_kind kinds[] = {
		[JSON_NULL] = NODE_NULL, [JSON_BOOL] = NODE_BOOL, [JSON_NUMBER] = NODE_INT,
		[JSON_STRING] = NODE_STRING, [JSON_ARRAY] = NODE_SEQUENCE, [JSON_OBJECT] = NODE_MAPPING,
	};
	struct node *node = arena_alloc(decoder->nodes, sizeof(*node));

	if (!node) {
		decoder->out_of_memory = true;
		return NULL;
	}
	node->kind = kinds[json->type];
	node->line = place->line;
	node->column = place->column;
	switch (json->type) {
	case JSON_NULL:
		break;
	case JSON_BOOL:
		node->u.boolean = json->u.boolean;
		break;
	case JSON_NUMBER:
		fill_number(decoder, json, node);
		break;
	case JSON_STRING:
		node->text = json->u.string;
		node->text_size = strlen(node->text);
		break;
	case JSON_ARRAY:
		fill_array(decoder, json, place, node);
		break;
	case JSON_OBJECT:
		fill_object(decoder, json, place, node);
		break;
	}
	return node;
}

const struct json *origin_build_json(struct decoder *decoder, const struct node *annotation)
{
	struct check_path step = { .parent = decoder->check.path, .name = "adit.cnap.tech/origin-request",
		.is_map_key = true };
	size_t errors = decoder->check.error_count, offset = 0;
	const char *repeated = "";
	const struct node *node;
	struct json *json;
	enum rc rc = json_parse_unique(decoder->nodes, annotation->text, annotation->text_size, &json, &offset, &repeated);

	if (rc == RC_NOMEM)
		decoder->out_of_memory = true;
	if (rc == RC_INVALID || rc == RC_LIMIT)
		check_fail(&decoder->check, "A0147", annotation,
			   "As in '{\"noTLSVerify\": true, \"connectTimeout\": \"10s\"}'.",
			   "annotation adit.cnap.tech/origin-request is not JSON from byte %zu on", offset + 1);
	if (rc == RC_EXISTS)
		check_fail(&decoder->check, "A0108", annotation, "Remove one of the two.",
			   "annotation adit.cnap.tech/origin-request has the key \"%.200s\" twice", repeated);
	if (rc)
		return NULL;
	node = node_of(decoder, json, annotation);
	if (!node || decoder->out_of_memory)
		return NULL;
	step.parent = decoder->check.path;
	decoder->check.path = &step;
	check_value(&decoder->check, &origin_schema, node);
	decoder->check.path = step.parent;
	return decoder->check.error_count == errors ? origin_build(decoder, node) : NULL;
}
