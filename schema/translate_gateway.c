/* Which Gateways are ours, and the tunnels they become. */
#include <string.h>

#include "base/sort.h"
#include "base/str.h"
#include "schema/mark.h"
#include "schema/translate_internal.h"

#define DEFAULT_CLASS "cloudflare" /**< for a project without accounts */

static bool is_listed(const char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i], text))
			return true;
	return false;
}

static const char *list_text(struct translation *t, const char *const *list, size_t count)
{
	struct strbuf text;
	const char *copy;

	strbuf_init(&text, 0);
	for (size_t i = 0; i < count; i++)
		strbuf_addf(&text, "%s%s", i ? ", " : "", list[i]);
	copy = strbuf_failed(&text) ? NULL : arena_strdup(t->arena, strbuf_text(&text));
	strbuf_done(&text);
	return copy;
}

static const struct account *account_of_class(const struct project *project, const char *class_name)
{
	for (size_t i = 0; i < project->account_count; i++)
		if (is_listed(project->accounts[i].gateway_classes, project->accounts[i].gateway_class_count,
			      class_name))
			return &project->accounts[i];
	return NULL;
}

static bool is_project_class(const struct project *project, const char *class_name)
{
	if (!project->account_count)
		return str_eq(class_name, DEFAULT_CLASS);
	return account_of_class(project, class_name) != NULL;
}

static bool is_in_scope(const struct project *project, const char *key)
{
	for (size_t i = 0; i < project->gateway_count; i++)
		if (str_glob_match(project->gateways[i], key))
			return true;
	return !project->gateway_count;
}

static enum rc why_controller(struct translation *t, const struct gateway *gateway,
			      const struct gateway_class *class, const char **ret_why)
{
	const struct project *project = t->in->project;
	const char *list = list_text(t, project->controller_names, project->controller_name_count);

	*ret_why = list ? arena_printf(t->arena,
				       "its class %s is of controller %s, which spec.controllerNames (%s) does "
				       "not list",
				       gateway->class_name, class->controller_name, list) : NULL;
	return *ret_why ? RC_OK : RC_NOMEM;
}

static enum rc why_scope(struct translation *t, const char **ret_why)
{
	const char *list = list_text(t, t->in->project->gateways, t->in->project->gateway_count);

	*ret_why = list ? arena_printf(t->arena, "spec.gateways (%s) does not include it", list) : NULL;
	return *ret_why ? RC_OK : RC_NOMEM;
}

/** Judge a Gateway. @param ret_why  why it is not ours; NULL when it is */
static enum rc judge(struct translation *t, const struct gateway *gateway, const char **ret_why)
{
	const struct project *project = t->in->project;
	const struct gateway_class *class = map_get(&t->classes, gateway->class_name);

	*ret_why = NULL;
	if (gateway->shared)
		return RC_OK; /* spec.gateways names it */
	if (translate_is_ignored(t, "Gateway", &gateway->meta)) {
		*ret_why = "its annotation adit.cnap.tech/ignore says so";
		return RC_OK;
	}
	if (class && !is_listed(project->controller_names, project->controller_name_count, class->controller_name))
		return why_controller(t, gateway, class, ret_why);
	if (!class && !is_project_class(project, gateway->class_name)) {
		*ret_why = arena_printf(t->arena, "no account has its class %s among its gatewayClasses, and the "
						  "GatewayClass is not in the input", gateway->class_name);
		return *ret_why ? RC_OK : RC_NOMEM;
	}
	return is_in_scope(project, gateway->meta.key) ? RC_OK : why_scope(t, ret_why);
}

/** The account of a Gateway that is ours: the one with its class, else the only one. */
static const char *account_of(struct translation *t, const struct gateway *gateway)
{
	const struct project *project = t->in->project;
	const struct account *account = account_of_class(project, gateway->class_name);

	for (size_t i = 0; gateway->shared && i < project->account_count; i++)
		if (str_eq(project->accounts[i].account_id, gateway->shared->account_id))
			return project->accounts[i].name;
	if (account)
		return account->name;
	if (!project->account_count)
		return "main";
	if (project->account_count > 1) {
		struct diag *diag = diag_add(t->diags, SEVERITY_ERROR, "A0203", gateway->class_span,
					     "Gateway %s could go to any of %zu accounts", gateway->meta.key,
					     project->account_count);

		diag_help(t->diags, diag, "Add %s to the gatewayClasses of one of spec.accounts, such as %s.",
			  gateway->class_name, project->accounts[0].name);
		t->has_errors = true;
	}
	return project->accounts[0].name;
}

static enum rc check_name(struct translation *t, const struct draft *draft, struct span span)
{
	const char *const parts[] = {draft->account, draft->name};
	const struct draft *other = translate_get(&t->tunnel_names, parts, 2);

	if (!other)
		return translate_put(t, &t->tunnel_names, parts, 2, (void *)(uintptr_t)draft);
	t->has_errors = true;
	diag_help(t->diags,
		  diag_add(t->diags, SEVERITY_ERROR, "A0202", span,
			   "%s and %s would both be tunnel %s in account %s",
			   other->object, draft->object, draft->name, draft->account),
		  "Rename one of them, or give spec.tunnelName what tells them apart; dots within a name "
		  "become dashes.");
	return RC_OK;
}

enum rc translate_draft_new(struct translation *t, const char *account, const char *name_space, const char *name,
			    const char *object, struct span span, struct draft **ret_draft)
{
	const struct project *project = t->in->project;
	struct draft *draft = arena_alloc(t->scratch, sizeof(*draft));
	struct draft **grown = arena_grow(t->scratch, t->drafts, t->draft_count, &t->draft_capacity, sizeof(*grown));
	char *tunnel_name = NULL;
	enum rc rc;

	if (!draft || !grown)
		return RC_NOMEM;
	t->drafts = grown;
	rc = mark_tunnel_name(t->arena, project->tunnel_name, project->name, name_space, name, &tunnel_name);
	if (rc == RC_INVALID)
		diag_help(t->diags,
			  diag_add(t->diags, SEVERITY_ERROR, "A0206", (struct span){0},
				   "spec.tunnelName %s has a variable that there is not", project->tunnel_name),
			  "It may have {project}, {namespace} and {gateway}.");
	if (rc)
		return rc;
	draft->address = resource_tunnel_address(t->arena, name_space, name);
	if (draft->address)
		draft->rule_prefix = resource_rule_address(t->scratch, draft->address, "", "", false);
	draft->object = object;
	draft->account = account;
	draft->name = tunnel_name;
	if (!draft->rule_prefix || !object)
		return RC_NOMEM;
	map_init(&draft->block_by_hostname, t->scratch);
	map_init(&draft->hosts, t->scratch);
	rc = check_name(t, draft, span);
	grown[t->draft_count++] = draft;
	*ret_draft = draft;
	return rc;
}

enum rc translate_draft_origin(struct translation *t, struct draft *draft, const struct json *origin_request)
{
	struct json *top, *access;

	if (!origin_request)
		return RC_OK;
	top = json_new(t->arena, JSON_OBJECT);
	access = json_new(t->arena, JSON_OBJECT);
	if (!top || !access)
		return RC_NOMEM;
	for (size_t i = 0; i < json_count(origin_request); i++) {
		const struct json_member *member = &origin_request->u.object.members[i];
		struct json *to = str_eq(member->key, "access") ? access : top;
		enum rc rc = json_set(t->arena, to, member->key, member->value);

		if (rc)
			return rc;
	}
	draft->access = resource_origin_request_normal(t->arena, access);
	draft->origin_request = resource_origin_request_normal(t->arena, top);
	draft->has_no_tls_verify = json_get_bool(draft->origin_request, "noTLSVerify", false);
	return RC_OK;
}

/** A policy on the Gateway, its class or its namespace covers all of its rules. */
static enum rc find_policy(struct translation *t, struct draft *draft)
{
	const struct gateway *gateway = draft->gateway;
	const struct meta class = {.key = gateway->class_name}, name_space = {.key = gateway->meta.name_space};
	enum rc rc = translate_policy_of(t, "Namespace", &name_space, NULL, &draft->policy);

	if (!rc)
		rc = translate_policy_of(t, "GatewayClass", &class, NULL, &draft->policy);
	return rc ? rc : translate_policy_of(t, "Gateway", &gateway->meta, NULL, &draft->policy);
}

static enum rc add_gateway(struct translation *t, struct known_gateway *known)
{
	const struct gateway *gateway = known->gateway;
	const char *object = translate_object(t, "Gateway", &gateway->meta);
	enum rc rc = translate_draft_new(t, account_of(t, gateway), gateway->meta.name_space,
					 gateway->meta.name, object, gateway->meta.span, &known->draft);

	if (rc)
		return rc;
	known->draft->gateway = gateway;
	known->draft->tunnel.protect = gateway->meta.protect;
	if (gateway->shared) {
		known->draft->name = gateway->shared->tunnel_name;
		known->draft->tunnel.owner = gateway->shared->owner;
	}
	rc = translate_draft_origin(t, known->draft, gateway->meta.origin_request);
	if (!rc)
		rc = gateway->shared ? translate_shared_policy(t, gateway->shared->policy, &known->draft->policy)
				     : find_policy(t, known->draft);
	if (!rc)
		rc = translate_listeners(t, known->draft);
	return rc;
}

static int compare_gateways(const void *a, const void *b)
{
	const struct known_gateway *ga = a, *gb = b;

	return strcmp(ga->gateway->meta.key, gb->gateway->meta.key);
}

static enum rc add_default(struct translation *t, struct draft *draft)
{
	struct draft **grown = arena_grow(t->scratch, t->defaults, t->default_count, &t->default_capacity,
					  sizeof(*grown));

	if (!grown)
		return RC_NOMEM;
	t->defaults = grown;
	grown[t->default_count++] = draft;
	return RC_OK;
}

static enum rc find_defaults(struct translation *t)
{
	const char *wanted = t->in->project->default_gateway;
	bool is_found = !wanted;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < t->gateway_count; i++) {
		const struct known_gateway *known = &t->gateways[i];
		bool is_wanted = wanted && str_eq(known->gateway->meta.key, wanted);

		is_found |= is_wanted && known->draft;
		if (known->draft && (known->gateway->is_default || is_wanted))
			rc = add_default(t, known->draft);
	}
	if (!is_found)
		diag_add(t->diags, SEVERITY_WARNING, "A0219", (struct span){0},
			 "spec.defaultGateway names %s, which is no Gateway of adit's in the input", wanted);
	return rc;
}

static void say_why_not(struct translation *t, const struct known_gateway *known, bool is_fatal)
{
	struct diag *diag;

	if (known->draft || (!is_fatal && known->gateway->meta.ignore))
		return;
	diag = diag_add(t->diags, is_fatal ? SEVERITY_ERROR : SEVERITY_NOTE, is_fatal ? "A0201" : "A0204",
			known->gateway->class_span, "%sGateway %s is not adit's: %s",
			is_fatal ? "nothing to expose: " : "", known->gateway->meta.key, known->why_not);
	if (is_fatal)
		diag_help(t->diags, diag,
			  "List the class in gatewayClasses of one of spec.accounts, or its controller in "
			  "spec.controllerNames, "
			  "or write a Gateway of class cloudflare. If nothing shall be left: --allow-empty.");
}

static void say_why_none(struct translation *t)
{
	bool is_fatal = t->draft_count == 0 && !t->in->may_be_empty;

	for (size_t i = 0; i < t->gateway_count; i++)
		say_why_not(t, &t->gateways[i], is_fatal);
	if (is_fatal && !t->gateway_count)
		diag_help(t->diags,
			  diag_add(t->diags, SEVERITY_ERROR, "A0201", (struct span){0},
				   "nothing to expose: the input has no Gateway and no Tunnel"),
			  "Write a Gateway of class cloudflare, or a Tunnel (apiVersion adit.cnap.tech/v1), or "
			  "name with -f "
			  "where they are. If nothing shall be left: --allow-empty.");
}

enum rc translate_gateways(struct translation *t)
{
	const struct objects *objects = t->in->objects;
	enum rc rc = RC_OK;

	t->gateways = arena_array(t->scratch, objects->gateway_count, sizeof(*t->gateways));
	if (!t->gateways)
		return RC_NOMEM;
	t->gateway_count = objects->gateway_count;
	for (size_t i = 0; i < t->gateway_count; i++)
		t->gateways[i].gateway = objects->gateways[i];
	sort_items(t->gateways, t->gateway_count, sizeof(*t->gateways), compare_gateways);
	for (size_t i = 0; !rc && i < t->gateway_count; i++) {
		struct known_gateway *known = &t->gateways[i];

		rc = judge(t, known->gateway, &known->why_not);
		if (!rc && !known->why_not)
			rc = add_gateway(t, known);
		if (!rc)
			rc = map_put(&t->gateway_by_key, known->gateway->meta.key, known, NULL);
	}
	if (!rc)
		rc = find_defaults(t);
	if (!rc)
		say_why_none(t);
	return rc ? rc : t->draft_count || t->in->may_be_empty ? RC_OK : RC_INVALID;
}
