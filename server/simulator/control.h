/** @file
 * /_simulator/: what tests and developers do to the simulated world from outside. */
#ifndef ADIT_SERVER_SIMULATOR_CONTROL_H
#define ADIT_SERVER_SIMULATOR_CONTROL_H

#include "server/simulator/call.h"

/** Answer a call below /_simulator: the result itself as JSON, or {"error": "…"}. */
void control_answer(struct call *call, struct reply *reply);

/** GET /_simulator/dump: all that is live, in a fixed order, without secrets. */
enum rc control_dump(struct call *call) MUST_CHECK;

#endif
