/** @file
 * Diagnostics as people and tools read them. Text that comes from manifests or the API is stripped of what a
 * terminal would obey. */
#ifndef ADIT_REPORT_DIAGNOSTICS_H
#define ADIT_REPORT_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/json.h"
#include "base/strbuf.h"

/** Most diagnostics printed as text; the rest are counted. */
#define DIAGNOSTICS_PRINTED 50u
/** Most warnings or notes with one code printed as text. */
#define DIAGNOSTICS_OF_ONE_CODE 5u

/** Append each of @p diags (sorted before by diags_sort()) as
 *
 *     manifests/web.yaml:7:12: error[A0131]: unknown field "hostnam"
 *         7 |     - hostnam: a.example.com
 *           |       ^
 *       help: did you mean hostname?
 *
 * At most DIAGNOSTICS_PRINTED of them, errors before warnings before notes when not all fit, at most
 * DIAGNOSTICS_OF_ONE_CODE of a warning or note with one code, and then "... and N more". @param color with ANSI colours */
void diagnostics_text(struct strbuf *out, const struct diags *diags, bool color);

/** Write the list, sorted before, as an array of {severity, code, summary, detail, address, range, snippet} as
 * `terraform validate -json` has it; absent members are left out. */
void diagnostics_json(struct json_writer *w, const struct diags *diags);

#endif
