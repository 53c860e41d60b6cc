/** @file Runs each file of the folders and files given through the fuzz target: what libFuzzer once found stays found. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	struct stat info;
	size_t size = 0;

	if (!file || fstat(fileno(file), &info) != 0) {
		perror(path);
		if (file)
			fclose(file);
		return 1;
	}
	/* exactly as large as the input, so that sanitizers see a read past its end */
	bytes = malloc((size_t)info.st_size + !info.st_size);
	if (bytes)
		size = fread(bytes, 1, (size_t)info.st_size, file);
	fclose(file);
	if (!bytes || size != (size_t)info.st_size) {
		fprintf(stderr, "%s: cannot be read\n", path);
		free(bytes);
		return 1;
	}
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	return 0;
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* @return number of files run; -1 on failure */
static int run_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_shown, alphasort), failed = count < 0;

	for (int i = 0; i < count; i++) {
		char path[4096];
		int size = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);

		failed |= size < 0 || (size_t)size >= sizeof(path) || run_file(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return failed ? -1 : count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		struct stat info;
		int count = 1;

		if (stat(argv[i], &info) != 0) {
			perror(argv[i]);
			return 1;
		}
		if (S_ISDIR(info.st_mode))
			count = run_folder(argv[i]);
		else if (run_file(argv[i]))
			count = -1;
		if (count < 0)
			return 1;
		total += count;
	}
	printf("%d inputs\n", total);
	return total ? 0 : 1;
}
