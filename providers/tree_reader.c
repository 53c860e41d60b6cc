/** @file
 * Reading trees beside the transport. Everything of a job but its phase belongs to the thread while it is being read, and
 * to the caller otherwise; phases, queue and arenas are under the mutex. */
#include "providers/tree_reader.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/thread.h"

/** One tree is looked at while the next one is read. */
#define ARENAS 2

struct tree_reader {
	void (*is_read)(void *context);
	void *context;
	pthread_mutex_t mutex;
	pthread_cond_t is_changed;
	pthread_t thread;
	bool has_thread, is_ending;
	struct tree_job *first, *last;       /**< those not taken */
	struct arena *arenas[ARENAS];        /**< those that no job has; NULL: one has it, or it was never made */
	size_t arena_count;                  /**< made */
};

enum rc tree_reader_new(void (*is_read)(void *context), void *context, struct tree_reader **ret_reader)
{
	struct tree_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return RC_NOMEM;
	*reader = (struct tree_reader){.is_read = is_read, .context = context, .mutex = PTHREAD_MUTEX_INITIALIZER,
				       .is_changed = PTHREAD_COND_INITIALIZER};
	*ret_reader = reader;
	return RC_OK;
}

static void free_arenas(struct tree_reader *reader)
{
	for (size_t i = 0; i < ARENAS; i++) {
		reader->arena_count -= reader->arenas[i] != NULL;
		arena_free(reader->arenas[i]);
		reader->arenas[i] = NULL;
	}
}

void tree_reader_free(struct tree_reader *reader)
{
	if (!reader)
		return;
	pthread_mutex_lock(&reader->mutex);
	reader->is_ending = true;
	pthread_cond_broadcast(&reader->is_changed);
	pthread_mutex_unlock(&reader->mutex);
	if (reader->has_thread)
		pthread_join(reader->thread, NULL);
	free_arenas(reader);
	pthread_cond_destroy(&reader->is_changed);
	pthread_mutex_destroy(&reader->mutex);
	free(reader);
}

/** One that no job has; NULL: all have. */
static struct arena *borrow_arena(struct tree_reader *reader)
{
	for (size_t i = 0; i < ARENAS; i++) {
		struct arena *arena = reader->arenas[i];

		reader->arenas[i] = NULL;
		if (arena)
			return arena;
	}
	if (reader->arena_count == ARENAS)
		return NULL;
	reader->arena_count++;
	return arena_new(LIMIT_ARENA_BYTES);
}

static void return_arena(struct tree_reader *reader, struct arena *arena)
{
	size_t i = 0;

	while (i < ARENAS - 1 && reader->arenas[i])
		i++;
	reader->arenas[i] = arena;
}

static bool may_begin(const struct tree_reader *reader, const struct tree_job *job)
{
	return job && (reader->arenas[0] || reader->arenas[1] || reader->arena_count < ARENAS);
}

/** The first that was not begun. */
static struct tree_job *next_job(const struct tree_reader *reader)
{
	struct tree_job *job = reader->first;

	while (job && job->phase != TREE_GIVEN)
		job = job->next;
	return job;
}

/** Under the mutex, which it gives up while it reads. */
static void read_job(struct tree_reader *reader, struct tree_job *job)
{
	job->phase = TREE_BEING_READ;
	job->arena = borrow_arena(reader);
	reader->arena_count -= !job->arena;
	pthread_mutex_unlock(&reader->mutex);
	if (job->arena)
		arena_reset(job->arena);
	job->rc = job->arena ? json_parse(job->arena, job->bytes, job->size, &job->root, NULL) : RC_NOMEM;
	pthread_mutex_lock(&reader->mutex);
	job->phase = TREE_READ;
	pthread_cond_broadcast(&reader->is_changed);
	if (reader->is_read)
		reader->is_read(reader->context);
}

static void *work(void *data)
{
	struct tree_reader *reader = data;

	pthread_mutex_lock(&reader->mutex);
	while (!reader->is_ending) {
		struct tree_job *job = next_job(reader);

		if (may_begin(reader, job))
			read_job(reader, job);
		else
			pthread_cond_wait(&reader->is_changed, &reader->mutex);
	}
	pthread_mutex_unlock(&reader->mutex);
	return NULL;
}

bool tree_reader_give(struct tree_reader *reader, struct tree_job *job)
{
	if (!reader->has_thread)
		reader->has_thread = thread_start(&reader->thread, work, reader);
	if (!reader->has_thread)
		return false;
	pthread_mutex_lock(&reader->mutex);
	if (next_job(reader)) {
		pthread_mutex_unlock(&reader->mutex);
		return false;
	}
	job->phase = TREE_GIVEN;
	job->root = NULL;
	job->arena = NULL;
	job->next = NULL;
	if (reader->first)
		reader->last->next = job;
	else
		reader->first = job;
	reader->last = job;
	job->is_given = true;
	pthread_cond_broadcast(&reader->is_changed);
	pthread_mutex_unlock(&reader->mutex);
	return true;
}

/** Out of the queue. */
static void unlink_job(struct tree_reader *reader, struct tree_job *job)
{
	struct tree_job **link = &reader->first, *before = NULL;

	while (*link != job) {
		before = *link;
		link = &before->next;
	}
	*link = job->next;
	if (reader->last == job)
		reader->last = before;
}

struct tree_job *tree_reader_take(struct tree_reader *reader, bool waits)
{
	struct tree_job *job;

	pthread_mutex_lock(&reader->mutex);
	while (waits && reader->first && reader->first->phase != TREE_READ)
		pthread_cond_wait(&reader->is_changed, &reader->mutex);
	job = reader->first;
	if (job && job->phase == TREE_READ) {
		unlink_job(reader, job);
		job->phase = TREE_TAKEN;
	} else {
		job = NULL;
	}
	pthread_mutex_unlock(&reader->mutex);
	return job;
}

void tree_reader_end(struct tree_reader *reader, struct tree_job *job)
{
	/* The reader may be gone by now, or was never there; of a job that was given the thread writes the phase. */
	if (!job->is_given)
		return;
	job->is_given = false;
	pthread_mutex_lock(&reader->mutex);
	while (job->phase == TREE_BEING_READ)
		pthread_cond_wait(&reader->is_changed, &reader->mutex);
	if (job->phase != TREE_TAKEN)
		unlink_job(reader, job);
	if (job->arena)
		return_arena(reader, job->arena);
	job->arena = NULL;
	job->root = NULL;
	job->phase = TREE_IDLE;
	pthread_cond_broadcast(&reader->is_changed);
	pthread_mutex_unlock(&reader->mutex);
}

void tree_reader_trim(struct tree_reader *reader)
{
	pthread_mutex_lock(&reader->mutex);
	free_arenas(reader);
	pthread_mutex_unlock(&reader->mutex);
}
