/* Zones without listing them: what is recorded tells them, as long as no subdomain can have become a zone of its own. */
#include "planner/refresh_zones.h"

#include <string.h>

#include "base/sort.h"
#include "base/str.h"

struct known_zones {
	struct arena *arena;
	const struct refresh_scope *scope;
	const char *account, *account_id;
	struct map recorded;             /**< zone id -> const struct recorded_zone * */
	struct map taken;                /**< zone id -> any: it is in zones */
	struct live_zone_records *zones; /**< room for all that are recorded */
	size_t count;
};

int refresh_compare_zones(const void *a, const void *b)
{
	const struct live_zone_records *za = a, *zb = b;
	int order = strcmp(za->zone.name, zb->zone.name);

	return order ? order : strcmp(za->zone.id, zb->zone.id);
}

static enum rc index_zones(struct known_zones *k)
{
	const struct recorded_state *recorded = k->scope->recorded;
	enum rc rc = RC_OK;

	map_init(&k->recorded, k->arena);
	map_init(&k->taken, k->arena);
	for (size_t i = 0; !rc && i < recorded->zone_count; i++)
		/* By its plan goes the size of a batch. */
		if (str_eq(recorded->zones[i].account, k->account) && recorded->zones[i].plan)
			rc = map_put(&k->recorded, recorded->zones[i].zone_id, &recorded->zones[i], NULL);
	k->zones = arena_array(k->arena, k->recorded.count, sizeof(*k->zones));
	return rc || k->zones ? rc : RC_NOMEM;
}

/** @return RC_OK: it is among the zones; RC_NOTFOUND: it is not recorded; RC_NOMEM */
static enum rc take(struct known_zones *k, const char *zone_id)
{
	const struct recorded_zone *zone = zone_id ? map_get(&k->recorded, zone_id) : NULL;

	if (!zone)
		return RC_NOTFOUND;
	if (map_get(&k->taken, zone_id))
		return RC_OK;
	k->zones[k->count++].zone = (struct live_zone){.id = zone->zone_id, .name = zone->name, .plan = zone->plan,
						       .status = "active", .account_id = k->account_id};
	return map_put(&k->taken, zone_id, k, NULL);
}

/** "app.example.com" and "*.app.example.com" right below "example.com": no zone but one that is the hostname itself, whose
 * own records are no CNAME, could come between them. */
static bool is_right_below(const char *hostname, const char *zone)
{
	const char *label = str_has_prefix(hostname, "*.") ? hostname + 2 : hostname, *dot = strchr(label, '.');

	return str_eq(label, zone) || (dot && str_eq(dot + 1, zone));
}

static bool is_recorded(const struct known_zones *k, const struct resource *cname)
{
	const struct recorded *recorded = map_get(&k->scope->recorded->by_address, cname->address);

	return recorded && recorded->resource->id && str_eq(recorded->resource->u.cname.account, k->account) &&
	       str_eq(recorded->account_id, k->account_id) &&
	       is_right_below(cname->u.cname.name, str_or_empty(recorded->resource->u.cname.zone));
}

/** @return RC_OK; RC_NOTFOUND: some zone has to be looked for; RC_NOMEM */
static enum rc take_all(struct known_zones *k)
{
	const struct refresh_scope *scope = k->scope;
	enum rc rc = RC_OK;

	for (size_t i = 0; scope->desired && i < scope->desired->cname_count; i++) {
		const struct resource *cname = scope->desired->cnames[i].cname;

		if (str_eq(cname->u.cname.account, k->account) && !is_recorded(k, cname))
			return RC_NOTFOUND;
	}
	for (size_t i = 0; !rc && i < scope->recorded->count; i++) {
		const struct recorded *item = &scope->recorded->items[i];

		if (item->resource->kind == RESOURCE_CNAME && str_eq(item->resource->u.cname.account, k->account))
			rc = take(k, item->zone_id);
	}
	for (size_t i = 0; !rc && scope->plan && i < scope->plan->change_count; i++)
		if (scope->plan->changes[i].zone_id && str_eq(scope->plan->changes[i].account_id, k->account_id))
			rc = take(k, scope->plan->changes[i].zone_id);
	for (size_t i = 0; !rc && i < scope->open_count; i++)
		if (scope->open[i].detail.zone_id && str_eq(scope->open[i].detail.account, k->account))
			rc = take(k, scope->open[i].detail.zone_id);
	return rc;
}

enum rc refresh_recorded_zones(struct arena *arena, const struct refresh_scope *scope, const char *account,
			       const char *account_id, struct live_zone_records **ret_zones, size_t *ret_count)
{
	struct known_zones known = {.arena = arena, .scope = scope, .account = account, .account_id = account_id};
	enum rc rc;

	*ret_zones = NULL;
	if (!scope->recorded || !account_id || scope->all_zones)
		return RC_OK;
	rc = index_zones(&known);
	if (!rc)
		rc = take_all(&known);
	if (rc)
		return rc == RC_NOTFOUND ? RC_OK : rc;
	sort_items(known.zones, known.count, sizeof(*known.zones), refresh_compare_zones);
	*ret_zones = known.zones;
	*ret_count = known.count;
	return RC_OK;
}
