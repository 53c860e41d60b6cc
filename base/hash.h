/** @file
 * XXH3-128 of bytes that come in pieces. Fingerprints only; never over secrets. */
#ifndef ADIT_BASE_HASH_H
#define ADIT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_BYTES 16u

struct hash;

/** @return owned, free with hash_end() or hash_free(); NULL when memory is used up */
struct hash *hash_new(uint64_t seed);
void hash_add(struct hash *hash, const void *bytes, size_t size);
/** The digest of all pieces, most significant byte first; frees the hash. */
void hash_end(struct hash *hash, uint8_t ret_digest[HASH_BYTES]);
/** NULL is fine. */
void hash_free(struct hash *hash);

#endif
