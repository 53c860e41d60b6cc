/** @file
 * A temporary folder per test, gone with all that is in it afterwards; the tests run inside it. */
#ifndef ADIT_TESTS_BASE_FOLDER_H
#define ADIT_TESTS_BASE_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/run.h"
#include "tests/base/unit.h"

struct folder {
	char path[64];
	int previous;
	struct run run;
};

static inline int folder_setup(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	if (!folder)
		return -1;
	*state = folder;
	strcpy(folder->path, "/tmp/adit-test-XXXXXX");
	folder->previous = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder->previous < 0 || !mkdtemp(folder->path) || chdir(folder->path) < 0)
		return -1;
	return run_init(&folder->run) == RC_OK ? 0 : -1;
}

static inline int folder_remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)info;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int folder_teardown(void **state)
{
	struct folder *folder = *state;
	int failed = fchdir(folder->previous);

	close(folder->previous);
	failed |= nftw(folder->path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	run_done(&folder->run);
	free(folder);
	return failed;
}

/** A file with a text, folders made as needed. */
static inline void folder_write(const char *path, const char *text)
{
	char part[4096];
	FILE *file;

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(part, path, (size_t)(slash - path));
		part[slash - path] = '\0';
		mkdir(part, 0700);
	}
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/** How many diagnostics have this code. */
static inline size_t folder_count_code(const struct folder *folder, const char *code)
{
	size_t count = 0;

	for (size_t i = 0; i < folder->run.diags.count; i++)
		count += strcmp(folder->run.diags.items[i].code, code) == 0;
	return count;
}

#define FOLDER_TEST(function) cmocka_unit_test_setup_teardown(function, folder_setup, folder_teardown)

#endif
