/* Native Tunnels: rules in the order written. */
#include <string.h>

#include "base/str.h"
#include "schema/translate_internal.h"

static bool has_account(const struct project *project, const char *name)
{
	for (size_t i = 0; i < project->account_count; i++)
		if (str_eq(project->accounts[i].name, name))
			return true;
	return false;
}

/** The account that a Tunnel names, or the only one. */
static const char *account_of(struct translation *t, const struct native_tunnel *native)
{
	const struct project *project = t->in->project;
	struct diag *diag;

	if (!project->account_count)
		return native->account ? native->account : "main";
	if (native->account && has_account(project, native->account))
		return native->account;
	if (!native->account && project->account_count == 1)
		return project->accounts[0].name;
	t->has_errors = true;
	if (native->account)
		diag = diag_add(t->diags, SEVERITY_ERROR, "A0212", native->account_span,
				"Tunnel %s names account %s, which the project does not have", native->meta.name,
				native->account);
	else
		diag = diag_add(t->diags, SEVERITY_ERROR, "A0203", native->meta.span,
				"Tunnel %s could go to any of %zu accounts", native->meta.name,
				project->account_count);
	diag_help(t->diags, diag, "Set spec.account to one of spec.accounts of the project, such as %s.",
		  project->accounts[0].name);
	return project->accounts[0].name;
}

static enum rc add_native(struct translation *t, const struct native_tunnel *native)
{
	struct draft *draft;
	enum rc rc = translate_draft_new(t, account_of(t, native), "", native->meta.name,
					 translate_object(t, "Tunnel", &native->meta), native->meta.span, &draft);

	if (rc)
		return rc;
	draft->native = native;
	draft->tunnel.protect = native->meta.protect;
	rc = translate_draft_origin(t, draft, native->origin_request);
	for (size_t i = 0; !rc && i < native->rule_count; i++) {
		const struct native_rule *rule = &native->rules[i];
		struct draft_host *host;

		rc = translate_host(t, draft, str_or_empty(rule->hostname), 0, &host);
		if (rc || !*host->hostname)
			continue;
		host->protect = native->meta.protect;
		if (native->dns && !native->meta.dns_off)
			translate_host_claim(host, native->meta.created_s, native->meta.key, draft->object,
					     rule->hostname_span);
	}
	return rc;
}

enum rc translate_natives(struct translation *t)
{
	const struct objects *objects = t->in->objects;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < objects->tunnel_count; i++)
		if (!translate_is_ignored(t, "Tunnel", &objects->tunnels[i]->meta))
			rc = add_native(t, objects->tunnels[i]);
	return rc;
}

static enum rc render_path(struct translation *t, const struct native_rule *rule, struct path_pattern *ret_path)
{
	char fault[PATH_FAULT_BYTES] = "";
	enum rc rc = path_render(t->arena, rule->path_type, rule->path ? rule->path : "/", ret_path, fault,
				 sizeof(fault));

	if (rc == RC_INVALID || rc == RC_LIMIT) {
		diag_add(t->diags, SEVERITY_ERROR, "A0213", rule->path_span, "path %s %s", rule->path, fault);
		t->has_errors = true;
	}
	return rc;
}

static enum rc lose(struct translation *t, const struct draft *draft, const struct draft_host *host,
		    const struct native_rule *rule, const char *path)
{
	const struct claim claim = {CLAIM_LOST, draft->object, host->hostname, path, host->winner_reason,
				    rule->span};
	const struct fault fault = {.feature = "hostname", .reason = host->winner_reason,
				    .span = rule->hostname_span};
	const char *place = translate_place_text(t, host->hostname, path);
	enum rc rc = place ? translate_refuse(t, draft->object, &fault, "no rule at", place) : RC_NOMEM;

	return rc ? rc : translate_claim(t, &claim);
}

/** The earlier rule that takes all requests of @p hostname: one without a path on it or on a wider pattern. */
static enum rc find_shadow(struct translation *t, const struct map *whole, const char *hostname,
			   const struct native_rule **ret_shadow)
{
	char *pattern = arena_strdup(t->arena, hostname);

	if (!pattern)
		return RC_NOMEM;
	for (;;) {
		*ret_shadow = map_get(whole, pattern);
		if (*ret_shadow || !*pattern)
			return RC_OK;
		pattern = hostname_widen(pattern);
	}
}

struct native_walk {
	struct draft *draft;
	struct map whole;     /**< hostname -> the rule that takes all of it */
	struct map taken;     /**< address -> the rule that has it */
};

static void warn_shadow(struct translation *t, const struct native_rule *rule, const struct native_rule *shadow)
{
	diag_add(t->diags, SEVERITY_WARNING, "A0217", rule->span,
		 "this rule is never reached: the one at line %u takes all of its requests", shadow->span.line);
}

static enum rc emit_native_rule(struct translation *t, struct native_walk *walk, const struct native_rule *rule)
{
	struct draft *draft = walk->draft;
	const struct draft_host *host = map_get(&draft->hosts, str_or_empty(rule->hostname));
	const struct native_rule *shadow;
	struct path_pattern path;
	struct resource *r = arena_alloc(t->arena, sizeof(*r));
	enum rc rc = r ? render_path(t, rule, &path) : RC_NOMEM;

	if (rc)
		return rc == RC_NOMEM ? rc : RC_OK;
	r->protect = draft->native->meta.protect;
	r->origin = (struct origin){.object = draft->object, .span = rule->span, .why = "in the order written",
				    .rule = (uint32_t)(rule - draft->native->rules)};
	r->u.rule = (struct rule_fields){host->hostname, *host->hostname ? path.pattern : path.hostless, rule->service,
					 rule->origin_request};
	if (host->is_lost)
		return lose(t, draft, host, rule, r->u.rule.path);
	r->address = resource_rule_address(t->arena, draft->address, host->hostname, r->u.rule.path, false);
	if (!r->address)
		return RC_NOMEM;
	rc = find_shadow(t, &walk->whole, host->hostname, &shadow);
	if (!rc && !shadow)
		shadow = map_get(&walk->taken, r->address);
	if (!rc && shadow)
		warn_shadow(t, rule, shadow);
	if (rc || map_get(&walk->taken, r->address))
		return rc;
	rc = map_put(&walk->taken, r->address, (void *)(uintptr_t)rule, NULL);
	if (!rc && !*path.pattern)
		rc = map_put(&walk->whole, host->hostname, (void *)(uintptr_t)rule, NULL);
	return rc ? rc : translate_emit_rule(t, draft, r);
}

enum rc translate_emit_native(struct translation *t, struct draft *draft)
{
	const struct native_tunnel *native = draft->native;
	struct native_walk walk = {.draft = draft};
	enum rc rc = RC_OK;

	map_init(&walk.whole, t->scratch);
	map_init(&walk.taken, t->scratch);
	for (size_t i = 0; !rc && i < native->rule_count; i++)
		rc = emit_native_rule(t, &walk, &native->rules[i]);
	return rc ? rc : translate_emit_tunnel(t, draft, native->catch_all ? native->catch_all : "http_status:404",
					       native->catch_all ? native->catch_all_span : native->meta.span);
}
