/* Texts as trees in bytes.
 *
 * An entry is 'K' (number of the kind, node), 'S' (group, kind) or '-'. A node is its kind, lines and columns
 * from the node before, and its value; numbers are LEB128. A text is a number: 0 and its bytes with a NUL where it stands
 * first, so that nodes can point at it, else that of the place where it did. Behind all entries stands the checksum. */
#include "schema/decode_cache.h"

#include <string.h>
#include <xxhash.h>

#include "base/limits.h"
#include "schema/decode_internal.h"

#define ENTRY_KIND 'K'
#define ENTRY_SKIPPED 'S'
#define ENTRY_SILENT '-'
/* Longer ones hardly come twice. */
#define REPEATED_BYTES 32u
/* Places for texts that were written lately: a later one takes an earlier one's. */
#define RECENT_TEXTS 1024u

struct recent_text {
	size_t at, size;
	size_t number; /* 0: none */
};

void decode_cache_init(struct decode_cache *cache, struct arena *arena, uint32_t line)
{
	*cache = (struct decode_cache){.line = line, .recent = arena_array(arena, RECENT_TEXTS, sizeof(*cache->recent))};
	cache->is_unfit = !cache->recent;
	strbuf_init(&cache->out, 0);
}

void decode_cache_done(struct decode_cache *cache)
{
	strbuf_done(&cache->out);
}

/* The numbers of a node are put together here, and added at once. */
#define HEAD_BYTES 48u

static char *add_number(char *at, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*at++ = (char)(0x80 | (number & 0x7F));
	*at++ = (char)number;
	return at;
}

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

static void put_text(struct decode_cache *cache, const char *text, size_t size)
{
	struct recent_text *recent = size <= REPEATED_BYTES && cache->recent ? recent_place(cache, text, size) : NULL;
	bool is_known = recent && is_there(cache, recent, text, size);
	char head[HEAD_BYTES], *at = add_number(head, is_known ? recent->number : 0);

	if (!is_known)
		at = add_number(at, size);
	strbuf_add(&cache->out, head, (size_t)(at - head));
	if (is_known)
		return;
	cache->text_count++;
	if (recent)
		*recent = (struct recent_text){.at = cache->out.size, .size = size, .number = cache->text_count};
	strbuf_add(&cache->out, text, size);
	strbuf_addc(&cache->out, '\0');
}

static char *add_place(struct decode_cache *cache, char *at, uint32_t line, uint32_t column)
{
	int64_t down = (int64_t)line - cache->line;

	/* Mostly forward; back where an alias stands. */
	at = add_number(at, down < 0 ? (uint64_t)(-down) << 1 | 1 : (uint64_t)down << 1);
	cache->line = line;
	return add_number(at, column);
}

static void put_node(struct decode_cache *cache, const struct node *node);

static void put_member(struct decode_cache *cache, const struct node_member *member)
{
	char head[HEAD_BYTES], *at;

	put_text(cache, member->key, strlen(member->key));
	at = add_place(cache, head, member->line, member->column);
	strbuf_add(&cache->out, head, (size_t)(at - head));
	put_node(cache, member->value);
}

/* As deep as LIMIT_DEPTH, which the reader saw to. */
static void put_node(struct decode_cache *cache, const struct node *node)
{
	char head[HEAD_BYTES], *at = head;
	size_t count = 0;

	*at++ = (char)node->kind;
	at = add_place(cache, at, node->line, node->column);
	switch (node->kind) {
	case NODE_SEQUENCE:
		count = node->u.sequence.count;
		at = add_number(at, count);
		break;
	case NODE_MAPPING:
		count = node->u.mapping.count;
		at = add_number(at, count);
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
		put_text(cache, node->text, node->text_size);
}

void decode_cache_add(struct decode_cache *cache, size_t kind, const struct node *root)
{
	char head[HEAD_BYTES] = {ENTRY_KIND}, *at = add_number(head + 1, kind);

	strbuf_add(&cache->out, head, (size_t)(at - head));
	put_node(cache, root);
}

void decode_cache_add_skipped(struct decode_cache *cache, const char *group, const char *kind)
{
	strbuf_addc(&cache->out, ENTRY_SKIPPED);
	put_text(cache, group, strlen(group));
	put_text(cache, kind, strlen(kind));
}

void decode_cache_add_silent(struct decode_cache *cache)
{
	strbuf_addc(&cache->out, ENTRY_SILENT);
}

static uint64_t checksum(const char *bytes, size_t size, const uint8_t key[DECODE_KEY_BYTES])
{
	return XXH3_64bits_withSeed(bytes, size, XXH3_64bits(key, DECODE_KEY_BYTES));
}

bool decode_cache_seal(struct decode_cache *cache, const uint8_t key[DECODE_KEY_BYTES])
{
	uint64_t sum = checksum(cache->out.data, cache->out.size, key);

	strbuf_add(&cache->out, &sum, sizeof(sum));
	return !cache->is_unfit && !strbuf_failed(&cache->out);
}

/** The way back. The checksum held, so the bytes are what was written; what goes wrong is memory. */
struct unpacking {
	struct decoder *decoder;
	const char *at, *end;
	const char **texts;
	size_t *sizes;
	size_t text_count, text_capacity, size_capacity;
	uint32_t line;
};

static uint64_t get_number(struct unpacking *u)
{
	uint64_t number = 0;

	for (unsigned shift = 0; u->at < u->end && shift < 64; shift += 7) {
		unsigned char byte = (unsigned char)*u->at++;

		number |= (uint64_t)(byte & 0x7F) << shift;
		if (!(byte & 0x80))
			break;
	}
	return number;
}

static void get_bytes(struct unpacking *u, void *to, size_t size)
{
	if ((size_t)(u->end - u->at) < size)
		return;
	memcpy(to, u->at, size);
	u->at += size;
}

static const char *get_text(struct unpacking *u, size_t *ret_size)
{
	struct arena *own = u->decoder->own;
	size_t known = (size_t)get_number(u), size;
	const char **texts;
	size_t *sizes;

	*ret_size = 0;
	if (known) {
		*ret_size = known <= u->text_count ? u->sizes[known - 1] : 0;
		return known <= u->text_count ? u->texts[known - 1] : "";
	}
	size = (size_t)get_number(u);
	if (size >= (size_t)(u->end - u->at))
		return "";
	texts = arena_grow(own, (void *)u->texts, u->text_count, &u->text_capacity, sizeof(*texts));
	sizes = arena_grow(own, u->sizes, u->text_count, &u->size_capacity, sizeof(*sizes));
	if (!texts || !sizes) {
		u->decoder->out_of_memory = true;
		return "";
	}
	u->texts = texts;
	u->sizes = sizes;
	texts[u->text_count] = u->at;
	sizes[u->text_count] = *ret_size = size;
	u->at += size + 1;
	return texts[u->text_count++];
}

static void get_place(struct unpacking *u, uint32_t *ret_line, uint32_t *ret_column)
{
	uint64_t down = get_number(u);

	u->line = down & 1 ? u->line - (uint32_t)(down >> 1) : u->line + (uint32_t)(down >> 1);
	*ret_line = u->line;
	*ret_column = (uint32_t)get_number(u);
}

static struct node *get_node(struct unpacking *u, unsigned depth);

static void get_sequence(struct unpacking *u, struct node *node, unsigned depth)
{
	size_t count = (size_t)get_number(u);
	struct node **items = count <= LIMIT_NODES ? arena_array(u->decoder->nodes, count, sizeof(struct node *)) : NULL;

	u->decoder->out_of_memory |= !items;
	for (size_t i = 0; i < count && !u->decoder->out_of_memory; i++)
		items[i] = get_node(u, depth + 1);
	node->u.sequence.items = items;
	node->u.sequence.count = u->decoder->out_of_memory ? 0 : count;
}

static void get_mapping(struct unpacking *u, struct node *node, unsigned depth)
{
	size_t count = (size_t)get_number(u), size;
	struct node_member *members =
		count <= LIMIT_NODES ? arena_array(u->decoder->nodes, count, sizeof(struct node_member)) : NULL;

	u->decoder->out_of_memory |= !members;
	for (size_t i = 0; i < count && !u->decoder->out_of_memory; i++) {
		members[i].key = get_text(u, &size);
		get_place(u, &members[i].line, &members[i].column);
		members[i].value = get_node(u, depth + 1);
	}
	node->u.mapping.members = members;
	node->u.mapping.count = u->decoder->out_of_memory ? 0 : count;
}

static struct node *get_node(struct unpacking *u, unsigned depth)
{
	static struct node nothing = {.kind = NODE_NULL, .text = ""};
	struct node *node = depth <= LIMIT_DEPTH ? arena_alloc(u->decoder->nodes, sizeof(*node)) : NULL;
	unsigned char kind = NODE_NULL;

	if (!node) {
		u->decoder->out_of_memory = true;
		return &nothing;
	}
	get_bytes(u, &kind, 1);
	node->kind = kind <= NODE_MAPPING ? (enum node_kind)kind : NODE_NULL;
	get_place(u, &node->line, &node->column);
	switch (node->kind) {
	case NODE_SEQUENCE:
		get_sequence(u, node, depth);
		return node;
	case NODE_MAPPING:
		get_mapping(u, node, depth);
		return node;
	case NODE_BOOL:
		get_bytes(u, &kind, 1);
		node->u.boolean = kind & 1;
		break;
	case NODE_INT:
		get_bytes(u, &node->u.integer, sizeof(node->u.integer));
		break;
	case NODE_FLOAT:
		get_bytes(u, &node->u.real, sizeof(node->u.real));
		break;
	case NODE_NULL:
	case NODE_STRING:
		break;
	}
	node->text = get_text(u, &node->text_size);
	return node;
}

static void unpack_entry(struct unpacking *u)
{
	struct decoder *decoder = u->decoder;
	char sort = *u->at++;
	const char *group, *kind;
	size_t number, size;

	arena_reset(decoder->nodes);
	decoder->objects->document_count++;
	switch (sort) {
	case ENTRY_KIND:
		number = (size_t)get_number(u);
		decode_checked(decoder, number, get_node(u, 0));
		break;
	case ENTRY_SKIPPED:
		group = get_text(u, &size);
		kind = get_text(u, &size);
		decode_skip(decoder, group, kind, 1);
		break;
	default:
		break;
	}
}

enum rc decode_cached(struct decoder *decoder, const struct text *text, const char *default_namespace, uint32_t line,
		      const char *bytes, size_t size, const uint8_t key[DECODE_KEY_BYTES])
{
	struct unpacking u = {.decoder = decoder, .at = bytes, .line = line};
	uint64_t sum;

	if (size < sizeof(sum))
		return RC_CORRUPT;
	u.end = bytes + size - sizeof(sum);
	memcpy(&sum, u.end, sizeof(sum));
	if (sum != checksum(bytes, size - sizeof(sum), key))
		return RC_CORRUPT;
	decoder->text = text;
	decoder->default_namespace = default_namespace;
	while (u.at < u.end && !decoder->out_of_memory)
		unpack_entry(&u);
	return decode_judge_limits(decoder);
}
