/** @file
 * Progress of an apply on standard error: one moving line on a terminal, one line per trouble anywhere. */
#ifndef ADIT_CLI_PROGRESS_H
#define ADIT_CLI_PROGRESS_H

#include "cli/session.h"
#include "planner/apply.h"

struct progress {
	struct session *session;
	bool is_line_open;      /**< the moving line is on the screen */
};

/** For struct apply_options; @p context is a struct progress. */
void progress_event(void *context, const struct apply_event *event);
/** Take the moving line away. */
void progress_done(struct progress *progress);

#endif
