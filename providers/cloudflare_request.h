/** @file
 * Requests in Cloudflare's v4 wire format: one table row per kind of call. Internal to providers/. */
#ifndef ADIT_PROVIDERS_CLOUDFLARE_REQUEST_H
#define ADIT_PROVIDERS_CLOUDFLARE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "providers/http.h"
#include "providers/provider.h"

#define WIRE_ID_BYTES_MAX 64u
#define WIRE_ACCOUNT_ID_BYTES_MAX 200u

/** What a request carries. */
enum wire_body {
	WIRE_BODY_NONE,
	WIRE_BODY_EMPTY,         /**< {}: servers of the 2024 schema refuse a tunnel's DELETE without one */
	WIRE_BODY_GIVEN,         /**< the caller's */
	WIRE_BODY_CONFIG,        /**< the caller's, inside {"config": ...} */
	WIRE_BODY_TUNNEL_CREATE, /**< name, secret, managed by the API */
	WIRE_BODY_TUNNEL_NAME,
	WIRE_BODY_TUNNEL_SECRET,
};

struct wire_kind {
	const char *text;        /**< "create tunnel" */
	const char *path;        /**< with {account}, {tunnel}, {zone}, {record} */
	const char *needs;       /**< permission; NULL: none */
	enum http_method method;
	enum wire_body body;
	bool is_create;          /**< 409 means that the thing is there already */
	unsigned per_page;       /**< most items a page may hold; 0: no list */
};

/** @return static; for a number that is no kind a row without path, which wire_path() refuses */
const struct wire_kind *wire_kind(enum call_kind kind);

/** True for letters, digits and dashes, at most WIRE_ID_BYTES_MAX: what ids are made of, and may stand in a path. */
bool wire_id_is_plausible(const char *id);
/** As wire_id_is_plausible(), with underscores, and longer: account ids may be CNAP's. */
bool wire_account_id_is_plausible(const char *id);

/** Write path and query of @p call.
 * @param page        1-based; only lists have pages
 * @param ret_fault   set when RC_INVALID: what is missing or wrong; static
 * @return RC_OK; RC_INVALID; RC_NOMEM */
enum rc wire_path(const struct call *call, const char *account_id, const char *token, size_t page, struct strbuf *path,
		  const char **ret_fault) MUST_CHECK;

/** Write the body of @p call; nothing for kinds without. The caller wipes it. Same results. */
enum rc wire_body(const struct call *call, struct strbuf *body, const char **ret_fault) MUST_CHECK;

#endif
