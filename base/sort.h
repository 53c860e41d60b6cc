/** @file
 * Sorting arrays. */
#ifndef ADIT_BASE_SORT_H
#define ADIT_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

/** qsort() that takes empty arrays without items, too (NULL), and looks first whether there is anything to do: what comes from
 * files, the state or the API is in order as a rule. */
void sort_items(void *items, size_t count, size_t size, int (*compare)(const void *, const void *));

/** An item, and what it is sorted by: the number, then the bytes of the text as strcmp() has them. */
struct sort_entry {
	uint64_t number;
	const char *text;
	void *item;
};

/** Sort without a call for each comparison, for what there may be a hundred thousand of. Equal entries stay in their order.
 * Afterwards only the items are of use: numbers and texts are written over.
 * @param room  for as many entries; written over */
void sort_entries(struct sort_entry *entries, struct sort_entry *room, size_t count);

#endif
