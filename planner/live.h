/** @file
 * What is live in Cloudflare, as far as a run needs it: read by refresh.h, compared by plan.h. Values; arena. */
#ifndef ADIT_PLANNER_LIVE_H
#define ADIT_PLANNER_LIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"
#include "providers/provider.h"
#include "schema/resource.h"

/** How much is known about one zone's records, one tunnel, one account. What cannot be seen is unknown, never gone. */
enum visibility { VISIBLE, NOT_VISIBLE };

struct live_zone_records {
	struct live_zone zone;
	enum visibility visibility;      /**< of the records */
	bool is_read;                    /**< false: no hostname in question lies in it */
	struct live_record *records;
	size_t count;
};

/** A tunnel in question: one that is desired, recorded or asked for by id. */
struct live_tunnel_state {
	struct live_tunnel tunnel;
	enum visibility visibility;      /**< of the configuration */
	bool has_config;                 /**< the configuration was read */
	struct live_config config;
	bool has_connections;            /**< the connectors were read */
	struct live_connection *connections;
	size_t connection_count;
};

struct live_account {
	const char *account;             /**< the project's name for it */
	const char *account_id;
	enum visibility tunnels_visibility, zones_visibility;
	struct live_tunnel_state *tunnels; /**< every live tunnel of the account */
	size_t tunnel_count;
	struct live_zone_records *zones; /**< every zone of the account, sorted by name */
	size_t zone_count;
	struct map tunnel_by_id, tunnel_by_name; /**< -> struct live_tunnel_state * */
	struct map zone_by_name, zone_by_id;     /**< -> struct live_zone_records * */
	bool is_recorded;                        /**< made of what is recorded: nothing else is known to be there */
	bool has_record_maps;                    /**< the next two are made: see live_index_records() */
	struct map record_by_id;                 /**< -> struct live_record * */
	struct map records_by_name;              /**< lower-case name -> struct live_name * */
	struct map gone;                         /**< ids of tunnels and records whose absence was confirmed by id -> any */
};

/** All address records (A, AAAA, CNAME, NS) of one name, in the order of their ids. */
struct live_name {
	struct live_record **records;
	size_t count, capacity;
};

struct live {
	struct live_account *accounts;   /**< in the project's order */
	size_t account_count;
};

/** The account of that name, or NULL. */
const struct live_account *live_account(const struct live *live, const char *account);
/** The zone a hostname lies in: the longest zone name that is a suffix of it; NULL if none. */
const struct live_zone_records *live_zone_of(const struct live_account *account, const char *hostname);
/** The address records of a name in one zone: a subdomain may be a zone of its own beside its parent.
 * @param ret_name  NULL when there are none; arena, or borrowed from the account */
enum rc live_name_find(struct arena *arena, const struct live_account *account, const char *zone_id, const char *hostname,
		       const struct live_name **ret_name) MUST_CHECK;
/** Build the maps of an account from its arrays; of one that is made of what is recorded, not yet those of records, which few
 * plans ask for. @return RC_OK or RC_NOMEM */
enum rc live_index(struct arena *arena, struct live_account *account) MUST_CHECK;
/** Build the maps of records, unless that was done. */
enum rc live_index_records(struct arena *arena, struct live_account *account) MUST_CHECK;
/** A live record as a resource, in normal form; arena; NULL when memory is used up. */
struct resource *live_record_resource(struct arena *arena, const char *account, const char *zone,
				      const struct live_record *record) MUST_CHECK;
/** The same without memory of its own: its texts are borrowed from @p record. Its address is not set.
 * @return false: the record is not in normal form as it is */
bool live_record_view(const char *account, const char *zone, const struct live_record *record, struct resource *ret_cname);
/** Fingerprint of records that shall be replaced, whatever their order; arena. */
char *live_records_fingerprint(struct arena *arena, struct live_record *const *records, size_t count);
/** True for a record whose presence on a name excludes a CNAME of ours. */
bool live_record_is_address(const struct live_record *record);

#endif
