/* Putting the WHERE of a list together. */
#include "server/simulator/query.h"

#include <assert.h>

#include "base/str.h"

void query_init(struct query *query)
{
	*query = (struct query){.depth = 1};
	query->groups[0].joiner = " AND ";
	strbuf_init(&query->where, 0);
}

void query_done(struct query *query)
{
	strbuf_done(&query->where);
}

static void join(struct query *query)
{
	if (query->groups[query->depth - 1].has_items)
		strbuf_adds(&query->where, query->groups[query->depth - 1].joiner);
	query->groups[query->depth - 1].has_items = true;
}

void query_open(struct query *query, bool any)
{
	assert(query->depth < sizeof(query->groups) / sizeof(query->groups[0]));
	join(query);
	strbuf_addc(&query->where, '(');
	query->groups[query->depth].joiner = any ? " OR " : " AND ";
	query->groups[query->depth].has_items = false;
	query->depth++;
}

void query_close(struct query *query)
{
	assert(query->depth > 1);
	if (!query->groups[query->depth - 1].has_items)
		strbuf_addc(&query->where, '1');
	strbuf_addc(&query->where, ')');
	query->depth--;
}

void query_add(struct query *query, const char *fragment, const struct bind *binds, size_t count)
{
	if (query->bind_count + count > QUERY_BINDS - 2) { /* two are for LIMIT and OFFSET */
		query->failed = true;
		return;
	}
	join(query);
	strbuf_adds(&query->where, fragment);
	query->condition_count++;
	for (size_t i = 0; i < count; i++)
		query->binds[query->bind_count++] = binds[i];
}

/* column goes between before and after; each "?" stands for the value */
static const struct {
	const char *before, *after, *folded_before, *folded_after;
	size_t binds;
} text_matches[] = {
	[QUERY_EQUAL] = {"", " = ?", "lower(", ") = lower(?)", 1},
	[QUERY_NOT_EQUAL] = {"", " <> ?", "lower(", ") <> lower(?)", 1},
	[QUERY_STARTS] = {"substr(", ", 1, length(?)) = ?", "substr(lower(", "), 1, length(?)) = lower(?)", 2},
	[QUERY_ENDS] = {"substr(", ", -length(?)) = ?", "substr(lower(", "), -length(?)) = lower(?)", 2},
	[QUERY_CONTAINS] = {"instr(", ", ?) > 0", "instr(lower(", "), lower(?)) > 0", 1},
};

void query_add_text(struct query *query, enum query_match match, const char *column, const char *value, bool fold)
{
	const struct bind binds[2] = {bind_text(value), bind_text(value)};
	struct strbuf sql;

	strbuf_init(&sql, 0);
	if (fold)
		strbuf_addf(&sql, "%s%s%s", text_matches[match].folded_before, column,
			    text_matches[match].folded_after);
	else
		strbuf_addf(&sql, "%s%s%s", text_matches[match].before, column, text_matches[match].after);
	query->failed |= strbuf_failed(&sql);
	query_add(query, strbuf_text(&sql), binds, text_matches[match].binds);
	strbuf_done(&sql);
}

static const char *where_text(const struct query *query)
{
	return query->groups[0].has_items ? strbuf_text(&query->where) : "1";
}

static enum rc check(const struct query *query)
{
	if (query->failed)
		return RC_LIMIT;
	return strbuf_failed(&query->where) ? RC_NOMEM : RC_OK;
}

enum rc query_count(struct call *call, const struct query *query, const char *from, int64_t *ret_count)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	const char *sql;
	bool row = false;
	enum rc rc = check(query);

	if (rc)
		return rc;
	sql = arena_printf(call->arena, "SELECT count(*) %s WHERE %s", from, where_text(query));
	if (!sql)
		return RC_NOMEM;
	rc = store_query_once(call->store, sql, query->binds, query->bind_count, &cursor);
	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (!rc)
		*ret_count = row ? cursor_int(&cursor, 0) : 0;
	return rc;
}

enum rc query_page(struct call *call, struct query *query, const char *columns, const char *from,
		   const char *order, const struct paging *paging, struct cursor *ret_cursor)
{
	const char *sql;
	enum rc rc = check(query);

	if (rc)
		return rc;
	sql = arena_printf(call->arena, "SELECT %s %s WHERE %s %s LIMIT ? OFFSET ?", columns, from,
			   where_text(query), order);
	if (!sql)
		return RC_NOMEM;
	query->binds[query->bind_count] = bind_int(paging->limit);
	query->binds[query->bind_count + 1] = bind_int(paging->offset);
	return store_query_once(call->store, sql, query->binds, query->bind_count + 2, ret_cursor);
}
