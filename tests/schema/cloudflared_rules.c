/* cloudflared's validation of a remote configuration. */
#include "tests/schema/cloudflared_rules.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/regex.h"
#include "base/str.h"

enum option_type { OPTION_SECONDS, OPTION_BOOL, OPTION_STRING, OPTION_ANY };

static const struct {
	const char *key;
	enum option_type type;
} options[] = {
	{"connectTimeout", OPTION_SECONDS}, {"tlsTimeout", OPTION_SECONDS}, {"tcpKeepAlive", OPTION_SECONDS},
	{"keepAliveTimeout", OPTION_SECONDS}, {"keepAliveConnections", OPTION_SECONDS}, {"noHappyEyeballs",
											 OPTION_BOOL},
	{"noTLSVerify", OPTION_BOOL}, {"disableChunkedEncoding", OPTION_BOOL}, {"bastionMode", OPTION_BOOL},
	{"http2Origin", OPTION_BOOL}, {"matchSNItoHost", OPTION_BOOL}, {"httpHostHeader", OPTION_STRING},
	{"originServerName", OPTION_STRING}, {"caPool", OPTION_STRING}, {"proxyAddress", OPTION_STRING},
	{"proxyType", OPTION_STRING}, {"proxyPort", OPTION_SECONDS}, {"ipRules", OPTION_ANY}, {"access",
											       OPTION_ANY},
};

static bool has_type(const struct json *value, enum option_type type)
{
	if (value->type == JSON_NULL)
		return true;
	switch (type) {
	case OPTION_SECONDS:
		return json_is_int(value);
	case OPTION_BOOL:
		return value->type == JSON_BOOL;
	case OPTION_STRING:
		return value->type == JSON_STRING;
	case OPTION_ANY:
		break;
	}
	return true;
}

static const char *check_options(struct arena *arena, const struct json *origin_request)
{
	if (origin_request && origin_request->type != JSON_OBJECT && origin_request->type != JSON_NULL)
		return "originRequest is no object";
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const struct json *value = json_get(origin_request, options[i].key);

		if (value && !has_type(value, options[i].type))
			return arena_printf(arena, "json: cannot unmarshal %s", options[i].key);
	}
	return NULL;
}

static const char *check_access(const struct json *access)
{
	const struct json *tags = json_get(access, "audTag");

	if (!json_get_bool(access, "required", false))
		return NULL;
	if (json_count(tags) && !*json_get_string(access, "teamName", ""))
		return "access.TeamName cannot be blank when access.audTags are present";
	return NULL;
}

/** As Go's net.SplitHostPort succeeds. */
static bool has_port(const char *hostname)
{
	const char *colon = strrchr(hostname, ':');

	if (!colon)
		return false;
	if (*hostname == '[')
		return strchr(hostname, ']') && strchr(hostname, ']') + 1 == colon;
	return !memchr(hostname, ':', (size_t)(colon - hostname)) && !strpbrk(hostname, "[]");
}

static bool is_any(const char *hostname)
{
	return !*hostname || str_eq(hostname, "*");
}

static const char *check_status(struct arena *arena, const char *text)
{
	char *end;
	long status = strtol(text, &end, 10);

	if (!*text || *end || isspace((unsigned char)*text))
		return arena_printf(arena, "invalid HTTP status code: %s", text);
	return status >= 100 && status <= 999 ? NULL : arena_printf(arena, "invalid HTTP status code: %ld", status);
}

static const char *check_authority(struct arena *arena, const char *service, const char *authority, size_t size)
{
	const char *at = memrchr(authority, '@', size);
	const char *host = at ? at + 1 : authority;
	size_t host_size = size - (size_t)(host - authority);
	const char *colon = host_size &&
		*host == '[' ? memchr(host, ']', host_size) : memchr(host, ':', host_size);

	for (size_t i = 0; i < host_size; i++)
		if (isspace((unsigned char)host[i]) || host[i] == '%' || iscntrl((unsigned char)host[i]))
			return arena_printf(arena, "parse \"%s\": invalid character in host name", service);
	if (colon && *colon == ']')
		colon = colon + 1 < host + host_size ? colon + 1 : NULL;
	if (!host_size || colon == host)
		return arena_printf(arena,
				    "%s is an invalid address, please make sure it has a scheme and a "
				    "hostname", service);
	for (const char *c = colon ? colon + 1 : host + host_size; c < host + host_size; c++)
		if (!isdigit((unsigned char)*c))
			return arena_printf(arena, "parse \"%s\": invalid port after host", service);
	return NULL;
}

static const char *check_url(struct arena *arena, const char *service)
{
	size_t scheme = 0, authority;
	const char *rest, *fault;

	while (isalnum((unsigned char)service[scheme]) ||
	       (scheme && service[scheme] && strchr("+-.", service[scheme])))
		scheme++;
	if (!scheme || !isalpha((unsigned char)*service) || strncmp(service + scheme, "://", 3) != 0)
		return arena_printf(arena,
				    "%s is an invalid address, please make sure it has a scheme and a "
				    "hostname", service);
	rest = service + scheme + 3;
	authority = strcspn(rest, "/?#");
	fault = check_authority(arena, service, rest, authority);
	if (fault)
		return fault;
	if (rest[authority] == '/')
		return arena_printf(arena,
				    "%s is an invalid address, ingress rules don't support proxying to a "
				    "different path",
				    service);
	return NULL;
}

const char *cloudflared_service_refusal(struct arena *arena, const char *service)
{
	static const char *const names[] = {"hello_world", "hello-world", "bastion", "socks-proxy"};

	if (str_has_prefix(service, "unix:") || str_has_prefix(service, "unix+tls:"))
		return NULL;
	if (str_has_prefix(service, "http_status:"))
		return check_status(arena, service + strlen("http_status:"));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(service, names[i]))
			return NULL;
	return check_url(arena, service);
}

static const char *check_hostname(struct arena *arena, const char *hostname, const char *path, size_t index,
				  bool is_last)
{
	const char *star = strrchr(hostname, '*');

	if (has_port(hostname))
		return "Hostname cannot contain a port";
	if (star && star != hostname)
		return "Hostname patterns can have at most one wildcard character (\"*\") and it can only be used for subdomains";
	if (is_last && (!is_any(hostname) || *path))
		return "The last ingress rule must match all URLs";
	if (!is_last && is_any(hostname) && !*path)
		return arena_printf(arena,
				    "Rule #%zu is matching the hostname '%s', but this will match every hostname",
				    index + 1, hostname);
	return NULL;
}

static const char *check_path(struct arena *arena, const char *path, size_t index)
{
	struct regex *regex = NULL;
	char error[200] = "";

	if (!*path)
		return NULL;
	if (regex_new(path, strlen(path), &regex, error, sizeof(error)))
		return arena_printf(arena, "Rule #%zu has an invalid regex: %s", index + 1, error);
	regex_free(regex);
	return NULL;
}

static bool is_text(const struct json *value)
{
	return !value || value->type == JSON_STRING || value->type == JSON_NULL;
}

static const char *check_rule(struct arena *arena, const struct json *rule, size_t index, bool is_last)
{
	const char *hostname = json_get_string(rule, "hostname", ""), *path = json_get_string(rule, "path", "");
	const struct json *origin_request = json_get(rule, "originRequest");
	const char *fault = check_options(arena, origin_request);

	if (!is_text(json_get(rule, "hostname")) || !is_text(json_get(rule, "path")) ||
	    !is_text(json_get(rule, "service")))
		return "json: cannot unmarshal a rule";
	if (!fault && !json_get_bool(origin_request, "bastionMode", false))
		fault = cloudflared_service_refusal(arena, json_get_string(rule, "service", ""));
	if (!fault)
		fault = check_access(json_get(origin_request, "access"));
	if (!fault)
		fault = check_hostname(arena, hostname, path, index, is_last);
	return fault ? fault : check_path(arena, path, index);
}

const char *cloudflared_refusal(struct arena *arena, const struct json *config)
{
	const struct json *ingress = json_get(config, "ingress");
	const char *fault = check_options(arena, json_get(config, "originRequest"));

	for (size_t i = 0; !fault && i < json_count(ingress); i++)
		fault = check_rule(arena, json_item(ingress, i), i, i + 1 == json_count(ingress));
	return fault;
}
