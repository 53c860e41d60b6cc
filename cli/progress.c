/* Progress of planning and applying. */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#define LINE_MS 10000 /* between two lines about waiting, where there is no terminal */

static void clear_line(struct session *session)
{
	if (session->progress.is_line_open)
		fputs("\r\033[K", stderr);
	session->progress.is_line_open = false;
}

static void draw_line(struct session *session, const struct apply_event *event)
{
	const char *what = event->change ? session_printable(session, event->change->address)
					 : session_printable(session, event->message);

	if (!isatty(STDERR_FILENO))
		return;
	clear_line(session);
	fprintf(stderr, "[%zu/%zu] %.60s", event->done, event->total, what);
	fflush(stderr);
	session->progress.is_line_open = true;
}

void progress_event(void *context, const struct apply_event *event)
{
	struct session *session = context;

	switch (event->kind) {
	case APPLY_STARTED:
	case APPLY_DONE:
		draw_line(session, event);
		return;
	case APPLY_WAITING:
		if (isatty(STDERR_FILENO))
			draw_line(session, event);
		else
			session_note(session, "%s", session_printable(session, event->message));
		return;
	case APPLY_NOTE:
		clear_line(session);
		session_note(session, "%s", session_printable(session, event->message));
		return;
	case APPLY_FAILED:
	case APPLY_SKIPPED:
	case APPLY_DEFERRED:
		/* The closing report names them all. */
		draw_line(session, event);
		return;
	}
}

static size_t calls_made(const struct session *session)
{
	size_t count = 0;

	for (size_t i = 0; session->providers && i < session->project.account_count; i++) {
		struct provider_stats stats;

		if (!session->providers[i])
			continue;
		session->providers[i]->vt->stats(session->providers[i], &stats);
		count += stats.requests;
	}
	return count;
}

static size_t calls_pending(const struct session *session)
{
	size_t count = 0;

	for (size_t i = 0; session->providers && i < session->project.account_count; i++)
		if (session->providers[i])
			count += session->providers[i]->vt->pending(session->providers[i]);
	return count;
}

void progress_begin(struct session *session, size_t calls)
{
	session->progress.began_ms = clock_mono_ms(&session->run.clock);
	session->progress.calls = calls;
	session->progress.calls_before = calls_made(session);
}

void progress_waits(void *context, const char *why, int64_t wait_ms)
{
	struct session *session = context;
	int64_t now = clock_mono_ms(&session->run.clock);
	int64_t passed_ms = (session->progress.began_ms ? now - session->progress.began_ms : 0) + wait_ms;
	size_t made = calls_made(session) - session->progress.calls_before, pending = calls_pending(session);
	size_t left = session->progress.calls > made + pending ? session->progress.calls - made : pending;
	/* As fast as until now, this wait counted: no faster is allowed. */
	long long left_s = made ? (long long)(passed_ms * (int64_t)left / (int64_t)made + 999) / 1000 : (wait_ms + 999) / 1000;
	bool is_terminal = isatty(STDERR_FILENO);

	if (!is_terminal && session->progress.told_ms && now - session->progress.told_ms < LINE_MS)
		return;
	session->progress.told_ms = now;
	clear_line(session);
	fprintf(stderr, "%s; %zu of about %zu calls made, about %lld min %lld s left%s", why, made, made + left, left_s / 60,
		left_s % 60, is_terminal ? "" : "\n");
	fflush(stderr);
	session->progress.is_line_open = is_terminal;
}

void progress_done(struct session *session)
{
	clear_line(session);
	fflush(stderr);
}
