/* Schemas and CEL rules of GatewayClass and Gateway. Source: Gateway API v1.6, apis/v1/gatewayclass_types.go,
 * gateway_types.go. */
#include "schema/decode_gateway.h"

#include <string.h>

#include "base/str.h"
#include "schema/decode_format.h"
#include "schema/decode_shared.h"

/* GatewayClass */
static const struct schema controller = {
	.type = VALUE_STRING, .min = 1, .max = 253, .is_valid = format_is_controller,
	.what = "the name of a controller", .help = "A domain and a path: example.com/gateway-controller.",
};
static const struct schema description = { .type = VALUE_STRING, .max = 64 };
static const struct schema_field parameters_fields[] = {
	{ "group", &schema_group, true },
	{ "kind", &schema_kind, true },
	{ "name", &schema_object_name, true },
	{ "namespace", &schema_namespace, false },
};
static const struct schema parameters = { .type = VALUE_OBJECT, SCHEMA_FIELDS(parameters_fields) };
static const struct schema_field class_fields[] = {
	{ "controllerName", &controller, true },
	{ "parametersRef", &parameters, false },
	{ "description", &description, false },
};
const struct schema gateway_class_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(class_fields) };

/* addresses */
static const struct schema address_type = {
	.type = VALUE_STRING, .min = 1, .max = 253, .what = "the type of an address",
	.pattern = "^Hostname|IPAddress|NamedAddress|"
		   "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+$",
	.help = "IPAddress, Hostname, or an implementation's own such as example.com/bar.",
};
static const struct schema address_value = { .type = VALUE_STRING, .max = 253 };
static const struct schema_field address_fields[] = {
	{ "type", &address_type, false },
	{ "value", &address_value, false },
};

static void address_rule(struct check *check, const struct node *node)
{
	const char *type = value_text(value_get(node, "type"), "IPAddress");
	const struct node *value = value_get(node, "value");
	const char *text = value_text(value, NULL);

	if (!text)
		return;
	if (str_eq(type, "Hostname") && !format_is_hostname(text, strlen(text)))
		check_rule(check, value, "Hostname value must be empty or contain only valid characters (matching "
			   "^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)");
	if (str_eq(type, "IPAddress") && !format_is_ip(text, strlen(text)))
		check_fail(check, "A0137", value, "Other addresses need their type: type: Hostname.",
			   "value is not an IPv4 or IPv6 address");
}

static const struct schema address = { .type = VALUE_OBJECT, SCHEMA_FIELDS(address_fields),
	.rule = address_rule };

static bool is_same_address(const struct node *a, const struct node *b, const char *type)
{
	const char *value = value_text(value_get(a, "value"), NULL);

	return value && str_eq(value_text(value_get(a, "type"), "IPAddress"), type) &&
	       str_eq(value_text(value_get(b, "type"), "IPAddress"), type) &&
	       str_eq(value, value_text(value_get(b, "value"), NULL));
}

static void addresses_rule(struct check *check, const struct node *node)
{
	for (size_t i = 1; i < value_count(node); i++) {
		size_t errors = check->error_count;

		for (size_t j = 0; j < i && check->error_count == errors; j++) {
			const struct node *a = value_item(node, j), *b = value_item(node, i);

			if (is_same_address(a, b, "IPAddress"))
				check_rule(check, b, "IPAddress values must be unique");
			else if (is_same_address(a, b, "Hostname"))
				check_rule(check, b, "Hostname values must be unique");
		}
	}
}

static const struct schema addresses = { .type = VALUE_LIST, .item = &address, .max = 16,
	.rule = addresses_rule };

/* infrastructure */
static const struct schema infra_value = { .type = VALUE_STRING, .max = 4096 };
static const struct schema infra_key = {
	.type = VALUE_STRING, .min = 1, .max = 253, .is_valid = format_is_qualified_name, .what = "a key",
	.help = "Up to 63 letters, digits, '-', '_' and '.', with an optional prefix: example.com/name.",
};
static const struct schema infra_label = {
	.type = VALUE_STRING, .max = 63, .is_valid = format_is_label_value, .what = "a label's value",
	.help = "Letters, digits, '-', '_' and '.', a letter or digit at both ends.",
};
static const struct schema infra_labels = { .type = VALUE_MAP, .key = &infra_key, .item = &infra_label,
	.max = 8 };
static const struct schema infra_annotations = { .type = VALUE_MAP, .key = &infra_key, .item = &infra_value,
	.max = 16 };
static const struct schema_field local_parameters_fields[] = {
	{ "group", &schema_group, true },
	{ "kind", &schema_kind, true },
	{ "name", &schema_object_name, true },
};
static const struct schema local_parameters = { .type = VALUE_OBJECT, SCHEMA_FIELDS(local_parameters_fields) };
static const struct schema_field infrastructure_fields[] = {
	{ "labels", &infra_labels, false },
	{ "annotations", &infra_annotations, false },
	{ "parametersRef", &local_parameters, false },
};
static const struct schema infrastructure = { .type = VALUE_OBJECT, SCHEMA_FIELDS(infrastructure_fields) };

/* allowedListeners */
static const char *const listener_sources[] = { "All", "Selector", "Same", "None", NULL };
static const struct schema listeners_from = { .type = VALUE_STRING, .values = listener_sources };
static const struct schema_field listener_namespaces_fields[] = {
	{ "from", &listeners_from, false },
	{ "selector", &schema_label_selector, false },
};
static const struct schema listener_namespaces = { .type = VALUE_OBJECT,
	SCHEMA_FIELDS(listener_namespaces_fields) };
static const struct schema_field allowed_listeners_fields[] = { { "namespaces", &listener_namespaces, false } };
static const struct schema allowed_listeners = { .type = VALUE_OBJECT, SCHEMA_FIELDS(allowed_listeners_fields) };

/* tls of the whole Gateway */
static const struct schema_field object_reference_fields[] = {
	{ "group", &schema_group, true },
	{ "kind", &schema_kind, true },
	{ "name", &schema_object_name, true },
	{ "namespace", &schema_namespace, false },
};
static const struct schema object_reference = { .type = VALUE_OBJECT, SCHEMA_FIELDS(object_reference_fields) };
static const struct schema ca_refs = { .type = VALUE_LIST, .item = &object_reference, .min = 1, .max = 8 };
static const char *const validation_modes[] = { "AllowValidOnly", "AllowInsecureFallback", NULL };
static const struct schema validation_mode = { .type = VALUE_STRING, .values = validation_modes };
static const struct schema_field validation_fields[] = {
	{ "caCertificateRefs", &ca_refs, true },
	{ "mode", &validation_mode, false },
};
static const struct schema validation = { .type = VALUE_OBJECT, SCHEMA_FIELDS(validation_fields) };
static const struct schema_field tls_config_fields[] = { { "validation", &validation, false } };
static const struct schema tls_config = { .type = VALUE_OBJECT, SCHEMA_FIELDS(tls_config_fields) };
static const struct schema_field port_tls_fields[] = {
	{ "port", &schema_port, true },
	{ "tls", &tls_config, true },
};
static const struct schema port_tls = { .type = VALUE_OBJECT, SCHEMA_FIELDS(port_tls_fields) };
static const struct schema per_port = { .type = VALUE_LIST, .item = &port_tls, .max = 64, .unique = "port" };
static const struct schema_field frontend_fields[] = {
	{ "default", &tls_config, true },
	{ "perPort", &per_port, false },
};
static const struct schema frontend = { .type = VALUE_OBJECT, SCHEMA_FIELDS(frontend_fields) };
static const struct schema_field backend_fields[] = { { "clientCertificateRef", &schema_secret_reference,
	false } };
static const struct schema backend = { .type = VALUE_OBJECT, SCHEMA_FIELDS(backend_fields) };
static const struct schema_field gateway_tls_fields[] = {
	{ "backend", &backend, false },
	{ "frontend", &frontend, false },
};
static const struct schema gateway_tls = { .type = VALUE_OBJECT, SCHEMA_FIELDS(gateway_tls_fields) };

/* Gateway */
static const struct schema_field gateway_fields[] = {
	{ "gatewayClassName", &schema_object_name, true },
	{ "listeners", &gateway_listeners, true },
	{ "addresses", &addresses, false },
	{ "infrastructure", &infrastructure, false },
	{ "allowedListeners", &allowed_listeners, false },
	{ "tls", &gateway_tls, false },
	{ "defaultScope", &schema_default_scope, false },
};
const struct schema gateway_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(gateway_fields) };
