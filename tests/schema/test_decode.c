/* Documents, Lists, kinds, metadata, annotations, duplicates, the digest, and the defaults of the API server. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tests/base/unit.h"
#include "tests/schema/decoding.h"

#define GATEWAY_API "apiVersion: gateway.networking.k8s.io/v1\n"
#define DECODING_TEST(function) cmocka_unit_test_setup_teardown(function, decoding_setup, decoding_teardown)

/* A text, and the diagnostic that it gives (NULL: none), where, and a part of its message or help. */
struct text_case {
	const char *yaml, *code;
	uint32_t line, column;
	const char *part;
};

static void check_case(struct decoding *decoding, const struct text_case *item)
{
	const struct diag *diag;

	decoding_one(decoding, item->yaml);
	diag = item->code ? decoding_diag(decoding, item->code) : NULL;
	if ((!item->code && decoding->run.diags.error_count > 0) || (item->code && !diag) ||
	    (diag && (diag->span.line != item->line || diag->span.column != item->column)) ||
	    (diag && item->part && !strstr(diag->summary, item->part) && !strstr(str_or_empty(diag->help), item->part))) {
		print_error("%s\nexpected %s at %u:%u with: %s\n", item->yaml, str_or_empty(item->code), item->line,
			    item->column, str_or_empty(item->part));
		decoding_print(decoding);
		fail();
	}
}

static void check_cases(void **state, const struct text_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_case(*state, &cases[i]);
}

static void what_is_no_object(void **state)
{
	static const struct text_case cases[] = {
		{ "", NULL, 0, 0, NULL },
		{ "---\n# nothing\n---\n", NULL, 0, 0, NULL },
		{ "- a\n", "A0130", 1, 1, "no mapping" },
		{ "text\n", "A0130", 1, 1, "no mapping" },
		{ "\nreplicas: 2\n", "A0130", 2, 1, "no kind" },
		{ "kind: Gateway\n", "A0130", 1, 1, "no apiVersion" },
		{ "apiVersion: v1\nkind: 3\n", "A0130", 1, 1, "no kind" },
		{ "apiVersion: v1\nkind: ''\n", "A0130", 1, 1, "no kind" },
		{ "a: [\n", "A0103", 2, 1, NULL },
	};

	check_cases(state, cases, COUNT(cases));
}

static void what_is_no_kind_of_ours(void **state)
{
	static const struct text_case cases[] = {
		{ GATEWAY_API "kind: HTTPRuote\n", "A0131", 2, 7, "Did you mean HTTPRoute?" },
		{ GATEWAY_API "kind: httproute\n", "A0131", 2, 7, "Did you mean HTTPRoute?" },
		{ GATEWAY_API "kind: Backend\n", "A0131", 2, 7, "adit reads GatewayClass" },
		{ "apiVersion: adit.cnap.tech/v1\nkind: Tunel\n", "A0131", 2, 7, "Did you mean Tunnel?" },
		{ "apiVersion: adit.cnap.tech/v1\nkind: Projekt\n", "A0131", 2, 7, "Did you mean Project?" },
		{ "apiVersion: adit.cnap.tech/v2\nkind: Tunnel\n", "A0132", 1, 13, "Write apiVersion: adit.cnap.tech/v1." },
		{ "apiVersion: adit.cnap.tec/v1\nkind: Tunnel\n", "A0132", 1, 13, "adit.cnap.tech/v1" },
		{ "apiVersion: gateway.networking.k8s.io/v2\nkind: HTTPRoute\n", "A0132", 1, 13,
		  "gateway.networking.k8s.io/v1 or gateway.networking.k8s.io/v1beta1." },
		{ "apiVersion: gateway.networking.k8s.io\nkind: HTTPRoute\n", "A0132", 1, 13, NULL },
		{ "apiVersion: gateway.networking.k8s.com/v1\nkind: Whatever\n", "A0132", 1, 13, "gateway.networking.k8s.io/v1" },
		{ "apiVersion: networking.k8s.io/v1\nkind: HTTPRoute\n", "A0132", 1, 13, "gateway.networking.k8s.io/v1" },
		{ "apiVersion: v1\nkind: Gateway\n", "A0132", 1, 13, "gateway.networking.k8s.io/v1" },
		{ "apiVersion: v1\nkind: Servce\n", "A0131", 2, 7, "Did you mean Service?" },
		{ "apiVersion: v1\nkind: namespace\n", "A0131", 2, 7, "Did you mean Namespace?" },
		{ "apiVersion: gateway.networking.x-k8s.io/v1alpha1\nkind: XGateway\n", "A0131", 2, 7, "without X" },
		/* others have these names too */
		{ "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\n", NULL, 0, 0, NULL },
		{ "apiVersion: policy.linkerd.io/v1beta3\nkind: HTTPRoute\nmetadata: {name: a}\n", NULL, 0, 0, NULL },
		{ "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\n", NULL, 0, 0, NULL },
		{ "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n", NULL, 0, 0, NULL },
		{ "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", NULL, 0, 0, NULL },
		{ "apiVersion: adit.cnap.tech/v1\nkind: Project\nwhatever: 1\n", NULL, 0, 0, NULL },
	};

	check_cases(state, cases, COUNT(cases));
}

#define CLASS_META(meta) GATEWAY_API "kind: GatewayClass\nmetadata: " meta "\nspec: {controllerName: a/b}\n"

static void metadata(void **state)
{
	static const struct text_case cases[] = {
		{ CLASS_META("{name: a.b-c}"), NULL, 0, 0, NULL },
		{ CLASS_META("{namespace: a}"), "A0136", 3, 11, "required field \"name\" is missing" },
		{ CLASS_META("{generateName: a-}"), "A0136", 3, 11, "instead of generateName" },
		{ CLASS_META("{name: A}"), "A0137", 3, 18, "is not the name of an object" },
		{ CLASS_META("{name: 1}"), "A0135", 3, 18, "Write it in quotes: \"1\"." },
		{ CLASS_META("{name: a, lables: {}}"), "A0134", 3, 21, "Did you mean \"labels\"?" },
		{ CLASS_META("{name: a, labels: {b: true}}"), "A0135", 3, 33, "Write it in quotes: \"true\"." },
		{ CLASS_META("{name: a, labels: {b c: d}}"), "A0137", 3, 30, "is not a label's key" },
		{ CLASS_META("{name: a, labels: {b: 'c d'}}"), "A0137", 3, 33, "is not a label's value" },
		{ CLASS_META("{name: a, annotations: {b: 1}}"), "A0135", 3, 38, "Write it in quotes: \"1\"." },
		{ CLASS_META("{name: a, annotations: {B.c/d_e: 'any thing'}}"), NULL, 0, 0, NULL },
		{ CLASS_META("{name: a, annotations: {'b c': d}}"), "A0137", 3, 35, "is not an annotation's key" },
		{ CLASS_META("{name: a, creationTimestamp: null}"), NULL, 0, 0, NULL },
		{ CLASS_META("{name: a, creationTimestamp: 2026-11-23T03:33:00Z}"), NULL, 0, 0, NULL },
		{ CLASS_META("{name: a, creationTimestamp: yesterday}"), "A0137", 3, 40, "is not a point in time" },
		{ CLASS_META("{name: a, uid: b, resourceVersion: '1', generation: 1, selfLink: c, managedFields: [{}], "
			     "finalizers: [d], ownerReferences: [], deletionGracePeriodSeconds: 0}"), NULL, 0, 0, NULL },
		{ GATEWAY_API "kind: GatewayClass\nspec: {controllerName: a/b}\n", "A0136", 1, 1, "\"metadata\" is missing" },
		{ GATEWAY_API "kind: GatewayClass\nmetadata: {name: a}\n", "A0136", 1, 1, "\"spec\" is missing" },
		{ GATEWAY_API "kind: GatewayClass\nmetadata: {name: a}\nspecs: {}\n", "A0134", 4, 1, "Did you mean \"spec\"?" },
		{ CLASS_META("{name: a}") "status: {anything: [1]}\n", NULL, 0, 0, NULL },
		{ "apiVersion: v1\nkind: Namespace\nmetadata: {name: a.b}\n", "A0137", 3, 18, "is not the name of a namespace" },
		{ "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\ndata: 1\n", NULL, 0, 0, NULL },
		{ "apiVersion: v1\nkind: Service\nmetadata: {name: 1a, namespace: b}\n", "A0137", 3, 18, "is not the name of a Service" },
		{ "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: B}\n", "A0137", 3, 32, "is not the name of a namespace" },
	};

	check_cases(state, cases, COUNT(cases));
}

#define ANNOTATED(annotations) \
	GATEWAY_API "kind: Gateway\nmetadata:\n  name: g\n  namespace: e\n  annotations:\n    " annotations \
	"\nspec: {gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP}]}\n"

static void annotations(void **state)
{
	static const struct text_case cases[] = {
		{ ANNOTATED("adit.cnap.tech/dns: 'false'"), NULL, 0, 0, NULL },
		{ ANNOTATED("adit.cnap.tech/dns: 'no'"), "A0146", 7, 25, "must be \"true\" or \"false\"" },
		{ ANNOTATED("adit.cnap.tech/protect: 'False'"), "A0146", 7, 29, "must be \"true\" or \"false\"" },
		{ ANNOTATED("adit.cnap.tech/ignore: ''"), "A0146", 7, 28, "must be \"true\" or \"false\"" },
		{ ANNOTATED("adit.cnap.tech/dns: false"), "A0135", 7, 25, "Write it in quotes: \"false\"." },
		{ ANNOTATED("adit.cnap.tech/protected: 'true'"), "A0145", 7, 31, "Did you mean adit.cnap.tech/protect?" },
		{ ANNOTATED("adit.cnap.tech/xyz: 'true'"), "A0145", 7, 25, "Known: adit.cnap.tech/origin-request, dns" },
		{ ANNOTATED("other.example.com/xyz: 'true'"), NULL, 0, 0, NULL },
		{ ANNOTATED("adit.cnap.tech/origin-request: '{\"noTLSVerify\": true}'"), NULL, 0, 0, NULL },
		{ ANNOTATED("adit.cnap.tech/origin-request: '{noTLSVerify: true}'"), "A0147", 7, 36, "is not JSON" },
		{ ANNOTATED("adit.cnap.tech/origin-request: '{\"noTlsVerify\": true}'"), "A0134", 7, 36,
		  "Did you mean \"noTLSVerify\"?" },
		{ ANNOTATED("adit.cnap.tech/origin-request: '{\"noTLSVerify\": 1}'"), "A0135", 7, 36, "noTLSVerify: must be true or false" },
		{ ANNOTATED("adit.cnap.tech/origin-request: '{\"connectTimeout\": 1.5}'"), "A0137", 7, 36, "\"1.5\" is not a whole" },
		{ ANNOTATED("adit.cnap.tech/origin-request: '{\"noTLSVerify\": true, \"http2Origin\": true, \"noTLSVerify\": false}'"),
		  "A0108", 7, 36, "the key \"noTLSVerify\" twice" },
		{ ANNOTATED("adit.cnap.tech/origin-request: '{\"access\": {\"required\": true, \"teamName\": \"t\", \"audTag\": [\"a\"], "
			    "\"required\": false}}'"), "A0108", 7, 36, "the key \"required\" twice" },
		{ ANNOTATED("adit.cnap.tech/origin-request: '{\"httpHostHeader\": \"a.example.com\"}'"), NULL, 0, 0, NULL },
		{ ANNOTATED("adit.cnap.tech/origin-request: '{\"httpHostHeader\": \"a\\r\\nx: y\"}'"), "A0137", 7, 36,
		  "is not a Host header" },
		{ ANNOTATED("adit.cnap.tech/origin-request: '[]'"), "A0135", 7, 36, "must be a mapping" },
		{ "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  annotations: {adit.cnap.tech/dns: 'true'}\n", "A0154", 5, 37,
		  "has no effect on a Namespace" },
	};

	check_cases(state, cases, COUNT(cases));
}

static void annotations_become_values(void **state)
{
	struct decoding *decoding = *state;
	const struct meta *meta;
	struct span span;

	decoding_one(decoding, ANNOTATED("{adit.cnap.tech/dns: 'false', adit.cnap.tech/protect: 'true', adit.cnap.tech/ignore: 'true', "
					 "adit.cnap.tech/origin-request: '{\"connectTimeout\": \"1m30s\", \"tlsTimeout\": 5, "
					 "\"keepAliveConnections\": 10, \"proxyType\": null, "
					 "\"access\": {\"required\": true, \"teamName\": \"t\", \"audTag\": [\"a\"]}}'}"));
	assert_int_equal(decoding->objects.gateway_count, 1);
	meta = &decoding->objects.gateways[0]->meta;
	assert_true(meta->dns_off && meta->protect && meta->ignore);
	assert_int_equal(json_get_int(meta->origin_request, "connectTimeout", 0), 90);
	assert_int_equal(json_get_int(meta->origin_request, "tlsTimeout", 0), 5);
	assert_int_equal(json_get_int(meta->origin_request, "keepAliveConnections", 0), 10);
	assert_null(json_get(meta->origin_request, "proxyType"));
	assert_string_equal(json_get_string(json_get(meta->origin_request, "access"), "teamName", ""), "t");
	assert_string_equal(meta_annotation(meta, "adit.cnap.tech/dns", &span), "false");
	assert_int_equal(span.line, 7);
	assert_null(meta_annotation(meta, "adit.cnap.tech/none", NULL));
	decoding_one(decoding, ANNOTATED("{a: b}"));
	meta = &decoding->objects.gateways[0]->meta;
	assert_false(meta->dns_off || meta->protect || meta->ignore);
	assert_null(meta->origin_request);
}

static void defaults_of_a_route(void **state)
{
	struct decoding *decoding = *state;
	const struct http_route *route;

	decoding_one(decoding, GATEWAY_API
		     "kind: HTTPRoute\nmetadata: {name: r, namespace: ns}\nspec:\n  parentRefs: [{name: g}]\n"
		     "  rules:\n  - backendRefs: [{name: a, port: 80}]\n    matches:\n    - method: GET\n"
		     "      headers: [{name: X-Beta, value: b}]\n      queryParams: [{name: q, value: v}]\n"
		     "  - matches: []\n    timeouts: {request: 0s}\n    filters: [{type: RequestRedirect, requestRedirect: {}}]\n");
	assert_int_equal(decoding->objects.route_count, 1);
	route = decoding->objects.routes[0];
	assert_string_equal(route->meta.key, "ns/r");
	assert_string_equal(route->meta.name, "r");
	assert_true(route->meta.created_s == NO_TIMESTAMP);
	assert_string_equal(route->parents[0].group, "gateway.networking.k8s.io");
	assert_string_equal(route->parents[0].kind, "Gateway");
	assert_string_equal(route->parents[0].name_space, "ns");
	assert_null(route->parents[0].section_name);
	assert_int_equal(route->rule_count, 2);
	assert_int_equal(route->rules[0].matches[0].path_type, PATH_PREFIX);
	assert_string_equal(route->rules[0].matches[0].path, "/");
	assert_string_equal(route->rules[0].matches[0].condition, "method GET, header X-Beta, query parameter q");
	assert_int_equal(route->rules[0].matches[0].span.line, 9);
	assert_string_equal(route->rules[0].backends[0].group, "");
	assert_string_equal(route->rules[0].backends[0].kind, "Service");
	assert_string_equal(route->rules[0].backends[0].name_space, "ns");
	assert_false(route->rules[0].backends[0].has_namespace);
	assert_int_equal(route->rules[0].backends[0].weight, 1);
	assert_int_equal(route->rules[1].match_count, 1);
	assert_string_equal(route->rules[1].matches[0].path, "/");
	assert_null(route->rules[1].matches[0].condition);
	assert_int_equal(route->rules[1].span.line, 12);
	assert_false(route->rules[1].has_timeouts);
	assert_int_equal(route->rules[1].filters[0].status, 302);
}

static void everything_of_a_route(void **state)
{
	struct decoding *decoding = *state;
	const struct http_route *route;
	const struct http_rule *rule;

	decoding_one(decoding, GATEWAY_API
		     "kind: HTTPRoute\nmetadata: {name: r, creationTimestamp: '1970-01-01T00:01:00Z', labels: {a: b}}\nspec:\n"
		     "  useDefaultGateways: All\n  hostnames: [a.b, '*.c']\n"
		     "  parentRefs: [{name: g, namespace: o, sectionName: s, port: 443, kind: Service, group: ''}]\n"
		     "  rules:\n  - name: first\n    matches: [{path: {type: Exact, value: /x}}, {path: {type: RegularExpression, value: z}}]\n"
		     "    filters:\n    - type: URLRewrite\n      urlRewrite: {hostname: h.i, path: {type: ReplaceFullPath, replaceFullPath: /}}\n"
		     "    timeouts: {request: 10s}\n    retry: {}\n    sessionPersistence: {}\n"
		     "    backendRefs: [{name: a, namespace: z, port: 1, weight: 0, filters: [{type: CORS, cors: {}}]}]\n");
	assert_int_equal(decoding->objects.route_count, 1);
	route = decoding->objects.routes[0];
	rule = &route->rules[0];
	assert_true(route->use_default_gateways);
	assert_int_equal(route->meta.created_s, 60);
	assert_string_equal(route->meta.labels[0].value, "b");
	assert_string_equal(route->meta.key, "default/r");
	assert_string_equal(route->hostnames[1], "*.c");
	assert_int_equal(route->hostname_spans[1].column, 20);
	assert_string_equal(route->parents[0].section_name, "s");
	assert_int_equal(route->parents[0].port, 443);
	assert_string_equal(route->parents[0].group, "");
	assert_string_equal(rule->name, "first");
	assert_int_equal(rule->matches[0].path_type, PATH_EXACT);
	assert_int_equal(rule->matches[1].path_type, PATH_REGEX);
	assert_int_equal(rule->filters[0].type, FILTER_REWRITE);
	assert_string_equal(rule->filters[0].hostname, "h.i");
	assert_true(rule->filters[0].has_path);
	assert_true(rule->has_timeouts && rule->has_retry && rule->has_session_persistence);
	assert_string_equal(rule->backends[0].name_space, "z");
	assert_true(rule->backends[0].has_namespace);
	assert_int_equal(rule->backends[0].weight, 0);
	assert_int_equal(rule->backends[0].filter_count, 1);
}

static void a_route_without_rules_has_the_default_rule(void **state)
{
	struct decoding *decoding = *state;
	const struct http_rule *rule;

	decoding_one(decoding, GATEWAY_API "kind: HTTPRoute\nmetadata: {name: r, namespace: ns}\nspec: {}\n");
	assert_int_equal(decoding->objects.route_count, 1);
	rule = decoding->objects.routes[0]->rules;
	assert_int_equal(decoding->objects.routes[0]->rule_count, 1);
	assert_string_equal(rule->matches[0].path, "/");
	assert_int_equal(rule->backend_count, 0);
	assert_int_equal(rule->span.line, 4);
}

static void a_gateway(void **state)
{
	struct decoding *decoding = *state;
	const struct gateway *gateway;

	decoding_one(decoding, "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: Gateway\nmetadata: {name: g, namespace: e}\nspec:\n"
		     "  gatewayClassName: cloudflare\n  defaultScope: All\n  listeners:\n"
		     "  - {name: a, port: 80, protocol: http}\n"
		     "  - name: b\n    hostname: '*.x'\n    port: 443\n    protocol: HTTPS\n    allowedRoutes:\n"
		     "      kinds: [{kind: HTTPRoute}]\n      namespaces: {from: Selector, selector: {matchLabels: {k: v}, "
		     "matchExpressions: [{key: m, operator: NotIn, values: [p, q]}]}}\n");
	assert_int_equal(decoding->objects.gateway_count, 1);
	gateway = decoding->objects.gateways[0];
	assert_true(gateway->is_default);
	assert_string_equal(gateway->class_name, "cloudflare");
	assert_int_equal(gateway->listeners[0].protocol, PROTOCOL_HTTP);
	assert_string_equal(gateway->listeners[0].protocol_text, "http");
	assert_int_equal(gateway->listeners[0].from, ROUTES_FROM_SAME);
	assert_false(gateway->listeners[0].selector.is_present);
	assert_null(gateway->listeners[0].hostname);
	assert_string_equal(gateway->listeners[1].hostname, "*.x");
	assert_int_equal(gateway->listeners[1].hostname_span.line, 10);
	assert_int_equal(gateway->listeners[1].from, ROUTES_FROM_SELECTOR);
	assert_string_equal(gateway->listeners[1].kinds[0].group, "gateway.networking.k8s.io");
	assert_int_equal(gateway->listeners[1].selector.requirement_count, 2);
	assert_int_equal(gateway->listeners[1].selector.requirements[0].op, SELECTOR_IN);
	assert_string_equal(gateway->listeners[1].selector.requirements[0].values[0], "v");
	assert_int_equal(gateway->listeners[1].selector.requirements[1].op, SELECTOR_NOT_IN);
	assert_int_equal(gateway->listeners[1].selector.requirements[1].value_count, 2);
}

static void services_and_grants(void **state)
{
	struct decoding *decoding = *state;
	const struct service *service;

	decoding_one(decoding, "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: ns}\n"
		     "spec: {clusterIP: None, ports: [{port: 80, targetPort: http, name: web}, {port: 81, targetPort: 8081, "
		     "protocol: UDP, appProtocol: kubernetes.io/h2c}]}\n---\n"
		     "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: ns}\nspec: {type: ExternalName}\n---\n"
		     GATEWAY_API "kind: ReferenceGrant\nmetadata: {name: g, namespace: ns}\n"
		     "spec: {from: [{group: a.b, kind: K, namespace: m}], to: [{group: '', kind: Service}]}\n---\n"
		     GATEWAY_API "kind: ReferenceGrant\nmetadata: {name: none, namespace: ns}\n");
	assert_int_equal(decoding->objects.service_count, 2);
	service = decoding->objects.services[0];
	assert_true(service->is_headless);
	assert_string_equal(service->ports[0].target_port_name, "http");
	assert_int_equal(service->ports[0].target_port, 0);
	assert_string_equal(service->ports[0].protocol, "TCP");
	assert_int_equal(service->ports[1].target_port, 8081);
	assert_null(service->ports[1].target_port_name);
	assert_string_equal(service->ports[1].app_protocol, "kubernetes.io/h2c");
	assert_true(decoding->objects.services[1]->is_external_name);
	assert_int_equal(decoding->objects.grant_count, 2);
	assert_string_equal(decoding->objects.grants[0]->from[0].name_space, "m");
	assert_null(decoding->objects.grants[0]->to[0].name);
	assert_int_equal(decoding->objects.grants[1]->from_count, 0);
}

static void routes_that_are_refused_later(void **state)
{
	struct decoding *decoding = *state;
	const struct objects *objects = &decoding->objects;

	decoding_one(decoding, "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TLSRoute\nmetadata: {name: a, namespace: ns}\n"
		     "spec: {parentRefs: [{name: g, namespace: e}], rules: [{backendRefs: [{name: b, port: 1}]}]}\n---\n"
		     GATEWAY_API "kind: GRPCRoute\nmetadata: {name: b, namespace: ns}\nspec: {useDefaultGateways: All, hostnames: [x]}\n---\n"
		     GATEWAY_API "kind: ListenerSet\nmetadata: {name: c, namespace: ns}\n"
		     "spec: {parentRef: {name: g}, listeners: [{name: l, port: 1, protocol: HTTP}]}\n---\n"
		     "apiVersion: gateway.networking.x-k8s.io/v1alpha1\nkind: XHTTPRoute\nmetadata: {name: d, namespace: ns}\nspec: {any: 1}\n");
	assert_int_equal(objects->other_count, 4);
	assert_string_equal(objects->others[0]->kind, "TLSRoute");
	assert_string_equal(objects->others[0]->parents[0].name_space, "e");
	assert_true(objects->others[1]->use_default_gateways);
	assert_string_equal(objects->others[1]->hostnames[0], "x");
	assert_string_equal(objects->others[2]->kind, "ListenerSet");
	assert_string_equal(objects->others[2]->parents[0].name, "g");
	assert_string_equal(objects->others[3]->kind, "XHTTPRoute");
}

static void policies(void **state)
{
	struct decoding *decoding = *state;
	const struct objects *objects = &decoding->objects;

	decoding_one(decoding, "apiVersion: a.io/v1\nkind: P\nmetadata: {name: one, namespace: ns}\nspec:\n"
		     "  targetRef: {kind: Service, name: s}\n  other: 1\n---\n"
		     "apiVersion: a.io/v1\nkind: P\nmetadata: {name: two, namespace: ns}\nspec:\n"
		     "  targetRefs: [{group: g.h, kind: K, name: t, sectionName: u, namespace: v}, text, {kind: Gateway}]\n"
		     "  targetSelectors: [{kind: HTTPRoute, matchLabels: {l: m}}]\n---\n"
		     "apiVersion: a.io/v1\nkind: P\nmetadata: {name: three}\nspec: {targetRef: text}\n---\n"
		     GATEWAY_API "kind: BackendTLSPolicy\nmetadata: {name: b, namespace: ns}\nspec:\n"
		     "  targetRefs: [{group: '', kind: Service, name: s}]\n"
		     "  validation: {hostname: h, wellKnownCACertificates: System, subjectAltNames: [{type: Hostname, hostname: x}]}\n");
	assert_int_equal(objects->policy_count, 2);
	assert_string_equal(objects->policies[0]->group, "a.io");
	assert_string_equal(objects->policies[0]->meta.key, "ns/one");
	assert_string_equal(objects->policies[0]->targets[0].group, "");
	assert_string_equal(objects->policies[0]->targets[0].name_space, "ns");
	assert_int_equal(objects->policies[1]->target_count, 3);
	assert_string_equal(objects->policies[1]->targets[0].section_name, "u");
	assert_string_equal(objects->policies[1]->targets[0].name_space, "v");
	/* no name: everything of the kind */
	assert_null(objects->policies[1]->targets[1].name);
	assert_string_equal(objects->policies[1]->targets[1].group, "gateway.networking.k8s.io");
	assert_true(objects->policies[1]->targets[1].selector.is_present);
	assert_int_equal(objects->policies[1]->targets[1].selector.requirement_count, 0);
	assert_string_equal(objects->policies[1]->targets[2].selector.requirements[0].key, "l");
	assert_int_equal(objects->skipped_count, 1);
	assert_int_equal(objects->tls_policy_count, 1);
	assert_true(objects->tls_policies[0]->uses_system_cas);
	assert_int_equal(objects->tls_policies[0]->san_count, 1);
}

#define FOREIGN(spec) "apiVersion: a.io/v1\nkind: P\nmetadata: {name: a, namespace: n}\nspec: {" spec "}\n"

/* What names a target in the wrong shape would protect nothing; what names none is something of the foreign API's own. */
static void shapes_of_targets(void **state)
{
	static const struct text_case cases[] = {
		{ FOREIGN("targetRefs: {kind: HTTPRoute, name: r}"), "A0135", 4, 20, "spec.targetRefs: must be a list, not a mapping" },
		{ FOREIGN("targetSelectors: {kind: HTTPRoute, matchLabels: {a: b}}"), "A0135", 4, 25,
		  "spec.targetSelectors: must be a list, not a mapping" },
		{ FOREIGN("targetRef: [{kind: HTTPRoute, name: r}]"), "A0135", 4, 19, "spec.targetRef: must be a mapping, not a list" },
		{ FOREIGN("targetRefs: {a: b}, targetRef: [a], targetSelectors: {}"), NULL, 0, 0, NULL },
		{ FOREIGN("targetRefs: [{kind: HTTPRoute, name: r}], targetRef: {kind: Gateway, name: g}"), NULL, 0, 0, NULL },
	};
	struct decoding *decoding = *state;

	check_cases(state, cases, COUNT(cases));
	decoding_one(decoding, cases[0].yaml);
	assert_int_equal(decoding->objects.invalid_count, 1);
	assert_int_equal(decoding->objects.hidden_count, 1);
	assert_int_equal(decoding->objects.skipped_count, 0);
}

static void lists(void **state)
{
	struct decoding *decoding = *state;

	decoding_one(decoding, "apiVersion: v1\nkind: List\nmetadata: {resourceVersion: ''}\nitems:\n"
		     "- apiVersion: v1\n  kind: Namespace\n  metadata: {name: a}\n"
		     "- apiVersion: v1\n  kind: List\n  items:\n  - apiVersion: v1\n    kind: Namespace\n    metadata: {name: B}\n"
		     "- apiVersion: gateway.networking.k8s.io/v1\n  kind: HTTPRouteList\n  items:\n"
		     "  - metadata: {name: r, namespace: ns}\n    spec: {}\n");
	assert_int_equal(decoding->objects.document_count, 3);
	assert_int_equal(decoding->objects.invalid_count, 1);
	assert_int_equal(decoding->objects.namespace_count, 1);
	assert_int_equal(decoding->objects.namespaces[0]->meta.span.line, 5);
	assert_int_equal(decoding->objects.route_count, 1);
	assert_int_equal(decoding_diag(decoding, "A0137")->span.line, 13);
	decoding_one(decoding, "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": null}");
	assert_int_equal(decoding->run.diags.error_count, 0);
	/* items of an untyped List have no kind of their own to fall back to */
	decoding_one(decoding, "apiVersion: v1\nkind: List\nitems:\n- metadata: {name: a}\n- text\n");
	assert_int_equal(decoding->objects.invalid_count, 2);
	/* a kind that only ends like a List */
	decoding_one(decoding, "apiVersion: a.io/v1\nkind: AllowList\nspec: {}\n");
	assert_string_equal(decoding->objects.skipped[0].kind, "AllowList");
}

static void all_problems_are_reported(void **state)
{
	struct decoding *decoding = *state;
	const struct diags *diags = &decoding->run.diags;

	decoding_one(decoding, GATEWAY_API "kind: HTTPRoute\nmetadata: {name: R, labels: {a: 1}}\nspec:\n  hostnames: [A, b, C]\n"
		     "  rules:\n  - backendRefs: [{name: a}, {port: 0}]\n    filter: []\n");
	assert_int_equal(diags->error_count, 8);
	assert_string_equal(diags->items[0].address, "HTTPRoute default/R");
	assert_int_equal(decoding->objects.invalid_count, 1);
	assert_int_equal(decoding->objects.route_count, 0);
	/* the same document is no reason to refuse the next one */
	decoding_one(decoding, GATEWAY_API "kind: HTTPRoute\nmetadata: {name: R, namespace: ns}\nspec: {}\n---\n"
		     GATEWAY_API "kind: HTTPRoute\nmetadata: {name: s, namespace: ns}\nspec: {}\n");
	assert_int_equal(decoding->objects.invalid_count, 1);
	assert_int_equal(decoding->objects.route_count, 1);
}

static void problems_of_one_object_have_an_end(void **state)
{
	struct decoding *decoding = *state;
	struct strbuf yaml;

	strbuf_init(&yaml, 0);
	strbuf_adds(&yaml, CLASS_META("{name: a}"));
	for (int i = 0; i < 5000; i++)
		strbuf_addf(&yaml, "x%d: 1\n", i);
	decoding_add(decoding, "in.yaml", yaml.data, yaml.size, NULL);
	strbuf_done(&yaml);
	decoding_finish(decoding);
	assert_int_equal(decoding->run.diags.error_count, 101);
	assert_non_null(decoding_diag(decoding, "A0144"));
}

static void the_same_object_twice(void **state)
{
	static const char route[] = GATEWAY_API "kind: HTTPRoute\nmetadata: {name: r, namespace: ns}\nspec: {}\n";
	static const char beta[] = "\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: HTTPRoute\nmetadata: {name: r, namespace: ns}\nspec: {}\n";
	static const char other[] = GATEWAY_API "kind: HTTPRoute\nmetadata: {name: r, namespace: mm}\nspec: {}\n"
		"---\n" GATEWAY_API "kind: GRPCRoute\nmetadata: {name: r, namespace: ns}\nspec: {}\n";
	struct decoding *decoding = *state;
	const struct diag *diag;

	for (int order = 0; order < 2; order++) {
		decoding_restart(decoding);
		if (order)
			decoding_add(decoding, "a.yaml", route, strlen(route), NULL);
		decoding_add(decoding, "b.yaml", beta, strlen(beta), NULL);
		if (!order)
			decoding_add(decoding, "a.yaml", route, strlen(route), NULL);
		decoding_add(decoding, "c.yaml", other, strlen(other), NULL);
		decoding_finish(decoding);
		assert_int_equal(decoding->run.diags.error_count, 1);
		diag = decoding_diag(decoding, "A0133");
		assert_string_equal(diag->span.text->name, "b.yaml");
		assert_int_equal(diag->span.line, 2);
		assert_non_null(strstr(diag->summary, "a.yaml:1:1"));
		assert_int_equal(decoding->objects.route_count, 2);
		assert_int_equal(decoding->objects.invalid_count, 1);
	}
}

static void namespaces_that_are_not_written(void **state)
{
	static const char class[] = CLASS_META("{name: a}");
	struct decoding *decoding = *state;
	char yaml[200];

	for (int i = 0; i < 3; i++) {
		snprintf(yaml, sizeof(yaml), GATEWAY_API "kind: HTTPRoute\nmetadata: {name: r%d}\nspec: {}\n", i);
		decoding_add(decoding, "in.yaml", yaml, strlen(yaml), i == 2 ? "shop" : NULL);
	}
	decoding_finish(decoding);
	assert_string_equal(decoding->objects.routes[1]->meta.name_space, "default");
	assert_string_equal(decoding->objects.routes[2]->meta.key, "shop/r2");
	assert_int_equal(decoding->run.diags.note_count, 1);
	assert_non_null(decoding_diag(decoding, "A0151"));
	decoding_restart(decoding);
	decoding_add(decoding, "in.yaml", class, strlen(class), NULL);
	decoding_finish(decoding);
	assert_int_equal(decoding->run.diags.note_count, 0);
	assert_string_equal(decoding->objects.classes[0]->meta.key, "a");
}

static void what_is_being_deleted_counts_as_absent(void **state)
{
	struct decoding *decoding = *state;

	decoding_one(decoding, CLASS_META("{name: a, deletionTimestamp: 2026-01-01T00:00:00Z}"));
	assert_int_equal(decoding->objects.class_count, 0);
	assert_int_equal(decoding->objects.invalid_count, 0);
	assert_string_equal(decoding_diag(decoding, "A0150")->address, "GatewayClass a");
}

static void foreign_kinds_are_counted(void **state)
{
	struct decoding *decoding = *state;
	const struct objects *objects = &decoding->objects;

	decoding_one(decoding, "apiVersion: b/v1\nkind: Z\n---\napiVersion: v1\nkind: Secret\n---\napiVersion: b/v2\nkind: Z\n---\n"
		     "apiVersion: b/v1\nkind: A\n");
	assert_int_equal(objects->skipped_count, 3);
	assert_string_equal(objects->skipped[0].group, "");
	assert_string_equal(objects->skipped[0].kind, "Secret");
	assert_string_equal(objects->skipped[1].kind, "A");
	assert_string_equal(objects->skipped[2].kind, "Z");
	assert_int_equal(objects->skipped[2].count, 2);
	assert_int_equal(objects->document_count, 4);
}

static void messages_stay_on_one_line(void **state)
{
	struct decoding *decoding = *state;

	decoding_one(decoding, CLASS_META("{name: \"a\\nb\\e[31m\"}"));
	assert_int_equal(decoding->run.diags.error_count, 1);
	assert_null(strpbrk(decoding->run.diags.items[0].summary, "\n\033"));
}

/* Every limit on the run's memory gives RC_NOMEM or a whole result, never a crash. */
static void memory_that_is_used_up(void **state)
{
	static const char yaml[] = ANNOTATED("{a: b, adit.cnap.tech/origin-request: '{\"connectTimeout\": 1}'}")
		"---\n" GATEWAY_API "kind: HTTPRoute\nmetadata: {name: r, namespace: ns}\nspec:\n  hostnames: [a]\n"
		"  parentRefs: [{name: g}]\n  rules:\n  - matches: [{method: GET}]\n    filters: [{type: CORS, cors: {}}]\n"
		"    backendRefs: [{name: a, port: 1}]\n---\napiVersion: a/v1\nkind: P\nmetadata: {name: p, namespace: ns}\n"
		"spec: {targetSelectors: [{kind: HTTPRoute, matchLabels: {a: b}}]}\n---\napiVersion: a/v1\nkind: Q\n---\n"
		"apiVersion: adit.cnap.tech/v1\nkind: Tunnel\nmetadata: {name: t}\n"
		"spec: {ingress: [{hostname: a, service: http://a, originRequest: {tlsTimeout: 1s}}]}\n";
	const struct text text = { .name = "in.yaml", .bytes = yaml, .size = strlen(yaml) };
	struct decoding *decoding = *state;
	bool was_enough = false;

	for (size_t limit = 0; limit < 64 * 1024 && !was_enough; limit += 16) {
		struct arena *arena = arena_new(limit);
		struct objects objects = { 0 };
		struct decoder *decoder = NULL;
		enum rc rc = arena ? decode_open(arena, &decoding->run.diags, &objects, &decoder) : RC_NOMEM;

		if (!rc)
			rc = decode_text(decoder, &text, NULL);
		if (!rc)
			rc = decode_finish(decoder);
		decode_close(decoder);
		was_enough = rc == RC_OK;
		arena_free(arena);
		assert_true(rc == RC_OK || rc == RC_NOMEM);
		if (was_enough)
			assert_int_equal(objects.gateway_count + objects.route_count + objects.policy_count + objects.tunnel_count, 4);
	}
	assert_true(was_enough);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(what_is_no_object),
		DECODING_TEST(what_is_no_kind_of_ours),
		DECODING_TEST(metadata),
		DECODING_TEST(annotations),
		DECODING_TEST(annotations_become_values),
		DECODING_TEST(defaults_of_a_route),
		DECODING_TEST(everything_of_a_route),
		DECODING_TEST(a_route_without_rules_has_the_default_rule),
		DECODING_TEST(a_gateway),
		DECODING_TEST(services_and_grants),
		DECODING_TEST(routes_that_are_refused_later),
		DECODING_TEST(policies),
		DECODING_TEST(shapes_of_targets),
		DECODING_TEST(lists),
		DECODING_TEST(all_problems_are_reported),
		DECODING_TEST(problems_of_one_object_have_an_end),
		DECODING_TEST(the_same_object_twice),
		DECODING_TEST(namespaces_that_are_not_written),
		DECODING_TEST(what_is_being_deleted_counts_as_absent),
		DECODING_TEST(foreign_kinds_are_counted),
		DECODING_TEST(messages_stay_on_one_line),
		DECODING_TEST(memory_that_is_used_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
