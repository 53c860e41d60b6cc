/** @file
 * Atomic replacement of a file. Order: temporary file beside it -> bytes -> mode -> fsync -> rename -> fsync of the
 * folder. Until the rename the old file is untouched, and every way out before it removes the temporary one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/strbuf.h"

static enum rc fault_write(struct diags *diags, const char *path, int error)
{
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0005", (struct span){ 0 }, "cannot write %s", path);

	diag->system_errno = error;
	return RC_IO;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t put = write(fd, bytes, size);

		if (put < 0 && errno != EINTR)
			return errno;
		if (put > 0) {
			bytes += put;
			size -= (size_t)put;
		}
	}
	return 0;
}

/* All up to the rename. @return 0 or errno, and then the temporary file is gone */
static int write_temporary(char *temporary, const void *bytes, size_t size, unsigned mode)
{
	int fd = mkostemp(temporary, O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno;
	failpoint("file.created");
	error = write_all(fd, bytes, size);
	failpoint("file.written");
	if (!error && (fchmod(fd, (mode_t)mode) < 0 || fsync(fd) < 0))
		error = errno;
	if (close(fd) < 0 && !error)
		error = errno;
	if (error)
		unlink(temporary);
	return error;
}

static int sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno;
	/* Some file systems cannot sync a folder, and say EINVAL. */
	error = fsync(fd) < 0 && errno != EINVAL ? errno : 0;
	close(fd);
	return error;
}

/* target: no symbolic link. folder_size: its part up to and with the last '/'. */
static int replace(const char *target, size_t folder_size, const void *bytes, size_t size, unsigned mode)
{
	struct strbuf folder, temporary;
	int error = 0;

	strbuf_init(&folder, 0);
	strbuf_init(&temporary, 0);
	strbuf_add(&folder, folder_size ? target : "./", folder_size ? folder_size : 2);
	strbuf_addf(&temporary, "%s.%s.XXXXXX", strbuf_text(&folder), target + folder_size);
	if (strbuf_failed(&folder) || strbuf_failed(&temporary))
		error = ENOMEM;
	if (!error)
		error = write_temporary(temporary.data, bytes, size, mode);
	failpoint("file.synced");
	if (!error && rename(temporary.data, target) < 0) {
		error = errno;
		unlink(temporary.data);
	}
	failpoint("file.renamed");
	if (!error)
		error = sync_folder(folder.data);
	strbuf_done(&folder);
	strbuf_done(&temporary);
	return error;
}

enum rc file_write_atomic(struct diags *diags, const char *path, const void *bytes, size_t size, unsigned mode)
{
	/* Through a symbolic link to the file that is meant; a file that does not exist yet has no real path. */
	char *real = realpath(path, NULL);
	const char *target = real ? real : path;
	const char *slash = strrchr(target, '/');
	struct stat info;
	int error = 0;

	if (real && stat(real, &info) == 0 && !S_ISREG(info.st_mode))
		error = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
	if (!error)
		error = replace(target, slash ? (size_t)(slash - target) + 1 : 0, bytes, size, mode);
	free(real);
	return error ? fault_write(diags, path, error) : RC_OK;
}
