/* Requests to the simulator, whatever they are: "METHOD PATH", then the body. The data is in memory and made once; what a
 * request does to it stays for the next one. */
#include <stdlib.h>
#include <string.h>

#include "base/run.h"
#include "base/str.h"
#include "server/simulator/query.h"
#include "server/simulator/seed.h"
#include "tests/fuzz/fuzz.h"

#define ACCOUNT "0123456789abcdef0123456789abcdef"

static struct service service;

static void prepare(void)
{
	static const char *accounts[] = {ACCOUNT}, *zones[] = {"example.com", "example.net"}, *tokens[] = {"secret"};
	const struct simulator_config config = {.accounts = accounts, .account_count = 1, .zones = zones, .zone_count = 2,
						.tokens = tokens, .token_count = 1};
	struct run run;

	if (run_init(&run) || pthread_mutex_init(&service.lock, NULL) || sim_store_open(&run.diags, NULL, &service.store))
		abort();
	service.clock = run.clock;
	service.plan = zone_plan_find("free");
	if (!service.plan || seed_world(&run.diags, run.arena, &service, &config))
		abort();
}

/** The answer's status is one of HTTP's, and its body JSON. */
static void judge(const struct reply *reply)
{
	struct arena *arena = arena_new((size_t)64 * 1024 * 1024);
	struct json *json = NULL;

	if (reply->status < 200 || reply->status > 599)
		abort();
	if (arena && reply->body.size && json_parse(arena, strbuf_text(&reply->body), reply->body.size, &json, NULL))
		abort();
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *end = memchr(data, '\n', size);
	size_t head_size = end ? (size_t)(end - (const char *)data) : size;
	char *head = strndup((const char *)data, head_size), *uri = head ? strchr(head, ' ') : NULL, *query;
	struct request request = {.method = head, .authorization = "Bearer secret", .from_loopback = true};
	struct param params[16];
	struct reply reply = {0};

	if (!service.store)
		prepare();
	if (!uri) {
		free(head);
		return 0;
	}
	*uri++ = '\0';
	request.uri = uri;
	request.body = (const char *)data + head_size + (head_size < size);
	request.body_size = size - head_size - (head_size < size);
	query = strchr(uri, '?');
	if (query)
		*query++ = '\0';
	request.path = uri;
	for (char *part; request.param_count < 16 && (part = strsep(&query, "&"));) {
		char *value = strchr(part, '=');

		if (value)
			*value++ = '\0';
		params[request.param_count++] = (struct param){.name = part, .value = value ? value : ""};
	}
	request.params = params;
	strbuf_init(&reply.body, 0);
	service_answer(&service, &request, &reply);
	judge(&reply);
	strbuf_done(&reply.body);
	free(head);
	return 0;
}
