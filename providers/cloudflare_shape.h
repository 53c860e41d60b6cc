/** @file
 * Results of Cloudflare's API, checked for their shape and turned into values. Internal to providers/.
 *
 * Strings are borrowed from the JSON tree, which lives in the call's arena, or copied where it does not. */
#ifndef ADIT_PROVIDERS_CLOUDFLARE_SHAPE_H
#define ADIT_PROVIDERS_CLOUDFLARE_SHAPE_H

#include "base/json.h"
#include "base/map.h"
#include "providers/provider.h"

/** One check at work. */
struct shape {
	struct arena *arena;
	bool is_copied;          /**< the tree goes: copy what is kept */
	struct map *repeated;    /**< texts that many things have, copied once */
	const char *zone_id;     /**< given to each record; arena */
	const char *expected;    /**< set when RC_CORRUPT: what should have been there; arena or static */
};

/* Each takes the JSON of one thing. @return RC_OK; RC_CORRUPT (shape->expected says why); RC_NOMEM */
enum rc shape_account(struct shape *shape, const struct json *json, void *ret_account) MUST_CHECK;
enum rc shape_tunnel(struct shape *shape, const struct json *json, void *ret_tunnel) MUST_CHECK;
enum rc shape_zone(struct shape *shape, const struct json *json, void *ret_zone) MUST_CHECK;
enum rc shape_record(struct shape *shape, const struct json *json, void *ret_record) MUST_CHECK;
/** A record that was deleted: the answer holds at least its id. */
enum rc shape_deleted_record(struct shape *shape, const struct json *json, void *ret_record) MUST_CHECK;
enum rc shape_connection(struct shape *shape, const struct json *json, void *ret_connection) MUST_CHECK;
enum rc shape_config(struct shape *shape, const struct json *json, struct live_config *ret_config) MUST_CHECK;

/** An array of things.
 * @param ret_items  arena */
enum rc shape_array(struct shape *shape, const struct json *json, size_t item_size,
		    enum rc (*take)(struct shape *, const struct json *, void *), void **ret_items,
		    size_t *ret_count) MUST_CHECK;

#endif
