/** @file Bounded reads, folders and paths. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/strbuf.h"

#define READ_CHUNK_BYTES ((size_t)64 * 1024)

static enum rc fault_io(struct diags *diags, const char *name, int error)
{
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0002", (struct span){ 0 }, "cannot read %s", name);

	diag->system_errno = error;
	return RC_IO;
}

static enum rc fault_open(struct diags *diags, const char *path, int error)
{
	if (error != ENOENT && error != ENOTDIR)
		return fault_io(diags, path, error);
	diag_add(diags, SEVERITY_ERROR, "A0001", (struct span){ 0 }, "there is no file %s", path);
	return RC_NOTFOUND;
}

static enum rc fault_size(struct diags *diags, const char *name, size_t max_bytes)
{
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0003", (struct span){ 0 },
				     "%s is larger than %zu bytes", name, max_bytes);

	diag_help(diags, diag, "Manifests can be split into several files; any other file must be smaller.");
	return RC_LIMIT;
}

static const char *kind_of(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a folder";
	if (S_ISFIFO(mode))
		return "a named pipe";
	if (S_ISSOCK(mode))
		return "a socket";
	return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "a special file";
}

static enum rc fault_kind(struct diags *diags, const char *path, mode_t mode)
{
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0004", (struct span){ 0 }, "%s is %s, not a file", path,
				     kind_of(mode));

	if (!S_ISDIR(mode))
		diag_help(diags, diag, "Only regular files are read by name; pipe other input into standard input.");
	return RC_INVALID;
}

/* Looked at before it is opened: to open a device or a FIFO may block, or do something. */
static enum rc open_regular(struct diags *diags, const char *path, int *ret_fd, size_t *ret_size)
{
	struct stat info;
	int fd;

	if (stat(path, &info) < 0)
		return fault_open(diags, path, errno);
	if (!S_ISREG(info.st_mode))
		return fault_kind(diags, path, info.st_mode);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fault_open(diags, path, errno);
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
		*ret_fd = fd;
		*ret_size = info.st_size > 0 ? (size_t)info.st_size : 0;
		return RC_OK;
	}
	close(fd);
	return fault_kind(diags, path, info.st_mode);
}

/* One read; waits when the descriptor does not block. @return bytes, 0 at the end, -1 with errno */
static ssize_t read_some(int fd, void *bytes, size_t size)
{
	for (;;) {
		ssize_t got = read(fd, bytes, size);
		struct pollfd wait = { .fd = fd, .events = POLLIN };

		if (got >= 0 || errno != EAGAIN)
			return got;
		if (poll(&wait, 1, -1) < 0)
			return -1;
	}
}

static enum rc new_text(struct arena *arena, const char *name, char *bytes, size_t size, struct text **ret_text)
{
	struct text *text = arena_alloc(arena, sizeof(*text));

	if (!text)
		return RC_NOMEM;
	*text = (struct text){ .name = arena_strdup(arena, name), .bytes = bytes, .size = size,
			       .memo = arena_alloc(arena, sizeof(struct text_memo)) };
	if (!text->name || !text->memo)
		return RC_NOMEM;
	*ret_text = text;
	return RC_OK;
}

/* Straight into the arena, since the size is known. A file that grows meanwhile is read as it was. */
static enum rc read_known(struct arena *arena, struct arena *texts, struct diags *diags, int fd, const char *name, size_t size,
			  struct text **ret_text)
{
	char *bytes = arena_alloc(texts, size + 1);
	size_t filled = 0;

	if (!bytes)
		return RC_NOMEM;
	while (filled < size) {
		ssize_t got = read_some(fd, bytes + filled, size - filled);

		if (got < 0 && errno != EINTR)
			return fault_io(diags, name, errno);
		if (got == 0)
			break;
		filled += got > 0 ? (size_t)got : 0;
	}
	return new_text(arena, name, bytes, filled, ret_text);
}

enum rc file_read(struct arena *arena, struct diags *diags, const char *path, size_t max_bytes, struct text **ret_text)
{
	return file_read_into(arena, arena, diags, path, max_bytes, ret_text);
}

enum rc file_recall(struct arena *arena, struct text *text)
{
	struct text *again = NULL;
	struct diags quiet;
	enum rc rc;

	diags_init(&quiet, arena);
	rc = file_read(arena, &quiet, text->name, text->size, &again);
	if (rc == RC_NOMEM)
		return rc;
	/* Another file by now: its lines are not those that were read. */
	if (!rc && again->size == text->size && XXH3_64bits(again->bytes, again->size) == text->sum)
		text->bytes = again->bytes;
	return RC_OK;
}

enum rc file_read_into(struct arena *arena, struct arena *texts, struct diags *diags, const char *path, size_t max_bytes,
		       struct text **ret_text)
{
	size_t size = 0;
	int fd = -1;
	enum rc rc = open_regular(diags, path, &fd, &size);

	if (rc)
		return rc;
	if (size > max_bytes)
		rc = fault_size(diags, path, max_bytes);
	else if (size)
		rc = read_known(arena, texts, diags, fd, path, size, ret_text);
	else /* empty, or one of /proc, which does not know its size */
		rc = file_read_fd(arena, diags, fd, path, max_bytes, ret_text);
	close(fd);
	return rc;
}

static enum rc read_all(struct diags *diags, int fd, const char *name, size_t max_bytes, struct strbuf *buf)
{
	char chunk[READ_CHUNK_BYTES];

	for (;;) {
		ssize_t got = read_some(fd, chunk, sizeof(chunk));

		if (got == 0)
			return RC_OK;
		if (got < 0)
			return errno == EINTR ? RC_CANCELLED : fault_io(diags, name, errno);
		if ((size_t)got > max_bytes - buf->size)
			return fault_size(diags, name, max_bytes);
		strbuf_add(buf, chunk, (size_t)got);
		if (strbuf_failed(buf))
			return RC_NOMEM;
	}
}

enum rc file_read_fd(struct arena *arena, struct diags *diags, int fd, const char *name, size_t max_bytes,
		     struct text **ret_text)
{
	struct strbuf buf;
	char *bytes;
	enum rc rc;

	strbuf_init(&buf, 0);
	rc = read_all(diags, fd, name, max_bytes, &buf);
	if (!rc) {
		bytes = arena_memdup(arena, buf.data, buf.size);
		rc = bytes ? new_text(arena, name, bytes, buf.size, ret_text) : RC_NOMEM;
	}
	strbuf_done(&buf);
	return rc;
}

static enum rc fault_folder(struct diags *diags, const char *path, int error)
{
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0006", (struct span){ 0 },
				     "cannot make the folder %s", path);

	diag->system_errno = error;
	return RC_IO;
}

static bool is_folder(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum rc file_make_folder(struct diags *diags, const char *path)
{
	struct strbuf part;
	enum rc rc = RC_OK;
	size_t size = strlen(path);

	strbuf_init(&part, 0);
	for (size_t i = 1; !rc && i <= size; i++) {
		int error;

		if (path[i] != '/' && path[i] != '\0')
			continue;
		strbuf_reset(&part);
		strbuf_add(&part, path, i);
		if (strbuf_failed(&part)) {
			rc = RC_NOMEM;
			break;
		}
		error = mkdir(strbuf_text(&part), 0700) < 0 ? errno : 0;
		/* EROFS, EACCES and the like come before EEXIST on some file systems. */
		if (error && !is_folder(strbuf_text(&part)))
			rc = fault_folder(diags, strbuf_text(&part), error);
	}
	strbuf_done(&part);
	return rc;
}

bool file_exists(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0;
}

bool file_is_private(const struct stat *info)
{
	return S_ISREG(info->st_mode) && info->st_uid == geteuid() && !(info->st_mode & 077);
}

char *file_join(struct arena *arena, const char *folder, const char *name)
{
	size_t size = strlen(folder);

	if (*name == '/' || !*folder || strcmp(folder, ".") == 0)
		return arena_strdup(arena, name);
	return arena_printf(arena, folder[size - 1] == '/' ? "%s%s" : "%s/%s", folder, name);
}

char *file_folder(struct arena *arena, const char *path)
{
	size_t size = strlen(path);

	while (size > 1 && path[size - 1] == '/')
		size--;
	while (size && path[size - 1] != '/')
		size--;
	if (!size)
		return arena_strdup(arena, ".");
	while (size > 1 && path[size - 1] == '/')
		size--;
	return arena_memdup(arena, path, size);
}
