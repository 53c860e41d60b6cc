/* adit state rebuild: the recorded state made anew from marks. */
#include "cli/command.h"

#include "base/str.h"
#include "cli/planning.h"
#include "cli/progress.h"
#include "cli/sharing.h"
#include "planner/rebuild.h"

static enum rc refuse(struct session *session, size_t count)
{
	struct diag *diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0844", (struct span){0},
				     "the state is not empty: it records %zu resources", count);

	diag_help(&session->run.diags, diag, "Save it with `adit state pull > FILE`, then give --force to replace it.");
	session->verdict.refused = true;
	return RC_EXISTS;
}

/** Whatever was recorded and is not found by its mark is forgotten. */
static enum rc add_removals(struct session *session, const struct recorded_state *state, struct outcome *outcome)
{
	const char **removals = arena_array(session->run.arena, state->count, sizeof(const char *));
	struct map kept;
	enum rc rc = RC_OK;

	if (!removals)
		return RC_NOMEM;
	map_init(&kept, session->run.arena);
	for (size_t i = 0; !rc && i < outcome->upsert_count; i++)
		rc = map_put(&kept, outcome->upserts[i].resource->address, session, NULL);
	for (size_t i = 0; !rc && i < state->count; i++)
		if (!map_get(&kept, state->items[i].resource->address))
			removals[outcome->removal_count++] = state->items[i].resource->address;
	outcome->removals = removals;
	return rc;
}

/** The manifests, where they are there and valid, tell which tunnel is which Gateway's. */
static enum rc load_desired(struct session *session)
{
	session->desired = arena_alloc(session->run.arena, sizeof(*session->desired));
	if (!session->desired)
		return RC_NOMEM;
	session->desired->digest = "";
	if (!session->options.files.count && !session->project.source_count)
		return RC_OK;
	enum rc rc = session_load_manifests(session);
	return rc ? rc : session_translate(session, NULL, NULL, NULL);
}

enum rc cmd_state_rebuild(struct session *session)
{
	struct refresh_scope scope = {.all_zones = true};
	struct recorded_state state = {0};
	struct outcome outcome = {0};
	struct live *live = NULL;
	enum rc rc = session_load_project(session);

	if (!rc)
		rc = session_open_store(session, STORE_WRITE);
	if (!rc)
		rc = session_lock(session, "state rebuild");
	if (!rc)
		rc = session->store->vt->load(session->store, session->run.arena, &state);
	if (!rc && state.count && !session->options.force)
		return refuse(session, state.count);
	if (!rc)
		rc = sharing_learn(session, &state);
	if (!rc)
		rc = load_desired(session);
	if (!rc)
		rc = planning_connect(session);
	scope.sharing = &session->sharing;
	scope.project = session->project.name;
	scope.tunnel_template = session->project.tunnel_name;
	if (!rc)
		rc = refresh_live(&session->run, session->providers, session->project.account_count, &scope, &live);
	progress_done(session);
	if (!rc && session->run.diags.error_count)
		rc = RC_UNAVAILABLE; /* half a view would forget the other half */
	if (!rc)
		rc = rebuild_recorded(session->run.arena, &session->project, session->desired, live, &session->sharing, &outcome);
	if (!rc)
		rc = add_removals(session, &state, &outcome);
	if (!rc)
		rc = session->store->vt->commit(session->store, &outcome);
	if (!rc)
		session_printf(session, "Rebuilt: %zu resources recorded, %zu forgotten.\n", outcome.upsert_count,
			       outcome.removal_count);
	return rc;
}
