/** @file
 * The rate limit: so many calls in any window, per token; who passes it is refused for the whole next window. */
#ifndef ADIT_SERVER_SIMULATOR_RATE_H
#define ADIT_SERVER_SIMULATOR_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

struct rate_bucket;

struct rate {
	int64_t calls, window_ms;
	int64_t least_left;          /**< calls that were left at the worst moment */
	int64_t refused;             /**< calls that were refused */
	struct rate_bucket *buckets; /**< owned; one per token seen, few */
	size_t bucket_count, bucket_capacity;
};

/** What one call was told. */
struct rate_verdict {
	bool refused;
	int64_t left;         /**< calls left in the window */
	int64_t reset_ms;     /**< until a call becomes free again, or the block ends */
};

/** @return true when @p calls and @p window_ms are within limits.h */
bool rate_is_valid(int64_t calls, int64_t window_ms);
void rate_init(struct rate *rate, int64_t calls, int64_t window_ms);
/** Change the limit; windows begin anew. */
void rate_change(struct rate *rate, int64_t calls, int64_t window_ms);
/** Count least_left and refused anew. */
void rate_clear_stats(struct rate *rate);
void rate_done(struct rate *rate);

/** Count a call of @p who (a token's id, or "" for none) at @p mono_ms.
 * @return RC_OK (also when refused); RC_NOMEM
 * @par Source  cloudflare-api.md, "Rate limits" */
enum rc rate_count(struct rate *rate, const char *who, int64_t mono_ms,
		   struct rate_verdict *ret_verdict) MUST_CHECK;

#endif
