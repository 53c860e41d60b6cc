/* A simulator of its own for tests: options are those of `adit simulator`; runs until its standard input ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/run.h"
#include "server/simulator/simulator.h"

#define MAX_ITEMS 64

struct options {
	struct simulator_config config;
	const char *accounts[MAX_ITEMS], *zones[MAX_ITEMS], *tokens[MAX_ITEMS], *faults[MAX_ITEMS];
};

static void add(const char **items, size_t *count, const char *value)
{
	if (*count < MAX_ITEMS)
		items[(*count)++] = value;
}

static int take(struct options *options, const char *name, const char *value)
{
	struct simulator_config *config = &options->config;

	if (!strcmp(name, "--account"))
		add(options->accounts, &config->account_count, value);
	else if (!strcmp(name, "--zone"))
		add(options->zones, &config->zone_count, value);
	else if (!strcmp(name, "--token"))
		add(options->tokens, &config->token_count, value);
	else if (!strcmp(name, "--fault"))
		add(options->faults, &config->fault_count, value);
	else if (!strcmp(name, "--listen"))
		config->listen = value;
	else if (!strcmp(name, "--data"))
		config->data_path = value;
	else if (!strcmp(name, "--plan"))
		config->plan = value;
	else if (!strcmp(name, "--record-limit"))
		config->record_limit = atoll(value);
	else if (!strcmp(name, "--latency"))
		config->latency_ms = atoll(value);
	else if (!strcmp(name, "--calls"))
		config->rate_calls = atoll(value);
	else if (!strcmp(name, "--window"))
		config->rate_window_ms = atoll(value);
	else
		return 1;
	return 0;
}

static void print_diags(const struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		fprintf(stderr, "%s %s\n", diags->items[i].code, diags->items[i].summary);
}

static int serve(struct run *run, const struct simulator_config *config)
{
	struct simulator *simulator = NULL;
	char byte;

	if (simulator_start(run, config, &simulator)) {
		print_diags(&run->diags);
		return 1;
	}
	printf("listening on %s\n", simulator_url(simulator));
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	simulator_stop(simulator);
	return 0;
}

int main(int argc, char **argv)
{
	static struct options options;
	struct run run;
	int status;

	options.config.accounts = options.accounts;
	options.config.zones = options.zones;
	options.config.tokens = options.tokens;
	options.config.faults = options.faults;
	for (int i = 1; i + 1 < argc; i += 2) {
		if (take(&options, argv[i], argv[i + 1])) {
			fprintf(stderr, "unknown option %s\n", argv[i]);
			return 64;
		}
	}
	if (run_init(&run))
		return 1;
	status = serve(&run, &options.config);
	run_done(&run);
	return status;
}
