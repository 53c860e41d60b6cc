/** @file The tokens of a JSON text, checked strictly before cJSON reads it. */
#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "base/json_internal.h"
#include "base/limits.h"
#include "base/str.h"

struct scan {
	const char *at, *end;
	size_t depth;
};

static bool is_digit(const struct scan *scan)
{
	return scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
}

static bool take(struct scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static bool take_digits(struct scan *scan)
{
	if (!is_digit(scan))
		return false;
	while (is_digit(scan))
		scan->at++;
	return true;
}

static bool take_number(struct scan *scan)
{
	take(scan, '-');
	if (!take(scan, '0') && !take_digits(scan))
		return false;
	if (is_digit(scan) || (take(scan, '.') && !take_digits(scan)))
		return false;
	if (take(scan, 'e') || take(scan, 'E')) {
		if (!take(scan, '+'))
			take(scan, '-');
		return take_digits(scan);
	}
	return true;
}

/* What follows a backslash; cJSON checks surrogates, but cuts the string at a NUL. */
static bool take_escape(struct scan *scan)
{
	if (scan->at == scan->end || !*scan->at || !strchr("\"\\/bfnrtu", *scan->at))
		return false;
	if (*scan->at++ != 'u')
		return true;
	for (int i = 0; i < 4; i++, scan->at++)
		if (scan->at == scan->end || !*scan->at || !strchr("0123456789abcdefABCDEF", *scan->at))
			return false;
	return memcmp(scan->at - 4, "0000", 4) != 0;
}

/* How many of eight bytes come before the first that ends a string or is not plain in it: '"', '\\', below ' ', above ASCII.
 * Its top bit is set in the sum; those of later bytes may be, too. */
static size_t plain_bytes(const char *bytes)
{
	const uint64_t ones = 0x0101010101010101, tops = ones << 7;
	uint64_t word, marks;

	memcpy(&word, bytes, sizeof(word));
	word = le64toh(word);
	marks = (word | (word - ones * ' ') | ((word ^ (ones * '"')) - ones) | ((word ^ (ones * '\\')) - ones)) & tops;
	return marks ? (size_t)__builtin_ctzll(marks) / 8 : sizeof(word);
}

size_t json_plain_size(const char *bytes, size_t size)
{
	size_t at = 0, plain;

	for (; size - at >= 8; at += 8) {
		plain = plain_bytes(bytes + at);
		if (plain < 8)
			return at + plain;
	}
	while (at < size && (unsigned char)bytes[at] >= ' ' && (unsigned char)bytes[at] < 0x80 && bytes[at] != '"' && bytes[at] != '\\')
		at++;
	return at;
}

static bool take_string(struct scan *scan)
{
	scan->at++;
	while (scan->at < scan->end) {
		unsigned char c;
		size_t size;
		uint32_t character;

		scan->at += json_plain_size(scan->at, (size_t)(scan->end - scan->at));
		if (scan->at == scan->end)
			return false;
		c = (unsigned char)*scan->at;
		if (c == '"') {
			scan->at++;
			return true;
		}
		if (c == '\\') {
			scan->at++;
			if (!take_escape(scan))
				return false;
			continue;
		}
		if (c < 0x80)
			return false;
		size = str_utf8_next(scan->at, (size_t)(scan->end - scan->at), &character);
		if (!size)
			return false;
		scan->at += size;
	}
	return false;
}

static enum rc take_token(struct scan *scan)
{
	switch (*scan->at) {
	case '"': return take_string(scan) ? RC_OK : RC_INVALID;
	case '[':
	case '{':
		if (scan->depth == LIMIT_DEPTH)
			return RC_LIMIT;
		scan->depth++;
		break;
	case ']':
	case '}':
		if (!scan->depth)
			return RC_INVALID;
		scan->depth--;
		break;
	case ' ':
	case '\t':
	case '\n':
	case '\r':
	case ',':
	case ':': break;
	default:
		if (*scan->at == '-' || is_digit(scan))
			return take_number(scan) ? RC_OK : RC_INVALID;
		/* true, false, null: cJSON knows these and nothing else */
		if (*scan->at < 'a' || *scan->at > 'z')
			return RC_INVALID;
	}
	scan->at++;
	return RC_OK;
}

enum rc json_check_tokens(const char *bytes, size_t size, size_t *ret_offset)
{
	struct scan scan = { .at = bytes, .end = bytes + size };
	enum rc rc = RC_OK;

	while (!rc && scan.at < scan.end)
		rc = take_token(&scan);
	*ret_offset = (size_t)(scan.at - bytes);
	return rc;
}
