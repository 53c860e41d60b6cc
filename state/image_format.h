/** @file
 * The form of an image, for those who read and write it and for their test: a head, the tables in the order of its counts,
 * then the texts. Numbers are this machine's. A text is told by its place among the texts, where each ends with a NUL; 0 is
 * none, and nothing stands there. Another form is another IMAGE_MAGIC. */
#ifndef ADIT_STATE_IMAGE_FORMAT_H
#define ADIT_STATE_IMAGE_FORMAT_H

#include <stdint.h>

#include "state/image.h"

/** "aditimg" and the number of the form: 1. Another order of bytes reads as another number. */
#define IMAGE_MAGIC UINT64_C(0x616469746d670001)
#define IMAGE_FIELDS 8u

struct image_counts {
	uint64_t rows, orders, order_items, documents, numbers;
	uint64_t text_bytes;
};

struct image_head {
	uint64_t magic;
	uint8_t key[IMAGE_KEY_BYTES];
	uint8_t sum[HASH_BYTES];    /**< XXH3-128 of all behind it, with the key as seed */
	struct image_counts counts;
};

/** Texts that resources of all kinds have. */
enum image_text { IMAGE_ADDRESS, IMAGE_ID, IMAGE_TUNNEL, IMAGE_OBJECT, IMAGE_PRECEDENCE, IMAGE_ACCOUNT_ID, IMAGE_ZONE_ID,
		  IMAGE_PRIOR_COMMENT, IMAGE_TEXTS };

struct image_row {
	int64_t retired_ms;
	uint32_t texts[IMAGE_TEXTS];
	/** By the kind's field table: a text; 0 or 1; the place among the numbers; from 1 on that among the orders or documents. */
	uint32_t fields[IMAGE_FIELDS];
	uint8_t kind, is_protected;
	uint8_t unused[6];
};

/** Addresses of rules in their order. */
struct image_order {
	uint32_t first, count;      /**< of the order items, each a text */
};

/** Where the tables and texts of an image are. */
struct image_parts {
	struct image_counts counts;
	struct image_row *rows;
	struct image_order *orders;
	uint32_t *order_items;
	uint32_t *documents;        /**< texts: JSON */
	int64_t *numbers;
	const char *texts;
};

/** The sum of these parts under a key. @return false when memory is used up */
bool image_sum(const struct image_parts *parts, const uint8_t key[IMAGE_KEY_BYTES], uint8_t ret_sum[HASH_BYTES]) MUST_CHECK;
/** Bytes of the tables, which all begin at multiples of their items' alignment: the longest items come first.
 * @return false: more than an image may have */
bool image_table_bytes(const struct image_counts *counts, size_t *ret_bytes) MUST_CHECK;
/** Say where the tables are within their bytes. */
void image_place(struct image_parts *parts, void *tables);

#endif
