/** @file
 * Many texts into objects, large ones in parts and by several threads. The result is that of decode_text() over the texts
 * in their order, whatever the threads do: a text of which some part cannot be read on its own is read again as a whole. */
#ifndef ADIT_SCHEMA_DECODE_MANY_H
#define ADIT_SCHEMA_DECODE_MANY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/run.h"
#include "base/text.h"
#include "schema/object.h"

struct decode_job;
struct decode_kept;

struct decode_input {
	const struct text *text;
	const char *default_namespace; /**< see decode_text() */
	size_t document_count;         /**< set by decode_end() */
};

#define DECODE_KEY_BYTES 16u

/** Where what texts say is kept from run to run (decode_cache.h): get is called by decode_begin(), put by decode_keep(), each in
 * its caller's thread. */
struct decode_store {
	void *context;
	/** @param ret_bytes  arena @return false: not there */
	bool (*get)(void *context, struct arena *arena, const uint8_t key[DECODE_KEY_BYTES], const char **ret_bytes, size_t *ret_size);
	void (*put)(void *context, const uint8_t key[DECODE_KEY_BYTES], const char *bytes, size_t size);
};

/** How the work is cut up. */
struct decode_effort {
	size_t threads;     /**< beside the caller's; 0: none */
	size_t part_bytes;  /**< texts over twice this size are cut at "---" into parts of about this size */
	bool is_large;      /**< so much that keeping what was read pays */
};

/** What suits @p inputs on this machine: nothing but the caller's thread for less than a hundred kilobytes. */
struct decode_effort decode_effort(const struct decode_input *inputs, size_t count);

/** Start. Threads, if any, begin to work at once.
 * @param run      for its interruption; its arena is not touched before decode_end()
 * @param inputs   borrowed until decode_end()
 * @param store    asked for what was kept; borrowed for the call; NULL: nothing is looked for, nor is anything kept
 * @param ret_job  owned, ended by decode_end() or decode_abandon()
 * @return RC_OK, RC_NOMEM */
enum rc decode_begin(struct run *run, struct decode_input *inputs, size_t count, const struct decode_effort *effort,
		     const struct decode_store *store, struct decode_job **ret_job) MUST_CHECK;

/** Do what is left, and give everything to @p objects and the run's diagnostics. Frees the job.
 * @param ret_kept  what is to be kept of texts that were not; owned, free with decode_kept_free(); NULL: nothing
 * @return as decode_text() and decode_finish(); RC_CANCELLED */
enum rc decode_end(struct decode_job *job, struct objects *objects, struct decode_kept **ret_kept) MUST_CHECK;

/** Put it into @p store, and let go of it bit by bit. It depends on nothing else: another thread may do this while the objects
 * are in use, or the run is freed. NULL is fine. */
void decode_keep(struct decode_kept *kept, const struct decode_store *store);
/** NULL is fine. */
void decode_kept_free(struct decode_kept *kept);

/** Wait for the threads and free the job. NULL is fine. */
void decode_abandon(struct decode_job *job);

#endif
