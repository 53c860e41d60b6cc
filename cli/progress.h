/** @file
 * Progress on standard error: one moving line on a terminal, one line per trouble anywhere. */
#ifndef ADIT_CLI_PROGRESS_H
#define ADIT_CLI_PROGRESS_H

#include "cli/session.h"
#include "planner/apply.h"

/** Work begins that takes about @p calls calls; 0: nobody knows, those under way count. */
void progress_begin(struct session *session, size_t calls);
/** For struct apply_options; @p context is the session. */
void progress_event(void *context, const struct apply_event *event);
/** For struct provider_hooks: why calls wait, for how long, and about how long the rest takes. On a terminal the moving
 * line says so; elsewhere a line does, every ten seconds. @p context is the session. */
void progress_waits(void *context, const char *why, int64_t wait_ms);
/** Take the moving line away. */
void progress_done(struct session *session);

#endif
