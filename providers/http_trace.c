/* The debug trace: one line per try, for people who wonder what was asked of whom, and when. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "providers/http_internal.h"
#include "providers/redact.h"

#define RAY_BYTES 64u

/** A server's text cut down to visible ASCII. */
static void copy_visible(char *out, size_t size, const char *text)
{
	size_t used = 0;

	for (; text && *text && used + 1 < size; text++)
		out[used++] = *text > ' ' && *text < 127 ? *text : '?';
	out[used] = '\0';
}

static void add_time(struct strbuf *line, int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;
	char text[32];

	if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		return;
	strbuf_addf(line, "%s.%03dZ", text, (int)(wall_ms % 1000));
}

void http_trace(const struct transfer *transfer, CURLcode code)
{
	struct http *http = transfer->http;
	const struct http_request *request = transfer->request;
	const char *secrets[] = {http->token};
	curl_off_t bytes = 0;
	char ray[RAY_BYTES];
	struct strbuf line;

	if (http->trace_fd < 0)
		return;
	strbuf_init(&line, 0);
	add_time(&line, clock_wall_ms(&http->run->clock));
	strbuf_addf(&line, " %s ", http_method_name(request->method));
	redact_add(&line, http->base_path, secrets, 1);
	redact_add(&line, request->path, secrets, 1);
	libcurl->easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
	strbuf_addf(&line, " status=%d ms=%lld bytes=%lld try=%u", request->answer.status,
		    (long long)(clock_mono_ms(&http->run->clock) - transfer->started_ms), (long long)bytes,
		    request->attempts);
	copy_visible(ray, sizeof(ray), transfer_header(transfer, "cf-ray"));
	if (*ray)
		strbuf_addf(&line, " ray=%s", ray);
	if (code)
		strbuf_addf(&line, " error=\"%s\"", libcurl->easy_strerror(code));
	strbuf_addc(&line, '\n');
	/* One write per line, so that processes that share the file do not mix theirs. A full disk ends the trace,
	 * not the run. */
	if (!strbuf_failed(&line) && write(http->trace_fd, line.data, line.size) < 0)
		http->trace_fd = -1;
	strbuf_done(&line);
}
