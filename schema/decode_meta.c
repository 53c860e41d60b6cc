/* metadata as a typed value, adit's own annotations included. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "schema/decode_internal.h"

#define ANNOTATION_PREFIX "adit.cnap.tech/"

static const char *const annotation_names[] = { "origin-request", "dns", "protect", "ignore" };

const char *meta_default_namespace(struct decoder *decoder, struct span span)
{
	struct diag *diag;

	if (decoder->default_namespace)
		return build_intern(decoder, decoder->default_namespace);
	if (!decoder->has_noted_namespace) {
		decoder->has_noted_namespace = true;
		diag = diag_add(decoder->diags, SEVERITY_NOTE, "A0151", span,
				"objects without metadata.namespace count as of the namespace \"default\"");
		diag_help(decoder->diags, diag,
			  "Name their namespace with -n NAMESPACE, or in the project's sources.");
	}
	return "default";
}

const char *meta_namespace(struct decoder *decoder, const struct node *root)
{
	const struct node *name_space = value_get2(root, "metadata", "namespace");

	return name_space ? build_name(decoder, name_space, "default") :
			    meta_default_namespace(decoder, node_span(decoder->text, root));
}

/* "namespace/name" in one allocation, of which name is the second half. */
static void build_key(struct decoder *decoder, const char *name, struct meta *meta)
{
	size_t prefix = meta->name_space[0] ? strlen(meta->name_space) + 1 : 0, size = strlen(name) + 1;
	char *key = build_new(decoder, prefix + size);

	meta->name = meta->key = "";
	if (!key)
		return;
	if (prefix > 0) {
		memcpy(key, meta->name_space, prefix - 1);
		key[prefix - 1] = '/';
	}
	memcpy(key + prefix, name, size);
	meta->key = key;
	meta->name = key + prefix;
}

static struct pair *build_pairs(struct decoder *decoder, const struct node *map, bool is_interned,
				size_t *ret_count)
{
	struct pair *pairs = build_items(decoder, map, sizeof(*pairs), ret_count);

	for (size_t i = 0; i < *ret_count; i++) {
		const struct node_member *member = &map->u.mapping.members[i];
		const char *value = value_text(member->value, "");

		pairs[i].key = build_intern(decoder, member->key);
		pairs[i].value = is_interned ? build_intern(decoder, value) : build_copy(decoder, value);
		pairs[i].span = build_span(decoder, member->value);
	}
	return pairs;
}

static void unknown_annotation(struct decoder *decoder, const struct node *place, const char *key)
{
	const char *nearest = str_nearest(key + strlen(ANNOTATION_PREFIX), annotation_names,
					  sizeof(annotation_names) / sizeof(annotation_names[0]));
	char help[160];

	snprintf(help, sizeof(help), "%s%s%s", nearest ?
		 "Did you mean " ANNOTATION_PREFIX : "Known: " ANNOTATION_PREFIX,
		 nearest ? nearest : "origin-request, dns, protect, ignore", nearest ? "?" : ".");
	check_fail(&decoder->check, "A0145", place, help, "unknown annotation \"%.100s\"", key);
}

static bool annotation_flag(struct decoder *decoder, const struct node_member *annotation)
{
	const char *text = value_text(annotation->value, "");

	if (str_eq(text, "true"))
		return true;
	if (!str_eq(text, "false"))
		check_fail(&decoder->check, "A0146", annotation->value,
			   "In quotes, since annotations are strings.",
			   "annotation %s must be \"true\" or \"false\"", annotation->key);
	return false;
}

static void no_effect(struct decoder *decoder, const struct kind *kind, const struct node_member *annotation)
{
	struct diag *diag = diag_add(decoder->diags, SEVERITY_WARNING, "A0154",
				     node_span(decoder->text, annotation->value),
				     "annotation %s has no effect on a %s", annotation->key, kind->name);

	diag_help(decoder->diags, diag, "It belongs on a Gateway, an HTTPRoute or a Service.");
}

static void read_annotation(struct decoder *decoder, const struct kind *kind,
			    const struct node_member *annotation, struct meta *meta)
{
	const char *name;

	if (!str_has_prefix(annotation->key, ANNOTATION_PREFIX))
		return;
	name = annotation->key + strlen(ANNOTATION_PREFIX);
	if (str_eq(name, "origin-request"))
		meta->origin_request = origin_build_json(decoder, annotation->value);
	else if (str_eq(name, "dns"))
		meta->dns_off = !annotation_flag(decoder, annotation);
	else if (str_eq(name, "protect"))
		meta->protect = annotation_flag(decoder, annotation);
	else if (str_eq(name, "ignore"))
		meta->ignore = annotation_flag(decoder, annotation);
	else
		unknown_annotation(decoder, annotation->value, annotation->key);
	if (!kind->has_effects && !str_eq(name, "ignore"))
		no_effect(decoder, kind, annotation);
}

static void read_annotations(struct decoder *decoder, const struct kind *kind, const struct node *metadata,
			     struct meta *meta)
{
	const struct node *annotations = value_get(metadata, "annotations");
	struct check_path metadata_step = { .name = "metadata" };
	struct check_path step = { .parent = &metadata_step, .name = "annotations" };

	decoder->check.path = &step;
	for (size_t i = 0; i < value_count(annotations); i++)
		read_annotation(decoder, kind, &annotations->u.mapping.members[i], meta);
	decoder->check.path = NULL;
}

static int64_t created(const struct node *metadata)
{
	const char *text = value_text(value_get(metadata, "creationTimestamp"), NULL);
	int64_t wall_ms;

	return text && clock_parse_rfc3339(text, &wall_ms) == RC_OK ? wall_ms / 1000 : NO_TIMESTAMP;
}

void meta_build(struct decoder *decoder, const struct kind *kind, const struct node *root, struct meta *ret_meta)
{
	const struct node *metadata = value_get(root, "metadata");
	struct meta meta = { .name_space = "", .created_s = created(metadata) };

	if (kind->is_namespaced)
		meta.name_space = meta_namespace(decoder, root);
	build_key(decoder, value_text(value_get(metadata, "name"), ""), &meta);
	meta.labels = build_pairs(decoder, value_get(metadata, "labels"), true, &meta.label_count);
	meta.annotations = build_pairs(decoder, value_get(metadata, "annotations"), false,
				       &meta.annotation_count);
	meta.span = build_span(decoder, root);
	read_annotations(decoder, kind, metadata, &meta);
	*ret_meta = meta;
}

void meta_build_foreign(struct decoder *decoder, const struct node *root, struct meta *ret_meta)
{
	struct meta meta = { .created_s = NO_TIMESTAMP };

	meta.name_space = meta_namespace(decoder, root);
	build_key(decoder, value_text(value_get2(root, "metadata", "name"), ""), &meta);
	meta.span = build_span(decoder, root);
	*ret_meta = meta;
}
