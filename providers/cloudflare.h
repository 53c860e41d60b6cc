/** @file
 * The provider for Cloudflare's v4 wire format: Cloudflare itself, CNAP's proxy, the simulator. They differ in base
 * URL and token only. Opened by open.h. */
#ifndef ADIT_PROVIDERS_CLOUDFLARE_H
#define ADIT_PROVIDERS_CLOUDFLARE_H

#include "providers/http.h"
#include "providers/provider.h"

struct cloudflare_config {
	const char *account;         /**< the project's name for the account; copied */
	const char *account_id;      /**< NULL: not known yet; copied */
	const char *host;            /**< for messages; copied */
	struct http_config http;     /**< trace_fd is taken over and closed with the provider */
};

/** @param ret_provider  owned, close with provider->vt->close()
 * @return RC_OK; RC_INVALID base URL; RC_NOMEM; RC_INTERNAL. On failure trace_fd stays the caller's */
enum rc cloudflare_open(struct run *run, const struct cloudflare_config *config,
			struct provider **ret_provider) MUST_CHECK;

/** Set the account that the calls are about; copied. @return RC_OK or RC_NOMEM */
enum rc cloudflare_set_account_id(struct provider *provider, const char *account_id) MUST_CHECK;

#endif
