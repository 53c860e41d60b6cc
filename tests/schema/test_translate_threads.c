/* A translation by several threads is that of one, to the byte: over a made-up input in which much is at odds. */
#include <string.h>

#include "base/str.h"
#include "schema/decode.h"
#include "tests/base/unit.h"
#include "tests/schema/translate_case.h"

#define GATEWAYS 13u
#define ROUTES 400u

struct world {
	struct arena *arena;
	uint32_t random;
	struct strbuf yaml;
	struct project project;
	struct objects objects;
	struct map recorded, taken;
};

/** Looks like chance, and is the same each time. */
static uint32_t pick(struct world *w, uint32_t count)
{
	w->random = w->random * 1664525u + 1013904223u;
	return (w->random >> 8) % count;
}

#define PICK(w, list) (list)[pick(w, COUNT(list))]

static void write_gateway(struct world *w, unsigned number)
{
	static const char *const from[] = {"{from: All}", "{from: All}", "{from: Same}",
					   "{from: Selector, selector: {matchLabels: {team: a}}}"};
	static const char *const hostnames[] = {"", "", "hostname: \"*.example.com\", ", "hostname: \"*.a.example.com\", "};

	strbuf_addf(&w->yaml,
		    "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
		    "metadata: {name: gw%u, namespace: edge}\nspec:\n  gatewayClassName: cloudflare\n  listeners:\n"
		    "  - {name: http, port: 80, protocol: HTTP, %sallowedRoutes: {namespaces: %s}}\n",
		    number, PICK(w, hostnames), PICK(w, from));
	for (unsigned i = pick(w, 3); i < 2; i++)
		strbuf_addf(&w->yaml,
			    "  - {name: https%u, port: %u, protocol: HTTPS, %stls: {certificateRefs: [{name: c}]}, "
			    "allowedRoutes: {namespaces: %s}}\n", i, 443 + i, PICK(w, hostnames), PICK(w, from));
}

static void write_rule(struct world *w)
{
	static const char *const paths[] = {"{path: {value: /}}", "{path: {value: /a}}", "{path: {value: /a/b}}",
					    "{path: {value: /b}}", "{path: {type: Exact, value: /a}}",
					    "{path: {type: RegularExpression, value: \"/a[0-9]+\"}}",
					    "{path: {value: /h}, headers: [{name: x, value: beta}]}",
					    "{path: {value: /c}}", "{path: {value: /d}}", "{path: {value: /e}}",
					    "{path: {value: /f}}", "{path: {value: /g}}", "{path: {value: /i}}"};
	static const char *const actions[] = {
		"backendRefs: [{name: web, port: 80}]", "backendRefs: [{name: web, port: 80}]",
		"backendRefs: [{name: api, port: 81}]", "backendRefs: [{name: web, port: 80}, {name: api, port: 81}]",
		"filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]",
		"filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example.com}}]",
		"filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [x]}}]"};

	strbuf_addf(&w->yaml, "  - {matches: [%s", PICK(w, paths));
	for (unsigned i = pick(w, 3); i; i--)
		strbuf_addf(&w->yaml, ", %s", PICK(w, paths));
	strbuf_addf(&w->yaml, "], %s}\n", PICK(w, actions));
}

static void write_route(struct world *w, unsigned number)
{
	static const char *const spaces[] = {"edge", "shop", "team"};
	static const char *const hostnames[] = {"app.example.com", "\"*.example.com\"", "x.a.example.com", "y.a.example.com",
						"\"*.a.example.com\"", "z.example.com", "other.example.org"};
	unsigned parents = 1 + pick(w, 3);

	strbuf_addf(&w->yaml, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
		    "metadata: {name: r%u, namespace: %s, creationTimestamp: \"202%u-01-01T00:00:00Z\"}\nspec:\n  parentRefs: [",
		    number, PICK(w, spaces), pick(w, 4));
	for (unsigned i = 0; i < parents; i++)
		strbuf_addf(&w->yaml, "%s{name: gw%u, namespace: edge}", i ? ", " : "", (number * 5 + i) % (GATEWAYS + 1));
	strbuf_adds(&w->yaml, "]\n  hostnames: [");
	strbuf_addf(&w->yaml, "%s, host%u.example.com]\n  rules:\n", PICK(w, hostnames), pick(w, 30));
	for (unsigned i = 1 + pick(w, 3); i; i--)
		write_rule(w);
}

static void write_world(struct world *w)
{
	for (unsigned i = 0; i < GATEWAYS; i++)
		write_gateway(w, i);
	for (unsigned i = 0; i < ROUTES; i++)
		write_route(w, i);
	strbuf_adds(&w->yaml,
		    "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: team, labels: {team: a}}\n"
		    "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {ports: [{port: 80}]}\n"
		    "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: p, namespace: edge}\n"
		    "spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw2, sectionName: http}]}\n"
		    "---\napiVersion: adit.cnap.tech/v1\nkind: Tunnel\nmetadata: {name: own}\nspec:\n  ingress:\n"
		    "  - {hostname: app.example.com, path: /n, service: \"http://n:80\"}\n"
		    "  - {hostname: host3.example.com, service: \"http://n:80\"}\n"
		    "  - {hostname: host3.example.com, path: /n, service: \"http://n:80\"}\n");
}

static void decode(struct world *w)
{
	struct text *text = arena_alloc(w->arena, sizeof(*text));
	struct decoder *decoder = NULL;
	struct diags diags;

	diags_init(&diags, w->arena);
	*text = (struct text){.name = "input", .bytes = strbuf_text(&w->yaml), .size = w->yaml.size};
	assert_int_equal(decode_open(w->arena, &diags, &w->objects, &decoder), RC_OK);
	assert_int_equal(decode_text(decoder, text, "shop"), RC_OK);
	assert_int_equal(decode_finish(decoder), RC_OK);
	decode_close(decoder);
	for (size_t i = 0; i < diags.count; i++)
		if (diags.items[i].severity == SEVERITY_ERROR)
			fail_msg("line %u: %s", diags.items[i].span.line, diags.items[i].summary);
	assert_int_equal(w->objects.gateway_count, GATEWAYS);
	assert_int_equal(w->objects.route_count, ROUTES);
}

static const char *recorded_owner(const void *recorded, const char *address)
{
	return map_get(recorded, address);
}

/** @param ret_text  all of the result; arena */
static struct desired *run(struct world *w, size_t threads, struct diags *diags, const char **ret_text)
{
	struct translate_input input = {.project = &w->project, .objects = &w->objects, .recorded_owner = recorded_owner,
					.recorded = &w->recorded, .taken = &w->taken, .threads = threads};
	struct desired *desired = NULL;
	struct strbuf out;

	diags_init(diags, w->arena);
	assert_int_equal(translate(w->arena, diags, &input, &desired), RC_OK);
	strbuf_init(&out, 0);
	desired_write_all(w->arena, desired, diags, &out);
	*ret_text = arena_strdup(w->arena, strbuf_text(&out));
	strbuf_done(&out);
	return desired;
}

static void put(struct map *map, const char *address, const char *value)
{
	assert_int_equal(map_put(map, address, (void *)(uintptr_t)value, NULL), RC_OK);
}

/** Some Gateways are other projects', which have some of the places, too; who is recorded is not who would win. */
static void share(struct world *w)
{
	struct diags diags;
	const char *text;
	const struct desired *desired = run(w, 1, &diags, &text);

	for (size_t i = 0; i < desired->tunnel_count; i++)
		for (size_t k = 0; k < desired->tunnels[i].rule_count; k++) {
			const struct resource *rule = desired->tunnels[i].rules[k];

			if (!pick(w, 5))
				put(&w->taken, rule->address, "other");
			else if (!pick(w, 2))
				put(&w->recorded, rule->address,
				    w->objects.routes[pick(w, ROUTES)]->meta.key);
		}
	for (size_t i = 0; i < desired->claim_count; i++)
		if (desired->claims[i].state == CLAIM_LOST && !pick(w, 2))
			put(&w->recorded, arena_printf(w->arena, "cname/%s", desired->claims[i].hostname),
			    desired->tunnels[pick(w, (uint32_t)desired->tunnel_count)].tunnel->address);
	for (size_t i = 0; i < GATEWAYS; i += 4) {
		struct shared_gateway *shared = arena_alloc(w->arena, sizeof(*shared));

		*shared = (struct shared_gateway){.owner = "platform", .tunnel_id = "id", .tunnel_name = "name"};
		shared->listener_policies = arena_array(w->arena, w->objects.gateways[i]->listener_count, sizeof(void *));
		w->objects.gateways[i]->shared = shared;
	}
}

static size_t count_claims(const struct desired *desired, enum claim_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < desired->claim_count; i++)
		count += desired->claims[i].state == state;
	return count;
}

static bool has_diag(const struct diags *diags, const char *code)
{
	for (size_t i = 0; i < diags->count; i++)
		if (str_eq(diags->items[i].code, code))
			return true;
	return false;
}

/** Otherwise the comparison would say little. */
static void check_is_at_odds(const struct desired *desired, const struct diags *diags, const char *text)
{
	static const char *const signs[] = {"and a CNAME points to one tunnel", "as its CNAME points there now",
					    "project other has", "as it comes first by name",
					    "would serve it", " more: ", "covers it", "Tunnel own"};

	assert_true(desired->tunnel_count == GATEWAYS + 1);
	for (int state = CLAIM_DROPPED; state <= CLAIM_ELIDED; state++)
		assert_true(count_claims(desired, (enum claim_state)state) > 0);
	assert_true(desired->unattached_count > 0);
	assert_true(has_diag(diags, "A0217"));
	for (size_t i = 0; i < COUNT(signs); i++)
		if (!strstr(text, signs[i]))
			fail_msg("nothing of it: %s", signs[i]);
}

static void test_any_number_of_threads_makes_the_same(void **state)
{
	static const size_t threads[] = {2, 3, 8, 100};
	struct world w = {.arena = *state, .random = 1};
	const struct desired *desired;
	const char *text, *again;
	struct diags diags;

	strbuf_init(&w.yaml, 0);
	map_init(&w.recorded, w.arena);
	map_init(&w.taken, w.arena);
	assert_int_equal(case_project(w.arena, "account main cloudflare\n", &w.project), RC_OK);
	write_world(&w);
	decode(&w);
	share(&w);
	desired = run(&w, 1, &diags, &text);
	check_is_at_odds(desired, &diags, text);
	for (size_t i = 0; i < COUNT(threads); i++) {
		run(&w, threads[i], &diags, &again);
		if (!str_eq(text, again))
			fail_msg("%zu threads:\n%s\nand one:\n%s", threads[i], again, text);
	}
	run(&w, 0, &diags, &again);
	assert_string_equal(text, again);
	strbuf_done(&w.yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_any_number_of_threads_makes_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
