/* Suspended projects. */
#include "cli/suspension.h"

#include "base/str.h"
#include "cli/actor.h"
#include "cli/command.h"

enum rc suspension_check(struct session *session, const struct recorded_state *recorded, const struct plan *plan)
{
	struct diags *diags = &session->run.diags;
	enum command_id command = session->options.command->id;
	struct diag *diag;

	if (!recorded->suspended || command == COMMAND_ROLLBACK || command == COMMAND_DESTROY ||
	    (plan && (plan->rollback_run || plan->is_destroy)))
		return RC_OK;
	if (command != COMMAND_APPLY) {
		session_note(session, "The project is suspended: %s. adit resume lets it be applied again.",
			     session_printable(session, recorded->suspended));
		return RC_OK;
	}
	diag = diag_add(diags, SEVERITY_ERROR, "A0853", (struct span){0}, "project %s is suspended: %s", session->project.name,
			recorded->suspended);
	diag_help(diags, diag, "Mend the manifests, look at \"adit plan\", then run \"adit resume\".");
	session->verdict.refused = true;
	return RC_DENIED;
}

enum rc suspension_begin(struct session *session, int64_t run)
{
	struct arena *arena = session->run.arena;
	const char *when = clock_rfc3339(arena, clock_wall_ms(&session->run.clock));
	const char *reason = arena_printf(arena, "rolled back to run %lld by %s at %s", (long long)run, actor_name(session),
					  str_or_empty(when));

	return reason ? session->store->vt->suspend(session->store, reason) : RC_NOMEM;
}
