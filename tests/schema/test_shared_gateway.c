/* A Gateway as JSON of the state: what is written comes back, and what is not so is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "schema/shared_gateway.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(1 << 20);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct json *parse(const char *text)
{
	struct json *json = NULL;

	assert_int_equal(json_parse(arena, text, strlen(text), &json, NULL), RC_OK);
	return json;
}

#define LISTENER(more) \
	"{\"class\":\"cloudflare\",\"hostnames\":[\"\"],\"listeners\":[{\"from\":\"All\",\"kinds\":[],\"name\":\"https\"," \
	"\"port\":443,\"protocol\":\"HTTPS\"" more "}]}"

/** Canonical documents, each with something of its own. */
static const char *const documents[] = {
	LISTENER(""),
	"{\"class\":\"c\",\"default\":true,\"hostnames\":[\"*.example.com\",\"\"],\"listeners\":[],\"no_dns\":true,"
	"\"origin_request\":{\"access\":{\"required\":true}},\"policy\":{\"feature\":\"RateLimit\",\"reason\":\"why\"},"
	"\"protect\":true}",
	"{\"class\":\"c\",\"hostnames\":[\"*.a.example.com\",\"\"],\"listeners\":["
	"{\"from\":\"Same\",\"hostname\":\"*.a.example.com\",\"kinds\":[{\"group\":\"g\",\"kind\":\"HTTPRoute\"}],\"name\":\"a\","
	"\"policy\":{\"feature\":\"f\",\"reason\":\"r\"},\"port\":1,\"protocol\":\"HTTP\"},"
	"{\"from\":\"Selector\",\"kinds\":[],\"name\":\"b\",\"port\":65535,\"protocol\":\"TLS\",\"selector\":["
	"{\"key\":\"team\",\"operator\":\"In\",\"values\":[\"x\",\"y\"]},{\"key\":\"k\",\"operator\":\"DoesNotExist\",\"values\":[]}]},"
	"{\"from\":\"None\",\"kinds\":[],\"name\":\"c\",\"port\":0,\"protocol\":\"UDP\",\"selector\":[]}]}",
};

static void test_what_is_written_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		const struct json *json = parse(documents[i]), *hostnames = json_get(json, "hostnames");
		const char *texts[2] = {"", ""};
		struct shared_gateway_facts facts = {texts, json_count(hostnames), NULL, NULL};
		struct gateway *gateway = NULL;
		struct json *again = NULL;
		struct strbuf out;

		for (size_t h = 0; h < json_count(hostnames); h++)
			texts[h] = json_item(hostnames, h)->u.string;
		assert_int_equal(shared_gateway_read(arena, "tunnel/edge/web", json, &gateway), RC_OK);
		facts.policy = gateway->shared->policy;
		facts.listener_policies = gateway->shared->listener_policies;
		assert_int_equal(shared_gateway_write(arena, gateway, &facts, &again), RC_OK);
		strbuf_init(&out, 0);
		json_write_canonical(&out, again);
		assert_string_equal(strbuf_text(&out), documents[i]);
		strbuf_done(&out);
	}
}

static void test_it_is_the_gateway_of_its_address(void **state)
{
	struct gateway *gateway = NULL;

	(void)state;
	assert_int_equal(shared_gateway_read(arena, "tunnel/edge/web", parse(documents[2]), &gateway), RC_OK);
	assert_string_equal(gateway->meta.key, "edge/web");
	assert_string_equal(gateway->meta.name_space, "edge");
	assert_string_equal(gateway->meta.name, "web");
	assert_int_equal(gateway->meta.created_s, NO_TIMESTAMP);
	assert_int_equal(gateway->listener_count, 3);
	assert_null(gateway->listeners[1].hostname);
	assert_false(gateway->listeners[0].selector.is_present);
	assert_true(gateway->listeners[2].selector.is_present);
	assert_string_equal(gateway->shared->listener_policies[0]->reason, "r");
	assert_null(gateway->shared->listener_policies[1]);
}

static void test_what_is_none_is_refused(void **state)
{
	static const struct {
		const char *address, *document;
	} rows[] = {
		{"tunnel/edge", LISTENER("")},
		{"tunnel//web", LISTENER("")},
		{"tunnel/edge/", LISTENER("")},
		{"rule/edge/web", LISTENER("")},
		{"tunnel/edge/web", LISTENER(",\"from\":\"Anybody\"")},
		{"tunnel/edge/web", LISTENER(",\"protocol\":\"GOPHER\"")},
		{"tunnel/edge/web", LISTENER(",\"port\":70000")},
		{"tunnel/edge/web", LISTENER(",\"port\":-1")},
		{"tunnel/edge/web", LISTENER(",\"selector\":{}")},
		{"tunnel/edge/web", LISTENER(",\"selector\":[{\"operator\":\"In\"}]")},
		{"tunnel/edge/web", LISTENER(",\"selector\":[{\"key\":\"a\",\"operator\":\"Like\"}]")},
		{"tunnel/edge/web", LISTENER(",\"selector\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[1]}]")},
		{"tunnel/edge/web", "{\"listeners\":[{}]}"},
		{"tunnel/edge/web", "{\"listeners\":[7]}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gateway *gateway = NULL;

		if (shared_gateway_read(arena, rows[i].address, parse(rows[i].document), &gateway) != RC_CORRUPT)
			fail_msg("%s at %s was taken", rows[i].document, rows[i].address);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_written_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_it_is_the_gateway_of_its_address, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_none_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests_name("shared_gateway", tests, NULL, NULL);
}
