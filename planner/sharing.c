/* Shared tunnels: who has what, and the merge of all slices. */
#include "planner/sharing.h"

#include <string.h>

#include "base/sort.h"
#include "base/str.h"
#include "planner/document.h"
#include "schema/translate_hostname.h"

void sharing_init(struct sharing *sharing, struct arena *arena)
{
	*sharing = (struct sharing){0};
	map_init(&sharing->by_address, arena);
	map_init(&sharing->held, arena);
	map_init(&sharing->closings, arena);
}

static int compare_tunnels(const void *a, const void *b)
{
	const struct shared_tunnel *ta = a, *tb = b;

	return strcmp(ta->address, tb->address);
}

enum rc sharing_add(struct arena *arena, struct sharing *sharing, const struct shared_tunnel *tunnel)
{
	struct shared_tunnel *grown = arena_array(arena, sharing->count + 1, sizeof(*grown));
	enum rc rc = grown ? RC_OK : RC_NOMEM;

	if (rc)
		return rc;
	if (sharing->count)
		memcpy(grown, sharing->tunnels, sharing->count * sizeof(*grown));
	grown[sharing->count++] = *tunnel;
	sharing->tunnels = grown;
	sort_items(grown, sharing->count, sizeof(*grown), compare_tunnels);
	for (size_t i = 0; !rc && i < sharing->count; i++)
		rc = map_put(&sharing->by_address, grown[i].address, &grown[i], NULL);
	return rc;
}

static bool makes_room(const struct resource *rule)
{
	return str_eq(rule->origin.precedence, PRECEDENCE_LAST);
}

enum rc sharing_hold(struct sharing *sharing, const struct slice *slices, size_t count)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < count; i++) {
		for (size_t r = 0; !rc && r < slices[i].rule_count; r++) {
			const struct resource *rule = slices[i].rules[r].resource;

			rc = map_put(makes_room(rule) ? &sharing->closings : &sharing->held, rule->address,
				     (void *)(uintptr_t)slices[i].project, NULL);
		}
		for (size_t r = 0; !rc && r < slices[i].in_flight_count; r++)
			rc = map_put(&sharing->held, slices[i].in_flight[r], (void *)(uintptr_t)slices[i].project, NULL);
	}
	return rc;
}

const struct shared_tunnel *sharing_find(const struct sharing *sharing, const char *tunnel_address)
{
	return sharing ? map_get(&sharing->by_address, tunnel_address) : NULL;
}

const char *sharing_user(const struct shared_tunnel *tunnel)
{
	for (size_t i = 0; tunnel && i < tunnel->slice_count; i++)
		if (!str_eq(tunnel->slices[i].project, tunnel->owner) &&
		    (tunnel->slices[i].rule_count || tunnel->slices[i].in_flight_count))
			return tunnel->slices[i].project;
	return NULL;
}

const char *sharing_user_of(const struct shared_tunnel *tunnel, const char *hostname)
{
	for (size_t i = 0; tunnel && i < tunnel->slice_count; i++)
		for (size_t r = 0; r < tunnel->slices[i].rule_count; r++) {
			const struct resource *rule = tunnel->slices[i].rules[r].resource;

			if (!makes_room(rule) && str_eq(rule->u.rule.hostname, hostname))
				return tunnel->slices[i].project;
		}
	return NULL;
}

bool sharing_has(const struct shared_tunnel *tunnel, const char *project)
{
	for (size_t i = 0; i < tunnel->slice_count; i++)
		if (str_eq(tunnel->slices[i].project, project))
			return true;
	return str_eq(tunnel->owner, project);
}

/* Merging. */

struct merging {
	struct arena *arena;
	struct map blocks;     /**< hostname of a listener -> its place (size_t *) */
	struct map taken;      /**< rule address -> struct shared_rule * */
	struct shared_rule *rules;
	size_t count;
};

static enum rc index_blocks(struct merging *m, const struct json *document)
{
	const struct json *hostnames = json_get(document, "hostnames");
	size_t count = json_count(hostnames), *places = arena_array(m->arena, count + 1, sizeof(*places));
	enum rc rc = places ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < count; i++) {
		const struct json *hostname = json_item(hostnames, i);

		places[i] = i;
		if (hostname->type == JSON_STRING)
			rc = map_put(&m->blocks, hostname->u.string, &places[i], NULL);
	}
	if (!rc && !map_get(&m->blocks, "")) {
		places[count] = count;
		rc = map_put(&m->blocks, "", &places[count], NULL);
	}
	return rc;
}

/** The block of the most specific listener that covers the hostname. */
static enum rc block_of(struct merging *m, const char *hostname, size_t *ret_block)
{
	char *pattern = arena_strdup(m->arena, hostname);
	const size_t *place;

	if (!pattern)
		return RC_NOMEM;
	while (!(place = map_get(&m->blocks, pattern)))
		pattern = hostname_widen(pattern);
	*ret_block = *place;
	return RC_OK;
}

static enum rc add_rule(struct merging *m, const struct resource *rule, const char *project)
{
	struct shared_rule *there = map_get(&m->taken, rule->address), *added = &m->rules[m->count];
	enum rc rc;

	/* Of two at one place the one that makes room goes; else who was added first stays, and that is this project. */
	if (there && (makes_room(rule) || !makes_room(there->rule)))
		return RC_OK;
	if (there)
		added = there;
	*added = (struct shared_rule){rule, project, 0};
	rc = block_of(m, rule->u.rule.hostname, &added->block);
	if (rc || there)
		return rc;
	m->count++;
	return map_put(&m->taken, rule->address, added, NULL);
}

static int compare_rules(const void *a, const void *b)
{
	const struct shared_rule *ra = a, *rb = b;
	int order;

	if (ra->block != rb->block)
		return ra->block < rb->block ? -1 : 1;
	order = hostname_compare(ra->rule->u.rule.hostname, rb->rule->u.rule.hostname);
	if (!order)
		order = strcmp(str_or_empty(ra->rule->origin.precedence), str_or_empty(rb->rule->origin.precedence));
	return order ? order : strcmp(ra->rule->address, rb->rule->address);
}

enum rc sharing_merge(struct arena *arena, const struct json *document, struct resource *const *own, size_t own_count,
		      const struct slice *slices, size_t slice_count, struct shared_rule **ret_rules, size_t *ret_count)
{
	struct merging m = {.arena = arena};
	size_t most = own_count;
	enum rc rc;

	map_init(&m.blocks, arena);
	map_init(&m.taken, arena);
	for (size_t i = 0; i < slice_count; i++)
		most += slices[i].rule_count;
	m.rules = arena_array(arena, most, sizeof(*m.rules));
	rc = m.rules ? index_blocks(&m, document) : RC_NOMEM;
	for (size_t i = 0; !rc && i < own_count; i++)
		rc = add_rule(&m, own[i], NULL);
	for (size_t i = 0; i < slice_count; i++)
		for (size_t r = 0; !rc && r < slices[i].rule_count; r++)
			rc = add_rule(&m, slices[i].rules[r].resource, slices[i].project);
	if (rc)
		return rc;
	sort_items(m.rules, m.count, sizeof(*m.rules), compare_rules);
	*ret_rules = m.rules;
	*ret_count = m.count;
	return RC_OK;
}

enum rc sharing_fingerprint(struct arena *arena, const char *tunnel_address, const struct json *document,
			    const struct map *own, bool with_origin_request, const char **ret_fingerprint)
{
	struct resource **rules = NULL;
	size_t count = 0;
	enum rc rc = document_rules(arena, tunnel_address, document, &rules, &count);

	return rc ? rc : sharing_rules_fingerprint(arena, rules, count, document, own, with_origin_request, ret_fingerprint);
}

enum rc sharing_rules_fingerprint(struct arena *arena, struct resource *const *rules, size_t count,
				  const struct json *document, const struct map *own, bool with_origin_request,
				  const char **ret_fingerprint)
{
	struct strbuf buf;

	strbuf_init(&buf, 0);
	for (size_t i = 0; i < count; i++) {
		const struct rule_fields *rule = &rules[i]->u.rule;

		if (map_get(own, rules[i]->address))
			document_print_rule(&buf, rule);
	}
	if (with_origin_request)
		json_write_canonical(&buf, resource_origin_request_normal(arena, json_get(document, "originRequest")));
	*ret_fingerprint = strbuf_failed(&buf) ? NULL : str_xxh3_hex(arena, strbuf_text(&buf), buf.size);
	strbuf_done(&buf);
	return *ret_fingerprint ? RC_OK : RC_NOMEM;
}
