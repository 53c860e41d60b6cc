/* DNS records: the list and its filters. */
#include <string.h>

#include "base/str.h"
#include "server/simulator/handlers.h"
#include "server/simulator/query.h"
#include "server/simulator/record.h"

/* Names are stored in lower case, so that an exact name is one look into the index. */
static const struct {
	const char *param, *column;
	enum query_match match;
	bool is_name;
} texts[] = {
	{"name", "r.name", QUERY_EQUAL, true},
	{"name.exact", "r.name", QUERY_EQUAL, true},
	{"name.contains", "r.name", QUERY_CONTAINS, true},
	{"name.startswith", "r.name", QUERY_STARTS, true},
	{"name.endswith", "r.name", QUERY_ENDS, true},
	{"content", "r.content", QUERY_EQUAL, false},
	{"content.exact", "r.content", QUERY_EQUAL, false},
	{"content.contains", "r.content", QUERY_CONTAINS, false},
	{"content.startswith", "r.content", QUERY_STARTS, false},
	{"content.endswith", "r.content", QUERY_ENDS, false},
	{"comment", "r.comment", QUERY_EQUAL, false},
	{"comment.exact", "r.comment", QUERY_EQUAL, false},
	{"comment.contains", "r.comment", QUERY_CONTAINS, false},
	{"comment.startswith", "r.comment", QUERY_STARTS, false},
	{"comment.endswith", "r.comment", QUERY_ENDS, false},
};

#define TAG(condition) "EXISTS (SELECT 1 FROM json_each(r.tags) g WHERE " condition ")"
#define TAG_NAMED "substr(lower(g.value), 1, length(?) + 1) = lower(?) || ':'"
#define TAG_HAS_NAME "(lower(g.value) = lower(?) OR " TAG_NAMED ")"

/* Filters on tags. n is the tag's name, v its value, w both; binds in the order of the question marks. */
static const struct {
	const char *param, *sql, *binds;
} tags[] = {
	{"tag.present", TAG(TAG_HAS_NAME), "nnn"},
	{"tag.absent", "NOT " TAG(TAG_HAS_NAME), "nnn"},
	{"tag.exact", TAG("lower(g.value) = lower(?)"), "w"},
	{"tag.contains", TAG(TAG_NAMED " AND instr(substr(lower(g.value), length(?) + 2), lower(?)) > 0"),
	 "nnnv"},
	{"tag.startswith", TAG("substr(lower(g.value), 1, length(?)) = lower(?)"), "ww"},
	{"tag.endswith",
	 TAG(TAG_NAMED " AND substr(substr(lower(g.value), length(?) + 2), -length(?)) = lower(?)"), "nnnvv"},
};

static bool has_param(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->request->param_count; i++) {
		if (str_eq(call->request->params[i].name, name))
			return true;
	}
	return false;
}

static enum rc add_texts(struct call *call, struct query *query)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *value = call_param(call, texts[i].param);
		enum rc rc = RC_OK;

		if (!value)
			continue;
		if (texts[i].is_name && texts[i].match == QUERY_EQUAL)
			rc = record_name_to_ascii(call->arena, value, &value);
		if (rc == RC_NOMEM)
			return rc;
		if (texts[i].is_name)
			value = str_lower(call->arena, value);
		if (!value)
			return RC_NOMEM;
		query_add_text(query, texts[i].match, texts[i].column, value, !texts[i].is_name);
	}
	if (has_param(call, "comment.present"))
		query_add(query, "r.comment IS NOT NULL", NULL, 0);
	if (has_param(call, "comment.absent"))
		query_add(query, "r.comment IS NULL", NULL, 0);
	return RC_OK;
}

static enum rc add_tag(struct call *call, struct query *query, size_t which, const char *whole)
{
	const char *colon = strchr(whole, ':'), *name = whole;
	struct bind binds[5];
	size_t count = 0;

	if (colon)
		name = arena_memdup(call->arena, whole, (size_t)(colon - whole));
	if (!name)
		return RC_NOMEM;
	for (const char *b = tags[which].binds; *b; b++) {
		if (*b == 'w')
			binds[count++] = bind_text(whole);
		else if (*b == 'n')
			binds[count++] = bind_text(name);
		else
			binds[count++] = bind_text(colon ? colon + 1 : "");
	}
	query_add(query, tags[which].sql, binds, count);
	return RC_OK;
}

/* The parameter's place in the table, or -1. "tag" alone: with a colon exact, without one present. */
static int find_tag_filter(const struct param *param)
{
	const char *name = param->name;

	if (str_eq(name, "tag"))
		name = strchr(param->value, ':') ? "tag.exact" : "tag.present";
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (str_eq(tags[i].param, name))
			return (int)i;
	}
	return -1;
}

/* Tag filters form one group with a joiner of its own; each may be given several times. */
static enum rc add_tags(struct call *call, struct query *query)
{
	static const char *const matches[] = {"all", "any", NULL};
	bool is_open = false;
	size_t match = 0;
	enum rc rc = call_param_word(call, "tag_match", matches, &match);

	for (size_t i = 0; !rc && i < call->request->param_count; i++) {
		const struct param *param = &call->request->params[i];
		int which = find_tag_filter(param);

		if (which < 0 || !*param->value)
			continue;
		if (!is_open)
			query_open(query, match == 1);
		is_open = true;
		rc = add_tag(call, query, (size_t)which, param->value);
	}
	if (is_open)
		query_close(query);
	return rc;
}

static const char search_sql[] =
	"(instr(r.name, lower(?)) > 0 OR instr(lower(r.content), lower(?)) > 0"
	" OR instr(lower(coalesce(r.comment, '')), lower(?)) > 0"
	" OR instr(lower(r.tags), lower(?)) > 0)";

static enum rc add_others(struct call *call, struct query *query)
{
	const char *type = call_param(call, "type"), *search = call_param(call, "search");
	bool proxied = false, given = false;
	enum rc rc = call_param_bool(call, "proxied", &proxied, &given);

	if (rc)
		return rc;
	if (type)
		query_add(query, "r.type = upper(?)", BINDS(bind_text(type)));
	if (given)
		query_add(query, "r.proxied = ?", BINDS(bind_int(proxied)));
	if (search)
		query_add(query, search_sql,
			  BINDS(bind_text(search), bind_text(search), bind_text(search), bind_text(search)));
	return RC_OK;
}

static enum rc add_filters(struct call *call, struct query *query)
{
	static const char *const matches[] = {"all", "any", NULL};
	size_t match = 0;
	enum rc rc = call_param_word(call, "match", matches, &match);

	query_add(query, "r.zone_id = ?", BINDS(bind_text(call->zone->id)));
	query_open(query, match == 1);
	if (!rc)
		rc = add_texts(call, query);
	if (!rc)
		rc = add_others(call, query);
	if (!rc)
		rc = add_tags(call, query);
	query_close(query);
	return rc;
}

static enum rc order_sql(struct call *call, const char **ret_order)
{
	static const char *const orders[] = {"type", "name", "content", "ttl", "proxied", NULL};
	static const char *const directions[] = {"asc", "desc", NULL};
	size_t order = 0, direction = 0;
	enum rc rc = call_param_word(call, "order", orders, &order);

	if (!rc)
		rc = call_param_word(call, "direction", directions, &direction);
	if (rc)
		return rc;
	/* Each column once, so that an index gives the order where there is one. */
	*ret_order = arena_printf(call->arena, "ORDER BY r.%s %s%s%s%s, r.seq", orders[order],
				  direction ? "DESC" : "ASC", str_eq(orders[order], "name") ? "" : ", r.name",
				  str_eq(orders[order], "type") ? "" : ", r.type",
				  str_eq(orders[order], "content") ? "" : ", r.content");
	return *ret_order ? RC_OK : RC_NOMEM;
}

/* A zone knows how many it has; filters have to be asked. */
static enum rc count_records(struct call *call, const struct query *query, int64_t *ret_total)
{
	if (query->condition_count > 1)
		return query_count(call, query, "FROM record r", ret_total);
	return store_number(call->store, "SELECT record_count FROM zone WHERE id = ?1",
			    BINDS(bind_text(call->zone->id)), ret_total);
}

#define ANSWER_BYTES 640 /* of a usual record */

/* One after the other, as they were stored. @param most that will come */
static enum rc write_answers(struct cursor *cursor, struct strbuf *out, int64_t most, size_t *ret_count)
{
	size_t count = 0;
	bool row = false;
	enum rc rc;

	strbuf_reserve(out, (size_t)(most > 0 ? most : 0) * ANSWER_BYTES);
	strbuf_addc(out, '[');
	for (; !(rc = cursor_next(cursor, &row)) && row; count++) {
		if (count)
			strbuf_addc(out, ',');
		cursor_add_text(cursor, out, 0);
	}
	strbuf_addc(out, ']');
	if (!rc && strbuf_failed(out))
		rc = RC_NOMEM;
	if (!rc)
		*ret_count = count;
	return rc;
}

enum rc records_list(struct call *call)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	struct query query QUERY_CLEANUP;
	struct paging paging = {0};
	const char *order = NULL;
	int64_t total = 0;
	size_t count = 0;
	enum rc rc = call_paging(call, 100, 1, 5000000, &paging);

	query_init(&query);
	if (!rc)
		rc = add_filters(call, &query);
	if (!rc)
		rc = order_sql(call, &order);
	if (!rc)
		rc = count_records(call, &query, &total);
	if (!rc)
		rc = query_page(call, &query, "r.answer", "FROM record r", order, &paging, &cursor);
	if (!rc)
		rc = write_answers(&cursor, &call->text, total < paging.limit ? total : paging.limit, &count);
	if (!rc)
		call_result_info(call, &paging, count, total, true);
	return rc;
}
