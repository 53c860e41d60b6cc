/** @file
 * Sorting arrays. */
#ifndef ADIT_BASE_SORT_H
#define ADIT_BASE_SORT_H

#include <stddef.h>

/** qsort() that takes empty arrays without items, too (NULL), and looks first whether there is anything to do: what comes from
 * files, the state or the API is in order as a rule. */
void sort_items(void *items, size_t count, size_t size, int (*compare)(const void *, const void *));

#endif
