/** @file
 * Zones: their rows. */
#ifndef ADIT_SERVER_SIMULATOR_ZONES_H
#define ADIT_SERVER_SIMULATOR_ZONES_H

#include "server/simulator/call.h"

/** What a new zone is to be. */
struct zone_spec {
	const char *name;       /**< lower case, without trailing dot */
	const char *account_id;
	const struct zone_plan *plan;
};

/** Find a zone that the caller may see. @param ret_zone arena
 * @return RC_OK or refused (7003 there is none, 10000 not visible) */
enum rc zones_load(struct call *call, const char *id, const struct zone **ret_zone) MUST_CHECK;
/** Add a zone unless one of this name is there; that one stays as it is.
 * @param ret_id  of the one or the other; arena */
enum rc zones_add(struct store *store, struct clock *clock, struct arena *arena, const struct zone_spec *spec,
		  const char **ret_id) MUST_CHECK;
/** True when @p name could be a zone: at least two labels of lower-case letters, digits and dashes. */
bool zones_is_name(const char *name);
/** Columns, in this order, that zones_read() takes, FROM zone z JOIN account a ON a.id = z.account_id. */
#define ZONE_COLUMNS "z.id, z.name, z.account_id, a.name, z.plan, z.created_ms"
enum rc zones_read(struct call *call, struct cursor *cursor, struct zone *ret_zone) MUST_CHECK;

#endif
