/* Parsing the command line by the tables of options and commands. */
#include "cli/option.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "cli/command.h"

#define NOWHERE ((struct span){ 0 })

/** One parse under way. */
struct parse {
	struct run *run;
	struct options *options;
	bool *seen;              /**< by index in option_table */
	char *const *argv;
	int argc, next;          /**< argv[next] comes next */
	struct string_list words; /**< everything that is no option */
	bool wants_version;      /**< --version before any command */
};

static void options_init(struct options *options)
{
	*options = (struct options){
		.input = true,
		.refresh = true,
		.lock = true,
		.parallelism = -1,
		.connector_timeout_ms = 60000,
		.max_deletes = -1,
		.max_delete_percent = -1,
		.max_rule_percent = -1,
		.replicas = -1,
		.metrics_port = -1,
		.autoscale = -1,
		.record_limit = -1,
		.rate_calls = -1,
		.rate_window_ms = -1,
	};
}

static void *field_of(struct options *options, const struct option *option)
{
	return (char *)options + option->offset;
}

static enum rc list_add(struct arena *arena, struct string_list *list, const char *item)
{
	const char **items = arena_grow(arena, list->items, list->count, &list->capacity, sizeof(*items));

	if (!items)
		return RC_NOMEM;
	list->items = items;
	list->items[list->count++] = item;
	return RC_OK;
}

/** Items of an environment variable are separated by commas. */
static enum rc list_add_split(struct arena *arena, struct string_list *list, const char *text)
{
	while (*text) {
		size_t size = strcspn(text, ",");
		char *item = arena_memdup(arena, text, size);

		if (!item || (size && list_add(arena, list, item)))
			return RC_NOMEM;
		text += size + (text[size] == ',');
	}
	return RC_OK;
}

/** @param source  "--lock-timeout" or "ADIT_URL", for the message */
static enum rc bad_value(struct parse *parse, const char *source, const char *value, const char *wanted)
{
	diag_add(&parse->run->diags, SEVERITY_ERROR, "A0804", NOWHERE, "%s: \"%s\" is not %s", source, value, wanted);
	return RC_INVALID;
}

static enum rc set_switch(struct parse *parse, const char *source, const char *value, bool *field)
{
	if (!value || str_eq(value, "true"))
		*field = true;
	else if (str_eq(value, "false"))
		*field = false;
	else
		return bad_value(parse, source, value, "true or false");
	return RC_OK;
}

static enum rc set_integer(struct parse *parse, const struct option *option, const char *source, const char *value)
{
	int64_t *field = field_of(parse->options, option);
	int64_t number;

	if (str_to_int64(value, &number) || number < option->minimum || number > option->maximum) {
		char *wanted = arena_printf(parse->run->arena, "a number from %lld to %lld",
					    (long long)option->minimum, (long long)option->maximum);

		return wanted ? bad_value(parse, source, value, wanted) : RC_NOMEM;
	}
	*field = number;
	return RC_OK;
}

static enum rc set_duration(struct parse *parse, const char *source, const char *value, int64_t *field)
{
	int64_t ms;

	if (str_to_duration_ms(value, &ms) || ms < 0)
		return bad_value(parse, source, value, "a duration such as 90s, 1m30s or 50ms");
	*field = ms;
	return RC_OK;
}

/** CALLS/WINDOW into two neighbouring fields. */
static enum rc set_rate(struct parse *parse, const char *source, const char *value, int64_t *fields)
{
	if (str_to_rate(value, &fields[0], &fields[1]))
		return bad_value(parse, source, value, "CALLS/WINDOW such as 1200/300s");
	return RC_OK;
}

static enum rc set_value(struct parse *parse, const struct option *option, const char *source, const char *value)
{
	void *field = field_of(parse->options, option);

	parse->seen[option - option_table] = true;
	switch (option->kind) {
	case OPTION_SWITCH:
	case OPTION_SWITCH_ON:
		return set_switch(parse, source, value, field);
	case OPTION_STRING:
	case OPTION_FORMAT:
		if (!*value)
			return bad_value(parse, source, value, "a value: it is empty");
		*(const char **)field = value;
		return RC_OK;
	case OPTION_LIST:
		if (!*value)
			return bad_value(parse, source, value, "a value: it is empty");
		return list_add(parse->run->arena, field, value);
	case OPTION_INTEGER:
		return set_integer(parse, option, source, value);
	case OPTION_DURATION:
		return set_duration(parse, source, value, field);
	case OPTION_RATE:
		return set_rate(parse, source, value, field);
	}
	return RC_INTERNAL;
}

/** The command that the words so far name, or NULL. */
static const struct command *command_so_far(struct parse *parse)
{
	const char **words = parse->words.items;
	char *name;

	if (!parse->words.count || !command_is_group(words[0]) || parse->words.count < 2)
		return parse->words.count ? command_find(words[0]) : NULL;
	name = arena_printf(parse->run->arena, "%s %s", words[0], words[1]);
	return name ? command_find(name) : NULL;
}

/** What was meant by @p word: the option that it begins, else the one nearest to it, among those of the command. */
static const char *guess_option(struct parse *parse, const char *word)
{
	const struct command *command = command_so_far(parse);
	const char **names = arena_array(parse->run->arena, option_count, sizeof(*names));
	size_t count = 0;

	if (!names)
		return NULL;
	for (size_t i = 0; i < option_count; i++) {
		if (command && !option_is_of(&option_table[i], command))
			continue;
		if (strlen(word) > 1 && str_has_prefix(option_table[i].name, word))
			return option_table[i].name;
		names[count++] = option_table[i].name;
	}
	return str_nearest(word, names, count);
}

static enum rc unknown_option(struct parse *parse, const char *shown, const char *name)
{
	struct diags *diags = &parse->run->diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0801", NOWHERE, "unknown option %s", shown);
	const char *guess = guess_option(parse, name);

	if (guess)
		diag_help(diags, diag, "Did you mean --%s?", guess);
	return RC_INVALID;
}

static enum rc missing_value(struct parse *parse, const char *shown, const struct option *option)
{
	diag_add(&parse->run->diags, SEVERITY_ERROR, "A0803", NOWHERE, "%s needs a value: %s", shown,
		 option->argument);
	return RC_INVALID;
}

static enum rc take_value(struct parse *parse, const struct option *option, const char *shown, const char *attached)
{
	const char *value = attached;

	if (!value && !option_is_switch(option)) {
		if (parse->next >= parse->argc)
			return missing_value(parse, shown, option);
		value = parse->argv[parse->next++];
	}
	return set_value(parse, option, shown, value);
}

/** "--name", "--name=value". */
static enum rc parse_long(struct parse *parse, const char *arg)
{
	const char *name = arg + 2, *equals = strchr(name, '=');
	size_t size = equals ? (size_t)(equals - name) : strlen(name);
	char *shown = arena_memdup(parse->run->arena, arg, size + 2);

	if (!shown)
		return RC_NOMEM;
	for (size_t i = 0; i < option_count; i++)
		if (str_eq(option_table[i].name, shown + 2))
			return take_value(parse, &option_table[i], shown, equals ? equals + 1 : NULL);
	if (str_eq(arg, "--version") && !parse->words.count) {
		parse->wants_version = true;
		return RC_OK;
	}
	return unknown_option(parse, shown, shown + 2);
}

/** "-f value", "-fvalue". Letters are not bundled. */
static enum rc parse_short(struct parse *parse, const char *arg)
{
	char *shown = arena_memdup(parse->run->arena, arg, 2);

	if (!shown)
		return RC_NOMEM;
	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];

		if (option->letter != arg[1])
			continue;
		if (option_is_switch(option) && arg[2]) {
			diag_add(&parse->run->diags, SEVERITY_ERROR, "A0803", NOWHERE, "%s takes no value: \"%s\"",
				 shown, arg);
			return RC_INVALID;
		}
		return take_value(parse, option, shown, arg[2] ? arg + 2 : NULL);
	}
	return unknown_option(parse, arg, arg + 1);
}

static enum rc parse_words(struct parse *parse)
{
	bool options_end = false;
	enum rc rc = RC_OK;

	while (!rc && parse->next < parse->argc) {
		const char *arg = parse->argv[parse->next++];

		if (options_end || arg[0] != '-' || !arg[1])
			rc = list_add(parse->run->arena, &parse->words, arg);
		else if (str_eq(arg, "--"))
			options_end = true;
		else if (arg[1] == '-')
			rc = parse_long(parse, arg);
		else
			rc = parse_short(parse, arg);
	}
	return rc;
}

static enum rc unknown_command(struct parse *parse, const char *name)
{
	struct diags *diags = &parse->run->diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0802", NOWHERE, "unknown command %s", name);
	const char **names = arena_array(parse->run->arena, command_count, sizeof(*names));
	const char *near;

	if (!names)
		return RC_NOMEM;
	for (size_t i = 0; i < command_count; i++)
		names[i] = command_table[i].name;
	near = str_nearest(name, names, command_count);
	if (near)
		diag_help(diags, diag, "Did you mean adit %s?", near);
	else
		diag_help(diags, diag, "adit help lists the commands.");
	return RC_INVALID;
}

/** The group's own help stands in for a command that is not named: "adit state --help". */
static enum rc find_in_group(struct parse *parse, size_t *ret_used)
{
	const char **words = parse->words.items;
	struct options *options = parse->options;
	char *name;

	if (parse->words.count < 2) {
		struct diag *diag;

		if (options->help) {
			options->command = command_find("help");
			*ret_used = 0;
			return RC_OK;
		}
		diag = diag_add(&parse->run->diags, SEVERITY_ERROR, "A0802", NOWHERE, "adit %s needs a command",
				words[0]);
		diag_help(&parse->run->diags, diag, "adit help %s lists them.", words[0]);
		return RC_INVALID;
	}
	name = arena_printf(parse->run->arena, "%s %s", words[0], words[1]);
	if (!name)
		return RC_NOMEM;
	options->command = command_find(name);
	*ret_used = 2;
	return options->command ? RC_OK : unknown_command(parse, name);
}

static enum rc no_command(struct parse *parse)
{
	struct diag *diag = diag_add(&parse->run->diags, SEVERITY_ERROR, "A0802", NOWHERE, "no command given");

	diag_help(&parse->run->diags, diag, "adit help lists the commands.");
	return RC_INVALID;
}

static enum rc find_command(struct parse *parse)
{
	struct options *options = parse->options;
	struct string_list *words = &parse->words;
	size_t used = 1;
	enum rc rc = RC_OK;

	if (parse->wants_version || !words->count) {
		options->command = command_find(parse->wants_version ? "version" : "help");
		used = 0;
		if (!parse->wants_version && !options->help) {
			rc = no_command(parse);
		}
	} else if (command_is_group(words->items[0])) {
		rc = find_in_group(parse, &used);
	} else {
		options->command = command_find(words->items[0]);
		rc = options->command ? RC_OK : unknown_command(parse, words->items[0]);
	}
	if (rc)
		return rc;
	options->arguments = *words;
	if (used) {
		options->arguments.items += used;
		options->arguments.count -= used;
	}
	return RC_OK;
}

bool option_is_switch(const struct option *option)
{
	return option->kind == OPTION_SWITCH || option->kind == OPTION_SWITCH_ON;
}

bool option_is_of(const struct option *option, const struct command *command)
{
	if (option->kind == OPTION_FORMAT)
		return command->formats != NULL;
	return option->commands & ((uint64_t)1 << command->id);
}

static enum rc check_options(struct parse *parse)
{
	const struct command *command = parse->options->command;

	for (size_t i = 0; i < option_count; i++) {
		struct diag *diag;

		if (!parse->seen[i] || option_is_of(&option_table[i], command))
			continue;
		diag = diag_add(&parse->run->diags, SEVERITY_ERROR, "A0805", NOWHERE, "adit %s takes no option --%s",
				command->name, option_table[i].name);
		diag_help(&parse->run->diags, diag, "adit help %s lists its options.", command->name);
		return RC_INVALID;
	}
	return RC_OK;
}

static enum rc read_environment(struct parse *parse)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < option_count; i++) {
		const struct option *option = &option_table[i];
		const char *value;

		if (!option->environment || parse->seen[i] || !option_is_of(option, parse->options->command))
			continue;
		value = getenv(option->environment);
		if (!value || !*value)
			continue;
		if (option->kind == OPTION_LIST)
			rc = list_add_split(parse->run->arena, field_of(parse->options, option), value);
		else
			rc = set_value(parse, option, option->environment, value);
	}
	return rc;
}

static enum rc check_format(struct parse *parse)
{
	struct options *options = parse->options;
	const char *const *formats = options->command->formats;
	struct diag *diag;
	struct strbuf names;

	if (!formats)
		return RC_OK;
	if (!options->output) {
		options->output = formats[0];
		return RC_OK;
	}
	for (size_t i = 0; formats[i]; i++)
		if (str_eq(formats[i], options->output))
			return RC_OK;
	strbuf_init(&names, 0);
	for (size_t i = 0; formats[i]; i++)
		strbuf_addf(&names, "%s%s", i ? ", " : "", formats[i]);
	diag = diag_add(&parse->run->diags, SEVERITY_ERROR, "A0804", NOWHERE, "--output: \"%s\" is no format of adit %s",
			options->output, options->command->name);
	diag_help(&parse->run->diags, diag, "One of: %s.", strbuf_text(&names));
	strbuf_done(&names);
	return RC_INVALID;
}

static enum rc check_arguments(struct parse *parse)
{
	const struct options *options = parse->options;
	const struct command *command = options->command;
	struct diags *diags = &parse->run->diags;
	struct diag *diag;

	if (options->help || (options->arguments.count >= command->min_arguments &&
			      options->arguments.count <= command->max_arguments))
		return RC_OK;
	if (options->arguments.count < command->min_arguments)
		diag = diag_add(diags, SEVERITY_ERROR, "A0806", NOWHERE, "adit %s needs %s", command->name,
				command->arguments);
	else if (!command->max_arguments)
		diag = diag_add(diags, SEVERITY_ERROR, "A0806", NOWHERE, "adit %s takes no argument: \"%s\"",
				command->name, options->arguments.items[0]);
	else
		diag = diag_add(diags, SEVERITY_ERROR, "A0806", NOWHERE, "adit %s takes %s and no more: \"%s\"",
				command->name, command->arguments, options->arguments.items[command->max_arguments]);
	diag_help(diags, diag, "adit help %s shows its usage.", command->name);
	return RC_INVALID;
}

enum rc options_parse(struct run *run, int argc, char *const *argv, struct options *ret_options)
{
	struct parse parse = { .run = run, .options = ret_options, .argv = argv, .argc = argc, .next = 1 };
	enum rc rc;

	options_init(ret_options);
	parse.seen = arena_array(run->arena, option_count, sizeof(*parse.seen));
	if (!parse.seen)
		return RC_NOMEM;
	rc = parse_words(&parse);
	if (!rc)
		rc = find_command(&parse);
	if (!rc)
		rc = check_options(&parse);
	if (!rc)
		rc = read_environment(&parse);
	if (!rc)
		rc = check_format(&parse);
	return rc ? rc : check_arguments(&parse);
}
