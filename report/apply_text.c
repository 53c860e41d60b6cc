/* What an apply came to, as text and JSON. */
#include <string.h>

#include "base/str.h"
#include "report/field_text.h"
#include "report/plan_text.h"

static const char *state_name(enum change_state state)
{
	switch (state) {
	case CHANGE_PENDING:
		return "pending";
	case CHANGE_DONE:
		return "done";
	case CHANGE_FAILED:
		return "failed";
	case CHANGE_SKIPPED:
		return "skipped";
	case CHANGE_STALE:
		return "stale";
	case CHANGE_DEFERRED:
		return "deferred";
	}
	return "";
}

static void print_troubles(struct strbuf *out, struct arena *arena, const struct plan *plan, const struct apply_result *result)
{
	for (size_t i = 0; i < plan->change_count; i++) {
		if (result->states[i] == CHANGE_DONE)
			continue;
		strbuf_addf(out, "%s: %s", state_name(result->states[i]), field_printable(arena, plan->changes[i].address));
		if (plan->changes[i].after && plan->changes[i].after->origin.span.text)
			strbuf_addf(out, " (%s:%u)", field_printable(arena, plan->changes[i].after->origin.span.text->name),
				    plan->changes[i].after->origin.span.line);
		strbuf_addf(out, ": %s\n", field_printable(arena, result->messages[i]));
	}
}

static void print_counts(struct strbuf *out, const struct plan *plan, const struct apply_result *result)
{
	if (plan->is_destroy)
		strbuf_addf(out, "Resources: %zu destroyed", result->destroyed);
	else
		strbuf_addf(out, "Resources: %zu added, %zu changed, %zu destroyed", result->added, result->changed,
			    result->destroyed);
}

static bool is_document_due(const struct plan *plan, const char *address)
{
	for (size_t i = 0; i < plan->tunnel_count; i++)
		if (str_eq(plan->tunnels[i]->address, address))
			return plan->tunnels[i]->needs_put;
	return false;
}

/** What the plan makes of an operation that was interrupted; "" for nothing. */
static const char *follow_up(const struct plan *plan, const struct recovery *recovery)
{
	const struct change *change = plan_change_find(plan, recovery->address);

	if (str_eq(recovery->operation, "put-configuration"))
		return is_document_due(plan, recovery->address) ? "; it is written again" : "";
	if (recovery->finding == RECOVERY_NOT_MADE && change)
		return "; it is done again";
	if (recovery->finding != RECOVERY_MADE)
		return "";
	if (!change)
		return str_eq(recovery->operation, "create") ? "; nothing in the manifests asks for it" : "";
	if (change->action == ACTION_RECORD || change->is_adoption)
		return "; it is recorded";
	return change->action == ACTION_FORGET ? "; it is forgotten" : "";
}

void recovery_text(struct strbuf *out, struct arena *arena, const struct plan *plan, const struct recovery *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		strbuf_addf(out, "  %s %s: %s%s\n", field_printable(arena, list[i].operation),
			    field_printable(arena, list[i].address), list[i].text, follow_up(plan, &list[i]));
}

static void recovery_json(struct json_writer *w, const struct apply_result *result)
{
	json_key(w, "recovered");
	json_begin_array(w);
	for (size_t i = 0; i < result->recovery_count; i++) {
		json_begin_object(w);
		json_key_string(w, "operation", result->recoveries[i].operation);
		json_key_string(w, "address", result->recoveries[i].address);
		json_key_string(w, "finding", recovery_finding_name(result->recoveries[i].finding));
		json_key_string(w, "message", result->recoveries[i].text);
		json_end_object(w);
	}
	json_end_array(w);
}

void apply_text(struct strbuf *out, struct arena *arena, const struct plan *plan, const struct apply_result *result)
{
	size_t failed = result->failed + result->stale;

	if (result->recovery_count)
		strbuf_adds(out, "An earlier run was interrupted. What became of its operations:\n");
	recovery_text(out, arena, plan, result->recoveries, result->recovery_count);
	print_troubles(out, arena, plan, result);
	for (size_t i = 0; i < result->recreated_count; i++)
		strbuf_addf(out, "%s was made anew: its connectors need the new token (`adit connector %s`).\n",
			    field_printable(arena, result->recreated[i]), field_printable(arena, result->recreated[i]));
	if (failed || result->skipped || result->deferred) {
		strbuf_addf(out, "\nApplied in part. ");
		print_counts(out, plan, result);
		strbuf_addf(out, "; %zu failed, %zu skipped, %zu deferred.\n", failed, result->skipped, result->deferred);
		strbuf_adds(out, "Run the same command again to continue.\n");
		return;
	}
	strbuf_adds(out, plan->is_destroy ? "\nDestroy complete! " : "\nApply complete! ");
	print_counts(out, plan, result);
	strbuf_adds(out, ".\n");
}

void apply_json(struct json_writer *w, const struct plan *plan, const struct apply_result *result)
{
	json_begin_object(w);
	json_key_int(w, "added", (int64_t)result->added);
	json_key_int(w, "changed", (int64_t)result->changed);
	json_key_int(w, "destroyed", (int64_t)result->destroyed);
	json_key_int(w, "failed", (int64_t)(result->failed + result->stale));
	json_key_int(w, "skipped", (int64_t)result->skipped);
	json_key_int(w, "deferred", (int64_t)result->deferred);
	json_key_bool(w, "interrupted", result->is_interrupted);
	json_key(w, "changes");
	json_begin_array(w);
	for (size_t i = 0; i < plan->change_count; i++) {
		const char *names[2];
		size_t count = action_names(plan->changes[i].action, names);

		json_begin_object(w);
		json_key_string(w, "address", plan->changes[i].address);
		json_key(w, "actions");
		json_begin_array(w);
		for (size_t n = 0; n < count; n++)
			json_string(w, names[n]);
		json_end_array(w);
		json_key_string(w, "result", state_name(result->states[i]));
		if (result->messages[i])
			json_key_string(w, "message", result->messages[i]);
		json_end_object(w);
	}
	json_end_array(w);
	json_key(w, "recreated");
	json_begin_array(w);
	for (size_t i = 0; i < result->recreated_count; i++)
		json_string(w, result->recreated[i]);
	json_end_array(w);
	recovery_json(w, result);
	json_end_object(w);
}
