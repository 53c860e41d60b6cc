/* DNS records, one at a time. */
#include "base/str.h"
#include "server/simulator/handlers.h"
#include "server/simulator/record.h"

/* Comments and tags have change dates of their own. */
static void set_times(struct call *call, const struct record *old, struct record *record)
{
	record->created_ms = old->created_ms ? old->created_ms : call->now_ms;
	record->modified_ms = call->now_ms;
	record->comment_ms = str_eq(old->comment, record->comment) ? old->comment_ms : call->now_ms;
	record->tags_ms = str_eq(old->tags, record->tags) ? old->tags_ms : call->now_ms;
}

enum rc record_post(struct call *call, const struct json *body, struct record *ret_record)
{
	const struct record none = record_defaults();
	struct record record = none;
	enum rc rc = record_decode(call, body, &record);

	set_times(call, &none, &record);
	if (!rc)
		rc = record_check_conflicts(call, &record);
	if (!rc)
		rc = record_insert(call, &record);
	if (!rc)
		*ret_record = record;
	return rc;
}

/* @param start what the record is where the body says nothing */
static enum rc change(struct call *call, const struct record *old, const struct record *start,
		      const struct json *body, struct record *ret_record)
{
	struct record record = *start;
	enum rc rc = record_decode(call, body, &record);

	record.id = old->id;
	set_times(call, old, &record);
	if (!rc)
		rc = record_check_conflicts(call, &record);
	if (!rc)
		rc = record_update(call, &record);
	if (!rc)
		*ret_record = record;
	return rc;
}

/* What the body leaves out goes to its default. */
enum rc record_put(struct call *call, const char *id, const struct json *body, struct record *ret_record)
{
	const struct record none = record_defaults();
	struct record old = {0};
	enum rc rc = record_load(call, id, &old);

	return rc ? rc : change(call, &old, &none, body, ret_record);
}

/* What the body leaves out stays. */
enum rc record_patch(struct call *call, const char *id, const struct json *body, struct record *ret_record)
{
	struct record old = {0};
	enum rc rc = record_load(call, id, &old);

	return rc ? rc : change(call, &old, &old, body, ret_record);
}

static enum rc answer(struct call *call, enum rc rc, const struct record *record)
{
	if (!rc)
		strbuf_adds(&call->text, record->answer);
	return rc;
}

enum rc records_create(struct call *call)
{
	struct record record = {0};
	enum rc rc = record_post(call, call->body, &record);

	return answer(call, rc, &record);
}

enum rc records_get(struct call *call)
{
	struct record record = {0};
	enum rc rc = record_load(call, call->record_id, &record);

	return answer(call, rc, &record);
}

enum rc records_put(struct call *call)
{
	struct record record = {0};
	enum rc rc = record_put(call, call->record_id, call->body, &record);

	return answer(call, rc, &record);
}

enum rc records_patch(struct call *call)
{
	struct record record = {0};
	enum rc rc = record_patch(call, call->record_id, call->body, &record);

	return answer(call, rc, &record);
}

enum rc records_delete(struct call *call)
{
	struct record record = {0};
	enum rc rc = record_load(call, call->record_id, &record);

	if (!rc)
		rc = record_delete(call, record.id);
	if (rc)
		return rc;
	call->result = build_object(&call->build);
	build_string(&call->build, call->result, "id", record.id);
	return RC_OK;
}
