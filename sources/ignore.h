/** @file
 * .aditignore: which files and folders of a folder are not input. A subset of gitignore(5), one glob per line:
 *
 *   # comment, and blank lines
 *   secret-*.yaml    a name, in this folder or any below it
 *   test/            folders only
 *   /generated.yaml  from this folder on; so does every pattern with a '/' before its end
 *   !keep.yaml       not ignored after all
 *
 * '*' is any run of characters ('/' too), '?' one character; there is nothing else. The last line that matches
 * decides, and the file in the nearest folder decides before those above it. What lies in an ignored folder is never
 * looked at, so it cannot be taken back in. */
#ifndef ADIT_SOURCES_IGNORE_H
#define ADIT_SOURCES_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/run.h"

#define IGNORE_FILE ".aditignore"

/** The lines of one file, and those of the folders above it. */
struct ignore;

/** Read the file.
 * @param path    of the file itself
 * @param outer   of the folder above; NULL for none
 * @param prefix  bytes that come before the names of this folder's entries in full paths
 * @param ret_ignore  arena
 * @return RC_OK; what file_read() returns */
enum rc ignore_read(struct run *run, const char *path, const struct ignore *outer, size_t prefix,
		    struct ignore **ret_ignore) MUST_CHECK;

/** @param nearest  NULL: nothing is ignored
 * @param path      full path of the file or folder */
bool ignore_is_ignored(const struct ignore *nearest, const char *path, bool is_folder);

#endif
