/* Worlds from bytes. */
#include "tests/property/generator.h"

static const char *const hostnames[] = {"a.example.com", "b.example.com", "c.example.com", "*.apps.example.com", "x.apps.example.com",
					"d.example.net", "*.example.net", "e.example.net", "deep.er.example.com"};
static const char *const paths[] = {"/", "/api", "/api/v1", "/a%20b", "/static", "/(x)+", "/api/"};
static const char *const gateways[] = {"one", "two", "three"};
static const char *const namespaces[] = {"shop", "blog", "edge"};

#define COUNT(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

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

	strbuf_addf(add(generated),
		    "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: %s, namespace: edge}\nspec:\n"
		    "  gatewayClassName: cloudflare\n  listeners:\n  - name: main\n    port: 443\n    protocol: HTTPS\n%s"
		    "    allowedRoutes: {namespaces: {from: %s}}\n  - name: plain\n    port: 80\n    protocol: HTTP\n"
		    "    allowedRoutes: {namespaces: {from: All}}\n",
		    name, listeners[choices_take(c, COUNT(listeners))], from[choices_take(c, COUNT(from))]);
}

static void add_match(struct choices *c, struct strbuf *out)
{
	static const char *const types[] = {"PathPrefix", "Exact", "PathPrefix"};
	static const char *const extras[] = {"", "", "", "", "", "      method: GET\n", "      headers: [{name: x, value: one}]\n"};

	strbuf_addf(out, "    - path: {type: %s, value: \"%s\"}\n", types[choices_take(c, COUNT(types))],
		    paths[choices_take(c, COUNT(paths))]);
	strbuf_adds(out, extras[choices_take(c, COUNT(extras))]);
}

static void add_rule(struct choices *c, struct strbuf *out)
{
	static const char *const filters[] = {"", "", "", "", "    filters: [{type: URLRewrite, urlRewrite: {hostname: h.internal}}]\n",
					      "    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [x]}}]\n"};
	unsigned matches = 1 + choices_take(c, 2);

	strbuf_adds(out, "  - matches:\n");
	while (matches--)
		add_match(c, out);
	strbuf_adds(out, filters[choices_take(c, COUNT(filters))]);
	strbuf_addf(out, "    backendRefs: [{name: s%u, port: %u%s}]\n", choices_take(c, 3), 80 + choices_take(c, 3),
		    choices_take(c, 6) ? "" : ", namespace: blog");
}

static void add_route(struct choices *c, struct generated *generated, unsigned number)
{
	struct strbuf *out = add(generated);
	unsigned hosts = choices_take(c, 3), rules = 1 + choices_take(c, 3);
	unsigned first = choices_take(c, COUNT(hostnames));

	strbuf_addf(out,
		    "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: r%u\n  namespace: %s\n%s"
		    "spec:\n  parentRefs: [{name: %s, namespace: edge%s}]\n",
		    number, namespaces[choices_take(c, COUNT(namespaces))],
		    choices_take(c, 4) ? "" : "  creationTimestamp: \"2024-01-01T00:00:00Z\"\n",
		    gateways[choices_take(c, COUNT(gateways))], choices_take(c, 5) ? "" : ", sectionName: plain");
	if (hosts)
		strbuf_adds(out, "  hostnames:\n");
	for (unsigned i = 0; i < hosts; i++)
		strbuf_addf(out, "  - \"%s\"\n", hostnames[(first + i) % COUNT(hostnames)]);
	strbuf_adds(out, "  rules:\n");
	while (rules--)
		add_rule(c, out);
}

void generate(struct choices *choices, struct generated *generated)
{
	unsigned count = 1 + choices_take(choices, COUNT(gateways)), routes = choices_take(choices, 9);

	generated->count = 0;
	for (unsigned i = 0; i < count; i++)
		add_gateway(choices, generated, gateways[i]);
	for (unsigned i = 0; i < routes; i++)
		add_route(choices, generated, i);
	if (choices_take(choices, 2))
		strbuf_adds(add(generated),
			    "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: blog}\n"
			    "spec:\n  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]\n"
			    "  to: [{group: \"\", kind: Service}]\n");
	strbuf_adds(add(generated),
		    "apiVersion: adit.cnap.tech/v1\nkind: Tunnel\nmetadata: {name: native}\nspec:\n  ingress:\n"
		    "  - {hostname: ssh.example.com, service: \"ssh://bastion:22\"}\n");
}

void generated_done(struct generated *generated)
{
	for (size_t i = 0; i < generated->count; i++)
		strbuf_done(&generated->documents[i]);
}
