/* Texts in bytes: writing them.
 *
 * An entry is 'K' (number of the kind, node), 'R' (decode_cache_route.c), 'S' (group, kind) or '-'. A node is its kind, lines
 * and columns from the place before, and its value; numbers are LEB128. A text is a number: 0 and its bytes with a NUL where
 * it stands first, so that nodes can point at it, else that of the place where it did. Behind all entries stand the number of
 * nodes that were checked and the checksum. */
#include "schema/decode_cache.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "schema/decode_cache_internal.h"

/* Longer ones hardly come twice. */
#define REPEATED_BYTES 32u
/* Places for texts that were written lately: a later one takes an earlier one's. */
#define RECENT_TEXTS 1024u
#define RECENT_POINTERS 1024u

struct recent_text {
	size_t at, size;
	size_t number; /* 0: none */
};

struct recent_pointer {
	const char *text;
	size_t number;
};

void decode_cache_init(struct decode_cache *cache)
{
	*cache = (struct decode_cache){0};
	strbuf_init(&cache->out, 0);
}

void decode_cache_done(struct decode_cache *cache)
{
	strbuf_done(&cache->out);
}

void decode_cache_begin(struct decode_cache *cache, struct arena *arena, uint32_t line)
{
	strbuf_reset(&cache->out);
	cache->recent = arena_array(arena, RECENT_TEXTS, sizeof(*cache->recent));
	cache->pointers = arena_array(arena, RECENT_POINTERS, sizeof(*cache->pointers));
	cache->is_unfit = !cache->recent || !cache->pointers;
	cache->text_count = 0;
	cache->line = line;
}

/* The numbers of a node are put together here, and added at once. */
#define HEAD_BYTES 48u

/* Where a text stands or would stand among the recent ones. */
static struct recent_text *recent_place(struct decode_cache *cache, const char *text, size_t size)
{
	return &cache->recent[XXH3_64bits(text, size) % RECENT_TEXTS];
}

static bool is_there(const struct decode_cache *cache, const struct recent_text *recent, const char *text, size_t size)
{
	return recent->number && recent->size == size && !strbuf_failed(&cache->out) &&
	       memcmp(cache->out.data + recent->at, text, size) == 0;
}

/* @return its number */
static size_t put_text(struct decode_cache *cache, const char *text, size_t size)
{
	struct recent_text *recent = size <= REPEATED_BYTES ? recent_place(cache, text, size) : NULL;
	bool is_known = recent && is_there(cache, recent, text, size);
	char head[HEAD_BYTES], *at = pack_number(head, is_known ? recent->number : 0);

	if (!is_known)
		at = pack_number(at, size);
	strbuf_add(&cache->out, head, (size_t)(at - head));
	if (is_known)
		return recent->number;
	cache->text_count++;
	if (recent)
		*recent = (struct recent_text){.at = cache->out.size, .size = size, .number = cache->text_count};
	strbuf_add(&cache->out, text, size);
	strbuf_addc(&cache->out, '\0');
	return cache->text_count;
}

/* Where an interned text is says as much as what it says. */
static struct recent_pointer *pointer_place(struct decode_cache *cache, const char *text)
{
	return &cache->pointers[((uintptr_t)text >> 3) % RECENT_POINTERS];
}

size_t packed_number(struct decode_cache *cache, const char *text)
{
	const struct recent_pointer *recent = pointer_place(cache, text);

	return recent->text == text ? recent->number : 0;
}

void pack_interned(struct decode_cache *cache, const char *text)
{
	size_t number = put_text(cache, text, strlen(text));

	*pointer_place(cache, text) = (struct recent_pointer){.text = text, .number = number};
}

static void put_node(struct decode_cache *cache, const struct node *node);

static void put_member(struct decode_cache *cache, const struct node_member *member)
{
	char head[HEAD_BYTES], *at;

	(void)put_text(cache, member->key, strlen(member->key));
	at = pack_place(head, &cache->line, member->line, member->column);
	strbuf_add(&cache->out, head, (size_t)(at - head));
	put_node(cache, member->value);
}

/* As deep as LIMIT_DEPTH, which the reader saw to. */
static void put_node(struct decode_cache *cache, const struct node *node)
{
	char head[HEAD_BYTES], *at = head;
	size_t count = 0;

	*at++ = (char)node->kind;
	at = pack_place(at, &cache->line, node->line, node->column);
	switch (node->kind) {
	case NODE_SEQUENCE:
		count = node->u.sequence.count;
		at = pack_number(at, count);
		break;
	case NODE_MAPPING:
		count = node->u.mapping.count;
		at = pack_number(at, count);
		break;
	case NODE_BOOL:
		*at++ = (char)node->u.boolean;
		break;
	case NODE_INT:
		memcpy(at, &node->u.integer, sizeof(node->u.integer));
		at += sizeof(node->u.integer);
		break;
	case NODE_FLOAT:
		memcpy(at, &node->u.real, sizeof(node->u.real));
		at += sizeof(node->u.real);
		break;
	case NODE_NULL:
	case NODE_STRING:
		break;
	}
	strbuf_add(&cache->out, head, (size_t)(at - head));
	for (size_t i = 0; node->kind == NODE_SEQUENCE && i < count; i++)
		put_node(cache, node->u.sequence.items[i]);
	for (size_t i = 0; node->kind == NODE_MAPPING && i < count; i++)
		put_member(cache, &node->u.mapping.members[i]);
	if (node->kind != NODE_SEQUENCE && node->kind != NODE_MAPPING)
		(void)put_text(cache, node->text, node->text_size);
}

void decode_cache_add(struct decode_cache *cache, size_t kind, const struct node *root)
{
	char head[HEAD_BYTES] = {PACKED_KIND}, *at = pack_number(head + 1, kind);

	if (cache->is_unfit)
		return;
	strbuf_add(&cache->out, head, (size_t)(at - head));
	put_node(cache, root);
}

void decode_cache_add_skipped(struct decode_cache *cache, const char *group, const char *kind)
{
	if (cache->is_unfit)
		return;
	strbuf_addc(&cache->out, PACKED_SKIPPED);
	(void)put_text(cache, group, strlen(group));
	(void)put_text(cache, kind, strlen(kind));
}

void decode_cache_add_silent(struct decode_cache *cache)
{
	strbuf_addc(&cache->out, PACKED_SILENT);
}

uint64_t packed_checksum(const char *bytes, size_t size, const uint8_t key[DECODE_KEY_BYTES])
{
	return XXH3_64bits_withSeed(bytes, size, XXH3_64bits(key, DECODE_KEY_BYTES));
}

char *decode_cache_seal(struct decode_cache *cache, const uint8_t key[DECODE_KEY_BYTES], uint64_t visited, size_t *ret_size)
{
	uint64_t sum;
	char *bytes;

	strbuf_add(&cache->out, &visited, sizeof(visited));
	if (cache->is_unfit || strbuf_failed(&cache->out))
		return NULL;
	sum = packed_checksum(cache->out.data, cache->out.size, key);
	strbuf_add(&cache->out, &sum, sizeof(sum));
	/* Thousands wait to be written: none has more memory than it needs. */
	bytes = strbuf_failed(&cache->out) ? NULL : malloc(cache->out.size);
	if (!bytes)
		return NULL;
	*ret_size = cache->out.size;
	return memcpy(bytes, cache->out.data, cache->out.size);
}
