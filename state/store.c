/** @file Which kind of store a location means. */
#include "state/store.h"

#include <string.h>

#include "base/str.h"
#include "state/sqlite.h"

#define NOWHERE ((struct span){ 0 })

enum rc store_open(struct run *run, const char *location, const struct store_options *options, struct store **ret_store)
{
	const char *scheme_end = strstr(location, "://");
	struct diag *diag;

	if (*location && !scheme_end)
		return sqlite_store_open(run, location, options, ret_store);
	/* Nothing behind the scheme: a URL may hold a password. */
	diag = diag_add(&run->diags, SEVERITY_ERROR, "A0507", NOWHERE, "a state cannot be kept at \"%.*s\"",
			scheme_end ? (int)(scheme_end - location) + 3 : 0, location);
	diag_help(&run->diags, diag, "Name a file: --state PATH, ADIT_STATE, or state: in adit.yaml.");
	return RC_UNSUPPORTED;
}
