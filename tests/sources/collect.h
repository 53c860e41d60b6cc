/** @file
 * Collecting from paths, for the tests of sources/. */
#ifndef ADIT_TESTS_SOURCES_COLLECT_H
#define ADIT_TESTS_SOURCES_COLLECT_H

#include "base/strbuf.h"
#include "sources/source.h"
#include "tests/base/folder.h"

/** Collect from paths that end with NULL; RC_OK is expected.
 * @return "name=content" of each text, joined by blanks; of the folder's arena */
static inline const char *collect_fd(struct folder *folder, int fd, const char *const *paths)
{
	struct source_input inputs[16] = { 0 };
	struct source_text *texts = NULL;
	size_t count = 0, text_count = 0;
	struct strbuf all;
	const char *result;

	for (; paths[count]; count++)
		inputs[count].path = paths[count];
	assert_int_equal(source_collect(&folder->run, inputs, count, fd, &texts, &text_count), RC_OK);
	strbuf_init(&all, 0);
	for (size_t i = 0; i < text_count; i++)
		strbuf_addf(&all, "%s%s=%.*s", i ? " " : "", texts[i].text->name, (int)texts[i].text->size,
			    texts[i].text->bytes);
	result = arena_strdup(folder->run.arena, strbuf_text(&all));
	strbuf_done(&all);
	return result;
}

#define COLLECT(folder, ...) collect_fd(folder, -1, (const char *const[]){ __VA_ARGS__, NULL })

/** Collect from one path, which must be refused with exactly one diagnostic.
 * @return that diagnostic; the list is empty again */
static inline struct diag collect_fault(struct folder *folder, const char *path)
{
	struct source_input input = { .path = path };
	struct source_text *texts = NULL;
	size_t count = 99;
	struct diag diag;

	assert_int_equal(source_collect(&folder->run, &input, 1, -1, &texts, &count), RC_INVALID);
	assert_null(texts);
	assert_int_equal(count, 99);
	assert_int_equal(folder->run.diags.count, 1);
	assert_int_equal(folder->run.diags.error_count, 1);
	diag = folder->run.diags.items[0];
	diags_init(&folder->run.diags, folder->run.arena);
	return diag;
}

#endif
