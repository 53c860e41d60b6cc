/* Asking for approval. */
#include "cli/approval.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

bool approval_is_possible(struct session *session)
{
	struct diag *diag;

	if (session->options.auto_approve || session->options.approve || (session->options.input && isatty(STDIN_FILENO)))
		return true;
	diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0850", (struct span){0}, "nobody can be asked for approval");
	diag_help(&session->run.diags, diag, "Give --auto-approve, apply a saved plan, or run it on a terminal.");
	session->verdict.usage = true;
	return false;
}

enum rc approval_ask(struct session *session, const char *question, const char *detail)
{
	char answer[16] = "";

	if (session->options.auto_approve || session->options.approve)
		return RC_OK;
	session_printf(session, "\n%s\n  %s\n  Only 'yes' will be accepted to approve.\n\n  Enter a value: ", question, detail);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		answer[0] = '\0';
	answer[strcspn(answer, "\r\n")] = '\0';
	session_printf(session, "\n");
	if (run_is_interrupted(&session->run))
		return RC_CANCELLED;
	if (str_eq(answer, "yes"))
		return RC_OK;
	session_printf(session, "Cancelled.\n");
	session->verdict.error = true;
	return RC_CANCELLED;
}
