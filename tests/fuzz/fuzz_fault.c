/* Faults of the simulator, whatever they are: one a line. What is taken strikes some calls. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "server/simulator/call.h"
#include "tests/fuzz/fuzz.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** What was taken is within the bounds that the rest of the simulator relies on, and means the same when it is read again. */
static void judge(const struct fault *fault)
{
	const struct clock clock = {.scale = 1, .seed = 1};
	struct faults again = {0};
	const char *why = NULL;

	if (!fault_name(fault) || strncmp(fault->spec, fault_name(fault), strlen(fault_name(fault))) != 0)
		abort();
	if (!(fault->chance >= 0 && fault->chance <= 1) || fault->nth < 0 || fault->times < 0)
		abort();
	if (fault->for_ms < 0 || fault->for_ms > SIMULATOR_FAULT_MS || fault->retry_after_ms < 0 ||
	    fault->retry_after_ms > SIMULATOR_FAULT_MS)
		abort();
	if (faults_add(&again, &clock, fault->spec, &why) || again.items[0].kind != fault->kind ||
	    !str_eq(again.items[0].path, fault->path) || again.items[0].nth != fault->nth)
		abort();
	faults_clear(&again);
}

/** One call that the faults may strike, up to where it would be executed. */
static void strike(struct service *service, const struct request *request)
{
	struct call call = {.service = service, .request = request};
	struct reply reply = {0};

	strbuf_init(&reply.body, 0);
	faults_strike(&call);
	if (!fault_answers(&call, &reply))
		fault_spoil(&call, &reply);
	if (call.fault && (call.fault->hits < 1 || call.fault->seen < call.fault->hits))
		abort();
	if (reply.end != REPLY_WHOLE && !call.fault && !service->faults.down_until_ms)
		abort();
	(void)faults_refuse_record(&call, "a.example.com");
	strbuf_done(&reply.body);
}

static void strike_some(struct service *service)
{
	const struct param page = {.name = "page", .value = "2"};
	const struct request requests[] = {
		{.method = "GET", .path = "/client/v4/zones", .params = &page, .param_count = 1},
		{.method = "PUT", .path = "/client/v4/accounts/a/cfd_tunnel/t/configurations"},
		{.method = "POST", .path = "/client/v4/zones/z/dns_records/batch"},
		{.method = "", .path = "/client/v4"},
	};

	for (unsigned i = 0; i < 3; i++)
		for (size_t r = 0; r < COUNT(requests); r++)
			strike(service, &requests[r]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct service service = {.clock = {.scale = 1, .seed = 1}};
	char *text = malloc(size + 1), *rest = text, *spec;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	while ((spec = strsep(&rest, "\n"))) {
		const char *why = NULL;
		enum rc rc = faults_add(&service.faults, &service.clock, spec, &why);

		if ((rc == RC_INVALID) != (why != NULL) || (rc == RC_LIMIT && service.faults.count < SIMULATOR_FAULTS))
			abort(); /* refused without a word, or with one for nothing */
		if (!rc)
			judge(&service.faults.items[service.faults.count - 1]);
	}
	strike_some(&service);
	faults_clear(&service.faults);
	free(text);
	return 0;
}
