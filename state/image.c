/** @file Reading images: into an arena of its own, which the caller's takes over once all is believed. */
#include "state/image_format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "state/recorded.h"

/* Texts are told by 32 bits, and so is what is told by number. */
#define COUNT_MOST UINT32_MAX

_Static_assert(sizeof(struct image_row) == 80, "no padding, whose bytes would be anything");
_Static_assert(sizeof(struct image_head) == 88, "no padding");

/** An image on its way into memory. */
struct reading {
	struct image_parts parts;
	struct arena *made;            /**< for what is kept */
	struct arena *scratch;         /**< for the tables */
	const struct json **documents;
	const struct json **orders;
	struct resource *resources;
	struct recorded *items;
};

bool image_table_bytes(const struct image_counts *counts, size_t *ret_bytes)
{
	const uint64_t all[] = { counts->rows, counts->orders, counts->order_items, counts->documents, counts->numbers,
				 counts->text_bytes };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] > COUNT_MOST)
			return false;
	/* At most 2^32 items of 80 bytes and fewer: no sum overflows. */
	*ret_bytes = counts->rows * sizeof(struct image_row) + counts->numbers * sizeof(int64_t) +
		     counts->orders * sizeof(struct image_order) + counts->order_items * sizeof(uint32_t) +
		     counts->documents * sizeof(uint32_t);
	return true;
}

void image_place(struct image_parts *parts, void *tables)
{
	parts->rows = tables;
	parts->numbers = (int64_t *)(void *)(parts->rows + parts->counts.rows);
	parts->orders = (struct image_order *)(void *)(parts->numbers + parts->counts.numbers);
	parts->order_items = (uint32_t *)(void *)(parts->orders + parts->counts.orders);
	parts->documents = parts->order_items + parts->counts.order_items;
}

bool image_sum(const struct image_parts *parts, const uint8_t key[IMAGE_KEY_BYTES], uint8_t ret_sum[HASH_BYTES])
{
	struct hash *hash;
	uint64_t seed;
	size_t table_bytes;

	memcpy(&seed, key, sizeof(seed));
	hash = image_table_bytes(&parts->counts, &table_bytes) ? hash_new(seed) : NULL;
	if (!hash)
		return false;
	hash_add(hash, key, IMAGE_KEY_BYTES);
	hash_add(hash, &parts->counts, sizeof(parts->counts));
	hash_add(hash, parts->rows, table_bytes);
	hash_add(hash, parts->texts, parts->counts.text_bytes);
	hash_end(hash, ret_sum);
	return true;
}

void image_identify(struct hash *hash)
{
	static const enum resource_kind kinds[] = { RESOURCE_TUNNEL, RESOURCE_RULE, RESOURCE_CNAME };
	const uint64_t magic = IMAGE_MAGIC;

	hash_add(hash, &magic, sizeof(magic));
	hash_add(hash, ADIT_VERSION, sizeof(ADIT_VERSION));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct resource_type *type = resource_type(kinds[i]);

		hash_add(hash, type->name, strlen(type->name) + 1);
		for (size_t j = 0; j < type->field_count; j++)
			hash_add(hash, type->fields[j].name, strlen(type->fields[j].name) + 1);
	}
}

bool image_is_there(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0 && file_is_private(&info);
}

static bool read_all(int fd, void *bytes, size_t size)
{
	char *at = bytes;

	while (size) {
		ssize_t got = read(fd, at, size);

		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		if (got > 0) {
			at += got;
			size -= (size_t)got;
		}
	}
	return true;
}

/** The bytes of the file, whose sum fits. */
static enum rc read_parts(struct reading *in, int fd, const uint8_t key[IMAGE_KEY_BYTES])
{
	struct image_parts *parts = &in->parts;
	struct image_head head;
	struct stat info;
	uint8_t sum[sizeof(head.sum)];
	size_t table_bytes;
	void *tables;
	char *texts;

	if (fstat(fd, &info) || !file_is_private(&info) || !read_all(fd, &head, sizeof(head)))
		return RC_NOTFOUND;
	if (head.magic != IMAGE_MAGIC || memcmp(head.key, key, IMAGE_KEY_BYTES) != 0 ||
	    !image_table_bytes(&head.counts, &table_bytes) ||
	    (uint64_t)info.st_size != sizeof(head) + table_bytes + head.counts.text_bytes)
		return RC_NOTFOUND;
	parts->counts = head.counts;
	tables = arena_alloc(in->scratch, table_bytes);
	/* With the NUL that ends the last, whatever the file says. */
	parts->texts = texts = arena_alloc(in->made, head.counts.text_bytes + 1);
	if (!tables || !texts)
		return RC_NOMEM;
	if (!read_all(fd, tables, table_bytes) || !read_all(fd, texts, head.counts.text_bytes))
		return RC_NOTFOUND;
	image_place(parts, tables);
	if (!image_sum(parts, key, sum))
		return RC_NOMEM;
	return memcmp(sum, head.sum, sizeof(sum)) == 0 ? RC_OK : RC_NOTFOUND;
}

static bool get_text(const struct image_parts *parts, uint32_t place, const char **ret_text)
{
	if (place >= parts->counts.text_bytes)
		return false;
	*ret_text = place ? parts->texts + place : NULL;
	return true;
}

static enum rc read_documents(struct reading *in)
{
	const struct image_parts *parts = &in->parts;
	enum rc rc = RC_OK;

	in->documents = arena_array(in->scratch, parts->counts.documents, sizeof(*in->documents));
	if (!in->documents)
		return RC_NOMEM;
	for (size_t i = 0; !rc && i < parts->counts.documents; i++) {
		struct json *read;
		const char *text;

		if (!get_text(parts, parts->documents[i], &text) || !text)
			return RC_NOTFOUND;
		rc = json_parse(in->scratch, text, strlen(text), &read, NULL);
		if (rc)
			return rc == RC_NOMEM ? rc : RC_NOTFOUND;
		in->documents[i] = json_copy(in->made, read);
		rc = in->documents[i] ? RC_OK : RC_NOMEM;
	}
	return rc;
}

static enum rc read_order(struct reading *in, const struct image_order *order, const struct json **ret_order)
{
	const struct image_parts *parts = &in->parts;
	struct json *read = json_new(in->made, JSON_ARRAY);
	enum rc rc = read ? RC_OK : RC_NOMEM;

	if (order->first > parts->counts.order_items || order->count > parts->counts.order_items - order->first)
		return RC_NOTFOUND;
	for (size_t i = 0; !rc && i < order->count; i++) {
		const char *address;

		if (!get_text(parts, parts->order_items[order->first + i], &address) || !address)
			return RC_NOTFOUND;
		rc = json_push(in->made, read, json_borrow_string(in->made, address));
	}
	*ret_order = read;
	return rc;
}

static enum rc read_orders(struct reading *in)
{
	const struct image_parts *parts = &in->parts;
	enum rc rc = RC_OK;

	in->orders = arena_array(in->scratch, parts->counts.orders, sizeof(*in->orders));
	if (!in->orders)
		return RC_NOMEM;
	for (size_t i = 0; !rc && i < parts->counts.orders; i++)
		rc = read_order(in, &parts->orders[i], &in->orders[i]);
	return rc;
}

static bool read_field(const struct reading *in, const struct field *field, uint32_t value, struct resource *resource)
{
	const struct image_parts *parts = &in->parts;
	void *at = (char *)resource + field->offset;
	bool is_order = field->flags & FIELD_ORDER;

	switch (field->type) {
	case FIELD_STRING:
		return get_text(parts, value, at);
	case FIELD_BOOL:
		*(bool *)at = value == 1;
		return value <= 1;
	case FIELD_INT:
		if (value >= parts->counts.numbers)
			return false;
		*(int64_t *)at = parts->numbers[value];
		return true;
	case FIELD_JSON:
		if (value > (is_order ? parts->counts.orders : parts->counts.documents))
			return false;
		if (value)
			*(const struct json **)at = is_order ? in->orders[value - 1] : in->documents[value - 1];
		return true;
	}
	return false;
}

static bool read_row(const struct reading *in, const struct image_row *row, struct resource *resource, struct recorded *item)
{
	const char **const places[IMAGE_TEXTS] = {
		[IMAGE_ADDRESS] = &resource->address,
		[IMAGE_ID] = &resource->id,
		[IMAGE_TUNNEL] = &resource->tunnel,
		[IMAGE_OBJECT] = &resource->origin.object,
		[IMAGE_PRECEDENCE] = &resource->origin.precedence,
		[IMAGE_ACCOUNT_ID] = &item->account_id,
		[IMAGE_ZONE_ID] = &item->zone_id,
		[IMAGE_PRIOR_COMMENT] = &item->prior_comment,
	};
	const struct resource_type *type;
	bool is_good = row->kind <= RESOURCE_CNAME && row->is_protected <= 1 && row->texts[IMAGE_ADDRESS];

	if (!is_good)
		return false;
	resource->kind = (enum resource_kind)row->kind;
	item->resource = resource;
	item->is_protected = row->is_protected == 1;
	item->retired_ms = row->retired_ms;
	type = resource_type(resource->kind);
	for (size_t i = 0; i < type->field_count; i++)
		is_good &= read_field(in, &type->fields[i], row->fields[i], resource);
	for (size_t i = 0; i < IMAGE_TEXTS; i++)
		is_good &= get_text(&in->parts, row->texts[i], places[i]);
	resource_fill_absent(resource);
	return is_good;
}

static enum rc read_rows(struct reading *in)
{
	size_t count = in->parts.counts.rows;

	in->resources = arena_array(in->made, count, sizeof(*in->resources));
	in->items = arena_array(in->made, count, sizeof(*in->items));
	if (!in->resources || !in->items)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++)
		if (!read_row(in, &in->parts.rows[i], &in->resources[i], &in->items[i]))
			return RC_NOTFOUND;
	return RC_OK;
}

static enum rc read_image(struct reading *in, int fd, const uint8_t key[IMAGE_KEY_BYTES])
{
	enum rc rc = read_parts(in, fd, key);

	if (!rc)
		rc = read_documents(in);
	if (!rc)
		rc = read_orders(in);
	return rc ? rc : read_rows(in);
}

/** The index is the caller's arena's, which may make it larger. */
static enum rc take_over(struct reading *in, struct arena *arena, struct recorded_state *ret_state)
{
	struct recorded_state state = { .items = in->items, .count = in->parts.counts.rows };
	const char *duplicate;
	enum rc rc = recorded_index(arena, &state, &duplicate);

	if (rc || duplicate)
		return rc ? rc : RC_NOTFOUND;
	arena_adopt(arena, in->made);
	in->made = NULL;
	ret_state->items = state.items;
	ret_state->count = state.count;
	ret_state->by_address = state.by_address;
	return RC_OK;
}

enum rc image_read(const char *path, const uint8_t key[IMAGE_KEY_BYTES], struct arena *arena, struct recorded_state *ret_state)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct reading in = { .scratch = NULL };
	enum rc rc;

	if (fd < 0)
		return RC_NOTFOUND;
	in.scratch = arena_new(LIMIT_ARENA_BYTES);
	in.made = arena_new(LIMIT_ARENA_BYTES);
	rc = in.scratch && in.made ? read_image(&in, fd, key) : RC_NOMEM;
	if (!rc)
		rc = take_over(&in, arena, ret_state);
	close(fd);
	arena_free(in.made);
	arena_free(in.scratch);
	return rc;
}
