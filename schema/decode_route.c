/* Schemas and CEL rules of HTTPRoute. Source: Gateway API v1.6, apis/v1/httproute_types.go. */
#include "schema/decode_route.h"

#include <string.h>

#include "base/str.h"
#include "schema/decode_format.h"
#include "schema/decode_shared.h"

#define MAX_MATCHES 128 /* of all rules together */

/* Paths */
static const char *const path_types[] = { "Exact", "PathPrefix", "RegularExpression", NULL };
static const struct schema path_type = { .type = VALUE_STRING, .values = path_types };
static const struct schema path_value = { .type = VALUE_STRING, .max = 1024 };
static const struct schema_field path_fields[] = {
	{ "type", &path_type, false },
	{ "value", &path_value, false },
};

static const struct {
	const char *part, *message;
} bad_path_parts[] = {
	{ "//", "must not contain '//' when type one of ['Exact', 'PathPrefix']" },
	{ "/./", "must not contain '/./' when type one of ['Exact', 'PathPrefix']" },
	{ "/../", "must not contain '/../' when type one of ['Exact', 'PathPrefix']" },
	{ "%2f", "must not contain '%2f' when type one of ['Exact', 'PathPrefix']" },
	{ "%2F", "must not contain '%2F' when type one of ['Exact', 'PathPrefix']" },
	{ "#", "must not contain '#' when type one of ['Exact', 'PathPrefix']" },
};

void route_path_rule(struct check *check, const struct node *value)
{
	const char *text = value_text(value, "/");

	if (text[0] != '/')
		check_rule(check, value, "value must be an absolute path and start with '/' when type one of "
			   "['Exact', 'PathPrefix']");
	for (size_t i = 0; i < sizeof(bad_path_parts) / sizeof(bad_path_parts[0]); i++)
		if (strstr(text, bad_path_parts[i].part))
			check_rule(check, value, bad_path_parts[i].message);
	if (str_has_suffix(text, "/.."))
		check_rule(check, value, "must not end with '/..' when type one of ['Exact', 'PathPrefix']");
	if (str_has_suffix(text, "/."))
		check_rule(check, value, "must not end with '/.' when type one of ['Exact', 'PathPrefix']");
	if (text[0] != '\0' && !format_is_path(text, strlen(text)) && !strchr(text, '#'))
		check_fail(check, "A0143", value, "Percent-encode other characters: \"%20\" for a space.",
			   "must only contain valid characters (matching "
			   "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%%][0-9a-fA-F]{2})+$) for types ['Exact', 'PathPrefix']");
}

static void path_rule(struct check *check, const struct node *node)
{
	if (!str_eq(value_text(value_get(node, "type"), "PathPrefix"), "RegularExpression") &&
	    value_get(node, "value"))
		route_path_rule(check, value_get(node, "value"));
}

static const struct schema path = { .type = VALUE_OBJECT, SCHEMA_FIELDS(path_fields), .rule = path_rule };

/* Matches */
static const char *const match_types[] = { "Exact", "RegularExpression", NULL };
static const char *const methods[] = {
	"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", NULL,
};
static const struct schema match_type = { .type = VALUE_STRING, .values = match_types };
static const struct schema method = { .type = VALUE_STRING, .values = methods };
static const struct schema query_value = { .type = VALUE_STRING, .min = 1, .max = 1024 };
static const struct schema query_name = {
	.type = VALUE_STRING, .min = 1, .max = 256, .is_valid = format_is_header_name,
	.what = "the name of a query parameter", .help = "Letters, digits and !#$%&'*+-.^_`|~.",
};
static const struct schema_field header_match_fields[] = {
	{ "type", &match_type, false },
	{ "name", &route_header_name, true },
	{ "value", &route_header_value, true },
};
static const struct schema header_match = { .type = VALUE_OBJECT, SCHEMA_FIELDS(header_match_fields) };
static const struct schema header_matches = { .type = VALUE_LIST, .item = &header_match, .max = 16,
	.unique = "name" };
static const struct schema_field query_match_fields[] = {
	{ "type", &match_type, false },
	{ "name", &query_name, true },
	{ "value", &query_value, true },
};
static const struct schema query_match = { .type = VALUE_OBJECT, SCHEMA_FIELDS(query_match_fields) };
static const struct schema query_matches = { .type = VALUE_LIST, .item = &query_match, .max = 16,
	.unique = "name" };
static const struct schema_field match_fields[] = {
	{ "path", &path, false },
	{ "headers", &header_matches, false },
	{ "queryParams", &query_matches, false },
	{ "method", &method, false },
};
static const struct schema match = { .type = VALUE_OBJECT, SCHEMA_FIELDS(match_fields) };
static const struct schema matches = { .type = VALUE_LIST, .item = &match, .max = 64 };

/* Backends */
static const struct schema weight = { .type = VALUE_INT, .min = 0, .max = 1000000 };
static const struct schema_field backend_fields[] = {
	{ "group", &schema_group, false },
	{ "kind", &schema_kind, false },
	{ "name", &schema_object_name, true },
	{ "namespace", &schema_namespace, false },
	{ "port", &schema_port, false },
	{ "weight", &weight, false },
	{ "filters", &route_filters, false },
};
static const struct schema backend = { .type = VALUE_OBJECT, SCHEMA_FIELDS(backend_fields),
	.rule = shared_backend_rule };
static const struct schema backends = { .type = VALUE_LIST, .item = &backend, .max = 16 };

/* Timeouts and retries */
static const struct schema_field timeouts_fields[] = {
	{ "request", &schema_duration, false },
	{ "backendRequest", &schema_duration, false },
};

static bool timeout_ms(const struct node *node, int64_t *ret_ms)
{
	const char *text = value_text(node, NULL);

	if (!text || !format_is_duration(text, node->text_size))
		return false;
	*ret_ms = format_duration_ms(text);
	return true;
}

static void timeouts_rule(struct check *check, const struct node *node)
{
	int64_t request, backend_request;

	if (timeout_ms(value_get(node, "request"), &request) &&
	    timeout_ms(value_get(node, "backendRequest"), &backend_request) && request != 0 &&
	    backend_request > request)
		check_rule(check, value_get(node, "backendRequest"),
			   "backendRequest timeout cannot be longer than request timeout");
}

static const struct schema timeouts = { .type = VALUE_OBJECT, SCHEMA_FIELDS(timeouts_fields),
	.rule = timeouts_rule };
static const struct schema retry_code = {
	.type = VALUE_INT, .min = 400, .max = 599, .help = "Status codes to retry are from 400 to 599.",
};
/* 200 different codes exist; the CRD demands that they differ. */
static const struct schema retry_codes = { .type = VALUE_LIST, .item = &retry_code, .max = 200, .unique = "" };
static const struct schema_field retry_fields[] = {
	{ "codes", &retry_codes, false },
	{ "attempts", &schema_int32, false },
	{ "backoff", &schema_duration, false },
};
static const struct schema retry = { .type = VALUE_OBJECT, SCHEMA_FIELDS(retry_fields) };

/* Rules */
static const struct schema_field rule_fields[] = {
	{ "name", &schema_section_name, false },
	{ "matches", &matches, false },
	{ "filters", &route_filters, false },
	{ "backendRefs", &backends, false },
	{ "timeouts", &timeouts, false },
	{ "retry", &retry, false },
	{ "sessionPersistence", &schema_session_persistence, false },
};

/* True when exactly one of @p filters replaces the matched prefix by its @p field. */
static bool replaces_prefix(const struct node *filters, const char *field)
{
	size_t count = 0;

	for (size_t i = 0; i < value_count(filters); i++) {
		const struct node *modifier = value_get2(value_item(filters, i), field, "path");

		count += str_eq(value_text(value_get(modifier, "type"), ""), "ReplacePrefixMatch") &&
			 value_get(modifier, "replacePrefixMatch");
	}
	return count == 1;
}

static bool one_backend_replaces_prefix(const struct node *backend_refs, const char *field)
{
	size_t count = 0;

	for (size_t i = 0; i < value_count(backend_refs); i++)
		count += replaces_prefix(value_get(value_item(backend_refs, i), "filters"), field);
	return count == 1;
}

static bool has_one_prefix_match(const struct node *rule)
{
	const struct node *list = value_get(rule, "matches");

	if (!list)
		return true; /* the default */
	return value_count(list) == 1 &&
	       str_eq(value_text(value_get2(value_item(list, 0), "path", "type"), "PathPrefix"), "PathPrefix");
}

static void prefix_rule(struct check *check, const struct node *node)
{
	const struct node *filters = value_get(node, "filters"), *refs = value_get(node, "backendRefs");

	if (has_one_prefix_match(node))
		return;
	if (replaces_prefix(filters, "requestRedirect"))
		check_rule(check, node, "When using RequestRedirect filter with path.replacePrefixMatch, exactly one "
			   "PathPrefix match must be specified");
	if (replaces_prefix(filters, "urlRewrite"))
		check_rule(check, node, "When using URLRewrite filter with path.replacePrefixMatch, exactly one "
			   "PathPrefix match must be specified");
	if (one_backend_replaces_prefix(refs, "requestRedirect"))
		check_rule(check, node, "Within backendRefs, when using RequestRedirect filter with "
			   "path.replacePrefixMatch, exactly one PathPrefix match must be specified");
	if (one_backend_replaces_prefix(refs, "urlRewrite"))
		check_rule(check, node, "Within backendRefs, When using URLRewrite filter with "
			   "path.replacePrefixMatch, exactly one PathPrefix match must be specified");
}

static void rule_rule(struct check *check, const struct node *node)
{
	const struct node *filters = value_get(node, "filters");

	prefix_rule(check, node);
	if (value_count(value_get(node, "backendRefs")) == 0)
		return;
	for (size_t i = 0; i < value_count(filters); i++)
		if (value_get(value_item(filters, i), "requestRedirect"))
			check_rule(check, value_item(filters, i),
				   "RequestRedirect filter must not be used together with backendRefs");
}

static const struct schema rule = { .type = VALUE_OBJECT, SCHEMA_FIELDS(rule_fields), .rule = rule_rule };

static void rules_rule(struct check *check, const struct node *node)
{
	size_t total = 0;

	for (size_t i = 0; i < value_count(node); i++) {
		const struct node *list = value_get(value_item(node, i), "matches");

		total += list ? value_count(list) : 1;
	}
	if (total > MAX_MATCHES)
		check_rule(check, node, "While 16 rules and 64 matches per rule are allowed, the total number of matches "
			   "across all rules in a route must be less than 128");
}

static const struct schema rules = {
	.type = VALUE_LIST, .item = &rule, .min = 1, .max = 16, .unique = "name", .rule = rules_rule,
	.help = "Leave rules out for one rule that matches everything.",
};
static const struct schema hostnames = { .type = VALUE_LIST, .item = &schema_hostname, .max = 16 };
static const struct schema_field spec_fields[] = {
	{ "parentRefs", &schema_parent_refs, false },
	{ "useDefaultGateways", &schema_default_scope, false },
	{ "hostnames", &hostnames, false },
	{ "rules", &rules, false },
};
const struct schema route_http_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(spec_fields) };
