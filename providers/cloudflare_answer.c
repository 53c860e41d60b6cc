/* Answers of Cloudflare's API. */
#include "providers/cloudflare_answer.h"

#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "providers/cloudflare_error.h"
#include "providers/cloudflare_request.h"
#include "providers/redact.h"

#define CODE_CONFIG_NOT_FOUND 1055

enum rc answer_fail(const struct wire_context *context, struct call *call, enum rc rc, const char *format, ...)
{
	const char *secrets[] = {context->token, call->secret};
	const char *line = NULL;
	struct strbuf text;
	va_list args;

	strbuf_init(&text, 0);
	va_start(args, format);
	strbuf_vaddf(&text, format, args);
	va_end(args);
	if (!strbuf_failed(&text))
		line = redact_line(call->arena, strbuf_text(&text), secrets, 2);
	strbuf_wipe(&text);
	call->message = line ? line : "out of memory";
	return rc;
}

/** What a failure means for a write that may have been executed. */
static enum rc outcome(const struct call *call, enum rc rc, bool maybe_executed)
{
	return maybe_executed && call_is_write(call->kind) ? RC_UNKNOWN_OUTCOME : rc;
}

enum rc answer_misshapen(const struct wire_context *context, struct call *call, const char *expected)
{
	return answer_fail(context, call, outcome(call, RC_CORRUPT, true),
			   "the answer of %s has not the expected shape: %s is missing or wrong", context->host,
			   str_or_empty(expected));
}

/** No answer came, or none that can be used. */
static enum rc fail_transport(const struct wire_context *context, struct call *call, const struct http_answer *answer)
{
	enum rc rc = outcome(call, answer->rc, answer->maybe_executed || answer->was_lost);

	if (answer->rc == RC_NOMEM)
		return answer_fail(context, call, rc, "out of memory");
	if (answer->rc == RC_CANCELLED)
		return answer_fail(context, call, rc, "interrupted");
	return answer_fail(context, call, rc, "no answer from %s: %s%s", context->host, answer->error,
			   rc == RC_UNKNOWN_OUTCOME ? "; it may have been done all the same" : "");
}

/** An answer that is no envelope, or an envelope without a word, described by what can be said about it. */
static void describe_answer(const struct wire_context *context, const struct http_answer *answer, bool has_envelope,
			    struct strbuf *out)
{
	const char *type = answer->content_type[0] ? answer->content_type : "no content type";

	strbuf_addf(out, "HTTP %d from %s ", answer->status, context->host);
	if (has_envelope)
		strbuf_adds(out, "without a reason");
	else
		strbuf_addf(out, "without an answer in JSON (%s, %zu bytes)", type, answer->body.size);
}

static enum rc fail_denied(const struct wire_context *context, struct call *call, bool is_bad_token, const char *text)
{
	const char *needs = wire_kind(call->kind)->needs;

	if (is_bad_token)
		return answer_fail(context, call, RC_DENIED, "the token is not valid%s%s", *text ? ": " : "", text);
	if (!needs)
		return answer_fail(context, call, RC_DENIED, "%s", *text ? text : "the token does not allow it");
	call->needs = needs;
	return answer_fail(context, call, RC_DENIED, "the token lacks the permission \"%s\"%s%s%s", needs,
			   str_has_suffix(needs, ": Read") ? " (Edit includes it)" : "", *text ? ": " : "", text);
}

/** What else is to be said about a failure. */
static const char *failure_suffix(const struct call *call, enum rc rc, int status)
{
	if (rc == RC_UNKNOWN_OUTCOME)
		return "; it may have been done all the same";
	if (status == 429)
		return "; the rate limit was not lifted in time";
	return rc == RC_UNAVAILABLE && call->attempts > 1 ? "; tried several times" : "";
}

/** True for failures that say that all is as it should be: what was to be deleted is gone. */
static bool is_gone_as_wanted(const struct call *call, enum rc rc)
{
	return rc == RC_NOTFOUND && (call->kind == CALL_TUNNEL_DELETE || call->kind == CALL_RECORD_DELETE);
}

/** The API says no. */
static enum rc fail_api(const struct wire_context *context, struct call *call, const struct http_answer *answer,
			const struct json *root)
{
	struct wire_errors errors;
	enum rc rc;

	wire_errors_read(root, &errors);
	call->code = errors.code_count ? errors.codes[0] : 0;
	rc = wire_error_class(call->kind, answer->status, &errors, root != NULL);
	/* An earlier try may have done it; then what this one says about it proves nothing. */
	if (!is_gone_as_wanted(call, rc))
		rc = outcome(call, rc, answer->maybe_executed || answer->was_lost);
	if (rc == RC_DENIED) {
		rc = fail_denied(context, call, wire_error_is_bad_token(answer->status, &errors),
				 strbuf_text(&errors.text));
	} else {
		if (!errors.text.size)
			describe_answer(context, answer, root != NULL, &errors.text);
		rc = answer_fail(context, call, rc, "%s%s", strbuf_text(&errors.text),
				 failure_suffix(call, rc, answer->status));
	}
	wire_errors_done(&errors);
	return rc;
}

/** A success, by its status, that cannot be read. */
static enum rc fail_unreadable(const struct wire_context *context, struct call *call, const struct http_answer *answer)
{
	struct strbuf text;
	enum rc rc = outcome(call, RC_CORRUPT, true);

	strbuf_init(&text, 0);
	describe_answer(context, answer, false, &text);
	rc = answer_fail(context, call, rc, "%s%s", strbuf_text(&text), failure_suffix(call, rc, answer->status));
	strbuf_done(&text);
	return rc;
}

static enum rc fail_redirect(const struct wire_context *context, struct call *call, const struct http_answer *answer)
{
	return answer_fail(context, call, outcome(call, RC_UNAVAILABLE, answer->was_lost),
			   "HTTP %d from %s: a redirect%s%s is not followed; check the account's url and token",
			   answer->status, context->host, answer->location[0] ? " to " : "", answer->location);
}

/** Parse the body into @p envelope; without a JSON object there root stays NULL. @return RC_OK or RC_NOMEM */
static enum rc parse(const struct wire_context *context, struct arena *arena, const struct http_answer *answer,
		     struct envelope *envelope)
{
	const struct json *success;
	struct json *root = NULL;
	enum rc rc = RC_OK;

	memset(envelope, 0, sizeof(*envelope));
	if (context->tree) {
		rc = context->tree->rc;
		root = context->tree->root;
	} else if (answer->body.size) {
		rc = json_parse(arena, answer->body.data, answer->body.size, &root, NULL);
	}
	if (rc == RC_NOMEM)
		return rc;
	if (rc || !root || root->type != JSON_OBJECT)
		return RC_OK;
	envelope->root = root;
	envelope->result = json_get(root, "result");
	envelope->info = json_get(root, "result_info");
	success = json_get(root, "success");
	/* The schema of a record's DELETE has a result and no success. */
	envelope->is_success = success ? success->type == JSON_BOOL && success->u.boolean : envelope->result != NULL;
	envelope->is_failure = success ? success->type == JSON_BOOL && !success->u.boolean : !envelope->is_success;
	return RC_OK;
}

enum rc answer_open(const struct wire_context *context, struct arena *arena, struct call *call,
		    const struct http_answer *answer, struct envelope *ret_envelope)
{
	bool is_good = answer->status >= 200 && answer->status < 300;
	struct envelope envelope;

	call->http_status = answer->status;
	if (answer->rc)
		return fail_transport(context, call, answer);
	if (answer->status >= 300 && answer->status < 400)
		return fail_redirect(context, call, answer);
	if (parse(context, arena, answer, &envelope))
		return answer_fail(context, call, outcome(call, RC_NOMEM, is_good), "out of memory");
	if (is_good && !envelope.root && answer->status != 204)
		return fail_unreadable(context, call, answer);
	if (!is_good || envelope.is_failure)
		return fail_api(context, call, answer, envelope.root);
	if (envelope.root && !envelope.is_success)
		return answer_misshapen(context, call, "success that is true or false");
	*ret_envelope = envelope;
	return RC_OK;
}

/** Overwrite a string of an answer that nobody asked for and that is secret. */
static void wipe_string(const struct json *json)
{
	char *text;

	if (!json || json->type != JSON_STRING)
		return;
	/* The tree is ours alone until the call comes back; its readers see it as constant. */
	memcpy(&text, &json->u.string, sizeof(text));
	explicit_bzero(text, strlen(text));
}

void answer_wipe_tunnel_secrets(const struct json *result)
{
	wipe_string(json_get(result, "token"));
	wipe_string(json_get(json_get(result, "credentials_file"), "TunnelSecret"));
}

static enum rc take_tunnel(struct shape *shape, struct call *call, const struct json *result)
{
	struct live_tunnel *tunnel = arena_alloc(shape->arena, sizeof(*tunnel));
	enum rc rc;

	answer_wipe_tunnel_secrets(result);
	rc = tunnel ? shape_tunnel(shape, result, tunnel) : RC_NOMEM;
	if (rc)
		return rc;
	call->tunnels = tunnel;
	call->tunnel_count = 1;
	return RC_OK;
}

static enum rc take_zone(struct shape *shape, struct call *call, const struct json *result)
{
	struct live_zone *zone = arena_alloc(shape->arena, sizeof(*zone));
	enum rc rc = zone ? shape_zone(shape, result, zone) : RC_NOMEM;

	if (rc)
		return rc;
	call->zones = zone;
	call->zone_count = 1;
	return RC_OK;
}

static enum rc take_record(struct shape *shape, struct call *call, const struct json *result)
{
	struct live_record *record = arena_alloc(shape->arena, sizeof(*record));
	enum rc rc = record ? shape_record(shape, result, record) : RC_NOMEM;

	if (rc)
		return rc;
	call->records = record;
	call->record_count = 1;
	return RC_OK;
}

static enum rc take_config(struct shape *shape, struct call *call, const struct json *result)
{
	enum rc rc = shape_config(shape, result, &call->config);

	if (rc || !call->config.document)
		return rc;
	/* Documents have thousands of rules, of the same few keys. */
	call->config.document = json_copy_keys(shape->arena, call->config.document, shape->repeated);
	return call->config.document ? RC_OK : RC_NOMEM;
}

static enum rc take_connections(struct shape *shape, struct call *call, const struct json *result)
{
	void *connections = NULL;
	enum rc rc;

	/* No connectors: [] or null, as the server likes. */
	if (result && result->type == JSON_NULL)
		return RC_OK;
	rc = shape_array(shape, result, sizeof(struct live_connection), shape_connection, &connections,
			 &call->connection_count);
	call->connections = connections;
	return rc;
}

static enum rc take_token(struct shape *shape, struct call *call, const struct json *result)
{
	bool is_token = result && result->type == JSON_STRING && *result->u.string;

	for (const char *at = is_token ? result->u.string : ""; *at; at++)
		is_token = is_token && *at > ' ' && *at < 127;
	if (!is_token) {
		shape->expected = "result that is a token";
		return RC_CORRUPT;
	}
	call->text = result->u.string;
	return RC_OK;
}

static enum rc take_token_status(struct shape *shape, struct call *call, const struct json *result)
{
	const char *status = json_get_string(result, "status", NULL);

	if (!status) {
		shape->expected = "result.status that is a string";
		return RC_CORRUPT;
	}
	call->text = status;
	return RC_OK;
}

/** Nothing that matters is in the answer. */
static enum rc take_nothing(struct shape *shape, struct call *call, const struct json *result)
{
	(void)shape;
	(void)call;
	(void)result;
	return RC_OK;
}

/** One list of a batch's answer: as many as were sent, those with ids in the same order. */
static enum rc take_batch_list(struct shape *shape, const struct call *call, const struct json *result,
			       const char *name, enum rc (*take)(struct shape *, const struct json *, void *),
			       struct live_record **ret_records, size_t *ret_count)
{
	const struct json *sent = json_get(call->body, name);
	const struct json *list = json_get(result, name);
	void *records = NULL;
	size_t count;
	enum rc rc;

	if (!json_count(sent) && !json_count(list))
		return RC_OK;
	rc = shape_array(shape, list, sizeof(struct live_record), take, &records, &count);
	if (rc)
		return rc;
	*ret_records = records;
	for (size_t i = 0; count == json_count(sent) && i < count; i++) {
		const char *id = json_get_string(json_item(sent, i), "id", NULL);

		if (id && !str_eq(id, (*ret_records)[i].id))
			count = SIZE_MAX;
	}
	if (count != json_count(sent)) {
		shape->expected = arena_printf(shape->arena, "%s as they were sent", name);
		return RC_CORRUPT;
	}
	*ret_count = count;
	return RC_OK;
}

static enum rc take_batch(struct shape *shape, struct call *call, const struct json *result)
{
	enum rc rc = take_batch_list(shape, call, result, "deletes", shape_deleted_record, &call->batch.deletes,
				     &call->batch.delete_count);

	if (!rc)
		rc = take_batch_list(shape, call, result, "patches", shape_record, &call->batch.patches,
				     &call->batch.patch_count);
	if (!rc)
		rc = take_batch_list(shape, call, result, "posts", shape_record, &call->batch.posts,
				     &call->batch.post_count);
	return rc;
}

/** How each kind's result is taken; lists are taken page by page (cloudflare_list.h). */
static enum rc (*const takers[])(struct shape *, struct call *, const struct json *) = {
	[CALL_TOKEN_VERIFY] = take_token_status,
	[CALL_TUNNEL_GET] = take_tunnel,
	[CALL_TUNNEL_CREATE] = take_tunnel,
	[CALL_TUNNEL_RENAME] = take_tunnel,
	[CALL_TUNNEL_SET_SECRET] = take_tunnel,
	[CALL_TUNNEL_DELETE] = take_nothing,
	[CALL_TUNNEL_TOKEN] = take_token,
	[CALL_CONFIG_GET] = take_config,
	[CALL_CONFIG_PUT] = take_config,
	[CALL_CONNECTIONS_GET] = take_connections,
	[CALL_CONNECTIONS_DELETE] = take_nothing,
	[CALL_ZONE_GET] = take_zone,
	[CALL_RECORD_GET] = take_record,
	[CALL_RECORD_CREATE] = take_record,
	[CALL_RECORD_PATCH] = take_record,
	[CALL_RECORD_DELETE] = take_nothing,
	[CALL_RECORD_BATCH] = take_batch,
};

/** A tunnel that was never configured has no configuration to find. */
static bool is_never_configured(const struct call *call)
{
	return call->kind == CALL_CONFIG_GET && call->code == CODE_CONFIG_NOT_FOUND;
}

/** Take an answer whose tree is made in @p tree. */
static enum rc take(const struct wire_context *context, struct arena *tree, struct call *call, const struct http_answer *answer)
{
	struct map repeated;
	struct shape shape = {.arena = call->arena, .repeated = &repeated};
	struct envelope envelope = {0};
	enum rc rc = answer_open(context, tree, call, answer, &envelope);

	map_init(&repeated, tree);
	call->config.version = -1;
	if (rc && (is_gone_as_wanted(call, rc) || is_never_configured(call))) {
		call->code = 0;
		call->message = "";
		return RC_OK;
	}
	if (rc)
		return rc;
	if (call->zone_id) {
		shape.zone_id = arena_strdup(call->arena, call->zone_id);
		rc = shape.zone_id ? RC_OK : RC_NOMEM;
	}
	if (!rc)
		rc = takers[call->kind](&shape, call, envelope.result);
	if (rc == RC_CORRUPT)
		return answer_misshapen(context, call, shape.expected);
	return rc ? answer_fail(context, call, outcome(call, rc, true), "out of memory") : RC_OK;
}

void answer_forget(const struct wire_context *context)
{
	if (!context->tree)
		arena_reset(context->scratch);
}

bool answer_is_copied(enum call_kind kind)
{
	return kind == CALL_CONFIG_GET || kind == CALL_CONFIG_PUT || wire_kind(kind)->per_page;
}

enum rc answer_take(const struct wire_context *context, struct call *call, const struct http_answer *answer)
{
	enum rc rc;

	if (!answer_is_copied(call->kind))
		return take(context, call->arena, call, answer);
	rc = take(context, context->scratch, call, answer);
	answer_forget(context);
	return rc;
}
