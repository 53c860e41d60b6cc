/** @file Large pieces of memory, with a short list of those that are kept. */
#include "base/pages.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#define PIECES_MAX 32u

static struct {
	pthread_mutex_t mutex;
	struct {
		void *at;
		size_t size;
	} pieces[PIECES_MAX];
	size_t count, bytes;
} kept = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* The smallest that is large enough, and no more than twice as large. */
static void *take_kept(size_t *size)
{
	size_t best = PIECES_MAX;
	void *piece;

	for (size_t i = 0; i < kept.count; i++)
		if (kept.pieces[i].size >= *size && kept.pieces[i].size / 2 <= *size &&
		    (best == PIECES_MAX || kept.pieces[i].size < kept.pieces[best].size))
			best = i;
	if (best == PIECES_MAX)
		return NULL;
	piece = kept.pieces[best].at;
	*size = kept.pieces[best].size;
	kept.bytes -= *size;
	kept.pieces[best] = kept.pieces[--kept.count];
	return piece;
}

/* Not MADV_HUGEPAGE: virtual machines give large free pages back to their host, and fetching them again costs four times
 * what the small ones do. */
static void *map(size_t size)
{
	void *piece = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return piece == MAP_FAILED ? NULL : piece;
}

/* @return false: nothing was kept */
static bool let_go(void)
{
	bool any;

	pthread_mutex_lock(&kept.mutex);
	any = kept.count > 0;
	while (kept.count) {
		kept.count--;
		kept.bytes -= kept.pieces[kept.count].size;
		(void)munmap(kept.pieces[kept.count].at, kept.pieces[kept.count].size);
	}
	pthread_mutex_unlock(&kept.mutex);
	return any;
}

void *pages_take(size_t *size)
{
	void *piece;

	pthread_mutex_lock(&kept.mutex);
	piece = take_kept(size);
	pthread_mutex_unlock(&kept.mutex);
	if (!piece)
		piece = map(*size);
	/* What is kept may be all that there is. */
	if (!piece && let_go())
		piece = map(*size);
	return piece;
}

/* Whether there is room for it: reserved, so that it can be wiped while others take and give. */
static bool reserve(size_t size)
{
	bool is_kept;

	pthread_mutex_lock(&kept.mutex);
	is_kept = size <= PAGES_KEPT_BYTES - kept.bytes;
	if (is_kept)
		kept.bytes += size;
	pthread_mutex_unlock(&kept.mutex);
	return is_kept;
}

void pages_give(void *piece, size_t size, size_t used)
{
	if (!reserve(size)) {
		(void)munmap(piece, size);
		return;
	}
	explicit_bzero(piece, used);
	pthread_mutex_lock(&kept.mutex);
	if (kept.count < PIECES_MAX) {
		kept.pieces[kept.count].at = piece;
		kept.pieces[kept.count++].size = size;
		piece = NULL;
	} else {
		kept.bytes -= size;
	}
	pthread_mutex_unlock(&kept.mutex);
	if (piece)
		(void)munmap(piece, size);
}
