/* Formats of single values: the CRDs' patterns as hand-written predicates. */
#include "schema/decode_format.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alphanumeric(char c)
{
	return is_letter(c) || is_digit(c);
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool format_is_label(const char *text, size_t size)
{
	if (size == 0 || !is_lower_or_digit(text[0]) || !is_lower_or_digit(text[size - 1]))
		return false;
	for (size_t i = 1; i < size; i++)
		if (!is_lower_or_digit(text[i]) && text[i] != '-')
			return false;
	return true;
}

bool format_is_service_name(const char *text, size_t size)
{
	return format_is_label(text, size) && !is_digit(text[0]);
}

bool format_is_subdomain(const char *text, size_t size)
{
	size_t start = 0;

	for (size_t i = 0; i <= size; i++) {
		if (i < size && text[i] != '.')
			continue;
		if (!format_is_label(text + start, i - start))
			return false;
		start = i + 1;
	}
	return true;
}

bool format_is_hostname(const char *text, size_t size)
{
	if (size > 2 && text[0] == '*' && text[1] == '.')
		return format_is_subdomain(text + 2, size - 2);
	return format_is_subdomain(text, size);
}

bool format_is_group(const char *text, size_t size)
{
	return size == 0 || format_is_subdomain(text, size);
}

bool format_is_kind(const char *text, size_t size)
{
	if (size == 0 || !is_letter(text[0]) || text[size - 1] == '-')
		return false;
	for (size_t i = 1; i < size; i++)
		if (!is_alphanumeric(text[i]) && text[i] != '-')
			return false;
	return true;
}

bool format_is_header_name(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!is_alphanumeric(text[i]) && (text[i] == '\0' || !strchr("!#$%&'*+-.^_`|~", text[i])))
			return false;
	return size > 0;
}

bool format_is_header_value(const char *text, size_t size)
{
	bool was_space = true; /* so that the first must be printable */

	for (size_t i = 0; i < size; i++) {
		bool is_space = text[i] == ' ' || text[i] == '\t';

		if (is_space ? was_space : text[i] < '!' || text[i] > '~')
			return false;
		was_space = is_space;
	}
	return !was_space;
}

bool format_is_host_header(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x80 && !is_alphanumeric(text[i]) && !(text[i] && strchr("!$%&'()*+,-.:;=[]_~", text[i])))
			return false;
	return true;
}

/* Reads one number and its unit; returns the bytes read, 0 when there is none. */
static size_t duration_part(const char *text, size_t size, int64_t *ret_ms)
{
	size_t digits = 0;
	int64_t number = 0;

	while (digits < size && is_digit(text[digits]) && digits < 6)
		number = number * 10 + (text[digits++] - '0');
	if (digits == 0 || digits > 5 || digits == size)
		return 0;
	if (text[digits] == 'm' && digits + 1 < size && text[digits + 1] == 's') {
		*ret_ms = number;
		return digits + 2;
	}
	switch (text[digits]) {
	case 'h':
		*ret_ms = number * 3600 * 1000;
		break;
	case 'm':
		*ret_ms = number * 60 * 1000;
		break;
	case 's':
		*ret_ms = number * 1000;
		break;
	default:
		return 0;
	}
	return digits + 1;
}

bool format_is_duration(const char *text, size_t size)
{
	size_t parts = 0;

	for (size_t i = 0; i < size; parts++) {
		int64_t ms;
		size_t read = duration_part(text + i, size - i, &ms);

		if (read == 0)
			return false;
		i += read;
	}
	return parts >= 1 && parts <= 4;
}

int64_t format_duration_ms(const char *text)
{
	size_t size = strlen(text), read = 1;
	int64_t total = 0, ms = 0;

	for (size_t i = 0; i < size && read > 0; i += read) {
		read = duration_part(text + i, size - i, &ms);
		total += read ? ms : 0;
	}
	return total;
}

bool format_is_controller(const char *text, size_t size)
{
	const char *slash = memchr(text, '/', size);
	size_t domain;

	if (!slash)
		return false;
	domain = (size_t)(slash - text);
	if (!format_is_subdomain(text, domain) || domain + 1 == size)
		return false;
	for (size_t i = domain + 1; i < size; i++)
		if (!is_alphanumeric(text[i]) && (text[i] == '\0' || !strchr("/-._~%!$&'()*+,;=:", text[i])))
			return false;
	return true;
}

bool format_is_path(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '%') {
			if (size - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))
				return false;
			i += 2;
		} else if (!is_alphanumeric(text[i]) &&
			   (text[i] == '\0' || !strchr("-/._~!$&'()*+,;=:@", text[i]))) {
			return false;
		}
	}
	return size > 0;
}

/* The name part of labels and annotations, and the value of labels. */
static bool is_label_text(const char *text, size_t size)
{
	if (size == 0 || !is_alphanumeric(text[0]) || !is_alphanumeric(text[size - 1]))
		return false;
	for (size_t i = 1; i < size; i++)
		if (!is_alphanumeric(text[i]) && text[i] != '-' && text[i] != '_' && text[i] != '.')
			return false;
	return true;
}

bool format_is_qualified_name(const char *text, size_t size)
{
	const char *slash = memchr(text, '/', size);
	size_t prefix = slash ? (size_t)(slash - text) + 1 : 0;

	if (slash && (prefix - 1 > 253 || !format_is_subdomain(text, prefix - 1)))
		return false;
	return size - prefix <= 63 && is_label_text(text + prefix, size - prefix);
}

bool format_is_label_value(const char *text, size_t size)
{
	return size == 0 || is_label_text(text, size);
}

bool format_is_ip(const char *text, size_t size)
{
	unsigned char address[16];

	if (strlen(text) != size)
		return false;
	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

bool format_is_cidr(const char *text, size_t size)
{
	unsigned char bytes[16];
	char address[64];
	const char *slash = memchr(text, '/', size);
	size_t length = slash ? (size_t)(slash - text) : 0;
	int64_t prefix;

	if (!slash || length == 0 || length >= sizeof(address) || !is_digit(slash[1]) ||
	    str_to_int64(slash + 1, &prefix))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(AF_INET, address, bytes) == 1)
		return prefix <= 32;
	return inet_pton(AF_INET6, address, bytes) == 1 && prefix <= 128;
}

size_t format_length(const char *text, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < size; i++)
		length += ((unsigned char)text[i] & 0xc0) != 0x80;
	return length;
}
