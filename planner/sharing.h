/** @file
 * Tunnels that several projects have rules in: each project's rules are a slice, and a configuration document is the
 * merge of all slices in the order of precedence. Pure; values are arena.
 *
 * Of a shared tunnel its owner has the tunnel itself, its top-level originRequest, the catch-all, the rules that close
 * listeners, and whatever stands in it that is no project's. The others have the rules of their Routes alone. */
#ifndef ADIT_PLANNER_SHARING_H
#define ADIT_PLANNER_SHARING_H

#include "base/map.h"
#include "state/store.h"

/** A shared tunnel as this project sees it. */
struct shared_tunnel {
	const char *address, *owner;
	bool is_own;
	const struct recorded_gateway *gateway; /**< as its owner recorded it; NULL: it has none of that address */
	struct slice *slices;                   /**< of the other projects */
	size_t slice_count;
};

struct sharing {
	struct shared_tunnel *tunnels;          /**< sorted by address */
	size_t count;
	struct map by_address;                  /**< -> struct shared_tunnel * */
	struct map held;                        /**< rule address -> the other project (const char *) that has it there, or may
						 * have had while live was read; without what makes room for Routes */
	struct map closings;                    /**< rule addresses of other projects that make room for Routes */
};

/** A rule of some project on its way into a document. */
struct shared_rule {
	const struct resource *rule;
	const char *project;                    /**< NULL: this one */
	size_t block;
};

/** Start with no tunnels. */
void sharing_init(struct sharing *sharing, struct arena *arena);
/** Add a tunnel. @return RC_OK or RC_NOMEM */
enum rc sharing_add(struct arena *arena, struct sharing *sharing, const struct shared_tunnel *tunnel) MUST_CHECK;
/** What slices have becomes held. To be called with what was recorded before live is read, and after. */
enum rc sharing_hold(struct sharing *sharing, const struct slice *slices, size_t count) MUST_CHECK;
/** NULL: not shared, or @p sharing is NULL. */
const struct shared_tunnel *sharing_find(const struct sharing *sharing, const char *tunnel_address);
/** The first other project with rules of its own in the tunnel; NULL: none. */
const char *sharing_user(const struct shared_tunnel *tunnel);
/** The first other project with a rule of its own for the hostname; NULL: none. */
const char *sharing_user_of(const struct shared_tunnel *tunnel, const char *hostname);
/** True when the project is one of the others with rules in the tunnel, or its owner. */
bool sharing_has(const struct shared_tunnel *tunnel, const char *project);

/** This project's rules and all slices, each place once, in the order that they shall have.
 * @param document  the owner's Gateway (schema/shared_gateway.h): its listeners decide
 * @param ret_rules arena */
enum rc sharing_merge(struct arena *arena, const struct json *document, struct resource *const *own, size_t own_count,
		      const struct slice *slices, size_t slice_count, struct shared_rule **ret_rules,
		      size_t *ret_count) MUST_CHECK;
/** Fingerprint of what a document holds at this project's addresses; arena.
 * @param own  rule addresses; rules that make room for others' are not looked at
 * @param with_origin_request  the top-level originRequest as well */
enum rc sharing_fingerprint(struct arena *arena, const char *tunnel_address, const struct json *document,
			    const struct map *own, bool with_origin_request, const char **ret_fingerprint) MUST_CHECK;
/** The same of a document whose rules are at hand.
 * @param rules  document_rules()'s */
enum rc sharing_rules_fingerprint(struct arena *arena, struct resource *const *rules, size_t count,
				  const struct json *document, const struct map *own, bool with_origin_request,
				  const char **ret_fingerprint) MUST_CHECK;

#endif
