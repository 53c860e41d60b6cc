/** @file
 * CNAP's endpoint: a Cloudflare-v4-shaped proxy under its own base URL, with a CNAP bearer token instead of a
 * Cloudflare one. CNAP holds the Cloudflare credentials; paths are appended to the base as they are, without
 * "/client/v4". The wire is cloudflare.h's. */
#ifndef ADIT_PROVIDERS_CNAP_H
#define ADIT_PROVIDERS_CNAP_H

#include <stdbool.h>

#define CNAP_NAME "cnap"
#define CNAP_URL "https://dash.cnap.tech/api/cloudflare"
#define CLOUDFLARE_ORIGIN "https://api.cloudflare.com"

/** The base URL that @p url stands for: CNAP_URL for "cnap", else @p url itself. */
const char *cnap_expand_url(const char *url);

/** True for CNAP's base URL in normal form (no trailing slash). */
bool cnap_is_url(const char *url);

#endif
