/** @file Which kind of store a location means. */
#include "state/store.h"

#include <string.h>

#include "base/str.h"
#include "state/blob.h"
#include "state/postgres.h"
#include "state/sqlite.h"

#define NOWHERE ((struct span){ 0 })

typedef enum rc (*store_opener)(struct run *run, const char *location, const struct store_options *options,
				struct store **ret_store);

static const struct {
	const char *scheme;
	store_opener open;
} schemes[] = {
	{ "postgres://", postgres_store_open },
	{ "postgresql://", postgres_store_open },
	{ "https://", tfhttp_store_open },
	{ "http://", tfhttp_store_open },
	{ "s3://", s3_store_open },
};

enum rc store_open(struct run *run, const char *location, const struct store_options *options, struct store **ret_store)
{
	const char *scheme_end = strstr(location, "://");
	struct diag *diag;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (str_has_prefix(location, schemes[i].scheme))
			return schemes[i].open(run, location, options, ret_store);
	if (*location && !scheme_end)
		return sqlite_store_open(run, location, options, ret_store);
	/* Nothing behind the scheme: a URL may hold a password. */
	diag = diag_add(&run->diags, SEVERITY_ERROR, "A0507", NOWHERE, "a state cannot be kept at \"%.*s\"",
			scheme_end ? (int)(scheme_end - location) + 3 : 0, location);
	diag_help(&run->diags, diag, "Name a file, or a URL of postgres://, https:// or s3://: --state, ADIT_STATE, or state: in adit.yaml.");
	return RC_UNSUPPORTED;
}

void store_keep_image(struct store *store, const char *path, bool may_write)
{
	if (store && store->vt->keep_image)
		store->vt->keep_image(store, path, may_write);
}
