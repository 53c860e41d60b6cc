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

enum rc cmd_plan(struct session *session)
{
	struct planned planned;
	enum rc rc = planning_make(session, session->options.destroy ? PLANNING_DESTROY : PLANNING_MANIFESTS, &planned);

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
