/** @file What went wrong with a state behind a URL, in words. */
#include <string.h>

#include "base/str.h"
#include "state/blob.h"

#define NOWHERE ((struct span){ 0 })

static enum rc fault_no_answer(struct blob_store *s, const char *doing, const struct blob_call *call)
{
	struct sql_store *sql = &s->lite.sql;
	struct diags *diags = &sql->run->diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0540", NOWHERE, "cannot %s the state %s: %s", doing,
				     sql->base.location, call->error);

	diag_help(diags, diag, "Is the server reachable from here? Run the command again when it is: it reads what is live "
			       "before it does anything.");
	return RC_IO;
}

static enum rc fault_denied(struct blob_store *s, const char *doing, const struct blob_call *call)
{
	struct sql_store *sql = &s->lite.sql;
	struct diags *diags = &sql->run->diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0541", NOWHERE, "may not %s the state %s: HTTP %d", doing,
				     sql->base.location, call->status);

	diag->http_status = call->status;
	diag_help(diags, diag, "Credentials come from TF_HTTP_USERNAME and TF_HTTP_PASSWORD for http, from "
			       "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for S3.");
	return RC_DENIED;
}

static enum rc fault_refused(struct blob_store *s, const char *doing, const struct blob_call *call)
{
	struct sql_store *sql = &s->lite.sql;
	struct diags *diags = &sql->run->diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0542", NOWHERE, "cannot %s the state %s: HTTP %d", doing,
				     sql->base.location, call->status);

	diag->http_status = call->status;
	diag_help(diags, diag, call->status == 404 || call->status == 405 || call->status == 501
				       ? "Does the server speak terraform's http backend protocol, with LOCK and UNLOCK?"
				       : "The server's log says more. Run the command again when it is mended.");
	return RC_IO;
}

enum rc blob_fault(struct blob_store *s, const char *doing, const struct blob_call *call)
{
	if (call->rc == RC_NOMEM || call->rc == RC_CANCELLED)
		return call->rc;
	if (s->lite.sql.is_quiet)
		return RC_IO;
	if (call->rc)
		return fault_no_answer(s, doing, call);
	return call->status == 401 || call->status == 403 ? fault_denied(s, doing, call) : fault_refused(s, doing, call);
}
