/** @file Hash map: open addressing with linear probing; slots keep the hash, so that growing reads no key. */
#include "base/map.h"

#include <stdint.h>
#include <string.h>
#include <xxhash.h>

#define FIRST_CAPACITY 16u

/* 24 bytes: there are maps of millions of slots. No key comes near 4 GiB (base/limits.h). */
struct map_slot {
	const void *key; /* NULL: free */
	void *value;
	uint32_t key_size, hash;
};

void map_init(struct map *map, struct arena *arena)
{
	*map = (struct map){ .arena = arena };
}

/* The arena's address is the seed: different in every process, so that input cannot aim at collisions. */
static uint32_t hash_of(const struct map *map, const void *key, size_t key_size)
{
	return (uint32_t)XXH3_64bits_withSeed(key, key_size, (uint64_t)(uintptr_t)map->arena);
}

/* The slot that holds the key, or the free one where it belongs. */
static struct map_slot *find_slot(struct map_slot *slots, size_t capacity, uint32_t hash, const void *key,
				  size_t key_size)
{
	size_t i = (size_t)hash & (capacity - 1);

	for (;; i = (i + 1) & (capacity - 1)) {
		struct map_slot *slot = &slots[i];

		if (!slot->key || (slot->hash == hash && slot->key_size == key_size &&
				   (!key_size || memcmp(slot->key, key, key_size) == 0)))
			return slot;
	}
}

static struct map_slot *find_free(struct map_slot *slots, size_t capacity, uint32_t hash)
{
	size_t i = (size_t)hash & (capacity - 1);

	while (slots[i].key)
		i = (i + 1) & (capacity - 1);
	return &slots[i];
}

void *map_get_bytes(const struct map *map, const void *key, size_t key_size)
{
	struct map_slot *slot;

	if (!map->capacity || key_size > UINT32_MAX)
		return NULL;
	slot = find_slot(map->slots, map->capacity, hash_of(map, key, key_size), key, key_size);
	return slot->key ? slot->value : NULL;
}

void *map_get(const struct map *map, const char *key)
{
	return map_get_bytes(map, key, strlen(key));
}

static enum rc grow(struct map *map, size_t capacity)
{
	struct map_slot *slots = arena_array(map->arena, capacity, sizeof(*slots));

	if (!slots)
		return RC_NOMEM;
	/* It is zero already. But a fresh page that is read first is fetched twice: the kernel lends its page of zeros until the
	 * first write, and then takes that away from every core that a thread of ours runs on. */
	memset(slots, 0, capacity * sizeof(*slots));
	for (size_t i = 0; i < map->capacity; i++)
		if (map->slots[i].key)
			*find_free(slots, capacity, map->slots[i].hash) = map->slots[i];
	map->slots = slots;
	map->capacity = capacity;
	return RC_OK;
}

enum rc map_reserve(struct map *map, size_t count)
{
	size_t capacity = map->capacity ? map->capacity : FIRST_CAPACITY;

	while (capacity / 4 * 3 <= count)
		if (__builtin_mul_overflow(capacity, (size_t)2, &capacity))
			return RC_NOMEM;
	return capacity > map->capacity ? grow(map, capacity) : RC_OK;
}

void **map_at_bytes(struct map *map, const void *key, size_t key_size)
{
	uint32_t hash = hash_of(map, key, key_size);
	struct map_slot *slot;

	if (key_size > UINT32_MAX)
		return NULL;
	if (map->count >= map->capacity / 4 * 3 && grow(map, map->capacity ? map->capacity * 2 : FIRST_CAPACITY))
		return NULL;
	slot = find_slot(map->slots, map->capacity, hash, key, key_size);
	if (!slot->key) {
		*slot = (struct map_slot){ .key = key, .key_size = (uint32_t)key_size, .hash = hash };
		map->count++;
	}
	return &slot->value;
}

enum rc map_put_bytes(struct map *map, const void *key, size_t key_size, void *value, void **ret_old)
{
	void **at = map_at_bytes(map, key, key_size);

	if (!at)
		return RC_NOMEM;
	if (ret_old)
		*ret_old = *at;
	*at = value;
	return RC_OK;
}

enum rc map_put(struct map *map, const char *key, void *value, void **ret_old)
{
	return map_put_bytes(map, key, strlen(key), value, ret_old);
}
