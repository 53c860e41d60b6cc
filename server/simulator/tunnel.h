/** @file
 * A tunnel: its row and its JSON. */
#ifndef ADIT_SERVER_SIMULATOR_TUNNEL_H
#define ADIT_SERVER_SIMULATOR_TUNNEL_H

#include "server/simulator/call.h"

struct tunnel {
	const char *id, *account_id, *name;
	const char *config_src; /**< "local" or "cloudflare" */
	const char *status;     /**< "inactive", "healthy", "down" */
	int64_t created_ms;
	int64_t deleted_ms;     /**< 0: live */
	int64_t active_ms;      /**< since when it has connectors; 0: it has none */
	int64_t inactive_ms;    /**< since when it has none; 0: it has some */
	int64_t config_version;
	int64_t secret_serial;
};

/** A tunnel has connectors exactly while active_ms is set; one that had some before is down. */
#define TUNNEL_STATUS                                      \
	"CASE WHEN t.active_ms IS NOT NULL THEN 'healthy'" \
	" WHEN EXISTS (SELECT 1 FROM activity v WHERE v.tunnel_id = t.id) THEN 'down' ELSE 'inactive' END"
/** Columns, in this order, that tunnel_read() takes, FROM tunnel t. */
#define TUNNEL_COLUMNS                                                                                          \
	"t.id, t.account_id, t.name, t.config_src, " TUNNEL_STATUS ", t.created_ms, t.deleted_ms, t.active_ms," \
	" t.inactive_ms, t.config_version, t.secret_serial"

enum rc tunnel_read(struct call *call, struct cursor *cursor, struct tunnel *ret_tunnel) MUST_CHECK;

/** Load a tunnel by its id. @return RC_OK or RC_NOTFOUND (not refused: the caller says what that means) */
enum rc tunnel_find(struct call *call, const char *id, struct tunnel *ret_tunnel) MUST_CHECK;
/** Load the tunnel that the path names. @param live_only a deleted one counts as not there
 * @return RC_OK or refused (1003) */
enum rc tunnel_load(struct call *call, bool live_only, struct tunnel *ret_tunnel) MUST_CHECK;

struct json *tunnel_json(struct build *build, const struct tunnel *tunnel);
/** The token that runs a connector: base64 of {"a":account,"s":secret,"t":tunnel}. @return arena, NULL when
 * memory is used up
 * @par Source  cloudflare-api.md, "Tunnels" */
const char *tunnel_token(struct arena *arena, const struct tunnel *tunnel, const unsigned char *secret,
			 size_t size);

#endif
