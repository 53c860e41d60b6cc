/** @file
 * Who runs adit, and on which commit, for the history. */
#ifndef ADIT_CLI_ACTOR_H
#define ADIT_CLI_ACTOR_H

#include "cli/session.h"

/** "alice@host": CI's actor, else the user; arena, never NULL. */
const char *actor_name(struct session *session);
/** The git commit that CI names; NULL when it names none. */
const char *actor_commit(void);

#endif
