/** @file
 * Rows of resources and zones. Each resource row carries a fingerprint of all its columns: the database has
 * no checksums of its own, and a row that was edited by hand or rotted must not steer what is deleted. It also tells, when a row
 * is written, whether anything changed. */
#include "state/sql.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "state/recorded.h"

/* Rows between two looks at an interruption. */
#define ROWS_PER_LOOK 1024

/** Columns of text, in the order of the statements. */
enum column {
	COLUMN_KIND, COLUMN_ADDRESS, COLUMN_ID, COLUMN_TUNNEL, COLUMN_OBJECT, COLUMN_ACCOUNT_ID, COLUMN_ZONE_ID,
	COLUMN_PRIOR_COMMENT, COLUMN_FIELDS, COLUMN_COUNT,
	COLUMN_PROTECTED = COLUMN_COUNT, COLUMN_RETIRED, COLUMN_FINGERPRINT, COLUMN_PRECEDENCE, COLUMN_ALL,
};

struct row {
	const char *texts[COLUMN_COUNT];
	bool is_protected;
	int64_t retired_ms;
	const char *fingerprint, *precedence;
};

/** NULL and "" differ, and no text can pass for the end of one and the start of the next.
 * @param all  for the bytes; the same for each row */
static char *row_fingerprint(struct arena *arena, struct strbuf *all, const struct row *row)
{
	strbuf_reset(all);
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		strbuf_addc(all, row->texts[i] ? '+' : '-');
		strbuf_add(all, str_or_empty(row->texts[i]), strlen(str_or_empty(row->texts[i])) + 1);
	}
	strbuf_addc(all, row->is_protected ? '1' : '0');
	/* Rows from before there were retired tunnels have none in theirs. */
	if (row->retired_ms)
		strbuf_addf(all, "%lld", (long long)row->retired_ms);
	if (row->precedence) {
		strbuf_addc(all, ' ');
		strbuf_adds(all, row->precedence);
	}
	return strbuf_failed(all) ? NULL : str_xxh3_hex(arena, strbuf_text(all), all->size);
}

static enum rc read_row(struct arena *arena, struct sql_rows *rows, struct row *ret_row)
{
	struct row row = { .is_protected = sql_integer(rows, COLUMN_PROTECTED) != 0,
			   .retired_ms = sql_integer(rows, COLUMN_RETIRED) };
	enum rc rc = sql_column(arena, rows, COLUMN_FINGERPRINT, &row.fingerprint);

	if (!rc)
		rc = sql_column(arena, rows, COLUMN_PRECEDENCE, &row.precedence);
	for (int i = 0; i < COLUMN_COUNT && !rc; i++)
		rc = sql_column(arena, rows, i, &row.texts[i]);
	if (!rc)
		*ret_row = row;
	return rc;
}

/** Rows on their way into memory. */
struct loading {
	struct sql_store *store;
	struct arena *arena;           /**< for what is kept */
	struct arena *scratch;         /**< for what is needed only while a row is read */
	struct map shared;             /**< texts that rows have in common */
	struct strbuf text;
	struct recorded_state *state;
	size_t capacity;               /**< of its items */
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

static enum rc fault_row(struct sql_store *s, const struct row *row)
{
	const char *reason = arena_printf(s->run->arena, "its record of %s is damaged", str_or_empty(row->texts[COLUMN_ADDRESS]));

	return reason ? sql_fault_damaged(s, reason) : RC_NOMEM;
}

static enum rc read_recorded(struct loading *loading, enum resource_kind kind, struct sql_rows *rows, struct recorded *ret_item)
{
	struct sql_store *s = loading->store;
	struct arena *scratch = loading->scratch;
	struct recorded item = { 0 };
	struct json *fields;
	const char *text, *fingerprint;
	struct row row;
	enum rc rc = read_row(scratch, rows, &row);

	if (rc)
		return rc;
	text = str_or_empty(row.texts[COLUMN_FIELDS]);
	fingerprint = row_fingerprint(scratch, &loading->text, &row);
	if (!fingerprint)
		return RC_NOMEM;
	if (!str_eq(fingerprint, row.fingerprint))
		return fault_row(s, &row);
	rc = json_parse(scratch, text, strlen(text), &fields, NULL);
	if (!rc)
		rc = resource_from_json(loading->arena, kind, str_or_empty(row.texts[COLUMN_ADDRESS]), fields, &item.resource);
	if (rc)
		return rc == RC_NOMEM ? rc : fault_row(s, &row);
	item.is_protected = row.is_protected;
	item.retired_ms = row.retired_ms;
	rc = keep_texts(loading, &row, &item);
	if (!rc)
		*ret_item = item;
	return rc;
}

static enum rc loading_init(struct loading *loading, struct sql_store *s, struct arena *arena, struct recorded_state *state)
{
	*loading = (struct loading){ .store = s, .arena = arena, .state = state, .scratch = arena_new(LIMIT_ARENA_BYTES) };
	map_init(&loading->shared, arena);
	strbuf_init(&loading->text, 0);
	return loading->scratch ? RC_OK : RC_NOMEM;
}

static void loading_done(struct loading *loading)
{
	strbuf_done(&loading->text);
	arena_free(loading->scratch);
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

static enum rc load_resources(struct sql_store *s, struct arena *arena, struct recorded_state *state)
{
	static const enum resource_kind kinds[] = { RESOURCE_TUNNEL, RESOURCE_RULE, RESOURCE_CNAME };
	struct loading loading;
	const char *duplicate;
	enum rc rc = loading_init(&loading, s, arena, state);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !rc; i++)
		rc = load_kind(&loading, kinds[i]);
	loading_done(&loading);
	return rc ? rc : recorded_index(arena, state, &duplicate);
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

/** @param text  the fields' JSON; holds the row's text until the row is written
 * @param all   see row_fingerprint() */
static enum rc make_row(struct arena *scratch, const struct recorded *item, struct strbuf *text, struct strbuf *all, struct row *ret_row)
{
	const struct resource *resource = item->resource;
	struct row row = { .is_protected = item->is_protected, .retired_ms = item->retired_ms,
			   .precedence = resource->origin.precedence };
	struct json *fields;
	enum rc rc = resource_to_json(scratch, resource, true, &fields);

	if (rc)
		return rc;
	strbuf_reset(text);
	json_write_canonical(text, fields);
	if (strbuf_failed(text))
		return RC_NOMEM;
	row.texts[COLUMN_KIND] = resource_type(resource->kind)->name;
	row.texts[COLUMN_ADDRESS] = resource->address;
	row.texts[COLUMN_ID] = resource->id;
	row.texts[COLUMN_TUNNEL] = resource->tunnel;
	row.texts[COLUMN_OBJECT] = resource->origin.object;
	row.texts[COLUMN_ACCOUNT_ID] = item->account_id;
	row.texts[COLUMN_ZONE_ID] = item->zone_id;
	row.texts[COLUMN_PRIOR_COMMENT] = item->prior_comment;
	row.texts[COLUMN_FIELDS] = strbuf_text(text);
	row.fingerprint = row_fingerprint(scratch, all, &row);
	*ret_row = row;
	return row.fingerprint ? RC_OK : RC_NOMEM;
}

static enum rc write_row(struct sql_store *s, const struct row *row, bool *changed)
{
	struct value values[COLUMN_ALL];
	enum rc rc;

	for (size_t i = 0; i < COLUMN_COUNT; i++)
		values[i] = text_value(row->texts[i]);
	values[COLUMN_PROTECTED] = int_value(row->is_protected);
	values[COLUMN_RETIRED] = int_value(row->retired_ms);
	values[COLUMN_FINGERPRINT] = text_value(row->fingerprint);
	values[COLUMN_PRECEDENCE] = text_value(row->precedence);
	rc = sql_execute(s, SQL_RESOURCE_WRITE, values, COLUMN_ALL);
	if (!rc && sql_changed(s))
		*changed = true;
	return rc;
}

enum rc sql_resources_write(struct sql_store *s, const struct recorded *items, size_t count, bool *changed)
{
	struct arena *scratch = arena_new(LIMIT_ARENA_BYTES);
	struct strbuf text, all;
	enum rc rc = scratch ? RC_OK : RC_NOMEM;

	strbuf_init(&text, 0);
	strbuf_init(&all, 0);
	for (size_t i = 0; i < count && !rc; i++) {
		struct row row;

		arena_reset(scratch);
		rc = make_row(scratch, &items[i], &text, &all, &row);
		if (!rc)
			rc = write_row(s, &row, changed);
	}
	strbuf_done(&text);
	strbuf_done(&all);
	arena_free(scratch);
	return rc;
}

enum rc sql_zones_write(struct sql_store *s, const struct recorded_zone *zones, size_t count)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < count && !rc; i++) {
		const struct value values[] = { text_value(zones[i].account), text_value(zones[i].zone_id),
						text_value(zones[i].name), text_value(zones[i].plan) };

		rc = sql_execute(s, SQL_ZONE_WRITE, values, 4);
	}
	return rc;
}

enum rc sql_resource_delete(struct sql_store *s, const char *address, bool *changed)
{
	const char *kind = arena_memdup(s->run->arena, address, strcspn(address, "/"));
	const struct value values[] = { text_value(kind), text_value(address) };
	enum rc rc = kind ? sql_execute(s, SQL_RESOURCE_DELETE, values, 2) : RC_NOMEM;

	if (!rc && sql_changed(s))
		*changed = true;
	return rc;
}
