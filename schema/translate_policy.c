/* Policies of other groups: adit implements none of them, so what they cover must not be served without them.
 *
 * The index: "name\n<kind>\n<key>" for targets by name; for selectors "label\n<kind>\n<namespace>\n<key>\n<value>" by
 * each value of their first In requirement, or "any\n<kind>\n<namespace>" without one; so that an object asks for its
 * own name and labels only. */
#include <string.h>

#include "base/str.h"
#include "schema/translate_internal.h"

struct policy_entry {
	const struct policy *policy;
	const struct policy_target *target;
	struct fault fault;
	struct policy_entry *next;
};

/** What was found for one object and section. */
struct policy_found {
	const struct policy_entry *first;
};

/** Kinds that a policy can reach us through; in a namespace or not. */
static const struct {
	const char *group, *kind;
	bool is_namespaced;
} reached_kinds[] = {
	{GATEWAY_GROUP, "Gateway", true},
	{GATEWAY_GROUP, "HTTPRoute", true},
	{"", "Service", true},
	{GATEWAY_GROUP, "GatewayClass", false},
	{"", "Namespace", false},
};

static bool is_reached_kind(const struct policy_target *target, bool *ret_is_namespaced)
{
	for (size_t i = 0; i < sizeof(reached_kinds) / sizeof(reached_kinds[0]); i++)
		if (str_eq(target->kind, reached_kinds[i].kind) &&
		    str_eq(str_or_empty(target->group), reached_kinds[i].group)) {
			*ret_is_namespaced = reached_kinds[i].is_namespaced;
			return true;
		}
	return false;
}

/** Put a list of its own for each key, as one entry may stand in several. */
static enum rc put_entry(struct translation *t, const char *const *parts, size_t count,
			 const struct policy_entry *entry)
{
	struct policy_entry *copy = arena_alloc(t->arena, sizeof(*copy));

	if (!copy)
		return RC_NOMEM;
	*copy = *entry;
	copy->next = translate_get(&t->policies, parts, count);
	return translate_put(t, &t->policies, parts, count, copy);
}

static enum rc put_selector(struct translation *t, const char *name_space, const struct policy_entry *entry)
{
	const struct label_selector *selector = &entry->target->selector;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < selector->requirement_count; i++) {
		const struct selector_requirement *requirement = &selector->requirements[i];

		if (requirement->op != SELECTOR_IN)
			continue;
		for (size_t v = 0; !rc && v < requirement->value_count; v++) {
			const char *const parts[] = {"label", entry->target->kind, name_space, requirement->key,
						     requirement->values[v]};

			rc = put_entry(t, parts, 5, entry);
		}
		return rc;
	}
	const char *const any[] = {"any", entry->target->kind, name_space};

	return put_entry(t, any, 3, entry);
}

static enum rc index_target(struct translation *t, const struct policy *policy, const struct policy_target *target)
{
	struct policy_entry entry = {.policy = policy, .target = target};
	const char *name_space = target->name_space ? target->name_space : policy->meta.name_space;
	const char *key = target->name;
	bool is_namespaced;

	if (!is_reached_kind(target, &is_namespaced))
		return RC_OK;
	entry.fault.feature = policy->kind;
	entry.fault.is_said = true;
	entry.fault.span = target->span;
	entry.fault.reason = arena_printf(t->arena,
					  "%s %s covers it, and adit does not implement %s: without it "
					  "something might be "
					  "served that it protects; leave it out of the input once something "
					  "else does its work",
					  policy->kind, policy->meta.key, policy->kind);
	if (!entry.fault.reason)
		return RC_NOMEM;
	if (!target->name)
		return put_selector(t, is_namespaced ? str_or_empty(name_space) : "", &entry);
	if (is_namespaced)
		key = arena_printf(t->arena, "%s/%s", str_or_empty(name_space), target->name);
	const char *const parts[] = {"name", target->kind, key};

	return key ? put_entry(t, parts, 3, &entry) : RC_NOMEM;
}

enum rc translate_policies(struct translation *t)
{
	const struct objects *objects = t->in->objects;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < objects->policy_count; i++) {
		const struct policy *policy = objects->policies[i];

		if (translate_is_ignored(t, policy->kind, &policy->meta))
			continue;
		for (size_t k = 0; !rc && k < policy->target_count; k++)
			rc = index_target(t, policy, &policy->targets[k]);
	}
	return rc;
}

static bool section_fits(const struct policy_target *target, const char *section)
{
	if (!section)
		return !target->section_name;
	return target->section_name && (str_eq(section, ANY_SECTION) || str_eq(section, target->section_name));
}

static bool entry_precedes(const struct policy_entry *a, const struct policy_entry *b)
{
	int order = str_compare(a->policy->kind, b->policy->kind);

	if (!order)
		order = str_compare(a->policy->meta.key, b->policy->meta.key);
	return order < 0 || (!order && span_compare(&a->target->span, &b->target->span) < 0);
}

/** What a policy closes, for its refusal: "all that Gateway edge/web serves". */
static const char *reach_text(struct translation *t, const char *kind, const struct meta *meta,
			      const char *section)
{
	if (section && !str_eq(section, ANY_SECTION))
		return arena_printf(t->arena, "all that %s of %s %s serves", section, kind, meta->key);
	return arena_printf(t->arena, "all that %s %s serves", kind, meta->key);
}

static enum rc take(struct translation *t, const struct policy_entry *list, const char *kind,
		    const struct meta *meta, const char *section, struct policy_found *found)
{
	for (; list; list = list->next) {
		const char *object, *place;
		enum rc rc;

		if (!section_fits(list->target, section) ||
		    (!list->target->name && !translate_selects(&list->target->selector, meta, NULL)))
			continue;
		if (!found->first || entry_precedes(list, found->first))
			found->first = list;
		object = translate_object(t, list->policy->kind, &list->policy->meta);
		place = reach_text(t, kind, meta, section);
		if (!object || !place)
			return RC_NOMEM;
		rc = translate_refuse(t, object, &list->fault, "http_status:500 at", place);
		if (rc)
			return rc;
	}
	return RC_OK;
}

static enum rc find(struct translation *t, const char *kind, const struct meta *meta, const char *section,
		    struct policy_found *found)
{
	const char *name_space = str_or_empty(meta->name_space);
	const char *const named[] = {"name", kind, meta->key}, *const any[] = {"any", kind, name_space};
	enum rc rc = take(t, translate_get(&t->policies, named, 3), kind, meta, section, found);

	if (!rc)
		rc = take(t, translate_get(&t->policies, any, 3), kind, meta, section, found);
	for (size_t i = 0; !rc && i < meta->label_count; i++) {
		const char *const label[] = {"label", kind, name_space, meta->labels[i].key,
					     str_or_empty(meta->labels[i].value)};

		rc = take(t, translate_get(&t->policies, label, 5), kind, meta, section, found);
	}
	return rc;
}

enum rc translate_policy_of(struct translation *t, const char *kind, const struct meta *meta, const char *section,
			    const struct fault **ret_fault)
{
	const char *const parts[] = {kind, meta->key, section ? section : ""};
	struct policy_found *found;
	enum rc rc;

	if (!t->policies.count)
		return RC_OK;
	found = translate_get(&t->policies_found, parts, 3);
	if (!found) {
		found = arena_alloc(t->arena, sizeof(*found));
		if (!found)
			return RC_NOMEM;
		rc = find(t, kind, meta, section, found);
		if (!rc)
			rc = translate_put(t, &t->policies_found, parts, 3, found);
		if (rc)
			return rc;
	}
	if (found->first)
		*ret_fault = &found->first->fault;
	return RC_OK;
}
