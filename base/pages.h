/** @file
 * Large pieces of memory, straight from the kernel. Pieces that were given back are kept for whoever takes next: one phase of
 * a large run frees what the next one needs, and pages that are there need no fetching. Thread-safe. */
#ifndef ADIT_BASE_PAGES_H
#define ADIT_BASE_PAGES_H

#include <stddef.h>

/** Most that is kept, of all pieces together. */
#define PAGES_KEPT_BYTES ((size_t)32 * 1024 * 1024)

/** @param size  in: bytes wanted; out: bytes of the piece, no fewer
 * @return owned, all zero, give back with pages_give(); NULL when memory is used up */
void *pages_take(size_t *size);

/** What is kept is wiped; what is not goes to the kernel, which shows it to nobody.
 * @param piece  as it was taken
 * @param size   as pages_take() said
 * @param used   bytes from the front that may not be zero any more */
void pages_give(void *piece, size_t size, size_t used);

#endif
