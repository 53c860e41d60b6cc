/* adit status: tunnels, their connectors, and the configuration that each of them runs. */
#include "cli/command.h"

#include <string.h>

#include "base/str.h"
#include "cli/listing.h"
#include "cli/planning.h"
#include "cli/progress.h"

static const struct live_tunnel_state *find(const struct live *live, const struct recorded *recorded, const struct live_account **ret_account)
{
	const struct live_account *account = live_account(live, recorded->resource->u.tunnel.account);

	*ret_account = account;
	return account && recorded->resource->id ? map_get(&account->tunnel_by_id, recorded->resource->id) : NULL;
}

static const char *status_text(const struct live_account *account, const struct live_tunnel_state *state)
{
	if (!account || account->tunnels_visibility == NOT_VISIBLE)
		return "unknown";
	if (!state || state->tunnel.is_deleted)
		return "gone";
	return str_is_empty(state->tunnel.status) ? "unknown" : state->tunnel.status;
}

static void print_connector(struct session *session, struct strbuf *out, const struct live_tunnel_state *state,
			    const struct live_connection *connection)
{
	strbuf_addf(out, "    %s  cloudflared %s  %zu connections", session_printable(session, connection->id),
		    session_printable(session, str_is_empty(connection->version) ? "?" : connection->version),
		    connection->conn_count);
	if (!str_is_empty(connection->colos))
		strbuf_addf(out, " (%s)", session_printable(session, connection->colos));
	if (connection->config_version >= 0)
		strbuf_addf(out, "  configuration %lld", (long long)connection->config_version);
	if (connection->config_version >= 0 && state->config.version > connection->config_version)
		strbuf_addf(out, " (behind: %lld is current)", (long long)state->config.version);
	strbuf_addc(out, '\n');
}

static void print_tunnel(struct session *session, struct strbuf *out, const struct live *live, const struct recorded *recorded)
{
	const struct resource *tunnel = recorded->resource;
	const struct live_account *account;
	const struct live_tunnel_state *state = find(live, recorded, &account);

	strbuf_addf(out, "%s  %s", session_printable(session, tunnel->address), status_text(account, state));
	if (state && state->config.version >= 0)
		strbuf_addf(out, "  configuration %lld", (long long)state->config.version);
	strbuf_addf(out, "\n    name %s, id %s\n", session_printable(session, tunnel->u.tunnel.name),
		    session_printable(session, tunnel->id));
	for (size_t i = 0; state && i < state->connection_count; i++)
		print_connector(session, out, state, &state->connections[i]);
	if (state && state->has_connections && !state->connection_count)
		strbuf_addf(out, "    no connector: adit connector %s\n", session_printable(session, tunnel->address));
}

static void write_connectors(struct json_writer *w, const struct live_tunnel_state *state)
{
	json_key(w, "connectors");
	if (!state || !state->has_connections) {
		json_null(w);
		return;
	}
	json_begin_array(w);
	for (size_t i = 0; i < state->connection_count; i++) {
		const struct live_connection *connection = &state->connections[i];

		json_begin_object(w);
		json_key_string(w, "id", connection->id);
		json_key_string(w, "version", connection->version);
		json_key_string(w, "arch", connection->arch);
		json_key_string(w, "run_at", connection->run_at);
		json_key_int(w, "connections", (int64_t)connection->conn_count);
		json_key_string(w, "colos", connection->colos);
		if (connection->config_version >= 0)
			json_key_int(w, "config_version", connection->config_version);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_tunnel(struct json_writer *w, const struct live *live, const struct recorded *recorded)
{
	const struct live_account *account;
	const struct live_tunnel_state *state = find(live, recorded, &account);

	json_begin_object(w);
	json_key_string(w, "address", recorded->resource->address);
	json_key_string(w, "name", recorded->resource->u.tunnel.name);
	json_key_string(w, "id", recorded->resource->id);
	json_key_string(w, "status", status_text(account, state));
	if (state && state->config.version >= 0)
		json_key_int(w, "config_version", state->config.version);
	write_connectors(w, state);
	json_end_object(w);
}

static enum rc print(struct session *session, const struct recorded_state *recorded, const struct live *live)
{
	struct json_writer w;
	struct strbuf out;
	size_t tunnels = 0;

	strbuf_init(&out, 0);
	json_writer_init(&w, &out, 2);
	if (session_is_json(session)) {
		json_begin_object(&w);
		json_key(&w, "tunnels");
		json_begin_array(&w);
	}
	for (size_t i = 0; i < recorded->count; i++) {
		if (recorded->items[i].resource->kind != RESOURCE_TUNNEL)
			continue;
		tunnels++;
		if (session_is_json(session))
			write_tunnel(&w, live, &recorded->items[i]);
		else
			print_tunnel(session, &out, live, &recorded->items[i]);
	}
	if (session_is_json(session)) {
		json_end_array(&w);
		json_end_object(&w);
		strbuf_addc(&out, '\n');
	} else if (!tunnels) {
		strbuf_adds(&out, "No tunnel is recorded.\n");
	}
	return listing_write(session, &out);
}

enum rc cmd_status(struct session *session)
{
	struct recorded_state recorded = {0};
	struct refresh_scope scope = {.recorded = &recorded, .connections = true, .tunnels_only = true};
	struct live *live = NULL;
	enum rc rc = session_load_project(session);

	if (!rc)
		rc = session_open_store(session, STORE_READ);
	if (!rc)
		rc = session->store->vt->load(session->store, session->run.arena, &recorded);
	if (!rc)
		rc = planning_connect(session);
	if (!rc)
		rc = refresh_live(&session->run, session->providers, session->project.account_count, &scope, &live);
	progress_done(session);
	if (rc)
		return rc;
	if (session->run.diags.error_count)
		session->verdict.error = true;
	return print(session, &recorded, live);
}
