/** @file
 * One piece of work over many items, by all processors that this process may use. */
#ifndef ADIT_BASE_PARALLEL_H
#define ADIT_BASE_PARALLEL_H

#include <stddef.h>

#include "base/arena.h"

/** Most that work at once, the caller among them. */
#define PARALLEL_MAX 8u

/** How many do well to work at once on @p items: one where there are fewer than @p many, which is when a second thread would be
 * warm only after all is done, else one for each processor that this process may use; from 1 to PARALLEL_MAX. */
size_t parallel_workers(size_t items, size_t many);

/** Call @p work once for each item, in no certain order, and return when all is done. Where no thread is to be had the caller
 * does it alone.
 * @param workers  1 to PARALLEL_MAX; the caller is one of them, and the only one when it is 1
 * @param work     gets @p data, the number of the worker (less than @p workers) for what each has of its own, and the item */
void parallel_each(size_t count, size_t workers, void (*work)(void *data, size_t worker, size_t item), void *data);

/** The same for work that makes something of each item, and can fail.
 * @param arena  where it is made: @p work gets one of its own for each worker, which becomes part of this one
 * @param work   may change nothing but what belongs to its item
 * @return the first item's rc that is not RC_OK; RC_NOMEM */
enum rc parallel_make(struct arena *arena, size_t count, size_t workers,
		      enum rc (*work)(void *data, struct arena *arena, size_t item), void *data) MUST_CHECK;

#endif
