/* The requests that wait: a binary heap by (ready_ms, sequence), and the list of those done. */
#include <stdlib.h>

#include "providers/http_internal.h"

#define QUEUE_FIRST_CAPACITY 64u

static bool is_before(const struct http_request *a, const struct http_request *b)
{
	if (a->own.ready_ms != b->own.ready_ms)
		return a->own.ready_ms < b->own.ready_ms;
	return a->own.sequence < b->own.sequence;
}

static void place(struct http *http, size_t at, struct http_request *request)
{
	http->heap[at] = request;
	request->own.place = at;
}

static void sift_up(struct http *http, size_t at, struct http_request *request)
{
	while (at && is_before(request, http->heap[(at - 1) / 2])) {
		place(http, at, http->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(http, at, request);
}

static void sift_down(struct http *http, size_t at, struct http_request *request)
{
	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= http->heap_count)
			break;
		if (child + 1 < http->heap_count && is_before(http->heap[child + 1], http->heap[child]))
			child++;
		if (!is_before(http->heap[child], request))
			break;
		place(http, at, http->heap[child]);
		at = child;
	}
	place(http, at, request);
}

enum rc http_queue_reserve(struct http *http)
{
	struct http_request **grown;
	size_t capacity;

	/* Whatever is under way may come back to wait, so there is room for all that are pending. */
	if (http->pending_count < http->heap_capacity)
		return RC_OK;
	capacity = http->heap_capacity ? 2 * http->heap_capacity : QUEUE_FIRST_CAPACITY;
	grown = reallocarray(http->heap, capacity, sizeof(struct http_request *));
	if (!grown)
		return RC_NOMEM;
	http->heap = grown;
	http->heap_capacity = capacity;
	return RC_OK;
}

void http_queue_push(struct http *http, struct http_request *request, int64_t ready_ms)
{
	request->own.ready_ms = ready_ms;
	request->own.phase = HTTP_WAITING;
	sift_up(http, http->heap_count++, request);
}

void http_queue_remove(struct http *http, struct http_request *request)
{
	size_t at = request->own.place;
	struct http_request *last = http->heap[--http->heap_count];

	request->own.phase = HTTP_IDLE;
	if (last == request)
		return;
	if (is_before(last, request))
		sift_up(http, at, last);
	else
		sift_down(http, at, last);
}

void http_queue_done(struct http *http, struct http_request *request)
{
	request->own.phase = HTTP_DONE;
	request->own.next = NULL;
	if (http->done_last)
		http->done_last->own.next = request;
	else
		http->done_first = request;
	http->done_last = request;
}

void http_queue_undone(struct http *http, struct http_request *request)
{
	struct http_request **link = &http->done_first;
	struct http_request *before = NULL;

	while (*link && *link != request) {
		before = *link;
		link = &before->own.next;
	}
	if (!*link)
		return;
	*link = request->own.next;
	if (http->done_last == request)
		http->done_last = before;
	request->own.phase = HTTP_IDLE;
}

struct http_request *http_queue_take(struct http *http)
{
	struct http_request *request = http->done_first;

	if (!request)
		return NULL;
	http->done_first = request->own.next;
	if (!http->done_first)
		http->done_last = NULL;
	request->own.phase = HTTP_IDLE;
	http->pending_count--;
	return request;
}
