/** @file
 * Shared by the parts that keep what texts say; nobody else includes it. */
#ifndef ADIT_SCHEMA_DECODE_CACHE_INTERNAL_H
#define ADIT_SCHEMA_DECODE_CACHE_INTERNAL_H

#include "schema/decode_cache.h"
#include "schema/decode_internal.h"

#define PACKED_NUMBER_BYTES 10u /**< that a number takes at most */

/** What an entry is; the first of its bytes. */
enum packed_entry { PACKED_KIND = 'K', PACKED_ROUTE = 'R', PACKED_SKIPPED = 'S', PACKED_SILENT = '-' };

/** A text that entries refer to by its number. */
struct unpacked_text {
	const char *bytes;         /**< where it stands among the packed ones, with a NUL behind it */
	const char *interned;      /**< NULL: nobody asked for it */
	size_t size;
};

/** The way back. Each reader stays within the bytes, and sets is_wrong where they are not what was packed: a checksum may hold
 * of anything that somebody made up. */
struct unpacking {
	struct decoder *decoder;
	const char *at, *end;
	struct unpacked_text *texts;
	size_t text_count, text_capacity;
	uint32_t line;             /**< of the last place */
	bool is_wrong;
};

/** LEB128. @return behind it */
static inline char *pack_number(char *at, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*at++ = (char)(0x80 | (number & 0x7F));
	*at++ = (char)number;
	return at;
}

/** Lines from @p last, then the column: mostly forward; back where an alias stands. @return behind it */
static inline char *pack_place(char *at, uint32_t *last, uint32_t line, uint32_t column)
{
	int64_t down = (int64_t)line - *last;

	*last = line;
	at = pack_number(at, down < 0 ? (uint64_t)(-down) << 1 | 1 : (uint64_t)down << 1);
	return pack_number(at, column);
}

/** A number of more than one byte. */
uint64_t unpack_long_number(struct unpacking *u);

static inline uint64_t unpack_number(struct unpacking *u)
{
	if (u->at < u->end && !(*u->at & 0x80))
		return (uint64_t)*u->at++;
	return unpack_long_number(u);
}

/** A number of items, each of which takes a byte or more. */
static inline size_t unpack_count(struct unpacking *u)
{
	uint64_t count = unpack_number(u);

	if (count <= (uint64_t)(u->end - u->at))
		return (size_t)count;
	u->is_wrong = true;
	return 0;
}

static inline void unpack_place(struct unpacking *u, uint32_t *ret_line, uint32_t *ret_column)
{
	uint64_t down = unpack_number(u);

	u->line = down & 1 ? u->line - (uint32_t)(down >> 1) : u->line + (uint32_t)(down >> 1);
	*ret_line = u->line;
	*ret_column = (uint32_t)unpack_number(u);
}

/** A text that may have stood before; NULL: is_wrong or out_of_memory is set. Valid until the next call. */
struct unpacked_text *unpack_text(struct unpacking *u);

/** The checksum of packed bytes. */
uint64_t packed_checksum(const char *bytes, size_t size, const uint8_t key[DECODE_KEY_BYTES]);
/** The number of an interned text that stands among the packed ones; 0: it must be packed. */
size_t packed_number(struct decode_cache *cache, const char *text);
/** Append an interned text as unpack_text() reads it, and remember its number. */
void pack_interned(struct decode_cache *cache, const char *text);

/** Add the object of an 'R' entry, whose first byte was read. */
void unpack_route(struct unpacking *u);

#endif
