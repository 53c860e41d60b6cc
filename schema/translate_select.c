/* Label selectors of Kubernetes. */
#include "base/str.h"
#include "schema/translate_internal.h"

#define NAMESPACE_LABEL "kubernetes.io/metadata.name" /**< the API server sets it; manifests rarely have it */

static const char *label_of(const struct meta *meta, const char *key, const char *name_space)
{
	if (name_space && str_eq(key, NAMESPACE_LABEL))
		return name_space;
	for (size_t i = 0; meta && i < meta->label_count; i++)
		if (str_eq(meta->labels[i].key, key))
			return str_or_empty(meta->labels[i].value);
	return NULL;
}

static bool is_among(const struct selector_requirement *requirement, const char *value)
{
	for (size_t i = 0; i < requirement->value_count; i++)
		if (str_eq(requirement->values[i], value))
			return true;
	return false;
}

/** @param is_known  false: what has the labels is not in the input, and to lack one is nothing that is known of it */
static bool holds(const struct selector_requirement *requirement, const char *value, bool is_known)
{
	if (!value && !is_known)
		return false;
	switch (requirement->op) {
	case SELECTOR_IN:
		return value && is_among(requirement, value);
	case SELECTOR_NOT_IN:
		return !value || !is_among(requirement, value);
	case SELECTOR_EXISTS:
		return value;
	case SELECTOR_DOES_NOT_EXIST:
		return !value;
	}
	return false;
}

bool translate_selects(const struct label_selector *selector, const struct meta *meta, const char *name_space)
{
	for (size_t i = 0; i < selector->requirement_count; i++) {
		const struct selector_requirement *requirement = &selector->requirements[i];

		if (!holds(requirement, label_of(meta, requirement->key, name_space), meta != NULL))
			return false;
	}
	return selector->is_present;
}
