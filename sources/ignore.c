/** @file .aditignore: lines to patterns, and the verdict on a path. */
#include "sources/ignore.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"

struct pattern {
	const char *glob;
	bool is_reinclusion;
	bool folders_only;
	bool from_here; /* against the path below the folder, else against the bare name */
};

struct ignore {
	const struct ignore *outer;
	size_t prefix;
	struct pattern *patterns;
	size_t count, capacity;
};

/* line: a copy that may be cut. */
static struct pattern parse_line(char *line)
{
	struct pattern pattern = { 0 };
	size_t size;

	if (*line == '!') {
		pattern.is_reinclusion = true;
		line++;
	}
	size = strlen(line);
	if (size && line[size - 1] == '/') {
		pattern.folders_only = true;
		line[size - 1] = '\0';
	}
	pattern.from_here = strchr(line, '/') != NULL;
	pattern.glob = *line == '/' ? line + 1 : line;
	return pattern;
}

static enum rc add_line(struct arena *arena, struct ignore *ignore, const char *start, size_t size)
{
	struct pattern *patterns;
	char *line;

	while (size && strchr(" \t\r", start[size - 1]) && start[size - 1])
		size--;
	if (!size || *start == '#')
		return RC_OK;
	patterns = arena_grow(arena, ignore->patterns, ignore->count, &ignore->capacity, sizeof(*patterns));
	line = arena_memdup(arena, start, size);
	if (!patterns || !line)
		return RC_NOMEM;
	ignore->patterns = patterns;
	patterns[ignore->count++] = parse_line(line);
	return RC_OK;
}

enum rc ignore_read(struct run *run, const char *path, const struct ignore *outer, size_t prefix,
		    struct ignore **ret_ignore)
{
	struct ignore *ignore;
	struct text *text;
	enum rc rc = file_read(run->arena, &run->diags, path, LIMIT_IGNORE_BYTES, &text);

	if (rc)
		return rc;
	ignore = arena_alloc(run->arena, sizeof(*ignore));
	if (!ignore)
		return RC_NOMEM;
	*ignore = (struct ignore){ .outer = outer, .prefix = prefix };
	for (size_t at = 0, size; !rc && at < text->size; at += size + 1) {
		const char *newline = memchr(text->bytes + at, '\n', text->size - at);

		size = newline ? (size_t)(newline - text->bytes) - at : text->size - at;
		rc = add_line(run->arena, ignore, text->bytes + at, size);
	}
	if (!rc)
		*ret_ignore = ignore;
	return rc;
}

static bool is_match(const struct ignore *ignore, const struct pattern *pattern, const char *path, bool is_folder)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (pattern->folders_only && !is_folder)
		return false;
	return str_glob_match(pattern->glob, pattern->from_here ? path + ignore->prefix : name);
}

bool ignore_is_ignored(const struct ignore *nearest, const char *path, bool is_folder)
{
	for (const struct ignore *ignore = nearest; ignore; ignore = ignore->outer)
		for (size_t i = ignore->count; i-- > 0;)
			if (is_match(ignore, &ignore->patterns[i], path, is_folder))
				return !ignore->patterns[i].is_reinclusion;
	return false;
}
