/** @file The state that a session works on: where it may be, opening it, and its lease. */
#include "cli/session.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/locate.h"

bool session_is_remote(const char *location)
{
	return strstr(location, "://") != NULL;
}

static void warn_of_ci(struct session *session)
{
	struct diags *diags = &session->run.diags;
	struct diag *diag;

	for (size_t i = 0; i < session->project.account_count; i++)
		if (session_is_dev(&session->project.accounts[i]))
			return;
	if (!session_is_ci() || session_is_remote(session->state_location) ||
	    !locate_is_in_checkout(session->run.arena, session->state_location))
		return;
	diag = diag_add(diags, SEVERITY_WARNING, "A0814", (struct span){ 0 },
			"the state %s lies inside the checkout, which CI throws away", session->state_location);
	diag_help(diags, diag,
		  "Keep it on a volume that outlives the job: --state PATH, ADIT_STATE, or state: in adit.yaml.");
}

/** The host of a URL, without user and port; arena. */
static const char *host_of(struct arena *arena, const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t size = strcspn(host, "/?#");
	const char *at = memchr(host, '@', size);

	if (at) {
		size -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	return arena_memdup(arena, host, *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#"));
}

/** True when a connection to it stays on this machine. An option of PostgreSQL's that names another host counts. */
static bool is_local(struct arena *arena, const char *url)
{
	static const char *const here[] = {"", "localhost", "127.0.0.1", "[::1]"};
	const char *host = host_of(arena, url), *options = strchr(url, '?');

	if (!host || (options && (strcasestr(options, "host") || strcasestr(options, "service"))))
		return false;
	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		if (str_eq(host, here[i]))
			return true;
	return false;
}

/** The project file alone, which came with a commit, cannot send the store's credentials to a host of its choice. */
static enum rc check_trust(struct session *session)
{
	const char *location = session->state_location;
	struct diag *diag;

	/* To S3 no secret is sent, only what it signs, and that to Amazon or to the endpoint of the environment. */
	if (str_has_prefix(location, "s3://"))
		return RC_OK;
	if (location == session->options.state || !session_is_remote(location) || is_local(session->run.arena, location) ||
	    session_allows_origin(session, location))
		return RC_OK;
	diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0817", (struct span){ 0 },
			"the project file names a state on another host, and no password may go there");
	diag_help(&session->run.diags, diag,
		  "If it is meant, name it with ADIT_STATE or --state, or allow its origin (scheme, user, host and port) with "
		  "--allow-url or ADIT_ALLOW_URL.");
	return RC_DENIED;
}

/** What is compared with the state alone, again and again, reads it from its image. */
static enum rc keep_image(struct session *session)
{
	char *folder = file_folder(session->run.arena, session->state_location);
	char *path = folder ? file_join(session->run.arena, folder, "adit-cache.state") : NULL;

	if (!path)
		return RC_NOMEM;
	store_keep_image(session->store, path, true);
	return RC_OK;
}

enum rc session_open_store(struct session *session, enum store_mode mode)
{
	struct store_options options = {
		.project = session->project.name,
		.read_only = mode == STORE_READ,
	};
	enum rc rc = check_trust(session);

	if (rc)
		return rc;
	if (mode == STORE_WRITE)
		warn_of_ci(session);
	if (session_is_remote(session->state_location))
		nodump_begin(&session->nodump); /* a database's password is a secret, too */
	rc = store_open(&session->run, session->state_location, &options, &session->store);
	if (!rc && mode == STORE_READ && !session->options.refresh && !session_is_remote(session->state_location))
		rc = keep_image(session);
	return rc;
}

enum rc session_lock(struct session *session, const char *purpose)
{
	enum rc rc;

	if (!session->options.lock)
		return RC_OK;
	rc = session->store->vt->lock(session->store, purpose, session->options.lock_timeout_ms);
	session->is_locked = rc == RC_OK;
	if (rc == RC_CONFLICT)
		session->verdict.stale = true;
	return rc;
}

void session_unlock(struct session *session)
{
	if (session->is_locked)
		session->store->vt->unlock(session->store);
	session->is_locked = false;
}
