/* Plan files, whatever they are: what is read is written again, read again, printed, and made into documents. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct text text = {.name = "plan.json", .bytes = (const char *)data, .size = size};
	struct plan *plan = NULL;
	struct strbuf out;
	struct diags diags;

	if (!arena)
		return 0;
	diags_init(&diags, arena);
	strbuf_init(&out, 0);
	if (!planfile_read(arena, &diags, &text, &plan)) {
		write_again(arena, &diags, plan);
		plan_text(&out, arena, plan, false);
		build_documents(arena, plan);
	} else if (!diags.error_count) {
		abort(); /* refused without a word */
	}
	strbuf_done(&out);
	arena_free(arena);
	return 0;
}
