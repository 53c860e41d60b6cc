/* The project file: its tables and what holds without one. */
#include "schema/project.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "schema/project_internal.h"

#define AT(field) offsetof(struct project, field)
#define API_GROUP "adit.cnap.tech/"
#define API_VERSION API_GROUP "v1"

/* CNAP's fork, the original (which CNAP's chart still writes), and adit's own. */
static const char *default_controllers[] = {
	"github.com/cnap-tech/cloudflare-kubernetes-gateway",
	"github.com/pl4nty/cloudflare-kubernetes-gateway",
	"adit.cnap.tech/gateway-controller",
};

void project_init(struct project *project)
{
	*project = (struct project){
		.name = "default",
		.folder = ".",
		.controller_names = default_controllers,
		.controller_name_count = COUNT(default_controllers),
		.attach = ATTACH_STRICT,
		.services = SERVICES_OPTIONAL,
		.state = ".adit/state.db",
		.tunnel_name = "{project}.{namespace}.{gateway}",
		.dns = {.settle_ms = 10 * 1000},
		.budget = {.calls = 1200, .window_ms = 300000, .share_percent = 60},
		.guard = {.max_deletes = 10, .max_delete_percent = 30, .max_rule_percent = 50},
	};
}

static enum rc read_attach(struct reading *reading, const struct setting *setting)
{
	static const char *const words[] = {[ATTACH_STRICT] = "strict", [ATTACH_LENIENT] = "lenient"};
	struct project *project = setting->object;
	size_t index = project->attach;
	enum rc rc = read_word(reading, setting, words, COUNT(words), &index);

	project->attach = (enum attach_mode)index;
	return rc;
}

static enum rc read_services(struct reading *reading, const struct setting *setting)
{
	static const char *const words[] = {[SERVICES_OPTIONAL] = "optional", [SERVICES_REQUIRE] = "require"};
	struct project *project = setting->object;
	size_t index = project->services;
	enum rc rc = read_word(reading, setting, words, COUNT(words), &index);

	project->services = (enum services_mode)index;
	return rc;
}

/* The only behaviour that there is may be written down. */
static enum rc read_on_conflict(struct reading *reading, const struct setting *setting)
{
	static const char *const words[] = {"refuse"};
	size_t index = 0;

	return read_word(reading, setting, words, COUNT(words), &index);
}

/* Where the template breaks a rule; NULL when it does not. */
static const char *template_fault(const char *text)
{
	static const char *const variables[] = {"{project}", "{namespace}", "{gateway}"};
	bool has_gateway = false;

	while (*text) {
		size_t size = strcspn(text, "}") + 1, known = 0;

		if (*text == '}')
			return "closes a brace that was not opened";
		if (*text++ != '{')
			continue;
		while (known < COUNT(variables) && strncmp(text - 1, variables[known], size) != 0)
			known++;
		if (known == COUNT(variables))
			return "has a variable that there is not";
		has_gateway |= known == 2;
		text += size - 1;
	}
	return has_gateway ? NULL : "does not contain {gateway}";
}

static enum rc read_tunnel_name(struct reading *reading, const struct setting *setting)
{
	const char *fault;
	struct diag *diag;

	if (!reading_is_kind(reading, setting, NODE_STRING))
		return RC_OK;
	fault = template_fault(setting->node->text);
	if (!fault)
		return read_text(reading, setting);
	diag = reading_fault(reading, setting, "A0312", "%s", fault);
	diag_help(reading->diags, diag, "Use {project}, {namespace} and {gateway}; the last one must be there, so that no two "
		  "Gateways share a tunnel.");
	return RC_OK;
}

static const struct project_key source_keys[] = {
	{.name = "path", .read = read_text, .offset = offsetof(struct project_source, path),
	 .need = "Add path: and the file or folder, relative to the project file."},
	{.name = "namespace", .read = read_text, .offset = offsetof(struct project_source, name_space),
	 .check = check_label, .form = "a namespace: lower-case letters, digits and dashes, at most 63"},
	{.name = "kustomize"}, {.name = "helm"}, {.name = "values"}, {.name = "release"}, {.name = "substitute"},
};

static enum rc read_sources(struct reading *reading, const struct setting *setting)
{
	static const struct project_table table = {source_keys, COUNT(source_keys), sizeof(struct project_source), false};
	struct project *project = setting->object;
	void *items = NULL;
	size_t count = 0;
	enum rc rc = read_tables(reading, setting, &table, &items, &count);

	project->sources = items;
	project->source_count = count;
	for (size_t i = 0; i < count; i++)
		project->sources[i].span = node_span(reading->text, setting->node->u.sequence.items[i]);
	return rc;
}

static const struct project_key dns_keys[] = {
	{.name = "settle", .read = read_duration, .offset = AT(dns.settle_ms)},
	{.name = "onConflict", .read = read_on_conflict},
	{.name = "wildcardReuse"},
};

static enum rc read_dns(struct reading *reading, const struct setting *setting)
{
	static const struct project_table table = {dns_keys, COUNT(dns_keys), 0, false};

	return read_table(reading, setting, &table);
}

static const struct project_key guard_keys[] = {
	{.name = "maxDeletes", .read = read_integer, .offset = AT(guard.max_deletes), .max = INT32_MAX},
	{.name = "maxDeletePercent", .read = read_integer, .offset = AT(guard.max_delete_percent), .max = 100},
	{.name = "maxRulePercent", .read = read_integer, .offset = AT(guard.max_rule_percent), .max = 100},
	{.name = "tunnelGrace", .read = read_duration, .offset = AT(guard.tunnel_grace_ms)},
};

static enum rc read_guard(struct reading *reading, const struct setting *setting)
{
	static const struct project_table table = {guard_keys, COUNT(guard_keys), 0, false};

	return read_table(reading, setting, &table);
}

static enum rc read_rate(struct reading *reading, const struct setting *setting)
{
	struct budget_config *budget = &((struct project *)setting->object)->budget;
	struct diag *diag;

	if (!reading_is_kind(reading, setting, NODE_STRING) ||
	    !str_to_rate(setting->node->text, &budget->calls, &budget->window_ms))
		return RC_OK;
	diag = reading_fault(reading, setting, "A0307", "is no rate: \"%.40s\"", setting->node->text);
	diag_help(reading->diags, diag, "Write calls and window, such as 1200/300s.");
	return RC_OK;
}

static enum rc read_share(struct reading *reading, const struct setting *setting)
{
	const char *text = setting->node->text;
	size_t size = strlen(text);
	char digits[4] = "";
	int64_t percent;
	struct diag *diag;

	if (!reading_is_kind(reading, setting, NODE_STRING))
		return RC_OK;
	if (size >= 2 && size <= sizeof(digits) && text[size - 1] == '%') {
		memcpy(digits, text, size - 1);
		if (!str_to_int64(digits, &percent) && percent >= 1 && percent <= 100) {
			((struct project *)setting->object)->budget.share_percent = percent;
			return RC_OK;
		}
	}
	diag = reading_fault(reading, setting, "A0307", "is \"%.40s\"", text);
	diag_help(reading->diags, diag, "It must be from 1%% to 100%%.");
	return RC_OK;
}

static const struct project_key budget_keys[] = {
	{.name = "calls", .read = read_rate},
	{.name = "share", .read = read_share},
};

static enum rc read_budget(struct reading *reading, const struct setting *setting)
{
	static const struct project_table table = {budget_keys, COUNT(budget_keys), 0, false};

	return read_table(reading, setting, &table);
}

static const struct project_key spec_keys[] = {
	{.name = "accounts", .read = read_accounts},
	{.name = "sources", .read = read_sources},
	{.name = "gateways", .read = read_gateways, .check = check_gateway_glob, .form = "namespace/name, where * and ? stand for anything, such as edge/*"},
	{.name = "controllerNames", .read = read_texts, .offset = AT(controller_names),
	 .count_offset = AT(controller_name_count), .min = 1, .check = check_controller_name,
	 .form = "a domain, a slash and a path, such as example.com/gateway-controller"},
	{.name = "defaultGateway", .read = read_text, .offset = AT(default_gateway), .check = check_gateway_key,
	 .form = "namespace/name of a Gateway, such as edge/web"},
	{.name = "attach", .read = read_attach},
	{.name = "services", .read = read_services},
	{.name = "state", .read = read_text, .offset = AT(state), .check = check_state,
	 .form = "the path of a file, or a URL of postgres://, https:// or s3://", .is_unshown = true},
	{.name = "tunnelName", .read = read_tunnel_name, .offset = AT(tunnel_name)},
	{.name = "dns", .read = read_dns},
	{.name = "guard", .read = read_guard},
	{.name = "budget", .read = read_budget},
	{.name = "ignore", .read = read_ignores},
	{.name = "via"}, {.name = "policies"}, {.name = "unsupported"}, {.name = "require"},
	{.name = "imports"}, {.name = "moved"}, {.name = "removed"},
};

static enum rc read_spec(struct reading *reading, const struct setting *setting)
{
	static const struct project_table table = {spec_keys, COUNT(spec_keys), 0, false};

	return read_table(reading, setting, &table);
}

static const struct project_key metadata_keys[] = {
	{.name = "name", .read = read_text, .offset = AT(name), .check = check_project_name,
	 .form = "lower-case letters, digits and dashes, at most 32"},
};

static enum rc read_metadata(struct reading *reading, const struct setting *setting)
{
	static const struct project_table table = {metadata_keys, COUNT(metadata_keys), 0, false};

	return read_table(reading, setting, &table);
}

/* apiVersion and kind were judged before all else. */
static enum rc skip(struct reading *reading, const struct setting *setting)
{
	(void)reading;
	(void)setting;
	return RC_OK;
}

static const struct project_key file_keys[] = {
	{.name = "apiVersion", .read = skip},
	{.name = "kind", .read = skip},
	{.name = "metadata", .read = read_metadata},
	{.name = "spec", .read = read_spec},
};

static struct diag *refuse_file(struct reading *reading, struct span span, const char *summary)
{
	reading->is_invalid = true;
	return diag_add(reading->diags, SEVERITY_ERROR, "A0301", span, "%s", summary);
}

static const char *text_of(const struct node *node)
{
	return node && node->kind == NODE_STRING ? node->text : "";
}

/* What keeps the file from being a project file, or NULL. @param ret_node  where it says so; stays when nowhere */
static const char *identity_fault(const struct node *root, const struct node **ret_node)
{
	const struct node *version = node_get(root, "apiVersion"), *kind = node_get(root, "kind");

	if (!root)
		return "the project file is empty";
	*ret_node = kind ? kind : root;
	if (!str_eq(text_of(kind), "Project"))
		return "this is no project file: its kind is not Project";
	*ret_node = version ? version : root;
	if (str_eq(text_of(version), API_VERSION))
		return NULL;
	return str_has_prefix(text_of(version), API_GROUP) ? "this version of adit does not read that apiVersion"
							   : "the apiVersion is missing or not that of a Project";
}

static bool is_project(struct reading *reading, const struct node *root)
{
	static const struct node start = {.line = 1, .column = 1};
	const struct node *place = &start;
	const char *fault = identity_fault(root, &place);
	struct diag *diag;

	if (!fault)
		return true;
	diag = refuse_file(reading, node_span(reading->text, place), fault);
	diag_help(reading->diags, diag, "A project file starts with apiVersion: " API_VERSION " and kind: Project.");
	return false;
}

static enum rc read_file(struct reading *reading, const struct node *root, struct project *draft)
{
	static const struct project_table table = {file_keys, COUNT(file_keys), 0, false};
	struct setting setting = {.path = "", .node = root, .object = draft};
	struct diag *diag;
	const char *before = draft->name;
	bool is_first = !draft->text;
	enum rc rc;

	draft->name = is_first ? NULL : before;
	rc = read_table(reading, &setting, &table);
	if (rc || draft->name || reading->is_invalid)
		return rc;
	reading->is_invalid = true;
	diag = diag_add(reading->diags, SEVERITY_ERROR, "A0302", node_span(reading->text, root),
			"the project has no metadata.name");
	diag_help(reading->diags, diag, "Add metadata: {name: ...}: it marks what belongs to this project, and must not change.");
	return RC_OK;
}

static enum rc read_only_document(struct reading *reading, struct yaml_reader *yaml, struct node **ret_root)
{
	struct node *root = NULL, *more = NULL;
	struct diag *diag;
	bool is_end = false;
	enum rc rc = RC_OK;

	while (!rc && !is_end && !root)
		rc = yaml_next(yaml, reading->arena, &root, &is_end);
	while (!rc && !is_end && !more)
		rc = yaml_next(yaml, reading->arena, &more, &is_end);
	if (!rc && more) {
		diag = refuse_file(reading, node_span(reading->text, more), "the project file has a second document");
		diag_help(reading->diags, diag, "Keep one Project per file; several files are given with --config each.");
	}
	*ret_root = root;
	return rc;
}

enum rc project_read(struct arena *arena, struct diags *diags, const struct text *text, struct project *project)
{
	struct reading reading = {.arena = arena, .diags = diags, .text = text};
	struct text *unshown = arena_alloc(arena, sizeof(*unshown));
	struct project draft = *project;
	struct yaml_reader *yaml;
	struct node *root = NULL;
	enum rc rc;

	if (!unshown)
		return RC_NOMEM;
	unshown->name = text->name;
	reading.unshown = unshown;
	rc = yaml_open(diags, text, &yaml);
	if (rc)
		return rc == RC_LIMIT ? RC_INVALID : rc;
	rc = read_only_document(&reading, yaml, &root);
	yaml_close(yaml);
	if (!rc && is_project(&reading, root))
		rc = read_file(&reading, root, &draft);
	if (rc)
		return rc == RC_LIMIT ? RC_INVALID : rc;
	if (reading.is_invalid)
		return RC_INVALID;
	draft.text = text;
	draft.folder = file_folder(arena, text->name);
	if (!draft.folder)
		return RC_NOMEM;
	*project = draft;
	return RC_OK;
}
