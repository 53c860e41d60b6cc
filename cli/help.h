/** @file
 * Help texts, made from the tables of options and commands. */
#ifndef ADIT_CLI_HELP_H
#define ADIT_CLI_HELP_H

#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/option.h"

struct session;

/** All commands with their summaries. */
void help_overview_text(struct strbuf *out);
/** Usage, description, options, exit codes and examples of one command. */
void help_command_text(struct strbuf *out, const struct command *command);
/** Write help_command_text() to standard output; for the command help itself the overview. */
enum rc help_command(struct session *session, const struct command *command) MUST_CHECK;

/** "adit plan [options] [FILE]". */
void help_usage(struct strbuf *out, const struct command *command);
/** "-f PATH, --file PATH", with "text|json" for the formats of @p command. */
void help_option_name(struct strbuf *out, const struct option *option, const struct command *command);
/** @p text broken at spaces into lines of at most 80 columns, each indented; an empty line between paragraphs.
 * @param begun  the line that it begins on is indented already */
void help_wrap(struct strbuf *out, const char *text, size_t indent, bool begun);

#endif
