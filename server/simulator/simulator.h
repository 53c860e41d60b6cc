/** @file
 * The Cloudflare stand-in: the part of Cloudflare's API v4 that adit uses, over real HTTP on a port of this
 * machine, with its data in SQLite. Runs inside the process (`dev:`) and behind `adit simulator`.
 *
 * Promises: answers have the envelopes, ids, error codes, statuses, paging and filters that Cloudflare's have;
 * each write is one transaction, so that the process may be killed at any time and started again on the same
 * file. Never: leaves loopback unless told to, writes a secret to its log or dump, calls anything else.
 *
 * Beside `/client/v4` it serves `/_simulator/` (loopback only, no token): connectors, request log, dump, zones,
 * tokens, rate, faults, snapshots. See server/README.md. */
#ifndef ADIT_SERVER_SIMULATOR_SIMULATOR_H
#define ADIT_SERVER_SIMULATOR_SIMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"
#include "base/run.h"

/** How a simulator starts. All zero is a valid configuration: no accounts, no zones, no tokens, in memory.
 * Everything is copied; nothing needs to live on after simulator_start(). */
struct simulator_config {
	const char *listen; /**< "HOST:PORT", a numeric host; NULL: "127.0.0.1:0". Port 0 takes a free one */
	bool allow_remote;      /**< let @p listen name an address other than loopback */
	const char *data_path;  /**< SQLite file, made with mode 0600; NULL: in memory, gone at the end */

	/** "ID" or "ID=NAME"; ID is 32 lower-case hex digits. */
	const char *const *accounts;
	size_t account_count;
	/** "[ACCOUNT-ID/]NAME[@PLAN]", such as "example.com@free"; without ACCOUNT-ID the first account. */
	const char *const *zones;
	size_t zone_count;
	/** "TOKEN" (may do everything) or "TOKEN=ITEM,ITEM…" with items "tunnel:read", "tunnel:write",
	 * "dns:read", "dns:write", "zone:read", "account:read" (write includes read), and "zone/NAME",
	 * "account/ID", which limit what the token sees to the zones and accounts named. */
	const char *const *tokens;
	size_t token_count;

	const char *plan;       /**< of zones without @PLAN: free (NULL), pro, business, enterprise */
	int64_t record_limit;   /**< most DNS records in a zone; 0: what the plan allows */
	int64_t latency_ms;     /**< added to each call below /client/v4; obeys the run's time scale */
	int64_t rate_calls;     /**< calls that one token may make in @p rate_window_ms; 0: 1200 */
	int64_t rate_window_ms; /**< 0: 300,000 */
	/** What goes wrong: "KIND[=VALUE][,KEY=VALUE]...", see docs/simulator.md. */
	const char *const *faults;
	size_t fault_count;
	bool log; /**< one line per call on standard error: time, method, path, status, milliseconds */
};

struct simulator;

/** Open the data, add the accounts, zones and tokens that are not in it yet, and begin to answer in threads
 * of the simulator's own. It takes a copy of @p run's clock and afterwards touches nothing of @p run.
 * @param ret_simulator  owned, stop with simulator_stop()
 * @return RC_OK; RC_INVALID a malformed listen address (A0901), a listen address beyond loopback (A0902), a
 *         malformed account, zone, token, plan or number (A0903); RC_CORRUPT the data file is none of ours
 * (A0904); RC_IO the data cannot be opened or written (A0905), the port cannot be listened on (A0906); RC_NOMEM
 * @par Source  cloudflare-api.md and cloudflare-openapi.json of the project's contract */
enum rc simulator_start(struct run *run, const struct simulator_config *config,
			struct simulator **ret_simulator) MUST_CHECK;

/** "http://127.0.0.1:PORT/client/v4"; borrowed until simulator_stop(). */
const char *simulator_url(const struct simulator *simulator);

/** Let calls in flight finish, stop listening, close the data. NULL is fine. */
void simulator_stop(struct simulator *simulator);

#endif
