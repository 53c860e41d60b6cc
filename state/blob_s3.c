/** @file
 * S3: one object, with conditional writes. If-Match and If-None-Match keep a write that was made from an older object out.
 * @par Source  https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "state/blob.h"

#define NOWHERE ((struct span){ 0 })

/** 404 says both: no object, which is a state that is not there yet, and no bucket. */
static bool is_without_bucket(const struct blob_call *call)
{
	return call->answer.size && strstr(strbuf_text(&call->answer), "<Code>NoSuchBucket</Code>");
}

static enum rc read_state(struct blob_store *s, struct strbuf *ret_text)
{
	struct blob_call call = {.method = "GET", .url = s->url, .is_repeatable = true};
	enum rc rc = RC_OK;

	blob_http_do(s->http, &call);
	if (call.rc || (call.status != 200 && call.status != 404) || (call.status == 404 && is_without_bucket(&call)))
		rc = blob_fault(s, "read", &call);
	if (rc) {
		strbuf_done(&call.answer);
		return rc;
	}
	if (call.status == 404) {
		strbuf_reset(&call.answer);
		call.etag[0] = '\0';
	}
	strcpy(s->etag, call.etag);
	*ret_text = call.answer;
	return RC_OK;
}

static enum rc fault_etag(struct blob_store *s)
{
	struct diags *diags = &s->lite.sql.run->diags;

	if (!s->lite.sql.is_quiet)
		diag_add(diags, SEVERITY_ERROR, "A0542", NOWHERE,
			 "cannot write the state %s: the server told no ETag, without which a write cannot be conditional",
			 s->lite.sql.base.location);
	return RC_IO;
}

static enum rc write_state(struct blob_store *s, const char *text, size_t size)
{
	const char *condition = *s->etag ? arena_printf(s->lite.sql.run->arena, "If-Match: %s", s->etag) : "If-None-Match: *";
	struct blob_call call = {.method = "PUT", .url = s->url, .body = text, .body_size = size, .header = condition,
				 .is_repeatable = true};
	enum rc rc = RC_OK;

	if (!condition)
		return RC_NOMEM;
	if (!*s->etag && !s->is_new)
		return fault_etag(s);
	blob_http_do(s->http, &call);
	/* 404: there is no object any more that it could match. */
	if (!call.rc && (call.status == 412 || call.status == 409 || (call.status == 404 && *s->etag)))
		rc = RC_CONFLICT;
	else if (call.rc || call.status != 200)
		rc = blob_fault(s, "write", &call);
	else
		strcpy(s->etag, call.etag);
	strbuf_done(&call.answer);
	return rc;
}

static enum rc read_lock(struct blob_store *s, struct blob_lock *ret_lock)
{
	struct blob_call call = {.method = "GET", .url = s->lock_url, .is_repeatable = true};
	enum rc rc = RC_OK;

	blob_http_do(s->http, &call);
	if (call.rc || (call.status != 200 && call.status != 404))
		rc = blob_fault(s, "read the lock of", &call);
	else
		*ret_lock = call.status == 200 ? blob_lock_read(s, &call.answer) : (struct blob_lock){0};
	strbuf_done(&call.answer);
	return rc;
}

/** Nobody else's: it may have been taken over. */
static void delete_lock(struct blob_store *s, const char *id, bool is_last_effort)
{
	struct blob_call look = {.method = "GET", .url = s->lock_url, .is_repeatable = true, .is_last_effort = is_last_effort};
	struct blob_call call = {.method = "DELETE", .url = s->lock_url, .is_repeatable = true, .is_last_effort = is_last_effort};
	bool is_it;

	blob_http_do(s->http, &look);
	is_it = !look.rc && look.status == 200 && str_eq(blob_lock_read(s, &look.answer).id, id);
	strbuf_done(&look.answer);
	if (!is_it)
		return;
	blob_http_do(s->http, &call);
	strbuf_done(&call.answer);
}

static enum rc put_lock(struct blob_store *s, const char *id, const struct strbuf *body)
{
	struct blob_call call = {.method = "PUT", .url = s->lock_url, .body = strbuf_text(body), .body_size = body->size,
				 .header = "If-None-Match: *", .is_repeatable = true};
	enum rc rc = RC_OK;

	blob_http_do(s->http, &call);
	if (!call.rc && (call.status == 412 || call.status == 409)) {
		rc = read_lock(s, &s->rival);
		/* Ours after all, when the answer to an earlier try was lost. */
		if (!rc && !str_eq(str_or_empty(s->rival.id), id))
			rc = RC_EXISTS;
	} else if (call.rc || call.status != 200) {
		rc = blob_fault(s, "lock", &call);
		delete_lock(s, id, true); /* it may be ours, and nobody would know */
	}
	strbuf_done(&call.answer);
	return rc;
}

static enum rc lock_state(struct blob_store *s)
{
	const char *id = blob_lock_new_id(s);
	struct strbuf body;
	enum rc rc;

	strbuf_init(&body, 0);
	rc = id ? blob_lock_describe(s, id, &body) : RC_NOMEM;
	if (!rc)
		rc = put_lock(s, id, &body);
	strbuf_done(&body);
	if (!rc)
		s->lock_id = id;
	return rc;
}

static void unlock_state(struct blob_store *s)
{
	delete_lock(s, s->lock_id, false);
	s->lock_id = NULL;
}

static enum rc take_over(struct blob_store *s)
{
	enum rc rc;

	if (!blob_lock_is_adits(&s->rival))
		return RC_CONFLICT;
	delete_lock(s, s->rival.id, false);
	rc = lock_state(s);
	return rc == RC_EXISTS ? RC_CONFLICT : rc;
}

static const struct blob_backend backend = {
	.read = read_state,
	.write = write_state,
	.lock = lock_state,
	.unlock = unlock_state,
	.take_over = take_over,
};

static enum rc fault_url(struct run *run)
{
	struct diag *diag = diag_add(&run->diags, SEVERITY_ERROR, "A0543", NOWHERE, "the state's URL cannot be used");

	diag_help(&run->diags, diag, "Write s3://BUCKET/KEY, of letters, digits and - _ . / ; AWS_ENDPOINT_URL_S3 names a server "
				     "other than Amazon's, over https (http on this machine alone).");
	return RC_INVALID;
}

static enum rc fault_credentials(struct run *run, bool is_quiet)
{
	struct diag *diag;

	if (is_quiet)
		return RC_DENIED;
	diag = diag_add(&run->diags, SEVERITY_ERROR, "A0544", NOWHERE, "there are no credentials for the state in S3");
	diag_help(&run->diags, diag, "Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION (and AWS_SESSION_TOKEN, if "
				     "there is one). Profiles and instance roles are not read.");
	return RC_DENIED;
}

static const char *first_of(const char *a, const char *b)
{
	return !str_is_empty(getenv(a)) ? getenv(a) : getenv(b);
}

#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/** BUCKET/KEY. No part of it is empty, "." or "..": these would be resolved on the way, into another key or bucket. */
static bool is_plain(const char *path)
{
	for (const char *part = path;; part++) {
		size_t size = strspn(part, ALPHANUMERIC "-_.");

		if (!size || (size <= 2 && part[0] == '.' && part[size - 1] == '.'))
			return false;
		part += size;
		if (*part != '/')
			return !*part && strchr(path, '/');
	}
}

/** https, or http to this machine; no user, query or fragment. */
static bool is_endpoint(const char *url)
{
	static const char *const plain[] = {"http://127.0.0.1:", "http://localhost:", "http://[::1]:"};
	bool is_local = false;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		is_local |= str_has_prefix(url, plain[i]);
	return (is_local || str_has_prefix(url, "https://")) && !strpbrk(url, "?#@ \"\\");
}

static enum rc find_url(struct blob_store *s, struct run *run, const char *location, const char *region)
{
	const char *endpoint = first_of("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"), *bucket = location + strlen("s3://");
	const char *slash = strchr(bucket, '/');

	if (!is_plain(bucket) || region[strspn(region, ALPHANUMERIC "-")] ||
	    (endpoint && !is_endpoint(endpoint)))
		return fault_url(run);
	if (endpoint)
		s->url = arena_printf(run->arena, "%.*s/%s",
				      (int)(strlen(endpoint) - (endpoint[strlen(endpoint) - 1] == '/')), endpoint, bucket);
	else
		s->url = arena_printf(run->arena, "https://%.*s.s3.%s.amazonaws.com%s", (int)(slash - bucket), bucket, region, slash);
	s->lite.sql.base.location = arena_strdup(run->arena, location);
	s->lock_url = s->url ? arena_printf(run->arena, "%s.tflock", s->url) : NULL;
	return s->lock_url && s->lite.sql.base.location ? RC_OK : RC_NOMEM;
}

enum rc s3_store_open(struct run *run, const char *url, const struct store_options *options, struct store **ret_store)
{
	const char *region = first_of("AWS_REGION", "AWS_DEFAULT_REGION"), *token = getenv("AWS_SESSION_TOKEN");
	struct blob_credentials credentials = {.user = getenv("AWS_ACCESS_KEY_ID"), .password = getenv("AWS_SECRET_ACCESS_KEY")};
	struct strbuf header;
	struct blob_store *s;
	enum rc rc;

	if (str_is_empty(credentials.user) || str_is_empty(credentials.password) || str_is_empty(region))
		return fault_credentials(run, options->budget_only);
	s = calloc(1, sizeof(*s));
	if (!s)
		return RC_NOMEM;
	strbuf_init(&header, 0);
	s->backend = &backend;
	s->lite.sql.run = run;
	rc = find_url(s, run, url, region);
	if (!rc && !str_is_empty(token))
		strbuf_addf(&header, "x-amz-security-token: %s", token);
	credentials.token_header = header.size ? strbuf_text(&header) : NULL;
	credentials.sigv4 = arena_printf(run->arena, "aws:amz:%s:s3", region);
	if (!rc)
		rc = credentials.sigv4 && !strbuf_failed(&header) ? blob_http_new(run, &credentials, &s->http) : RC_NOMEM;
	strbuf_wipe(&header);
	if (rc) {
		blob_free(s);
		return rc;
	}
	return blob_open(s, run, options, ret_store);
}
