/** @file
 * No core dump and no reading by other processes of the user, while the process holds a secret.
 *
 * States: open -> closed (nodump_begin) -> open (nodump_end). The bits are the process': one holder at a time. */
#ifndef ADIT_BASE_NODUMP_H
#define ADIT_BASE_NODUMP_H

#include <stdbool.h>
#include <sys/resource.h>

struct nodump {
	bool is_closed;
	int dumpable;       /**< as it was before, prctl(2) PR_GET_DUMPABLE */
	bool has_core;      /**< core is set */
	struct rlimit core; /**< RLIMIT_CORE as it was before */
};

/** Not dumpable (no core, no ptrace, /proc/PID of root) and RLIMIT_CORE 0. Begun twice is begun once. A kernel that
 * refuses leaves things as they are: a run is not stopped for it. @param nodump zeroed before the first use */
void nodump_begin(struct nodump *nodump);

/** As it was before; call it once the secrets are wiped. */
void nodump_end(struct nodump *nodump);

#endif
