/* Translation, by case files: manifests in, text out. Every document must also be one that cloudflared takes, and the
 * order of the input must not matter. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"
#include "schema/decode.h"
#include "tests/base/unit.h"
#include "tests/schema/cloudflared_rules.h"
#include "tests/schema/translate_case.h"

/** testdata/translate/<name>.case */
static const char *const files[] = {
	"gateways", "listeners", "attachment", "defaults", "matches", "order", "duplicates", "hostnames",
	"backends", "filters", "policies", "annotations", "native", "kinds",
};

/** What must not change a translation. */
struct way {
	bool is_reversed;
	size_t threads;
};

/** One translation of one case. */
struct outcome {
	struct diags diags;
	struct objects objects;
	struct project project;
	struct map recorded;
	struct desired *desired;
};

static struct text *new_text(struct arena *arena, const char *name, const char *bytes)
{
	struct text *text = arena_alloc(arena, sizeof(*text));

	assert_non_null(text);
	*text = (struct text){.name = name, .bytes = bytes, .size = strlen(bytes)};
	return text;
}

static void reverse(void *items, size_t count)
{
	void **pointers = items;

	for (size_t i = 0; i < count / 2; i++) {
		void *other = pointers[count - 1 - i];

		pointers[count - 1 - i] = pointers[i];
		pointers[i] = other;
	}
}

static void reverse_objects(struct objects *o)
{
	reverse(o->classes, o->class_count);
	reverse(o->gateways, o->gateway_count);
	reverse(o->routes, o->route_count);
	reverse(o->others, o->other_count);
	reverse(o->grants, o->grant_count);
	reverse(o->tls_policies, o->tls_policy_count);
	reverse(o->policies, o->policy_count);
	reverse(o->namespaces, o->namespace_count);
	reverse(o->services, o->service_count);
	reverse(o->tunnels, o->tunnel_count);
}

static void decode(struct arena *arena, const struct case_file *file, const struct translate_case *c,
		   struct outcome *o)
{
	struct decoder *decoder = NULL;

	assert_int_equal(decode_open(arena, &o->diags, &o->objects, &decoder), RC_OK);
	assert_int_equal(decode_text(decoder, new_text(arena, "common ", file->common), "shop"), RC_OK);
	assert_int_equal(decode_text(decoder, new_text(arena, "input", c->input), "shop"), RC_OK);
	assert_int_equal(decode_finish(decoder), RC_OK);
	decode_close(decoder);
	for (size_t i = 0; i < o->diags.count; i++)
		if (o->diags.items[i].severity == SEVERITY_ERROR)
			fail_msg("%s: line %u: %s", c->title, o->diags.items[i].span.line,
				 o->diags.items[i].summary);
	diags_init(&o->diags, arena);
}

static const char *recorded_owner(const void *recorded, const char *address)
{
	return map_get(recorded, address);
}

static void run(struct arena *arena, const struct case_file *file, const struct translate_case *c, struct way way,
		struct outcome *o)
{
	struct translate_input input = {.project = &o->project, .objects = &o->objects, .recorded_owner = recorded_owner,
					.recorded = &o->recorded, .threads = way.threads};
	enum rc rc;

	memset(o, 0, sizeof(*o));
	diags_init(&o->diags, arena);
	assert_int_equal(case_project(arena, c->project, &o->project), RC_OK);
	assert_int_equal(case_recorded(arena, c->recorded, &o->recorded), RC_OK);
	decode(arena, file, c, o);
	if (way.is_reversed)
		reverse_objects(&o->objects);
	rc = translate(arena, &o->diags, &input, &o->desired);
	assert_true(rc == RC_OK || rc == RC_INVALID);
	assert_int_equal(rc == RC_OK, o->desired != NULL);
	assert_int_equal(rc == RC_OK, o->diags.error_count == 0);
	diags_sort(&o->diags);
}

static const char *render(struct arena *arena, const struct translate_case *c, const struct outcome *o)
{
	struct strbuf out;
	const char *copy;

	strbuf_init(&out, 0);
	desired_write(o->desired, &o->diags, &out);
	assert_int_equal(requests_write(arena, o->desired, c->requests, &out), RC_OK);
	copy = arena_strdup(arena, strbuf_text(&out));
	strbuf_done(&out);
	assert_non_null(copy);
	return copy;
}

/** No rule twice, none that cloudflared refuses, and the order as the rules stand. */
static void check_tunnel(struct arena *arena, const char *title, const struct desired_tunnel *tunnel)
{
	struct json *config = NULL;
	const struct json *order = tunnel->tunnel->u.tunnel.rule_order;
	const char *refusal;
	struct map seen;

	assert_int_equal(translate_document(arena, tunnel, &config), RC_OK);
	refusal = cloudflared_refusal(arena, config);
	if (refusal)
		fail_msg("%s: cloudflared refuses %s: %s", title, tunnel->tunnel->address, refusal);
	assert_int_equal(json_count(json_get(config, "ingress")), tunnel->rule_count);
	assert_int_equal(json_count(order), tunnel->rule_count);
	map_init(&seen, arena);
	for (size_t i = 0; i < tunnel->rule_count; i++) {
		const struct resource *rule = tunnel->rules[i];
		const char *key = arena_printf(arena, "%s %s", rule->u.rule.hostname, rule->u.rule.path);

		if (map_get(&seen, key))
			fail_msg("%s: %s stands twice", title, key);
		assert_int_equal(map_put(&seen, key, config, NULL), RC_OK);
		assert_string_equal(json_item(order, i)->u.string, rule->address);
		assert_string_equal(rule->tunnel, tunnel->tunnel->address);
		assert_non_null(rule->origin.why);
	}
}

static void check_desired(struct arena *arena, const char *title, const struct desired *desired)
{
	size_t rules = 0;

	for (size_t i = 0; i < desired->tunnel_count; i++) {
		check_tunnel(arena, title, &desired->tunnels[i]);
		rules += desired->tunnels[i].rule_count;
		if (i)
			assert_true(strcmp(desired->tunnels[i - 1].tunnel->address,
					   desired->tunnels[i].tunnel->address) < 0);
	}
	assert_int_equal(rules, desired->rule_count);
	for (size_t i = 1; i < desired->cname_count; i++)
		assert_true(strcmp(desired->cnames[i - 1].cname->address, desired->cnames[i].cname->address) < 0);
	for (size_t i = 0; i < desired->cname_count; i++)
		assert_non_null(strstr(desired->cnames[i].cname->u.cname.comment, "adit:shop "));
}

static const char *render_all(struct arena *arena, const struct outcome *o)
{
	struct strbuf out;
	const char *copy;

	strbuf_init(&out, 0);
	desired_write_all(arena, o->desired, &o->diags, &out);
	copy = arena_strdup(arena, strbuf_text(&out));
	strbuf_done(&out);
	assert_non_null(copy);
	return copy;
}

/** The same objects, by so many threads: to the byte, and the diagnostics in the same order. */
static void check_threads(struct arena *arena, const char *title, struct outcome *o)
{
	struct outcome one = *o, many = *o;
	struct translate_input input = {.project = &o->project, .objects = &o->objects, .recorded_owner = recorded_owner,
					.recorded = &o->recorded, .threads = 1};
	const char *text, *again;

	diags_init(&one.diags, arena);
	one.desired = NULL;
	enum rc rc = translate(arena, &one.diags, &input, &one.desired);

	text = render_all(arena, &one);
	for (input.threads = 2; input.threads <= 5; input.threads += 3) {
		many.desired = NULL;
		diags_init(&many.diags, arena);
		assert_int_equal(translate(arena, &many.diags, &input, &many.desired), rc);
		again = render_all(arena, &many);
		if (!str_eq(text, again))
			fail_msg("%s: %zu threads:\n%s\nand one:\n%s", title, input.threads, again, text);
	}
}

static const char *run_case(struct arena *arena, const char *name, const struct case_file *file,
			    const struct translate_case *c)
{
	struct outcome outcome, reversed;
	const char *text, *again;

	run(arena, file, c, (struct way){0}, &outcome);
	text = render(arena, c, &outcome);
	if (outcome.desired)
		check_desired(arena, c->title, outcome.desired);
	check_threads(arena, c->title, &outcome);
	run(arena, file, c, (struct way){.is_reversed = true, .threads = 3}, &reversed);
	again = render(arena, c, &reversed);
	if (!str_eq(text, again))
		fail_msg("%s: %s: the order of the input matters:\n%s\nand\n%s", name, c->title, text, again);
	return text;
}

static void rewrite(const char *path, const struct case_file *file, const char *const *texts)
{
	struct strbuf out;
	FILE *stream = fopen(path, "w");

	assert_non_null(stream);
	strbuf_init(&out, 0);
	case_file_write(file, texts, &out);
	assert_int_equal(fwrite(strbuf_text(&out), 1, out.size, stream), out.size);
	strbuf_done(&out);
	assert_int_equal(fclose(stream), 0);
}

static const char *path_of(struct arena *arena, const char *name)
{
	return arena_printf(arena, "%s/translate/%s.case", TESTDATA, name);
}

static struct case_file read_file(struct arena *arena, const char *name)
{
	struct case_file file;
	struct text *text = NULL;
	struct diags diags;

	diags_init(&diags, arena);
	assert_int_equal(file_read(arena, &diags, path_of(arena, name), LIMIT_FILE_BYTES, &text), RC_OK);
	assert_int_equal(case_file_parse(arena, arena_memdup(arena, text->bytes, text->size), &file), RC_OK);
	assert_true(file.count > 0);
	return file;
}

static void run_file(void **state)
{
	struct arena *arena = arena_new((size_t)1 << 30);
	const char *name = *state, **texts;
	struct case_file file = read_file(arena, name);
	size_t wrong = 0;

	texts = arena_array(arena, file.count, sizeof(*texts));
	for (size_t i = 0; i < file.count; i++) {
		texts[i] = run_case(arena, name, &file, &file.cases[i]);
		if (str_eq(texts[i], file.cases[i].expected))
			continue;
		wrong++;
		if (!getenv("UPDATE_GOLDEN"))
			print_error("%s.case: %s\n--- expected\n%s--- got\n%s", name, file.cases[i].title,
				    file.cases[i].expected, texts[i]);
	}
	if (wrong && getenv("UPDATE_GOLDEN"))
		rewrite(path_of(arena, name), &file, texts);
	else
		assert_int_equal(wrong, 0);
	arena_free(arena);
}

/** Translate with an arena of @p limit bytes. @param is_short it cannot be enough @return bytes used */
static size_t run_within(struct outcome *o, size_t threads, size_t limit, bool is_short)
{
	struct translate_input input = {.project = &o->project, .objects = &o->objects, .recorded_owner = recorded_owner,
					.recorded = &o->recorded, .threads = threads};
	struct arena *arena = arena_new(limit);
	struct desired *desired = NULL;
	enum rc rc = translate(arena, &o->diags, &input, &desired);
	size_t used = arena_used_bytes(arena);

	arena_free(arena);
	assert_int_equal(rc == RC_NOMEM, is_short);
	assert_int_equal(rc == RC_OK, desired != NULL);
	return used;
}

/** Whatever allocation fails: RC_NOMEM, no crash, nothing made up. */
static void run_file_short_of_memory(void **state)
{
	struct arena *arena = arena_new((size_t)1 << 30);
	struct case_file file = read_file(arena, *state);

	for (size_t i = 0; i < file.count; i++)
		for (size_t threads = 1; threads <= 3; threads += 2) {
			struct outcome outcome;
			size_t used;

			run(arena, &file, &file.cases[i], (struct way){0}, &outcome);
			used = run_within(&outcome, threads, (size_t)1 << 30, false);
			for (size_t limit = 0; limit < used; limit += 1 + used / 100)
				run_within(&outcome, threads, limit, true);
		}
	arena_free(arena);
}

int main(void)
{
	struct CMUnitTest tests[2 * COUNT(files)];

	for (size_t i = 0; i < COUNT(files); i++) {
		void *name = (void *)(uintptr_t)files[i];

		tests[2 * i] = (struct CMUnitTest){files[i], run_file, NULL, NULL, name};
		tests[2 * i + 1] = (struct CMUnitTest){"and short of memory", run_file_short_of_memory, NULL,
						       NULL, name};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
