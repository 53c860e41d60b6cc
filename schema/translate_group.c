/* Drafts in groups, for threads. By then each draft is settled, told of and emitted for itself: of the others it reads only what
 * is done. A group is a run of drafts, and a translation of its own: memory, diagnostics and lists, which are joined in the
 * order of the groups. So the result does not depend on how many there are. */
#include <string.h>

#include "base/limits.h"
#include "base/parallel.h"
#include "schema/translate_internal.h"

#define MANY_CANDIDATES 4000u /**< fewer are done before a second thread would be warm */
#define GROUPS_PER_THREAD 4u   /**< so that one of large drafts keeps nobody waiting for long */

struct group {
	struct translation t;     /**< as the whole one, but for what it writes to */
	struct desired desired;
	struct diags diags;
	struct draft **drafts;
	size_t draft_count;
	enum rc rc;
};

struct job {
	struct translation *t;
	struct group *groups;
	size_t group_count, thread_count;
	enum rc (*step)(struct group *);
};

size_t translate_threads(const struct translation *t)
{
	size_t threads = t->in->threads;

	if (!threads)
		return parallel_workers(t->candidate_count, MANY_CANDIDATES);
	return threads < PARALLEL_MAX ? threads : PARALLEL_MAX;
}

static void do_group(void *data, size_t worker, size_t item)
{
	struct job *job = data;
	struct group *group = &job->groups[item];

	(void)worker;
	if (!group->rc)
		group->rc = job->step(group);
}

/** One step of all groups. */
static enum rc run(struct job *job, enum rc (*step)(struct group *))
{
	enum rc rc = RC_OK;

	job->step = step;
	parallel_each(job->group_count, job->thread_count, do_group, job);
	for (size_t i = 0; !rc && i < job->group_count; i++)
		rc = job->groups[i].rc;
	return rc;
}

static enum rc settle(struct group *group)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < group->draft_count; i++)
		rc = translate_settle_places(&group->t, group->drafts[i]);
	return rc;
}

static enum rc tell_and_emit(struct group *group)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < group->draft_count; i++) {
		rc = translate_place_losses(&group->t, group->drafts[i]);
		/* Which loses nothing, nor says anything: so there is no need to wait for the others' losses. */
		if (!rc)
			rc = translate_emit(&group->t, group->drafts[i]);
	}
	/* Nothing that was made of it is in there. */
	arena_free(group->t.scratch);
	group->t.scratch = NULL;
	return rc;
}

static enum rc open_group(struct translation *t, struct group *group)
{
	group->t = *t;
	group->t.is_group = true;
	group->t.arena = arena_new(LIMIT_ARENA_BYTES);
	group->t.scratch = arena_new(LIMIT_ARENA_BYTES);
	group->t.desired = &group->desired;
	group->t.diags = &group->diags;
	group->t.entries = NULL;
	group->t.entry_capacity = 0;
	diags_init(&group->diags, arena_new(LIMIT_ARENA_BYTES));
	return group->t.arena && group->t.scratch && group->diags.arena ? RC_OK : RC_NOMEM;
}

static void close_group(struct group *group)
{
	arena_free(group->t.arena);
	arena_free(group->t.scratch);
	arena_free(group->diags.arena);
}

/** Runs of drafts with about as many places each. */
static enum rc make_groups(struct job *job, struct draft **drafts, size_t count)
{
	size_t wanted = job->thread_count * GROUPS_PER_THREAD, places = 0, done = 0, next = 0;
	enum rc rc = RC_OK;

	if (wanted > count)
		wanted = count;
	job->groups = arena_array(job->t->scratch, wanted, sizeof(*job->groups));
	if (!job->groups)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++)
		places += drafts[i]->place_count;
	while (!rc && next < count) {
		struct group *group = &job->groups[job->group_count++];

		group->drafts = &drafts[next];
		do
			done += drafts[next++]->place_count;
		while (next < count && (job->group_count == wanted || done < places / wanted * job->group_count));
		group->draft_count = (size_t)(&drafts[next] - group->drafts);
		rc = open_group(job->t, group);
	}
	return rc;
}

/** More claims than there may be: told again by one thread, which stops at the same one however many groups there are. */
static enum rc tell_too_many(struct translation *t)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < t->draft_count; i++)
		rc = translate_place_losses(t, t->drafts[i]);
	return rc ? rc : translate_too_many(t);
}

static enum rc join_losses(struct translation *t, struct group *group)
{
	enum rc rc = RC_OK;

	diags_append(t->diags, &group->diags);
	arena_adopt(t->diags->arena, group->diags.arena);
	group->diags.arena = NULL;
	for (size_t i = 0; !rc && i < group->desired.claim_count; i++)
		rc = translate_claim(t, &group->desired.claims[i]);
	for (size_t i = 0; !rc && i < group->t.told_count; i++) {
		const struct told *told = &group->t.told[i];

		rc = translate_refuse(t, told->object, &told->fault, told->effect, told->place);
	}
	return rc;
}

static enum rc join_resources(struct translation *t, const struct group *group)
{
	struct desired *d = t->desired;

	for (size_t i = 0; i < group->desired.tunnel_count; i++) {
		struct desired_tunnel *grown =
			arena_grow(t->arena, d->tunnels, d->tunnel_count, &d->tunnel_capacity, sizeof(*grown));

		if (!grown)
			return RC_NOMEM;
		d->tunnels = grown;
		grown[d->tunnel_count++] = group->desired.tunnels[i];
	}
	for (size_t i = 0; i < group->desired.cname_count; i++) {
		struct desired_cname *grown =
			arena_grow(t->arena, d->cnames, d->cname_count, &d->cname_capacity, sizeof(*grown));

		if (!grown)
			return RC_NOMEM;
		d->cnames = grown;
		grown[d->cname_count++] = group->desired.cnames[i];
	}
	d->rule_count += group->desired.rule_count;
	return RC_OK;
}

/** As one thread has them: what all drafts lost, then what they became, native ones first. */
static enum rc join(struct job *job, size_t native_count)
{
	struct translation *t = job->t;
	size_t claims = t->desired->claim_count;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < job->group_count; i++) {
		arena_adopt(t->arena, job->groups[i].t.arena);
		job->groups[i].t.arena = NULL;
		claims += job->groups[i].desired.claim_count;
	}
	if (claims > LIMIT_RULES)
		return tell_too_many(t);
	for (size_t i = 0; !rc && i < job->group_count; i++)
		rc = join_losses(t, &job->groups[i]);
	for (size_t i = 0; !rc && i < native_count; i++)
		rc = translate_emit(t, t->drafts[i]);
	for (size_t i = 0; !rc && i < job->group_count; i++)
		rc = join_resources(t, &job->groups[i]);
	return rc;
}

enum rc translate_groups(struct translation *t, size_t thread_count)
{
	struct job job = {.t = t, .thread_count = thread_count};
	size_t native_count = 0;
	enum rc rc = RC_OK;

	/* Native Tunnels have few rules, and much to say. They come first. */
	for (; !rc && native_count < t->draft_count && t->drafts[native_count]->native; native_count++)
		rc = translate_settle_places(t, t->drafts[native_count]);
	if (!rc)
		rc = make_groups(&job, t->drafts + native_count, t->draft_count - native_count);
	if (!rc)
		rc = run(&job, settle);
	if (!rc)
		rc = run(&job, tell_and_emit);
	if (!rc)
		rc = join(&job, native_count);
	for (size_t i = 0; i < job.group_count; i++)
		close_group(&job.groups[i]);
	return rc;
}
