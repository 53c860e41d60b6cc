/* Translation as a whole: the order of its steps. */
#include "schema/translate.h"

#include "base/limits.h"
#include "schema/translate_internal.h"

static enum rc each_draft(struct translation *t, enum rc (*step)(struct translation *, struct draft *))
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < t->draft_count; i++)
		rc = step(t, t->drafts[i]);
	return rc;
}

static enum rc write_losses(struct translation *t, struct draft *draft)
{
	return draft->native ? RC_OK : translate_place_losses(t, draft);
}

/** Steps that take a draft each. */
static enum rc run_drafts(struct translation *t)
{
	size_t threads = translate_threads(t);
	enum rc rc;

	if (threads > 1)
		return translate_groups(t, threads);
	rc = each_draft(t, translate_settle_places);
	if (!rc)
		rc = each_draft(t, write_losses);
	return rc ? rc : each_draft(t, translate_emit);
}

/** From here on it counts whose what was. */
static enum rc learn(struct translation *t)
{
	return t->in->learn ? t->in->learn(t->in->context, t->late) : RC_OK;
}

/** Steps that take the whole input, in order. */
static enum rc (*const steps[])(struct translation *) = {
	translate_index, translate_policies, translate_natives, translate_gateways,
	translate_routes, translate_others, learn, translate_settle_hosts,
};

static enum rc run_steps(struct translation *t)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++)
		rc = steps[i](t);
	if (!rc)
		rc = run_drafts(t);
	if (!rc)
		rc = translate_finish(t);
	return !rc && t->has_errors ? RC_INVALID : rc;
}

enum rc translate(struct arena *arena, struct diags *diags, const struct translate_input *input,
		  struct desired **ret_desired)
{
	struct translate_input in = *input;
	struct translation t = {.arena = arena, .diags = diags, .in = &in, .late = &in};
	enum rc rc;

	t.desired = arena_alloc(arena, sizeof(*t.desired));
	t.scratch = arena_new(LIMIT_ARENA_BYTES);
	rc = t.desired && t.scratch ? run_steps(&t) : RC_NOMEM;
	arena_free(t.scratch);
	if (!rc)
		*ret_desired = t.desired;
	return rc;
}
