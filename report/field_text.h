/** @file
 * Fields of resources as text: lists for what comes or goes, old and new for what changes. Walks the field tables. */
#ifndef ADIT_REPORT_FIELD_TEXT_H
#define ADIT_REPORT_FIELD_TEXT_H

#include "base/arena.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "schema/resource.h"

/** @p text without what a terminal would obey; arena; "" for NULL. */
const char *field_printable(struct arena *arena, const char *text);
/** Every field that has a value, one a line, behind @p sign. */
void field_list(struct strbuf *out, struct arena *arena, const char *sign, const struct resource *resource);
/** Every compared field that differs, old and new. */
void field_diff(struct strbuf *out, struct arena *arena, const struct resource *before, const struct resource *after);
/** The names of the compared fields that differ, as a JSON array; null when one side is NULL. */
void field_names(struct json_writer *w, const struct resource *before, const struct resource *after);

#endif
