/* Walking up the folders: for adit.yaml, and for the root of a checkout. */
#include "cli/locate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

/** The absolute path of @p path without links; arena; NULL when it does not exist. */
static enum rc resolve(struct arena *arena, const char *path, char **ret_path)
{
	char *heap = realpath(path, NULL);
	bool is_used_up = !heap && errno == ENOMEM;

	*ret_path = heap ? arena_strdup(arena, heap) : NULL;
	free(heap);
	return is_used_up || (heap && !*ret_path) ? RC_NOMEM : RC_OK;
}

/** @p path seen from the folder @p from, both absolute: "a/b", "../b"; @p path itself when only the root is common. */
static char *relative_to(struct arena *arena, const char *from, const char *path)
{
	size_t common = 0, ups = 0;
	char *text;

	for (size_t i = 0; from[i] == path[i] || !from[i]; i++) {
		if (path[i] == '/' && (from[i] == '/' || !from[i]))
			common = i;
		if (!from[i] || !path[i])
			break;
	}
	if (!common && from[1])
		return arena_strdup(arena, path);
	for (const char *rest = from + common; *rest; rest++)
		ups += rest[0] == '/' && rest[1];
	text = arena_alloc(arena, ups * 3 + strlen(path) + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; i < ups; i++)
		memcpy(text + i * 3, "../", 3);
	strcpy(text + ups * 3, path + common + 1);
	return text;
}

static bool is_root(const char *folder)
{
	return !folder[0] || str_eq(folder, "/");
}

static bool is_checkout_root(struct arena *arena, const char *folder)
{
	char *git = file_join(arena, folder, ".git");

	return git && file_exists(git);
}

static bool is_folder(const char *path)
{
	struct stat info;

	return !stat(path, &info) && S_ISDIR(info.st_mode);
}

/** May a project file that was found by looking upward be obeyed? */
static enum rc check_owner(struct run *run, const char *start, const char *found)
{
	struct stat file, origin;
	struct diag *diag;

	if (stat(found, &file) || stat(start, &origin))
		return RC_OK;
	if (file.st_uid == 0 || file.st_uid == geteuid() || file.st_uid == origin.st_uid)
		return RC_OK;
	diag = diag_add(&run->diags, SEVERITY_ERROR, "A0816", (struct span){ 0 },
			"%s belongs to another user, and was not asked for", found);
	diag_help(&run->diags, diag, "Name it if you trust it: --config %s.", found);
	return RC_DENIED;
}

enum rc locate_project(struct run *run, const char *start, char **ret_path)
{
	char *origin, *here = NULL, *folder;
	enum rc rc = resolve(run->arena, start, &origin);

	*ret_path = NULL;
	if (!rc)
		rc = resolve(run->arena, ".", &here);
	if (rc)
		return rc;
	folder = origin;
	if (origin && !is_folder(origin))
		folder = file_folder(run->arena, origin);
	while (folder && here) {
		char *path = file_join(run->arena, folder, "adit.yaml");

		if (!path)
			return RC_NOMEM;
		if (file_exists(path)) {
			rc = check_owner(run, origin, path);
			if (rc)
				return rc;
			*ret_path = relative_to(run->arena, here, path);
			return *ret_path ? RC_OK : RC_NOMEM;
		}
		if (is_root(folder) || is_checkout_root(run->arena, folder))
			break;
		folder = file_folder(run->arena, folder);
	}
	return RC_OK;
}

bool locate_is_in_checkout(struct arena *arena, const char *path)
{
	char *folder = NULL;

	for (const char *next = path; !folder && next;) {
		if (resolve(arena, next, &folder))
			return false;
		if (str_eq(next, ".") || is_root(next))
			break;
		next = file_folder(arena, next);
	}
	while (folder && !is_root(folder)) {
		if (is_checkout_root(arena, folder))
			return true;
		folder = file_folder(arena, folder);
	}
	return false;
}
