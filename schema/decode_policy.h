/** @file
 * Schemas of ReferenceGrant, BackendTLSPolicy, foreign policies and core kinds. */
#ifndef ADIT_SCHEMA_DECODE_POLICY_H
#define ADIT_SCHEMA_DECODE_POLICY_H

#include "schema/decode_check.h"

/** spec of each kind. */
extern const struct schema policy_grant_spec;
extern const struct schema policy_tls_spec;
extern const struct schema policy_service_spec;
/** spec of any kind with targets: only these are looked at. */
extern const struct schema policy_foreign_spec;

#endif
