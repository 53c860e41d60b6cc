/** @file
 * Marks: how a DNS record says whose it is, and how a tunnel is named.
 *
 * A record's mark stands at the start of its comment: "adit:<project> <namespace>/<gateway>" ("adit:<project> <name>"
 * for a native Tunnel), then, after one space, the comment that was there before. 100 bytes at most: the mark itself is
 * cut and closed with 12 hex digits of its hash when it is too long; of the old comment only what fits is kept. */
#ifndef ADIT_SCHEMA_MARK_H
#define ADIT_SCHEMA_MARK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/rc.h"

/** What a comment says. */
struct mark {
	const char *project;   /**< NULL: no mark of ours in it */
	const char *gateway;   /**< "namespace/gateway" or "name" */
	const char *rest;      /**< the comment without the mark; "" if none */
};

/** @return arena; rest is "" for NULL comments */
struct mark mark_parse(struct arena *arena, const char *comment);
/** The mark alone; arena. @param tunnel_address "tunnel/..." */
char *mark_make(struct arena *arena, const char *project, const char *tunnel_address);
/** The comment that record should carry: the mark, then what @p comment holds beside a mark; arena. */
char *mark_apply(struct arena *arena, const char *project, const char *tunnel_address, const char *comment);
/** The tool whose mark the comment (or tags, joined by commas) bears, for messages: "external-dns", "CNAP's gateway controller"...
 * or NULL; static. */
const char *mark_foreign_tool(const char *comment, const char *tags);

/** Render a tunnel's name from the template, which may have {project}, {namespace} and {gateway}.
 * Over LIMIT_TUNNEL_NAME_BYTES it is cut and closed with 12 hex digits of its hash. Dots inside the parts become dashes.
 * @param name_space  "" for a native Tunnel: {namespace} is left out then, and what sets it off
 * @return RC_OK; RC_INVALID unknown variable in the template; RC_NOMEM */
enum rc mark_tunnel_name(struct arena *arena, const char *tmpl, const char *project, const char *name_space, const char *gateway, char **ret_name) MUST_CHECK;
/** True when @p name could have been rendered for @p project: for finding orphans. Never with a template that has no
 * {project}, since then the name says nothing on whose it is. */
bool mark_is_tunnel_name(const char *tmpl, const char *project, const char *name);

#endif
