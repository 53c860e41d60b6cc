/* From what was recorded after a run to what it desired. */
#include "planner/restore.h"

#include <string.h>

#include "base/sort.h"
#include "base/str.h"
#include "schema/mark.h"

struct restoring {
	struct arena *arena;
	const char *project;
	const struct recorded_state *snapshot;
	const struct sharing *sharing;
	struct desired *desired;
	struct map rule_counts;      /**< tunnel address -> number of its rules, as size_t * */
	const char *missing;
};

static const struct recorded_gateway *gateway_of(const struct restoring *r, const char *address)
{
	for (size_t i = 0; i < r->snapshot->gateway_count; i++)
		if (str_eq(r->snapshot->gateways[i].address, address))
			return &r->snapshot->gateways[i];
	return NULL;
}

static enum rc count_rules(struct restoring *r)
{
	enum rc rc = RC_OK;

	map_init(&r->rule_counts, r->arena);
	for (size_t i = 0; !rc && i < r->snapshot->count; i++) {
		const struct resource *resource = r->snapshot->items[i].resource;
		size_t *count;

		if (resource->kind != RESOURCE_RULE)
			continue;
		count = map_get(&r->rule_counts, resource->tunnel);
		if (!count) {
			count = arena_alloc(r->arena, sizeof(*count));
			rc = count ? map_put(&r->rule_counts, resource->tunnel, count, NULL) : RC_NOMEM;
		}
		if (!rc)
			++*count;
	}
	return rc;
}

/** A copy without what only the API knows: it is asked for, not recorded. */
static struct resource *copy_resource(struct restoring *r, const struct resource *resource)
{
	struct resource *copy = (void *)arena_memdup(r->arena, resource, sizeof(*copy));

	if (copy)
		copy->id = NULL;
	return copy;
}

static enum rc add_rule(struct restoring *r, struct desired_tunnel *tunnel, struct map *taken, const struct recorded *item)
{
	struct resource *copy = copy_resource(r, item->resource);

	if (!copy)
		return RC_NOMEM;
	copy->protect = item->is_protected;
	tunnel->rules[tunnel->rule_count++] = copy;
	r->desired->rule_count++;
	return map_put(taken, copy->address, copy, NULL);
}

/** In the order that the tunnel had; rules of other projects' tunnels have their place by precedence. */
static enum rc add_rules(struct restoring *r, struct desired_tunnel *tunnel, const struct json *order)
{
	const size_t *count = map_get(&r->rule_counts, tunnel->tunnel->address);
	struct map taken;
	enum rc rc = RC_OK;

	tunnel->rules = arena_array(r->arena, count ? *count : 0, sizeof(struct resource *));
	if (!tunnel->rules)
		return RC_NOMEM;
	map_init(&taken, r->arena);
	for (size_t i = 0; !rc && order && i < json_count(order); i++) {
		const struct json *address = json_item(order, i);
		const struct recorded *item =
			address->type == JSON_STRING ? map_get(&r->snapshot->by_address, address->u.string) : NULL;

		if (item && item->resource->kind == RESOURCE_RULE && !map_get(&taken, item->resource->address))
			rc = add_rule(r, tunnel, &taken, item);
	}
	for (size_t i = 0; !rc && i < r->snapshot->count; i++) {
		const struct resource *resource = r->snapshot->items[i].resource;

		if (resource->kind == RESOURCE_RULE && str_eq(resource->tunnel, tunnel->tunnel->address) &&
		    !map_get(&taken, resource->address))
			rc = add_rule(r, tunnel, &taken, &r->snapshot->items[i]);
	}
	return rc;
}

static struct desired_tunnel *new_tunnel(struct restoring *r)
{
	struct desired *desired = r->desired;
	struct desired_tunnel *grown = arena_grow(r->arena, desired->tunnels, desired->tunnel_count, &desired->tunnel_capacity,
						  sizeof(*grown));

	if (!grown)
		return NULL;
	desired->tunnels = grown;
	return &grown[desired->tunnel_count++];
}

static enum rc add_tunnel(struct restoring *r, const struct recorded *item)
{
	const struct recorded_gateway *gateway = gateway_of(r, item->resource->address);
	struct desired_tunnel *tunnel;

	/* It was empty by then, and waited for its end. */
	if (item->retired_ms)
		return RC_OK;
	tunnel = new_tunnel(r);
	if (!tunnel)
		return RC_NOMEM;
	*tunnel = (struct desired_tunnel){.tunnel = copy_resource(r, item->resource), .protect = item->is_protected,
					  .gateway = gateway ? gateway->document : NULL};
	return tunnel->tunnel ? add_rules(r, tunnel, item->resource->u.tunnel.rule_order) : RC_NOMEM;
}

/** Rules in another project's tunnel: where that is now. */
static enum rc add_foreign(struct restoring *r, const struct recorded_gateway *gateway)
{
	const struct shared_tunnel *shared = sharing_find(r->sharing, gateway->address);
	struct desired_tunnel *tunnel;
	struct resource *resource;

	if (!shared || !shared->gateway) {
		r->missing = gateway->address;
		return RC_NOTFOUND;
	}
	tunnel = new_tunnel(r);
	resource = arena_alloc(r->arena, sizeof(*resource));
	if (!tunnel || !resource)
		return RC_NOMEM;
	resource->kind = RESOURCE_TUNNEL;
	resource->address = resource->tunnel = gateway->address;
	resource->id = shared->gateway->tunnel_id;
	resource->u.tunnel.name = shared->gateway->tunnel_name;
	*tunnel = (struct desired_tunnel){.tunnel = resource, .owner = gateway->owner};
	for (size_t i = 0; i < r->snapshot->count; i++)
		if (r->snapshot->items[i].resource->kind == RESOURCE_CNAME &&
		    str_eq(r->snapshot->items[i].resource->tunnel, gateway->address))
			resource->u.tunnel.account = r->snapshot->items[i].resource->u.cname.account;
	return add_rules(r, tunnel, NULL);
}

static enum rc add_cname(struct restoring *r, const struct recorded *item)
{
	struct desired *desired = r->desired;
	struct desired_cname *grown = arena_grow(r->arena, desired->cnames, desired->cname_count, &desired->cname_capacity,
						 sizeof(*grown));
	struct resource *cname = copy_resource(r, item->resource);

	if (!grown || !cname)
		return RC_NOMEM;
	desired->cnames = grown;
	cname->u.cname.zone = NULL;
	cname->u.cname.content = NULL;
	cname->u.cname.comment = mark_make(r->arena, r->project, cname->tunnel);
	grown[desired->cname_count++] = (struct desired_cname){
		.cname = cname, .protect = item->is_protected, .is_native = !strchr(cname->tunnel + strlen("tunnel/"), '/')};
	return cname->u.cname.comment ? RC_OK : RC_NOMEM;
}

static int compare_tunnels(const void *a, const void *b)
{
	return strcmp(((const struct desired_tunnel *)a)->tunnel->address, ((const struct desired_tunnel *)b)->tunnel->address);
}

enum rc restore_desired(struct arena *arena, const char *project, const struct recorded_state *snapshot,
			const struct sharing *sharing, struct desired **ret_desired, const char **ret_missing)
{
	struct restoring r = {.arena = arena, .project = project, .snapshot = snapshot, .sharing = sharing};
	enum rc rc;

	r.desired = arena_alloc(arena, sizeof(*r.desired));
	if (!r.desired)
		return RC_NOMEM;
	r.desired->digest = "";
	rc = count_rules(&r);
	for (size_t i = 0; !rc && i < snapshot->count; i++) {
		const struct recorded *item = &snapshot->items[i];

		if (item->resource->kind == RESOURCE_TUNNEL)
			rc = add_tunnel(&r, item);
		else if (item->resource->kind == RESOURCE_CNAME)
			rc = add_cname(&r, item);
	}
	for (size_t i = 0; !rc && i < snapshot->gateway_count; i++)
		if (!str_eq(snapshot->gateways[i].owner, project))
			rc = add_foreign(&r, &snapshot->gateways[i]);
	if (rc == RC_NOTFOUND)
		*ret_missing = r.missing;
	if (rc)
		return rc;
	sort_items(r.desired->tunnels, r.desired->tunnel_count, sizeof(*r.desired->tunnels), compare_tunnels);
	*ret_desired = r.desired;
	return RC_OK;
}
