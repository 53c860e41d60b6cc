/** @file
 * New ids, from the simulator's clock. */
#ifndef ADIT_SERVER_SIMULATOR_IDENT_H
#define ADIT_SERVER_SIMULATOR_IDENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/rc.h"
#include "server/simulator/store.h"

/** 32 lower-case hex digits, as accounts, zones and records have them; arena. */
enum rc ident_hex(struct clock *clock, struct arena *arena, const char **ret_id) MUST_CHECK;
/** A random UUID (version 4), as tunnels and connectors have them; arena. */
enum rc ident_uuid(struct clock *clock, struct arena *arena, const char **ret_id) MUST_CHECK;
/** An id that is not in the data yet. A seeded clock gives the same sequence in each process, so that a second
 * process on the same data meets the ids of the first.
 * @param make     ident_hex or ident_uuid
 * @param count_sql  counts the rows that have the id ?1 */
enum rc ident_fresh(struct store *store, struct clock *clock, struct arena *arena,
		    enum rc (*make)(struct clock *, struct arena *, const char **), const char *count_sql,
		    const char **ret_id) MUST_CHECK;

/** 32 hex digits. */
bool ident_is_hex(const char *text);
/** 8-4-4-4-12 hex digits. */
bool ident_is_uuid(const char *text);

#endif
