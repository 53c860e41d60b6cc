/** @file Addresses, order and index of recorded resources. */
#include "state/recorded.h"

#include <string.h>

#include "base/sort.h"
#include "base/str.h"

bool recorded_kind_of(const char *address, enum resource_kind *ret_kind)
{
	static const enum resource_kind kinds[] = { RESOURCE_TUNNEL, RESOURCE_RULE, RESOURCE_CNAME };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *name = resource_type(kinds[i])->name;

		if (str_has_prefix(address, name) && address[strlen(name)] == '/') {
			*ret_kind = kinds[i];
			return true;
		}
	}
	return false;
}

/** One or two parts between slashes, none of them empty. */
static bool is_tunnel_part(const char *part)
{
	const char *slash = strchr(part, '/');

	if (!slash)
		return *part != '\0';
	return slash != part && slash[1] && !strchr(slash + 1, '/');
}

bool recorded_is_address(enum resource_kind kind, const char *address)
{
	enum resource_kind found;
	const char *rest;

	if (!recorded_kind_of(address, &found) || found != kind)
		return false;
	rest = strchr(address, '/') + 1;
	switch (kind) {
	case RESOURCE_TUNNEL:
		return is_tunnel_part(rest);
	case RESOURCE_RULE:
		return *rest && *rest != '/' && strchr(rest, '/');
	case RESOURCE_CNAME:
		return *rest != '\0';
	}
	return false;
}

bool recorded_is_rule_of(const char *address, const char *tunnel)
{
	const char *part = tunnel + strlen("tunnel/"), *rest = address + strlen("rule/");
	size_t size;

	if (!str_has_prefix(tunnel, "tunnel/") || !str_has_prefix(address, "rule/"))
		return false;
	size = strlen(part);
	return strncmp(rest, part, size) == 0 && rest[size] == '/';
}

static int compare(const void *a, const void *b)
{
	const struct recorded *left = a, *right = b;

	return resource_compare_address(left->resource->address, right->resource->address);
}

enum rc recorded_index(struct arena *arena, struct recorded_state *state, const char **ret_duplicate)
{
	const char *duplicate = NULL;

	sort_items(state->items, state->count, sizeof(*state->items), compare);
	map_init(&state->by_address, arena);
	if (map_reserve(&state->by_address, state->count))
		return RC_NOMEM;
	for (size_t i = 0; i < state->count; i++) {
		void *old = NULL;

		if (map_put(&state->by_address, state->items[i].resource->address, &state->items[i], &old))
			return RC_NOMEM;
		if (old && !duplicate)
			duplicate = state->items[i].resource->address;
	}
	*ret_duplicate = duplicate;
	return RC_OK;
}
