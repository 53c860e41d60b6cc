/** @file
 * Writing images: the tables and texts in memory, then one file beside the old one, which it replaces. Nothing waits for the
 * disk: what a power cut left does not fit its sum. */
#include "state/image_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"

/** An image in the making. */
struct making {
	struct image_parts parts;
	struct arena *scratch;
	struct strbuf texts;
	struct map places;             /**< text -> its place */
	struct map documents;          /**< JSON -> its number, from 1 on */
	struct strbuf json;
};

static enum rc add_text(struct making *out, const char *text, uint32_t *ret_place)
{
	*ret_place = (uint32_t)out->texts.size;
	strbuf_add(&out->texts, text, strlen(text) + 1);
	return strbuf_failed(&out->texts) ? RC_NOMEM : RC_OK;
}

/** Texts are kept once, as they are in memory. */
static enum rc put_text(struct making *out, const char *text, uint32_t *ret_place)
{
	void *known = text ? map_get(&out->places, text) : NULL;
	enum rc rc;

	*ret_place = (uint32_t)(uintptr_t)known;
	if (!text || known)
		return RC_OK;
	rc = add_text(out, text, ret_place);
	return rc ? rc : map_put(&out->places, text, (void *)(uintptr_t)*ret_place, NULL);
}

/** A field may be the end of the address. */
static enum rc put_field_text(struct making *out, const struct image_row *row, const char *address, const char *text,
			      uint32_t *ret_place)
{
	if (!text || !str_has_suffix(address, text))
		return put_text(out, text, ret_place);
	*ret_place = row->texts[IMAGE_ADDRESS] + (uint32_t)(strlen(address) - strlen(text));
	return RC_OK;
}

static enum rc put_document(struct making *out, const struct json *document, uint32_t *ret_number)
{
	struct image_counts *counts = &out->parts.counts;
	struct json_writer writer;
	const char *text;
	void *known;
	enum rc rc;

	*ret_number = 0;
	if (!document)
		return RC_OK;
	strbuf_reset(&out->json);
	json_writer_init(&writer, &out->json, 0);
	json_value(&writer, document);
	if (strbuf_failed(&out->json))
		return RC_NOMEM;
	known = map_get(&out->documents, strbuf_text(&out->json));
	*ret_number = (uint32_t)(uintptr_t)known;
	if (known)
		return RC_OK;
	text = arena_strdup(out->scratch, strbuf_text(&out->json));
	rc = text ? add_text(out, text, &out->parts.documents[counts->documents]) : RC_NOMEM;
	if (rc)
		return rc;
	*ret_number = (uint32_t)++counts->documents;
	return map_put(&out->documents, text, (void *)(uintptr_t)*ret_number, NULL);
}

/** The rules' addresses are texts already, or will be. */
static enum rc put_order(struct making *out, const struct json *order, uint32_t *ret_number)
{
	struct image_counts *counts = &out->parts.counts;
	struct image_order *put = &out->parts.orders[counts->orders];
	enum rc rc = RC_OK;

	*ret_number = 0;
	if (!order)
		return RC_OK;
	*put = (struct image_order){ .first = (uint32_t)counts->order_items, .count = (uint32_t)json_count(order) };
	for (size_t i = 0; !rc && i < put->count; i++)
		rc = put_text(out, json_item(order, i)->u.string, &out->parts.order_items[counts->order_items++]);
	*ret_number = (uint32_t)++counts->orders;
	return rc;
}

static enum rc put_number(struct making *out, int64_t number, uint32_t *ret_place)
{
	struct image_counts *counts = &out->parts.counts;

	/* Nearly all are like the one before. */
	if (!counts->numbers || out->parts.numbers[counts->numbers - 1] != number)
		out->parts.numbers[counts->numbers++] = number;
	*ret_place = (uint32_t)counts->numbers - 1;
	return RC_OK;
}

static enum rc put_field(struct making *out, const struct field *field, const struct resource *resource,
			 const struct image_row *row, uint32_t *ret_value)
{
	const void *at = (const char *)resource + field->offset;

	switch (field->type) {
	case FIELD_STRING:
		return put_field_text(out, row, resource->address, *(const char *const *)at, ret_value);
	case FIELD_BOOL:
		*ret_value = *(const bool *)at;
		return RC_OK;
	case FIELD_INT:
		return put_number(out, *(const int64_t *)at, ret_value);
	case FIELD_JSON:
		if (field->flags & FIELD_ORDER)
			return put_order(out, *(const struct json *const *)at, ret_value);
		return put_document(out, *(const struct json *const *)at, ret_value);
	}
	return RC_INTERNAL;
}

static enum rc put_row(struct making *out, const struct recorded *item, struct image_row *row)
{
	const struct resource *resource = item->resource;
	const struct resource_type *type = resource_type(resource->kind);
	const char *const texts[IMAGE_TEXTS] = {
		[IMAGE_ADDRESS] = resource->address,
		[IMAGE_ID] = resource->id,
		[IMAGE_TUNNEL] = resource->tunnel,
		[IMAGE_OBJECT] = resource->origin.object,
		[IMAGE_PRECEDENCE] = resource->origin.precedence,
		[IMAGE_ACCOUNT_ID] = item->account_id,
		[IMAGE_ZONE_ID] = item->zone_id,
		[IMAGE_PRIOR_COMMENT] = item->prior_comment,
	};
	enum rc rc = RC_OK;

	row->kind = (uint8_t)resource->kind;
	row->is_protected = item->is_protected;
	row->retired_ms = item->retired_ms;
	for (size_t i = 0; !rc && i < IMAGE_TEXTS; i++)
		rc = put_text(out, texts[i], &row->texts[i]);
	for (size_t i = 0; !rc && i < type->field_count; i++)
		rc = put_field(out, &type->fields[i], resource, row, &row->fields[i]);
	return rc;
}

/** How many of everything there are at most. */
static void count_parts(const struct recorded_state *state, struct image_counts *counts)
{
	*counts = (struct image_counts){ .rows = state->count };
	for (size_t i = 0; i < state->count; i++) {
		const struct resource *resource = state->items[i].resource;
		const struct resource_type *type = resource_type(resource->kind);

		for (size_t j = 0; j < type->field_count; j++) {
			const struct field *field = &type->fields[j];
			const void *at = (const char *)resource + field->offset;

			counts->numbers += field->type == FIELD_INT;
			if (field->type != FIELD_JSON || !*(const struct json *const *)at)
				continue;
			counts->documents += !(field->flags & FIELD_ORDER);
			counts->orders += (field->flags & FIELD_ORDER) != 0;
			counts->order_items += field->flags & FIELD_ORDER ? json_count(*(const struct json *const *)at) : 0;
		}
	}
}

/** Behind each other, as in the file. */
static enum rc pack(struct making *out)
{
	struct image_parts packed = { .counts = out->parts.counts };
	size_t bytes;
	void *tables;

	if (!image_table_bytes(&packed.counts, &bytes))
		return RC_LIMIT;
	tables = arena_alloc(out->scratch, bytes);
	if (!tables)
		return RC_NOMEM;
	image_place(&packed, tables);
	memcpy(packed.rows, out->parts.rows, packed.counts.rows * sizeof(*packed.rows));
	memcpy(packed.numbers, out->parts.numbers, packed.counts.numbers * sizeof(*packed.numbers));
	memcpy(packed.orders, out->parts.orders, packed.counts.orders * sizeof(*packed.orders));
	memcpy(packed.order_items, out->parts.order_items, packed.counts.order_items * sizeof(*packed.order_items));
	memcpy(packed.documents, out->parts.documents, packed.counts.documents * sizeof(*packed.documents));
	packed.texts = strbuf_text(&out->texts);
	out->parts = packed;
	return RC_OK;
}

static enum rc make(struct making *out, const struct recorded_state *state)
{
	struct image_counts most;
	struct image_parts *parts = &out->parts;
	enum rc rc = RC_OK;

	count_parts(state, &most);
	parts->rows = arena_array(out->scratch, most.rows, sizeof(*parts->rows));
	parts->orders = arena_array(out->scratch, most.orders, sizeof(*parts->orders));
	parts->order_items = arena_array(out->scratch, most.order_items, sizeof(*parts->order_items));
	parts->documents = arena_array(out->scratch, most.documents, sizeof(*parts->documents));
	parts->numbers = arena_array(out->scratch, most.numbers, sizeof(*parts->numbers));
	if (!parts->rows || !parts->orders || !parts->order_items || !parts->documents || !parts->numbers)
		return RC_NOMEM;
	strbuf_addc(&out->texts, '\0'); /* none */
	for (size_t i = 0; !rc && i < state->count; i++)
		rc = put_row(out, &state->items[i], &parts->rows[i]);
	parts->counts.rows = state->count;
	parts->counts.text_bytes = out->texts.size;
	return rc ? rc : pack(out);
}

static bool write_all(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size) {
		ssize_t put = write(fd, at, size);

		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0) {
			at += put;
			size -= (size_t)put;
		}
	}
	return true;
}

static bool write_parts(int fd, const struct image_parts *parts, const uint8_t key[IMAGE_KEY_BYTES])
{
	struct image_head head = { .magic = IMAGE_MAGIC, .counts = parts->counts };
	size_t table_bytes;

	memcpy(head.key, key, sizeof(head.key));
	return image_sum(parts, key, head.sum) && image_table_bytes(&parts->counts, &table_bytes) && fchmod(fd, 0600) == 0 &&
	       write_all(fd, &head, sizeof(head)) && write_all(fd, parts->rows, table_bytes) &&
	       write_all(fd, parts->texts, parts->counts.text_bytes);
}

/** The name of the new file is always the same, so that those of killed runs do not pile up. Two that write at the same time
 * may get into each other's way, and leave what does not fit its sum. */
static void replace(const char *path, const char *fresh, const struct image_parts *parts, const uint8_t key[IMAGE_KEY_BYTES])
{
	int fd;
	bool is_written;

	if (image_is_there(fresh))
		unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	is_written = write_parts(fd, parts, key);
	is_written &= close(fd) == 0;
	if (!is_written || rename(fresh, path) < 0)
		unlink(fresh);
}

void image_write(const char *path, const uint8_t key[IMAGE_KEY_BYTES], const struct recorded_state *state)
{
	struct making out = { .scratch = arena_new(LIMIT_ARENA_BYTES) };
	struct stat info;
	const char *fresh = out.scratch ? arena_printf(out.scratch, "%s-new", path) : NULL;

	strbuf_init(&out.texts, UINT32_MAX);
	strbuf_init(&out.json, 0);
	map_init(&out.places, out.scratch);
	map_init(&out.documents, out.scratch);
	if (fresh && (lstat(path, &info) < 0 ? errno == ENOENT : file_is_private(&info)) && !make(&out, state))
		replace(path, fresh, &out.parts, key);
	strbuf_done(&out.json);
	strbuf_done(&out.texts);
	arena_free(out.scratch);
}
