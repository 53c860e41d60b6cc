/** @file
 * libpq, loaded when the first store in PostgreSQL is opened. libpq->exec() is PQexec(). For state/postgres_*.c alone. */
#ifndef ADIT_STATE_LIBPQ_H
#define ADIT_STATE_LIBPQ_H

#include <libpq-fe.h>

#include "base/library.h"

#define LIBPQ_FUNCTIONS(X)                                                                                             \
	X(clear) X(cmdStatus) X(cmdTuples) X(connectdbParams) X(conninfoFree) X(conninfoParse) X(consumeInput)         \
	X(errorMessage) X(finish) X(flush) X(getResult) X(getisnull) X(getlength) X(getvalue) X(isBusy) X(ntuples)     \
	X(resultErrorField) X(resultStatus) X(sendPrepare) X(sendQuery) X(sendQueryPrepared) X(setNoticeReceiver)      \
	X(setSingleRowMode) X(setnonblocking) X(socket) X(status) X(transactionStatus)

struct libpq {
#define X(name) __typeof__(&PQ##name) name;
	LIBPQ_FUNCTIONS(X)
#undef X
};

/** Filled by libpq_load(), before which nothing of it may be called. */
extern const struct libpq *const libpq;

/** Load it. @return as library_load() */
enum rc libpq_load(struct diags *diags) MUST_CHECK;

#endif
