/** @file
 * The work on one Route: from parents to listeners (translate_attach.c) to hostnames (translate_spot.c). Internal. */
#ifndef ADIT_SCHEMA_TRANSLATE_ATTACH_H
#define ADIT_SCHEMA_TRANSLATE_ATTACH_H

#include "schema/translate_internal.h"

/** A listener that takes the Route. */
struct mark_of_listener {
	struct draft *draft;
	struct draft_listener *listener;
};

/** A hostname that a Route gets through a listener. */
struct spot {
	struct draft *draft;
	struct draft_listener *listener;
	const char *hostname;     /**< intersected */
	size_t index;             /**< of the Route's hostname */
	size_t block;
	bool is_isolated;         /**< a more specific listener has it, to which the Route is not attached */
};

/** The work on one Route; the arrays are used again for the next. */
struct attach {
	struct translation *t;
	struct part_route *route;
	struct mark_of_listener *marks;  size_t mark_count, mark_capacity;
	struct spot *spots;              size_t spot_count, spot_capacity;
	bool *taken;                     size_t taken_capacity; /**< per hostname of the Route: stands somewhere */
	bool is_ours;                    /**< a parent is, or might be, a Gateway of ours */
	bool is_foreign;                 /**< a parent is somebody else's */
	const struct known_gateway *foreign; /**< the last such that is a Gateway; NULL: none */
};

/** Hostnames as written; "" where there are none. */
const char *const *attach_hostnames(const struct http_route *route, size_t *ret_count);
/** Hostnames and candidates for all marks. */
enum rc attach_fill(struct attach *a) MUST_CHECK;

#endif
