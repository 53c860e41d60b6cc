/** @file
 * cloudflared's validation of a remote configuration, in its order and with its words. One bad rule rejects the
 * whole document.
 * @par Source  gateway-semantics.md, 2 and 2a */
#ifndef ADIT_SERVER_SIMULATOR_INGRESS_H
#define ADIT_SERVER_SIMULATOR_INGRESS_H

#include "base/arena.h"
#include "base/json.h"
#include "base/rc.h"

/** What is wrong with a document. */
struct ingress_check {
	struct arena *arena;
	const char *problem; /**< set with RC_INVALID; arena */
};

/** Say what is wrong. @return RC_INVALID, for the caller to return; RC_NOMEM */
enum rc ingress_fail(struct ingress_check *check, const char *format, ...) PRINTF_LIKE(2, 3);

/** Check a whole document. @param config  NULL and null count as {} @return RC_OK; RC_INVALID; RC_NOMEM */
enum rc ingress_validate(struct ingress_check *check, const struct json *config) MUST_CHECK;

/** First step: the types of the members that cloudflared knows, as Go's encoding/json checks them. */
enum rc ingress_check_types(struct ingress_check *check, const struct json *config) MUST_CHECK;

/** Member as encoding/json finds it: names compare without case, the last one wins, null is absent.
 * @return borrowed, or NULL */
const struct json *ingress_member(const struct json *object, const char *name);

/** Check a rule's service. @param rule the whole rule, for its ipRules @param is_bastion bastionMode is on for
 * it */
enum rc ingress_check_service(struct ingress_check *check, const struct json *rule, bool is_bastion) MUST_CHECK;

/** Check an address as url.Parse does, and that it has scheme and host but no path. */
enum rc ingress_check_url(struct ingress_check *check, const char *address) MUST_CHECK;

#endif
