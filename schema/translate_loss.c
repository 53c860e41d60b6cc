/* What finds no rule: claims, refusals, unattached Routes. */
#include <string.h>

#include "base/limits.h"
#include "base/sort.h"
#include "base/str.h"
#include "schema/translate_internal.h"

const char *translate_place_text(struct translation *t, const char *hostname, const char *path)
{
	if (!*hostname)
		return arena_printf(t->arena, "every hostname%s%s", path && *path ? " " : "", str_or_empty(path));
	return arena_printf(t->arena, "%s%s", hostname, str_or_empty(path));
}

enum rc translate_too_many(struct translation *t)
{
	diag_add(t->diags, SEVERITY_ERROR, "A0207", (struct span){0}, "the Routes ask for more than %u rules",
		 LIMIT_RULES);
	return RC_LIMIT;
}

enum rc translate_claim(struct translation *t, const struct claim *claim)
{
	struct desired *d = t->desired;
	struct claim *grown;

	if (d->claim_count >= LIMIT_RULES)
		return translate_too_many(t);
	grown = arena_grow(t->arena, d->claims, d->claim_count, &d->claim_capacity, sizeof(*grown));
	if (!grown)
		return RC_NOMEM;
	d->claims = grown;
	grown[d->claim_count++] = *claim;
	return RC_OK;
}

enum rc translate_unattached(struct translation *t, const struct unattached *unattached)
{
	struct desired *d = t->desired;
	struct unattached *grown;

	if (d->unattached_count >= LIMIT_RULES)
		return translate_too_many(t);
	grown = arena_grow(t->arena, d->unattached, d->unattached_count, &d->unattached_capacity, sizeof(*grown));
	if (!grown)
		return RC_NOMEM;
	d->unattached = grown;
	grown[d->unattached_count++] = *unattached;
	return RC_OK;
}

static enum rc keep_told(struct translation *t, const struct told *told)
{
	struct told *grown = arena_grow(t->arena, t->told, t->told_count, &t->told_capacity, sizeof(*grown));

	if (!grown)
		return RC_NOMEM;
	t->told = grown;
	grown[t->told_count++] = *told;
	return RC_OK;
}

enum rc translate_refuse(struct translation *t, const char *object, const struct fault *fault, const char *effect,
			 const char *place)
{
	const struct span *span = &fault->span;
	struct refused **grown, *refused;
	const char *key;

	if (t->is_group)
		return keep_told(t, &(struct told){object, *fault, effect, place});
	/* The text's address only tells texts apart; nothing is sorted by it. */
	key = arena_printf(t->arena, "%s\n%s\n%p:%u:%u\n%s", object, fault->feature, (const void *)span->text, span->line,
			   span->column, fault->reason);
	refused = key ? map_get(&t->refused_by_key, key) : NULL;
	if (refused) {
		refused->more += !str_eq(refused->place, place);
		return RC_OK;
	}
	refused = arena_alloc(t->scratch, sizeof(*refused));
	grown = arena_grow(t->scratch, t->refused, t->refused_count, &t->refused_capacity, sizeof(*grown));
	if (!key || !refused || !grown)
		return RC_NOMEM;
	t->refused = grown;
	refused->refusal = (struct refusal){object, fault->feature, effect, fault->reason, fault->span};
	refused->place = place;
	refused->is_said = fault->is_said;
	grown[t->refused_count++] = refused;
	return map_put(&t->refused_by_key, key, refused, NULL);
}

/** Claims of one hostname as it is written, "" for any. */
static enum rc miss_hostname(struct translation *t, const struct part_route *route, const char *hostname,
			     const char *reason)
{
	const struct http_route *source = route->route;
	enum rc rc = RC_OK;

	for (size_t r = 0; !rc && r < source->rule_count; r++)
		for (size_t m = 0; !rc && m < source->rules[r].match_count; m++) {
			const struct path_pattern *path = &route->rules[r].matches[m].path;
			struct claim claim = {CLAIM_UNATTACHED, route->object, hostname, path->pattern, reason,
					      source->rules[r].matches[m].span};

			rc = translate_claim(t, &claim);
			/* Which form it had depends on the listener's hostname. */
			if (!rc && !*hostname && path->pattern != path->hostless) {
				claim.path = path->hostless;
				rc = translate_claim(t, &claim);
			}
		}
	return rc;
}

enum rc translate_missed(struct translation *t, struct part_route *route, const bool *taken)
{
	const struct http_route *source = route->route;
	const char *reason = route->is_missed ? route->miss_reason : "no listener has this hostname";
	enum rc rc = translate_route_matches(t, route);

	for (size_t h = 0; !rc && h < source->hostname_count; h++) {
		const char *hostname = source->hostnames[h];

		/* A wildcard that one parent takes may have come out narrower there than at the other. */
		if (!taken[h] || (route->is_missed && hostname_class(hostname) != HOSTNAME_EXACT))
			rc = miss_hostname(t, route, hostname, reason);
	}
	if (!rc && !source->hostname_count)
		rc = miss_hostname(t, route, "", reason);
	return rc;
}

/** Of several claims for one place the more telling one is kept. */
static int claim_rank(enum claim_state state)
{
	switch (state) {
	case CLAIM_CLOSED:
		return 0;
	case CLAIM_LOST:
		return 1;
	case CLAIM_DROPPED:
		return 2;
	case CLAIM_UNATTACHED:
		return 3;
	case CLAIM_ELIDED:
		return 4;
	}
	return 5;
}

static int compare_claim_places(const struct claim *a, const struct claim *b)
{
	int order = strcmp(a->object, b->object);

	if (!order)
		order = strcmp(a->hostname, b->hostname);
	return order ? order : str_compare(a->path, b->path);
}

static int compare_claims(const void *a, const void *b)
{
	const struct claim *ca = a, *cb = b;
	int order = compare_claim_places(ca, cb);

	if (!order)
		order = claim_rank(ca->state) - claim_rank(cb->state);
	if (!order)
		order = span_compare(&ca->span, &cb->span);
	return order ? order : strcmp(ca->reason, cb->reason);
}

static void finish_claims(struct desired *d)
{
	size_t kept = 0;

	sort_items(d->claims, d->claim_count, sizeof(*d->claims), compare_claims);
	for (size_t i = 0; i < d->claim_count; i++)
		if (!kept || compare_claim_places(&d->claims[kept - 1], &d->claims[i]))
			d->claims[kept++] = d->claims[i];
	d->claim_count = kept;
}

static int compare_unattached(const void *a, const void *b)
{
	const struct unattached *ua = a, *ub = b;
	int order = strcmp(ua->object, ub->object);

	if (!order)
		order = strcmp(ua->parent, ub->parent);
	return order ? order : span_compare(&ua->span, &ub->span);
}

static int compare_refusals(const void *a, const void *b)
{
	const struct refusal *ra = a, *rb = b;
	int order = span_compare(&ra->span, &rb->span);

	if (!order)
		order = strcmp(ra->object, rb->object);
	if (!order)
		order = strcmp(ra->feature, rb->feature);
	return order ? order : strcmp(ra->reason, rb->reason);
}

static enum rc finish_refusals(struct translation *t)
{
	struct desired *d = t->desired;

	d->refusals = arena_array(t->arena, t->refused_count, sizeof(*d->refusals));
	if (!d->refusals)
		return RC_NOMEM;
	for (size_t i = 0; i < t->refused_count; i++) {
		const struct refused *refused = t->refused[i];
		struct refusal *refusal = &d->refusals[i];

		*refusal = refused->refusal;
		if (refused->more && refused->is_said)
			refusal->effect = arena_printf(t->arena, "%s %s and others", refusal->effect, refused->place);
		else if (refused->more)
			refusal->effect = arena_printf(t->arena, "%s %s and %zu more", refusal->effect,
						       refused->place, refused->more);
		else if (*refused->place)
			refusal->effect = arena_printf(t->arena, "%s %s", refusal->effect, refused->place);
		if (!refusal->effect)
			return RC_NOMEM;
	}
	d->refusal_count = d->refusal_capacity = t->refused_count;
	sort_items(d->refusals, d->refusal_count, sizeof(*d->refusals), compare_refusals);
	return RC_OK;
}

static int compare_tunnels(const void *a, const void *b)
{
	const struct desired_tunnel *ta = a, *tb = b;

	return strcmp(ta->tunnel->address, tb->tunnel->address);
}

static enum rc sort_cnames(struct translation *t)
{
	struct desired *d = t->desired;
	struct desired_cname *before = arena_array(t->scratch, d->cname_count, sizeof(*before));
	struct sort_entry *entries = translate_entries(t, d->cname_count);

	if (!before || !entries)
		return RC_NOMEM;
	for (size_t i = 0; i < d->cname_count; i++) {
		before[i] = d->cnames[i];
		/* Addresses differ by the name, which ends them. */
		entries[i] = (struct sort_entry){0, before[i].cname->u.cname.name, &before[i]};
	}
	sort_entries(entries, entries + d->cname_count, d->cname_count);
	for (size_t i = 0; i < d->cname_count; i++)
		d->cnames[i] = *(const struct desired_cname *)entries[i].item;
	return RC_OK;
}

enum rc translate_finish(struct translation *t)
{
	struct desired *d = t->desired;
	enum rc rc;

	d->digest = t->in->objects->digest;
	finish_claims(d);
	sort_items(d->unattached, d->unattached_count, sizeof(*d->unattached), compare_unattached);
	sort_items(d->tunnels, d->tunnel_count, sizeof(*d->tunnels), compare_tunnels);
	rc = sort_cnames(t);
	return rc ? rc : finish_refusals(t);
}
