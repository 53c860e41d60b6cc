/* Lists that come in pages. */
#include "providers/cloudflare_list.h"

#include <string.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/str.h"
#include "providers/cloudflare_request.h"

/** What a list consists of. The id is the first member of each, so that one function can count them. */
struct list_kind {
	size_t item_size;
	enum rc (*take)(struct shape *, const struct json *, void *);
	bool (*is_wanted)(const struct call *, const void *); /**< NULL: all are */
};

_Static_assert(offsetof(struct live_tunnel, id) == 0, "id comes first");
_Static_assert(offsetof(struct live_zone, id) == 0, "id comes first");
_Static_assert(offsetof(struct live_record, id) == 0, "id comes first");
_Static_assert(offsetof(struct live_account_info, id) == 0, "id comes first");

/** Some servers do not know is_deleted or name and answer with every tunnel. */
static bool is_wanted_tunnel(const struct call *call, const void *item)
{
	const struct live_tunnel *tunnel = item;

	return !tunnel->is_deleted && (call->kind != CALL_TUNNEL_FIND || str_eq(tunnel->name, call->name));
}

static struct list_kind list_kind(enum call_kind kind)
{
	if (kind == CALL_ACCOUNTS_LIST)
		return (struct list_kind){sizeof(struct live_account_info), shape_account, NULL};
	if (kind == CALL_ZONES_LIST)
		return (struct list_kind){sizeof(struct live_zone), shape_zone, NULL};
	if (kind == CALL_RECORDS_LIST)
		return (struct list_kind){sizeof(struct live_record), shape_record, NULL};
	return (struct list_kind){sizeof(struct live_tunnel), shape_tunnel, is_wanted_tunnel};
}

static const char *item_id(const void *item)
{
	const char *id;

	memcpy(&id, item, sizeof(id));
	return id;
}

/** Ready to read from page 1. */
static void begin_reading(struct list *list)
{
	list->asked_count = 0;
	list->under_way = 0;
	list->last_page = 0;
	list->is_ended = false;
	list->total = -1;
	list->has_contradiction = false;
	list->readings++;
}

void list_init(struct list *list, struct call *call)
{
	memset(list, 0, sizeof(*list));
	list->call = call;
	begin_reading(list);
}

static bool wants_more(const struct list *list)
{
	if (!list->asked_count)
		return true;
	if (list->is_ended)
		return false;
	/* Until the end is known, the next page depends on the last one. */
	return list->last_page ? list->asked_count < list->last_page : !list->under_way;
}

enum rc list_next_page(struct list *list, size_t at_once, size_t *ret_page)
{
	struct list_page *grown;

	*ret_page = 0;
	if (!wants_more(list) || list->under_way >= at_once)
		return RC_OK;
	if (list->asked_count >= LIMIT_PAGES) {
		list->call->message = "the list has more pages than are read";
		return RC_LIMIT;
	}
	grown = arena_grow(list->call->arena, list->pages, list->asked_count, &list->page_capacity, sizeof(*grown));
	if (!grown) {
		list->call->message = "out of memory";
		return RC_NOMEM;
	}
	list->pages = grown;
	list->pages[list->asked_count++] = (struct list_page){0};
	list->under_way++;
	*ret_page = list->asked_count;
	return RC_OK;
}

/** A count of result_info; -1 when absent or none. */
static int64_t told(const struct json *info, const char *name)
{
	const struct json *value = json_get(info, name);
	int64_t count = json_is_int(value) ? json_get_int(info, name, -1) : -1;

	return count >= 0 ? count : -1;
}

/** The first page tells how many there are. What came counts for more than what is told about the size of a page:
 * servers cap it, and not all of them say so. */
static void plan_pages(struct list *list, const struct json *info, size_t count)
{
	int64_t pages = told(info, "total_pages");

	if (list->total >= 0)
		list->last_page = 1;
	if (count && list->total > (int64_t)count)
		list->last_page = (size_t)((list->total - 1) / (int64_t)count + 1);
	if (pages > 0 && list->total != (int64_t)count && (size_t)pages > list->last_page)
		list->last_page = (size_t)pages;
}

/** A server that does not know pages answers each with the same: page 1 again. */
static bool repeats_first_page(const struct list *list, size_t page)
{
	const struct list_page *first = &list->pages[0];
	const struct list_page *now = &list->pages[page - 1];

	return page > 1 && first->count && now->count && str_eq(item_id(first->items), item_id(now->items));
}

/** What a page tells about the list as a whole. */
static void learn(struct list *list, size_t page, const struct json *info)
{
	int64_t total = told(info, "total_count");
	int64_t size = told(info, "per_page");
	size_t count = list->pages[page - 1].count;

	if (page == 1) {
		list->total = total;
		plan_pages(list, info, count);
	} else if (total >= 0 && list->total >= 0 && total != list->total) {
		list->has_contradiction = true;
	}
	if (!count)
		list->is_ended = true;
	if (list->last_page)
		return;
	if (size <= 0)
		size = wire_kind(list->call->kind)->per_page;
	if ((int64_t)count < size || repeats_first_page(list, page))
		list->is_ended = true;
}

/** A page's items, out of a tree that goes at once: of a hundred thousand records only what is needed is kept. */
static enum rc take_items(const struct wire_context *context, struct list *list, size_t page,
			  const struct http_answer *answer)
{
	struct call *call = list->call;
	struct map repeated;
	const struct list_kind kind = list_kind(call->kind);
	struct shape shape = {.arena = call->arena, .is_copied = true, .repeated = &repeated, .zone_id = call->zone_id};
	struct list_page *taken = &list->pages[page - 1];
	struct envelope envelope = {0};
	void *items = NULL;
	enum rc rc = answer_open(context, context->scratch, call, answer, &envelope);

	if (rc)
		return rc;
	map_init(&repeated, context->scratch);
	if (call->zone_id) {
		shape.zone_id = arena_strdup(call->arena, call->zone_id);
		rc = shape.zone_id ? RC_OK : RC_NOMEM;
	}
	if (!rc)
		rc = shape_array(&shape, envelope.result, kind.item_size, kind.take, &items, &taken->count);
	if (rc == RC_CORRUPT)
		return answer_misshapen(context, call, shape.expected);
	if (rc)
		return answer_fail(context, call, rc, "out of memory");
	taken->items = items;
	learn(list, page, envelope.info);
	return RC_OK;
}

enum rc list_take_page(const struct wire_context *context, struct list *list, size_t page,
		       const struct http_answer *answer)
{
	enum rc rc;

	list->under_way--;
	rc = take_items(context, list, page, answer);
	answer_forget(context);
	return rc;
}

bool list_is_read(const struct list *list)
{
	return !list->under_way && !wants_more(list);
}

/** Put together the items with distinct ids, in the order of pages; count them before those not wanted are left out.
 * @param scratch  for what is forgotten again */
static enum rc join_pages(struct list *list, const struct list_kind *kind, struct arena *scratch, char **ret_items,
			  size_t *ret_count, size_t *ret_distinct)
{
	size_t room = 0, count = 0;
	struct map seen;
	char *items;

	for (size_t p = 0; p < list->asked_count; p++)
		room += list->pages[p].count;
	/* A page alone is closed up where it stands. */
	items = list->asked_count == 1 ? list->pages[0].items : arena_array(list->call->arena, room, kind->item_size);
	map_init(&seen, scratch);
	if (!items || map_reserve(&seen, room))
		return RC_NOMEM;
	for (size_t p = 0; p < list->asked_count; p++) {
		for (size_t i = 0; i < list->pages[p].count; i++) {
			char *item = list->pages[p].items + i * kind->item_size;
			void *before;

			if (map_put(&seen, item_id(item), item, &before))
				return RC_NOMEM;
			if (before || (kind->is_wanted && !kind->is_wanted(list->call, item)))
				continue;
			memmove(items + count++ * kind->item_size, item, kind->item_size);
		}
	}
	*ret_items = items;
	*ret_count = count;
	*ret_distinct = seen.count;
	return RC_OK;
}

static void give(struct call *call, void *items, size_t count)
{
	if (call->kind == CALL_ACCOUNTS_LIST) {
		call->accounts = items;
		call->account_count = count;
	} else if (call->kind == CALL_ZONES_LIST) {
		call->zones = items;
		call->zone_count = count;
	} else if (call->kind == CALL_RECORDS_LIST) {
		call->records = items;
		call->record_count = count;
	} else {
		call->tunnels = items;
		call->tunnel_count = count;
	}
}

/** The reading does not count. */
static enum rc read_again(const struct wire_context *context, struct list *list, size_t distinct, bool *ret_again)
{
	if (list->readings >= LIST_READINGS_MAX)
		return answer_fail(context, list->call, RC_UNAVAILABLE,
				   "%s told of %lld things and showed %zu, in each of %u readings: the list "
				   "changes while it is read, or is not shown whole",
				   context->host, (long long)list->total, distinct, list->readings);
	begin_reading(list);
	*ret_again = true;
	return RC_OK;
}

enum rc list_finish(const struct wire_context *context, struct list *list, bool *ret_again)
{
	struct call *call = list->call;
	const struct list_kind kind = list_kind(call->kind);
	char *items = NULL;
	size_t count, distinct;
	enum rc rc = join_pages(list, &kind, context->scratch, &items, &count, &distinct);

	answer_forget(context);
	if (rc)
		return answer_fail(context, call, rc, "out of memory");
	if (list->has_contradiction || (list->total >= 0 && (int64_t)distinct != list->total))
		return read_again(context, list, distinct, ret_again);
	if (call->kind == CALL_TUNNEL_FIND && count > 1)
		return answer_fail(context, call, RC_CORRUPT, "%s shows %zu live tunnels named \"%s\"",
				   context->host, count, call->name);
	give(call, items, count);
	*ret_again = false;
	return RC_OK;
}
