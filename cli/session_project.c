/* The project that a command works on: the file, the flags over it, the defaults under it. */
#include "cli/session.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"
#include "cli/locate.h"
#include "providers/open.h"

#define NOWHERE ((struct span){ 0 })

static enum rc read_one(struct session *session, const char *path)
{
	struct run *run = &session->run;
	struct text *text;
	enum rc rc = file_read(run->arena, &run->diags, path, LIMIT_FILE_BYTES, &text);

	return rc ? rc : project_read(run->arena, &run->diags, text, &session->project);
}

static enum rc find_file(struct session *session, char **ret_path)
{
	const struct string_list *files = &session->options.files;
	enum rc rc = RC_OK;

	*ret_path = NULL;
	if (files->count && !str_eq(files->items[0], "-"))
		rc = locate_project(&session->run, files->items[0], ret_path);
	if (!rc && !*ret_path)
		rc = locate_project(&session->run, ".", ret_path);
	return rc;
}

static enum rc read_files(struct session *session)
{
	const struct string_list *configs = &session->options.configs;
	char *path = NULL;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < configs->count; i++)
		rc = read_one(session, configs->items[i]);
	if (rc || configs->count)
		return rc;
	rc = find_file(session, &path);
	return !rc && path ? read_one(session, path) : rc;
}

/** A list of one; arena. */
static const char **list_of(struct arena *arena, const char *item)
{
	const char **list = arena_alloc(arena, sizeof(*list));

	if (list)
		list[0] = item;
	return list;
}

/** An account for those who have none in a project file. */
static enum rc add_default_account(struct session *session)
{
	struct arena *arena = session->run.arena;
	struct account *account = arena_alloc(arena, sizeof(*account));

	if (!account)
		return RC_NOMEM;
	*account = (struct account){
		.name = "main",
		.url = "dev:",
		.gateway_classes = list_of(arena, "cloudflare"),
		.gateway_class_count = 1,
		.dev_zones = list_of(arena, "example.com"),
		.dev_zone_count = 1,
	};
	if (!account->gateway_classes || !account->dev_zones)
		return RC_NOMEM;
	session->project.accounts = account;
	session->project.account_count = 1;
	return RC_OK;
}

/** --account-id, --url and --token-env speak of the one account that there is. */
static enum rc merge_flags(struct session *session)
{
	const struct options *options = &session->options;
	struct project *project = &session->project;
	struct account *account = &project->accounts[0];
	struct diag *diag;

	if (!options->account_id && !options->url && !options->token_env)
		return RC_OK;
	if (project->account_count > 1) {
		diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0810", NOWHERE,
				"--account-id, --url and --token-env are for projects with one account; this one has %zu",
				project->account_count);
		diag_help(&session->run.diags, diag,
			  "Write them into the project file, and unset ADIT_ACCOUNT_ID, ADIT_URL and ADIT_TOKEN_ENV.");
		session->verdict.usage = true;
		return RC_INVALID;
	}
	if (options->account_id)
		account->account_id = options->account_id;
	if (options->url)
		account->url = options->url;
	if (options->token_env) {
		account->token_env = options->token_env;
		account->token_file = NULL;
		account->token_command = NULL;
		account->token_command_count = 0;
	}
	return RC_OK;
}

/** Those of the project file are checked where it is read. The value is not shown: it may hold a password. */
enum rc session_check_url(struct session *session)
{
	const char *url = session->options.url;
	struct url_verdict verdict = { .is_valid = true };
	enum rc rc = !url || str_eq(url, "dev:") ? RC_OK : provider_judge_url(&session->run.diags, url, &verdict);
	struct diag *diag;

	if (rc || verdict.is_valid)
		return rc;
	diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0811", NOWHERE, "--url (or ADIT_URL) is not an API's URL");
	diag_help(&session->run.diags, diag,
		  "It is cnap, dev:, or a base URL with https (http on loopback only), without user, query or fragment.");
	session->verdict.usage = true;
	return RC_INVALID;
}

static enum rc place_state(struct session *session)
{
	const struct project *project = &session->project;

	if (session->options.state)
		session->state_location = session->options.state;
	else if (strstr(project->state, "://"))
		session->state_location = project->state;
	else
		session->state_location = file_join(session->run.arena, project->folder, project->state);
	return session->state_location ? RC_OK : RC_NOMEM;
}

enum rc session_read_project(struct session *session)
{
	enum rc rc = read_files(session);

	if (!rc && !session->project.account_count)
		rc = add_default_account(session);
	if (!rc)
		rc = merge_flags(session);
	return rc ? rc : place_state(session);
}

enum rc session_load_project(struct session *session)
{
	enum rc rc = session_read_project(session);

	return rc ? rc : session_check_url(session);
}
