/* Configuration documents: read, check, build, PUT, check the answer. */
#include <string.h>

#include "base/str.h"
#include "planner/applying.h"
#include "planner/covering.h"
#include "planner/document.h"

/** How often a document is sent whose answers are lost. */
#define MOST_PUTS 3

static void settle_rules(struct applying *a, const struct apply_tunnel *tunnel, enum change_state state, const char *why)
{
	for (size_t i = tunnel->first_rule; i < tunnel->end_rule; i++) {
		const struct change *change = &a->plan->changes[i];
		const struct resource *any = change->after ? change->after : change->before;

		if (!str_eq(any->tunnel, tunnel->plan->address))
			continue;
		/* Kept rules are settled by the second PUT. */
		if (state == CHANGE_DONE && change->action == ACTION_DELETE &&
		    map_get(&tunnel->keep, change->before->u.rule.hostname))
			continue;
		apply_settle(a, i, state, why);
	}
	if (tunnel->change && !tunnel->plan->is_deleted)
		apply_settle(a, (size_t)(tunnel->change - a->plan->changes), state, why);
}

void apply_break_document(struct applying *a, struct apply_tunnel *tunnel, enum change_state state, const char *why)
{
	tunnel->is_broken = true;
	tunnel->why_broken = why;
	settle_rules(a, tunnel, state, why);
	if (tunnel->change)
		apply_settle(a, (size_t)(tunnel->change - a->plan->changes), state, why);
}

/** Of a shared tunnel's rules only this project's are recorded with it. */
static enum rc keep_own(struct applying *a, const struct apply_tunnel *tunnel, struct resource **rules, size_t *count)
{
	struct map own;
	size_t kept = 0;
	enum rc rc = RC_OK;

	map_init(&own, a->run->arena);
	for (size_t i = 0; !rc && i < tunnel->plan->order_count; i++)
		rc = map_put(&own, tunnel->plan->order[i], a, NULL);
	for (size_t i = 0; i < *count; i++)
		if (map_get(&own, rules[i]->address))
			rules[kept++] = rules[i];
	*count = kept;
	return rc;
}

/** The tunnel's own row once its document is as planned: order and originRequest are recorded with it. */
static enum rc tunnel_row(struct applying *a, const struct apply_tunnel *tunnel, const struct json *document, struct recorded *ret_row,
			  bool *ret_has)
{
	const struct recorded *before = map_get(&a->in->recorded->by_address, tunnel->plan->address);
	struct resource **rules = NULL;
	struct resource *copy;
	struct json *order = NULL;
	size_t count = 0;
	enum rc rc;

	*ret_has = false;
	if (tunnel->change && tunnel->change->after)
		*ret_row = apply_recorded(a, tunnel->change, tunnel->change->after, tunnel->id);
	else if (before)
		*ret_row = *before;
	else
		return RC_OK;
	if (!ret_row->resource)
		return RC_NOMEM;
	copy = (void *)arena_memdup(a->run->arena, ret_row->resource, sizeof(*copy));
	rc = document_rules(a->run->arena, tunnel->plan->address, document, &rules, &count);
	if (!rc && apply_share_user(tunnel))
		rc = keep_own(a, tunnel, rules, &count);
	if (!rc)
		rc = document_order(a->run->arena, rules, count, &order);
	if (rc || !copy)
		return rc ? rc : RC_NOMEM;
	copy->u.tunnel.rule_order = order;
	copy->u.tunnel.origin_request = resource_origin_request_normal(a->run->arena, json_get(document, "originRequest"));
	ret_row->resource = copy;
	*ret_has = true;
	return RC_OK;
}

/** State rows for everything that this PUT made so. */
static enum rc record_document(struct applying *a, struct step *step)
{
	struct apply_tunnel *tunnel = step->tunnel;
	size_t most = tunnel->end_rule - tunnel->first_rule + 1;
	struct recorded *upserts = arena_array(a->run->arena, most, sizeof(*upserts));
	const char **removals = arena_array(a->run->arena, most, sizeof(const char *));
	struct outcome outcome = {.upserts = upserts, .removals = removals};
	bool has_row = false;
	enum rc rc;

	if (!upserts || !removals)
		return RC_NOMEM;
	rc = tunnel_row(a, tunnel, step->document, &upserts[0], &has_row);
	outcome.upsert_count = has_row;
	for (size_t i = tunnel->first_rule; !rc && i < tunnel->end_rule; i++) {
		const struct change *change = &a->plan->changes[i];
		const struct resource *any = change->after ? change->after : change->before;

		if (!str_eq(any->tunnel, tunnel->plan->address) || a->states[i] != CHANGE_PENDING)
			continue;
		if (change->action == ACTION_DELETE) {
			if (!map_get(&tunnel->keep, change->before->u.rule.hostname))
				removals[outcome.removal_count++] = change->address;
			continue;
		}
		upserts[outcome.upsert_count] = apply_recorded(a, change, change->after, NULL);
		if (!upserts[outcome.upsert_count++].resource)
			return RC_NOMEM;
	}
	if (!rc)
		rc = apply_share_rows(a, tunnel, &outcome);
	return rc ? rc : apply_commit(a, step->intent, &outcome, "ok");
}

static enum rc document_done(struct applying *a, struct step *step, int64_t version)
{
	struct apply_tunnel *tunnel = step->tunnel;
	enum rc rc = record_document(a, step);

	if (rc)
		return rc;
	tunnel->expected = document_fingerprint(a->run->arena, step->document);
	if (!tunnel->expected)
		return RC_NOMEM;
	rc = apply_share_expect(a, tunnel, step->document);
	if (rc)
		return rc;
	tunnel->version = version;
	tunnel->is_put_done = true;
	settle_rules(a, tunnel, CHANGE_DONE, NULL);
	return RC_OK;
}

static enum rc fail_document(struct applying *a, struct step *step, const char *why)
{
	struct outcome outcome = {0};

	apply_break_document(a, step->tunnel, CHANGE_FAILED, why);
	return apply_commit(a, step->intent, &outcome, why);
}

/** The answer to a PUT, or what a read after a lost answer found. */
static enum rc judge_answer(struct applying *a, struct step *step)
{
	const struct live_config *config = &step->call.config;
	char *sent = document_fingerprint(a->run->arena, step->document);
	char *got = document_fingerprint(a->run->arena, config->document);

	if (!sent || !got)
		return RC_NOMEM;
	if (!str_eq(sent, got))
		return fail_document(a, step, "the configuration that Cloudflare answered is not the one that was sent: "
					      "somebody else wrote it at the same time; plan again");
	if (step->version >= 0 && config->version >= 0 && config->version != step->version + 1)
		return fail_document(a, step, step->attempt ? "the answer to a write was lost, and the version is not that of one write: "
							      "what somebody else wrote may be lost; plan again"
							    : "another configuration was written between reading and writing, and "
							      "is lost; plan again");
	return document_done(a, step, config->version);
}

static enum rc put_done(struct applying *a, struct step *step);

/** Nothing was written: the version is the one that was read. Without versions the document tells. */
static bool is_as_before(struct applying *a, const struct step *step)
{
	const struct live_config *config = &step->call.config;
	const char *found = document_fingerprint(a->run->arena, config->document);

	return found && str_eq(found, step->before) && config->version == step->version;
}

/** The same PUT once more. */
static enum rc put_again(struct applying *a, const struct step *lost)
{
	struct step *step = apply_step(a, lost->provider, CALL_CONFIG_PUT, put_done);

	if (!step)
		return RC_NOMEM;
	step->tunnel = lost->tunnel;
	step->document = lost->document;
	step->before = lost->before;
	step->intent = lost->intent;
	step->version = lost->version;
	step->attempt = lost->attempt + 1;
	step->call.tunnel_id = lost->tunnel->id;
	step->call.body = lost->document;
	return apply_submit(a, step);
}

/** A lost answer: read what came of it. */
static enum rc reread(struct applying *a, struct step *step)
{
	if (step->call.rc)
		return fail_document(a, step, apply_explain(a, &step->call));
	if (!is_as_before(a, step))
		return judge_answer(a, step);
	if (a->is_stopping || step->attempt + 1 >= MOST_PUTS)
		return fail_document(a, step, "the request to write the configuration was lost; run apply again");
	return put_again(a, step);
}

static enum rc put_done(struct applying *a, struct step *step)
{
	struct step *again;

	if (!step->call.rc)
		return judge_answer(a, step);
	if (step->call.rc != RC_UNKNOWN_OUTCOME)
		return fail_document(a, step, apply_explain(a, &step->call));
	again = apply_step(a, step->provider, CALL_CONFIG_GET, reread);
	if (!again)
		return RC_NOMEM;
	again->tunnel = step->tunnel;
	again->document = step->document;
	again->before = step->before;
	again->intent = step->intent;
	again->version = step->version;
	again->attempt = step->attempt;
	again->call.tunnel_id = step->tunnel->id;
	return apply_submit(a, again);
}

static bool documents_equal(struct arena *arena, const struct json *a, const struct json *b)
{
	char *fa = document_fingerprint(arena, a), *fb = document_fingerprint(arena, b);

	return fa && str_eq(fa, fb);
}

static enum rc begin_put(struct applying *a, struct step *step, bool is_shared)
{
	const struct apply_tunnel *tunnel = step->tunnel;
	struct recovery_detail detail = {.account = tunnel->plan->account, .id = tunnel->id, .before = step->before,
					 .after = document_fingerprint(a->run->arena, step->document)};
	enum rc rc = detail.after ? RC_OK : RC_NOMEM;

	if (!rc && is_shared)
		rc = apply_share_detail(a, tunnel, &detail);
	return rc ? rc : apply_begin(a, "put-configuration", tunnel->plan->address, &detail, &step->intent);
}

static enum rc put(struct applying *a, struct apply_tunnel *tunnel, const struct live_config *live)
{
	struct step *step = apply_step(a, tunnel->provider, CALL_CONFIG_PUT, put_done);
	struct document_merge merge = {0};
	struct json *document = NULL;
	bool is_shared = false;
	enum rc rc;

	if (!step)
		return RC_NOMEM;
	rc = apply_share_merge(a, tunnel, &merge, &is_shared);
	if (!rc)
		rc = document_build(a->run->arena, a->plan, tunnel->plan, live->document, &tunnel->keep,
				    is_shared ? &merge : NULL, &document);
	if (rc)
		return rc;
	step->tunnel = tunnel;
	step->document = document;
	step->before = document_fingerprint(a->run->arena, live->document);
	step->version = live->version;
	if (!step->before)
		return RC_NOMEM;
	if (json_count(json_get(live->document, "ingress")) && documents_equal(a->run->arena, live->document, document))
		return document_done(a, step, live->version);
	rc = is_shared ? apply_share_tell(a, tunnel, &merge, live->document) : RC_OK;
	if (!rc)
		rc = begin_put(a, step, is_shared);
	if (rc)
		return rc;
	step->call.tunnel_id = tunnel->id;
	step->call.body = document;
	return apply_submit(a, step);
}

enum rc apply_check_document(struct applying *a, const struct apply_tunnel *tunnel, const struct json *document,
			     bool *ret_is_same)
{
	enum rc rc = apply_share_check(a, tunnel, document, ret_is_same);
	char *found;

	if (rc != RC_NOTFOUND)
		return rc;
	found = document_fingerprint(a->run->arena, document);
	*ret_is_same = found && (!tunnel->expected || str_eq(found, tunnel->expected));
	return found ? RC_OK : RC_NOMEM;
}

/** Just read: is the document still the one that the plan saw? */
static enum rc config_read(struct applying *a, struct step *step)
{
	struct apply_tunnel *tunnel = step->tunnel;
	bool is_same = false;
	enum rc rc;

	if (step->call.rc) {
		bool is_gone = step->call.rc == RC_NOTFOUND;

		apply_break_document(a, tunnel, is_gone ? CHANGE_STALE : CHANGE_FAILED,
			       is_gone ? "the tunnel is gone since the plan; plan again" : apply_explain(a, &step->call));
		return RC_OK;
	}
	rc = apply_check_document(a, tunnel, step->call.config.document, &is_same);
	if (rc)
		return rc;
	if (!is_same) {
		apply_break_document(a, tunnel, CHANGE_STALE, "the tunnel's configuration changed since the plan; plan again");
		return RC_OK;
	}
	return a->is_stopping ? RC_OK : put(a, tunnel, &step->call.config);
}

static enum rc read_config(struct applying *a, struct apply_tunnel *tunnel)
{
	struct step *step = apply_step(a, tunnel->provider, CALL_CONFIG_GET, config_read);

	if (!step)
		return RC_NOMEM;
	step->tunnel = tunnel;
	step->call.tunnel_id = tunnel->id;
	return apply_submit(a, step);
}

/** True when requests for the hostname still come by a record that leaves: its own, or a wildcard where it has none. */
static bool is_leaving(const struct applying *a, const struct map *leaving, const char *hostname)
{
	const char *own;

	if (map_get(leaving, hostname))
		return true;
	if (!covering_has_wildcard(leaving, hostname))
		return false;
	own = resource_cname_address(a->run->arena, hostname);
	return !own || !map_get(&a->in->recorded->by_address, own);
}

/** Which rules must outlive the DNS changes: those of hostnames whose CNAME leaves this tunnel and has not left yet. */
static enum rc find_kept(struct applying *a, struct apply_tunnel *tunnel, const struct map *leaving)
{
	enum rc rc = RC_OK;

	map_init(&tunnel->keep, a->run->arena);
	tunnel->has_kept = false;
	for (size_t i = tunnel->first_rule; !rc && i < tunnel->end_rule; i++) {
		const struct change *change = &a->plan->changes[i];

		if (change->action != ACTION_DELETE || !str_eq(change->before->tunnel, tunnel->plan->address) ||
		    !is_leaving(a, leaving, change->before->u.rule.hostname))
			continue;
		rc = map_put(&tunnel->keep, change->before->u.rule.hostname, tunnel, NULL);
		tunnel->has_kept = true;
	}
	return rc;
}

enum rc apply_find_leaving(struct applying *a, struct map *ret_by_target)
{
	enum rc rc = RC_OK;

	map_init(ret_by_target, a->run->arena);
	for (size_t t = 0; !rc && t < a->tunnel_count; t++) {
		struct map *hosts = arena_alloc(a->run->arena, sizeof(*hosts));

		if (!hosts)
			return RC_NOMEM;
		map_init(hosts, a->run->arena);
		if (a->tunnels[t].id) {
			const char *target = arena_printf(a->run->arena, "%s.cfargotunnel.com", a->tunnels[t].id);

			rc = target ? map_put(ret_by_target, target, hosts, NULL) : RC_NOMEM;
		}
	}
	for (size_t i = 0; !rc && i < a->plan->change_count; i++) {
		const struct change *change = &a->plan->changes[i];
		struct map *hosts;

		if (change->kind != RESOURCE_CNAME || !change->before || a->states[i] == CHANGE_DONE ||
		    change->action == ACTION_RECORD || change->action == ACTION_FORGET)
			continue;
		hosts = map_get(ret_by_target, str_or_empty(change->before->u.cname.content));
		if (hosts && (!change->after || !str_eq(change->after->u.cname.content, change->before->u.cname.content)))
			rc = map_put(hosts, change->before->u.cname.name, hosts, NULL);
	}
	return rc;
}

static enum rc keep_for(struct applying *a, struct apply_tunnel *tunnel, const struct map *by_tunnel)
{
	const char *target = arena_printf(a->run->arena, "%s.cfargotunnel.com", str_or_empty(tunnel->id));
	const struct map *hosts = target ? map_get(by_tunnel, target) : NULL;
	struct map none;

	if (!target)
		return RC_NOMEM;
	map_init(&none, a->run->arena);
	return find_kept(a, tunnel, hosts ? hosts : &none);
}

/** Read, check and write the documents that are due, those of shared tunnels under their locks. */
static enum rc write_due(struct applying *a)
{
	enum rc rc = apply_share_lock(a);

	for (size_t i = 0; !rc && i < a->tunnel_count && !a->is_stopping; i++)
		if (a->tunnels[i].is_due && !a->tunnels[i].is_broken)
			rc = read_config(a, &a->tunnels[i]);
	if (!rc)
		rc = apply_drain(a);
	apply_share_unlock(a);
	return rc;
}

/** True when all that changes in the document has to wait for DNS: there is nothing to write yet, nor to read for it. */
static bool all_is_kept(const struct applying *a, const struct apply_tunnel *tunnel)
{
	if (tunnel->change || !tunnel->has_kept || apply_share_user(tunnel))
		return false;
	for (size_t i = tunnel->first_rule; i < tunnel->end_rule; i++) {
		const struct change *change = &a->plan->changes[i];
		const struct resource *any = change->after ? change->after : change->before;

		if (str_eq(any->tunnel, tunnel->plan->address) && a->states[i] == CHANGE_PENDING &&
		    (change->action != ACTION_DELETE || !map_get(&tunnel->keep, any->u.rule.hostname)))
			return false;
	}
	return true;
}

enum rc apply_first_puts(struct applying *a)
{
	struct map by_tunnel;
	enum rc rc = apply_find_leaving(a, &by_tunnel);

	for (size_t i = 0; !rc && i < a->tunnel_count && !a->is_stopping; i++) {
		struct apply_tunnel *tunnel = &a->tunnels[i];

		tunnel->is_due = false;
		if (!tunnel->plan->needs_put)
			continue;
		if (tunnel->is_broken || !tunnel->id) {
			settle_rules(a, tunnel, CHANGE_SKIPPED, tunnel->why_broken ? tunnel->why_broken : "its tunnel is not there");
			continue;
		}
		rc = keep_for(a, tunnel, &by_tunnel);
		tunnel->is_put_done = !rc && all_is_kept(a, tunnel);
		tunnel->is_due = !tunnel->is_put_done;
	}
	return rc || a->is_stopping ? rc : write_due(a);
}

/** True when the second PUT has something left to do. */
static bool second_is_due(const struct applying *a, const struct apply_tunnel *tunnel)
{
	if (!tunnel->has_kept || tunnel->is_broken || !tunnel->is_put_done)
		return false;
	for (size_t i = tunnel->first_rule; i < tunnel->end_rule; i++)
		if (a->states[i] == CHANGE_PENDING && a->plan->changes[i].action == ACTION_DELETE &&
		    str_eq(a->plan->changes[i].before->tunnel, tunnel->plan->address) &&
		    !map_get(&tunnel->keep, a->plan->changes[i].before->u.rule.hostname))
			return true;
	return false;
}

/** Rules that still cannot go: their CNAME did not leave. */
static void settle_kept(struct applying *a, const struct apply_tunnel *tunnel)
{
	for (size_t i = tunnel->first_rule; i < tunnel->end_rule; i++)
		if (a->plan->changes[i].action == ACTION_DELETE &&
		    str_eq(a->plan->changes[i].before->tunnel, tunnel->plan->address) &&
		    map_get(&tunnel->keep, a->plan->changes[i].before->u.rule.hostname))
			apply_settle(a, i, CHANGE_DEFERRED, "its hostname still points at this tunnel");
}

enum rc apply_second_puts(struct applying *a)
{
	struct map by_tunnel;
	bool any = false;
	enum rc rc = apply_find_leaving(a, &by_tunnel);

	for (size_t i = 0; !rc && i < a->tunnel_count; i++)
		if (a->tunnels[i].has_kept) {
			rc = keep_for(a, &a->tunnels[i], &by_tunnel);
			a->tunnels[i].has_kept = true;
			any = any || second_is_due(a, &a->tunnels[i]);
		}
	if (rc || a->is_stopping)
		return rc;
	if (any) {
		apply_event(a, APPLY_WAITING, 0, "waiting for DNS to settle before the old rules go");
		rc = apply_wait(a, a->in->options->settle_ms);
	}
	for (size_t i = 0; !rc && i < a->tunnel_count && !a->is_stopping; i++) {
		a->tunnels[i].is_due = false;
		if (!a->tunnels[i].has_kept)
			continue;
		settle_kept(a, &a->tunnels[i]);
		a->tunnels[i].is_due = second_is_due(a, &a->tunnels[i]);
		any |= a->tunnels[i].is_due;
	}
	return rc || !any || a->is_stopping ? rc : write_due(a);
}
