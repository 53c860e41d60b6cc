/** @file
 * Exit codes: the same for every command. One function maps what a command came to. */
#ifndef ADIT_CLI_EXIT_CODE_H
#define ADIT_CLI_EXIT_CODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

enum exit_code {
	EXIT_CODE_DONE = 0,         /**< done, or nothing to do */
	EXIT_CODE_ERROR = 1,
	EXIT_CODE_DIFFERS = 2,      /**< changes or drift */
	EXIT_CODE_PARTIAL = 3,      /**< applied in part, or deferred */
	EXIT_CODE_REFUSED = 4,      /**< guard, conflict, invalid input */
	EXIT_CODE_STALE = 5,        /**< stale plan, lock not obtained or lost */
	EXIT_CODE_USAGE = 64,
	EXIT_CODE_INTERRUPTED = 130,
};

/** What a command came to, beyond its rc. Commands set what applies; several may be set. */
struct verdict {
	bool interrupted, usage, error, refused, stale, partial, differs;
};

/** The exit code: the first that applies of 130, 64, 1, 4, 5, 3, 2, 0. An @p rc that no flag explains counts as:
 * RC_CANCELLED interrupted, RC_INVALID and RC_LIMIT refused, RC_STALE stale, any other failure an error.
 * A command that returns, say, RC_CONFLICT for a lock sets `stale` itself; a set flag other than `differs`
 * and `partial` means that rc is explained. */
enum exit_code exit_code(enum rc rc, const struct verdict *verdict);

/** One line on what a code means, for help and manual pages; static. */
const char *exit_code_text(enum exit_code code);

#endif
