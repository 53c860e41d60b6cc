/** @file
 * What a command works on: folder, project, manifests, desired state, store, providers. Each step is a function;
 * a command calls those that it needs, in this order, and session_done() closes whatever was opened.
 *
 * Nothing here reaches the network except session_open_providers() and session_provider() for accounts that are
 * not dev:, and these two only resolve tokens and open handles: the first call is the caller's. */
#ifndef ADIT_CLI_SESSION_H
#define ADIT_CLI_SESSION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"
#include "base/nodump.h"
#include "base/run.h"
#include "cli/credential.h"
#include "cli/exit_code.h"
#include "cli/option.h"
#include "planner/sharing.h"
#include "providers/provider.h"
#include "schema/decode_many.h"
#include "schema/desired.h"
#include "schema/object.h"
#include "schema/project.h"
#include "sources/source.h"
#include "state/cache.h"
#include "state/store.h"

struct simulator;
struct budget;

struct session {
	struct run run;
	struct options options;
	struct verdict verdict;
	struct project project;
	struct source_text *texts;  /**< what was collected; arena */
	bool is_large;              /**< so much that its bytes are let go once they are decoded */
	size_t text_count;
	struct decode_input *decoded;     /**< one for each text */
	struct cache *cache;              /**< NULL: none */
	struct decode_store decode_store; /**< the cache as decode_begin() wants it */
	struct decode_job *decoding;      /**< under way; NULL: not begun, or done */
	struct decode_kept *kept;         /**< on its way into the cache; NULL: nothing is */
	pthread_t keeping;                /**< the thread that keeps it, and has the cache until it ends */
	bool is_keeping;
	struct objects objects;
	struct {
		pthread_t thread;
		bool is_running;
		struct arena *arena;      /**< of the digest, which is made beside decoding; NULL: it was not begun */
		const char *digest;       /**< NULL: memory was used up */
	} digesting;
	const char *empty_source;         /**< path of an input that has no document; NULL: each has one */
	struct span empty_source_span;
	struct desired *desired;
	struct sharing sharing;           /**< cli/sharing.h; empty until learnt */
	struct store *store;              /**< NULL until opened */
	struct arena *ahead;              /**< what cli/state_ahead.h read; NULL: nothing */
	int64_t rollback_run;             /**< rollback: the run whose desired state is wanted; 0: none */
	bool is_locked;                   /**< the store's lease is ours */
	struct provider **providers;      /**< one for each of project.accounts, in the same order; NULL entries: not opened */
	struct budget **budgets;          /**< like providers: what their calls are taken from; NULL entries: nothing */
	struct credentials credentials;   /**< tokens taken from the environment */
	struct nodump nodump;             /**< begun before the first token is read */
	struct simulator *simulator;      /**< the embedded one; NULL unless an account is dev: */
	const char *state_location;       /**< where the store is: a path from the working folder, or a URL */
	struct {
		bool is_line_open;        /**< the moving line is on the screen */
		int64_t told_ms;          /**< when a wait was last told in a line; 0: never */
		int64_t began_ms;         /**< of the work that calls are counted for, by the monotonic clock; 0: not begun */
		size_t calls, calls_before; /**< that it takes, as far as known, and made before it */
	} progress;                       /**< cli/progress.h */
	int stdout_errno;                 /**< of the first failed write to standard output; 0: none failed */
};

/** True when CI=true (or 1) is in the environment. */
bool session_is_ci(void);

/** Start a run. @param interrupted the signal handler's flag; may be NULL */
enum rc session_init(struct session *session, volatile int *interrupted) MUST_CHECK;

/** Close and free all of it; safe at any stage after session_init(). */
void session_done(struct session *session);

/** Change to -C DIR. @return RC_OK; RC_NOTFOUND, RC_IO (A0815) */
enum rc session_enter_folder(struct session *session) MUST_CHECK;

/** Find and read the project file(s): --config, else adit.yaml in the folder of the first -f or above it, else in
 * the working folder or above it. Merge flags and ADIT_... variables over them, and fill in what is absent: project
 * "default", one account "main" (dev: unless --url says otherwise), the place of the state.
 * @return RC_OK; RC_INVALID (A03xx; A0810 flags for one account on a project with several, sets verdict.usage;
 * A0811 --url is no URL, likewise); RC_DENIED (A0816 the file found is somebody else's); RC_NOTFOUND; RC_IO; RC_NOMEM */
enum rc session_load_project(struct session *session) MUST_CHECK;

/** Its two parts: all but the check of --url; and that, which needs libcurl (A0019 RC_UNSUPPORTED where it is missing).
 * @return as session_load_project() */
enum rc session_read_project(struct session *session) MUST_CHECK;
enum rc session_check_url(struct session *session) MUST_CHECK;

/** Collect the sources (-f, else the project's), and begin to decode them beside whatever comes next.
 * @return as session_load_manifests() */
enum rc session_begin_manifests(struct session *session) MUST_CHECK;

/** Collect the sources, unless that was begun, and decode them into session->objects.
 * @return RC_OK, also when documents were refused (objects.invalid_count); RC_INVALID nothing to read (A0813; sets
 * verdict.usage), or a source that cannot be read; RC_LIMIT; RC_CANCELLED; RC_NOMEM */
enum rc session_load_manifests(struct session *session) MUST_CHECK;

/** Wait for the digest of the manifests, and put it where it belongs. session_load_manifests() does it.
 * @return false: there is none, as memory was used up */
bool session_end_digest(struct session *session);

/** Wait until what the manifests say is in the cache, and close that. session_done() does it. */
void session_end_keeping(struct session *session);

/** Translate into session->desired.
 * @param recorded  whose what was: decides between two claimants; NULL: nothing recorded
 * @param learn     called before that is looked at, when @p recorded and what is shared are only known then; NULL: they are */
enum rc session_translate(struct session *session, const struct recorded_state *recorded, enum rc (*learn)(void *context),
			  void *context) MUST_CHECK;

/** session_load_project(), session_load_manifests() and session_translate() without recorded owners: what the
 * commands do that never look at state. When documents were refused nothing is translated: RC_INVALID. */
enum rc session_load_desired(struct session *session) MUST_CHECK;

/** True for a state that is no file: a URL. */
bool session_is_remote(const char *location);
/** True for an account of the embedded simulator. */
bool session_is_dev(const struct account *account);
/** True when --allow-url names the origin (scheme, user, host, port) of @p url. */
bool session_allows_origin(const struct session *session, const char *url);

enum store_mode { STORE_READ, STORE_WRITE };
/** Open the state. With CI=true and STORE_WRITE, a file inside the checkout gets a warning (A0814).
 * @return RC_OK; RC_DENIED the project file alone names another host (A0817); what store_open() returns */
enum rc session_open_store(struct session *session, enum store_mode mode) MUST_CHECK;

/** Take the store's lease, unless --lock=false, waiting up to --lock-timeout. RC_CONFLICT sets verdict.stale. */
enum rc session_lock(struct session *session, const char *purpose) MUST_CHECK;

/** Has an API been asked to change anything? Then a run that ends early was applied in part. */
bool session_has_written(const struct session *session);
/** Give the lease back, if it is held; session_done() does it too. */
void session_unlock(struct session *session);

/** Open the provider of one account, by the project's name for it: resolves its token, starts the embedded
 * simulator for dev:, says so on standard error once.
 * @param ret_provider  borrowed; lives until session_done()
 * @return RC_OK; RC_NOTFOUND no such account; RC_DENIED no token (A082x), a url of the project file that no token may
 * go to (A0812), or dev: under CI=true without --allow-dev (A0830); what provider_open() and simulator_start() return */
enum rc session_provider(struct session *session, const char *account, struct provider **ret_provider) MUST_CHECK;

/** Take the first calls out of the budgets of accounts whose ids are known; what that needs is a store, not libcurl. */
enum rc session_take_ahead(struct session *session) MUST_CHECK;

/** Open the providers of all accounts into session->providers. */
enum rc session_open_providers(struct session *session) MUST_CHECK;

/** Write to standard output. A failure is remembered, reported once by main, and makes the exit code 1. */
void session_write(struct session *session, const void *bytes, size_t size);
/** session_write() of a formatted text. Text from manifests or the API goes through session_printable() first. */
void session_printf(struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);
/** One line of chatter on standard error. */
void session_note(struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);
/** @p text without what a terminal would obey; arena, never NULL ("" for NULL). */
const char *session_printable(struct session *session, const char *text);
/** True when --output json was asked for. */
bool session_is_json(const struct session *session);
/** True when @p fd is a terminal that wants colour (no NO_COLOR, no --no-color, TERM not "dumb"). */
bool session_has_color(const struct session *session, int fd);
/** Sort and print the diagnostics so far on standard error and forget them, so that they stand before what the
 * command prints next. main does it at the end for all others. */
void session_print_diagnostics(struct session *session);

#endif
