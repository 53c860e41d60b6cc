/* Finding the tunnel that a command line names. */
#include "cli/tunnel_lookup.h"

#include <string.h>

#include "base/str.h"
#include "cli/command.h"
#include "providers/open.h"

static bool is_named(const struct resource *tunnel, const char *name)
{
	return str_eq(tunnel->address, name) || str_eq(tunnel->address + strlen("tunnel/"), name) ||
	       str_eq(tunnel->u.tunnel.name, name) || str_eq(tunnel->id, name);
}

static enum rc not_found(struct session *session, const struct recorded_state *state, const char *name)
{
	struct diags *diags = &session->run.diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0841", (struct span){0}, "no tunnel %s is recorded", name);
	const char **addresses = arena_array(session->run.arena, state->count, sizeof(const char *));
	size_t count = 0;
	const char *near;

	for (size_t i = 0; addresses && i < state->count; i++)
		if (state->items[i].resource->kind == RESOURCE_TUNNEL)
			addresses[count++] = state->items[i].resource->address;
	near = addresses ? str_nearest(name, addresses, count) : NULL;
	if (near)
		diag_help(diags, diag, "Did you mean %s?", near);
	else
		diag_help(diags, diag, "`adit status` lists the tunnels; `adit apply` makes them.");
	return RC_NOTFOUND;
}

enum rc tunnel_lookup(struct session *session, const char *name, enum store_mode mode, struct tunnel_lookup *ret_lookup)
{
	struct recorded_state state = {0};
	enum rc rc = session_load_project(session);

	*ret_lookup = (struct tunnel_lookup){0};
	if (!rc)
		rc = session_open_store(session, mode);
	if (!rc && mode == STORE_WRITE)
		rc = session_lock(session, session->options.command->name);
	if (!rc)
		rc = session->store->vt->load(session->store, session->run.arena, &state);
	for (size_t i = 0; !rc && i < state.count; i++)
		if (state.items[i].resource->kind == RESOURCE_TUNNEL && is_named(state.items[i].resource, name))
			ret_lookup->recorded = &state.items[i];
	if (rc)
		return rc;
	if (!ret_lookup->recorded)
		return not_found(session, &state, name);
	rc = session_provider(session, ret_lookup->recorded->resource->u.tunnel.account, &ret_lookup->provider);
	return rc ? rc : provider_resolve_account(&session->run, ret_lookup->provider);
}

enum rc tunnel_call_failed(struct session *session, const struct tunnel_lookup *lookup, const struct call *call)
{
	struct diags *diags = &session->run.diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0842", (struct span){0}, "%s: %s: %s",
				     lookup->recorded->resource->address, call_kind_text(call->kind),
				     str_is_empty(call->message) ? rc_name(call->rc) : call->message);

	diag->http_status = call->http_status;
	diag->provider_code = call->code;
	if (call->needs)
		diag_help(diags, diag, "The token needs the permission %s.", call->needs);
	else if (call->rc == RC_NOTFOUND)
		diag_help(diags, diag, "The tunnel is gone at Cloudflare: `adit apply` makes it anew.");
	return call->rc;
}

enum rc tunnel_lookup_token(struct session *session, const struct tunnel_lookup *lookup, char **ret_token)
{
	struct call call = {.kind = CALL_TUNNEL_TOKEN, .arena = session->run.arena, .tunnel_id = lookup->recorded->resource->id};

	if (provider_do(lookup->provider, &call))
		return tunnel_call_failed(session, lookup, &call);
	*ret_token = (char *)(uintptr_t)call.text;
	return RC_OK;
}
