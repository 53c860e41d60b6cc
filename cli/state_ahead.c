/* The state read ahead. The thread has a run of its own: memory, diagnostics; of the session's it reads the project, which
 * nobody changes meanwhile, and the options. */
#include "cli/state_ahead.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/thread.h"
#include "planner/live_recorded.h"

struct state_ahead {
	struct session *session;
	struct run run;
	struct planned planned;
	enum rc rc;
	pthread_t thread;
	bool is_running;
};

static void *work(void *data)
{
	struct state_ahead *ahead = data;
	struct session *session = ahead->session;

	ahead->rc = planning_load_recorded(session, ahead->run.arena, &ahead->planned);
	if (!ahead->rc && !session->options.refresh)
		ahead->rc = live_from_recorded(ahead->run.arena, &session->project, &ahead->planned.recorded, NULL,
					       &ahead->planned.live);
	return NULL;
}

enum rc state_ahead_begin(struct session *session, struct state_ahead **ret_ahead)
{
	struct state_ahead *ahead = calloc(1, sizeof(*ahead));

	if (!ahead)
		return RC_NOMEM;
	session->ahead = arena_new(LIMIT_ARENA_BYTES);
	if (!session->ahead) {
		free(ahead);
		return RC_NOMEM;
	}
	ahead->session = session;
	ahead->run = session->run;
	ahead->run.arena = session->ahead;
	diags_init(&ahead->run.diags, session->ahead);
	store_use_run(session->store, &ahead->run);
	ahead->is_running = thread_start(&ahead->thread, work, ahead);
	if (!ahead->is_running)
		work(ahead);
	*ret_ahead = ahead;
	return RC_OK;
}

enum rc state_ahead_end(struct state_ahead *ahead, struct planned *planned)
{
	struct session *session;
	enum rc rc;

	if (!ahead)
		return RC_OK;
	session = ahead->session;
	if (ahead->is_running)
		pthread_join(ahead->thread, NULL);
	store_use_run(session->store, &session->run);
	diags_append(&session->run.diags, &ahead->run.diags);
	if (arena_has_failed(session->ahead))
		arena_fail(session->run.arena);
	rc = ahead->rc;
	if (!rc) {
		planned->recorded = ahead->planned.recorded;
		planned->recoveries = ahead->planned.recoveries;
		planned->recovery_count = ahead->planned.recovery_count;
		planned->live = ahead->planned.live;
	}
	free(ahead);
	return rc;
}
