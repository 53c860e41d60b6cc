/** @file
 * Finding the project file, and the checkout that a path lies in, by walking up the folders. */
#ifndef ADIT_CLI_LOCATE_H
#define ADIT_CLI_LOCATE_H

#include <stdbool.h>

#include "base/run.h"

/** Look for adit.yaml in the folder of @p start and above it, up to the root of its checkout (a folder with .git)
 * or the root of the file system. One that lies above @p start counts only when it belongs to this user, to root
 * or to whom @p start belongs: it can name a command to run.
 * @param start     a file or a folder; one that does not exist finds nothing
 * @param ret_path  NULL when there is none; else relative to the working folder where that is possible; arena
 * @return RC_OK; RC_DENIED it belongs to somebody else (A0816); RC_NOMEM */
enum rc locate_project(struct run *run, const char *start, char **ret_path) MUST_CHECK;

/** True when @p path, or the nearest existing folder above it, lies in a checkout. */
bool locate_is_in_checkout(struct arena *arena, const char *path);

#endif
