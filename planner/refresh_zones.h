/** @file
 * Which zones matter to a refresh, as far as what is recorded tells. */
#ifndef ADIT_PLANNER_REFRESH_ZONES_H
#define ADIT_PLANNER_REFRESH_ZONES_H

#include "planner/refresh.h"

/** Zones of an account without listing them: when each desired hostname has a recorded CNAME right below its zone, and
 * each zone in question is recorded with its plan, these are all that a plan looks at. Of a deeper hostname a subdomain
 * may have become a zone of its own, which a guard asks about.
 * @param account_id  Cloudflare's
 * @param ret_zones   arena, sorted by name; NULL: they must be listed
 * @return RC_OK or RC_NOMEM */
enum rc refresh_recorded_zones(struct arena *arena, const struct refresh_scope *scope, const char *account,
			       const char *account_id, struct live_zone_records **ret_zones, size_t *ret_count) MUST_CHECK;

/** Order by name, then id; for qsort(). */
int refresh_compare_zones(const void *a, const void *b);

#endif
