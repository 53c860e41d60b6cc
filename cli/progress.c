/* Progress of an apply. */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

static void clear_line(struct progress *progress)
{
	if (progress->is_line_open)
		fputs("\r\033[K", stderr);
	progress->is_line_open = false;
}

static void draw_line(struct progress *progress, const struct apply_event *event)
{
	const char *what = event->change ? session_printable(progress->session, event->change->address)
					 : session_printable(progress->session, event->message);

	if (!isatty(STDERR_FILENO))
		return;
	clear_line(progress);
	fprintf(stderr, "[%zu/%zu] %.60s", event->done, event->total, what);
	fflush(stderr);
	progress->is_line_open = true;
}

void progress_event(void *context, const struct apply_event *event)
{
	struct progress *progress = context;

	switch (event->kind) {
	case APPLY_STARTED:
	case APPLY_DONE:
		draw_line(progress, event);
		return;
	case APPLY_WAITING:
		if (isatty(STDERR_FILENO))
			draw_line(progress, event);
		else
			session_note(progress->session, "%s", session_printable(progress->session, event->message));
		return;
	case APPLY_NOTE:
		clear_line(progress);
		session_note(progress->session, "%s", session_printable(progress->session, event->message));
		return;
	case APPLY_FAILED:
	case APPLY_SKIPPED:
	case APPLY_DEFERRED:
		/* The closing report names them all. */
		draw_line(progress, event);
		return;
	}
}

void progress_done(struct progress *progress)
{
	clear_line(progress);
	fflush(stderr);
}
