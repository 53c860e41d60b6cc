/** @file
 * libcurl, loaded by the first command that calls an API or a store behind a URL: with all that it brings along (TLS,
 * HTTP/2, LDAP, Kerberos...) it takes longer to load than a small plan takes. libcurl->easy_init() is curl_easy_init().
 *
 * Through these pointers libcurl's header does not check the types of options: numbers are long, as libcurl's manual says. */
#ifndef ADIT_BASE_LIBCURL_H
#define ADIT_BASE_LIBCURL_H

#include <curl/curl.h>

#include "base/library.h"

/* Without curl_global_init(), which would make libcurl allocate with malloc(): base/alloc.h. */
#define LIBCURL_FUNCTIONS(X)                                                                                           \
	X(easy_cleanup) X(easy_escape) X(easy_getinfo) X(easy_header) X(easy_init) X(easy_perform) X(easy_reset)       \
	X(easy_setopt) X(easy_strerror) X(free) X(getdate) X(global_cleanup) X(global_init_mem) X(multi_add_handle)    \
	X(multi_cleanup) X(multi_info_read) X(multi_init) X(multi_perform) X(multi_poll) X(multi_remove_handle)        \
	X(multi_setopt) X(multi_wakeup) X(slist_append) X(slist_free_all) X(url) X(url_cleanup) X(url_get) X(url_set)

struct libcurl {
#define X(name) __typeof__(&curl_##name) name;
	LIBCURL_FUNCTIONS(X)
#undef X
};

/** Filled by libcurl_load(), before which nothing of it may be called. */
extern const struct libcurl *const libcurl;

/** Load it, and make its OpenSSL allocate as base/alloc.h does. @return as library_load() */
enum rc libcurl_load(struct diags *diags) MUST_CHECK;

/** Begin to load it beside whatever comes before the first call: as library_load_ahead(), whose thread libcurl_wait() waits
 * for at the end. */
void libcurl_load_ahead(void);
void libcurl_wait(void);

#endif
