/** @file
 * Rows of resources and zones, and how they are written. Each resource row carries a fingerprint of all its columns: the database has
 * no checksums of its own, and a row that was edited by hand or rotted must not steer what is deleted. It also tells, when a row
 * is written, whether anything changed. */
#include "state/sql_row.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

void row_print(struct strbuf *all, struct row *row)
{
	size_t size = 1;
	char *at;

	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		row->sizes[i] = row->texts[i] ? strlen(row->texts[i]) : 0;
		size += row->sizes[i] + 2;
	}
	strbuf_reset(all);
	strbuf_reserve(all, size);
	if (strbuf_failed(all))
		return;
	at = all->data;
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		*at++ = row->texts[i] ? '+' : '-';
		if (row->sizes[i])
			memcpy(at, row->texts[i], row->sizes[i]);
		at += row->sizes[i];
		*at++ = '\0';
	}
	*at = row->is_protected ? '1' : '0';
	all->size = size;
	/* Rows from before there were retired tunnels have none in theirs. */
	if (row->retired_ms)
		strbuf_addf(all, "%lld", (long long)row->retired_ms);
	if (row->precedence) {
		strbuf_addc(all, ' ');
		strbuf_adds(all, row->precedence);
	}
}

enum rc row_read(struct sql_rows *rows, struct row *ret_row)
{
	struct row row = { .is_protected = sql_integer(rows, COLUMN_PROTECTED) != 0,
			   .retired_ms = sql_integer(rows, COLUMN_RETIRED) };
	enum rc rc = sql_peek(rows, COLUMN_FINGERPRINT, &row.fingerprint);

	if (!rc)
		rc = sql_peek(rows, COLUMN_PRECEDENCE, &row.precedence);
	for (int i = 0; i < COLUMN_COUNT && !rc; i++)
		rc = sql_peek(rows, i, &row.texts[i]);
	if (!rc)
		*ret_row = row;
	return rc;
}

enum rc row_fault(struct sql_store *s, const struct row *row)
{
	const char *reason = arena_printf(s->run->arena, "its record of %s is damaged", str_or_empty(row->texts[COLUMN_ADDRESS]));

	return reason ? sql_fault_damaged(s, reason) : RC_NOMEM;
}

enum rc row_check(struct sql_store *s, struct strbuf *all, enum resource_kind kind, struct row *row)
{
	row_print(all, row);
	if (strbuf_failed(all))
		return RC_NOMEM;
	if (str_is_xxh3_hex(row->fingerprint, strbuf_text(all), all->size) &&
	    str_eq(row->texts[COLUMN_KIND], resource_type(kind)->name))
		return RC_OK;
	return row_fault(s, row);
}

/** @param text  the fields' JSON; holds the row's text until the row is written
 * @param all   see row_print() */
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
	row_print(all, &row);
	if (!strbuf_failed(all))
		row.fingerprint = str_xxh3_hex(scratch, strbuf_text(all), all->size);
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
