/* Listeners: which of them a tunnel serves, and the blocks of hostnames that they make. */
#include <string.h>

#include "base/sort.h"
#include "base/str.h"
#include "schema/translate_internal.h"

static bool is_http(enum listener_protocol protocol)
{
	return protocol == PROTOCOL_HTTP || protocol == PROTOCOL_HTTPS;
}

/** The reason of Conflicted, or NULL. */
static const char *conflict_of(const struct listener *a, const struct listener *b)
{
	if (a->port != b->port)
		return NULL;
	if (a->protocol == b->protocol)
		return is_http(a->protocol) && str_eq(str_or_empty(a->hostname), str_or_empty(b->hostname)) ?
			       "HostnameConflict" : NULL;
	return is_http(a->protocol) && is_http(b->protocol) ? "ProtocolConflict" : NULL;
}

/** Of two listeners that cannot be told apart neither wins. At most 64 in a Gateway, hence each with each. */
static void find_conflict(struct translation *t, const struct draft *draft, struct draft_listener *l)
{
	for (size_t i = 0; i < draft->listener_count; i++) {
		const struct listener *other = draft->listeners[i].listener;
		const char *reason = other == l->listener ? NULL : conflict_of(l->listener, other);

		if (!reason)
			continue;
		l->is_live = false;
		l->closed_to = arena_printf(t->arena, "it is in conflict with listener %s (%s)", other->name,
					    reason);
		diag_help(t->diags,
			  diag_add(t->diags, SEVERITY_WARNING, "A0209", l->listener->span,
				   "listener %s of %s is in conflict with listener %s (%s): neither is served",
				   l->listener->name, draft->object, other->name, reason),
			  "Give each listener its own combination of port, protocol and hostname.");
		return;
	}
}

static bool admits_kind(const struct listener *listener)
{
	for (size_t i = 0; i < listener->kind_count; i++)
		if (str_eq(listener->kinds[i].kind, "HTTPRoute") &&
		    (!listener->kinds[i].group || str_eq(listener->kinds[i].group, GATEWAY_GROUP)))
			return true;
	return !listener->kind_count;
}

static enum rc judge(struct translation *t, const struct draft *draft, struct draft_listener *l)
{
	const struct listener *listener = l->listener;

	l->is_live = is_http(listener->protocol);
	if (!l->is_live) {
		diag_add(t->diags, SEVERITY_NOTE, "A0208", listener->span,
			 "listener %s of %s is left out: a tunnel serves HTTP and HTTPS, not %s", listener->name,
			 draft->object, listener->protocol_text);
		l->closed_to = arena_printf(t->arena,
					    "its protocol is %s, and a tunnel serves HTTP and HTTPS listeners "
					    "only",
					    listener->protocol_text);
		return l->closed_to ? RC_OK : RC_NOMEM;
	}
	find_conflict(t, draft, l);
	if (!l->is_live)
		return l->closed_to ? RC_OK : RC_NOMEM;
	if (!admits_kind(listener))
		l->closed_to = "its allowedRoutes.kinds does not list HTTPRoute";
	else if (listener->from == ROUTES_FROM_SELECTOR && !listener->selector.is_present)
		l->closed_to = "its allowedRoutes.namespaces is from: Selector without a selector";
	else if (listener->from == ROUTES_FROM_NONE)
		l->closed_to = "its allowedRoutes.namespaces is from: None";
	if (draft->gateway->shared)
		return translate_shared_policy(t, draft->gateway->shared->listener_policies[l - draft->listeners], &l->policy);
	return translate_policy_of(t, "Gateway", &draft->gateway->meta, listener->name, &l->policy);
}

static int compare_blocks(const void *a, const void *b)
{
	const struct draft_block *ba = a, *bb = b;

	return hostname_compare(ba->hostname, bb->hostname);
}

/** One block for each hostname of a live listener, and one for no hostname at the end. */
static enum rc make_blocks(struct translation *t, struct draft *draft)
{
	enum rc rc = RC_OK;

	draft->blocks = arena_array(t->scratch, draft->listener_count + 1, sizeof(*draft->blocks));
	if (!draft->blocks)
		return RC_NOMEM;
	for (size_t i = 0; i <= draft->listener_count; i++) {
		bool is_last = i == draft->listener_count;
		const char *hostname = is_last ? "" : draft->listeners[i].hostname;
		struct draft_block *block = &draft->blocks[draft->block_count];

		if ((!is_last && !draft->listeners[i].is_live) || map_get(&draft->block_by_hostname, hostname))
			continue;
		block->hostname = hostname;
		block->listener = is_last ? NULL : draft->listeners[i].listener;
		rc = map_put(&draft->block_by_hostname, hostname, block, NULL);
		if (rc)
			return rc;
		draft->block_count++;
	}
	sort_items(draft->blocks, draft->block_count, sizeof(*draft->blocks), compare_blocks);
	for (size_t i = 0; !rc && i < draft->block_count; i++)
		rc = map_put(&draft->block_by_hostname, draft->blocks[i].hostname, &draft->blocks[i], NULL);
	return rc;
}

enum rc translate_listeners(struct translation *t, struct draft *draft)
{
	const struct gateway *gateway = draft->gateway;
	enum rc rc = RC_OK;

	draft->listeners = arena_array(t->scratch, gateway->listener_count, sizeof(*draft->listeners));
	if (!draft->listeners)
		return RC_NOMEM;
	draft->listener_count = gateway->listener_count;
	for (size_t i = 0; i < draft->listener_count; i++) {
		struct draft_listener *l = &draft->listeners[i];

		l->listener = &gateway->listeners[i];
		l->hostname = str_or_empty(l->listener->hostname);
		l->is_https = l->listener->protocol == PROTOCOL_HTTPS;
		map_init(&l->admitted, t->scratch);
	}
	for (size_t i = 0; !rc && i < draft->listener_count; i++)
		rc = judge(t, draft, &draft->listeners[i]);
	return rc ? rc : make_blocks(t, draft);
}

enum rc translate_block_of(struct translation *t, const struct draft *draft, const char *hostname,
			   size_t *ret_block)
{
	char buffer[256], *pattern;
	size_t size = strlen(hostname) + 1;
	const struct draft_block *block;

	*ret_block = 0;
	if (draft->block_count == 1)
		return RC_OK;
	pattern = size <= sizeof(buffer) ? memcpy(buffer, hostname, size) : arena_strdup(t->arena, hostname);
	if (!pattern)
		return RC_NOMEM;
	while (!(block = map_get(&draft->block_by_hostname, pattern)))
		pattern = hostname_widen(pattern);
	*ret_block = (size_t)(block - draft->blocks);
	return RC_OK;
}

static const char SELECTOR_YES, SELECTOR_NO; /**< values of draft_listener.admitted */

static enum rc ask_selector(struct translation *t, struct draft_listener *l, const char *name_space,
			    bool *ret_admits)
{
	const char *verdict = map_get(&l->admitted, name_space);
	const struct namespace_object *object;
	enum rc rc;

	if (!verdict) {
		object = map_get(&t->namespaces, name_space);
		verdict = translate_selects(&l->listener->selector, object ? &object->meta : NULL, name_space) ?
				  &SELECTOR_YES : &SELECTOR_NO;
		rc = map_put(&l->admitted, name_space, (void *)(uintptr_t)verdict, NULL);
		if (rc)
			return rc;
	}
	*ret_admits = verdict == &SELECTOR_YES;
	return RC_OK;
}

enum rc translate_admits(struct translation *t, const struct draft *draft, struct draft_listener *l,
			 const char *name_space, bool *ret_admits)
{
	bool is_same = str_eq(name_space, draft->gateway->meta.name_space);

	*ret_admits = false;
	if (l->closed_to)
		return RC_OK;
	switch (l->listener->from) {
	case ROUTES_FROM_ALL:
		*ret_admits = true;
		break;
	case ROUTES_FROM_SAME:
		*ret_admits = is_same || t->in->project->attach == ATTACH_LENIENT;
		break;
	case ROUTES_FROM_SELECTOR:
		return ask_selector(t, l, name_space, ret_admits);
	case ROUTES_FROM_NONE:
		break;
	}
	return RC_OK;
}
