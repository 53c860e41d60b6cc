/* Tokens: read from outside the project, checked, never kept. */
#include "cli/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "schema/yaml.h"

#define TOKEN_FILE_MAX_BYTES (16u * 1024)

#define CNAP_URL "https://dash.cnap.tech/api/cloudflare"
#define CLOUDFLARE_URL "https://api.cloudflare.com/"

/** Refuse, with the way out, or NULL for none. */
static enum rc deny(struct run *run, const struct account *account, const char *code, const char *problem,
		    const char *help)
{
	struct diag *diag = diag_add(&run->diags, SEVERITY_ERROR, code, account->span, "account %s: %s", account->name,
				     problem);

	if (help)
		diag_help(&run->diags, diag, "%s", help);
	return RC_DENIED;
}

struct taken_variable {
	const char *name;
	struct strbuf value;
};

void credentials_done(struct credentials *credentials)
{
	for (size_t i = 0; i < credentials->count; i++)
		strbuf_wipe(&credentials->variables[i].value);
	*credentials = (struct credentials){ 0 };
}

/** Move a variable's value out of the environment, in place: setenv() would leave the old bytes behind. */
static enum rc take_from_environment(struct run *run, struct credentials *credentials, const char *name, char *value)
{
	struct taken_variable *grown = arena_grow(run->arena, credentials->variables, credentials->count,
						  &credentials->capacity, sizeof(*grown));
	struct taken_variable *taken;

	if (!grown)
		return RC_NOMEM;
	credentials->variables = grown;
	taken = &grown[credentials->count];
	*taken = (struct taken_variable){ .name = name };
	strbuf_init(&taken->value, 0);
	strbuf_adds(&taken->value, value);
	if (strbuf_failed(&taken->value))
		return RC_NOMEM;
	explicit_bzero(value, strlen(value));
	credentials->count++;
	return RC_OK;
}

/** Append a variable's value to @p ret_token: nothing when it is not set. */
static enum rc take_variable(struct run *run, struct credentials *credentials, const char *name,
			     struct strbuf *ret_token)
{
	char *value = getenv(name);
	enum rc rc = str_is_empty(value) ? RC_OK : take_from_environment(run, credentials, name, value);

	if (rc)
		return rc;
	for (size_t i = 0; i < credentials->count; i++)
		if (str_eq(credentials->variables[i].name, name))
			strbuf_adds(ret_token, strbuf_text(&credentials->variables[i].value));
	return strbuf_failed(ret_token) ? RC_NOMEM : RC_OK;
}

static enum rc read_variable(struct run *run, struct credentials *credentials, const struct account *account,
			     struct strbuf *ret_token)
{
	enum rc rc = take_variable(run, credentials, account->token_env, ret_token);
	char *problem;

	if (rc || ret_token->size)
		return rc;
	problem = arena_printf(run->arena, "the environment variable %s is not set", account->token_env);
	return problem ? deny(run, account, "A0820", problem, NULL) : RC_NOMEM;
}

/** Why the open file cannot hold a token, or NULL. */
static const char *file_fault(int fd)
{
	struct stat info;

	if (fstat(fd, &info))
		return strerrordesc_np(errno);
	if (!S_ISREG(info.st_mode))
		return "it is no regular file";
	if (info.st_mode & (S_IRWXG | S_IRWXO))
		return "others may read or change it";
	/* root may read everybody's files, and does for services that run under other users. */
	if (info.st_uid != geteuid() && geteuid() != 0)
		return "it belongs to another user";
	if (info.st_size > (off_t)TOKEN_FILE_MAX_BYTES)
		return "it is too large for a token";
	return NULL;
}

static const char *read_all(int fd, struct strbuf *ret_content)
{
	char chunk[1024];
	const char *fault = NULL;
	ssize_t got;

	while ((got = read(fd, chunk, sizeof(chunk))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || ret_content->size + (size_t)got > TOKEN_FILE_MAX_BYTES) {
			fault = got < 0 ? strerrordesc_np(errno) : "it is too large for a token";
			break;
		}
		strbuf_add(ret_content, chunk, (size_t)got);
	}
	explicit_bzero(chunk, sizeof(chunk));
	return fault;
}

/** Read a file that holds a secret, not through base/file, whose bytes stay in the run's arena. */
static enum rc read_file(struct run *run, const struct account *account, const char *path,
			 struct strbuf *ret_content)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *fault = fd < 0 ? strerrordesc_np(errno) : file_fault(fd);
	char *problem;

	if (!fault)
		fault = read_all(fd, ret_content);
	if (fd >= 0)
		close(fd);
	if (!fault)
		return strbuf_failed(ret_content) ? RC_NOMEM : RC_OK;
	problem = arena_printf(run->arena, "the token file %s cannot be used: %s", path, fault);
	return problem ? deny(run, account, "A0821", problem, "It must be yours, and readable by its owner only (chmod 600).")
		       : RC_NOMEM;
}

/** auth.token of CNAP's own configuration file. The nodes live in an arena of their own, and what they hold of the
 * token is overwritten before it goes. */
static enum rc take_cnap_token(struct run *run, const char *path, const struct strbuf *content,
			       struct strbuf *ret_token)
{
	struct text text = { .name = path, .bytes = content->data, .size = content->size };
	struct arena *arena = arena_new(1024 * 1024);
	struct yaml_reader *reader = NULL;
	struct node *root = NULL;
	const struct node *token = NULL;
	bool end;
	enum rc rc = arena ? yaml_open(&run->diags, &text, &reader) : RC_NOMEM;

	if (!rc)
		rc = yaml_next(reader, arena, &root, &end);
	if (!rc && root)
		token = node_get(node_get(root, "auth"), "token");
	if (token && token->kind == NODE_STRING) {
		strbuf_add(ret_token, token->text, token->text_size);
		explicit_bzero((void *)(uintptr_t)token->text, token->text_size);
	}
	yaml_close(reader);
	arena_free(arena);
	return rc == RC_OK && strbuf_failed(ret_token) ? RC_NOMEM : rc;
}

static enum rc read_cnap_config(struct run *run, const struct account *account, struct strbuf *ret_token)
{
	const char *home = getenv("HOME");
	char *path = str_is_empty(home) ? NULL : file_join(run->arena, home, ".cnap/config.yaml");
	struct strbuf content;
	enum rc rc;

	if (!path || !file_exists(path))
		return RC_OK;
	strbuf_init(&content, 0);
	rc = read_file(run, account, path, &content);
	if (!rc && content.size)
		rc = take_cnap_token(run, path, &content, ret_token);
	strbuf_wipe(&content);
	return rc;
}

/** Where the owner of the URL keeps tokens by convention. Other origins get none: a token goes only to the origin
 * that it belongs to. */
static enum rc read_default(struct run *run, struct credentials *credentials, const struct account *account,
			    struct strbuf *ret_token)
{
	bool is_cnap = str_eq(account->url, "cnap") || str_has_prefix(account->url, CNAP_URL);
	bool is_cloudflare = str_has_prefix(account->url, CLOUDFLARE_URL);
	const char *variable = is_cnap ? "CNAP_API_TOKEN" : is_cloudflare ? "CLOUDFLARE_API_TOKEN" : NULL;
	enum rc rc = variable ? take_variable(run, credentials, variable, ret_token) : RC_OK;
	char *help;

	if (!rc && !ret_token->size && is_cnap)
		rc = read_cnap_config(run, account, ret_token);
	if (rc || ret_token->size)
		return rc;
	help = arena_printf(run->arena, "Set %s, or name where the token is: tokenEnv, tokenFile or tokenCommand in "
			    "adit.yaml, or --token-env.", variable ? variable : "a variable");
	return help ? deny(run, account, "A0823", "there is no API token", help) : RC_NOMEM;
}

/** Files and commands end with a line end. */
static void trim(struct strbuf *token)
{
	while (token->size && strchr(" \t\r\n", token->data[token->size - 1]))
		token->data[--token->size] = '\0';
}

enum rc credential_read(struct run *run, struct credentials *credentials, const struct account *account,
			const char *folder, struct strbuf *ret_token)
{
	struct strbuf token;
	enum rc rc;

	strbuf_init(&token, 0);
	if (account->token_env) {
		rc = read_variable(run, credentials, account, &token);
	} else if (account->token_file) {
		char *path = file_join(run->arena, folder, account->token_file);

		rc = path ? read_file(run, account, path, &token) : RC_NOMEM;
	} else if (account->token_command_count) {
		rc = credential_run_command(run, account, folder, &token);
	} else {
		rc = read_default(run, credentials, account, &token);
	}
	if (rc) {
		strbuf_wipe(&token);
		return rc;
	}
	trim(&token);
	*ret_token = token;
	return RC_OK;
}
