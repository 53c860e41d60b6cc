/* Tunnels: the list and its filters. */
#include "base/str.h"
#include "server/simulator/handlers.h"
#include "server/simulator/query.h"
#include "server/simulator/tunnel.h"

#define WAS_ACTIVE                                                                                             \
	"EXISTS (SELECT 1 FROM activity v WHERE v.tunnel_id = t.id AND v.from_ms <= ? AND (v.to_ms IS NULL OR" \
	" v.to_ms > ?))"

/* Filters on moments; each "?" stands for the moment. */
static const struct {
	const char *param, *sql;
	size_t binds;
} moments[] = {
	{"existed_at", "t.created_ms <= ? AND (t.deleted_ms IS NULL OR t.deleted_ms > ?)", 2},
	{"was_active_at", WAS_ACTIVE, 2},
	{"was_inactive_at", "t.created_ms <= ? AND NOT " WAS_ACTIVE, 3},
};

/* Filters that compare a text; "?" stands for it. */
static const struct {
	const char *param, *sql;
	size_t binds;
} texts[] = {
	{"name", "t.name = ?", 1},
	{"uuid", "t.id = lower(?)", 1},
	{"include_prefix", "substr(t.name, 1, length(?)) = ?", 2},
	{"name_prefix", "substr(t.name, 1, length(?)) = ?", 2},
	{"exclude_prefix", "substr(t.name, 1, length(?)) <> ?", 2},
	/* the legacy list of all types of tunnels: ours are all of one type */
	{"tun_types", "instr(',' || ? || ',', ',cfd_tunnel,') > 0", 1},
};

static void add_texts(struct call *call, struct query *query)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *value = call_param(call, texts[i].param);
		const struct bind binds[2] = {bind_text(value), bind_text(value)};

		if (value)
			query_add(query, texts[i].sql, binds, texts[i].binds);
	}
}

static enum rc add_moments(struct call *call, struct query *query)
{
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		int64_t at_ms = 0;
		bool given = false;
		enum rc rc = call_param_time(call, moments[i].param, &at_ms, &given);
		const struct bind binds[3] = {bind_int(at_ms), bind_int(at_ms), bind_int(at_ms)};

		if (rc)
			return rc;
		if (given)
			query_add(query, moments[i].sql, binds, moments[i].binds);
	}
	return RC_OK;
}

static enum rc add_states(struct call *call, struct query *query)
{
	static const char *const statuses[] = {"", "inactive", "degraded", "healthy", "down", NULL};
	bool is_deleted = false, given = false;
	size_t status = 0;
	enum rc rc = call_param_bool(call, "is_deleted", &is_deleted, &given);

	if (!rc)
		rc = call_param_word(call, "status", statuses, &status);
	if (rc)
		return rc;
	if (given)
		query_add(query, "(t.deleted_ms IS NOT NULL) = ?", BINDS(bind_int(is_deleted)));
	if (status)
		query_add(query, TUNNEL_STATUS " = ?", BINDS(bind_text(statuses[status])));
	return RC_OK;
}

enum rc tunnels_list(struct call *call)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	struct query query QUERY_CLEANUP;
	struct json *list = build_array(&call->build);
	struct paging paging = {0};
	int64_t total = 0;
	bool row = false;
	enum rc rc = call_paging(call, 20, 1, 1000, &paging);

	query_init(&query);
	query_add(&query, "t.account_id = ?", BINDS(bind_text(call->account->id)));
	add_texts(call, &query);
	if (!rc)
		rc = add_moments(call, &query);
	if (!rc)
		rc = add_states(call, &query);
	if (!rc)
		rc = query_count(call, &query, "FROM tunnel t", &total);
	if (!rc)
		rc = query_page(call, &query, TUNNEL_COLUMNS, "FROM tunnel t", "ORDER BY t.seq", &paging,
				&cursor);
	while (!rc && !(rc = cursor_next(&cursor, &row)) && row) {
		struct tunnel tunnel = {0};

		rc = tunnel_read(call, &cursor, &tunnel);
		if (!rc)
			build_push(&call->build, list, tunnel_json(&call->build, &tunnel));
	}
	if (rc)
		return rc;
	call->result = list;
	call_result_info(call, &paging, json_count(list), total, false);
	return RC_OK;
}
