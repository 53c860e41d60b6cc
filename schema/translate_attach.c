/* Which listeners take a Route. Source: gateway-semantics 3.5, 3.9. */
#include "schema/translate_attach.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define LISTENERS_NAMED 6u /**< in one message */

static const char *parent_text(struct translation *t, const struct parent_ref *parent)
{
	const char *section = parent->section_name ?
				      arena_printf(t->arena, " section %s", parent->section_name) : "";
	const char *port = parent->port ? arena_printf(t->arena, " port %d", parent->port) : "";

	if (!section || !port)
		return NULL;
	return arena_printf(t->arena, "%s %s/%s%s%s", parent->kind, parent->name_space, parent->name, section,
			    port);
}

/** The parent does not take the Route. */
static enum rc miss(struct attach *a, const char *parent, struct span span, const char *reason,
		    const char *message)
{
	struct unattached unattached = {a->route->object, parent, reason, message, span};

	if (!message || !parent)
		return RC_NOMEM;
	if (!a->route->is_missed)
		a->route->miss_reason = message;
	a->route->is_missed = true;
	return translate_unattached(a->t, &unattached);
}

static bool is_selected(const struct draft_listener *l, const char *section, int32_t port)
{
	return (!section || str_eq(section, l->listener->name)) && (!port || port == l->listener->port);
}

static bool meets(const struct draft_listener *l, const struct http_route *route)
{
	size_t count;
	const char *const *hostnames = attach_hostnames(route, &count);

	for (size_t i = 0; i < count; i++)
		if (hostname_intersect(l->hostname, hostnames[i]))
			return true;
	return false;
}

static enum rc add_mark(struct attach *a, struct draft *draft, struct draft_listener *l)
{
	struct mark_of_listener *grown =
		arena_grow(a->t->scratch, a->marks, a->mark_count, &a->mark_capacity, sizeof(*grown));

	if (!grown)
		return RC_NOMEM;
	a->marks = grown;
	grown[a->mark_count++] = (struct mark_of_listener){draft, l};
	return RC_OK;
}

/** How far the listeners of one Gateway let a Route come. */
struct progress {
	const struct draft_listener *selected, *admitting; /**< the first that came so far; NULL: none */
	bool is_attached;
};

static enum rc try_listeners(struct attach *a, struct draft *draft, const char *section, int32_t port,
			     struct progress *ret_progress)
{
	const struct http_route *route = a->route->route;
	struct progress p = {0};

	for (size_t i = 0; i < draft->listener_count; i++) {
		struct draft_listener *l = &draft->listeners[i];
		bool admits;
		enum rc rc;

		if (!is_selected(l, section, port))
			continue;
		if (!p.selected || (p.selected->closed_to && !l->closed_to))
			p.selected = l;
		rc = translate_admits(a->t, draft, l, route->meta.name_space, &admits);
		if (!rc && admits) {
			p.admitting = p.admitting ? p.admitting : l;
			if (meets(l, route)) {
				p.is_attached = true;
				rc = add_mark(a, draft, l);
			}
		}
		if (rc)
			return rc;
	}
	*ret_progress = p;
	return RC_OK;
}

static const char *admission_text(struct attach *a, const struct draft *draft, const struct draft_listener *l)
{
	const char *name = l->listener->name, *name_space = a->route->route->meta.name_space;
	struct arena *arena = a->t->arena;

	if (l->closed_to)
		return arena_printf(arena, "listener %s of %s takes no HTTPRoute: %s", name, draft->object,
				    l->closed_to);
	if (l->listener->from == ROUTES_FROM_SELECTOR)
		return arena_printf(arena, "listener %s of %s selects namespaces by label, and namespace %s %s, or change "
				    "allowedRoutes.namespaces.selector", name, draft->object, name_space,
				    map_get(&a->t->namespaces, name_space)
					    ? "does not have those labels: label it"
					    : "is not in the input, so that its labels are not known: add the Namespace");
	return arena_printf(arena,
			    "listener %s of %s takes Routes of namespace %s only (allowedRoutes.namespaces.from: "
			    "Same, the default), and this one is of %s: set from: All or Selector there, or "
			    "attach: "
			    "lenient in the project", name, draft->object, draft->gateway->meta.name_space,
			    name_space);
}

static const char *hostname_text(struct attach *a, const struct draft *draft, const struct draft_listener *l)
{
	const struct http_route *route = a->route->route;

	return arena_printf(a->t->arena,
			    "hostname %s%s does not lie within %s of listener %s of %s: change one of them",
			    route->hostname_count ? route->hostnames[0] : "",
			    route->hostname_count > 1 ? " (and so on)" : "",
			    l->hostname, l->listener->name, draft->object);
}

static const char *listeners_text(struct attach *a, const struct draft *draft)
{
	struct strbuf text;
	const char *copy = NULL;

	strbuf_init(&text, 0);
	strbuf_addf(&text, "%s has no such listener, but", draft->object);
	for (size_t i = 0; i < draft->listener_count && i < LISTENERS_NAMED; i++)
		strbuf_addf(&text, "%s %s on port %d", i ? "," : "", draft->listeners[i].listener->name,
			    draft->listeners[i].listener->port);
	if (draft->listener_count > LISTENERS_NAMED)
		strbuf_adds(&text, " and others");
	strbuf_adds(&text, ": correct sectionName and port");
	if (!strbuf_failed(&text))
		copy = arena_strdup(a->t->arena, strbuf_text(&text));
	strbuf_done(&text);
	return copy;
}

static enum rc explain_miss(struct attach *a, const struct draft *draft, const char *parent, struct span span,
			    const struct progress *p)
{
	if (p->admitting)
		return miss(a, parent, span, "NoMatchingListenerHostname", hostname_text(a, draft, p->admitting));
	if (p->selected)
		return miss(a, parent, span, "NotAllowedByListeners", admission_text(a, draft, p->selected));
	return miss(a, parent, span, "NoMatchingParent", listeners_text(a, draft));
}

static enum rc attach_gateway(struct attach *a, struct draft *draft, const struct parent_ref *ref,
			      const char *parent)
{
	struct progress progress;
	enum rc rc = try_listeners(a, draft, ref ? ref->section_name : NULL, ref ? ref->port : 0, &progress);

	a->is_ours = true;
	if (rc || progress.is_attached)
		return rc;
	return explain_miss(a, draft, parent ? parent : parent_text(a->t, ref),
			    ref ? ref->span : a->route->route->meta.span, &progress);
}

/** A ListenerSet of a Gateway of ours: the parent is ours, but a tunnel's listeners are the Gateway's own. */
static enum rc attach_listener_set(struct attach *a, const struct parent_ref *ref)
{
	const struct other_route *set = translate_find(&a->t->listener_sets, ref->name_space, ref->name);
	const struct known_gateway *known = NULL;

	if (set && set->parent_count)
		known = translate_find(&a->t->gateway_by_key, set->parents[0].name_space, set->parents[0].name);
	if (!known || !known->draft) {
		a->is_foreign = true;
		return RC_OK;
	}
	a->is_ours = true;
	return miss(a, parent_text(a->t, ref), ref->span, "NoMatchingParent",
		    arena_printf(a->t->arena, "adit does not serve ListenerSets: refer to %s itself",
				 known->draft->object));
}

static enum rc attach_parent(struct attach *a, const struct parent_ref *ref)
{
	const struct known_gateway *known;

	if (str_eq(ref->group, GATEWAY_GROUP) && str_eq(ref->kind, "ListenerSet"))
		return attach_listener_set(a, ref);
	if (!str_eq(ref->group, GATEWAY_GROUP) || !str_eq(ref->kind, "Gateway")) {
		a->is_foreign = true;
		return RC_OK;
	}
	known = translate_find(&a->t->gateway_by_key, ref->name_space, ref->name);
	if (!known)
		return miss(a, parent_text(a->t, ref), ref->span, "NoMatchingParent",
			    arena_printf(a->t->arena,
					 "Gateway %s/%s is not in the input: add it, or correct parentRefs",
					 ref->name_space, ref->name));
	if (known->draft)
		return attach_gateway(a, known->draft, ref, NULL);
	a->is_foreign = true;
	a->foreign = known;
	return RC_OK;
}

static bool names_gateway(const struct http_route *route, const struct draft *draft)
{
	const struct meta *meta = &draft->gateway->meta;

	for (size_t i = 0; i < route->parent_count; i++)
		if (str_eq(route->parents[i].kind, "Gateway") && str_eq(route->parents[i].name, meta->name) &&
		    str_eq(route->parents[i].name_space, meta->name_space))
			return true;
	return false;
}

static enum rc attach_defaults(struct attach *a)
{
	struct translation *t = a->t;
	const struct http_route *route = a->route->route;
	const char *message = "it has no parentRefs: name a Gateway";
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && route->use_default_gateways && i < t->default_count; i++) {
		const char *parent = arena_printf(t->arena, "%s (default)", t->defaults[i]->object);
		struct progress progress;

		if (!parent)
			return RC_NOMEM;
		/* Named both ways: what the parentRefs do not take, the default may; its failure is not told twice. */
		rc = names_gateway(route, t->defaults[i]) ? try_listeners(a, t->defaults[i], NULL, 0, &progress)
							  : attach_gateway(a, t->defaults[i], NULL, parent);
	}
	if (rc || route->parent_count || (route->use_default_gateways && t->default_count))
		return rc;
	if (route->use_default_gateways)
		message = "useDefaultGateways: All, but no Gateway of adit's has defaultScope: All: set it there, or "
			  "name one as spec.defaultGateway in the project";
	return miss(a, "none", route->meta.span, "NoMatchingParent", message);
}

/** Hostnames of a Route that is attached, but which no listener has. */
static enum rc check_hostnames(struct attach *a)
{
	const struct http_route *route = a->route->route;
	bool is_any = false;

	for (size_t i = 0; a->mark_count && i < route->hostname_count; i++) {
		if (a->taken[i])
			continue;
		diag_address(a->t->diags,
			     diag_add(a->t->diags, SEVERITY_WARNING, "A0210", route->hostname_spans[i],
				      "hostname %s lies within no listener that takes the Route",
				      route->hostnames[i]),
			     a->route->object);
		is_any = true;
	}
	if (!is_any && !a->route->is_missed)
		return RC_OK;
	return translate_missed(a->t, a->route, a->taken);
}

/** A Route that nobody of ours takes, as its Gateway is somebody else's, still asks for what it may have had of us. */
static enum rc miss_foreign(struct attach *a)
{
	const struct known_gateway *known = a->foreign;

	if (!known || a->mark_count || a->route->is_missed)
		return RC_OK;
	a->route->is_missed = true;
	a->route->miss_reason = arena_printf(a->t->arena, "Gateway %s is not adit's: %s", known->gateway->meta.key,
					     known->why_not);
	return a->route->miss_reason ? RC_OK : RC_NOMEM;
}

static enum rc begin(struct attach *a, struct part_route *route)
{
	size_t count = route->route->hostname_count + 1;

	route->object = translate_object(a->t, "HTTPRoute", &route->route->meta);
	if (!route->object)
		return RC_NOMEM;
	a->route = route;
	a->mark_count = a->spot_count = 0;
	a->is_ours = a->is_foreign = false;
	a->foreign = NULL;
	if (count > a->taken_capacity) {
		a->taken = arena_array(a->t->scratch, count, sizeof(*a->taken));
		if (!a->taken)
			return RC_NOMEM;
		a->taken_capacity = count;
	}
	memset(a->taken, 0, count * sizeof(*a->taken));
	return RC_OK;
}

static enum rc attach_route(struct attach *a, struct part_route *route)
{
	enum rc rc = begin(a, route);

	for (size_t i = 0; !rc && i < route->route->parent_count; i++)
		rc = attach_parent(a, &route->route->parents[i]);
	if (!rc)
		rc = attach_defaults(a);
	if (!rc)
		rc = attach_fill(a);
	if (!rc)
		rc = miss_foreign(a);
	if (!rc)
		rc = check_hostnames(a);
	a->t->foreign_route_count += a->is_foreign && !a->is_ours;
	return rc;
}

enum rc translate_routes(struct translation *t)
{
	struct attach a = {.t = t};
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < t->route_count; i++)
		rc = attach_route(&a, &t->routes[i]);
	if (!rc && t->foreign_route_count)
		diag_add(t->diags, SEVERITY_NOTE, "A0220", (struct span){0},
			 "%zu HTTPRoute%s to Gateways or other parents that are not adit's",
			 t->foreign_route_count,
			 t->foreign_route_count == 1 ? " belongs" : "s belong");
	return rc;
}
