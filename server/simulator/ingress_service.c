/* The service of a rule (cloudflared ingress/ingress.go, validateIngress). */
#include "server/simulator/ingress.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* strconv.Atoi: an optional sign and decimal digits. */
static enum rc check_status(struct ingress_check *check, const char *text)
{
	size_t sign = *text == '+' || *text == '-', digits = strspn(text + sign, "0123456789");
	long long status;

	if (digits == 0 || text[sign + digits] != '\0')
		return ingress_fail(
			check, "invalid HTTP status code: strconv.Atoi: parsing \"%s\": invalid syntax", text);
	errno = 0;
	status = strtoll(text, NULL, 10);
	if (errno == ERANGE)
		return ingress_fail(
			check, "invalid HTTP status code: strconv.Atoi: parsing \"%s\": value out of range",
			text);
	if (status < 100 || status > 999)
		return ingress_fail(check, "invalid HTTP status code: %lld", status);
	return RC_OK;
}

static bool is_cidr(const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];
	const char *slash = strchr(text, '/');
	char host[INET6_ADDRSTRLEN];
	int64_t bits = 0;

	if (!slash || (size_t)(slash - text) >= sizeof(host) || slash[1] < '0' || slash[1] > '9' ||
	    str_to_int64(slash + 1, &bits) != RC_OK)
		return false;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	if (inet_pton(AF_INET, host, address) == 1)
		return bits <= 32;
	return inet_pton(AF_INET6, host, address) == 1 && bits <= 128;
}

static enum rc check_ip_rule(struct ingress_check *check, const struct json *rule)
{
	static const char before[] = "unable to create ip rule for socks-proxy";
	const struct json *prefix = ingress_member(rule, "prefix"), *ports = ingress_member(rule, "ports");

	if (!prefix || !*prefix->u.string)
		return ingress_fail(check, "%s: no prefix provided", before);
	if (!is_cidr(prefix->u.string))
		return ingress_fail(check, "%s: unable to parse cidr: %s", before, prefix->u.string);
	for (size_t i = 0; i < json_count(ports); i++) {
		const struct json *port = json_item(ports, i);
		double number = port->type == JSON_NUMBER ? port->u.number : 0;

		if (number < 1 || number > 65535)
			return ingress_fail(check, "%s: invalid port %.0f, needs to be between 1 and 65535",
					    before, number);
	}
	return RC_OK;
}

/* Only a rule's own ipRules count, and only for this service. */
static enum rc check_socks_proxy(struct ingress_check *check, const struct json *rule)
{
	const struct json *ip_rules = ingress_member(ingress_member(rule, "originRequest"), "ipRules");

	for (size_t i = 0; i < json_count(ip_rules); i++) {
		enum rc rc = check_ip_rule(check, json_item(ip_rules, i));

		if (rc)
			return rc;
	}
	return RC_OK;
}

enum rc ingress_check_service(struct ingress_check *check, const struct json *rule, bool is_bastion)
{
	const struct json *member = ingress_member(rule, "service");
	const char *service = member ? member->u.string : "";

	if (str_has_prefix(service, "unix:") || str_has_prefix(service, "unix+tls:"))
		return RC_OK;
	if (str_has_prefix(service, "http_status:"))
		return check_status(check, service + strlen("http_status:"));
	if (str_eq(service, "hello_world") || str_eq(service, "hello-world"))
		return RC_OK;
	if (str_eq(service, "socks-proxy"))
		return check_socks_proxy(check, rule);
	if (str_eq(service, "bastion") || is_bastion)
		return RC_OK;
	return ingress_check_url(check, service);
}
