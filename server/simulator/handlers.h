/** @file
 * The handlers that the route tables name, one per operation of the API. All have the contract of call.h. */
#ifndef ADIT_SERVER_SIMULATOR_HANDLERS_H
#define ADIT_SERVER_SIMULATOR_HANDLERS_H

#include "server/simulator/call.h"

enum rc accounts_list(struct call *call) MUST_CHECK;
enum rc accounts_get(struct call *call) MUST_CHECK;
enum rc tokens_verify_user(struct call *call) MUST_CHECK;
enum rc tokens_verify_account(struct call *call) MUST_CHECK;

enum rc tunnels_list(struct call *call) MUST_CHECK;
enum rc tunnels_create(struct call *call) MUST_CHECK;
enum rc tunnels_get(struct call *call) MUST_CHECK;
enum rc tunnels_update(struct call *call) MUST_CHECK;
enum rc tunnels_delete(struct call *call) MUST_CHECK;
enum rc tunnels_token(struct call *call) MUST_CHECK;
enum rc configurations_get(struct call *call) MUST_CHECK;
enum rc configurations_put(struct call *call) MUST_CHECK;
enum rc connections_list(struct call *call) MUST_CHECK;
enum rc connections_delete(struct call *call) MUST_CHECK;

enum rc zones_list(struct call *call) MUST_CHECK;
enum rc zones_get(struct call *call) MUST_CHECK;
enum rc records_list(struct call *call) MUST_CHECK;
enum rc records_create(struct call *call) MUST_CHECK;
enum rc records_batch(struct call *call) MUST_CHECK;
enum rc records_get(struct call *call) MUST_CHECK;
enum rc records_put(struct call *call) MUST_CHECK;
enum rc records_patch(struct call *call) MUST_CHECK;
enum rc records_delete(struct call *call) MUST_CHECK;
enum rc tunnel_routes_put(struct call *call) MUST_CHECK;

#endif
