/** @file One piece of work over many items: whoever is free takes the next. */
#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "base/thread.h"

struct job {
	void (*work)(void *data, size_t worker, size_t item);
	void *data;
	size_t count;
	atomic_size_t next; /* the first item that nobody took */
};

struct worker {
	struct job *job;
	size_t number;
	pthread_t thread;
};

size_t parallel_workers(size_t items, size_t many)
{
	size_t processors = items < many ? 1 : thread_processors();

	return processors < PARALLEL_MAX ? processors : PARALLEL_MAX;
}

static void *work(void *data)
{
	const struct worker *worker = data;
	struct job *job = worker->job;

	for (;;) {
		size_t item = atomic_fetch_add(&job->next, 1);

		if (item >= job->count)
			return NULL;
		job->work(job->data, worker->number, item);
	}
}

void parallel_each(size_t count, size_t workers, void (*work_on)(void *data, size_t worker, size_t item), void *data)
{
	struct job job = { .work = work_on, .data = data, .count = count };
	struct worker all[PARALLEL_MAX];
	size_t started = 1;

	if (workers > count)
		workers = count;
	for (size_t i = 0; i < PARALLEL_MAX; i++)
		all[i] = (struct worker){ .job = &job, .number = i };
	while (started < workers && started < PARALLEL_MAX && thread_start(&all[started].thread, work, &all[started]))
		started++;
	work(&all[0]);
	for (size_t i = 1; i < started; i++)
		pthread_join(all[i].thread, NULL);
}

/* Making: the first worker has the caller's arena. */
struct making {
	struct arena *arenas[PARALLEL_MAX];
	enum rc (*work)(void *data, struct arena *arena, size_t item);
	void *data;
	enum rc *rcs; /* of each item */
};

static void make_one(void *data, size_t number, size_t item)
{
	struct making *making = data;

	making->rcs[item] = making->work(making->data, making->arenas[number], item);
}

enum rc parallel_make(struct arena *arena, size_t count, size_t workers,
		      enum rc (*work_on)(void *data, struct arena *arena, size_t item), void *data)
{
	struct making making = { .arenas = { arena }, .work = work_on, .data = data };
	enum rc rc = RC_OK;

	making.rcs = arena_array(arena, count, sizeof(*making.rcs));
	if (!making.rcs)
		rc = RC_NOMEM;
	for (size_t i = 1; !rc && i < workers && i < PARALLEL_MAX; i++) {
		making.arenas[i] = arena_new(LIMIT_ARENA_BYTES);
		if (!making.arenas[i])
			rc = RC_NOMEM;
	}
	if (!rc)
		parallel_each(count, workers, make_one, &making);
	for (size_t i = 1; i < PARALLEL_MAX; i++)
		if (making.arenas[i])
			arena_adopt(arena, making.arenas[i]);
	for (size_t i = 0; !rc && i < count; i++)
		rc = making.rcs[i];
	return rc;
}
