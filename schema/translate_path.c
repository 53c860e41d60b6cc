/* Paths: decoding, quoting and anchoring. */
#include "schema/translate_path.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/regex.h"
#include "base/str.h"

/** As Go's regexp.QuoteMeta. */
#define META "\\.+*?()|[]{}^$"
#define SHALLOW_BYTES 500u /**< cannot nest as deep as Go's limit of 1,000 */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/** Percent-decode once; what is no escape stays. NULL when memory is used up. */
static char *decode(struct arena *arena, const char *value, size_t size, size_t *ret_size)
{
	char *decoded = arena_alloc(arena, size + 1);
	size_t used = 0;

	for (size_t i = 0; decoded && i < size; i++) {
		int high = value[i] == '%' && i + 2 < size ? hex_digit(value[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(value[i + 2]) : -1;

		if (low >= 0)
			i += 2;
		decoded[used++] = low >= 0 ? (char)(high * 16 + low) : value[i];
	}
	*ret_size = used;
	return decoded;
}

/** The bytes of META. */
static const bool is_meta[256] = {
	['\\'] = true, ['.'] = true, ['+'] = true, ['*'] = true, ['?'] = true, ['('] = true, [')'] = true,
	['|'] = true,  ['['] = true, [']'] = true, ['{'] = true, ['}'] = true, ['^'] = true, ['$'] = true,
};

/** Bytes that one byte takes once quoted. */
static size_t quoted_size(char c)
{
	unsigned char byte = (unsigned char)c;

	if (byte < 0x20 || byte == 0x7F)
		return strlen("\\x{00}");
	return is_meta[byte] ? 2 : 1;
}

static char *quote_byte(char *out, char c)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t size = quoted_size(c);

	if (size > 2) {
		const char escape[] = {'\\', 'x', '{', digits[(unsigned char)c >> 4], digits[c & 15], '}'};

		memcpy(out, escape, sizeof(escape));
		return out + sizeof(escape);
	}
	if (size == 2)
		*out++ = '\\';
	*out++ = c;
	return out;
}

/** "^", the quoted text, @p end. */
static char *quote(struct arena *arena, const char *text, size_t size, const char *end)
{
	size_t total = 1 + strlen(end) + 1;
	char *pattern, *out;

	for (size_t i = 0; i < size; i++)
		total += quoted_size(text[i]);
	pattern = out = arena_alloc(arena, total);
	if (!pattern)
		return NULL;
	*out++ = '^';
	for (size_t i = 0; i < size; i++)
		out = quote_byte(out, text[i]);
	memcpy(out, end, strlen(end) + 1);
	return pattern;
}

/** True when the wrapped form may be invalid though the pattern is not: an open \Q swallows what closes the group, and
 * one level more may be one too many. */
static bool may_break_out(const char *value)
{
	return strstr(value, "\\Q") || strlen(value) > SHALLOW_BYTES;
}

static enum rc render_regex(struct arena *arena, const char *value, struct path_pattern *ret_pattern, char *fault,
			    size_t fault_size)
{
	char *wrapped = arena_printf(arena, "^(?:%s)$", value);
	const char *const forms[] = {value, wrapped};
	char error[PATH_FAULT_BYTES / 2] = "";

	if (!wrapped)
		return RC_NOMEM;
	/* Alone first: "a)|(?:.*" is valid only once wrapped. */
	for (size_t i = 0; i < (may_break_out(value) ? 2 : 1); i++) {
		struct regex *regex = NULL;
		enum rc rc = regex_new(forms[i], strlen(forms[i]), &regex, error, sizeof(error));

		if (rc == RC_LIMIT)
			snprintf(fault, fault_size, "is too large a regular expression");
		else if (rc)
			snprintf(fault, fault_size, "is no valid regular expression: %s", error);
		if (rc)
			return rc;
		regex_free(regex);
	}
	*ret_pattern = (struct path_pattern){wrapped, wrapped, PATH_REGEX, (uint32_t)strlen(value)};
	return RC_OK;
}

static enum rc render_exact(struct arena *arena, const char *text, size_t size, struct path_pattern *ret_pattern)
{
	/* A request without any path is one for "/" as well. */
	const char *pattern = size == 1 && *text == '/' ? "^/?$" : quote(arena, text, size, "$");

	if (!pattern)
		return RC_NOMEM;
	*ret_pattern = (struct path_pattern){pattern, pattern, PATH_EXACT, (uint32_t)size};
	return RC_OK;
}

static enum rc render_prefix(struct arena *arena, const char *text, size_t size, struct path_pattern *ret_pattern)
{
	const char *pattern;

	if (!size) {
		*ret_pattern = (struct path_pattern){"", ".*", PATH_PREFIX, 0};
		return RC_OK;
	}
	pattern = quote(arena, text, size, "(?:/|$)");
	if (!pattern)
		return RC_NOMEM;
	*ret_pattern = (struct path_pattern){pattern, pattern, PATH_PREFIX, (uint32_t)size};
	return RC_OK;
}

/** str_is_utf8(), for a text that may hold NUL bytes (from %00). */
static bool is_utf8(const char *text, size_t size)
{
	const char *end = text + size;

	while (text < end) {
		size_t part = strnlen(text, (size_t)(end - text));

		if (!str_is_utf8(text, part))
			return false;
		text += part + 1;
	}
	return true;
}

enum rc path_render(struct arena *arena, enum path_type type, const char *value, struct path_pattern *ret_pattern,
		    char *fault, size_t fault_size)
{
	size_t size = strlen(value);

	if (type == PATH_REGEX)
		return render_regex(arena, value, ret_pattern, fault, fault_size);
	if (type == PATH_PREFIX)
		while (size && value[size - 1] == '/')
			size--;
	if (memchr(value, '%', size)) {
		value = decode(arena, value, size, &size);
		if (!value)
			return RC_NOMEM;
	}
	if (!is_utf8(value, size)) {
		snprintf(fault, fault_size, "is not UTF-8 once its percent-encoding is undone");
		return RC_INVALID;
	}
	if (type == PATH_EXACT)
		return render_exact(arena, value, size, ret_pattern);
	return render_prefix(arena, value, size, ret_pattern);
}

const char *path_regex_lint(const char *value)
{
	if (!*value)
		return "matches the empty path only, which no browser sends";
	if (isalnum((unsigned char)*value) && !strchr(value, '|') && !(value[1] && strchr("?*{", value[1])))
		return "never matches, since paths start with / and it must match the whole path";
	if (strchr(value, '%'))
		return "has a % in it, but it is compared with the path after percent-decoding";
	if (!strpbrk(value, META))
		return "matches this one path only, as it must match the whole path; PathPrefix takes what is below as well";
	return NULL;
}
