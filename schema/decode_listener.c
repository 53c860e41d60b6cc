/* Schemas and CEL rules of listeners. Source: Gateway API v1.6, apis/v1/gateway_types.go, listenerset_types.go. */
#include <strings.h>

#include "base/str.h"
#include "schema/decode_gateway.h"
#include "schema/decode_shared.h"

/* tls */
static const char *const tls_modes[] = { "Terminate", "Passthrough", NULL };
static const struct schema tls_mode = { .type = VALUE_STRING, .values = tls_modes };
static const struct schema certificate_refs = { .type = VALUE_LIST, .item = &schema_secret_reference, .max = 64 };
static const struct schema_field tls_fields[] = {
	{ "mode", &tls_mode, false },
	{ "certificateRefs", &certificate_refs, false },
	{ "options", &schema_options, false },
};

static void tls_rule(struct check *check, const struct node *node)
{
	if (str_eq(value_text(value_get(node, "mode"), "Terminate"), "Terminate") &&
	    value_count(value_get(node, "certificateRefs")) == 0 && value_count(value_get(node, "options")) == 0)
		check_rule(check, node, "certificateRefs or options must be specified when mode is Terminate");
}

static const struct schema tls = { .type = VALUE_OBJECT, SCHEMA_FIELDS(tls_fields), .rule = tls_rule };

/* allowedRoutes */
static const char *const route_sources[] = { "All", "Selector", "Same", NULL };
static const struct schema routes_from = { .type = VALUE_STRING, .values = route_sources };
static const struct schema_field route_namespaces_fields[] = {
	{ "from", &routes_from, false },
	{ "selector", &schema_label_selector, false },
};
static const struct schema route_namespaces = { .type = VALUE_OBJECT, SCHEMA_FIELDS(route_namespaces_fields) };
static const struct schema_field route_kind_fields[] = {
	{ "group", &schema_group, false },
	{ "kind", &schema_kind, true },
};
static const struct schema route_kind = { .type = VALUE_OBJECT, SCHEMA_FIELDS(route_kind_fields) };
static const struct schema route_kinds = { .type = VALUE_LIST, .item = &route_kind, .max = 8 };
static const struct schema_field allowed_routes_fields[] = {
	{ "namespaces", &route_namespaces, false },
	{ "kinds", &route_kinds, false },
};
static const struct schema allowed_routes = { .type = VALUE_OBJECT, SCHEMA_FIELDS(allowed_routes_fields) };

/* listeners */
static const struct schema protocol = {
	.type = VALUE_STRING, .min = 1, .max = 255, .what = "a protocol",
	.pattern = "^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|"
		   "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/[A-Za-z0-9]+$",
	.help = "HTTP, HTTPS, TLS, TCP, UDP, or an implementation's own such as example.com/bar.",
};
static const struct schema_field listener_fields[] = {
	{ "name", &schema_section_name, true },
	{ "hostname", &schema_hostname, false },
	{ "port", &schema_port, true },
	{ "protocol", &protocol, true },
	{ "tls", &tls, false },
	{ "allowedRoutes", &allowed_routes, false },
};

static bool is_one_of(const char *protocol_name, const char *const *list)
{
	for (; *list; list++)
		if (strcasecmp(protocol_name, *list) == 0)
			return true;
	return false;
}

static void listener_rule(struct check *check, const struct node *node)
{
	static const char *const without_tls[] = { "HTTP", "TCP", "UDP", NULL };
	static const char *const without_hostname[] = { "TCP", "UDP", NULL };
	const char *name = value_text(value_get(node, "protocol"), "");
	const struct node *tls_node = value_get(node, "tls"), *hostname = value_get(node, "hostname");

	if (tls_node && is_one_of(name, without_tls))
		check_rule(check, tls_node, "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']");
	if (tls_node && strcasecmp(name, "HTTPS") == 0 &&
	    !str_eq(value_text(value_get(tls_node, "mode"), "Terminate"), "Terminate"))
		check_rule(check, tls_node, "tls mode must be Terminate for protocol HTTPS");
	if (!tls_node && strcasecmp(name, "TLS") == 0)
		check_rule(check, node, "tls mode must be set for protocol TLS");
	if (hostname && is_one_of(name, without_hostname))
		check_rule(check, hostname, "hostname must not be specified for protocols ['TCP', 'UDP']");
}

static const struct schema listener = {
	.type = VALUE_OBJECT, SCHEMA_FIELDS(listener_fields), .rule = listener_rule,
};

static bool is_same_listener(const struct node *a, const struct node *b)
{
	int64_t port = value_int(value_get(a, "port"), 0);

	return port != 0 && port == value_int(value_get(b, "port"), 0) &&
	       str_eq(value_text(value_get(a, "protocol"), NULL), value_text(value_get(b, "protocol"), NULL)) &&
	       str_eq(value_text(value_get(a, "hostname"), NULL), value_text(value_get(b, "hostname"), NULL));
}

static void listeners_rule(struct check *check, const struct node *node)
{
	for (size_t i = 1; i < value_count(node); i++)
		for (size_t j = 0; j < i; j++) {
			if (!is_same_listener(value_item(node, i), value_item(node, j)))
				continue;
			check_rule(check, value_item(node, i),
				   "Combination of port, protocol and hostname must be unique for each listener");
			break;
		}
}

const struct schema gateway_listeners = {
	.type = VALUE_LIST, .item = &listener, .min = 1, .max = 64, .unique = "name", .rule = listeners_rule,
};

/* ListenerSet: its port may be left to the implementation in the experimental kind. */
static const struct schema listener_set_port = { .type = VALUE_INT, .min = 0, .max = 65535 };
static const struct schema_field listener_entry_fields[] = {
	{ "name", &schema_section_name, true },
	{ "hostname", &schema_hostname, false },
	{ "port", &listener_set_port, false },
	{ "protocol", &protocol, true },
	{ "tls", &tls, false },
	{ "allowedRoutes", &allowed_routes, false },
};
static const struct schema listener_entry = {
	.type = VALUE_OBJECT, SCHEMA_FIELDS(listener_entry_fields), .rule = listener_rule,
};
static const struct schema listener_entries = {
	.type = VALUE_LIST, .item = &listener_entry, .min = 1, .max = 64, .unique = "name",
	.rule = listeners_rule,
};
static const struct schema_field parent_gateway_fields[] = {
	{ "group", &schema_group, false },
	{ "kind", &schema_kind, false },
	{ "name", &schema_object_name, true },
	{ "namespace", &schema_namespace, false },
};
static const struct schema parent_gateway = { .type = VALUE_OBJECT, SCHEMA_FIELDS(parent_gateway_fields) };
static const struct schema_field listener_set_fields[] = {
	{ "parentRef", &parent_gateway, true },
	{ "listeners", &listener_entries, true },
};
const struct schema gateway_listener_set_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(listener_set_fields) };
