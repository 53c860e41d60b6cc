/* adit drift: how live differs from what adit recorded. */
#include "cli/command.h"

#include <unistd.h>

#include "cli/listing.h"
#include "cli/planning.h"
#include "report/plan_text.h"

enum rc cmd_drift(struct session *session)
{
	struct planned planned;
	struct json_writer w;
	struct strbuf out;
	enum rc rc = planning_make(session, PLANNING_DRIFT, &planned);

	if (rc)
		return rc;
	strbuf_init(&out, 0);
	if (session_is_json(session)) {
		json_writer_init(&w, &out, 2);
		rc = drift_json(&w, session->run.arena, planned.plan);
		strbuf_addc(&out, '\n');
	} else {
		drift_text(&out, session->run.arena, planned.plan, session_has_color(session, STDOUT_FILENO));
	}
	session_print_diagnostics(session);
	if (planned.plan->unknown_count)
		session->verdict.error = true;
	if (planned.plan->drift_count)
		session->verdict.differs = true;
	if (rc)
		strbuf_done(&out);
	return rc ? rc : listing_write(session, &out);
}
