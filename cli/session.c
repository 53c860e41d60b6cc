/* A session's beginning and end, and what it says. */
#include "cli/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/libcurl.h"
#include "base/str.h"
#include "cli/session_budget.h"
#include "report/diagnostics.h"
#include "server/simulator/simulator.h"
#include "sources/source.h"

bool session_is_ci(void)
{
	const char *ci = getenv("CI");

	return ci && (!strcasecmp(ci, "true") || str_eq(ci, "1"));
}

enum rc session_init(struct session *session, volatile int *interrupted)
{
	enum rc rc;

	*session = (struct session){ 0 };
	rc = run_init(&session->run);
	if (rc)
		return rc;
	session->run.interrupted = interrupted;
	project_init(&session->project);
	return RC_OK;
}

void session_done(struct session *session)
{
	decode_abandon(session->decoding);
	session_end_digest(session);
	for (size_t i = 0; session->providers && i < session->project.account_count; i++)
		if (session->providers[i])
			session->providers[i]->vt->close(session->providers[i]);
	for (size_t i = 0; session->budgets && i < session->project.account_count; i++)
		budget_close(session->budgets[i]);
	session_end_keeping(session);
	session_unlock(session);
	if (session->store)
		session->store->vt->close(session->store);
	simulator_stop(session->simulator);
	credentials_done(&session->credentials);
	arena_free(session->ahead);
	run_done(&session->run);
	nodump_end(&session->nodump);
	libcurl_wait();
}

enum rc session_enter_folder(struct session *session)
{
	const char *folder = session->options.directory;
	struct diag *diag;
	int fault;

	if (!folder || !chdir(folder))
		return RC_OK;
	fault = errno;
	diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0815", (struct span){ 0 },
			"cannot change to the folder %s", folder);
	diag->system_errno = fault;
	return fault == ENOENT ? RC_NOTFOUND : RC_IO;
}

void session_write(struct session *session, const void *bytes, size_t size)
{
	if (!session->stdout_errno && size && fwrite(bytes, 1, size, stdout) != size)
		session->stdout_errno = errno ? errno : EIO;
}

void session_printf(struct session *session, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!session->stdout_errno && vfprintf(stdout, format, args) < 0)
		session->stdout_errno = errno ? errno : EIO;
	va_end(args);
}

void session_note(struct session *session, const char *format, ...)
{
	va_list args;

	(void)session;
	/* What was written to standard output before comes before on a terminal, too. */
	fflush(stdout);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

const char *session_printable(struct session *session, const char *text)
{
	const char *printable = text ? str_printable(session->run.arena, text, strlen(text), false) : NULL;

	return printable ? printable : "";
}

bool session_is_json(const struct session *session)
{
	return str_eq(session->options.output, "json");
}

bool session_has_color(const struct session *session, int fd)
{
	const char *term = getenv("TERM");

	return !session->options.no_color && str_is_empty(getenv("NO_COLOR")) && !str_is_empty(term) &&
	       !str_eq(term, "dumb") && isatty(fd);
}

void session_print_diagnostics(struct session *session)
{
	struct diags *diags = &session->run.diags;
	struct strbuf text;

	if (!diags->count && !diags->dropped)
		return;
	strbuf_init(&text, 0);
	diags_sort(diags);
	if (source_recall(&session->run, session->texts, session->text_count))
		fputs("error: out of memory\n", stderr);
	diagnostics_text(&text, diags, session_has_color(session, STDERR_FILENO));
	fflush(stdout);
	fputs(strbuf_text(&text), stderr);
	if (strbuf_failed(&text))
		fputs("error: out of memory\n", stderr);
	strbuf_done(&text);
	diags->count = 0;
	diags->dropped = 0;
}
