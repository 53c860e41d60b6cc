/* Hostnames that a Route gets through the listeners that take it, and the candidates there. */
#include <string.h>

#include "base/sort.h"
#include "base/str.h"
#include "schema/translate_attach.h"

static const char *const any_hostname[] = {""};

const char *const *attach_hostnames(const struct http_route *route, size_t *ret_count)
{
	*ret_count = route->hostname_count ? route->hostname_count : 1;
	return route->hostname_count ? route->hostnames : any_hostname;
}

static enum rc add_spots(struct attach *a, const struct mark_of_listener *mark)
{
	size_t count;
	const char *const *hostnames = attach_hostnames(a->route->route, &count);

	for (size_t i = 0; i < count; i++) {
		struct spot spot = {.draft = mark->draft, .listener = mark->listener, .index = i};
		struct spot *grown;
		enum rc rc;

		spot.hostname = hostname_intersect(mark->listener->hostname, hostnames[i]);
		if (!spot.hostname)
			continue;
		a->taken[i] = true;
		rc = translate_block_of(a->t, mark->draft, spot.hostname, &spot.block);
		grown = arena_grow(a->t->scratch, a->spots, a->spot_count, &a->spot_capacity, sizeof(*grown));
		if (rc || !grown)
			return RC_NOMEM;
		spot.is_isolated = !str_eq(mark->draft->blocks[spot.block].hostname, mark->listener->hostname);
		a->spots = grown;
		grown[a->spot_count++] = spot;
	}
	return RC_OK;
}

/** By tunnel and hostname; then the listener that decides: one that may serve it, HTTPS (which wins over HTTP), the first. */
static int compare_spots(const void *a, const void *b)
{
	const struct spot *sa = a, *sb = b;
	int order = strcmp(sa->draft->address, sb->draft->address);

	if (!order)
		order = strcmp(sa->hostname, sb->hostname);
	if (!order)
		order = sa->is_isolated - sb->is_isolated;
	if (!order)
		order = sb->listener->is_https - sa->listener->is_https;
	if (!order)
		order = (sa->listener > sb->listener) - (sa->listener < sb->listener);
	return order ? order : (sa->index > sb->index) - (sa->index < sb->index);
}

static bool is_same_place(const struct spot *a, const struct spot *b)
{
	return a->draft == b->draft && str_eq(a->hostname, b->hostname);
}

/** A rule serves what comes through any of the listeners that have its hostname, so what covers one of them covers it.
 * @param spot  the first of its hostname */
static const struct fault *policy_of(const struct attach *a, const struct spot *spot)
{
	const struct spot *end = a->spots + a->spot_count, *next = spot;

	if (spot->draft->policy)
		return spot->draft->policy;
	while (next < end && is_same_place(spot, next) && (next->is_isolated || !next->listener->policy))
		next++;
	return next < end && is_same_place(spot, next) ? next->listener->policy : NULL;
}

static bool has_https(const struct draft *draft, const char *hostname)
{
	for (size_t i = 0; i < draft->listener_count; i++)
		if (draft->listeners[i].is_live && draft->listeners[i].is_https &&
		    hostname_intersect(draft->listeners[i].hostname, hostname))
			return true;
	return false;
}

/** No path could be made of the match: nothing can stand for it anywhere. */
static enum rc drop(struct attach *a, const struct spot *spot, const struct part_match *match)
{
	const struct claim claim = {CLAIM_DROPPED, a->route->object, spot->hostname, NULL, match->fault->reason,
				    match->fault->span};
	const char *place = translate_place_text(a->t, spot->hostname, "");
	enum rc rc = RC_NOMEM;

	if (place)
		rc = translate_refuse(a->t, a->route->object, match->fault, "match dropped at", place);
	return rc ? rc : translate_claim(a->t, &claim);
}

static enum rc isolate(struct attach *a, const struct spot *spot, const struct part_match *match)
{
	const struct listener *other = spot->draft->blocks[spot->block].listener;
	const struct http_route *route = a->route->route;
	const char *place = translate_place_text(a->t, spot->hostname, match->path.pattern);
	struct claim claim = {CLAIM_LOST, a->route->object, spot->hostname, match->path.pattern, NULL,
			      match->match->span};
	struct fault fault = {.feature = "listener isolation"};
	enum rc rc;

	fault.span = route->hostname_count ? route->hostname_spans[spot->index] : route->meta.span;
	fault.reason = arena_printf(a->t->arena,
				    "listener %s of %s is more specific for %s than listener %s, and a tunnel "
				    "cannot tell ports "
				    "apart: attach the Route to it as well",
				    other ? other->name : "", spot->draft->object, spot->hostname,
				    spot->listener->listener->name);
	if (!fault.reason || !place)
		return RC_NOMEM;
	claim.reason = fault.reason;
	rc = translate_refuse(a->t, a->route->object, &fault, "no rule at", place);
	return rc ? rc : translate_claim(a->t, &claim);
}

/** @param policy  that covers the spot; NULL: none */
static enum rc add_candidate(struct attach *a, const struct spot *spot, struct draft_host *host, const struct fault *policy,
			     size_t r, size_t m)
{
	struct part_rule *rule = &a->route->rules[r];
	struct candidate c = {.route = a->route, .rule = rule, .match = &rule->matches[m],
			      .listener = spot->listener,
			      .verdict = rule->verdict, .faults = rule->faults, .rule_index = (uint32_t)r,
			      .match_index = (uint32_t)m};

	if (!c.match->path.pattern)
		return drop(a, spot, c.match);
	if (spot->is_isolated)
		return isolate(a, spot, c.match);
	if (c.verdict == RULE_REDIRECTS && (spot->listener->is_https || !has_https(spot->draft, spot->hostname)))
		c.verdict = RULE_CLOSED;
	if (policy && c.verdict == RULE_SERVES) {
		c.verdict = RULE_CLOSED;
		c.faults = policy;
	}
	return translate_place_candidate(a->t, host, &c);
}

/** A hostname has its CNAME as long as one of its rules wants it, and is protected as soon as one of them is. */
static void ask_rules(struct attach *a, const struct spot *spot, struct draft_host *host)
{
	const struct http_route *route = a->route->route;
	const struct meta *gateway = &spot->draft->gateway->meta;
	bool wants_cname = false;

	for (size_t r = 0; r < route->rule_count; r++) {
		wants_cname |= translate_is_said(&a->route->rules[r].dns, !gateway->dns_off);
		host->protect |= translate_is_said(&a->route->rules[r].protect, gateway->protect);
	}
	if (wants_cname && *spot->hostname)
		translate_host_claim(host, route->meta.created_s, route->meta.key, a->route->object,
				     route->hostname_count ? route->hostname_spans[spot->index] : route->meta.span);
}

static enum rc fill_spot(struct attach *a, const struct spot *spot)
{
	const struct http_route *route = a->route->route;
	const struct fault *policy = policy_of(a, spot);
	struct draft_host *host;
	enum rc rc = translate_host(a->t, spot->draft, spot->hostname, spot->block, &host);

	if (rc)
		return rc;
	ask_rules(a, spot, host);
	for (size_t r = 0; !rc && r < route->rule_count; r++)
		for (size_t m = 0; !rc && m < route->rules[r].match_count; m++)
			rc = add_candidate(a, spot, host, policy, r, m);
	return rc;
}

enum rc attach_fill(struct attach *a)
{
	const struct spot *last = NULL;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < a->mark_count; i++)
		rc = add_spots(a, &a->marks[i]);
	if (!rc && a->spot_count)
		rc = translate_route_actions(a->t, a->route);
	sort_items(a->spots, a->spot_count, sizeof(*a->spots), compare_spots);
	for (size_t i = 0; !rc && i < a->spot_count; i++) {
		const struct spot *spot = &a->spots[i];

		if (last && is_same_place(last, spot))
			continue;
		rc = fill_spot(a, spot);
		last = spot;
	}
	return rc;
}
