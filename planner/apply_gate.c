/* Connector gate: a hostname that is served moves only to a tunnel whose connectors already run the new rules. */
#include <string.h>

#include "base/str.h"
#include "planner/applying.h"

#define POLL_MS 2000

/** What is known of a tunnel that hostnames leave. */
struct old_target {
	bool serves;
};

struct gate {
	struct map old_targets;  /**< content -> struct old_target * */
	size_t waiting;
};

static bool moves(const struct change *change)
{
	if (change->kind != RESOURCE_CNAME || !change->before || !change->after)
		return false;
	if (change->action == ACTION_REPLACE)
		return true;
	return change->action == ACTION_UPDATE && !str_eq(change->before->u.cname.content, change->after->u.cname.content);
}

static struct apply_tunnel *target_of(struct applying *a, const struct change *change)
{
	return map_get(&a->tunnel_by_address, change->after->tunnel);
}

/** "<uuid>.cfargotunnel.com" -> the uuid; NULL for anything else. */
static const char *tunnel_id_of(struct applying *a, const char *content)
{
	const char *suffix = content ? strstr(content, ".cfargotunnel.com") : NULL;

	if (!suffix || strcmp(suffix, ".cfargotunnel.com") != 0)
		return NULL;
	return arena_memdup(a->run->arena, content, (size_t)(suffix - content));
}

static bool has_live_connector(const struct call *call)
{
	for (size_t i = 0; i < call->connection_count; i++)
		if (call->connections[i].conn_count)
			return true;
	return false;
}

static enum rc old_read(struct applying *a, struct step *step)
{
	struct old_target *old = step->old;

	(void)a;
	/* A deleted tunnel serves nothing. What cannot be seen is taken to serve: deferring harms nobody. */
	if (step->call.rc == RC_NOTFOUND)
		old->serves = false;
	else
		old->serves = step->call.rc || has_live_connector(&step->call);
	return RC_OK;
}

/** What the list of tunnels says of one, as it was read for this run.
 * @return false: it does not say; ask for its connectors */
static bool is_told(const struct live_account *account, const char *id, bool *ret_serves)
{
	static const struct {
		const char *status;
		bool serves;
	} told[] = {{"healthy", true}, {"degraded", true}, {"inactive", false}, {"down", false}};
	const struct live_tunnel_state *state = map_get(&account->tunnel_by_id, id);

	for (size_t i = 0; state && i < sizeof(told) / sizeof(told[0]); i++) {
		if (!str_eq(state->tunnel.status, told[i].status))
			continue;
		*ret_serves = told[i].serves;
		return true;
	}
	return false;
}

static enum rc ask_old(struct applying *a, struct gate *gate, const struct change *change)
{
	const char *content = str_or_empty(change->before->u.cname.content), *id = tunnel_id_of(a, content);
	struct old_target *old = map_get(&gate->old_targets, content);
	struct apply_tunnel *target = target_of(a, change);
	const struct live_account *account;
	struct step *step;
	enum rc rc;

	if (old)
		return RC_OK;
	old = arena_alloc(a->run->arena, sizeof(*old));
	if (!old)
		return RC_NOMEM;
	old->serves = true;
	rc = map_put(&gate->old_targets, content, old, NULL);
	if (rc || !id || change->action == ACTION_REPLACE || !target || !target->provider)
		return rc;
	account = live_account(a->in->live, target->plan->account);
	if (account && is_told(account, id, &old->serves))
		return RC_OK;
	step = apply_step(a, target->provider, CALL_CONNECTIONS_GET, old_read);
	if (!step)
		return RC_NOMEM;
	step->old = old;
	step->call.tunnel_id = id;
	return apply_submit(a, step);
}

/** The version that was read for this run, of a tunnel whose rules were there already. */
static int64_t version_before(const struct applying *a, const struct apply_tunnel *tunnel)
{
	const struct live_account *account = live_account(a->in->live, tunnel->plan->account);
	const struct live_tunnel_state *state = account ? map_get(&account->tunnel_by_id, tunnel->id) : NULL;

	return state && state->has_config && state->visibility == VISIBLE ? state->config.version : -1;
}

static enum rc version_read(struct applying *a, struct step *step)
{
	(void)a;
	if (!step->call.rc)
		step->tunnel->version = step->call.config.version;
	return RC_OK;
}

/** Mark the tunnels that served hostnames move to, and learn the configuration version that they must run. */
static enum rc mark_targets(struct applying *a, struct gate *gate)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < a->plan->change_count; i++) {
		const struct change *change = &a->plan->changes[i];
		struct apply_tunnel *tunnel;
		const struct old_target *old;

		if (!moves(change) || a->states[i] != CHANGE_PENDING)
			continue;
		tunnel = target_of(a, change);
		old = map_get(&gate->old_targets, str_or_empty(change->before->u.cname.content));
		if (!tunnel || tunnel->is_broken || !tunnel->id || !old || !old->serves || tunnel->is_gated)
			continue;
		tunnel->is_gated = true;
		if (tunnel->version < 0)
			tunnel->version = version_before(a, tunnel);
		if (tunnel->version >= 0)
			continue;
		struct step *step = apply_step(a, tunnel->provider, CALL_CONFIG_GET, version_read);
		if (!step)
			return RC_NOMEM;
		step->tunnel = tunnel;
		step->call.tunnel_id = tunnel->id;
		rc = apply_submit(a, step);
	}
	return rc ? rc : apply_drain(a);
}

static enum rc new_read(struct applying *a, struct step *step)
{
	struct apply_tunnel *tunnel = step->tunnel;
	bool ready = !step->call.rc && has_live_connector(&step->call);

	(void)a;
	for (size_t i = 0; ready && i < step->call.connection_count; i++) {
		const struct live_connection *connection = &step->call.connections[i];

		if (connection->conn_count && connection->config_version < tunnel->version)
			ready = false;
	}
	tunnel->is_ready = ready;
	return RC_OK;
}

static enum rc poll_targets(struct applying *a, size_t *ret_waiting)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < a->tunnel_count; i++) {
		struct apply_tunnel *tunnel = &a->tunnels[i];
		struct step *step;

		if (!tunnel->is_gated || tunnel->is_ready)
			continue;
		step = apply_step(a, tunnel->provider, CALL_CONNECTIONS_GET, new_read);
		if (!step)
			return RC_NOMEM;
		step->tunnel = tunnel;
		step->call.tunnel_id = tunnel->id;
		rc = apply_submit(a, step);
	}
	if (!rc)
		rc = apply_drain(a);
	*ret_waiting = 0;
	for (size_t i = 0; i < a->tunnel_count; i++)
		*ret_waiting += a->tunnels[i].is_gated && !a->tunnels[i].is_ready;
	return rc;
}

static void defer(struct applying *a, const struct gate *gate)
{
	for (size_t i = 0; i < a->plan->change_count; i++) {
		const struct change *change = &a->plan->changes[i];
		const struct apply_tunnel *tunnel;
		const struct old_target *old;

		if (!moves(change) || a->states[i] != CHANGE_PENDING)
			continue;
		tunnel = target_of(a, change);
		old = map_get(&gate->old_targets, str_or_empty(change->before->u.cname.content));
		if (!tunnel || !tunnel->is_gated || tunnel->is_ready || !old || !old->serves)
			continue;
		apply_settle(a, i, CHANGE_DEFERRED,
			     arena_printf(a->run->arena,
					  "no connector of %s runs configuration version %lld yet: run what `adit connector %s` "
					  "prints, then apply again",
					  tunnel->plan->address, (long long)tunnel->version, tunnel->plan->address));
	}
}

enum rc apply_gate(struct applying *a)
{
	struct gate gate = {0};
	int64_t until = clock_mono_ms(&a->run->clock) + a->in->options->connector_timeout_ms;
	size_t waiting = 0;
	enum rc rc = RC_OK;

	if (!a->in->options->connector_gate)
		return RC_OK;
	map_init(&gate.old_targets, a->run->arena);
	for (size_t i = 0; !rc && i < a->plan->change_count; i++)
		if (moves(&a->plan->changes[i]) && a->states[i] == CHANGE_PENDING)
			rc = ask_old(a, &gate, &a->plan->changes[i]);
	if (!rc)
		rc = apply_drain(a);
	if (!rc)
		rc = mark_targets(a, &gate);
	while (!rc) {
		rc = poll_targets(a, &waiting);
		if (rc || !waiting || a->is_stopping || clock_mono_ms(&a->run->clock) >= until)
			break;
		apply_event(a, APPLY_WAITING, 0, "waiting for connectors to run the new configuration");
		rc = apply_wait(a, POLL_MS);
	}
	if (!rc)
		defer(a, &gate);
	return rc;
}
