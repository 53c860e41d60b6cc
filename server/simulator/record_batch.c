/* Many DNS records in one call: deletes, patches, puts, posts, in that order, all or nothing. */
#include <string.h>

#include "base/str.h"
#include "server/simulator/handlers.h"
#include "server/simulator/record.h"

static enum rc delete_item(struct call *call, const char *id, const struct json *body, struct record *ret_record)
{
	enum rc rc = record_load(call, id, ret_record);

	(void)body;
	return rc ? rc : record_delete(call, id);
}

static enum rc post_item(struct call *call, const char *id, const struct json *body, struct record *ret_record)
{
	(void)id;
	return record_post(call, body, ret_record);
}

/* The order of the table is the order of execution. */
static const struct {
	const char *key;
	bool needs_id;
	enum rc (*run)(struct call *call, const char *id, const struct json *body, struct record *ret_record);
} lists[] = {
	{"deletes", true, delete_item},
	{"patches", true, record_patch},
	{"puts", true, record_put},
	{"posts", false, post_item},
};

#define LISTS (sizeof(lists) / sizeof(lists[0]))

static enum rc check_size(struct call *call)
{
	size_t total = 0, max = call->zone->plan->batch;

	for (size_t i = 0; i < LISTS; i++) {
		const struct json *list = json_get(call->body, lists[i].key);

		if (list && list->type != JSON_ARRAY && list->type != JSON_NULL)
			return call_refuse(call, 400, 9207, "malformed request body: %s must be an array",
					   lists[i].key);
		total += json_count(list);
	}
	if (total > max)
		return call_refuse(call, 400, 9207,
				   "malformed request body: %zu records exceed the batch limit of %zu", total,
				   max);
	return RC_OK;
}

static enum rc run_list(struct call *call, size_t which, struct json_writer *w)
{
	const struct json *list = json_get(call->body, lists[which].key);

	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *item = json_item(list, i);
		struct record record = {0};
		const char *id = NULL;
		enum rc rc = RC_OK;

		if (item->type != JSON_OBJECT)
			return call_refuse(call, 400, 9207, "malformed request body: %s must hold objects",
					   lists[which].key);
		if (lists[which].needs_id)
			rc = call_string(call, item, "id", &id);
		if (!rc)
			rc = lists[which].run(call, str_or_empty(id), item, &record);
		if (rc)
			return rc;
		json_raw(w, record.answer, strlen(record.answer));
	}
	return RC_OK;
}

enum rc records_batch(struct call *call)
{
	struct json_writer w;
	enum rc rc = call_body_object(call);

	if (!rc)
		rc = check_size(call);
	json_writer_init(&w, &call->text, 0);
	json_begin_object(&w);
	for (size_t i = 0; !rc && i < LISTS; i++) {
		json_key(&w, lists[i].key);
		json_begin_array(&w);
		rc = run_list(call, i, &w);
		json_end_array(&w);
	}
	json_end_object(&w);
	return !rc && strbuf_failed(&call->text) ? RC_NOMEM : rc;
}
