/** @file The run's clock and randomness. */
#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <xxhash.h>

#include "base/str.h"

static int64_t read_ms(clockid_t id)
{
	struct timespec now = { 0 };

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#ifdef ADIT_TEST_BUILD
static void read_test_environment(struct clock *clock)
{
	const char *scale = getenv("ADIT_TEST_TIME_SCALE");
	const char *seed = getenv("ADIT_TEST_SEED");
	const char *now = getenv("ADIT_TEST_NOW");
	int64_t value;

	if (scale && strtod(scale, NULL) > 0)
		clock->scale = strtod(scale, NULL);
	if (seed && str_to_int64(seed, &value) == RC_OK)
		clock->seed = (uint64_t)value;
	if (now && str_to_int64(now, &value) == RC_OK && value >= 0 && value < INT64_MAX / 1000) {
		clock->wall_offset_ms = value * 1000 - read_ms(CLOCK_REALTIME);
		clock->wall_anchor_ms = clock->start_mono_ms;
	}
}
#endif

void clock_init(struct clock *clock)
{
	*clock = (struct clock){ .scale = 1, .start_mono_ms = read_ms(CLOCK_BOOTTIME) };
#ifdef ADIT_TEST_BUILD
	read_test_environment(clock);
#endif
}

/* How far the run's time is ahead of real time: more and more, when it runs faster. Time that the machine sleeps
 * counts: a lease does not last longer for it. */
static int64_t lead_ms(const struct clock *clock, int64_t anchor_ms)
{
	return (int64_t)((double)(read_ms(CLOCK_BOOTTIME) - anchor_ms) * (clock->scale - 1));
}

int64_t clock_lead_ms(const struct clock *clock)
{
	return clock->wall_offset_ms + lead_ms(clock, clock->wall_anchor_ms);
}

int64_t clock_wall_ms(const struct clock *clock)
{
	return read_ms(CLOCK_REALTIME) + clock_lead_ms(clock);
}

int64_t clock_mono_ms(const struct clock *clock)
{
	return read_ms(CLOCK_BOOTTIME) + lead_ms(clock, clock->start_mono_ms);
}

int clock_real_ms(const struct clock *clock, int64_t ms)
{
	double real_ms;

	if (ms < 0)
		return -1;
	real_ms = ceil((double)ms / clock->scale);
	return real_ms >= (double)INT_MAX ? INT_MAX : (int)real_ms;
}

void clock_sleep_ms(const struct clock *clock, int64_t ms)
{
	int real_ms = clock_real_ms(clock, ms);
	struct timespec wait = { .tv_sec = real_ms / 1000, .tv_nsec = (long)(real_ms % 1000) * 1000000 };

	if (real_ms > 0)
		nanosleep(&wait, NULL);
}

static void draw_seeded(struct clock *clock, unsigned char *bytes, size_t size)
{
	while (size) {
		XXH128_hash_t hash = XXH3_128bits_withSeed(&clock->drawn, sizeof(clock->drawn), clock->seed);
		size_t part = size < sizeof(hash) ? size : sizeof(hash);

		memcpy(bytes, &hash, part);
		clock->drawn++;
		bytes += part;
		size -= part;
	}
}

enum rc clock_random(struct clock *clock, void *bytes, size_t size)
{
	unsigned char *at = bytes;

	if (clock->seed) {
		draw_seeded(clock, at, size);
		return RC_OK;
	}
	while (size) {
		ssize_t got = getrandom(at, size, 0);

		if (got < 0 && errno != EINTR)
			return RC_IO;
		if (got > 0) {
			at += got;
			size -= (size_t)got;
		}
	}
	return RC_OK;
}
