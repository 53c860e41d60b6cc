/* The connections of a tunnel, as the API shows them. */
#include "base/str.h"
#include "server/simulator/connectors.h"
#include "server/simulator/handlers.h"
#include "server/simulator/ident.h"
#include "server/simulator/tunnel.h"

enum rc connections_list(struct call *call)
{
	struct tunnel tunnel = {0};
	enum rc rc = tunnel_load(call, false, &tunnel);

	return rc ? rc : connectors_list(call, tunnel.id, &call->result);
}

enum rc connections_delete(struct call *call)
{
	const char *client_id = call_param(call, "client_id");
	struct tunnel tunnel = {0};
	enum rc rc = tunnel_load(call, true, &tunnel);

	if (rc)
		return rc;
	if (client_id && !ident_is_uuid(client_id))
		return call_refuse_invalid(call, "client_id must be a UUID");
	if (client_id) {
		client_id = str_lower(call->arena, client_id);
		if (!client_id)
			return RC_NOMEM;
	}
	return connectors_drop(call, tunnel.id, client_id);
}
