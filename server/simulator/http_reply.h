/** @file
 * A struct reply on its way out, whole or not. Internal to http.c. */
#ifndef ADIT_SERVER_SIMULATOR_HTTP_REPLY_H
#define ADIT_SERVER_SIMULATOR_HTTP_REPLY_H

#include "server/simulator/microhttpd.h"
#include "server/simulator/service.h"

/** Queue it. Takes the reply's body. @return MHD_NO: the connection is closed without an answer */
enum MHD_Result http_reply_send(struct MHD_Connection *connection, struct reply *reply);

#endif
