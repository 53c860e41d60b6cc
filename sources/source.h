/** @file
 * Where input comes from: files, folders and standard input become named texts.
 *
 * A folder is read with all folders below it: files named *.yaml, *.yml and *.json; hidden files and folders (.name)
 * are skipped, and so is what a .aditignore excludes (sources/ignore.h). A file given by name is read whatever its
 * name. Links are followed; a file that is reached twice is read once. Folders that another tool has to render first
 * (kustomization.yaml, Chart.yaml) are refused.
 *
 * The result depends on what was given, never on the order in which it was given. Nothing here looks into the texts. */
#ifndef ADIT_SOURCES_SOURCE_H
#define ADIT_SOURCES_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/run.h"
#include "base/text.h"

/** The path that stands for standard input. */
#define SOURCE_STDIN "-"

/** One -f, or one entry of the project's sources. */
struct source_input {
	const char *path;       /**< file, folder, or SOURCE_STDIN */
	const char *name_space; /**< for objects that name none; NULL when not set */
	bool may_be_empty;      /**< a folder without manifests is no fault */
	struct span span;       /**< where the project file says so; text NULL for a command line */
};

/** One text to decode. */
struct source_text {
	struct text *text;       /**< name: the path as given, or with the given folder before it; "<stdin>" */
	const char *name_space;  /**< of its input; NULL when not set */
	const struct source_input *input; /**< that it was reached by */
};

/** Read all inputs.
 *
 * Reached twice means the same file by device and number; it keeps the bytewise smallest of its names. Under two
 * namespaces it is two entries that share one text.
 * @param inputs     borrowed by the result
 * @param stdin_fd   what SOURCE_STDIN reads
 * @param ret_texts  sorted by name, then namespace; arena
 * @return RC_OK; RC_INVALID something cannot be read, and all of it is named: A0001 not there, A0002 not readable,
 * A0003 too large, A0004 no regular file, A0011 a folder without manifests, A0012 a loop of folders, A0013 kustomize
 * has to render it, A0014 helm has to, A0015 standard input twice, A0016 more than LIMIT_FILES, A0017 deeper than
 * LIMIT_PATH_DEPTH, A0018 a link to nothing; RC_CANCELLED; RC_NOMEM
 * @par Source  docs/architecture.md, "sources" */
enum rc source_collect(struct run *run, const struct source_input *inputs, size_t count, int stdin_fd,
		       struct source_text **ret_texts, size_t *ret_count) MUST_CHECK;

/** Digest of what was read: SHA-256 over the sorted SHA-256 digests of the texts, so that names and order do not
 * matter. 64 hex digits; arena; NULL when memory is used up. */
char *source_digest(struct arena *arena, const struct source_text *texts, size_t count);

/** Let go of the bytes of all files, once they are decoded: spans keep their places. */
void source_forget(struct run *run, struct source_text *texts, size_t count);
/** Read again what the run's diagnostics quote; what has changed meanwhile is not quoted. @return RC_OK or RC_NOMEM */
enum rc source_recall(struct run *run, struct source_text *texts, size_t count) MUST_CHECK;

#endif
