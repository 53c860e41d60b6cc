/** @file
 * The allocator of whatever may pass a secret on: each block is overwritten before it goes back to the heap, so that
 * a token is gone with its last owner and not only once the heap happens to reuse the place.
 *
 * Failure is malloc()'s: NULL, with errno ENOMEM. Blocks are not interchangeable with malloc()'s own as far as
 * wiping goes: what came from here goes back through alloc_free(). */
#ifndef ADIT_BASE_ALLOC_H
#define ADIT_BASE_ALLOC_H

#include <stddef.h>

/** Make the OpenSSL that a library brought along allocate here. Before that library is used: OpenSSL takes no other allocator
 * after its first block, and keeps malloc() then. cJSON works in arenas, which are wiped (base/json.h); libcurl gets its
 * allocator with curl_global_init_mem(), where it is started.
 * @param library  from dlopen(); one without OpenSSL is left alone */
void alloc_openssl(void *library);

/** @return @p size bytes, owned, free with alloc_free(); NULL when memory is used up */
void *alloc_new(size_t size);

/** @return @p count items of @p size zeroed bytes each, owned; NULL when memory is used up or the product overflows */
void *alloc_array(size_t count, size_t size);

/** Like realloc(), except that the old place is wiped when the block moves. Size 0 frees it and gives NULL. */
void *alloc_resize(void *block, size_t size);

/** @return copy of @p text, owned; NULL when memory is used up */
char *alloc_strdup(const char *text);

/** Wipe and free. NULL is fine. */
void alloc_free(void *block);

#endif
