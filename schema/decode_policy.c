/* Schemas and CEL rules of ReferenceGrant, BackendTLSPolicy and Service. Source: Gateway API v1.6,
 * apis/v1/referencegrant_types.go, backendtlspolicy_types.go, policy_types.go; Kubernetes, api/core/v1. */
#include "schema/decode_policy.h"

#include "base/str.h"
#include "schema/decode_format.h"
#include "schema/decode_shared.h"

/* ReferenceGrant */
static const struct schema_field from_fields[] = {
	{ "group", &schema_group, true },
	{ "kind", &schema_kind, true },
	{ "namespace", &schema_namespace, true },
};
static const struct schema from_item = { .type = VALUE_OBJECT, SCHEMA_FIELDS(from_fields) };
static const struct schema from_list = { .type = VALUE_LIST, .item = &from_item, .min = 1, .max = 16 };
static const struct schema_field to_fields[] = {
	{ "group", &schema_group, true },
	{ "kind", &schema_kind, true },
	{ "name", &schema_object_name, false },
};
static const struct schema to_item = { .type = VALUE_OBJECT, SCHEMA_FIELDS(to_fields) };
static const struct schema to_list = { .type = VALUE_LIST, .item = &to_item, .min = 1, .max = 16 };
static const struct schema_field grant_fields[] = {
	{ "from", &from_list, true },
	{ "to", &to_list, true },
};
const struct schema policy_grant_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(grant_fields) };

/* BackendTLSPolicy: targets */
static const struct schema_field target_fields[] = {
	{ "group", &schema_group, true },
	{ "kind", &schema_kind, true },
	{ "name", &schema_object_name, true },
	{ "sectionName", &schema_section_name, false },
};
static const struct schema target = { .type = VALUE_OBJECT, SCHEMA_FIELDS(target_fields) };

static bool is_same_text(const struct node *a, const struct node *b, const char *key)
{
	return str_eq(value_text(value_get(a, key), ""), value_text(value_get(b, key), ""));
}

static void compare_targets(struct check *check, const struct node *a, const struct node *b)
{
	bool has_a = value_get(a, "sectionName") != NULL, has_b = value_get(b, "sectionName") != NULL;

	if (!is_same_text(a, b, "group") || !is_same_text(a, b, "kind") || !is_same_text(a, b, "name"))
		return;
	if (has_a != has_b)
		check_rule(check, b, "sectionName must be specified when targetRefs includes 2 or more references to "
			   "the same target");
	else if (is_same_text(a, b, "sectionName"))
		check_rule(check, b, "sectionName must be unique when targetRefs includes 2 or more references to the "
			   "same target");
}

static void targets_rule(struct check *check, const struct node *node)
{
	for (size_t i = 1; i < value_count(node); i++) {
		size_t errors = check->error_count;

		for (size_t j = 0; j < i && check->error_count == errors; j++)
			compare_targets(check, value_item(node, j), value_item(node, i));
	}
}

static const struct schema targets = {
	.type = VALUE_LIST, .item = &target, .min = 1, .max = 16, .rule = targets_rule,
};

/* BackendTLSPolicy: validation */
static const char *const san_types[] = { "Hostname", "URI", NULL };
static const struct schema san_type = { .type = VALUE_STRING, .values = san_types };
static const struct schema absolute_uri = {
	.type = VALUE_STRING, .min = 1, .max = 253, .what = "an absolute URI",
	.pattern = "^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\\?([^#]*))?(#(.*))?", .help = "As in spiffe://example.com/ns/app.",
};
static const struct schema_field san_fields[] = {
	{ "type", &san_type, true },
	{ "hostname", &schema_hostname, false },
	{ "uri", &absolute_uri, false },
};

static void san_rule(struct check *check, const struct node *node)
{
	const char *type = value_text(value_get(node, "type"), NULL);

	if (!type)
		return;
	if (str_eq(type, "Hostname") && !value_get(node, "hostname"))
		check_rule(check, node, "SubjectAltName element must contain Hostname, if Type is set to Hostname");
	if (!str_eq(type, "Hostname") && value_get(node, "hostname"))
		check_rule(check, node, "SubjectAltName element must not contain Hostname, if Type is not set to Hostname");
	if (str_eq(type, "URI") && !value_get(node, "uri"))
		check_rule(check, node, "SubjectAltName element must contain URI, if Type is set to URI");
	if (!str_eq(type, "URI") && value_get(node, "uri"))
		check_rule(check, node, "SubjectAltName element must not contain URI, if Type is not set to URI");
}

static const struct schema san = { .type = VALUE_OBJECT, SCHEMA_FIELDS(san_fields), .rule = san_rule };
static const struct schema sans = { .type = VALUE_LIST, .item = &san, .max = 5 };
static const char *const well_known_values[] = { "System", NULL };
static const struct schema well_known = { .type = VALUE_STRING, .values = well_known_values };
static const struct schema ca_refs = { .type = VALUE_LIST, .item = &schema_local_reference, .max = 8 };
static const struct schema_field validation_fields[] = {
	{ "caCertificateRefs", &ca_refs, false },
	{ "wellKnownCACertificates", &well_known, false },
	{ "hostname", &schema_precise_hostname, true },
	{ "subjectAltNames", &sans, false },
};

static void validation_rule(struct check *check, const struct node *node)
{
	bool has_refs = value_count(value_get(node, "caCertificateRefs")) > 0;
	bool has_well_known = value_get(node, "wellKnownCACertificates") != NULL;

	if (has_refs && has_well_known)
		check_rule(check, node, "must not contain both CACertificateRefs and WellKnownCACertificates");
	if (!has_refs && !has_well_known)
		check_rule(check, node, "must specify either CACertificateRefs or WellKnownCACertificates");
}

static const struct schema validation = {
	.type = VALUE_OBJECT, SCHEMA_FIELDS(validation_fields), .rule = validation_rule,
};
static const struct schema_field tls_fields[] = {
	{ "targetRefs", &targets, true },
	{ "validation", &validation, true },
	{ "options", &schema_options, false },
};
const struct schema policy_tls_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(tls_fields) };

/* Service: all fields of core/v1, of which those that decide where traffic goes are read */
static const char *const transport_values[] = { "TCP", "UDP", "SCTP", NULL };
static const struct schema transport = { .type = VALUE_STRING, .values = transport_values };
static const struct schema port_name = {
	.type = VALUE_STRING, .max = 63, .is_valid = format_is_group, .what = "the name of a port",
	.help = "Lower-case letters, digits and '-', a letter or digit at both ends.",
};

static void target_port_rule(struct check *check, const struct node *node)
{
	int64_t port;

	if (value_is_int(node, &port)) {
		if (port < 1 || port > 65535)
			check_fail(check, "A0139", node, NULL, "%lld is not between 1 and 65535",
				   (long long)port);
		return;
	}
	if (node->kind != NODE_STRING)
		check_fail(check, "A0135", node, NULL, "must be a port's number or name, not %s",
			   node_kind_text(node->kind));
	else if (node->text_size == 0 || node->text_size > 15 || !format_is_label(node->text, node->text_size))
		check_fail(check, "A0137", node,
			   "Up to 15 lower-case letters, digits and '-'; numbers without quotes.",
			   "is not the name of a port");
}

static const struct schema target_port = { .type = VALUE_ANY, .rule = target_port_rule };
static const struct schema_field port_fields[] = {
	{ "name", &port_name, false },
	{ "port", &schema_port, true },
	{ "protocol", &transport, false },
	{ "targetPort", &target_port, false },
	{ "nodePort", &schema_int32, false },
	{ "appProtocol", &schema_string, false },
};
static const struct schema port = { .type = VALUE_OBJECT, SCHEMA_FIELDS(port_fields) };
static const struct schema ports = { .type = VALUE_LIST, .item = &port };
static const struct schema strings = { .type = VALUE_LIST, .item = &schema_string };
static const struct schema pods = { .type = VALUE_MAP, .key = &schema_string, .item = &schema_string };
static const struct schema_field client_ip_fields[] = { { "timeoutSeconds", &schema_int32, false } };
static const struct schema client_ip = { .type = VALUE_OBJECT, SCHEMA_FIELDS(client_ip_fields) };
static const struct schema_field affinity_fields[] = { { "clientIP", &client_ip, false } };
static const struct schema affinity = { .type = VALUE_OBJECT, SCHEMA_FIELDS(affinity_fields) };
static const char *const service_types[] = { "ClusterIP", "NodePort", "LoadBalancer", "ExternalName", NULL };
static const struct schema service_type = { .type = VALUE_STRING, .values = service_types };
static const struct schema_field service_fields[] = {
	{ "allocateLoadBalancerNodePorts", &schema_bool, false },
	{ "clusterIP", &schema_string, false },
	{ "clusterIPs", &strings, false },
	{ "externalIPs", &strings, false },
	{ "externalName", &schema_string, false },
	{ "externalTrafficPolicy", &schema_string, false },
	{ "healthCheckNodePort", &schema_int32, false },
	{ "internalTrafficPolicy", &schema_string, false },
	{ "ipFamilies", &strings, false },
	{ "ipFamilyPolicy", &schema_string, false },
	{ "loadBalancerClass", &schema_string, false },
	{ "loadBalancerIP", &schema_string, false },
	{ "loadBalancerSourceRanges", &strings, false },
	{ "ports", &ports, false },
	{ "publishNotReadyAddresses", &schema_bool, false },
	{ "selector", &pods, false },
	{ "sessionAffinity", &schema_string, false },
	{ "sessionAffinityConfig", &affinity, false },
	{ "trafficDistribution", &schema_string, false },
	{ "type", &service_type, false },
};
const struct schema policy_service_spec = { .type = VALUE_OBJECT, SCHEMA_FIELDS(service_fields) };
