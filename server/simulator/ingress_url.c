/* The address of a service, parsed as Go's net/url does (url.go: Parse, getScheme, parseAuthority, parseHost). */
#include "server/simulator/ingress.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/* Why url.Parse refuses, with the part that it quotes; reason NULL: it does not. */
struct url_fault {
	const char *reason;    /* "%s" stands for the quoted part */
	char part[64];
	const char *after;
};

struct url {
	const char *scheme, *host, *path; /* arena */
};

static void set_fault(struct url_fault *fault, const char *reason, const char *part, size_t part_size,
		      const char *after)
{
	fault->reason = reason;
	fault->after = after;
	if (part_size >= sizeof(fault->part))
		part_size = sizeof(fault->part) - 1;
	memcpy(fault->part, part, part_size);
	fault->part[part_size] = '\0';
}

/* An escape that is none, wherever it stands. */
static bool has_bad_escape(const char *text, struct url_fault *fault)
{
	for (const char *c = text; (c = strchr(c, '%')); c++) {
		if (!isxdigit((unsigned char)c[1]) || !isxdigit((unsigned char)c[2])) {
			set_fault(fault, "invalid URL escape \"", c, strnlen(c, 3), "\"");
			return true;
		}
	}
	return false;
}

/* A host may hold escapes of bytes beyond ASCII, and of the percent sign, alone. */
static bool has_bad_host_byte(const char *host, struct url_fault *fault)
{
	for (const char *c = host; *c; c++) {
		if (*c == '%' && c[1] < '8' && strncmp(c, "%25", 3) != 0) {
			set_fault(fault, "invalid URL escape \"", c, 3, "\"");
			return true;
		}
		if (*c == '%' || (unsigned char)*c >= 0x80 || isalnum((unsigned char)*c))
			continue;
		if (!strchr("-_.~!$&'()*+,;=:[]<>\"", *c)) {
			set_fault(fault, "invalid character \"", c, 1, "\" in host name");
			return true;
		}
	}
	return false;
}

static bool is_optional_port(const char *text)
{
	if (*text == '\0')
		return true;
	return *text == ':' && strspn(text + 1, "0123456789") == strlen(text + 1);
}

static bool has_bad_host(const char *host, struct url_fault *fault)
{
	const char *bracket = strrchr(host, ']'), *port = strrchr(host, ':');

	if (*host == '[' && !bracket) {
		set_fault(fault, "missing ']' in host", "", 0, "");
		return true;
	}
	if (*host == '[')
		port = bracket + 1;
	if (port && !is_optional_port(port)) {
		set_fault(fault, "invalid port \"", port, strlen(port), "\" after host");
		return true;
	}
	return has_bad_escape(host, fault) || has_bad_host_byte(host, fault);
}

static bool has_bad_userinfo(const char *userinfo, size_t size, struct url_fault *fault)
{
	for (size_t i = 0; i < size; i++) {
		if (isalnum((unsigned char)userinfo[i]) || strchr("-._:~!$&'()*+,;=%@", userinfo[i]))
			continue;
		set_fault(fault, "net/url: invalid userinfo", "", 0, "");
		return true;
	}
	return false;
}

/* 0 for none. @ret_missing: a colon comes first, where a scheme was due */
static size_t scheme_size(const char *text, bool *ret_missing)
{
	for (size_t i = 0; text[i]; i++) {
		if (isalpha((unsigned char)text[i]))
			continue;
		if (text[i] == ':') {
			*ret_missing = i == 0;
			return i;
		}
		if (i == 0 || !(isdigit((unsigned char)text[i]) || strchr("+-.", text[i])))
			return 0;
	}
	return 0;
}

static enum rc parse_authority(struct arena *arena, const char *authority, size_t size, struct url *url,
			       struct url_fault *fault)
{
	const char *copy = arena_memdup(arena, authority, size), *at;

	if (!copy)
		return RC_NOMEM;
	at = strrchr(copy, '@');
	url->host = at ? at + 1 : copy;
	if (has_bad_host(url->host, fault))
		return RC_OK;
	if (at && !has_bad_userinfo(copy, (size_t)(at - copy), fault))
		has_bad_escape(copy, fault);
	return RC_OK;
}

/* What follows the scheme. @rest is without fragment and query. */
static enum rc parse_rest(struct arena *arena, const char *rest, struct url *url, struct url_fault *fault)
{
	size_t size;
	enum rc rc;

	if (*rest != '/') {
		/* Behind a scheme this is an opaque address, which has no host; without one it is a path. */
		if (!*url->scheme && memchr(rest, ':', strcspn(rest, "/")))
			set_fault(fault, "first path segment in URL cannot contain colon", "", 0, "");
		else if (!*url->scheme)
			has_bad_escape(rest, fault);
		url->path = *url->scheme ? "" : rest;
		return RC_OK;
	}
	if (strncmp(rest, "//", 2) != 0 || (!*url->scheme && !strncmp(rest, "///", 3))) {
		url->path = rest;
		has_bad_escape(rest, fault);
		return RC_OK;
	}
	size = strcspn(rest + 2, "/");
	rc = parse_authority(arena, rest + 2, size, url, fault);
	url->path = rest + 2 + size;
	if (!rc && !fault->reason)
		has_bad_escape(url->path, fault);
	return rc;
}

static enum rc parse(struct arena *arena, const char *text, struct url *url, struct url_fault *fault)
{
	bool missing = false;
	size_t size = scheme_size(text, &missing);
	const char *rest = text;

	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f) {
			set_fault(fault, "net/url: invalid control character in URL", "", 0, "");
			return RC_OK;
		}
	}
	if (missing) {
		set_fault(fault, "missing protocol scheme", "", 0, "");
		return RC_OK;
	}
	if (size > 0) {
		url->scheme = arena_memdup(arena, text, size);
		rest = text + size + 1;
	}
	rest = arena_memdup(arena, rest, strcspn(rest, "?"));
	return url->scheme && rest ? parse_rest(arena, rest, url, fault) : RC_NOMEM;
}

/* Hostname(): without port and brackets. */
static bool has_hostname(const char *host)
{
	const char *port = strrchr(host, ':');
	size_t size = port && is_optional_port(port) ? (size_t)(port - host) : strlen(host);

	return size > 0 && !(size == 2 && !strncmp(host, "[]", 2));
}

static enum rc fail_parse(struct ingress_check *check, const char *text, const struct url_fault *fault)
{
	return ingress_fail(check, "parse \"%s\": %s%s%s", text, fault->reason, fault->part, fault->after);
}

enum rc ingress_check_url(struct ingress_check *check, const char *address)
{
	size_t size = strcspn(address, "#");
	const char *text = arena_memdup(check->arena, address, size);
	struct url url = {"", "", ""};
	struct url_fault fault = {0};
	enum rc rc = text ? parse(check->arena, text, &url, &fault) : RC_NOMEM;

	if (rc)
		return rc;
	if (fault.reason)
		return fail_parse(check, text, &fault);
	if (address[size] == '#' && has_bad_escape(address + size + 1, &fault))
		return fail_parse(check, address, &fault);
	if (!*url.scheme || !has_hostname(url.host))
		return ingress_fail(check,
				    "%s is an invalid address, please make sure it has a scheme and a hostname",
				    address);
	if (*url.path)
		return ingress_fail(
			check,
			"%s is an invalid address, ingress rules don't support proxying to a different "
			"path on the origin service. The path will be the same as the eyeball request's path",
			address);
	return RC_OK;
}
