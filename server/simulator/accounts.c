/* Accounts: list, details. */
#include "server/simulator/accounts.h"

#include "base/str.h"
#include "server/simulator/handlers.h"

static enum rc read_account(struct call *call, struct cursor *cursor, struct account *ret_account)
{
	*ret_account = (struct account){
		.id = cursor_text(cursor, call->arena, 0),
		.name = cursor_text(cursor, call->arena, 1),
		.created_ms = cursor_int(cursor, 2),
	};
	return ret_account->id && ret_account->name ? RC_OK : RC_NOMEM;
}

enum rc accounts_load(struct call *call, const char *id, const struct account **ret_account)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	struct account *account = arena_alloc(call->arena, sizeof(*account));
	bool row = false;
	enum rc rc = account ? RC_OK : RC_NOMEM;

	if (!rc)
		rc = store_query(call->store, "SELECT id, name, created_ms FROM account WHERE id = ?1",
				 BINDS(bind_text(id)), &cursor);
	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (rc)
		return rc;
	if (!row)
		return call_refuse(call, 404, 7003,
				   "Could not route to %s, perhaps your object identifier is invalid?",
				   call->request->path);
	if (call->token && !token_sees_account(call->token, id))
		return call_refuse(call, 403, 10000, "Authentication error");
	rc = read_account(call, &cursor, account);
	if (!rc)
		*ret_account = account;
	return rc;
}

static struct json *account_json(struct build *build, const struct account *account)
{
	struct json *json = build_object(build), *settings = build_object(build);

	build_string(build, json, "id", account->id);
	build_string(build, json, "name", account->name);
	build_string(build, json, "type", "standard");
	build_bool(build, settings, "enforce_twofactor", false);
	build_value(build, json, "settings", settings);
	build_time(build, json, "created_on", account->created_ms);
	return json;
}

static const char list_sql[] = "SELECT id, name, created_ms FROM account WHERE ?1 IS NULL OR name = ?1"
			       " ORDER BY name, id";
static const char list_desc_sql[] = "SELECT id, name, created_ms FROM account WHERE ?1 IS NULL OR name = ?1"
				    " ORDER BY name DESC, id DESC";

enum rc accounts_list(struct call *call)
{
	static const char *const directions[] = {"asc", "desc", NULL};
	struct cursor cursor CURSOR_CLEANUP = {0};
	struct json *list = build_array(&call->build);
	struct paging paging = {0};
	size_t direction = 0;
	int64_t total = 0, skip;
	bool row = false;
	enum rc rc = call_paging(call, 20, 5, 50, &paging);

	if (!rc)
		rc = call_param_word(call, "direction", directions, &direction);
	if (!rc)
		rc = store_query(call->store, direction ? list_desc_sql : list_sql,
				 BINDS(bind_text(call_param(call, "name"))), &cursor);
	skip = (paging.page - 1) * paging.per_page;
	while (!rc && !(rc = cursor_next(&cursor, &row)) && row) {
		struct account account = {0};

		rc = read_account(call, &cursor, &account);
		if (rc || !token_sees_account(call->token, account.id))
			continue;
		if (total >= skip && total < skip + paging.per_page)
			build_push(&call->build, list, account_json(&call->build, &account));
		total++;
	}
	if (rc)
		return rc;
	call->result = list;
	call_result_info(call, &paging, json_count(list), total, false);
	return RC_OK;
}

enum rc accounts_get(struct call *call)
{
	call->result = account_json(&call->build, call->account);
	return RC_OK;
}
