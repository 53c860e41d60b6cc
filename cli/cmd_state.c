/* adit state: look at what is recorded, and correct it. */
#include "cli/command.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"
#include "cli/listing.h"
#include "cli/sharing.h"
#include "cli/session.h"

#define NOWHERE ((struct span){ 0 })

static enum rc load_state(struct session *session, enum store_mode mode, struct recorded_state *ret_state)
{
	enum rc rc = session_load_project(session);

	if (!rc)
		rc = session_open_store(session, mode);
	if (!rc && mode == STORE_WRITE)
		rc = session_lock(session, session->options.command->name);
	return rc ? rc : session->store->vt->load(session->store, session->run.arena, ret_state);
}

/** Nothing is recorded at @p pattern: say so, with what is near. */
static enum rc not_recorded(struct session *session, const struct recorded_state *state, const char *pattern)
{
	struct diags *diags = &session->run.diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0860", NOWHERE, "nothing is recorded at %s", pattern);
	const char **addresses = arena_array(session->run.arena, state->count, sizeof(*addresses));
	const char *near;

	if (!addresses)
		return RC_NOMEM;
	for (size_t i = 0; i < state->count; i++)
		addresses[i] = state->items[i].resource->address;
	near = str_nearest(pattern, addresses, state->count);
	if (near)
		diag_help(diags, diag, "Did you mean %s?", near);
	else
		diag_help(diags, diag, "adit state list prints every address.");
	return RC_NOTFOUND;
}

static bool is_chosen(const struct string_list *patterns, const char *address)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (str_eq(patterns->items[i], address) || str_glob_match(patterns->items[i], address))
			return true;
	return !patterns->count;
}

/** A listing that is printed while it is read. */
struct state_listing {
	struct session *session;
	struct arena *arena;         /**< of a page */
	struct listed_page page;
	struct strbuf last;          /**< its last address */
	struct strbuf out;
	struct json_writer writer;
};

static void list_item(struct state_listing *l, const struct listed *item)
{
	const char *printable;

	if (!is_chosen(&l->session->options.arguments, item->address))
		return;
	if (!session_is_json(l->session)) {
		printable = str_printable(l->arena, item->address, strlen(item->address), false);
		strbuf_addf(&l->out, "%s\n", str_or_empty(printable));
		return;
	}
	json_begin_object(&l->writer);
	json_key_string(&l->writer, "address", item->address);
	json_key_string(&l->writer, "type", resource_type(item->kind)->name);
	json_key_string(&l->writer, "id", item->id);
	json_key_string(&l->writer, "tunnel", item->tunnel);
	json_end_object(&l->writer);
}

/** Print what is there so far. */
static enum rc flush_listing(struct state_listing *l)
{
	if (strbuf_failed(&l->out) || strbuf_failed(&l->last) || arena_has_failed(l->arena))
		return RC_NOMEM;
	session_write(l->session, l->out.data, l->out.size);
	strbuf_reset(&l->out);
	return RC_OK;
}

static enum rc list_page(struct state_listing *l)
{
	struct store *store = l->session->store;
	enum rc rc;

	arena_reset(l->arena);
	rc = store->vt->list(store, l->arena, strbuf_text(&l->last), &l->page);
	if (rc || !l->page.count)
		return rc;
	for (size_t i = 0; i < l->page.count; i++)
		list_item(l, &l->page.items[i]);
	strbuf_reset(&l->last);
	strbuf_adds(&l->last, l->page.items[l->page.count - 1].address);
	return flush_listing(l);
}

static enum rc list_all(struct state_listing *l)
{
	bool is_json = session_is_json(l->session);
	enum rc rc;

	json_writer_init(&l->writer, &l->out, 2);
	if (is_json)
		json_begin_array(&l->writer);
	do
		rc = run_is_interrupted(&l->session->run) ? RC_CANCELLED : list_page(l);
	while (!rc && l->page.count);
	if (rc || !is_json)
		return rc;
	json_end_array(&l->writer);
	strbuf_addc(&l->out, '\n');
	return flush_listing(l);
}

enum rc cmd_state_list(struct session *session)
{
	struct state_listing l = {.session = session};
	enum rc rc = session_load_project(session);

	if (!rc)
		rc = session_open_store(session, STORE_READ);
	if (rc)
		return rc;
	l.arena = arena_new(LIMIT_ARENA_BYTES);
	strbuf_init(&l.last, 0);
	strbuf_adds(&l.last, "");
	strbuf_init(&l.out, 0);
	rc = l.arena ? list_all(&l) : RC_NOMEM;
	if (!rc && l.page.has_changed)
		session_note(session, "The state changed while it was listed: what was listed is of before, or of after.");
	strbuf_done(&l.out);
	strbuf_done(&l.last);
	arena_free(l.arena);
	return rc;
}

static void write_recorded(struct json_writer *w, const struct recorded *item, const struct json *fields)
{
	json_begin_object(w);
	json_key_string(w, "address", item->resource->address);
	json_key_string(w, "type", resource_type(item->resource->kind)->name);
	json_key_string(w, "id", item->resource->id);
	json_key_string(w, "tunnel", item->resource->tunnel);
	json_key_string(w, "account_id", item->account_id);
	json_key_string(w, "zone_id", item->zone_id);
	json_key_string(w, "object", item->resource->origin.object);
	json_key(w, "values");
	json_value(w, fields);
	json_end_object(w);
}

/** One "name = value" line; values as JSON, as terraform shows them. */
static void add_line(struct session *session, struct strbuf *out, const char *name, const struct json *value)
{
	struct strbuf text;

	if (!value || value->type == JSON_NULL)
		return;
	strbuf_init(&text, 0);
	json_write_canonical(&text, value);
	strbuf_addf(out, "  %-14s = %s\n", name, session_printable(session, strbuf_text(&text)));
	strbuf_done(&text);
}

static void add_text_line(struct session *session, struct strbuf *out, const char *name, const char *value)
{
	if (value)
		add_line(session, out, name, json_new_string(session->run.arena, value));
}

static void write_text(struct session *session, struct strbuf *out, const struct recorded *item,
		       const struct json *fields)
{
	const struct resource *resource = item->resource;

	strbuf_addf(out, "# %s\n", session_printable(session, resource->address));
	for (size_t i = 0; i < fields->u.object.count; i++)
		add_line(session, out, fields->u.object.members[i].key, fields->u.object.members[i].value);
	if (!str_eq(resource->tunnel, resource->address))
		add_text_line(session, out, "tunnel", resource->tunnel);
	add_text_line(session, out, "account_id", item->account_id);
	add_text_line(session, out, "zone_id", item->zone_id);
	add_text_line(session, out, "prior_comment", item->prior_comment);
	add_text_line(session, out, "object", resource->origin.object);
}

enum rc cmd_state_show(struct session *session)
{
	const char *address = session->options.arguments.items[0];
	struct recorded_state state = { 0 };
	const struct recorded *item;
	struct json_writer w;
	struct json *fields;
	struct strbuf out;
	enum rc rc = load_state(session, STORE_READ, &state);

	if (rc)
		return rc;
	item = map_get(&state.by_address, address);
	if (!item)
		return not_recorded(session, &state, address);
	rc = resource_to_json(session->run.arena, item->resource, true, &fields);
	if (rc)
		return rc;
	strbuf_init(&out, 0);
	json_writer_init(&w, &out, 2);
	if (session_is_json(session)) {
		write_recorded(&w, item, fields);
		strbuf_addc(&out, '\n');
	} else {
		write_text(session, &out, item, fields);
	}
	return listing_write(session, &out);
}

/** A rule lives in its tunnel's document: it cannot stay recorded without the tunnel. */
static bool goes_along(const struct recorded_state *state, const struct string_list *patterns,
		       const struct recorded *item)
{
	const char *tunnel = item->resource->tunnel;

	return item->resource->kind == RESOURCE_RULE && map_get(&state->by_address, str_or_empty(tunnel)) &&
	       is_chosen(patterns, tunnel);
}

static enum rc check_patterns(struct session *session, const struct recorded_state *state)
{
	const struct string_list *patterns = &session->options.arguments;

	for (size_t i = 0; i < patterns->count; i++) {
		bool found = false;

		for (size_t j = 0; !found && j < state->count; j++)
			found = str_glob_match(patterns->items[i], state->items[j].resource->address) ||
				str_eq(patterns->items[i], state->items[j].resource->address);
		if (!found)
			return not_recorded(session, state, patterns->items[i]);
	}
	return RC_OK;
}

static enum rc remove_chosen(struct session *session, const struct recorded_state *state)
{
	const struct string_list *patterns = &session->options.arguments;
	const char **removals = arena_array(session->run.arena, state->count, sizeof(*removals));
	const char **gateways = arena_array(session->run.arena, state->count, sizeof(*gateways));
	struct outcome outcome = { .removals = removals, .gateway_removals = gateways, .result = "ok" };
	enum rc rc = removals && gateways ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < state->count; i++) {
		const struct resource *resource = state->items[i].resource;

		if (!is_chosen(patterns, resource->address) && !goes_along(state, patterns, &state->items[i]))
			continue;
		removals[outcome.removal_count++] = resource->address;
		if (resource->kind != RESOURCE_TUNNEL)
			continue;
		rc = sharing_check_free(session, resource->address);
		gateways[outcome.gateway_removal_count++] = resource->address;
	}
	if (!rc)
		rc = session->store->vt->commit(session->store, &outcome);
	for (size_t i = 0; !rc && i < outcome.removal_count; i++)
		session_printf(session, "Removed %s\n", session_printable(session, removals[i]));
	return rc;
}

enum rc cmd_state_rm(struct session *session)
{
	struct recorded_state state = { 0 };
	enum rc rc = load_state(session, STORE_WRITE, &state);

	if (!rc)
		rc = check_patterns(session, &state);
	if (!rc)
		rc = remove_chosen(session, &state);
	session_unlock(session);
	return rc;
}

/** The Gateway that other projects see moves with its tunnel. */
static enum rc move_gateway(struct session *session, const struct recorded_state *state, const char *from, const char *to,
			    struct recorded_gateway *gateway, struct outcome *outcome)
{
	enum rc rc = sharing_check_free(session, from);

	for (size_t i = 0; !rc && i < state->gateway_count; i++)
		if (str_eq(state->gateways[i].address, from)) {
			*gateway = state->gateways[i];
			gateway->address = to;
			outcome->gateways = gateway;
			outcome->gateway_count = 1;
			outcome->gateway_removals = &state->gateways[i].address;
			outcome->gateway_removal_count = 1;
		}
	return rc;
}

static enum rc move_one(struct session *session, const struct recorded_state *state, const char *from,
			const char *to)
{
	struct diags *diags = &session->run.diags;
	struct recorded_gateway gateway;
	struct outcome outcome = { 0 };
	enum rc rc = store_move(session->run.arena, state, from, to, &outcome);

	if (rc == RC_NOTFOUND)
		return not_recorded(session, state, from);
	if (rc == RC_EXISTS)
		diag_add(diags, SEVERITY_ERROR, "A0861", NOWHERE, "%s is recorded already", to);
	if (rc == RC_INVALID) {
		struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0862", NOWHERE, "%s cannot become %s", from, to);

		diag_help(diags, diag, "Both must be addresses of the same kind, such as cname/a.example.com.");
		session->verdict.usage = true;
	}
	if (!rc)
		rc = move_gateway(session, state, from, to, &gateway, &outcome);
	if (!rc) {
		outcome.result = "ok";
		rc = session->store->vt->commit(session->store, &outcome);
	}
	if (!rc)
		session_printf(session, "Moved %s to %s\n", session_printable(session, from),
			       session_printable(session, to));
	return rc;
}

enum rc cmd_state_mv(struct session *session)
{
	const struct string_list *arguments = &session->options.arguments;
	struct recorded_state state = { 0 };
	enum rc rc = load_state(session, STORE_WRITE, &state);

	if (!rc)
		rc = move_one(session, &state, arguments->items[0], arguments->items[1]);
	session_unlock(session);
	return rc;
}

enum rc cmd_state_pull(struct session *session)
{
	struct json_writer w;
	struct json *document;
	struct strbuf out;
	enum rc rc = session_load_project(session);

	if (!rc)
		rc = session_open_store(session, STORE_READ);
	if (!rc)
		rc = session->store->vt->export_document(session->store, session->run.arena, &document);
	if (rc)
		return rc;
	strbuf_init(&out, 0);
	json_writer_init(&w, &out, 2);
	json_value(&w, document);
	strbuf_addc(&out, '\n');
	return listing_write(session, &out);
}

static enum rc read_document(struct session *session, const char *path, struct json **ret_document)
{
	struct run *run = &session->run;
	size_t offset = 0;
	struct text *text;
	enum rc rc;

	if (str_eq(path, "-"))
		rc = file_read_fd(run->arena, &run->diags, STDIN_FILENO, "<stdin>", LIMIT_PLAN_BYTES, &text);
	else
		rc = file_read(run->arena, &run->diags, path, LIMIT_PLAN_BYTES, &text);
	if (rc)
		return rc;
	rc = json_parse(run->arena, text->bytes, text->size, ret_document, &offset);
	if (rc == RC_INVALID || rc == RC_LIMIT)
		diag_add(&run->diags, SEVERITY_ERROR, "A0863", NOWHERE, "%s is no JSON document (byte %zu)",
			 text->name, offset);
	return rc;
}

enum rc cmd_state_push(struct session *session)
{
	struct json *document = NULL;
	enum rc rc = read_document(session, session->options.arguments.items[0], &document);

	if (!rc)
		rc = session_load_project(session);
	if (!rc)
		rc = session_open_store(session, STORE_WRITE);
	if (!rc)
		rc = session_lock(session, "state push");
	if (!rc)
		rc = session->store->vt->import_document(session->store, document, session->options.force);
	session_unlock(session);
	if (!rc)
		session_note(session, "The state is replaced.");
	return rc;
}
