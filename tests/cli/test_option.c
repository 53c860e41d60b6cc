/* The command line: what is understood, and how faults are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/run.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/option.h"

#define MAX_WORDS 32

struct fixture {
	struct run run;
	struct options options;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	for (size_t i = 0; i < option_count; i++)
		if (option_table[i].environment)
			unsetenv(option_table[i].environment);
	*state = &fixture;
	return run_init(&fixture.run) ? -1 : 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	run_done(&f->run);
	return 0;
}

/** Parse a line whose words are separated by single spaces. */
static enum rc parse(struct fixture *f, const char *line)
{
	char **argv = arena_array(f->run.arena, MAX_WORDS, sizeof(*argv));
	char *copy = arena_strdup(f->run.arena, line);
	int argc = 0;

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	diags_init(&f->run.diags, f->run.arena);
	return options_parse(&f->run, argc, argv, &f->options);
}

static void expect_ok(struct fixture *f, const char *line)
{
	enum rc rc = parse(f, line);

	if (rc)
		print_error("%s: %s\n", line, f->run.diags.count ? f->run.diags.items[0].summary : rc_name(rc));
	assert_int_equal(rc, RC_OK);
	assert_int_equal(f->run.diags.count, 0);
}

struct fault {
	const char *line, *code, *summary, *help;
};

static void test_faults(void **state)
{
	static const struct fault faults[] = {
		{ "adit", "A0802", "no command given", "adit help lists the commands." },
		{ "adit valdate", "A0802", "unknown command valdate", "Did you mean adit validate?" },
		{ "adit qqqqqqq", "A0802", "unknown command qqqqqqq", "adit help lists the commands." },
		{ "adit state", "A0802", "adit state needs a command", "adit help state lists them." },
		{ "adit state lst", "A0802", "unknown command state lst", "Did you mean adit state list?" },
		{ "adit render --outptu json", "A0801", "unknown option --outptu", "Did you mean --output?" },
		{ "adit render --outp json", "A0801", "unknown option --outp", "Did you mean --output?" },
		{ "adit render --str", "A0801", "unknown option --str", "Did you mean --strict?" },
		{ "adit render -x", "A0801", "unknown option -x", NULL },
		{ "adit render --file", "A0803", "--file needs a value: PATH", NULL },
		{ "adit render -f", "A0803", "-f needs a value: PATH", NULL },
		{ "adit render -hx", "A0803", "-h takes no value: \"-hx\"", NULL },
		{ "adit render --strict=yes", "A0804", "--strict: \"yes\" is not true or false", NULL },
		{ "adit render --file=", "A0804", "--file: \"\" is not a value: it is empty", NULL },
		{ "adit render --output yaml", "A0804", "--output: \"yaml\" is no format of adit render",
		  "One of: json, text." },
		{ "adit state rm a --lock-timeout soon", "A0804",
		  "--lock-timeout: \"soon\" is not a duration such as 90s, 1m30s or 50ms", NULL },
		{ "adit simulator --record-limit 0", "A0804", "--record-limit: \"0\" is not a number from 1 to 100000000", NULL },
		{ "adit simulator --rate-limit 10", "A0804", "--rate-limit: \"10\" is not CALLS/WINDOW such as 1200/300s", NULL },
		{ "adit render --lock-timeout 3s", "A0805", "adit render takes no option --lock-timeout",
		  "adit help render lists its options." },
		{ "adit init --output json", "A0805", "adit init takes no option --output", "adit help init lists its options." },
		{ "adit render extra", "A0806", "adit render takes no argument: \"extra\"", "adit help render shows its usage." },
		{ "adit explain", "A0806", "adit explain needs URL", "adit help explain shows its usage." },
		{ "adit state mv a b c", "A0806", "adit state mv takes FROM TO and no more: \"c\"",
		  "adit help state mv shows its usage." },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct diag *diag = NULL;

		assert_int_equal(parse(f, faults[i].line), RC_INVALID);
		assert_int_equal(f->run.diags.count, 1);
		diag = &f->run.diags.items[0];
		assert_string_equal(diag->summary, faults[i].summary);
		assert_string_equal(diag->code, faults[i].code);
		assert_string_equal(str_or_empty(diag->help), str_or_empty(faults[i].help));
	}
}

static void test_values(void **state)
{
	struct fixture *f = *state;
	struct options *o = &f->options;

	expect_ok(f, "adit -C dir validate -f a -fb --file c --file=d -n ns --strict --output=json --no-color");
	assert_string_equal(o->command->name, "validate");
	assert_string_equal(o->directory, "dir");
	assert_int_equal(o->files.count, 4);
	assert_string_equal(o->files.items[0], "a");
	assert_string_equal(o->files.items[1], "b");
	assert_string_equal(o->files.items[2], "c");
	assert_string_equal(o->files.items[3], "d");
	assert_string_equal(o->name_space, "ns");
	assert_string_equal(o->output, "json");
	assert_true(o->strict && o->no_color);
	assert_int_equal(o->arguments.count, 0);
}

static void test_defaults(void **state)
{
	struct fixture *f = *state;
	struct options *o = &f->options;

	expect_ok(f, "adit render");
	assert_string_equal(o->output, "json");
	assert_true(o->input && o->refresh && o->lock);
	assert_false(o->strict || o->auto_approve || o->destroy || o->help);
	assert_int_equal(o->parallelism, -1);
	assert_int_equal(o->max_deletes, -1);
	assert_int_equal(o->lock_timeout_ms, 0);
	assert_int_equal(o->connector_timeout_ms, 60000);
	expect_ok(f, "adit validate");
	assert_string_equal(o->output, "text");
}

static void test_arguments(void **state)
{
	struct fixture *f = *state;
	struct options *o = &f->options;

	expect_ok(f, "adit state mv tunnel/a tunnel/b --lock=false --lock-timeout 1m30s");
	assert_string_equal(o->command->name, "state mv");
	assert_int_equal(o->arguments.count, 2);
	assert_string_equal(o->arguments.items[0], "tunnel/a");
	assert_string_equal(o->arguments.items[1], "tunnel/b");
	assert_false(o->lock);
	assert_int_equal(o->lock_timeout_ms, 90000);
	expect_ok(f, "adit state rm -- --odd -f");
	assert_int_equal(o->arguments.count, 2);
	assert_string_equal(o->arguments.items[0], "--odd");
	assert_string_equal(o->arguments.items[1], "-f");
	expect_ok(f, "adit state push -");
	assert_string_equal(o->arguments.items[0], "-");
	expect_ok(f, "adit render -f -");
	assert_string_equal(o->files.items[0], "-");
}

/** A value is taken as it stands, even when it looks like an option. */
static void test_value_with_dashes(void **state)
{
	struct fixture *f = *state;

	expect_ok(f, "adit render --namespace --strict");
	assert_string_equal(f->options.name_space, "--strict");
	assert_false(f->options.strict);
}

static void test_simulator(void **state)
{
	struct fixture *f = *state;
	struct options *o = &f->options;

	expect_ok(f, "adit simulator --token a --token b=dns:read --rate-limit 10/1m --latency 50ms --record-limit 7");
	assert_int_equal(o->tokens.count, 2);
	assert_int_equal(o->rate_calls, 10);
	assert_int_equal(o->rate_window_ms, 60000);
	assert_int_equal(o->latency_ms, 50);
	assert_int_equal(o->record_limit, 7);
}

static void test_help(void **state)
{
	struct fixture *f = *state;
	struct options *o = &f->options;

	expect_ok(f, "adit explain --help");
	assert_true(o->help);
	assert_string_equal(o->command->name, "explain");
	expect_ok(f, "adit --help");
	assert_string_equal(o->command->name, "help");
	assert_int_equal(o->arguments.count, 0);
	expect_ok(f, "adit state -h");
	assert_string_equal(o->command->name, "help");
	assert_string_equal(o->arguments.items[0], "state");
	expect_ok(f, "adit --version");
	assert_string_equal(o->command->name, "version");
}

static void test_environment(void **state)
{
	struct fixture *f = *state;
	struct options *o = &f->options;

	setenv("ADIT_STATE", "from-environment", 1);
	expect_ok(f, "adit state list");
	assert_string_equal(o->state, "from-environment");
	expect_ok(f, "adit state list --state from-flag");
	assert_string_equal(o->state, "from-flag");
	setenv("ADIT_STATE", "", 1);
	expect_ok(f, "adit state list");
	assert_null(o->state);
	/* A variable for an option that the command does not take is no fault, and does nothing. */
	setenv("ADIT_STATE", "from-environment", 1);
	expect_ok(f, "adit version");
	assert_null(o->state);
	/* Gateways of other projects are in the state, also for what needs no network. */
	expect_ok(f, "adit render");
	assert_string_equal(o->state, "from-environment");
}

/** Each row of the tables is complete and unambiguous: help, completion and manual are made from them. */
static void test_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];

		assert_true(option_is_switch(option) == (option->argument == NULL));
		assert_false(str_is_empty(option->help));
		assert_false(str_has_suffix(option->help, "."));
		for (size_t j = i + 1; j < option_count; j++) {
			assert_string_not_equal(option->name, option_table[j].name);
			assert_true(!option->letter || option->letter != option_table[j].letter);
		}
	}
	for (size_t i = 0; i < command_count; i++) {
		const struct command *command = &command_table[i];

		assert_ptr_equal(command_find(command->name), command);
		assert_non_null(command->run);
		assert_non_null(command->examples[0].line);
		assert_int_equal(command->exit_codes[0], 0);
		assert_true((command->max_arguments > 0) == (*command->arguments != '\0'));
		if (strchr(command->name, ' '))
			assert_true(command_is_group(arena_memdup(((struct fixture *)*state)->run.arena, command->name,
								  strcspn(command->name, " "))));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_values, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_defaults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_arguments, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_value_with_dashes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_simulator, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_help, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_environment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tables, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
