/** @file
 * Threads of a run. */
#ifndef ADIT_BASE_THREAD_H
#define ADIT_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

/** Start a thread that no signal interrupts: those are the main thread's, which waits for answers.
 * @return false: there is none to be had */
bool thread_start(pthread_t *thread, void *(*work)(void *), void *data) MUST_CHECK;

/** How many threads of this process can run at once; at least 1. */
size_t thread_processors(void);

#endif
