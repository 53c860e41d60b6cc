/* The native form, kind Tunnel: schema, rules, and the typed value. */
#include <string.h>

#include "base/str.h"
#include "base/regex.h"
#include "base/limits.h"
#include "schema/decode_format.h"
#include "schema/decode_internal.h"
#include "schema/decode_route.h"
#include "schema/decode_shared.h"

#define MAX_LABEL 63

/* hostname */
static bool is_tunnel_hostname(const char *text, size_t size)
{
	size_t label = 0;

	for (size_t i = 0; i < size; i++) {
		label = text[i] == '.' ? 0 : label + 1;
		if (label > MAX_LABEL)
			return false;
	}
	return format_is_hostname(text, size) && !format_is_ip(text, size);
}

static const struct schema hostname = {
	.type = VALUE_STRING, .min = 1, .max = 253, .is_valid = is_tunnel_hostname, .what = "a hostname",
	.help = "Lower-case letters, digits, '-' and '.', international names as xn--: app.example.com or "
		"*.example.com. For any hostname leave it out.",
};

/* path */
static const char *const path_types[] = { "Exact", "PathPrefix", "RegularExpression", NULL };
static const struct schema path_type = { .type = VALUE_STRING, .values = path_types };
static const struct schema path = { .type = VALUE_STRING, .min = 1, .max = 1024 };

/* A pattern must be valid alone, and as it will be wrapped: "a)(b" is only the latter, "\Qa" only the former. */
static void check_pattern_text(struct check *check, const struct node *node, const char *pattern)
{
	struct regex *regex = NULL;
	char error[200] = "", help[240];
	enum rc rc = regex_new(pattern, strlen(pattern), &regex, error, sizeof(error));

	regex_free(regex);
	if (rc == RC_NOMEM)
		check->out_of_memory = true;
	if (rc == RC_OK || rc == RC_NOMEM)
		return;
	strcpy(help, "cloudflared reads it as Go does (RE2): ");
	strncat(help, error, sizeof(help) - strlen(help) - 1);
	check_fail(check, "A0153", node, help, "is not a regular expression that cloudflared takes");
}

static void check_regex(struct check *check, const struct node *node)
{
	size_t errors = check->error_count;
	char wrapped[1024 * 4 + 16] = "^(?:";

	check_pattern_text(check, node, node->text);
	if (check->error_count != errors || node->text_size > sizeof(wrapped) - 16)
		return;
	strcat(wrapped, node->text);
	strcat(wrapped, ")$");
	check_pattern_text(check, node, wrapped);
}

static void rule_rule(struct check *check, const struct node *node)
{
	const struct node *value = value_get(node, "path"), *type = value_get(node, "pathType");

	if (type && !value)
		check_fail(check, "A0149", type, "Add path, or leave pathType out.", "pathType without a path");
	if (!value || value->text_size == 0)
		return;
	if (str_eq(value_text(type, "PathPrefix"), "RegularExpression"))
		check_regex(check, value);
	else
		route_path_rule(check, value);
}

/* ingress */
static const struct schema service = { .type = VALUE_STRING, .min = 1, .max = 2048, .rule = tunnel_service_rule };
static const struct schema_field rule_fields[] = {
	{ "hostname", &hostname, false },
	{ "path", &path, false },
	{ "pathType", &path_type, false },
	{ "service", &service, true },
	{ "originRequest", &origin_schema, false },
};
static const struct schema rule = { .type = VALUE_OBJECT, SCHEMA_FIELDS(rule_fields), .rule = rule_rule };

static void ingress_rule(struct check *check, const struct node *node)
{
	size_t count = value_count(node);

	for (size_t i = 0; i < count; i++) {
		const struct node *item = value_item(node, i);

		if (value_get(item, "hostname") || value_get(item, "path"))
			continue;
		if (i + 1 == count)
			check_fail(check, "A0149", item, "Write its service as spec.catchAll instead.",
				   "[%zu] matches every request, so it is the catch-all", i);
		else
			check_fail(check, "A0149", item,
				   "Give it a hostname or a path, or write its service as spec.catchAll.",
				   "[%zu] matches every request: the rules after it would never be used", i);
	}
}

static const struct schema ingress = { .type = VALUE_LIST, .item = &rule, .rule = ingress_rule };
static const struct schema account = { .type = VALUE_STRING, .min = 1, .max = 253 };
static const struct schema_field spec_fields[] = {
	{ "account", &account, false },
	{ "ingress", &ingress, false },
	{ "catchAll", &service, false },
	{ "originRequest", &origin_top_schema, false },
	{ "dns", &schema_bool, false },
};
const struct schema tunnel_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(spec_fields) };

/* The typed value */
static enum path_type path_type_of(const char *text)
{
	if (str_eq(text, "Exact"))
		return PATH_EXACT;
	return str_eq(text, "RegularExpression") ? PATH_REGEX : PATH_PREFIX;
}

static void build_rule(struct decoder *decoder, const struct node *node, struct native_rule *to)
{
	const struct node *host = value_get(node, "hostname"), *value = value_get(node, "path");
	const struct node *target = value_get(node, "service");

	to->hostname = decode_build_text(decoder, host);
	to->path = decode_build_text(decoder, value);
	to->path_type = path_type_of(value_text(value_get(node, "pathType"), "PathPrefix"));
	to->service = decode_build_text(decoder, target);
	to->origin_request = origin_build(decoder, value_get(node, "originRequest"));
	to->span = build_span(decoder, node);
	to->hostname_span = build_span(decoder, host ? host : node);
	to->path_span = build_span(decoder, value ? value : node);
	to->service_span = build_span(decoder, target);
}

void build_tunnel(struct decoder *decoder, const struct node *root, const struct meta *meta)
{
	const struct node *spec = value_get(root, "spec"), *rules = value_get(spec, "ingress");
	const struct node *account_node = value_get(spec, "account"), *catch_all = value_get(spec, "catchAll");
	struct native_tunnel *tunnel = build_new(decoder, sizeof(*tunnel));

	if (!tunnel)
		return;
	tunnel->meta = *meta;
	tunnel->account = decode_build_text(decoder, account_node);
	tunnel->account_span = build_span(decoder, account_node ? account_node : spec);
	tunnel->rules = build_items(decoder, rules, sizeof(*tunnel->rules), &tunnel->rule_count);
	for (size_t i = 0; i < tunnel->rule_count; i++)
		build_rule(decoder, value_item(rules, i), &tunnel->rules[i]);
	tunnel->catch_all = catch_all ? decode_build_text(decoder, catch_all) : "http_status:404";
	tunnel->catch_all_span = build_span(decoder, catch_all ? catch_all : spec);
	tunnel->origin_request = origin_build(decoder, value_get(spec, "originRequest"));
	tunnel->dns = value_bool(value_get(spec, "dns"), true);
	BUILD_ADD(decoder, decoder->objects->tunnels, decoder->objects->tunnel_count,
		  decoder->objects->tunnel_capacity, tunnel);
}
