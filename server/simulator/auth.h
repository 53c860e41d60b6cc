/** @file
 * Who calls: the request's headers to a token. */
#ifndef ADIT_SERVER_SIMULATOR_AUTH_H
#define ADIT_SERVER_SIMULATOR_AUTH_H

#include "server/simulator/call.h"

/** Set call->token. @return RC_OK or refused (1000, 1001, 6003, 9103, 9106) */
enum rc auth_identify(struct call *call) MUST_CHECK;

#endif
