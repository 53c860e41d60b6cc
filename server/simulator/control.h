/** @file
 * /_simulator/: what tests and developers do to the simulated world from outside. */
#ifndef ADIT_SERVER_SIMULATOR_CONTROL_H
#define ADIT_SERVER_SIMULATOR_CONTROL_H

#include "server/simulator/call.h"

/** Answer a call below /_simulator: the result itself as JSON, or {"error": "…"}. */
void control_answer(struct call *call, struct reply *reply);

/** GET /_simulator/dump: all that is live, in a fixed order, without secrets. */
enum rc control_dump(struct call *call) MUST_CHECK;
/** GET /_simulator/faults: spec, calls seen and struck of each. */
enum rc control_list_faults(struct call *call) MUST_CHECK;
/** POST /_simulator/faults {"faults": ["SPEC", ...]}: these instead of what was there; counting begins anew. */
enum rc control_set_faults(struct call *call) MUST_CHECK;
/** DELETE /_simulator/faults */
enum rc control_clear_faults(struct call *call) MUST_CHECK;
/** POST /_simulator/snapshots: keep a copy of the data; answers {"id": N}. */
enum rc control_snapshot(struct call *call) MUST_CHECK;
/** POST /_simulator/restore {"id": N}: the data are again as they were. */
enum rc control_restore(struct call *call) MUST_CHECK;

#endif
