/* The Gateway API's own manifests: every example is read, every invalid one is refused at a place and for a reason. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "tests/base/unit.h"
#include "tests/schema/decoding.h"

#define DECODING_TEST(function) cmocka_unit_test_setup_teardown(function, decoding_setup, decoding_teardown)
#define DATA ADIT_SOURCE "/../shared/data/"
#define MAX_DEPTH 8

/** What to do with one manifest. @return false: it came out wrong */
typedef bool (*visit)(struct decoding *decoding, const char *path);

/* What a walk has seen. */
struct tally {
	size_t files, wrong;
};

static void walk(struct decoding *decoding, const char *folder, unsigned depth, visit visit_file, struct tally *tally)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct stat info;
	char path[4096];

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (stat(path, &info) == 0 && S_ISDIR(info.st_mode) && depth < MAX_DEPTH) {
			walk(decoding, path, depth + 1, visit_file, tally);
		} else if (str_has_suffix(path, ".yaml")) {
			tally->files++;
			tally->wrong += !visit_file(decoding, path);
		}
	}
	closedir(dir);
}

static void read_file(struct decoding *decoding, const char *path)
{
	struct text *text;

	decoding_restart(decoding);
	assert_int_equal(file_read(decoding->run.arena, &decoding->run.diags, path, 1 << 20, &text), RC_OK);
	assert_int_equal(decode_text(decoding->decoder, text, NULL), RC_OK);
	decoding_finish(decoding);
}

static bool is_accepted(struct decoding *decoding, const char *path)
{
	const struct objects *o = &decoding->objects;
	size_t count;

	read_file(decoding, path);
	count = o->class_count + o->gateway_count + o->route_count + o->other_count + o->grant_count + o->tls_policy_count +
		o->namespace_count;
	if (decoding->run.diags.error_count == 0 && count == o->document_count && count > 0)
		return true;
	print_error("%s: refused\n", path);
	decoding_print(decoding);
	return false;
}

static bool is_refused(struct decoding *decoding, const char *path)
{
	const struct diags *diags = &decoding->run.diags;

	read_file(decoding, path);
	if (diags->error_count > 0 && decoding->objects.invalid_count == 1 && diags->items[0].span.line > 0 &&
	    str_eq(diags->items[0].span.text->name, path) && !str_is_empty(diags->items[0].summary))
		return true;
	print_error("%s: not refused\n", path);
	return false;
}

static void run(void **state, const char *folder, visit visit_file, size_t least)
{
	struct tally tally = { 0 };

	if (!file_exists(folder)) {
		print_message("skipped: no %s\n", folder);
		skip();
	}
	walk(*state, folder, 0, visit_file, &tally);
	assert_int_equal(tally.wrong, 0);
	assert_true(tally.files >= least);
}

static void examples_are_read(void **state)
{
	run(state, DATA "gateway-api-examples", is_accepted, 80);
}

static void invalid_ones_are_refused(void **state)
{
	run(state, DATA "gateway-api-invalid", is_refused, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(examples_are_read),
		DECODING_TEST(invalid_ones_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
