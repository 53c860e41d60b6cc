/** @file
 * Schemas of ReferenceGrant, BackendTLSPolicy and Service. */
#ifndef ADIT_SCHEMA_DECODE_POLICY_H
#define ADIT_SCHEMA_DECODE_POLICY_H

#include "schema/decode_check.h"

/** spec of each kind. */
extern const struct schema policy_grant_spec;
extern const struct schema policy_tls_spec;
extern const struct schema policy_service_spec;

#endif
