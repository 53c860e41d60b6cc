/** @file
 * What the files on routes share: HTTPRoute's filters and the schemas of whole routes. */
#ifndef ADIT_SCHEMA_DECODE_ROUTE_H
#define ADIT_SCHEMA_DECODE_ROUTE_H

#include "schema/decode_check.h"
#include "schema/object.h"

#define ROUTE_FILTER_TYPES (FILTER_EXTENSION + 1)

/** A filter's type, its field, and whether a list may have it only once. */
struct route_filter_type {
	const char *name, *field;
	bool is_single;
};

/** By enum filter_type. */
extern const struct route_filter_type route_filter_types[ROUTE_FILTER_TYPES];

extern const struct schema route_filters;
extern const struct schema route_header_name;
extern const struct schema route_header_value;
/** spec of HTTPRoute. */
extern const struct schema route_http_spec;
/** The CEL rules on the value of an Exact or PathPrefix path. */
void route_path_rule(struct check *check, const struct node *value);

#endif
