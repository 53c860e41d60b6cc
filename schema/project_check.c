/* What texts of a project file may look like. */
#include "schema/project_internal.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "schema/resource.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define LABEL_BYTES 63u
#define NAME_BYTES 253u

static bool is_made_of(const char *text, const char *set, size_t max_bytes)
{
	size_t size = strspn(text, set);

	return size && size <= max_bytes && !text[size];
}

bool project_is_name(const char *name)
{
	return name && is_made_of(name, LOWER DIGITS "-", LIMIT_PROJECT_NAME_BYTES);
}

bool check_project_name(const char *text)
{
	return project_is_name(text);
}

bool check_account_name(const char *text)
{
	return is_made_of(text, LOWER DIGITS "-", LABEL_BYTES);
}

/* RFC 1123: letters, digits and dashes, none at the ends. */
static bool is_label(const char *text, size_t size)
{
	if (!size || size > LABEL_BYTES || text[0] == '-' || text[size - 1] == '-')
		return false;
	return strspn(text, LOWER DIGITS "-") >= size;
}

/* Labels with dots between them. */
static bool is_dotted(const char *text, size_t size)
{
	const char *end = text + size;

	if (size > NAME_BYTES)
		return false;
	for (;;) {
		const char *dot = memchr(text, '.', (size_t)(end - text));

		if (!is_label(text, (size_t)((dot ? dot : end) - text)))
			return false;
		if (!dot)
			return true;
		text = dot + 1;
	}
}

bool check_label(const char *text)
{
	return is_label(text, strlen(text));
}

bool check_hostname(const char *text)
{
	return is_dotted(text, strlen(text)) && strchr(text, '.');
}

bool check_gateway_key(const char *text)
{
	const char *slash = strchr(text, '/');

	return slash && is_label(text, (size_t)(slash - text)) && is_dotted(slash + 1, strlen(slash + 1));
}

bool check_gateway_glob(const char *text)
{
	const char *slash = strchr(text, '/');

	return slash && slash > text && slash[1] && strspn(text, LOWER DIGITS "-.*?") == (size_t)(slash - text) &&
	       is_made_of(slash + 1, LOWER DIGITS "-.*?", NAME_BYTES);
}

bool check_gateway_from(const char *text)
{
	const char *slash = strchr(text, '/');
	char project[64];

	if (!slash || (size_t)(slash - text) >= sizeof(project))
		return false;
	memcpy(project, text, (size_t)(slash - text));
	project[slash - text] = '\0';
	return project_is_name(project) && (check_gateway_key(slash + 1) || is_made_of(slash + 1, LOWER DIGITS "-.", NAME_BYTES));
}

bool check_env_name(const char *text)
{
	return !strchr(DIGITS, text[0]) && is_made_of(text, LOWER UPPER DIGITS "_", NAME_BYTES);
}

/* Gateway API's pattern for GatewayController: a domain, a slash, a path. */
bool check_controller_name(const char *text)
{
	const char *slash = strchr(text, '/');

	return slash && is_dotted(text, (size_t)(slash - text)) &&
	       is_made_of(slash + 1, LOWER UPPER DIGITS "/-._~%!$&'()*+,;=:", NAME_BYTES);
}

/* Where the host ends; NULL when it is none. Brackets hold IPv6 addresses. */
static const char *host_end(const char *host)
{
	size_t size;

	if (*host == '[') {
		size = strspn(host + 1, DIGITS "abcdefABCDEF:.");
		return size && host[size + 1] == ']' ? host + size + 2 : NULL;
	}
	size = strspn(host, LOWER UPPER DIGITS "-.");
	return size ? host + size : NULL;
}

static bool is_loopback(const char *host, size_t size)
{
	char text[64];

	if (size >= sizeof(text))
		return false;
	memcpy(text, host, size);
	text[size] = '\0';
	if (str_has_prefix(text, "127."))
		return strspn(text, DIGITS ".") == size;
	return str_eq(text, "localhost") || str_eq(text, "[::1]");
}

/* The form alone; what may be called is decided where the call is made. No user, query or fragment: a token in the
 * URL would be shown in messages. */
bool check_url(const char *text)
{
	bool is_plain = str_has_prefix(text, "http://");
	const char *host, *end;

	if (str_eq(text, "cnap") || str_eq(text, "dev:"))
		return true;
	if (!is_plain && !str_has_prefix(text, "https://"))
		return false;
	host = text + (is_plain ? strlen("http://") : strlen("https://"));
	end = host_end(host);
	if (!end || (is_plain && !is_loopback(host, (size_t)(end - host))))
		return false;
	if (*end == ':') {
		size_t digits = strspn(end + 1, DIGITS);

		if (!digits || digits > 5)
			return false;
		end += 1 + digits;
	}
	return !*end || (*end == '/' && strspn(end, LOWER UPPER DIGITS "/-._~%") == strlen(end));
}

bool check_address_glob(const char *text)
{
	size_t kind = strcspn(text, "/");

	if (memchr(text, '*', kind) || memchr(text, '?', kind))
		return true;
	return str_has_prefix(text, "tunnel/") || str_has_prefix(text, "rule/") || str_has_prefix(text, "cname/");
}

bool check_field_name(const char *text)
{
	static const enum resource_kind kinds[] = {RESOURCE_TUNNEL, RESOURCE_RULE, RESOURCE_CNAME};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct resource_type *type = resource_type(kinds[i]);

		for (size_t j = 0; j < type->field_count; j++) {
			if (str_eq(text, type->fields[j].name) && !(type->fields[j].flags & FIELD_COMPUTED))
				return true;
		}
	}
	return false;
}

bool check_state(const char *text)
{
	return *text && (!strstr(text, "://") || str_has_prefix(text, "postgres://") || str_has_prefix(text, "postgresql://") ||
			 str_has_prefix(text, "https://") || str_has_prefix(text, "http://") || str_has_prefix(text, "s3://"));
}
