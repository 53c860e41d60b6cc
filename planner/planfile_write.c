/* Writing plan files, and the digest of a plan. */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/str.h"
#include "planner/planfile.h"

size_t action_names(enum action action, const char *ret_names[2])
{
	switch (action) {
	case ACTION_CREATE:
		ret_names[0] = "create";
		return 1;
	case ACTION_UPDATE:
		ret_names[0] = "update";
		return 1;
	case ACTION_DELETE:
		ret_names[0] = "delete";
		return 1;
	case ACTION_REPLACE:
		ret_names[0] = "delete";
		ret_names[1] = "create";
		return 2;
	case ACTION_RECORD:
		ret_names[0] = "no-op";
		return 1;
	case ACTION_FORGET:
		ret_names[0] = "forget";
		return 1;
	}
	return 0;
}

static const char *name_of(const char *address)
{
	const char *slash = strchr(address, '/');

	return slash ? slash + 1 : address;
}

static void write_texts(struct json_writer *w, const char *key, const char *const *items, size_t count)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		json_string(w, items[i]);
	json_end_array(w);
}

static void write_span(struct json_writer *w, const struct span *span)
{
	if (!span->text)
		return;
	json_key_string(w, "file", span->text->name);
	json_key_int(w, "line", span->line);
	json_key_int(w, "column", span->column);
}

static enum rc write_resource(struct json_writer *w, struct arena *scratch, const char *key, const struct resource *resource)
{
	struct json *json = NULL;
	enum rc rc = RC_OK;

	if (resource)
		rc = resource_to_json(scratch, resource, false, &json);
	if (rc)
		return rc;
	json_key(w, key);
	json_value(w, json);
	return RC_OK;
}

static void write_identity(struct json_writer *w, const char *address, enum resource_kind kind)
{
	json_key_string(w, "address", address);
	json_key_string(w, "mode", "managed");
	json_key_string(w, "type", resource_type(kind)->name);
	json_key_string(w, "name", name_of(address));
	json_key_string(w, "provider_name", "adit.cnap.tech/cloudflare");
}

static void write_unknown(struct json_writer *w, const struct change *change)
{
	json_key(w, "after_unknown");
	json_begin_object(w);
	if (change->action == ACTION_CREATE && change->kind != RESOURCE_RULE)
		json_key_bool(w, "id", true);
	if (change->kind == RESOURCE_CNAME && change->after && !change->after->u.cname.content)
		json_key_bool(w, "content", true);
	json_end_object(w);
}

static enum rc write_change_body(struct json_writer *w, struct arena *scratch, const struct change *change)
{
	const char *names[2];
	size_t count = action_names(change->action, names);
	enum rc rc;

	json_key(w, "change");
	json_begin_object(w);
	write_texts(w, "actions", names, count);
	rc = write_resource(w, scratch, "before", change->before);
	if (!rc)
		rc = write_resource(w, scratch, "after", change->after);
	write_unknown(w, change);
	if (change->is_adoption) {
		json_key(w, "importing");
		json_begin_object(w);
		json_key_string(w, "id", change->before ? change->before->id : NULL);
		json_end_object(w);
	}
	json_end_object(w);
	return rc;
}

static enum rc write_change(struct json_writer *w, struct arena *scratch, const struct change *change)
{
	const struct resource *any = change->after ? change->after : change->before;
	enum rc rc;

	json_begin_object(w);
	write_identity(w, change->address, change->kind);
	rc = write_change_body(w, scratch, change);
	if (change->reason)
		json_key_string(w, "action_reason", change->reason);
	json_key_string(w, "expected", change->expected);
	if (change->before && change->before->id)
		json_key_string(w, "id", change->before->id);
	if (any && any->tunnel)
		json_key_string(w, "tunnel", any->tunnel);
	if (change->account_id)
		json_key_string(w, "account_id", change->account_id);
	if (change->zone_id)
		json_key_string(w, "zone_id", change->zone_id);
	if (any && any->origin.object) {
		json_key_string(w, "object", any->origin.object);
		write_span(w, &any->origin.span);
	}
	if (change->is_takeover)
		json_key_bool(w, "takeover", true);
	if (change->is_protected)
		json_key_bool(w, "protected", true);
	if (change->is_handover)
		json_key_bool(w, "handover", true);
	if (change->after && change->after->origin.precedence)
		json_key_string(w, "precedence", change->after->origin.precedence);
	if (change->replaced_count)
		write_texts(w, "replaced_ids", change->replaced_ids, change->replaced_count);
	if (change->retired_ms)
		json_key_int(w, "retired_ms", change->retired_ms);
	if (change->prior_comment)
		json_key_string(w, "prior_comment", change->prior_comment);
	json_end_object(w);
	arena_reset(scratch);
	return rc;
}

static enum rc write_changes(struct json_writer *w, struct arena *scratch, const struct plan *plan, bool record_only)
{
	enum rc rc = RC_OK;

	json_key(w, record_only ? "record_changes" : "resource_changes");
	json_begin_array(w);
	for (size_t i = 0; !rc && i < plan->change_count; i++)
		if ((plan->changes[i].action == ACTION_RECORD) == record_only)
			rc = write_change(w, scratch, &plan->changes[i]);
	json_end_array(w);
	return rc;
}

static enum rc write_drift(struct json_writer *w, struct arena *scratch, const struct plan *plan)
{
	enum rc rc = RC_OK;

	json_key(w, "resource_drift");
	json_begin_array(w);
	for (size_t i = 0; !rc && i < plan->drift_count; i++) {
		const struct drift *drift = &plan->drifts[i];
		const char *action = drift->kind == DRIFT_GONE ? "delete" : drift->kind == DRIFT_FOREIGN ? "create" : "update";

		json_begin_object(w);
		write_identity(w, drift->address, drift->resource_kind);
		json_key(w, "change");
		json_begin_object(w);
		write_texts(w, "actions", &action, 1);
		rc = write_resource(w, scratch, "before", drift->recorded);
		if (!rc)
			rc = write_resource(w, scratch, "after", drift->live);
		json_end_object(w);
		json_end_object(w);
		arena_reset(scratch);
	}
	json_end_array(w);
	return rc;
}

static void write_tunnels(struct json_writer *w, const struct plan *plan)
{
	json_key(w, "tunnels");
	json_begin_array(w);
	for (size_t i = 0; i < plan->tunnel_count; i++) {
		const struct tunnel_plan *tunnel = plan->tunnels[i];

		/* Also those that nothing happens to: CNAMEs may come to them, which the connector gate judges. */
		json_begin_object(w);
		json_key_string(w, "address", tunnel->address);
		json_key_string(w, "account", tunnel->account);
		json_key_string(w, "account_id", tunnel->account_id);
		json_key_string(w, "id", tunnel->id);
		json_key_string(w, "name", tunnel->name);
		json_key_string(w, "expected", tunnel->expected);
		json_key_bool(w, "put", tunnel->needs_put);
		write_texts(w, "rule_order", tunnel->order, tunnel->needs_put ? tunnel->order_count : 0);
		json_key(w, "origin_request");
		json_value(w, tunnel->origin_request);
		if (tunnel->is_retired)
			json_key_bool(w, "retired", true);
		if (tunnel->owner)
			json_key_string(w, "owner", tunnel->owner);
		if (tunnel->slice)
			json_key_string(w, "slice", tunnel->slice);
		if (tunnel->served_count)
			write_texts(w, "served", tunnel->served, tunnel->served_count);
		if (tunnel->gateway) {
			json_key(w, "gateway");
			json_value(w, tunnel->gateway);
		}
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_losses(struct json_writer *w, const struct plan *plan)
{
	json_key(w, "losses");
	json_begin_array(w);
	for (size_t i = 0; i < plan->loss_count; i++) {
		const struct loss *loss = &plan->losses[i];

		json_begin_object(w);
		json_key_string(w, "hostname", loss->hostname);
		json_key_string(w, "path", loss->path);
		json_key_string(w, "rule", loss->rule);
		json_key_string(w, "object", loss->object);
		json_key_string(w, "reason", loss->reason);
		json_key_bool(w, "allowed", loss->is_allowed);
		write_span(w, &loss->span);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_refused(struct json_writer *w, const struct plan *plan)
{
	json_key(w, "refused");
	json_begin_array(w);
	for (size_t i = 0; i < plan->refusal_count; i++) {
		const struct refusal *refusal = &plan->refusals[i];

		json_begin_object(w);
		json_key_string(w, "object", refusal->object);
		json_key_string(w, "feature", refusal->feature);
		json_key_string(w, "effect", refusal->effect);
		json_key_string(w, "reason", refusal->reason);
		write_span(w, &refusal->span);
		json_end_object(w);
	}
	json_end_array(w);
	json_key(w, "unattached");
	json_begin_array(w);
	for (size_t i = 0; i < plan->unattached_count; i++) {
		const struct unattached *unattached = &plan->unattached[i];

		json_begin_object(w);
		json_key_string(w, "object", unattached->object);
		json_key_string(w, "parent", unattached->parent);
		json_key_string(w, "reason", unattached->reason);
		json_key_string(w, "message", unattached->message);
		write_span(w, &unattached->span);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_conflicts(struct json_writer *w, const struct plan *plan)
{
	json_key(w, "conflicts");
	json_begin_array(w);
	for (size_t i = 0; i < plan->conflict_count; i++) {
		json_begin_object(w);
		json_key_string(w, "address", plan->conflicts[i].address);
		json_key_string(w, "record", plan->conflicts[i].what);
		json_key_string(w, "record_id", plan->conflicts[i].record_id);
		json_key_string(w, "owner", plan->conflicts[i].owner);
		json_key_string(w, "account", plan->conflicts[i].account);
		json_end_object(w);
	}
	json_end_array(w);
	json_key(w, "orphans");
	json_begin_array(w);
	for (size_t i = 0; i < plan->orphan_count; i++) {
		json_begin_object(w);
		json_key_string(w, "address", plan->orphans[i].address);
		json_key_string(w, "id", plan->orphans[i].live->id);
		json_end_object(w);
	}
	json_end_array(w);
	json_key(w, "guards");
	json_begin_array(w);
	for (size_t i = 0; i < plan->guard_count; i++) {
		json_begin_object(w);
		json_key_string(w, "message", plan->guards[i].message);
		json_key_string(w, "override", plan->guards[i].override);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_retired(struct json_writer *w, struct arena *scratch, const struct plan *plan)
{
	json_key(w, "retired");
	json_begin_array(w);
	for (size_t i = 0; i < plan->retired_count; i++) {
		json_begin_object(w);
		json_key_string(w, "address", plan->retired[i].address);
		json_key_string(w, "until", clock_rfc3339(scratch, plan->retired[i].until_ms));
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_overrides(struct json_writer *w, const struct overrides *overrides)
{
	json_key(w, "overrides");
	json_begin_object(w);
	json_key_int(w, "max_deletes", overrides->max_deletes);
	json_key_int(w, "max_delete_percent", overrides->max_delete_percent);
	json_key_int(w, "max_rule_percent", overrides->max_rule_percent);
	json_key_bool(w, "allow_empty", overrides->allow_empty);
	json_key_bool(w, "allow_live_connectors", overrides->allow_live_connectors);
	json_key_bool(w, "allow_moved_zone", overrides->allow_moved_zone);
	json_key_bool(w, "allow_moved_account", overrides->allow_moved_account);
	write_texts(w, "allow_loss", overrides->allow_loss, overrides->allow_loss_count);
	json_end_object(w);
}

static void write_head(struct json_writer *w, struct arena *scratch, const struct plan *plan)
{
	json_key_string(w, "format_version", "1.2");
	json_key_string(w, "adit_version", ADIT_VERSION);
	json_key_string(w, "timestamp", clock_rfc3339(scratch, plan->timestamp_ms));
	json_key_string(w, "project", plan->project);
	json_key_string(w, "lineage", plan->lineage);
	json_key_int(w, "serial", plan->serial);
	json_key_string(w, "source_digest", plan->source_digest);
	json_key_string(w, "digest", plan->digest);
	json_key_bool(w, "errored", plan->unknown_count > 0);
	json_key_bool(w, "complete", !plan->unknown_count && !plan->held_count && !plan->refusal_count);
	json_key_bool(w, "applyable", plan_is_applyable(plan));
	json_key_bool(w, "destroy", plan->is_destroy);
	json_key_bool(w, "refresh_only", plan->is_refresh_only);
	if (plan->rollback_run)
		json_key_int(w, "rollback_run", plan->rollback_run);
	json_key_bool(w, "keep_going", plan->keep_going);
	if (plan->is_partial)
		json_key_bool(w, "partial", true);
	json_key(w, "summary");
	json_begin_object(w);
	json_key_int(w, "add", (int64_t)plan->add_count);
	json_key_int(w, "change", (int64_t)plan->change_total);
	json_key_int(w, "destroy", (int64_t)plan->destroy_count);
	json_key_int(w, "forget", (int64_t)plan->forget_count);
	json_key_int(w, "import", (int64_t)plan->import_count);
	json_end_object(w);
	json_key(w, "calls");
	json_begin_object(w);
	json_key_int(w, "count", (int64_t)plan->calls);
	json_key_int(w, "seconds", plan->call_seconds);
	json_end_object(w);
}

char *planfile_checksum(struct arena *arena, const struct json *root)
{
	struct json *rest = json_new(arena, JSON_OBJECT);
	struct strbuf text;
	char *checksum = NULL;
	enum rc rc = rest ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < root->u.object.count; i++) {
		const struct json_member *member = &root->u.object.members[i];

		if (!str_eq(member->key, "checksum"))
			rc = json_set(arena, rest, member->key, member->value);
	}
	if (rc)
		return NULL;
	strbuf_init(&text, 0);
	json_write_canonical(&text, rest);
	if (!strbuf_failed(&text))
		checksum = str_sha256_hex(arena, strbuf_text(&text), text.size);
	strbuf_done(&text);
	return checksum;
}

/** Write the document again, with its checksum at the end. */
static enum rc add_checksum(struct arena *scratch, const struct strbuf *bare, struct strbuf *out)
{
	struct json_writer w;
	struct json *root = NULL;
	size_t offset = 0;
	char *checksum;
	enum rc rc = json_parse(scratch, strbuf_text(bare), bare->size, &root, &offset);

	if (rc)
		return rc;
	checksum = planfile_checksum(scratch, root);
	if (!checksum)
		return RC_NOMEM;
	rc = json_set(scratch, root, "checksum", json_new_string(scratch, checksum));
	json_writer_init(&w, out, 2);
	json_value(&w, root);
	strbuf_addc(out, '\n');
	return rc;
}

static enum rc write_bare(const struct plan *plan, struct arena *scratch, struct strbuf *out)
{
	struct json_writer w;
	enum rc rc;

	json_writer_init(&w, out, 2);
	json_begin_object(&w);
	write_head(&w, scratch, plan);
	write_texts(&w, "exposes", plan->exposes.items, plan->exposes.count);
	write_texts(&w, "hides", plan->hides.items, plan->hides.count);
	write_losses(&w, plan);
	rc = write_changes(&w, scratch, plan, false);
	if (!rc)
		rc = write_changes(&w, scratch, plan, true);
	if (!rc)
		rc = write_drift(&w, scratch, plan);
	write_tunnels(&w, plan);
	write_conflicts(&w, plan);
	write_refused(&w, plan);
	write_texts(&w, "unknown", plan->unknown, plan->unknown_count);
	write_texts(&w, "held", plan->held, plan->held_count);
	write_retired(&w, scratch, plan);
	write_overrides(&w, &plan->overrides);
	json_end_object(&w);
	return rc;
}

enum rc planfile_write(const struct plan *plan, struct strbuf *out)
{
	struct arena *scratch = arena_new(LIMIT_ARENA_BYTES);
	struct strbuf bare;
	enum rc rc;

	if (!scratch)
		return RC_NOMEM;
	strbuf_init(&bare, LIMIT_PLAN_BYTES);
	out->max_bytes = LIMIT_PLAN_BYTES;
	rc = write_bare(plan, scratch, &bare);
	if (!rc && !strbuf_failed(&bare))
		rc = add_checksum(scratch, &bare, out);
	if (!rc && (strbuf_failed(&bare) || strbuf_failed(out)))
		rc = bare.size + 1 >= LIMIT_PLAN_BYTES / 2 || out->size + 1 >= LIMIT_PLAN_BYTES / 2 ? RC_LIMIT : RC_NOMEM;
	strbuf_done(&bare);
	arena_free(scratch);
	return rc;
}

char *plan_digest(struct arena *arena, const struct plan *plan)
{
	struct arena *scratch = arena_new(LIMIT_ARENA_BYTES);
	struct strbuf buf;
	char *digest = NULL;
	enum rc rc = scratch ? RC_OK : RC_NOMEM;

	strbuf_init(&buf, 0);
	for (size_t i = 0; !rc && i < plan->change_count; i++) {
		const struct change *change = &plan->changes[i];
		const struct resource *sides[2] = {change->before, change->after};
		const char *names[2];

		if (change->action == ACTION_RECORD)
			continue;
		strbuf_addf(&buf, "%s\n", change->address);
		for (size_t n = action_names(change->action, names); n > 0; n--)
			strbuf_addf(&buf, "%s ", names[n - 1]);
		for (size_t s = 0; !rc && s < 2; s++) {
			struct json *json = NULL;

			if (sides[s])
				rc = resource_to_json(scratch, sides[s], false, &json);
			strbuf_addc(&buf, '\n');
			json_write_canonical(&buf, json);
		}
		strbuf_addc(&buf, '\n');
		if (scratch)
			arena_reset(scratch);
	}
	if (!rc && !strbuf_failed(&buf))
		digest = str_sha256_hex(arena, strbuf_text(&buf), buf.size);
	strbuf_done(&buf);
	arena_free(scratch);
	return digest;
}
