/** @file
 * Which rule serves a URL, and why. A pure function of the desired state. */
#ifndef ADIT_CLI_EXPLAIN_H
#define ADIT_CLI_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/run.h"
#include "schema/desired.h"

struct explanation {
	const char *host;                    /**< lower case, A-labels */
	const char *path;                    /**< decoded once, as cloudflared sees it */
	const struct desired_cname *cname;   /**< that the hostname resolves by; NULL: none */
	const struct desired_tunnel *tunnel; /**< where the request goes; NULL: to none of ours */
	size_t rule;                         /**< index of the rule that takes it */
	bool is_served;                      /**< by something else than http_status:... */
	bool has_next;
	size_t next;                         /**< what would take it without that rule */
	const struct claim **claims;         /**< what asks for the URL but does not get it */
	size_t claim_count;
};

/** Take a URL apart: without a scheme https is meant; the path is decoded but dot segments are kept, as cloudflared
 * does.
 * @return RC_OK; RC_INVALID no URL (A0865); RC_NOMEM */
enum rc explain_parse(struct run *run, const char *url, const char **ret_host, const char **ret_path) MUST_CHECK;

/** Follow @p host and @p path, both of explain_parse(), to the rule that takes them. @return RC_OK; RC_INVALID; RC_NOMEM */
enum rc explain_find(struct run *run, const struct desired *desired, const char *host, const char *path,
		     struct explanation *ret_explanation) MUST_CHECK;

#endif
