/* Base URLs, taken apart by libcurl's own parser, so that what is checked is what is called. */
#include "providers/endpoint.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/libcurl.h"
#include "base/str.h"
#include "providers/cnap.h"

#define URL_BYTES_MAX 2048u

/** One part of the URL as arena string; NULL when absent. */
static enum rc part(struct arena *arena, CURLU *url, CURLUPart which, char **ret_text)
{
	char *text = NULL;
	CURLUcode code = libcurl->url_get(url, which, &text, 0);

	*ret_text = !code && text ? arena_strdup(arena, text) : NULL;
	libcurl->free(text);
	return code == CURLUE_OUT_OF_MEMORY || (!code && !*ret_text) ? RC_NOMEM : RC_OK;
}

/** RC_OK when the URL has the part, or has not, as @p is_wanted says. */
static enum rc check_part(CURLU *url, CURLUPart which, bool is_wanted)
{
	char *text = NULL;
	CURLUcode code = libcurl->url_get(url, which, &text, 0);

	libcurl->free(text);
	if (code == CURLUE_OUT_OF_MEMORY)
		return RC_NOMEM;
	return (code == CURLUE_OK) == is_wanted ? RC_OK : RC_INVALID;
}

static enum rc check_parts(CURLU *url, const char *text)
{
	static const struct {
		CURLUPart part;
		bool is_wanted;
	} parts[] = { { CURLUPART_USER, false }, { CURLUPART_PASSWORD, false }, { CURLUPART_HOST, true } };
	CURLUcode code = libcurl->url_set(url, CURLUPART_URL, text, 0);
	enum rc rc = code == CURLUE_OUT_OF_MEMORY ? RC_NOMEM : code ? RC_INVALID : RC_OK;

	for (size_t i = 0; !rc && i < sizeof(parts) / sizeof(parts[0]); i++)
		rc = check_part(url, parts[i].part, parts[i].is_wanted);
	return rc;
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
	char *scheme = NULL, *port = NULL, *host = NULL, *path = NULL;
	size_t size;

	if (part(arena, url, CURLUPART_SCHEME, &scheme) || part(arena, url, CURLUPART_PORT, &port) ||
	    part(arena, url, CURLUPART_HOST, &host) || part(arena, url, CURLUPART_PATH, &path))
		return RC_NOMEM;
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
	enum rc rc;
	CURLU *parsed;

	url = cnap_expand_url(url);
	/* An empty query or fragment vanishes in the parser, yet requests are appended to the text. */
	if (!url || !*url || strlen(url) > URL_BYTES_MAX || strpbrk(url, "?#"))
		return RC_INVALID;
	rc = libcurl_load(NULL);
	if (rc)
		return rc;
	parsed = libcurl->url();
	if (!parsed)
		return RC_NOMEM;
	rc = check_parts(parsed, url);
	if (!rc)
		rc = take_apart(arena, parsed, &endpoint);
	libcurl->url_cleanup(parsed);
	if (!rc)
		*ret_endpoint = endpoint;
	return rc;
}

bool endpoint_is_trusted(const struct endpoint *endpoint)
{
	return endpoint->is_loopback || str_eq(endpoint->origin, CLOUDFLARE_ORIGIN) || cnap_is_url(endpoint->url);
}
