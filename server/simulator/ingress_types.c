/* The types of a remote configuration, as Go's encoding/json checks them (cloudflared ingress/config.go and
 * config/configuration.go). */
#include "server/simulator/ingress.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/strbuf.h"

#define QUOTED_BYTES 200 /* of a wrong value, in a message */

enum go_type { GO_STRING, GO_BOOL, GO_INT, GO_UINT, GO_SECONDS, GO_STRUCT, GO_STRINGS, GO_INTS, GO_STRUCTS };

struct go_struct;

struct go_field {
	const char *name;
	enum go_type type;
	const struct go_struct *of; /* of GO_STRUCT and GO_STRUCTS */
};

struct go_struct {
	const char *name;
	const struct go_field *fields;
	size_t count;
};

#define FIELDS(fields) fields, sizeof(fields) / sizeof(fields[0])

static const struct go_field access_fields[] = {
	{"required", GO_BOOL, NULL},
	{"teamName", GO_STRING, NULL},
	{"audTag", GO_STRINGS, NULL},
	{"environment", GO_STRING, NULL},
};
static const struct go_struct access_struct = {"AccessConfig", FIELDS(access_fields)};

static const struct go_field ip_rule_fields[] = {
	{"prefix", GO_STRING, NULL},
	{"ports", GO_INTS, NULL},
	{"allow", GO_BOOL, NULL},
};
static const struct go_struct ip_rule_struct = {"IngressIPRule", FIELDS(ip_rule_fields)};

static const struct go_field origin_fields[] = {
	{"connectTimeout", GO_SECONDS, NULL},
	{"tlsTimeout", GO_SECONDS, NULL},
	{"tcpKeepAlive", GO_SECONDS, NULL},
	{"noHappyEyeballs", GO_BOOL, NULL},
	{"keepAliveConnections", GO_INT, NULL},
	{"keepAliveTimeout", GO_SECONDS, NULL},
	{"httpHostHeader", GO_STRING, NULL},
	{"originServerName", GO_STRING, NULL},
	{"matchSNItoHost", GO_BOOL, NULL},
	{"caPool", GO_STRING, NULL},
	{"noTLSVerify", GO_BOOL, NULL},
	{"disableChunkedEncoding", GO_BOOL, NULL},
	{"bastionMode", GO_BOOL, NULL},
	{"proxyAddress", GO_STRING, NULL},
	{"proxyPort", GO_UINT, NULL},
	{"proxyType", GO_STRING, NULL},
	{"ipRules", GO_STRUCTS, &ip_rule_struct},
	{"http2Origin", GO_BOOL, NULL},
	{"access", GO_STRUCT, &access_struct},
};
static const struct go_struct origin_struct = {"OriginRequestConfig", FIELDS(origin_fields)};

static const struct go_field rule_fields[] = {
	{"hostname", GO_STRING, NULL},
	{"path", GO_STRING, NULL},
	{"service", GO_STRING, NULL},
	{"originRequest", GO_STRUCT, &origin_struct},
};
static const struct go_struct rule_struct = {"UnvalidatedIngressRule", FIELDS(rule_fields)};

static const struct go_field warp_fields[] = {
	{"connectTimeout", GO_SECONDS, NULL},
	{"maxActiveFlows", GO_UINT, NULL},
	{"tcpKeepAlive", GO_SECONDS, NULL},
};
static const struct go_struct warp_struct = {"WarpRoutingConfig", FIELDS(warp_fields)};

static const struct go_field config_fields[] = {
	{"originRequest", GO_STRUCT, &origin_struct},
	{"ingress", GO_STRUCTS, &rule_struct},
	{"warp-routing", GO_STRUCT, &warp_struct},
};
static const struct go_struct config_struct = {"RemoteConfigJSON", FIELDS(config_fields)};

/* Where in the document a value stands, as Go's message names it. */
struct place {
	const char *owner; /* Go's name of the innermost struct */
	const char *path;  /* dotted, from the root */
};

enum rc ingress_fail(struct ingress_check *check, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	check->problem = arena_vprintf(check->arena, format, args);
	va_end(args);
	return check->problem ? RC_INVALID : RC_NOMEM;
}

static const char *go_type_name(const struct go_field *field)
{
	switch (field->type) {
	case GO_STRING:
		return "string";
	case GO_BOOL:
		return "bool";
	case GO_INT:
		return "int";
	case GO_UINT:
		return "uint";
	case GO_SECONDS:
		return "config.CustomDuration";
	case GO_STRINGS:
		return "[]string";
	case GO_INTS:
		return "[]int";
	case GO_STRUCT:
	case GO_STRUCTS:
		break;
	}
	return field->of->name;
}

/* Canonical text of @value, cut, and within JSON quotes when @quoted. NULL when memory is used up. */
static const char *value_text(struct arena *arena, const struct json *value, bool quoted)
{
	struct strbuf text, out;
	struct json_writer w;
	const char *copy = NULL;

	strbuf_init(&text, 0);
	strbuf_init(&out, 0);
	json_write_canonical(&text, value);
	if (!strbuf_failed(&text) && text.size > QUOTED_BYTES)
		text.data[str_utf8_cut(strbuf_text(&text), QUOTED_BYTES)] = '\0';
	json_writer_init(&w, &out, 0);
	if (quoted)
		json_string(&w, strbuf_text(&text));
	else
		strbuf_adds(&out, strbuf_text(&text));
	if (!strbuf_failed(&text) && !strbuf_failed(&out))
		copy = arena_strdup(arena, strbuf_text(&out));
	strbuf_done(&text);
	strbuf_done(&out);
	return copy;
}

static enum rc fail_type(struct ingress_check *check, const struct place *place, const struct go_field *field,
			 const struct json *value)
{
	static const char *const kinds[] = {
		[JSON_NULL] = "null", [JSON_BOOL] = "bool", [JSON_NUMBER] = "number",
		[JSON_STRING] = "string", [JSON_ARRAY] = "array", [JSON_OBJECT] = "object",
	};
	const char *kind = kinds[value->type];
	const char *number;

	if (value->type == JSON_NUMBER &&
	    (field->type == GO_INT || field->type == GO_UINT || field->type == GO_INTS)) {
		number = value_text(check->arena, value, false);
		kind = number ? arena_printf(check->arena, "number %s", number) : NULL;
	}
	if (!kind)
		return RC_NOMEM;
	return ingress_fail(check, "json: cannot unmarshal %s into Go struct field %s.%s of type %s", kind,
			    place->owner, place->path, go_type_name(field));
}

static enum rc check_seconds(struct ingress_check *check, const struct json *value)
{
	const char *text;

	if (json_is_int(value))
		return RC_OK;
	text = value_text(check->arena, value, true);
	return text ? ingress_fail(check, "strconv.ParseInt: parsing %s: invalid syntax", text) : RC_NOMEM;
}

static enum rc check_struct(struct ingress_check *check, const struct go_struct *of, const char *path,
			    const struct json *value);

static enum rc check_items(struct ingress_check *check, const struct place *place, const struct go_field *field,
			   const struct json *array)
{
	for (size_t i = 0; i < json_count(array); i++) {
		const struct json *item = json_item(array, i);
		enum rc rc = RC_OK;

		if (item->type == JSON_NULL)
			continue;
		if (field->type == GO_STRUCTS && item->type == JSON_OBJECT)
			rc = check_struct(check, field->of, place->path, item);
		else if (field->type == GO_STRUCTS || (field->type == GO_STRINGS && item->type != JSON_STRING) ||
			 (field->type == GO_INTS && !json_is_int(item)))
			rc = fail_type(check, place, field, item);
		if (rc)
			return rc;
	}
	return RC_OK;
}

static enum rc check_field(struct ingress_check *check, const struct place *place, const struct go_field *field,
			   const struct json *value)
{
	bool fits = false;

	if (value->type == JSON_NULL)
		return RC_OK;
	switch (field->type) {
	case GO_STRING:
		fits = value->type == JSON_STRING;
		break;
	case GO_BOOL:
		fits = value->type == JSON_BOOL;
		break;
	case GO_INT:
		fits = json_is_int(value);
		break;
	case GO_UINT:
		fits = json_is_int(value) && value->u.number >= 0;
		break;
	case GO_SECONDS:
		return check_seconds(check, value);
	case GO_STRUCT:
		if (value->type == JSON_OBJECT)
			return check_struct(check, field->of, place->path, value);
		break;
	case GO_STRINGS:
	case GO_INTS:
	case GO_STRUCTS:
		if (value->type == JSON_ARRAY)
			return check_items(check, place, field, value);
		break;
	}
	return fits ? RC_OK : fail_type(check, place, field, value);
}

static const struct go_field *find_field(const struct go_struct *of, const char *name)
{
	for (size_t i = 0; i < of->count; i++) {
		if (!strcasecmp(of->fields[i].name, name))
			return &of->fields[i];
	}
	return NULL;
}

/* Recursion goes as deep as the tables nest: four. */
static enum rc check_struct(struct ingress_check *check, const struct go_struct *of, const char *path,
			    const struct json *value)
{
	for (size_t i = 0; i < value->u.object.count; i++) {
		const struct json_member *member = &value->u.object.members[i];
		const struct go_field *field = find_field(of, member->key);
		struct place place = {.owner = of->name};
		enum rc rc;

		if (!field)
			continue;
		place.path = *path ? arena_printf(check->arena, "%s.%s", path, field->name) : field->name;
		if (!place.path)
			return RC_NOMEM;
		rc = check_field(check, &place, field, member->value);
		if (rc)
			return rc;
	}
	return RC_OK;
}

enum rc ingress_check_types(struct ingress_check *check, const struct json *config)
{
	static const struct go_field root = {"", GO_STRUCT, &config_struct};

	if (config->type != JSON_OBJECT) {
		const struct place place = {"", ""};

		return fail_type(check, &place, &root, config);
	}
	return check_struct(check, &config_struct, "", config);
}
