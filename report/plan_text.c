/* Plans as text. */
#include "report/plan_text.h"

#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/str.h"
#include "report/field_text.h"

struct printer {
	struct strbuf *out;
	struct arena *arena;
	bool color;
};

static const char *symbol(enum action action)
{
	switch (action) {
	case ACTION_CREATE:
		return "+";
	case ACTION_UPDATE:
		return "~";
	case ACTION_DELETE:
		return "-";
	case ACTION_REPLACE:
		return "-/+";
	case ACTION_RECORD:
		return "=";
	case ACTION_FORGET:
		return ".";
	}
	return "?";
}

static const char *color_of(enum action action)
{
	switch (action) {
	case ACTION_CREATE:
		return "\033[32m";
	case ACTION_UPDATE:
	case ACTION_REPLACE:
		return "\033[33m";
	case ACTION_DELETE:
		return "\033[31m";
	case ACTION_RECORD:
	case ACTION_FORGET:
		return "\033[36m";
	}
	return "";
}

static const char *verb(const struct change *change)
{
	if (change->is_takeover)
		return "will be taken over";
	switch (change->action) {
	case ACTION_CREATE:
		return "will be created";
	case ACTION_UPDATE:
		return change->is_adoption ? "will be adopted and updated in-place" : "will be updated in-place";
	case ACTION_DELETE:
		return "will be destroyed";
	case ACTION_REPLACE:
		return "must be replaced";
	case ACTION_RECORD:
		return "will be recorded as it is";
	case ACTION_FORGET:
		return "will be forgotten";
	}
	return "";
}

static void print_heading(struct printer *p, const struct change *change)
{
	const struct resource *any = change->after ? change->after : change->before;

	strbuf_addf(p->out, "  # %s %s", field_printable(p->arena, change->address), verb(change));
	if (any && any->origin.span.text)
		strbuf_addf(p->out, "  (%s:%u)", field_printable(p->arena, any->origin.span.text->name), any->origin.span.line);
	strbuf_addc(p->out, '\n');
	if (change->reason)
		strbuf_addf(p->out, "  # (because %s)\n", field_printable(p->arena, change->reason));
}

static void print_change(struct printer *p, const struct change *change)
{
	const char *color = p->color ? color_of(change->action) : "", *reset = p->color ? "\033[0m" : "";
	const struct resource *any = change->after ? change->after : change->before;

	print_heading(p, change);
	strbuf_addf(p->out, "  %s%s%s %s\n", color, symbol(change->action), reset, resource_type(any->kind)->name);
	switch (change->action) {
	case ACTION_CREATE:
		field_list(p->out, p->arena, "+", change->after);
		break;
	case ACTION_UPDATE:
	case ACTION_REPLACE:
		field_diff(p->out, p->arena, change->before, change->after);
		break;
	case ACTION_DELETE:
	case ACTION_FORGET:
		field_list(p->out, p->arena, "-", change->before);
		break;
	case ACTION_RECORD:
		break;
	}
	strbuf_addc(p->out, '\n');
}

static void print_hostnames(struct printer *p, const char *title, const char *sign, const struct hostname_list *list)
{
	if (!list->count)
		return;
	strbuf_addf(p->out, "%s\n", title);
	for (size_t i = 0; i < list->count; i++)
		strbuf_addf(p->out, "  %s %s\n", sign, field_printable(p->arena, list->items[i]));
	strbuf_addc(p->out, '\n');
}

static void print_drift(struct printer *p, const struct drift *drift)
{
	const char *address = field_printable(p->arena, drift->address);

	switch (drift->kind) {
	case DRIFT_CHANGED:
		strbuf_addf(p->out, "  # %s has changed\n", address);
		field_diff(p->out, p->arena, drift->recorded, drift->live);
		break;
	case DRIFT_GONE:
		strbuf_addf(p->out, "  # %s is gone\n", address);
		break;
	case DRIFT_FOREIGN:
		strbuf_addf(p->out, "  # %s was added by somebody else\n", address);
		field_list(p->out, p->arena, "+", drift->live);
		break;
	}
	strbuf_addc(p->out, '\n');
}

static void print_drifts(struct printer *p, const struct plan *plan)
{
	for (size_t i = 0; i < plan->drift_count; i++)
		print_drift(p, &plan->drifts[i]);
}

static void print_changes(struct printer *p, const struct plan *plan)
{
	size_t shown = plan->add_count + plan->change_total + plan->destroy_count + plan->forget_count;

	if (!shown)
		return;
	strbuf_adds(p->out, "adit will perform the following actions:\n\n");
	for (size_t i = 0; i < plan->change_count; i++)
		if (plan->changes[i].action != ACTION_RECORD)
			print_change(p, &plan->changes[i]);
}

static void print_conflicts(struct printer *p, const struct plan *plan)
{
	for (size_t i = 0; i < plan->conflict_count; i++) {
		const struct conflict *conflict = &plan->conflicts[i];

		strbuf_addf(p->out, "Conflict: %s: %s stands there", field_printable(p->arena, conflict->address),
			    field_printable(p->arena, conflict->what));
		if (conflict->owner)
			strbuf_addf(p->out, " (%s)", field_printable(p->arena, conflict->owner));
		strbuf_addf(p->out, ", and it is not adit's.\n  Delete it, take the hostname out of the manifests, or take it over "
				    "with --adopt '%s'.\n\n",
			    field_printable(p->arena, conflict->address));
	}
}

static void print_orphans(struct printer *p, const struct plan *plan)
{
	if (!plan->orphan_count)
		return;
	strbuf_adds(p->out, "Orphans (marked as this project's, neither in the manifests nor recorded):\n");
	for (size_t i = 0; i < plan->orphan_count; i++)
		strbuf_addf(p->out, "  %s\n", field_printable(p->arena, plan->orphans[i].address));
	strbuf_adds(p->out, "  `adit apply --prune-orphans` deletes them; `adit state rebuild` records them.\n\n");
}

static void print_refusals(struct printer *p, const struct plan *plan)
{
	for (size_t i = 0; i < plan->refusal_count; i++) {
		const struct refusal *refusal = &plan->refusals[i];

		strbuf_addf(p->out, "Refused: %s: %s", field_printable(p->arena, refusal->object),
			    field_printable(p->arena, refusal->feature));
		if (refusal->span.text)
			strbuf_addf(p->out, " (%s:%u)", field_printable(p->arena, refusal->span.text->name), refusal->span.line);
		strbuf_addf(p->out, "\n  %s: %s\n", field_printable(p->arena, refusal->effect),
			    field_printable(p->arena, refusal->reason));
	}
	for (size_t i = 0; i < plan->unattached_count; i++) {
		const struct unattached *unattached = &plan->unattached[i];

		strbuf_addf(p->out, "Unattached: %s to %s: %s", field_printable(p->arena, unattached->object),
			    field_printable(p->arena, unattached->parent), field_printable(p->arena, unattached->reason));
		if (unattached->span.text)
			strbuf_addf(p->out, " (%s:%u)", field_printable(p->arena, unattached->span.text->name),
				    unattached->span.line);
		strbuf_addf(p->out, "\n  %s\n", field_printable(p->arena, unattached->message));
	}
	if (plan->refusal_count || plan->unattached_count)
		strbuf_addc(p->out, '\n');
}

static void print_losses(struct printer *p, const struct plan *plan)
{
	for (size_t i = 0; i < plan->loss_count; i++) {
		const struct loss *loss = &plan->losses[i];

		strbuf_addf(p->out, "Loss%s: %s%s is served now and would not be after", loss->is_allowed ? " (allowed)" : "",
			    *loss->hostname ? field_printable(p->arena, loss->hostname) : "(any host)",
			    field_printable(p->arena, loss->path));
		if (loss->span.text)
			strbuf_addf(p->out, " (%s:%u)", field_printable(p->arena, loss->span.text->name), loss->span.line);
		strbuf_addf(p->out, "\n  %s%s%s\n", loss->object ? field_printable(p->arena, loss->object) : "",
			    loss->object ? ": " : "", field_printable(p->arena, loss->reason));
	}
	if (plan->loss_count)
		strbuf_addc(p->out, '\n');
}

static void print_guards(struct printer *p, const struct plan *plan)
{
	for (size_t i = 0; i < plan->guard_count; i++) {
		strbuf_addf(p->out, "Guard: %s.\n", field_printable(p->arena, plan->guards[i].message));
		if (plan->guards[i].override)
			strbuf_addf(p->out, "  If that is meant: %s\n", field_printable(p->arena, plan->guards[i].override));
	}
	if (plan->guard_count)
		strbuf_addc(p->out, '\n');
}

static void print_left_alone(struct printer *p, const struct plan *plan)
{
	for (size_t i = 0; i < plan->unknown_count; i++)
		strbuf_addf(p->out, "Unknown: %s cannot be seen, and is left as it is.\n", field_printable(p->arena, plan->unknown[i]));
	for (size_t i = 0; i < plan->held_count; i++)
		strbuf_addf(p->out, "Held: %s is left as it is.\n", field_printable(p->arena, plan->held[i]));
	if (plan->unknown_count || plan->held_count)
		strbuf_addc(p->out, '\n');
}

static void print_retired(struct printer *p, const struct plan *plan)
{
	for (size_t i = 0; i < plan->retired_count; i++)
		strbuf_addf(p->out, "Retired: %s is kept empty until %s, and deleted by the first apply after that.\n",
			    field_printable(p->arena, plan->retired[i].address),
			    str_or_empty(clock_rfc3339(p->arena, plan->retired[i].until_ms)));
	if (plan->retired_count)
		strbuf_addc(p->out, '\n');
}

static void print_extras(struct printer *p, const struct plan *plan)
{
	if (plan->refusal_count)
		strbuf_addf(p->out, ", %zu refused", plan->refusal_count);
	if (plan->unattached_count)
		strbuf_addf(p->out, ", %zu unattached", plan->unattached_count);
	if (plan->conflict_count)
		strbuf_addf(p->out, ", %zu in conflict", plan->conflict_count);
	if (plan->unknown_count)
		strbuf_addf(p->out, ", %zu unknown", plan->unknown_count);
}

static void print_summary(struct printer *p, const struct plan *plan)
{
	bool is_short = plan->refusal_count || plan->conflict_count || plan->unknown_count || plan->unattached_count;

	if (!plan_has_changes(plan) && !plan->forget_count) {
		if (plan->is_partial && !plan->change_count && !is_short)
			strbuf_adds(p->out, "No changes in what --target and --exclude leave.\n");
		else if (plan->is_destroy)
			strbuf_adds(p->out, "No changes. No objects need to be destroyed.\n");
		else if (plan->rollback_run && !is_short)
			strbuf_addf(p->out, "No changes. Your tunnels are as run %lld left them.\n", (long long)plan->rollback_run);
		else if (plan->is_refresh_only && !plan->change_count)
			strbuf_adds(p->out, "No changes. Your tunnels still match what is recorded.\n");
		else if (plan->is_refresh_only)
			strbuf_adds(p->out, "The state would be updated to what is live; nothing live changes.\n");
		else if (is_short) {
			strbuf_adds(p->out, "No changes");
			print_extras(p, plan);
			strbuf_adds(p->out, ".\n");
		} else
			strbuf_adds(p->out, "No changes. Your tunnels match the manifests.\n");
		return;
	}
	strbuf_adds(p->out, "Plan: ");
	if (plan->import_count)
		strbuf_addf(p->out, "%zu to import, ", plan->import_count);
	strbuf_addf(p->out, "%zu to add, %zu to change, %zu to destroy", plan->add_count, plan->change_total, plan->destroy_count);
	if (plan->forget_count)
		strbuf_addf(p->out, ", %zu to forget", plan->forget_count);
	print_extras(p, plan);
	strbuf_addf(p->out, ".\nAbout %zu API calls", plan->calls);
	if (plan->call_seconds)
		strbuf_addf(p->out, ", %lld seconds at Cloudflare's rate limit", (long long)plan->call_seconds);
	strbuf_adds(p->out, ".\n");
}

void plan_text(struct strbuf *out, struct arena *arena, const struct plan *plan, bool color)
{
	struct printer p = {.out = out, .arena = arena, .color = color};

	print_hostnames(&p, "Will become reachable from the Internet:", "+", &plan->exposes);
	print_hostnames(&p, "Will stop being reachable from the Internet:", "-", &plan->hides);
	if (plan->drift_count) {
		strbuf_adds(out, "Note: Objects have changed outside of adit\n\n");
		print_drifts(&p, plan);
	}
	print_changes(&p, plan);
	print_conflicts(&p, plan);
	print_orphans(&p, plan);
	print_refusals(&p, plan);
	print_left_alone(&p, plan);
	print_retired(&p, plan);
	print_losses(&p, plan);
	print_guards(&p, plan);
	print_summary(&p, plan);
}

void drift_text(struct strbuf *out, struct arena *arena, const struct plan *plan, bool color)
{
	struct printer p = {.out = out, .arena = arena, .color = color};

	if (plan->drift_count)
		strbuf_adds(out, "Drift: live differs from what adit recorded\n\n");
	print_drifts(&p, plan);
	print_orphans(&p, plan);
	print_left_alone(&p, plan);
	if (!plan->drift_count)
		strbuf_adds(out, "No drift. What is live is what adit recorded.\n");
	else
		strbuf_addf(out, "Drift: %zu changed. `adit apply` restores what the manifests say; `adit apply --refresh-only` accepts it.\n",
			    plan->drift_count);
}

static const char *drift_name(enum drift_kind kind)
{
	switch (kind) {
	case DRIFT_CHANGED:
		return "changed";
	case DRIFT_GONE:
		return "gone";
	case DRIFT_FOREIGN:
		return "foreign";
	}
	return "";
}

static enum rc write_side(struct json_writer *w, struct arena *arena, const char *key, const struct resource *resource)
{
	struct json *json = NULL;
	enum rc rc = resource ? resource_to_json(arena, resource, false, &json) : RC_OK;

	json_key(w, key);
	json_value(w, json);
	return rc;
}

enum rc drift_json(struct json_writer *w, struct arena *arena, const struct plan *plan)
{
	enum rc rc = RC_OK;

	json_begin_object(w);
	json_key(w, "drift");
	json_begin_array(w);
	for (size_t i = 0; !rc && i < plan->drift_count; i++) {
		const struct drift *drift = &plan->drifts[i];

		json_begin_object(w);
		json_key_string(w, "address", drift->address);
		json_key_string(w, "drift", drift_name(drift->kind));
		json_key(w, "fields");
		field_names(w, drift->recorded, drift->live);
		rc = write_side(w, arena, "recorded", drift->recorded);
		if (!rc)
			rc = write_side(w, arena, "live", drift->live);
		json_end_object(w);
	}
	json_end_array(w);
	json_key(w, "orphans");
	json_begin_array(w);
	for (size_t i = 0; i < plan->orphan_count; i++)
		json_string(w, plan->orphans[i].address);
	json_end_array(w);
	json_key(w, "unknown");
	json_begin_array(w);
	for (size_t i = 0; i < plan->unknown_count; i++)
		json_string(w, plan->unknown[i]);
	json_end_array(w);
	json_end_object(w);
	return rc;
}
