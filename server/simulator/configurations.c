/* The configuration of a tunnel: one document, one version number. */
#include <string.h>

#include "base/str.h"
#include "server/simulator/handlers.h"
#include "server/simulator/ingress.h"
#include "server/simulator/tunnel.h"

static struct json *configuration_json(struct build *build, const struct tunnel *tunnel, struct json *config,
				       int64_t created_ms)
{
	struct json *json = build_object(build);

	build_string(build, json, "tunnel_id", tunnel->id);
	build_int(build, json, "version", tunnel->config_version);
	build_value(build, json, "config", config);
	build_string(build, json, "source", tunnel->config_src);
	build_time(build, json, "created_at", created_ms);
	build_string(build, json, "account_id", tunnel->account_id);
	return json;
}

/* The API adds this member to later answers, though nobody sent it. */
static void add_warp_routing(struct build *build, struct json *config)
{
	struct json *disabled;

	if (json_get(config, "warp-routing"))
		return;
	disabled = build_object(build);
	build_bool(build, disabled, "enabled", false);
	build_value(build, config, "warp-routing", disabled);
}

/* As configuration_json() has it; the document goes out as it was stored. @param cursor config and config_ms */
static enum rc write_configuration(struct call *call, const struct tunnel *tunnel, struct cursor *cursor)
{
	int64_t created_ms = cursor_int(cursor, 1);
	const char *config = cursor_text(cursor, call->arena, 0);
	const char *created = clock_rfc3339_us(call->arena, created_ms ? created_ms : tunnel->created_ms);
	struct json_writer w;

	json_writer_init(&w, &call->text, 0);
	json_begin_object(&w);
	json_key_string(&w, "tunnel_id", tunnel->id);
	json_key_int(&w, "version", tunnel->config_version);
	json_key(&w, "config");
	if (config)
		json_raw(&w, config, strlen(config));
	else
		json_null(&w);
	json_key_string(&w, "source", tunnel->config_src);
	json_key_string(&w, "created_at", created);
	json_key_string(&w, "account_id", tunnel->account_id);
	json_end_object(&w);
	return created && !strbuf_failed(&call->text) ? RC_OK : RC_NOMEM;
}

enum rc configurations_get(struct call *call)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	struct tunnel tunnel = {0};
	bool row = false;
	enum rc rc = tunnel_load(call, true, &tunnel);

	if (!rc)
		rc = store_query(call->store, "SELECT config, config_ms FROM tunnel WHERE id = ?1",
				 BINDS(bind_text(tunnel.id)), &cursor);
	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (rc || !row)
		return rc ? rc : RC_CORRUPT;
	return write_configuration(call, &tunnel, &cursor);
}

/* As the API stores it: whatever was sent, unknown members too, and originRequest in each rule. */
static struct json *normalised_copy(struct build *build, const struct json *config)
{
	struct json *copy =
		config && config->type == JSON_OBJECT ? json_copy(build->arena, config) : build_object(build);
	const struct json *ingress = json_get(copy, "ingress");

	if (!copy)
		return NULL;
	for (size_t i = 0; ingress && ingress->type == JSON_ARRAY && i < ingress->u.array.count; i++) {
		struct json *rule = ingress->u.array.items[i];
		const struct json *origin = json_get(rule, "originRequest");

		if (rule->type == JSON_OBJECT && (!origin || origin->type == JSON_NULL))
			build_value(build, rule, "originRequest", build_object(build));
	}
	return copy;
}

/* What later answers show. */
static const char *stored_text(struct build *build, const struct json *sent)
{
	struct json *config = normalised_copy(build, sent);

	if (!config)
		return NULL;
	add_warp_routing(build, config);
	return build_text(build, config);
}

enum rc configurations_put(struct call *call)
{
	struct ingress_check check = {.arena = call->arena};
	const struct json *sent;
	struct tunnel tunnel = {0};
	struct json *config;
	const char *text;
	enum rc rc = tunnel_load(call, true, &tunnel);

	if (!rc)
		rc = call_body_object(call);
	if (rc)
		return rc;
	sent = json_get(call->body, "config");
	rc = ingress_validate(&check, sent);
	if (rc == RC_INVALID)
		return call_refuse(call, 400, 1056, "Bad Configuration: Validation failed: %s", check.problem);
	if (rc)
		return rc;
	config = normalised_copy(&call->build, sent);
	text = config ? stored_text(&call->build, sent) : NULL;
	if (!text)
		return RC_NOMEM;
	/* A locally managed tunnel becomes a remotely managed one, without a word. */
	rc = store_run(call->store,
		       "UPDATE tunnel SET config = ?2, config_version = config_version + 1, config_ms = ?3,"
		       " config_src = 'cloudflare' WHERE id = ?1",
		       BINDS(bind_text(tunnel.id), bind_text(text), bind_int(call->now_ms)), NULL);
	if (rc)
		return rc;
	tunnel.config_version++;
	tunnel.config_src = "cloudflare";
	call->result = configuration_json(&call->build, &tunnel, config, call->now_ms);
	return RC_OK;
}
