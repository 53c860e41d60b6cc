/** @file
 * The project file adit.yaml: kind Project, apiVersion adit.cnap.tech/v1. */
#ifndef ADIT_SCHEMA_PROJECT_H
#define ADIT_SCHEMA_PROJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/text.h"

struct account {
	const char *name;
	const char *url;              /**< "cnap", "dev:" (the default) or a base URL; never NULL */
	const char *account_id;       /**< NULL: the only one that the token sees */
	const char *token_env;        /**< name of the variable; NULL when absent */
	const char *token_file;       /**< relative to the project file's folder; NULL when absent */
	const char **token_command;   /**< argv; NULL when absent */
	size_t token_command_count;
	const char **gateway_classes; /**< default {"cloudflare"} */
	size_t gateway_class_count;
	const char **dev_zones;       /**< dev: only; default {"example.com"} */
	size_t dev_zone_count;
	struct span span, url_span;
};

struct project_source {
	const char *path;             /**< relative to the project file's folder */
	const char *name_space;       /**< NULL when absent */
	struct span span;
};

struct ignore_rule {
	const char *address;          /**< glob */
	const char *field;            /**< NULL: every field */
	const char *reason;
	int64_t until_s;              /**< seconds since 1970, when it ends; a date alone is its start in UTC; 0: for ever */
	struct span span;
};

/** A Gateway of another project that this one contributes Routes to. */
struct gateway_from {
	const char *project;
	const char *gateway;          /**< "namespace/name", or the name alone */
	struct span span;
};

enum services_mode { SERVICES_OPTIONAL, SERVICES_REQUIRE };
enum attach_mode { ATTACH_STRICT, ATTACH_LENIENT };

struct guard_config {
	int64_t max_deletes;          /**< default 10 */
	int64_t max_delete_percent;   /**< default 30 */
	int64_t max_rule_percent;     /**< default 50 */
	int64_t tunnel_grace_ms;      /**< how long a tunnel is kept, empty, after its Gateway left; default 0 */
};

/** How many API calls all that share a store and an account may make: share_percent of calls in any window. */
struct budget_config {
	int64_t calls, window_ms;     /**< what the API allows; default 1200 in 300 s */
	int64_t share_percent;        /**< of it for adit; default 60 */
};

struct dns_config {
	int64_t settle_ms;            /**< default 10 s */
};

struct project {
	const char *name;             /**< the owner; "default" without a project file */
	const char *folder;           /**< of the last project file; "." without one */
	struct account *accounts;     /**< never empty after project_resolve() */
	size_t account_count;
	struct project_source *sources;
	size_t source_count;
	const char **gateways;        /**< "namespace/name" globs; count 0: all */
	size_t gateway_count;
	struct gateway_from *shared_gateways; /**< spec.gateways' entries with from */
	size_t shared_gateway_count;
	const char **controller_names;
	size_t controller_name_count;
	const char *default_gateway;  /**< "namespace/name"; NULL when absent */
	enum attach_mode attach;
	enum services_mode services;
	const char *state;            /**< default ".adit/state.db", relative to folder */
	const char *tunnel_name;      /**< template; default "{project}.{namespace}.{gateway}" */
	struct dns_config dns;
	struct guard_config guard;
	struct budget_config budget;
	struct ignore_rule *ignores;
	size_t ignore_count;
	const struct text *text;      /**< NULL without a project file */
};

/** The defaults: what holds without a project file. accounts is empty. */
void project_init(struct project *project);

/** Read one project file over @p project: keys that it has replace those of earlier files. All its faults are told
 * at once; @p project is unchanged then. Lines that may hold a secret are never shown.
 * Codes: A0301 no Project, A0302 required key missing, A0303 wrong type, A0304 unknown key, A0305 key of a later adit,
 * A0306 literal token, A0307 value not as it must be, A0308 several tokens, A0309 account named twice, A0310 gateway
 * class of two accounts, A0312 tunnelName, A0313 devZones of a real account; A01xx for the YAML itself.
 * @param arena  for what project points to; it borrows @p text
 * @return RC_OK; RC_INVALID; RC_NOMEM */
enum rc project_read(struct arena *arena, struct diags *diags, const struct text *text,
		     struct project *project) MUST_CHECK;

/** True when @p name is a Project's name: [a-z0-9-], 1 to 32 bytes. */
bool project_is_name(const char *name);

#endif
