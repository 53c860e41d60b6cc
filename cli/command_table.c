/* The table of commands. */
#include "cli/command.h"

#include "base/str.h"
#include "cli/exit_code.h"

#define MANY 1000000 /* positional arguments without a number of their own */

static const char *const text_json[] = { "text", "json", NULL };
static const char *const json_text[] = { "json", "text", NULL };
static const char *const connector_formats[] = { "kubernetes", "docker", "systemd", NULL };
static const int exits_plain[] = { EXIT_CODE_DONE, EXIT_CODE_ERROR, -1 };
static const int exits_input[] = { EXIT_CODE_DONE, EXIT_CODE_ERROR, EXIT_CODE_REFUSED, -1 };
static const int exits_locked[] = { EXIT_CODE_DONE, EXIT_CODE_ERROR, EXIT_CODE_REFUSED, EXIT_CODE_STALE, -1 };

static const int exits_plan[] = { EXIT_CODE_DONE, EXIT_CODE_ERROR, EXIT_CODE_DIFFERS, EXIT_CODE_REFUSED, -1 };
static const int exits_apply[] = { EXIT_CODE_DONE, EXIT_CODE_ERROR, EXIT_CODE_PARTIAL, EXIT_CODE_REFUSED,
				   EXIT_CODE_STALE, -1 };

static const struct example init_examples[] = {
	{ "adit init", "Write adit.yaml and manifests/hello.yaml into the working folder" },
	{ "adit init shop-prod", "The same, for a project called shop-prod" },
	{ NULL, NULL },
};
static const struct example validate_examples[] = {
	{ "adit validate -f manifests/", "Check every manifest of a folder" },
	{ "helm template app charts/app | adit validate -f - --output json", "Check what Helm renders, for a machine" },
	{ "adit validate --strict", "Fail when a feature of the manifests cannot be expressed" },
	{ NULL, NULL },
};
static const struct example render_examples[] = {
	{ "adit render -f manifests/", "Print every tunnel's configuration and the CNAMEs" },
	{ "adit render --output text", "The same, as people read it" },
	{ NULL, NULL },
};
static const struct example explain_examples[] = {
	{ "adit explain https://shop.example.com/api/v1", "Say which rule serves this URL, and why" },
	{ NULL, NULL },
};
static const struct example plan_examples[] = {
	{ "adit plan -f manifests/", "Show what would change" },
	{ "adit plan --out plan.json --detailed-exitcode", "Save it for adit apply, and tell a script by the exit code" },
	{ "adit plan --adopt 'cname/*.shop.example.com'", "Take over records that somebody else made" },
	{ "adit plan --rollback 12 --out back.json", "The way back to what run 12 had applied, for adit apply back.json" },
	{ NULL, NULL },
};
static const struct example apply_examples[] = {
	{ "adit apply", "Plan, ask, apply" },
	{ "adit apply plan.json", "Exactly the changes that were saved" },
	{ "adit apply --auto-approve --approve DIGEST", "In CI: only if the plan is the one that was reviewed" },
	{ NULL, NULL },
};
static const struct example destroy_examples[] = {
	{ "adit destroy --target tunnel/edge/preview", "One tunnel and what belongs to it" },
	{ NULL, NULL },
};
static const struct example drift_examples[] = {
	{ "adit drift --output json", "What changed behind adit's back, for a machine" },
	{ NULL, NULL },
};
static const struct example status_examples[] = {
	{ "adit status", "Which tunnels are served, by which connectors" },
	{ NULL, NULL },
};
static const struct example show_examples[] = {
	{ "adit show plan.json", "A saved plan, as people read it" },
	{ "adit show run/12", "A run of the history, with its changes" },
	{ "adit show", "Everything that is recorded" },
	{ NULL, NULL },
};
static const struct example state_rebuild_examples[] = {
	{ "adit state rebuild", "The state is lost: find what bears the project's mark" },
	{ NULL, NULL },
};
static const struct example connector_examples[] = {
	{ "adit connector edge/public | kubectl apply -f -", "Run two connectors in a cluster; the Secret comes from elsewhere" },
	{ "adit connector edge/public --output docker", "A command for one machine" },
	{ "adit connector edge/public --rotate", "A new secret for the tunnel" },
	{ NULL, NULL },
};
static const struct example token_examples[] = {
	{ "adit token edge/public | kubectl create secret generic public-token --from-file=token=/dev/stdin",
	  "Put the token where the connector finds it" },
	{ NULL, NULL },
};
static const struct example state_list_examples[] = {
	{ "adit state list", "Everything that is recorded" },
	{ "adit state list 'cname/*.example.com'", "What matches a glob" },
	{ NULL, NULL },
};
static const struct example state_show_examples[] = {
	{ "adit state show cname/shop.example.com", "One resource, field by field" },
	{ NULL, NULL },
};
static const struct example state_rm_examples[] = {
	{ "adit state rm cname/old.example.com", "Let go of a record without deleting it" },
	{ NULL, NULL },
};
static const struct example state_mv_examples[] = {
	{ "adit state mv tunnel/edge/old tunnel/edge/new", "A Gateway was renamed; keep its tunnel" },
	{ NULL, NULL },
};
static const struct example state_pull_examples[] = {
	{ "adit state pull > backup.json", "Save the recorded state" },
	{ NULL, NULL },
};
static const struct example state_push_examples[] = {
	{ "adit state push backup.json", "Put a saved state back" },
	{ NULL, NULL },
};
static const struct example history_examples[] = {
	{ "adit history", "The runs of the project, newest first" },
	{ "adit show run/12", "What one of them changed" },
	{ NULL, NULL },
};
static const struct example rollback_examples[] = {
	{ "adit plan --rollback 12", "Only look at what would change back" },
	{ "adit rollback 12", "Back to what run 12 had applied; asks" },
	{ "adit rollback 12 --auto-approve", "The same without asking" },
	{ NULL, NULL },
};
static const struct example resume_examples[] = {
	{ "adit resume", "The manifests are mended: let apply run again" },
	{ NULL, NULL },
};
static const struct example unlock_examples[] = {
	{ "adit unlock", "Show who holds the lock, and ask" },
	{ "adit unlock 7 --auto-approve", "In a script: lock 7, and no later one" },
	{ NULL, NULL },
};
static const struct example simulator_examples[] = {
	{ "adit simulator --account 0123456789abcdef0123456789abcdef --zone example.com --token secret",
	  "A Cloudflare account with one zone on a free port of this machine" },
	{ NULL, NULL },
};
static const struct example completion_examples[] = {
	{ "source <(adit completion bash)", "Complete in this shell" },
	{ "adit completion fish > ~/.config/fish/completions/adit.fish", "Complete in every fish shell" },
	{ NULL, NULL },
};
static const struct example version_examples[] = {
	{ "adit version --output json", "Versions, for a machine" },
	{ NULL, NULL },
};
static const struct example help_examples[] = {
	{ "adit help state mv", "What adit state mv does and takes" },
	{ NULL, NULL },
};

const struct command command_table[] = {
	{ COMMAND_INIT, "init", "Write a project file and a first manifest", "[NAME]", 0, 1, NULL, cmd_init,
	  "Writes adit.yaml and manifests/hello.yaml, a Gateway and an HTTPRoute that work against the embedded "
	  "simulator (url dev:) as they are. NAME is the project's name; without it the folder's name is taken.\n\n"
	  "Nothing is overwritten: when one of the files is there already, nothing is written at all.",
	  init_examples, exits_plain },
	{ COMMAND_VALIDATE, "validate", "Check manifests without any network", "", 0, 0, text_json, cmd_validate,
	  "Reads the project and its manifests, checks them as a cluster's API server would, and translates them. "
	  "Prints what was found, what was skipped, which features cannot be expressed and which Routes attach to "
	  "nothing.\n\n"
	  "Invalid input is exit code 4. Features that cannot be expressed (\"refused\") are not, unless --strict is "
	  "given.",
	  validate_examples, exits_input },
	{ COMMAND_RENDER, "render", "Print the desired configuration without any network", "", 0, 0, json_text, cmd_render,
	  "Prints, for each tunnel, the configuration document that adit would write, and the CNAMEs that would point "
	  "at it. No network, no token, no state. The same manifests give the same bytes, in whatever order the files "
	  "are read, so that two renders can be compared with diff(1).",
	  render_examples, exits_input },
	{ COMMAND_PLAN, "plan", "Show what would change", "", 0, 0, text_json, cmd_plan,
	  "Compares what the manifests ask for with what is recorded and what is live, and prints what adit apply would "
	  "do: tunnels, rules and CNAMEs to add, change and destroy, drift, conflicts with what others made, hostnames "
	  "that become reachable or stop being so, and what would be lost. Needs read permissions only.\n\n"
	  "Invalid input, a conflict or a guard is exit code 4; everything is printed all the same. With "
	  "--detailed-exitcode, changes are exit code 2.",
	  plan_examples, exits_plan },
	{ COMMAND_APPLY, "apply", "Make what is live as the manifests say", "[FILE]", 0, 1, text_json, cmd_apply,
	  "With FILE, a plan that adit plan --out saved: makes exactly its changes, and stops at anything that is not as "
	  "the plan expects. Without, plans, asks and applies.\n\n"
	  "Hostnames move to another tunnel only once that has a live connector with the new rules; otherwise the move is "
	  "deferred, exit code 3. A run that fails in part is continued by the next one.",
	  apply_examples, exits_apply },
	{ COMMAND_DESTROY, "destroy", "Remove everything that the project owns", "", 0, 0, text_json, cmd_destroy,
	  "Plans the removal of all tunnels, rules and CNAMEs of the project, asks, and removes them. What others made "
	  "stays.",
	  destroy_examples, exits_apply },
	{ COMMAND_DRIFT, "drift", "Show what differs from what was applied", "", 0, 0, text_json, cmd_drift,
	  "Compares what is recorded with what is live, field by field. Exit code 2 when they differ.",
	  drift_examples, exits_plan },
	{ COMMAND_STATUS, "status", "Show tunnels and their connectors", "", 0, 0, text_json, cmd_status,
	  "Lists each tunnel of the project with its connectors, their versions, and the version of the configuration "
	  "that each one runs.",
	  status_examples, exits_plain },
	{ COMMAND_SHOW, "show", "Show a saved plan, a run, or what is recorded", "[FILE|run/N]", 0, 1, text_json, cmd_show,
	  "Prints the plan that adit plan --out saved in FILE, or, with run/N, a run of the history with its changes. "
	  "Without either, prints all recorded resources.",
	  show_examples, exits_input },
	{ COMMAND_EXPLAIN, "explain", "Say which rule serves a URL, and why", "URL", 1, 1, text_json, cmd_explain,
	  "Finds the tunnel that the URL's hostname points at and the rule that cloudflared would choose there, and "
	  "names the Route, file and line that it comes from, why it stands before the others, what would serve the "
	  "URL without it, and which Routes ask for the URL but cannot have it. No network, no token, no state.",
	  explain_examples, exits_input },
	{ COMMAND_STATE_LIST, "state list", "List what is recorded", "[ADDRESS...]", 0, MANY, text_json, cmd_state_list,
	  "Prints the addresses of all recorded resources, or of those that match one of the addresses or globs "
	  "given.",
	  state_list_examples, exits_plain },
	{ COMMAND_STATE_SHOW, "state show", "Show one recorded resource", "ADDRESS", 1, 1, text_json, cmd_state_show,
	  "Prints every field of a recorded resource as it was last applied or read.",
	  state_show_examples, exits_plain },
	{ COMMAND_STATE_RM, "state rm", "Forget recorded resources, without deleting them", "ADDRESS...", 1, MANY, NULL,
	  cmd_state_rm,
	  "Removes resources from the recorded state; what is live stays as it is. Each argument is an address or a "
	  "glob; all of them must match something, else nothing is removed. A tunnel takes its rules with it.\n\n"
	  "What still bears the project's mark shows up as an orphan, or is adopted again when the manifests ask for it.",
	  state_rm_examples, exits_locked },
	{ COMMAND_STATE_MV, "state mv", "Give a recorded resource another address", "FROM TO", 2, 2, NULL, cmd_state_mv,
	  "Changes the address of a recorded resource, so that a Gateway or a hostname that was renamed in the "
	  "manifests keeps the tunnel or record that it has. A tunnel takes its rules and CNAMEs with it.",
	  state_mv_examples, exits_locked },
	{ COMMAND_STATE_PULL, "state pull", "Print the recorded state as JSON", "", 0, 0, NULL, cmd_state_pull,
	  "Prints the project's whole state as one JSON document: lineage, serial, resources and zones. There "
	  "is no secret in it.",
	  state_pull_examples, exits_plain },
	{ COMMAND_STATE_PUSH, "state push", "Replace the recorded state", "FILE", 1, 1, NULL, cmd_state_push,
	  "Replaces the project's state by a document of state pull; - reads standard input. Another lineage, or a "
	  "serial lower than the present one, is refused unless --force is given.",
	  state_push_examples, exits_locked },
	{ COMMAND_STATE_REBUILD, "state rebuild", "Make the state anew from what is live", "", 0, 0, NULL, cmd_state_rebuild,
	  "Records every tunnel, rule and CNAME that bears the project's mark, for when the state is lost. A state that "
	  "is not empty is replaced only with --force.",
	  state_rebuild_examples, exits_locked },
	{ COMMAND_CONNECTOR, "connector", "Print what runs cloudflared for a tunnel", "TUNNEL", 1, 1, connector_formats,
	  cmd_connector,
	  "A tunnel serves nothing until cloudflared runs. Prints Kubernetes manifests, a docker command or a systemd "
	  "unit that run it for the tunnel with this address, name or namespace/gateway. The token is left out unless "
	  "--with-secret is given.\n\n"
	  "With --rotate nothing is printed: the tunnel gets a new secret, and connections that were made with the old "
	  "one are dropped.",
	  connector_examples, exits_plain },
	{ COMMAND_TOKEN, "token", "Print the token that a connector runs with", "TUNNEL", 1, 1, NULL, cmd_token,
	  "Prints the token of a tunnel and nothing else. Whoever has it can serve the tunnel's hostnames. With CI=true "
	  "it is refused unless --show-secret is given, because logs are kept.",
	  token_examples, exits_input },
	{ COMMAND_HISTORY, "history", "List the runs that changed something", "", 0, 0, text_json, cmd_history,
	  "Lists the runs of apply, destroy and rollback, newest first: when, by whom, on which commit, how they ended, "
	  "and how much they changed. The state keeps the last 200 of them (20 in a document behind a URL), for 180 days.",
	  history_examples, exits_plain },
	{ COMMAND_ROLLBACK, "rollback", "Go back to what an earlier run had applied", "RUN", 1, 1, text_json, cmd_rollback,
	  "Plans back to what run RUN of adit history had applied, shows the plan, asks, and applies it. adit plan "
	  "--rollback RUN shows or saves the same plan. Manifests are not read. Guards count only what would go that that "
	  "run did not have.\n\n"
	  "The project is suspended before the first change: adit apply refuses until adit resume, so that the next "
	  "pipeline does not bring back what was just taken away. Only complete runs can be rolled back to.",
	  rollback_examples, exits_apply },
	{ COMMAND_RESUME, "resume", "Let a project that was rolled back be applied again", "", 0, 0, NULL, cmd_resume,
	  "Ends the suspension that adit rollback began.",
	  resume_examples, exits_locked },
	{ COMMAND_UNLOCK, "unlock", "End somebody's lock on the state", "[LOCK]", 0, 1, NULL, cmd_unlock,
	  "Shows who holds the lock on the state, asks, and ends it. Its holder can record nothing after that, and makes no "
	  "further call. With LOCK, the number that messages show, only that lock is ended, not one that somebody took "
	  "later (exit code 5).\n\n"
	  "A lock whose process is gone ends by itself, at once on the same machine and after a minute elsewhere.",
	  unlock_examples, exits_locked },
	{ COMMAND_SIMULATOR, "simulator", "Run a Cloudflare stand-in on this machine", "", 0, 0, NULL, cmd_simulator,
	  "Serves the part of Cloudflare's API that adit uses over HTTP, with its data in SQLite, until it is "
	  "interrupted. Prints \"listening on URL\" when it is ready.\n\n"
	  "With --fault calls go wrong: 429, 500, 502, 503, failure, refused, reset, lost, truncated, stalled, content-type, "
	  "page-missing, page-twice, item-appears, item-vanishes, stale, drop-write; small-pages=N and refuse-record=NAME "
	  "hold all the time. n=K, times=N, p=CHANCE, seed=N, method=METHOD and path=GLOB choose the calls; for=DURATION, "
	  "body=json|html|empty, executed=yes and retry-after=DURATION say more: --fault 503,body=html,method=PUT,n=2.\n\n"
	  "Tokens given here are made up and stand for themselves; a real one has no business on a command line.",
	  simulator_examples, exits_plain },
	{ COMMAND_COMPLETION, "completion", "Print a completion script for a shell", "bash|zsh|fish", 1, 1, NULL,
	  cmd_completion,
	  "Prints a script that makes the shell complete adit's commands and options.",
	  completion_examples, exits_plain },
	{ COMMAND_VERSION, "version", "Print the version", "", 0, 0, text_json, cmd_version,
	  "Prints adit's version and those of the libraries that it runs with; of those that it loads only when a command needs "
	  "them, the version that it was built with.",
	  version_examples, exits_plain },
	{ COMMAND_HELP, "help", "Show help for a command", "[COMMAND]", 0, 2, NULL, cmd_help,
	  "Lists the commands, or shows what one of them does, takes and answers with.",
	  help_examples, exits_plain },
};

const size_t command_count = sizeof(command_table) / sizeof(command_table[0]);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (str_eq(command_table[i].name, name))
			return &command_table[i];
	return NULL;
}

const char *command_group_summary(const char *word)
{
	static const struct {
		const char *word, *summary;
	} groups[] = {
		{ "state", "Look at what is recorded, and correct it" },
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (str_eq(groups[i].word, word))
			return groups[i].summary;
	return NULL;
}

bool command_is_group(const char *word)
{
	return command_group_summary(word) != NULL;
}
