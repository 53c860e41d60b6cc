/** @file
 * The commands: one table with what each is for, what it takes and what it answers with. */
#ifndef ADIT_CLI_COMMAND_H
#define ADIT_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

struct session;

enum command_id {
	COMMAND_INIT, COMMAND_VALIDATE, COMMAND_RENDER, COMMAND_PLAN, COMMAND_APPLY, COMMAND_DESTROY, COMMAND_DRIFT,
	COMMAND_STATUS, COMMAND_SHOW, COMMAND_EXPLAIN, COMMAND_STATE_LIST, COMMAND_STATE_SHOW, COMMAND_STATE_RM,
	COMMAND_STATE_MV, COMMAND_STATE_PULL, COMMAND_STATE_PUSH, COMMAND_STATE_REBUILD, COMMAND_CONNECTOR, COMMAND_TOKEN,
	COMMAND_HISTORY, COMMAND_ROLLBACK, COMMAND_RESUME,
	COMMAND_UNLOCK, COMMAND_SIMULATOR, COMMAND_COMPLETION, COMMAND_VERSION, COMMAND_HELP,
	COMMAND_ID_COUNT
};

/** A command line and what it does, for help and manual pages. */
struct example {
	const char *line;         /**< "adit plan -f manifests/" */
	const char *text;         /**< "Show what would change" */
};

struct command {
	enum command_id id;
	const char *name;         /**< "plan", "state list" */
	const char *summary;      /**< one line, no full stop */
	const char *arguments;    /**< positional ones as usage shows them: "[FILE]", "FROM TO"; "" for none */
	size_t min_arguments, max_arguments;
	const char *const *formats; /**< of --output, the default first, NULL-terminated; NULL: takes no --output */
	/** Do it. Sets session->verdict where rc alone does not tell. */
	enum rc (*run)(struct session *session);
	const char *description;  /**< paragraphs, separated by an empty line */
	const struct example *examples; /**< ended by a NULL line */
	const int *exit_codes;    /**< what it can answer with, ended by -1; 64 and 130 go without saying */
};

extern const struct command command_table[];
extern const size_t command_count;

/** By name ("state list"); NULL when there is none. */
const struct command *command_find(const char *name);
/** What the commands that begin with @p word ("state") are for, one line; NULL when none of two words does; static. */
const char *command_group_summary(const char *word);
/** True for the first word of commands of two words: "state". */
bool command_is_group(const char *word);

/* cli/cmd_NAME.c */
enum rc cmd_init(struct session *session);
enum rc cmd_validate(struct session *session);
enum rc cmd_render(struct session *session);
enum rc cmd_plan(struct session *session);
enum rc cmd_apply(struct session *session);
enum rc cmd_destroy(struct session *session);
enum rc cmd_drift(struct session *session);
enum rc cmd_status(struct session *session);
enum rc cmd_show(struct session *session);
enum rc cmd_explain(struct session *session);
enum rc cmd_state_list(struct session *session);
enum rc cmd_state_show(struct session *session);
enum rc cmd_state_rm(struct session *session);
enum rc cmd_state_mv(struct session *session);
enum rc cmd_state_pull(struct session *session);
enum rc cmd_state_push(struct session *session);
enum rc cmd_state_rebuild(struct session *session);
enum rc cmd_connector(struct session *session);
enum rc cmd_token(struct session *session);
enum rc cmd_history(struct session *session);
enum rc cmd_rollback(struct session *session);
enum rc cmd_resume(struct session *session);
enum rc cmd_unlock(struct session *session);
enum rc cmd_simulator(struct session *session);
enum rc cmd_completion(struct session *session);
enum rc cmd_version(struct session *session);
enum rc cmd_help(struct session *session);

#endif
