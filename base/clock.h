/** @file
 * The run's clock and randomness. Everything that needs time, waiting or random bytes gets them from here, so
 * that tests can fix them.
 *
 * Test builds (ADIT_TEST_BUILD; never releases) read from the environment: ADIT_TEST_TIME_SCALE (all waits and
 * elapsed time are divided by it), ADIT_TEST_SEED (random bytes become a fixed sequence), ADIT_TEST_NOW (wall
 * clock starts there, seconds since 1970). */
#ifndef ADIT_BASE_CLOCK_H
#define ADIT_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/rc.h"

struct clock {
	double scale;            /**< simulated milliseconds per real one; 1 outside tests */
	int64_t wall_offset_ms;  /**< added to the real wall clock */
	uint64_t seed;           /**< 0: real randomness */
	uint64_t drawn;          /**< how many seeded blocks were drawn */
	int64_t start_mono_ms;
	int64_t wall_anchor_ms;  /**< since boot: where wall time began to run faster; 0 unless ADIT_TEST_NOW, so that
	                              processes that share a store go by one clock */
};

void clock_init(struct clock *clock);
/** Milliseconds since 1970-01-01 UTC. */
int64_t clock_wall_ms(const struct clock *clock);
/** How far clock_wall_ms() is ahead of the machine's own clock; 0 outside tests. To be added to what a server's clock says. */
int64_t clock_lead_ms(const struct clock *clock);
/** Milliseconds of a clock that only goes forward. */
int64_t clock_mono_ms(const struct clock *clock);
/** Real milliseconds to hand to poll() and the like for @p ms of the run's time, rounded up; -1 stays -1. */
int clock_real_ms(const struct clock *clock, int64_t ms);
void clock_sleep_ms(const struct clock *clock, int64_t ms);
/** Fill with random bytes (getrandom, or the seeded sequence). @return RC_OK or RC_IO */
enum rc clock_random(struct clock *clock, void *bytes, size_t size) MUST_CHECK;
/** RFC 3339 in UTC with seconds: "2026-11-23T03:33:00Z"; arena. */
char *clock_rfc3339(struct arena *arena, int64_t wall_ms);
/** Same with microseconds, as Cloudflare writes it: "2025-02-18T22:41:43.534395Z"; arena. */
char *clock_rfc3339_us(struct arena *arena, int64_t wall_ms);
/** Parse RFC 3339. @return RC_OK or RC_INVALID */
enum rc clock_parse_rfc3339(const char *text, int64_t *ret_wall_ms) MUST_CHECK;

#endif
