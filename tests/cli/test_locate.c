/* Finding adit.yaml upward. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/run.h"
#include "base/str.h"
#include "cli/locate.h"

struct fixture {
	struct run run;
	char top[64];
	char before[4096];
};

static const char *const folders[] = { "one", "one/two", "one/two/three", "side", "one/.git" };
static const char *const files[] = { "adit.yaml", "one/two/adit.yaml", "one/two/three/x.yaml", "side/x.yaml" };

/** top/{adit.yaml, side/x.yaml, one/{.git, two/{adit.yaml, three/x.yaml}}}, and top is the working folder. */
static int set_up(void **state)
{
	static struct fixture f;

	strcpy(f.top, "/tmp/adit-locate-XXXXXX");
	if (run_init(&f.run) || !getcwd(f.before, sizeof(f.before)) || !mkdtemp(f.top) || chdir(f.top))
		return -1;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (mkdir(folders[i], 0700))
			return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		FILE *file = fopen(files[i], "w");

		if (!file || fclose(file))
			return -1;
	}
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	run_done(&f->run);
	if (chdir(f->top))
		return -1;
	for (size_t i = sizeof(files) / sizeof(files[0]); i--;)
		(void)remove(files[i]);
	(void)rmdir("one/.git");
	(void)rmdir("one/two/three");
	(void)rmdir("one/two");
	(void)rmdir("one");
	(void)rmdir("side");
	return chdir(f->before) || rmdir(f->top);
}

struct locate_case {
	const char *working_folder, *start, *found;
};

static void test_cases(void **state)
{
	static const struct locate_case cases[] = {
		{ ".", ".", "adit.yaml" },
		{ ".", "one/two/three/x.yaml", "one/two/adit.yaml" },
		{ ".", "one/two/three", "one/two/adit.yaml" },
		{ ".", "one/two/adit.yaml", "one/two/adit.yaml" },
		{ "side", ".", "../adit.yaml" },
		{ "side", "x.yaml", "../adit.yaml" },
		{ "one/two/three", ".", "../adit.yaml" },
		{ "one/two/three", "../../../side", "../../../adit.yaml" },
		{ "side", "../one/two/three/x.yaml", "../one/two/adit.yaml" },
		/* one is a checkout: what lies above it is not its project. */
		{ ".", "one", NULL },
		{ "one", ".", NULL },
		{ ".", "nowhere/x.yaml", NULL },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *found = NULL;

		assert_int_equal(chdir(f->top), 0);
		assert_int_equal(chdir(cases[i].working_folder), 0);
		assert_int_equal(locate_project(&f->run, cases[i].start, &found), RC_OK);
		if (cases[i].found)
			assert_string_equal(found, cases[i].found);
		else
			assert_null(found);
	}
}

static void test_absolute_when_nothing_is_common(void **state)
{
	struct fixture *f = *state;
	char start[128], expected[128], *found = NULL;

	snprintf(start, sizeof(start), "%s/side/x.yaml", f->top);
	snprintf(expected, sizeof(expected), "%s/adit.yaml", f->top);
	assert_int_equal(chdir("/usr"), 0);
	assert_int_equal(locate_project(&f->run, start, &found), RC_OK);
	assert_string_equal(found, expected);
}

static void test_checkout(void **state)
{
	struct fixture *f = *state;

	assert_true(locate_is_in_checkout(f->run.arena, "one/two/.adit/state.db"));
	assert_true(locate_is_in_checkout(f->run.arena, "one/x"));
	assert_false(locate_is_in_checkout(f->run.arena, "side/state.db"));
	assert_false(locate_is_in_checkout(f->run.arena, "state.db"));
}

/** Only root can give a file to somebody else. */
static void test_file_of_another_user(void **state)
{
	struct fixture *f = *state;
	char *found = NULL;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown("adit.yaml", 12345, 12345), 0);
	assert_int_equal(locate_project(&f->run, "side", &found), RC_DENIED);
	assert_string_equal(f->run.diags.items[0].code, "A0816");
	/* The same owner as what was asked for is fine: a checkout of another user, read by root. */
	assert_int_equal(chown("side", 12345, 12345), 0);
	assert_int_equal(locate_project(&f->run, "side", &found), RC_OK);
	assert_string_equal(found, "adit.yaml");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cases, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_absolute_when_nothing_is_common, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_checkout, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_of_another_user, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
