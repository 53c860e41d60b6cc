/* The bounds and required fields of the CRDs: as many as are allowed, and one more; everything that is required, and
 * each part of it left out. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "tests/base/unit.h"
#include "tests/schema/decode_forms.h"
#include "tests/schema/decoding.h"

#define NAME_ONLY "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {%s}\nspec: {controllerName: a/b}\n"
#define NAMESPACE_META "apiVersion: v1\nkind: Namespace\nmetadata: {%s}\n"
#define SERVICE_META "apiVersion: v1\nkind: Service\nmetadata: {namespace: ns, %s}\n"
#define TUNNEL "apiVersion: adit.cnap.tech/v1\nkind: Tunnel\nmetadata: {name: t}\nspec: {%s}\n"
#define TUNNEL_RULE "apiVersion: adit.cnap.tech/v1\nkind: Tunnel\nmetadata: {name: t}\nspec: {ingress: [{%s}]}\n"
#define ORIGIN "apiVersion: adit.cnap.tech/v1\nkind: Tunnel\nmetadata: {name: t}\n" \
	"spec: {ingress: [{hostname: a, service: http://a, originRequest: {%s}}]}\n"
#define TLS_ALPHA2 "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TLSRoute\n" META \
	"spec: {%s, rules: [{backendRefs: [{name: a, port: 1}]}]}\n"
#define TCP_ALPHA2 "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\n" META "spec: {%s}\n"
#define TARGET TLS_POLICY_OF("[{%s}]", "hostname: a, wellKnownCACertificates: System")
#define TLS_POLICY_OF(targets, validation) \
	GATEWAY_API "kind: BackendTLSPolicy\n" META "spec: {targetRefs: " targets ", validation: {" validation "}}\n"
#define FRONTEND GATEWAY_API "kind: Gateway\n" META \
	"spec: {gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP}], tls: {frontend: {%s}}}\n"
#define HTTPS LISTENER
#define ANY_CODE "" /* refused, for whatever reason */

/** A value that grows: @p before, @p unit as often as allowed (with %d: its number), @p after. */
static const struct limit_case {
	const char *form, *before, *unit, *after;
	size_t least, most;       /**< how often @p unit may stand there; least 0 is not tested */
	const char *code;         /**< of one too many; NULL: there is no such */
} limits[] = {
	/* characters */
	{ NAME_ONLY, "name: '", "a", "'", 1, 253, "A0140" },
	{ NAMESPACE_META, "name: '", "a", "'", 1, 63, "A0140" },
	{ SERVICE_META, "name: '", "a", "'", 1, 63, "A0140" },
	{ NAME_ONLY, "name: a, annotations: {'", "a/b", "': c}", 1, 1, "A0137" },
	{ CLASS, "controllerName: '", "a", "/b'", 1, 251, "A0140" },
	{ CLASS, "controllerName: a/b, description: '", "a", "'", 0, 64, "A0140" },
	{ ROUTE, "parentRefs: [{name: '", "a", "'}]", 1, 253, "A0140" },
	{ ROUTE, "parentRefs: [{name: a, namespace: '", "a", "'}]", 1, 63, "A0140" },
	{ ROUTE, "parentRefs: [{name: a, sectionName: '", "a", "'}]", 1, 253, "A0140" },
	{ ROUTE, "parentRefs: [{name: a, kind: '", "a", "'}]", 1, 63, "A0140" },
	{ ROUTE, "parentRefs: [{name: a, group: '", "a", "'}]", 0, 253, "A0140" },
	{ ROUTE, "hostnames: ['", "a", "']", 1, 253, "A0140" },
	{ MATCH, "headers: [{value: a, name: '", "a", "'}]", 1, 256, "A0140" },
	{ MATCH, "headers: [{name: a, value: '", "a", "'}]", 1, 4096, "A0140" },
	{ MATCH, "queryParams: [{value: a, name: '", "a", "'}]", 1, 256, "A0140" },
	{ MATCH, "queryParams: [{name: a, value: '", "a", "'}]", 1, 1024, "A0140" },
	{ MATCH, "queryParams: [{name: a, value: '", "\xc3\xa4", "'}]", 1, 1024, "A0140" },
	{ PATH, "value: '/", "a", "'", 0, 1023, "A0140" },
	{ REDIRECT, "hostname: '", "a", "'", 1, 253, "A0140" },
	{ REDIRECT, "path: {type: ReplaceFullPath, replaceFullPath: '", "a", "'}", 0, 1024, "A0140" },
	{ AUTH, "protocol: HTTP, http: {path: '", "a", "'}", 0, 1024, "A0140" },
	{ CORS, "allowOrigins: ['http://", "a", "']", 1, 246, "A0140" },
	{ RULE, "sessionPersistence: {sessionName: '", "a", "'}", 0, 128, "A0140" },
	{ HTTPS, "protocol: '", "a", "'", 1, 255, "A0140" },
	{ HTTPS, "protocol: HTTPS, tls: {options: {'a/", "b", "': c}}", 1, 63, "A0137" },
	{ HTTPS, "protocol: HTTPS, tls: {options: {a: '", "b", "'}}", 0, 4096, "A0140" },
	{ HTTPS, "protocol: HTTP, allowedRoutes: {namespaces: {selector: {matchLabels: {a: '", "b", "'}}}}", 0, 63, "A0140" },
	{ GATEWAY, "addresses: [{type: Hostname, value: '", "a", "'}]", 0, 253, "A0140" },
	{ GATEWAY, "addresses: [{type: 'a/", "b", "'}]", 1, 251, "A0140" },
	{ GATEWAY, "infrastructure: {annotations: {a: '", "b", "'}}", 0, 4096, "A0140" },
	{ GATEWAY, "infrastructure: {labels: {a: '", "b", "'}}", 0, 63, "A0140" },
	{ VALIDATION, "wellKnownCACertificates: System, subjectAltNames: [{type: URI, uri: 'a://", "b", "'}]", 0, 249, "A0140" },
	{ SERVICE, "ports: [{port: 1, name: '", "a", "'}]", 0, 63, "A0140" },
	{ SERVICE, "ports: [{port: 1, targetPort: '", "a", "'}]", 1, 15, "A0137" },
	{ ORIGIN, "access: {teamName: '", "a", "', audTag: [a]}", 1, 253, "A0140" },
	{ ORIGIN, "access: {teamName: a, audTag: ['", "a", "']}", 1, 256, "A0140" },
	{ TUNNEL_RULE, "service: http://a, path: '/", "a", "'", 0, 1023, "A0140" },
	{ TUNNEL_RULE, "service: http://a, hostname: '", "a.", "a'", 0, 126, "A0140" },
	{ TUNNEL, "account: '", "a", "'", 1, 253, "A0140" },
	{ TUNNEL, "catchAll: 'http://", "a", "'", 1, 253, "A0148" },
	{ TLS_ROUTE, "hostnames: ['", "a", "']", 1, 253, "A0140" },
	{ HTTPS, "protocol: HTTPS, tls: {options: {'", "a.", "b/c': d}}", 0, 125, "A0140" },
	/* items */
	{ ROUTE, "hostnames: [", "a%d,", "]", 0, 16, "A0141" },
	{ ROUTE, "parentRefs: [", "{name: a%d},", "]", 0, 32, "A0141" },
	{ RULE, "matches: [", "{},", "]", 0, 64, "A0141" },
	{ RULE, "backendRefs: [", "{name: a, port: 1},", "]", 0, 16, "A0141" },
	{ RULE, "retry: {codes: [", "4%02d,", "]}", 0, 100, NULL },
	{ MATCH, "headers: [", "{name: a%d, value: b},", "]", 0, 16, "A0141" },
	{ MATCH, "queryParams: [", "{name: a%d, value: b},", "]", 0, 16, "A0141" },
	{ HEADERS, "set: [", "{name: a%d, value: b},", "]", 0, 16, "A0141" },
	{ HEADERS, "remove: [", "a%d,", "]", 0, 16, "A0141" },
	{ CORS, "allowOrigins: [", "'http://a%d',", "]", 0, 64, "A0141" },
	{ CORS, "allowHeaders: [", "a%d,", "]", 0, 64, "A0141" },
	{ CORS, "exposeHeaders: [", "a%d,", "]", 0, 64, "A0141" },
	{ AUTH, "protocol: GRPC, grpc: {allowedHeaders: [", "a%d,", "]}", 0, 64, "A0141" },
	{ LISTENERS, "", "{name: a%d, port: 80, protocol: HTTP, hostname: a%d},", "", 1, 64, "A0141" },
	{ HTTPS, "protocol: HTTPS, tls: {certificateRefs: [", "{name: a},", "]}", 1, 64, "A0141" },
	{ HTTPS, "protocol: HTTPS, tls: {options: {", "a%d: b,", "}}", 1, 16, "A0141" },
	{ HTTPS, "protocol: HTTP, allowedRoutes: {kinds: [", "{kind: A},", "]}", 0, 8, "A0141" },
	{ GATEWAY, "addresses: [", "{value: 1.1.1.%d},", "]", 0, 16, "A0141" },
	{ GATEWAY, "infrastructure: {annotations: {", "a%d: b,", "}}", 0, 16, "A0141" },
	{ GATEWAY, "infrastructure: {labels: {", "a%d: b,", "}}", 0, 8, "A0141" },
	{ FRONTEND, "default: {validation: {caCertificateRefs: [", "{group: '', kind: C, name: a},", "]}}", 1, 8, "A0141" },
	{ FRONTEND, "default: {}, perPort: [", "{port: %d, tls: {}},", "]", 0, 64, "A0141" },
	{ LISTENER_SET, "parentRef: {name: g}, listeners: [", "{name: a%d, port: 80, protocol: HTTP, hostname: a%d},", "]", 1, 64,
	  "A0141" },
	{ GRANT, "to: [{group: '', kind: K}], from: [", "{group: '', kind: K, namespace: a},", "]", 1, 16, "A0141" },
	{ GRANT, "from: [{group: '', kind: K, namespace: a}], to: [", "{group: '', kind: K},", "]", 1, 16, "A0141" },
	{ TLS_POLICY, "validation: {hostname: a, wellKnownCACertificates: System}, targetRefs: [",
	  "{group: '', kind: K, name: a%d},", "]", 1, 16, "A0141" },
	{ VALIDATION, "caCertificateRefs: [", "{kind: K, name: a},", "]", 1, 8, "A0141" },
	{ VALIDATION, "wellKnownCACertificates: System, subjectAltNames: [", "{type: Hostname, hostname: a},", "]", 0, 5, "A0141" },
	{ TLS_POLICY, "validation: {hostname: a, wellKnownCACertificates: System}, targetRefs: [{group: '', kind: K, name: a}], "
	  "options: {", "a%d: b,", "}", 0, 16, "A0141" },
	{ TLS_ROUTE, "hostnames: [", "a,", "]", 1, 1024, "A0141" },
	{ TLS_ALPHA2, "hostnames: [", "a,", "]", 0, 16, "A0141" },
	{ TCP_ROUTE, "rules: [", "{backendRefs: [{name: a, port: 1}]},", "]", 1, 1, "A0141" },
	{ TCP_ALPHA2, "rules: [", "{backendRefs: [{name: a, port: 1}]},", "]", 1, 16, "A0141" },
	{ TCP_ROUTE, "rules: [{backendRefs: [", "{name: a, port: 1},", "]}]", 1, 16, "A0141" },
	{ GRPC_ROUTE, "hostnames: [", "a,", "]", 0, 16, "A0141" },
	{ GRPC_ROUTE, "rules: [", "{},", "]", 0, 16, "A0141" },
	{ GRPC_ROUTE, "rules: [{matches: [", "{},", "]}]", 0, 64, "A0141" },
	{ GRPC_ROUTE, "rules: [{filters: [", "{},", "]}]", 0, 16, "A0141" },
	{ GRPC_ROUTE, "rules: [{backendRefs: [", "{name: a, port: 1},", "]}]", 0, 16, "A0141" },
	{ ORIGIN, "access: {teamName: a, audTag: [", "a,", "]}", 1, 50, NULL },
};

/** Numbers: the least and the greatest that are taken. */
static const struct range_case {
	const char *form, *before, *after;
	long long least, most;
} ranges[] = {
	{ ROUTE, "parentRefs: [{name: a, port: ", "}]", 1, 65535 },
	{ BACKEND, "name: a, port: 1, weight: ", "", 0, 1000000 },
	{ GRPC_ROUTE, "rules: [{backendRefs: [{name: a, port: 1, weight: ", "}]}]", 0, 1000000 },
	{ TCP_ROUTE, "rules: [{backendRefs: [{name: a, port: 1, weight: ", "}]}]", 0, 1000000 },
	{ MIRROR, "percent: ", "", 0, 100 },
	{ MIRROR, "fraction: {denominator: 2147483647, numerator: ", "}", 0, INT32_MAX },
	{ MIRROR, "fraction: {numerator: 0, denominator: ", "}", 1, INT32_MAX },
	{ CORS, "maxAge: ", "", 1, INT32_MAX },
	{ AUTH, "protocol: GRPC, grpc: {}, forwardBody: {maxSize: ", "}", 0, INT32_MAX },
	{ RULE, "retry: {codes: [", "]}", 400, 599 },
	{ RULE, "retry: {attempts: ", "}", INT32_MIN, INT32_MAX },
	{ LISTENER_SET, "parentRef: {name: g}, listeners: [{name: a, protocol: HTTP, port: ", "}]", 0, 65535 },
	{ SERVICE, "ports: [{port: ", "}]", 1, 65535 },
	{ SERVICE, "ports: [{port: 1, targetPort: ", "}]", 1, 65535 },
	{ ORIGIN, "keepAliveConnections: ", "", 0, INT32_MAX },
	{ ORIGIN, "proxyPort: ", "", 0, 65535 },
	{ ORIGIN, "ipRules: [{prefix: 10.0.0.0/8, ports: [", "]}]", 1, 65535 },
};

/** Required fields, separated by '|', between what stands around them. */
static const struct required_case {
	const char *form, *before, *fields, *after;
} requireds[] = {
	{ CLASS, "", "controllerName: a/b", "" },
	{ CLASS, "controllerName: a/b, parametersRef: {", "group: g|kind: K|name: a", "}" },
	{ GATEWAY_API "kind: Gateway\n" META "spec: {%s}\n", "", "gatewayClassName: c|listeners: [{name: l, port: 80, protocol: HTTP}]", "" },
	{ LISTENERS, "{", "name: l|port: 80|protocol: HTTP", "}" },
	{ GATEWAY, "infrastructure: {parametersRef: {", "group: g|kind: K|name: a", "}}" },
	{ FRONTEND, "", "default: {}", "" },
	{ FRONTEND, "default: {}, perPort: [{", "port: 1|tls: {}", "}]" },
	{ FRONTEND, "default: {validation: {", "caCertificateRefs: [{group: '', kind: C, name: a}]", "}}" },
	{ FRONTEND, "default: {validation: {caCertificateRefs: [{", "group: ''|kind: C|name: a", "}]}}" },
	{ LISTENER, "protocol: HTTPS, tls: {certificateRefs: [{", "name: a", "}]}" },
	{ LISTENER, "protocol: HTTP, allowedRoutes: {kinds: [{", "kind: A", "}]}" },
	{ LISTENER, "protocol: HTTP, allowedRoutes: {namespaces: {selector: {matchExpressions: [{", "key: a|operator: Exists", "}]}}}" },
	{ ROUTE, "parentRefs: [{", "name: a", "}]" },
	{ BACKEND, "port: 1, ", "name: a", "" },
	{ MATCH, "headers: [{", "name: a|value: b", "}]" },
	{ MATCH, "queryParams: [{", "name: a|value: b", "}]" },
	{ HEADERS, "add: [{", "name: a|value: b", "}]" },
	{ MIRROR, "fraction: {", "numerator: 1", "}" },
	{ FILTERS, "{type: ExtensionRef, extensionRef: {", "kind: K|name: a", "}}" },
	{ FILTERS, "{type: ExternalAuth, externalAuth: {http: {}, ", "protocol: HTTP|backendRef: {name: a, port: 1}", "}}" },
	{ FILTERS, "{type: ExternalAuth, externalAuth: {protocol: HTTP, http: {}, backendRef: {port: 1, ", "name: a", "}}}" },
	{ GRANT, "", "from: [{group: '', kind: K, namespace: a}]|to: [{group: '', kind: K}]", "" },
	{ GRANT, "to: [{group: '', kind: K}], from: [{", "group: ''|kind: K|namespace: a", "}]" },
	{ GRANT, "from: [{group: '', kind: K, namespace: a}], to: [{", "group: ''|kind: K", "}]" },
	{ TLS_POLICY, "", "targetRefs: [{group: '', kind: K, name: a}]|validation: {hostname: a, wellKnownCACertificates: System}", "" },
	{ TARGET, "", "group: ''|kind: K|name: a", "" },
	{ VALIDATION, "wellKnownCACertificates: System, subjectAltNames: [{hostname: a, ", "type: Hostname", "}]" },
	{ TCP_ROUTE, "", "rules: [{backendRefs: [{name: a, port: 1}]}]", "" },
	{ TCP_ALPHA2, "", "rules: [{backendRefs: [{name: a, port: 1}]}]", "" },
	{ TCP_ROUTE, "rules: [{backendRefs: [{port: 1, ", "name: a", "}]}]" },
	{ GRPC_ROUTE, "rules: [{backendRefs: [{port: 1, ", "name: a", "}]}]" },
	{ GATEWAY_API "kind: TLSRoute\n" META "spec: {%s}\n", "", "hostnames: [a]|rules: [{backendRefs: [{name: a, port: 1}]}]", "" },
	{ "apiVersion: gateway.networking.k8s.io/v1alpha3\nkind: TLSRoute\n" META "spec: {%s}\n", "",
	  "hostnames: [a]|rules: [{backendRefs: [{name: a, port: 1}]}]", "" },
	{ "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TLSRoute\n" META "spec: {%s}\n", "",
	  "rules: [{backendRefs: [{name: a, port: 1}]}]", "" },
	{ LISTENER_SET, "", "parentRef: {name: g}|listeners: [{name: a, port: 80, protocol: HTTP}]", "" },
	{ LISTENER_SET, "parentRef: {name: g}, listeners: [{port: 80, ", "name: a|protocol: HTTP", "}]" },
	{ LISTENER_SET, "listeners: [{name: a, port: 80, protocol: HTTP}], parentRef: {", "name: g", "}" },
	{ SERVICE, "ports: [{", "port: 1", "}]" },
	{ TUNNEL_RULE, "hostname: a, ", "service: http://a", "" },
	{ ORIGIN, "access: {", "teamName: a|audTag: [a]", "}" },
	{ ORIGIN, "ipRules: [{", "prefix: 10.0.0.0/8", "}]" },
};

/** Lists whose items must differ in their key: the same item twice is refused. */
static const struct {
	const char *form, *before, *item, *after;
} uniques[] = {
	{ RULE, "retry: {codes: [", "500,", "]}" },
	{ CORS, "allowOrigins: [", "'http://a',", "]" },
	{ CORS, "allowMethods: [", "GET,", "]" },
	{ CORS, "allowHeaders: [", "a,", "]" },
	{ CORS, "exposeHeaders: [", "a,", "]" },
	{ AUTH, "protocol: GRPC, grpc: {allowedHeaders: [", "a,", "]}" },
	{ AUTH, "protocol: HTTP, http: {allowedResponseHeaders: [", "a,", "]}" },
	{ GRPC_ROUTE, "rules: [", "{name: a},", "]" },
	{ TCP_ALPHA2, "rules: [", "{name: a, backendRefs: [{name: a, port: 1}]},", "]" },
	{ LISTENER_SET, "parentRef: {name: g}, listeners: [", "{name: a, protocol: HTTP},", "]" },
};

static void write_units(struct strbuf *out, const char *unit, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *hole = strstr(unit, "%d"), *wide = strstr(unit, "%02d"), *second = hole ? strstr(hole + 2, "%d") : NULL;

		if (wide)
			strbuf_addf(out, "%.*s%02zu%s", (int)(wide - unit), unit, i, wide + 4);
		else if (second)
			strbuf_addf(out, "%.*s%zu%.*s%zu%s", (int)(hole - unit), unit, i + 1, (int)(second - hole - 2), hole + 2,
				    i + 1, second + 2);
		else if (hole)
			strbuf_addf(out, "%.*s%zu%s", (int)(hole - unit), unit, i + 1, hole + 2);
		else
			strbuf_adds(out, unit);
	}
}

/* True when the fragment in @p out, put into @p form, is refused with @p code (NULL: taken). */
static bool judge(struct decoding *decoding, const char *form, struct strbuf *out, const char *code)
{
	const char *hole = strstr(form, "%s");
	struct strbuf yaml;
	bool is_right;

	assert_non_null(hole);
	strbuf_init(&yaml, 0);
	strbuf_addf(&yaml, "%.*s%s%s", (int)(hole - form), form, strbuf_text(out), hole + 2);
	decoding_restart(decoding);
	decoding_add(decoding, "in.yaml", yaml.data, yaml.size, NULL);
	decoding_finish(decoding);
	if (code && code[0])
		is_right = decoding_diag(decoding, code) != NULL;
	else
		is_right = (decoding->run.diags.error_count > 0) == (code != NULL);
	if (!is_right) {
		print_error("expected %s: %.300s\n", code ? code : "no error", strbuf_text(out));
		decoding_print(decoding);
	}
	strbuf_done(&yaml);
	strbuf_reset(out);
	return is_right;
}

static bool check_limit(struct decoding *decoding, const struct limit_case *item, size_t count, const char *code)
{
	struct strbuf out;
	bool is_right;

	strbuf_init(&out, 0);
	strbuf_adds(&out, item->before);
	write_units(&out, item->unit, count);
	strbuf_adds(&out, item->after);
	is_right = judge(decoding, item->form, &out, code);
	strbuf_done(&out);
	return is_right;
}

static void each_limit(void **state)
{
	size_t wrong = 0;

	for (size_t i = 0; i < COUNT(limits); i++) {
		const struct limit_case *item = &limits[i];

		wrong += !check_limit(*state, item, item->most, NULL);
		if (item->code)
			wrong += !check_limit(*state, item, item->most + 1, item->code);
		if (item->least == 0)
			continue;
		wrong += !check_limit(*state, item, item->least, NULL);
		wrong += !check_limit(*state, item, item->least - 1, ANY_CODE);
	}
	assert_int_equal(wrong, 0);
}

static bool check_number(struct decoding *decoding, const struct range_case *item, long long number, const char *code)
{
	struct strbuf out;
	bool is_right;

	strbuf_init(&out, 0);
	strbuf_addf(&out, "%s%lld%s", item->before, number, item->after);
	is_right = judge(decoding, item->form, &out, code);
	strbuf_done(&out);
	return is_right;
}

static void each_range(void **state)
{
	size_t wrong = 0;

	for (size_t i = 0; i < COUNT(ranges); i++) {
		wrong += !check_number(*state, &ranges[i], ranges[i].least, NULL);
		wrong += !check_number(*state, &ranges[i], ranges[i].most, NULL);
		wrong += !check_number(*state, &ranges[i], ranges[i].least - 1, "A0139");
		wrong += !check_number(*state, &ranges[i], ranges[i].most + 1, "A0139");
	}
	assert_int_equal(wrong, 0);
}

/* The fields of @p item but number @p without, joined. @return how many fields it has */
static size_t write_fields(struct strbuf *out, const struct required_case *item, size_t without)
{
	const char *at = item->fields;
	size_t number = 0;

	strbuf_adds(out, item->before);
	for (;; number++) {
		size_t size = strcspn(at, "|");

		if (number != without)
			strbuf_addf(out, "%.*s, ", (int)size, at);
		if (at[size] == '\0')
			break;
		at += size + 1;
	}
	strbuf_adds(out, item->after);
	return number + 1;
}

static void each_required_field(void **state)
{
	struct strbuf out;
	size_t wrong = 0;

	strbuf_init(&out, 0);
	for (size_t i = 0; i < COUNT(requireds); i++) {
		size_t count = write_fields(&out, &requireds[i], SIZE_MAX);

		wrong += !judge(*state, requireds[i].form, &out, NULL);
		for (size_t k = 0; k < count; k++) {
			write_fields(&out, &requireds[i], k);
			wrong += !judge(*state, requireds[i].form, &out, "A0136");
		}
	}
	strbuf_done(&out);
	assert_int_equal(wrong, 0);
}

static void each_set(void **state)
{
	struct strbuf out;
	size_t wrong = 0;

	strbuf_init(&out, 0);
	for (size_t i = 0; i < COUNT(uniques); i++)
		for (int count = 1; count <= 2; count++) {
			strbuf_addf(&out, "%s%s%s%s", uniques[i].before, uniques[i].item, count == 2 ? uniques[i].item : "",
				    uniques[i].after);
			wrong += !judge(*state, uniques[i].form, &out, count == 2 ? "A0142" : NULL);
		}
	strbuf_done(&out);
	assert_int_equal(wrong, 0);
}

static void annotations_together(void **state)
{
	static const struct limit_case item = { NAME_ONLY, "name: a, annotations: {b: '", "a", "'}", 0, 256 * 1024, "A0143" };

	assert_true(check_limit(*state, &item, item.most, NULL));
	assert_true(check_limit(*state, &item, item.most + 1, item.code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_limit, decoding_setup, decoding_teardown),
		cmocka_unit_test_setup_teardown(each_range, decoding_setup, decoding_teardown),
		cmocka_unit_test_setup_teardown(each_required_field, decoding_setup, decoding_teardown),
		cmocka_unit_test_setup_teardown(each_set, decoding_setup, decoding_teardown),
		cmocka_unit_test_setup_teardown(annotations_together, decoding_setup, decoding_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
