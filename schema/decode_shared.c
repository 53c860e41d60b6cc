/* Schemas that several kinds share. Source: Gateway API v1.6, apis/v1/shared_types.go, object_reference_types.go. */
#include "schema/decode_shared.h"

#include <string.h>

#include "base/str.h"
#include "schema/decode_format.h"

#define HOSTNAME_HELP "Lower-case letters, digits, '-' and '.', without scheme, port or path: app.example.com"
#define NAME_HELP "Lower-case letters, digits and '-', a letter or digit at both ends"

const struct schema schema_any = { .type = VALUE_ANY };
const struct schema schema_string = { .type = VALUE_STRING };
const struct schema schema_bool = { .type = VALUE_BOOL };
const struct schema schema_int32 = { .type = VALUE_INT, .min = INT32_MIN, .max = INT32_MAX };

const struct schema schema_hostname = {
	.type = VALUE_STRING, .min = 1, .max = 253, .is_valid = format_is_hostname, .what = "a hostname",
	.help = HOSTNAME_HELP " or *.example.com.",
};
const struct schema schema_precise_hostname = {
	.type = VALUE_STRING, .min = 1, .max = 253, .is_valid = format_is_subdomain,
	.what = "a hostname without wildcard", .help = HOSTNAME_HELP ".",
};
const struct schema schema_group = {
	.type = VALUE_STRING, .max = 253, .is_valid = format_is_group, .what = "an API group",
	.help = "An API group is \"\" (core) or a name such as gateway.networking.k8s.io.",
};
const struct schema schema_kind = {
	.type = VALUE_STRING, .min = 1, .max = 63, .is_valid = format_is_kind, .what = "a kind",
	.help = "Letters, digits and '-', starting with a letter: Service.",
};
const struct schema schema_object_name = { .type = VALUE_STRING, .min = 1, .max = 253 };
const struct schema schema_namespace = {
	.type = VALUE_STRING, .min = 1, .max = 63, .is_valid = format_is_label, .what = "the name of a namespace",
	.help = NAME_HELP ".",
};
const struct schema schema_section_name = {
	.type = VALUE_STRING, .min = 1, .max = 253, .is_valid = format_is_subdomain, .what = "a section name",
	.help = "Lower-case letters, digits, '-' and '.', a letter or digit at both ends.",
};
const struct schema schema_port = {
	.type = VALUE_INT, .min = 1, .max = 65535, .help = "A port is a number from 1 to 65535.",
};
const struct schema schema_duration = {
	.type = VALUE_STRING, .is_valid = format_is_duration, .what = "a duration",
	.help = "One to four numbers of up to five digits, each with its unit (h, m, s or ms): 10s, 1m30s.",
};

static const char *const default_scopes[] = { "All", "None", NULL };
const struct schema schema_default_scope = { .type = VALUE_STRING, .values = default_scopes };

/* Labels and metav1.LabelSelector */
static const struct schema label_key = {
	.type = VALUE_STRING, .min = 1, .max = 317, .is_valid = format_is_qualified_name, .what = "a label's key",
	.help = "Up to 63 letters, digits, '-', '_' and '.', with an optional prefix: example.com/name.",
};
static const struct schema label_value = {
	.type = VALUE_STRING, .max = 63, .is_valid = format_is_label_value, .what = "a label's value",
	.help = "Letters, digits, '-', '_' and '.', a letter or digit at both ends.",
};
const struct schema schema_labels = { .type = VALUE_MAP, .key = &label_key, .item = &label_value };
static const struct schema label_values = { .type = VALUE_LIST, .item = &schema_string };
static const char *const selector_operators[] = { "In", "NotIn", "Exists", "DoesNotExist", NULL };
static const struct schema selector_operator = { .type = VALUE_STRING, .values = selector_operators };

static void requirement_rule(struct check *check, const struct node *node)
{
	const char *op = value_text(value_get(node, "operator"), NULL);
	size_t count = value_count(value_get(node, "values"));

	if (!op)
		return;
	if ((str_eq(op, "In") || str_eq(op, "NotIn")) && count == 0)
		check_rule(check, node, "values must not be empty for the operators In and NotIn");
	if ((str_eq(op, "Exists") || str_eq(op, "DoesNotExist")) && count > 0)
		check_rule(check, node, "values must be empty for the operators Exists and DoesNotExist");
}

static const struct schema_field requirement_fields[] = {
	{ "key", &label_key, true },
	{ "operator", &selector_operator, true },
	{ "values", &label_values, false },
};
static const struct schema requirement = {
	.type = VALUE_OBJECT, SCHEMA_FIELDS(requirement_fields), .rule = requirement_rule,
};
static const struct schema requirements = { .type = VALUE_LIST, .item = &requirement };
static const struct schema_field selector_fields[] = {
	{ "matchLabels", &schema_labels, false },
	{ "matchExpressions", &requirements, false },
};
const struct schema schema_label_selector = { .type = VALUE_OBJECT, SCHEMA_FIELDS(selector_fields) };

/* References */
static const struct schema_field local_reference_fields[] = {
	{ "group", &schema_group, false },
	{ "kind", &schema_kind, true },
	{ "name", &schema_object_name, true },
};
const struct schema schema_local_reference = { .type = VALUE_OBJECT, SCHEMA_FIELDS(local_reference_fields) };

static const struct schema_field secret_reference_fields[] = {
	{ "group", &schema_group, false },
	{ "kind", &schema_kind, false },
	{ "name", &schema_object_name, true },
	{ "namespace", &schema_namespace, false },
};
const struct schema schema_secret_reference = { .type = VALUE_OBJECT, SCHEMA_FIELDS(secret_reference_fields) };

static const struct schema option_value = { .type = VALUE_STRING, .max = 4096 };
static const struct schema option_key = {
	.type = VALUE_STRING, .min = 1, .max = 253, .is_valid = format_is_qualified_name,
	.what = "an option's key", .help = "A name with an optional prefix: example.com/option.",
};
const struct schema schema_options = { .type = VALUE_MAP, .key = &option_key, .item = &option_value, .max = 16 };

/* parentRefs */
static const struct schema_field parent_ref_fields[] = {
	{ "group", &schema_group, false },
	{ "kind", &schema_kind, false },
	{ "namespace", &schema_namespace, false },
	{ "name", &schema_object_name, true },
	{ "sectionName", &schema_section_name, false },
	{ "port", &schema_port, false },
};
static const struct schema parent_ref = { .type = VALUE_OBJECT, SCHEMA_FIELDS(parent_ref_fields) };

static bool is_same_text(const struct node *a, const struct node *b, const char *key, const char *fallback)
{
	return str_eq(value_text(value_get(a, key), fallback), value_text(value_get(b, key), fallback));
}

static bool is_same_parent(const struct node *a, const struct node *b)
{
	return is_same_text(a, b, "name", "") && is_same_text(a, b, "namespace", "") &&
	       is_same_text(a, b, "group", "gateway.networking.k8s.io") && is_same_text(a, b, "kind", "Gateway");
}

static void compare_parents(struct check *check, const struct node *a, const struct node *b)
{
	int64_t port_a = value_int(value_get(a, "port"), 0), port_b = value_int(value_get(b, "port"), 0);
	bool has_section_a = value_get(a, "sectionName") != NULL,
		has_section_b = value_get(b, "sectionName") != NULL;

	if (has_section_a != has_section_b || (port_a == 0) != (port_b == 0))
		check_rule(check, b, "sectionName or port must be specified when parentRefs includes 2 or more "
			   "references to the same parent");
	else if (port_a == port_b && is_same_text(a, b, "sectionName", ""))
		check_rule(check, b, "sectionName or port must be unique when parentRefs includes 2 or more "
			   "references to the same parent");
}

static void parent_refs_rule(struct check *check, const struct node *node)
{
	for (size_t i = 1; i < value_count(node); i++) {
		size_t errors = check->error_count;

		for (size_t j = 0; j < i && check->error_count == errors; j++)
			if (is_same_parent(value_item(node, j), value_item(node, i)))
				compare_parents(check, value_item(node, j), value_item(node, i));
	}
}

const struct schema schema_parent_refs = {
	.type = VALUE_LIST, .item = &parent_ref, .max = 32, .rule = parent_refs_rule,
};

/* Backends */
static const struct schema weight = { .type = VALUE_INT, .min = 0, .max = 1000000 };

void shared_backend_rule(struct check *check, const struct node *node)
{
	bool is_core = value_text(value_get(node, "group"), "")[0] == '\0';

	if (is_core && str_eq(value_text(value_get(node, "kind"), "Service"), "Service") &&
	    !value_get(node, "port"))
		check_fail(check, "A0143", node, "Write the Service's port: port: 8080.",
			   "Must have port for Service reference");
}

static const struct schema_field backend_object_fields[] = {
	{ "group", &schema_group, false },
	{ "kind", &schema_kind, false },
	{ "name", &schema_object_name, true },
	{ "namespace", &schema_namespace, false },
	{ "port", &schema_port, false },
};
const struct schema schema_backend_object = {
	.type = VALUE_OBJECT, SCHEMA_FIELDS(backend_object_fields), .rule = shared_backend_rule,
};

static const struct schema_field backend_ref_fields[] = {
	{ "group", &schema_group, false },
	{ "kind", &schema_kind, false },
	{ "name", &schema_object_name, true },
	{ "namespace", &schema_namespace, false },
	{ "port", &schema_port, false },
	{ "weight", &weight, false },
};
const struct schema schema_backend_ref = {
	.type = VALUE_OBJECT, SCHEMA_FIELDS(backend_ref_fields), .rule = shared_backend_rule,
};

/* Session persistence */
static const char *const persistence_types[] = { "Cookie", "Header", NULL };
static const char *const lifetime_types[] = { "Permanent", "Session", NULL };
static const struct schema persistence_type = { .type = VALUE_STRING, .values = persistence_types };
static const struct schema lifetime_type = { .type = VALUE_STRING, .values = lifetime_types };
static const struct schema session_name = { .type = VALUE_STRING, .max = 128 };
static const struct schema_field cookie_fields[] = { { "lifetimeType", &lifetime_type, false } };
static const struct schema cookie = { .type = VALUE_OBJECT, SCHEMA_FIELDS(cookie_fields) };
static const struct schema_field session_fields[] = {
	{ "sessionName", &session_name, false },
	{ "absoluteTimeout", &schema_duration, false },
	{ "idleTimeout", &schema_duration, false },
	{ "type", &persistence_type, false },
	{ "cookieConfig", &cookie, false },
};

static void session_rule(struct check *check, const struct node *node)
{
	const char *lifetime = value_text(value_get2(node, "cookieConfig", "lifetimeType"), "Session");

	if (str_eq(lifetime, "Permanent") && !value_get(node, "absoluteTimeout"))
		check_rule(check, node, "AbsoluteTimeout must be specified when cookie lifetimeType is Permanent");
}

const struct schema schema_session_persistence = {
	.type = VALUE_OBJECT, SCHEMA_FIELDS(session_fields), .rule = session_rule,
};
