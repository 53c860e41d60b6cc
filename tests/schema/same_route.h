/** @file
 * Routes compared in every field, places included. */
#ifndef ADIT_TESTS_SCHEMA_SAME_ROUTE_H
#define ADIT_TESTS_SCHEMA_SAME_ROUTE_H

#include "schema/object.h"

bool same_span(const struct span *a, const struct span *b);
/** True when nothing that can be seen of them differs; of options of the origin, whether there are any. */
bool same_route(const struct http_route *a, const struct http_route *b);

#endif
