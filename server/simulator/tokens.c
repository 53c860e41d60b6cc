/* Token verification. */
#include "base/str.h"
#include "server/simulator/handlers.h"

static enum rc verify(struct call *call)
{
	struct build *build = &call->build;
	struct json *result = build_object(build), *messages = build_array(build), *message = build_object(build);

	build_string(build, result, "id", call->token->id);
	build_string(build, result, "status", "active");
	/* 10000 means success here, and an authentication error elsewhere. */
	build_int(build, message, "code", 10000);
	build_string(build, message, "message", "This API Token is valid and active");
	build_null(build, message, "type");
	build_push(build, messages, message);
	call->result = result;
	call->messages = messages;
	return RC_OK;
}

enum rc tokens_verify_user(struct call *call)
{
	if (call->token->is_account_owned)
		return call_refuse(call, 401, 1000, "Invalid API Token");
	return verify(call);
}

enum rc tokens_verify_account(struct call *call)
{
	return verify(call);
}
