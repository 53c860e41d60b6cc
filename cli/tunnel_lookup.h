/** @file
 * Finding the tunnel that a command line names. */
#ifndef ADIT_CLI_TUNNEL_LOOKUP_H
#define ADIT_CLI_TUNNEL_LOOKUP_H

#include "cli/session.h"

/** A recorded tunnel and the provider of its account. */
struct tunnel_lookup {
	const struct recorded *recorded;
	struct provider *provider;
};

/** Load project and state, find the tunnel ("tunnel/edge/public", "edge/public", or its name at Cloudflare), open
 * its provider. @return RC_OK; RC_NOTFOUND (A0841, with what is near); what the steps return */
enum rc tunnel_lookup(struct session *session, const char *name, enum store_mode mode, struct tunnel_lookup *ret_lookup) MUST_CHECK;

/** Say why a call for a tunnel failed (A0842). @return the call's rc */
enum rc tunnel_call_failed(struct session *session, const struct tunnel_lookup *lookup, const struct call *call) MUST_CHECK;

/** Fetch the tunnel's token. @param ret_token  a secret: arena; wipe it after use */
enum rc tunnel_lookup_token(struct session *session, const struct tunnel_lookup *lookup, char **ret_token) MUST_CHECK;

#endif
