/** @file A walk over a pattern's tokens, to refuse what Go refuses and RE2 does not. */
#include "base/regex_syntax.h"

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"

#define NAMED_GROUP "(?P<"
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

struct walk {
	const char *at, *end;
	size_t depth;
};

static bool begins_with(const struct walk *walk, const char *token)
{
	size_t size = strlen(token);

	return (size_t)(walk->end - walk->at) >= size && memcmp(walk->at, token, size) == 0;
}

/* \Q...\E: nothing in it is special. */
static void skip_quoted(struct walk *walk)
{
	while (walk->at < walk->end && !begins_with(walk, "\\E"))
		walk->at++;
	if (walk->at < walk->end)
		walk->at += 2;
}

static enum rc check_escape(struct walk *walk, const char **ret_fault)
{
	if (begins_with(walk, "\\C")) {
		*ret_fault = "invalid escape sequence: \\C";
		return RC_INVALID;
	}
	if (begins_with(walk, "\\Q")) {
		walk->at += 2;
		skip_quoted(walk);
		return RC_OK;
	}
	walk->at += walk->end - walk->at > 1 ? 2 : 1;
	return RC_OK;
}

/* [...]: a ']' that comes first is a member; [:name:] has its own. */
static void skip_class(struct walk *walk)
{
	walk->at++;
	if (begins_with(walk, "^"))
		walk->at++;
	if (begins_with(walk, "]"))
		walk->at++;
	while (walk->at < walk->end && *walk->at != ']') {
		if (begins_with(walk, "[:")) {
			const char *close = memmem(walk->at, (size_t)(walk->end - walk->at), ":]", 2);

			walk->at = close ? close + 2 : walk->at + 1;
		} else {
			walk->at += *walk->at == '\\' && walk->end - walk->at > 1 ? 2 : 1;
		}
	}
	if (walk->at < walk->end)
		walk->at++;
}

/* RE2 takes letters of any script. */
static bool is_go_name(const struct walk *walk)
{
	const char *at = walk->at + strlen(NAMED_GROUP);

	while (at < walk->end && strchr(NAME_CHARACTERS, *at) && *at)
		at++;
	return at < walk->end && *at == '>';
}

static enum rc open_group(struct walk *walk, const char **ret_fault)
{
	if (begins_with(walk, NAMED_GROUP) && !is_go_name(walk)) {
		*ret_fault = "invalid named capture";
		return RC_INVALID;
	}
	if (begins_with(walk, "(?<")) {
		*ret_fault = "invalid or unsupported Perl syntax: (?<";
		return RC_INVALID;
	}
	if (walk->depth == LIMIT_REGEX_NESTING) {
		*ret_fault = "expression nests too deeply";
		return RC_LIMIT;
	}
	walk->depth++;
	walk->at++;
	return RC_OK;
}

enum rc regex_check_syntax(const char *pattern, size_t size, const char **ret_fault)
{
	struct walk walk = { .at = pattern, .end = pattern + size };
	enum rc rc = RC_OK;

	while (!rc && walk.at < walk.end) {
		if (*walk.at == '\\') {
			rc = check_escape(&walk, ret_fault);
		} else if (*walk.at == '[') {
			skip_class(&walk);
		} else if (*walk.at == '(') {
			rc = open_group(&walk, ret_fault);
		} else {
			if (*walk.at == ')' && walk.depth)
				walk.depth--;
			walk.at++;
		}
	}
	return rc;
}
