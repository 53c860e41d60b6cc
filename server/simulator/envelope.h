/** @file
 * The JSON around every answer of the API. */
#ifndef ADIT_SERVER_SIMULATOR_ENVELOPE_H
#define ADIT_SERVER_SIMULATOR_ENVELOPE_H

#include "base/strbuf.h"
#include "server/simulator/call.h"

/** Write the envelope of @p call: its refusal if it has one, else its result.
 * @par Source  cloudflare-api.md, 1: members come in another order below /zones, as they do at Cloudflare */
void envelope_write(const struct call *call, struct strbuf *out);

#endif
