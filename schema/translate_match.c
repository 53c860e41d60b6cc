/* cloudflared's FindMatchingRule. Source: gateway-semantics 1. */
#include <idn2.h>
#include <string.h>

#include "base/regex.h"
#include "base/str.h"
#include "schema/translate.h"

/** The host as cloudflared compares it: without a port, as far as Go's net.SplitHostPort takes it apart.
 * @param ret_host  points into @p text */
static size_t split_host(const char *text, const char **ret_host)
{
	const char *colon = strrchr(text, ':');
	size_t size = strlen(text);

	*ret_host = text;
	if (!colon)
		return size;
	if (*text == '[') {
		const char *end = strchr(text, ']');

		if (!end || end + 1 != colon || strpbrk(text + 1, "[") || strchr(colon, ']'))
			return size;
		*ret_host = text + 1;
		return (size_t)(end - text - 1);
	}
	if (memchr(text, ':', (size_t)(colon - text)) || strpbrk(text, "[]"))
		return size;
	return (size_t)(colon - text);
}

static bool bytes_equal(const char *text, const char *bytes, size_t size)
{
	return strlen(text) == size && memcmp(text, bytes, size) == 0;
}

/** The second form that cloudflared tries: the hostname as an A-label, where it has one. */
static bool punycode_equal(const char *hostname, const char *host, size_t size)
{
	uint8_t *label = NULL;
	bool is_equal = false;

	for (const char *at = hostname; *at; at++)
		if ((unsigned char)*at >= 0x80 || (*at >= 'A' && *at <= 'Z')) {
			int status = idn2_lookup_u8((const uint8_t *)hostname, &label,
						    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES);

			is_equal = status == IDN2_OK && bytes_equal((const char *)label, host, size);
			idn2_free(label);
			break;
		}
	return is_equal;
}

static bool host_matches(const char *hostname, const char *host, size_t size)
{
	size_t suffix;

	if (!*hostname || str_eq(hostname, "*") || bytes_equal(hostname, host, size))
		return true;
	if (str_has_prefix(hostname, "*.")) {
		suffix = strlen(hostname) - 1;
		return size >= suffix && memcmp(host + size - suffix, hostname + 1, suffix) == 0;
	}
	return punycode_equal(hostname, host, size);
}

static enum rc path_matches(const char *pattern, const char *path, bool *ret_matches)
{
	struct regex *regex = NULL;
	enum rc rc;

	*ret_matches = true;
	if (str_is_empty(pattern))
		return RC_OK;
	rc = regex_new(pattern, strlen(pattern), &regex, NULL, 0);
	if (rc)
		return rc == RC_NOMEM ? rc : RC_INVALID;
	rc = regex_match(regex, path, strlen(path), ret_matches);
	regex_free(regex);
	return rc;
}

enum rc translate_match(struct resource *const *rules, size_t rule_count, const char *host, const char *path,
			size_t *ret_index)
{
	const char *name;
	size_t size = split_host(host, &name);

	if (!rule_count)
		return RC_INVALID;
	for (size_t i = 0; i < rule_count; i++) {
		const struct rule_fields *rule = &rules[i]->u.rule;
		bool matches;
		enum rc rc;

		if (!host_matches(rule->hostname, name, size))
			continue;
		rc = path_matches(rule->path, path, &matches);
		if (rc)
			return rc;
		if (matches) {
			*ret_index = i;
			return RC_OK;
		}
	}
	*ret_index = rule_count - 1;
	return RC_OK;
}
