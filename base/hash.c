/** @file XXH3-128 in pieces, by the widest vectors that the machine has. */
#include "base/hash.h"

#include <string.h>
#include <xxhash.h>

/* Those of libxxhash's builds that choose by processor have it: a third of the work for large pieces, the same digest. It is
 * only taken where it is there. */
XXH_errorcode XXH3_128bits_update_dispatch(XXH3_state_t *state, const void *bytes, size_t size) __attribute__((weak));

static XXH3_state_t *state_of(struct hash *hash)
{
	return (XXH3_state_t *)(void *)hash;
}

struct hash *hash_new(uint64_t seed)
{
	XXH3_state_t *state = XXH3_createState();

	if (state)
		XXH3_128bits_reset_withSeed(state, seed);
	return (struct hash *)(void *)state;
}

void hash_add(struct hash *hash, const void *bytes, size_t size)
{
	if (XXH3_128bits_update_dispatch)
		XXH3_128bits_update_dispatch(state_of(hash), bytes, size);
	else
		XXH3_128bits_update(state_of(hash), bytes, size);
}

void hash_end(struct hash *hash, uint8_t ret_digest[HASH_BYTES])
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_of(hash)));
	memcpy(ret_digest, canonical.digest, HASH_BYTES);
	hash_free(hash);
}

void hash_free(struct hash *hash)
{
	XXH3_freeState(state_of(hash));
}
