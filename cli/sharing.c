/* Shared tunnels: from the state to planning, and other projects' Gateways to translation. */
#include "cli/sharing.h"

#include <string.h>

#include "base/str.h"
#include "cli/command.h"
#include "schema/shared_gateway.h"

static enum rc load_slices(struct session *session, struct shared_tunnel *tunnel)
{
	enum rc rc = session->store->vt->slices(session->store, session->run.arena, tunnel->owner, tunnel->address, &tunnel->slices,
						&tunnel->slice_count);

	return rc ? rc : sharing_hold(&session->sharing, tunnel->slices, tunnel->slice_count);
}

static const struct recorded_gateway *gateway_at(const struct recorded_gateway *list, size_t count, const char *address)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i].address, address))
			return &list[i];
	return NULL;
}

static enum rc add(struct session *session, const struct shared_tunnel *model)
{
	struct shared_tunnel tunnel = *model;
	enum rc rc = load_slices(session, &tunnel);

	return rc ? rc : sharing_add(session->run.arena, &session->sharing, &tunnel);
}

/** Own tunnels that others have rules in. */
static enum rc learn_own(struct session *session, const struct recorded_state *recorded)
{
	struct slice *slices = NULL;
	size_t count = 0;
	enum rc rc = session->store->vt->slices(session->store, session->run.arena, session->project.name, NULL, &slices, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		const struct recorded_gateway *gateway = gateway_at(recorded->gateways, recorded->gateway_count, slices[i].address);
		const struct shared_tunnel tunnel = {.address = slices[i].address, .owner = session->project.name, .is_own = true,
						     .gateway = gateway};

		if (!sharing_find(&session->sharing, tunnel.address))
			rc = add(session, &tunnel);
	}
	return rc;
}

static enum rc not_found(struct session *session, const struct gateway_from *from)
{
	struct diags *diags = &session->run.diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0832", from->span,
				     "project %s has no Gateway %s in the state %s", from->project, from->gateway,
				     session->store->location);

	diag_help(diags, diag, "Apply project %s first, with the same state: that records its Gateways.", from->project);
	return RC_INVALID;
}

static enum rc not_clear(struct session *session, const struct gateway_from *from, const char *a, const char *b)
{
	struct diags *diags = &session->run.diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0833", from->span, "project %s has several Gateways %s: %s and %s",
				     from->project, from->gateway, a + strlen("tunnel/"), b + strlen("tunnel/"));

	diag_help(diags, diag, "Write %s/%s.", from->project, a + strlen("tunnel/"));
	return RC_INVALID;
}

static bool is_meant(const struct gateway_from *from, const struct recorded_gateway *gateway)
{
	const char *key = gateway->address + strlen("tunnel/"), *slash = strchr(key, '/');

	return str_eq(from->gateway, key) || (slash && str_eq(from->gateway, slash + 1));
}

static enum rc find_from(struct session *session, const struct gateway_from *from,
			 const struct recorded_gateway **ret_gateway)
{
	const struct recorded_gateway *found = NULL;
	struct recorded_gateway *list = NULL;
	size_t count = 0;
	enum rc rc = session->store->vt->gateways(session->store, session->run.arena, from->project, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		if (!list[i].document || !is_meant(from, &list[i]))
			continue;
		if (found)
			return not_clear(session, from, found->address, list[i].address);
		found = &list[i];
	}
	if (!rc && (!found || str_eq(from->project, session->project.name)))
		return not_found(session, from);
	*ret_gateway = found;
	return rc;
}

static enum rc named_twice(struct session *session, struct span span, const char *address, const char *owner)
{
	struct diags *diags = &session->run.diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0834", span,
				     "there are two Gateways %s: spec.gateways has one of project %s",
				     address + strlen("tunnel/"), owner);

	diag_help(diags, diag, "Routes could not tell them apart. Rename one, or leave one out.");
	return RC_INVALID;
}

static enum rc learn_named(struct session *session)
{
	const struct project *project = &session->project;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < project->shared_gateway_count; i++) {
		const struct gateway_from *from = &project->shared_gateways[i];
		struct shared_tunnel tunnel = {.owner = from->project};

		rc = find_from(session, from, &tunnel.gateway);
		if (rc)
			return rc;
		tunnel.address = tunnel.gateway->address;
		if (sharing_find(&session->sharing, tunnel.address))
			return named_twice(session, from->span, tunnel.address, from->project);
		rc = add(session, &tunnel);
	}
	return rc;
}

static bool is_used(const struct recorded_state *recorded, const char *address)
{
	for (size_t i = 0; i < recorded->count; i++)
		if (str_eq(recorded->items[i].resource->tunnel, address))
			return true;
	return false;
}

/** Tunnels that this project has rules in, though spec.gateways may not name them any more. */
static enum rc learn_recorded(struct session *session, const struct recorded_state *recorded)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < recorded->gateway_count; i++) {
		const struct recorded_gateway *row = &recorded->gateways[i];
		struct shared_tunnel tunnel = {.address = row->address, .owner = row->owner};
		struct recorded_gateway *list = NULL;
		size_t count = 0;

		if (str_eq(row->owner, session->project.name) || sharing_find(&session->sharing, row->address) ||
		    !is_used(recorded, row->address))
			continue;
		rc = session->store->vt->gateways(session->store, session->run.arena, row->owner, &list, &count);
		tunnel.gateway = gateway_at(list, count, row->address);
		if (!rc)
			rc = add(session, &tunnel);
	}
	return rc;
}

enum rc sharing_learn(struct session *session, const struct recorded_state *recorded)
{
	bool is_destroy = session->options.destroy || session->options.command->id == COMMAND_DESTROY;
	enum rc rc = RC_OK;

	sharing_init(&session->sharing, session->run.arena);
	/* What is not recorded any more must not keep a project from being destroyed. */
	if (!is_destroy)
		rc = learn_named(session);
	if (!rc && recorded)
		rc = learn_own(session, recorded);
	if (!rc && recorded)
		rc = learn_recorded(session, recorded);
	return rc;
}

enum rc sharing_learn_again(struct session *session)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < session->sharing.count; i++)
		rc = load_slices(session, &session->sharing.tunnels[i]);
	return rc;
}

static bool is_named(const struct session *session, const struct shared_tunnel *tunnel)
{
	for (size_t i = 0; i < session->project.shared_gateway_count; i++)
		if (str_eq(session->project.shared_gateways[i].project, tunnel->owner) &&
		    is_meant(&session->project.shared_gateways[i], tunnel->gateway))
			return true;
	return false;
}

static enum rc damaged(struct session *session, const struct shared_tunnel *tunnel)
{
	struct diags *diags = &session->run.diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0835", (struct span){0},
				     "the Gateway of %s of project %s is recorded in a form that this adit does not know",
				     tunnel->address, tunnel->owner);

	diag_help(diags, diag, "Apply project %s again, with this adit.", tunnel->owner);
	return RC_CORRUPT;
}

static enum rc add_gateway(struct session *session, const struct shared_tunnel *tunnel)
{
	struct objects *objects = &session->objects;
	struct arena *arena = session->run.arena;
	struct gateway *gateway = NULL, **grown;
	struct shared_gateway *shared;
	enum rc rc = shared_gateway_read(arena, tunnel->address, tunnel->gateway->document, &gateway);

	if (rc)
		return rc == RC_CORRUPT ? damaged(session, tunnel) : rc;
	for (size_t i = 0; i < objects->gateway_count; i++)
		if (str_eq(objects->gateways[i]->meta.key, gateway->meta.key))
			return named_twice(session, objects->gateways[i]->meta.span, tunnel->address, tunnel->owner);
	shared = (void *)arena_memdup(arena, gateway->shared, sizeof(*shared));
	grown = arena_grow(arena, objects->gateways, objects->gateway_count, &objects->gateway_capacity, sizeof(*grown));
	if (!shared || !grown)
		return RC_NOMEM;
	shared->owner = tunnel->owner;
	shared->account_id = tunnel->gateway->account_id;
	shared->tunnel_id = tunnel->gateway->tunnel_id;
	shared->tunnel_name = tunnel->gateway->tunnel_name;
	gateway->shared = shared;
	objects->gateways = grown;
	grown[objects->gateway_count++] = gateway;
	return RC_OK;
}

enum rc sharing_add_gateways(struct session *session)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < session->sharing.count; i++) {
		const struct shared_tunnel *tunnel = &session->sharing.tunnels[i];

		if (!tunnel->is_own && tunnel->gateway && is_named(session, tunnel))
			rc = add_gateway(session, tunnel);
	}
	return rc;
}

const struct map *sharing_taken(const struct session *session)
{
	return session->sharing.held.count ? &session->sharing.held : NULL;
}

enum rc sharing_check_free(struct session *session, const char *tunnel_address)
{
	struct shared_tunnel tunnel = {.address = tunnel_address, .owner = session->project.name, .is_own = true};
	struct diags *diags = &session->run.diags;
	const char *user;
	struct diag *diag;
	enum rc rc = session->store->vt->slices(session->store, session->run.arena, tunnel.owner, tunnel_address, &tunnel.slices,
						&tunnel.slice_count);

	user = rc ? NULL : sharing_user(&tunnel);
	if (!user)
		return rc;
	diag = diag_add(diags, SEVERITY_ERROR, "A0836", (struct span){0}, "project %s has rules in %s", user, tunnel_address);
	diag_help(diags, diag, "Its state names the tunnel by this address. Take its Routes off the Gateway first.");
	session->verdict.refused = true;
	return RC_CONFLICT;
}

static enum rc complete(struct session *session, const struct shared_tunnel *shared, struct desired_tunnel *tunnel)
{
	struct shared_rule *merged = NULL;
	struct resource **rules;
	size_t count = 0;
	enum rc rc = sharing_merge(session->run.arena, shared->gateway->document, tunnel->rules, tunnel->rule_count, shared->slices,
				   shared->slice_count, &merged, &count);

	if (rc)
		return rc;
	rules = arena_array(session->run.arena, count, sizeof(struct resource *));
	if (!rules)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++) {
		struct resource *copy = (void *)arena_memdup(session->run.arena, merged[i].rule, sizeof(*copy));

		rules[i] = copy;
		if (!copy)
			return RC_NOMEM;
		if (merged[i].project && copy->origin.object)
			copy->origin.object = arena_printf(session->run.arena, "project %s: %s", merged[i].project, copy->origin.object);
	}
	tunnel->rules = rules;
	tunnel->rule_count = count;
	return RC_OK;
}

enum rc sharing_complete(struct session *session)
{
	struct desired *desired = session->desired;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < desired->tunnel_count; i++) {
		const struct shared_tunnel *shared =
			desired->tunnels[i].owner ? sharing_find(&session->sharing, desired->tunnels[i].tunnel->address) : NULL;

		if (shared && shared->gateway)
			rc = complete(session, shared, &desired->tunnels[i]);
	}
	return rc;
}
