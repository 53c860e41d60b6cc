/** @file
 * Errors of Cloudflare's API: their class and their words. Internal to providers/. */
#ifndef ADIT_PROVIDERS_CLOUDFLARE_ERROR_H
#define ADIT_PROVIDERS_CLOUDFLARE_ERROR_H

#include "base/strbuf.h"
#include "providers/cloudflare_request.h"

#define WIRE_CODES_MAX 16u

/** The errors of one answer. */
struct wire_errors {
	int codes[WIRE_CODES_MAX];       /**< of the errors and of their chains, in the order of the text */
	size_t code_count;
	struct strbuf text;              /**< their messages and codes, joined; not yet redacted */
};

/** Collect from `errors` (with error_chain), or, in answers of gateways, from `code` and `message`, or from `error`.
 * @param root    NULL: none
 * @param errors  empty it with wire_errors_done() */
void wire_errors_read(const struct json *root, struct wire_errors *errors);
void wire_errors_done(struct wire_errors *errors);

/** The class of a failure: by status first, by code second.
 * @param has_envelope  the answer is Cloudflare's, not a page of something in between */
enum rc wire_error_class(enum call_kind kind, int status, const struct wire_errors *errors, bool has_envelope);

/** True when the failure means that the token itself is not accepted, whatever it may do. */
bool wire_error_is_bad_token(int status, const struct wire_errors *errors);

#endif
