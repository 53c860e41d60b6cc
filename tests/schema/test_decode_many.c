/* Texts in parts and by several threads: the same objects, places and diagnostics as one text after the other. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "schema/decode.h"
#include "schema/decode_many.h"

#define SERVICE(name) "apiVersion: v1\nkind: Service\nmetadata:\n  name: " name "\nspec:\n  ports:\n  - port: 80\n"
#define OTHER(name) "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name ", namespace: ns}\n"
#define BAD(name) "apiVersion: v1\nkind: Service\nmetadata:\n  name: " name "\nspec:\n  ports: 80\n"

static const char *const cases[] = {
	SERVICE("a"),
	SERVICE("a") "---\n" SERVICE("b") "---\n" SERVICE("c") "---\n" SERVICE("d") "---\n" SERVICE("e"),
	"---\n" SERVICE("a") "--- # a comment\n" SERVICE("b") "...\n---\n---\n\n" OTHER("c") "---\n" OTHER("d"),
	/* refused objects between good ones */
	SERVICE("a") "---\n" BAD("b") "---\n" SERVICE("c") "---\n" BAD("d") "---\n" SERVICE("a"),
	/* what comes after a syntax error is not read */
	SERVICE("a") "---\n" SERVICE("b") "---\na: [\n---\n" SERVICE("c") "---\n" BAD("d"),
	SERVICE("a") "---\nb: *none\n---\n" SERVICE("c") "---\n" SERVICE("d"),
	/* what looks like a document's start and is none */
	"apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  annotations:\n    x: |\n      ---\n      y\n    z: '--- z'\n"
	"spec:\n  ports:\n  - port: 80\n---\n" SERVICE("b"),
	/* directives, lines that only libyaml ends, bytes that no text has */
	"%YAML 1.1\n---\n" SERVICE("a") "...\n%TAG ! tag:example.com,2026:\n---\n" SERVICE("b"),
	SERVICE("a") "---\n# x\xE2\x80\xA8y\n" BAD("b") "---\n" BAD("c") "---\n" SERVICE("d"),
	SERVICE("a") "---\n" SERVICE("b") "---\n\x01\n---\n" SERVICE("c"),
	SERVICE("a") "---\n{\"a\": \"\\ud83d\\ude00\"}\n---\n" SERVICE("c") "---\n" SERVICE("d"),
	/* no line breaks at the end, and nothing at all */
	SERVICE("a") "---\n" SERVICE("b") "---",
	"",
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

static void add_span(struct strbuf *out, const struct span *span)
{
	strbuf_addf(out, "%s:%u:%u", span->text ? span->text->name : "-", span->line, span->column);
}

/** All that can be seen of what was decoded. */
static char *describe(struct run *run, const struct objects *objects)
{
	struct strbuf out;
	char *copy;

	strbuf_init(&out, 0);
	strbuf_addf(&out, "%zu documents, %zu invalid\n", objects->document_count, objects->invalid_count);
	for (size_t i = 0; i < objects->service_count; i++) {
		add_span(&out, &objects->services[i]->meta.span);
		strbuf_addf(&out, " %s\n", objects->services[i]->meta.key);
	}
	for (size_t i = 0; i < objects->skipped_count; i++)
		strbuf_addf(&out, "skipped %s %s %zu\n", objects->skipped[i].group, objects->skipped[i].kind, objects->skipped[i].count);
	diags_sort(&run->diags);
	for (size_t i = 0; i < run->diags.count; i++) {
		add_span(&out, &run->diags.items[i].span);
		strbuf_addf(&out, " %s %s\n", run->diags.items[i].code, run->diags.items[i].summary);
	}
	strbuf_addf(&out, "%zu errors, %zu notes\n", run->diags.error_count, run->diags.note_count);
	copy = arena_strdup(run->arena, strbuf_text(&out));
	strbuf_done(&out);
	return copy;
}

/** The first @p count cases as files. */
static void fill(struct run *run, struct decode_input *inputs, size_t first, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct text *text = arena_alloc(run->arena, sizeof(*text));

		*text = (struct text){.name = arena_printf(run->arena, "%02zu.yaml", first + i), .bytes = cases[first + i],
				      .size = strlen(cases[first + i])};
		inputs[i] = (struct decode_input){.text = text, .default_namespace = i % 2 ? "odd" : NULL};
	}
}

static char *one_after_the_other(struct run *run, const struct decode_input *inputs, size_t count)
{
	struct objects objects = {0};
	struct decoder *decoder;

	assert_int_equal(decode_open(run->arena, &run->diags, &objects, &decoder), RC_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(decode_text(decoder, inputs[i].text, inputs[i].default_namespace), RC_OK);
	assert_int_equal(decode_finish(decoder), RC_OK);
	decode_close(decoder);
	return describe(run, &objects);
}

/** What is kept, in memory. */
struct shelf {
	struct {
		uint8_t key[16];
		char bytes[4096];
		size_t size;
	} entries[64];
	size_t count, hits;
	unsigned char flipped; /**< into the middle of what is given back */
};

static bool get_kept(void *context, struct arena *arena, const uint8_t key[16], const char **ret_bytes, size_t *ret_size)
{
	struct shelf *shelf = context;

	for (size_t i = 0; i < shelf->count; i++) {
		char *copy;

		if (memcmp(shelf->entries[i].key, key, 16) != 0)
			continue;
		copy = arena_memdup(arena, shelf->entries[i].bytes, shelf->entries[i].size);
		assert_non_null(copy);
		copy[shelf->entries[i].size / 2] ^= (char)shelf->flipped;
		*ret_bytes = copy;
		*ret_size = shelf->entries[i].size;
		shelf->hits++;
		return true;
	}
	return false;
}

static void keep(void *context, const uint8_t key[16], const char *bytes, size_t size)
{
	struct shelf *shelf = context;
	size_t at = 0;

	while (at < shelf->count && memcmp(shelf->entries[at].key, key, 16) != 0)
		at++;
	assert_true(at < 64 && size <= sizeof(shelf->entries[at].bytes));
	memcpy(shelf->entries[at].key, key, 16);
	memcpy(shelf->entries[at].bytes, bytes, size);
	shelf->entries[at].size = size;
	shelf->count += at == shelf->count;
}

/** A thread that keeps. */
struct keeper {
	struct decode_kept *kept;
	const struct decode_store *store;
};

static void *keep_in_thread(void *data)
{
	struct keeper *keeper = data;

	decode_keep(keeper->kept, keeper->store);
	return NULL;
}

/** In another thread, beside nothing. */
static void keep_aside(struct decode_kept *kept, const struct decode_store *store)
{
	struct keeper keeper = {.kept = kept, .store = store};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, keep_in_thread, &keeper), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	decode_kept_free(kept);
}

static char *in_parts(struct run *run, struct decode_input *inputs, size_t count, size_t threads, size_t part_bytes,
		      struct shelf *shelf)
{
	const struct decode_effort effort = {.threads = threads, .part_bytes = part_bytes};
	const struct decode_store store = {.context = shelf, .get = get_kept, .put = keep};
	struct decode_kept *kept = NULL;
	struct objects objects = {0};
	struct decode_job *job;
	size_t documents = 0;

	assert_int_equal(decode_begin(run, inputs, count, &effort, shelf ? &store : NULL, &job), RC_OK);
	assert_int_equal(decode_end(job, &objects, &kept), RC_OK);
	assert_true(shelf || !kept);
	keep_aside(kept, &store);
	for (size_t i = 0; i < count; i++)
		documents += inputs[i].document_count;
	assert_int_equal(documents, objects.document_count);
	return describe(run, &objects);
}

static void compare(size_t first, size_t count)
{
	static const size_t sizes[] = {1, 40, 90, 100000};

	for (size_t i = 0; i < 4; i++) {
		for (size_t threads = 0; threads < 4; threads++) {
			struct decode_input inputs[CASES];
			struct run whole, parts;

			assert_int_equal(run_init(&whole), RC_OK);
			assert_int_equal(run_init(&parts), RC_OK);
			fill(&whole, inputs, first, count);
			assert_string_equal(in_parts(&parts, inputs, count, threads, sizes[i], NULL),
					    one_after_the_other(&whole, inputs, count));
			run_done(&parts);
			run_done(&whole);
		}
	}
}

static void each_text_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES; i++)
		compare(i, 1);
}

static void all_together(void **state)
{
	(void)state;
	compare(0, CASES);
}

/** What was kept gives what the text gives, also when it is damaged. */
static void compare_kept(size_t first, size_t count, size_t part_bytes)
{
	static struct shelf shelf;
	struct decode_input inputs[CASES];
	char *expected;
	struct run whole;

	memset(&shelf, 0, sizeof(shelf));
	assert_int_equal(run_init(&whole), RC_OK);
	fill(&whole, inputs, first, count);
	expected = one_after_the_other(&whole, inputs, count);
	for (unsigned pass = 0; pass < 4; pass++) {
		struct run run;

		shelf.flipped = pass == 2 ? 0x10 : 0;
		assert_int_equal(run_init(&run), RC_OK);
		assert_string_equal(in_parts(&run, inputs, count, pass % 2, part_bytes, &shelf), expected);
		run_done(&run);
		if (shelf.count)
			assert_true(pass == 0 || shelf.hits == pass * shelf.count);
	}
	run_done(&whole);
}

static void what_was_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		compare_kept(i, 1, 100000);
		compare_kept(i, 1, 60);
	}
	compare_kept(0, CASES, 100000);
}

/** The number of entries that are kept of @p text; none has @p secret in it. */
static size_t kept_of(const char *text, const char *secret)
{
	static struct shelf shelf;
	const struct text one = {.name = "a.yaml", .bytes = text, .size = strlen(text)};
	struct decode_input input = {.text = &one, .default_namespace = "ns"};
	struct run run;

	memset(&shelf, 0, sizeof(shelf));
	assert_int_equal(run_init(&run), RC_OK);
	(void)in_parts(&run, &input, 1, 0, 100000, &shelf);
	run_done(&run);
	for (size_t i = 0; i < shelf.count; i++)
		assert_null(memmem(shelf.entries[i].bytes, shelf.entries[i].size, secret, strlen(secret)));
	return shelf.count;
}

static void what_is_kept_of_a_text(void **state)
{
	(void)state;
	assert_int_equal(kept_of(SERVICE("a"), "none"), 1);
	assert_int_equal(kept_of(SERVICE("a") "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {x: c4n4ry}\n", "c4n4ry"), 1);
	/* what has something to be said about it is read each time */
	assert_int_equal(kept_of(BAD("a"), "none"), 0);
	assert_int_equal(kept_of("apiVersion: v1\nkind: Service\nmetadata: {name: a, deletionTimestamp: '2026-01-01T00:00:00Z'}\n", "none"), 0);
	/* what targets something may be of any kind */
	assert_int_equal(kept_of("apiVersion: x.example.com/v1\nkind: Any\nmetadata: {name: a}\nspec: {targetRef: {kind: Gateway, "
				 "group: gateway.networking.k8s.io, name: g}, key: c4n4ry}\n", "c4n4ry"), 0);
}

/** Nobody has to keep it. */
static void what_is_not_kept_is_freed(void **state)
{
	const struct decode_effort effort = {.part_bytes = 100000};
	struct shelf *shelf = calloc(1, sizeof(*shelf));
	const struct decode_store store = {.context = shelf, .get = get_kept, .put = keep};
	struct decode_input inputs[CASES];
	struct decode_kept *kept = NULL;
	struct objects objects = {0};
	struct decode_job *job;
	struct run run;

	(void)state;
	assert_non_null(shelf);
	assert_int_equal(run_init(&run), RC_OK);
	fill(&run, inputs, 0, CASES);
	assert_int_equal(decode_begin(&run, inputs, CASES, &effort, &store, &job), RC_OK);
	assert_int_equal(decode_end(job, &objects, &kept), RC_OK);
	run_done(&run);
	assert_non_null(kept);
	decode_kept_free(kept);
	decode_keep(NULL, &store);
	decode_kept_free(NULL);
	assert_int_equal(shelf->count, 0);
	free(shelf);
}

static void an_interruption_ends_it(void **state)
{
	const struct decode_effort effort = {.threads = 1, .part_bytes = 40};
	struct decode_input inputs[CASES];
	struct decode_kept *kept = NULL;
	struct objects objects = {0};
	volatile int interrupted = 1;
	struct decode_job *job;
	struct run run;

	(void)state;
	assert_int_equal(run_init(&run), RC_OK);
	run.interrupted = &interrupted;
	fill(&run, inputs, 0, CASES);
	assert_int_equal(decode_begin(&run, inputs, CASES, &effort, NULL, &job), RC_OK);
	assert_int_equal(decode_end(job, &objects, &kept), RC_CANCELLED);
	assert_null(kept);
	assert_int_equal(decode_begin(&run, inputs, CASES, &effort, NULL, &job), RC_OK);
	decode_abandon(job);
	decode_abandon(NULL);
	run_done(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_alone),
		cmocka_unit_test(all_together),
		cmocka_unit_test(what_was_kept),
		cmocka_unit_test(what_is_kept_of_a_text),
		cmocka_unit_test(what_is_not_kept_is_freed),
		cmocka_unit_test(an_interruption_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
