/** @file
 * Manual pages, made from the tables of options and commands: adit(1) and one page per command. */
#ifndef ADIT_CLI_MANUAL_H
#define ADIT_CLI_MANUAL_H

#include "base/strbuf.h"
#include "cli/command.h"

/** adit(1) in mdoc(7). */
void manual_overview(struct strbuf *out);
/** The page of one command in mdoc(7), such as adit-state-list(1). */
void manual_command(struct strbuf *out, const struct command *command);
/** The page's name: "adit-state-list". */
void manual_name(struct strbuf *out, const struct command *command);

#endif
