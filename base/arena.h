/** @file
 * Arena: memory of one run, freed as a whole. Objects are zeroed and never moved or freed one by one.
 *
 * Allocation fails (NULL) when memory or the arena's limit is used up; callers return RC_NOMEM.
 * With the build switch ADIT_ARENA_MALLOC every object is a malloc of its own, so that
 * sanitizers see each one's bounds. Not thread-safe. */
#ifndef ADIT_BASE_ARENA_H
#define ADIT_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

struct arena;

/** @param limit_bytes  most bytes handed out in all
 * @return owned, free with arena_free(); NULL when memory is used up */
struct arena *arena_new(size_t limit_bytes);

/** Free the arena and all objects in it, and leave nothing of them in memory. NULL is fine. */
void arena_free(struct arena *arena);

/** Forget all objects but keep some memory for reuse; pointers into the arena become invalid. */
void arena_reset(struct arena *arena);

/** Give back what arena_reset() kept. */
void arena_trim(struct arena *arena);

/** Bytes handed out since arena_new() or arena_reset(). */
size_t arena_used_bytes(const struct arena *arena);

/** True once an allocation failed, since arena_new(). A run in which one did cannot be trusted to have said all. */
bool arena_has_failed(const struct arena *arena);

/** Fail by hand: something that belongs into the arena could not be made for want of other memory. */
void arena_fail(struct arena *arena);

/** @return @p size zeroed bytes, aligned for pointers and 64-bit numbers; arena; NULL when used up. Size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/** arena_alloc() for @p count items, checked for overflow. */
void *arena_array(struct arena *arena, size_t count, size_t item_size);

/** Make room for item number @p count in an array that grows.
 * @param items     the array so far (NULL at first)
 * @param count     items in use
 * @param capacity  in and out: items there is room for
 * @return the array, possibly moved; arena; NULL when used up (the old one stays valid) */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t item_size);

/** Copy of @p size bytes plus a NUL; arena. */
char *arena_memdup(struct arena *arena, const void *bytes, size_t size);

/** Copy of a string; arena. */
char *arena_strdup(struct arena *arena, const char *text);

/** Texts one behind the other; arena. For what is made a hundred thousand times, where arena_printf() would be slow. */
char *arena_join(struct arena *arena, const char *const *parts, size_t count);

/** Take over all objects of @p from, which is freed; they live as long as @p arena from now on. */
void arena_adopt(struct arena *arena, struct arena *from);

/** Formatted string; arena. */
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/** Formatted string; arena. */
char *arena_vprintf(struct arena *arena, const char *format, va_list args) PRINTF_LIKE(2, 0);

#endif
