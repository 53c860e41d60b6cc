/* The request log: a linked list of entries that are their own JSON text. */
#include "server/simulator/request_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "server/simulator/limits.h"

struct logged_request {
	struct logged_request *next;
	int64_t seq;
	size_t size_bytes;
	char text[]; /* one JSON object */
};

static void drop_oldest(struct request_log *log)
{
	struct logged_request *entry = log->oldest;

	log->oldest = entry->next;
	if (!log->oldest)
		log->newest = NULL;
	log->size_bytes -= entry->size_bytes;
	free(entry);
}

void request_log_clear(struct request_log *log)
{
	while (log->oldest)
		drop_oldest(log);
}

/* In place, on a copy. Recursion is bounded: json_parse() refuses what is nested deeper than LIMIT_DEPTH. */
static void redact(struct json *value, struct json *redacted)
{
	if (value->type == JSON_ARRAY) {
		for (size_t i = 0; i < value->u.array.count; i++)
			redact(value->u.array.items[i], redacted);
	}
	if (value->type != JSON_OBJECT)
		return;
	for (size_t i = 0; i < value->u.object.count; i++) {
		struct json_member *member = &value->u.object.members[i];

		if (str_eq(member->key, "tunnel_secret"))
			member->value = redacted;
		else
			redact(member->value, redacted);
	}
}

static struct json *redacted_copy(struct build *build, const struct json *body)
{
	struct json *copy = json_copy(build->arena, body);
	struct json *redacted = json_new_string(build->arena, "REDACTED");

	if (!copy || !redacted)
		return NULL;
	redact(copy, redacted);
	return copy;
}

static const char *entry_text(struct build *build, int64_t seq, const struct log_entry *entry)
{
	struct json *object = build_object(build);

	build_int(build, object, "seq", seq);
	build_time(build, object, "time", entry->wall_ms);
	build_string(build, object, "method", entry->method);
	build_string(build, object, "path", entry->uri);
	if (entry->body)
		build_value(build, object, "body", redacted_copy(build, entry->body));
	else
		build_null(build, object, "body");
	build_int(build, object, "status", entry->status);
	build_int(build, object, "code", entry->code);
	build_string(build, object, "token", entry->token);
	if (entry->fault)
		build_string(build, object, "fault", entry->fault);
	return build->rc ? NULL : build_text(build, object);
}

void request_log_add(struct request_log *log, struct build *build, const struct log_entry *entry)
{
	int64_t seq = ++log->last_seq;
	const char *text = entry_text(build, seq, entry);
	size_t size = text ? strlen(text) + 1 : 0;
	struct logged_request *item = text ? malloc(sizeof(*item) + size) : NULL;

	if (!item)
		return;
	*item = (struct logged_request){.seq = seq, .size_bytes = sizeof(*item) + size};
	memcpy(item->text, text, size);
	if (log->newest)
		log->newest->next = item;
	else
		log->oldest = item;
	log->newest = item;
	log->size_bytes += item->size_bytes;
	while (log->size_bytes > SIMULATOR_LOG_BYTES && log->oldest != log->newest)
		drop_oldest(log);
}

void request_log_write(const struct request_log *log, struct strbuf *out, int64_t since)
{
	const char *separator = "";

	strbuf_addc(out, '[');
	for (const struct logged_request *item = log->oldest; item; item = item->next) {
		if (item->seq <= since)
			continue;
		strbuf_adds(out, separator);
		strbuf_adds(out, item->text);
		separator = ",\n";
	}
	strbuf_addc(out, ']');
}
