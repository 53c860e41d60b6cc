/* Which call a fault strikes, and what becomes of it. */
#include "server/simulator/fault.h"

#include <string.h>

#include "base/str.h"
#include "server/simulator/call.h"
#include "server/simulator/store.h"

#define API_PREFIX "/client/v4"

static const char html[] = "<html>\r\n<head><title>error</title></head>\r\n<body>\r\n<center><h1>error</h1></center>\r\n"
			   "<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n";

static bool is_list(const struct request *request)
{
	static const char *const lists[] = {"/accounts", "/cfd_tunnel", "/tunnels", "/zones", "/dns_records"};

	for (size_t i = 0; str_eq(request->method, "GET") && i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (str_has_suffix(request->path, lists[i]))
			return true;
	}
	return false;
}

static bool is_later_page(const struct call *call)
{
	const char *text = call_param(call, "page");
	int64_t page = 1;

	return is_list(call->request) && text && !str_to_int64(text, &page) && page > 1;
}

static bool is_stale_now(const struct call *call, const struct fault *fault)
{
	const struct faults *faults = &call->service->faults;

	return faults->written_ms && str_eq(call->request->method, "GET") &&
	       clock_mono_ms(&call->service->clock) - faults->written_ms < fault->for_ms;
}

/* Could it strike this call at all? */
static bool concerns(const struct call *call, const struct fault *fault)
{
	const struct request *request = call->request;

	if (*fault->method && !str_eq(fault->method, request->method))
		return false;
	if (*fault->path && !str_glob_match(fault->path, request->path + strlen(API_PREFIX)))
		return false;
	switch (fault->kind) {
	case FAULT_PAGE_MISSING:
		return is_list(request);
	case FAULT_PAGE_TWICE:
	case FAULT_ITEM_APPEARS:
	case FAULT_ITEM_VANISHES:
		return is_later_page(call);
	case FAULT_STALE:
		return is_stale_now(call, fault);
	case FAULT_DROP_WRITE:
		return !str_eq(request->method, "GET");
	case FAULT_SMALL_PAGES:
	case FAULT_REFUSE_RECORD:
		return false;
	case FAULT_RATE:
	case FAULT_SERVER:
	case FAULT_DENIED:
	case FAULT_FAILURE:
	case FAULT_REFUSED:
	case FAULT_RESET:
	case FAULT_LOST:
	case FAULT_TRUNCATED:
	case FAULT_STALLED:
	case FAULT_CONTENT_TYPE:
		break;
	}
	return true;
}

static bool draws(struct fault *fault)
{
	uint32_t number = 0;

	if (fault->chance >= 1)
		return true;
	return !clock_random(&fault->draw, &number, sizeof(number)) && (double)number < fault->chance * 4294967296.0;
}

/* Is it this call's turn? Every call that it concerns is counted, whether another fault strikes it or not. */
static bool strikes(struct fault *fault)
{
	bool is_turn;

	fault->seen++;
	is_turn = !fault->nth || fault->seen == fault->nth || (fault->is_from_nth && fault->seen > fault->nth);
	return draws(fault) && is_turn && (!fault->times || fault->hits < fault->times);
}

void faults_strike(struct call *call)
{
	struct faults *faults = &call->service->faults;

	for (size_t i = 0; i < faults->count; i++) {
		struct fault *fault = &faults->items[i];

		if (fault->kind == FAULT_SMALL_PAGES)
			call->page_size = fault->page_size;
		if (!concerns(call, fault) || !strikes(fault) || call->fault)
			continue;
		fault->hits++;
		call->fault = fault;
	}
	if (call->fault && call->fault->kind == FAULT_STALE)
		call->store = faults->before;
}

static void answer_server_error(const struct fault *fault, struct reply *reply)
{
	reply->status = fault->status;
	strbuf_reset(&reply->body);
	if (fault->body == FAULT_BODY_HTML) {
		strbuf_adds(&reply->body, html);
		reply->content_type = "text/html";
	} else if (fault->body == FAULT_BODY_JSON) {
		strbuf_adds(&reply->body, "{\"success\":false,\"errors\":[{\"code\":1101,\"message\":\"Internal server error\"}],"
					  "\"messages\":[],\"result\":null}");
	}
}

static void answer_rate(struct call *call, const struct fault *fault, struct reply *reply)
{
	reply->status = 429;
	reply->retry_after_s = (fault->retry_after_ms + 999) / 1000;
	call->refusal.code = 10100;
	strbuf_adds(&reply->body, "{\"success\":false,\"errors\":[{\"code\":10100,\"message\":\"Please wait and consider "
				  "throttling your request speed\"}],\"messages\":[],\"result\":null}");
}

static void answer_denied(struct call *call, const struct fault *fault, struct reply *reply)
{
	reply->status = fault->status;
	call->refusal.code = 10000;
	strbuf_adds(&reply->body, "{\"success\":false,\"errors\":[{\"code\":10000,\"message\":\"Authentication error\"}],"
				  "\"messages\":[],\"result\":null}");
}

static void go_down(struct call *call, const struct fault *fault, struct reply *reply)
{
	call->service->faults.down_until_ms = clock_mono_ms(&call->service->clock) + fault->for_ms;
	reply->end = REPLY_RESET;
	reply->down_ms = fault->for_ms;
}

bool fault_answers(struct call *call, struct reply *reply)
{
	const struct fault *fault = call->fault;
	bool is_down = clock_mono_ms(&call->service->clock) < call->service->faults.down_until_ms;

	reply->status = 200;
	if (is_down)
		reply->end = REPLY_RESET;
	else if (fault && fault->kind == FAULT_RATE)
		answer_rate(call, fault, reply);
	else if (fault && fault->kind == FAULT_DENIED)
		answer_denied(call, fault, reply);
	else if (fault && fault->kind == FAULT_SERVER && !fault->is_executed)
		answer_server_error(fault, reply);
	else if (fault && fault->kind == FAULT_FAILURE)
		strbuf_adds(&reply->body, "{\"success\":false,\"errors\":[{\"code\":1001,\"message\":\"Something went wrong\"}],"
					  "\"messages\":[],\"result\":null}");
	else if (fault && fault->kind == FAULT_REFUSED)
		go_down(call, fault, reply);
	else if (fault && fault->kind == FAULT_RESET && !fault->is_executed)
		reply->end = REPLY_RESET;
	else
		return false;
	return true;
}

void fault_spoil(const struct call *call, struct reply *reply)
{
	const struct fault *fault = call->fault;

	if (!fault)
		return;
	switch (fault->kind) {
	case FAULT_SERVER:
		answer_server_error(fault, reply);
		break;
	case FAULT_RESET:
		reply->end = REPLY_RESET;
		break;
	case FAULT_LOST:
		reply->end = REPLY_HANG_UP;
		break;
	case FAULT_TRUNCATED:
		reply->end = REPLY_TRUNCATED;
		break;
	case FAULT_STALLED:
		reply->end = REPLY_STALLED;
		reply->stall_ms = fault->for_ms;
		break;
	case FAULT_CONTENT_TYPE:
		reply->content_type = "text/html";
		break;
	case FAULT_RATE:
	case FAULT_DENIED:
	case FAULT_FAILURE:
	case FAULT_REFUSED:
	case FAULT_PAGE_MISSING:
	case FAULT_PAGE_TWICE:
	case FAULT_ITEM_APPEARS:
	case FAULT_ITEM_VANISHES:
	case FAULT_STALE:
	case FAULT_DROP_WRITE:
	case FAULT_SMALL_PAGES:
	case FAULT_REFUSE_RECORD:
		break;
	}
}

enum rc faults_before_write(struct call *call)
{
	struct faults *faults = &call->service->faults;
	bool is_needed = false;
	enum rc rc;

	for (size_t i = 0; i < faults->count; i++)
		is_needed |= faults->items[i].kind == FAULT_STALE;
	if (!is_needed)
		return RC_OK;
	rc = store_copy(call->service->store, &faults->before);
	if (!rc)
		faults->written_ms = clock_mono_ms(&call->service->clock);
	return rc;
}

bool faults_refuse_record(const struct call *call, const char *name)
{
	const struct faults *faults = &call->service->faults;

	for (size_t i = 0; i < faults->count; i++) {
		if (faults->items[i].kind == FAULT_REFUSE_RECORD && str_eq(faults->items[i].name, name))
			return true;
	}
	return false;
}

void faults_clear(struct faults *faults)
{
	store_close(faults->before);
	memset(faults, 0, sizeof(*faults));
}
