/* Redirects to https: the edge does them, and what it redirects comes back as https. A tunnel does not tell the two apart,
 * so whatever stands at a wider place takes it, though it may be there for http alone. */
#include <string.h>

#include "base/str.h"
#include "schema/translate_internal.h"

#define PREFIX_END "(?:/|$)"

/** Make of a pattern the one of the narrowest prefix that may stand around it; "" around the widest but that, and around
 * regular expressions, of which that alone is certain.
 * @param is_exact  the pattern is that of an exact path; a prefix from then on */
static void widen_path(char *pattern, bool *is_exact)
{
	size_t size = strlen(pattern), end = *is_exact ? strlen("$") : strlen(PREFIX_END);
	char *slash;

	if (size <= end || *pattern != '^' || str_eq(pattern, "^/?$")) {
		*pattern = '\0';
		return;
	}
	pattern[size - end] = '\0';
	if (!*is_exact) {
		slash = strrchr(pattern, '/');
		*(slash ? slash : pattern) = '\0';
	}
	*is_exact = false;
	if (pattern[0] && pattern[1])
		memcpy(pattern + strlen(pattern), PREFIX_END, sizeof(PREFIX_END));
	else
		*pattern = '\0';
}

/** What serves at a place, if that is no redirect to be closed itself. */
static const struct candidate *judge_at(const struct draft_host *host, const char *path)
{
	const struct place *place = translate_place_at(host, *host->hostname || *path ? path : ".*");

	return place && place->winner && place->winner->verdict != RULE_REDIRECTS ? place->winner : NULL;
}

/** Whether a rule for https at a hostname may take some of a place's requests though its path is no prefix of the place's.
 * What regular expressions have in common with others is not known. */
static bool may_have_https(const struct draft_host *host, const struct place *place)
{
	switch (place->candidates->match->path.type) {
	case PATH_REGEX:
		return host->has_https;
	case PATH_EXACT:
		return host->has_https_regex;
	case PATH_PREFIX:
		/* Of its own hostname they stand before it. */
		return host != place->host && host->has_https_regex;
	}
	return false;
}

/** What takes the requests of a place that has no rule: of its hostname the longest prefix, then of the next wider one of the
 * same block, which is closed at its end. None where a rule for https may take some of them: closing the place would take
 * that offline. */
static enum rc find_taker(struct translation *t, const struct place *place, const struct candidate **ret_taker)
{
	const struct path_pattern *path = &place->candidates->match->path;
	const struct draft_host *host = place->host;
	char *hostname = arena_strdup(t->scratch, host->hostname);
	/* An exact path becomes a prefix once. */
	char *pattern = arena_alloc(t->scratch, strlen(path->pattern) + sizeof(PREFIX_END));
	enum rc rc = hostname && pattern ? RC_OK : RC_NOMEM;

	*ret_taker = NULL;
	while (!rc && !(host && may_have_https(host, place))) {
		bool is_exact = path->type == PATH_EXACT;

		strcpy(pattern, path->type == PATH_REGEX ? "" : path->pattern);
		if (host && host->block == place->host->block)
			*ret_taker = judge_at(host, pattern);
		while (!*ret_taker && host && host->block == place->host->block && *pattern) {
			widen_path(pattern, &is_exact);
			*ret_taker = judge_at(host, pattern);
		}
		if (*ret_taker || !*hostname)
			break;
		hostname = hostname_widen(hostname);
		host = map_get(&place->host->draft->hosts, hostname);
	}
	return rc;
}

enum rc translate_redirect_taker(struct translation *t, const struct place *place, const struct candidate **ret_taker)
{
	enum rc rc = find_taker(t, place, ret_taker);

	if (*ret_taker && ((*ret_taker)->listener->is_https || (*ret_taker)->verdict != RULE_SERVES))
		*ret_taker = NULL;
	return rc;
}

enum rc translate_settle_redirects(struct translation *t, struct draft *draft)
{
	enum rc rc = RC_OK;

	if (!draft->has_redirects)
		return RC_OK;
	for (size_t i = 0; i < draft->place_count; i++) {
		const struct place *place = draft->place_list[i];

		if (place->winner && place->winner->listener->is_https) {
			place->host->has_https = true;
			place->host->has_https_regex |= place->winner->match->path.type == PATH_REGEX;
		}
	}
	for (size_t i = 0; !rc && i < draft->place_count; i++) {
		struct place *place = draft->place_list[i];
		const struct candidate *first = NULL, *taker = NULL;

		if (place->winner || place->host->is_lost || place->taken_by)
			continue;
		for (const struct candidate *c = place->candidates; c; c = c->next)
			if (!c->match->fault && c->verdict == RULE_REDIRECTS && (!first || translate_compare_candidates(c, first) < 0))
				first = c;
		if (first)
			rc = translate_redirect_taker(t, place, &taker);
		if (taker)
			place->winner = first;
	}
	return rc;
}
