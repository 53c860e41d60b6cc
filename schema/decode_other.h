/** @file
 * Schemas of the routes that a tunnel cannot serve. */
#ifndef ADIT_SCHEMA_DECODE_OTHER_H
#define ADIT_SCHEMA_DECODE_OTHER_H

#include "schema/decode_check.h"

/** spec of each kind and version: "alpha" ones allow several rules, TLSRoute v1alpha2 no hostnames as well. */
extern const struct schema other_grpc_spec;
extern const struct schema other_tls_spec;
extern const struct schema other_tls_alpha2_spec;
extern const struct schema other_tls_alpha3_spec;
extern const struct schema other_l4_spec;
extern const struct schema other_l4_alpha_spec;

#endif
