/* The provider for Cloudflare's v4 wire format: calls become requests, answers become values.
 *
 * A call is a task; a task has one exchange under way, or, of a list, one for each page under way. A task leaves
 * its last exchange done, and waits in the list of those done until cloudflare_next() hands its call out. */
#include "providers/cloudflare.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/str.h"
#include "providers/cloudflare_answer.h"
#include "providers/cloudflare_list.h"
#include "providers/cloudflare_request.h"

/** One HTTP request of a task. The transport hands out its first member. */
struct exchange {
	struct http_request request;
	struct task *task;
	size_t page;                 /**< of a list; 1-based */
	struct strbuf path, body;
	struct tree_job tree;        /**< of the answer, when it is large */
	struct exchange *next;       /**< of the same task */
};

struct task {
	struct call *call;
	struct list list;            /**< only of kinds that are lists */
	struct exchange *exchanges;
	struct task *previous, *next;
};

struct cloudflare {
	struct provider provider;    /**< first: the planner's pointer is ours */
	struct http *http;
	char *account, *account_id, *host, *url, *token;
	struct arena *scratch;       /**< see struct wire_context */
	struct tree_reader *reader;
	unsigned parallelism;
	int trace_fd;
	struct task *under_way;      /**< doubly linked */
	struct task *done_first, *done_last;
	size_t pending_count;
};

static struct cloudflare *self(struct provider *provider)
{
	return (struct cloudflare *)(void *)provider;
}

static const struct cloudflare *self_const(const struct provider *provider)
{
	return (const struct cloudflare *)(const void *)provider;
}

static struct wire_context context_of(const struct cloudflare *cf)
{
	return (struct wire_context){.token = cf->token, .host = cf->host, .scratch = cf->scratch};
}

/** Of an answer: with its tree, if that was read beside. */
static struct wire_context context_with(const struct cloudflare *cf, const struct exchange *exchange)
{
	struct wire_context context = context_of(cf);

	if (exchange->tree.arena) {
		context.scratch = exchange->tree.arena;
		context.tree = &exchange->tree;
	}
	return context;
}

/** Unlink from its task, wipe and free. */
static void exchange_free(struct cloudflare *cf, struct exchange *exchange)
{
	struct exchange **link = &exchange->task->exchanges;

	tree_reader_end(cf->reader, &exchange->tree);
	while (*link != exchange)
		link = &(*link)->next;
	*link = exchange->next;
	http_request_done(&exchange->request);
	strbuf_wipe(&exchange->path);
	strbuf_wipe(&exchange->body);
	free(exchange);
}

/** The call is over: nothing of it stays under way. */
static void task_finish(struct cloudflare *cf, struct task *task, enum rc rc)
{
	while (task->exchanges) {
		task->call->attempts += task->exchanges->request.attempts;
		http_drop(cf->http, &task->exchanges->request);
		exchange_free(cf, task->exchanges);
	}
	if (task->previous)
		task->previous->next = task->next;
	else
		cf->under_way = task->next;
	if (task->next)
		task->next->previous = task->previous;
	task->next = NULL;
	if (cf->done_last)
		cf->done_last->next = task;
	else
		cf->done_first = task;
	cf->done_last = task;
	task->call->rc = rc;
}

/** Write the request and hand it to the transport. @return RC_OK, or the call's rc */
static enum rc exchange_start(struct cloudflare *cf, struct task *task, size_t page)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	struct call *call = task->call;
	const struct wire_kind *kind = wire_kind(call->kind);
	const struct wire_context context = context_of(cf);
	const char *fault = NULL;
	enum rc rc;

	if (!exchange)
		return answer_fail(&context, call, RC_NOMEM, "out of memory");
	exchange->task = task;
	exchange->page = page;
	exchange->next = task->exchanges;
	task->exchanges = exchange;
	rc = wire_path(call, cf->account_id, cf->token, page, &exchange->path, &fault);
	if (!rc)
		rc = wire_body(call, &exchange->body, &fault);
	exchange->request = (struct http_request){
		.method = kind->method,
		.path = strbuf_text(&exchange->path),
		.body = exchange->body.size ? exchange->body.data : NULL,
		.body_size = exchange->body.size,
		/* All but POST say what shall be, not what to add; but who writes a document twice cannot tell by its version
		 * whether somebody else wrote in between. */
		.is_repeatable = kind->method != HTTP_POST && call->kind != CALL_CONFIG_PUT,
		.timeout_ms = call->timeout_ms,
	};
	if (!rc)
		rc = http_submit(cf->http, &exchange->request);
	if (!rc)
		return RC_OK;
	exchange_free(cf, exchange);
	return answer_fail(&context, call, rc, "%s", fault ? fault : "out of memory");
}

/** Ask for as many pages as may be under way. */
static enum rc list_go_on(struct cloudflare *cf, struct task *task)
{
	size_t page;

	for (;;) {
		enum rc rc = list_next_page(&task->list, cf->parallelism, &page);

		if (rc || !page)
			return rc;
		rc = exchange_start(cf, task, page);
		if (rc)
			return rc;
	}
}

/** A page came: take it, and see whether that was the last one. @return RC_OK with *ret_is_done, or the call's rc */
static enum rc list_step(struct cloudflare *cf, struct task *task, const struct exchange *exchange, bool *ret_is_done)
{
	const struct wire_context context = context_with(cf, exchange);
	bool again = false;
	enum rc rc = list_take_page(&context, &task->list, exchange->page, &exchange->request.answer);

	*ret_is_done = false;
	if (rc)
		return rc;
	if (list_is_read(&task->list)) {
		rc = list_finish(&context, &task->list, &again);
		*ret_is_done = !again;
	}
	return rc || *ret_is_done ? rc : list_go_on(cf, task);
}

/** The answer is there, and read if it is large. */
static void exchange_finish(struct cloudflare *cf, struct exchange *exchange)
{
	const struct wire_context context = context_with(cf, exchange);
	struct task *task = exchange->task;
	struct call *call = task->call;
	bool is_done = true;
	enum rc rc;

	call->attempts += exchange->request.attempts;
	if (wire_kind(call->kind)->per_page)
		rc = list_step(cf, task, exchange, &is_done);
	else
		rc = answer_take(&context, call, &exchange->request.answer);
	exchange_free(cf, exchange);
	if (rc || is_done)
		task_finish(cf, task, rc);
}

/** The transport is done with an exchange. */
static void exchange_arrive(struct cloudflare *cf, struct exchange *exchange)
{
	const struct http_answer *answer = &exchange->request.answer;

	exchange->tree = (struct tree_job){.bytes = answer->body.data, .size = answer->body.size, .user = exchange};
	if (answer->rc || answer->body.size < TREE_READER_MIN_BYTES || !answer_is_copied(exchange->task->call->kind) ||
	    !tree_reader_give(cf->reader, &exchange->tree))
		exchange_finish(cf, exchange);
}

/** Take in a large answer. @return false: none is read @param waits  for one that is being read */
static bool finish_read(struct cloudflare *cf, bool waits)
{
	struct tree_job *tree = tree_reader_take(cf->reader, waits);

	if (tree)
		exchange_finish(cf, tree->user);
	return tree;
}

/** Nothing is under way: what comes may be small, or never come. */
static void trim(struct cloudflare *cf)
{
	arena_trim(cf->scratch);
	tree_reader_trim(cf->reader);
}

/** Empty what the answer goes to; the request stays. */
static void call_reset(struct call *call)
{
	call->rc = RC_OK;
	call->http_status = 0;
	call->code = 0;
	call->message = "";
	call->needs = NULL;
	call->text = NULL;
	call->tunnels = NULL;
	call->zones = NULL;
	call->records = NULL;
	call->connections = NULL;
	call->accounts = NULL;
	call->tunnel_count = call->zone_count = call->record_count = 0;
	call->connection_count = call->account_count = 0;
	call->config = (struct live_config){.version = -1};
	memset(&call->batch, 0, sizeof(call->batch));
	call->attempts = 0;
}

static enum rc cloudflare_submit(struct provider *provider, struct call *call)
{
	struct cloudflare *cf = self(provider);
	struct task *task = calloc(1, sizeof(*task));
	enum rc rc;

	if (!task)
		return RC_NOMEM;
	call_reset(call);
	task->call = call;
	task->next = cf->under_way;
	if (task->next)
		task->next->previous = task;
	cf->under_way = task;
	cf->pending_count++;
	if (wire_kind(call->kind)->per_page) {
		list_init(&task->list, call);
		rc = list_go_on(cf, task);
	} else {
		rc = exchange_start(cf, task, 1);
	}
	if (rc)
		task_finish(cf, task, rc);
	return RC_OK;
}

static struct call *take_done(struct cloudflare *cf)
{
	struct task *task = cf->done_first;
	struct call *call;

	if (!task)
		return NULL;
	cf->done_first = task->next;
	if (!cf->done_first)
		cf->done_last = NULL;
	cf->pending_count--;
	call = task->call;
	free(task);
	return call;
}

static enum rc cloudflare_next(struct provider *provider, int64_t timeout_ms, struct call **ret_call)
{
	struct cloudflare *cf = self(provider);
	const struct clock *clock = http_clock(cf->http);
	int64_t deadline_ms = timeout_ms < 0 ? -1 : clock_mono_ms(clock) + timeout_ms;

	*ret_call = NULL;
	for (;;) {
		struct http_request *request;
		int64_t left_ms = deadline_ms < 0 ? -1 : deadline_ms - clock_mono_ms(clock);
		enum rc rc;

		*ret_call = take_done(cf);
		if (*ret_call)
			return RC_OK;
		if (finish_read(cf, false))
			continue;
		rc = http_next(cf->http, deadline_ms >= 0 && left_ms < 0 ? 0 : left_ms, &request);
		if (!rc)
			exchange_arrive(cf, (struct exchange *)(void *)request);
		/* What was read woke the transport before its time. */
		if (!rc || (rc == RC_TIMEOUT && (deadline_ms < 0 || clock_mono_ms(clock) < deadline_ms)))
			continue;
		if (rc == RC_NOTFOUND && finish_read(cf, true))
			continue;
		if (rc == RC_NOTFOUND)
			trim(cf);
		return rc;
	}
}

static size_t cloudflare_pending(const struct provider *provider)
{
	return self_const(provider)->pending_count;
}

static void cloudflare_stats(const struct provider *provider, struct provider_stats *ret_stats)
{
	http_stats(self_const(provider)->http, ret_stats);
}

static const char *cloudflare_status(const struct provider *provider, int64_t *ret_wait_ms)
{
	return http_status(self_const(provider)->http, ret_wait_ms);
}

/** Calls that were never collected are not touched: their owner may be gone. */
static void cloudflare_close(struct provider *provider)
{
	struct cloudflare *cf = self(provider);

	/* Who reads wakes the transport, and the transport knows the requests: each goes before what it knows. */
	for (struct task *task = cf->under_way; task; task = task->next)
		for (struct exchange *exchange = task->exchanges; exchange; exchange = exchange->next)
			tree_reader_end(cf->reader, &exchange->tree);
	tree_reader_free(cf->reader);
	http_free(cf->http);
	while (cf->under_way) {
		struct task *task = cf->under_way;

		while (task->exchanges)
			exchange_free(cf, task->exchanges);
		cf->under_way = task->next;
		free(task);
	}
	while (take_done(cf))
		;
	if (cf->trace_fd >= 0)
		close(cf->trace_fd);
	arena_free(cf->scratch);
	alloc_free(cf->account);
	alloc_free(cf->account_id);
	alloc_free(cf->host);
	alloc_free(cf->url);
	alloc_free(cf->token);
	free(cf);
}

static const struct provider_vt cloudflare_vt = {
	.submit = cloudflare_submit,
	.next = cloudflare_next,
	.pending = cloudflare_pending,
	.stats = cloudflare_stats,
	.status = cloudflare_status,
	.close = cloudflare_close,
};

enum rc cloudflare_set_account_id(struct provider *provider, const char *account_id)
{
	struct cloudflare *cf = self(provider);
	char *copy = alloc_strdup(account_id);

	if (!copy)
		return RC_NOMEM;
	alloc_free(cf->account_id);
	cf->account_id = copy;
	provider->account_id = copy;
	return RC_OK;
}

static void wake(void *http)
{
	http_wake(http);
}

enum rc cloudflare_open(struct run *run, const struct cloudflare_config *config, struct provider **ret_provider)
{
	struct cloudflare *cf = calloc(1, sizeof(*cf));
	enum rc rc = RC_OK;

	if (!cf)
		return RC_NOMEM;
	cf->trace_fd = -1;
	cf->parallelism = config->http.parallelism ? config->http.parallelism : HTTP_PARALLELISM;
	cf->account = alloc_strdup(config->account);
	cf->host = alloc_strdup(config->host);
	cf->url = alloc_strdup(config->http.base_url);
	cf->token = alloc_strdup(config->http.token);
	cf->provider = (struct provider){.vt = &cloudflare_vt, .account = cf->account, .url = cf->url};
	cf->scratch = arena_new(LIMIT_ARENA_BYTES);
	if (!cf->account || !cf->host || !cf->url || !cf->token || !cf->scratch)
		rc = RC_NOMEM;
	if (!rc && config->account_id)
		rc = cloudflare_set_account_id(&cf->provider, config->account_id);
	if (!rc) {
		struct http_config http = config->http;

		http.hooks = &cf->provider.hooks;
		rc = http_new(run, &http, &cf->http);
	}
	if (!rc)
		rc = tree_reader_new(wake, cf->http, &cf->reader);
	if (rc) {
		cloudflare_close(&cf->provider);
		return rc;
	}
	cf->trace_fd = config->http.trace_fd;
	*ret_provider = &cf->provider;
	return RC_OK;
}
