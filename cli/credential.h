/** @file
 * An account's API token: from a variable, a file or a command, as the project says, or from where CNAP and
 * Cloudflare keep theirs. */
#ifndef ADIT_CLI_CREDENTIAL_H
#define ADIT_CLI_CREDENTIAL_H

#include <stddef.h>

#include "base/run.h"
#include "base/strbuf.h"
#include "schema/project.h"

/** What was taken from variables in this run. A variable is overwritten in the environment as soon as it was read, so
 * that /proc/PID/environ does not show it and no program started later inherits it; another account of the project
 * that names it gets it from here. Zeroed at first. */
struct credentials {
	struct taken_variable *variables; /**< arena */
	size_t count, capacity;
};

/** Wipe all that was taken. */
void credentials_done(struct credentials *credentials);

/** Read the token of @p account. Without tokenEnv, tokenFile and tokenCommand: CNAP_API_TOKEN, then auth.token of
 * ~/.cnap/config.yaml for url cnap; CLOUDFLARE_API_TOKEN for api.cloudflare.com; nothing for any other.
 * @param credentials  remembers what was taken from the environment
 * @param folder     of the project file: tokenFile is relative to it, tokenCommand runs in it
 * @param ret_token  strbuf_wipe() it as soon as it was handed on
 * @return RC_OK; RC_DENIED no token (A0820 variable not set, A0821 file, A0822 command, A0823 none named);
 * RC_CANCELLED; RC_NOMEM. Whether it can be a token at all is provider_open()'s to say. */
enum rc credential_read(struct run *run, struct credentials *credentials, const struct account *account,
			const char *folder, struct strbuf *ret_token) MUST_CHECK;

/** The part of credential_read() that runs a command: no shell, standard input empty, 16 KiB of output and 30 s
 * at most. */
enum rc credential_run_command(struct run *run, const struct account *account, const char *folder,
			       struct strbuf *ret_token) MUST_CHECK;

#endif
