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

static bool is_misplaced(int status)
{
	return (status >= 300 && status < 400) || status == 400 || status == 404;
}

static bool is_unspoken(int status)
{
	return status == 404 || status == 405 || status == 501;
}

static enum rc fault_refused(struct blob_store *s, const char *doing, const struct blob_call *call)
{
	struct sql_store *sql = &s->lite.sql;
	struct diags *diags = &sql->run->diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0542", NOWHERE, "cannot %s the state %s: HTTP %d", doing,
				     sql->base.location, call->status);
	bool is_s3 = str_has_prefix(sql->base.location, "s3://");

	diag->http_status = call->status;
	if (!is_s3 && call->status >= 300 && call->status < 400)
		diag_help(diags, diag, "It redirects, and credentials follow nobody to another address. Name the address itself.");
	else if (is_s3 && is_misplaced(call->status))
		diag_help(diags, diag, "Does the bucket exist, in the region that AWS_REGION names?");
	else if (!is_s3 && is_unspoken(call->status))
		diag_help(diags, diag, "Does the server speak terraform's http backend protocol, with LOCK and UNLOCK?");
	else
		diag_help(diags, diag, "The server's log says more. Run the command again when it is mended.");
	return RC_IO;
}

enum rc blob_fault_locked(struct blob_store *s)
{
	struct sql_store *sql = &s->lite.sql;
	struct diags *diags = &sql->run->diags;
	const char *since = s->rival.created_ms ? clock_rfc3339(sql->run->arena, s->rival.created_ms) : NULL;
	struct diag *diag;

	if (sql->is_quiet)
		return RC_CONFLICT;
	diag = diag_add(diags, SEVERITY_ERROR, "A0503", NOWHERE, "the state %s is kept busy: its lock is held%s%s%s%s (lock %s)",
			sql->base.location, str_is_empty(s->rival.who) ? "" : " by ", str_or_empty(s->rival.who), since ? " since " : "",
			str_or_empty(since), str_is_empty(s->rival.id) ? "of unknown ID" : s->rival.id);
	if (blob_lock_is_adits(&s->rival))
		diag_help(diags, diag, "Wait for it with --lock-timeout 10m. What a process that is gone left behind is taken over by "
				       "then.");
	else
		diag_help(diags, diag, "It is no lock that adit could tell for its own: whoever took it has to give it back, at the "
				       "server or with the tool that took it.");
	return RC_CONFLICT;
}

enum rc blob_fault_size(struct blob_store *s)
{
	struct sql_store *sql = &s->lite.sql;

	if (!sql->is_quiet)
		diag_add(&sql->run->diags, SEVERITY_ERROR, "A0516", NOWHERE,
			 "the state %s cannot hold this: a document may have %u MiB", sql->base.location, BLOB_DOCUMENT_BYTES >> 20);
	return RC_LIMIT;
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
