/** @file
 * Rows of the state on their way into memory: each once, and what they have in common once. */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "state/recorded.h"
#include "state/sql_row.h"

/* Rows between two looks at an interruption. */
#define ROWS_PER_LOOK 1024

/** A tunnel whose order of rules is to be read once the rules are there. */
struct order {
	struct resource *tunnel;
	const char *fields;
};

/** Rows on their way into memory. */
struct loading {
	struct sql_store *store;
	struct arena *arena;           /**< for what is kept */
	struct arena *scratch;         /**< for what is needed only while a row is read */
	struct arena *later;           /**< for what is needed once all rows are there */
	struct order *orders;          /**< later */
	size_t order_count, order_capacity;
	struct map shared;             /**< texts that rows have in common */
	struct strbuf text;
	struct recorded_state *state;
	size_t capacity;               /**< of its items */
	int64_t expected;              /**< how many rows there are; -1: not known */
};

/** Copy what lives longer than the row. */
static enum rc keep_text(struct arena *arena, const char *text, const char **ret_copy)
{
	*ret_copy = text ? arena_strdup(arena, text) : NULL;
	return text && !*ret_copy ? RC_NOMEM : RC_OK;
}

/** What many rows have is kept once. */
static enum rc share_text(struct loading *loading, const char *text, const char **ret_copy)
{
	enum rc rc;

	*ret_copy = text ? map_get(&loading->shared, text) : NULL;
	if (!text || *ret_copy)
		return RC_OK;
	rc = keep_text(loading->arena, text, ret_copy);
	return rc ? rc : map_put(&loading->shared, *ret_copy, (void *)(uintptr_t)*ret_copy, NULL);
}

/** Where a text stands at the end of the address already. */
static enum rc keep_tail(struct arena *arena, const char *address, const char *text, const char **ret_copy)
{
	if (!str_has_suffix(address, text))
		return keep_text(arena, text, ret_copy);
	*ret_copy = address + strlen(address) - strlen(text);
	return RC_OK;
}

static enum rc keep_texts(struct loading *loading, const struct row *row, struct recorded *item)
{
	struct arena *arena = loading->arena;
	enum rc rc = keep_text(arena, row->precedence, &item->resource->origin.precedence);

	if (!rc)
		rc = keep_text(arena, row->texts[COLUMN_ID], &item->resource->id);
	if (!rc)
		rc = keep_text(arena, row->texts[COLUMN_OBJECT], &item->resource->origin.object);
	if (!rc)
		rc = keep_text(arena, row->texts[COLUMN_PRIOR_COMMENT], &item->prior_comment);
	if (!rc)
		rc = share_text(loading, row->texts[COLUMN_TUNNEL], &item->resource->tunnel);
	if (!rc)
		rc = share_text(loading, row->texts[COLUMN_ACCOUNT_ID], &item->account_id);
	return rc ? rc : share_text(loading, row->texts[COLUMN_ZONE_ID], &item->zone_id);
}

static enum rc keep_json(struct arena *arena, const struct json *value, const struct json **ret_copy)
{
	*ret_copy = value ? json_copy(arena, value) : NULL;
	return value && !*ret_copy ? RC_NOMEM : RC_OK;
}

static enum rc keep_cname(struct loading *loading, const struct cname_fields *read, struct resource *kept)
{
	enum rc rc = keep_tail(loading->arena, kept->address, read->name, &kept->u.cname.name);

	if (!rc)
		rc = share_text(loading, read->account, &kept->u.cname.account);
	if (!rc)
		rc = share_text(loading, read->zone, &kept->u.cname.zone);
	if (!rc)
		rc = share_text(loading, read->content, &kept->u.cname.content);
	return rc ? rc : share_text(loading, read->comment, &kept->u.cname.comment);
}

static enum rc keep_rule(struct loading *loading, const struct rule_fields *read, struct resource *kept)
{
	enum rc rc = keep_tail(loading->arena, kept->address, read->path, &kept->u.rule.path);

	if (!rc)
		rc = keep_tail(loading->arena, kept->address, read->hostname, &kept->u.rule.hostname);
	if (!rc)
		rc = share_text(loading, read->service, &kept->u.rule.service);
	return rc ? rc : keep_json(loading->arena, read->origin_request, &kept->u.rule.origin_request);
}

/** @param fields  its row's, of which the order is read again when the rules are there */
static enum rc keep_tunnel(struct loading *loading, const struct tunnel_fields *read, const char *fields, struct resource *kept)
{
	struct arena *arena = loading->arena;
	struct order *orders = arena_grow(loading->later, loading->orders, loading->order_count, &loading->order_capacity,
					  sizeof(*orders));
	enum rc rc = orders ? RC_OK : RC_NOMEM;

	if (rc)
		return rc;
	loading->orders = orders;
	kept->u.tunnel.rule_order = NULL;
	if (read->rule_order) {
		orders[loading->order_count].tunnel = kept;
		rc = keep_text(loading->later, fields, &orders[loading->order_count++].fields);
	}
	if (!rc)
		rc = share_text(loading, read->account, &kept->u.tunnel.account);
	if (!rc)
		rc = keep_text(arena, read->name, &kept->u.tunnel.name);
	if (!rc)
		rc = share_text(loading, read->status, &kept->u.tunnel.status);
	if (!rc)
		rc = keep_text(arena, read->created_at, &kept->u.tunnel.created_at);
	return rc ? rc : keep_json(arena, read->origin_request, &kept->u.tunnel.origin_request);
}

/** Rows are many: what is part of the address, or of other rows as well, is not kept twice. */
static enum rc read_fields(struct loading *loading, enum resource_kind kind, const struct row *row, struct resource **ret_resource)
{
	const char *text = str_or_empty(row->texts[COLUMN_FIELDS]);
	struct resource *read, *kept;
	struct json *fields;
	enum rc rc = json_parse(loading->scratch, text, strlen(text), &fields, NULL);

	if (!rc)
		rc = resource_from_json(loading->scratch, kind, str_or_empty(row->texts[COLUMN_ADDRESS]), fields, &read);
	if (rc)
		return rc;
	kept = (void *)arena_memdup(loading->arena, read, sizeof(*read));
	if (!kept)
		return RC_NOMEM;
	*ret_resource = kept;
	rc = keep_text(loading->arena, read->address, &kept->address);
	if (rc)
		return rc;
	switch (kind) {
	case RESOURCE_TUNNEL:
		return keep_tunnel(loading, &read->u.tunnel, text, kept);
	case RESOURCE_RULE:
		return keep_rule(loading, &read->u.rule, kept);
	case RESOURCE_CNAME:
		return keep_cname(loading, &read->u.cname, kept);
	}
	return RC_INTERNAL;
}

/** The order of a tunnel's rules, with the rules' own texts. */
static enum rc link_order(struct loading *loading, const struct order *of)
{
	const struct recorded_state *state = loading->state;
	struct json *read, *order = json_new(loading->arena, JSON_ARRAY);
	const struct json *from;
	enum rc rc;

	arena_reset(loading->scratch);
	rc = order ? json_parse(loading->scratch, of->fields, strlen(of->fields), &read, NULL) : RC_NOMEM;
	from = rc ? NULL : json_get(read, "rule_order");
	for (size_t i = 0; !rc && i < json_count(from); i++) {
		const char *address = json_item(from, i)->u.string;
		const struct recorded *rule = map_get(&state->by_address, address);

		rc = json_push(loading->arena, order,
			       rule ? json_borrow_string(loading->arena, rule->resource->address)
				    : json_new_string(loading->arena, address));
	}
	of->tunnel->u.tunnel.rule_order = order;
	return rc;
}

static enum rc link_orders(struct loading *loading)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < loading->order_count; i++)
		rc = link_order(loading, &loading->orders[i]);
	return rc;
}

static enum rc read_recorded(struct loading *loading, enum resource_kind kind, struct sql_rows *rows, struct recorded *ret_item)
{
	struct sql_store *s = loading->store;
	struct recorded item = { 0 };
	struct row row;
	enum rc rc = row_read(rows, &row);

	if (rc)
		return rc;
	rc = row_check(s, &loading->text, kind, &row);
	if (!rc)
		rc = read_fields(loading, kind, &row, &item.resource);
	if (rc)
		return rc == RC_CORRUPT || rc == RC_NOMEM ? rc : row_fault(s, &row);
	item.is_protected = row.is_protected;
	item.retired_ms = row.retired_ms;
	rc = keep_texts(loading, &row, &item);
	if (!rc)
		*ret_item = item;
	return rc;
}

static enum rc loading_init(struct loading *loading, struct sql_store *s, struct arena *arena, struct recorded_state *state)
{
	*loading = (struct loading){ .store = s, .arena = arena, .state = state, .scratch = arena_new(LIMIT_ARENA_BYTES),
				      .later = arena_new(LIMIT_ARENA_BYTES) };
	map_init(&loading->shared, arena);
	strbuf_init(&loading->text, 0);
	return loading->scratch && loading->later ? RC_OK : RC_NOMEM;
}

static void loading_done(struct loading *loading)
{
	strbuf_done(&loading->text);
	arena_free(loading->scratch);
	arena_free(loading->later);
}

/** Read the rows of a query to the end. */
static enum rc load_rows(struct loading *loading, enum resource_kind kind, struct sql_rows *rows)
{
	struct recorded_state *state = loading->state;
	bool any = false;
	enum rc rc = sql_next(rows, &any);

	while (!rc && any) {
		struct recorded *items = arena_grow(loading->arena, state->items, state->count, &loading->capacity, sizeof(*items));

		if (!items) {
			rc = RC_NOMEM;
			break;
		}
		state->items = items;
		arena_reset(loading->scratch);
		rc = read_recorded(loading, kind, rows, &items[state->count]);
		if (!rc && ++state->count % ROWS_PER_LOOK == 0 && run_is_interrupted(loading->store->run))
			rc = RC_CANCELLED;
		if (!rc)
			rc = sql_next(rows, &any);
	}
	return rc;
}

static enum rc load_kind(struct loading *loading, enum resource_kind kind)
{
	const struct value name = text_value(resource_type(kind)->name);
	struct sql_rows *rows = NULL;
	enum rc rc = sql_query(loading->store, SQL_RESOURCE_READ, &name, 1, &rows);

	if (!rc)
		rc = load_rows(loading, kind, rows);
	sql_finish(rows);
	return rc;
}

enum rc sql_slice_rules(struct sql_store *s, struct arena *arena, const char *project, const char *tunnel,
			struct recorded **ret_rules, size_t *ret_count)
{
	const struct value values[] = { text_value(project), text_value(tunnel) };
	struct recorded_state state = { 0 };
	struct sql_rows *rows = NULL;
	struct loading loading;
	enum rc rc = loading_init(&loading, s, arena, &state);

	if (!rc)
		rc = sql_query(s, SQL_SLICE_READ, values, 2, &rows);
	if (!rc)
		rc = load_rows(&loading, RESOURCE_RULE, rows);
	sql_finish(rows);
	loading_done(&loading);
	*ret_rules = state.items;
	*ret_count = state.count;
	return rc;
}

/** How many rows there are, by another way than they are read, and room for all of them at once: an array that grows
 * leaves its former selves behind. */
static enum rc expect(struct loading *loading)
{
	struct sql_store *s = loading->store;
	enum rc rc;

	loading->expected = -1;
	if (!s->driver->resource_count)
		return RC_OK;
	rc = s->driver->resource_count(s, &loading->expected);
	if (rc || loading->expected <= 0)
		return rc;
	loading->state->items = arena_array(loading->arena, (size_t)loading->expected, sizeof(*loading->state->items));
	loading->capacity = (size_t)loading->expected;
	return loading->state->items ? RC_OK : RC_NOMEM;
}

static enum rc load_resources(struct sql_store *s, struct arena *arena, struct recorded_state *state)
{
	static const enum resource_kind kinds[] = { RESOURCE_TUNNEL, RESOURCE_RULE, RESOURCE_CNAME };
	struct loading loading;
	const char *duplicate;
	enum rc rc = loading_init(&loading, s, arena, state);

	if (!rc)
		rc = expect(&loading);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !rc; i++)
		rc = load_kind(&loading, kinds[i]);
	if (!rc && loading.expected >= 0 && (size_t)loading.expected != state->count)
		rc = sql_fault_damaged(s, "some of its records cannot be found");
	if (!rc)
		rc = recorded_index(arena, state, &duplicate);
	if (!rc)
		rc = link_orders(&loading);
	loading_done(&loading);
	return rc;
}

static enum rc read_zone(struct arena *arena, struct sql_rows *rows, struct recorded_zone *ret_zone)
{
	struct recorded_zone zone;
	enum rc rc = sql_column(arena, rows, 0, &zone.account);

	if (!rc)
		rc = sql_column(arena, rows, 1, &zone.zone_id);
	if (!rc)
		rc = sql_column(arena, rows, 2, &zone.name);
	if (!rc)
		rc = sql_column(arena, rows, 3, &zone.plan);
	if (!rc)
		*ret_zone = zone;
	return rc;
}

static enum rc load_zones(struct sql_store *s, struct arena *arena, struct recorded_state *state)
{
	struct sql_rows *rows = NULL;
	size_t capacity = 0;
	bool any = false;
	enum rc rc = sql_query(s, SQL_ZONE_READ, NULL, 0, &rows);

	if (!rc)
		rc = sql_next(rows, &any);
	while (!rc && any) {
		struct recorded_zone *zones = arena_grow(arena, state->zones, state->zone_count, &capacity, sizeof(*zones));

		if (!zones) {
			rc = RC_NOMEM;
			break;
		}
		state->zones = zones;
		rc = read_zone(arena, rows, &zones[state->zone_count++]);
		if (!rc)
			rc = sql_next(rows, &any);
	}
	sql_finish(rows);
	return rc;
}

enum rc sql_load_rows(struct sql_store *s, struct arena *arena, struct recorded_state *ret_state)
{
	struct recorded_state state = { .lineage = "" };
	struct meta meta;
	bool is_known;
	enum rc rc = sql_meta_read(s, arena, &meta);

	if (!rc) {
		state.lineage = meta.lineage;
		state.serial = meta.serial;
		state.suspended = meta.suspended;
	}
	is_known = !rc;
	if (!rc || rc == RC_NOTFOUND)
		rc = load_resources(s, arena, &state);
	if (!rc && !is_known && state.count)
		rc = sql_fault_damaged(s, "its record of the project is gone");
	if (!rc)
		rc = load_zones(s, arena, &state);
	if (!rc)
		rc = sql_gateway_rows(s, arena, s->base.project, &state.gateways, &state.gateway_count);
	if (!rc)
		*ret_state = state;
	return rc;
}

enum rc sql_load(struct store *store, struct arena *arena, struct recorded_state *ret_state)
{
	struct sql_store *s = (struct sql_store *)store;
	enum rc rc;

	if (s->is_empty) {
		*ret_state = (struct recorded_state){ .lineage = "" };
		map_init(&ret_state->by_address, arena);
		return RC_OK;
	}
	rc = sql_read_begin(s);
	return rc ? rc : sql_write_end(s, sql_load_rows(s, arena, ret_state));
}

