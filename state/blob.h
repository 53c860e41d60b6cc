/** @file
 * States kept as one document behind a URL: terraform's http backend protocol, and S3.
 *
 * What a store does is that of the SQL stores: the document is read into a SQLite database in memory, and written back
 * when a transaction commits. The lease is the row of the document, as in the other stores; the lock of the protocol
 * (LOCK; for S3 an object beside it, KEY.tflock, as terraform makes it) is held with the lease, and around single writes.
 * It covers the document, whatever projects are in it. S3's conditional writes refuse, besides, what was made from an older
 * document.
 *
 *   begin(write): lock -> read the document -> BEGIN
 *   commit: the tables as one document -> write -> COMMIT in memory; a refused write rolls back
 *
 * Invariants:
 *  1. Nothing is committed in memory that was not written, and nothing is written that was not made from the newest.
 *  2. A write whose answer was lost is looked for before it is given up: the document's checksum tells.
 *  3. A lock is taken from its holder only when it is adit's, and no lease of the document is alive but one of this project,
 *     which is over or is ended by adit unlock.
 *  4. Times are those of the server's clock (Date), which is trusted to a minute: a lease's holder is given up when its
 *     heartbeat stays the same for the lease's time here, or is older than that time and a minute.
 * For the files state/blob_*.c alone. */
#ifndef ADIT_STATE_BLOB_H
#define ADIT_STATE_BLOB_H

#include "base/strbuf.h"
#include "state/sqlite.h"

#define BLOB_HISTORY_RUNS 20u        /**< every write carries the history: fewer runs are kept than in a database */
#define BLOB_CLOCK_TRUST_MS 60000    /**< how far clocks of other machines are trusted */
#define BLOB_DOCUMENT_BYTES (512u * 1024 * 1024) /**< none larger is written or read */

struct blob_http;
struct blob_store;

/** One HTTP exchange. Zero it; what points is borrowed. */
struct blob_call {
	const char *method;
	const char *url;
	const char *body;                /**< NULL: none */
	size_t body_size;
	const char *header;              /**< one more: "If-Match: \"x\""; NULL: none */
	bool is_repeatable;              /**< may be sent again when its answer was lost */
	bool is_last_effort;             /**< one try is enough */

	enum rc rc;                      /**< RC_OK: a status came; RC_UNAVAILABLE, RC_TIMEOUT, RC_LIMIT, RC_CANCELLED, RC_NOMEM */
	int status;
	struct strbuf answer;            /**< free with strbuf_done() */
	char etag[128];
	int64_t retry_after_ms;          /**< what the server asks for; 0: nothing */
	char error[128];                 /**< why there was no status */
};

/** A lock as its holder, or the server, describes it. Arena of the run. */
struct blob_lock {
	const char *id;                  /**< "" the server tells none; NULL: no lock */
	const char *who;
	int64_t created_ms;              /**< by the holder's clock or the server's; 0: not told */
};

/** How a document is reached. Failures carry their diagnostic, unless the store is quiet. */
struct blob_backend {
	/** @param ret_text "" when there is no document yet; free with strbuf_done() */
	enum rc (*read)(struct blob_store *s, struct strbuf *ret_text) MUST_CHECK;
	/** @return RC_OK; RC_CONFLICT it was made from an older document, or the lock is somebody else's */
	enum rc (*write)(struct blob_store *s, const char *text, size_t size) MUST_CHECK;
	/** @return RC_OK; RC_EXISTS somebody else has it: rival */
	enum rc (*lock)(struct blob_store *s) MUST_CHECK;
	void (*unlock)(struct blob_store *s);
	/** Take the lock from a holder whose lease is over. @return RC_OK; RC_CONFLICT somebody was faster */
	enum rc (*take_over)(struct blob_store *s) MUST_CHECK;
};

struct blob_store {
	struct sqlite_store lite;        /**< first */
	const struct blob_backend *backend;
	struct blob_http *http;
	const char *url;                 /**< of the document */
	const char *lock_url;
	const char *lock_method, *unlock_method; /**< http */
	char etag[128];                  /**< s3: of the document as read; "" none */
	const char *lock_id;             /**< of the lock that is held; NULL: none */
	struct blob_lock rival;          /**< what somebody else holds, or held last */
	int64_t rival_since_ms;          /**< since when it was that one, on our clock */
	bool is_leftover;                /**< it looks like one: no lease of the document is alive */
	bool has_lock;                   /**< the transaction that runs may write */
	bool is_new;                     /**< there is no document yet */
	int64_t serial;                  /**< of the document; grows with each write */
	int64_t changes;                 /**< SQLite's count of them when the transaction began */
	const char *checksum;            /**< of the document as read or written; "" none */
	int64_t seen_heartbeat_ms, seen_at_ms; /**< the present lease's, and when it was seen first, on our clock */
};

/* blob_http.c */

struct blob_credentials {
	const char *user, *password;     /**< basic authentication; NULL: none. Wiped by nobody but their owner */
	const char *sigv4;               /**< libcurl's CURLOPT_AWS_SIGV4; NULL: none */
	const char *token_header;        /**< "x-amz-security-token: ..."; NULL: none */
};
/** @param ret_http owned, free with blob_http_free() */
enum rc blob_http_new(struct run *run, const struct blob_credentials *credentials, struct blob_http **ret_http) MUST_CHECK;
void blob_http_free(struct blob_http *http);
/** Do it, with retries. What came of it is in @p call. */
void blob_http_do(struct blob_http *http, struct blob_call *call);
/** A value for a URL's query; arena; NULL when memory is used up. */
const char *blob_http_escape(struct blob_http *http, struct arena *arena, const char *value);
/** Milliseconds since 1970 by the server's clock; by ours until it told its own. */
int64_t blob_http_now_ms(const struct blob_http *http);

/* blob_fault.c */

/** Say what went wrong with a call (A0540 no answer, A0541 denied, A0542 refused). */
enum rc blob_fault(struct blob_store *s, const char *doing, const struct blob_call *call) MUST_CHECK;
/** Somebody else has the lock (A0503). @return RC_CONFLICT */
enum rc blob_fault_locked(struct blob_store *s) MUST_CHECK;
/** The document grew larger than one that can be read (A0516). @return RC_LIMIT */
enum rc blob_fault_size(struct blob_store *s) MUST_CHECK;

/* blob_document.c */

/** All tables as a document of serial @p serial. @param ret_checksum arena of the run */
enum rc blob_document_write(struct blob_store *s, int64_t serial, struct strbuf *ret_text, const char **ret_checksum) MUST_CHECK;
/** Replace all tables by a document's, in a transaction of its own. "" empties them.
 * @return RC_OK; RC_CORRUPT (A0505); RC_UNSUPPORTED (A0506); RC_NOMEM */
enum rc blob_document_read(struct blob_store *s, const struct strbuf *text) MUST_CHECK;
/** The checksum that a document says it has; "" when it is none of ours; arena of the run. */
const char *blob_document_checksum(struct blob_store *s, const struct strbuf *text);

/* blob_lock.c */

/** A lock's id: "adit-" and a random UUID; arena of the run; NULL when there is no randomness or memory. */
const char *blob_lock_new_id(struct blob_store *s);
/** Its description as JSON. @return RC_OK or RC_NOMEM */
enum rc blob_lock_describe(struct blob_store *s, const char *id, struct strbuf *text) MUST_CHECK;
/** Somebody else's description. */
struct blob_lock blob_lock_read(struct blob_store *s, const struct strbuf *text);
/** Only these are ever taken over: what else locks a state has a reason that adit does not know. One without an ID is not. */
bool blob_lock_is_adits(const struct blob_lock *lock);

/* blob_tfhttp.c, blob_s3.c */

/** store_open() for https://... and http://..., terraform's http backend.
 * @return as blob_open(); RC_INVALID the URL cannot be used (A0543) */
enum rc tfhttp_store_open(struct run *run, const char *url, const struct store_options *options,
			  struct store **ret_store) MUST_CHECK;
/** store_open() for s3://BUCKET/KEY. @return as blob_open(); RC_INVALID (A0543); RC_DENIED no credentials (A0544) */
enum rc s3_store_open(struct run *run, const char *url, const struct store_options *options,
		      struct store **ret_store) MUST_CHECK;

/* blob_driver.c */

/** What the two have in common: open the database in memory and read the document. Frees @p s when it fails.
 * @return RC_OK; RC_UNSUPPORTED options->budget_only; what read() and blob_document_read() return */
enum rc blob_open(struct blob_store *s, struct run *run, const struct store_options *options, struct store **ret_store) MUST_CHECK;
/** Free a store that was never opened. */
void blob_free(struct blob_store *s);

#endif
