/** @file
 * What every kind of store needs to know of recorded resources: their addresses, their order, their index. */
#ifndef ADIT_STATE_RECORDED_H
#define ADIT_STATE_RECORDED_H

#include "state/store.h"

/** The kind that an address says it is of. @return false when it is of none */
bool recorded_kind_of(const char *address, enum resource_kind *ret_kind);
/** True when @p address is shaped as addresses of @p kind are: "tunnel/<name>" or "tunnel/<namespace>/<gateway>",
 * "rule/<part of a tunnel's address>/...", "cname/<fqdn>". */
bool recorded_is_address(enum resource_kind kind, const char *address);
/** True for the address of a rule in the tunnel at @p tunnel. */
bool recorded_is_rule_of(const char *address, const char *tunnel);
/** Sort the items by resource_compare_address() and fill by_address.
 * @param ret_duplicate  an address that occurs twice; NULL: none
 * @return RC_OK or RC_NOMEM */
enum rc recorded_index(struct arena *arena, struct recorded_state *state, const char **ret_duplicate) MUST_CHECK;

#endif
