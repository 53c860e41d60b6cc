/* The service of a native rule: what cloudflared takes and serves. Source: gateway-semantics 2. */
#include <string.h>

#include "base/str.h"
#include "schema/decode_format.h"
#include "schema/decode_internal.h"

#define SERVICE_HELP "http://web.default:8080, https://..., tcp://, ssh://, rdp:// or smb:// with a host, " \
		     "unix:/path, http_status:404, or hello_world."

static const char *const schemes[] = { "http", "https", "ws", "wss", "tcp", "ssh", "rdp", "smb", NULL };
static const char *const fixed_services[] = { "hello_world", "hello-world", "bastion", "socks-proxy", NULL };

static bool is_listed(const char *text, size_t size, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == size && memcmp(*list, text, size) == 0)
			return true;
	return false;
}

static void refuse(struct check *check, const struct node *node, const char *help, const char *message)
{
	check_fail(check, "A0148", node, help, "\"%.*s\": %s", (int)str_utf8_cut(node->text, 80), node->text,
		   message);
}

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		c == '_' || c == '.';
}

/* A name or an IPv4 address: labels of letters, digits, '-' and '_', none of them empty but the last. */
static bool is_host(const char *text, size_t size)
{
	if (size == 0 || size > 253 || text[0] == '.')
		return false;
	for (size_t i = 0; i < size; i++)
		if (!is_host_char(text[i]) || (text[i] == '.' && i + 1 < size && text[i + 1] == '.'))
			return false;
	return true;
}

/* "[::1]"; returns its length in @p text, 0 when it is none. */
static size_t bracketed_size(const char *text)
{
	const char *end = strchr(text, ']');
	char address[64];
	size_t size;

	if (text[0] != '[' || !end)
		return 0;
	size = (size_t)(end - text) - 1;
	if (size == 0 || size >= sizeof(address))
		return 0;
	memcpy(address, text + 1, size);
	address[size] = '\0';
	return strchr(address, ':') && format_is_ip(address, size) ? size + 2 : 0;
}

static bool is_port(const char *text)
{
	int64_t port;

	return text[0] >= '0' && text[0] <= '9' && str_to_int64(text, &port) == RC_OK && port >= 1 &&
		port <= 65535;
}

static void check_authority(struct check *check, const struct node *node, const char *authority)
{
	size_t size = bracketed_size(authority);

	if (strchr(authority, '@')) {
		refuse(check, node, "Leave user and password out.", "must not have a user");
		return;
	}
	if (strpbrk(authority, "/?#")) {
		refuse(check, node, "Leave the path out, a bare \"/\" too: the request's own path is what the origin gets.",
		       "must not have a path, a query or a fragment");
		return;
	}
	if (size == 0) {
		size = strcspn(authority, ":");
		if (!is_host(authority, size)) {
			refuse(check, node, SERVICE_HELP, "has no valid host");
			return;
		}
	}
	if (authority[size] == '\0')
		return;
	if (authority[size] != ':' || !is_port(authority + size + 1))
		refuse(check, node, "A port is a number from 1 to 65535.", "has no valid port");
}

static void check_status(struct check *check, const struct node *node, const char *code)
{
	if (strlen(code) != 3 || code[0] < '1' || code[0] > '9' || strspn(code, "0123456789") != 3)
		refuse(check, node, "A number from 100 to 999: http_status:404.", "has no valid status code");
}

static void check_socket(struct check *check, const struct node *node, const char *path)
{
	if (path[0] != '/' || path[1] == '\0')
		refuse(check, node, "An absolute path in cloudflared's container: unix:/run/app.sock.",
		       "does not name a socket");
}

void tunnel_service_rule(struct check *check, const struct node *node)
{
	const char *text = value_text(node, ""), *colon = strstr(text, "://");

	if (text[0] == '\0' || is_listed(text, strlen(text), fixed_services))
		return;
	if (str_has_prefix(text, "http_status:"))
		check_status(check, node, text + strlen("http_status:"));
	else if (str_has_prefix(text, "unix:"))
		check_socket(check, node, text + strlen("unix:"));
	else if (str_has_prefix(text, "unix+tls:"))
		check_socket(check, node, text + strlen("unix+tls:"));
	else if (!colon)
		refuse(check, node, SERVICE_HELP, "has no scheme");
	else if (!is_listed(text, (size_t)(colon - text), schemes))
		refuse(check, node, SERVICE_HELP, "has a scheme that cloudflared does not serve");
	else
		check_authority(check, node, colon + 3);
}
