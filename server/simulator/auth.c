/* Who calls. Keys (X-Auth-Key) are recognised only to be refused as Cloudflare refuses unknown ones. */
#include "server/simulator/auth.h"

#include <string.h>

#include "base/str.h"

static enum rc refuse_header(struct call *call, int chain_code, const char *header)
{
	call->refusal = (struct refusal){400, 6003, "Invalid request headers", .chain_code = chain_code};
	call->refusal.chain_message = arena_printf(call->arena, "Invalid format for %s header", header);
	return call->refusal.chain_message ? RC_INVALID : RC_NOMEM;
}

static bool is_key_wellformed(const char *key)
{
	return strlen(key) >= 37 && strspn(key, "0123456789abcdef") == strlen(key);
}

static enum rc refuse_without_bearer(struct call *call)
{
	const struct request *request = call->request;

	if (str_has_suffix(request->path, "/tokens/verify"))
		return call_refuse(call, 400, 1001, "Missing \"Authorization\" header");
	if (!request->auth_email || !request->auth_key)
		return call_refuse(call, 400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers");
	if (!strchr(request->auth_email, '@'))
		return refuse_header(call, 6102, "X-Auth-Email");
	if (!is_key_wellformed(request->auth_key))
		return refuse_header(call, 6103, "X-Auth-Key");
	return call_refuse(call, 403, 9103, "Unknown X-Auth-Key or X-Auth-Email");
}

enum rc auth_identify(struct call *call)
{
	const char *header = call->request->authorization;
	struct token *token = NULL;
	const char *text;
	enum rc rc;

	if (!header)
		return refuse_without_bearer(call);
	if (strncasecmp(header, "Bearer ", 7) != 0)
		return refuse_header(call, 6111, "Authorization");
	text = header + 7 + strspn(header + 7, " ");
	if (!token_is_wellformed(text))
		return refuse_header(call, 6111, "Authorization");
	rc = token_find(call->store, call->arena, text, &token);
	if (rc == RC_NOTFOUND)
		return call_refuse(call, 401, 1000, "Invalid API Token");
	if (rc)
		return rc;
	call->token = token;
	return RC_OK;
}
