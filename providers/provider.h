/** @file
 * The outside world, as the planner sees it: one provider per account, calls that complete in any order.
 *
 * A caller fills a struct call, submits it, and takes completed calls with provider_next() until none is under way.
 * One thread; all waiting happens in provider_next(). The provider retries idempotent calls by itself (backoff with
 * jitter, Retry-After, the call budget); it never retries a call whose outcome could be doubled: that one comes back
 * as RC_UNKNOWN_OUTCOME, and the caller reads before it does anything else. Answers are checked for their shape;
 * values belong to the call's arena. */
#ifndef ADIT_PROVIDERS_PROVIDER_H
#define ADIT_PROVIDERS_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/run.h"

struct live_tunnel {
	const char *id, *name, *status, *created_at;
	bool is_deleted;             /**< deleted_at set: absent, for all that matters */
	bool is_remote;              /**< config_src cloudflare, or not told */
	const char *type;            /**< tun_type; NULL when not told */
};

struct live_connection {             /**< one connector (cloudflared process) */
	const char *id, *version, *arch, *run_at;
	int64_t config_version;      /**< -1 when not told */
	size_t conn_count;           /**< its connections to the edge */
	const char *colos;           /**< distinct colo names, sorted, joined by commas */
	const char *origin_ip;
};

struct live_config {
	int64_t version;             /**< -1: never configured, or not told */
	const struct json *document; /**< the "config" object; NULL when there is none */
};

struct live_zone {
	const char *id, *name, *status, *account_id;
	const char *plan;            /**< plan.legacy_id: "free", "pro", ...; NULL when not told */
};

struct live_record {
	const char *id, *zone_id, *name, *type, *content;
	const char *comment;         /**< "" when null or absent */
	const char *tags;            /**< sorted, joined by commas; "" if none */
	int64_t ttl;
	bool proxied;
	const struct json *json;     /**< the record as answered; for what adit does not model; NULL in lists */
};

struct live_account_info {
	const char *id, *name;
};

enum call_kind {
	CALL_ACCOUNTS_LIST,          /**< -> accounts */
	CALL_TOKEN_VERIFY,           /**< -> text: the token's status */
	CALL_TUNNELS_LIST,           /**< all live cfd tunnels -> tunnels */
	CALL_TUNNEL_FIND,            /**< name -> tunnels (0 or 1; live ones of exactly that name) */
	CALL_TUNNEL_GET,             /**< tunnel_id -> tunnels[0] (also deleted ones) or RC_NOTFOUND */
	CALL_TUNNEL_CREATE,          /**< name, secret -> tunnels[0]; RC_EXISTS: name taken; not idempotent */
	CALL_TUNNEL_RENAME,          /**< tunnel_id, name -> tunnels[0] */
	CALL_TUNNEL_SET_SECRET,      /**< tunnel_id, secret -> tunnels[0] */
	CALL_TUNNEL_DELETE,          /**< tunnel_id; already gone is RC_OK; RC_CONFLICT: connectors (1022) or routes (1023) */
	CALL_TUNNEL_TOKEN,           /**< tunnel_id -> text (secret) */
	CALL_CONFIG_GET,             /**< tunnel_id -> config */
	CALL_CONFIG_PUT,             /**< tunnel_id, body (the "config" object) -> config; sent once, for its version's sake */
	CALL_CONNECTIONS_GET,        /**< tunnel_id -> connections */
	CALL_CONNECTIONS_DELETE,     /**< tunnel_id: drops all connectors' connections */
	CALL_ZONES_LIST,             /**< all zones of the account -> zones */
	CALL_ZONE_GET,               /**< zone_id -> zones[0] or RC_NOTFOUND */
	CALL_RECORDS_LIST,           /**< zone_id [, name | comment_prefix] -> records */
	CALL_RECORD_GET,             /**< zone_id, record_id -> records[0] or RC_NOTFOUND */
	CALL_RECORD_CREATE,          /**< zone_id, body -> records[0]; not idempotent */
	CALL_RECORD_PATCH,           /**< zone_id, record_id, body -> records[0] */
	CALL_RECORD_DELETE,          /**< zone_id, record_id; already gone is RC_OK */
	CALL_RECORD_BATCH,           /**< zone_id, body {deletes, patches, posts} -> batch; atomic; not idempotent */
};

/** One call: request, then answer. Zero it, fill in the request, keep it alive until it comes back. */
struct call {
	enum call_kind kind;
	struct arena *arena;         /**< for the answer */
	const char *tunnel_id, *zone_id, *record_id, *name, *comment_prefix;
	const char *secret;          /**< base64 of 32 random bytes; wiped by nobody but its owner */
	const struct json *body;
	void *user;                  /**< the caller's */
	int64_t timeout_ms;          /**< 0: the provider's default */

	/* the answer */
	enum rc rc;
	int http_status;             /**< 0: none came */
	int code;                    /**< first Cloudflare error code; 0 if none */
	const char *message;         /**< one line for people: what the API or the transport said; "" when RC_OK */
	const char *needs;           /**< the permission that the token lacks, when RC_DENIED and known:
	                                  "Account: Cloudflare Tunnel: Edit"... static */
	const char *text;
	struct live_tunnel *tunnels;         size_t tunnel_count;
	struct live_zone *zones;             size_t zone_count;
	struct live_record *records;         size_t record_count;
	struct live_connection *connections; size_t connection_count;
	struct live_account_info *accounts;  size_t account_count;
	struct live_config config;
	/** CALL_RECORD_BATCH: the records as answered, in request order. */
	struct {
		struct live_record *deletes;  size_t delete_count;
		struct live_record *patches;  size_t patch_count;
		struct live_record *posts;    size_t post_count;
	} batch;
	unsigned attempts;           /**< HTTP requests made for it, pages and retries included */
};

struct provider_stats {
	size_t requests;             /**< HTTP requests sent, retries included */
	size_t writes;               /**< of these, other than GET */
	int64_t waited_ms;           /**< time spent waiting for the budget or Retry-After */
};

struct provider;
struct provider_vt {
	/** Start a call. @return RC_OK: it will come back from next(); RC_NOMEM */
	enum rc (*submit)(struct provider *provider, struct call *call);
	/** Run the transport until a call completes.
	 * @param timeout_ms  of the run's clock; -1: as long as anything is under way
	 * @param ret_call    the completed call, or NULL
	 * @return RC_OK with a call; RC_TIMEOUT; RC_NOTFOUND nothing is under way; RC_CANCELLED the user interrupted
	 * (calls stay under way and can still be collected) */
	enum rc (*next)(struct provider *provider, int64_t timeout_ms, struct call **ret_call);
	/** Calls under way. */
	size_t (*pending)(const struct provider *provider);
	void (*stats)(const struct provider *provider, struct provider_stats *ret_stats);
	/** A line for the terminal on why it waits ("rate limit: waiting 12 s"), or NULL; borrowed until the next call. */
	const char *(*status)(const struct provider *provider, int64_t *ret_wait_ms);
	void (*close)(struct provider *provider);
};

/** What a provider asks before it sends; members may be NULL. Set by its user, at any time. */
struct provider_hooks {
	/** Before a request that writes: may it still be sent? Anything but RC_OK: its call comes back as RC_CANCELLED. */
	enum rc (*may_write)(void *context);
	void *write_context;
	/** Before any request: take calls out of the budget that the account's users share, @p want of them, or less, or some
	 * ahead.
	 * @param ret_calls    how many may be sent at once; 0: none before @p ret_wait_ms of the run's time have passed */
	void (*take_calls)(void *context, int64_t want, int64_t *ret_calls, int64_t *ret_wait_ms);
	void *budget_context;
	/** Of the calls that the server says it allows: so many in a hundred are left to others. 0: none are. */
	int64_t reserve_percent;
	/** While requests wait because of a rate limit: told again and again, at least every 250 ms of real time.
	 * @param why      as status() says it; borrowed
	 * @param wait_ms  how long still, in the run's clock */
	void (*waits)(void *context, const char *why, int64_t wait_ms);
	void *waits_context;
};

/** A provider: one account behind one base URL and one token. */
struct provider {
	const struct provider_vt *vt;
	const char *account;         /**< the project's name for it */
	const char *account_id;      /**< Cloudflare's; NULL until resolved (providers/open.h) */
	const char *url;             /**< base URL, for messages */
	struct provider_hooks hooks;
};

/** Submit one call and wait for it. @return the call's rc */
enum rc provider_do(struct provider *provider, struct call *call) MUST_CHECK;
/** True when the call changes something. */
bool call_is_write(enum call_kind kind);
/** "create tunnel", "list DNS records"...; static. */
const char *call_kind_text(enum call_kind kind);

#endif
