/* BackendTLSPolicy and foreign policies as typed values. */
#include "base/str.h"
#include "schema/decode_internal.h"
#include "schema/decode_shared.h"

static const char *default_group(const char *kind)
{
	return str_eq(kind, "Service") ? "" : GATEWAY_GROUP;
}

static void build_target(struct decoder *decoder, const struct node *node, const char *name_space,
			 struct policy_target *to)
{
	to->kind = build_name(decoder, value_get(node, "kind"), "");
	to->group = build_name(decoder, value_get(node, "group"), default_group(to->kind));
	to->name_space = build_name(decoder, value_get(node, "namespace"), name_space);
	to->name = decode_build_text(decoder, value_get(node, "name"));
	to->section_name = build_intern(decoder, value_text(value_get(node, "sectionName"), NULL));
	to->span = build_span(decoder, node);
	/* Without a name everything of that kind counts as targeted: what protects must not be narrowed. */
	if (!to->name)
		to->selector.is_present = true;
}

void build_tls_policy(struct decoder *decoder, const struct node *root, const struct meta *meta)
{
	const struct node *spec = value_get(root, "spec"), *targets = value_get(spec, "targetRefs");
	const struct node *validation = value_get(spec, "validation");
	struct backend_tls_policy *policy = build_new(decoder, sizeof(*policy));

	if (!policy)
		return;
	policy->meta = *meta;
	policy->targets = build_items(decoder, targets, sizeof(*policy->targets), &policy->target_count);
	for (size_t i = 0; i < policy->target_count; i++)
		build_target(decoder, value_item(targets, i), meta->name_space, &policy->targets[i]);
	policy->hostname = decode_build_text(decoder, value_get(validation, "hostname"));
	policy->uses_system_cas = str_eq(value_text(value_get(validation, "wellKnownCACertificates"), ""),
					 "System");
	policy->ca_ref_count = value_count(value_get(validation, "caCertificateRefs"));
	policy->san_count = value_count(value_get(validation, "subjectAltNames"));
	BUILD_ADD(decoder, decoder->objects->tls_policies, decoder->objects->tls_policy_count,
		  decoder->objects->tls_policy_capacity, policy);
}

/* A reference names at least a kind; anything else under these names is something of the foreign API's own. */
static bool is_target(const struct node *node)
{
	return value_text(value_get(node, "kind"), NULL) != NULL;
}

/* A reference, or a list of them. */
static bool has_target(const struct node *node)
{
	bool is_any = is_target(node);

	for (size_t i = 0; !is_any && i < value_count(node); i++)
		is_any = is_target(value_item(node, i));
	return is_any;
}

/* What names a target in another shape than that of GEP-713 would be passed over, and protect nothing. */
static bool has_shapes(struct decoder *decoder, const struct node *spec, const char *name_space)
{
	static const struct schema mapping = { .type = VALUE_OBJECT, .is_open = true };
	static const struct schema list = { .type = VALUE_LIST, .item = &schema_any };
	static const struct {
		const char *name;
		const struct schema *schema;
	} shapes[] = { { "targetRef", &mapping }, { "targetRefs", &list }, { "targetSelectors", &list } };
	const struct check_path spec_step = { .name = "spec" };
	size_t errors = decoder->check.error_count;

	decoder->check.name_space = name_space;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct check_path step = { .parent = &spec_step, .name = shapes[i].name };
		const struct node *node = value_get(spec, shapes[i].name);

		if (!has_target(node))
			continue;
		decoder->check.path = &step;
		check_value(&decoder->check, shapes[i].schema, node);
		decoder->check.path = NULL;
	}
	return decoder->check.error_count == errors;
}

static size_t count_targets(const struct node *spec)
{
	const struct node *refs = value_get(spec, "targetRefs"), *selectors = value_get(spec, "targetSelectors");
	size_t count = is_target(value_get(spec, "targetRef"));

	for (size_t i = 0; i < value_count(refs); i++)
		count += is_target(value_item(refs, i));
	for (size_t i = 0; i < value_count(selectors); i++)
		count += is_target(value_item(selectors, i));
	return count;
}

static void add_target(struct decoder *decoder, struct policy *policy, const struct node *node, bool is_selector)
{
	struct policy_target *to = &policy->targets[policy->target_count];

	if (!is_target(node))
		return;
	build_target(decoder, node, policy->meta.name_space, to);
	if (is_selector) {
		to->name = NULL;
		to->selector = build_selector(decoder, node);
	}
	policy->target_count++;
}

static void add_targets(struct decoder *decoder, struct policy *policy, const struct node *spec)
{
	const struct node *refs = value_get(spec, "targetRefs"), *selectors = value_get(spec, "targetSelectors");

	add_target(decoder, policy, value_get(spec, "targetRef"), false);
	for (size_t i = 0; i < value_count(refs); i++)
		add_target(decoder, policy, value_item(refs, i), false);
	for (size_t i = 0; i < value_count(selectors); i++)
		add_target(decoder, policy, value_item(selectors, i), true);
}

bool build_policy(struct decoder *decoder, const struct node *root, const char *group, const char *kind)
{
	const struct node *spec = value_get(root, "spec");
	size_t count = count_targets(spec);
	struct policy *policy;

	if (!has_shapes(decoder, spec, value_text(value_get2(root, "metadata", "namespace"), decoder->default_namespace)))
		return true;
	if (count == 0)
		return false;
	policy = build_new(decoder, sizeof(*policy));
	if (!policy)
		return true;
	meta_build_foreign(decoder, root, &policy->meta);
	policy->group = build_intern(decoder, group);
	policy->kind = build_intern(decoder, kind);
	policy->targets = arena_array(decoder->arena, count, sizeof(*policy->targets));
	if (!policy->targets) {
		decoder->out_of_memory = true;
		return true;
	}
	add_targets(decoder, policy, spec);
	BUILD_ADD(decoder, decoder->objects->policies, decoder->objects->policy_count,
		  decoder->objects->policy_capacity, policy);
	return true;
}
