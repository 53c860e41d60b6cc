/** @file
 * Gateways' tunnels that this project shares with others, as the state tells. */
#ifndef ADIT_CLI_SHARING_H
#define ADIT_CLI_SHARING_H

#include "cli/session.h"

/** Learn which tunnels are shared, into session->sharing: own ones that others have rules in, and those of other
 * projects that spec.gateways names or that @p recorded has rules in. The store is open.
 * @param recorded  NULL: only those that spec.gateways names
 * @return RC_OK; RC_INVALID a Gateway of spec.gateways is not recorded (A0832) or not clear (A0833), or two have one
 * address (A0834); what the store returns */
enum rc sharing_learn(struct session *session, const struct recorded_state *recorded) MUST_CHECK;

/** Once more, after live was read: what others wrote meanwhile is theirs, too. */
enum rc sharing_learn_again(struct session *session) MUST_CHECK;

/** Put the Gateways that spec.gateways names among the session's objects.
 * @return RC_OK; RC_INVALID the input has one of that name (A0834) */
enum rc sharing_add_gateways(struct session *session) MUST_CHECK;

/** Give the desired tunnels of other projects the rules of all projects, as recorded, to tell which one serves what. */
enum rc sharing_complete(struct session *session) MUST_CHECK;

/** Refuse to lose the address of a tunnel of this project's that others have rules in (A0836; sets verdict.refused).
 * @return RC_OK; RC_CONFLICT; what the store returns */
enum rc sharing_check_free(struct session *session, const char *tunnel_address) MUST_CHECK;

/** Rule address -> the project that has it in a shared tunnel; NULL: none. */
const struct map *sharing_taken(const struct session *session);

#endif
