/* adit token: the token that a connector runs with, and nothing else. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "cli/tunnel_lookup.h"

enum rc cmd_token(struct session *session)
{
	struct tunnel_lookup lookup;
	char *token = NULL;
	enum rc rc;

	if (session_is_ci() && !session->options.show_secret) {
		struct diag *diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0843", (struct span){0},
					     "a token would stand in this CI job's log");

		diag_help(&session->run.diags, diag, "If the output goes somewhere safe, give --show-secret.");
		session->verdict.refused = true;
		return RC_INVALID;
	}
	(void)setvbuf(stdout, NULL, _IONBF, 0); /* no copy of the token stays in a buffer */
	rc = tunnel_lookup(session, session->options.arguments.items[0], STORE_READ, &lookup);
	if (!rc)
		rc = tunnel_lookup_token(session, &lookup, &token);
	if (rc)
		return rc;
	session_write(session, token, strlen(token));
	session_write(session, "\n", 1);
	explicit_bzero(token, strlen(token));
	return RC_OK;
}
