/** @file
 * The recorded resources of a state as one file that is quick to read, made of what was read and checked row by row. Its key
 * stands for the very bytes of the state; as nobody but us may write the file, what fits the key is as good as those rows.
 * It may be lost at any time: one that is damaged, of another key, or not ours alone is none. Nothing here says a word. */
#ifndef ADIT_STATE_IMAGE_H
#define ADIT_STATE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "state/store.h"

#define IMAGE_KEY_BYTES HASH_BYTES
/** Fewer rows than these are read as quickly as an image. */
#define IMAGE_ROWS_LEAST 5000u

/** True when there is a file that may be an image: regular, this user's, and closed to others. */
bool image_is_there(const char *path);

/** Read the image of this key.
 * @param ret_state  its items, count and by_address are set on success; arena
 * @return RC_OK; RC_NOTFOUND there is none; RC_NOMEM */
enum rc image_read(const char *path, const uint8_t key[IMAGE_KEY_BYTES], struct arena *arena, struct recorded_state *ret_state) MUST_CHECK;

/** Replace the image, in one step but without waiting for the disk. What stands there and cannot be ours is left alone, and
 * whatever fails, fails in silence.
 * @param state  as loaded: items in order, fields in normal form */
void image_write(const char *path, const uint8_t key[IMAGE_KEY_BYTES], const struct recorded_state *state);

/** Add what an image depends on beside the state to what its key is made of: adit's version, the form of images, the names in
 * the field tables. */
void image_identify(struct hash *hash);

#endif
