/** @file
 * What Cloudflare's plans allow a zone. */
#ifndef ADIT_SERVER_SIMULATOR_ZONE_PLAN_H
#define ADIT_SERVER_SIMULATOR_ZONE_PLAN_H

#include <stddef.h>
#include <stdint.h>

struct zone_plan {
	const char *legacy_id;   /**< "free": how tools tell plans apart */
	const char *id;          /**< 32 hex digits */
	const char *name;
	int64_t price;
	int64_t records;         /**< most records in a zone */
	size_t batch;            /**< most records in one batch call */
	size_t comment_chars;
	size_t tags;             /**< most tags on a record */
	int64_t min_ttl;
	int64_t page_rules;
};

/** @return the plan, static; NULL when there is none of that name
 * @par Source  cloudflare-api.md, 2.11, "DNS" and 5 */
const struct zone_plan *zone_plan_find(const char *legacy_id);

#endif
