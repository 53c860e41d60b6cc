/** @file Threads of a run. */
#include "base/thread.h"

#include <sched.h>
#include <signal.h>

bool thread_start(pthread_t *thread, void *(*work)(void *), void *data)
{
	sigset_t all, before;
	int fault;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before))
		return false;
	fault = pthread_create(thread, NULL, work, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !fault;
}

size_t thread_processors(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);

	return count > 1 ? (size_t)count : 1;
}
