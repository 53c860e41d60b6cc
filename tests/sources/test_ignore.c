/** @file Tests of .aditignore. */
#include "tests/base/folder.h"

#include "base/str.h"
#include "sources/ignore.h"

static struct ignore *read_ignore(struct folder *folder, const char *lines, const struct ignore *outer, size_t prefix)
{
	struct ignore *ignore = NULL;

	folder_write("lines", lines);
	assert_int_equal(ignore_read(&folder->run, "lines", outer, prefix, &ignore), RC_OK);
	return ignore;
}

/* Paths are below a folder "in". A '/' at the end of a path says that it is a folder. */
static void test_one_file(void **state)
{
	static const struct {
		const char *lines, *path;
		bool expected;
	} rows[] = {
		{ "", "a.yaml", false },
		{ "\n\n  \n", "a.yaml", false },
		{ "# a.yaml\n", "a.yaml", false },
		{ "a.yaml", "a.yaml", true },
		{ "a.yaml\r\n", "a.yaml", true },
		{ "a.yaml  \t\n", "a.yaml", true },
		{ "a.yaml", "sub/a.yaml", true },
		{ "a.yaml", "sub/aa.yaml", false },
		{ "a.yaml", "a.yaml/", true },
		{ "/a.yaml", "a.yaml", true },
		{ "/a.yaml", "sub/a.yaml", false },
		{ "sub/a.yaml", "sub/a.yaml", true },
		{ "sub/a.yaml", "x/sub/a.yaml", false },
		{ "*/a.yaml", "x/sub/a.yaml", true },
		{ "test/", "test/", true },
		{ "test/", "test", false },
		{ "test/", "sub/test/", true },
		{ "/test/", "sub/test/", false },
		{ "sub/test/", "sub/test/", true },
		{ "*.json", "x/y.json", true },
		{ "secret-?.yaml", "secret-1.yaml", true },
		{ "secret-?.yaml", "secret-12.yaml", false },
		{ "*.yaml\n!keep.yaml", "keep.yaml", false },
		{ "*.yaml\n!keep.yaml", "other.yaml", true },
		{ "!keep.yaml\n*.yaml", "keep.yaml", true },
		{ "!", "a.yaml", false },
		{ "/", "a.yaml", false },
		{ "*", "a.yaml", true },
		{ "in", "in/", true },
		{ "in/a.yaml", "a.yaml", false }, /* relative to the folder of the lines */
	};
	struct folder *folder = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ignore *ignore = read_ignore(folder, rows[i].lines, NULL, strlen("in/"));
		char *path = arena_printf(folder->run.arena, "in/%s", rows[i].path);
		bool is_folder = str_has_suffix(path, "/");

		if (is_folder)
			path[strlen(path) - 1] = '\0';
		if (ignore_is_ignored(ignore, path, is_folder) != rows[i].expected)
			fail_msg("%s by: %s", path, rows[i].lines);
	}
	assert_false(ignore_is_ignored(NULL, "a", false));
}

static void test_the_nearest_decides(void **state)
{
	struct folder *folder = *state;
	struct ignore *outer = read_ignore(folder, "*.json\n/sub/x.yaml\n", NULL, strlen("in/"));
	struct ignore *inner = read_ignore(folder, "!keep.json\n/y.yaml\n", outer, strlen("in/sub/"));

	assert_false(ignore_is_ignored(inner, "in/sub/keep.json", false));
	assert_true(ignore_is_ignored(outer, "in/sub/keep.json", false));
	assert_true(ignore_is_ignored(inner, "in/sub/other.json", false));
	assert_true(ignore_is_ignored(inner, "in/sub/x.yaml", false));
	assert_true(ignore_is_ignored(inner, "in/sub/y.yaml", false));
	assert_false(ignore_is_ignored(inner, "in/sub/z/y.yaml", false));
}

static void test_hostile_lines(void **state)
{
	struct folder *folder = *state;
	char lines[20001];
	struct ignore *ignore;

	for (size_t i = 0; i < 20000; i += 2)
		memcpy(lines + i, "*a", 2);
	lines[20000] = '\0';
	ignore = read_ignore(folder, lines, NULL, 0);
	memset(lines, 'a', 19999);
	lines[19999] = '\0';
	assert_true(ignore_is_ignored(ignore, lines, false));
	lines[5000] = '\0';
	assert_false(ignore_is_ignored(ignore, lines, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(test_one_file),
		FOLDER_TEST(test_the_nearest_decides),
		FOLDER_TEST(test_hostile_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
