/* Reading plan files. Nothing in one is taken on trust: shapes are checked here, live objects before each call. */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "planner/planfile.h"

struct reading {
	struct arena *arena;
	struct diags *diags;
	const struct text *text;
	struct plan *plan;
};

static enum rc refuse(struct reading *r, const char *what)
{
	struct span span = {.text = r->text, .line = 1, .column = 1};
	struct diag *diag = diag_add(r->diags, SEVERITY_ERROR, "A0620", span, "not a plan file: %s", what);

	diag_help(r->diags, diag, "Write one with `adit plan --out FILE`.");
	return RC_INVALID;
}

static const char *text_of(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value && value->type == JSON_STRING ? value->u.string : NULL;
}

static enum rc read_texts(struct reading *r, const struct json *object, const char *key, const char ***ret_items, size_t *ret_count)
{
	const struct json *array = json_get(object, key);
	size_t count = array && array->type == JSON_ARRAY ? json_count(array) : 0;
	const char **items = arena_array(r->arena, count, sizeof(const char *));

	if (!items)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct json *item = json_item(array, i);

		if (item->type != JSON_STRING)
			return refuse(r, "a list holds something other than strings");
		items[i] = item->u.string;
	}
	*ret_items = items;
	*ret_count = count;
	return RC_OK;
}

static bool read_action(const struct json *change, enum action *ret_action)
{
	const struct json *actions = json_get(change, "actions");

	for (int a = ACTION_CREATE; a <= ACTION_FORGET; a++) {
		const char *names[2];
		size_t count = action_names((enum action)a, names);
		bool same = json_count(actions) == count;

		for (size_t i = 0; same && i < count; i++) {
			const struct json *item = json_item(actions, i);

			same = item->type == JSON_STRING && str_eq(item->u.string, names[i]);
		}
		if (same) {
			*ret_action = (enum action)a;
			return true;
		}
	}
	return false;
}

static enum rc read_side(struct reading *r, const struct json *json, const char *key, const struct change *change,
			 const struct json *item, const struct resource **ret_resource)
{
	const struct json *side = json_get(json, key);
	struct resource *resource = NULL;
	enum rc rc;

	if (!side || side->type == JSON_NULL)
		return RC_OK;
	rc = resource_from_json(r->arena, change->kind, change->address, side, &resource);
	if (rc == RC_CORRUPT)
		return refuse(r, "a change's before or after is malformed");
	if (rc)
		return rc;
	resource->id = text_of(item, "id");
	resource->tunnel = text_of(item, "tunnel");
	resource->origin.object = text_of(item, "object");
	resource->origin.precedence = text_of(item, "precedence");
	*ret_resource = resource;
	return RC_OK;
}

/** Each action has its sides. */
static bool sides_fit(const struct change *change)
{
	switch (change->action) {
	case ACTION_CREATE:
		return change->after != NULL;
	case ACTION_UPDATE:
	case ACTION_RECORD:
	case ACTION_REPLACE:
		return change->before && change->after;
	case ACTION_DELETE:
	case ACTION_FORGET:
		return change->before && !change->after;
	}
	return false;
}

static bool is_address_of(const struct resource_type *type, const char *address)
{
	size_t size = strlen(type->name);

	return !strncmp(address, type->name, size) && address[size] == '/' && address[size + 1];
}

static enum rc read_change(struct reading *r, const struct json *item, struct change *change)
{
	const struct json *body = json_get(item, "change");
	const struct resource_type *type = resource_type_find(json_get_string(item, "type", ""));
	enum rc rc;

	change->address = text_of(item, "address");
	if (!change->address || !type || !read_action(body, &change->action) || !is_address_of(type, change->address))
		return refuse(r, "a change has no address, type or known action");
	change->kind = type->kind;
	change->expected = json_get_string(item, "expected", "");
	change->reason = text_of(item, "action_reason");
	change->account_id = text_of(item, "account_id");
	change->zone_id = text_of(item, "zone_id");
	change->prior_comment = text_of(item, "prior_comment");
	change->is_takeover = json_get_bool(item, "takeover", false);
	change->is_protected = json_get_bool(item, "protected", false);
	change->is_handover = json_get_bool(item, "handover", false);
	change->retired_ms = change->kind == RESOURCE_TUNNEL ? json_get_int(item, "retired_ms", 0) : 0;
	change->is_adoption = json_get(body, "importing") != NULL;
	rc = read_side(r, body, "before", change, item, &change->before);
	if (!rc)
		rc = read_side(r, body, "after", change, item, &change->after);
	if (!rc)
		rc = read_texts(r, item, "replaced_ids", &change->replaced_ids, &change->replaced_count);
	if (!rc && (!sides_fit(change) || (change->kind == RESOURCE_CNAME && !change->zone_id && change->action != ACTION_FORGET) ||
		    (change->kind != RESOURCE_TUNNEL && change->after && !change->after->tunnel)))
		rc = refuse(r, "a change lacks what its action needs");
	return rc;
}

static enum rc read_changes(struct reading *r, const struct json *root)
{
	static const char *const keys[] = {"resource_changes", "record_changes"};
	struct plan *plan = r->plan;
	enum rc rc = RC_OK;

	for (size_t k = 0; !rc && k < 2; k++) {
		const struct json *array = json_get(root, keys[k]);

		if (!array || array->type != JSON_ARRAY)
			return refuse(r, "it has no resource_changes");
		for (size_t i = 0; !rc && i < json_count(array); i++) {
			struct change *grown =
				arena_grow(r->arena, plan->changes, plan->change_count, &plan->change_capacity, sizeof(*grown));

			if (!grown)
				return RC_NOMEM;
			plan->changes = grown;
			memset(&grown[plan->change_count], 0, sizeof(*grown));
			rc = read_change(r, json_item(array, i), &grown[plan->change_count]);
			plan->change_count++;
		}
	}
	return rc;
}

static enum rc read_tunnels(struct reading *r, const struct json *root)
{
	const struct json *array = json_get(root, "tunnels");
	struct plan *plan = r->plan;
	size_t count = array && array->type == JSON_ARRAY ? json_count(array) : 0;
	enum rc rc = RC_OK;

	plan->tunnels = arena_array(r->arena, count, sizeof(struct tunnel_plan *));
	if (!plan->tunnels)
		return RC_NOMEM;
	for (size_t i = 0; !rc && i < count; i++) {
		const struct json *item = json_item(array, i);
		struct tunnel_plan *tunnel = arena_alloc(r->arena, sizeof(*tunnel));
		const struct json *origin_request = json_get(item, "origin_request"), *gateway = json_get(item, "gateway");

		if (!tunnel)
			return RC_NOMEM;
		tunnel->address = text_of(item, "address");
		tunnel->account = text_of(item, "account");
		tunnel->account_id = text_of(item, "account_id");
		tunnel->id = text_of(item, "id");
		tunnel->name = text_of(item, "name");
		tunnel->expected = text_of(item, "expected");
		tunnel->needs_put = json_get_bool(item, "put", false);
		if (origin_request && origin_request->type == JSON_OBJECT)
			tunnel->origin_request = origin_request;
		tunnel->is_retired = json_get_bool(item, "retired", false);
		tunnel->owner = text_of(item, "owner");
		tunnel->slice = text_of(item, "slice");
		if (gateway && gateway->type == JSON_OBJECT)
			tunnel->gateway = gateway;
		if (!tunnel->address || !tunnel->account || !tunnel->name)
			return refuse(r, "a tunnel lacks its address, account or name");
		rc = read_texts(r, item, "rule_order", &tunnel->order, &tunnel->order_count);
		if (!rc)
			rc = read_texts(r, item, "served", &tunnel->served, &tunnel->served_count);
		plan->tunnels[plan->tunnel_count++] = tunnel;
	}
	return rc;
}

static enum rc read_overrides(struct reading *r, const struct json *root)
{
	const struct json *object = json_get(root, "overrides");
	struct overrides *overrides = &r->plan->overrides;

	overrides->max_deletes = json_get_int(object, "max_deletes", -1);
	overrides->max_delete_percent = json_get_int(object, "max_delete_percent", -1);
	overrides->max_rule_percent = json_get_int(object, "max_rule_percent", -1);
	overrides->allow_empty = json_get_bool(object, "allow_empty", false);
	overrides->allow_live_connectors = json_get_bool(object, "allow_live_connectors", false);
	overrides->allow_moved_zone = json_get_bool(object, "allow_moved_zone", false);
	overrides->allow_moved_account = json_get_bool(object, "allow_moved_account", false);
	return read_texts(r, object, "allow_loss", &overrides->allow_loss, &overrides->allow_loss_count);
}

static enum rc read_retired(struct reading *r, const struct json *root)
{
	const struct json *array = json_get(root, "retired");
	size_t count = array && array->type == JSON_ARRAY ? json_count(array) : 0;
	struct plan *plan = r->plan;

	plan->retired = arena_array(r->arena, count, sizeof(*plan->retired));
	if (!plan->retired)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct json *item = json_item(array, i);

		plan->retired[i].address = json_get_string(item, "address", "");
		if (clock_parse_rfc3339(json_get_string(item, "until", ""), &plan->retired[i].until_ms))
			return refuse(r, "the end of a retired tunnel is no time");
	}
	plan->retired_count = plan->retired_capacity = count;
	return RC_OK;
}

/** Guards, conflicts and unknowns of the saved plan: one that was refused stays refused. */
static enum rc read_verdict(struct reading *r, const struct json *root)
{
	const struct json *guards = json_get(root, "guards"), *conflicts = json_get(root, "conflicts");
	struct plan *plan = r->plan;
	enum rc rc;

	plan->guards = arena_array(r->arena, json_count(guards), sizeof(*plan->guards));
	if (!plan->guards)
		return RC_NOMEM;
	for (size_t i = 0; i < json_count(guards); i++) {
		const struct json *item = json_item(guards, i);

		plan->guards[plan->guard_count].message = json_get_string(item, "message", "");
		plan->guards[plan->guard_count++].override = text_of(item, "override");
	}
	plan->conflicts = arena_array(r->arena, json_count(conflicts), sizeof(*plan->conflicts));
	if (!plan->conflicts)
		return RC_NOMEM;
	for (size_t i = 0; i < json_count(conflicts); i++) {
		const struct json *item = json_item(conflicts, i);

		plan->conflicts[plan->conflict_count++] =
			(struct conflict){.address = json_get_string(item, "address", ""), .what = json_get_string(item, "record", ""),
					  .record_id = json_get_string(item, "record_id", ""), .owner = text_of(item, "owner"),
					  .account = json_get_string(item, "account", "")};
	}
	plan->guard_capacity = plan->guard_count;
	plan->conflict_capacity = plan->conflict_count;
	plan->keep_going = json_get_bool(root, "keep_going", false);
	rc = read_texts(r, root, "unknown", &plan->unknown, &plan->unknown_count);
	if (!rc)
		rc = read_texts(r, root, "held", &plan->held, &plan->held_count);
	plan->unknown_capacity = plan->unknown_count;
	plan->held_capacity = plan->held_count;
	return rc;
}

static enum rc read_head(struct reading *r, const struct json *root)
{
	struct plan *plan = r->plan;
	const char *version = text_of(root, "format_version");

	if (!version)
		return refuse(r, "it has no format_version");
	if (!str_eq(version, "1.2")) {
		struct span span = {.text = r->text, .line = 1, .column = 1};
		struct diag *diag = diag_add(r->diags, SEVERITY_ERROR, "A0622", span,
					     "plan format %s is not known to this version of adit", version);

		diag_help(r->diags, diag, "Plan and apply with the same version of adit.");
		return RC_UNSUPPORTED;
	}
	plan->project = text_of(root, "project");
	plan->lineage = json_get_string(root, "lineage", "");
	plan->serial = json_get_int(root, "serial", 0);
	plan->source_digest = json_get_string(root, "source_digest", "");
	plan->digest = json_get_string(root, "digest", "");
	plan->is_destroy = json_get_bool(root, "destroy", false);
	plan->is_refresh_only = json_get_bool(root, "refresh_only", false);
	plan->is_partial = json_get_bool(root, "partial", false);
	plan->rollback_run = json_get_int(root, "rollback_run", 0);
	if (plan->rollback_run < 0)
		return refuse(r, "its rollback_run is no run's number");
	return plan->project ? RC_OK : refuse(r, "it names no project");
}

static enum rc check_digest(struct reading *r, const struct json *root)
{
	char *digest = plan_digest(r->arena, r->plan), *checksum = planfile_checksum(r->arena, root);
	struct span span = {.text = r->text, .line = 1, .column = 1};
	bool digest_fits = str_eq(digest, r->plan->digest);

	if (!digest || !checksum)
		return RC_NOMEM;
	if (digest_fits && str_eq(checksum, json_get_string(root, "checksum", NULL)))
		return RC_OK;
	struct diag *diag = diag_add(r->diags, SEVERITY_ERROR, "A0621", span, "the plan file was changed: its %s",
				     digest_fits ? "checksum is not that of its content" : "digest is not that of its changes");
	diag_help(r->diags, diag, "Plan again.");
	return RC_INVALID;
}

enum rc planfile_read(struct arena *arena, struct diags *diags, const struct text *text, struct plan **ret_plan)
{
	struct reading r = {.arena = arena, .diags = diags, .text = text};
	struct json *root = NULL;
	size_t offset = 0;
	enum rc rc = json_parse(arena, text->bytes, text->size, &root, &offset);

	if (rc == RC_NOMEM)
		return rc;
	if (rc || root->type != JSON_OBJECT)
		return refuse(&r, rc ? "it is no JSON" : "it is no JSON object");
	r.plan = arena_alloc(arena, sizeof(*r.plan));
	if (!r.plan)
		return RC_NOMEM;
	rc = read_head(&r, root);
	if (!rc)
		rc = read_changes(&r, root);
	if (!rc)
		rc = read_tunnels(&r, root);
	if (!rc)
		rc = read_overrides(&r, root);
	if (!rc)
		rc = read_verdict(&r, root);
	if (!rc)
		rc = read_retired(&r, root);
	if (rc)
		return rc;
	plan_finish(r.plan);
	rc = check_digest(&r, root);
	if (!rc)
		*ret_plan = r.plan;
	return rc;
}
