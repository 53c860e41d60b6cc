/* The rate limit: a sliding window of call times per token, and the block that follows when it is passed. */
#include "server/simulator/rate.h"

#include <stdlib.h>
#include <string.h>

#include "server/simulator/limits.h"

#define MAX_BUCKETS 4096

/* times[first .. first + count) modulo capacity, oldest first. Grows up to the limit. */
struct rate_bucket {
	char who[33];
	int64_t *times;
	size_t first, count, capacity;
	int64_t blocked_until_ms; /* 0: not blocked */
};

bool rate_is_valid(int64_t calls, int64_t window_ms)
{
	return calls >= 1 && calls <= SIMULATOR_RATE_CALLS && window_ms >= 1 &&
	       window_ms <= SIMULATOR_RATE_WINDOW_MS;
}

void rate_init(struct rate *rate, int64_t calls, int64_t window_ms)
{
	*rate = (struct rate){.calls = calls, .window_ms = window_ms, .least_left = calls};
}

void rate_clear_stats(struct rate *rate)
{
	rate->least_left = rate->calls;
	rate->refused = 0;
}

void rate_done(struct rate *rate)
{
	for (size_t i = 0; i < rate->bucket_count; i++)
		free(rate->buckets[i].times);
	free(rate->buckets);
	rate->buckets = NULL;
	rate->bucket_count = rate->bucket_capacity = 0;
}

void rate_change(struct rate *rate, int64_t calls, int64_t window_ms)
{
	rate_done(rate);
	rate_init(rate, calls, window_ms);
}

static enum rc find_bucket(struct rate *rate, const char *who, struct rate_bucket **ret_bucket)
{
	struct rate_bucket *grown;
	size_t capacity;

	for (size_t i = 0; i < rate->bucket_count; i++) {
		if (!strcmp(rate->buckets[i].who, who)) {
			*ret_bucket = &rate->buckets[i];
			return RC_OK;
		}
	}
	if (rate->bucket_count == MAX_BUCKETS)
		return RC_NOMEM;
	if (rate->bucket_count == rate->bucket_capacity) {
		capacity = rate->bucket_capacity ? rate->bucket_capacity * 2 : 8;
		grown = reallocarray(rate->buckets, capacity, sizeof(*grown));
		if (!grown)
			return RC_NOMEM;
		rate->buckets = grown;
		rate->bucket_capacity = capacity;
	}
	*ret_bucket = &rate->buckets[rate->bucket_count++];
	**ret_bucket = (struct rate_bucket){0};
	strncpy((*ret_bucket)->who, who, sizeof((*ret_bucket)->who) - 1);
	return RC_OK;
}

static void forget_old(struct rate_bucket *bucket, int64_t before_ms)
{
	while (bucket->count > 0 && bucket->times[bucket->first] <= before_ms) {
		bucket->first = (bucket->first + 1) % bucket->capacity;
		bucket->count--;
	}
}

static enum rc remember(struct rate_bucket *bucket, int64_t mono_ms)
{
	if (bucket->count == bucket->capacity) {
		size_t capacity = bucket->capacity ? bucket->capacity * 2 : 64;
		int64_t *times = reallocarray(NULL, capacity, sizeof(*times));

		if (!times)
			return RC_NOMEM;
		for (size_t i = 0; i < bucket->count; i++)
			times[i] = bucket->times[(bucket->first + i) % bucket->capacity];
		free(bucket->times);
		bucket->times = times;
		bucket->first = 0;
		bucket->capacity = capacity;
	}
	bucket->times[(bucket->first + bucket->count) % bucket->capacity] = mono_ms;
	bucket->count++;
	return RC_OK;
}

static enum rc judge(struct rate *rate, const char *who, int64_t mono_ms, struct rate_verdict *ret_verdict)
{
	struct rate_bucket *bucket = NULL;
	enum rc rc = find_bucket(rate, who, &bucket);

	if (rc)
		return rc;
	if (bucket->blocked_until_ms > mono_ms) {
		*ret_verdict = (struct rate_verdict){true, 0, bucket->blocked_until_ms - mono_ms};
		return RC_OK;
	}
	if (bucket->blocked_until_ms) {
		bucket->blocked_until_ms = 0;
		bucket->count = 0;
	}
	forget_old(bucket, mono_ms - rate->window_ms);
	if ((int64_t)bucket->count >= rate->calls) {
		bucket->blocked_until_ms = mono_ms + rate->window_ms;
		*ret_verdict = (struct rate_verdict){true, 0, rate->window_ms};
		return RC_OK;
	}
	rc = remember(bucket, mono_ms);
	if (rc)
		return rc;
	*ret_verdict = (struct rate_verdict){
		.left = rate->calls - (int64_t)bucket->count,
		.reset_ms = bucket->times[bucket->first] + rate->window_ms - mono_ms,
	};
	return RC_OK;
}

enum rc rate_count(struct rate *rate, const char *who, int64_t mono_ms, struct rate_verdict *ret_verdict)
{
	enum rc rc = judge(rate, who, mono_ms, ret_verdict);

	if (rc)
		return rc;
	rate->refused += ret_verdict->refused;
	if (ret_verdict->left < rate->least_left)
		rate->least_left = ret_verdict->left;
	return RC_OK;
}
