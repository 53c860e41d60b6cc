/* The desired state of runs: into the history, and out of it. */
#include "cli/snapshot.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "planner/restore.h"
#include "state/state_document.h"

#define NOWHERE ((struct span){0})

/** In a snapshot, which has none: any that is well formed will do for reading it. */
#define NO_LINEAGE "00000000-0000-4000-8000-000000000000"

enum rc snapshot_take(struct session *session, const char **ret_text)
{
	struct arena *arena = session->run.arena;
	struct json *document = NULL;
	struct strbuf out;
	enum rc rc = session->store->vt->export_document(session->store, arena, &document);

	if (!rc)
		rc = json_set(arena, document, "lineage", json_new_string(arena, NO_LINEAGE));
	if (!rc)
		rc = json_set(arena, document, "serial", json_new_int(arena, 0));
	if (rc)
		return rc;
	strbuf_init(&out, 0);
	json_write_canonical(&out, document);
	*ret_text = strbuf_failed(&out) ? NULL : arena_strdup(arena, strbuf_text(&out));
	strbuf_done(&out);
	return *ret_text ? RC_OK : RC_NOMEM;
}

static enum rc fault_no_snapshot(struct session *session, const struct run_entry *run)
{
	struct diags *diags = &session->run.diags;
	bool has_ended = !str_is_empty(run->status), is_let_go = str_eq(run->status, "complete");
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0851", NOWHERE, "run %lld cannot be rolled back to: %s%s",
				     (long long)run->id, is_let_go ? "what it applied is no longer kept" :
				     has_ended ? "it ended as " : "it has not ended", has_ended && !is_let_go ? run->status : "");

	if (is_let_go)
		diag_help(diags, diag, "Only the last complete runs keep what they applied, as many as fit into %zu MiB. "
			  "\"adit history\" shows which ones did.", LIMIT_SNAPSHOT_BYTES >> 20);
	else
		diag_help(diags, diag, "Only complete runs keep what they applied. \"adit history\" shows which ones did.");
	session->verdict.refused = true;
	return RC_NOTFOUND;
}

static enum rc fault_missing(struct session *session, int64_t run, const char *address)
{
	struct diags *diags = &session->run.diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0852", NOWHERE,
				     "run %lld had rules in %s of another project, which is gone", (long long)run, address);

	diag_help(diags, diag, "Roll that project back first, or take a run that had none.");
	session->verdict.refused = true;
	return RC_NOTFOUND;
}

enum rc snapshot_restore(struct session *session, int64_t run)
{
	struct arena *arena = session->run.arena;
	struct recorded_state state = {0};
	struct run_detail detail = {0};
	struct json *document = NULL;
	const char *missing = NULL;
	enum rc rc = session->store->vt->run_read(session->store, arena, run, &detail);

	if (rc == RC_NOTFOUND)
		session->verdict.refused = true;
	if (rc)
		return rc;
	if (!detail.snapshot)
		return fault_no_snapshot(session, &detail.entry);
	rc = json_parse(arena, detail.snapshot, strlen(detail.snapshot), &document, NULL);
	if (!rc)
		rc = state_document_read(arena, &session->run.diags, session->project.name, document, &state);
	if (!rc)
		rc = restore_desired(arena, session->project.name, &state, &session->sharing, &session->desired, &missing);
	return rc == RC_NOTFOUND ? fault_missing(session, run, missing) : rc;
}
