/* libmicrohttpd, loaded when the simulator starts to listen. */
#include "server/simulator/microhttpd.h"

LIBRARY_NOTE(note, "[{\"feature\":\"simulator\",\"description\":\"The simulator of Cloudflare's API\","
		   "\"priority\":\"recommended\",\"soname\":[\"libmicrohttpd.so.12\"]}]");

static const struct library_symbol symbols[] = {
#define X(name) {"MHD_" #name, offsetof(struct microhttpd, name)},
	MICROHTTPD_FUNCTIONS(X)
#undef X
};

static struct microhttpd table;
const struct microhttpd *const microhttpd = &table;

static struct library library = {
	.file = "libmicrohttpd.so.12",
	.purpose = "the simulator",
	.symbols = symbols,
	.symbol_count = sizeof(symbols) / sizeof(symbols[0]),
	.table = &table,
	.mutex = PTHREAD_MUTEX_INITIALIZER,
};

enum rc microhttpd_load(struct diags *diags)
{
	return library_load(&library, diags);
}
