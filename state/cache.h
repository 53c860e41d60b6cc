/** @file
 * Bytes by key in one file that may be lost at any time: what can be made again, kept to save the time. Nothing here fails:
 * a file that cannot be read, made or locked is no cache, nor is one that others may read or write, or another
 * program's database; one that is damaged is made anew. Its contents are to be checked by whoever reads them. */
#ifndef ADIT_STATE_CACHE_H
#define ADIT_STATE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define CACHE_KEY_BYTES 16u
/** Entries that were of no use in so many writing runs go; some do after half as many. */
#define CACHE_KEPT_RUNS 16

struct cache;

/** @param path  made when something is first put, mode 0600
 * @return owned, close with cache_close(); NULL when memory is used up */
struct cache *cache_open(const char *path);

/** From the first call on nobody else can write, until cache_release().
 * @param ret_bytes  arena
 * @return false: not there */
bool cache_get(struct cache *cache, struct arena *arena, const uint8_t key[CACHE_KEY_BYTES], const char **ret_bytes, size_t *ret_size);

/** Nothing is asked for in the near future: let others write. NULL is fine. */
void cache_release(struct cache *cache);

/** Keep @p bytes until cache_close(), when all of them are written at once, or none. */
void cache_put(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES], const char *bytes, size_t size);

/** Write what was put; entries that no run asked for go. NULL is fine. */
void cache_close(struct cache *cache);

#endif
