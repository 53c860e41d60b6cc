/* The Cloudflare stand-in: start and stop. */
#include "server/simulator/simulator.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "server/simulator/http.h"
#include "server/simulator/seed.h"
#include "server/simulator/service.h"

#define DEFAULT_RATE_CALLS 1200
#define DEFAULT_RATE_WINDOW_MS 300000
/* A client with the same seed must not draw the ids that we draw. */
#define SEED_DIFFERENCE UINT64_C(0x73696d756c61746f)

struct simulator {
	struct service service;
	struct http *http;
	char *url;
};

static enum rc fail(struct diags *diags, const char *what)
{
	diag_add(diags, SEVERITY_ERROR, "A0903", (struct span){0}, "the simulator cannot start: %s", what);
	return RC_INVALID;
}

static enum rc check_config(struct diags *diags, const struct simulator_config *config, struct service *service)
{
	int64_t calls = config->rate_calls ? config->rate_calls : DEFAULT_RATE_CALLS;
	int64_t window_ms = config->rate_window_ms ? config->rate_window_ms : DEFAULT_RATE_WINDOW_MS;

	service->plan = zone_plan_find(config->plan ? config->plan : "free");
	if (!service->plan)
		return fail(diags, "its plan is none of free, pro, business, enterprise");
	if (config->record_limit < 0 || config->record_limit > SIMULATOR_RECORDS)
		return fail(diags, "its record limit is out of bounds");
	if (config->latency_ms < 0 || config->latency_ms > SIMULATOR_LATENCY_MS)
		return fail(diags, "its latency is out of bounds");
	if (!rate_is_valid(calls, window_ms))
		return fail(diags, "its rate limit is out of bounds");
	service->record_limit = config->record_limit;
	service->latency_ms = config->latency_ms;
	service->log_calls = config->log;
	rate_init(&service->rate, calls, window_ms);
	return RC_OK;
}

static enum rc add_faults(struct diags *diags, const struct simulator_config *config, struct service *service)
{
	for (size_t i = 0; i < config->fault_count; i++) {
		const char *why = "there are too many";
		struct diag *diag;

		if (faults_add(&service->faults, &service->clock, config->faults[i], &why) == RC_OK)
			continue;
		diag = diag_add(diags, SEVERITY_ERROR, "A0903", (struct span){0},
				"the simulator cannot start: fault \"%s\": %s", config->faults[i], why);
		diag_help(diags, diag, "Write KIND[=VALUE][,KEY=VALUE]..., such as 503,method=PUT,n=2.");
		return RC_INVALID;
	}
	return RC_OK;
}

static enum rc seed(struct run *run, struct service *service, const struct simulator_config *config)
{
	struct arena *arena = arena_new(SIMULATOR_CALL_BYTES);
	enum rc rc = arena ? seed_world(&run->diags, arena, service, config) : RC_NOMEM;

	arena_free(arena);
	return rc;
}

static enum rc start(struct run *run, const struct simulator_config *config, struct simulator *simulator)
{
	struct service *service = &simulator->service;
	enum rc rc = check_config(&run->diags, config, service);

	if (!rc)
		rc = add_faults(&run->diags, config, service);
	if (!rc)
		rc = sim_store_open(&run->diags, config->data_path, &service->store);
	if (!rc)
		rc = seed(run, service, config);
	if (!rc)
		rc = http_start(&run->diags, service, config->listen, config->allow_remote, &simulator->http);
	if (!rc && asprintf(&simulator->url, "%s/client/v4", http_origin(simulator->http)) < 0) {
		simulator->url = NULL;
		rc = RC_NOMEM;
	}
	return rc;
}

enum rc simulator_start(struct run *run, const struct simulator_config *config, struct simulator **ret_simulator)
{
	struct simulator *simulator = calloc(1, sizeof(*simulator));
	enum rc rc;

	if (!simulator)
		return RC_NOMEM;
	simulator->service.clock = run->clock;
	if (run->clock.seed)
		simulator->service.clock.seed =
			run->clock.seed == SEED_DIFFERENCE ? 1 : run->clock.seed ^ SEED_DIFFERENCE;
	if (pthread_mutex_init(&simulator->service.lock, NULL)) {
		free(simulator);
		return RC_NOMEM;
	}
	rc = start(run, config, simulator);
	if (rc)
		simulator_stop(simulator);
	else
		*ret_simulator = simulator;
	return rc;
}

const char *simulator_url(const struct simulator *simulator)
{
	return simulator->url;
}

void simulator_stop(struct simulator *simulator)
{
	if (!simulator)
		return;
	http_stop(simulator->http);
	faults_clear(&simulator->service.faults);
	for (size_t i = 0; i < simulator->service.snapshot_count; i++)
		store_close(simulator->service.snapshots[i]);
	store_close(simulator->service.store);
	rate_done(&simulator->service.rate);
	request_log_clear(&simulator->service.log);
	pthread_mutex_destroy(&simulator->service.lock);
	free(simulator->url);
	free(simulator);
}
