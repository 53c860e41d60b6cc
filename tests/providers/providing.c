/* What tests of a provider share. */
#include "tests/providers/providing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int providing_setup(void **state)
{
	struct providing *test = calloc(1, sizeof(*test));

	if (!test || run_init(&test->run))
		return -1;
	test->run.interrupted = &test->interrupted;
	test->run.clock.scale = TIME_SCALE;
	test->server = script_server_new(true);
	snprintf(test->url, sizeof(test->url), "http://127.0.0.1:%u/base", script_server_port(test->server));
	test->config = (struct provider_config){
		.account = "main",
		.url = test->url,
		.account_id = ACCOUNT,
		.token = TOKEN,
		.timeout_ms = (int64_t)60000 * TIME_SCALE, /* a machine under load is no fault of the code */
	};
	*state = test;
	return 0;
}

int providing_teardown(void **state)
{
	struct providing *test = *state;

	if (test->provider)
		test->provider->vt->close(test->provider);
	script_server_free(test->server);
	run_done(&test->run);
	free(test);
	return 0;
}

struct provider *providing_open(struct providing *test)
{
	assert_null(test->provider);
	assert_int_equal(provider_open(&test->run, &test->config, &test->provider), RC_OK);
	return test->provider;
}

struct call providing_call(struct providing *test, enum call_kind kind)
{
	return (struct call){
		.kind = kind,
		.arena = test->run.arena,
		.tunnel_id = TUNNEL,
		.zone_id = ZONE,
		.record_id = RECORD,
	};
}

enum rc providing_do(struct providing *test, struct call *call)
{
	if (!test->provider)
		providing_open(test);
	return provider_do(test->provider, call);
}

const struct json *providing_json(struct providing *test, const char *text)
{
	struct json *json = NULL;

	assert_int_equal(json_parse(test->run.arena, text, strlen(text), &json, NULL), RC_OK);
	return json;
}

void providing_submit(struct providing *test, struct call *call)
{
	if (!test->provider)
		providing_open(test);
	assert_int_equal(test->provider->vt->submit(test->provider, call), RC_OK);
}

void providing_collect(struct providing *test, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct call *call = NULL;

		assert_int_equal(test->provider->vt->next(test->provider, -1, &call), RC_OK);
		assert_non_null(call);
	}
}

int64_t providing_elapsed(const struct providing *test, int64_t since_ms)
{
	return clock_mono_ms(&test->run.clock) - since_ms;
}

bool contains_or_print(const char *text, const char *part)
{
	if (text && strstr(text, part))
		return true;
	fprintf(stderr, "\"%s\"\n  does not hold \"%s\"\n", text ? text : "(null)", part);
	return false;
}
