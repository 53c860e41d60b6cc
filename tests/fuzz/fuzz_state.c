/* State documents, whatever they are: what is read is written again, the same; details of intents beside them. */
#include <stdlib.h>
#include <string.h>

#include "base/run.h"
#include "base/str.h"
#include "state/state_document.h"
#include "tests/fuzz/fuzz.h"

static const char *canonical(struct arena *arena, const struct recorded_state *state)
{
	struct json *document = NULL;
	struct strbuf out;
	const char *text;

	if (state_document_write(arena, "shop", state, &document))
		abort();
	strbuf_init(&out, 0);
	json_write_canonical(&out, document);
	text = arena_strdup(arena, strbuf_text(&out));
	strbuf_done(&out);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)256 * 1024 * 1024);
	struct recorded_state state = {0}, again = {0};
	struct json *document = NULL;
	const char *first, *second;
	struct diags diags;

	if (!arena)
		return 0;
	diags_init(&diags, arena);
	if (json_parse(arena, (const char *)data, size, &document, NULL)) {
		arena_free(arena);
		return 0;
	}
	if (state_document_read(arena, &diags, "shop", document, &state)) {
		if (!diags.error_count)
			abort(); /* refused without a word */
	} else {
		first = canonical(arena, &state);
		if (json_parse(arena, first, strlen(first), &document, NULL) ||
		    state_document_read(arena, &diags, "shop", document, &again))
			abort();
		second = canonical(arena, &again);
		if (!str_eq(first, second))
			abort();
	}
	arena_free(arena);
	return 0;
}
