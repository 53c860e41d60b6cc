/* A record out of a request's body: each member over what was there, then the checks that need no other record.
 */
#include <string.h>

#include "base/str.h"
#include "server/simulator/record.h"

#define MAX_TTL 86400
#define TAG_NAME_CHARS 32
#define TAG_VALUE_CHARS 100

static const struct json *member(const struct json *body, const char *key)
{
	const struct json *value = json_get(body, key);

	return value && value->type != JSON_NULL ? value : NULL;
}

static enum rc refuse_type(struct call *call, const char *key, const char *type)
{
	return call_refuse(call, 400, 9207, "malformed request body: %s must be %s", key, type);
}

static enum rc decode_texts(struct call *call, const struct json *body, struct record *record)
{
	const char *type = NULL, *name = NULL, *content = NULL;
	enum rc rc = call_string(call, body, "type", &type);

	if (!rc)
		rc = call_string(call, body, "name", &name);
	if (!rc)
		rc = call_string(call, body, "content", &content);
	if (rc)
		return rc;
	if (type)
		record->type = type;
	if (name) {
		rc = record_name_in_zone(call->arena, call->zone, name, &record->name);
		if (rc == RC_INVALID)
			return call_refuse(call, 400, 9000, "DNS name is invalid.");
	}
	if (content) {
		record->content = content;
		record->data = NULL;
	}
	return rc;
}

static enum rc decode_numbers(struct call *call, const struct json *body, const struct record_type *type,
			      struct record *record)
{
	const struct json *ttl = member(body, "ttl"), *priority = member(body, "priority");

	if (ttl)
		record->ttl = json_is_int(ttl) ? (int64_t)ttl->u.number : -1;
	if (priority && (!json_is_int(priority) || priority->u.number < 0 || priority->u.number > 65535))
		return refuse_type(call, "priority", "a number from 0 to 65535");
	if (priority)
		record->priority = (int64_t)priority->u.number;
	if (!type->has_priority)
		record->priority = -1;
	else if (record->priority < 0)
		return call_refuse_chain(call, 9101, "priority is a required data field.");
	return RC_OK;
}

static enum rc decode_truths(struct call *call, const struct json *body, const struct record_type *type,
			     struct record *record)
{
	const struct json *proxied = member(body, "proxied"), *routing = member(body, "private_routing");

	if (proxied && proxied->type != JSON_BOOL)
		return refuse_type(call, "proxied", "true or false");
	if (routing && routing->type != JSON_BOOL)
		return refuse_type(call, "private_routing", "true or false");
	if (proxied)
		record->proxied = proxied->u.boolean;
	if (record->proxied && !type->is_proxiable)
		return call_refuse_chain(call, 9004, "This kind of record cannot be proxied");
	if (routing)
		record->private_routing = routing->u.boolean;
	if (type->kind != CONTENT_IPV4 && type->kind != CONTENT_IPV6)
		record->private_routing = -1;
	return RC_OK;
}

/* A proxied record is served by Cloudflare's own TTL, whatever was asked. */
static enum rc check_ttl(struct call *call, struct record *record)
{
	int64_t min = call->zone->plan->min_ttl;

	if (record->ttl != 1 && (record->ttl < min || record->ttl > MAX_TTL))
		return call_refuse(call, 400, 9021,
				   "Invalid TTL. Must be between %lld and %d seconds, or 1 for automatic.",
				   (long long)min, MAX_TTL);
	if (record->proxied)
		record->ttl = 1;
	return RC_OK;
}

static size_t count_chars(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static enum rc decode_comment(struct call *call, const struct json *body, struct record *record)
{
	const struct json *value = json_get(body, "comment");
	size_t max = call->zone->plan->comment_chars;

	if (!value)
		return RC_OK;
	if (value->type != JSON_STRING && value->type != JSON_NULL)
		return refuse_type(call, "comment", "a string");
	record->comment = value->type == JSON_STRING && *value->u.string ? value->u.string : NULL;
	if (record->comment && count_chars(record->comment) > max)
		return call_refuse(call, 400, 9313,
				   "DNS record comment exceeds the maximum length of %zu characters.", max);
	if (record->comment && strpbrk(record->comment, "\r\n"))
		return refuse_type(call, "comment", "one line");
	return RC_OK;
}

static bool is_tag(const char *tag)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t name = strspn(tag, allowed);

	if (name == 0 || name > TAG_NAME_CHARS || !strncasecmp(tag, "cf-", 3))
		return false;
	return tag[name] == '\0' || (tag[name] == ':' && count_chars(tag + name + 1) <= TAG_VALUE_CHARS);
}

static enum rc check_tags(struct call *call, const struct json *tags)
{
	size_t count = json_count(tags), max = call->zone->plan->tags;

	if (count > max)
		return call_refuse_chain(call, 9300, "DNS record has %zu tags, exceeding the quota of %zu.",
					 count, max);
	for (size_t i = 0; i < count; i++) {
		const struct json *tag = json_item(tags, i);

		if (tag->type != JSON_STRING)
			return refuse_type(call, "tags", "strings");
		if (!is_tag(tag->u.string))
			return call_refuse_chain(call, 9301, "DNS record tag \"%s\" is invalid.", tag->u.string);
	}
	return RC_OK;
}

/* A set: the second of two equal tags is dropped. There are at most twenty. */
static struct json *distinct(struct build *build, const struct json *tags)
{
	struct json *set = build_array(build);

	for (size_t i = 0; i < json_count(tags); i++) {
		const char *tag = json_item(tags, i)->u.string;
		bool seen = false;

		for (size_t j = 0; j < json_count(set) && !seen; j++)
			seen = !strcasecmp(json_item(set, j)->u.string, tag);
		if (!seen)
			build_push_string(build, set, tag);
	}
	return set;
}

static enum rc decode_tags(struct call *call, const struct json *body, struct record *record)
{
	const struct json *tags = json_get(body, "tags");
	enum rc rc;

	if (!tags)
		return RC_OK;
	if (tags->type != JSON_ARRAY && tags->type != JSON_NULL)
		return refuse_type(call, "tags", "an array");
	rc = check_tags(call, tags);
	if (rc)
		return rc;
	record->tags = build_text(&call->build, distinct(&call->build, tags));
	return record->tags ? RC_OK : RC_NOMEM;
}

/* Cloudflare drops flatten_cname from proxied records silently, and refuses it on Free. */
static enum rc check_flattening(struct call *call, const struct record *record, bool *flattens)
{
	if (record->proxied || !str_eq(record->type, "CNAME"))
		*flattens = false;
	if (*flattens && str_eq(call->zone->plan->legacy_id, "free"))
		return call_refuse_chain(call, 9303,
					 "CNAME flattening of single records is not available on this plan.");
	return RC_OK;
}

static enum rc decode_settings(struct call *call, const struct json *body, struct record *record)
{
	static const char *const names[] = {"flatten_cname", "ipv4_only", "ipv6_only"};
	const struct json *given = json_get(body, "settings");
	struct json *old = build_parse(&call->build, record->settings), *settings = build_object(&call->build);

	if (given && given->type != JSON_OBJECT && given->type != JSON_NULL)
		return refuse_type(call, "settings", "an object");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct json *value = member(given, names[i]);
		bool on = json_get_bool(old, names[i], false);
		enum rc rc = RC_OK;

		if (value && value->type != JSON_BOOL)
			return refuse_type(call, names[i], "true or false");
		if (value)
			on = value->u.boolean;
		if (i == 0)
			rc = check_flattening(call, record, &on);
		if (rc)
			return rc;
		if (on)
			build_bool(&call->build, settings, names[i], true);
	}
	record->settings = build_text(&call->build, settings);
	return record->settings ? RC_OK : RC_NOMEM;
}

static enum rc decode_content(struct call *call, const struct json *body, const struct record_type *type,
			      struct record *record)
{
	const struct json *data = member(body, "data");
	enum rc rc;

	if (data && data->type != JSON_OBJECT)
		return refuse_type(call, "data", "an object");
	if (type->kind != CONTENT_DATA) {
		data = NULL;
		record->data = NULL;
	}
	rc = record_normalise_content(call, type, data, record);
	if (!rc && data) {
		record->data = build_text(&call->build, data);
		rc = record->data ? RC_OK : RC_NOMEM;
	}
	return rc;
}

enum rc record_decode(struct call *call, const struct json *body, struct record *record)
{
	const struct record_type *type;
	enum rc rc;

	if (!body || body->type != JSON_OBJECT)
		return call_refuse(call, 400, 9207, "malformed request body");
	rc = decode_texts(call, body, record);
	if (rc)
		return rc;
	type = record_type_find(record->type);
	if (!type)
		return refuse_type(call, "type", "a DNS record type");
	if (!record->name)
		return call_refuse(call, 400, 9000, "DNS name is invalid.");
	rc = decode_content(call, body, type, record);
	if (!rc)
		rc = decode_truths(call, body, type, record);
	if (!rc)
		rc = decode_numbers(call, body, type, record);
	if (!rc)
		rc = check_ttl(call, record);
	if (!rc)
		rc = decode_comment(call, body, record);
	if (!rc)
		rc = decode_tags(call, body, record);
	return rc ? rc : decode_settings(call, body, record);
}
