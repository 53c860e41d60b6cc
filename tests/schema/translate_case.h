/** @file
 * Case files of translation (testdata/translate/<name>.case) and the text that a result is compared as.
 *
 * A file: an optional "@COMMON" section with manifests that every case starts with, then cases: a line "=== what it
 * shows", and sections "@PROJECT" (lines "key value"), "@INPUT" (manifests), "@RECORDED" (lines "address = owner"),
 * "@REQUESTS" (lines "tunnel host path") and "@EXPECT". UPDATE_GOLDEN=1 rewrites the last; review does the rest. */
#ifndef ADIT_TESTS_SCHEMA_TRANSLATE_CASE_H
#define ADIT_TESTS_SCHEMA_TRANSLATE_CASE_H

#include "base/strbuf.h"
#include "schema/translate.h"

struct translate_case {
	const char *title, *project, *input, *recorded, *requests, *expected; /**< "" when absent */
};

struct case_file {
	const char *common;
	struct translate_case *cases;
	size_t count;
};

/** Take a file apart; arena. */
enum rc case_file_parse(struct arena *arena, const char *text, struct case_file *ret_file) MUST_CHECK;
/** The file with each case's expectation replaced by @p expected; free with strbuf_done(). */
void case_file_write(const struct case_file *file, const char *const *expected, struct strbuf *out);

/** A project from its lines: account, gateways, controllers, default, attach, services, name. */
enum rc case_project(struct arena *arena, const char *lines, struct project *ret_project) MUST_CHECK;
/** A map from its lines; arena. */
enum rc case_recorded(struct arena *arena, const char *lines, struct map *ret_map) MUST_CHECK;

/** A result as text: every field that matters, one line each. @param desired NULL: translation failed */
void desired_write(const struct desired *desired, const struct diags *diags, struct strbuf *out);
/** desired_write(), and all that it leaves out: what two runs over the same objects must agree on to the byte. */
void desired_write_all(struct arena *arena, const struct desired *desired, const struct diags *diags, struct strbuf *out);
/** Where each request goes. */
enum rc requests_write(struct arena *arena, const struct desired *desired, const char *lines,
		       struct strbuf *out) MUST_CHECK;

#endif
