/** @file
 * Terraform's http backend protocol: GET, POST ?ID=, LOCK and UNLOCK with the lock's description as JSON. GitLab has the
 * lock at ADDRESS/lock, with POST and DELETE.
 * @par Source  https://developer.hashicorp.com/terraform/language/backend/http,
 *              https://docs.gitlab.com/user/infrastructure/iac/terraform_state/ */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "state/blob.h"

#define NOWHERE ((struct span){ 0 })
#define GITLAB_API "/api/v4/projects/"
#define GITLAB_PATH "/terraform/state/"

static struct arena *arena_of(const struct blob_store *s)
{
	return s->lite.sql.run->arena;
}

static enum rc read_state(struct blob_store *s, struct strbuf *ret_text)
{
	struct blob_call call = {.method = "GET", .url = s->url, .is_repeatable = true};

	blob_http_do(s->http, &call);
	if (call.rc || (call.status != 200 && call.status != 204 && call.status != 404)) {
		enum rc rc = blob_fault(s, "read", &call);

		strbuf_done(&call.answer);
		return rc;
	}
	if (call.status != 200)
		strbuf_reset(&call.answer);
	*ret_text = call.answer;
	return RC_OK;
}

/** 422: GitLab has a version of that serial already. */
static bool is_refusal(int status)
{
	return status == 409 || status == 412 || status == 422 || status == 423;
}

static enum rc write_state(struct blob_store *s, const char *text, size_t size)
{
	const char *url = arena_printf(arena_of(s), "%s?ID=%s", s->url, s->lock_id);
	struct blob_call call = {.method = "POST", .url = url, .body = text, .body_size = size, .is_repeatable = true};
	enum rc rc = RC_OK;

	if (!url)
		return RC_NOMEM;
	blob_http_do(s->http, &call);
	if (!call.rc && is_refusal(call.status))
		rc = RC_CONFLICT;
	else if (call.rc || call.status < 200 || call.status >= 300)
		rc = blob_fault(s, "write", &call);
	strbuf_done(&call.answer);
	return rc;
}

static void unlock_id(struct blob_store *s, const char *id, bool is_last_effort)
{
	const char *escaped = blob_http_escape(s->http, arena_of(s), id);
	const char *url = escaped ? arena_printf(arena_of(s), "%s?ID=%s", s->lock_url, escaped) : NULL;
	struct blob_call call = {.method = s->unlock_method, .url = url, .is_repeatable = true, .is_last_effort = is_last_effort};
	struct strbuf body;

	strbuf_init(&body, 0);
	if (url && !blob_lock_describe(s, id, &body)) {
		call.body = strbuf_text(&body);
		call.body_size = body.size;
		blob_http_do(s->http, &call);
		strbuf_done(&call.answer);
	}
	strbuf_done(&body);
}

static enum rc lock_state(struct blob_store *s)
{
	const char *id = blob_lock_new_id(s);
	struct blob_call call = {.method = s->lock_method, .url = s->lock_url, .is_repeatable = true};
	struct strbuf body;
	enum rc rc = RC_OK;

	if (!id)
		return RC_NOMEM;
	strbuf_init(&body, 0);
	if (blob_lock_describe(s, id, &body)) {
		strbuf_done(&body);
		return RC_NOMEM;
	}
	call.body = strbuf_text(&body);
	call.body_size = body.size;
	blob_http_do(s->http, &call);
	if (!call.rc && is_refusal(call.status)) {
		/* Ours after all, when the answer to an earlier try was lost. */
		s->rival = blob_lock_read(s, &call.answer);
		rc = str_eq(s->rival.id, id) ? RC_OK : RC_EXISTS;
	} else if (call.rc || call.status < 200 || call.status >= 300) {
		rc = blob_fault(s, "lock", &call);
		unlock_id(s, id, true); /* it may be ours, and nobody would know */
	}
	if (!rc)
		s->lock_id = id;
	strbuf_done(&call.answer);
	strbuf_done(&body);
	return rc;
}

/** A lock that cannot be given back is taken over by the next run when its lease is over. */
static void unlock_state(struct blob_store *s)
{
	unlock_id(s, s->lock_id, false);
	s->lock_id = NULL;
}

/** The server decides between two who try: it refuses an id that is no longer the lock's. */
static enum rc take_over(struct blob_store *s)
{
	enum rc rc;

	if (!blob_lock_is_adits(&s->rival))
		return RC_CONFLICT;
	unlock_id(s, s->rival.id, false);
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

static bool is_loopback(const char *url)
{
	static const char *const hosts[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		size_t size = strlen(hosts[i]);

		if (!strncmp(url, hosts[i], size) && (url[size] == ':' || url[size] == '/'))
			return true;
	}
	return false;
}

/** No password in it, and nothing but HTTPS except on this machine. */
static enum rc check_url(struct run *run, const char *url)
{
	const char *host = strstr(url, "://") + 3;
	struct diag *diag;

	if ((str_has_prefix(url, "https://") || is_loopback(url)) && !memchr(host, '@', strcspn(host, "/")) && host[0] &&
	    !strpbrk(url, "?# \"\\"))
		return RC_OK;
	diag = diag_add(&run->diags, SEVERITY_ERROR, "A0543", NOWHERE, "the state's URL cannot be used");
	diag_help(&run->diags, diag,
		  "Write https://HOST/PATH (http on this machine alone) without user, query and fragment; user and password come "
		  "from TF_HTTP_USERNAME and TF_HTTP_PASSWORD.");
	return RC_INVALID;
}

/** Where its lock is. */
static enum rc find_lock(struct blob_store *s, struct arena *arena)
{
	const char *api = strstr(s->url, GITLAB_API);
	bool is_gitlab = api && strstr(api, GITLAB_PATH);

	s->lock_url = is_gitlab ? arena_printf(arena, "%s/lock", s->url) : s->url;
	s->lock_method = is_gitlab ? "POST" : "LOCK";
	s->unlock_method = is_gitlab ? "DELETE" : "UNLOCK";
	return s->lock_url ? RC_OK : RC_NOMEM;
}

enum rc tfhttp_store_open(struct run *run, const char *url, const struct store_options *options, struct store **ret_store)
{
	const struct blob_credentials credentials = {.user = getenv("TF_HTTP_USERNAME"), .password = getenv("TF_HTTP_PASSWORD")};
	struct blob_store *s;
	enum rc rc = check_url(run, url);

	if (rc)
		return rc;
	s = calloc(1, sizeof(*s));
	if (!s)
		return RC_NOMEM;
	s->backend = &backend;
	s->lite.sql.run = run;
	s->url = s->lite.sql.base.location = arena_strdup(run->arena, url);
	rc = s->url ? find_lock(s, run->arena) : RC_NOMEM;
	if (!rc)
		rc = blob_http_new(run, &credentials, &s->http);
	if (rc) {
		blob_free(s);
		return rc;
	}
	return blob_open(s, run, options, ret_store);
}
