/** @file
 * Calm readers of nodes: absent, null and wrong types give the fallback. A null member counts as absent, as the API
 * server drops it before it fills in defaults. */
#ifndef ADIT_SCHEMA_DECODE_VALUE_H
#define ADIT_SCHEMA_DECODE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/yaml.h"

/** Member of a mapping; NULL when it is absent or null. */
const struct node *value_get(const struct node *mapping, const char *key);
/** Member of a member; NULL when either is absent. */
const struct node *value_get2(const struct node *mapping, const char *key, const char *inner);
/** A string; borrowed from the node. */
const char *value_text(const struct node *node, const char *fallback);
/** A whole number; "80.0" counts as one, as in JSON. */
int64_t value_int(const struct node *node, int64_t fallback);
bool value_bool(const struct node *node, bool fallback);
/** True for a whole number that fits 64 bits. */
bool value_is_int(const struct node *node, int64_t *ret_value);
/** Items of a list or members of a mapping; 0 for anything else. */
size_t value_count(const struct node *node);
/** Item of a list; NULL beyond its end. */
const struct node *value_item(const struct node *list, size_t index);

#endif
