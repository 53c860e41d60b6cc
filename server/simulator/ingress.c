/* cloudflared's validation of a remote configuration (ingress/ingress.go, validateIngress and
 * validateHostname): per rule the service, access, the hostname, the regex. */
#include "server/simulator/ingress.h"

#include <string.h>
#include <strings.h>

#include "base/regex.h"
#include "base/str.h"

const struct json *ingress_member(const struct json *object, const char *name)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (size_t i = object->u.object.count; i-- > 0;) {
		const struct json_member *member = &object->u.object.members[i];

		if (member->value->type != JSON_NULL && !strcasecmp(member->key, name))
			return member->value;
	}
	return NULL;
}

static const char *string_member(const struct json *object, const char *name)
{
	const struct json *value = ingress_member(object, name);

	return value && value->type == JSON_STRING ? value->u.string : "";
}

/* 1: true, 0: false, -1: not given. */
static int bool_member(const struct json *object, const char *name)
{
	const struct json *value = ingress_member(object, name);

	return value && value->type == JSON_BOOL ? value->u.boolean : -1;
}

/* net.SplitHostPort succeeds. */
static bool has_port(const char *hostname)
{
	const char *colon = strrchr(hostname, ':'), *close = strchr(hostname, ']');

	if (!colon)
		return false;
	if (*hostname == '[')
		return close && close + 1 == colon && !strchr(hostname + 1, '[') && !strchr(close + 1, ']');
	return strchr(hostname, ':') == colon && !strchr(hostname, '[') && !strchr(hostname, ']');
}

static enum rc check_access(struct ingress_check *check, const struct json *rule)
{
	const struct json *access = ingress_member(ingress_member(rule, "originRequest"), "access");

	if (bool_member(access, "required") == 1 && !*string_member(access, "teamName") &&
	    json_count(ingress_member(access, "audTag")) > 0)
		return ingress_fail(check, "access.TeamName cannot be blank when access.audTags are present");
	return RC_OK;
}

static enum rc check_hostname(struct ingress_check *check, const struct json *rule, size_t index, bool is_last)
{
	const char *hostname = string_member(rule, "hostname"), *star = strrchr(hostname, '*');
	bool is_catch_all = (!*hostname || str_eq(hostname, "*")) && !*string_member(rule, "path");

	if (has_port(hostname))
		return ingress_fail(check, "Hostname cannot contain a port");
	if (star && star > hostname)
		return ingress_fail(
			check, "Hostname patterns can have at most one wildcard character (\"*\") and it can "
			       "only be used for subdomains, e.g. \"*.example.com\"");
	if (is_last && !is_catch_all)
		return ingress_fail(
			check, "The last ingress rule must match all URLs (i.e. it should not have a hostname "
			       "or path filter)");
	if (!is_last && is_catch_all)
		return ingress_fail(
			check,
			"Rule #%zu is matching the hostname '%s', but this will match every hostname, "
			"meaning the rules which follow it will never be triggered.",
			index + 1, hostname);
	return RC_OK;
}

static enum rc check_path(struct ingress_check *check, const struct json *rule, size_t index)
{
	const char *path = string_member(rule, "path");
	struct regex *regex = NULL;
	char error[256] = "";
	enum rc rc;

	if (!*path)
		return RC_OK;
	rc = regex_new(path, strlen(path), &regex, error, sizeof(error));
	regex_free(regex);
	if (rc == RC_INVALID || rc == RC_LIMIT)
		return ingress_fail(check, "Rule #%zu has an invalid regex: error parsing regexp: %s",
				    index + 1, error);
	return rc;
}

static enum rc check_rule(struct ingress_check *check, const struct json *rule, size_t index, bool is_last,
			  bool default_bastion)
{
	int bastion = bool_member(ingress_member(rule, "originRequest"), "bastionMode");
	enum rc rc = ingress_check_service(check, rule, bastion == -1 ? default_bastion : bastion == 1);

	if (!rc)
		rc = check_access(check, rule);
	if (!rc)
		rc = check_hostname(check, rule, index, is_last);
	if (!rc)
		rc = check_path(check, rule, index);
	return rc;
}

enum rc ingress_validate(struct ingress_check *check, const struct json *config)
{
	const struct json *ingress;
	bool bastion;
	size_t count;
	enum rc rc;

	if (!config || config->type == JSON_NULL)
		return RC_OK;
	rc = ingress_check_types(check, config);
	ingress = ingress_member(config, "ingress");
	bastion = bool_member(ingress_member(config, "originRequest"), "bastionMode") == 1;
	count = json_count(ingress);
	for (size_t i = 0; !rc && i < count; i++)
		rc = check_rule(check, json_item(ingress, i), i, i == count - 1, bastion);
	return rc;
}
