/** @file libcurl, loaded by the first command that calls an API or a store behind a URL. */
#include "base/libcurl.h"

#include "base/alloc.h"

LIBRARY_NOTE(note, "[{\"feature\":\"http\",\"description\":\"Calling APIs, and state behind a URL\","
		   "\"priority\":\"required\",\"soname\":[\"libcurl.so.4\"]}]");

static const struct library_symbol symbols[] = {
#define X(name) {"curl_" #name, offsetof(struct libcurl, name)},
	LIBCURL_FUNCTIONS(X)
#undef X
};

static struct libcurl table;
const struct libcurl *const libcurl = &table;

static struct library library = {
	.file = "libcurl.so.4",
	.first = "libcrypto.so.3",
	.purpose = "HTTP",
	.symbols = symbols,
	.symbol_count = sizeof(symbols) / sizeof(symbols[0]),
	.table = &table,
	.prepare = alloc_openssl,
	.mutex = PTHREAD_MUTEX_INITIALIZER,
};

enum rc libcurl_load(struct diags *diags)
{
	return library_load(&library, diags);
}

void libcurl_load_ahead(void)
{
	library_load_ahead(&library);
}

void libcurl_wait(void)
{
	library_wait(&library);
}
