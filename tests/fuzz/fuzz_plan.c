/* Plan files, whatever they are: what is read is written again, read again, printed, and made into documents. A file that is
 * refused for its digest or checksum alone is read once more with both put right: a fuzzer finds neither. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/run.h"
#include "base/str.h"
#include "planner/document.h"
#include "planner/planfile.h"
#include "report/plan_text.h"
#include "tests/fuzz/fuzz.h"

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)

/* The linker puts these two in the place of plan_digest() (--wrap). */
char *__real_plan_digest(struct arena *arena, const struct plan *plan);
char *__wrap_plan_digest(struct arena *arena, const struct plan *plan);

static char last_digest[65];

/** What planfile_read() compares with is what the repaired file gets. */
char *__wrap_plan_digest(struct arena *arena, const struct plan *plan)
{
	char *digest = __real_plan_digest(arena, plan);

	if (digest && strlen(digest) < sizeof(last_digest))
		memcpy(last_digest, digest, strlen(digest) + 1);
	return digest;
}

/** A plan that was read can be written; the file is a plan again, with the same digest. */
static void write_again(struct arena *arena, struct diags *diags, const struct plan *plan)
{
	struct text text = {.name = "again.json"};
	struct plan *again = NULL;
	struct strbuf out;

	strbuf_init(&out, 0);
	if (planfile_write(plan, &out))
		abort();
	text.bytes = strbuf_text(&out);
	text.size = out.size;
	if (planfile_read(arena, diags, &text, &again) || !str_eq(again->digest, plan->digest))
		abort();
	strbuf_done(&out);
}

static void build_documents(struct arena *arena, const struct plan *plan)
{
	for (size_t i = 0; i < plan->tunnel_count; i++) {
		struct json *document = NULL;

		if (document_build(arena, plan, plan->tunnels[i], NULL, NULL, NULL, &document))
			abort();
		if (!json_count(json_get(document, "ingress")))
			abort(); /* a catch-all at least */
	}
}

static void use(struct arena *arena, struct diags *diags, const struct plan *plan)
{
	struct strbuf out;

	write_again(arena, diags, plan);
	strbuf_init(&out, 0);
	plan_text(&out, arena, plan, false);
	strbuf_done(&out);
	build_documents(arena, plan);
}

/** Read the file again with the digest of its changes and the checksum of its content. */
static void repair(struct arena *arena, struct diags *diags, const struct text *bad)
{
	struct text text = {.name = "repaired.json"};
	struct plan *plan = NULL;
	struct json *root = NULL;
	struct strbuf out;

	if (json_parse(arena, bad->bytes, bad->size, &root, NULL) ||
	    json_set(arena, root, "digest", json_new_string(arena, last_digest)) ||
	    json_set(arena, root, "checksum", json_new_string(arena, planfile_checksum(arena, root))))
		abort();
	strbuf_init(&out, 0);
	json_write_canonical(&out, root);
	text.bytes = strbuf_text(&out);
	text.size = out.size;
	if (planfile_read(arena, diags, &text, &plan))
		abort(); /* nothing else was wrong with it */
	use(arena, diags, plan);
	strbuf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct text text = {.name = "plan.json", .bytes = (const char *)data, .size = size};
	struct plan *plan = NULL;
	struct diags diags;

	if (!arena)
		return 0;
	diags_init(&diags, arena);
	if (!planfile_read(arena, &diags, &text, &plan))
		use(arena, &diags, plan);
	else if (!diags.error_count)
		abort(); /* refused without a word */
	else if (str_eq(diags.items[0].code, "A0621"))
		repair(arena, &diags, &text);
	arena_free(arena);
	return 0;
}
