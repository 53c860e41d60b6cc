/** @file
 * What Go's regexp refuses in a pattern and RE2 does not. */
#ifndef ADIT_BASE_REGEX_SYNTAX_H
#define ADIT_BASE_REGEX_SYNTAX_H

#include <stddef.h>

#include "base/rc.h"

/** @param ret_fault  why not, when refused; static
 * @return RC_OK; RC_INVALID; RC_LIMIT groups nested over LIMIT_REGEX_NESTING
 * @par Source  gateway-semantics 5.3; Go's regexp/syntax: parse.go (maxHeight 1000) */
enum rc regex_check_syntax(const char *pattern, size_t size, const char **ret_fault) MUST_CHECK;

#endif
