/* CNAMEs of tunnels that projects share: one record serves all projects with rules for its hostname. */
#include "planner/plan_cname.h"

#include "base/str.h"
#include "schema/mark.h"

static bool points_at(struct planning *p, const struct live_record *record, const struct shared_tunnel *tunnel)
{
	const char *id = tunnel->gateway ? tunnel->gateway->tunnel_id : NULL;
	const char *target = id ? arena_printf(p->scratch, "%s.cfargotunnel.com", id) : NULL;
	const char *content = str_lower(p->scratch, record->content);

	return str_eq(record->type, "CNAME") && target && content && str_eq(content, target);
}

/** Another project's CNAME that points at the tunnel; NULL: none. */
static const struct live_record *find_partners(struct planning *p, const struct cname_context *c,
					       const struct shared_tunnel *tunnel)
{
	for (size_t i = 0; c->in_the_way && i < c->in_the_way->count; i++) {
		const struct live_record *record = c->in_the_way->records[i];
		const char *owner = mark_parse(p->scratch, record->comment).project;

		if (owner && !str_eq(owner, p->in->project->name) && points_at(p, record, tunnel))
			return record;
	}
	return NULL;
}

static enum rc note_served(struct planning *p, const struct cname_context *c)
{
	struct tunnel_context *context = map_get(&p->tunnel_by_address, c->wanted->cname->tunnel);
	const char **grown;

	if (!context)
		return RC_OK;
	grown = arena_grow(p->arena, (void *)context->served, context->served_count, &context->served_capacity,
			   sizeof(const char *));
	if (!grown)
		return RC_NOMEM;
	grown[context->served_count++] = c->hostname;
	context->served = grown;
	return RC_OK;
}

enum rc cname_check_served(struct planning *p, struct cname_context *c, bool *ret_done)
{
	const struct shared_tunnel *tunnel = sharing_find(p->in->sharing, c->wanted->cname->tunnel);
	const struct live_record *record = tunnel ? find_partners(p, c, tunnel) : NULL;
	struct change change = {.action = ACTION_FORGET, .kind = RESOURCE_CNAME, .address = c->triple.address,
				.reason = "a project that shares the tunnel has it by now", .expected = ""};
	enum rc rc;

	if (!record || planning_is_adopted(p, c->triple.address))
		return RC_OK;
	if (!sharing_user_of(tunnel, c->hostname)) {
		c->record = record;
		c->is_given_up = true;
		return RC_OK;
	}
	*ret_done = true;
	rc = note_served(p, c);
	if (rc || !c->triple.recorded)
		return rc;
	change.before = c->triple.recorded->resource;
	return planning_add_change(p, &change, NULL);
}

enum rc cname_hand_over(struct planning *p, struct cname_context *c, bool *ret_is_one)
{
	const struct recorded *recorded = c->triple.recorded;
	const char *address = recorded ? recorded->resource->tunnel : NULL;
	const struct shared_tunnel *tunnel = address ? sharing_find(p->in->sharing, address) : NULL;
	const char *user = tunnel ? sharing_user_of(tunnel, c->hostname) : NULL;
	struct resource *after;

	*ret_is_one = user && !c->wanted && c->record && points_at(p, c->record, tunnel);
	if (!*ret_is_one)
		return RC_OK;
	after = (void *)arena_memdup(p->arena, c->triple.live, sizeof(*after));
	if (!after)
		return RC_NOMEM;
	after->tunnel = address;
	after->u.cname.comment = mark_apply(p->arena, user, address, c->record->comment);
	c->triple.desired = after;
	return after->u.cname.comment ? RC_OK : RC_NOMEM;
}
