/* adit completion: scripts for bash, zsh and fish, made from the tables. */
#include "cli/command.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "cli/option.h"
#include "cli/session.h"

/** @p text with each of @p special behind a backslash, and ' as the shell wants it between quotes. */
static void add_escaped(struct strbuf *out, const char *text, const char *special, const char *quote)
{
	for (; *text; text++) {
		if (*text == '\'') {
			strbuf_adds(out, quote);
			continue;
		}
		if (strchr(special, *text))
			strbuf_addc(out, '\\');
		strbuf_addc(out, *text);
	}
}

/** The last word of a command's name: "rm" of "state rm". */
static const char *last_word(const struct command *command)
{
	const char *space = strchr(command->name, ' ');

	return space ? space + 1 : command->name;
}

/** The first word, when it begins a new group or is the whole name; NULL for the group's later members. */
static char *first_word_once(struct arena *arena, size_t index)
{
	const char *name = command_table[index].name, *space = strchr(name, ' ');
	size_t size = space ? (size_t)(space - name) : strlen(name);

	if (space && index && !strncmp(command_table[index - 1].name, name, size + 1))
		return NULL;
	return arena_memdup(arena, name, size);
}

static bool is_member(const struct command *command, const char *group)
{
	size_t size = strlen(group);

	return !strncmp(command->name, group, size) && command->name[size] == ' ';
}

/** Switches that are on are completed to what turns them off. */
static const char *suffix(const struct option *option)
{
	return option->kind == OPTION_SWITCH_ON ? "=false" : "";
}

/* ---- bash ---- */

static void bash_words(struct strbuf *out, struct arena *arena)
{
	strbuf_adds(out, "    local commands='");
	for (size_t i = 0; i < command_count; i++) {
		char *word = first_word_once(arena, i);

		if (word)
			strbuf_addf(out, "%s%s", i ? " " : "", word);
	}
	strbuf_adds(out, "'\n");
}

static void bash_command(struct strbuf *out, const struct command *command)
{
	strbuf_addf(out, "    '%s')\n        options='", command->name);
	for (size_t i = 0, n = 0; i < option_count; i++)
		if (option_is_of(&option_table[i], command))
			strbuf_addf(out, "%s--%s%s", n++ ? " " : "", option_table[i].name, suffix(&option_table[i]));
	strbuf_adds(out, "'\n");
	if (command->formats) {
		strbuf_adds(out, "        formats='");
		for (size_t i = 0; command->formats[i]; i++)
			strbuf_addf(out, "%s%s", i ? " " : "", command->formats[i]);
		strbuf_adds(out, "'\n");
	}
	if (command->id == COMMAND_COMPLETION)
		strbuf_adds(out, "        words='bash zsh fish'\n");
	if (command->id == COMMAND_HELP)
		strbuf_adds(out, "        words=$commands\n");
	strbuf_adds(out, "        ;;\n");
}

/** Groups: the words that may follow. */
static void bash_group(struct strbuf *out, const char *group)
{
	strbuf_addf(out, "    '%s')\n        words='", group);
	for (size_t i = 0, n = 0; i < command_count; i++)
		if (is_member(&command_table[i], group))
			strbuf_addf(out, "%s%s", n++ ? " " : "", last_word(&command_table[i]));
	strbuf_adds(out, "'\n        ;;\n");
}

/** Options that take a value other than a format: files are offered there. */
static void bash_values(struct strbuf *out)
{
	strbuf_adds(out, "    -C | --directory)\n        mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n        return\n"
			 "        ;;\n    --output)\n        mapfile -t COMPREPLY < <(compgen -W \"$formats\" -- \"$cur\")\n"
			 "        return\n        ;;\n    ");
	for (size_t i = 0, n = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];

		if (!option->argument || option->kind == OPTION_FORMAT || option->letter == 'C')
			continue;
		strbuf_addf(out, "%s--%s", n++ ? " | " : "", option->name);
		if (option->letter)
			strbuf_addf(out, " | -%c", option->letter);
	}
	strbuf_adds(out, ")\n        return\n        ;;\n");
}

static void print_bash(struct strbuf *out, struct arena *arena)
{
	strbuf_adds(out, "# bash completion for adit\n_adit() {\n"
			 "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
			 "    local command='' options='' formats='' words='' word\n");
	bash_words(out, arena);
	strbuf_adds(out, "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
			 "        case \"$command $word\" in\n"
			 "        ' -'*) ;;\n");
	for (size_t i = 0; i < command_count; i++) {
		const char *name = command_table[i].name, *space = strchr(name, ' ');

		if (space)
			strbuf_addf(out, "        '%s') command='%s' ;;\n", name, name);
	}
	strbuf_adds(out, "        ' '*) [[ \" $commands \" == *\" $word \"* ]] && command=$word ;;\n        esac\n    done\n"
			 "    case \"$command\" in\n    '') words=$commands ;;\n");
	for (size_t i = 0; i < command_count; i++) {
		char *word = first_word_once(arena, i);

		if (word && command_is_group(word))
			bash_group(out, word);
		bash_command(out, &command_table[i]);
	}
	strbuf_adds(out, "    esac\n    case \"$prev\" in\n");
	bash_values(out);
	strbuf_adds(out, "    esac\n    [[ $cur == -* ]] && words=$options\n"
			 "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\n"
			 "complete -o bashdefault -o default -F _adit adit\n");
}

/* ---- zsh ---- */

static void zsh_option(struct strbuf *out, const struct option *option, const struct command *command)
{
	bool again = option->kind == OPTION_LIST;

	strbuf_adds(out, " \\\n            ");
	if (option->letter)
		strbuf_addf(out, "%s{-%c,--%s}'[", again ? "'*'" : "", option->letter, option->name);
	else
		strbuf_addf(out, "'%s--%s%s[", again ? "*" : "", option->name, suffix(option));
	add_escaped(out, option->help, "[]:\\", "'\\''");
	strbuf_addc(out, ']');
	if (option->kind == OPTION_FORMAT) {
		strbuf_adds(out, ":FORMAT:(");
		for (size_t i = 0; command->formats[i]; i++)
			strbuf_addf(out, "%s%s", i ? " " : "", command->formats[i]);
		strbuf_addc(out, ')');
	} else if (option->argument) {
		strbuf_addc(out, ':');
		add_escaped(out, option->argument, "[]:\\", "'\\''");
		strbuf_adds(out, option->letter == 'C' ? ":_files -/" : ":_files");
	}
	strbuf_addc(out, '\'');
}

static void zsh_command(struct strbuf *out, const struct command *command)
{
	strbuf_addf(out, "    '%s')\n        _arguments -s", command->name);
	for (size_t i = 0; i < option_count; i++)
		if (option_is_of(&option_table[i], command))
			zsh_option(out, &option_table[i], command);
	if (command->id == COMMAND_COMPLETION)
		strbuf_adds(out, " \\\n            '1:shell:(bash zsh fish)'");
	else if (command->max_arguments)
		strbuf_adds(out, " \\\n            '*:argument:_files'");
	strbuf_adds(out, "\n        ;;\n");
}

static void zsh_entry(struct strbuf *out, const char *word, const char *summary)
{
	strbuf_addf(out, "        '%s:", word);
	add_escaped(out, summary, ":\\", "'\\''");
	strbuf_adds(out, "'\n");
}

/** The words after "adit", or after a group's name. */
static void zsh_list(struct strbuf *out, struct arena *arena, const char *group)
{
	strbuf_addf(out, "    local -a %s_words=(\n", *group ? group : "first");
	for (size_t i = 0; i < command_count; i++) {
		char *word = first_word_once(arena, i);

		if (*group && is_member(&command_table[i], group))
			zsh_entry(out, last_word(&command_table[i]), command_table[i].summary);
		else if (!*group && word)
			zsh_entry(out, word, command_is_group(word) ? command_group_summary(word)
								    : command_table[i].summary);
	}
	strbuf_adds(out, "    )\n");
}

static void print_zsh(struct strbuf *out, struct arena *arena)
{
	strbuf_adds(out, "#compdef adit\n# zsh completion for adit\n_adit() {\n    local command=$words[2]\n");
	zsh_list(out, arena, "");
	for (size_t i = 0; i < command_count; i++) {
		char *word = first_word_once(arena, i);

		if (word && command_is_group(word))
			zsh_list(out, arena, word);
	}
	strbuf_adds(out, "    if (( CURRENT == 2 )); then\n        _describe command first_words\n        return\n    fi\n");
	for (size_t i = 0; i < command_count; i++) {
		char *word = first_word_once(arena, i);

		if (!word || !command_is_group(word))
			continue;
		strbuf_addf(out, "    if [[ $command == %s ]]; then\n        if (( CURRENT == 3 )); then\n"
				 "            _describe command %s_words\n            return\n        fi\n"
				 "        command=\"%s $words[3]\"\n        shift words\n        (( CURRENT-- ))\n    fi\n",
			    word, word, word);
	}
	strbuf_adds(out, "    shift words\n    (( CURRENT-- ))\n    case $command in\n");
	for (size_t i = 0; i < command_count; i++)
		zsh_command(out, &command_table[i]);
	strbuf_adds(out, "    esac\n}\ncompdef _adit adit\n");
}

/* ---- fish ---- */

/** The condition under which @p command's options are offered. */
static void fish_condition(struct strbuf *out, const struct command *command)
{
	const char *space = strchr(command->name, ' ');

	if (space)
		strbuf_addf(out, "'__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s'",
			    (int)(space - command->name), command->name, space + 1);
	else
		strbuf_addf(out, "'test (__adit_command) = %s'", command->name);
}

static void fish_option(struct strbuf *out, const struct option *option, const struct command *command)
{
	strbuf_adds(out, "complete -c adit -n ");
	fish_condition(out, command);
	if (option->letter)
		strbuf_addf(out, " -s %c", option->letter);
	strbuf_addf(out, " -l %s", option->name);
	if (option->kind == OPTION_FORMAT) {
		strbuf_adds(out, " -x -a '");
		for (size_t i = 0; command->formats[i]; i++)
			strbuf_addf(out, "%s%s", i ? " " : "", command->formats[i]);
		strbuf_addc(out, '\'');
	} else if (option->argument) {
		strbuf_adds(out, " -r");
	} else if (option->kind == OPTION_SWITCH_ON) {
		strbuf_adds(out, " -x -a 'false'");
	}
	strbuf_adds(out, " -d '");
	add_escaped(out, option->help, "\\", "\\'");
	strbuf_adds(out, "'\n");
}

static void fish_word(struct strbuf *out, const char *condition, const char *word, const char *summary)
{
	strbuf_addf(out, "complete -c adit -f -n '%s' -a %s -d '", condition, word);
	add_escaped(out, summary, "\\", "\\'");
	strbuf_adds(out, "'\n");
}

static void fish_command(struct strbuf *out, struct arena *arena, size_t index)
{
	const struct command *command = &command_table[index];
	char *word = first_word_once(arena, index);
	const char *space = strchr(command->name, ' ');

	if (word)
		fish_word(out, "test -z (__adit_command)", word,
			  space ? command_group_summary(word) : command->summary);
	if (space) {
		char *condition = arena_printf(arena, "test (__adit_command) = %.*s", (int)(space - command->name),
					       command->name);

		fish_word(out, condition ? condition : "false", space + 1, command->summary);
	}
	if (command->id == COMMAND_COMPLETION)
		strbuf_adds(out, "complete -c adit -f -n 'test (__adit_command) = completion' -a 'bash zsh fish'\n");
	for (size_t i = 0; i < option_count; i++)
		if (option_is_of(&option_table[i], command))
			fish_option(out, &option_table[i], command);
}

static void print_fish(struct strbuf *out, struct arena *arena)
{
	strbuf_adds(out, "# fish completion for adit\nfunction __adit_command\n"
			 "    for word in (commandline -opc)[2..-1]\n        switch $word\n            case '-*'\n"
			 "                continue\n            case '*'\n                echo $word\n"
			 "                return\n        end\n    end\n    echo ''\nend\n");
	for (size_t i = 0; i < command_count; i++)
		fish_command(out, arena, i);
}

enum rc cmd_completion(struct session *session)
{
	static const struct {
		const char *shell;
		void (*print)(struct strbuf *out, struct arena *arena);
	} shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };
	const char *shell = session->options.arguments.items[0];
	struct strbuf out;
	struct diag *diag;

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		enum rc rc;

		if (!str_eq(shells[i].shell, shell))
			continue;
		strbuf_init(&out, 0);
		shells[i].print(&out, session->run.arena);
		rc = strbuf_failed(&out) ? RC_NOMEM : RC_OK;
		session_write(session, out.data, out.size);
		strbuf_done(&out);
		return rc;
	}
	diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0806", (struct span){ 0 },
			"no completion for the shell %s", shell);
	diag_help(&session->run.diags, diag, "One of: bash, zsh, fish.");
	session->verdict.usage = true;
	return RC_INVALID;
}
