/* adit simulator: the Cloudflare stand-in, until it is interrupted. */
#include "cli/command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "cli/session.h"
#include "server/simulator/simulator.h"

static void fill(const struct options *options, struct simulator_config *config)
{
	*config = (struct simulator_config){
		.listen = options->listen,
		.allow_remote = options->allow_remote,
		.data_path = options->data,
		.accounts = options->accounts.items,
		.account_count = options->accounts.count,
		.zones = options->zones.items,
		.zone_count = options->zones.count,
		.tokens = options->tokens.items,
		.token_count = options->tokens.count,
		.plan = options->plan,
		.record_limit = options->record_limit > 0 ? options->record_limit : 0,
		.latency_ms = options->latency_ms,
		.rate_calls = options->rate_calls > 0 ? options->rate_calls : 0,
		.rate_window_ms = options->rate_window_ms > 0 ? options->rate_window_ms : 0,
		.faults = options->faults.items,
		.fault_count = options->faults.count,
		.log = options->log,
	};
}

/** Sleep until a signal set the interrupted flag. The signals are blocked outside of sigsuspend(), so that none is
 * lost between the look at the flag and the sleep. */
static void wait_for_interrupt(const struct run *run, const sigset_t *outside)
{
	while (!run_is_interrupted(run))
		sigsuspend(outside);
}

static enum rc serve(struct session *session, const sigset_t *outside)
{
	struct simulator_config config;
	enum rc rc;

	fill(&session->options, &config);
	rc = simulator_start(&session->run, &config, &session->simulator);
	if (rc) {
		session->verdict.usage = rc == RC_INVALID;
		return rc;
	}
	session_printf(session, "listening on %s\n", simulator_url(session->simulator));
	if (fflush(stdout)) {
		session->stdout_errno = session->stdout_errno ? session->stdout_errno : errno;
		return RC_IO;
	}
	wait_for_interrupt(&session->run, outside);
	simulator_stop(session->simulator);
	session->simulator = NULL;
	/* An interrupt is how it ends, not a failure. */
	*session->run.interrupted = 0;
	return RC_OK;
}

enum rc cmd_simulator(struct session *session)
{
	sigset_t blocked, outside;
	enum rc rc;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	if (pthread_sigmask(SIG_BLOCK, &blocked, &outside))
		return RC_INTERNAL;
	rc = serve(session, &outside);
	pthread_sigmask(SIG_SETMASK, &outside, NULL);
	return rc;
}
