/* The table of options: what each is called, where it goes, and which commands take it. */
#include "cli/option.h"

#include "cli/command.h"

#define BIT(id) ((uint64_t)1 << COMMAND_##id)
#define FIELD(name) offsetof(struct options, name)

#define ALL (~(uint64_t)0)
#define STATE_WRITE (BIT(STATE_RM) | BIT(STATE_MV) | BIT(STATE_PUSH) | BIT(STATE_REBUILD))
#define STATE_ANY (BIT(STATE_LIST) | BIT(STATE_SHOW) | BIT(STATE_PULL) | STATE_WRITE)
#define OFFLINE (BIT(VALIDATE) | BIT(RENDER) | BIT(EXPLAIN))
#define PLANNING (BIT(PLAN) | BIT(APPLY))
#define HISTORY (BIT(HISTORY) | BIT(RESUME) | BIT(UNLOCK))
#define LIVE (PLANNING | BIT(ROLLBACK) | BIT(DESTROY) | BIT(DRIFT) | BIT(STATUS) | BIT(CONNECTOR) | BIT(TOKEN) | BIT(STATE_REBUILD))
#define MANIFESTS (OFFLINE | PLANNING | BIT(DESTROY) | BIT(DRIFT) | BIT(STATE_REBUILD))
#define PROJECT (OFFLINE | LIVE | STATE_ANY | HISTORY | BIT(SHOW))
#define LOCKING (APPLYING | BIT(RESUME) | STATE_WRITE)
#define APPLYING (BIT(APPLY) | BIT(DESTROY) | BIT(ROLLBACK))
#define GUARDED (PLANNING | BIT(ROLLBACK))

const struct option option_table[] = {
	/* where */
	{ "directory", 'C', OPTION_STRING, FIELD(directory), "DIR", NULL,
	  "Change to this folder first", PROJECT | BIT(INIT) | BIT(SIMULATOR), 0, 0 },
	{ "config", 0, OPTION_LIST, FIELD(configs), "FILE", NULL,
	  "Read this project file instead of looking for adit.yaml; may be given again, later ones win", PROJECT, 0, 0 },
	{ "file", 'f', OPTION_LIST, FIELD(files), "PATH", NULL,
	  "Read manifests from this file or folder, or from standard input with -; may be given again", MANIFESTS, 0, 0 },
	{ "namespace", 'n', OPTION_STRING, FIELD(name_space), "NAMESPACE", NULL,
	  "Namespace of objects that name none", MANIFESTS | BIT(CONNECTOR), 0, 0 },
	{ "account-id", 0, OPTION_STRING, FIELD(account_id), "ID", "ADIT_ACCOUNT_ID",
	  "Cloudflare account, for projects with one account", LIVE, 0, 0 },
	{ "url", 0, OPTION_STRING, FIELD(url), "URL", "ADIT_URL",
	  "API to talk to: cnap, dev: or a base URL, for projects with one account", LIVE, 0, 0 },
	{ "token-env", 0, OPTION_STRING, FIELD(token_env), "NAME", "ADIT_TOKEN_ENV",
	  "Environment variable that holds the API token, for projects with one account", LIVE, 0, 0 },
	{ "state", 0, OPTION_STRING, FIELD(state), "PATH", "ADIT_STATE",
	  "Where the recorded state is kept: a file, or a URL of postgres://, https:// or s3://", PROJECT, 0, 0 },
	{ "allow-url", 0, OPTION_LIST, FIELD(allow_urls), "URL", "ADIT_ALLOW_URL",
	  "Let a token or password go to this origin, which the project file names; may be given again",
	  PROJECT, 0, 0 },
	{ "allow-dev", 0, OPTION_SWITCH, FIELD(allow_dev), NULL, NULL,
	  "Let the embedded simulator be used though CI=true", LIVE, 0, 0 },

	/* how it is shown */
	{ "output", 0, OPTION_FORMAT, FIELD(output), "FORMAT", NULL,
	  "Form of the result", ALL, 0, 0 },
	{ "no-color", 0, OPTION_SWITCH, FIELD(no_color), NULL, NULL,
	  "No colour, as with NO_COLOR in the environment", ALL, 0, 0 },
	{ "trace", 0, OPTION_STRING, FIELD(trace), "FILE", "ADIT_TRACE",
	  "Append every API call to this file, without tokens", LIVE, 0, 0 },
	{ "help", 'h', OPTION_SWITCH, FIELD(help), NULL, NULL,
	  "Show help for the command", ALL, 0, 0 },

	/* planning */
	{ "out", 0, OPTION_STRING, FIELD(out), "FILE", NULL,
	  "Save the plan, for adit apply FILE", BIT(PLAN), 0, 0 },
	{ "destroy", 0, OPTION_SWITCH, FIELD(destroy), NULL, NULL,
	  "Plan the removal of everything that the project owns", BIT(PLAN), 0, 0 },
	{ "rollback", 0, OPTION_INTEGER, FIELD(rollback_run), "RUN", NULL,
	  "Plan back to what this run of adit history had applied; the manifests are not read", BIT(PLAN), 1, INT64_MAX },
	{ "detailed-exitcode", 0, OPTION_SWITCH, FIELD(detailed_exitcode), NULL, NULL,
	  "Exit with 2 when there are changes", BIT(PLAN), 0, 0 },
	{ "refresh", 0, OPTION_SWITCH_ON, FIELD(refresh), NULL, NULL,
	  "Plan from the recorded state, without reading what is live", PLANNING, 0, 0 },
	{ "refresh-only", 0, OPTION_SWITCH, FIELD(refresh_only), NULL, NULL,
	  "Take what is live into the state; change nothing live", PLANNING, 0, 0 },
	{ "target", 0, OPTION_LIST, FIELD(targets), "ADDRESS", NULL,
	  "Only this address (or glob) and what it needs; may be given again", PLANNING | BIT(DESTROY), 0, 0 },
	{ "exclude", 0, OPTION_LIST, FIELD(excludes), "ADDRESS", NULL,
	  "Leave this address (or glob) and what needs it alone; may be given again", PLANNING | BIT(DESTROY), 0, 0 },
	{ "adopt", 0, OPTION_LIST, FIELD(adopts), "GLOB", NULL,
	  "Take over records and tunnels of others at these addresses; may be given again", PLANNING, 0, 0 },
	{ "prune-orphans", 0, OPTION_SWITCH, FIELD(prune_orphans), NULL, NULL,
	  "Delete what bears the project's mark but is neither desired nor recorded", PLANNING, 0, 0 },
	{ "keep-going", 0, OPTION_SWITCH, FIELD(keep_going), NULL, NULL,
	  "Hold what is invalid or contested, and go on with the rest; what may concern any rule holds all", PLANNING, 0, 0 },
	{ "strict", 0, OPTION_SWITCH, FIELD(strict), NULL, NULL,
	  "Exit with 4 when a feature of the manifests is refused", PLANNING | BIT(VALIDATE) | BIT(RENDER), 0, 0 },
	{ "parallelism", 0, OPTION_INTEGER, FIELD(parallelism), "N", NULL,
	  "API calls under way at once (10)", LIVE, 1, 100 },

	/* applying */
	{ "auto-approve", 0, OPTION_SWITCH, FIELD(auto_approve), NULL, NULL,
	  "Do not ask", APPLYING | BIT(CONNECTOR) | BIT(UNLOCK), 0, 0 },
	{ "approve", 0, OPTION_STRING, FIELD(approve), "DIGEST", NULL,
	  "Plan afresh, and apply only if the plan's digest is this one", BIT(APPLY), 0, 0 },
	{ "input", 0, OPTION_SWITCH_ON, FIELD(input), NULL, NULL,
	  "Never ask; fail instead", APPLYING | BIT(CONNECTOR) | BIT(UNLOCK), 0, 0 },
	{ "lock", 0, OPTION_SWITCH_ON, FIELD(lock), NULL, NULL,
	  "Do not lock the state", LOCKING, 0, 0 },
	{ "lock-timeout", 0, OPTION_DURATION, FIELD(lock_timeout_ms), "DURATION", NULL,
	  "Wait this long for somebody else's lock (0s)", LOCKING, 0, 0 },
	{ "no-connector-gate", 0, OPTION_SWITCH, FIELD(no_connector_gate), NULL, NULL,
	  "Move hostnames even to a tunnel without a live connector", BIT(APPLY) | BIT(ROLLBACK), 0, 0 },
	{ "connector-timeout", 0, OPTION_DURATION, FIELD(connector_timeout_ms), "DURATION", NULL,
	  "Wait this long for connectors to load a new configuration (60s)", BIT(APPLY) | BIT(ROLLBACK), 0, 0 },

	/* guards' overrides */
	{ "max-deletes", 0, OPTION_INTEGER, FIELD(max_deletes), "N", NULL,
	  "Allow this many hostnames and tunnels to be deleted", GUARDED, 0, 1000000000 },
	{ "max-delete-percent", 0, OPTION_INTEGER, FIELD(max_delete_percent), "P", NULL,
	  "Allow this part of all hostnames and tunnels to be deleted", GUARDED, 0, 100 },
	{ "max-rule-percent", 0, OPTION_INTEGER, FIELD(max_rule_percent), "P", NULL,
	  "Allow this part of all rules to change", GUARDED, 0, 100 },
	{ "allow-empty", 0, OPTION_SWITCH, FIELD(allow_empty), NULL, NULL,
	  "Allow a source, or the project, to become empty", GUARDED, 0, 0 },
	{ "allow-live-connectors", 0, OPTION_SWITCH, FIELD(allow_live_connectors), NULL, NULL,
	  "Allow a tunnel with live connectors to be deleted", GUARDED, 0, 0 },
	{ "allow-loss", 0, OPTION_LIST, FIELD(allow_losses), "HOST", NULL,
	  "Allow this hostname to lose what it serves; may be given again", GUARDED, 0, 0 },
	{ "allow-moved-zone", 0, OPTION_SWITCH, FIELD(allow_moved_zone), NULL, NULL,
	  "Allow another zone than the recorded one", GUARDED, 0, 0 },
	{ "allow-moved-account", 0, OPTION_SWITCH, FIELD(allow_moved_account), NULL, NULL,
	  "Allow another account than the recorded one", GUARDED, 0, 0 },

	/* state */
	{ "force", 0, OPTION_SWITCH, FIELD(force), NULL, NULL,
	  "Replace a state that is of another lineage, newer or not empty", BIT(STATE_PUSH) | BIT(STATE_REBUILD), 0, 0 },

	/* connector, token */
	{ "image", 0, OPTION_STRING, FIELD(image), "IMAGE", NULL,
	  "Container image of cloudflared (cloudflare/cloudflared)", BIT(CONNECTOR), 0, 0 },
	{ "tag", 0, OPTION_STRING, FIELD(tag), "TAG", NULL,
	  "Tag of the image", BIT(CONNECTOR), 0, 0 },
	{ "replicas", 0, OPTION_INTEGER, FIELD(replicas), "N", NULL,
	  "Connectors that run at once (2)", BIT(CONNECTOR), 1, 1000 },
	{ "autoscale", 0, OPTION_INTEGER, FIELD(autoscale), "N", NULL,
	  "Add a HorizontalPodAutoscaler with at most this many replicas", BIT(CONNECTOR), 1, 1000 },
	{ "metrics-port", 0, OPTION_INTEGER, FIELD(metrics_port), "PORT", NULL,
	  "Port of the metrics and of /ready (2000)", BIT(CONNECTOR), 1, 65535 },
	{ "service-monitor", 0, OPTION_SWITCH, FIELD(service_monitor), NULL, NULL,
	  "Add a ServiceMonitor for Prometheus", BIT(CONNECTOR), 0, 0 },
	{ "secret-name", 0, OPTION_STRING, FIELD(secret_name), "NAME", NULL,
	  "Use this Kubernetes Secret, which exists", BIT(CONNECTOR), 0, 0 },
	{ "with-secret", 0, OPTION_SWITCH, FIELD(with_secret), NULL, NULL,
	  "Print the token, too", BIT(CONNECTOR), 0, 0 },
	{ "rotate", 0, OPTION_SWITCH, FIELD(rotate), NULL, NULL,
	  "Change the tunnel's secret and drop its connections", BIT(CONNECTOR), 0, 0 },
	{ "show-secret", 0, OPTION_SWITCH, FIELD(show_secret), NULL, NULL,
	  "Print the token though CI=true", BIT(TOKEN), 0, 0 },

	/* simulator */
	{ "listen", 0, OPTION_STRING, FIELD(listen), "HOST:PORT", NULL,
	  "Where to listen (127.0.0.1:0, a free port)", BIT(SIMULATOR), 0, 0 },
	{ "allow-remote", 0, OPTION_SWITCH, FIELD(allow_remote), NULL, NULL,
	  "Allow an address other than loopback", BIT(SIMULATOR), 0, 0 },
	{ "data", 0, OPTION_STRING, FIELD(data), "FILE", NULL,
	  "Keep the data in this file; without it they are gone at the end", BIT(SIMULATOR), 0, 0 },
	{ "account", 0, OPTION_LIST, FIELD(accounts), "ID[=NAME]", NULL,
	  "An account, 32 hex digits; may be given again", BIT(SIMULATOR), 0, 0 },
	{ "zone", 0, OPTION_LIST, FIELD(zones), "[ACCOUNT/]NAME[@PLAN]", NULL,
	  "A zone; may be given again", BIT(SIMULATOR), 0, 0 },
	{ "token", 0, OPTION_LIST, FIELD(tokens), "TOKEN[=ITEM,...]", NULL,
	  "A token and what it may do (tunnel:write, dns:read, zone/NAME, ...; all by default); may be given again",
	  BIT(SIMULATOR), 0, 0 },
	{ "plan", 0, OPTION_STRING, FIELD(plan), "PLAN", NULL,
	  "Plan of zones that name none: free, pro, business or enterprise (free)", BIT(SIMULATOR), 0, 0 },
	{ "record-limit", 0, OPTION_INTEGER, FIELD(record_limit), "N", NULL,
	  "Most DNS records of a zone (what its plan allows)", BIT(SIMULATOR), 1, 100000000 },
	{ "latency", 0, OPTION_DURATION, FIELD(latency_ms), "DURATION", NULL,
	  "Time that each call takes (0s)", BIT(SIMULATOR), 0, 0 },
	{ "rate-limit", 0, OPTION_RATE, FIELD(rate_calls), "CALLS/WINDOW", NULL,
	  "Calls that a token may make in a sliding window (1200/300s)", BIT(SIMULATOR), 0, 0 },
	{ "fault", 0, OPTION_LIST, FIELD(faults), "KIND[,KEY=VALUE...]", NULL,
	  "Let calls go wrong, as 429, 503, reset, lost, stalled, stale and others; may be given again", BIT(SIMULATOR), 0, 0 },
	{ "log", 0, OPTION_SWITCH, FIELD(log), NULL, NULL,
	  "One line per call on standard error", BIT(SIMULATOR), 0, 0 },
};

const size_t option_count = sizeof(option_table) / sizeof(option_table[0]);
