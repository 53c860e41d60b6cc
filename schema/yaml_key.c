/* Keys that came before: manifests repeat the same few over and over, so equal ones share their bytes, and what the plain form of
 * one means is found out once. */
#include <string.h>

#include "schema/yaml_internal.h"

/* Of all documents together, where they share keys; what comes after is each document's own. */
#define SHARED_KEY_BYTES ((size_t)64 * 1024)

void yaml_share_keys(struct yaml_reader *reader, struct arena *keys)
{
	reader->shared_keys = keys;
}

void yaml_begin_keys(struct yaml_reader *reader)
{
	if (!reader->shared_keys && reader->has_keys)
		memset(reader->keys, 0, sizeof(reader->keys));
	reader->has_keys = false;
}

struct yaml_key *yaml_key_place(struct yaml_reader *reader, const char *text, size_t size)
{
	/* Most keys of one length differ at an end or in the middle; where two do not, they are copied more often. */
	unsigned hash = (unsigned char)text[0];

	if (size)
		hash = hash * 31 + (unsigned char)text[size / 2] * 7u + (unsigned char)text[size - 1] + (unsigned)size;
	return &reader->keys[hash % YAML_KEY_CACHE];
}

struct yaml_key *yaml_key_intern(struct yaml_reader *reader, const char *text)
{
	size_t size = strlen(text);
	struct yaml_key *key = yaml_key_place(reader, text, size);
	struct arena *arena = reader->arena;
	const char *copy;

	if (yaml_is_key(key, text, size))
		return key;
	if (reader->shared_keys) {
		/* The place is another's for good: this one is the document's own. */
		if (size >= SHARED_KEY_BYTES - reader->shared_key_bytes)
			key = &reader->unshared_key;
		else
			arena = reader->shared_keys;
	}
	copy = arena_memdup(arena, text, size);
	if (!copy)
		return NULL;
	if (arena == reader->shared_keys)
		reader->shared_key_bytes += size + 1;
	reader->has_keys = true;
	*key = (struct yaml_key){.text = copy, .size = size};
	return key;
}
