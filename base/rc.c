/** @file Names of the result classes. */
#include "base/rc.h"

const char *rc_name(enum rc rc)
{
	switch (rc) {
	case RC_OK: return "ok";
	case RC_NOMEM: return "no-memory";
	case RC_INVALID: return "invalid";
	case RC_NOTFOUND: return "not-found";
	case RC_EXISTS: return "exists";
	case RC_CONFLICT: return "conflict";
	case RC_STALE: return "stale";
	case RC_DENIED: return "denied";
	case RC_LIMIT: return "limit";
	case RC_UNSUPPORTED: return "unsupported";
	case RC_UNAVAILABLE: return "unavailable";
	case RC_TIMEOUT: return "timeout";
	case RC_UNKNOWN_OUTCOME: return "unknown-outcome";
	case RC_CANCELLED: return "cancelled";
	case RC_IO: return "io";
	case RC_CORRUPT: return "corrupt";
	case RC_INTERNAL: return "internal";
	}
	return "unknown";
}
