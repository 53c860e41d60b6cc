/* What is kept of a text: from its bytes come the objects that come from the text, whichever form they have. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "schema/decode_internal.h"
#include "tests/base/unit.h"
#include "tests/schema/same_route.h"
#include "tests/schema/translate_case.h"

#define SHARED ADIT_SOURCE "/../shared/data/gateway-api-examples"
#define CASES ADIT_SOURCE "/testdata/translate"
#define MAX_DEPTH 8

static const uint8_t key[DECODE_KEY_BYTES] = "0123456789abcde";

/** One decoding: a run, its objects. */
struct result {
	struct run run;
	struct objects objects;
	struct decoder *decoder;
	enum rc rc;
};

static void begin(struct result *result)
{
	memset(result, 0, sizeof(*result));
	assert_int_equal(run_init(&result->run), RC_OK);
	assert_int_equal(decode_open(result->run.arena, &result->run.diags, &result->objects, &result->decoder), RC_OK);
}

static void end(struct result *result)
{
	decode_close(result->decoder);
	run_done(&result->run);
}

static void assert_same_diags(const struct result *a, const struct result *b)
{
	assert_int_equal(a->run.diags.count, b->run.diags.count);
	for (size_t i = 0; i < a->run.diags.count; i++) {
		assert_string_equal(a->run.diags.items[i].code, b->run.diags.items[i].code);
		assert_string_equal(a->run.diags.items[i].summary, b->run.diags.items[i].summary);
		assert_true(same_span(&a->run.diags.items[i].span, &b->run.diags.items[i].span));
	}
}

static void assert_same(const struct result *a, const struct result *b)
{
	const struct objects *x = &a->objects, *y = &b->objects;

	assert_int_equal(a->rc, RC_OK);
	assert_int_equal(b->rc, RC_OK);
	assert_int_equal(x->document_count, y->document_count);
	assert_int_equal(x->route_count, y->route_count);
	assert_int_equal(x->gateway_count, y->gateway_count);
	assert_int_equal(x->service_count, y->service_count);
	for (size_t i = 0; i < x->route_count; i++)
		assert_true(same_route(x->routes[i], y->routes[i]));
	assert_int_equal(a->decoder->check.visited, b->decoder->check.visited);
	assert_same_diags(a, b);
}

/** Decode @p text, and what is kept of it. @param ret_bytes  owned; NULL: nothing is */
static void read_text(struct result *result, const struct text *text, const char *name_space, char **ret_bytes, size_t *ret_size)
{
	struct arena *arena = arena_new(1 << 20);
	struct decode_cache cache;

	begin(result);
	decode_cache_init(&cache);
	decode_cache_begin(&cache, arena, 0);
	result->decoder->cache = &cache;
	result->rc = decode_text(result->decoder, text, name_space);
	*ret_bytes = NULL;
	if (!result->objects.invalid_count)
		*ret_bytes = decode_cache_seal(&cache, key, result->decoder->check.visited, ret_size);
	decode_cache_done(&cache);
	arena_free(arena);
}

static void read_bytes(struct result *result, const struct text *text, const char *name_space, const char *bytes, size_t size)
{
	char *copy = malloc(size ? size : 1);

	/* Of its own, so that its end is known. */
	assert_non_null(copy);
	memcpy(copy, bytes, size);
	begin(result);
	result->rc = decode_cached(result->decoder, text, name_space, 0, copy, size, key);
	free(copy);
}

static size_t route_kind(void)
{
	size_t count, number = 0;
	const struct kind *kinds = kind_table(&count);

	while (number < count && !str_eq(kinds[number].name, "HTTPRoute"))
		number++;
	return number;
}

/** Decode the routes of a text, which was found without fault, from their trees. @return false: it has a list */
static bool read_trees(struct result *result, const struct text *text, const char *name_space, uint64_t visited)
{
	struct arena *arena = arena_new(1 << 26);
	struct decode_cache cache;
	struct yaml_reader *reader;
	struct node *root = NULL;
	bool is_end = false, is_list = false;
	size_t size = 0;
	char *bytes;

	decode_cache_init(&cache);
	decode_cache_begin(&cache, arena, 0);
	begin(result);
	assert_int_equal(yaml_open(&result->run.diags, text, &reader), RC_OK);
	for (;;) {
		assert_int_equal(yaml_next(reader, arena, &root, &is_end), RC_OK);
		if (is_end)
			break;
		is_list |= root && str_has_suffix(value_text(value_get(root, "kind"), ""), "List");
		if (root && str_eq(value_text(value_get(root, "kind"), ""), "HTTPRoute"))
			decode_cache_add(&cache, route_kind(), root);
	}
	yaml_close(reader);
	bytes = decode_cache_seal(&cache, key, visited, &size);
	assert_non_null(bytes);
	result->rc = decode_cached(result->decoder, text, name_space, 0, bytes, size, key);
	free(bytes);
	decode_cache_done(&cache);
	arena_free(arena);
	return !is_list;
}

/** How many routes were compared, and of these those that are kept as objects. */
struct tally {
	size_t routes, plain;
};

static bool is_plain(const struct http_route *route)
{
	struct arena *arena = arena_new(1 << 20);
	struct decode_cache cache;
	bool is_added;

	decode_cache_init(&cache);
	decode_cache_begin(&cache, arena, 0);
	is_added = decode_cache_add_route(&cache, route, true);
	decode_cache_done(&cache);
	arena_free(arena);
	return is_added;
}

static void compare_forms(const char *name, const char *yaml, const char *name_space, struct tally *tally)
{
	const struct text text = {.name = name, .bytes = yaml, .size = strlen(yaml)};
	struct result from_text, from_bytes, from_trees;
	size_t size = 0;
	char *bytes;

	read_text(&from_text, &text, name_space, &bytes, &size);
	if (bytes) {
		read_bytes(&from_bytes, &text, name_space, bytes, size);
		assert_same(&from_text, &from_bytes);
		end(&from_bytes);
		if (read_trees(&from_trees, &text, name_space, from_text.decoder->check.visited)) {
			assert_int_equal(from_trees.objects.route_count, from_text.objects.route_count);
			for (size_t i = 0; i < from_text.objects.route_count; i++)
				assert_true(same_route(from_text.objects.routes[i], from_trees.objects.routes[i]));
		}
		end(&from_trees);
		tally->routes += from_text.objects.route_count;
		for (size_t i = 0; i < from_text.objects.route_count; i++)
			tally->plain += is_plain(from_text.objects.routes[i]);
	}
	free(bytes);
	end(&from_text);
}

static char *read_whole(struct run *run, const char *path)
{
	struct text *text;

	assert_int_equal(file_read(run->arena, &run->diags, path, 1 << 24, &text), RC_OK);
	return arena_memdup(run->arena, text->bytes, text->size);
}

static void compare_cases(struct run *run, const char *path, struct tally *tally)
{
	struct case_file file;

	assert_int_equal(case_file_parse(run->arena, read_whole(run, path), &file), RC_OK);
	for (size_t i = 0; i < file.count; i++)
		compare_forms(path, arena_printf(run->arena, "%s%s", file.common, file.cases[i].input), i % 2 ? "odd" : NULL, tally);
}

static void compare_file(struct run *run, const char *path, struct tally *tally)
{
	if (str_has_suffix(path, ".case"))
		compare_cases(run, path, tally);
	else if (str_has_suffix(path, ".yaml"))
		compare_forms(path, read_whole(run, path), NULL, tally);
}

static bool compare_folder(struct run *run, const char *folder, unsigned depth, struct tally *tally)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct stat info;
	char path[4096];

	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (stat(path, &info) == 0 && S_ISDIR(info.st_mode) && depth < MAX_DEPTH)
			compare_folder(run, path, depth + 1, tally);
		else
			compare_file(run, path, tally);
	}
	closedir(dir);
	return true;
}

static void manifests_of_the_tests(void **state)
{
	struct tally tally = {0};
	struct run run;

	(void)state;
	assert_int_equal(run_init(&run), RC_OK);
	assert_true(compare_folder(&run, CASES, 0, &tally));
	run_done(&run);
	assert_true(tally.routes > 100 && tally.plain > 50 && tally.plain < tally.routes);
}

static void manifests_of_the_gateway_api(void **state)
{
	struct tally tally = {0};
	struct run run;
	bool is_there;

	(void)state;
	assert_int_equal(run_init(&run), RC_OK);
	is_there = compare_folder(&run, SHARED, 0, &tally);
	run_done(&run);
	if (!is_there) {
		print_message("skipped: %s is not there\n", SHARED);
		skip();
	}
	assert_true(tally.routes > 10);
}

#define ROUTE(meta, spec) "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {" meta "}\nspec: {" spec "}\n"
#define SPEC(spec) ROUTE("name: r", spec)
#define RULE(rule) SPEC("rules: [{" rule "}]")
#define BACKEND(backend) RULE("backendRefs: [{" backend "}]")
#define LONG16(text) text text text text text text text text text text text text text text text text

static const struct {
	const char *yaml;
	bool is_plain;
} forms[] = {
	{SPEC(""), true},
	{ROUTE("name: r, namespace: default", ""), true},
	{ROUTE("name: r, namespace: ns, labels: {a: b, 'x.y/c': '', b: a}", "hostnames: [a.b, '*.c.d', a.b]"), true},
	{ROUTE("name: r, namespace: ns, creationTimestamp: '2026-01-01T00:00:00Z'", ""), true},
	{ROUTE("name: r, namespace: ns, creationTimestamp: '1960-01-01T00:00:00Z'", ""), true},
	{ROUTE("name: r, annotations: {a: 'some text', b.c/d: ''}", "rules: [{matches: [{path: {value: /p}}]}]"), true},
	{ROUTE("name: r, annotations: {a: '" LONG16("0123456789abcdef") LONG16("0123456789abcdef") "'}, labels: {b: c}", ""), true},
	{ROUTE("name: r, annotations: {adit.cnap.tech/dns: 'false'}", ""), false},
	{ROUTE("name: r, annotations: {adit.cnap.tech/origin-request: '{\"connectTimeout\": \"10s\"}'}", ""), false},
	{SPEC("useDefaultGateways: All, hostnames: []"), true},
	{SPEC("useDefaultGateways: None, parentRefs: []"), true},
	{SPEC("parentRefs: [{name: g}, {name: h, sectionName: s}, {name: i, port: 65535}, {name: s, kind: Service, group: ''}]"), true},
	{ROUTE("name: r, namespace: ns", "parentRefs: [{name: g, namespace: ns}, {name: h, namespace: edge, kind: Gateway}]"), true},
	{RULE("matches: [{path: {type: Exact, value: /a}}, {path: {type: RegularExpression, value: '/b.*'}}, {path: {type: Exact}}, {}]"), true},
	{RULE("matches: [{path: {value: '/" LONG16("0123456789") "'}}, {path: {value: /}}]"), true},
	{RULE("matches: [{method: GET}]"), false},
	{RULE("matches: [{headers: [{name: a, value: b}]}]"), false},
	{RULE("filters: [{type: RequestRedirect, requestRedirect: {statusCode: 301, hostname: a.b}}]"), false},
	{RULE("name: one, timeouts: {request: 10s}, retry: {attempts: 3}, sessionPersistence: {sessionName: a}"), true},
	{RULE("timeouts: {request: 0s}"), true},
	{BACKEND("name: web, port: 80"), true},
	{BACKEND("name: web, port: 80, weight: 0, namespace: default"), true},
	{BACKEND("name: web, port: 80, weight: 1000000, namespace: other"), true},
	{BACKEND("name: web, group: x.y, kind: Any"), true},
	{BACKEND("name: web, port: 80, filters: [{type: RequestRedirect, requestRedirect: {hostname: a.b}}]"), false},
	{"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec:\n  rules:\n  - backendRefs:\n    - &b\n"
	 "      name: web\n      port: 80\n    - {<<: *b, weight: 2}\n  - backendRefs: [*b, {<<: *b}]\n", true},
	{"apiVersion: v1\nkind: List\nitems:\n- " "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {}}\n"
	 "- {apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: b, namespace: x}, spec: {}}\n", true},
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

static void each_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		struct tally unnamed = {0}, named = {0};

		compare_forms("in.yaml", forms[i].yaml, NULL, &unnamed);
		compare_forms("in.yaml", forms[i].yaml, "ns", &named);
		assert_int_equal(unnamed.plain, named.plain);
		if (!unnamed.routes || (unnamed.plain > 0) != forms[i].is_plain)
			fail_msg("form %zu", i);
	}
}

/** Numbers that look random and are the same each time. */
static unsigned next(uint64_t *seed, unsigned below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % below;
}

static void add_rule(struct strbuf *out, uint64_t *seed)
{
	static const char *const types[] = {"Exact", "PathPrefix", "RegularExpression"};
	unsigned matches = next(seed, 3), backends = next(seed, 3);

	strbuf_adds(out, "  - {");
	if (next(seed, 4) == 0)
		strbuf_adds(out, "timeouts: {request: 1s}, ");
	strbuf_adds(out, "matches: [");
	for (unsigned i = 0; i < matches; i++)
		strbuf_addf(out, "%s{path: {type: %s, value: /%.*s}}", i ? ",\n    " : "", types[next(seed, 3)],
			    (int)next(seed, 200), LONG16("abcdefghijklmnop"));
	strbuf_adds(out, "], backendRefs: [");
	for (unsigned i = 0; i < backends; i++)
		strbuf_addf(out, "%s{name: web-%u, port: %u, weight: %u%s}", i ? ", " : "", next(seed, 50), 1 + next(seed, 65535),
			    next(seed, 4), next(seed, 5) ? "" : ", namespace: other");
	strbuf_adds(out, "]}\n");
}

static void add_route(struct strbuf *out, uint64_t *seed, unsigned number)
{
	unsigned rules = next(seed, 4), labels = next(seed, 3);

	strbuf_addf(out, "---\n%sapiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: route-%u\n",
		    next(seed, 8) ? "" : "\n# a comment\n\n", number);
	if (next(seed, 3))
		strbuf_addf(out, "  namespace: team-%u\n", next(seed, 2000));
	strbuf_adds(out, "  labels: {");
	for (unsigned i = 0; i < labels; i++)
		strbuf_addf(out, "%sl-%u-%u: v-%u", i ? ", " : "", i, next(seed, 30), next(seed, 3000));
	strbuf_addf(out, "}\nspec:\n  hostnames: [r%u.example.com]\n  parentRefs:\n  - {name: gw-%u, namespace: edge", number,
		    next(seed, 5));
	strbuf_adds(out, next(seed, 2) ? ", sectionName: https}\n" : "}\n");
	strbuf_adds(out, rules ? "  rules:\n" : "  useDefaultGateways: All\n");
	for (unsigned i = 0; i < rules; i++)
		add_rule(out, seed);
}

/* More different texts than are remembered as written lately. */
static void generated_routes(void **state)
{
	(void)state;
	for (uint64_t round = 0; round < 5; round++) {
		struct tally tally = {0};
		uint64_t seed = round;
		struct strbuf out;

		strbuf_init(&out, 0);
		for (unsigned i = 0; i < 2000; i++)
			add_route(&out, &seed, i);
		assert_false(strbuf_failed(&out));
		compare_forms("generated.yaml", strbuf_text(&out), round % 2 ? "ns" : NULL, &tally);
		assert_int_equal(tally.routes, 2000);
		assert_int_equal(tally.plain, 2000);
		strbuf_done(&out);
	}
}

/** A few routes, a Service and what is passed over, kept. */
static char *kept_sample(struct text *ret_text, size_t *ret_size)
{
	static const char *const yaml =
		ROUTE("name: a, namespace: x, labels: {l: m}, annotations: {n: o}", "parentRefs: [{name: g, namespace: e, sectionName: s}], hostnames: [a.b, c.d]")
		"---\n" ROUTE("name: b, namespace: x, creationTimestamp: '2026-01-01T00:00:00Z'",
			      "rules: [{name: r, matches: [{path: {value: /p}}, {}], backendRefs: [{name: w, port: 80, weight: 3, namespace: z}]}]")
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: w}\nspec: {ports: [{port: 80}]}\n"
		"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w}\n"
		"---\napiVersion: adit.cnap.tech/v1\nkind: Project\nmetadata: {name: p}\n";
	struct result result;
	char *bytes;

	*ret_text = (struct text){.name = "in.yaml", .bytes = yaml, .size = strlen(yaml)};
	read_text(&result, ret_text, "ns", &bytes, ret_size);
	assert_int_equal(result.objects.route_count, 2);
	assert_int_equal(result.objects.service_count, 1);
	end(&result);
	assert_non_null(bytes);
	return bytes;
}

static void damaged_bytes(void **state)
{
	struct result result;
	struct text text;
	size_t size;
	char *bytes = kept_sample(&text, &size);

	(void)state;
	for (size_t i = 0; i < size * 8; i++) {
		bytes[i / 8] ^= (char)(1 << i % 8);
		read_bytes(&result, &text, "ns", bytes, size);
		assert_int_equal(result.rc, RC_CORRUPT);
		end(&result);
		bytes[i / 8] ^= (char)(1 << i % 8);
	}
	for (size_t i = 0; i < size; i++) {
		read_bytes(&result, &text, "ns", bytes, i);
		assert_int_equal(result.rc, RC_CORRUPT);
		end(&result);
	}
	free(bytes);
}

/* What the two counts behind the entries take. */
#define TAIL_BYTES 16u

static void read_forged(const struct text *text, char *bytes, size_t size)
{
	uint64_t sum = XXH3_64bits_withSeed(bytes, size - sizeof(sum), XXH3_64bits(key, sizeof(key)));
	struct result result;

	memcpy(bytes + size - sizeof(sum), &sum, sizeof(sum));
	read_bytes(&result, text, "ns", bytes, size);
	assert_true(result.rc == RC_OK || result.rc == RC_CORRUPT || result.rc == RC_LIMIT);
	/* Each byte of the routes is looked at. */
	for (size_t i = 0; i < result.objects.route_count && result.rc == RC_OK; i++)
		assert_true(same_route(result.objects.routes[i], result.objects.routes[i]));
	end(&result);
}

/** Bytes that nobody wrote, with a checksum that holds. */
static void forged_bytes(void **state)
{
	struct text text;
	size_t size;
	char *bytes = kept_sample(&text, &size), *forged = malloc(size);

	(void)state;
	assert_non_null(forged);
	/* The bytes of the routes, which stand first: a tree that is no Service's may be anything. */
	for (size_t i = 0; i < size - TAIL_BYTES && bytes[i] != 'K'; i++) {
		for (unsigned value = 0; value < 256; value++) {
			memcpy(forged, bytes, size);
			forged[i] = (char)value;
			read_forged(&text, forged, size);
		}
	}
	for (size_t i = TAIL_BYTES; i < size; i++) {
		memcpy(forged, bytes, size);
		read_forged(&text, forged, i);
	}
	free(forged);
	free(bytes);
}

/** Without memory there is nothing kept, and what was kept is not half there. */
static void memory_runs_out(void **state)
{
	struct text text;
	size_t size, unused, needed = 0;
	char *bytes = kept_sample(&text, &size);

	(void)state;
	for (size_t limit = 16; limit < 100000 && !needed; limit += limit < 8192 ? 16 : 512) {
		struct arena *objects = arena_new(limit), *scratch = arena_new(limit);
		struct decode_cache cache;
		struct result result;

		begin(&result);
		result.decoder->arena = objects;
		result.decoder->scratch = scratch;
		result.rc = decode_cached(result.decoder, &text, "ns", 0, bytes, size, key);
		assert_true(result.rc == RC_OK || result.rc == RC_NOMEM);
		if (result.rc == RC_OK)
			needed = limit;
		end(&result);
		begin(&result);
		arena_reset(scratch);
		decode_cache_init(&cache);
		decode_cache_begin(&cache, scratch, 0);
		result.decoder->cache = &cache;
		assert_int_equal(decode_text(result.decoder, &text, "ns"), RC_OK);
		if (limit < 20000)
			assert_null(decode_cache_seal(&cache, key, 0, &unused));
		decode_cache_done(&cache);
		end(&result);
		arena_free(scratch);
		arena_free(objects);
	}
	assert_true(needed > 1000);
	free(bytes);
}

/** The limit on nodes holds of what was kept as of the text. */
static void nodes_are_counted(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct text text = {.name = "in.yaml", .bytes = "", .size = 0};
	struct decode_cache cache;
	struct result result;
	size_t size = 0;
	char *bytes;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		decode_cache_init(&cache);
		decode_cache_begin(&cache, arena, 0);
		decode_cache_add_silent(&cache);
		bytes = decode_cache_seal(&cache, key, (uint64_t)LIMIT_INPUT_NODES + i, &size);
		assert_non_null(bytes);
		read_bytes(&result, &text, NULL, bytes, size);
		assert_int_equal(result.rc, i ? RC_LIMIT : RC_OK);
		end(&result);
		free(bytes);
		decode_cache_done(&cache);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manifests_of_the_tests),
		cmocka_unit_test(manifests_of_the_gateway_api),
		cmocka_unit_test(each_form),
		cmocka_unit_test(generated_routes),
		cmocka_unit_test(damaged_bytes),
		cmocka_unit_test(forged_bytes),
		cmocka_unit_test(memory_runs_out),
		cmocka_unit_test(nodes_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
