/* Kinds of Routes, and ListenerSets, that a tunnel cannot serve: refused where their parent is ours. */
#include "base/str.h"
#include "schema/translate_internal.h"

/** What stands in for each kind. */
static const struct {
	const char *kind, *reason;
} ways_out[] = {
	{"GRPCRoute", "cloudflared reaches gRPC over HTTPS with http2Origin only: write an HTTPRoute to an https backend"},
	{"TLSRoute", "a tunnel ends TLS at Cloudflare's edge: write an HTTPRoute, or a Tunnel with a tcp:// service"},
	{"TCPRoute", "a Gateway's TCP listener has no counterpart: write a Tunnel with a tcp:// service"},
	{"UDPRoute", "a tunnel's rules carry no UDP"},
	{"ListenerSet", "a tunnel's listeners are those of the Gateway itself: write them there"},
};

static const char *reason_of(const char *kind)
{
	for (size_t i = 0; i < sizeof(ways_out) / sizeof(ways_out[0]); i++)
		if (str_eq(ways_out[i].kind, kind))
			return ways_out[i].reason;
	return "a tunnel serves HTTPRoutes only";
}

static enum rc refuse(struct translation *t, const struct other_route *route, const char *parent, struct span span)
{
	struct fault fault = {.feature = route->kind, .span = span};
	const char *object = translate_object(t, route->kind, &route->meta);

	fault.reason = arena_printf(t->arena, "it is attached to %s: %s", parent, reason_of(route->kind));
	if (!object || !fault.reason)
		return RC_NOMEM;
	if (!route->hostname_count)
		return translate_refuse(t, object, &fault, "left out", "");
	return translate_refuse(t, object, &fault, "no rule at", route->hostnames[0]);
}

static enum rc judge(struct translation *t, const struct other_route *route)
{
	enum rc rc = RC_OK;
	bool is_named = false;

	for (size_t i = 0; !rc && i < route->parent_count; i++) {
		const struct parent_ref *ref = &route->parents[i];
		const struct known_gateway *known = translate_find(&t->gateway_by_key, ref->name_space, ref->name);

		if (!str_eq(ref->group, GATEWAY_GROUP) || !str_eq(ref->kind, "Gateway") || !known || !known->draft)
			continue;
		is_named = true;
		rc = refuse(t, route, known->draft->object, ref->span);
	}
	if (!rc && !is_named && route->use_default_gateways && t->default_count)
		rc = refuse(t, route, t->defaults[0]->object, route->meta.span);
	return rc;
}

enum rc translate_others(struct translation *t)
{
	const struct objects *objects = t->in->objects;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < objects->other_count; i++)
		if (!translate_is_ignored(t, objects->others[i]->kind, &objects->others[i]->meta))
			rc = judge(t, objects->others[i]);
	return rc;
}
