/** @file
 * Result classes. Every fallible function returns one; callers branch on the class only.
 * The words that explain a failure go to the run's diagnostics (base/diag.h), added once
 * by the function that first detects the fault. */
#ifndef ADIT_BASE_RC_H
#define ADIT_BASE_RC_H

/** What went wrong, as far as a caller must care. */
enum rc {
	RC_OK = 0,
	RC_NOMEM,           /**< memory, or an arena's limit, is used up */
	RC_INVALID,         /**< input is wrong; a diagnostic names file, line and column */
	RC_NOTFOUND,        /**< the thing is certainly not there */
	RC_EXISTS,          /**< the thing is there already */
	RC_CONFLICT,        /**< somebody else holds it */
	RC_STALE,           /**< what was expected is no longer so: plan again */
	RC_DENIED,          /**< the credentials do not allow it */
	RC_LIMIT,           /**< a named limit was passed */
	RC_UNSUPPORTED,     /**< the other side does not know this request */
	RC_UNAVAILABLE,     /**< a transient failure; an idempotent call may be retried */
	RC_TIMEOUT,         /**< no answer in time; an idempotent call may be retried */
	RC_UNKNOWN_OUTCOME, /**< sent, answer lost: read again before anything else */
	RC_CANCELLED,       /**< the user interrupted */
	RC_IO,              /**< the local system refused (errno in the diagnostic) */
	RC_CORRUPT,         /**< stored data contradict themselves */
	RC_INTERNAL,        /**< a fault of adit's own */
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/** The class's name in lower case with dashes ("unknown-outcome"); static. */
const char *rc_name(enum rc rc);

#endif
