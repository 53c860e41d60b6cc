/** @file
 * The desired state of a run, as the history keeps it: the document of `adit state pull` without lineage and serial, so
 * that runs that applied the same have the same one. */
#ifndef ADIT_CLI_SNAPSHOT_H
#define ADIT_CLI_SNAPSHOT_H

#include "cli/session.h"

/** What is recorded now, as text; arena. */
enum rc snapshot_take(struct session *session, const char **ret_text) MUST_CHECK;

/** The desired state of an earlier run into session->desired.
 * @return RC_OK; RC_NOTFOUND no such run (A0517), or it kept none (A0851), or a tunnel of another project is gone (A0852);
 * RC_CORRUPT */
enum rc snapshot_restore(struct session *session, int64_t run) MUST_CHECK;

#endif
