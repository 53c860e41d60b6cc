/* adit: signals, standard descriptors, the command, the exit code. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/session.h"

/** Set by the first signal; long work looks at it through run.interrupted. */
static volatile int interrupted;

static void say(const char *text)
{
	ssize_t written = write(STDERR_FILENO, text, strlen(text));

	(void)written;
}

static void on_signal(int number)
{
	int saved = errno;

	(void)number;
	if (interrupted) {
		say("\nTwo interrupts received. Exiting immediately. Note that data loss may have occurred.\n");
		_exit(EXIT_CODE_INTERRUPTED);
	}
	interrupted = 1;
	say("\nInterrupt received. Gracefully shutting down...\n");
	errno = saved;
}

static void handle_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction present;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		/* nohup and shells that run a job in the background ignore some of these: leave them so. */
		if (!sigaction(numbers[i], NULL, &present) && present.sa_handler == SIG_IGN)
			continue;
		sigaction(numbers[i], &action, NULL);
	}
	/* Pipes without a reader and files past their limit are failed writes, which have their words. */
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}

/** When a standard descriptor is closed, the next file that is opened would get its number, and output would land
 * in it. Fill the gap with one that fails when it is used. */
static void fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_CODE_ERROR);
}

/** Flush standard output, and say so when any of it was lost. A reader that went away ("| head") needs no words. */
static void check_output(struct session *session)
{
	if (fflush(stdout) && !session->stdout_errno)
		session->stdout_errno = errno ? errno : EIO;
	if (!session->stdout_errno)
		return;
	session->verdict.error = true;
	if (session->stdout_errno != EPIPE)
		fprintf(stderr, "error: cannot write to standard output: %s\n", strerror(session->stdout_errno));
}

static enum rc run_command(struct session *session, int argc, char **argv)
{
	enum rc rc = options_parse(&session->run, argc, argv, &session->options);

	if (rc) {
		session->verdict.usage = rc == RC_INVALID;
		return rc;
	}
	if (session->options.help)
		return help_command(session, session->options.command);
	rc = session_enter_folder(session);
	return rc ? rc : session->options.command->run(session);
}

int main(int argc, char **argv)
{
	struct session session;
	enum exit_code code;
	enum rc rc;

	fill_standard_descriptors();
	handle_signals();
	/* UTF-8 in any environment, for the width of characters; everything else stays as in the C locale. */
	setlocale(LC_CTYPE, "C.UTF-8");
	rc = session_init(&session, &interrupted);
	if (rc) {
		say("error: out of memory\n");
		return EXIT_CODE_ERROR;
	}
	rc = run_command(&session, argc, argv);
	/* A place that went on without the memory that it asked for may have left something out. */
	if (rc != RC_LIMIT && rc != RC_CANCELLED && arena_has_failed(session.run.arena))
		rc = RC_NOMEM;
	if (rc == RC_NOMEM) {
		bool is_partial = session_has_written(&session);

		session.verdict = (struct verdict){ .partial = is_partial, .error = !is_partial };
	}
	if (interrupted)
		session.verdict.interrupted = true;
	session_print_diagnostics(&session);
	if (rc == RC_NOMEM)
		say("error: out of memory\n");
	check_output(&session);
	/* A verdict in part explains what ended for want of memory, too. */
	code = exit_code(rc == RC_NOMEM && session.verdict.partial ? RC_OK : rc, &session.verdict);
	session_done(&session);
	return (int)code;
}
