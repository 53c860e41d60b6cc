/* Schemas of metadata: metav1.ObjectMeta as the API server takes it. */
#include "base/clock.h"
#include "base/str.h"
#include "schema/decode_format.h"
#include "schema/decode_shared.h"

#define NAME_HELP "Lower-case letters, digits, '-' and '.', a letter or digit at both ends, at most 253."
#define LABEL_NAME_HELP "Lower-case letters, digits and '-', a letter or digit at both ends, at most 63."
#define ANNOTATIONS_MAX_BYTES (256u * 1024)

const struct schema schema_name_subdomain = {
	.type = VALUE_STRING, .min = 1, .max = 253, .is_valid = format_is_subdomain,
	.what = "the name of an object", .help = NAME_HELP,
};
const struct schema schema_name_label = {
	.type = VALUE_STRING, .min = 1, .max = 63, .is_valid = format_is_label, .what = "the name of a namespace",
	.help = LABEL_NAME_HELP,
};
const struct schema schema_name_service = {
	.type = VALUE_STRING, .min = 1, .max = 63, .is_valid = format_is_service_name,
	.what = "the name of a Service",
	.help = "Lower-case letters, digits and '-', starting with a letter and not ending with '-', at most 63.",
};

static const struct schema annotation_key = {
	.type = VALUE_STRING, .min = 1, .max = 317, .what = "an annotation's key",
	.help = "Up to 63 letters, digits, '-', '_' and '.', with an optional prefix: example.com/name.",
	/* prefixes may be in upper case here, other than those of labels */
	.pattern = "^([a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*/)?"
		   "([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$",
};
static void annotations_rule(struct check *check, const struct node *node)
{
	size_t total = 0;

	for (size_t i = 0; i < node->u.mapping.count; i++)
		total += node->u.mapping.members[i].value ? node->u.mapping.members[i].value->text_size : 0;
	if (total > ANNOTATIONS_MAX_BYTES)
		check_rule(check, node, "annotations must not be larger than 262144 bytes together");
}

static const struct schema annotations = {
	.type = VALUE_MAP, .key = &annotation_key, .item = &schema_string, .rule = annotations_rule,
};

static bool is_timestamp(const char *text, size_t size)
{
	int64_t wall_ms;

	return size < 64 && clock_parse_rfc3339(text, &wall_ms) == RC_OK;
}

static const struct schema timestamp = {
	.type = VALUE_STRING, .is_valid = is_timestamp, .what = "a point in time",
	.help = "As in 2026-11-23T03:33:00Z.",
};
static const struct schema integer = { .type = VALUE_INT, .min = INT64_MIN, .max = INT64_MAX };
static const struct schema list = { .type = VALUE_LIST, .item = &schema_any };

/* The format of the name depends on the kind, that of the namespace does not. */
static const struct schema_field metadata_fields[] = {
	{ "annotations", &annotations, false },
	{ "creationTimestamp", &timestamp, false },
	{ "deletionGracePeriodSeconds", &integer, false },
	{ "deletionTimestamp", &timestamp, false },
	{ "finalizers", &list, false },
	{ "generateName", &schema_string, false },
	{ "generation", &integer, false },
	{ "labels", &schema_labels, false },
	{ "managedFields", &list, false },
	{ "name", &schema_string, false },
	{ "namespace", &schema_namespace, false },
	{ "ownerReferences", &list, false },
	{ "resourceVersion", &schema_string, false },
	{ "selfLink", &schema_string, false },
	{ "uid", &schema_string, false },
};
const struct schema schema_metadata = { .type = VALUE_OBJECT, SCHEMA_FIELDS(metadata_fields) };
