/** @file
 * Large answers become JSON trees in a thread of their own, while the transport receives the next ones. Internal to
 * providers/.
 *
 * Life of a job: given -> being read -> read, taken with tree_reader_take() -> ended. In the order in which they were given. */
#ifndef ADIT_PROVIDERS_TREE_READER_H
#define ADIT_PROVIDERS_TREE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

/** Smaller ones are read before a thread would have been told of them. */
#define TREE_READER_MIN_BYTES ((size_t)64 * 1024)

/** One text. Alive, and its bytes with it, until tree_reader_end(). */
struct tree_job {
	const char *bytes;
	size_t size;
	void *user;
	/** Once it was taken: what json_parse() said, and where the tree is, to be used for whatever goes when it goes. */
	enum rc rc;
	struct json *root;
	struct arena *arena;
	/** The reader's own. */
	enum { TREE_IDLE, TREE_GIVEN, TREE_BEING_READ, TREE_READ, TREE_TAKEN } phase;
	bool is_given;                       /**< and not ended: the giver's alone */
	struct tree_job *next;
};

struct tree_reader;

/** @param is_read  called in the reader's thread whenever a job is read; NULL: nobody is told
 * @param ret_reader  owned, end it with tree_reader_free()
 * @return RC_OK; RC_NOMEM */
enum rc tree_reader_new(void (*is_read)(void *context), void *context, struct tree_reader **ret_reader) MUST_CHECK;

/** Every job must have ended. NULL is fine. */
void tree_reader_free(struct tree_reader *reader);

/** @return false: there is no thread to be had, or one job waits for it already: who gives does better to read this one himself */
bool tree_reader_give(struct tree_reader *reader, struct tree_job *job) MUST_CHECK;

/** The first of those given, once it is read. At most two of those read exist at a time: end one before taking the next.
 * @param waits  for as long as that takes
 * @return NULL: it is not read yet, or there is none */
struct tree_job *tree_reader_take(struct tree_reader *reader, bool waits);

/** The job goes, at any phase, and its tree with it. */
void tree_reader_end(struct tree_reader *reader, struct tree_job *job);

/** Give memory back, for as long as nothing is given. */
void tree_reader_trim(struct tree_reader *reader);

#endif
