/* Hostnames and the wildcards over them. */
#include "planner/covering.h"

#include <string.h>

bool covering_has_wildcard(const struct map *hostnames, const char *hostname)
{
	const char *dot = hostname[0] == '*' && hostname[1] == '.' ? hostname + 2 : hostname;

	while ((dot = strchr(dot, '.')) != NULL) {
		char wildcard[300];

		if (strlen(dot) + 2 > sizeof(wildcard))
			return true; /* no hostname is that long; to be covered is the harmless side */
		wildcard[0] = '*';
		memcpy(wildcard + 1, dot, strlen(dot) + 1);
		if (map_get(hostnames, wildcard))
			return true;
		dot++;
	}
	return false;
}

bool covering_has(const struct map *hostnames, const char *hostname)
{
	return map_get(hostnames, hostname) || covering_has_wildcard(hostnames, hostname);
}
