/** @file The C face of RE2. No exception leaves this file. */
extern "C" {
#include "base/regex.h"
}

#include <cstdio>
#include <cstring>
#include <new>

#include <re2/re2.h>

extern "C" {
#include "base/limits.h"
#include "base/regex_syntax.h"
}

struct regex {
	re2::RE2 compiled;

	regex(const re2::StringPiece &pattern, const re2::RE2::Options &options) : compiled(pattern, options)
	{
	}
};

static enum rc refuse(enum rc rc, const char *why, char *error, size_t error_size)
{
	if (error && error_size) {
		std::snprintf(error, error_size, "%s", why);
		/* RE2 quotes the pattern, which may hold anything. */
		for (char *at = error; *at; at++)
			if (static_cast<unsigned char>(*at) < 0x20 || *at == 0x7F)
				*at = '?';
	}
	return rc;
}

static enum rc compile(const re2::StringPiece &pattern, struct regex **ret_regex, char *error, size_t error_size)
{
	re2::RE2::Options options;

	options.set_log_errors(false);
	options.set_max_mem(LIMIT_REGEX_MEMORY);

	struct regex *regex = new struct regex(pattern, options);

	if (regex->compiled.ok()) {
		*ret_regex = regex;
		return RC_OK;
	}
	enum rc rc = regex->compiled.error_code() == re2::RE2::ErrorPatternTooLarge ? RC_LIMIT : RC_INVALID;

	refuse(rc, regex->compiled.error().c_str(), error, error_size);
	delete regex;
	return rc;
}

enum rc regex_new(const char *pattern, size_t size, struct regex **ret_regex, char *error, size_t error_size)
{
	const char *fault = nullptr;

	if (size > LIMIT_REGEX_BYTES)
		return refuse(RC_LIMIT, "pattern too long", error, error_size);
	enum rc rc = regex_check_syntax(pattern, size, &fault);
	if (rc)
		return refuse(rc, fault, error, error_size);
	try {
		return compile(re2::StringPiece(pattern, size), ret_regex, error, error_size);
	} catch (const std::bad_alloc &) {
		return refuse(RC_NOMEM, "out of memory", error, error_size);
	}
}

void regex_free(struct regex *regex)
{
	delete regex;
}

enum rc regex_match(const struct regex *regex, const char *text, size_t size, bool *ret_is_match)
{
	try {
		*ret_is_match = regex->compiled.Match(re2::StringPiece(text, size), 0, size, re2::RE2::UNANCHORED,
						      nullptr, 0);
		return RC_OK;
	} catch (const std::bad_alloc &) {
		return RC_NOMEM;
	}
}
