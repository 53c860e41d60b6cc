/** @file
 * A project's recorded state as one JSON document: what `adit state pull` prints and `adit state push` reads.
 *
 * {"format": 1, "project", "lineage", "serial", "resources": [{"address", "kind", "id", "tunnel", "object",
 * "account_id", "zone_id", "prior_comment", "protected", "fields"}...], "zones": [{"account", "zone_id", "name",
 * "plan"}...]}; members without a value are left out. Resources stand in the order of resource_compare_address(). */
#ifndef ADIT_STATE_STATE_DOCUMENT_H
#define ADIT_STATE_STATE_DOCUMENT_H

#include "state/store.h"

/** @param ret_document  arena; its texts are borrowed from @p state
 * @return RC_OK or RC_NOMEM */
enum rc state_document_write(struct arena *arena, const char *project, const struct recorded_state *state,
			     struct json **ret_document) MUST_CHECK;

/** The reverse, believing nothing. Every fault gets its diagnostic.
 * @param project    whose document it must be
 * @param ret_state  arena; its texts are borrowed from @p document
 * @return RC_OK; RC_INVALID (A0511; A0515 of another project); RC_UNSUPPORTED of a newer adit (A0506); RC_NOMEM */
enum rc state_document_read(struct arena *arena, struct diags *diags, const char *project, const struct json *document,
			    struct recorded_state *ret_state) MUST_CHECK;

#endif
