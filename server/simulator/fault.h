/** @file
 * Faults on purpose: which calls go wrong, and how. A spec is "KIND[=VALUE][,KEY=VALUE]..."; docs/simulator.md has the
 * kinds and keys. Each fault counts the calls that it could strike; of several that strike one call the first wins.
 * small-pages and refuse-record are conditions that always hold, beside the one that strikes. */
#ifndef ADIT_SERVER_SIMULATOR_FAULT_H
#define ADIT_SERVER_SIMULATOR_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/rc.h"
#include "server/simulator/limits.h"

struct call;
struct reply;
struct request;
struct store;

enum fault_kind {
	FAULT_RATE,          /**< 429 */
	FAULT_DENIED,        /**< 401, 403 */
	FAULT_SERVER,        /**< 500, 502, 503 */
	FAULT_FAILURE,       /**< "success": false under 200 */
	FAULT_REFUSED,       /**< nobody listens for a while */
	FAULT_RESET,
	FAULT_LOST,          /**< executed, and closed without an answer */
	FAULT_TRUNCATED,
	FAULT_STALLED,
	FAULT_CONTENT_TYPE,
	FAULT_PAGE_MISSING,
	FAULT_PAGE_TWICE,
	FAULT_ITEM_APPEARS,
	FAULT_ITEM_VANISHES,
	FAULT_STALE,
	FAULT_DROP_WRITE,    /**< answered with success, and not kept */
	FAULT_SMALL_PAGES,
	FAULT_REFUSE_RECORD,
};

enum fault_body { FAULT_BODY_JSON, FAULT_BODY_HTML, FAULT_BODY_EMPTY };

struct fault {
	enum fault_kind kind;
	char spec[SIMULATOR_FAULT_BYTES]; /**< as it was given */
	char method[16], path[SIMULATOR_FAULT_BYTES]; /**< "": any; the path is a glob below /client/v4 */
	char name[SIMULATOR_FAULT_BYTES]; /**< of the refused record */
	int64_t nth;                      /**< 0: any call */
	bool is_from_nth;                 /**< that call and all after it */
	int64_t times;                    /**< 0: without end */
	double chance;
	int status;
	enum fault_body body;
	bool is_executed;
	int64_t for_ms, retry_after_ms;
	int64_t page_size;
	struct clock draw;                /**< a sequence of its own */
	int64_t seen, hits;               /**< calls that it could have struck, and did */
};

struct faults {
	struct fault items[SIMULATOR_FAULTS];
	size_t count;
	int64_t down_until_ms;            /**< monotonic; calls before it meet nobody */
	struct store *before;             /**< the data before the last write, for stale reads; NULL: none kept */
	int64_t written_ms;               /**< monotonic time of that write; 0: none */
};

/** Add one. @param ret_why static text, set on RC_INVALID
 * @return RC_OK; RC_INVALID the spec is malformed; RC_LIMIT there are SIMULATOR_FAULTS already */
enum rc faults_add(struct faults *faults, const struct clock *clock, const char *spec, const char **ret_why) MUST_CHECK;
/** Take all away; what was down is up again, and nothing is stale. */
void faults_clear(struct faults *faults);

/** Count the call, and let one fault strike it: call->fault and call->page_size are set. */
void faults_strike(struct call *call);
/** True when the call must not be executed; @p reply is what it gets then. */
bool fault_answers(struct call *call, struct reply *reply);
/** What becomes of the answer of a call that was executed. */
void fault_spoil(const struct call *call, struct reply *reply);

/** Keep the data as they are before a write, when reads may be stale. */
enum rc faults_before_write(struct call *call) MUST_CHECK;
/** Is this name one that records are refused for? */
bool faults_refuse_record(const struct call *call, const char *name);
/** The kind as it is written in a spec; NULL when @p fault is NULL. */
const char *fault_name(const struct fault *fault);

#endif
