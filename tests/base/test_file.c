/** @file Tests of bounded reads, atomic writes and paths. */
#include "tests/base/folder.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/file.h"

static enum rc read_file(struct folder *folder, const char *path, size_t max_bytes, struct text **ret_text)
{
	return file_read(folder->run.arena, &folder->run.diags, path, max_bytes, ret_text);
}

static enum rc write_file(struct folder *folder, const char *path, const char *text, unsigned mode)
{
	return file_write_atomic(&folder->run.diags, path, text, strlen(text), mode);
}

static void assert_content(struct folder *folder, const char *path, const char *expected)
{
	struct text *text = NULL;

	assert_int_equal(read_file(folder, path, 1000000, &text), RC_OK);
	assert_string_equal(text->name, path);
	assert_int_equal(text->size, strlen(expected));
	assert_memory_equal(text->bytes, expected, text->size);
}

static size_t count_entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static void test_read(void **state)
{
	struct folder *folder = *state;
	struct text *text = NULL;

	folder_write("empty", "");
	folder_write("some", "a\nb");
	assert_content(folder, "empty", "");
	assert_content(folder, "some", "a\nb");
	assert_int_equal(read_file(folder, "some", 3, &text), RC_OK);
	text = NULL;
	assert_int_equal(read_file(folder, "some", 2, &text), RC_LIMIT);
	assert_null(text);
	assert_int_equal(folder_count_code(folder, "A0003"), 1);
	assert_int_equal(read_file(folder, "none", 10, &text), RC_NOTFOUND);
	assert_int_equal(read_file(folder, "some/none", 10, &text), RC_NOTFOUND);
	assert_int_equal(folder_count_code(folder, "A0001"), 2);
	assert_int_equal(folder->run.diags.error_count, 3);
	/* a file whose size is not known beforehand */
	assert_int_equal(read_file(folder, "/proc/self/cmdline", 1000000, &text), RC_OK);
	assert_true(text->size > 0);
}

/* A sparse file of 1 TiB costs nothing to refuse. */
static void test_a_huge_file_is_refused_unread(void **state)
{
	struct folder *folder = *state;
	struct text *text;

	folder_write("huge", "x");
	assert_int_equal(truncate("huge", (off_t)1 << 40), 0);
	assert_int_equal(read_file(folder, "huge", (size_t)512 << 20, &text), RC_LIMIT);
	assert_true(arena_used_bytes(folder->run.arena) < 100000);
}

static void make_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void test_what_is_no_file_is_refused_without_blocking(void **state)
{
	static const char *const paths[] = { "fifo", "socket", "folder", "/dev/null", "/dev/zero", "/dev/tty" };
	struct folder *folder = *state;
	struct text *text = NULL;

	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(mkdir("folder", 0700), 0);
	make_socket("socket");
	for (size_t i = 0; i < COUNT(paths); i++) {
		assert_int_equal(read_file(folder, paths[i], 100, &text), RC_INVALID);
		assert_int_equal(folder_count_code(folder, "A0004"), i + 1);
	}
	assert_null(text);
}

/* Root may read everything, so it becomes somebody else for a moment. */
static void test_unreadable(void **state)
{
	struct folder *folder = *state;
	struct text *text;
	uid_t user = geteuid();
	enum rc rc;

	folder_write("secret", "x");
	assert_int_equal(chmod("secret", 0), 0);
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(user == 0 ? seteuid(65534) : 0, 0);
	rc = read_file(folder, "secret", 100, &text);
	assert_int_equal(seteuid(user), 0);
	assert_int_equal(rc, RC_IO);
	assert_int_equal(folder->run.diags.items[0].system_errno, EACCES);
}

static void test_read_descriptor(void **state)
{
	struct folder *folder = *state;
	struct text *text = NULL;
	int ends[2];

	for (size_t limit = 4; limit <= 5; limit++) {
		assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
		assert_int_equal(write(ends[1], "hello", 5), 5);
		close(ends[1]);
		assert_int_equal(file_read_fd(folder->run.arena, &folder->run.diags, ends[0], "<stdin>", limit, &text),
				 limit < 5 ? RC_LIMIT : RC_OK);
		close(ends[0]);
	}
	assert_string_equal(text->name, "<stdin>");
	assert_memory_equal(text->bytes, "hello", 5);
	assert_int_equal(folder_count_code(folder, "A0003"), 1);
	assert_int_equal(file_read_fd(folder->run.arena, &folder->run.diags, -1, "<stdin>", 5, &text), RC_IO);
	assert_int_equal(folder_count_code(folder, "A0002"), 1);
}

static void note_signal(int number)
{
	(void)number;
}

/* Ctrl-C while waiting for a terminal: the read comes back. The alarm repeats, so that one comes during the wait. */
static void test_a_signal_ends_the_wait(void **state)
{
	static const struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct folder *folder = *state;
	struct sigaction action = { .sa_handler = note_signal };
	struct text *text;
	int ends[2];
	enum rc rc;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	rc = file_read_fd(folder->run.arena, &folder->run.diags, ends[0], "<stdin>", 5, &text);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(rc, RC_CANCELLED);
	assert_int_equal(folder->run.diags.count, 0);
}

static void test_atomic_write(void **state)
{
	struct folder *folder = *state;
	struct stat info;
	mode_t old_mask = umask(077);

	assert_int_equal(write_file(folder, "new", "one", 0644), RC_OK);
	umask(old_mask);
	assert_content(folder, "new", "one");
	assert_int_equal(stat("new", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0644);
	assert_int_equal(write_file(folder, "new", "two", 0600), RC_OK);
	assert_content(folder, "new", "two");
	assert_int_equal(stat("new", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(write_file(folder, "./new", "", 0600), RC_OK);
	assert_content(folder, "new", "");
	assert_int_equal(count_entries("."), 1);
}

static void test_write_follows_a_link(void **state)
{
	struct folder *folder = *state;
	struct stat info;

	folder_write("real/state", "old");
	assert_int_equal(symlink("real/state", "link"), 0);
	assert_int_equal(write_file(folder, "link", "new", 0600), RC_OK);
	assert_content(folder, "real/state", "new");
	assert_int_equal(lstat("link", &info), 0);
	assert_true(S_ISLNK(info.st_mode));
	assert_int_equal(count_entries("real"), 1);
}

static void test_write_fails_cleanly(void **state)
{
	struct folder *folder = *state;

	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(write_file(folder, "folder", "x", 0600), RC_IO);
	assert_int_equal(write_file(folder, "fifo", "x", 0600), RC_IO);
	assert_int_equal(write_file(folder, "/dev/null", "x", 0600), RC_IO);
	assert_int_equal(write_file(folder, "none/file", "x", 0600), RC_IO);
	assert_int_equal(folder_count_code(folder, "A0005"), 4);
	assert_int_equal(count_entries("."), 2);
	assert_int_equal(count_entries("folder"), 0);
}

static void limit_file_size(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The disk is full in the middle of the new file. */
static void test_the_old_file_survives_a_failed_write(void **state)
{
	struct folder *folder = *state;
	char big[5000];
	enum rc rc;

	memset(big, 'x', sizeof(big));
	assert_int_equal(write_file(folder, "kept", "old", 0600), RC_OK);
	signal(SIGXFSZ, SIG_IGN);
	limit_file_size(100);
	rc = file_write_atomic(&folder->run.diags, "kept", big, sizeof(big), 0600);
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(rc, RC_IO);
	assert_int_equal(folder->run.diags.items[0].system_errno, EFBIG);
	assert_content(folder, "kept", "old");
	assert_int_equal(count_entries("."), 1);
}

static void test_make_folder(void **state)
{
	struct folder *folder = *state;
	struct diags *diags = &folder->run.diags;
	struct stat info;
	mode_t old_mask = umask(0);

	assert_int_equal(file_make_folder(diags, "a//b/c/"), RC_OK);
	umask(old_mask);
	assert_int_equal(stat("a/b/c", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	assert_int_equal(file_make_folder(diags, "a/b/c"), RC_OK);
	assert_int_equal(file_make_folder(diags, "/"), RC_OK);
	assert_int_equal(file_make_folder(diags, "."), RC_OK);
	assert_int_equal(file_make_folder(diags, folder->path), RC_OK);
	folder_write("file", "x");
	assert_int_equal(file_make_folder(diags, "file"), RC_IO);
	assert_int_equal(file_make_folder(diags, "file/x"), RC_IO);
	assert_int_equal(folder_count_code(folder, "A0006"), 2);
}

static void test_paths(void **state)
{
	static const struct {
		const char *folder, *name, *joined;
	} joins[] = {
		{ "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "", "b", "b" }, { ".", "b", "b" }, { "a", "/b", "/b" },
		{ "/", "b", "/b" }, { "..", "b", "../b" },
	};
	static const struct {
		const char *path, *folder;
	} folders[] = {
		{ "a/b", "a" }, { "b", "." }, { "/b", "/" }, { "/", "/" }, { "", "." }, { "a/b/", "a" }, { "a//b", "a" },
		{ "//b", "/" }, { "/a/b", "/a" }, { "./b", "." },
	};
	struct folder *folder = *state;

	for (size_t i = 0; i < COUNT(joins); i++)
		assert_string_equal(file_join(folder->run.arena, joins[i].folder, joins[i].name), joins[i].joined);
	for (size_t i = 0; i < COUNT(folders); i++)
		assert_string_equal(file_folder(folder->run.arena, folders[i].path), folders[i].folder);
	assert_true(file_exists(".") && !file_exists("none"));
	assert_int_equal(symlink("none", "broken"), 0);
	assert_false(file_exists("broken"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(test_read),
		FOLDER_TEST(test_a_huge_file_is_refused_unread),
		FOLDER_TEST(test_what_is_no_file_is_refused_without_blocking),
		FOLDER_TEST(test_unreadable),
		FOLDER_TEST(test_read_descriptor),
		FOLDER_TEST(test_a_signal_ends_the_wait),
		FOLDER_TEST(test_atomic_write),
		FOLDER_TEST(test_write_follows_a_link),
		FOLDER_TEST(test_write_fails_cleanly),
		FOLDER_TEST(test_the_old_file_survives_a_failed_write),
		FOLDER_TEST(test_make_folder),
		FOLDER_TEST(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
