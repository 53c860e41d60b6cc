/** @file The description of a lock, as terraform writes it, so that its users and servers can show it. */
#include "base/json.h"
#include "base/str.h"
#include "state/blob.h"

/** Servers give nothing but the ID of a lock back, some of them. */
#define PREFIX "adit-"

const char *blob_lock_new_id(struct blob_store *s)
{
	unsigned char bytes[16];
	const char *hex;

	if (clock_random(&s->lite.sql.run->clock, bytes, sizeof(bytes)))
		return NULL;
	hex = str_hex(s->lite.sql.run->arena, bytes, sizeof(bytes));
	return hex ? arena_printf(s->lite.sql.run->arena, PREFIX "%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16, hex + 20) : NULL;
}

enum rc blob_lock_describe(struct blob_store *s, const char *id, struct strbuf *text)
{
	struct sql_store *sql = &s->lite.sql;
	const char *now = clock_rfc3339(sql->run->arena, blob_http_now_ms(s->http));
	struct json_writer w;

	json_writer_init(&w, text, 0);
	json_begin_object(&w);
	json_key_string(&w, "ID", id);
	json_key_string(&w, "Operation", "adit");
	json_key_string(&w, "Info", sql->base.project);
	json_key_string(&w, "Who", sql->holder);
	json_key_string(&w, "Version", ADIT_VERSION);
	json_key_string(&w, "Created", str_or_empty(now));
	json_key_string(&w, "Path", "");
	json_end_object(&w);
	return strbuf_failed(text) ? RC_NOMEM : RC_OK;
}

struct blob_lock blob_lock_read(struct blob_store *s, const struct strbuf *text)
{
	struct blob_lock lock = {.id = "", .who = ""};
	struct json *info = NULL;

	if (!text->size || json_parse(s->lite.sql.run->arena, strbuf_text(text), text->size, &info, NULL))
		return lock;
	lock.id = json_get_string(info, "ID", "");
	lock.who = json_get_string(info, "Who", "");
	if (clock_parse_rfc3339(json_get_string(info, "Created", ""), &lock.created_ms))
		lock.created_ms = 0;
	return lock;
}

bool blob_lock_is_adits(const struct blob_lock *lock)
{
	return !str_is_empty(lock->id) && str_has_prefix(lock->id, PREFIX);
}
