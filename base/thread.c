/** @file Threads of a run. */
#include "base/thread.h"

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
