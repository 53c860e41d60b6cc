/** @file Inputs to files: one input, and the faults that an input can have. */
#include "sources/finder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"

#define CHART_FILE "Chart.yaml"

struct diag *finder_fault(struct finder *finder, const char *code, const char *format, ...)
{
	struct run *run = finder->run;
	struct diag *diag;
	va_list args;
	char *summary;

	va_start(args, format);
	summary = arena_vprintf(run->arena, format, args);
	va_end(args);
	diag = diag_add(&run->diags, SEVERITY_ERROR, code, finder->input->span, "%s", str_or_empty(summary));
	finder->is_faulty = true;
	return diag;
}

void finder_fault_errno(struct finder *finder, const char *path, int error, bool is_link)
{
	bool is_missing = error == ENOENT || error == ENOTDIR;
	struct diag *diag;

	if (is_missing && is_link) {
		diag = finder_fault(finder, "A0018", "%s is a link to nothing", path);
		diag_help(&finder->run->diags, diag, "Remove the link, or list it in .aditignore.");
	} else if (is_missing) {
		finder_fault(finder, "A0001", "there is no file or folder %s", path);
	} else if (error == ELOOP) {
		finder_fault(finder, "A0012", "%s is a link that leads back to itself", path);
	} else {
		finder_fault(finder, "A0002", "cannot read %s", path)->system_errno = error;
	}
}

void finder_fault_kind(struct finder *finder, const char *path)
{
	struct diag *diag = finder_fault(finder, "A0004", "%s is neither a file nor a folder", path);

	diag_help(&finder->run->diags, diag, "To read from a pipe or a device, use -f - and redirect standard input.");
}

static const struct mark {
	const char *name, *code, *tool, *command;
} marks[] = {
	{ "kustomization.yaml", "A0013", "kustomize", "kustomize build" },
	{ "kustomization.yml", "A0013", "kustomize", "kustomize build" },
	{ "Kustomization", "A0013", "kustomize", "kustomize build" },
	{ CHART_FILE, "A0014", "helm", "helm template" },
};

static const struct mark *find_mark(const char *name)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (str_eq(marks[i].name, name))
			return &marks[i];
	return NULL;
}

bool finder_is_mark(const char *name)
{
	return find_mark(name) != NULL;
}

void finder_fault_unrendered(struct finder *finder, const char *folder, const char *name)
{
	const struct mark *mark = find_mark(name);
	struct diag *diag;

	if (!mark)
		return;
	diag = finder_fault(finder, mark->code, "%s has a %s: %s has to render it first", folder, name, mark->tool);
	diag_help(&finder->run->diags, diag,
		  "Run `%s %s | adit plan -f -`, or leave it out with a line in a .aditignore above it.", mark->command,
		  folder);
}

enum rc finder_add(struct finder *finder, const char *path, struct file_id id)
{
	struct found_file *files;

	if (finder->count == LIMIT_FILES) {
		finder_fault(finder, "A0016", "there are more than %u files to read", LIMIT_FILES);
		return RC_LIMIT;
	}
	files = arena_grow(finder->run->arena, finder->files, finder->count, &finder->capacity, sizeof(*files));
	if (!files)
		return RC_NOMEM;
	finder->files = files;
	files[finder->count++] = (struct found_file){ .path = path, .input = finder->input, .id = id };
	return RC_OK;
}

/* The chart whose templates folder this is, or NULL. */
static enum rc find_chart(struct arena *arena, const char *folder, const char **ret_chart)
{
	const char *chart = file_folder(arena, folder);
	const char *mark = chart ? file_join(arena, chart, CHART_FILE) : NULL;
	bool is_templates = str_eq(folder, "templates") || str_has_suffix(folder, "/templates");

	if (!mark)
		return RC_NOMEM;
	*ret_chart = is_templates && file_exists(mark) ? chart : NULL;
	return RC_OK;
}

static enum rc search_file(struct finder *finder, const char *path, const struct stat *info)
{
	struct arena *arena = finder->run->arena;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *folder = file_folder(arena, path), *chart;
	enum rc rc = folder ? find_chart(arena, folder, &chart) : RC_NOMEM;

	if (rc)
		return rc;
	if (chart)
		finder_fault_unrendered(finder, chart, CHART_FILE);
	else if (finder_is_mark(name))
		finder_fault_unrendered(finder, folder, name);
	else
		rc = finder_add(finder, path, (struct file_id){ .device = info->st_dev, .number = info->st_ino });
	return rc;
}

static enum rc open_folder(struct finder *finder, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return finder_walk(finder, fd, path);
	finder_fault_errno(finder, path, errno, false);
	return RC_OK;
}

static enum rc search_folder(struct finder *finder, const char *path)
{
	size_t found = finder->count;
	bool was_faulty = finder->is_faulty;
	const char *chart;
	enum rc rc = find_chart(finder->run->arena, path, &chart);

	if (rc)
		return rc;
	finder->is_faulty = false;
	if (chart)
		finder_fault_unrendered(finder, chart, CHART_FILE);
	else
		rc = open_folder(finder, path);
	if (!rc && finder->count == found && !finder->is_faulty && !finder->input->may_be_empty) {
		struct diag *diag = finder_fault(finder, "A0011", "there is no manifest in %s", path);

		diag_help(&finder->run->diags, diag,
			  "adit reads *.yaml, *.yml and *.json, and skips hidden files and what .aditignore lists. "
			  "If it is meant to be empty: --allow-empty.");
	}
	finder->is_faulty |= was_faulty;
	return rc;
}

enum rc finder_search(struct finder *finder, const struct source_input *input)
{
	struct arena *arena = finder->run->arena;
	size_t size = strlen(input->path);
	struct stat info, link;
	char *path;

	finder->input = input;
	while (size > 1 && input->path[size - 1] == '/')
		size--;
	path = arena_memdup(arena, input->path, size);
	if (!path)
		return RC_NOMEM;
	if (stat(input->path, &info) < 0) {
		int error = errno;

		finder_fault_errno(finder, path, error, lstat(path, &link) == 0 && S_ISLNK(link.st_mode));
		return RC_OK;
	}
	if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)) {
		finder_fault_kind(finder, path);
		return RC_OK;
	}
	return S_ISDIR(info.st_mode) ? search_folder(finder, path) : search_file(finder, path, &info);
}
