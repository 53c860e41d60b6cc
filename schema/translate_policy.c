/* Policies of other groups: adit implements none of them, so what they cover must not be served without them.
 *
 * The index: "name\n<kind>\n<key>" for targets by name; for selectors "label\n<kind>\n<namespace>\n<key>\n<value>" by
 * each value of their first In requirement, or "any\n<kind>\n<namespace>" without one; so that an object asks for its
 * own name and labels only. */
#include <string.h>

#include "base/sort.h"
#include "base/str.h"
#include "schema/translate_internal.h"

#define ENOUGH_SAID 2u /**< a refusal names the first object that a policy reaches, and whether there are others */

struct policy_entry {
	const struct policy *policy;
	const struct policy_target *target;
	struct fault fault;
	unsigned said;
};

/** Entries under one key. However many Routes and policies meet under one label: once all entries are said, an object
 * looks no further than the first that covers it. */
struct policy_list {
	struct policy_entry *items;
	size_t count, capacity;
	size_t unsaid;         /**< entries of which not enough was said */
	bool is_sorted;
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

static enum rc put_entry(struct translation *t, const char *const *parts, size_t count,
			 const struct policy_entry *entry)
{
	struct policy_list *list = translate_get(&t->policies, parts, count);
	struct policy_entry *grown;
	enum rc rc;

	if (!list) {
		list = arena_alloc(t->arena, sizeof(*list));
		if (!list)
			return RC_NOMEM;
		rc = translate_put(t, &t->policies, parts, count, list);
		if (rc)
			return rc;
	}
	grown = arena_grow(t->arena, list->items, list->count, &list->capacity, sizeof(*grown));
	if (!grown)
		return RC_NOMEM;
	list->items = grown;
	grown[list->count++] = *entry;
	list->unsaid++;
	return RC_OK;
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

static int compare_entries(const void *a, const void *b)
{
	const struct policy_entry *ea = a, *eb = b;
	int order = str_compare(ea->policy->kind, eb->policy->kind);

	if (!order)
		order = str_compare(ea->policy->meta.key, eb->policy->meta.key);
	return order ? order : span_compare(&ea->target->span, &eb->target->span);
}

/** What a policy closes, for its refusal: "all that Gateway edge/web serves". */
static const char *reach_text(struct translation *t, const char *kind, const struct meta *meta,
			      const char *section)
{
	if (section && !str_eq(section, ANY_SECTION))
		return arena_printf(t->arena, "all that %s of %s %s serves", section, kind, meta->key);
	return arena_printf(t->arena, "all that %s %s serves", kind, meta->key);
}

static enum rc say(struct translation *t, struct policy_list *list, struct policy_entry *entry, const char *kind,
		   const struct meta *meta, const char *section)
{
	const char *object, *place;

	if (entry->said == ENOUGH_SAID)
		return RC_OK;
	object = translate_object(t, entry->policy->kind, &entry->policy->meta);
	place = reach_text(t, kind, meta, section);
	if (!object || !place)
		return RC_NOMEM;
	entry->said++;
	list->unsaid -= entry->said == ENOUGH_SAID;
	return translate_refuse(t, object, &entry->fault, "http_status:500 at", place);
}

static enum rc take(struct translation *t, struct policy_list *list, const char *kind, const struct meta *meta,
		    const char *section, struct policy_found *found)
{
	const struct policy_entry *first = NULL;
	enum rc rc = RC_OK;

	if (list && !list->is_sorted) {
		sort_items(list->items, list->count, sizeof(*list->items), compare_entries);
		list->is_sorted = true;
	}
	for (size_t i = 0; !rc && list && i < list->count && (!first || list->unsaid); i++) {
		struct policy_entry *entry = &list->items[i];

		if ((first && entry->said == ENOUGH_SAID) || !section_fits(entry->target, section) ||
		    (!entry->target->name && !translate_selects(&entry->target->selector, meta, NULL)))
			continue;
		first = first ? first : entry;
		rc = say(t, list, entry, kind, meta, section);
	}
	if (first && (!found->first || compare_entries(first, found->first) < 0))
		found->first = first;
	return rc;
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
		found = arena_alloc(t->scratch, sizeof(*found));
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
