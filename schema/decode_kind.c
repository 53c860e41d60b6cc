/* The kinds that adit reads, and what it makes of the others. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "schema/decode_gateway.h"
#include "schema/decode_internal.h"
#include "schema/decode_other.h"
#include "schema/decode_policy.h"
#include "schema/decode_route.h"
#include "schema/decode_shared.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_NAMES 32 /* kinds of one group */

#define GATEWAY_KIND(kind, spec_schema, builder, ...) \
	{ .group = GATEWAY_GROUP, .name = (kind), .versions = { __VA_ARGS__ }, .is_namespaced = true, \
	  .metadata_name = &schema_name_subdomain, .spec = (spec_schema), .is_spec_required = true, \
	  .build = (builder) }
#define GATEWAY_X_KIND(kind, spec_schema, builder) \
	{ .group = GATEWAY_X_GROUP, .name = (kind), .versions = { "v1alpha1", "v1alpha2" }, \
	  .is_namespaced = true, .metadata_name = &schema_name_subdomain, .spec = (spec_schema), \
	  .is_spec_required = true, .build = (builder) }

static const struct kind kinds[] = {
	{ .group = GATEWAY_GROUP, .name = "GatewayClass", .versions = { "v1", "v1beta1" },
	  .metadata_name = &schema_name_subdomain, .spec = &gateway_class_spec, .is_spec_required = true,
	  .build = build_gateway_class },
	{ .group = GATEWAY_GROUP, .name = "Gateway", .versions = { "v1", "v1beta1" }, .is_namespaced = true,
	  .has_effects = true, .metadata_name = &schema_name_subdomain, .spec = &gateway_spec,
	  .is_spec_required = true, .build = build_gateway },
	{ .group = GATEWAY_GROUP, .name = "HTTPRoute", .versions = { "v1", "v1beta1" }, .is_namespaced = true,
	  .has_effects = true, .metadata_name = &schema_name_subdomain, .spec = &route_http_spec,
	  .is_spec_required = true, .build = build_http_route },
	{ .group = GATEWAY_GROUP, .name = "ReferenceGrant", .versions = { "v1", "v1beta1" },
	  .is_namespaced = true, .metadata_name = &schema_name_subdomain, .spec = &policy_grant_spec,
	  .build = build_grant },
	GATEWAY_KIND("BackendTLSPolicy", &policy_tls_spec, build_tls_policy, "v1", "v1alpha3"),
	GATEWAY_KIND("GRPCRoute", &other_grpc_spec, build_other_route, "v1", "v1alpha2"),
	GATEWAY_KIND("TLSRoute", &other_tls_spec, build_other_route, "v1"),
	GATEWAY_KIND("TLSRoute", &other_tls_alpha3_spec, build_other_route, "v1alpha3"),
	GATEWAY_KIND("TLSRoute", &other_tls_alpha2_spec, build_other_route, "v1alpha2"),
	GATEWAY_KIND("TCPRoute", &other_l4_spec, build_other_route, "v1"),
	GATEWAY_KIND("TCPRoute", &other_l4_alpha_spec, build_other_route, "v1alpha2"),
	GATEWAY_KIND("UDPRoute", &other_l4_spec, build_other_route, "v1"),
	GATEWAY_KIND("UDPRoute", &other_l4_alpha_spec, build_other_route, "v1alpha2"),
	GATEWAY_KIND("ListenerSet", &gateway_listener_set_spec, build_listener_set, "v1", "v1alpha2"),
	GATEWAY_X_KIND("XListenerSet", &gateway_listener_set_spec, build_listener_set),
	GATEWAY_X_KIND("XHTTPRoute", NULL, build_other_route),
	GATEWAY_X_KIND("XGRPCRoute", NULL, build_other_route),
	GATEWAY_X_KIND("XTLSRoute", NULL, build_other_route),
	GATEWAY_X_KIND("XTCPRoute", NULL, build_other_route),
	GATEWAY_X_KIND("XUDPRoute", NULL, build_other_route),
	{ .group = "", .name = "Namespace", .versions = { "v1" }, .metadata_name = &schema_name_label,
	  .is_open = true, .build = build_namespace },
	{ .group = "", .name = "Service", .versions = { "v1" }, .is_namespaced = true, .has_effects = true,
	  .metadata_name = &schema_name_service, .spec = &policy_service_spec, .build = build_service },
	{ .group = ADIT_GROUP, .name = "Tunnel", .versions = { "v1" }, .has_effects = true,
	  .metadata_name = &schema_name_subdomain, .spec = &tunnel_spec, .is_spec_required = true,
	  .build = build_tunnel },
};

const struct kind *kind_table(size_t *ret_count)
{
	*ret_count = sizeof(kinds) / sizeof(kinds[0]);
	return kinds;
}

/* Kinds of the core group whose names are near to those above, but which are what they say. */
static const char *const core_kinds[] = { "ServiceAccount" };

/* Names that differ from one of ours by case or a typing mistake would silently do nothing. */
static const char *nearest_kind(const char *group, const char *name)
{
	const char *names[MAX_NAMES];
	size_t count = 0;

	for (size_t i = 0; i < COUNT(kinds) && count + 1 < MAX_NAMES; i++) {
		if (!str_eq(kinds[i].group, group))
			continue;
		if (strcasecmp(kinds[i].name, name) == 0)
			return kinds[i].name;
		names[count++] = kinds[i].name;
	}
	if (str_eq(group, ADIT_GROUP))
		names[count++] = "Project";
	return str_nearest(name, names, count);
}

static bool is_gateway_kind(const char *name)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (str_eq(kinds[i].group, GATEWAY_GROUP) && str_eq(kinds[i].name, name))
			return true;
	return false;
}

static enum kind_verdict unknown_kind(struct check *check, const struct node *node, const char *group,
				      const char *name)
{
	const char *nearest = nearest_kind(group, name);
	char help[200];

	if (nearest)
		snprintf(help, sizeof(help), "Did you mean %s?", nearest);
	else
		snprintf(help, sizeof(help),
			 "adit reads GatewayClass, Gateway, HTTPRoute, ReferenceGrant and BackendTLSPolicy of "
			 GATEWAY_GROUP ", and Tunnel of " ADIT_GROUP "/v1.");
	check_fail(check, "A0131", node, help, "unknown kind \"%.80s\" of %s", name, group[0] ? group : "v1");
	return KIND_REFUSED;
}

static enum kind_verdict unknown_version(struct check *check, const struct node *node, const char *group,
					 const char *version, const char *name)
{
	char help[200] = "Write apiVersion: ";
	size_t count = 0;

	for (size_t i = 0; i < COUNT(kinds); i++)
		for (size_t v = 0; v < COUNT(kinds[i].versions) && kinds[i].versions[v]; v++) {
			size_t size = strlen(help);

			if (str_eq(kinds[i].group, group) && str_eq(kinds[i].name, name))
				snprintf(help + size, sizeof(help) - size, "%s%s/%s", count++ ? " or " : "",
					 group, kinds[i].versions[v]);
		}
	strncat(help, ".", sizeof(help) - strlen(help) - 1);
	check_fail(check, "A0132", node, help, "unknown version \"%.60s\" of %s %s", version, group, name);
	return KIND_REFUSED;
}

static enum kind_verdict wrong_group(struct check *check, const struct node *node, const char *group,
				     const char *right)
{
	char help[100];

	snprintf(help, sizeof(help), "Write apiVersion: %s/v1.", right);
	check_fail(check, "A0132", node, help, "unknown API group \"%.80s\"", group);
	return KIND_REFUSED;
}

static bool is_ours(const char *group)
{
	return str_eq(group, GATEWAY_GROUP) || str_eq(group, ADIT_GROUP);
}

/* Groups that nobody else has, but that a typing mistake makes of ours. A foreign Gateway or HTTPRoute (Istio,
 * Linkerd) is none: their groups look otherwise. */
static enum kind_verdict judge_group(struct check *check, const struct node *version_node, const char *group,
				     const char *name)
{
	bool is_kubernetes = group[0] == '\0' || str_has_suffix(group, "k8s.io");

	if (str_eq(group, GATEWAY_X_GROUP))
		return KIND_FOREIGN;
	if (str_has_prefix(group, "gateway.networking.") || strcasecmp(group, GATEWAY_GROUP) == 0)
		return wrong_group(check, version_node, group, GATEWAY_GROUP);
	if (is_gateway_kind(name) && (is_kubernetes || str_has_prefix(group, "gateway.network")))
		return wrong_group(check, version_node, group, GATEWAY_GROUP);
	if (str_has_prefix(group, "adit.") && (str_eq(name, "Tunnel") || str_eq(name, "Project")))
		return wrong_group(check, version_node, group, ADIT_GROUP);
	return KIND_FOREIGN;
}

static bool is_core_kind(const char *name)
{
	for (size_t i = 0; i < COUNT(core_kinds); i++)
		if (str_eq(core_kinds[i], name))
			return true;
	return false;
}

/* A kind that is not in the table. */
static enum kind_verdict judge_kind(struct check *check, const struct node *version_node,
				    const struct node *kind_node, const char *group, const char *name)
{
	static const char *const standard_only[] = { "XGateway", "XGatewayClass", "XReferenceGrant",
		"XBackendTLSPolicy" };

	if (is_ours(group))
		return unknown_kind(check, kind_node, group, name);
	for (size_t i = 0; str_eq(group, GATEWAY_X_GROUP) && i < COUNT(standard_only); i++)
		if (str_eq(name, standard_only[i])) {
			check_fail(check, "A0131", kind_node,
				   "Write the kind without X, of apiVersion " GATEWAY_GROUP "/v1.",
				   "the experimental kind %s is not read", name);
			return KIND_REFUSED;
		}
	if (str_eq(group, "") && nearest_kind("", name) && !is_core_kind(name))
		return unknown_kind(check, kind_node, group, name);
	return judge_group(check, version_node, group, name);
}

enum kind_verdict kind_find(struct check *check, const struct node *version_node, const struct node *kind_node,
			    const char *group, const char *version, const char *name,
			    const struct kind **ret_kind)
{
	bool is_known = false;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (!str_eq(kinds[i].name, name) || !str_eq(kinds[i].group, group))
			continue;
		is_known = true;
		for (size_t v = 0; v < COUNT(kinds[i].versions) && kinds[i].versions[v]; v++)
			if (str_eq(kinds[i].versions[v], version)) {
				*ret_kind = &kinds[i];
				return KIND_READ;
			}
	}
	if (str_eq(group, ADIT_GROUP) && str_eq(name, "Project"))
		return KIND_SILENT;
	if (is_known)
		return unknown_version(check, version_node, group, version, name);
	return judge_kind(check, version_node, kind_node, group, name);
}

static void check_name(struct check *check, const struct kind *kind, const struct node *root)
{
	const struct node *metadata = value_get(root, "metadata"), *name = value_get(metadata, "name");
	struct check_path metadata_step = { .name = "metadata" },
		name_step = { .parent = &metadata_step, .name = "name" };

	if (!metadata || metadata->kind != NODE_MAPPING || (name && name->kind != NODE_STRING))
		return;
	check->path = name ? &name_step : &metadata_step;
	if (name)
		check_value(check, kind->metadata_name, name);
	else
		check_fail(check, "A0136", metadata, value_get(metadata, "generateName") ?
			   "adit compares objects by name: write a fixed one instead of generateName." : NULL,
			   "required field \"name\" is missing");
	check->path = NULL;
}

void kind_check(struct check *check, const struct kind *kind, const struct node *root)
{
	const struct schema_field fields[] = {
		{ "apiVersion", &schema_string, false },
		{ "kind", &schema_string, false },
		{ "metadata", &schema_metadata, true },
		{ "spec", kind->spec ? kind->spec : &schema_any, kind->is_spec_required },
		{ "status", &schema_any, false },
	};
	const struct schema schema = { .type = VALUE_OBJECT, SCHEMA_FIELDS(fields), .is_open = kind->is_open };

	check_value(check, &schema, root);
	check_name(check, kind, root);
}
