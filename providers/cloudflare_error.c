/* Errors of Cloudflare's API. Codes and their sources: the error table of the API notes in docs/. */
#include "providers/cloudflare_error.h"

#include <string.h>

#include "base/str.h"

#define TEXT_BYTES_MAX 4096u
#define ERRORS_MAX 5u

/** Classes of codes that mean one thing wherever they come. */
static const struct code_class {
	int code;
	enum rc rc;
} code_classes[] = {
	{1003, RC_NOTFOUND},     /* tunnel not found */
	{1013, RC_EXISTS},       /* a tunnel of this name */
	{1022, RC_CONFLICT},     /* tunnel has active connections */
	{1023, RC_CONFLICT},     /* tunnel has private routes */
	{6003, RC_DENIED},       /* invalid request headers: the token cannot be one */
	{6111, RC_DENIED},
	{7000, RC_UNSUPPORTED},  /* no route for that URI */
	{7003, RC_UNSUPPORTED},  /* could not route */
	{9109, RC_DENIED},
	{10000, RC_DENIED},      /* authentication error */
	{81044, RC_NOTFOUND},    /* record does not exist */
	{81045, RC_LIMIT},       /* record quota exceeded */
	{81053, RC_EXISTS},      /* an address record of that name */
	{81054, RC_EXISTS},      /* a CNAME of that name */
	{81057, RC_EXISTS},      /* the same record */
	{81058, RC_EXISTS},
};

/** Statuses that say enough by themselves. */
static const struct status_class {
	int status;
	enum rc rc;
} status_classes[] = {
	{401, RC_DENIED},      {403, RC_DENIED},      {405, RC_UNSUPPORTED},
	{408, RC_UNAVAILABLE}, {429, RC_UNAVAILABLE}, {501, RC_UNSUPPORTED},
};

static const int bad_token_codes[] = {6003, 6111};

static void add_code(struct wire_errors *errors, int64_t code)
{
	if (code > 0 && code <= INT32_MAX && errors->code_count < WIRE_CODES_MAX)
		errors->codes[errors->code_count++] = (int)code;
}

/** One error and, in parentheses behind it, its code. Texts are cut where they fill the buffer. */
static void add_error(struct wire_errors *errors, const char *message, int64_t code)
{
	size_t room = TEXT_BYTES_MAX > errors->text.size ? TEXT_BYTES_MAX - errors->text.size : 0;
	size_t size = strlen(message);

	strbuf_add(&errors->text, message, size <= room ? size : str_utf8_cut(message, room));
	if (code)
		strbuf_addf(&errors->text, "%s(code %lld)", size ? " " : "", (long long)code);
	add_code(errors, code);
}

static void add_listed(struct wire_errors *errors, const struct json *list, const char *separator, unsigned depth)
{
	for (size_t i = 0; i < json_count(list) && i < ERRORS_MAX; i++) {
		const struct json *item = json_item(list, i);

		if (errors->text.size)
			strbuf_adds(&errors->text, separator);
		add_error(errors, json_get_string(item, "message", ""), json_get_int(item, "code", 0));
		if (depth)
			add_listed(errors, json_get(item, "error_chain"), ": ", depth - 1);
	}
}

void wire_errors_read(const struct json *root, struct wire_errors *errors)
{
	const struct json *other = json_get(root, "error");

	memset(errors, 0, sizeof(*errors));
	strbuf_init(&errors->text, 0);
	add_listed(errors, json_get(root, "errors"), "; ", 1);
	if (errors->code_count || errors->text.size)
		return;
	if (other && other->type == JSON_STRING)
		add_error(errors, other->u.string, 0);
	else if (other)
		add_error(errors, json_get_string(other, "message", ""), json_get_int(other, "code", 0));
	else
		add_error(errors, json_get_string(root, "message", ""), json_get_int(root, "code", 0));
}

void wire_errors_done(struct wire_errors *errors)
{
	strbuf_wipe(&errors->text);
}

static bool has_code(const struct wire_errors *errors, int code)
{
	for (size_t i = 0; i < errors->code_count; i++)
		if (errors->codes[i] == code)
			return true;
	return false;
}

bool wire_error_is_bad_token(int status, const struct wire_errors *errors)
{
	if (status == 401)
		return true;
	for (size_t i = 0; i < sizeof(bad_token_codes) / sizeof(bad_token_codes[0]); i++)
		if (has_code(errors, bad_token_codes[i]))
			return true;
	return false;
}

/** Class of the first code that has one; RC_OK if none. */
static enum rc class_of_codes(const struct wire_errors *errors)
{
	for (size_t i = 0; i < errors->code_count; i++)
		for (size_t c = 0; c < sizeof(code_classes) / sizeof(code_classes[0]); c++)
			if (code_classes[c].code == errors->codes[i])
				return code_classes[c].rc;
	return RC_OK;
}

static enum rc class_of_status(int status)
{
	for (size_t i = 0; i < sizeof(status_classes) / sizeof(status_classes[0]); i++)
		if (status_classes[i].status == status)
			return status_classes[i].rc;
	return status >= 500 ? RC_UNAVAILABLE : RC_OK;
}

/** A quota by words: the codes of most are not public. Tags have one too (9300), but that is a wrong record. */
static bool is_quota(const struct wire_errors *errors)
{
	return !has_code(errors, 9300) && strcasestr(strbuf_text(&errors->text), "quota");
}

enum rc wire_error_class(enum call_kind kind, int status, const struct wire_errors *errors, bool has_envelope)
{
	const struct wire_kind *wire = wire_kind(kind);
	enum rc rc = class_of_status(status);

	if (rc)
		return rc;
	rc = class_of_codes(errors);
	if (rc == RC_NOTFOUND && wire->per_page)
		return RC_UNSUPPORTED; /* a list is empty, never missing */
	if (rc)
		return rc;
	if (status == 409)
		return wire->is_create ? RC_EXISTS : RC_CONFLICT;
	/* A page of something in between does not know what is there: unknown, never gone. */
	if (status == 404)
		return has_envelope && !wire->per_page && kind != CALL_RECORD_BATCH ? RC_NOTFOUND : RC_UNSUPPORTED;
	return is_quota(errors) ? RC_LIMIT : RC_INVALID;
}
