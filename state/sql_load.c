/** @file
 * Rows of the state on their way into memory: each once, and what they have in common once. */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "state/fields_text.h"
#include "state/recorded.h"
#include "state/sql_row.h"

/* Rows between two looks at an interruption. */
#define ROWS_PER_LOOK 1024

/** A tunnel whose order of rules is to be read once the rules are there. */
struct order {
	struct resource *tunnel;
	const struct json *addresses;
};

/** Texts that many rows have, by what they are. */
enum shared { SHARED_TUNNEL, SHARED_ACCOUNT_ID, SHARED_ZONE_ID, SHARED_ACCOUNT, SHARED_ZONE, SHARED_CONTENT, SHARED_COMMENT,
	      SHARED_SERVICE, SHARED_STATUS, SHARED_COUNT };

/** Rows on their way into memory. */
struct loading {
	struct sql_store *store;
	struct arena *arena;           /**< for what is kept */
	struct arena *scratch;         /**< for what is needed only while a row is read */
	struct arena *later;           /**< for what is needed once all rows are there */
	struct order *orders;          /**< later */
	size_t order_count, order_capacity;
	struct map shared;             /**< texts that rows have in common */
	const char *last[SHARED_COUNT]; /**< the one before, which the next row often has, too */
	struct strbuf text, fields;
	struct fields_form form;       /**< of the kind that is being read */
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

static enum rc keep_sized(struct arena *arena, const char *text, size_t size, const char **ret_copy)
{
	*ret_copy = text ? arena_memdup(arena, text, size) : NULL;
	return text && !*ret_copy ? RC_NOMEM : RC_OK;
}

/** What many rows have is kept once. */
static enum rc share_text(struct loading *loading, enum shared what, const char *text, const char **ret_copy)
{
	const char *last = loading->last[what];
	enum rc rc = RC_OK;

	*ret_copy = NULL;
	if (!text)
		return RC_OK;
	if (!last || strcmp(last, text) != 0) {
		last = map_get(&loading->shared, text);
		if (!last) {
			rc = keep_text(loading->arena, text, &last);
			if (!rc)
				rc = map_put(&loading->shared, last, (void *)(uintptr_t)last, NULL);
			if (rc)
				return rc;
		}
		loading->last[what] = last;
	}
	*ret_copy = last;
	return RC_OK;
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
		rc = keep_sized(arena, row->texts[COLUMN_ID], row->sizes[COLUMN_ID], &item->resource->id);
	if (!rc)
		rc = keep_sized(arena, row->texts[COLUMN_OBJECT], row->sizes[COLUMN_OBJECT], &item->resource->origin.object);
	if (!rc)
		rc = keep_text(arena, row->texts[COLUMN_PRIOR_COMMENT], &item->prior_comment);
	if (!rc)
		rc = share_text(loading, SHARED_TUNNEL, row->texts[COLUMN_TUNNEL], &item->resource->tunnel);
	if (!rc)
		rc = share_text(loading, SHARED_ACCOUNT_ID, row->texts[COLUMN_ACCOUNT_ID], &item->account_id);
	return rc ? rc : share_text(loading, SHARED_ZONE_ID, row->texts[COLUMN_ZONE_ID], &item->zone_id);
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
		rc = share_text(loading, SHARED_ACCOUNT, read->account, &kept->u.cname.account);
	if (!rc)
		rc = share_text(loading, SHARED_ZONE, read->zone, &kept->u.cname.zone);
	if (!rc)
		rc = share_text(loading, SHARED_CONTENT, read->content, &kept->u.cname.content);
	return rc ? rc : share_text(loading, SHARED_COMMENT, read->comment, &kept->u.cname.comment);
}

static enum rc keep_rule(struct loading *loading, const struct rule_fields *read, struct resource *kept)
{
	enum rc rc = keep_tail(loading->arena, kept->address, read->path, &kept->u.rule.path);

	if (!rc)
		rc = keep_tail(loading->arena, kept->address, read->hostname, &kept->u.rule.hostname);
	if (!rc)
		rc = share_text(loading, SHARED_SERVICE, read->service, &kept->u.rule.service);
	return rc ? rc : keep_json(loading->arena, read->origin_request, &kept->u.rule.origin_request);
}

/** @param read  its order of rules is needed until these are there */
static enum rc keep_tunnel(struct loading *loading, const struct tunnel_fields *read, struct resource *kept)
{
	struct arena *arena = loading->arena;
	struct order *orders = arena_grow(loading->later, loading->orders, loading->order_count, &loading->order_capacity,
					  sizeof(*orders));
	enum rc rc = orders ? RC_OK : RC_NOMEM;

	if (rc)
		return rc;
	loading->orders = orders;
	kept->u.tunnel.rule_order = NULL;
	if (read->rule_order)
		orders[loading->order_count++] = (struct order){ .tunnel = kept, .addresses = read->rule_order };
	rc = share_text(loading, SHARED_ACCOUNT, read->account, &kept->u.tunnel.account);
	if (!rc)
		rc = keep_text(arena, read->name, &kept->u.tunnel.name);
	if (!rc)
		rc = share_text(loading, SHARED_STATUS, read->status, &kept->u.tunnel.status);
	if (!rc)
		rc = keep_text(arena, read->created_at, &kept->u.tunnel.created_at);
	return rc ? rc : keep_json(arena, read->origin_request, &kept->u.tunnel.origin_request);
}

/** Fields of any form. @param arena  for them */
static enum rc parse_fields(struct loading *loading, struct arena *arena, const struct row *row, struct resource *ret_resource)
{
	struct resource *read;
	struct json *fields;
	enum rc rc = json_parse(loading->scratch, str_or_empty(row->texts[COLUMN_FIELDS]), row->sizes[COLUMN_FIELDS], &fields, NULL);

	if (!rc)
		rc = resource_from_json(arena, loading->form.kind, ret_resource->address, fields, &read);
	if (!rc)
		*ret_resource = *read;
	return rc;
}

/** @param ret_resource  kind and address are there; its fields live until the next row, those of tunnels as long as needed */
static enum rc read_fields(struct loading *loading, const struct row *row, struct resource *ret_resource)
{
	const struct resource blank = *ret_resource;
	bool is_kept = loading->form.kind == RESOURCE_TUNNEL;
	struct arena *arena = is_kept ? loading->later : loading->scratch;
	const char *text = str_or_empty(row->texts[COLUMN_FIELDS]);
	size_t size = row->sizes[COLUMN_FIELDS];
	char *copy;
	enum rc rc;

	strbuf_reset(&loading->fields);
	if (!is_kept)
		strbuf_add(&loading->fields, text, size);
	copy = is_kept ? arena_memdup(arena, text, size) : loading->fields.data;
	if (!copy || strbuf_failed(&loading->fields))
		return RC_NOMEM;
	rc = fields_text_read(&loading->form, arena, copy, size, ret_resource);
	if (rc != RC_NOTFOUND)
		return rc;
	*ret_resource = blank;
	return parse_fields(loading, arena, row, ret_resource);
}

/** Rows are many: what is part of the address, or of other rows as well, is not kept twice. */
static enum rc keep_fields(struct loading *loading, const struct resource *read, struct resource *kept)
{
	switch (read->kind) {
	case RESOURCE_TUNNEL:
		return keep_tunnel(loading, &read->u.tunnel, kept);
	case RESOURCE_RULE:
		return keep_rule(loading, &read->u.rule, kept);
	case RESOURCE_CNAME:
		return keep_cname(loading, &read->u.cname, kept);
	}
	return RC_INTERNAL;
}

static enum rc read_resource(struct loading *loading, const struct row *row, struct resource **ret_resource)
{
	struct resource read = { .kind = loading->form.kind, .address = str_or_empty(row->texts[COLUMN_ADDRESS]) }, *kept;
	enum rc rc = read_fields(loading, row, &read);

	if (rc)
		return rc;
	kept = (void *)arena_memdup(loading->arena, &read, sizeof(read));
	if (!kept)
		return RC_NOMEM;
	*ret_resource = kept;
	rc = keep_sized(loading->arena, read.address, row->sizes[COLUMN_ADDRESS], &kept->address);
	return rc ? rc : keep_fields(loading, &read, kept);
}

/** The order of a tunnel's rules, with the rules' own texts. */
static enum rc link_order(struct loading *loading, const struct order *of)
{
	const struct recorded_state *state = loading->state;
	struct json *order = json_new(loading->arena, JSON_ARRAY);
	enum rc rc = order ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < json_count(of->addresses); i++) {
		const char *address = json_item(of->addresses, i)->u.string;
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

static enum rc read_recorded(struct loading *loading, struct sql_rows *rows, struct recorded *ret_item)
{
	struct sql_store *s = loading->store;
	struct recorded item = { 0 };
	struct row row;
	enum rc rc = row_read(rows, &row);

	if (rc)
		return rc;
	rc = row_check(s, &loading->text, loading->form.kind, &row);
	if (!rc)
		rc = read_resource(loading, &row, &item.resource);
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
	strbuf_init(&loading->fields, 0);
	return loading->scratch && loading->later ? RC_OK : RC_NOMEM;
}

static void loading_done(struct loading *loading)
{
	strbuf_done(&loading->text);
	strbuf_done(&loading->fields);
	arena_free(loading->scratch);
	arena_free(loading->later);
}

/** Read the rows of a query to the end. */
static enum rc load_rows(struct loading *loading, enum resource_kind kind, struct sql_rows *rows)
{
	struct recorded_state *state = loading->state;
	bool any = false;
	enum rc rc = sql_next(rows, &any);

	fields_form_init(&loading->form, kind);
	while (!rc && any) {
		struct recorded *items = arena_grow(loading->arena, state->items, state->count, &loading->capacity, sizeof(*items));

		if (!items) {
			rc = RC_NOMEM;
			break;
		}
		state->items = items;
		if (arena_used_bytes(loading->scratch))
			arena_reset(loading->scratch);
		rc = read_recorded(loading, rows, &items[state->count]);
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

/** @param has_resources  they are in @p state already */
static enum rc load_all(struct sql_store *s, struct arena *arena, bool has_resources, struct recorded_state *state)
{
	struct meta meta;
	bool is_known;
	enum rc rc = sql_meta_read(s, arena, &meta);

	if (!rc) {
		state->lineage = meta.lineage;
		state->serial = meta.serial;
		state->suspended = meta.suspended;
	}
	is_known = !rc;
	if (rc == RC_NOTFOUND)
		rc = RC_OK;
	if (!rc && !has_resources)
		rc = load_resources(s, arena, state);
	if (!rc && !is_known && state->count)
		rc = sql_fault_damaged(s, "its record of the project is gone");
	if (!rc)
		rc = load_zones(s, arena, state);
	return rc ? rc : sql_gateway_rows(s, arena, s->base.project, &state->gateways, &state->gateway_count);
}

enum rc sql_load_rows(struct sql_store *s, struct arena *arena, struct recorded_state *ret_state)
{
	struct recorded_state state = { .lineage = "" };
	enum rc rc = load_all(s, arena, false, &state);

	if (!rc)
		*ret_state = state;
	return rc;
}

static enum rc load_or_take(struct sql_store *s, struct arena *arena, struct recorded_state *ret_state)
{
	struct recorded_state state = { .lineage = "" };
	bool has_resources = false;
	enum rc rc = s->driver->image_read ? s->driver->image_read(s, arena, &state, &has_resources) : RC_OK;

	if (!rc)
		rc = load_all(s, arena, has_resources, &state);
	if (rc)
		return rc;
	if (s->driver->image_write && !has_resources)
		s->driver->image_write(s, &state);
	*ret_state = state;
	return RC_OK;
}

void sql_keep_image(struct store *store, const char *path, bool may_write)
{
	struct sql_store *s = (struct sql_store *)store;

	if (s->driver->keep_image)
		s->driver->keep_image(s, path, may_write);
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
	return rc ? rc : sql_write_end(s, load_or_take(s, arena, ret_state));
}
