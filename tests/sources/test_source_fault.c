/** @file Tests of input that is refused: each with its code, the place that asked for it, and a way out. */
#include "tests/sources/collect.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/limits.h"

static void check(struct folder *folder, const char *path, const char *code, const char *mentions)
{
	struct diag diag = collect_fault(folder, path);

	assert_string_equal(diag.code, code);
	if (!strstr(diag.summary, mentions))
		fail_msg("\"%s\" does not mention %s", diag.summary, mentions);
}

static void test_missing(void **state)
{
	struct folder *folder = *state;

	check(folder, "none.yaml", "A0001", "none.yaml");
	check(folder, "none/", "A0001", "none");
	check(folder, "", "A0001", "");
	folder_write("file", "x");
	check(folder, "file/x.yaml", "A0001", "file/x.yaml");
}

static void test_links_to_nothing(void **state)
{
	struct folder *folder = *state;

	folder_write("in/good.yaml", "");
	assert_int_equal(symlink("nowhere", "in/broken"), 0);
	check(folder, "in", "A0018", "in/broken");
	check(folder, "in/broken", "A0018", "in/broken");
	folder_write("in/.aditignore", "broken/\n"); /* a link to nothing is no folder */
	check(folder, "in", "A0018", "in/broken");
	folder_write("in/.aditignore", "broken\n");
	assert_string_equal(COLLECT(folder, "in"), "in/good.yaml=");
}

static void test_loops(void **state)
{
	struct folder *folder = *state;

	folder_write("in/a/b/good.yaml", "");
	assert_int_equal(symlink("../..", "in/a/b/up"), 0);
	check(folder, "in", "A0012", "in/a/b/up");
	check(folder, "in/a/b", "A0012", "up");
	assert_int_equal(unlink("in/a/b/up"), 0);
	assert_int_equal(symlink("self", "in/self"), 0);
	check(folder, "in", "A0012", "in/self");
	check(folder, "in/self", "A0012", "in/self");
	assert_int_equal(unlink("in/self"), 0);
	assert_int_equal(symlink(".", "in/here"), 0);
	check(folder, "in", "A0012", "in/here");
}

static void make_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void test_special_files(void **state)
{
	struct folder *folder = *state;
	struct diag diag;

	folder_write("in/good.yaml", "");
	assert_int_equal(mkfifo("in/pipe", 0600), 0); /* no manifest by its name: of no interest */
	make_socket("in/socket");
	assert_string_equal(COLLECT(folder, "in"), "in/good.yaml=");
	check(folder, "in/pipe", "A0004", "in/pipe");
	check(folder, "in/socket", "A0004", "in/socket");
	check(folder, "/dev/null", "A0004", "/dev/null");
	assert_int_equal(rename("in/pipe", "in/pipe.yaml"), 0);
	check(folder, "in", "A0004", "in/pipe.yaml");
	diag = collect_fault(folder, "in/pipe.yaml");
	assert_non_null(strstr(diag.help, "-f -"));
}

static void test_unreadable(void **state)
{
	static const char *const paths[] = { "in/file.yaml", "in/sub" };
	struct folder *folder = *state;
	uid_t user = geteuid();

	folder_write("in/good.yaml", "");
	folder_write("in/file.yaml", "");
	folder_write("in/sub/x.yaml", "");
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct source_input input = { .path = "in" };
		struct source_text *texts;
		size_t count;
		enum rc rc;

		assert_int_equal(chmod(folder->path, 0755) | chmod("in", 0755) | chmod("in/sub", 0755), 0);
		assert_int_equal(chmod("in/sub/x.yaml", 0644) | chmod("in/file.yaml", 0644) |
				 chmod("in/good.yaml", 0644), 0);
		assert_int_equal(chmod(paths[i], 0), 0);
		assert_int_equal(user == 0 ? seteuid(65534) : 0, 0);
		rc = source_collect(&folder->run, &input, 1, -1, &texts, &count);
		assert_int_equal(seteuid(user), 0);
		assert_int_equal(rc, RC_INVALID);
		assert_int_equal(folder_count_code(folder, "A0002"), i + 1);
		assert_non_null(strstr(folder->run.diags.items[i].summary, paths[i]));
	}
	assert_int_equal(chmod("in/sub", 0700), 0);
}

static void test_too_large(void **state)
{
	struct folder *folder = *state;

	folder_write("in/good.yaml", "");
	assert_int_equal(truncate("in/good.yaml", (off_t)LIMIT_FILE_BYTES + 1), 0);
	check(folder, "in", "A0003", "in/good.yaml");
	check(folder, "in/good.yaml", "A0003", "in/good.yaml");
	assert_true(arena_used_bytes(folder->run.arena) < 1000000);
}

static void test_too_deep(void **state)
{
	struct folder *folder = *state;
	char path[1000] = "in";

	for (unsigned i = 0; i <= LIMIT_PATH_DEPTH; i++)
		strcat(path, "/d");
	strcat(path, "/f.yaml");
	folder_write(path, "F");
	check(folder, "in", "A0017", "in/d/d");
	assert_non_null(strstr(COLLECT(folder, "in/d"), "/f.yaml=F"));
}

static void test_without_manifests(void **state)
{
	struct folder *folder = *state;

	folder_write("in/notes.md", "");
	folder_write("in/sub/.hidden.yaml", "");
	check(folder, "in", "A0011", "in");
	folder_write("in/sub/x.yaml", "");
	folder_write("in/.aditignore", "*.yaml\n");
	check(folder, "in", "A0011", "in");
	assert_string_equal(COLLECT(folder, "in/sub"), "in/sub/x.yaml=");
}

static void test_what_others_must_render(void **state)
{
	static const struct {
		const char *mark, *code, *command;
	} rows[] = {
		{ "kustomization.yaml", "A0013", "kustomize build in/app | adit plan -f -" },
		{ "kustomization.yml", "A0013", "kustomize build in/app | adit plan -f -" },
		{ "Kustomization", "A0013", "kustomize build in/app | adit plan -f -" },
		{ "Chart.yaml", "A0014", "helm template in/app | adit plan -f -" },
	};
	struct folder *folder = *state;

	folder_write("in/good.yaml", "");
	folder_write("in/app/x.yaml", "");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *mark = file_join(folder->run.arena, "in/app", rows[i].mark);
		struct diag diag;

		folder_write(mark, "");
		check(folder, "in", rows[i].code, "in/app");
		check(folder, mark, rows[i].code, "in/app");
		diag = collect_fault(folder, "in/app");
		assert_non_null(strstr(diag.help, rows[i].command));
		folder_write("in/.aditignore", arena_printf(folder->run.arena, "%s\n", rows[i].mark));
		assert_string_equal(COLLECT(folder, "in"), "in/app/x.yaml= in/good.yaml=");
		folder_write("in/.aditignore", "app/\n");
		assert_string_equal(COLLECT(folder, "in"), "in/good.yaml=");
		assert_int_equal(unlink("in/.aditignore") | unlink(mark), 0);
	}
}

static void test_templates_of_a_chart(void **state)
{
	struct folder *folder = *state;
	struct diag diag;

	folder_write("chart/Chart.yaml", "");
	folder_write("chart/templates/web.yaml", "{{ .Values.x }}");
	check(folder, "chart/templates", "A0014", "chart");
	check(folder, "chart/templates/", "A0014", "chart");
	check(folder, "chart/templates/web.yaml", "A0014", "chart");
	assert_int_equal(chdir("chart"), 0);
	diag = collect_fault(folder, "templates");
	assert_non_null(strstr(diag.help, "helm template . |"));
	assert_int_equal(unlink("Chart.yaml"), 0);
	assert_string_equal(COLLECT(folder, "templates"), "templates/web.yaml={{ .Values.x }}");
}

static void test_ignore_file_that_cannot_be_read(void **state)
{
	struct folder *folder = *state;

	folder_write("in/good.yaml", "");
	assert_int_equal(mkfifo("in/.aditignore", 0600), 0);
	check(folder, "in", "A0004", "in/.aditignore");
	assert_int_equal(unlink("in/.aditignore"), 0);
	folder_write("in/.aditignore", "");
	assert_int_equal(truncate("in/.aditignore", LIMIT_IGNORE_BYTES + 1), 0);
	check(folder, "in", "A0003", "in/.aditignore");
}

static void test_standard_input_twice(void **state)
{
	const struct source_input inputs[] = { { .path = "-" }, { .path = "-" } };
	struct folder *folder = *state;
	struct source_text *texts;
	size_t count;

	assert_int_equal(source_collect(&folder->run, inputs, 2, -1, &texts, &count), RC_INVALID);
	assert_int_equal(folder_count_code(folder, "A0015"), 1);
	assert_int_equal(folder->run.diags.count, 1);
}

static void test_all_faults_are_named_with_their_place(void **state)
{
	struct text project = { .name = "adit.yaml" };
	const struct source_input inputs[] = {
		{ .path = "none", .span = { .text = &project, .line = 7, .column = 3 } },
		{ .path = "in" },
		{ .path = "empty" },
		{ .path = "good.yaml" },
	};
	struct folder *folder = *state;
	struct source_text *texts;
	size_t count;

	folder_write("in/Chart.yaml", "");
	folder_write("empty/notes", "");
	folder_write("good.yaml", "");
	assert_int_equal(source_collect(&folder->run, inputs, COUNT(inputs), -1, &texts, &count), RC_INVALID);
	assert_int_equal(folder->run.diags.count, 3);
	assert_int_equal(folder->run.diags.items[0].span.line, 7);
	assert_ptr_equal(folder->run.diags.items[0].span.text, &project);
	assert_string_equal(folder->run.diags.items[1].code, "A0014");
	assert_string_equal(folder->run.diags.items[2].code, "A0011");
}

/* Whatever the arena's limit: RC_NOMEM or all of it, never half. */
static void test_every_shortage_of_memory(void **state)
{
	struct source_input input = { .path = "in" };
	size_t limit = 0;
	enum rc rc;

	(void)state;
	folder_write("in/a/x.yaml", "x");
	folder_write("in/y.yaml", "y");
	folder_write("in/.aditignore", "z\n");
	do {
		struct run run = { .arena = arena_new(limit) };
		struct source_text *texts = NULL;
		size_t count = 0;

		diags_init(&run.diags, run.arena);
		rc = source_collect(&run, &input, 1, -1, &texts, &count);
		assert_true(rc == RC_NOMEM || (rc == RC_OK && count == 2));
		assert_int_equal(run.diags.error_count, 0);
		run_done(&run);
		limit += 16;
	} while (rc);
	assert_true(limit < 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(test_missing),
		FOLDER_TEST(test_links_to_nothing),
		FOLDER_TEST(test_loops),
		FOLDER_TEST(test_special_files),
		FOLDER_TEST(test_unreadable),
		FOLDER_TEST(test_too_large),
		FOLDER_TEST(test_too_deep),
		FOLDER_TEST(test_without_manifests),
		FOLDER_TEST(test_what_others_must_render),
		FOLDER_TEST(test_templates_of_a_chart),
		FOLDER_TEST(test_ignore_file_that_cannot_be_read),
		FOLDER_TEST(test_standard_input_twice),
		FOLDER_TEST(test_all_faults_are_named_with_their_place),
		FOLDER_TEST(test_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
