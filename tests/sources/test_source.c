/** @file Tests of what is read: files, folders, standard input, and in which order. */
#include "tests/sources/collect.h"

#include "base/limits.h"

static void test_files_by_name(void **state)
{
	struct folder *folder = *state;

	folder_write("b.yaml", "B");
	folder_write("a.txt", "A"); /* given by name: any suffix */
	folder_write(".hidden.yaml", "H");
	assert_string_equal(COLLECT(folder, "b.yaml", "a.txt", ".hidden.yaml"), ".hidden.yaml=H a.txt=A b.yaml=B");
	assert_string_equal(COLLECT(folder, ".hidden.yaml", "b.yaml", "a.txt"), ".hidden.yaml=H a.txt=A b.yaml=B");
}

static void test_folders(void **state)
{
	struct folder *folder = *state;

	folder_write("in/z.yaml", "1");
	folder_write("in/a/x.yml", "2");
	folder_write("in/a.json", "3");
	folder_write("in/a/b/c/deep.yaml", "4");
	folder_write("in/notes.md", "no");
	folder_write("in/yaml", "no");
	folder_write("in/x.YAML", "no");
	folder_write("in/.hidden/x.yaml", "no");
	folder_write("in/.hidden.yaml", "no");
	folder_write("in/folder.yaml/inner.yaml", "5");
	assert_string_equal(COLLECT(folder, "in"), "in/a.json=3 in/a/b/c/deep.yaml=4 in/a/x.yml=2 "
						   "in/folder.yaml/inner.yaml=5 in/z.yaml=1");
	assert_string_equal(COLLECT(folder, "in/a///"), "in/a/b/c/deep.yaml=4 in/a/x.yml=2");
	assert_string_equal(COLLECT(folder, "in/.hidden"), "in/.hidden/x.yaml=no");
	assert_int_equal(chdir("in/a"), 0);
	assert_string_equal(COLLECT(folder, "."), "b/c/deep.yaml=4 x.yml=2");
}

static void test_a_file_reached_twice_is_read_once(void **state)
{
	struct folder *folder = *state;

	folder_write("in/a.yaml", "A");
	assert_int_equal(link("in/a.yaml", "in/hard.yaml"), 0);
	assert_int_equal(symlink("a.yaml", "in/soft.yaml"), 0);
	assert_int_equal(symlink("in", "other"), 0);
	assert_string_equal(COLLECT(folder, "in"), "in/a.yaml=A");
	assert_string_equal(COLLECT(folder, "other", "./in", "in", "in/soft.yaml"), "./in/a.yaml=A");
	assert_string_equal(COLLECT(folder, "in/soft.yaml", "in", "./in", "other"), "./in/a.yaml=A");
	assert_string_equal(COLLECT(folder, "in/soft.yaml"), "in/soft.yaml=A");
}

static void test_two_namespaces_are_two_entries_of_one_text(void **state)
{
	struct folder *folder = *state;
	const struct source_input inputs[] = {
		{ .path = "in", .name_space = "shop" }, { .path = "in", .name_space = "blog" }, { .path = "in" },
		{ .path = "in/a.yaml", .name_space = "shop" },
	};
	struct source_text *texts;
	size_t count;

	folder_write("in/a.yaml", "A");
	assert_int_equal(source_collect(&folder->run, inputs, COUNT(inputs), -1, &texts, &count), RC_OK);
	assert_int_equal(count, 3);
	assert_null(texts[0].name_space);
	assert_string_equal(texts[1].name_space, "blog");
	assert_string_equal(texts[2].name_space, "shop");
	assert_ptr_equal(texts[0].text, texts[1].text);
	assert_ptr_equal(texts[0].text, texts[2].text);
}

/* Kubernetes mounts a ConfigMap so: visible links to files in a hidden folder. */
static void test_a_mounted_config_map(void **state)
{
	struct folder *folder = *state;

	folder_write("in/..2026_11_23/web.yaml", "W");
	assert_int_equal(symlink("..2026_11_23", "in/..data"), 0);
	assert_int_equal(symlink("..data/web.yaml", "in/web.yaml"), 0);
	assert_string_equal(COLLECT(folder, "in"), "in/web.yaml=W");
}

/* Each folder is walked once, else twenty levels of two links would be a million folders. */
static void test_links_across_folders_do_not_multiply(void **state)
{
	struct folder *folder = *state;
	struct source_input input = { .path = "in/00" };
	struct source_text *texts;
	size_t count;

	for (int level = 0; level <= 20; level++) {
		struct arena *arena = folder->run.arena;

		folder_write(arena_printf(arena, "in/%02d/f.yaml", level), "");
		if (level == 20)
			break;
		for (char side = 'x'; side <= 'y'; side++)
			assert_int_equal(symlink(arena_printf(arena, "../%02d", level + 1),
						 arena_printf(arena, "in/%02d/%c", level, side)), 0);
	}
	assert_int_equal(source_collect(&folder->run, &input, 1, -1, &texts, &count), RC_OK);
	assert_int_equal(count, 21);
	assert_string_equal(texts[2].text->name, "in/00/x/x/f.yaml");
}

static void test_standard_input(void **state)
{
	static const char *const paths[] = { "-", "a.yaml", NULL };
	struct folder *folder = *state;
	int ends[2];

	folder_write("a.yaml", "A");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "piped", 5), 5);
	close(ends[1]);
	assert_string_equal(collect_fd(folder, ends[0], paths), "<stdin>=piped a.yaml=A");
	close(ends[0]);
}

static void test_nothing_given_is_nothing_read(void **state)
{
	struct folder *folder = *state;
	static const char *const none[] = { NULL };

	assert_string_equal(collect_fd(folder, -1, none), "");
}

static void test_many_files(void **state)
{
	struct folder *folder = *state;
	struct source_input input = { .path = "in" };
	struct source_text *texts;
	size_t count;
	char name[64];

	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "in/%d/%d.yaml", i % 20, i);
		folder_write(name, "x");
	}
	assert_int_equal(source_collect(&folder->run, &input, 1, -1, &texts, &count), RC_OK);
	assert_int_equal(count, 500);
	for (size_t i = 1; i < count; i++)
		assert_true(strcmp(texts[i - 1].text->name, texts[i].text->name) < 0);
}

static bool has_bytes(const struct text *text, const char *bytes)
{
	return text->bytes && text->size == strlen(bytes) && memcmp(text->bytes, bytes, text->size) == 0;
}

/** Files that were let go are read again for what is said of them, and no other file in their place. */
static void test_forgotten_texts_are_recalled_as_they_were(void **state)
{
	struct folder *folder = *state;
	struct run *run = &folder->run;
	struct source_input input = { .path = "in" };
	struct source_text *texts;
	size_t count;

	folder_write("in/a.yaml", "one");
	folder_write("in/b.yaml", "two");
	folder_write("in/c.yaml", "three");
	folder_write("in/d.yaml", "four");
	assert_int_equal(source_collect(run, &input, 1, -1, &texts, &count), RC_OK);
	assert_int_equal(count, 4);
	source_forget(run, texts, count);
	for (size_t i = 0; i < count; i++)
		assert_null(texts[i].text->bytes);
	for (size_t i = 0; i < 3; i++)
		diag_add(&run->diags, SEVERITY_WARNING, "A0001", (struct span){ .text = texts[i].text, .line = 1 }, "said");
	folder_write("in/b.yaml", "TWO");
	assert_int_equal(unlink("in/c.yaml"), 0);
	assert_int_equal(source_recall(run, texts, count), RC_OK);
	assert_true(has_bytes(texts[0].text, "one"));
	assert_null(texts[1].text->bytes); /* it is another one by now */
	assert_null(texts[2].text->bytes); /* it is gone */
	assert_null(texts[3].text->bytes); /* nothing is said of it */
	assert_int_equal(run->diags.count, 3);
}

static void test_as_deep_as_allowed(void **state)
{
	struct folder *folder = *state;
	char path[1000] = "in";

	for (unsigned i = 0; i < LIMIT_PATH_DEPTH; i++)
		strcat(path, "/d");
	strcat(path, "/f.yaml");
	folder_write(path, "F");
	assert_non_null(strstr(COLLECT(folder, "in"), "/f.yaml=F"));
}

static void test_digest(void **state)
{
	struct folder *folder = *state;
	struct text a = { .name = "a", .bytes = "one", .size = 3 }, b = { .name = "b", .bytes = "two", .size = 3 };
	struct text c = { .name = "c", .bytes = "one", .size = 3 };
	const struct source_text ab[] = { { .text = &a }, { .text = &b } }, bc[] = { { .text = &b }, { .text = &c } };
	struct arena *arena = folder->run.arena;

	assert_string_equal(source_digest(arena, NULL, 0),
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_string_equal(source_digest(arena, ab, 2), source_digest(arena, bc, 2));
	assert_string_not_equal(source_digest(arena, ab, 2), source_digest(arena, ab, 1));
	assert_string_not_equal(source_digest(arena, ab, 1), source_digest(arena, bc, 1));
	assert_int_equal(strlen(source_digest(arena, ab, 2)), 64);
}

static void test_interrupted(void **state)
{
	struct folder *folder = *state;
	volatile int interrupted = 1;
	struct source_input input = { .path = "in" };
	struct source_text *texts;
	size_t count;

	folder_write("in/a.yaml", "A");
	folder->run.interrupted = &interrupted;
	assert_int_equal(source_collect(&folder->run, &input, 1, -1, &texts, &count), RC_CANCELLED);
	input.path = "in/a.yaml";
	assert_int_equal(source_collect(&folder->run, &input, 1, -1, &texts, &count), RC_CANCELLED);
	assert_int_equal(folder->run.diags.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(test_files_by_name),
		FOLDER_TEST(test_folders),
		FOLDER_TEST(test_a_file_reached_twice_is_read_once),
		FOLDER_TEST(test_two_namespaces_are_two_entries_of_one_text),
		FOLDER_TEST(test_a_mounted_config_map),
		FOLDER_TEST(test_links_across_folders_do_not_multiply),
		FOLDER_TEST(test_standard_input),
		FOLDER_TEST(test_nothing_given_is_nothing_read),
		FOLDER_TEST(test_many_files),
		FOLDER_TEST(test_forgotten_texts_are_recalled_as_they_were),
		FOLDER_TEST(test_as_deep_as_allowed),
		FOLDER_TEST(test_digest),
		FOLDER_TEST(test_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
