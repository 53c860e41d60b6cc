/* What became of the operations of a run that was interrupted. */
#include "planner/recovery.h"

#include <string.h>

#include "base/str.h"
#include "planner/document.h"

static const struct {
	const char *key;
	size_t offset;
} members[] = {
	{"account", offsetof(struct recovery_detail, account)}, {"id", offsetof(struct recovery_detail, id)},
	{"name", offsetof(struct recovery_detail, name)},       {"zone", offsetof(struct recovery_detail, zone_id)},
	{"content", offsetof(struct recovery_detail, content)}, {"comment", offsetof(struct recovery_detail, comment)},
	{"before", offsetof(struct recovery_detail, before)},   {"after", offsetof(struct recovery_detail, after)},
};

static const char *const finding_names[] = {
	[RECOVERY_UNSEEN] = "unseen", [RECOVERY_MADE] = "made", [RECOVERY_NOT_MADE] = "not-made", [RECOVERY_OTHER] = "other",
};

const char *recovery_finding_name(enum recovery_finding finding)
{
	return finding_names[finding];
}

enum rc recovery_detail_write(struct arena *arena, const struct recovery_detail *detail, const char **ret_text)
{
	struct json_writer w;
	struct strbuf out;
	char *text;

	strbuf_init(&out, 0);
	json_writer_init(&w, &out, 0);
	json_begin_object(&w);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *value;

		memcpy(&value, (const char *)detail + members[i].offset, sizeof(value));
		if (value)
			json_key_string(&w, members[i].key, value);
	}
	if (detail->rules) {
		json_key(&w, "rules");
		json_begin_array(&w);
		for (size_t i = 0; i < detail->rule_count; i++)
			json_string(&w, detail->rules[i]);
		json_end_array(&w);
	}
	json_end_object(&w);
	text = strbuf_failed(&out) ? NULL : arena_strdup(arena, strbuf_text(&out));
	strbuf_done(&out);
	if (!text)
		return RC_NOMEM;
	*ret_text = text;
	return RC_OK;
}

static enum rc read_detail(struct arena *arena, const char *text, struct recovery_detail *detail)
{
	struct json *json = NULL;
	enum rc rc = json_parse(arena, str_or_empty(text), strlen(str_or_empty(text)), &json, NULL);

	if (rc)
		return rc == RC_NOMEM ? rc : RC_OK;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *value = json_get_string(json, members[i].key, NULL);

		memcpy((char *)detail + members[i].offset, &value, sizeof(value));
	}
	return RC_OK;
}

enum rc recovery_read(struct arena *arena, const struct intent *intents, size_t count, struct recovery **ret_list)
{
	struct recovery *list = arena_array(arena, count, sizeof(*list));
	enum rc rc = list ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < count; i++) {
		list[i] = (struct recovery){.intent = intents[i].id, .operation = str_or_empty(intents[i].operation),
					    .address = str_or_empty(intents[i].address), .text = "not looked for; it stays open"};
		rc = read_detail(arena, intents[i].detail, &list[i].detail);
	}
	if (!rc)
		*ret_list = list;
	return rc;
}

/* Findings. */

static void find(struct recovery *r, enum recovery_finding finding, const char *text)
{
	r->finding = finding;
	r->text = text;
}

static void find_unseen(struct recovery *r)
{
	find(r, RECOVERY_UNSEEN, "cannot be seen in Cloudflare; it stays open");
}

static void find_other(struct recovery *r)
{
	find(r, RECOVERY_OTHER, "something else is in Cloudflare by now");
}

static void find_made(struct recovery *r, bool is_made)
{
	if (is_made)
		find(r, RECOVERY_MADE, "found in Cloudflare: it was made");
	else
		find(r, RECOVERY_NOT_MADE, "not found in Cloudflare: it was not made");
}

static void find_changed(struct recovery *r, bool is_changed)
{
	if (is_changed)
		find(r, RECOVERY_MADE, "found in Cloudflare: it was done");
	else
		find(r, RECOVERY_NOT_MADE, "as before in Cloudflare: it was not done");
}

static void find_deleted(struct recovery *r, bool is_there)
{
	if (is_there)
		find(r, RECOVERY_NOT_MADE, "still in Cloudflare: it was not done");
	else
		find(r, RECOVERY_MADE, "gone from Cloudflare: it was done");
}

static enum rc judge_document(struct arena *arena, const struct live_tunnel_state *state, struct recovery *r)
{
	const char *found;

	if (!state) {
		find_other(r);
		return RC_OK;
	}
	if (!state->has_config || state->visibility == NOT_VISIBLE) {
		find_unseen(r);
		return RC_OK;
	}
	found = document_fingerprint(arena, state->config.document);
	if (!found)
		return RC_NOMEM;
	if (str_eq(found, str_or_empty(r->detail.after)))
		find_changed(r, true);
	else if (str_eq(found, str_or_empty(r->detail.before)))
		find_changed(r, false);
	else
		find_other(r);
	return RC_OK;
}

static void judge_rename(const struct live_tunnel_state *state, struct recovery *r)
{
	if (state && str_eq(state->tunnel.name, str_or_empty(r->detail.name)))
		find_changed(r, true);
	else if (state && str_eq(state->tunnel.name, str_or_empty(r->detail.before)))
		find_changed(r, false);
	else
		find_other(r);
}

static enum rc judge_tunnel(struct arena *arena, const struct live_account *account, struct recovery *r)
{
	const struct live_tunnel_state *state;

	if (account->tunnels_visibility == NOT_VISIBLE) {
		find_unseen(r);
		return RC_OK;
	}
	if (str_eq(r->operation, "create")) {
		find_made(r, map_get(&account->tunnel_by_name, str_or_empty(r->detail.name)));
		return RC_OK;
	}
	state = map_get(&account->tunnel_by_id, str_or_empty(r->detail.id));
	if (str_eq(r->operation, "put-configuration"))
		return judge_document(arena, state, r);
	if (str_eq(r->operation, "rename"))
		judge_rename(state, r);
	else
		find_deleted(r, state);
	return RC_OK;
}

static bool is_as_asked(const struct live_record *record, const struct recovery_detail *detail)
{
	return record && str_eq(record->type, "CNAME") && str_eq(record->content, str_or_empty(detail->content)) &&
	       str_eq(record->comment, str_or_empty(detail->comment));
}

/** Creation, and taking over records that stood on the name. */
static enum rc judge_new_record(struct arena *arena, const struct live_account *account, struct recovery *r)
{
	const struct live_name *name = NULL;
	enum rc rc = live_name_find(arena, account, r->detail.zone_id, str_or_empty(r->detail.name), &name);

	if (rc)
		return rc;
	if (name && name->count == 1 && is_as_asked(name->records[0], &r->detail))
		find_made(r, true);
	else if (r->detail.id ? map_get(&account->record_by_id, r->detail.id) != NULL : !name || !name->count)
		find_made(r, false);
	else
		find_other(r);
	return RC_OK;
}

static enum rc judge_update(struct arena *arena, const struct live_account *account, const char *zone, struct recovery *r)
{
	const struct live_record *record = map_get(&account->record_by_id, str_or_empty(r->detail.id));
	const struct resource *live;
	const char *found;

	if (!record) {
		find_other(r);
		return RC_OK;
	}
	if (is_as_asked(record, &r->detail)) {
		find_changed(r, true);
		return RC_OK;
	}
	live = live_record_resource(arena, account->account, zone, record);
	found = live ? resource_fingerprint(arena, live) : NULL;
	if (!found)
		return RC_NOMEM;
	if (str_eq(found, str_or_empty(r->detail.before)))
		find_changed(r, false);
	else
		find_other(r);
	return RC_OK;
}

static enum rc judge_record(struct arena *arena, const struct live_account *account, struct recovery *r)
{
	const struct live_zone_records *zone = r->detail.zone_id ? map_get(&account->zone_by_id, r->detail.zone_id) : NULL;

	if (!zone || !zone->is_read || zone->visibility == NOT_VISIBLE) {
		find_unseen(r);
		return RC_OK;
	}
	if (str_eq(r->operation, "update"))
		return judge_update(arena, account, zone->zone.name, r);
	if (!str_eq(r->operation, "delete"))
		return judge_new_record(arena, account, r);
	find_deleted(r, map_get(&account->record_by_id, str_or_empty(r->detail.id)));
	return RC_OK;
}

enum rc recovery_judge(struct arena *arena, const struct live *live, struct recovery *list, size_t count)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < count; i++) {
		struct recovery *r = &list[i];
		const struct live_account *account = r->detail.account ? live_account(live, r->detail.account) : NULL;

		if (!r->detail.account)
			find(r, RECOVERY_OTHER, "the journal does not say what to look for");
		else if (!account)
			find(r, RECOVERY_OTHER, "its account is not part of the project any more");
		else if (str_has_prefix(r->address, "cname/"))
			rc = judge_record(arena, account, r);
		else
			rc = judge_tunnel(arena, account, r);
	}
	return rc;
}
