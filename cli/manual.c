/* Manual pages in mdoc(7). */
#include "cli/manual.h"

#include <string.h>

#include "cli/exit_code.h"
#include "cli/option.h"

/** The date of the pages: of the last change of what they say, not of the build, so that they are reproducible. */
#define MANUAL_DATE "November 23, 2026"

/** One line of text: backslashes and a leading control character are escaped. */
static void add_text(struct strbuf *out, const char *text, size_t size)
{
	if (size && (text[0] == '.' || text[0] == '\''))
		strbuf_adds(out, "\\&");
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\\')
			strbuf_adds(out, "\\e");
		else if (text[i] == '-')
			strbuf_adds(out, "\\-");
		else
			strbuf_addc(out, text[i]);
	}
	strbuf_addc(out, '\n');
}

/** Paragraphs; a line of its own for each sentence, as roff likes it. */
static void add_prose(struct strbuf *out, const char *text)
{
	while (*text) {
		const char *paragraph = strstr(text, "\n\n");
		const char *end = paragraph ? paragraph : text + strlen(text);

		while (text < end) {
			const char *stop = memmem(text, (size_t)(end - text), ". ", 2);
			const char *line_end = stop ? stop + 1 : end;

			add_text(out, text, (size_t)(line_end - text));
			text = stop ? stop + 2 : end;
		}
		if (!paragraph)
			return;
		strbuf_adds(out, ".Pp\n");
		text = paragraph + 2;
	}
}

/** A macro's argument: quoted, since it may hold spaces or a macro's name. */
static void add_argument(struct strbuf *out, const char *text)
{
	strbuf_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			strbuf_adds(out, "\"\"");
		else if (*text == '\\')
			strbuf_adds(out, "\\e");
		else if (*text == '-')
			strbuf_adds(out, "\\-");
		else
			strbuf_addc(out, *text);
	}
	strbuf_addc(out, '"');
}

void manual_name(struct strbuf *out, const struct command *command)
{
	strbuf_adds(out, "adit-");
	for (const char *c = command->name; *c; c++)
		strbuf_addc(out, *c == ' ' ? '-' : *c);
}

static void add_head(struct strbuf *out, const char *name, const char *summary)
{
	strbuf_adds(out, ".\\\" Made from the tables of options and commands; the target man writes it anew.\n"
			 ".Dd " MANUAL_DATE "\n.Dt ");
	for (const char *c = name; *c; c++)
		strbuf_addc(out, (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
	strbuf_addf(out, " 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd ", name);
	add_text(out, summary, strlen(summary));
}

static void add_option(struct strbuf *out, const struct option *option, const struct command *command)
{
	strbuf_adds(out, ".It ");
	if (option->letter) {
		strbuf_addf(out, "Fl %c", option->letter);
		if (option->argument) {
			strbuf_adds(out, " Ar ");
			add_argument(out, option->argument);
		}
		strbuf_adds(out, " , ");
	}
	strbuf_addf(out, option->kind == OPTION_SWITCH_ON ? "Fl -%s Ns = Ns Cm false" : "Fl -%s", option->name);
	if (option->kind == OPTION_FORMAT) {
		strbuf_adds(out, " Cm");
		for (size_t i = 0; command->formats[i]; i++)
			strbuf_addf(out, "%s %s", i ? " |" : "", command->formats[i]);
	} else if (option->argument) {
		strbuf_adds(out, " Ar ");
		add_argument(out, option->argument);
	}
	strbuf_addc(out, '\n');
	add_text(out, option->help, strlen(option->help));
	if (option->environment)
		strbuf_addf(out, ".Pq environment: Ev %s\n", option->environment);
}

static void add_options(struct strbuf *out, const struct command *command)
{
	strbuf_adds(out, ".Sh OPTIONS\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < option_count; i++)
		if (option_is_of(&option_table[i], command))
			add_option(out, &option_table[i], command);
	strbuf_adds(out, ".El\n");
}

static void add_exit_code(struct strbuf *out, enum exit_code code)
{
	strbuf_addf(out, ".It %d\n", (int)code);
	add_text(out, exit_code_text(code), strlen(exit_code_text(code)));
}

static void add_examples(struct strbuf *out, const struct command *command)
{
	strbuf_adds(out, ".Sh EXAMPLES\n");
	for (const struct example *example = command->examples; example->line; example++) {
		add_text(out, example->text, strlen(example->text));
		strbuf_adds(out, ".Bd -literal -offset indent\n");
		add_text(out, example->line, strlen(example->line));
		strbuf_adds(out, ".Ed\n");
	}
}

static void add_synopsis(struct strbuf *out, const struct command *command)
{
	strbuf_adds(out, ".Sh SYNOPSIS\n.Nm adit ");
	add_argument(out, command->name);
	strbuf_adds(out, "\n.Op Ar options\n");
	if (*command->arguments) {
		strbuf_adds(out, ".Ar ");
		add_argument(out, command->arguments);
		strbuf_addc(out, '\n');
	}
}

void manual_command(struct strbuf *out, const struct command *command)
{
	struct strbuf name;

	strbuf_init(&name, 0);
	manual_name(&name, command);
	add_head(out, strbuf_text(&name), command->summary);
	strbuf_done(&name);
	add_synopsis(out, command);
	strbuf_adds(out, ".Sh DESCRIPTION\n");
	add_prose(out, command->description);
	add_options(out, command);
	strbuf_adds(out, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
	for (size_t i = 0; command->exit_codes[i] >= 0; i++)
		add_exit_code(out, (enum exit_code)command->exit_codes[i]);
	add_exit_code(out, EXIT_CODE_USAGE);
	add_exit_code(out, EXIT_CODE_INTERRUPTED);
	strbuf_adds(out, ".El\n");
	add_examples(out, command);
	strbuf_adds(out, ".Sh SEE ALSO\n.Xr adit 1 ,\n.Xr adit.yaml 5\n");
}
