/** @file
 * Hash map from byte strings to pointers, in an arena. Keys are borrowed: they must live as long as the map.
 * There is no iteration, so that no output can depend on hash order. */
#ifndef ADIT_BASE_MAP_H
#define ADIT_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct map_slot;
struct map {
	struct arena *arena;
	struct map_slot *slots;
	size_t capacity; /**< power of two, or 0 */
	size_t count;
};

/** An empty map; allocates nothing until the first put. */
void map_init(struct map *map, struct arena *arena);
/** Make room for @p count keys at once, so that the first many puts need not grow.
 * @return RC_OK or RC_NOMEM (map unchanged) */
enum rc map_reserve(struct map *map, size_t count) MUST_CHECK;
/** @return the value, or NULL when the key is absent */
void *map_get(const struct map *map, const char *key);
void *map_get_bytes(const struct map *map, const void *key, size_t key_size);
/** Insert or replace. @param value not NULL @param ret_old the replaced value or NULL; may itself be NULL
 * @return RC_OK or RC_NOMEM (map unchanged) */
enum rc map_put(struct map *map, const char *key, void *value, void **ret_old) MUST_CHECK;
enum rc map_put_bytes(struct map *map, const void *key, size_t key_size, void *value, void **ret_old) MUST_CHECK;
/** Look up and put at once: where @p key's value stands, NULL as long as it has none. A key that was absent is taken, and counts
 * as absent until its value is set.
 * @return valid until the next put; NULL when memory is used up (map unchanged) */
void **map_at_bytes(struct map *map, const void *key, size_t key_size);

#endif
