/* Drafts become resources: rules in their order, tunnels, CNAMEs. Source: gateway-semantics 4.1. */
#include <string.h>

#include "base/sort.h"
#include "schema/mark.h"
#include "schema/translate_internal.h"

/** Why a rule stands where it stands, by its hostname and by its path. */
static const char *const positions[3][3] = {
	[HOSTNAME_EXACT] = {
		[PATH_EXACT] = "exact hostname; Exact paths come first",
		[PATH_REGEX] = "exact hostname; expressions after Exact paths, the longer first",
		[PATH_PREFIX] = "exact hostname; prefixes last, the longest first",
	},
	[HOSTNAME_WILDCARD] = {
		[PATH_EXACT] = "wildcards after exact hostnames; Exact paths come first",
		[PATH_REGEX] = "wildcards after exact hostnames; expressions after Exact paths, the longer first",
		[PATH_PREFIX] = "wildcards after exact hostnames; prefixes last, the longest first",
	},
	[HOSTNAME_ANY] = {
		[PATH_EXACT] = "no hostname, hence last; Exact paths come first",
		[PATH_REGEX] = "no hostname, hence last; expressions after Exact paths, the longer first",
		[PATH_PREFIX] = "no hostname, hence last; prefixes last, the longest first",
	},
};

enum rc translate_emit_rule(struct translation *t, struct draft *draft, struct resource *rule)
{
	struct resource **grown = arena_grow(t->arena, draft->tunnel.rules, draft->tunnel.rule_count,
					     &draft->rule_capacity, sizeof(*grown));
	const struct json **origin_request = &rule->u.rule.origin_request;
	enum rc rc;

	if (!grown)
		return RC_NOMEM;
	draft->tunnel.rules = grown;
	rule->kind = RESOURCE_RULE;
	rule->tunnel = draft->address;
	rc = translate_merge(t, draft->access, *origin_request, origin_request);
	if (!rc && *origin_request != draft->access)
		*origin_request = resource_origin_request_normal(t->arena, *origin_request);
	grown[draft->tunnel.rule_count++] = rule;
	return rc;
}

/** Of a Gateway that turns verification off for all, a rule that must verify turns it on again. */
static enum rc verified(struct translation *t, const struct draft *draft, const struct part_rule *rule,
			const struct json **ret_origin_request)
{
	struct json *over;

	*ret_origin_request = rule->origin_request;
	if (!rule->is_verified || !draft->has_no_tls_verify || json_get(rule->origin_request, "noTLSVerify"))
		return RC_OK;
	over = json_new(t->arena, JSON_OBJECT);
	if (!over || json_set(t->arena, over, "noTLSVerify", json_new_bool(t->arena, false)))
		return RC_NOMEM;
	return translate_merge(t, rule->origin_request, over, ret_origin_request);
}

static enum rc emit_place(struct translation *t, struct draft *draft, struct place *place)
{
	const struct candidate *c = place->winner;
	struct resource *rule = arena_alloc(t->arena, sizeof(*rule));
	enum rc rc = RC_OK;

	if (!rule || !translate_place_address(t, place))
		return RC_NOMEM;
	rule->address = place->address;
	rule->protect = translate_is_said(&c->rule->protect, draft->gateway->meta.protect);
	rule->u.rule.hostname = place->host->hostname;
	rule->u.rule.path = place->path;
	rule->u.rule.service = c->verdict == RULE_SERVES ? c->rule->service
			       : c->verdict == RULE_REDIRECTS ? "http_status:404" : "http_status:500";
	rule->origin.object = c->route->object;
	rule->origin.span = c->match->match->span;
	rule->origin.rule = c->rule_index;
	rule->origin.match = c->match_index;
	rule->origin.why = positions[hostname_class(place->host->hostname)][c->match->match->path_type];
	rule->origin.precedence = translate_precedence(t, place);
	if (!rule->origin.precedence)
		return RC_NOMEM;
	if (c->verdict == RULE_SERVES)
		rc = verified(t, draft, c->rule, &rule->u.rule.origin_request);
	return rc ? rc : translate_emit_rule(t, draft, rule);
}

/** After a block: what no Route of the listener takes must not fall through to a less specific listener. */
static enum rc emit_closing(struct translation *t, struct draft *draft, const struct draft_block *block)
{
	const struct draft_host *host = map_get(&draft->hosts, block->hostname);
	const struct place *place = host ? translate_place_at(host, "") : NULL;
	struct resource *rule;

	if (!*block->hostname || (place && place->winner))
		return RC_OK;
	rule = arena_alloc(t->arena, sizeof(*rule));
	if (!rule)
		return RC_NOMEM;
	rule->address = resource_rule_address(t->arena, draft->address, block->hostname, "", false);
	rule->u.rule.hostname = block->hostname;
	rule->u.rule.path = "";
	rule->u.rule.service = "http_status:404";
	rule->origin.object = draft->object;
	rule->origin.span = block->listener->hostname_span;
	rule->origin.why = "closes its listener: what no Route of it takes stays with it";
	rule->origin.precedence = PRECEDENCE_LAST;
	return rule->address ? translate_emit_rule(t, draft, rule) : RC_NOMEM;
}

/** In the order of matching; ties by age, name, and place in the Route. */
static int compare_places(const void *a, const void *b)
{
	const struct place *pa = *(const struct place *const *)a, *pb = *(const struct place *const *)b;
	const struct candidate *ca = pa->winner, *cb = pb->winner;
	int order;

	if (pa->sort_key != pb->sort_key)
		return pa->sort_key < pb->sort_key ? -1 : 1;
	if (ca->route->route->meta.created_s != cb->route->route->meta.created_s)
		return ca->route->route->meta.created_s < cb->route->route->meta.created_s ? -1 : 1;
	order = strcmp(ca->route->route->meta.key, cb->route->route->meta.key);
	if (!order && ca->rule_index != cb->rule_index)
		order = ca->rule_index < cb->rule_index ? -1 : 1;
	if (!order && ca->match_index != cb->match_index)
		order = ca->match_index < cb->match_index ? -1 : 1;
	return order;
}

/** The places that have a winner, in order: by their keys first, as few have one in common. */
static enum rc sort_places(struct translation *t, const struct draft *draft, struct place ***ret_places,
			   size_t *ret_count)
{
	struct place **places = arena_array(t->scratch, draft->place_count, sizeof(*places));
	struct sort_entry *entries = translate_entries(t, draft->place_count);
	size_t count = 0, equal;

	if (!places || !entries)
		return RC_NOMEM;
	for (size_t i = 0; i < draft->place_count; i++)
		if (draft->place_list[i]->winner)
			entries[count++] = (struct sort_entry){draft->place_list[i]->sort_key, "", draft->place_list[i]};
	sort_entries(entries, entries + count, count);
	for (size_t i = 0; i < count; i++)
		places[i] = entries[i].item;
	for (size_t i = 0; i < count; i += equal) {
		equal = 1;
		while (i + equal < count && places[i + equal]->sort_key == places[i]->sort_key)
			equal++;
		sort_items(places + i, equal, sizeof(*places), compare_places);
	}
	*ret_places = places;
	*ret_count = count;
	return RC_OK;
}

static enum rc emit_gateway(struct translation *t, struct draft *draft)
{
	struct place **places;
	size_t count, next = 0;
	enum rc rc = sort_places(t, draft, &places, &count);

	for (size_t b = 0; !rc && b < draft->block_count; b++) {
		while (!rc && next < count && places[next]->host->block == b)
			rc = emit_place(t, draft, places[next++]);
		if (!rc && !draft->gateway->shared)
			rc = emit_closing(t, draft, &draft->blocks[b]);
	}
	if (!rc && !draft->gateway->shared)
		rc = translate_shared_facts(t, draft);
	return rc ? rc : translate_emit_tunnel(t, draft, "http_status:404", draft->gateway->meta.span);
}

static enum rc emit_catch_all(struct translation *t, struct draft *draft, const char *service, struct span span)
{
	struct resource *rule = arena_alloc(t->arena, sizeof(*rule));
	const struct json *access = draft->access;
	enum rc rc;

	if (!rule)
		return RC_NOMEM;
	rule->address = resource_rule_address(t->arena, draft->address, "", "", true);
	rule->u.rule.hostname = "";
	rule->u.rule.path = "";
	rule->u.rule.service = service;
	rule->origin.object = draft->object;
	rule->origin.span = span;
	rule->origin.why = "last, for what no other rule takes";
	rule->origin.precedence = draft->native ? NULL : PRECEDENCE_LAST;
	if (!rule->address)
		return RC_NOMEM;
	if (!resource_service_is_serving(service))
		draft->access = NULL; /* there is nothing to keep anybody from */
	rc = translate_emit_rule(t, draft, rule);
	draft->access = access;
	return rc;
}

static enum rc make_order(struct translation *t, const struct desired_tunnel *tunnel,
			  const struct json **ret_order)
{
	struct json *order = json_new(t->arena, JSON_ARRAY);
	enum rc rc = order ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < tunnel->rule_count; i++)
		rc = json_push(t->arena, order, json_borrow_string(t->arena, tunnel->rules[i]->address));
	if (!rc)
		*ret_order = order;
	return rc;
}

static enum rc emit_cname(struct translation *t, const struct draft_host *host, const char *mark)
{
	struct desired *desired = t->desired;
	struct resource *cname = arena_alloc(t->arena, sizeof(*cname));
	struct desired_cname *grown =
		arena_grow(t->arena, desired->cnames, desired->cname_count, &desired->cname_capacity,
			   sizeof(*grown));

	if (!cname || !grown)
		return RC_NOMEM;
	desired->cnames = grown;
	cname->kind = RESOURCE_CNAME;
	cname->tunnel = host->draft->address;
	cname->origin.object = host->object;
	cname->origin.span = host->span;
	cname->u.cname.account = host->draft->account;
	cname->u.cname.name = host->hostname;
	cname->u.cname.proxied = true;
	cname->u.cname.ttl = 1;
	cname->u.cname.comment = mark;
	cname->address = resource_cname_address(t->arena, host->hostname);
	grown[desired->cname_count++] = (struct desired_cname){cname, host->protect, host->draft->native != NULL};
	return cname->address ? RC_OK : RC_NOMEM;
}

static enum rc emit_cnames(struct translation *t, struct draft *draft)
{
	const char *mark = mark_make(t->arena, t->in->project->name, draft->address);
	enum rc rc = mark ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < draft->host_count; i++)
		if (draft->host_list[i]->wants_cname && !draft->host_list[i]->is_lost)
			rc = emit_cname(t, draft->host_list[i], mark);
	return rc;
}

enum rc translate_emit_tunnel(struct translation *t, struct draft *draft, const char *catch_all, struct span span)
{
	struct desired *desired = t->desired;
	struct resource *tunnel = arena_alloc(t->arena, sizeof(*tunnel));
	struct desired_tunnel *grown =
		arena_grow(t->arena, desired->tunnels, desired->tunnel_count, &desired->tunnel_capacity,
			   sizeof(*grown));
	enum rc rc;

	if (!tunnel || !grown)
		return RC_NOMEM;
	desired->tunnels = grown;
	/* Of another project's Gateway the catch-all is that project's. */
	rc = draft->tunnel.owner ? RC_OK : emit_catch_all(t, draft, catch_all, span);
	if (!rc)
		rc = make_order(t, &draft->tunnel, &tunnel->u.tunnel.rule_order);
	if (rc)
		return rc;
	tunnel->kind = RESOURCE_TUNNEL;
	tunnel->address = draft->address;
	tunnel->tunnel = draft->address;
	tunnel->id = draft->tunnel.owner ? draft->gateway->shared->tunnel_id : NULL;
	tunnel->origin.object = draft->object;
	tunnel->origin.span = draft->gateway ? draft->gateway->meta.span : draft->native->meta.span;
	tunnel->u.tunnel.account = draft->account;
	tunnel->u.tunnel.name = draft->name;
	tunnel->u.tunnel.origin_request = draft->origin_request;
	draft->tunnel.tunnel = tunnel;
	grown[desired->tunnel_count++] = draft->tunnel;
	desired->rule_count += draft->tunnel.rule_count;
	return emit_cnames(t, draft);
}

enum rc translate_emit(struct translation *t, struct draft *draft)
{
	return draft->native ? translate_emit_native(t, draft) : emit_gateway(t, draft);
}
