/* adit history, adit show run/N: the runs that changed something, and what they changed. */
#include "cli/command.h"
#include "cli/history.h"

#include <string.h>

#include "base/str.h"
#include "cli/listing.h"

static const char *status_text(const struct run_entry *run)
{
	return run->status ? run->status : "running";
}

static const char *when_text(struct session *session, int64_t ms)
{
	return str_or_empty(clock_rfc3339(session->run.arena, ms));
}

static void entry_json(struct session *session, struct json_writer *w, const struct run_entry *run)
{
	json_key_int(w, "run", run->id);
	json_key_string(w, "command", run->command);
	json_key_string(w, "actor", run->actor);
	json_key_string(w, "commit", run->commit);
	json_key_string(w, "plan_digest", run->plan_digest);
	json_key_string(w, "started_at", when_text(session, run->started_ms));
	json_key_string(w, "ended_at", run->ended_ms ? when_text(session, run->ended_ms) : NULL);
	json_key_string(w, "status", status_text(run));
	json_key_int(w, "added", (int64_t)run->added);
	json_key_int(w, "changed", (int64_t)run->changed);
	json_key_int(w, "destroyed", (int64_t)run->destroyed);
	json_key_int(w, "failed", (int64_t)run->failed);
	json_key_int(w, "deferred", (int64_t)run->deferred);
	json_key_bool(w, "can_roll_back", run->has_snapshot);
}

static void history_json(struct session *session, struct strbuf *out, const struct run_entry *runs, size_t count,
			 const char *suspended)
{
	struct json_writer w;

	json_writer_init(&w, out, 2);
	json_begin_object(&w);
	json_key_string(&w, "suspended", suspended);
	json_key(&w, "runs");
	json_begin_array(&w);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&w);
		entry_json(session, &w, &runs[i]);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	strbuf_addc(out, '\n');
}

static void history_text(struct session *session, struct strbuf *out, const struct run_entry *runs, size_t count)
{
	if (!count) {
		strbuf_adds(out, "No runs yet.\n");
		return;
	}
	strbuf_addf(out, "%5s  %-20s  %-11s  %-11s  %5s %7s %9s  %-12s  %s\n", "RUN", "STARTED", "COMMAND", "STATUS", "ADDED",
		    "CHANGED", "DESTROYED", "COMMIT", "BY");
	for (size_t i = 0; i < count; i++)
		strbuf_addf(out, "%5lld  %-20s  %-11s  %-11s  %5zu %7zu %9zu  %-12.12s  %s\n", (long long)runs[i].id,
			    when_text(session, runs[i].started_ms), session_printable(session, runs[i].command),
			    session_printable(session, status_text(&runs[i])), runs[i].added, runs[i].changed, runs[i].destroyed,
			    runs[i].commit ? session_printable(session, runs[i].commit) : "-",
			    session_printable(session, str_or_empty(runs[i].actor)));
}

enum rc cmd_history(struct session *session)
{
	struct recorded_state state = {0};
	struct run_entry *runs = NULL;
	struct strbuf out;
	size_t count = 0;
	enum rc rc = session_load_project(session);

	if (!rc)
		rc = session_open_store(session, STORE_READ);
	if (!rc)
		rc = session->store->vt->load(session->store, session->run.arena, &state);
	if (!rc)
		rc = session->store->vt->runs(session->store, session->run.arena, &runs, &count);
	if (rc)
		return rc;
	strbuf_init(&out, 0);
	if (session_is_json(session)) {
		history_json(session, &out, runs, count, state.suspended);
	} else {
		history_text(session, &out, runs, count);
		if (state.suspended)
			strbuf_addf(&out, "\nSuspended: %s. adit resume lets it be applied again.\n",
				    session_printable(session, state.suspended));
	}
	return listing_write(session, &out);
}

static void run_json(struct session *session, struct strbuf *out, const struct run_detail *run)
{
	struct json_writer w;

	json_writer_init(&w, out, 2);
	json_begin_object(&w);
	entry_json(session, &w, &run->entry);
	json_key(&w, "changes");
	json_begin_array(&w);
	for (size_t i = 0; i < run->change_count; i++) {
		json_begin_object(&w);
		json_key_string(&w, "address", run->changes[i].address);
		json_key_string(&w, "action", run->changes[i].action);
		json_key_string(&w, "result", run->changes[i].result);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	strbuf_addc(out, '\n');
}

static void run_text(struct session *session, struct strbuf *out, const struct run_detail *run)
{
	const struct run_entry *entry = &run->entry;

	strbuf_addf(out, "Run %lld: %s, %s\n", (long long)entry->id, session_printable(session, entry->command),
		    session_printable(session, status_text(entry)));
	strbuf_addf(out, "  Started  %s\n", when_text(session, entry->started_ms));
	if (entry->ended_ms)
		strbuf_addf(out, "  Ended    %s\n", when_text(session, entry->ended_ms));
	strbuf_addf(out, "  By       %s\n", session_printable(session, str_or_empty(entry->actor)));
	if (entry->commit)
		strbuf_addf(out, "  Commit   %s\n", session_printable(session, entry->commit));
	if (entry->plan_digest)
		strbuf_addf(out, "  Plan     %s\n", session_printable(session, entry->plan_digest));
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < run->change_count; i++) {
		const struct run_change *change = &run->changes[i];

		strbuf_addf(out, "  %-8s %s", session_printable(session, change->action), session_printable(session, change->address));
		if (!str_eq(change->result, "ok"))
			strbuf_addf(out, ": %s", session_printable(session, change->result));
		strbuf_addc(out, '\n');
	}
	strbuf_addf(out, "%s%zu added, %zu changed, %zu destroyed, %zu failed, %zu deferred.\n", run->change_count ? "\n" : "",
		    entry->added, entry->changed, entry->destroyed, entry->failed, entry->deferred);
	if (entry->has_snapshot)
		strbuf_addf(out, "What it applied is kept: adit rollback %lld\n", (long long)entry->id);
}

enum rc history_show(struct session *session, int64_t number)
{
	struct run_detail run = {0};
	struct strbuf out;
	enum rc rc = session_load_project(session);

	if (!rc)
		rc = session_open_store(session, STORE_READ);
	if (!rc)
		rc = session->store->vt->run_read(session->store, session->run.arena, number, &run);
	if (rc)
		return rc;
	strbuf_init(&out, 0);
	if (session_is_json(session))
		run_json(session, &out, &run);
	else
		run_text(session, &out, &run);
	return listing_write(session, &out);
}

bool history_is_run(const char *text, int64_t *ret_run)
{
	const char *number = str_has_prefix(text, "run/") ? text + strlen("run/") : text;

	return !str_to_int64(number, ret_run) && *ret_run > 0;
}
