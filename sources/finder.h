/** @file
 * Looks for the files that the inputs stand for. Opens folders, and of the files in them only .aditignore. */
#ifndef ADIT_SOURCES_FINDER_H
#define ADIT_SOURCES_FINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sources/source.h"

/** Which file it is, whatever its name. No padding: it serves as a key. */
struct file_id {
	dev_t device;
	ino_t number;
};

struct found_file {
	const char *path; /**< arena */
	const struct source_input *input;
	struct file_id id;
};

struct finder {
	struct run *run;
	const struct source_input *input; /**< the one being looked through */
	struct found_file *files;
	size_t count, capacity;
	bool is_faulty;                   /**< a diagnostic was added; the search goes on, so that all faults are named */
};

/** Look through @p input, which is not standard input.
 * @return RC_OK, also when the finder is faulty now; RC_CANCELLED; RC_NOMEM; RC_LIMIT more than LIMIT_FILES (A0016) */
enum rc finder_search(struct finder *finder, const struct source_input *input) MUST_CHECK;

/* The rest is shared by the parts of the finder. */

/** Look through the open folder @p fd and close it. @param path its name; without '/' at its end unless it is "/" */
enum rc finder_walk(struct finder *finder, int fd, const char *path) MUST_CHECK;

/** Add a file. @return RC_OK; RC_LIMIT more than LIMIT_FILES (A0016); RC_NOMEM */
enum rc finder_add(struct finder *finder, const char *path, struct file_id id) MUST_CHECK;

/** Mark the finder faulty and add a diagnostic, to which the caller may add a way out. */
struct diag *finder_fault(struct finder *finder, const char *code, const char *format, ...) PRINTF_LIKE(3, 4);

/** A fault that errno describes: A0001 not there, A0018 a link to nothing, A0002 everything else.
 * @param is_link  something is there by that name, though what it stands for may not be */
void finder_fault_errno(struct finder *finder, const char *path, int error, bool is_link);

/** A0004: neither file nor folder. */
void finder_fault_kind(struct finder *finder, const char *path);

/** True for a file by which kustomize or helm know a folder of theirs. */
bool finder_is_mark(const char *name);

/** A0013 or A0014: @p folder is to be rendered first. @param mark a name for which finder_is_mark() is true */
void finder_fault_unrendered(struct finder *finder, const char *folder, const char *mark);

#endif
