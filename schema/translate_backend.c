/* backendRefs: weights, grants, Services, their ports and protocols, TLS to them. */
#include <string.h>

#include "base/str.h"
#include "schema/translate_internal.h"

/** One backend on its way to a service URL. */
struct backend {
	const struct part_route *route;
	struct part_rule *rule;
	const struct backend_ref *ref;
	const char *key;                  /**< "namespace/name" */
	const struct service *service;    /**< NULL: not in the input */
	const struct service_port *port;
	int32_t number;                   /**< that the URL names */
	const char *scheme;
};

/** appProtocol to scheme; what is not listed is refused. */
static const struct {
	const char *app_protocol, *scheme;
} schemes[] = {
	{"http", "http"}, {"kubernetes.io/ws", "http"}, {"ws", "http"},
	{"https", "https"}, {"kubernetes.io/wss", "https"}, {"wss", "https"},
};

static enum rc check_reference(struct translation *t, struct backend *b)
{
	const struct backend_ref *ref = b->ref;
	const char *from = b->route->route->meta.name_space;

	if (ref->filter_count)
		return translate_close(t, b->rule, "backend filters", ref->span,
				       "backend %s has filters of its own, which a tunnel cannot run", ref->name);
	if (!str_is_empty(ref->group) || !str_eq(ref->kind, "Service"))
		return translate_close(t, b->rule, "backend kind", ref->span,
				       "backend %s is a %s%s%s, and a tunnel reaches Services only "
				       "(InvalidKind)", ref->name,
				       ref->kind, str_is_empty(ref->group) ? "" : " of ", str_or_empty(ref->group));
	if (!str_eq(ref->name_space, from) && !translate_is_granted(t, from, ref->name_space, ref->name))
		return translate_close(t, b->rule, "ReferenceGrant", ref->span,
				       "no ReferenceGrant in namespace %s lets HTTPRoutes of namespace %s "
				       "refer to Service %s "
				       "(RefNotPermitted)", ref->name_space, from, ref->name);
	if (!ref->port)
		return translate_close(t, b->rule, "backend port", ref->span, "backend %s names no port",
				       ref->name);
	return RC_OK;
}

/** A Service that is not in the input: taken as given, said once. */
static enum rc take_as_given(struct translation *t, const struct backend *b)
{
	const char *port = arena_printf(t->scratch, "%s:%d", b->key, b->ref->port);

	if (!port)
		return RC_NOMEM;
	if (t->in->project->services == SERVICES_REQUIRE) {
		t->has_errors = true;
		diag_help(t->diags,
			  diag_add(t->diags, SEVERITY_ERROR, "A0215", b->ref->span,
				   "Service %s is not in the input, and the project requires Services", b->key),
			  "Add its manifest to the input, or set spec.services: optional.");
		return RC_OK;
	}
	if (map_get(&t->noted_services, port))
		return RC_OK;
	diag_add(t->diags, SEVERITY_NOTE, "A0214", b->ref->span,
		 "Service %s is not in the input: port %d is taken as given", b->key, b->ref->port);
	return map_put(&t->noted_services, port, t, NULL);
}

static const struct service_port *find_port(const struct service *service, int32_t number,
					    bool *ret_is_other_protocol)
{
	*ret_is_other_protocol = false;
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];

		if (port->port != number)
			continue;
		if (!port->protocol || str_eq(port->protocol, "TCP"))
			return port;
		*ret_is_other_protocol = true;
	}
	return NULL;
}

/** DNS of a headless Service gives the pods, which listen on the target port. */
static enum rc judge_headless(struct translation *t, struct backend *b)
{
	if (!b->port->target_port_name) {
		b->number = b->port->target_port ? b->port->target_port : b->port->port;
		return RC_OK;
	}
	return translate_close(t, b->rule, "named targetPort", b->ref->span,
			       "Service %s is headless and its targetPort %s is a name, which only the cluster "
			       "can resolve; "
			       "write the number", b->key, b->port->target_port_name);
}

static enum rc judge_port(struct translation *t, struct backend *b)
{
	bool is_other_protocol;

	if (b->service->is_external_name)
		return translate_close(t, b->rule, "ExternalName", b->ref->span,
				       "Service %s is an ExternalName, which may lead out of the cluster", b->key);
	b->port = find_port(b->service, b->ref->port, &is_other_protocol);
	if (!b->port && is_other_protocol)
		return translate_close(t, b->rule, "backend protocol", b->ref->span,
				       "port %d of Service %s is not a TCP port", b->ref->port, b->key);
	if (!b->port)
		return translate_close(t, b->rule, "backend port", b->ref->span,
				       "Service %s has no port %d (BackendNotFound)", b->key, b->ref->port);
	return b->service->is_headless ? judge_headless(t, b) : RC_OK;
}

static enum rc judge_protocol(struct translation *t, struct backend *b)
{
	const char *app_protocol = b->port ? b->port->app_protocol : NULL;

	b->scheme = "http";
	if (str_is_empty(app_protocol))
		return RC_OK;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (str_eq(app_protocol, schemes[i].app_protocol)) {
			b->scheme = schemes[i].scheme;
			return RC_OK;
		}
	return translate_close(t, b->rule, "appProtocol", b->ref->span,
			       "port %d of Service %s speaks %s, which a tunnel cannot (UnsupportedProtocol)",
			       b->ref->port,
			       b->key, app_protocol);
}

/** Nothing from an annotation may switch off what the policy asks for. */
static enum rc verify(struct translation *t, struct backend *b, const struct backend_tls_policy *policy)
{
	struct json *over = json_new(t->arena, JSON_OBJECT);

	if (!over || json_set(t->arena, over, "originServerName", json_new_string(t->arena, policy->hostname)))
		return RC_NOMEM;
	b->scheme = "https";
	b->rule->is_verified = true;
	if (json_get_bool(b->rule->origin_request, "noTLSVerify", false)) {
		diag_add(t->diags, SEVERITY_WARNING, "A0221", policy->meta.span,
			 "BackendTLSPolicy %s asks for a verified certificate: noTLSVerify does not hold for "
			 "Service %s",
			 policy->meta.key, b->key);
		if (json_set(t->arena, over, "noTLSVerify", json_new_bool(t->arena, false)))
			return RC_NOMEM;
	}
	return translate_merge(t, b->rule->origin_request, over, &b->rule->origin_request);
}

static enum rc judge_tls(struct translation *t, struct backend *b)
{
	const char *port_name = b->port ? b->port->name : NULL;
	const struct backend_tls_policy *policy = translate_tls_policy(t, b->key, port_name);
	const char *fault = NULL;

	if (!b->service && map_get(&t->tls_sections, b->key))
		return translate_close(t, b->rule, "BackendTLSPolicy", b->ref->span,
				       "a BackendTLSPolicy names a port of Service %s by its name: add the "
				       "Service to the input",
				       b->key);
	if (!policy)
		return RC_OK;
	if (policy->ca_ref_count)
		fault = "caCertificateRefs need a file beside cloudflared";
	else if (policy->san_count)
		fault = "subjectAltNames cannot be checked";
	else if (!policy->uses_system_cas)
		fault = "only wellKnownCACertificates: System can be checked";
	if (!fault)
		return verify(t, b, policy);
	return translate_close(t, b->rule, "BackendTLSPolicy", b->ref->span,
			       "BackendTLSPolicy %s covers Service %s: %s", policy->meta.key, b->key, fault);
}

/** A policy on the Service or on the port. Of a Service that is not in the input any port may be meant. */
static enum rc judge_policy(struct translation *t, struct backend *b)
{
	const struct meta given = {.name_space = b->ref->name_space, .name = b->ref->name, .key = b->key};
	const struct meta *meta = b->service ? &b->service->meta : &given;
	const char *section = b->port ? b->port->name : ANY_SECTION;
	const struct fault *fault = NULL;
	enum rc rc;

	if (!t->policies.count)
		return RC_OK;
	rc = translate_policy_of(t, "Service", meta, NULL, &fault);
	if (!rc && !fault && section)
		rc = translate_policy_of(t, "Service", meta, section, &fault);
	if (!rc && fault) {
		b->rule->verdict = RULE_CLOSED;
		b->rule->faults = fault;
	}
	return rc;
}

/** The annotation of the Service is nearer than the Route's, but what filters ask for is nearer still. */
static enum rc merge_annotation(struct translation *t, struct backend *b)
{
	const struct json *host = json_get(b->rule->origin_request, "httpHostHeader");
	const struct json *of_route = json_get(b->route->route->meta.origin_request, "httpHostHeader");
	const struct json *merged;
	struct json *over;
	enum rc rc;

	if (!b->service || !b->service->meta.origin_request)
		return RC_OK;
	rc = translate_merge(t, b->rule->origin_request, b->service->meta.origin_request, &merged);
	if (!rc && host && host != of_route) {
		over = json_new(t->arena, JSON_OBJECT);
		if (!over || json_set(t->arena, over, "httpHostHeader", (struct json *)(uintptr_t)host))
			return RC_NOMEM;
		rc = translate_merge(t, merged, over, &merged);
	}
	if (!rc)
		b->rule->origin_request = merged;
	return rc;
}

static enum rc service_of(struct translation *t, const struct backend *b, const char **ret_service)
{
	char port[STR_INT_BYTES];
	size_t digits = (size_t)(str_put_int(port, b->number) - port);
	size_t scheme = strlen(b->scheme), name = strlen(b->ref->name), name_space = strlen(b->ref->name_space);
	char *out = arena_alloc(t->arena, scheme + 3 + name + 1 + name_space + 5 + digits + 1);

	*ret_service = out;
	if (!out)
		return RC_NOMEM;
	out = mempcpy(mempcpy(out, b->scheme, scheme), "://", 3);
	out = mempcpy(mempcpy(out, b->ref->name, name), ".", 1);
	out = mempcpy(mempcpy(out, b->ref->name_space, name_space), ".svc:", 5);
	memcpy(out, port, digits);
	return RC_OK;
}

/** Each step either closes the rule or finds out more; permission comes before existence. */
static enum rc resolve(struct translation *t, struct backend *b)
{
	enum rc rc = check_reference(t, b);

	if (rc || b->rule->verdict != RULE_SERVES)
		return rc;
	b->service = translate_find(&t->services, b->ref->name_space, b->ref->name);
	b->key = b->service ? b->service->meta.key
			    : arena_printf(t->scratch, "%s/%s", b->ref->name_space, b->ref->name);
	if (!b->key)
		return RC_NOMEM;
	b->number = b->ref->port;
	rc = b->service ? judge_port(t, b) : take_as_given(t, b);
	if (!rc && b->rule->verdict == RULE_SERVES)
		rc = judge_protocol(t, b);
	if (!rc && b->rule->verdict == RULE_SERVES)
		rc = merge_annotation(t, b);
	if (!rc && b->rule->verdict == RULE_SERVES)
		rc = judge_tls(t, b);
	if (!rc && b->rule->verdict == RULE_SERVES)
		rc = judge_policy(t, b);
	if (rc || b->rule->verdict != RULE_SERVES)
		return rc;
	return service_of(t, b, &b->rule->service);
}

static enum rc answer_500(struct translation *t, const struct part_route *route, struct part_rule *rule,
			  const char *why)
{
	diag_address(t->diags,
		     diag_add(t->diags, SEVERITY_WARNING, "A0216", rule->rule->span,
			      "the rule %s: requests get status 500", why),
		     route->object);
	return translate_close(t, rule, NULL, rule->rule->span, "the rule %s", why);
}

enum rc translate_backends(struct translation *t, const struct part_route *route, struct part_rule *rule)
{
	struct backend backend = {.route = route, .rule = rule};
	size_t used = 0;

	for (size_t i = 0; i < rule->rule->backend_count; i++) {
		const struct backend_ref *ref = &rule->rule->backends[i];

		if (ref->weight <= 0)
			continue;
		backend.ref = ref;
		used++;
	}
	if (!rule->rule->backend_count)
		return answer_500(t, route, rule, "has no backendRefs");
	if (!used)
		return answer_500(t, route, rule, "has backends of weight 0 only");
	if (used > 1)
		return translate_close(t, rule, "weights", rule->rule->backends[0].span,
				       "splits traffic over %zu backends, and a tunnel rule has one; give the "
				       "others weight 0",
				       used);
	return resolve(t, &backend);
}
