/* Look-ups over the input: classes, namespaces, Services, grants, BackendTLSPolicies. */
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "base/str.h"
#include "schema/translate_internal.h"

char *translate_object(struct translation *t, const char *kind, const struct meta *meta)
{
	size_t kind_size = strlen(kind), key_size = strlen(meta->key);
	char *object = arena_alloc(t->arena, kind_size + 1 + key_size + 1);

	if (!object)
		return NULL;
	memcpy(object, kind, kind_size);
	object[kind_size] = ' ';
	memcpy(object + kind_size + 1, meta->key, key_size);
	return object;
}

bool translate_is_ignored(struct translation *t, const char *kind, const struct meta *meta)
{
	if (meta->ignore)
		diag_add(t->diags, SEVERITY_NOTE, "A0205", meta->span,
			 "%s %s is ignored, as its annotation asks", kind, meta->key);
	return meta->ignore;
}

/** A joined key: in @p stack where it fits, else on the heap; free with done_key(). */
struct key {
	char stack[512];
	char *bytes; /**< NULL when memory is used up */
	size_t size;
};

static char *key_room(struct key *key, size_t size)
{
	key->size = size;
	key->bytes = size <= sizeof(key->stack) ? key->stack : malloc(size);
	return key->bytes;
}

static void make_key(struct key *key, const char *const *parts, size_t count)
{
	size_t total = 0;
	char *end;

	for (size_t i = 0; i < count; i++)
		total += strlen(parts[i]) + 1;
	end = key_room(key, total);
	for (size_t i = 0; end && i < count; i++) {
		size_t size = strlen(parts[i]);

		memcpy(end, parts[i], size);
		end[size] = '\n';
		end += size + 1;
	}
}

static void done_key(struct key *key)
{
	if (key->bytes != key->stack)
		free(key->bytes);
}

void *translate_get(const struct map *map, const char *const *parts, size_t count)
{
	struct key key;
	void *value;

	if (!map->count)
		return NULL;
	make_key(&key, parts, count);
	value = key.bytes ? map_get_bytes(map, key.bytes, key.size) : NULL;
	done_key(&key);
	return value;
}

void *translate_find(const struct map *map, const char *name_space, const char *name)
{
	size_t before = strlen(name_space), after = strlen(name);
	struct key key;
	void *value = NULL;

	if (!map->count)
		return NULL;
	if (key_room(&key, before + 1 + after)) {
		memcpy(key.bytes, name_space, before);
		key.bytes[before] = '/';
		memcpy(key.bytes + before + 1, name, after);
		value = map_get_bytes(map, key.bytes, key.size);
	}
	done_key(&key);
	return value;
}

enum rc translate_put(struct translation *t, struct map *map, const char *const *parts, size_t count, void *value)
{
	struct key key;
	char *kept;

	make_key(&key, parts, count);
	kept = key.bytes ? arena_memdup(t->arena, key.bytes, key.size) : NULL;
	done_key(&key);
	return kept ? map_put_bytes(map, kept, key.size, value, NULL) : RC_NOMEM;
}

static enum rc index_grant(struct translation *t, struct reference_grant *grant)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < grant->from_count; i++) {
		const struct reference_from *from = &grant->from[i];

		if (!str_eq(from->group, GATEWAY_GROUP) || !str_eq(from->kind, "HTTPRoute"))
			continue;
		for (size_t k = 0; !rc && k < grant->to_count; k++) {
			const struct reference_to *to = &grant->to[k];
			const char *const parts[] = {grant->meta.name_space, from->name_space,
						     str_or_empty(to->name)};

			if (str_is_empty(to->group) && str_eq(to->kind, "Service"))
				rc = translate_put(t, &t->grants, parts, 3, grant);
		}
	}
	return rc;
}

bool translate_is_granted(const struct translation *t, const char *from, const char *to, const char *name)
{
	const char *const any[] = {to, from, ""}, *const named[] = {to, from, name};

	return translate_get(&t->grants, any, 3) || translate_get(&t->grants, named, 3);
}

static bool tls_policy_precedes(const struct backend_tls_policy *a, const struct backend_tls_policy *b)
{
	if (a->meta.created_s != b->meta.created_s)
		return a->meta.created_s < b->meta.created_s;
	return strcmp(a->meta.key, b->meta.key) < 0;
}

static enum rc index_tls_policy(struct translation *t, struct backend_tls_policy *policy)
{
	for (size_t i = 0; i < policy->target_count; i++) {
		const struct policy_target *target = &policy->targets[i];
		const char *section = target->section_name;
		const char *key;
		enum rc rc = RC_OK;

		if (!str_is_empty(target->group) || !str_eq(target->kind, "Service") || !target->name)
			continue;
		key = arena_printf(t->arena, "%s/%s", policy->meta.name_space, target->name);
		if (!key)
			return RC_NOMEM;
		const char *const parts[] = {key, str_or_empty(section)};
		const struct backend_tls_policy *other = translate_get(&t->tls_policies, parts, 2);

		if (!other || tls_policy_precedes(policy, other))
			rc = translate_put(t, &t->tls_policies, parts, 2, policy);
		if (!rc && section)
			rc = map_put(&t->tls_sections, key, policy, NULL);
		if (rc)
			return rc;
	}
	return RC_OK;
}

const struct backend_tls_policy *translate_tls_policy(const struct translation *t, const char *service_key,
						      const char *port_name)
{
	const char *const whole[] = {service_key, ""}, *const port[] = {service_key, port_name};
	const struct backend_tls_policy *policy = NULL;

	if (!str_is_empty(port_name))
		policy = translate_get(&t->tls_policies, port, 2);
	return policy ? policy : translate_get(&t->tls_policies, whole, 2);
}

struct sort_entry *translate_entries(struct translation *t, size_t count)
{
	if (count > t->entry_capacity || !t->entries) {
		t->entries = arena_array(t->scratch, count, 2 * sizeof(*t->entries));
		t->entry_capacity = t->entries ? count : 0;
	}
	return t->entries;
}

static enum rc index_routes(struct translation *t)
{
	const struct objects *objects = t->in->objects;
	struct sort_entry *entries = translate_entries(t, objects->route_count);

	t->routes = arena_array(t->scratch, objects->route_count, sizeof(*t->routes));
	if (!t->routes || !entries)
		return RC_NOMEM;
	for (size_t i = 0; i < objects->route_count; i++) {
		struct http_route *route = objects->routes[i];

		if (!translate_is_ignored(t, "HTTPRoute", &route->meta))
			entries[t->route_count++] = (struct sort_entry){0, route->meta.key, route};
	}
	sort_entries(entries, entries + t->route_count, t->route_count);
	for (size_t i = 0; i < t->route_count; i++)
		t->routes[i].route = entries[i].item;
	return RC_OK;
}

static void init_maps(struct translation *t)
{
	struct map *const maps[] = {&t->classes, &t->gateway_by_key, &t->namespaces, &t->services,
				    &t->listener_sets,
				    &t->grants, &t->tls_policies, &t->tls_sections, &t->policies, &t->policies_found,
				    &t->tunnel_names, &t->noted_services, &t->regexes, &t->refused_by_key};

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		map_init(maps[i], t->scratch);
}

enum rc translate_index(struct translation *t)
{
	const struct objects *o = t->in->objects;
	enum rc rc = RC_OK;

	init_maps(t);
	for (size_t i = 0; !rc && i < o->class_count; i++)
		if (!translate_is_ignored(t, "GatewayClass", &o->classes[i]->meta))
			rc = map_put(&t->classes, o->classes[i]->meta.name, o->classes[i], NULL);
	for (size_t i = 0; !rc && i < o->namespace_count; i++)
		if (!translate_is_ignored(t, "Namespace", &o->namespaces[i]->meta))
			rc = map_put(&t->namespaces, o->namespaces[i]->meta.name, o->namespaces[i], NULL);
	for (size_t i = 0; !rc && i < o->service_count; i++)
		if (!translate_is_ignored(t, "Service", &o->services[i]->meta)) {
			t->has_annotated_services |= translate_has_annotation(&o->services[i]->meta);
			rc = map_put(&t->services, o->services[i]->meta.key, o->services[i], NULL);
		}
	for (size_t i = 0; !rc && i < o->grant_count; i++)
		if (!translate_is_ignored(t, "ReferenceGrant", &o->grants[i]->meta))
			rc = index_grant(t, o->grants[i]);
	for (size_t i = 0; !rc && i < o->tls_policy_count; i++)
		if (!translate_is_ignored(t, "BackendTLSPolicy", &o->tls_policies[i]->meta))
			rc = index_tls_policy(t, o->tls_policies[i]);
	for (size_t i = 0; !rc && i < o->other_count; i++)
		if (!o->others[i]->meta.ignore && str_eq(o->others[i]->kind, "ListenerSet"))
			rc = map_put(&t->listener_sets, o->others[i]->meta.key, o->others[i], NULL);
	return rc ? rc : index_routes(t);
}
