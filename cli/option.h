/** @file
 * The command line: one table of options, parsed into plain fields.
 *
 * `--option value` and `--option=value`, `-f value` and `-fvalue`; names match exactly, never by abbreviation;
 * options may follow positional arguments; `--` ends them. Switches take no value, but `--switch=true` and
 * `--switch=false` are understood. Help, completion and manual pages are made from the same table. */
#ifndef ADIT_CLI_OPTION_H
#define ADIT_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/run.h"

struct command;

/** A list of strings, in the order given. */
struct string_list {
	const char **items;
	size_t count, capacity;
};

/** What the command line (and ADIT_... variables) said. Numbers and durations that were not given are -1,
 * strings NULL. Everything is arena or borrowed from argv. */
struct options {
	const struct command *command;
	struct string_list arguments;      /**< positional, without the command's own words */
	bool help;

	/* where */
	const char *directory;             /**< -C */
	struct string_list configs;        /**< --config */
	struct string_list files;          /**< -f */
	const char *name_space;            /**< -n */
	const char *account_id, *url, *token_env, *state;
	struct string_list allow_urls;     /**< --allow-url: origins that a token may go to */
	bool allow_dev;

	/* how it is shown */
	const char *output;                /**< one of the command's formats, never NULL after parsing */
	bool no_color;
	const char *trace;                 /**< debug trace file, tokens redacted */

	/* plan, apply, destroy, drift */
	const char *out;                   /**< plan --out */
	int64_t rollback_run;              /**< plan --rollback; 0: none */
	bool destroy, refresh_only, detailed_exitcode, auto_approve, prune_orphans, keep_going, strict;
	bool input, refresh, lock;         /**< true unless =false was given */
	struct string_list targets, excludes, adopts;
	int64_t parallelism;
	int64_t lock_timeout_ms;           /**< default 0: do not wait */
	bool no_connector_gate;
	int64_t connector_timeout_ms;      /**< default 60 s */
	const char *approve;               /**< apply --approve DIGEST */

	/* guards' overrides */
	int64_t max_deletes, max_delete_percent, max_rule_percent;
	bool allow_empty, allow_live_connectors, allow_moved_zone, allow_moved_account;
	struct string_list allow_losses;   /**< hostnames */

	bool force;                        /**< state push, state rebuild */

	/* connector, token */
	const char *image, *tag;
	const char *secret_name;           /**< of a Kubernetes Secret that exists */
	int64_t replicas, metrics_port;
	int64_t autoscale;                 /**< most replicas of a HorizontalPodAutoscaler */
	bool service_monitor, with_secret, rotate, show_secret;

	/* simulator */
	const char *listen, *data, *plan;
	struct string_list accounts, zones, tokens, faults;
	int64_t record_limit, latency_ms;
	int64_t rate_calls, rate_window_ms; /**< --rate-limit CALLS/WINDOW */
	bool allow_remote, log;
};

enum option_kind {
	OPTION_SWITCH,    /**< bool; no value, or =true, =false */
	OPTION_SWITCH_ON, /**< a switch that is true unless =false is given */
	OPTION_STRING,    /**< const char * */
	OPTION_LIST,      /**< struct string_list; may be given again */
	OPTION_INTEGER,   /**< int64_t between minimum and maximum */
	OPTION_DURATION,  /**< int64_t milliseconds: "90s", "1m30s", "300" seconds */
	OPTION_FORMAT,    /**< const char *: one of the command's output formats */
	OPTION_RATE,      /**< two int64_t: CALLS/WINDOW */
};

struct option {
	const char *name;         /**< without dashes */
	char letter;              /**< 0: none */
	enum option_kind kind;
	size_t offset;            /**< within struct options */
	const char *argument;     /**< "FILE"; NULL for switches */
	const char *environment;  /**< "ADIT_URL"; NULL: none. Lists are separated by commas there */
	const char *help;         /**< one line, no full stop */
	uint64_t commands;        /**< bit (1 << enum command_id) for each command that takes it */
	int64_t minimum, maximum; /**< OPTION_INTEGER */
};

extern const struct option option_table[];
extern const size_t option_count;

/** True for options that take no value of their own. */
bool option_is_switch(const struct option *option);
/** True when @p command takes @p option. */
bool option_is_of(const struct option *option, const struct command *command);

/** Parse a command line.
 * @param argv  argv[0] is skipped; borrowed
 * @param ret_options  set on success, and as far as known (command, help) on failure
 * @return RC_OK; RC_INVALID a usage fault (A0801 unknown option, A0802 unknown command, A0803 value missing or not
 * wanted, A0804 bad value, A0805 option not of this command, A0806 arguments); RC_NOMEM
 * `adit --help`, `adit state --help` come back as the command help with the words as arguments. */
enum rc options_parse(struct run *run, int argc, char *const *argv, struct options *ret_options) MUST_CHECK;

#endif
