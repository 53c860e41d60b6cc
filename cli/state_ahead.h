/** @file
 * What is recorded, read by a thread beside decoding and translating large manifests.
 *
 * Life: begin -> the store and its run are the thread's -> end: they are the session's again. */
#ifndef ADIT_CLI_STATE_AHEAD_H
#define ADIT_CLI_STATE_AHEAD_H

#include "cli/planning.h"

struct state_ahead;

/** Load what is recorded of the open store and, with --refresh=false, make live of it, as the tunnels of one project alone.
 * Until state_ahead_end() nobody else may use the store. Where no thread is to be had it is done at once.
 * @param ret_ahead  owned, ended by state_ahead_end()
 * @return RC_OK; RC_NOMEM */
enum rc state_ahead_begin(struct session *session, struct state_ahead **ret_ahead) MUST_CHECK;

/** Wait, give back the store, and hand over what was read and said; what it was made in lives as long as the session.
 * @param ahead    freed; NULL is fine, and does nothing
 * @param planned  its recorded, recoveries and live (NULL: with --refresh) are set on success
 * @return what reading returned */
enum rc state_ahead_end(struct state_ahead *ahead, struct planned *planned) MUST_CHECK;

#endif
