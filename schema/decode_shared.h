/** @file
 * Schemas that several kinds share: names, references, selectors, metadata. All static. */
#ifndef ADIT_SCHEMA_DECODE_SHARED_H
#define ADIT_SCHEMA_DECODE_SHARED_H

#include "schema/decode_check.h"

extern const struct schema schema_any;
extern const struct schema schema_string;
extern const struct schema schema_bool;
extern const struct schema schema_int32;
extern const struct schema schema_hostname;          /**< wildcard allowed */
extern const struct schema schema_precise_hostname;
extern const struct schema schema_group;
extern const struct schema schema_kind;
extern const struct schema schema_object_name;
extern const struct schema schema_namespace;
extern const struct schema schema_section_name;
extern const struct schema schema_port;              /**< 1 to 65535 */
extern const struct schema schema_duration;
extern const struct schema schema_default_scope;     /**< All, None */
extern const struct schema schema_labels;
extern const struct schema schema_label_selector;
extern const struct schema schema_local_reference;   /**< group, kind, name; group may be absent */
extern const struct schema schema_secret_reference;
extern const struct schema schema_options;           /**< TLS options */
extern const struct schema schema_parent_refs;
extern const struct schema schema_backend_object;    /**< BackendObjectReference */
extern const struct schema schema_backend_ref;       /**< of TLS, TCP and UDP routes */
extern const struct schema schema_session_persistence;
extern const struct schema schema_metadata;          /**< of the kinds that adit reads */
/* What metadata.name may be differs by kind. */
extern const struct schema schema_name_subdomain;
extern const struct schema schema_name_label;
extern const struct schema schema_name_service;

/** The CEL rule of BackendObjectReference, for tables that have more fields than schema_backend_object. */
void shared_backend_rule(struct check *check, const struct node *node);

#endif
