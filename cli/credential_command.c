/* tokenCommand: a program that prints the token. */
#include "cli/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX_BYTES (16u * 1024)
#define TIMEOUT_MS 30000

extern char **environ;

static enum rc deny(struct run *run, const struct account *account, const char *problem, const char *why)
{
	diag_add(&run->diags, SEVERITY_ERROR, "A0822", account->span, "account %s: tokenCommand %s %s%s%s",
		 account->name, account->token_command[0], problem, why ? ": " : "", why ? why : "");
	return RC_DENIED;
}

/** The child's descriptors: nothing to read, its output into the pipe, its errors where ours go. */
static int prepare_files(posix_spawn_file_actions_t *actions, const char *folder, int output)
{
	int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (!error)
		error = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
	if (!error)
		error = posix_spawn_file_actions_addchdir_np(actions, folder);
	return error;
}

/** What is ignored in this process; a program that runs in it should not inherit that. */
static int prepare_signals(posix_spawnattr_t *attributes)
{
	sigset_t defaults;
	int error;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	error = posix_spawnattr_setsigdefault(attributes, &defaults);
	return error ? error : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF);
}

/** @return 0 or an errno */
static int spawn(struct arena *arena, const struct account *account, const char *folder, int output, pid_t *ret_pid)
{
	char **argv = arena_array(arena, account->token_command_count + 1, sizeof(*argv));
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	if (!argv)
		return ENOMEM;
	for (size_t i = 0; i < account->token_command_count; i++) {
		argv[i] = arena_strdup(arena, account->token_command[i]);
		if (!argv[i])
			return ENOMEM;
	}
	error = posix_spawn_file_actions_init(&actions);
	if (error)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (!error) {
		error = prepare_files(&actions, folder, output);
		if (!error)
			error = prepare_signals(&attributes);
		if (!error)
			error = posix_spawnp(ret_pid, argv[0], &actions, &attributes, argv, environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/** Read until the end, the limit, the deadline or an interrupt.
 * @return NULL at the end of the output, else what went wrong */
static const char *collect(struct run *run, int fd, struct strbuf *token)
{
	int64_t deadline_ms = clock_mono_ms(&run->clock) + TIMEOUT_MS;
	char chunk[1024];
	const char *fault = NULL;

	for (;;) {
		int64_t left_ms = deadline_ms - clock_mono_ms(&run->clock);
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (run_is_interrupted(run) || left_ms <= 0) {
			fault = left_ms <= 0 ? "took more than 30 s" : "was interrupted";
			break;
		}
		if (poll(&ready, 1, clock_real_ms(&run->clock, left_ms)) <= 0)
			continue;
		got = read(fd, chunk, sizeof(chunk));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (token->size + (size_t)got > OUTPUT_MAX_BYTES) {
			fault = "printed more than a token";
			break;
		}
		strbuf_add(token, chunk, (size_t)got);
	}
	explicit_bzero(chunk, sizeof(chunk));
	return fault;
}

/** A child that closed its output but goes on running is given the same time, then killed. */
static int wait_for(struct run *run, pid_t pid)
{
	int64_t deadline_ms = clock_mono_ms(&run->clock) + TIMEOUT_MS;
	int status = -1;

	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);

		if (ended == pid || (ended < 0 && errno != EINTR))
			return status;
		if (run_is_interrupted(run) || clock_mono_ms(&run->clock) > deadline_ms)
			kill(pid, SIGKILL);
		clock_sleep_ms(&run->clock, 5);
	}
}

static enum rc judge(struct run *run, const struct account *account, const char *fault, int status)
{
	char *why;

	if (run_is_interrupted(run))
		return RC_CANCELLED;
	if (fault)
		return deny(run, account, fault, NULL);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return RC_OK;
	why = WIFEXITED(status) ? arena_printf(run->arena, "exit status %d", WEXITSTATUS(status))
				: arena_printf(run->arena, "signal %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return why ? deny(run, account, "failed", why) : RC_NOMEM;
}

enum rc credential_run_command(struct run *run, const struct account *account, const char *folder,
			       struct strbuf *ret_token)
{
	int ends[2], error, status;
	const char *fault;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return deny(run, account, "cannot be started", strerrordesc_np(errno));
	error = spawn(run->arena, account, folder, ends[1], &pid);
	close(ends[1]);
	if (error) {
		close(ends[0]);
		return deny(run, account, "cannot be started", strerrordesc_np(error));
	}
	fault = collect(run, ends[0], ret_token);
	close(ends[0]);
	if (fault)
		kill(pid, SIGKILL);
	status = wait_for(run, pid);
	if (strbuf_failed(ret_token))
		return RC_NOMEM;
	return judge(run, account, fault, status);
}
