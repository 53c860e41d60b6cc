/* Answers of the API, whatever they are: kind, status and flags in three bytes, then the body; a list's pages are
 * separated by NUL, and so is what a batch sent from its answer. Every byte of the result is read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "providers/cloudflare_answer.h"
#include "providers/cloudflare_list.h"
#include "providers/cloudflare_request.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define PAGES_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wire_context context = {.token = "t0ken", .host = "api.test"};
static volatile size_t read_bytes;

static const int statuses[] = {200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 405, 408, 409, 429, 500, 502};

static void read_text(const char *text)
{
	if (text)
		read_bytes += strlen(text);
}

static void read_json(const struct json *json)
{
	struct strbuf out;

	strbuf_init(&out, 0);
	json_write_canonical(&out, json);
	read_bytes += out.size;
	strbuf_done(&out);
}

static void read_records(const struct live_record *records, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		read_text(records[i].id);
		read_text(records[i].zone_id);
		read_text(records[i].name);
		read_text(records[i].type);
		read_text(records[i].content);
		read_text(records[i].comment);
		read_text(records[i].tags);
		if (records[i].json)
			read_json(records[i].json);
		read_bytes += (size_t)records[i].ttl + records[i].proxied;
	}
}

static void read_call(const struct call *call)
{
	read_text(call->message);
	read_text(call->needs);
	read_text(call->text);
	for (size_t i = 0; i < call->tunnel_count; i++) {
		read_text(call->tunnels[i].id);
		read_text(call->tunnels[i].name);
		read_text(call->tunnels[i].status);
		read_text(call->tunnels[i].created_at);
		read_text(call->tunnels[i].type);
	}
	for (size_t i = 0; i < call->zone_count; i++) {
		read_text(call->zones[i].id);
		read_text(call->zones[i].name);
		read_text(call->zones[i].status);
		read_text(call->zones[i].account_id);
		read_text(call->zones[i].plan);
	}
	for (size_t i = 0; i < call->connection_count; i++) {
		read_text(call->connections[i].id);
		read_text(call->connections[i].colos);
		read_text(call->connections[i].origin_ip);
	}
	for (size_t i = 0; i < call->account_count; i++)
		read_text(call->accounts[i].name);
	read_records(call->records, call->record_count);
	read_records(call->batch.deletes, call->batch.delete_count);
	read_records(call->batch.patches, call->batch.patch_count);
	read_records(call->batch.posts, call->batch.post_count);
	if (call->config.document)
		read_json(call->config.document);
}

/** The part of the input up to the next NUL, as the body of an answer. */
static void next_part(struct http_answer *answer, const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size ? memchr(*data, 0, *size) : NULL;
	size_t part = end ? (size_t)(end - *data) : *size;

	strbuf_reset(&answer->body);
	strbuf_add(&answer->body, *data, part);
	*data += part + (end != NULL);
	*size -= part + (end != NULL);
}

static enum rc read_list(struct call *call, struct http_answer *answer, const uint8_t *data, size_t size)
{
	struct list list;
	bool again;

	list_init(&list, call);
	for (unsigned asked = 0; asked < PAGES_MAX; asked++) {
		size_t page = 0;
		enum rc rc = list_next_page(&list, 1, &page);

		if (rc)
			return rc;
		next_part(answer, &data, &size);
		rc = list_take_page(&context, &list, page, answer);
		if (!rc && list_is_read(&list))
			rc = list_finish(&context, &list, &again);
		else if (!rc)
			continue;
		if (rc || !again)
			return rc;
	}
	return RC_LIMIT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_answer answer = {0};
	struct call call = {.zone_id = "z", .name = "n", .secret = "s3cret", .message = ""};
	struct json *sent;

	if (size < 3)
		return 0;
	call.kind = (enum call_kind)(data[0] % (CALL_RECORD_BATCH + 1));
	answer.status = statuses[data[1] % (sizeof(statuses) / sizeof(statuses[0]))];
	answer.was_lost = data[2] & 1;
	answer.maybe_executed = data[2] & 2;
	data += 3;
	size -= 3;
	call.arena = arena_new(ARENA_BYTES);
	context.scratch = arena_new(ARENA_BYTES);
	if (!call.arena || !context.scratch)
		return 0;
	if (call.kind == CALL_RECORD_BATCH) {
		next_part(&answer, &data, &size);
		if (!json_parse(call.arena, strbuf_text(&answer.body), answer.body.size, &sent, NULL))
			call.body = sent;
	}
	if (wire_kind(call.kind)->per_page) {
		call.rc = read_list(&call, &answer, data, size);
	} else {
		next_part(&answer, &data, &size);
		call.rc = answer_take(&context, &call, &answer);
	}
	read_text(rc_name(call.rc));
	read_call(&call);
	strbuf_done(&answer.body);
	arena_free(context.scratch);
	arena_free(call.arena);
	return 0;
}
