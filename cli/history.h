/** @file
 * Runs by number. */
#ifndef ADIT_CLI_HISTORY_H
#define ADIT_CLI_HISTORY_H

#include "cli/session.h"

/** True for "12" and "run/12". */
bool history_is_run(const char *text, int64_t *ret_run);

/** Print one run with its changes (adit show run/N). @return RC_OK; RC_NOTFOUND (A0517) */
enum rc history_show(struct session *session, int64_t number) MUST_CHECK;

#endif
