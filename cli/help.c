/* Help: what the tables say, laid out for a terminal. */
#include "cli/help.h"

#include <string.h>

#include "base/str.h"
#include "cli/exit_code.h"
#include "cli/session.h"

#define WIDTH 80u
#define SUMMARY_COLUMN 18u
#define HELP_COLUMN 30u

static void pad(struct strbuf *out, size_t columns)
{
	for (size_t i = 0; i < columns; i++)
		strbuf_addc(out, ' ');
}

/** One paragraph, @p size bytes; the first line is indented already when @p begun. */
static void wrap_paragraph(struct strbuf *out, const char *text, size_t size, size_t indent, bool begun)
{
	size_t column = begun ? indent : 0, words = 0;

	for (size_t i = 0, word; i < size; i += word + 1) {
		word = strcspn(text + i, " \n");
		if (words && column + 1 + word > WIDTH) {
			strbuf_addc(out, '\n');
			column = words = 0;
		}
		if (words)
			strbuf_addc(out, ' ');
		else if (!column)
			pad(out, indent);
		column = words ? column + 1 + word : indent + word;
		words++;
		strbuf_add(out, text + i, word);
	}
	strbuf_addc(out, '\n');
}

void help_wrap(struct strbuf *out, const char *text, size_t indent, bool begun)
{
	for (;;) {
		const char *end = strstr(text, "\n\n");

		wrap_paragraph(out, text, end ? (size_t)(end - text) : strlen(text), indent, begun);
		if (!end)
			return;
		strbuf_addc(out, '\n');
		begun = false;
		text = end + 2;
	}
}

void help_usage(struct strbuf *out, const struct command *command)
{
	strbuf_addf(out, "adit %s [options]%s%s", command->name, *command->arguments ? " " : "", command->arguments);
}

void help_option_name(struct strbuf *out, const struct option *option, const struct command *command)
{
	if (option->letter && option->argument)
		strbuf_addf(out, "-%c %s, ", option->letter, option->argument);
	else if (option->letter)
		strbuf_addf(out, "-%c, ", option->letter);
	strbuf_addf(out, option->kind == OPTION_SWITCH_ON ? "--%s=false" : "--%s", option->name);
	if (option->kind == OPTION_FORMAT && command && command->formats)
		for (size_t i = 0; command->formats[i]; i++)
			strbuf_addf(out, "%c%s", i ? '|' : ' ', command->formats[i]);
	else if (option->argument)
		strbuf_addf(out, " %s", option->argument);
}

static void add_option(struct strbuf *out, const struct option *option, const struct command *command)
{
	size_t start = out->size, used;
	struct strbuf words;

	strbuf_adds(out, "  ");
	help_option_name(out, option, command);
	used = out->size - start;
	if (used + 2 > HELP_COLUMN) {
		strbuf_addc(out, '\n');
		used = 0;
	}
	strbuf_init(&words, 0);
	strbuf_adds(&words, option->help);
	if (option->environment)
		strbuf_addf(&words, " [%s]", option->environment);
	pad(out, HELP_COLUMN - used);
	help_wrap(out, strbuf_text(&words), HELP_COLUMN, true);
	strbuf_done(&words);
}

static void add_options(struct strbuf *out, const struct command *command)
{
	strbuf_adds(out, "\nOptions:\n");
	for (size_t i = 0; i < option_count; i++)
		if (option_is_of(&option_table[i], command))
			add_option(out, &option_table[i], command);
}

static void add_exit_codes(struct strbuf *out, const struct command *command)
{
	strbuf_adds(out, "\nExit codes:\n");
	for (size_t i = 0; command->exit_codes[i] >= 0; i++)
		strbuf_addf(out, "  %-4d %s\n", command->exit_codes[i],
			    exit_code_text((enum exit_code)command->exit_codes[i]));
	strbuf_addf(out, "  %-4d %s\n", EXIT_CODE_USAGE, exit_code_text(EXIT_CODE_USAGE));
	strbuf_addf(out, "  %-4d %s\n", EXIT_CODE_INTERRUPTED, exit_code_text(EXIT_CODE_INTERRUPTED));
}

static void add_examples(struct strbuf *out, const struct command *command)
{
	strbuf_adds(out, "\nExamples:\n");
	for (const struct example *example = command->examples; example->line; example++)
		strbuf_addf(out, "  %s\n      %s\n", example->line, example->text);
}

void help_command_text(struct strbuf *out, const struct command *command)
{
	strbuf_adds(out, "Usage: ");
	help_usage(out, command);
	strbuf_addf(out, "\n\n%s.\n\n", command->summary);
	help_wrap(out, command->description, 0, false);
	add_options(out, command);
	add_exit_codes(out, command);
	add_examples(out, command);
}

static void add_commands(struct strbuf *out, const char *group)
{
	size_t size = strlen(group);

	for (size_t i = 0; i < command_count; i++) {
		const char *name = command_table[i].name;

		if (size && (strncmp(name, group, size) || name[size] != ' '))
			continue;
		strbuf_addf(out, "  %-*s%s\n", (int)SUMMARY_COLUMN, name, command_table[i].summary);
	}
}

void help_overview_text(struct strbuf *out)
{
	strbuf_adds(out, "Usage: adit COMMAND [options] [arguments]\n\n");
	help_wrap(out,
		  "Exposes applications on Cloudflare Tunnels from Kubernetes Gateway API manifests: reads the "
		  "desired state from files, shows what would change, applies exactly that, and reports drift "
		  "afterwards.",
		  0, false);
	strbuf_adds(out, "\nCommands:\n");
	add_commands(out, "");
	strbuf_adds(out, "\nadit help COMMAND, or adit COMMAND --help, shows what a command does and takes.\n");
}

static enum rc write_text(struct session *session, struct strbuf *text)
{
	enum rc rc = strbuf_failed(text) ? RC_NOMEM : RC_OK;

	if (!rc)
		session_write(session, text->data, text->size);
	strbuf_done(text);
	return rc;
}

enum rc help_command(struct session *session, const struct command *command)
{
	struct strbuf text;

	if (command->id == COMMAND_HELP)
		return cmd_help(session);
	strbuf_init(&text, 0);
	help_command_text(&text, command);
	return write_text(session, &text);
}

static enum rc unknown_topic(struct session *session, const char *name)
{
	struct diag *diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0802", (struct span){ 0 },
				     "unknown command %s", name);

	diag_help(&session->run.diags, diag, "adit help lists the commands.");
	session->verdict.usage = true;
	return RC_INVALID;
}

enum rc cmd_help(struct session *session)
{
	const struct string_list *words = &session->options.arguments;
	const char *name = words->count ? words->items[0] : "";
	const struct command *command;
	struct strbuf text;

	if (words->count > 1)
		name = arena_printf(session->run.arena, "%s %s", words->items[0], words->items[1]);
	if (!name)
		return RC_NOMEM;
	command = command_find(name);
	if (*name && !command && !command_is_group(name))
		return unknown_topic(session, name);
	strbuf_init(&text, 0);
	if (command) {
		help_command_text(&text, command);
	} else if (*name) {
		strbuf_addf(&text, "Usage: adit %s COMMAND [options] [arguments]\n\nCommands:\n", name);
		add_commands(&text, name);
	} else {
		help_overview_text(&text);
	}
	return write_text(session, &text);
}
