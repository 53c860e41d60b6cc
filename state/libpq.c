/** @file libpq, loaded when the first store in PostgreSQL is opened. */
#include "state/libpq.h"

#include "base/alloc.h"

LIBRARY_NOTE(note, "[{\"feature\":\"postgres\",\"description\":\"State in PostgreSQL (postgres://)\","
		   "\"priority\":\"recommended\",\"soname\":[\"libpq.so.5\"]}]");

static const struct library_symbol symbols[] = {
#define X(name) {"PQ" #name, offsetof(struct libpq, name)},
	LIBPQ_FUNCTIONS(X)
#undef X
};

static struct libpq table;
const struct libpq *const libpq = &table;

static struct library library = {
	.file = "libpq.so.5",
	.purpose = "a state in PostgreSQL",
	.symbols = symbols,
	.symbol_count = sizeof(symbols) / sizeof(symbols[0]),
	.table = &table,
	.prepare = alloc_openssl,
	.mutex = PTHREAD_MUTEX_INITIALIZER,
};

enum rc libpq_load(struct diags *diags)
{
	return library_load(&library, diags);
}
