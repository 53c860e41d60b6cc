/* Schemas of the routes that a tunnel cannot serve: read so that a mistake in them is found and that they can be
 * named as refused. Source: Gateway API v1.6, apis/v1/{grpc,tls,tcp,udp}route_types.go. */
#include "base/str.h"
#include "schema/decode_format.h"
#include "schema/decode_other.h"
#include "schema/decode_route.h"
#include "schema/decode_shared.h"

/* TLSRoute */
static void tls_hostname_rule(struct check *check, const struct node *node)
{
	if (node->kind == NODE_STRING && format_is_ip(node->text, node->text_size))
		check_rule(check, node, "Hostnames cannot contain an IP");
}

static const struct schema tls_hostname = {
	.type = VALUE_STRING, .min = 1, .max = 253, .is_valid = format_is_hostname, .what = "a hostname",
	.help = "Lower-case letters, digits, '-' and '.', without scheme, port or path: app.example.com or *.example.com.",
	.rule = tls_hostname_rule,
};
static const struct schema tls_hostnames = {
	.type = VALUE_LIST, .item = &tls_hostname, .min = 1, .max = 1024,
	.help = "A TLSRoute needs at least one hostname.",
};
static const struct schema tls_alpha2_hostnames = { .type = VALUE_LIST, .item = &tls_hostname, .max = 16 };

static const struct schema route_backends = {
	.type = VALUE_LIST, .item = &schema_backend_ref, .min = 1, .max = 16,
	.help = "Name at least one backend.",
};
static const struct schema_field l4_rule_fields[] = {
	{ "name", &schema_section_name, false },
	{ "backendRefs", &route_backends, true },
};
static const struct schema l4_rule = { .type = VALUE_OBJECT, SCHEMA_FIELDS(l4_rule_fields) };
static const struct schema l4_rules = { .type = VALUE_LIST, .item = &l4_rule, .min = 1, .max = 16,
	.unique = "name" };
static const struct schema one_l4_rule = { .type = VALUE_LIST, .item = &l4_rule, .min = 1, .max = 1 };

static const struct schema_field tls_fields[] = {
	{ "parentRefs", &schema_parent_refs, false },
	{ "useDefaultGateways", &schema_default_scope, false },
	{ "hostnames", &tls_hostnames, true },
	{ "rules", &one_l4_rule, true },
};
const struct schema other_tls_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(tls_fields) };

static const struct schema_field tls_alpha3_fields[] = {
	{ "parentRefs", &schema_parent_refs, false },
	{ "useDefaultGateways", &schema_default_scope, false },
	{ "hostnames", &tls_hostnames, true },
	{ "rules", &l4_rules, true },
};
const struct schema other_tls_alpha3_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(tls_alpha3_fields) };

static const struct schema_field tls_alpha2_fields[] = {
	{ "parentRefs", &schema_parent_refs, false },
	{ "useDefaultGateways", &schema_default_scope, false },
	{ "hostnames", &tls_alpha2_hostnames, false },
	{ "rules", &l4_rules, true },
};
const struct schema other_tls_alpha2_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(tls_alpha2_fields) };

/* TCPRoute and UDPRoute */
static const struct schema_field l4_fields[] = {
	{ "parentRefs", &schema_parent_refs, false },
	{ "useDefaultGateways", &schema_default_scope, false },
	{ "rules", &one_l4_rule, true },
};
const struct schema other_l4_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(l4_fields) };

static const struct schema_field l4_alpha_fields[] = {
	{ "parentRefs", &schema_parent_refs, false },
	{ "useDefaultGateways", &schema_default_scope, false },
	{ "rules", &l4_rules, true },
};
const struct schema other_l4_alpha_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(l4_alpha_fields) };

/* GRPCRoute: its matches and filters are not looked into, since nothing comes of them. */
static const struct schema weight = { .type = VALUE_INT, .min = 0, .max = 1000000 };
static const struct schema any_list = { .type = VALUE_LIST, .item = &schema_any, .max = 16 };
static const struct schema matches = { .type = VALUE_LIST, .item = &schema_any, .max = 64 };
static const struct schema_field backend_fields[] = {
	{ "group", &schema_group, false },
	{ "kind", &schema_kind, false },
	{ "name", &schema_object_name, true },
	{ "namespace", &schema_namespace, false },
	{ "port", &schema_port, false },
	{ "weight", &weight, false },
	{ "filters", &any_list, false },
};
static const struct schema grpc_backend = {
	.type = VALUE_OBJECT, SCHEMA_FIELDS(backend_fields), .rule = shared_backend_rule,
};
static const struct schema grpc_backends = { .type = VALUE_LIST, .item = &grpc_backend, .max = 16 };
static const struct schema_field grpc_rule_fields[] = {
	{ "name", &schema_section_name, false },
	{ "matches", &matches, false },
	{ "filters", &any_list, false },
	{ "backendRefs", &grpc_backends, false },
	{ "sessionPersistence", &schema_session_persistence, false },
};
static const struct schema grpc_rule = { .type = VALUE_OBJECT, SCHEMA_FIELDS(grpc_rule_fields) };
static const struct schema grpc_rules = { .type = VALUE_LIST, .item = &grpc_rule, .max = 16, .unique = "name" };
static const struct schema grpc_hostnames = { .type = VALUE_LIST, .item = &schema_hostname, .max = 16 };
static const struct schema_field grpc_fields[] = {
	{ "parentRefs", &schema_parent_refs, false },
	{ "useDefaultGateways", &schema_default_scope, false },
	{ "hostnames", &grpc_hostnames, false },
	{ "rules", &grpc_rules, false },
};
const struct schema other_grpc_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(grpc_fields) };
