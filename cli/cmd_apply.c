/* adit apply and adit destroy: carry out a plan, saved or made now. */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"
#include "cli/actor.h"
#include "cli/approval.h"
#include "cli/history.h"
#include "cli/listing.h"
#include "cli/planning.h"
#include "cli/progress.h"
#include "cli/snapshot.h"
#include "cli/suspension.h"
#include "planner/apply.h"
#include "planner/planfile.h"
#include "report/plan_text.h"

#define NOWHERE ((struct span){0})
/* Other projects hold a shared tunnel for two calls: waiting that long for it is no surprise. */
#define TUNNEL_LOCK_MS 120000

static enum rc stale(struct session *session, const char *code, const char *what, const char *help)
{
	struct diag *diag = diag_add(&session->run.diags, SEVERITY_ERROR, code, NOWHERE, "%s", what);

	diag_help(&session->run.diags, diag, "%s", help);
	session->verdict.stale = true;
	return RC_STALE;
}

/** True when a run began operations after this one read what is open: live was read too early for them. */
static enum rc has_later_intents(struct session *session, const struct planned *planned, bool *ret_any)
{
	struct intent *intents = NULL;
	size_t count = 0;
	enum rc rc = session->store->vt->open_intents(session->store, session->run.arena, &intents, &count);
	int64_t last = planned->recovery_count ? planned->recoveries[planned->recovery_count - 1].intent : 0;

	if (!rc)
		*ret_any = count && intents[count - 1].id > last;
	return rc;
}

/** Take the lease, and make sure that nobody applied since the plan was made. */
static enum rc lock(struct session *session, const struct planned *planned)
{
	struct recorded_state now = {0};
	bool is_later = false;
	enum rc rc = session_lock(session, session->options.command->name);

	if (!rc)
		rc = session->store->vt->load(session->store, session->run.arena, &now);
	if (!rc)
		rc = has_later_intents(session, planned, &is_later);
	if (rc || (str_eq(now.lineage, planned->recorded.lineage) && now.serial == planned->recorded.serial && !is_later))
		return rc;
	return stale(session, "A0702", "the state was changed by another run while this one was planning", "Run the command again.");
}

static struct run_record run_record(struct session *session, const struct plan *plan)
{
	const char *command = session->options.command->name;

	/* The history tells where to. */
	if (plan->rollback_run)
		command = arena_printf(session->run.arena, "rollback %lld", (long long)plan->rollback_run);
	return (struct run_record){.command = command ? command : "rollback", .actor = actor_name(session),
				   .commit = actor_commit(), .plan_digest = plan->digest,
				   .started_ms = clock_wall_ms(&session->run.clock)};
}

static const char *status_of(const struct apply_result *result)
{
	if (result->is_interrupted)
		return "interrupted";
	if (result->failed || result->stale || result->skipped || result->deferred)
		return result->added || result->changed || result->destroyed ? "partial" : "failed";
	return "complete";
}

/** What was done, for the history. */
static enum rc changes_json(struct session *session, const struct plan *plan, const struct apply_result *result, const char **ret_text)
{
	struct json_writer w;
	struct strbuf out;

	strbuf_init(&out, 0);
	json_writer_init(&w, &out, 0);
	json_begin_array(&w);
	for (size_t i = 0; i < plan->change_count; i++) {
		const char *names[2] = {"", ""};

		if (plan->changes[i].action == ACTION_RECORD)
			continue;
		(void)action_names(plan->changes[i].action, names);
		json_begin_object(&w);
		json_key_string(&w, "action", plan->changes[i].action == ACTION_REPLACE ? "replace" : names[0]);
		json_key_string(&w, "address", plan->changes[i].address);
		json_key_string(&w, "result", result->states[i] == CHANGE_DONE ? "ok" : str_or_empty(result->messages[i]));
		json_end_object(&w);
	}
	json_end_array(&w);
	*ret_text = strbuf_failed(&out) ? NULL : arena_strdup(session->run.arena, strbuf_text(&out));
	strbuf_done(&out);
	return *ret_text ? RC_OK : RC_NOMEM;
}

static enum rc record_run(struct session *session, const struct plan *plan, const struct apply_result *result, int64_t run)
{
	struct run_result row = {.status = status_of(result), .added = result->added, .changed = result->changed,
				 .destroyed = result->destroyed, .failed = result->failed + result->stale,
				 .deferred = result->deferred, .ended_ms = clock_wall_ms(&session->run.clock)};
	enum rc rc = changes_json(session, plan, result, &row.changes);

	/* After a complete run what is recorded is what was asked for: that can be gone back to. */
	if (!rc && str_eq(row.status, "complete"))
		rc = snapshot_take(session, &row.snapshot);
	return rc ? rc : session->store->vt->run_end(session->store, run, &row);
}

/** Connectors that are missing: a tunnel serves nothing until cloudflared runs. */
static void name_missing_connectors(struct session *session, const struct planned *planned)
{
	const struct live *live = planned->live;

	for (size_t i = 0; i < planned->plan->tunnel_count; i++) {
		const struct tunnel_plan *tunnel = planned->plan->tunnels[i];
		const struct live_account *account = live_account(live, tunnel->account);
		const struct live_tunnel_state *state =
			account && tunnel->id ? map_get(&account->tunnel_by_id, tunnel->id) : NULL;

		if (tunnel->is_deleted || tunnel->is_retired || tunnel->owner || (tunnel->id && !state) ||
		    (state && (str_eq(state->tunnel.status, "healthy") || str_eq(state->tunnel.status, "degraded"))))
			continue;
		session_printf(session, "%s has no connector yet. What runs one: adit connector %s\n",
			       session_printable(session, tunnel->address), session_printable(session, tunnel->address));
	}
}

static enum rc print_result(struct session *session, const struct planned *planned, const struct apply_result *result)
{
	struct json_writer w;
	struct strbuf out;
	enum rc rc;

	strbuf_init(&out, 0);
	if (session_is_json(session)) {
		json_writer_init(&w, &out, 2);
		apply_json(&w, planned->plan, result);
		strbuf_addc(&out, '\n');
	} else {
		apply_text(&out, session->run.arena, planned->plan, result);
	}
	session_print_diagnostics(session);
	rc = listing_write(session, &out);
	if (!session_is_json(session))
		name_missing_connectors(session, planned);
	return rc;
}

/** Nothing to do is a result, too. */
static enum rc print_nothing(struct session *session, const struct planned *planned)
{
	struct apply_result nothing = {0};
	enum rc rc = planning_note_recoveries(session, planned);

	if (rc)
		return rc;
	if (session_is_json(session))
		return print_result(session, planned, &nothing);
	if (planned->plan->is_destroy && !session->verdict.error)
		session_printf(session, "\nDestroy complete! Resources: 0 destroyed.\n");
	if (planned->plan->rollback_run)
		session_printf(session, planned->recorded.suspended ? "The project stays suspended.\n" : "Nothing was done, and the project is not suspended.\n");
	return RC_OK;
}

static void judge_result(struct session *session, const struct apply_result *result)
{
	bool any = result->added || result->changed || result->destroyed || result->forgotten;

	if (result->is_interrupted)
		session->verdict.interrupted = true;
	/* What failed then failed for that: whoever took over does the rest. */
	if (result->is_lease_lost) {
		session->verdict.stale = true;
		return;
	}
	if (result->failed && !any)
		session->verdict.error = true;
	else if (result->failed || result->skipped || result->deferred || result->stale)
		session->verdict.partial = true;
	if (result->stale && !any && !result->deferred)
		session->verdict.stale = true;
}

/** The plan is approved and the lease is held: go. */
static enum rc carry_out(struct session *session, const struct planned *planned)
{
	struct apply_options options = {.connector_gate = !session->options.no_connector_gate,
					.connector_timeout_ms = session->options.connector_timeout_ms,
					.settle_ms = session->project.dns.settle_ms,
					.tunnel_lock_ms = TUNNEL_LOCK_MS,
					.on_event = progress_event, .context = session};
	struct apply_input input = {.plan = planned->plan, .providers = session->providers,
				    .provider_count = session->project.account_count, .store = session->store,
				    .recorded = &planned->recorded, .live = planned->live,
				    .recoveries = planned->recoveries, .recovery_count = planned->recovery_count,
				    .options = &options};
	struct run_record record = run_record(session, planned->plan);
	struct apply_result result = {0};
	int64_t run = 0;
	int64_t back = planned->plan->rollback_run;
	enum rc rc = back ? suspension_begin(session, back) : RC_OK, ended, printed;

	if (!rc)
		rc = session->store->vt->run_begin(session->store, &record, &run);
	if (rc)
		return rc;
	if (session->options.lock_timeout_ms > options.tunnel_lock_ms)
		options.tunnel_lock_ms = session->options.lock_timeout_ms;
	if (options.connector_timeout_ms < 0)
		options.connector_timeout_ms = 60000;
	progress_begin(session, planned->plan->calls);
	rc = apply_plan(&session->run, &input, &result);
	progress_done(session);
	if (!result.states)
		return rc;
	if (result.is_lease_lost)
		ended = stale(session, "A0703", "the lease was lost while applying: another process took over",
			      "Look at what it did, then run the command again.");
	else
		ended = record_run(session, planned->plan, &result, run);
	judge_result(session, &result);
	/* What was done is told, whatever came after it. */
	printed = print_result(session, planned, &result);
	return rc ? rc : printed ? printed : ended;
}

/** Plan, show, ask, lock, apply. */
static enum rc apply_fresh(struct session *session, enum planning_mode mode)
{
	bool is_destroy = mode == PLANNING_DESTROY;
	struct planned planned;
	enum rc rc;

	if (!approval_is_possible(session))
		return RC_INVALID; /* before anything is read */
	rc = planning_make(session, mode, &planned);
	if (rc)
		return rc;
	if (!session_is_json(session) || plan_is_refused(planned.plan))
		rc = planning_print(session, planned.plan);
	else
		planning_judge(session, planned.plan);
	if (rc || session->verdict.refused)
		if (rc || plan_is_refused(planned.plan) || !session->options.keep_going)
			return rc;
	if (session->options.approve && !str_eq(session->options.approve, planned.plan->digest))
		return stale(session, "A0704", "the plan is not the one that was approved",
			     "What was approved has changed since. Review the new plan, and approve its digest.");
	if (planned.plan->change_count == 0 && !planning_has_recoveries(&planned))
		return print_nothing(session, &planned);
	if (plan_has_changes(planned.plan) || planned.plan->forget_count)
		rc = is_destroy ? approval_ask(session, "Do you really want to destroy all resources?",
				      "adit will destroy all your tunnels, rules and CNAMEs, as shown above. There is no undo.")
				: approval_ask(session, "Do you want to perform these actions?", "adit will perform the actions described above.");
	if (!rc && !session->options.refresh)
		rc = planning_connect(session); /* the plan was made without the network; applying it is not */
	if (!rc)
		rc = lock(session, &planned);
	if (rc == RC_CANCELLED && session->verdict.error)
		return RC_OK;
	return rc ? rc : carry_out(session, &planned);
}

static enum rc read_plan(struct session *session, const char *path, struct plan **ret_plan)
{
	struct text *text = NULL;
	enum rc rc = file_read(session->run.arena, &session->run.diags, path, LIMIT_PLAN_BYTES, &text);

	if (!rc)
		rc = planfile_read(session->run.arena, &session->run.diags, text, ret_plan);
	return rc;
}

/** The plan must be of this project and this state. */
static enum rc check_lineage(struct session *session, const struct plan *plan, const struct recorded_state *recorded)
{
	if (!str_eq(plan->project, session->project.name))
		return stale(session, "A0705", "the plan is another project's", "Run it where that project's adit.yaml is.");
	if (*plan->lineage && !str_eq(plan->lineage, recorded->lineage))
		return stale(session, "A0706", "the plan was made for another state", "Plan again with this state.");
	return RC_OK;
}

/** A saved plan: exactly its changes, if everything that it touches is as it was. */
static enum rc apply_file(struct session *session, const char *path)
{
	struct planned planned;
	struct plan *plan = NULL;
	enum rc rc = read_plan(session, path, &plan);

	if (!rc)
		rc = planning_open(session, plan, &planned);
	if (!rc)
		rc = suspension_check(session, &planned.recorded, plan);
	if (rc)
		return rc;
	planned.plan = plan;
	rc = check_lineage(session, plan, &planned.recorded);
	if (!rc)
		rc = apply_check_plan(&session->run, &session->project, plan, &planned.recorded, planned.live, planned.sharing);
	if (rc == RC_STALE)
		session->verdict.stale = true;
	if (rc == RC_CONFLICT)
		session->verdict.refused = true;
	if (!rc)
		rc = plan_recheck(session->run.arena, &session->run.diags, &session->project, &planned.recorded, planned.live, plan);
	if (rc)
		return rc;
	if (plan_is_refused(plan))
		return planning_print(session, plan);
	planning_judge(session, plan);
	if (!plan->change_count && !planning_has_recoveries(&planned)) {
		session_printf(session, "No changes. The plan is empty.\n");
		return RC_OK;
	}
	rc = lock(session, &planned);
	return rc ? rc : carry_out(session, &planned);
}

enum rc cmd_apply(struct session *session)
{
	if (session->options.arguments.count)
		return apply_file(session, session->options.arguments.items[0]);
	return apply_fresh(session, PLANNING_MANIFESTS);
}

enum rc cmd_destroy(struct session *session)
{
	return apply_fresh(session, PLANNING_DESTROY);
}

enum rc cmd_rollback(struct session *session)
{
	const char *text = session->options.arguments.items[0];
	struct diag *diag;

	if (history_is_run(text, &session->rollback_run))
		return apply_fresh(session, PLANNING_ROLLBACK);
	diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0856", (struct span){0}, "\"%s\" is no run's number", text);
	diag_help(&session->run.diags, diag, "\"adit history\" lists the runs.");
	session->verdict.usage = true;
	return RC_INVALID;
}
