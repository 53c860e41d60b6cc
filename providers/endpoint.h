/** @file
 * Base URLs: which ones are acceptable, which ones may receive a token unasked, and their normal form. */
#ifndef ADIT_PROVIDERS_ENDPOINT_H
#define ADIT_PROVIDERS_ENDPOINT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/rc.h"

/** A base URL, taken apart. */
struct endpoint {
	const char *url;    /**< normal form, no trailing slash; arena */
	const char *origin; /**< scheme, host, and port unless the scheme's own: "https://dash.cnap.tech"; arena */
	const char *host;   /**< arena */
	const char *path;   /**< "" or "/client/v4"; no trailing slash; arena */
	bool is_https;
	bool is_loopback;   /**< localhost, 127.0.0.0/8 or [::1] */
};

/** Check and take apart @p url; "cnap" stands for CNAP's (providers/cnap.h).
 * @return RC_OK; RC_INVALID it is neither HTTPS nor HTTP on loopback, or has a user, a query or a fragment; RC_UNSUPPORTED there is no
 * libcurl; RC_NOMEM */
enum rc endpoint_parse(struct arena *arena, const char *url, struct endpoint *ret_endpoint) MUST_CHECK;

/** True when a token may go there without being asked about it: CNAP, api.cloudflare.com over HTTPS, loopback. */
bool endpoint_is_trusted(const struct endpoint *endpoint);

#endif
