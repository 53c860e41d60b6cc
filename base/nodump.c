/** @file PR_SET_DUMPABLE and RLIMIT_CORE. */
#include "base/nodump.h"

#include <sys/prctl.h>

void nodump_begin(struct nodump *nodump)
{
	struct rlimit none;

	if (nodump->is_closed)
		return;
	nodump->is_closed = true;
	nodump->dumpable = prctl(PR_GET_DUMPABLE);
	(void)prctl(PR_SET_DUMPABLE, 0);
	nodump->has_core = !getrlimit(RLIMIT_CORE, &nodump->core);
	/* The hard limit stays, so that the soft one can be given back. */
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = nodump->core.rlim_max };
	if (nodump->has_core)
		(void)setrlimit(RLIMIT_CORE, &none);
}

void nodump_end(struct nodump *nodump)
{
	if (!nodump->is_closed)
		return;
	nodump->is_closed = false;
	if (nodump->has_core)
		(void)setrlimit(RLIMIT_CORE, &nodump->core);
	/* 2 is what a kernel gives to set-user-ID programs, and not for us to ask for. */
	if (nodump->dumpable == 1)
		(void)prctl(PR_SET_DUMPABLE, 1);
}
