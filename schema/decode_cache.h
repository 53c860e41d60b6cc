/** @file
 * What one text alone determines, as bytes: its documents that were read, checked and found without fault, and what was
 * passed over. From them the same objects are built as from the text, without reading YAML and checking again. Most kinds
 * are kept as trees; an HTTPRoute without peculiarities, of which there may be a hundred thousand, as the object itself.
 *
 * Only documents of kinds that adit reads are kept: nothing of a Secret, whatever file it stands in. A text with a fault,
 * a warning, or a policy has no such form. The bytes hold for one build of adit; who keeps them makes sure of that, and
 * that they are unchanged (decode_cache_seal()). */
#ifndef ADIT_SCHEMA_DECODE_CACHE_H
#define ADIT_SCHEMA_DECODE_CACHE_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "schema/decode.h"
#include "schema/decode_many.h"
#include "schema/yaml.h"

/** Raised with each change of what the bytes mean, or of what is built of them. */
#define DECODE_CACHE_FORMAT 2

/** One text after the other on its way into bytes. */
struct decode_cache {
	struct strbuf out;
	struct recent_text *recent; /**< texts that were written lately, by what they say */
	struct recent_pointer *pointers; /**< interned ones that were written lately, by where they are */
	size_t text_count;
	uint32_t line;             /**< of the last place */
	bool is_unfit;             /**< the text has no such form */
};

void decode_cache_init(struct decode_cache *cache);
void decode_cache_done(struct decode_cache *cache);

/** Start with the next text.
 * @param arena  for what is needed until it is sealed
 * @param line   that everything is told from: of a part, the lines before it */
void decode_cache_begin(struct decode_cache *cache, struct arena *arena, uint32_t line);

/** A document, or an item of a list, of the kind with this number in kind_table(). */
void decode_cache_add(struct decode_cache *cache, size_t kind, const struct node *root);
/** One that was built as @p route.
 * @param has_namespace  metadata.namespace was given
 * @return false: it has parts that only its tree tells; nothing was added */
bool decode_cache_add_route(struct decode_cache *cache, const struct http_route *route, bool has_namespace);
/** One that was passed over. */
void decode_cache_add_skipped(struct decode_cache *cache, const char *group, const char *kind);
/** One that counts as a document and is nothing else. */
void decode_cache_add_silent(struct decode_cache *cache);

/** Complete the bytes with their checksum, which holds for @p key alone: what a torn write put under another's is not believed.
 * @param visited  nodes that the check of the text looked at
 * @return owned, free(); NULL: there are none */
char *decode_cache_seal(struct decode_cache *cache, const uint8_t key[DECODE_KEY_BYTES], uint64_t visited, size_t *ret_size)
	MUST_CHECK;

/** Decode as decode_text() would.
 * @param line   as given to decode_cache_begin()
 * @param bytes  borrowed for the call; sealed
 * @param key    that they were sealed for
 * @return RC_OK; RC_CORRUPT not what was sealed: what was decoded meanwhile means nothing; RC_LIMIT, RC_NOMEM as
 * decode_text() */
enum rc decode_cached(struct decoder *decoder, const struct text *text, const char *default_namespace, uint32_t line,
		      const char *bytes, size_t size, const uint8_t key[DECODE_KEY_BYTES]) MUST_CHECK;

#endif
