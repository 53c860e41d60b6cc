/* adit plan: what would change. */
#include "cli/command.h"

#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/planning.h"
#include "planner/planfile.h"

static enum rc save(struct session *session, const struct plan *plan)
{
	struct strbuf out;
	enum rc rc;

	if (!session->options.out)
		return RC_OK;
	strbuf_init(&out, 0);
	rc = planfile_write(plan, &out);
	if (!rc)
		rc = file_write_atomic(&session->run.diags, session->options.out, strbuf_text(&out), out.size, 0600);
	strbuf_done(&out);
	if (!rc)
		session_note(session, "Saved the plan to: %s\nTo perform exactly these actions, run the following command to apply:\n"
				      "    adit apply %s",
			     session_printable(session, session->options.out), session_printable(session, session->options.out));
	return rc;
}

/** A plan goes one way. */
static enum rc choose_mode(struct session *session, enum planning_mode *ret_mode)
{
	const struct options *options = &session->options;
	struct diag *diag;

	if (options->rollback_run && (options->destroy || options->refresh_only || options->files.count)) {
		diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0807", (struct span){0}, "--rollback and %s exclude each other",
				options->destroy ? "--destroy" : options->refresh_only ? "--refresh-only" : "--file");
		diag_help(&session->run.diags, diag, "What is wanted is what run %lld had.", (long long)options->rollback_run);
		session->verdict.usage = true;
		return RC_INVALID;
	}
	session->rollback_run = options->rollback_run;
	*ret_mode = options->rollback_run ? PLANNING_ROLLBACK : options->destroy ? PLANNING_DESTROY : PLANNING_MANIFESTS;
	return RC_OK;
}

enum rc cmd_plan(struct session *session)
{
	enum planning_mode mode = PLANNING_MANIFESTS;
	struct planned planned;
	enum rc rc = choose_mode(session, &mode);

	if (!rc)
		rc = planning_make(session, mode, &planned);
	if (!rc)
		rc = planning_print(session, planned.plan);
	if (!rc)
		rc = planning_note_recoveries(session, &planned);
	if (!rc)
		rc = save(session, planned.plan);
	if (!rc && session->options.detailed_exitcode && (plan_has_changes(planned.plan) || planned.plan->drift_count))
		session->verdict.differs = true;
	return rc;
}
