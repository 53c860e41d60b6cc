/** @file
 * Schemas of GatewayClass, Gateway and ListenerSet. */
#ifndef ADIT_SCHEMA_DECODE_GATEWAY_H
#define ADIT_SCHEMA_DECODE_GATEWAY_H

#include "schema/decode_check.h"

/** spec of each kind. */
extern const struct schema gateway_class_spec;
extern const struct schema gateway_spec;
extern const struct schema gateway_listener_set_spec;

/** spec.listeners of a Gateway. */
extern const struct schema gateway_listeners;

#endif
