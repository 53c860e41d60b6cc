/** @file
 * Connectors: the cloudflared processes that the simulator pretends run for a tunnel. */
#ifndef ADIT_SERVER_SIMULATOR_CONNECTORS_H
#define ADIT_SERVER_SIMULATOR_CONNECTORS_H

#include "server/simulator/call.h"

/** How a connector reports the version of its configuration. */
struct config_report {
	bool is_fixed;
	int64_t number; /**< fixed: that version; else how many versions it is behind the tunnel's newest */
};

/** "follow" (never behind), "lag" (one behind), or a number.
 * @param value NULL for the default @return RC_OK or RC_INVALID */
enum rc connectors_parse_report(const struct json *value, struct config_report *ret_report) MUST_CHECK;

/** Attach one with four connections. @param ret_id arena @return RC_OK; RC_LIMIT too many */
enum rc connectors_attach(struct call *call, const char *tunnel_id, const char *version,
			  const struct config_report *report, const char **ret_id) MUST_CHECK;
/** Change what one (@p id) or all (NULL) report. @param ret_count how many there were */
enum rc connectors_change(struct call *call, const char *tunnel_id, const char *id,
			  const struct config_report *report, int64_t *ret_count) MUST_CHECK;
/** End the processes: one (@p id) or all (NULL). */
enum rc connectors_remove(struct call *call, const char *tunnel_id, const char *id) MUST_CHECK;
/** Drop the connections of one (@p id) or all (NULL), as DELETE …/connections does: those whose secret is still
 * the tunnel's connect again at once, the others are gone.
 * @par Source  cloudflare-api.md, "Tunnels" */
enum rc connectors_drop(struct call *call, const char *tunnel_id, const char *id) MUST_CHECK;
/** The connectors as GET …/connections lists them. @param ret_list arena */
enum rc connectors_list(struct call *call, const char *tunnel_id, struct json **ret_list) MUST_CHECK;

#endif
