/** @file
 * A tunnel's configuration document: as live, as resources, and as the next PUT shall have it. Pure. */
#ifndef ADIT_PLANNER_DOCUMENT_H
#define ADIT_PLANNER_DOCUMENT_H

#include "base/map.h"
#include "planner/plan.h"
#include "planner/sharing.h"

/** The rules of a live document as resources, in order; a second rule with the same hostname and path gets "#2".
 * @param document   the "config" object; NULL: none
 * @return RC_OK; RC_NOMEM */
enum rc document_rules(struct arena *arena, const char *tunnel_address, const struct json *document,
		       struct resource ***ret_rules, size_t *ret_count) MUST_CHECK;
/** Array of the addresses, for the tunnel's rule_order; arena; the texts are borrowed from the rules. */
enum rc document_order(struct arena *arena, struct resource *const *rules, size_t count, struct json **ret_order) MUST_CHECK;
/** Fingerprint of what adit models of a document: rules in order and the top-level originRequest; "" for none; arena. */
char *document_fingerprint(struct arena *arena, const struct json *document);

/** Add what adit models of a rule, for a fingerprint; origin_request is in normal form. */
void document_print_rule(struct strbuf *buf, const struct rule_fields *rule);

/** The hostname of a rule of a document; "" for any. */
const char *document_hostname(const struct json *rule);

/** sharing_merge()'s result. */
struct document_merge {
	const struct shared_rule *rules;
	size_t count;
	const char **order;            /**< their addresses */
	bool keeps_origin_request;     /**< the top level is another project's */
};

/** The document that a PUT shall send: the live one with the plan's changes to this tunnel made.
 * Keys that adit does not know are carried over. Rules that stay though they are not in the tunnel's order keep their
 * place among those of their hostname, and stand before wildcards that would take their requests.
 * @param live_document  as read just now; NULL for none
 * @param keep           hostnames whose rules stay for now although they are to be deleted; may be NULL
 * @param merge          a shared tunnel's rules of all projects, in order: takes the place of the tunnel's order, and the
 *                       other projects' rules become as recorded; NULL: not shared
 * @return RC_OK; RC_NOMEM */
enum rc document_build(struct arena *arena, const struct plan *plan, const struct tunnel_plan *tunnel,
		       const struct json *live_document, const struct map *keep, const struct document_merge *merge,
		       struct json **ret_document) MUST_CHECK;

#endif
