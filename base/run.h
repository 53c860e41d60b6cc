/** @file
 * What every part of one run shares: memory, diagnostics, clock, and whether the user interrupted. */
#ifndef ADIT_BASE_RUN_H
#define ADIT_BASE_RUN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/diag.h"

struct run {
	struct arena *arena;
	/** The bytes of the input's files, which may go before the run does; NULL: none were read. */
	struct arena *texts;
	struct diags diags;
	struct clock clock;
	/** Set by the signal handler in cli/; long work looks at it between steps and returns RC_CANCELLED. */
	volatile int *interrupted;
};

/** Open a run with its own arena. @return RC_OK or RC_NOMEM */
enum rc run_init(struct run *run) MUST_CHECK;
/** Free everything that the run holds. */
void run_done(struct run *run);
bool run_is_interrupted(const struct run *run);

#endif
