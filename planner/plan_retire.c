/* Tunnels that are kept, empty, for the time that guard.tunnelGrace says after their Gateway left the input. */
#include "base/str.h"
#include "planner/planning.h"

/** The end of the year 9999: no time that is told lies after it. */
#define LAST_MS INT64_C(253402300799000)

bool plan_is_retired(const struct planning *p, const struct tunnel_context *context)
{
	const struct recorded *recorded = context->recorded;
	int64_t grace = p->in->project->guard.tunnel_grace_ms, now = p->in->options->now_ms;

	if (context->desired || !recorded || !context->live || p->in->options->destroy || grace <= 0 ||
	    plan_shared_is_foreign(context) || sharing_user(context->shared))
		return false;
	if (p->in->options->refresh_only)
		return recorded->retired_ms > 0; /* what the input asks for is no matter then */
	/* A clock that was put back keeps it for longer, never for less. */
	return !recorded->retired_ms || now < recorded->retired_ms || now - recorded->retired_ms < grace;
}

enum rc plan_retire(struct planning *p, struct tunnel_context *context, struct triple *triple)
{
	struct plan *plan = p->plan;
	struct resource *empty = (void *)arena_memdup(p->arena, context->live_tunnel, sizeof(*empty));
	struct retired *grown = arena_grow(p->arena, plan->retired, plan->retired_count, &plan->retired_capacity, sizeof(*grown));
	int64_t grace = p->in->project->guard.tunnel_grace_ms, since = context->recorded->retired_ms;

	if (!empty || !grown)
		return RC_NOMEM;
	triple->retired_ms = since ? since : p->in->options->now_ms;
	empty->origin = context->recorded->resource->origin;
	triple->desired = empty;
	triple->is_protected = context->recorded->is_protected;
	context->plan->is_retired = true;
	plan->retired = grown;
	grown[plan->retired_count++] = (struct retired){
		.address = context->address,
		.until_ms = grace > LAST_MS - triple->retired_ms ? LAST_MS : triple->retired_ms + grace};
	return RC_OK;
}

bool plan_retire_leaves(const struct tunnel_context *context, const struct resource *rule)
{
	return context->is_retired && str_is_empty(rule->u.rule.hostname) && str_is_empty(rule->u.rule.path) &&
	       str_eq(rule->u.rule.service, "http_status:404");
}
