/* From a session to a plan. */
#include "cli/planning.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/libcurl.h"
#include "base/str.h"
#include "base/thread.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/progress.h"
#include "cli/snapshot.h"
#include "cli/state_ahead.h"
#include "cli/suspension.h"
#include "cli/sharing.h"
#include "planner/live_recorded.h"
#include "planner/planfile.h"
#include "providers/open.h"
#include "report/plan_text.h"

/** A smaller one is read before a thread would be warm. */
#define LARGE_STATE_BYTES (4 << 20)

/** A source that went empty is more often a broken pipeline than a wish. */
static enum rc check_sources(struct session *session, const struct recorded_state *recorded)
{
	struct diags *diags = &session->run.diags;
	struct diag *diag;

	if (!session->empty_source || !recorded->count || session->options.allow_empty)
		return RC_OK;
	diag = diag_add(diags, SEVERITY_ERROR, "A0857", session->empty_source_span, "there is no object in %s",
			session->empty_source);
	diag_help(diags, diag, "What came from it before would be deleted. If it is meant to be empty: --allow-empty.");
	session->verdict.refused = true;
	return RC_INVALID;
}

/** The manifests, and whether they may be planned from. */
static enum rc load_manifests(struct session *session)
{
	enum rc rc = session_load_manifests(session);

	if (rc || !session->objects.invalid_count)
		return rc;
	if (!session->options.keep_going) {
		session->verdict.refused = true;
		return RC_INVALID;
	}
	session->verdict.partial = true;
	if (session->objects.hidden_count)
		session_note(session, "What was refused may protect or shape what others serve: every rule and CNAME stays "
				      "as it is, and none is made, until it is mended.");
	return RC_OK;
}

static enum rc load_desired(struct session *session, enum planning_mode mode, const struct recorded_state *recorded)
{
	enum rc rc;

	if (mode == PLANNING_ROLLBACK)
		return snapshot_restore(session, session->rollback_run);
	if (mode != PLANNING_MANIFESTS) {
		session->desired = arena_alloc(session->run.arena, sizeof(*session->desired));
		if (!session->desired)
			return RC_NOMEM;
		session->desired->digest = "";
		return RC_OK;
	}
	rc = load_manifests(session);
	if (!rc)
		rc = check_sources(session, recorded);
	return rc ? rc : session_translate(session, recorded, NULL, NULL);
}

enum rc planning_connect(struct session *session)
{
	enum rc rc = session_open_providers(session);

	for (size_t i = 0; !rc && i < session->project.account_count; i++)
		rc = provider_resolve_account(&session->run, session->providers[i]);
	return rc;
}

enum rc planning_load_recorded(struct session *session, struct arena *arena, struct planned *planned)
{
	struct store *store = session->store;
	struct intent *intents = NULL;
	size_t count = 0;
	enum rc rc = store->vt->load(store, arena, &planned->recorded);

	if (!rc)
		rc = store->vt->open_intents(store, arena, &intents, &count);
	if (!rc)
		rc = recovery_read(arena, intents, count, &planned->recoveries);
	if (!rc)
		planned->recovery_count = count;
	return rc;
}

bool planning_has_recoveries(const struct planned *planned)
{
	for (size_t i = 0; i < planned->recovery_count; i++)
		if (planned->recoveries[i].finding != RECOVERY_UNSEEN)
			return true;
	return false;
}

enum rc planning_note_recoveries(struct session *session, const struct planned *planned)
{
	struct strbuf out;
	bool is_told;

	if (!planned->recovery_count)
		return RC_OK;
	strbuf_init(&out, 0);
	recovery_text(&out, session->run.arena, planned->plan, planned->recoveries, planned->recovery_count);
	is_told = !strbuf_failed(&out);
	if (is_told)
		session_note(session, "Operations whose outcome is not recorded; their run was interrupted, or is still under way:\n%.*s",
			     (int)out.size - 1, strbuf_text(&out));
	strbuf_done(&out);
	return is_told ? RC_OK : RC_NOMEM;
}

static enum rc read_live(struct session *session, struct planned *planned, const struct plan *plan)
{
	const struct recorded_state *recorded = &planned->recorded;
	struct refresh_scope scope = {.desired = session->desired, .recorded = recorded, .sharing = &session->sharing,
				      .plan = plan, .open = planned->recoveries, .open_count = planned->recovery_count};
	size_t errors = session->run.diags.error_count;
	enum rc rc;

	/* Made already, unless other projects share a tunnel. */
	if (!session->options.refresh && !plan && planned->live && !session->sharing.count)
		return RC_OK;
	if (!session->options.refresh && !plan)
		return live_from_recorded(session->run.arena, &session->project, recorded, &session->sharing, &planned->live);
	rc = planning_connect(session);
	progress_begin(session, 0);
	if (!rc)
		rc = refresh_live(&session->run, session->providers, session->project.account_count, &scope, &planned->live);
	progress_done(session);
	if (!rc)
		rc = recovery_judge(session->run.arena, planned->live, planned->recoveries, planned->recovery_count);
	if (!rc && session->run.diags.error_count > errors)
		session->verdict.error = true;
	return rc;
}

static struct overrides overrides_of(const struct options *options)
{
	return (struct overrides){
		.max_deletes = options->max_deletes,
		.max_delete_percent = options->max_delete_percent,
		.max_rule_percent = options->max_rule_percent,
		.allow_empty = options->allow_empty,
		.allow_live_connectors = options->allow_live_connectors,
		.allow_moved_zone = options->allow_moved_zone,
		.allow_moved_account = options->allow_moved_account,
		.allow_loss = options->allow_losses.items,
		.allow_loss_count = options->allow_losses.count,
	};
}

static enum rc build(struct session *session, enum planning_mode mode, struct planned *planned)
{
	const struct options *options = &session->options;
	struct plan_options plan_options = {
		.destroy = mode == PLANNING_DESTROY,
		.rollback_run = mode == PLANNING_ROLLBACK ? session->rollback_run : 0,
		.refresh_only = mode == PLANNING_DRIFT || options->refresh_only,
		.prune_orphans = options->prune_orphans,
		.keep_going = options->keep_going,
		.has_invalid_input = session->objects.invalid_count > 0,
		.has_hidden_input = session->objects.hidden_count > 0,
		.adopt = options->adopts.items,
		.adopt_count = options->adopts.count,
		.targets = options->targets.items,
		.target_count = options->targets.count,
		.excludes = options->excludes.items,
		.exclude_count = options->excludes.count,
		.overrides = overrides_of(options),
		.now_ms = clock_wall_ms(&session->run.clock),
	};
	struct plan_input input = {.project = &session->project, .desired = session->desired, .recorded = &planned->recorded,
				   .live = planned->live, .sharing = planned->sharing, .options = &plan_options};
	size_t errors = session->run.diags.error_count;
	enum rc rc = plan_build(session->run.arena, &session->run.diags, &input, &planned->plan);

	if (!rc && session->run.diags.error_count > errors)
		session->verdict.error = true;
	return rc;
}

/** The project; libcurl, which takes as long as all the rest of a small plan, is loaded beside it. Who writes knows that
 * --url is one before anything is made; a plan looks only once it needs it. */
static enum rc read_project(struct session *session, bool is_writing)
{
	enum rc rc;

	if (session->options.refresh)
		libcurl_load_ahead();
	rc = session_read_project(session);
	return rc || !is_writing ? rc : session_check_url(session);
}

/** Whatever else is amiss with the input, a wrong --url is said, too, and counts first. */
static enum rc check_url(struct session *session, enum rc rc)
{
	enum rc url_rc = !rc || rc == RC_INVALID ? session_check_url(session) : RC_OK;

	return url_rc ? url_rc : rc;
}

/** What is recorded concerns everything from here on. */
static enum rc heed_recorded(struct session *session, struct planned *planned)
{
	enum rc rc = suspension_check(session, &planned->recorded, NULL);

	return rc ? rc : sharing_learn(session, &planned->recorded);
}

static enum rc make_in_turn(struct session *session, enum planning_mode mode, bool is_writing, struct planned *planned)
{
	enum rc rc = RC_OK;

	/* Large inputs are decoded while the state is read. */
	if (mode == PLANNING_MANIFESTS)
		rc = session_begin_manifests(session);
	if (!rc)
		rc = session_open_store(session, is_writing ? STORE_WRITE : STORE_READ);
	if (!rc)
		rc = planning_load_recorded(session, session->run.arena, planned);
	if (!rc)
		rc = heed_recorded(session, planned);
	return rc ? rc : load_desired(session, mode, &planned->recorded);
}

/** Two things at the same time. */
struct beside {
	struct session *session;
	struct planned *planned;
	struct state_ahead *ahead;
};

static enum rc end_ahead(struct beside *beside)
{
	struct state_ahead *ahead = beside->ahead;

	beside->ahead = NULL;
	return state_ahead_end(ahead, beside->planned);
}

static enum rc learn(void *context)
{
	struct beside *beside = context;
	enum rc rc = end_ahead(beside);

	if (!rc)
		rc = check_sources(beside->session, &beside->planned->recorded);
	return rc ? rc : heed_recorded(beside->session, beside->planned);
}

/** A large state is read while manifests are collected, decoded, and translated as far as that does not concern it. */
static enum rc make_beside(struct session *session, struct planned *planned)
{
	struct beside beside = {.session = session, .planned = planned};
	enum rc rc = session_open_store(session, STORE_READ), ahead_rc;

	if (!rc)
		rc = state_ahead_begin(session, &beside.ahead);
	if (!rc)
		rc = load_manifests(session);
	if (!rc)
		rc = session_translate(session, &planned->recorded, learn, &beside);
	ahead_rc = end_ahead(&beside);
	return rc ? rc : ahead_rc;
}

/** Other projects' Gateways stand in the state: what refers to them cannot be translated before it is read. Who writes has the
 * lease to look after, and a state behind a URL the transport. */
static bool can_make_beside(const struct session *session, enum planning_mode mode, bool is_writing)
{
	struct stat status;

	return mode == PLANNING_MANIFESTS && !is_writing && !session->project.shared_gateway_count &&
	       !session_is_remote(session->state_location) && !stat(session->state_location, &status) &&
	       status.st_size >= LARGE_STATE_BYTES && thread_processors() > 1;
}

enum rc planning_make(struct session *session, enum planning_mode mode, struct planned *ret_planned)
{
	enum command_id command = session->options.command->id;
	bool is_writing = command == COMMAND_APPLY || command == COMMAND_DESTROY || command == COMMAND_ROLLBACK;
	enum rc rc = read_project(session, is_writing);

	memset(ret_planned, 0, sizeof(*ret_planned));
	ret_planned->sharing = &session->sharing;
	if (!rc && can_make_beside(session, mode, is_writing))
		rc = make_beside(session, ret_planned);
	else if (!rc)
		rc = make_in_turn(session, mode, is_writing, ret_planned);
	if (!rc && session->options.refresh)
		rc = session_take_ahead(session);
	if (!is_writing)
		rc = check_url(session, rc);
	if (!rc)
		rc = read_live(session, ret_planned, NULL);
	if (!rc)
		rc = sharing_learn_again(session);
	return rc ? rc : build(session, mode, ret_planned);
}

enum rc planning_open(struct session *session, const struct plan *plan, struct planned *ret_planned)
{
	enum rc rc = session_load_project(session);

	memset(ret_planned, 0, sizeof(*ret_planned));
	if (!rc)
		rc = session_open_store(session, STORE_WRITE);
	if (!rc)
		rc = planning_load_recorded(session, session->run.arena, ret_planned);
	if (!rc)
		rc = sharing_learn(session, &ret_planned->recorded);
	ret_planned->sharing = &session->sharing;
	return rc ? rc : read_live(session, ret_planned, plan);
}

void planning_judge(struct session *session, const struct plan *plan)
{
	if (plan_is_refused(plan) || (session->options.strict && plan->refusal_count))
		session->verdict.refused = true;
	if (plan->held_count || (plan->keep_going && plan->conflict_count))
		session->verdict.partial = true;
	if (plan->unknown_count)
		session->verdict.error = true;
}

enum rc planning_print(struct session *session, const struct plan *plan)
{
	struct strbuf out;
	enum rc rc = RC_OK;

	strbuf_init(&out, 0);
	planning_judge(session, plan);
	if (session_is_json(session))
		rc = planfile_write(plan, &out);
	else
		plan_text(&out, session->run.arena, plan, session_has_color(session, STDOUT_FILENO));
	session_print_diagnostics(session);
	if (rc)
		strbuf_done(&out);
	return rc ? rc : listing_write(session, &out);
}
