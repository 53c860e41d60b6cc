/* The same object twice: an error that names both places. The one that stands first (by file, then line) is kept, so
 * that the order of the files on the command line makes no difference. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/sort.h"
#include "base/str.h"
#include "schema/decode_internal.h"

/** One object of an array, for sorting. */
struct entry {
	const char *group, *kind;
	const struct meta *meta;
	size_t index;              /**< in its array */
};

static int compare_identity(const struct entry *a, const struct entry *b)
{
	int order = strcmp(a->meta->key, b->meta->key);

	if (!order)
		order = strcmp(a->kind, b->kind);
	return order ? order : strcmp(a->group, b->group);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *ea = a, *eb = b;
	int order = compare_identity(ea, eb);

	if (!order)
		order = span_compare(&ea->meta->span, &eb->meta->span);
	return order ? order : (ea->index > eb->index) - (ea->index < eb->index);
}

static void report(struct decoder *decoder, const struct entry *first, const struct entry *again)
{
	const struct span *span = &first->meta->span;
	struct diag *diag = diag_add(decoder->diags, SEVERITY_ERROR, "A0133", again->meta->span,
				     "%s %s was given before, at %s:%u:%u", again->kind, again->meta->key, span->text->name,
				     span->line, span->column);

	diag_help(decoder->diags, diag, "Remove one of the two, or give one another name or namespace.");
	decode_refuse(decoder, again->kind);
}

/* Reports all but the first of equal entries and marks them in @p is_dropped, by index. */
static size_t mark(struct decoder *decoder, struct entry *entries, size_t count, bool *is_dropped)
{
	size_t first = 0, dropped = 0;

	sort_items(entries, count, sizeof(*entries), compare_entries);
	for (size_t i = 1; i < count; i++) {
		if (compare_identity(&entries[first], &entries[i]) != 0) {
			first = i;
			continue;
		}
		report(decoder, &entries[first], &entries[i]);
		is_dropped[entries[i].index] = true;
		dropped++;
	}
	return dropped;
}

/* The arrays hold pointers to different types; their bytes are moved without looking at the type. */
static void *get_item(const void *array, size_t index)
{
	void *item;

	memcpy(&item, (const char *)array + index * sizeof(item), sizeof(item));
	return item;
}

static void keep_items(void *array, size_t *count, const bool *is_dropped)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		void *item = get_item(array, i);

		if (!is_dropped[i])
			memcpy((char *)array + kept++ * sizeof(item), &item, sizeof(item));
	}
	*count = kept;
}

/** How an item of one array is described. */
typedef struct entry (*entry_of)(const void *item);

/** Whether two have a namespace and name in common, which is seen for a tenth of what sorting costs. */
static enum rc look_for_twins(void *array, size_t count, entry_of describe, bool *ret_any)
{
	struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
	void *before = NULL;
	struct map seen;
	enum rc rc;

	map_init(&seen, arena);
	rc = arena ? map_reserve(&seen, count) : RC_NOMEM;
	for (size_t i = 0; !rc && !before && i < count; i++) {
		void *item = get_item(array, i);

		rc = map_put(&seen, describe(item).meta->key, item, &before);
	}
	arena_free(arena);
	*ret_any = before;
	return rc;
}

static enum rc drop(struct decoder *decoder, void *array, size_t *count, entry_of describe)
{
	struct entry *entries;
	bool *is_dropped, any;
	enum rc rc;

	if (*count < 2)
		return RC_OK;
	rc = look_for_twins(array, *count, describe, &any);
	if (rc || !any)
		return rc;
	rc = RC_NOMEM;
	entries = calloc(*count, sizeof(*entries));
	is_dropped = calloc(*count, sizeof(*is_dropped));
	if (entries && is_dropped) {
		rc = RC_OK;
		for (size_t i = 0; i < *count; i++) {
			entries[i] = describe(get_item(array, i));
			entries[i].index = i;
		}
		if (mark(decoder, entries, *count, is_dropped) > 0)
			keep_items(array, count, is_dropped);
	}
	free(entries);
	free(is_dropped);
	return rc;
}

#define DESCRIBE(name, type, group_text, kind_text) \
	static struct entry name(const void *item) \
	{ \
		const type *object = item; \
\
		return (struct entry){ .group = (group_text), .kind = (kind_text), .meta = &object->meta }; \
	}

DESCRIBE(class_entry, struct gateway_class, "", "GatewayClass")
DESCRIBE(gateway_entry, struct gateway, "", "Gateway")
DESCRIBE(route_entry, struct http_route, "", "HTTPRoute")
DESCRIBE(other_entry, struct other_route, "", object->kind)
DESCRIBE(grant_entry, struct reference_grant, "", "ReferenceGrant")
DESCRIBE(tls_policy_entry, struct backend_tls_policy, "", "BackendTLSPolicy")
DESCRIBE(policy_entry, struct policy, object->group, object->kind)
DESCRIBE(namespace_entry, struct namespace_object, "", "Namespace")
DESCRIBE(service_entry, struct service, "", "Service")
DESCRIBE(tunnel_entry, struct native_tunnel, "", "Tunnel")

enum rc decode_drop_duplicates(struct decoder *decoder)
{
	struct objects *o = decoder->objects;
	const struct {
		void *array;
		size_t *count;
		entry_of describe;
	} arrays[] = {
		{ o->classes, &o->class_count, class_entry },
		{ o->gateways, &o->gateway_count, gateway_entry },
		{ o->routes, &o->route_count, route_entry },
		{ o->others, &o->other_count, other_entry },
		{ o->grants, &o->grant_count, grant_entry },
		{ o->tls_policies, &o->tls_policy_count, tls_policy_entry },
		{ o->policies, &o->policy_count, policy_entry },
		{ o->namespaces, &o->namespace_count, namespace_entry },
		{ o->services, &o->service_count, service_entry },
		{ o->tunnels, &o->tunnel_count, tunnel_entry },
	};
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < sizeof(arrays) / sizeof(arrays[0]); i++)
		rc = drop(decoder, arrays[i].array, arrays[i].count, arrays[i].describe);
	return rc;
}
