/** @file
 * Asking for approval: prompts that only "yes" answers. */
#ifndef ADIT_CLI_APPROVAL_H
#define ADIT_CLI_APPROVAL_H

#include "cli/session.h"

/** True when approval was given in advance, or somebody is there to be asked. Otherwise says so (A0850) and sets verdict.usage. */
bool approval_is_possible(struct session *session);

/** Ask, unless --auto-approve or --approve was given.
 * @return RC_OK approved; RC_CANCELLED another answer (said so; verdict.error set), or interrupted */
enum rc approval_ask(struct session *session, const char *question, const char *detail) MUST_CHECK;

#endif
