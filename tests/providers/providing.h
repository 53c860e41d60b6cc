/** @file
 * What tests of a provider share: a run, a scripted server, a provider that calls it. */
#ifndef ADIT_TESTS_PROVIDERS_PROVIDING_H
#define ADIT_TESTS_PROVIDERS_PROVIDING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "providers/open.h"
#include "providers/provider.h"
#include "tests/providers/script_server.h"

#define TOKEN "t0ken-Of-The-Test_0123456789abcdef"
#define ACCOUNT "699d98642c564d2e855e9661899b7252"
#define TUNNEL "f174e90a-fafe-4643-bbbc-4a0ed4fc8415"
#define ZONE "023e105f4ecef8ad9ca31a8372d0c353"
#define RECORD "372e67954025e0ba6aaa6d586b9e0b59"
#define SECRET "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I="
#define TUNNELS_PATH "/base/accounts/" ACCOUNT "/cfd_tunnel"
#define RECORDS_PATH "/base/zones/" ZONE "/dns_records"

/** All times of a test run this much faster. */
#define TIME_SCALE 300

struct providing {
	struct run run;
	volatile int interrupted;
	struct script_server *server;
	struct provider *provider;
	struct provider_config config;
	char url[128];
};

/** cmocka fixture: a server that listens, a run whose clock runs TIME_SCALE times faster, no provider yet. */
int providing_setup(void **state);
int providing_teardown(void **state);
/** Open the provider as test->config says. */
struct provider *providing_open(struct providing *test);
/** A call of that kind with the ids of this file. */
struct call providing_call(struct providing *test, enum call_kind kind);
/** Make the call, opening the provider first if need be. @return the call's rc */
enum rc providing_do(struct providing *test, struct call *call);
/** Parse JSON into the run's arena. */
const struct json *providing_json(struct providing *test, const char *text);
/** Submit and collect nothing yet. */
void providing_submit(struct providing *test, struct call *call);
/** Collect @p count calls. */
void providing_collect(struct providing *test, size_t count);

/** Milliseconds of the run's time since @p since_ms. */
int64_t providing_elapsed(const struct providing *test, int64_t since_ms);

#define assert_contains(text, part) assert_true(contains_or_print(text, part))
bool contains_or_print(const char *text, const char *part);

#endif
