/* Opening a provider: every way to be wrong about url, token and account is said here, with a way out. */
#include "providers/open.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/libcurl.h"
#include "base/str.h"
#include "providers/cloudflare.h"
#include "providers/cloudflare_request.h"
#include "providers/endpoint.h"

#define TRACE_MODE 0600
#define URL_ARENA_BYTES ((size_t)64 * 1024)
#define ACCOUNTS_SHOWN 10u

static const struct span nowhere;

enum rc provider_judge_url(struct diags *diags, const char *url, struct url_verdict *ret_verdict)
{
	enum rc rc = libcurl_load(diags);
	struct endpoint endpoint;
	struct arena *arena;

	if (rc)
		return rc;
	arena = arena_new(URL_ARENA_BYTES);
	rc = arena ? endpoint_parse(arena, url, &endpoint) : RC_NOMEM;
	if (rc != RC_NOMEM)
		*ret_verdict = (struct url_verdict){ .is_valid = !rc, .is_trusted = !rc && endpoint_is_trusted(&endpoint) };
	arena_free(arena);
	return rc == RC_NOMEM ? rc : RC_OK;
}

static enum rc check_url(struct run *run, const struct provider_config *config, struct endpoint *ret_endpoint)
{
	struct diag *diag;
	enum rc rc = libcurl_load(&run->diags);

	if (!rc)
		rc = endpoint_parse(run->arena, config->url, ret_endpoint);
	if (rc != RC_INVALID)
		return rc;
	/* The url itself is not shown: it may hold a password. */
	diag = diag_add(&run->diags, SEVERITY_ERROR, "A0401", nowhere, "the url of account %s cannot be used",
			config->account);
	diag_help(&run->diags, diag,
		  "Write \"cnap\", or a base URL over https (http only on this machine) without user, query and "
		  "fragment.");
	return RC_INVALID;
}

static enum rc check_account_id(struct run *run, const struct provider_config *config)
{
	struct diag *diag;

	if (!config->account_id || wire_account_id_is_plausible(config->account_id))
		return RC_OK;
	diag = diag_add(&run->diags, SEVERITY_ERROR, "A0402", nowhere, "the account id of account %s is no id",
			config->account);
	diag_help(&run->diags, diag,
		  "Cloudflare's account ids are 32 hexadecimal digits; the dashboard's address shows yours.");
	return RC_INVALID;
}

/** A token goes into a header field: nothing in it may end that field. */
static enum rc check_token(struct run *run, const struct provider_config *config)
{
	bool is_token = !str_is_empty(config->token);
	const char *fault = is_token ? "no token: it has blanks, line ends or unprintable characters" : "empty";
	struct diag *diag;

	for (const char *at = is_token ? config->token : ""; *at; at++)
		is_token = is_token && *at > ' ' && *at < 127;
	if (is_token)
		return RC_OK;
	diag = diag_add(&run->diags, SEVERITY_ERROR, "A0403", nowhere, "the token of account %s is %s", config->account,
			fault);
	diag_help(&run->diags, diag,
		  "Look at the variable, file or command that the account's tokenEnv, tokenFile or tokenCommand names.");
	return RC_INVALID;
}

static enum rc open_trace(struct run *run, const char *path, int *ret_fd)
{
	struct diag *diag;
	int fd = -1;

	if (path) {
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, TRACE_MODE);
		if (fd < 0) {
			int error = errno;

			diag = diag_add(&run->diags, SEVERITY_ERROR, "A0404", nowhere,
					"cannot open the trace file %s: %s", path, strerror(error));
			diag->system_errno = error;
			return RC_IO;
		}
	}
	*ret_fd = fd;
	return RC_OK;
}

enum rc provider_open(struct run *run, const struct provider_config *config, struct provider **ret_provider)
{
	struct endpoint endpoint = {0};
	struct cloudflare_config wire = {.account = str_or_empty(config->account), .account_id = config->account_id};
	enum rc rc = check_url(run, config, &endpoint);

	if (!rc)
		rc = check_account_id(run, config);
	if (!rc)
		rc = check_token(run, config);
	if (rc)
		return rc;
	wire.host = endpoint.host;
	wire.http = (struct http_config){
		.base_url = endpoint.url,
		.token = config->token,
		.parallelism = config->parallelism,
		.timeout_ms = config->timeout_ms,
		.ca_file = config->ca_file,
	};
	rc = open_trace(run, config->trace_path, &wire.http.trace_fd);
	if (rc)
		return rc;
	rc = cloudflare_open(run, &wire, ret_provider);
	if (rc && wire.http.trace_fd >= 0)
		close(wire.http.trace_fd);
	return rc;
}

static enum rc fail_list(struct run *run, const struct provider *provider, const struct call *call)
{
	struct diag *diag = diag_add(&run->diags, SEVERITY_ERROR, "A0410", nowhere,
				     "cannot list the accounts that the token of account %s sees: %s", provider->account,
				     str_or_empty(call->message));

	diag->http_status = call->http_status;
	diag->provider_code = call->code;
	if (call->needs)
		diag_help(&run->diags, diag, "Name the account with accountId, or give the token the permission %s.",
			  call->needs);
	return call->rc;
}

static enum rc fail_several(struct run *run, const struct provider *provider, const struct call *call)
{
	struct strbuf names;
	struct diag *diag;

	strbuf_init(&names, 0);
	for (size_t i = 0; i < call->account_count && i < ACCOUNTS_SHOWN; i++) {
		const struct live_account_info *account = &call->accounts[i];
		const char *name = str_printable(call->arena, account->name, strlen(account->name), false);

		strbuf_addf(&names, "%s%s (%s)", i ? ", " : "", account->id, str_or_empty(name));
	}
	if (call->account_count > ACCOUNTS_SHOWN)
		strbuf_adds(&names, ", ...");
	diag = diag_add(&run->diags, SEVERITY_ERROR, "A0412", nowhere, "the token of account %s sees %zu accounts: %s",
			provider->account, call->account_count, strbuf_text(&names));
	diag_help(&run->diags, diag, "Name one with accountId in the project file, or with --account-id.");
	strbuf_done(&names);
	return RC_CONFLICT;
}

enum rc provider_resolve_account(struct run *run, struct provider *provider)
{
	struct call call = {.kind = CALL_ACCOUNTS_LIST, .arena = run->arena};
	struct diag *diag;
	enum rc rc;

	if (provider->account_id)
		return RC_OK;
	rc = provider_do(provider, &call);
	if (call.rc)
		return fail_list(run, provider, &call);
	if (rc)
		return rc;
	if (!call.account_count) {
		diag = diag_add(&run->diags, SEVERITY_ERROR, "A0411", nowhere, "the token of account %s sees no account",
				provider->account);
		diag_help(&run->diags, diag, "Name the account with accountId, or give the token a permission in it.");
		return RC_NOTFOUND;
	}
	if (call.account_count > 1)
		return fail_several(run, provider, &call);
	return cloudflare_set_account_id(provider, call.accounts[0].id);
}
