/** @file
 * Accounts: their rows. */
#ifndef ADIT_SERVER_SIMULATOR_ACCOUNTS_H
#define ADIT_SERVER_SIMULATOR_ACCOUNTS_H

#include "server/simulator/call.h"

/** Find an account that the caller may see. @param ret_account arena
 * @return RC_OK or refused (7003 there is none, 10000 not visible) */
enum rc accounts_load(struct call *call, const char *id, const struct account **ret_account) MUST_CHECK;

#endif
