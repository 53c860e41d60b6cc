/* Reading what is live: lists first, then configurations and records of what is in question, then absences by id. */
#include "planner/refresh.h"

#include <string.h>

#include "base/sort.h"
#include "base/str.h"
#include "planner/refresh_zones.h"
#include "schema/mark.h"

/** A call of the refresh and what its answer is for. */
struct read {
	struct call call;
	struct live_account *account;
	struct live_tunnel_state *tunnel;
	struct live_zone_records *zone;
	const char *address;             /**< CALL_TUNNEL_GET, CALL_RECORD_GET: whose absence is checked */
};

struct refresh {
	struct run *run;
	struct provider *const *providers;
	size_t provider_count;
	const struct refresh_scope *scope;
	struct live *live;
	bool *is_unlisted;               /**< of each account: its zones are those that are recorded */
	bool *needs_list;                /**< of each account: one of these cannot be read */
};

static enum rc submit(struct refresh *refresh, size_t index, const struct read *model)
{
	struct read *read = arena_alloc(refresh->run->arena, sizeof(*read));
	struct provider *provider = refresh->providers[index];

	if (!read)
		return RC_NOMEM;
	*read = *model;
	read->account = &refresh->live->accounts[index];
	read->call.arena = refresh->run->arena;
	read->call.user = read;
	return provider->vt->submit(provider, &read->call);
}

/** Say once what could not be read; it is unknown from here on. */
static void report_unseen(struct refresh *refresh, const struct read *read, const char *what)
{
	struct diags *diags = &refresh->run->diags;
	const struct span nowhere = {0};
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0601", nowhere, "cannot read %s of account %s: %s", what,
				     read->account->account, str_or_empty(read->call.message));

	diag->http_status = read->call.http_status;
	diag->provider_code = read->call.code;
	if (read->call.needs)
		diag_help(diags, diag, "The token needs the permission %s.", read->call.needs);
	else
		diag_help(diags, diag, "What cannot be seen is unknown: it is neither changed nor forgotten. Run again later.");
}

static enum rc take_tunnels(struct refresh *refresh, struct read *read)
{
	struct live_account *account = read->account;

	if (read->call.rc) {
		account->tunnels_visibility = NOT_VISIBLE;
		report_unseen(refresh, read, "the tunnels");
		return RC_OK;
	}
	account->tunnels = arena_array(refresh->run->arena, read->call.tunnel_count, sizeof(*account->tunnels));
	if (!account->tunnels)
		return RC_NOMEM;
	for (size_t i = 0; i < read->call.tunnel_count; i++)
		account->tunnels[i].tunnel = read->call.tunnels[i];
	account->tunnel_count = read->call.tunnel_count;
	return RC_OK;
}

static enum rc take_zones(struct refresh *refresh, struct read *read)
{
	struct live_account *account = read->account;

	if (read->call.rc) {
		account->zones_visibility = NOT_VISIBLE;
		report_unseen(refresh, read, "the zones");
		return RC_OK;
	}
	account->zone_count = 0;
	account->zones = arena_array(refresh->run->arena, read->call.zone_count, sizeof(*account->zones));
	if (!account->zones)
		return RC_NOMEM;
	for (size_t i = 0; i < read->call.zone_count; i++) {
		const struct live_zone *zone = &read->call.zones[i];

		/* A zone of another account cannot point at this account's tunnels (Cloudflare error 1014). */
		if (zone->account_id && account->account_id && !str_eq(zone->account_id, account->account_id))
			continue;
		/* What was read of it already, by what is recorded, stays read. */
		if (map_get(&account->zone_by_id, zone->id))
			account->zones[account->zone_count] = *(struct live_zone_records *)map_get(&account->zone_by_id, zone->id);
		account->zones[account->zone_count++].zone = *zone;
	}
	sort_items(account->zones, account->zone_count, sizeof(*account->zones), refresh_compare_zones);
	return RC_OK;
}

/** A clear answer that there is no such zone, or not for this token. */
static bool is_refused(const struct call *call)
{
	return call->rc && call->http_status >= 400 && call->http_status < 500 && call->http_status != 429;
}

static void take_records(struct refresh *refresh, struct read *read)
{
	size_t index = (size_t)(read->account - refresh->live->accounts);

	if (is_refused(&read->call) && refresh->is_unlisted[index]) {
		read->zone->is_read = false;
		refresh->needs_list[index] = true;
		return;
	}
	if (read->call.rc) {
		read->zone->visibility = NOT_VISIBLE;
		report_unseen(refresh, read, read->zone->zone.name);
		return;
	}
	read->zone->records = read->call.records;
	read->zone->count = read->call.record_count;
	read->zone->is_read = true;
}

static void take_config(struct refresh *refresh, struct read *read)
{
	if (read->call.rc) {
		read->tunnel->visibility = NOT_VISIBLE;
		report_unseen(refresh, read, arena_printf(refresh->run->arena, "the configuration of tunnel %s",
							  read->tunnel->tunnel.name));
		return;
	}
	read->tunnel->config = read->call.config;
	read->tunnel->has_config = true;
}

static enum rc take(struct refresh *refresh, struct read *read)
{
	switch (read->call.kind) {
	case CALL_TUNNELS_LIST:
		return take_tunnels(refresh, read);
	case CALL_ZONES_LIST:
		return take_zones(refresh, read);
	case CALL_RECORDS_LIST:
		take_records(refresh, read);
		return RC_OK;
	case CALL_CONFIG_GET:
		take_config(refresh, read);
		return RC_OK;
	case CALL_CONNECTIONS_GET:
		read->tunnel->has_connections = !read->call.rc;
		read->tunnel->connections = read->call.connections;
		read->tunnel->connection_count = read->call.connection_count;
		if (read->call.rc)
			report_unseen(refresh, read, "the connectors");
		return RC_OK;
	case CALL_TUNNEL_GET:
	case CALL_RECORD_GET:
		/* Only a clear "not there" counts; anything else leaves the id unknown. */
		if (read->call.rc == RC_NOTFOUND ||
		    (!read->call.rc && read->call.tunnel_count == 1 && read->call.tunnels[0].is_deleted))
			return map_put(&read->account->gone, read->call.kind == CALL_TUNNEL_GET ? read->call.tunnel_id
												: read->call.record_id,
				       read, NULL);
		if (read->call.rc)
			report_unseen(refresh, read, read->address);
		return RC_OK;
	case CALL_ACCOUNTS_LIST:
	case CALL_TOKEN_VERIFY:
	case CALL_TUNNEL_FIND:
	case CALL_TUNNEL_CREATE:
	case CALL_TUNNEL_RENAME:
	case CALL_TUNNEL_SET_SECRET:
	case CALL_TUNNEL_DELETE:
	case CALL_TUNNEL_TOKEN:
	case CALL_CONFIG_PUT:
	case CALL_CONNECTIONS_DELETE:
	case CALL_ZONE_GET:
	case CALL_RECORD_CREATE:
	case CALL_RECORD_PATCH:
	case CALL_RECORD_DELETE:
	case CALL_RECORD_BATCH:
		break;
	}
	return RC_INTERNAL;
}

/** Collect every submitted call of every provider. */
static enum rc drain(struct refresh *refresh)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < refresh->provider_count; i++) {
		struct provider *provider = refresh->providers[i];

		while (!rc) {
			struct call *call = NULL;

			rc = provider->vt->next(provider, -1, &call);
			if (rc == RC_NOTFOUND)
				break;
			if (!rc)
				rc = take(refresh, call->user);
		}
		if (rc == RC_NOTFOUND)
			rc = RC_OK;
	}
	return rc;
}

static enum rc submit_zone_list(struct refresh *refresh, size_t index)
{
	const struct read read = {.call.kind = CALL_ZONES_LIST};

	refresh->is_unlisted[index] = false;
	return submit(refresh, index, &read);
}

/** From what is recorded, else by listing them. */
static enum rc find_zones(struct refresh *refresh, size_t index)
{
	struct live_account *account = &refresh->live->accounts[index];
	struct live_zone_records *zones = NULL;
	size_t count = 0;
	enum rc rc = refresh_recorded_zones(refresh->run->arena, refresh->scope, account->account, account->account_id, &zones,
					    &count);

	if (rc || !zones)
		return rc ? rc : submit_zone_list(refresh, index);
	account->zones = zones;
	account->zone_count = count;
	refresh->is_unlisted[index] = true;
	return RC_OK;
}

static enum rc read_lists(struct refresh *refresh)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < refresh->provider_count; i++) {
		struct live_account *account = &refresh->live->accounts[i];
		struct read read = {.call.kind = CALL_TUNNELS_LIST};

		account->account = refresh->providers[i]->account;
		account->account_id = refresh->providers[i]->account_id;
		map_init(&account->gone, refresh->run->arena);
		rc = submit(refresh, i, &read);
		if (!rc && !refresh->scope->tunnels_only)
			rc = find_zones(refresh, i);
	}
	if (!rc)
		rc = drain(refresh);
	for (size_t i = 0; !rc && i < refresh->provider_count; i++)
		rc = live_index(refresh->run->arena, &refresh->live->accounts[i]);
	return rc;
}

static enum rc submit_tunnel(struct refresh *refresh, size_t index, struct live_tunnel_state *state)
{
	struct read read = {.tunnel = state};
	enum rc rc = RC_OK;

	if (!state || state->tunnel.is_deleted || state->has_config)
		return RC_OK;
	read.call.tunnel_id = state->tunnel.id;
	read.call.kind = CALL_CONFIG_GET;
	state->has_config = true; /* asked for: take_config() or report_unseen() settle it */
	rc = submit(refresh, index, &read);
	if (!rc && refresh->scope->connections) {
		read.call.kind = CALL_CONNECTIONS_GET;
		rc = submit(refresh, index, &read);
	}
	return rc;
}

/** Ask for the configuration of every tunnel in question. */
static enum rc submit_tunnels(struct refresh *refresh, size_t index)
{
	const struct refresh_scope *scope = refresh->scope;
	struct live_account *account = &refresh->live->accounts[index];
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && scope->desired && i < scope->desired->tunnel_count; i++) {
		const struct tunnel_fields *tunnel = &scope->desired->tunnels[i].tunnel->u.tunnel;

		if (str_eq(tunnel->account, account->account))
			rc = submit_tunnel(refresh, index, map_get(&account->tunnel_by_name, tunnel->name));
	}
	for (size_t i = 0; !rc && scope->recorded && i < scope->recorded->count; i++) {
		const struct resource *resource = scope->recorded->items[i].resource;

		if (resource->kind == RESOURCE_TUNNEL && resource->id)
			rc = submit_tunnel(refresh, index, map_get(&account->tunnel_by_id, resource->id));
	}
	for (size_t i = 0; !rc && scope->sharing && i < scope->sharing->count; i++) {
		const struct recorded_gateway *gateway = scope->sharing->tunnels[i].gateway;

		if (gateway && gateway->tunnel_id)
			rc = submit_tunnel(refresh, index, map_get(&account->tunnel_by_id, gateway->tunnel_id));
	}
	for (size_t i = 0; !rc && scope->plan && i < scope->plan->tunnel_count; i++)
		if (scope->plan->tunnels[i]->id)
			rc = submit_tunnel(refresh, index, map_get(&account->tunnel_by_id, scope->plan->tunnels[i]->id));
	for (size_t i = 0; !rc && i < scope->open_count; i++)
		if (scope->open[i].detail.id && !scope->open[i].detail.zone_id)
			rc = submit_tunnel(refresh, index, map_get(&account->tunnel_by_id, scope->open[i].detail.id));
	for (size_t i = 0; !rc && scope->all_zones && i < account->tunnel_count; i++)
		if (mark_is_tunnel_name(scope->tunnel_template, scope->project, account->tunnels[i].tunnel.name))
			rc = submit_tunnel(refresh, index, &account->tunnels[i]);
	return rc;
}

static enum rc submit_zone(struct refresh *refresh, size_t index, struct live_zone_records *zone)
{
	struct read read = {.zone = zone, .call.kind = CALL_RECORDS_LIST};

	if (!zone || zone->is_read)
		return RC_OK;
	zone->is_read = true; /* asked for */
	read.call.zone_id = zone->zone.id;
	return submit(refresh, index, &read);
}

static struct live_zone_records *zone_of(struct live_account *account, const char *hostname)
{
	const struct live_zone_records *zone = live_zone_of(account, hostname);

	return zone ? map_get(&account->zone_by_id, zone->zone.id) : NULL;
}

static enum rc submit_zones(struct refresh *refresh, size_t index)
{
	const struct refresh_scope *scope = refresh->scope;
	struct live_account *account = &refresh->live->accounts[index];
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && scope->desired && i < scope->desired->cname_count; i++) {
		const struct cname_fields *cname = &scope->desired->cnames[i].cname->u.cname;

		if (str_eq(cname->account, account->account))
			rc = submit_zone(refresh, index, zone_of(account, cname->name));
	}
	for (size_t i = 0; !rc && scope->recorded && i < scope->recorded->count; i++) {
		const struct recorded *recorded = &scope->recorded->items[i];

		if (recorded->resource->kind == RESOURCE_CNAME && recorded->zone_id)
			rc = submit_zone(refresh, index, map_get(&account->zone_by_id, recorded->zone_id));
	}
	for (size_t i = 0; !rc && scope->plan && i < scope->plan->change_count; i++)
		if (scope->plan->changes[i].zone_id)
			rc = submit_zone(refresh, index, map_get(&account->zone_by_id, scope->plan->changes[i].zone_id));
	for (size_t i = 0; !rc && i < scope->open_count; i++)
		if (scope->open[i].detail.zone_id)
			rc = submit_zone(refresh, index, map_get(&account->zone_by_id, scope->open[i].detail.zone_id));
	for (size_t i = 0; !rc && scope->all_zones && i < account->zone_count; i++)
		rc = submit_zone(refresh, index, &account->zones[i]);
	return rc;
}

/** What is recorded of zones does not hold any more: list them after all, and read those that were not. */
static enum rc read_zones_again(struct refresh *refresh)
{
	bool any = false;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < refresh->provider_count; i++)
		if (refresh->needs_list[i]) {
			rc = submit_zone_list(refresh, i);
			any = true;
		}
	if (!rc && any)
		rc = drain(refresh);
	for (size_t i = 0; !rc && i < refresh->provider_count; i++)
		if (refresh->needs_list[i]) {
			rc = live_index(refresh->run->arena, &refresh->live->accounts[i]);
			if (!rc)
				rc = submit_zones(refresh, i);
		}
	return rc || !any ? rc : drain(refresh);
}

/** What is recorded but in no list is looked up by id before it counts as gone. */
static enum rc submit_absences(struct refresh *refresh, size_t index)
{
	const struct recorded_state *recorded = refresh->scope->recorded;
	struct live_account *account = &refresh->live->accounts[index];
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && recorded && i < recorded->count; i++) {
		const struct recorded *item = &recorded->items[i];
		const struct resource *resource = item->resource;
		struct read read = {.address = resource->address};

		if (!resource->id)
			continue;
		if (resource->kind == RESOURCE_TUNNEL && str_eq(resource->u.tunnel.account, account->account) &&
		    account->tunnels_visibility == VISIBLE && !map_get(&account->tunnel_by_id, resource->id)) {
			read.call.kind = CALL_TUNNEL_GET;
			read.call.tunnel_id = resource->id;
			rc = submit(refresh, index, &read);
		}
		if (resource->kind == RESOURCE_CNAME && str_eq(resource->u.cname.account, account->account)) {
			const struct live_zone_records *zone =
				item->zone_id ? map_get(&account->zone_by_id, item->zone_id) : NULL;

			if (!zone || zone->visibility == NOT_VISIBLE || map_get(&account->record_by_id, resource->id))
				continue;
			read.call.kind = CALL_RECORD_GET;
			read.call.zone_id = item->zone_id;
			read.call.record_id = resource->id;
			rc = submit(refresh, index, &read);
		}
	}
	return rc;
}

enum rc refresh_live(struct run *run, struct provider *const *providers, size_t provider_count,
		     const struct refresh_scope *scope, struct live **ret_live)
{
	struct refresh refresh = {.run = run, .providers = providers, .provider_count = provider_count, .scope = scope};
	enum rc rc;

	refresh.live = arena_alloc(run->arena, sizeof(*refresh.live));
	if (!refresh.live)
		return RC_NOMEM;
	refresh.live->accounts = arena_array(run->arena, provider_count, sizeof(*refresh.live->accounts));
	if (!refresh.live->accounts)
		return RC_NOMEM;
	refresh.live->account_count = provider_count;
	refresh.is_unlisted = arena_array(run->arena, provider_count, sizeof(*refresh.is_unlisted));
	refresh.needs_list = arena_array(run->arena, provider_count, sizeof(*refresh.needs_list));
	if (!refresh.is_unlisted || !refresh.needs_list)
		return RC_NOMEM;
	rc = read_lists(&refresh);
	for (size_t i = 0; !rc && i < provider_count; i++) {
		/* The largest answers first: they are read while the others come. */
		rc = submit_zones(&refresh, i);
		if (!rc)
			rc = submit_tunnels(&refresh, i);
	}
	if (!rc)
		rc = drain(&refresh);
	if (!rc)
		rc = read_zones_again(&refresh);
	for (size_t i = 0; !rc && i < provider_count; i++) {
		rc = live_index(run->arena, &refresh.live->accounts[i]);
		if (!rc)
			rc = submit_absences(&refresh, i);
	}
	if (!rc)
		rc = drain(&refresh);
	if (!rc)
		*ret_live = refresh.live;
	return rc;
}
