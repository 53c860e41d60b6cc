/** @file
 * The budget of calls that all processes with one store share: calls are taken before they are made, and counted in
 * slots of a thirtieth of the window. A slot counts until the window has passed its end, so that no window of any
 * start holds more calls than the limit. */
#include "state/sql.h"

#include "base/limits.h"

#define SLOTS_PER_WINDOW 30

/** What the window holds. */
struct window {
	int64_t used;
	int64_t ahead;       /**< of these, in slots that begin after now */
	int64_t oldest_ms;   /**< start of the first slot that counts; meaningless when used is 0 */
};

static enum rc read_window(struct sql_store *s, const char *account, int64_t from_ms, int64_t now_ms, struct window *ret_window)
{
	const struct value values[] = { text_value(account), int_value(from_ms) };
	struct window window = { 0 };
	struct sql_rows *rows = NULL;
	bool any = false;
	enum rc rc = sql_query(s, SQL_BUDGET_READ, values, 2, &rows);

	if (!rc)
		rc = sql_next(rows, &any);
	while (!rc && any) {
		if (!window.used)
			window.oldest_ms = sql_integer(rows, 0);
		window.used += sql_integer(rows, 1);
		if (sql_integer(rows, 0) > now_ms)
			window.ahead += sql_integer(rows, 1);
		rc = sql_next(rows, &any);
	}
	sql_finish(rows);
	if (!rc)
		*ret_window = window;
	return rc;
}

/** Nothing was called after now: a clock that was ahead said so, and who waits would wait until that time comes. */
static enum rc bring_back(struct sql_store *s, const char *account, int64_t now_ms, int64_t slot_ms, struct window *window)
{
	const struct value after[] = { text_value(account), int_value(now_ms) };
	const struct value values[] = { text_value(account), int_value(slot_ms), int_value(window->ahead) };
	enum rc rc = sql_execute(s, SQL_BUDGET_DROP_AHEAD, after, 2);

	if (window->oldest_ms > slot_ms)
		window->oldest_ms = slot_ms;
	return rc ? rc : sql_execute(s, SQL_BUDGET_WRITE, values, 3);
}

static enum rc take(struct sql_store *s, const struct budget_request *request, struct budget_grant *grant)
{
	int64_t slot_ms = request->window_ms / SLOTS_PER_WINDOW > 0 ? request->window_ms / SLOTS_PER_WINDOW : 1;
	int64_t now_ms = sql_now_ms(s), slot = now_ms - now_ms % slot_ms;
	int64_t first = slot - request->window_ms - slot_ms + 1, left;
	const struct value old[] = { text_value(request->account), int_value(first) };
	struct window window;
	enum rc rc = read_window(s, request->account, first, now_ms, &window);

	if (!rc && window.ahead)
		rc = bring_back(s, request->account, now_ms, slot, &window);
	if (rc)
		return rc;
	left = request->limit - window.used;
	grant->calls = left < request->want ? left : request->want;
	if (grant->calls <= 0) {
		grant->calls = 0;
		grant->wait_ms = window.oldest_ms + slot_ms + request->window_ms - now_ms;
		return RC_OK;
	}
	const struct value values[] = { text_value(request->account), int_value(slot), int_value(grant->calls) };

	rc = sql_execute(s, SQL_BUDGET_WRITE, values, 3);
	return rc ? rc : sql_execute(s, SQL_BUDGET_PRUNE, old, 2);
}

enum rc sql_budget_take(struct store *store, const struct budget_request *request, struct budget_grant *ret_grant)
{
	struct sql_store *s = (struct sql_store *)store;
	struct budget_grant grant = { 0 };
	enum rc rc = s->is_empty ? RC_NOTFOUND : sql_check_writable(s);

	if (!rc)
		rc = s->driver->begin(s, true);
	if (rc)
		return rc;
	rc = sql_write_end(s, take(s, request, &grant));
	if (!rc)
		*ret_grant = grant;
	return rc;
}
