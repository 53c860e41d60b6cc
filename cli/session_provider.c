/* Providers and the state: the parts of a session that hold something open. */
#include "cli/session.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/credential.h"
#include "cli/progress.h"
#include "cli/session_budget.h"
#include "providers/open.h"
#include "server/simulator/simulator.h"

#define DEV_TOKEN "adit-dev" /* opens nothing but the simulator in this process */

bool session_is_dev(const struct account *account)
{
	return str_eq(account->url, "dev:");
}

/** The account's id, or one made of its name, so that it stays the same from run to run. */
static const char *dev_account_id(struct arena *arena, const struct account *account)
{
	return account->account_id ? account->account_id : str_xxh3_hex(arena, account->name, strlen(account->name));
}

/** Beside the state; in .adit when the state is elsewhere. */
static char *dev_data_path(struct session *session)
{
	struct arena *arena = session->run.arena;
	const char *state = session->state_location;
	char *folder = session_is_remote(state) ? file_join(arena, session->project.folder, ".adit")
					: file_folder(arena, state);

	return folder ? file_join(arena, folder, "dev.db") : NULL;
}

/** The accounts and zones of all dev: accounts, as the simulator takes them. */
static enum rc dev_config(struct session *session, struct simulator_config *ret_config)
{
	const struct project *project = &session->project;
	struct arena *arena = session->run.arena;
	size_t zone_total = 0, account_count = 0, zone_count = 0;
	const char **accounts, **zones, **tokens;

	for (size_t i = 0; i < project->account_count; i++)
		zone_total += project->accounts[i].dev_zone_count;
	accounts = arena_array(arena, project->account_count, sizeof(*accounts));
	zones = arena_array(arena, zone_total, sizeof(*zones));
	tokens = arena_alloc(arena, sizeof(*tokens));
	if (!accounts || !zones || !tokens)
		return RC_NOMEM;
	for (size_t i = 0; i < project->account_count; i++) {
		const struct account *account = &project->accounts[i];
		const char *id = session_is_dev(account) ? dev_account_id(arena, account) : NULL;

		if (!session_is_dev(account))
			continue;
		accounts[account_count] = id ? arena_printf(arena, "%s=%s", id, account->name) : NULL;
		if (!accounts[account_count++])
			return RC_NOMEM;
		for (size_t z = 0; z < account->dev_zone_count; z++) {
			zones[zone_count] = arena_printf(arena, "%s/%s", id, account->dev_zones[z]);
			if (!zones[zone_count++])
				return RC_NOMEM;
		}
	}
	tokens[0] = DEV_TOKEN;
	*ret_config = (struct simulator_config){ .accounts = accounts, .account_count = account_count, .zones = zones,
						 .zone_count = zone_count, .tokens = tokens, .token_count = 1 };
	return RC_OK;
}

static enum rc start_simulator(struct session *session, const struct account *account)
{
	struct run *run = &session->run;
	struct simulator_config config;
	struct diag *diag;
	char *data;
	enum rc rc;

	if (session_is_ci() && !session->options.allow_dev) {
		diag = diag_add(&run->diags, SEVERITY_ERROR, "A0830", account->url_span,
				"account %s: the embedded simulator (dev:) is not for CI", account->name);
		diag_help(&run->diags, diag, "Give the account a url, such as cnap, or pass --allow-dev if it is meant.");
		return RC_DENIED;
	}
	data = dev_data_path(session);
	if (!data)
		return RC_NOMEM;
	rc = file_make_folder(&run->diags, file_folder(run->arena, data));
	if (!rc)
		rc = dev_config(session, &config);
	if (rc)
		return rc;
	config.data_path = data;
	rc = simulator_start(run, &config, &session->simulator);
	if (!rc)
		session_note(session, "dev: using the embedded simulator (%s); nothing reaches Cloudflare", data);
	return rc;
}

/** Size of "https://host:port" in @p url; 0 when it has none. */
static size_t origin_size(const char *url)
{
	const char *scheme_end = strstr(url, "://");

	return scheme_end ? (size_t)(scheme_end - url) + 3 + strcspn(scheme_end + 3, "/?#") : 0;
}

bool session_allows_origin(const struct session *session, const char *url)
{
	const struct string_list *allowed = &session->options.allow_urls;
	size_t size = origin_size(url);

	for (size_t i = 0; i < allowed->count; i++)
		if (size && origin_size(allowed->items[i]) == size && !strncasecmp(allowed->items[i], url, size))
			return true;
	return false;
}

/** May the account's token go to its url? A url from the command line or the environment was chosen by whoever
 * gave the token; one from the project file came with a commit. */
static enum rc check_trust(struct session *session, const struct account *account)
{
	size_t size = origin_size(account->url);
	struct url_verdict verdict = { .is_trusted = true };
	enum rc rc = account->url == session->options.url ? RC_OK : provider_judge_url(&session->run.diags, account->url, &verdict);
	struct diag *diag;

	if (rc || verdict.is_trusted || session_allows_origin(session, account->url))
		return rc;
	diag = diag_add(&session->run.diags, SEVERITY_ERROR, "A0812", account->url_span,
			"account %s: no token may go to %s", account->name, account->url);
	diag_help(&session->run.diags, diag,
		  "The project file alone cannot send a token elsewhere. Allow this origin if it is meant: --allow-url "
		  "%.*s, or ADIT_ALLOW_URL.", (int)size, account->url);
	return RC_DENIED;
}

static enum rc open_provider(struct session *session, const struct account *account,
			     struct provider **ret_provider)
{
	struct run *run = &session->run;
	struct provider_config config = {
		.account = account->name,
		.url = account->url,
		.account_id = account->account_id,
		.parallelism = session->options.parallelism > 0 ? (unsigned)session->options.parallelism : 0,
		.trace_path = session->options.trace,
	};
	struct strbuf token;
	enum rc rc = RC_OK;

	strbuf_init(&token, 0);
	if (session_is_dev(account)) {
		if (!session->simulator)
			rc = start_simulator(session, account);
		if (rc)
			return rc;
		config.url = simulator_url(session->simulator);
		config.account_id = dev_account_id(run->arena, account);
		strbuf_adds(&token, DEV_TOKEN);
	} else {
		rc = check_trust(session, account);
		nodump_begin(&session->nodump);
		if (!rc)
			rc = credential_read(run, &session->credentials, account, session->project.folder, &token);
	}
	if (!rc) {
		config.token = strbuf_text(&token);
		rc = provider_open(run, &config, ret_provider);
	}
	strbuf_wipe(&token);
	return rc;
}

static enum rc make_room(struct session *session)
{
	size_t count = session->project.account_count;

	if (!session->providers)
		session->providers = arena_array(session->run.arena, count, sizeof(struct provider *));
	if (!session->budgets)
		session->budgets = arena_array(session->run.arena, count, sizeof(struct budget *));
	return session->providers && session->budgets ? RC_OK : RC_NOMEM;
}

/** Nothing but a scheme, a host and a port before the path. */
static bool is_plain(const char *url)
{
	size_t scheme = str_has_prefix(url, "https://") ? strlen("https://") : str_has_prefix(url, "http://") ? strlen("http://") : 0;
	const char *host = url + scheme;

	return scheme && scheme + strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") == origin_size(url);
}

/** Whether calls may be taken before the url is judged: what a budget belongs to is kept in the state, and a wrong --url may
 * hold a password; one from the project file alone may be refused. */
static bool may_take_ahead(const struct session *session, const struct account *account)
{
	bool is_chosen = account->url == session->options.url || session_allows_origin(session, account->url);

	return account->account_id && is_chosen && is_plain(account->url);
}

enum rc session_take_ahead(struct session *session)
{
	const struct project *project = &session->project;
	enum rc rc = make_room(session);

	for (size_t i = 0; !rc && i < project->account_count; i++) {
		const struct account *account = &project->accounts[i];

		if (!session->budgets[i] && may_take_ahead(session, account))
			rc = budget_ahead(session, account, &session->budgets[i]);
	}
	return rc;
}

enum rc session_provider(struct session *session, const char *account, struct provider **ret_provider)
{
	const struct project *project = &session->project;
	enum rc rc = make_room(session);

	if (rc)
		return rc;
	for (size_t i = 0; i < project->account_count; i++) {
		if (!str_eq(project->accounts[i].name, account))
			continue;
		if (!session->providers[i]) {
			rc = open_provider(session, &project->accounts[i], &session->providers[i]);
			if (!rc && !session_is_dev(&project->accounts[i]))
				rc = budget_attach(session, session->providers[i], &session->budgets[i]);
			if (rc)
				return rc;
			session->providers[i]->hooks.waits = progress_waits;
			session->providers[i]->hooks.waits_context = session;
		}
		*ret_provider = session->providers[i];
		return RC_OK;
	}
	diag_add(&session->run.diags, SEVERITY_ERROR, "A0831", (struct span){ 0 }, "the project has no account %s",
		 account);
	return RC_NOTFOUND;
}

enum rc session_open_providers(struct session *session)
{
	struct provider *provider;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < session->project.account_count; i++)
		rc = session_provider(session, session->project.accounts[i].name, &provider);
	return rc;
}

bool session_has_written(const struct session *session)
{
	for (size_t i = 0; session->providers && i < session->project.account_count; i++) {
		struct provider_stats stats = { 0 };

		if (session->providers[i])
			session->providers[i]->vt->stats(session->providers[i], &stats);
		if (stats.writes)
			return true;
	}
	return false;
}
