/* What Cloudflare's plans allow a zone. */
#include "server/simulator/zone_plan.h"

#include "base/str.h"

static const struct zone_plan plans[] = {
	{"free", "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "Free Website", 0, 200, 200, 100, 0, 60, 3},
	{"pro", "1feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "Pro Website", 25, 3500, 3500, 500, 20, 60, 20},
	{"business", "2feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "Business Website", 250, 3500, 3500, 500, 20, 60, 50},
	{"enterprise", "94f3b7b768b0458b56d2cac4fe5ec0f9", "Enterprise Website", 0, 3500, 3500, 500, 20, 30, 125},
};

const struct zone_plan *zone_plan_find(const char *legacy_id)
{
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		if (str_eq(plans[i].legacy_id, legacy_id))
			return &plans[i];
	}
	return NULL;
}
