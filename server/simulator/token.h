/** @file
 * API tokens: what each may do and see. The data holds a token's SHA-256, never the token. */
#ifndef ADIT_SERVER_SIMULATOR_TOKEN_H
#define ADIT_SERVER_SIMULATOR_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/rc.h"
#include "server/simulator/store.h"

/** Bits of what a token may do. Write includes read. */
enum permission {
	PERMISSION_NONE = 0,
	PERMISSION_ACCOUNT_READ = 1,
	PERMISSION_ZONE_READ = 2,
	PERMISSION_DNS_READ = 4,
	PERMISSION_DNS_WRITE = 8,
	PERMISSION_TUNNEL_READ = 16,
	PERMISSION_TUNNEL_WRITE = 32,
};
#define PERMISSION_ALL 63u

struct token {
	const char *id;             /**< 32 hex digits; no secret */
	const char *name;           /**< for the log; no secret */
	bool is_account_owned;      /**< its text begins with "cfat_" */
	unsigned permissions;       /**< of enum permission */
	const struct json *zones;   /**< names it is limited to, an array; NULL: all */
	const struct json *accounts; /**< ids it is limited to, an array; NULL: all */
};

/** What a token is to be; for adding. */
struct token_spec {
	const char *text, *name;    /**< name NULL: "token N" */
	unsigned permissions;
	const struct json *zones, *accounts; /**< arrays of strings; NULL: all */
};

/** The bits of "dns:write" and the like. @return RC_OK or RC_INVALID */
enum rc token_permission_parse(const char *word, unsigned *ret_bits) MUST_CHECK;
/** True when @p text could be a token: Cloudflare's alphabet and anything else that is printable without space,
 * at most 1,024 bytes. */
bool token_is_wellformed(const char *text);
/** @param ret_token arena @return RC_OK; RC_NOTFOUND; RC_IO, RC_NOMEM */
enum rc token_find(struct store *store, struct arena *arena, const char *text,
		   struct token **ret_token) MUST_CHECK;
/** Add a token. @param id 32 hex digits @param replace change one that is there already; else it stays as it is
 */
enum rc token_add(struct store *store, struct arena *arena, const struct token_spec *spec, const char *id,
		  bool replace) MUST_CHECK;

bool token_sees_account(const struct token *token, const char *account_id);
bool token_sees_zone(const struct token *token, const char *zone_name, const char *account_id);

#endif
