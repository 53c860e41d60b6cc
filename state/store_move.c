/** @file
 * Moving a recorded resource to another address, with all that hangs on the old one: a tunnel's rules bear its
 * address in theirs, its rule_order names them, and CNAMEs name the tunnel that they point at. */
#include "state/store.h"

#include <string.h>

#include "base/str.h"
#include "state/recorded.h"

struct move {
	struct arena *arena;
	const struct recorded_state *state;
	const char *from, *to;
	struct recorded *upserts;
	size_t upsert_count;
	const char **removals;
	size_t removal_count;
};

/** A copy of @p item to be changed and committed. @return NULL when memory is used up */
static struct resource *add_upsert(struct move *m, const struct recorded *item)
{
	struct resource *copy = (void *)arena_memdup(m->arena, item->resource, sizeof(*copy));

	if (!copy)
		return NULL;
	m->upserts[m->upsert_count] = *item;
	m->upserts[m->upsert_count++].resource = copy;
	return copy;
}

static struct resource *add_moved(struct move *m, const struct recorded *item, const char *address)
{
	struct resource *copy = add_upsert(m, item);

	if (copy) {
		m->removals[m->removal_count++] = item->resource->address;
		copy->address = address;
	}
	return copy;
}

/** The address of a rule of the tunnel at @p from, in the tunnel at @p to. */
static const char *rule_in(struct arena *arena, const char *address, const char *from, const char *to)
{
	const char *rest = address + strlen("rule/") + strlen(from) - strlen("tunnel/");

	return arena_printf(arena, "rule/%s%s", to + strlen("tunnel/"), rest);
}

/** What a member of a rule_order becomes; NULL: nothing. */
typedef enum rc (*rename_fn)(struct move *m, const char *address, const char **ret_address);

static enum rc rename_order(struct move *m, const struct json *order, rename_fn rename, const struct json **ret_order)
{
	struct json *renamed = json_new(m->arena, JSON_ARRAY);
	enum rc rc = renamed ? RC_OK : RC_NOMEM;

	for (size_t i = 0; i < json_count(order) && !rc; i++) {
		const struct json *item = json_item(order, i);
		const char *address = item->type == JSON_STRING ? item->u.string : "";

		rc = rename(m, address, &address);
		if (!rc && address)
			rc = json_push(m->arena, renamed, json_new_string(m->arena, address));
	}
	if (!rc)
		*ret_order = renamed;
	return rc;
}

static enum rc rename_with_tunnel(struct move *m, const char *address, const char **ret_address)
{
	*ret_address = recorded_is_rule_of(address, m->from) ? rule_in(m->arena, address, m->from, m->to) : address;
	return *ret_address ? RC_OK : RC_NOMEM;
}

static enum rc rename_rule(struct move *m, const char *address, const char **ret_address)
{
	*ret_address = str_eq(address, m->from) ? m->to : address;
	return RC_OK;
}

static enum rc drop_rule(struct move *m, const char *address, const char **ret_address)
{
	*ret_address = str_eq(address, m->from) ? NULL : address;
	return RC_OK;
}

static enum rc reorder(struct move *m, struct resource *tunnel, rename_fn rename)
{
	if (!tunnel->u.tunnel.rule_order)
		return RC_OK;
	return rename_order(m, tunnel->u.tunnel.rule_order, rename, &tunnel->u.tunnel.rule_order);
}

static enum rc move_rule_along(struct move *m, const struct recorded *item)
{
	const char *address = item->resource->address;
	struct resource *copy;

	if (recorded_is_rule_of(address, m->from)) {
		address = rule_in(m->arena, address, m->from, m->to);
		if (!address)
			return RC_NOMEM;
		if (map_get(&m->state->by_address, address))
			return RC_EXISTS;
	}
	copy = str_eq(address, item->resource->address) ? add_upsert(m, item) : add_moved(m, item, address);
	if (!copy)
		return RC_NOMEM;
	copy->tunnel = m->to;
	return RC_OK;
}

/** What belongs to the tunnel that moves. */
static enum rc move_along(struct move *m, const struct recorded *item)
{
	struct resource *copy;

	switch (item->resource->kind) {
	case RESOURCE_TUNNEL:
		return RC_OK;
	case RESOURCE_RULE:
		return move_rule_along(m, item);
	case RESOURCE_CNAME:
		copy = add_upsert(m, item);
		if (!copy)
			return RC_NOMEM;
		copy->tunnel = m->to;
		return RC_OK;
	}
	return RC_INTERNAL;
}

static enum rc move_tunnel(struct move *m, const struct recorded *item)
{
	struct resource *copy = add_moved(m, item, m->to);
	enum rc rc;

	if (!copy)
		return RC_NOMEM;
	copy->tunnel = m->to;
	rc = reorder(m, copy, rename_with_tunnel);
	for (size_t i = 0; i < m->state->count && !rc; i++)
		if (str_eq(m->state->items[i].resource->tunnel, m->from))
			rc = move_along(m, &m->state->items[i]);
	return rc;
}

/** The recorded tunnel that a rule's address names: its part has one or two segments. NULL when there is none. */
static const struct recorded *tunnel_of_rule(struct arena *arena, const struct recorded_state *state, const char *address)
{
	const char *part = address + strlen("rule/"), *end = part;
	const struct recorded *found = NULL;

	for (size_t segments = 0; segments < 2 && !found; segments++) {
		const char *tunnel;

		end = strchr(end + (segments > 0), '/');
		if (!end)
			break;
		tunnel = arena_printf(arena, "tunnel/%.*s", (int)(end - part), part);
		found = tunnel ? map_get(&state->by_address, tunnel) : NULL;
	}
	return found;
}

/** A rule moves within the tunnel that its address names, or into another recorded one. */
static enum rc move_rule(struct move *m, const struct recorded *item)
{
	const char *old_tunnel = str_or_empty(item->resource->tunnel), *new_tunnel = old_tunnel;
	const struct recorded *owner = map_get(&m->state->by_address, old_tunnel);
	struct resource *rule, *tunnel;
	bool stays = recorded_is_rule_of(m->to, old_tunnel);

	if (!stays) {
		const struct recorded *other = tunnel_of_rule(m->arena, m->state, m->to);

		if (!other)
			return RC_INVALID;
		new_tunnel = other->resource->address;
	}
	rule = add_moved(m, item, m->to);
	if (!rule)
		return RC_NOMEM;
	rule->tunnel = new_tunnel;
	if (!owner || owner->resource->kind != RESOURCE_TUNNEL)
		return RC_OK;
	tunnel = add_upsert(m, owner);
	return tunnel ? reorder(m, tunnel, stays ? rename_rule : drop_rule) : RC_NOMEM;
}

static enum rc move_item(struct move *m, const struct recorded *item)
{
	switch (item->resource->kind) {
	case RESOURCE_TUNNEL:
		return move_tunnel(m, item);
	case RESOURCE_RULE:
		return move_rule(m, item);
	case RESOURCE_CNAME:
		return add_moved(m, item, m->to) ? RC_OK : RC_NOMEM;
	}
	return RC_INTERNAL;
}

enum rc store_move(struct arena *arena, const struct recorded_state *state, const char *from, const char *to,
		   struct outcome *ret_outcome)
{
	const struct recorded *item = map_get(&state->by_address, from);
	struct move m = { .arena = arena, .state = state };
	enum rc rc;

	if (!item)
		return RC_NOTFOUND;
	if (!recorded_is_address(item->resource->kind, to))
		return RC_INVALID;
	if (map_get(&state->by_address, to))
		return RC_EXISTS;
	m.from = arena_strdup(arena, from);
	m.to = arena_strdup(arena, to);
	m.upserts = arena_array(arena, state->count + 1, sizeof(*m.upserts));
	m.removals = arena_array(arena, state->count + 1, sizeof(*m.removals));
	if (!m.from || !m.to || !m.upserts || !m.removals)
		return RC_NOMEM;
	rc = move_item(&m, item);
	if (!rc)
		*ret_outcome = (struct outcome){ .upserts = m.upserts, .upsert_count = m.upsert_count,
						 .removals = m.removals, .removal_count = m.removal_count };
	return rc;
}
