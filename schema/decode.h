/** @file
 * Bytes into objects: documents, List, defaults, CRD validation (what kubectl refuses, adit refuses).
 *
 * Which kinds are read: the table in decode_kind.c. Unknown kinds and versions of those groups are errors; kinds of
 * other groups are counted in objects->skipped, or kept as policies when they target something. kind Project is the
 * project file and no object: it is passed over. What has a deletionTimestamp counts as absent, with a note.
 *
 * Codes: A0130 to A0154. A refused object yields nothing, and all of its problems are reported at once. */
#ifndef ADIT_SCHEMA_DECODE_H
#define ADIT_SCHEMA_DECODE_H

#include "base/diag.h"
#include "base/text.h"
#include "schema/object.h"

struct decoder;

/** Start decoding into @p objects (zeroed by the caller).
 * @param arena    for the objects
 * @param ret_decoder  owned, free with decode_close() */
enum rc decode_open(struct arena *arena, struct diags *diags, struct objects *objects,
		    struct decoder **ret_decoder) MUST_CHECK;

/** Decode all documents of @p text (YAML or JSON, multi-document, List).
 * @param default_namespace  for objects without metadata.namespace; NULL: "default", with one note per run
 * @return RC_OK, also when documents were refused (diagnostics tell, objects->invalid_count counts);
 * RC_NOMEM; RC_LIMIT */
enum rc decode_text(struct decoder *decoder, const struct text *text, const char *default_namespace) MUST_CHECK;

/** After the last text: the same object twice is an error that names both places; sorts what must be sorted. */
enum rc decode_finish(struct decoder *decoder) MUST_CHECK;

void decode_close(struct decoder *decoder);

#endif
