/* Worlds from bytes. */
#include "tests/property/generator.h"

static const char *const hostnames[] = {"a.example.com", "b.example.com", "c.example.com", "*.apps.example.com", "x.apps.example.com",
					"d.example.net", "*.example.net", "e.example.net", "deep.er.example.com"};
static const char *const paths[] = {"/", "/api", "/api/v1", "/a%20b", "/static", "/(x)+", "/api/", "/%c3%a4", "/a.b", "/%41/c"};
static const char *const gateways[] = {"one", "two", "three"};
static const char *const namespaces[] = {"shop", "blog", "edge"};

#define COUNT(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))
/** One of an array's items. */
#define PICK(choices, array) ((array)[choices_take(choices, COUNT(array))])

unsigned choices_take(struct choices *choices, unsigned limit)
{
	if (choices->next >= choices->size)
		return 0;
	return choices->bytes[choices->next++] % limit;
}

static struct strbuf *add(struct generated *generated)
{
	struct strbuf *out = &generated->documents[generated->count++];

	strbuf_init(out, 0);
	return out;
}

static void add_gateway(struct choices *c, struct generated *generated, const char *name)
{
	static const char *const listeners[] = {"", "    hostname: \"*.example.com\"\n", "    hostname: a.example.com\n",
						"    hostname: \"*.example.net\"\n"};
	static const char *const from[] = {"All", "All", "Same"};
	static const char *const plain[] = {"All", "All", "All", "Same", "Selector, selector: {matchLabels: {team: shop}}"};
	static const char *const kinds[] = {"", "", "", ", kinds: [{kind: HTTPRoute}]", ", kinds: [{kind: GRPCRoute}]"};
	const char *hostname = PICK(c, listeners), *main_from = PICK(c, from), *plain_from = PICK(c, plain);

	strbuf_addf(add(generated),
		    "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: %s, namespace: edge}\nspec:\n"
		    "  gatewayClassName: cloudflare\n  listeners:\n  - name: main\n    port: 443\n    protocol: HTTPS\n%s"
		    "    tls: {certificateRefs: [{name: c}]}\n"
		    "    allowedRoutes: {namespaces: {from: %s}}\n  - name: plain\n    port: 80\n    protocol: HTTP\n"
		    "    allowedRoutes: {namespaces: {from: %s}%s}\n",
		    name, hostname, main_from, plain_from, PICK(c, kinds));
}

static void add_match(struct choices *c, struct strbuf *out)
{
	static const char *const extras[] = {"", "", "", "", "", "      method: GET\n", "      headers: [{name: x, value: one}]\n",
					     "      queryParams: [{name: q, value: one}]\n"};
	static const char *const types[] = {"PathPrefix", "Exact", "PathPrefix"};
	static const char *const patterns[] = {"/a(b|c)", "/x.*y", "^/v[0-9]+$", "/(?i)z", "/b{2,3}"};

	if (choices_take(c, 8) == 7) {
		strbuf_addf(out, "    - path: {type: RegularExpression, value: \"%s\"}\n", PICK(c, patterns));
	} else {
		const char *type = PICK(c, types);

		strbuf_addf(out, "    - path: {type: %s, value: \"%s\"}\n", type, PICK(c, paths));
	}
	strbuf_adds(out, PICK(c, extras));
}

static void add_backends(struct choices *c, struct strbuf *out)
{
	static const char *const seconds[] = {"", "", "", "", "", ", {name: s9, port: 80, weight: 0}", ", {name: s9, port: 80, weight: 3}"};
	unsigned service = choices_take(c, 3), port = 80 + choices_take(c, 3);
	const char *space = choices_take(c, 6) ? "" : ", namespace: blog";

	if (choices_take(c, 12) == 11)
		return;
	strbuf_addf(out, "    backendRefs: [{name: s%u, port: %u%s}%s]\n", service, port, space, PICK(c, seconds));
}

static void add_rule(struct choices *c, struct strbuf *out)
{
	static const char *const filters[] = {
		"", "", "", "", "    filters: [{type: URLRewrite, urlRewrite: {hostname: h.internal}}]\n",
		"    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [x]}}]\n",
		"    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: m, port: 80}}}]\n"};
	static const char *const redirects[] = {"{scheme: https, statusCode: 301}", "{hostname: b.example.com}",
						"{path: {type: ReplaceFullPath, replaceFullPath: /new}}"};
	static const char *const timeouts[] = {"", "", "", "    timeouts: {request: 10s}\n", "    timeouts: {backendRequest: 500ms}\n"};
	unsigned matches = choices_take(c, 3);

	strbuf_adds(out, matches ? "  - matches:\n" : "  - matches: []\n");
	while (matches--)
		add_match(c, out);
	strbuf_adds(out, PICK(c, timeouts));
	if (choices_take(c, 10) == 9) {
		strbuf_addf(out, "    filters: [{type: RequestRedirect, requestRedirect: %s}]\n", PICK(c, redirects));
		return;
	}
	strbuf_adds(out, PICK(c, filters));
	add_backends(c, out);
}

/** What all kinds of Routes begin with. */
static void add_route_head(struct choices *c, struct strbuf *out, const char *kind, unsigned number)
{
	unsigned hosts = choices_take(c, 3), first = choices_take(c, COUNT(hostnames));
	const char *space = PICK(c, namespaces);
	const char *age = choices_take(c, 4) ? "" : "  creationTimestamp: \"2024-01-01T00:00:00Z\"\n";
	const char *gateway = PICK(c, gateways), *section = choices_take(c, 5) ? "" : ", sectionName: plain";

	strbuf_addf(out, "apiVersion: gateway.networking.k8s.io/v1\nkind: %s\nmetadata:\n  name: r%u\n  namespace: %s\n%sspec:\n"
		    "  parentRefs:\n  - {name: %s, namespace: edge%s}\n", kind, number, space, age, gateway, section);
	if (choices_take(c, 6) == 5)
		strbuf_adds(out, "  - {name: four, namespace: edge}\n");
	if (hosts)
		strbuf_adds(out, "  hostnames:\n");
	for (unsigned i = 0; i < hosts; i++)
		strbuf_addf(out, "  - \"%s\"\n", hostnames[(first + i) % COUNT(hostnames)]);
}

static void add_route(struct choices *c, struct generated *generated, unsigned number)
{
	struct strbuf *out = add(generated);
	unsigned rules = 1 + choices_take(c, 3);

	add_route_head(c, out, "HTTPRoute", number);
	strbuf_adds(out, "  rules:\n");
	while (rules--)
		add_rule(c, out);
}

static void add_grpc_route(struct choices *c, struct generated *generated, unsigned number)
{
	static const char *const methods[] = {"{service: shop.Cart}", "{service: shop.Cart, method: Add}", "{method: Add}",
					      "{type: RegularExpression, service: \"shop[.].*\"}"};
	struct strbuf *out = add(generated);

	add_route_head(c, out, "GRPCRoute", number);
	strbuf_adds(out, "  rules:\n  - matches:\n");
	for (unsigned matches = 1 + choices_take(c, 2); matches; matches--)
		strbuf_addf(out, "    - method: %s\n", PICK(c, methods));
	add_backends(c, out);
}

static void add_tunnel(struct choices *c, struct generated *generated)
{
	static const char *const ingress[] = {
		"  - {hostname: a.example.com, path: /native, pathType: Exact, service: \"http://n:80\"}\n",
		"  - {hostname: \"*.native.example.com\", service: \"https://n:443\", originRequest: {noTLSVerify: true}}\n",
		"  - {hostname: n.example.net, path: \"a(b|c)\", pathType: RegularExpression, service: \"tcp://n:22\"}\n",
		"  - {hostname: n.example.net, path: /p, service: \"http://n\", originRequest: {connectTimeout: 7s}}\n"};
	struct strbuf *out = add(generated);
	unsigned chosen = choices_take(c, 1u << COUNT(ingress));

	strbuf_adds(out, "apiVersion: adit.cnap.tech/v1\nkind: Tunnel\nmetadata: {name: native}\nspec:\n  ingress:\n"
		    "  - {hostname: ssh.example.com, service: \"ssh://bastion:22\"}\n");
	for (unsigned i = 0; i < COUNT(ingress); i++)
		if (chosen & 1u << i)
			strbuf_adds(out, ingress[i]);
	if (choices_take(c, 4) == 3)
		strbuf_adds(out, "  catchAll: http_status:503\n");
}

static void add_policy(struct generated *generated)
{
	strbuf_adds(add(generated),
		    "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: p, namespace: shop}\nspec:\n"
		    "  targetRefs: [{group: \"\", kind: Service, name: s1}]\n"
		    "  validation: {hostname: s1.internal, wellKnownCACertificates: System}\n");
}

void generate(struct choices *choices, struct generated *generated)
{
	unsigned count = 1 + choices_take(choices, COUNT(gateways)), routes = choices_take(choices, 9);
	unsigned grpc_routes = choices_take(choices, 3);

	generated->count = 0;
	for (unsigned i = 0; i < count; i++)
		add_gateway(choices, generated, gateways[i]);
	for (unsigned i = 0; i < routes; i++)
		add_route(choices, generated, i);
	for (unsigned i = 0; i < grpc_routes; i++)
		add_grpc_route(choices, generated, i);
	if (choices_take(choices, 2))
		strbuf_adds(add(generated),
			    "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: blog}\n"
			    "spec:\n  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]\n"
			    "  to: [{group: \"\", kind: Service}]\n");
	if (choices_take(choices, 4) == 3)
		add_policy(generated);
	add_tunnel(choices, generated);
}

void generated_done(struct generated *generated)
{
	for (size_t i = 0; i < generated->count; i++)
		strbuf_done(&generated->documents[i]);
}
