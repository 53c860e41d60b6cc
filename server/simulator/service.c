/* The way of one call: token, rate, route, permission, account or zone, handler, envelope, log.
 * The lock is held all the way, so that calls happen one after another, as the data sees them. */
#include "server/simulator/service.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "server/simulator/accounts.h"
#include "server/simulator/auth.h"
#include "server/simulator/control.h"
#include "server/simulator/envelope.h"
#include "server/simulator/router.h"
#include "server/simulator/zones.h"

#define API_PREFIX "/client/v4"

/* Seconds of @ms, rounded up. */
static long long seconds_of(int64_t ms)
{
	return (long long)((ms + 999) / 1000);
}

/* Every call counts, refused ones too, and every answer says what is left. */
static enum rc count_rate(struct call *call, struct reply *reply)
{
	const struct rate *rate = &call->service->rate;
	const char *who = call->token ? call->token->id : "";
	struct rate_verdict verdict = {0};
	enum rc rc = rate_count(&call->service->rate, who, clock_mono_ms(&call->service->clock), &verdict);

	if (rc)
		return rc;
	snprintf(reply->rate, sizeof(reply->rate), "\"default\";r=%lld;t=%lld", (long long)verdict.left,
		 seconds_of(verdict.reset_ms));
	snprintf(reply->rate_policy, sizeof(reply->rate_policy), "\"default\";q=%lld;w=%lld",
		 (long long)rate->calls, seconds_of(rate->window_ms));
	if (!verdict.refused)
		return RC_OK;
	reply->retry_after_s = seconds_of(verdict.reset_ms);
	return call_refuse(call, 429, 10100,
			   "More than %lld requests per %lld seconds reached. Please wait and consider "
			   "throttling your request speed",
			   (long long)rate->calls, seconds_of(rate->window_ms));
}

static enum rc refuse_route(struct call *call, const struct route_match *match, struct reply *reply)
{
	enum rc rc;

	if (match->is_path_known && !match->is_id_malformed) {
		memcpy(reply->allow, match->allow, sizeof(reply->allow));
		return call_refuse(call, 405, 10000,
				   "%s method not allowed for the api_token authentication scheme",
				   call->request->method);
	}
	rc = call_refuse(call, match->is_path_known ? 404 : 400, 7003,
			 "Could not route to %s, perhaps your object identifier is invalid?",
			 call->request->path);
	if (!match->is_path_known) {
		call->refusal.second_code = 7000;
		call->refusal.second_message = "No route for that URI";
	}
	return rc;
}

static enum rc check_permission(struct call *call, const struct route *route)
{
	if (!route->permission || (call->token->permissions & route->permission))
		return RC_OK;
	return call_refuse(call, 403, 10000, "Authentication error");
}

/* What the path names must exist and be visible to the token. */
static enum rc load_scope(struct call *call, const struct route_match *match)
{
	enum rc rc = RC_OK;

	call->tunnel_id = match->tunnel_id;
	call->record_id = match->record_id;
	call->connector_id = match->connector_id;
	if (match->account_id)
		rc = accounts_load(call, match->account_id, &call->account);
	if (!rc && match->zone_id)
		rc = zones_load(call, match->zone_id, &call->zone);
	return rc;
}

static enum rc answer_route(struct call *call, struct reply *reply)
{
	const char *path = call->request->path + strlen(API_PREFIX);
	struct route_match match = {0};
	size_t count = 0;
	const struct route *routes = router_api_routes(&count);
	enum rc auth = auth_identify(call);
	struct refusal auth_refusal = call->refusal;
	enum rc rc;

	call->refusal = (struct refusal){0};
	rc = auth == RC_OK || auth == RC_INVALID ? count_rate(call, reply) : auth;
	if (!rc)
		rc = router_find(routes, count, call->arena, call->request->method, path, &match);
	if (rc)
		return rc;
	if (!match.route || match.is_id_malformed)
		return refuse_route(call, &match, reply);
	if (auth) {
		call->refusal = auth_refusal;
		return auth;
	}
	rc = check_permission(call, match.route);
	if (!rc)
		rc = load_scope(call, &match);
	return rc ? rc : router_run(call, match.route);
}

static void log_call(struct call *call, int status)
{
	const struct log_entry entry = {
		.wall_ms = call->now_ms,
		.method = call->request->method,
		.uri = call->request->uri,
		.body = call->body,
		.status = status,
		.code = call->refusal.code,
		.token = call->token ? call->token->name : NULL,
		.fault = fault_name(call->fault),
	};
	struct build build = {.arena = call->arena};

	request_log_add(&call->service->log, &build, &entry);
}

static void answer_api(struct call *call, struct reply *reply)
{
	enum rc rc;

	faults_strike(call);
	if (fault_answers(call, reply)) {
		log_call(call, reply->status);
		return;
	}
	rc = answer_route(call, reply);
	if (rc && !call->refusal.status)
		call_refuse(call, 500, 1101, "internal error: %s", rc_name(rc));
	reply->status = call->refusal.status ? call->refusal.status : 200;
	envelope_write(call, &reply->body);
	fault_spoil(call, reply);
	log_call(call, reply->status);
}

static void print_call(const struct call *call, int status, int64_t elapsed_ms)
{
	const struct request *request = call->request;
	const char *time = clock_rfc3339_us(call->arena, call->now_ms);
	const char *uri = str_printable(call->arena, request->uri, strlen(request->uri), false);

	fprintf(stderr, "%s %s %s %d %lld ms\n", str_or_empty(time), request->method, str_or_empty(uri), status,
		(long long)elapsed_ms);
}

static bool is_below(const char *path, const char *prefix)
{
	size_t size = strlen(prefix);

	return !strncmp(path, prefix, size) && (path[size] == '/' || path[size] == '\0');
}

static void answer_locked(struct call *call, struct reply *reply)
{
	const char *path = call->request->path;

	call->now_ms = clock_wall_ms(&call->service->clock);
	if (is_below(path, "/_simulator")) {
		control_answer(call, reply);
		return;
	}
	if (is_below(path, API_PREFIX)) {
		answer_api(call, reply);
		return;
	}
	call_refuse(call, 404, 7000, "No route for that URI");
	reply->status = call->refusal.status;
	envelope_write(call, &reply->body);
}

static void enter(struct service *service)
{
	int now = atomic_fetch_add(&service->in_flight, 1) + 1, most = atomic_load(&service->most_in_flight);

	while (now > most && !atomic_compare_exchange_weak(&service->most_in_flight, &most, now))
		continue;
}

void service_answer(struct service *service, const struct request *request, struct reply *reply)
{
	struct arena *arena = arena_new(SIMULATOR_CALL_BYTES);
	struct call call = {.service = service, .store = service->store, .arena = arena, .request = request};
	int64_t started_ms = clock_mono_ms(&service->clock);
	bool is_api = is_below(request->path, API_PREFIX);

	reply->status = 500;
	if (!arena)
		return;
	call.build.arena = arena;
	strbuf_init(&call.text, SIMULATOR_CALL_BYTES);
	if (is_api)
		enter(service);
	if (service->latency_ms > 0 && is_api)
		clock_sleep_ms(&service->clock, service->latency_ms);
	pthread_mutex_lock(&service->lock);
	answer_locked(&call, reply);
	if (service->log_calls)
		print_call(&call, reply->status, clock_mono_ms(&service->clock) - started_ms);
	pthread_mutex_unlock(&service->lock);
	if (is_api)
		atomic_fetch_sub(&service->in_flight, 1);
	if (strbuf_failed(&reply->body)) {
		strbuf_reset(&reply->body);
		reply->status = 500;
	}
	strbuf_done(&call.text);
	arena_free(arena);
}
