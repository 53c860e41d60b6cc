/** @file
 * Folders to files. Each folder is looked through once per input, in bytewise order of names, so that it does not
 * matter how the file system lists them. Invariant: a folder is "open" in the map of visited ones exactly while the
 * walk is in it or below it; to meet an open one again is a loop. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/sort.h"
#include "base/str.h"
#include "sources/finder.h"
#include "sources/ignore.h"

struct visited {
	struct file_id id;
	bool is_open;
};

struct walk {
	struct finder *finder;
	struct map visited;
	unsigned depth;
};

struct entry {
	const char *name;
	unsigned char type; /* DT_..., DT_UNKNOWN where the file system does not say */
};

/* One folder on the way down. */
struct level {
	int fd;
	const char *path;
	const struct ignore *ignore;
	struct entry *entries;
	size_t count, capacity;
	bool has_ignore_file;
};

static enum rc walk_level(struct walk *walk, struct level *level);

static bool is_manifest(const char *name)
{
	return str_has_suffix(name, ".yaml") || str_has_suffix(name, ".yml") || str_has_suffix(name, ".json");
}

static enum rc add_entry(struct walk *walk, struct level *level, const struct dirent *dirent)
{
	struct arena *arena = walk->finder->run->arena;
	struct entry *entries;
	const char *name;

	if (str_eq(dirent->d_name, IGNORE_FILE))
		level->has_ignore_file = true;
	if (dirent->d_name[0] == '.')
		return RC_OK;
	/* Nothing to keep of a plain file that is no manifest, save the one mark of kustomize without a suffix. */
	if (dirent->d_type == DT_REG && !is_manifest(dirent->d_name) && !str_eq(dirent->d_name, "Kustomization"))
		return RC_OK;
	entries = arena_grow(arena, level->entries, level->count, &level->capacity, sizeof(*entries));
	name = arena_strdup(arena, dirent->d_name);
	if (!entries || !name)
		return RC_NOMEM;
	level->entries = entries;
	entries[level->count++] = (struct entry){ .name = name, .type = dirent->d_type };
	return RC_OK;
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static enum rc list_entries(struct walk *walk, struct level *level)
{
	int copy = fcntl(level->fd, F_DUPFD_CLOEXEC, 0); /* fdopendir() would keep ours */
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *dirent;
	enum rc rc = RC_OK;

	if (!dir) {
		rc = errno == ENOMEM ? RC_NOMEM : RC_OK;
		if (!rc)
			finder_fault_errno(walk->finder, level->path, errno, false);
		if (copy >= 0)
			close(copy);
		return rc;
	}
	errno = 0;
	while (!rc && (dirent = readdir(dir)))
		rc = add_entry(walk, level, dirent);
	if (!rc && errno)
		finder_fault_errno(walk->finder, level->path, errno, false);
	closedir(dir);
	sort_items(level->entries, level->count, sizeof(*level->entries), compare_entries);
	return rc;
}

static enum rc read_ignore_file(struct walk *walk, struct level *level)
{
	struct run *run = walk->finder->run;
	char *path = file_join(run->arena, level->path, IGNORE_FILE);
	struct ignore *ignore;
	enum rc rc;

	if (!path)
		return RC_NOMEM;
	rc = ignore_read(run, path, level->ignore, strlen(path) - strlen(IGNORE_FILE), &ignore);
	if (rc == RC_OK)
		level->ignore = ignore;
	else if (rc != RC_NOMEM)
		walk->finder->is_faulty = true; /* file_read() has said why */
	return rc == RC_NOMEM ? rc : RC_OK;
}

/* Whether kustomize or helm has to render this folder; then there is a diagnostic. */
static enum rc check_rendered(struct walk *walk, const struct level *level, bool *ret_is_rendered)
{
	*ret_is_rendered = true;
	for (size_t i = 0; i < level->count && *ret_is_rendered; i++) {
		const char *name = level->entries[i].name;
		char *path;

		if (!finder_is_mark(name) || level->entries[i].type == DT_DIR)
			continue;
		path = file_join(walk->finder->run->arena, level->path, name);
		if (!path)
			return RC_NOMEM;
		if (ignore_is_ignored(level->ignore, path, false))
			continue;
		finder_fault_unrendered(walk->finder, level->path, name);
		*ret_is_rendered = false;
	}
	return RC_OK;
}

/* Remember the folder as open. ret_known: it was here before; in a loop there is a diagnostic, too. */
static enum rc enter(struct walk *walk, const struct level *level, struct visited **ret_visited, bool *ret_known)
{
	struct visited *visited;
	struct stat info;

	*ret_known = true;
	if (fstat(level->fd, &info) < 0) {
		finder_fault_errno(walk->finder, level->path, errno, false);
		return RC_OK;
	}
	visited = arena_alloc(walk->finder->run->arena, sizeof(*visited));
	if (!visited)
		return RC_NOMEM;
	*visited = (struct visited){ .id = { .device = info.st_dev, .number = info.st_ino }, .is_open = true };
	*ret_visited = map_get_bytes(&walk->visited, &visited->id, sizeof(visited->id));
	if (*ret_visited) {
		if ((*ret_visited)->is_open)
			finder_fault(walk->finder, "A0012", "%s leads back to a folder that it is in", level->path);
		return RC_OK;
	}
	*ret_known = false;
	*ret_visited = visited;
	return map_put_bytes(&walk->visited, &visited->id, sizeof(visited->id), visited, NULL);
}

static enum rc walk_below(struct walk *walk, const struct level *level, const char *name, const char *path)
{
	struct level below = { .path = path, .ignore = level->ignore };
	enum rc rc;

	if (walk->depth == LIMIT_PATH_DEPTH) {
		finder_fault(walk->finder, "A0017", "%s lies more than %u folders deep", path, LIMIT_PATH_DEPTH);
		return RC_OK;
	}
	below.fd = openat(level->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (below.fd < 0) {
		finder_fault_errno(walk->finder, path, errno, false);
		return RC_OK;
	}
	walk->depth++;
	rc = walk_level(walk, &below);
	walk->depth--;
	close(below.fd);
	return rc;
}

static enum rc walk_entry(struct walk *walk, const struct level *level, const struct entry *entry)
{
	char *path = file_join(walk->finder->run->arena, level->path, entry->name);
	struct stat info;
	bool is_folder;

	if (!path)
		return RC_NOMEM;
	if (run_is_interrupted(walk->finder->run))
		return RC_CANCELLED;
	if (fstatat(level->fd, entry->name, &info, 0) < 0) {
		int error = errno;

		if (!ignore_is_ignored(level->ignore, path, false))
			finder_fault_errno(walk->finder, path, error, true);
		return RC_OK;
	}
	is_folder = S_ISDIR(info.st_mode);
	if (ignore_is_ignored(level->ignore, path, is_folder))
		return RC_OK;
	if (is_folder)
		return walk_below(walk, level, entry->name, path);
	if (!is_manifest(entry->name))
		return RC_OK;
	if (!S_ISREG(info.st_mode)) {
		finder_fault_kind(walk->finder, path);
		return RC_OK;
	}
	return finder_add(walk->finder, path, (struct file_id){ .device = info.st_dev, .number = info.st_ino });
}

static enum rc walk_level(struct walk *walk, struct level *level)
{
	struct visited *visited = NULL;
	bool is_known, is_rendered = true;
	enum rc rc = enter(walk, level, &visited, &is_known);

	if (rc || is_known)
		return rc;
	rc = list_entries(walk, level);
	if (!rc && level->has_ignore_file)
		rc = read_ignore_file(walk, level);
	if (!rc)
		rc = check_rendered(walk, level, &is_rendered);
	for (size_t i = 0; !rc && is_rendered && i < level->count; i++)
		rc = walk_entry(walk, level, &level->entries[i]);
	visited->is_open = false;
	return rc;
}

enum rc finder_walk(struct finder *finder, int fd, const char *path)
{
	struct walk walk = { .finder = finder };
	struct level level = { .fd = fd, .path = path };
	enum rc rc;

	map_init(&walk.visited, finder->run->arena);
	rc = walk_level(&walk, &level);
	close(fd);
	return rc;
}
