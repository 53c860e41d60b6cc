/** @file
 * What all calls of one simulator share, and the one function that answers a call. No sockets here: http.c
 * hands requests in, so that a fuzzer may do the same. */
#ifndef ADIT_SERVER_SIMULATOR_SERVICE_H
#define ADIT_SERVER_SIMULATOR_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "server/simulator/fault.h"
#include "server/simulator/limits.h"
#include "server/simulator/rate.h"
#include "server/simulator/request_log.h"
#include "server/simulator/store.h"
#include "server/simulator/zone_plan.h"

struct service {
	pthread_mutex_t lock;     /**< held for a whole call, latency apart; guards everything below */
	struct store *store;
	struct clock clock; /**< the simulator's own copy: client and simulator draw from different sequences */
	struct rate rate;
	struct request_log log;
	struct faults faults;
	struct store *snapshots[SIMULATOR_SNAPSHOTS]; /**< copies of the data, to go back to */
	size_t snapshot_count;
	const struct zone_plan *plan; /**< of zones added without one */
	int64_t record_limit;     /**< 0: what the plan allows */
	int64_t latency_ms;
	bool log_calls;
	atomic_int in_flight, most_in_flight; /**< calls below /client/v4, latency included; not guarded */
};

struct param {
	const char *name, *value; /**< percent-decoded; borrowed */
};

/** A request as it came; all borrowed for the time of the call. Missing headers are NULL. */
struct request {
	const char *method;
	const char *uri;          /**< path and query as sent, for the log */
	const char *path;         /**< percent-decoded */
	const struct param *params;
	size_t param_count;
	const char *authorization, *auth_email, *auth_key;
	const char *body;         /**< not NUL-terminated */
	size_t body_size;
	bool from_loopback;
};

/** How the answer goes out. */
enum reply_end {
	REPLY_WHOLE,
	REPLY_HANG_UP,   /**< closed without a byte */
	REPLY_RESET,     /**< the same with a TCP reset */
	REPLY_TRUNCATED, /**< closed in the middle of the body */
	REPLY_STALLED,   /**< half of the body, and then nothing */
};

/** An answer. */
struct reply {
	int status;
	struct strbuf body;       /**< owned by the caller; JSON, or empty */
	char rate[64];            /**< values of the headers Ratelimit and Ratelimit-Policy; empty: not sent */
	char rate_policy[64];
	int64_t retry_after_s;    /**< 0: no header */
	char allow[64];           /**< value of the header Allow on 405; empty: not sent */
	enum reply_end end;
	int64_t stall_ms;         /**< of the simulator's time, for REPLY_STALLED */
	int64_t down_ms;          /**< nobody listens for so long from now on; 0: as before, -1: listening again at once */
	const char *content_type; /**< NULL: JSON */
	const struct clock *clock; /**< that stall_ms goes by */
};

/** Answer one request. Safe from several threads. @param reply zeroed by the caller, body initialised */
void service_answer(struct service *service, const struct request *request, struct reply *reply);

#endif
