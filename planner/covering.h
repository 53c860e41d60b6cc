/** @file
 * Which of a set of hostnames take a hostname's requests. Internal to planner/. Pure. */
#ifndef ADIT_PLANNER_COVERING_H
#define ADIT_PLANNER_COVERING_H

#include "base/map.h"

/** True when @p hostname itself or a wildcard over it is a key of @p hostnames. */
bool covering_has(const struct map *hostnames, const char *hostname);
/** The same for wildcards alone. */
bool covering_has_wildcard(const struct map *hostnames, const char *hostname);

#endif
