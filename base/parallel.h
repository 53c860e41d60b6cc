/** @file
 * One piece of work over many items, by all processors that this process may use. */
#ifndef ADIT_BASE_PARALLEL_H
#define ADIT_BASE_PARALLEL_H

#include <stddef.h>

/** Most that work at once, the caller among them. */
#define PARALLEL_MAX 8u

/** How many can work at once here: the processors that this process may use, from 1 to PARALLEL_MAX. */
size_t parallel_processors(void);

/** Call @p work once for each item, in no certain order, and return when all is done. Where no thread is to be had the caller
 * does it alone.
 * @param workers  1 to PARALLEL_MAX; the caller is one of them, and the only one when it is 1
 * @param work     gets @p data, the number of the worker (less than @p workers) for what each has of its own, and the item */
void parallel_each(size_t count, size_t workers, void (*work)(void *data, size_t worker, size_t item), void *data);

#endif
