/** @file
 * What the manifests ask for and do not get, as text and as JSON: features that cannot be expressed, and Routes
 * that attach to nothing. */
#ifndef ADIT_CLI_LISTING_H
#define ADIT_CLI_LISTING_H

#include "base/json.h"
#include "cli/session.h"
#include "schema/desired.h"

/** Print both lists, at most LISTING_PRINTED entries each; nothing when both are empty. */
void listing_print(struct session *session, const struct desired *desired);
#define LISTING_PRINTED 50u

/** The members "refused" and "unattached" of the object that @p w is in; NULL gives empty lists. */
void listing_json(struct json_writer *w, const struct desired *desired);

/** The members "file", "line" and "column" of the object that @p w is in; nothing when the place is unknown. */
void listing_place_json(struct json_writer *w, const struct span *span);

/** "manifests/web.yaml:12:7", printable; "" when the place is unknown; arena. */
const char *listing_place(struct session *session, const struct span *span);

/** Write @p out to standard output and free it. @return RC_OK or RC_NOMEM */
enum rc listing_write(struct session *session, struct strbuf *out) MUST_CHECK;

#endif
