/* Requests to the simulator, whatever they are: "METHOD PATH [AUTHORIZATION]", then the body; a line "---" and the next one.
 * Every input meets the same world, and draws the same ids. */
#include <stdlib.h>
#include <string.h>

#include "base/run.h"
#include "base/str.h"
#include "server/simulator/query.h"
#include "server/simulator/seed.h"
#include "tests/fuzz/fuzz.h"

#define ACCOUNT "0123456789abcdef0123456789abcdef"
#define SEPARATOR "\n---\n"
#define REQUESTS_MAX 16
#define PARAMS_MAX 16

static struct service service;
static struct store *pristine;

static void prepare(void)
{
	static const char *accounts[] = {ACCOUNT}, *zones[] = {"example.com", "example.net"}, *tokens[] = {"secret"};
	const struct simulator_config config = {.accounts = accounts, .account_count = 1, .zones = zones, .zone_count = 2,
						.tokens = tokens, .token_count = 1};
	struct run run;

	if (run_init(&run) || pthread_mutex_init(&service.lock, NULL) || sim_store_open(&run.diags, NULL, &service.store))
		abort();
	service.clock = run.clock;
	service.clock.seed = 1;
	service.plan = zone_plan_find("free");
	if (!service.plan || seed_world(&run.diags, run.arena, &service, &config) || store_copy(service.store, &pristine))
		abort();
	run_done(&run);
}

/** The world as it was made: no input knows of another. */
static void reset(void)
{
	if (!pristine)
		prepare();
	if (store_copy(pristine, &service.store))
		abort();
	service.clock.drawn = 0;
	faults_clear(&service.faults);
	while (service.snapshot_count)
		store_close(service.snapshots[--service.snapshot_count]);
	rate_change(&service.rate, SIMULATOR_RATE_CALLS, 1000);
	request_log_clear(&service.log);
}

/** The answer's status is one of HTTP's, and its body JSON; no failure of the simulator's own. */
static void judge(const struct reply *reply)
{
	struct arena *arena = arena_new((size_t)64 * 1024 * 1024);
	struct json *json = NULL;

	if (reply->status < 200 || reply->status > 599)
		abort();
	if (reply->status >= 500 && !service.faults.count)
		abort();
	if (arena && reply->body.size && !reply->content_type &&
	    json_parse(arena, strbuf_text(&reply->body), reply->body.size, &json, NULL))
		abort();
	arena_free(arena);
}

static size_t split_query(char *uri, struct param params[PARAMS_MAX])
{
	char *query = strchr(uri, '?');
	size_t count = 0;

	if (query)
		*query++ = '\0';
	for (char *part; count < PARAMS_MAX && (part = strsep(&query, "&"));) {
		char *value = strchr(part, '=');

		if (value)
			*value++ = '\0';
		params[count++] = (struct param){.name = part, .value = value ? value : ""};
	}
	return count;
}

/** @param text  one request; its head is written into */
static void ask(char *text, size_t size)
{
	char *end = memchr(text, '\n', size), *method = text, *uri, *authorization;
	size_t head_size = end ? (size_t)(end - text) + 1 : size;
	struct request request = {.authorization = "Bearer secret", .from_loopback = true};
	struct param params[PARAMS_MAX];
	struct reply reply = {0};

	if (end)
		*end = '\0';
	uri = strchr(method, ' ');
	if (!uri)
		return;
	*uri++ = '\0';
	authorization = strchr(uri, ' ');
	if (authorization) {
		*authorization++ = '\0';
		request.authorization = authorization;
	}
	request.method = method;
	request.uri = request.path = uri;
	request.body = text + head_size;
	request.body_size = size - head_size;
	request.param_count = split_query(uri, params);
	request.params = params;
	strbuf_init(&reply.body, 0);
	service_answer(&service, &request, &reply);
	judge(&reply);
	strbuf_done(&reply.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *rest = malloc(size + 1), *next, *text = rest;
	size_t left = size;

	if (!rest)
		return 0;
	memcpy(rest, data, size);
	rest[size] = '\0';
	reset();
	for (int i = 0; text && i < REQUESTS_MAX; i++) {
		next = memmem(text, left, SEPARATOR, strlen(SEPARATOR));
		if (next)
			*next = '\0';
		ask(text, next ? (size_t)(next - text) : left);
		if (next) {
			next += strlen(SEPARATOR);
			left -= (size_t)(next - text);
		}
		text = next;
	}
	free(rest);
	return 0;
}
