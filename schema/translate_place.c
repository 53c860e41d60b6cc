/* Places: who gets a hostname and path, and who gets a hostname's CNAME. */
#include <string.h>

#include "base/limits.h"
#include "base/sort.h"
#include "base/str.h"
#include "schema/translate_internal.h"

#define FEW_PLACES 8u /**< of a hostname: looked through one by one */

enum rc translate_host(struct translation *t, struct draft *draft, const char *hostname, size_t block,
		       struct draft_host **ret_host)
{
	size_t size = strlen(hostname);
	void **at = map_at_bytes(&draft->hosts, hostname, size);
	struct draft_host **grown, *host;

	if (!at)
		return RC_NOMEM;
	if (*at) {
		*ret_host = *at;
		return RC_OK;
	}
	host = arena_alloc(t->scratch, sizeof(*host));
	grown = arena_grow(t->scratch, draft->host_list, draft->host_count, &draft->host_capacity, sizeof(*grown));
	if (!host || !grown)
		return RC_NOMEM;
	draft->host_list = grown;
	host->draft = draft;
	host->hostname = hostname;
	host->size = (uint32_t)size;
	host->block = block;
	grown[draft->host_count++] = host;
	*ret_host = *at = host;
	return RC_OK;
}

/** Who came first: the older, else the smaller "namespace/name" as one string. */
static int compare_age(int64_t created_a, const char *key_a, int64_t created_b, const char *key_b)
{
	if (created_a != created_b)
		return created_a < created_b ? -1 : 1;
	return strcmp(key_a, key_b);
}

void translate_host_claim(struct draft_host *host, int64_t created_s, const char *key, const char *object,
			  struct span span)
{
	if (host->wants_cname && compare_age(host->created_s, host->key, created_s, key) <= 0)
		return;
	host->wants_cname = true;
	host->created_s = created_s;
	host->key = key;
	host->object = object;
	host->span = span;
}

struct place *translate_place_at(const struct draft_host *host, const char *path)
{
	struct place *place = host->places;

	if (host->place_by_path)
		return map_get(host->place_by_path, path);
	while (place && !str_eq(place->path, path))
		place = place->next;
	return place;
}

const char *translate_place_address(struct translation *t, struct place *place)
{
	const char *parts[] = {place->host->draft->rule_prefix, place->host->hostname, place->path};

	if (!place->address)
		place->address = arena_join(t->arena, parts, 3);
	return place->address;
}

/** From the first place that is one too many on, all are found by a map. */
static enum rc map_places(struct translation *t, struct draft_host *host)
{
	enum rc rc = RC_OK;

	host->place_by_path = arena_alloc(t->scratch, sizeof(*host->place_by_path));
	if (!host->place_by_path)
		return RC_NOMEM;
	map_init(host->place_by_path, t->scratch);
	for (struct place *place = host->places; !rc && place; place = place->next)
		rc = map_put(host->place_by_path, place->path, place, NULL);
	return rc;
}

static enum rc add_place(struct translation *t, struct draft_host *host, const char *path, struct place **ret_place)
{
	struct draft *draft = host->draft;
	struct place *place = arena_alloc(t->scratch, sizeof(*place));
	struct place **grown =
		arena_grow(t->scratch, draft->place_list, draft->place_count, &draft->place_capacity, sizeof(*grown));

	if (!place || !grown)
		return RC_NOMEM;
	draft->place_list = grown;
	place->host = host;
	place->path = path;
	place->next = host->places;
	host->places = place;
	grown[draft->place_count++] = place;
	*ret_place = place;
	if (host->place_by_path)
		return map_put(host->place_by_path, path, place, NULL);
	return ++host->place_count > FEW_PLACES ? map_places(t, host) : RC_OK;
}

enum rc translate_place_candidate(struct translation *t, struct draft_host *host,
				  const struct candidate *candidate)
{
	const struct path_pattern *path = &candidate->match->path;
	const char *text = *host->hostname ? path->pattern : path->hostless;
	struct candidate *copy = arena_alloc(t->scratch, sizeof(*copy));
	struct place *place = translate_place_at(host, text);

	if (t->candidate_count++ >= LIMIT_RULES)
		return translate_too_many(t);
	if (!copy || (!place && add_place(t, host, text, &place)))
		return RC_NOMEM;
	*copy = *candidate;
	copy->next = place->candidates;
	place->candidates = copy;
	host->draft->has_redirects |= copy->verdict == RULE_REDIRECTS;
	return RC_OK;
}

/** Why one tunnel has the CNAME rather than another. */
static const char *host_reason(struct translation *t, const struct draft_host *winner,
			       const struct draft_host *loser, bool is_recorded)
{
	const char *why = is_recorded			      ? "as its CNAME points there now"
			  : winner->created_s != loser->created_s ? "as it is older"
								  : "as it comes first by name";

	if (winner->draft->native)
		return arena_printf(t->arena, "%s has %s, %s, and a CNAME points to one tunnel", winner->object,
				    winner->hostname, why);
	return arena_printf(t->arena, "%s has %s on %s, %s, and a CNAME points to one tunnel", winner->object,
			    winner->hostname, winner->draft->object, why);
}

static const char *recorded_owner(const struct translation *t, const char *address)
{
	return t->in->recorded_owner ? t->in->recorded_owner(t->in->recorded, address) : NULL;
}

static enum rc settle_host(struct translation *t, struct draft_host *first)
{
	struct draft_host *winner = first;
	const char *address, *recorded;
	bool is_recorded = false;

	if (!first->rival)
		return RC_OK;
	address = resource_cname_address(t->arena, first->hostname);
	if (!address)
		return RC_NOMEM;
	recorded = recorded_owner(t, address);
	for (struct draft_host *host = first; host; host = host->rival) {
		bool stood = str_eq(recorded, host->draft->address);
		int order = compare_age(host->created_s, host->key, winner->created_s, winner->key);

		if (!order)
			order = strcmp(host->draft->address, winner->draft->address);
		if (stood || (!is_recorded && order < 0))
			winner = host;
		is_recorded |= stood;
	}
	for (struct draft_host *host = first; host; host = host->rival) {
		if (host == winner)
			continue;
		host->is_lost = true;
		host->winner = winner;
		host->winner_reason = host_reason(t, winner, host, is_recorded);
		if (!host->winner_reason)
			return RC_NOMEM;
	}
	return RC_OK;
}

enum rc translate_settle_hosts(struct translation *t)
{
	struct map first;
	size_t count = 0;
	enum rc rc;

	for (size_t d = 0; d < t->draft_count; d++)
		count += t->drafts[d]->host_count;
	map_init(&first, t->scratch);
	rc = map_reserve(&first, count);
	for (size_t d = 0; !rc && d < t->draft_count; d++)
		for (size_t i = 0; !rc && i < t->drafts[d]->host_count; i++) {
			struct draft_host *host = t->drafts[d]->host_list[i];
			void **at;

			if (!host->wants_cname)
				continue;
			at = map_at_bytes(&first, host->hostname, host->size);
			if (!at)
				return RC_NOMEM;
			host->rival = *at;
			*at = host;
		}
	for (size_t d = 0; !rc && d < t->draft_count; d++)
		for (size_t i = 0; !rc && i < t->drafts[d]->host_count; i++) {
			struct draft_host *host = t->drafts[d]->host_list[i];

			if (host->rival && map_get(&first, host->hostname) == host)
				rc = settle_host(t, host);
		}
	return rc;
}

int translate_compare_candidates(const struct candidate *a, const struct candidate *b)
{
	const struct meta *ma = &a->route->route->meta, *mb = &b->route->route->meta;
	int order = b->listener->is_https - a->listener->is_https;

	if (!order)
		order = compare_age(ma->created_s, ma->key, mb->created_s, mb->key);
	if (!order && a->rule_index != b->rule_index)
		order = a->rule_index < b->rule_index ? -1 : 1;
	if (!order && a->match_index != b->match_index)
		order = a->match_index < b->match_index ? -1 : 1;
	return order;
}

static bool is_contender(const struct candidate *c)
{
	return !c->match->fault && c->verdict != RULE_REDIRECTS;
}

static enum rc settle_place(struct translation *t, struct place *place)
{
	const char *recorded = NULL;

	/* One alone needs no judge. */
	if (t->in->taken || (place->candidates && place->candidates->next)) {
		if (!translate_place_address(t, place))
			return RC_NOMEM;
		recorded = recorded_owner(t, place->address);
	}
	if (!recorded && t->in->taken)
		place->taken_by = map_get(t->in->taken, place->address);
	for (const struct candidate *c = place->candidates; c && !place->host->is_lost && !place->taken_by; c = c->next) {
		bool stood = str_eq(recorded, c->route->object);

		if (!is_contender(c))
			continue;
		if (!place->winner || stood > place->is_recorded ||
		    (stood == place->is_recorded && translate_compare_candidates(c, place->winner) < 0)) {
			place->winner = c;
			place->is_recorded = stood;
		}
	}
	return RC_OK;
}

/** By block, then as hostname_compare() has them. */
static enum rc rank_hosts(struct translation *t, struct draft *draft)
{
	struct sort_entry *entries = translate_entries(t, draft->host_count);

	if (!entries)
		return RC_NOMEM;
	for (size_t i = 0; i < draft->host_count; i++) {
		struct draft_host *host = draft->host_list[i];
		uint64_t class = hostname_class(host->hostname);

		entries[i] = (struct sort_entry){(uint64_t)host->block << 40 | class << 32 | (UINT32_MAX - host->size),
						 host->hostname, host};
	}
	sort_entries(entries, entries + draft->host_count, draft->host_count);
	for (size_t i = 0; i < draft->host_count; i++) {
		draft->host_list[i] = entries[i].item;
		draft->host_list[i]->rank = (uint32_t)i;
	}
	return RC_OK;
}

static uint64_t path_rank(enum path_type type)
{
	switch (type) {
	case PATH_EXACT:
		return 0;
	case PATH_REGEX:
		return 1;
	case PATH_PREFIX:
		return 2;
	}
	return 3;
}

enum rc translate_settle_places(struct translation *t, struct draft *draft)
{
	const uint32_t longest = (1u << 30) - 1;

	enum rc rc = rank_hosts(t, draft);

	for (size_t i = 0; !rc && i < draft->place_count; i++) {
		struct place *place = draft->place_list[i];
		const struct path_pattern *path = &place->candidates->match->path;
		uint32_t size = path->size < longest ? path->size : longest;

		rc = settle_place(t, place);
		place->sort_key = (uint64_t)place->host->rank << 32 | path_rank(path->type) << 30 | (longest - size);
	}
	return rc ? rc : translate_settle_redirects(t, draft);
}

/** True when another place of the same object serves the same hostname and path, on the tunnel that has the hostname. */
static bool is_served_elsewhere(const struct place *place, const struct candidate *c)
{
	const struct place *other = translate_place_at(place->host->winner, place->path);

	return other && other->winner && other->winner->route == c->route && other->winner->verdict == RULE_SERVES;
}

static enum rc refuse_all(struct translation *t, const struct candidate *c, const struct fault *fault,
			  const char *effect, const char *place)
{
	enum rc rc = RC_OK;

	for (; !rc && fault; fault = fault->next)
		if (fault->feature && !fault->is_said)
			rc = translate_refuse(t, c->route->object, fault, effect, place);
	return rc;
}

static enum rc lose_host(struct translation *t, const struct place *place, const struct candidate *c,
			 struct claim *claim, const char *where)
{
	const struct fault fault = {.feature = "hostname", .reason = place->host->winner_reason,
				    .span = c->route->route->meta.span};
	enum rc rc = refuse_all(t, c, &fault, "no rule at", where);

	claim->state = CLAIM_LOST;
	claim->reason = fault.reason;
	return rc || is_served_elsewhere(place, c) ? rc : translate_claim(t, claim);
}

static const char *place_reason(struct translation *t, const struct place *place, const struct candidate *loser)
{
	const struct candidate *winner = place->winner;
	const struct meta *mw = &winner->route->route->meta, *ml = &loser->route->route->meta;
	const char *why = place->is_recorded				  ? "as it is there now"
			  : winner->listener->is_https != loser->listener->is_https ? "through an HTTPS listener"
			  : mw->created_s != ml->created_s			  ? "as it is older"
										  : "as it comes first by name";

	return arena_printf(t->arena, "%s has this hostname and path, %s", winner->route->object, why);
}

/** A newcomer to a place of a shared tunnel: who is recorded keeps it. */
static enum rc lose_to_project(struct translation *t, const struct place *place, const struct candidate *c,
			       struct claim *claim, const char *where)
{
	struct fault fault = {.feature = "hostname and path", .span = c->match->match->span};
	enum rc rc;

	fault.reason = arena_printf(t->arena, "project %s has this hostname and path on the shared %s, as it is there now",
				    place->taken_by, place->host->draft->object);
	if (!fault.reason)
		return RC_NOMEM;
	claim->state = CLAIM_LOST;
	claim->reason = fault.reason;
	rc = refuse_all(t, c, &fault, "no rule at", where);
	return rc ? rc : translate_claim(t, claim);
}

static enum rc lose_place(struct translation *t, const struct place *place, const struct candidate *c,
			  struct claim *claim, const char *where)
{
	struct fault fault = {.feature = "hostname and path", .span = c->match->match->span};

	if (place->winner->route == c->route) {
		diag_address(t->diags,
			     diag_add(t->diags, SEVERITY_WARNING, "A0217", fault.span,
				      "this match is never reached: rule %u of the same Route has %s already",
				      place->winner->rule_index, where),
			     c->route->object);
		return RC_OK;
	}
	fault.reason = place_reason(t, place, c);
	if (!fault.reason)
		return RC_NOMEM;
	claim->state = CLAIM_LOST;
	claim->reason = fault.reason;
	enum rc rc = refuse_all(t, c, &fault, "no rule at", where);

	return rc ? rc : translate_claim(t, claim);
}

/** It would have become a wider rule's that is there for http alone. */
static enum rc close_redirect(struct translation *t, const struct place *place, const struct candidate *c, struct claim *claim,
			      const char *where)
{
	struct fault fault = {.feature = "RequestRedirect", .span = c->match->match->span};
	const struct candidate *taker;
	enum rc rc = translate_redirect_taker(t, place, &taker);

	if (rc)
		return rc;
	fault.reason = arena_printf(t->arena, "redirects to https, where no Route has this place, and %s, of an HTTP listener, "
				    "would serve it", taker->route->object);
	if (!fault.reason)
		return RC_NOMEM;
	claim->state = CLAIM_CLOSED;
	claim->reason = fault.reason;
	return refuse_all(t, c, &fault, "http_status:404 at", where);
}

/** What one candidate at a place did not get. */
static enum rc candidate_loss(struct translation *t, const struct place *place, const struct candidate *c,
			      const char *where)
{
	const struct candidate *winner = place->winner;
	bool is_served = winner && winner->route == c->route && winner->verdict == RULE_SERVES;
	struct claim claim = {.object = c->route->object, .hostname = place->host->hostname, .path = place->path,
			      .span = c->match->match->span};
	enum rc rc = RC_OK;

	if (c->match->fault) {
		rc = refuse_all(t, c, c->match->fault, "match dropped at", where);
		claim.state = CLAIM_DROPPED;
		claim.reason = c->match->fault->reason;
	} else if (c->verdict == RULE_REDIRECTS && winner && winner->verdict == RULE_REDIRECTS) {
		rc = close_redirect(t, place, c, &claim, where);
	} else if (c->verdict == RULE_REDIRECTS) {
		claim.state = CLAIM_ELIDED;
		claim.reason = "redirects to https, which the edge does (Always Use HTTPS)";
	} else if (place->host->is_lost) {
		return lose_host(t, place, c, &claim, where);
	} else if (place->taken_by) {
		return lose_to_project(t, place, c, &claim, where);
	} else if (c != winner) {
		return lose_place(t, place, c, &claim, where);
	} else {
		rc = refuse_all(t, c, c->faults, "http_status:500 at", where);
		claim.state = CLAIM_CLOSED;
		claim.reason = c->faults->reason;
	}
	return rc || is_served ? rc : translate_claim(t, &claim);
}

enum rc translate_place_losses(struct translation *t, const struct draft *draft)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < draft->place_count; i++) {
		const struct place *place = draft->place_list[i];
		const char *where = NULL;

		for (const struct candidate *c = place->candidates; !rc && c; c = c->next) {
			if (c == place->winner && c->verdict == RULE_SERVES)
				continue;
			if (!where)
				where = translate_place_text(t, place->host->hostname, place->path);
			rc = where ? candidate_loss(t, place, c, where) : RC_NOMEM;
		}
		if (rc)
			return rc;
	}
	return RC_OK;
}
