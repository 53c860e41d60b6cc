/* adit unlock, adit resume: what stands in the way of the next run, taken away. */
#include "cli/command.h"

#include "base/str.h"
#include "cli/approval.h"

#define NOWHERE ((struct span){0})

static void print_lease(struct session *session, const struct lease_info *lease)
{
	struct arena *arena = session->run.arena;

	session_printf(session, "The state %s is locked (lock %lld):\n", session_printable(session, session->store->location),
		       (long long)lease->fence);
	session_printf(session, "  By         %s, process %lld on %s\n", session_printable(session, lease->holder),
		       (long long)lease->pid, session_printable(session, lease->host));
	session_printf(session, "  For        %s\n", session_printable(session, lease->purpose));
	session_printf(session, "  Since      %s\n", str_or_empty(clock_rfc3339(arena, lease->acquired_ms)));
	session_printf(session, "  Last sign  %s\n", str_or_empty(clock_rfc3339(arena, lease->heartbeat_ms)));
}

/** Another lock than the one that was meant: whoever has it may be at work. */
static enum rc fault_other(struct session *session, const struct lease_info *lease, int64_t meant)
{
	struct diags *diags = &session->run.diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0854", NOWHERE, "lock %lld is not the present one, which is %lld",
				     (long long)meant, (long long)lease->fence);

	diag_help(diags, diag, "Somebody else took it meanwhile. Run \"adit unlock\" to see who.");
	session->verdict.stale = true;
	return RC_STALE;
}

static enum rc fault_number(struct session *session, const char *text)
{
	diag_add(&session->run.diags, SEVERITY_ERROR, "A0855", NOWHERE, "\"%s\" is no lock's number", text);
	session->verdict.usage = true;
	return RC_INVALID;
}

enum rc cmd_unlock(struct session *session)
{
	const struct string_list *arguments = &session->options.arguments;
	struct lease_info lease = {0};
	int64_t meant = 0;
	enum rc rc;

	if (arguments->count && str_to_int64(arguments->items[0], &meant))
		return fault_number(session, arguments->items[0]);
	rc = session_load_project(session);
	if (!rc)
		rc = session_open_store(session, STORE_WRITE);
	if (!rc)
		rc = session->store->vt->lease(session->store, session->run.arena, &lease);
	if (rc == RC_NOTFOUND) {
		session_printf(session, "The state is not locked.\n");
		return RC_OK;
	}
	if (rc)
		return rc;
	if (meant && meant != lease.fence)
		return fault_other(session, &lease, meant);
	print_lease(session, &lease);
	if (!approval_is_possible(session))
		return RC_INVALID; /* who holds it is told all the same */
	rc = approval_ask(session, "Do you really want to unlock it?",
			  "Whoever holds it can record nothing any more. Make sure that it is not at work.");
	if (rc == RC_CANCELLED && session->verdict.error)
		return RC_OK;
	if (!rc)
		rc = session->store->vt->break_lease(session->store, lease.fence);
	if (rc == RC_NOTFOUND) {
		session_printf(session, "It was given back meanwhile.\n");
		return RC_OK;
	}
	if (!rc)
		session_printf(session, "Unlocked.\n");
	return rc;
}

enum rc cmd_resume(struct session *session)
{
	struct recorded_state state = {0};
	enum rc rc = session_load_project(session);

	if (!rc)
		rc = session_open_store(session, STORE_WRITE);
	if (!rc)
		rc = session_lock(session, "resume");
	if (!rc)
		rc = session->store->vt->load(session->store, session->run.arena, &state);
	if (rc)
		return rc;
	if (!state.suspended) {
		session_printf(session, "Project %s is not suspended.\n", session->project.name);
		return RC_OK;
	}
	rc = session->store->vt->suspend(session->store, NULL);
	if (!rc)
		session_printf(session, "Project %s can be applied again. It was %s.\n", session->project.name,
			       session_printable(session, state.suspended));
	return rc;
}
