/** @file
 * Path matches of the Gateway API as the patterns that cloudflared takes. Internal to translation.
 * Source: gateway-semantics 5. */
#ifndef ADIT_SCHEMA_TRANSLATE_PATH_H
#define ADIT_SCHEMA_TRANSLATE_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/rc.h"
#include "schema/object.h"

struct path_pattern {
	const char *pattern;   /**< "" for every path */
	const char *hostless;  /**< the same where the rule has no hostname: never "", as cloudflared refuses that */
	enum path_type type;
	uint32_t size;         /**< what precedence compares: decoded bytes, for a prefix without trailing slashes */
};

#define PATH_FAULT_BYTES 200

/** Render one path match.
 * @param value       percent-encoded for Exact and PathPrefix
 * @param fault       why it cannot be rendered, when RC_INVALID or RC_LIMIT: a clause such as "is no valid regular
 *                    expression: missing )"
 * @param fault_size  PATH_FAULT_BYTES or more
 * @return RC_OK; RC_INVALID; RC_LIMIT; RC_NOMEM */
enum rc path_render(struct arena *arena, enum path_type type, const char *value, struct path_pattern *ret_pattern,
		    char *fault, size_t fault_size) MUST_CHECK;

/** What is odd about a valid RegularExpression, as a clause such as "never matches, since paths start with /", or
 * NULL; static. */
const char *path_regex_lint(const char *value);

#endif
