/** @file
 * Arena: chunks that grow, filled from the front. Invariant: the bytes of a chunk behind its fill mark are zero,
 * so that handing out needs no memset. With ADIT_ARENA_MALLOC each object is a chunk of its own. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pages.h"

/* Pointers and 64-bit numbers; nothing of ours is a long double, and half of all objects are short strings. */
#define ALIGNMENT alignof(uint64_t)
#define FIRST_CHUNK_BYTES ((size_t)16 * 1024)
#define LAST_CHUNK_BYTES ((size_t)8 * 1024 * 1024)
/* Most that arena_reset() keeps. */
#define KEPT_BYTES ((size_t)32 * 1024 * 1024)
/* Chunks of at least this size are mapped. */
#define MAPPED_BYTES ((size_t)2 * 1024 * 1024)

struct chunk {
	struct chunk *next;
	size_t filled, size;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct chunk *chunks; /* the one being filled comes first */
	struct chunk *spare;  /* all zero: kept by arena_reset() for whatever comes next */
	size_t used_bytes, limit_bytes;
	size_t next_chunk_bytes;
	bool has_failed;
};

#ifdef ADIT_ARENA_MALLOC
static const bool every_object_alone = true;
#else
static const bool every_object_alone = false;
#endif

struct arena *arena_new(size_t limit_bytes)
{
	struct arena *arena = alloc_array(1, sizeof(*arena));

	if (!arena)
		return NULL;
	arena->limit_bytes = limit_bytes;
	arena->next_chunk_bytes = FIRST_CHUNK_BYTES;
	return arena;
}

static void free_chunk(struct chunk *chunk)
{
	size_t bytes = sizeof(*chunk) + chunk->size;
	/* What was never handed out was never written: wiping it would only make the pages be there. */
	size_t used = sizeof(*chunk) + chunk->filled;

	if (bytes >= MAPPED_BYTES) {
		pages_give(chunk, bytes, used);
		return;
	}
	explicit_bzero(chunk, used);
	free(chunk);
}

static void free_chunks(struct chunk *chunk)
{
	while (chunk) {
		struct chunk *next = chunk->next;

		free_chunk(chunk);
		chunk = next;
	}
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	free_chunks(arena->chunks);
	free_chunks(arena->spare);
	alloc_free(arena);
}

void arena_reset(struct arena *arena)
{
	struct chunk *kept = NULL;
	size_t bytes = 0;

	while (arena->chunks) {
		struct chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		if (every_object_alone || bytes + chunk->size > KEPT_BYTES) {
			free_chunk(chunk);
			continue;
		}
		memset(chunk->bytes, 0, chunk->filled);
		chunk->filled = 0;
		bytes += chunk->size;
		chunk->next = kept;
		kept = chunk;
	}
	free_chunks(arena->spare);
	arena->spare = kept;
	arena->used_bytes = 0;
}

void arena_trim(struct arena *arena)
{
	free_chunks(arena->spare);
	arena->spare = NULL;
}

size_t arena_used_bytes(const struct arena *arena)
{
	return arena->used_bytes;
}

/* One that was kept, if it is large enough. */
static struct chunk *take_spare(struct arena *arena, size_t size)
{
	for (struct chunk **at = &arena->spare; *at; at = &(*at)->next) {
		struct chunk *chunk = *at;

		if (chunk->size < size)
			continue;
		*at = chunk->next;
		chunk->next = NULL;
		return chunk;
	}
	return NULL;
}

static struct chunk *new_chunk(size_t size)
{
	struct chunk *chunk;

	if (size > SIZE_MAX - sizeof(*chunk))
		return NULL;
	size += sizeof(*chunk);
	chunk = size < MAPPED_BYTES ? alloc_array(1, size) : pages_take(&size);
	if (chunk)
		chunk->size = size - sizeof(*chunk);
	return chunk;
}

/* A chunk with room for size bytes. A large object gets one of its own behind the first, so that what is left of
 * the first is not lost. */
static struct chunk *add_chunk(struct arena *arena, size_t size)
{
	struct chunk *first = arena->chunks;
	bool alone = every_object_alone || size > arena->next_chunk_bytes / 4;
	struct chunk *chunk = take_spare(arena, size);
	size_t chunk_bytes = arena->next_chunk_bytes;

	/* Of large objects there are often many: sooner or later they share chunks, which come from the kernel all zero. */
	if (arena->next_chunk_bytes < LAST_CHUNK_BYTES && size > arena->next_chunk_bytes / 4)
		arena->next_chunk_bytes *= 2;

	alone &= !chunk;
	if (!chunk)
		chunk = new_chunk(alone ? size : chunk_bytes);
	if (!chunk)
		return NULL;
	if (alone && first) {
		chunk->next = first->next;
		first->next = chunk;
		return chunk;
	}
	/* The chunk with more room left is the one to be filled. */
	if (first && chunk->size - size < first->size - first->filled) {
		chunk->next = first->next;
		first->next = chunk;
		return chunk;
	}
	chunk->next = first;
	arena->chunks = chunk;
	if (!alone && arena->next_chunk_bytes < LAST_CHUNK_BYTES)
		arena->next_chunk_bytes *= 2;
	return chunk;
}

/* The size that an object takes, or 0 when the arena may not hand out so much. */
static size_t charge(const struct arena *arena, size_t size)
{
	size_t rounded;

	if (size > arena->limit_bytes || size > SIZE_MAX - ALIGNMENT)
		return 0;
	rounded = size ? (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
	/* What was taken over may be more than the limit. */
	if (arena->used_bytes > arena->limit_bytes)
		return 0;
	return rounded > arena->limit_bytes - arena->used_bytes ? 0 : rounded;
}

bool arena_has_failed(const struct arena *arena)
{
	return arena->has_failed;
}

void arena_fail(struct arena *arena)
{
	arena->has_failed = true;
}

/* Whatever the size, and whether there is room: out of line, since it is rare. */
static __attribute__((noinline)) void *hand_out(struct arena *arena, size_t size)
{
	struct chunk *chunk = arena->chunks;
	size_t charged = charge(arena, size);
	size_t taken = every_object_alone ? size : charged;
	void *object;

	if (!charged)
		return NULL;
	if (!chunk || every_object_alone || charged > chunk->size - chunk->filled) {
		chunk = add_chunk(arena, taken);
		if (!chunk)
			return NULL;
	}
	object = chunk->bytes + chunk->filled;
	chunk->filled += taken;
	arena->used_bytes += charged;
	return object;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct chunk *chunk = arena->chunks;
	size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	void *object;

	/* Nothing, and what rounding makes nothing of, is not less than any room. */
	if (!every_object_alone && chunk && rounded - 1 < chunk->size - chunk->filled &&
	    arena->used_bytes <= arena->limit_bytes && rounded <= arena->limit_bytes - arena->used_bytes) {
		object = chunk->bytes + chunk->filled;
		chunk->filled += rounded;
		arena->used_bytes += rounded;
		return object;
	}
	object = hand_out(arena, size);
	arena->has_failed |= !object;
	return object;
}

void *arena_array(struct arena *arena, size_t count, size_t item_size)
{
	size_t size;

	if (__builtin_mul_overflow(count, item_size, &size))
		return NULL;
	return arena_alloc(arena, size);
}

/* Longer in place, when the object is the newest of the chunk being filled. */
static bool extend(struct arena *arena, const void *object, size_t old_size, size_t new_size)
{
	struct chunk *chunk = arena->chunks;
	size_t old_taken = (old_size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	size_t more;

	if (every_object_alone || !chunk || !object || old_taken > chunk->filled ||
	    (const unsigned char *)object != chunk->bytes + chunk->filled - old_taken)
		return false;
	more = new_size - old_taken;
	if (new_size <= old_taken || more > chunk->size - chunk->filled)
		return false;
	more = charge(arena, more);
	if (!more || more > chunk->size - chunk->filled)
		return false;
	chunk->filled += more;
	arena->used_bytes += more;
	return true;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t item_size)
{
	size_t wanted, size;
	void *grown;

	if (count < *capacity)
		return items;
	if (__builtin_mul_overflow(count < 4 ? 4 : count, (size_t)2, &wanted) ||
	    __builtin_mul_overflow(wanted, item_size, &size))
		return NULL;
	if (!extend(arena, items, *capacity * item_size, size)) {
		grown = arena_alloc(arena, size);
		if (!grown)
			return NULL;
		if (items)
			memcpy(grown, items, *capacity * item_size);
		items = grown;
	}
	*capacity = wanted;
	return items;
}

void arena_adopt(struct arena *arena, struct arena *from)
{
	struct chunk **end = &arena->chunks;

	/* Behind the chunk that is being filled. */
	while (*end)
		end = &(*end)->next;
	*end = from->chunks;
	arena->used_bytes += from->used_bytes;
	arena->has_failed |= from->has_failed;
	from->chunks = NULL;
	arena_free(from);
}

char *arena_memdup(struct arena *arena, const void *bytes, size_t size)
{
	char *copy = size < SIZE_MAX ? arena_alloc(arena, size + 1) : NULL;

	if (copy && size)
		memcpy(copy, bytes, size);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_memdup(arena, text, strlen(text));
}

char *arena_join(struct arena *arena, const char *const *parts, size_t count)
{
	size_t size = 0;
	char *text, *end;

	for (size_t i = 0; i < count; i++)
		size += strlen(parts[i]);
	text = end = size < SIZE_MAX ? arena_alloc(arena, size + 1) : NULL;
	for (size_t i = 0; text && i < count; i++)
		end = stpcpy(end, parts[i]);
	return text;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	char small[256];
	va_list again;
	int length;
	char *text = NULL;

	va_copy(again, args);
	length = vsnprintf(small, sizeof(small), format, args);
	if (length >= 0)
		text = arena_alloc(arena, (size_t)length + 1);
	if (text && (size_t)length < sizeof(small))
		memcpy(text, small, (size_t)length);
	else if (text)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}
