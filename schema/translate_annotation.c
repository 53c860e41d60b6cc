/* adit's annotations dns and protect on Service, HTTPRoute and Gateway: the one nearest to the backend counts. */
#include "base/str.h"
#include "schema/translate_internal.h"

#define DNS "adit.cnap.tech/dns"
#define PROTECT "adit.cnap.tech/protect"

bool translate_has_annotation(const struct meta *meta)
{
	return meta_annotation(meta, DNS, NULL) || meta_annotation(meta, PROTECT, NULL);
}

bool translate_is_said(const struct said *said, bool of_gateway)
{
	return said->is_yes || (said->is_open && of_gateway);
}

/** @param service  NULL: none that is known */
static void listen(struct said *said, const char *key, const struct meta *service, bool of_service, const struct meta *route,
		   bool of_route)
{
	if (service && meta_annotation(service, key, NULL))
		said->is_yes |= of_service;
	else if (meta_annotation(route, key, NULL))
		said->is_yes |= of_route;
	else
		said->is_open = true;
}

static void listen_to_both(struct part_rule *rule, const struct meta *service, const struct meta *route)
{
	listen(&rule->dns, DNS, service, service && !service->dns_off, route, !route->dns_off);
	listen(&rule->protect, PROTECT, service, service && service->protect, route, route->protect);
}

/** The Service of a backend, if the Route may refer to it. */
static const struct meta *service_of(const struct translation *t, const struct http_route *route, const struct backend_ref *ref)
{
	const struct service *service;

	if (!t->has_annotated_services || !str_is_empty(ref->group) || !str_eq(ref->kind, "Service"))
		return NULL;
	service = translate_find(&t->services, ref->name_space, ref->name);
	if (!service || (!str_eq(ref->name_space, route->meta.name_space) &&
			 !translate_is_granted(t, route->meta.name_space, ref->name_space, ref->name)))
		return NULL;
	return &service->meta;
}

void translate_listen(const struct translation *t, const struct http_route *route, struct part_rule *rule)
{
	bool has_backends = false;

	for (size_t i = 0; i < rule->rule->backend_count; i++) {
		const struct backend_ref *ref = &rule->rule->backends[i];

		if (ref->weight <= 0)
			continue;
		listen_to_both(rule, service_of(t, route, ref), &route->meta);
		has_backends = true;
	}
	if (!has_backends)
		listen_to_both(rule, NULL, &route->meta);
}
