/** @file
 * Files: bounded reads and atomic writes. */
#ifndef ADIT_BASE_FILE_H
#define ADIT_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/rc.h"
#include "base/text.h"

/** Read a regular file whole, at most @p max_bytes. Anything that is no regular file (FIFO, device, socket,
 * folder) is refused without blocking.
 * @param ret_text  name is @p path copied; bytes and struct arena
 * @return RC_OK; RC_NOTFOUND (A0001); RC_IO (A0002); RC_LIMIT too large (A0003); RC_INVALID no regular file (A0004); RC_NOMEM */
enum rc file_read(struct arena *arena, struct diags *diags, const char *path, size_t max_bytes, struct text **ret_text) MUST_CHECK;

/** file_read() with the bytes in an arena of their own, which may be freed once text->bytes is NULL.
 * @param texts  for the bytes of a file that knows its size */
enum rc file_read_into(struct arena *arena, struct arena *texts, struct diags *diags, const char *path, size_t max_bytes,
		       struct text **ret_text) MUST_CHECK;

/** Read a forgotten text again, if the file is what it was: same size, same sum. Else its bytes stay forgotten.
 * @param arena  for the bytes
 * @return RC_OK, RC_NOMEM */
enum rc file_recall(struct arena *arena, struct text *text) MUST_CHECK;

/** Read a descriptor to its end, at most @p max_bytes; same results, and RC_CANCELLED when a signal interrupts the
 * wait (no diagnostic). @param name shown to the user */
enum rc file_read_fd(struct arena *arena, struct diags *diags, int fd, const char *name, size_t max_bytes, struct text **ret_text) MUST_CHECK;

/** Replace @p path in one step: temporary file beside it, fsync, rename, fsync of the folder. On failure the old
 * file is as it was and no temporary file stays. A symbolic link is followed; what is no regular file is refused.
 * @param mode permissions of the new file, such as 0600
 * @return RC_OK; RC_IO (A0005) */
enum rc file_write_atomic(struct diags *diags, const char *path, const void *bytes, size_t size, unsigned mode) MUST_CHECK;

/** Create a folder and its parents (0700 each). Existing is fine. @return RC_OK; RC_IO (A0006) */
enum rc file_make_folder(struct diags *diags, const char *path) MUST_CHECK;

/** True when something exists at @p path (links followed). */
bool file_exists(const char *path);

struct stat;
/** True for a regular file of this user that others may neither read nor write. No checkout makes such files under a usual
 * umask: what it says can be believed to be ours. */
bool file_is_private(const struct stat *info);

/** "a/b" from "a" and "b"; @p name alone when it is absolute or @p folder is "" or "."; arena. */
char *file_join(struct arena *arena, const char *folder, const char *name);

/** The folder part of @p path: "a" of "a/b", "." of "b", "/" of "/b"; arena. */
char *file_folder(struct arena *arena, const char *path);

#endif
