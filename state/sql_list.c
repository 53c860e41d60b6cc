/** @file
 * The recorded resources a page at a time, for listings: each page is read on its own, so that whoever shows it, and may
 * be kept waiting for a reader, keeps nobody from writing. */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "state/recorded.h"
#include "state/sql_row.h"

/** A page in the making. */
struct listing {
	struct sql_store *store;
	struct arena *arena;
	struct strbuf text;
	struct listed *items;
	size_t count, capacity;
};

static enum rc take_row(struct listing *listing, enum resource_kind kind, struct sql_rows *rows)
{
	struct listed *grown = arena_grow(listing->arena, listing->items, listing->count, &listing->capacity, sizeof(*grown));
	struct row row;
	enum rc rc = grown ? row_read(rows, &row) : RC_NOMEM;

	if (!rc)
		rc = row_check(listing->store, &listing->text, kind, &row);
	if (rc)
		return rc;
	listing->items = grown;
	grown[listing->count] = (struct listed){.kind = kind};
	rc = sql_column(listing->arena, rows, COLUMN_ADDRESS, &grown[listing->count].address);
	if (!rc)
		rc = sql_column(listing->arena, rows, COLUMN_ID, &grown[listing->count].id);
	if (!rc)
		rc = sql_column(listing->arena, rows, COLUMN_TUNNEL, &grown[listing->count].tunnel);
	listing->count++;
	return rc;
}

/** Rows of one kind behind an address. */
static enum rc read_kind(struct listing *listing, enum resource_kind kind, const char *after)
{
	const struct value values[] = {text_value(resource_type(kind)->name), text_value(after)};
	struct sql_rows *rows = NULL;
	bool any = false;
	enum rc rc = sql_query(listing->store, SQL_RESOURCE_LIST, values, 2, &rows);

	if (!rc)
		rc = sql_next(rows, &any);
	while (!rc && any) {
		rc = take_row(listing, kind, rows);
		if (!rc)
			rc = sql_next(rows, &any);
	}
	sql_finish(rows);
	return rc;
}

/** The first rows behind an address, in the order of the addresses. */
static enum rc read_page(struct listing *listing, const char *after)
{
	enum resource_kind kind = RESOURCE_TUNNEL;
	enum rc rc = RC_OK;

	if (*after && !recorded_kind_of(after, &kind))
		return RC_INVALID;
	for (; !rc && !listing->count && kind <= RESOURCE_CNAME; kind++) {
		rc = read_kind(listing, kind, after);
		after = "";
	}
	return rc;
}

/** What is known of the whole: rows that no page has are as bad as rows that cannot be read. */
static enum rc add_up(const struct listing *listing, struct listed_page *page)
{
	struct sql_store *s = listing->store;
	bool is_first = !page->seen;
	int64_t total = -1;
	struct meta meta = {.serial = 0};
	enum rc rc = sql_meta_read(s, listing->arena, &meta);

	if (rc && rc != RC_NOTFOUND)
		return rc;
	if (rc && listing->count)
		return sql_fault_damaged(s, "its record of the project is gone");
	page->has_changed |= !is_first && meta.serial != page->serial;
	page->serial = meta.serial;
	page->seen += listing->count;
	rc = listing->count || !s->driver->resource_count ? RC_OK : s->driver->resource_count(s, &total);
	if (rc || total < 0 || page->has_changed || (size_t)total == page->seen)
		return rc;
	return sql_fault_damaged(s, "some of its records cannot be found");
}

enum rc sql_list(struct store *store, struct arena *arena, const char *after, struct listed_page *page)
{
	struct sql_store *s = (struct sql_store *)store;
	struct listing listing = {.store = s, .arena = arena};
	enum rc rc = RC_OK;

	strbuf_init(&listing.text, 0);
	if (!s->is_empty) {
		rc = sql_read_begin(s);
		if (!rc) {
			rc = read_page(&listing, after);
			if (!rc)
				rc = add_up(&listing, page);
			rc = sql_write_end(s, rc);
		}
	}
	strbuf_done(&listing.text);
	page->items = listing.items;
	page->count = listing.count;
	return rc;
}
