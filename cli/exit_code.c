/* Exit codes: the one mapping from what a command came to. */
#include "cli/exit_code.h"

static void explain_rc(enum rc rc, struct verdict *verdict)
{
	switch (rc) {
	case RC_OK:
		break;
	case RC_CANCELLED:
		verdict->interrupted = true;
		break;
	case RC_INVALID:
	case RC_LIMIT:
		verdict->refused = true;
		break;
	case RC_STALE:
		verdict->stale = true;
		break;
	case RC_NOMEM:
	case RC_NOTFOUND:
	case RC_EXISTS:
	case RC_CONFLICT:
	case RC_DENIED:
	case RC_UNSUPPORTED:
	case RC_UNAVAILABLE:
	case RC_TIMEOUT:
	case RC_UNKNOWN_OUTCOME:
	case RC_IO:
	case RC_CORRUPT:
	case RC_INTERNAL:
		verdict->error = true;
		break;
	}
}

enum exit_code exit_code(enum rc rc, const struct verdict *verdict)
{
	struct verdict v = *verdict;

	if (!v.interrupted && !v.usage && !v.error && !v.refused && !v.stale)
		explain_rc(rc, &v);
	if (v.interrupted)
		return EXIT_CODE_INTERRUPTED;
	if (v.usage)
		return EXIT_CODE_USAGE;
	if (v.error)
		return EXIT_CODE_ERROR;
	if (v.refused)
		return EXIT_CODE_REFUSED;
	if (v.stale)
		return EXIT_CODE_STALE;
	if (v.partial)
		return EXIT_CODE_PARTIAL;
	return v.differs ? EXIT_CODE_DIFFERS : EXIT_CODE_DONE;
}

const char *exit_code_text(enum exit_code code)
{
	switch (code) {
	case EXIT_CODE_DONE:
		return "done, or nothing to do";
	case EXIT_CODE_ERROR:
		return "error";
	case EXIT_CODE_DIFFERS:
		return "there are changes, or drift";
	case EXIT_CODE_PARTIAL:
		return "applied in part, or deferred";
	case EXIT_CODE_REFUSED:
		return "refused: invalid input, a conflict or a guard";
	case EXIT_CODE_STALE:
		return "stale plan, or the lock was not obtained or lost";
	case EXIT_CODE_USAGE:
		return "wrong usage";
	case EXIT_CODE_INTERRUPTED:
		return "interrupted";
	}
	return "";
}
