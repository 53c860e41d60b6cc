/** @file
 * Answers of Cloudflare's API: the envelope, the class of an error and its words, and what a success holds.
 * Pure functions of bytes. Internal to providers/. */
#ifndef ADIT_PROVIDERS_CLOUDFLARE_ANSWER_H
#define ADIT_PROVIDERS_CLOUDFLARE_ANSWER_H

#include "providers/cloudflare_shape.h"
#include "providers/http.h"
#include "providers/provider.h"
#include "providers/tree_reader.h"

/** What messages need to know. */
struct wire_context {
	const char *token;               /**< never shown */
	const char *host;                /**< who answered */
	struct arena *scratch;           /**< for what nothing is kept of; reset by who uses it */
	const struct tree_job *tree;     /**< the answer's, read already, in scratch; NULL: it is to be read */
};

/** Reset the scratch arena. That of a tree goes with it. */
void answer_forget(const struct wire_context *context);

/** True for calls whose answers' trees nothing is kept of. */
bool answer_is_copied(enum call_kind kind);

/** `{success, errors, messages, result, result_info}`, members in any order, some of them absent. */
struct envelope {
	const struct json *root;         /**< NULL: no JSON object */
	const struct json *result;       /**< NULL when absent */
	const struct json *info;         /**< result_info; NULL when absent */
	bool is_success;
	bool is_failure;                 /**< neither: `success` is no truth value */
};

/** Judge an answer by transport, status and envelope. Fills http_status, code, message and needs of @p call, but not
 * its rc.
 * @param arena         for the JSON tree
 * @param ret_envelope  set when RC_OK
 * @return RC_OK: a success whose result is still to be looked at; otherwise the class of the failure: of a write that
 *         may have been executed RC_UNKNOWN_OUTCOME, whatever went wrong */
enum rc answer_open(const struct wire_context *context, struct arena *arena, struct call *call,
		    const struct http_answer *answer, struct envelope *ret_envelope) MUST_CHECK;

/** Judge the answer to a call that is no list, and fill in what the call asked for.
 * @return the call's rc: as answer_open(); RC_CORRUPT a success with the wrong shape (of a write RC_UNKNOWN_OUTCOME) */
enum rc answer_take(const struct wire_context *context, struct call *call,
		    const struct http_answer *answer) MUST_CHECK;

/** Set the call's message: one printable line without secrets. @return @p rc */
enum rc answer_fail(const struct wire_context *context, struct call *call, enum rc rc, const char *format, ...)
	PRINTF_LIKE(4, 5) MUST_CHECK;

/** Overwrite the token and the secret that the answer to a create tells unasked. */
void answer_wipe_tunnel_secrets(const struct json *result);

/** A success that does not have the shape it must have. @return RC_CORRUPT, or RC_UNKNOWN_OUTCOME of a write */
enum rc answer_misshapen(const struct wire_context *context, struct call *call, const char *expected) MUST_CHECK;

#endif
