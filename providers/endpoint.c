/* Base URLs, taken apart by libcurl's own parser, so that what is checked is what is called. */
#include "providers/endpoint.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "providers/cnap.h"

#define URL_BYTES_MAX 2048u

/** One part of the URL as arena string; NULL when absent or out of memory. */
static char *part(struct arena *arena, CURLU *url, CURLUPart which)
{
	char *text = NULL;
	char *copy = NULL;

	if (!curl_url_get(url, which, &text, 0) && text)
		copy = arena_strdup(arena, text);
	curl_free(text);
	return copy;
}

static bool has_part(CURLU *url, CURLUPart which)
{
	char *text = NULL;
	bool has = !curl_url_get(url, which, &text, 0);

	curl_free(text);
	return has;
}

/** The addresses that never leave this machine. Other names than localhost are not resolved, and do not count. */
static bool host_is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	char bare[INET6_ADDRSTRLEN + 2];
	size_t size = strlen(host);

	if (!strcasecmp(host, "localhost"))
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	if (size < 3 || size >= sizeof(bare) || host[0] != '[' || host[size - 1] != ']')
		return false;
	memcpy(bare, host + 1, size - 2);
	bare[size - 2] = '\0';
	return inet_pton(AF_INET6, bare, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static enum rc take_apart(struct arena *arena, CURLU *url, struct endpoint *endpoint)
{
	const char *scheme = part(arena, url, CURLUPART_SCHEME);
	const char *port = part(arena, url, CURLUPART_PORT);
	const char *host = part(arena, url, CURLUPART_HOST);
	char *path = part(arena, url, CURLUPART_PATH);
	size_t size;

	endpoint->host = host ? str_lower(arena, host) : NULL;
	if (!scheme || !endpoint->host || !path)
		return RC_NOMEM;
	endpoint->is_https = str_eq(scheme, "https");
	endpoint->is_loopback = host_is_loopback(endpoint->host);
	if (!endpoint->is_https && !(endpoint->is_loopback && str_eq(scheme, "http")))
		return RC_INVALID;
	for (size = strlen(path); size && path[size - 1] == '/'; size--)
		path[size - 1] = '\0';
	endpoint->path = path;
	if (port && !str_eq(port, endpoint->is_https ? "443" : "80"))
		endpoint->origin = arena_printf(arena, "%s://%s:%s", scheme, endpoint->host, port);
	else
		endpoint->origin = arena_printf(arena, "%s://%s", scheme, endpoint->host);
	if (!endpoint->origin)
		return RC_NOMEM;
	endpoint->url = arena_printf(arena, "%s%s", endpoint->origin, path);
	return endpoint->url ? RC_OK : RC_NOMEM;
}

enum rc endpoint_parse(struct arena *arena, const char *url, struct endpoint *ret_endpoint)
{
	struct endpoint endpoint = {0};
	enum rc rc = RC_INVALID;
	CURLU *parsed;

	url = cnap_expand_url(url);
	/* An empty query or fragment vanishes in the parser, yet requests are appended to the text. */
	if (!url || !*url || strlen(url) > URL_BYTES_MAX || strpbrk(url, "?#"))
		return RC_INVALID;
	parsed = curl_url();
	if (!parsed)
		return RC_NOMEM;
	if (!curl_url_set(parsed, CURLUPART_URL, url, 0) && !has_part(parsed, CURLUPART_USER) &&
	    !has_part(parsed, CURLUPART_PASSWORD) && has_part(parsed, CURLUPART_HOST))
		rc = take_apart(arena, parsed, &endpoint);
	curl_url_cleanup(parsed);
	if (!rc)
		*ret_endpoint = endpoint;
	return rc;
}

bool endpoint_is_trusted(const struct endpoint *endpoint)
{
	return endpoint->is_loopback || str_eq(endpoint->origin, CLOUDFLARE_ORIGIN) || cnap_is_url(endpoint->url);
}
