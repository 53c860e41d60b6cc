/** @file
 * Opening a provider: endpoint, token, account. CNAP, Cloudflare and the simulator differ in base URL and token only. */
#ifndef ADIT_PROVIDERS_OPEN_H
#define ADIT_PROVIDERS_OPEN_H

#include <stdbool.h>

#include "providers/provider.h"

struct provider_config {
	const char *account;         /**< the project's name for the account */
	const char *url;             /**< "cnap", or a base URL (already decided to be allowed) */
	const char *account_id;      /**< NULL: take the only one that the token sees */
	const char *token;           /**< copied; own copy wiped on close */
	unsigned parallelism;        /**< calls at once; 0: 10 */
	const char *trace_path;      /**< debug trace file, tokens redacted; NULL: none */
	int64_t timeout_ms;          /**< one request; 0: 30 s */
	const char *ca_file;         /**< NULL: the system's */
};

/** @param ret_provider  owned, close with provider->vt->close()
 * @return RC_OK; RC_INVALID url (A04xx); RC_UNSUPPORTED there is no libcurl (A0019); RC_NOMEM */
enum rc provider_open(struct run *run, const struct provider_config *config, struct provider **ret_provider) MUST_CHECK;

/** Make sure provider->account_id is known: lists the accounts when the config named none.
 * @return RC_OK; RC_DENIED, RC_NOTFOUND none visible, RC_CONFLICT several visible (the diagnostic lists them); transport classes */
enum rc provider_resolve_account(struct run *run, struct provider *provider) MUST_CHECK;

/** What a URL is good for. */
struct url_verdict {
	bool is_valid;   /**< acceptable at all: HTTPS, or HTTP on loopback; no user, query or fragment */
	bool is_trusted; /**< may receive a token without --allow-url: "cnap", loopback, api.cloudflare.com over HTTPS */
};

/** @param url  NULL is not valid
 * @return RC_OK whatever the verdict; RC_UNSUPPORTED there is no libcurl (A0019); RC_NOMEM */
enum rc provider_judge_url(struct diags *diags, const char *url, struct url_verdict *ret_verdict) MUST_CHECK;

#endif
