/** @file
 * What goes over the connection to PostgreSQL. Its socket does not block: a server that is stopped, or a network that
 * swallows everything, ends a wait as well as an answer does. */
#include "state/postgres.h"

#include <errno.h>
#include <poll.h>

/* Longer than a server that works takes for anything but a lock, and longer than it waits for a lock. */
#define SILENCE_MS 60000
/* However fast the run's clock runs: servers do not run faster with it. */
#define SILENCE_REAL_MIN_MS 8000

static bool wait_for(struct postgres_store *s, short events)
{
	struct pollfd socket = { .fd = libpq->socket(s->connection), .events = events };
	int real_ms = clock_real_ms(&s->sql.run->clock, SILENCE_MS);
	int ready;

	do
		ready = poll(&socket, 1, real_ms > SILENCE_REAL_MIN_MS ? real_ms : SILENCE_REAL_MIN_MS);
	while (ready < 0 && errno == EINTR);
	s->is_silent = ready <= 0;
	return ready > 0;
}

bool postgres_is_lost(const struct postgres_store *s)
{
	return s->is_silent || libpq->status(s->connection) == CONNECTION_BAD;
}

bool postgres_flush(struct postgres_store *s)
{
	int left = libpq->flush(s->connection);

	while (left > 0) {
		if (!wait_for(s, POLLIN | POLLOUT) || !libpq->consumeInput(s->connection))
			return false;
		left = libpq->flush(s->connection);
	}
	return left == 0;
}

PGresult *postgres_receive(struct postgres_store *s)
{
	if (s->is_silent)
		return NULL;
	while (libpq->isBusy(s->connection)) {
		if (!wait_for(s, POLLIN))
			return NULL;
		/* What the server said before it closed the connection is in the result. */
		if (!libpq->consumeInput(s->connection))
			break;
	}
	return libpq->getResult(s->connection);
}

void postgres_drain(struct postgres_store *s)
{
	PGresult *result;

	while ((result = postgres_receive(s)))
		libpq->clear(result);
}

bool postgres_is_good(const PGresult *result)
{
	ExecStatusType status = libpq->resultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

PGresult *postgres_exchange(struct postgres_store *s, const char *sql)
{
	PGresult *kept = NULL, *result;

	if (postgres_is_lost(s) || !libpq->sendQuery(s->connection, sql) || !postgres_flush(s))
		return NULL;
	while ((result = postgres_receive(s))) {
		if (kept && !postgres_is_good(kept)) {
			libpq->clear(result);
			continue;
		}
		libpq->clear(kept);
		kept = result;
	}
	if (!s->is_silent)
		return kept;
	libpq->clear(kept);
	return NULL;
}
