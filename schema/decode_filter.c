/* Schemas and CEL rules of HTTPRoute filters. Source: Gateway API v1.6, apis/v1/httproute_types.go. */
#include "base/str.h"
#include "schema/decode_format.h"
#include "schema/decode_route.h"
#include "schema/decode_shared.h"

/* Headers */
const struct schema route_header_name = {
	.type = VALUE_STRING, .min = 1, .max = 256, .is_valid = format_is_header_name,
	.what = "the name of a header", .help = "Letters, digits and !#$%&'*+-.^_`|~, as in X-Request-Id.",
};
const struct schema route_header_value = {
	.type = VALUE_STRING, .min = 1, .max = 4096, .is_valid = format_is_header_value,
	.what = "the value of a header",
	.help = "Printable ASCII without line breaks, with single spaces or tabs between.",
};
static const struct schema_field header_fields[] = {
	{ "name", &route_header_name, true },
	{ "value", &route_header_value, true },
};
static const struct schema header = { .type = VALUE_OBJECT, SCHEMA_FIELDS(header_fields) };
static const struct schema headers = { .type = VALUE_LIST, .item = &header, .max = 16, .unique = "name" };
static const struct schema header_names = { .type = VALUE_LIST, .item = &schema_string, .max = 16, .unique = "" };
static const struct schema_field header_filter_fields[] = {
	{ "set", &headers, false },
	{ "add", &headers, false },
	{ "remove", &header_names, false },
};
static const struct schema header_filter = { .type = VALUE_OBJECT, SCHEMA_FIELDS(header_filter_fields) };

/* Path modifiers of redirects and rewrites */
static const char *const modifier_types[] = { "ReplaceFullPath", "ReplacePrefixMatch", NULL };
static const struct schema modifier_type = { .type = VALUE_STRING, .values = modifier_types };
static const struct schema modifier_value = { .type = VALUE_STRING, .max = 1024 };
static const struct schema_field modifier_fields[] = {
	{ "type", &modifier_type, true },
	{ "replaceFullPath", &modifier_value, false },
	{ "replacePrefixMatch", &modifier_value, false },
};

static void modifier_rule(struct check *check, const struct node *node)
{
	const char *type = value_text(value_get(node, "type"), NULL);
	bool has_full = value_get(node, "replaceFullPath") != NULL;
	bool has_prefix = value_get(node, "replacePrefixMatch") != NULL;

	if (!type)
		return;
	if (str_eq(type, "ReplaceFullPath") && !has_full)
		check_rule(check, node, "replaceFullPath must be specified when type is set to 'ReplaceFullPath'");
	if (!str_eq(type, "ReplaceFullPath") && has_full)
		check_rule(check, node, "type must be 'ReplaceFullPath' when replaceFullPath is set");
	if (str_eq(type, "ReplacePrefixMatch") && !has_prefix)
		check_rule(check, node, "replacePrefixMatch must be specified when type is set to 'ReplacePrefixMatch'");
	if (!str_eq(type, "ReplacePrefixMatch") && has_prefix)
		check_rule(check, node, "type must be 'ReplacePrefixMatch' when replacePrefixMatch is set");
}

static const struct schema path_modifier = {
	.type = VALUE_OBJECT, SCHEMA_FIELDS(modifier_fields), .rule = modifier_rule,
};

/* RequestRedirect, URLRewrite */
static const char *const redirect_schemes[] = { "http", "https", NULL };
static const int64_t redirect_codes[] = { 301, 302, 303, 307, 308, 0 };
static const struct schema redirect_scheme = { .type = VALUE_STRING, .values = redirect_schemes };
static const struct schema redirect_code = {
	.type = VALUE_INT, .min = 0, .max = INT32_MAX, .numbers = redirect_codes,
	.help = "301, 302, 303, 307 or 308.",
};
static const struct schema_field redirect_fields[] = {
	{ "scheme", &redirect_scheme, false },
	{ "hostname", &schema_precise_hostname, false },
	{ "path", &path_modifier, false },
	{ "port", &schema_port, false },
	{ "statusCode", &redirect_code, false },
};
static const struct schema redirect = { .type = VALUE_OBJECT, SCHEMA_FIELDS(redirect_fields) };
static const struct schema_field rewrite_fields[] = {
	{ "hostname", &schema_precise_hostname, false },
	{ "path", &path_modifier, false },
};
static const struct schema rewrite = { .type = VALUE_OBJECT, SCHEMA_FIELDS(rewrite_fields) };

/* RequestMirror */
static const struct schema percent = { .type = VALUE_INT, .min = 0, .max = 100 };
static const struct schema numerator = { .type = VALUE_INT, .min = 0, .max = INT32_MAX };
static const struct schema denominator = { .type = VALUE_INT, .min = 1, .max = INT32_MAX };
static const struct schema_field fraction_fields[] = {
	{ "numerator", &numerator, true },
	{ "denominator", &denominator, false },
};

static void fraction_rule(struct check *check, const struct node *node)
{
	if (value_int(value_get(node, "numerator"), 0) > value_int(value_get(node, "denominator"), 100))
		check_rule(check, node, "numerator must be less than or equal to denominator");
}

static const struct schema fraction = { .type = VALUE_OBJECT, SCHEMA_FIELDS(fraction_fields),
	.rule = fraction_rule };
static const struct schema_field mirror_fields[] = {
	{ "backendRef", &schema_backend_object, true },
	{ "percent", &percent, false },
	{ "fraction", &fraction, false },
};

static void mirror_rule(struct check *check, const struct node *node)
{
	if (value_get(node, "percent") && value_get(node, "fraction"))
		check_rule(check, node, "Only one of percent or fraction may be specified in HTTPRequestMirrorFilter");
}

static const struct schema mirror = { .type = VALUE_OBJECT, SCHEMA_FIELDS(mirror_fields), .rule = mirror_rule };

/* CORS */
static const char *const cors_methods[] = {
	"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*", NULL,
};
static const struct schema cors_method = { .type = VALUE_STRING, .values = cors_methods };
static const struct schema cors_origin = {
	.type = VALUE_STRING, .min = 1, .max = 253, .what = "an origin",
	.pattern = "(^\\*$)|(^(http(s)?)://(((\\*\\.)?([a-zA-Z0-9-]+\\.)*[a-zA-Z0-9-]+|\\*)(:([0-9]{1,5}))?)$)",
	.help = "\"*\", or http or https with a host and perhaps a port: https://*.example.com.",
};

static bool has_star_among_others(const struct node *list)
{
	bool has_star = false;

	for (size_t i = 0; i < value_count(list); i++)
		has_star = has_star || str_eq(value_text(value_item(list, i), ""), "*");
	return has_star && value_count(list) > 1;
}

static void origins_rule(struct check *check, const struct node *node)
{
	if (has_star_among_others(node))
		check_rule(check, node, "AllowOrigins cannot contain '*' alongside other origins");
}

static void methods_rule(struct check *check, const struct node *node)
{
	if (has_star_among_others(node))
		check_rule(check, node, "AllowMethods cannot contain '*' alongside other methods");
}

static void allow_headers_rule(struct check *check, const struct node *node)
{
	if (has_star_among_others(node))
		check_rule(check, node, "AllowHeaders cannot contain '*' alongside other methods");
}

static const struct schema origins = {
	.type = VALUE_LIST, .item = &cors_origin, .max = 64, .unique = "", .rule = origins_rule,
};
static const struct schema methods = {
	.type = VALUE_LIST, .item = &cors_method, .max = 9, .unique = "", .rule = methods_rule,
};
static const struct schema allow_headers = {
	.type = VALUE_LIST, .item = &route_header_name, .max = 64, .unique = "", .rule = allow_headers_rule,
};
static const struct schema expose_headers = { .type = VALUE_LIST, .item = &route_header_name, .max = 64,
	.unique = "" };
static const struct schema max_age = { .type = VALUE_INT, .min = 1, .max = INT32_MAX };
static const struct schema_field cors_fields[] = {
	{ "allowOrigins", &origins, false },
	{ "allowCredentials", &schema_bool, false },
	{ "allowMethods", &methods, false },
	{ "allowHeaders", &allow_headers, false },
	{ "exposeHeaders", &expose_headers, false },
	{ "maxAge", &max_age, false },
};
static const struct schema cors = { .type = VALUE_OBJECT, SCHEMA_FIELDS(cors_fields) };

/* ExternalAuth */
static const char *const auth_protocols[] = { "HTTP", "GRPC", NULL };
static const struct schema auth_protocol = { .type = VALUE_STRING, .values = auth_protocols };
static const struct schema auth_path = {
	.type = VALUE_STRING, .max = 1024, .is_valid = format_is_path, .what = "a path",
	.help = "Letters, digits, -/._~!$&'()*+,;=:@ and percent-encoded octets.",
};
static const struct schema auth_headers = { .type = VALUE_LIST, .item = &schema_string, .max = 64, .unique = "" };
static const struct schema body_size = { .type = VALUE_INT, .min = 0, .max = INT32_MAX };
static const struct schema_field grpc_auth_fields[] = { { "allowedHeaders", &auth_headers, false } };
static const struct schema grpc_auth = { .type = VALUE_OBJECT, SCHEMA_FIELDS(grpc_auth_fields) };
static const struct schema_field http_auth_fields[] = {
	{ "path", &auth_path, false },
	{ "allowedHeaders", &auth_headers, false },
	{ "allowedResponseHeaders", &auth_headers, false },
};
static const struct schema http_auth = { .type = VALUE_OBJECT, SCHEMA_FIELDS(http_auth_fields) };
static const struct schema_field forward_body_fields[] = { { "maxSize", &body_size, false } };
static const struct schema forward_body = { .type = VALUE_OBJECT, SCHEMA_FIELDS(forward_body_fields) };
static const struct schema_field auth_fields[] = {
	{ "protocol", &auth_protocol, true },
	{ "backendRef", &schema_backend_object, true },
	{ "grpc", &grpc_auth, false },
	{ "http", &http_auth, false },
	{ "forwardBody", &forward_body, false },
};

static void auth_rule(struct check *check, const struct node *node)
{
	const char *protocol = value_text(value_get(node, "protocol"), NULL);

	if (!protocol)
		return;
	if (str_eq(protocol, "GRPC") && !value_get(node, "grpc"))
		check_rule(check, node, "grpc must be specified when protocol is set to 'GRPC'");
	if (!str_eq(protocol, "GRPC") && value_get(node, "grpc"))
		check_rule(check, node, "protocol must be 'GRPC' when grpc is set");
	if (str_eq(protocol, "HTTP") && !value_get(node, "http"))
		check_rule(check, node, "http must be specified when protocol is set to 'HTTP'");
	if (!str_eq(protocol, "HTTP") && value_get(node, "http"))
		check_rule(check, node, "protocol must be 'HTTP' when http is set");
}

static const struct schema external_auth = { .type = VALUE_OBJECT, SCHEMA_FIELDS(auth_fields),
	.rule = auth_rule };

/* The union of all filters */
const struct route_filter_type route_filter_types[ROUTE_FILTER_TYPES] = {
	[FILTER_REQUEST_HEADERS] = { "RequestHeaderModifier", "requestHeaderModifier", true },
	[FILTER_RESPONSE_HEADERS] = { "ResponseHeaderModifier", "responseHeaderModifier", true },
	[FILTER_MIRROR] = { "RequestMirror", "requestMirror", false },
	[FILTER_REDIRECT] = { "RequestRedirect", "requestRedirect", true },
	[FILTER_REWRITE] = { "URLRewrite", "urlRewrite", true },
	[FILTER_CORS] = { "CORS", "cors", true },
	[FILTER_EXTERNAL_AUTH] = { "ExternalAuth", "externalAuth", false },
	[FILTER_EXTENSION] = { "ExtensionRef", "extensionRef", false },
};

static const char *const filter_types[] = {
	"RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "RequestRedirect", "URLRewrite",
	"ExtensionRef", "CORS", "ExternalAuth", NULL,
};
static const struct schema filter_type = { .type = VALUE_STRING, .values = filter_types };
static const struct schema_field filter_fields[] = {
	{ "type", &filter_type, true },
	{ "requestHeaderModifier", &header_filter, false },
	{ "responseHeaderModifier", &header_filter, false },
	{ "requestMirror", &mirror, false },
	{ "requestRedirect", &redirect, false },
	{ "urlRewrite", &rewrite, false },
	{ "cors", &cors, false },
	{ "externalAuth", &external_auth, false },
	{ "extensionRef", &schema_local_reference, false },
};

static void filter_rule(struct check *check, const struct node *node)
{
	const char *type = value_text(value_get(node, "type"), NULL);

	if (!type)
		return;
	for (size_t i = 0; i < ROUTE_FILTER_TYPES; i++) {
		const struct route_filter_type *known = &route_filter_types[i];
		const struct node *value = value_get(node, known->field);
		bool is_this = str_eq(type, known->name);

		if (value && !is_this)
			check_fail(check, "A0143", value, NULL,
				   "filter.%s must be nil if the filter.type is not %s",
				   known->field, known->name);
		if (!value && is_this)
			check_fail(check, "A0143", node, NULL, "filter.%s must be specified for %s filter.type",
				   known->field, known->name);
	}
}

static const struct schema filter = { .type = VALUE_OBJECT, SCHEMA_FIELDS(filter_fields), .rule = filter_rule };

static void filters_rule(struct check *check, const struct node *node)
{
	size_t counts[ROUTE_FILTER_TYPES] = { 0 };

	for (size_t i = 0; i < value_count(node); i++) {
		const struct node *item = value_item(node, i);
		const char *type = value_text(value_get(item, "type"), "");

		for (size_t j = 0; j < ROUTE_FILTER_TYPES; j++)
			if (str_eq(type, route_filter_types[j].name) && ++counts[j] == 2 &&
			    route_filter_types[j].is_single)
				check_fail(check, "A0143", item, NULL, "%s filter cannot be repeated", type);
	}
	if (counts[FILTER_REDIRECT] && counts[FILTER_REWRITE])
		check_rule(check, node, "May specify either httpRouteFilterRequestRedirect or "
			   "httpRouteFilterRequestRewrite, but not both");
}

const struct schema route_filters = { .type = VALUE_LIST, .item = &filter, .max = 16, .rule = filters_rule };
