/* Texts in bytes: reading them, see decode_cache.c. */
#include "schema/decode_cache.h"

#include <string.h>

#include "base/limits.h"
#include "schema/decode_cache_internal.h"

uint64_t unpack_long_number(struct unpacking *u)
{
	uint64_t number = 0;

	for (unsigned shift = 0; u->at < u->end && shift < 64; shift += 7) {
		unsigned char byte = (unsigned char)*u->at++;

		number |= (uint64_t)(byte & 0x7F) << shift;
		if (!(byte & 0x80))
			return number;
	}
	u->is_wrong = true;
	return 0;
}

static void get_bytes(struct unpacking *u, void *to, size_t size)
{
	if ((size_t)(u->end - u->at) < size) {
		u->is_wrong = true;
		return;
	}
	memcpy(to, u->at, size);
	u->at += size;
}

static struct unpacked_text *add_text(struct unpacking *u)
{
	size_t size = unpack_count(u);
	struct unpacked_text *grown;

	if (u->is_wrong || size == (size_t)(u->end - u->at) || u->at[size]) {
		u->is_wrong = true;
		return NULL;
	}
	grown = arena_grow(u->decoder->scratch, u->texts, u->text_count, &u->text_capacity, sizeof(*grown));
	if (!grown) {
		u->decoder->out_of_memory = true;
		return NULL;
	}
	u->texts = grown;
	grown[u->text_count] = (struct unpacked_text){.bytes = u->at, .size = size};
	u->at += size + 1;
	return &grown[u->text_count++];
}

struct unpacked_text *unpack_text(struct unpacking *u)
{
	uint64_t number = unpack_number(u);

	if (!number)
		return add_text(u);
	if (number <= u->text_count)
		return &u->texts[number - 1];
	u->is_wrong = true;
	return NULL;
}

static const char *get_text(struct unpacking *u, size_t *ret_size)
{
	const struct unpacked_text *text = unpack_text(u);

	*ret_size = text ? text->size : 0;
	return text ? text->bytes : "";
}

static struct node *get_node(struct unpacking *u, unsigned depth);

static void get_sequence(struct unpacking *u, struct node *node, unsigned depth)
{
	size_t count = unpack_count(u);
	struct node **items = arena_array(u->decoder->nodes, count, sizeof(struct node *));

	u->decoder->out_of_memory |= !items;
	for (size_t i = 0; i < count && items; i++)
		items[i] = get_node(u, depth + 1);
	node->u.sequence.items = items;
	node->u.sequence.count = items ? count : 0;
}

static void get_mapping(struct unpacking *u, struct node *node, unsigned depth)
{
	size_t count = unpack_count(u), size;
	struct node_member *members = arena_array(u->decoder->nodes, count, sizeof(struct node_member));

	u->decoder->out_of_memory |= !members;
	for (size_t i = 0; i < count && members; i++) {
		members[i].key = get_text(u, &size);
		unpack_place(u, &members[i].line, &members[i].column);
		members[i].value = get_node(u, depth + 1);
	}
	node->u.mapping.members = members;
	node->u.mapping.count = members ? count : 0;
}

static struct node *get_node(struct unpacking *u, unsigned depth)
{
	static struct node nothing = {.kind = NODE_NULL, .text = ""};
	struct node *node = depth <= LIMIT_DEPTH && !u->is_wrong ? arena_alloc(u->decoder->nodes, sizeof(*node)) : NULL;
	unsigned char kind = NODE_NULL;

	if (!node) {
		u->is_wrong |= depth > LIMIT_DEPTH;
		u->decoder->out_of_memory |= !u->is_wrong;
		return &nothing;
	}
	get_bytes(u, &kind, 1);
	u->is_wrong |= kind > NODE_MAPPING;
	node->kind = kind <= NODE_MAPPING ? (enum node_kind)kind : NODE_NULL;
	unpack_place(u, &node->line, &node->column);
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

static void unpack_kind(struct unpacking *u)
{
	size_t number = (size_t)unpack_number(u);
	const struct node *root;

	arena_reset(u->decoder->nodes);
	root = get_node(u, 0);
	if (!u->is_wrong)
		decode_checked(u->decoder, number, root);
}

static void unpack_skipped(struct unpacking *u)
{
	size_t size;
	const char *group = get_text(u, &size), *kind = get_text(u, &size);

	arena_reset(u->decoder->nodes);
	if (!u->is_wrong)
		decode_skip(u->decoder, group, kind, 1);
}

static void unpack_entry(struct unpacking *u)
{
	char sort = *u->at++;

	u->decoder->objects->document_count++;
	if (sort == PACKED_ROUTE)
		unpack_route(u);
	else if (sort == PACKED_KIND)
		unpack_kind(u);
	else if (sort == PACKED_SKIPPED)
		unpack_skipped(u);
	else
		u->is_wrong |= sort != PACKED_SILENT;
}

enum rc decode_cached(struct decoder *decoder, const struct text *text, const char *default_namespace, uint32_t line,
		      const char *bytes, size_t size, const uint8_t key[DECODE_KEY_BYTES])
{
	struct unpacking u = {.decoder = decoder, .at = bytes, .line = line};
	uint64_t sum, visited;

	if (size < sizeof(visited) + sizeof(sum))
		return RC_CORRUPT;
	u.end = bytes + size - sizeof(sum);
	memcpy(&sum, u.end, sizeof(sum));
	if (sum != packed_checksum(bytes, size - sizeof(sum), key))
		return RC_CORRUPT;
	u.end -= sizeof(visited);
	memcpy(&visited, u.end, sizeof(visited));
	decoder->text = text;
	decoder->default_namespace = default_namespace;
	while (u.at < u.end && !decoder->out_of_memory && !u.is_wrong)
		unpack_entry(&u);
	/* Without memory what follows is read from the wrong place. */
	if (u.is_wrong && !decoder->out_of_memory)
		return RC_CORRUPT;
	/* As many as when they were checked, whatever building looked at meanwhile. */
	decoder->check.visited = visited;
	return decode_judge_limits(decoder);
}
