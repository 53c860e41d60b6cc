/** @file
 * What cloudflared refuses in a configuration document, written down anew for tests: one bad rule makes it keep the
 * whole old configuration, so no document of ours may ever be refused. Source: gateway-semantics 2, 2a. */
#ifndef ADIT_TESTS_SCHEMA_CLOUDFLARED_RULES_H
#define ADIT_TESTS_SCHEMA_CLOUDFLARED_RULES_H

#include "base/json.h"

/** @return NULL when cloudflared takes {"ingress":[...],"originRequest":{...}}, else why not; arena */
const char *cloudflared_refusal(struct arena *arena, const struct json *config);
/** The same for a service alone. */
const char *cloudflared_service_refusal(struct arena *arena, const char *service);

#endif
