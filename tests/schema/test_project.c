/** @file Tests of the project file: what each key gives, what is refused and where, and that no secret is shown. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "schema/project.h"
#include "tests/base/unit.h"

#define HEAD "apiVersion: adit.cnap.tech/v1\nkind: Project\n"
#define NAMED HEAD "metadata: {name: shop-prod}\n"
#define SPEC NAMED "spec:\n" /* five lines: spec's first key is on line 5 */

struct world {
	struct arena *arena;
	struct diags diags;
	struct project project;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	w->arena = arena_new((size_t)64 * 1024 * 1024);
	*state = w;
	return w->arena ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;

	arena_free(w->arena);
	free(w);
	return 0;
}

/* Read @p bytes over w->project. */
static enum rc read_over(struct world *w, const char *name, const char *bytes)
{
	struct text *text = arena_alloc(w->arena, sizeof(*text));

	assert_non_null(text);
	*text = (struct text){.name = name, .bytes = bytes, .size = strlen(bytes)};
	diags_init(&w->diags, w->arena);
	return project_read(w->arena, &w->diags, text, &w->project);
}

static const struct project *read_good(struct world *w, const char *bytes)
{
	project_init(&w->project);
	if (read_over(w, "deploy/adit.yaml", bytes) != RC_OK)
		fail_msg("%s: %s", bytes, w->diags.count ? w->diags.items[0].summary : "?");
	assert_int_equal(w->diags.count, 0);
	return &w->project;
}

static void test_defaults(void **state)
{
	struct project p;

	(void)state;
	project_init(&p);
	assert_string_equal(p.name, "default");
	assert_string_equal(p.folder, ".");
	assert_int_equal(p.account_count, 0);
	assert_int_equal(p.gateway_count, 0);
	assert_int_equal(p.controller_name_count, 3);
	assert_string_equal(p.controller_names[0], "github.com/cnap-tech/cloudflare-kubernetes-gateway");
	assert_string_equal(p.controller_names[1], "github.com/pl4nty/cloudflare-kubernetes-gateway");
	assert_string_equal(p.controller_names[2], "adit.cnap.tech/gateway-controller");
	assert_null(p.default_gateway);
	assert_int_equal(p.attach, ATTACH_STRICT);
	assert_int_equal(p.services, SERVICES_OPTIONAL);
	assert_string_equal(p.state, ".adit/state.db");
	assert_string_equal(p.tunnel_name, "{project}.{namespace}.{gateway}");
	assert_int_equal(p.dns.settle_ms, 10000);
	assert_int_equal(p.guard.max_deletes, 10);
	assert_int_equal(p.budget.calls, 1200);
	assert_int_equal(p.budget.window_ms, 300000);
	assert_int_equal(p.budget.share_percent, 60);
	assert_int_equal(p.guard.max_delete_percent, 30);
	assert_int_equal(p.guard.max_rule_percent, 50);
	assert_int_equal(p.guard.tunnel_grace_ms, 0);
	assert_int_equal(p.ignore_count, 0);
	assert_null(p.text);
}

static const char full[] =
	SPEC
	"  accounts:\n"
	"  - name: main\n"
	"    url: cnap\n"
	"    accountId: 699d98642c564d2e855e9661899b7252\n"
	"    tokenEnv: CNAP_API_TOKEN\n"
	"    gatewayClasses: [cloudflare, public]\n"
	"  - name: preview\n"
	"    url: \"dev:\"\n"
	"    tokenCommand: [vault, read, -field=token]\n"
	"    gatewayClasses: [cnap-preview]\n"
	"    devZones: [example.com, example.org]\n"
	"  - {name: own, url: \"https://api.cloudflare.com/client/v4\", tokenFile: token, gatewayClasses: [own]}\n"
	"  sources:\n"
	"  - path: manifests/\n"
	"    namespace: shop\n"
	"  - path: more.yaml\n"
	"  gateways: [\"edge/*\", {from: platform/edge/api}, internal/web, {from: platform/public}]\n"
	"  controllerNames: [example.com/controller]\n"
	"  defaultGateway: edge/web\n"
	"  attach: lenient\n"
	"  services: require\n"
	"  state: var/state.db\n"
	"  tunnelName: \"{project}-{gateway}\"\n"
	"  dns: {settle: 1m30s, onConflict: refuse}\n"
	"  budget: {calls: 60/15s, share: 100%}\n"
	"  guard: {maxDeletes: 0, maxDeletePercent: 100, maxRulePercent: 5, tunnelGrace: 24h}\n"
	"  ignore:\n"
	"  - {address: \"cname/*.example.com\", field: comment, reason: owned by marketing, until: 2026-12-31}\n"
	"  - {address: \"*\", reason: all of it, until: 2026-12-31T12:00:00+01:00}\n"
	"  - {address: tunnel/edge/web, reason: for ever}\n";

static void check_accounts(const struct project *p)
{
	assert_int_equal(p->account_count, 3);
	assert_string_equal(p->accounts[0].name, "main");
	assert_string_equal(p->accounts[0].url, "cnap");
	assert_string_equal(p->accounts[0].account_id, "699d98642c564d2e855e9661899b7252");
	assert_string_equal(p->accounts[0].token_env, "CNAP_API_TOKEN");
	assert_null(p->accounts[0].token_file);
	assert_null(p->accounts[0].token_command);
	assert_int_equal(p->accounts[0].gateway_class_count, 2);
	assert_string_equal(p->accounts[0].gateway_classes[1], "public");
	assert_int_equal(p->accounts[0].span.line, 6);
	assert_int_equal(p->accounts[0].url_span.line, 7);
	assert_int_equal(p->accounts[0].url_span.column, 10);
	assert_string_equal(p->accounts[1].url, "dev:");
	assert_int_equal(p->accounts[1].token_command_count, 3);
	assert_string_equal(p->accounts[1].token_command[2], "-field=token");
	assert_int_equal(p->accounts[1].dev_zone_count, 2);
	assert_string_equal(p->accounts[1].dev_zones[1], "example.org");
	assert_null(p->accounts[1].account_id);
	assert_string_equal(p->accounts[2].token_file, "token");
}

static void check_ignores(const struct project *p)
{
	assert_int_equal(p->ignore_count, 3);
	assert_string_equal(p->ignores[0].address, "cname/*.example.com");
	assert_string_equal(p->ignores[0].field, "comment");
	assert_string_equal(p->ignores[0].reason, "owned by marketing");
	assert_int_equal(p->ignores[0].until_s, 1798675200);
	assert_null(p->ignores[1].field);
	assert_int_equal(p->ignores[1].until_s, 1798714800);
	assert_int_equal(p->ignores[2].until_s, 0);
	assert_int_equal(p->ignores[2].span.line, 34);
}

static void test_every_key_is_read(void **state)
{
	const struct project *p = read_good(*state, full);

	assert_string_equal(p->name, "shop-prod");
	assert_string_equal(p->folder, "deploy");
	assert_string_equal(p->text->name, "deploy/adit.yaml");
	check_accounts(p);
	assert_int_equal(p->source_count, 2);
	assert_string_equal(p->sources[0].path, "manifests/");
	assert_string_equal(p->sources[0].name_space, "shop");
	assert_null(p->sources[1].name_space);
	assert_int_equal(p->sources[1].span.line, 20);
	assert_int_equal(p->gateway_count, 2);
	assert_string_equal(p->gateways[0], "edge/*");
	assert_string_equal(p->gateways[1], "internal/web");
	assert_int_equal(p->shared_gateway_count, 2);
	assert_string_equal(p->shared_gateways[0].project, "platform");
	assert_string_equal(p->shared_gateways[0].gateway, "edge/api");
	assert_int_equal(p->shared_gateways[0].span.line, 21);
	assert_string_equal(p->shared_gateways[1].gateway, "public");
	assert_int_equal(p->controller_name_count, 1);
	assert_string_equal(p->controller_names[0], "example.com/controller");
	assert_string_equal(p->default_gateway, "edge/web");
	assert_int_equal(p->attach, ATTACH_LENIENT);
	assert_int_equal(p->services, SERVICES_REQUIRE);
	assert_string_equal(p->state, "var/state.db");
	assert_string_equal(p->tunnel_name, "{project}-{gateway}");
	assert_int_equal(p->dns.settle_ms, 90000);
	assert_int_equal(p->guard.max_deletes, 0);
	assert_int_equal(p->budget.calls, 60);
	assert_int_equal(p->budget.window_ms, 15000);
	assert_int_equal(p->budget.share_percent, 100);
	assert_int_equal(p->guard.max_delete_percent, 100);
	assert_int_equal(p->guard.max_rule_percent, 5);
	assert_int_equal(p->guard.tunnel_grace_ms, 24 * 3600 * 1000);
	check_ignores(p);
}

static void test_an_account_has_defaults(void **state)
{
	const struct project *p = read_good(*state, SPEC "  accounts: [{name: main}]\n");

	assert_string_equal(p->accounts[0].url, "dev:");
	assert_int_equal(p->accounts[0].gateway_class_count, 1);
	assert_string_equal(p->accounts[0].gateway_classes[0], "cloudflare");
	assert_int_equal(p->accounts[0].dev_zone_count, 1);
	assert_string_equal(p->accounts[0].dev_zones[0], "example.com");
	assert_null(p->accounts[0].token_env);
}

static void test_null_counts_as_absent(void **state)
{
	const struct project *p = read_good(*state, SPEC "  sources:\n  guard: {maxDeletes: ~}\n  state:\n  attach: null\n");

	assert_int_equal(p->source_count, 0);
	assert_int_equal(p->guard.max_deletes, 10);
	assert_string_equal(p->state, ".adit/state.db");
	read_good(*state, "# comment\n---\n" NAMED "---\n# nothing\n");
	read_good(*state, NAMED "spec:\n");
}

static void test_a_later_file_replaces_what_it_has(void **state)
{
	struct world *w = *state;

	read_good(w, full);
	assert_int_equal(read_over(w, "overlay.yaml", HEAD "spec:\n  accounts: [{name: one}]\n  guard: {maxDeletes: 7}\n"), RC_OK);
	assert_string_equal(w->project.name, "shop-prod");
	assert_string_equal(w->project.folder, ".");
	assert_int_equal(w->project.account_count, 1);
	assert_string_equal(w->project.accounts[0].name, "one");
	assert_int_equal(w->project.guard.max_deletes, 7);
	assert_int_equal(w->project.guard.max_delete_percent, 100);
	assert_int_equal(w->project.source_count, 2);
	assert_int_equal(read_over(w, "third.yaml", HEAD "metadata: {name: other}\n"), RC_OK);
	assert_string_equal(w->project.name, "other");
}

static void test_a_bad_file_changes_nothing(void **state)
{
	struct world *w = *state;
	struct project before;

	read_good(w, full);
	before = w->project;
	assert_int_equal(read_over(w, "overlay.yaml", HEAD "spec:\n  state: x.db\n  guard: {maxDeletes: 7, no: 1}\n"), RC_INVALID);
	assert_memory_equal(&before, &w->project, sizeof(before));
}

static const struct {
	const char *text, *code;
	uint32_t line, column;
	const char *summary, *help; /* parts of them; NULL: none asked for */
} faults[] = {
	/* what it is */
	{"", "A0301", 1, 1, "empty", "kind: Project"},
	{"# nothing\n", "A0301", 1, 1, "empty", NULL},
	{"- a\n", "A0301", 1, 1, "kind", "apiVersion: adit.cnap.tech/v1"},
	{"kind: Project\nmetadata: {name: x}\n", "A0301", 1, 1, "apiVersion", NULL},
	{"apiVersion: v1\nkind: Project\n", "A0301", 1, 13, "apiVersion", NULL},
	{"apiVersion: adit.cnap.tech/v2\nkind: Project\n", "A0301", 1, 13, "does not read", NULL},
	{"apiVersion: adit.cnap.tech/v1\nkind: Tunnel\n", "A0301", 2, 7, "kind", NULL},
	{NAMED "---\n" NAMED, "A0301", 5, 1, "second document", "--config"},
	{"a: [\n", "A0103", 2, 1, NULL, NULL},
	{NAMED "spec: {}\nspec: {}\n", "A0108", 5, 1, NULL, NULL},
	{NAMED "status: {}\n", "A0304", 4, 1, "no key \"status\"", "apiVersion, kind, metadata, spec"},
	/* metadata */
	{HEAD, "A0302", 1, 1, "metadata.name", "Add"},
	{HEAD "metadata: {}\n", "A0302", 1, 1, "metadata.name", NULL},
	{HEAD "metadata: {name: }\n", "A0302", 1, 1, "metadata.name", NULL},
	{HEAD "metadata: {name: Shop}\n", "A0307", 3, 18, "metadata.name", "32"},
	{HEAD "metadata: {name: a.b}\n", "A0307", 3, 18, NULL, NULL},
	{HEAD "metadata: {name: abcdefghijabcdefghijabcdefghijabc}\n", "A0307", 3, 18, NULL, NULL},
	{HEAD "metadata: {name: \"\"}\n", "A0307", 3, 18, NULL, NULL},
	{HEAD "metadata: {name: 12}\n", "A0303", 3, 18, "a string", "quotes"},
	{HEAD "metadata: {name: yes}\n", "A0303", 3, 18, "a string, but is true or false", "quotes"},
	{HEAD "metadata: {name: a, namespace: b}\n", "A0304", 3, 21, "metadata has no key \"namespace\"", "name"},
	{HEAD "metadata: shop\n", "A0303", 3, 11, "a mapping, but is a string", NULL},
	/* keys */
	{SPEC "  acounts: []\n", "A0304", 5, 3, "spec has no key \"acounts\"", "Did you mean accounts?"},
	{SPEC "  zzz: []\n", "A0304", 5, 3, NULL, "accounts, sources, gateways, controllerNames, defaultGateway, attach, "
	 "services, state, tunnelName, dns, guard, budget, ignore."},
	{SPEC "  via: []\n", "A0305", 5, 3, "spec has a key that this adit does not read yet: \"via\"", "Remove"},
	{SPEC "  policies: []\n", "A0305", 5, 3, NULL, NULL},
	{SPEC "  unsupported: {}\n", "A0305", 5, 3, NULL, NULL},
	{SPEC "  require: []\n", "A0305", 5, 3, NULL, NULL},
	{SPEC "  imports: []\n", "A0305", 5, 3, NULL, NULL},
	{SPEC "  moved: []\n", "A0305", 5, 3, NULL, NULL},
	{SPEC "  removed: []\n", "A0305", 5, 3, NULL, NULL},
	{SPEC "  budget: {calls: 12}\n", "A0303", 5, 19, NULL, NULL},
	{SPEC "  budget: {calls: 1200}\n", "A0303", 5, 19, NULL, NULL},
	{SPEC "  budget: {calls: 0/300s}\n", "A0307", 5, 19, "no rate", "1200/300s"},
	{SPEC "  budget: {calls: 5/0s}\n", "A0307", 5, 19, NULL, NULL},
	{SPEC "  budget: {share: 0%}\n", "A0307", 5, 19, "0%", "100%"},
	{SPEC "  budget: {share: 101%}\n", "A0307", 5, 19, NULL, NULL},
	{SPEC "  budget: {share: 1000%}\n", "A0307", 5, 19, NULL, NULL},
	{SPEC "  budget: {share: half}\n", "A0307", 5, 19, NULL, NULL},
	{SPEC "  budget: {share: 60}\n", "A0303", 5, 19, NULL, NULL},
	{SPEC "  sources:\n  - path: x\n    substitute: {A: b}\n", "A0305", 7, 5, "spec.sources[0]", NULL},
	{SPEC "  sources:\n  - {kustomize: overlays/prod}\n", "A0305", 6, 6, "kustomize", NULL},
	{SPEC "  sources:\n  - {helm: chart, values: [a]}\n", "A0305", 6, 6, "helm", NULL},
	{SPEC "  dns: {wildcardReuse: false}\n", "A0305", 5, 9, NULL, NULL},
	/* accounts */
	{SPEC "  accounts: {name: x}\n", "A0303", 5, 13, "a list", NULL},
	{SPEC "  accounts: [main]\n", "A0303", 5, 14, "spec.accounts[0] must be a mapping", NULL},
	{SPEC "  accounts: [{url: cnap}]\n", "A0302", 5, 14, "spec.accounts[0] has no name", "Add name"},
	{SPEC "  accounts: [{name: ~}]\n", "A0302", 5, 14, "spec.accounts[0] has no name", NULL},
	{SPEC "  accounts: [{name: a_b}]\n", "A0307", 5, 21, "spec.accounts[0].name", "dashes"},
	{SPEC "  accounts: [{name: a, gatewayClasses: [x]}, {name: a, gatewayClasses: [z]}]\n", "A0309", 5, 46,
	 "called a", NULL},
	{SPEC "  accounts:\n  - {name: a, gatewayClasses: [x, w]}\n  - {name: b, gatewayClasses: [z, w]}\n", "A0310", 7, 5,
	 "class w belongs to two accounts, the other one at line 6", NULL},
	{SPEC "  accounts:\n  - {name: a}\n  - {name: b}\n", "A0310", 7, 5, "cloudflare", "gatewayClasses"},
	{SPEC "  accounts: [{name: a, gatewayClasses: []}]\n", "A0307", 5, 40, "empty list", "default"},
	{SPEC "  accounts: [{name: a, gatewayClasses: [1]}]\n", "A0303", 5, 41, "gatewayClasses[0]", "quotes"},
	{SPEC "  accounts: [{name: a, tokenEnv: A, tokenFile: b}]\n", "A0308", 5, 14, "more than one", NULL},
	{SPEC "  accounts: [{name: a, tokenFile: b, tokenCommand: [c]}]\n", "A0308", 5, 14, NULL, NULL},
	{SPEC "  accounts: [{name: a, tokenCommand: []}]\n", "A0307", 5, 38, "empty list", NULL},
	{SPEC "  accounts: [{name: a, tokenCommand: vault}]\n", "A0303", 5, 38, "a list", NULL},
	{SPEC "  accounts: [{name: a, tokenEnv: A-B}]\n", "A0307", 5, 34, "tokenEnv", "environment variable"},
	{SPEC "  accounts: [{name: a, tokenEnv: 1A}]\n", "A0307", 5, 34, NULL, NULL},
	{SPEC "  accounts: [{name: a, token: abc}]\n", "A0306", 5, 31, "secret", "tokenEnv"},
	{SPEC "  accounts: [{name: a, tokn: abc}]\n", "A0304", 5, 24, NULL, "Did you mean"},
	{SPEC "  accounts: [{name: a, url: cnap, devZones: [example.com]}]\n", "A0313", 5, 14, "dev:", NULL},
	{SPEC "  accounts: [{name: a, devZones: [Example.com]}]\n", "A0307", 5, 35, "devZones[0]", NULL},
	/* the rest */
	{SPEC "  sources: [{namespace: a}]\n", "A0302", 5, 13, "spec.sources[0] has no path", "Add path"},
	{SPEC "  sources: [{path: \"\"}]\n", "A0307", 5, 20, NULL, "not empty"},
	{SPEC "  sources: [{path: a, namespace: A}]\n", "A0307", 5, 34, NULL, "namespace"},
	{SPEC "  gateways: [edge]\n", "A0307", 5, 14, "spec.gateways[0]", "namespace/name"},
	{SPEC "  gateways: [a/b/c]\n", "A0307", 5, 14, NULL, NULL},
	{SPEC "  gateways: [{from: edge}]\n", "A0307", 5, 21, "spec.gateways[0].from", "project/namespace/gateway"},
	{SPEC "  gateways: [{from: Edge/a/b}]\n", "A0307", 5, 21, NULL, NULL},
	{SPEC "  gateways: [{from: p/a/b/c}]\n", "A0307", 5, 21, NULL, NULL},
	{SPEC "  gateways: [{from: \"p/a/*\"}]\n", "A0307", 5, 21, NULL, NULL},
	{SPEC "  gateways: [{}]\n", "A0302", 5, 14, NULL, "Add from"},
	{SPEC "  gateways: [{from: p/a/b, form: x}]\n", "A0304", 5, 28, NULL, "The keys are: from."},
	{SPEC "  gateways: \"*/*\"\n", "A0303", 5, 13, "a list", NULL},
	{SPEC "  controllerNames: []\n", "A0307", 5, 20, "empty", NULL},
	{SPEC "  controllerNames: [nginx]\n", "A0307", 5, 21, NULL, "slash"},
	{SPEC "  defaultGateway: web\n", "A0307", 5, 19, NULL, "namespace/name"},
	{SPEC "  defaultGateway: edge/*\n", "A0307", 5, 19, NULL, NULL},
	{SPEC "  attach: lenien\n", "A0307", 5, 11, "lenien", "Did you mean lenient? It must be strict or lenient."},
	{SPEC "  services: always\n", "A0307", 5, 13, NULL, "optional or require"},
	{SPEC "  state: ftp://host/path\n", "A0307", 5, 10, "spec.state", "file"},
	{SPEC "  tunnelName: \"{project}\"\n", "A0312", 5, 15, "{gateway}", NULL},
	{SPEC "  tunnelName: \"{gateway}{cluster}\"\n", "A0312", 5, 15, "variable", "{namespace}"},
	{SPEC "  tunnelName: \"{gateway\"\n", "A0312", 5, 15, "variable", NULL},
	{SPEC "  tunnelName: \"{gateway}}\"\n", "A0312", 5, 15, "brace", NULL},
	{SPEC "  tunnelName: \"{gateway}{\"\n", "A0312", 5, 15, "variable", NULL},
	{SPEC "  tunnelName: [a]\n", "A0303", 5, 15, NULL, NULL},
	{SPEC "  dns: {settle: soon}\n", "A0307", 5, 17, "soon", "1m30s"},
	{SPEC "  dns: {settle: -1s}\n", "A0307", 5, 17, NULL, NULL},
	{SPEC "  dns: {settle: [1]}\n", "A0303", 5, 17, NULL, NULL},
	{SPEC "  dns: {onConflict: adopt}\n", "A0307", 5, 21, "adopt", "refuse"},
	{SPEC "  guard: {maxDeletes: -1}\n", "A0307", 5, 23, "-1", "from 0"},
	{SPEC "  guard: {maxDeletePercent: 101}\n", "A0307", 5, 29, NULL, "from 0 to 100"},
	{SPEC "  guard: {maxRulePercent: 50%}\n", "A0303", 5, 27, "a number", NULL},
	{SPEC "  guard: {maxRulePercent: 0.5}\n", "A0303", 5, 27, NULL, NULL},
	{SPEC "  guard: {tunnelGrace: soon}\n", "A0307", 5, 24, "no duration", NULL},
	{SPEC "  ignore: [{reason: x}]\n", "A0302", 5, 12, "spec.ignore[0] has no address", "Add address"},
	{SPEC "  ignore: [{address: \"*\"}]\n", "A0302", 5, 12, "spec.ignore[0] has no reason", "why"},
	{SPEC "  ignore: [{address: record/x, reason: ok}]\n", "A0307", 5, 22, NULL, "cname/"},
	{SPEC "  ignore: [{address: \"*\", reason: ok, field: commnt}]\n", "A0307", 5, 46, NULL, "comment"},
	{SPEC "  ignore: [{address: \"*\", reason: ok, field: status}]\n", "A0307", 5, 46, NULL, NULL},
	{SPEC "  ignore: [{address: \"*\", reason: ok, until: tomorrow}]\n", "A0307", 5, 46, "tomorrow", "2026-12-31"},
	{SPEC "  ignore: [{address: \"*\", reason: ok, until: 2026-02-30}]\n", "A0307", 5, 46, NULL, NULL},
	{SPEC "  ignore: [{address: \"*\", reason: ok, until: 1969-02-03}]\n", "A0307", 5, 46, NULL, NULL},
};

static void test_faults_have_place_words_and_way_out(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(faults); i++) {
		const struct diag *diag;

		project_init(&w->project);
		if (read_over(w, "adit.yaml", faults[i].text) != RC_INVALID || !w->diags.count)
			fail_msg("%s was accepted", faults[i].text);
		diag = &w->diags.items[0];
		if (!str_eq(diag->code, faults[i].code) || diag->span.line != faults[i].line ||
		    diag->span.column != faults[i].column)
			fail_msg("%s: %s at %u:%u: %s", faults[i].text, diag->code, diag->span.line, diag->span.column,
				 diag->summary);
		assert_string_equal(diag->span.text->name, "adit.yaml");
		if (faults[i].summary && !strstr(diag->summary, faults[i].summary))
			fail_msg("%s: %s", faults[i].text, diag->summary);
		if (!diag->help && diag->code[2] == '3')
			fail_msg("%s: no way out", faults[i].text);
		if (faults[i].help && !strstr(str_or_empty(diag->help), faults[i].help))
			fail_msg("%s: help: %s", faults[i].text, str_or_empty(diag->help));
		if (w->diags.count > 1 && !strstr(faults[i].text, "values"))
			fail_msg("%s: also %s", faults[i].text, w->diags.items[1].summary);
	}
}

static void test_all_faults_are_told_at_once(void **state)
{
	static const char *const codes[] = {"A0307", "A0304", "A0306", "A0302", "A0307", "A0305", "A0303"};
	struct world *w = *state;

	project_init(&w->project);
	assert_int_equal(read_over(w, "adit.yaml",
				   HEAD "metadata: {name: A}\nspec:\n  acounts: []\n  accounts:\n  - token: x\n"
				   "  attach: x\n  via: []\n  guard: 3\n"), RC_INVALID);
	assert_int_equal(w->diags.count, COUNT(codes));
	for (size_t i = 0; i < COUNT(codes); i++)
		assert_string_equal(w->diags.items[i].code, codes[i]);
}

static const char *const good_urls[] = {
	"cnap", "dev:", "https://api.cloudflare.com/client/v4", "https://dash.cnap.tech/api/cloudflare", "https://a",
	"https://a:8443/", "http://127.0.0.1:8080/client/v4", "http://localhost", "http://[::1]:80/x", "https://[fe80::1]/x",
	"http://127.1.2.3", "https://Host.example/%7Ex",
};

static const char *const bad_urls[] = {
	"", "Cnap", "dev", "dev:x", "ftp://a", "https://", "https:///x", "http://example.com", "http://127.example.com",
	"http://localhost.example.com", "http://[::2]/", "https://u:p@a/", "https://a?b", "https://a#b", "https://a b",
	"https://a:port", "https://a:", "https://a:123456", "https://[::1", "https://a\\b", "//a", "http://127.0.0.1@evil.com",
	"https://é.example",
};

static void test_urls(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(good_urls); i++)
		read_good(w, arena_printf(w->arena, SPEC "  accounts: [{name: a, url: \"%s\"}]\n", good_urls[i]));
	for (size_t i = 0; i < COUNT(bad_urls); i++) {
		project_init(&w->project);
		if (read_over(w, "adit.yaml", arena_printf(w->arena, SPEC "  accounts: [{name: a, url: '%s'}]\n", bad_urls[i])) !=
		    RC_INVALID)
			fail_msg("%s was accepted", bad_urls[i]);
		assert_string_equal(w->diags.items[0].code, "A0307");
		assert_int_equal(w->diags.items[0].span.column, 29);
	}
}

static const char *const secretive[] = {
	"token: s3cr3t", "tokenEnv: \"s3cr3t-token\"", "tokenEnv: [s3cr3t]", "tokenEnv: {a: s3cr3t}", "tokenFile: [s3cr3t]",
	"tokenCommand: s3cr3t", "tokenCommand: [vault, {s3cr3t: s3cr3t}]", "url: \"https://user:s3cr3t@example.com\"",
	"apiToken: s3cr3t", "tokenEnv: A, tokenFile: s3cr3t", "devZones: [a.b], url: cnap, tokenFile: s3cr3t",
};

static void test_a_secret_is_never_shown(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(secretive); i++) {
		char *text = arena_printf(w->arena, SPEC "  accounts: [{name: a, %s}]\n", secretive[i]);

		project_init(&w->project);
		assert_int_equal(read_over(w, "adit.yaml", text), RC_INVALID);
		for (size_t j = 0; j < w->diags.count; j++) {
			const struct diag *diag = &w->diags.items[j];
			size_t size;

			assert_null(strstr(diag->summary, "s3cr3t"));
			assert_null(strstr(str_or_empty(diag->help), "s3cr3t"));
			assert_null(span_line(&diag->span, &size));
			assert_int_equal(diag->span.line, 5);
		}
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_true(project_is_name("a"));
	assert_true(project_is_name("shop-prod-2"));
	assert_true(project_is_name("abcdefghijabcdefghijabcdefghijab"));
	assert_false(project_is_name("abcdefghijabcdefghijabcdefghijabc"));
	assert_false(project_is_name(""));
	assert_false(project_is_name(NULL));
	assert_false(project_is_name("Shop"));
	assert_false(project_is_name("a b"));
	assert_false(project_is_name("a/b"));
}

static void test_a_full_arena_is_no_crash(void **state)
{
	struct text text = {.name = "adit.yaml", .bytes = full, .size = sizeof(full) - 1};
	struct world *w = *state;
	enum rc rc = RC_NOMEM;

	for (size_t limit = 0; rc; limit += 64) {
		struct arena *small = arena_new(limit);
		struct project project;

		assert_true(limit < 1 << 20);
		project_init(&project);
		diags_init(&w->diags, w->arena);
		rc = project_read(small, &w->diags, &text, &project);
		assert_true(rc == RC_OK || rc == RC_NOMEM);
		assert_int_equal(w->diags.count, 0);
		assert_true(rc == RC_OK || !project.text);
		arena_free(small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(test_defaults),
		TEST(test_every_key_is_read),
		TEST(test_an_account_has_defaults),
		TEST(test_null_counts_as_absent),
		TEST(test_a_later_file_replaces_what_it_has),
		TEST(test_a_bad_file_changes_nothing),
		TEST(test_faults_have_place_words_and_way_out),
		TEST(test_all_faults_are_told_at_once),
		TEST(test_urls),
		TEST(test_a_secret_is_never_shown),
		TEST(test_names),
		TEST(test_a_full_arena_is_no_crash),
	};

	return cmocka_run_group_tests_name("schema_project", tests, NULL, NULL);
}
