/** @file
 * The world that a simulator starts with: accounts, zones and tokens of its configuration that are not there
 * yet. */
#ifndef ADIT_SERVER_SIMULATOR_SEED_H
#define ADIT_SERVER_SIMULATOR_SEED_H

#include "base/run.h"
#include "server/simulator/service.h"
#include "server/simulator/simulator.h"

/** Add what is missing, in one transaction. @param arena for what is made on the way
 * @return RC_OK; RC_INVALID (A0903); RC_IO (A0905); RC_NOMEM */
enum rc seed_world(struct diags *diags, struct arena *arena, struct service *service,
		   const struct simulator_config *config) MUST_CHECK;

#endif
