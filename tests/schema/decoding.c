/* Decoding texts in tests. */
#include "tests/schema/decoding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tests/base/unit.h"

static void open_all(struct decoding *decoding)
{
	memset(decoding, 0, sizeof(*decoding));
	assert_int_equal(run_init(&decoding->run), RC_OK);
	decoding->is_open = true;
	assert_int_equal(decode_open(decoding->run.arena, &decoding->run.diags, &decoding->objects, &decoding->decoder), RC_OK);
}

static void close_all(struct decoding *decoding)
{
	if (!decoding->is_open)
		return;
	decode_close(decoding->decoder);
	run_done(&decoding->run);
	decoding->is_open = false;
}

int decoding_setup(void **state)
{
	struct decoding *decoding = calloc(1, sizeof(*decoding));

	if (!decoding)
		return -1;
	*state = decoding;
	open_all(decoding);
	return 0;
}

int decoding_teardown(void **state)
{
	close_all(*state);
	free(*state);
	return 0;
}

void decoding_restart(struct decoding *decoding)
{
	close_all(decoding);
	open_all(decoding);
}

void decoding_add(struct decoding *decoding, const char *name, const char *bytes, size_t size, const char *name_space)
{
	struct text *text = arena_alloc(decoding->run.arena, sizeof(*text));

	assert_non_null(text);
	text->name = arena_strdup(decoding->run.arena, name);
	text->bytes = arena_memdup(decoding->run.arena, bytes, size);
	text->size = size;
	assert_int_equal(decode_text(decoding->decoder, text, name_space), RC_OK);
}

void decoding_finish(struct decoding *decoding)
{
	assert_int_equal(decode_finish(decoding->decoder), RC_OK);
	diags_sort(&decoding->run.diags);
}

void decoding_one(struct decoding *decoding, const char *yaml)
{
	decoding_restart(decoding);
	decoding_add(decoding, "in.yaml", yaml, strlen(yaml), NULL);
	decoding_finish(decoding);
}

const struct diag *decoding_diag(const struct decoding *decoding, const char *code)
{
	for (size_t i = 0; i < decoding->run.diags.count; i++)
		if (str_eq(decoding->run.diags.items[i].code, code))
			return &decoding->run.diags.items[i];
	return NULL;
}

void decoding_print(const struct decoding *decoding)
{
	for (size_t i = 0; i < decoding->run.diags.count; i++) {
		const struct diag *diag = &decoding->run.diags.items[i];

		fprintf(stderr, "%u:%u %s %s (%s)\n", diag->span.line, diag->span.column, diag->code, diag->summary,
			str_or_empty(diag->help));
	}
}
