/* adit show: a saved plan, or what is recorded. */
#include "cli/command.h"

#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"
#include "cli/history.h"
#include "cli/listing.h"
#include "cli/session.h"
#include "planner/planfile.h"
#include "report/field_text.h"
#include "report/plan_text.h"

static enum rc show_plan(struct session *session, const char *path)
{
	struct text *text = NULL;
	struct plan *plan = NULL;
	struct strbuf out;
	enum rc rc = file_read(session->run.arena, &session->run.diags, path, LIMIT_PLAN_BYTES, &text);

	if (!rc)
		rc = planfile_read(session->run.arena, &session->run.diags, text, &plan);
	if (rc)
		return rc;
	if (session_is_json(session)) {
		/* The file as it is: what was saved is what is shown. */
		session_write(session, text->bytes, text->size);
		return RC_OK;
	}
	strbuf_init(&out, 0);
	plan_text(&out, session->run.arena, plan, session_has_color(session, STDOUT_FILENO));
	return listing_write(session, &out);
}

static enum rc show_json(struct session *session, const struct recorded_state *state)
{
	struct json_writer w;
	struct strbuf out;
	enum rc rc = RC_OK;

	strbuf_init(&out, 0);
	json_writer_init(&w, &out, 2);
	json_begin_object(&w);
	json_key_string(&w, "lineage", state->lineage);
	json_key_int(&w, "serial", state->serial);
	json_key(&w, "resources");
	json_begin_array(&w);
	for (size_t i = 0; !rc && i < state->count; i++) {
		const struct resource *resource = state->items[i].resource;
		struct json *values = NULL;

		rc = resource_to_json(session->run.arena, resource, true, &values);
		json_begin_object(&w);
		json_key_string(&w, "address", resource->address);
		json_key_string(&w, "type", resource_type(resource->kind)->name);
		json_key_string(&w, "id", resource->id);
		json_key_string(&w, "object", resource->origin.object);
		json_key(&w, "values");
		json_value(&w, values);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	strbuf_addc(&out, '\n');
	if (rc)
		strbuf_done(&out);
	return rc ? rc : listing_write(session, &out);
}

enum rc cmd_show(struct session *session)
{
	struct recorded_state state = {0};
	struct strbuf out;
	int64_t number;
	enum rc rc;

	if (session->options.arguments.count && str_has_prefix(session->options.arguments.items[0], "run/") &&
	    history_is_run(session->options.arguments.items[0], &number))
		return history_show(session, number);
	if (session->options.arguments.count)
		return show_plan(session, session->options.arguments.items[0]);
	rc = session_load_project(session);
	if (!rc)
		rc = session_open_store(session, STORE_READ);
	if (!rc)
		rc = session->store->vt->load(session->store, session->run.arena, &state);
	if (rc)
		return rc;
	if (session_is_json(session))
		return show_json(session, &state);
	strbuf_init(&out, 0);
	if (!state.count)
		strbuf_adds(&out, "Nothing is recorded.\n");
	for (size_t i = 0; i < state.count; i++) {
		strbuf_addf(&out, "# %s\n", session_printable(session, state.items[i].resource->address));
		field_list(&out, session->run.arena, " ", state.items[i].resource);
	}
	return listing_write(session, &out);
}
