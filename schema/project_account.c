/* spec.accounts: where tunnels live, and with which token. */
#include "schema/project_internal.h"

#include <stddef.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"

#define AT(field) offsetof(struct account, field)

/* A token in a file that is committed is a token lost: its value is neither kept nor shown. */
static enum rc refuse_token(struct reading *reading, const struct setting *setting)
{
	struct diag *diag = reading_fault(reading, setting, "A0306", "would hold a secret in the project file");

	diag_help(reading->diags, diag, "Write tokenEnv: NAME for a token in the environment, tokenFile: PATH, or "
		  "tokenCommand: [...], and revoke the token if the file was shared.");
	return RC_OK;
}

static enum rc read_url(struct reading *reading, const struct setting *setting)
{
	struct account *account = setting->object;

	account->url_span = node_span(reading->text, setting->node);
	return read_text(reading, setting);
}

static const struct project_key account_keys[] = {
	{.name = "name", .read = read_text, .offset = AT(name), .check = check_account_name,
	 .form = "lower-case letters, digits and dashes, at most 63",
	 .need = "Add name: main, or what the account is called in your company."},
	{.name = "url", .read = read_url, .offset = AT(url), .check = check_url,
	 .form = "cnap, dev:, or a base URL with https (http on loopback only), without user, query or fragment",
	 .is_unshown = true},
	{.name = "accountId", .read = read_text, .offset = AT(account_id)},
	{.name = "tokenEnv", .read = read_text, .offset = AT(token_env), .check = check_env_name,
	 .form = "the name of an environment variable: letters, digits and _, no digit first; never the token itself",
	 .is_unshown = true},
	{.name = "tokenFile", .read = read_text, .offset = AT(token_file), .is_unshown = true},
	{.name = "tokenCommand", .read = read_texts, .offset = AT(token_command),
	 .count_offset = AT(token_command_count), .min = 1, .is_unshown = true},
	{.name = "gatewayClasses", .read = read_texts, .offset = AT(gateway_classes),
	 .count_offset = AT(gateway_class_count), .min = 1},
	{.name = "devZones", .read = read_texts, .offset = AT(dev_zones), .count_offset = AT(dev_zone_count),
	 .min = 1, .check = check_hostname, .form = "a zone's name such as example.com, in lower case"},
	{.name = "token", .read = refuse_token, .is_unshown = true},
};

static const struct project_table account_table = {account_keys, COUNT(account_keys), sizeof(struct account), true};

/* Accounts may stand on one line with what is secret. */
static struct diag *account_fault(struct reading *reading, const struct account *account, const char *code,
				  const char *summary)
{
	struct span span = account->span;

	span.text = reading->unshown;
	reading->is_invalid = true;
	return diag_add(reading->diags, SEVERITY_ERROR, code, span, "%s", str_or_empty(summary));
}

static void check_token(struct reading *reading, const struct account *account)
{
	int ways = (account->token_env != NULL) + (account->token_file != NULL) + (account->token_command != NULL);
	struct diag *diag;

	if (ways < 2)
		return;
	diag = account_fault(reading, account, "A0308",
			     "an account has more than one of tokenEnv, tokenFile and tokenCommand");
	diag_help(reading->diags, diag, "Keep the one that holds the token.");
}

static enum rc check_name(struct reading *reading, struct account *account, struct map *names)
{
	const struct account *other = account->name ? map_get(names, account->name) : NULL;
	struct diag *diag;

	if (!account->name)
		return RC_OK;
	if (!other)
		return map_put(names, account->name, account, NULL);
	diag = account_fault(reading, account, "A0309",
			     arena_printf(reading->arena, "two accounts are called %s, the other one at line %u",
					  account->name, other->span.line));
	diag_help(reading->diags, diag, "Give each account a name of its own.");
	return RC_OK;
}

static enum rc check_class(struct reading *reading, struct account *account, const char *class, struct map *owners)
{
	const struct account *other = map_get(owners, class);
	struct diag *diag;

	if (!other)
		return map_put(owners, class, account, NULL);
	if (other == account)
		return RC_OK;
	diag = account_fault(reading, account, "A0310",
			     arena_printf(reading->arena, "gateway class %s belongs to two accounts, the other one at line %u",
					  class, other->span.line));
	diag_help(reading->diags, diag,
		  "Name the classes of each account in gatewayClasses; without it the class is cloudflare.");
	return RC_OK;
}

/* A Gateway of a class that two accounts claim could go to either. */
static enum rc check_classes(struct reading *reading, struct account *account, struct map *owners)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < account->gateway_class_count && !rc; i++) {
		if (account->gateway_classes[i])
			rc = check_class(reading, account, account->gateway_classes[i], owners);
	}
	return rc;
}

static void check_zones(struct reading *reading, const struct account *account)
{
	struct diag *diag;

	if (!account->dev_zones || !account->url || str_eq(account->url, "dev:"))
		return;
	diag = account_fault(reading, account, "A0313", "devZones are for url dev: alone");
	diag_help(reading->diags, diag, "Remove devZones: the zones of a real account come from its API.");
}

/** A list of one; arena. */
static const char **list_of(struct arena *arena, const char *item)
{
	const char **list = arena_alloc(arena, sizeof(*list));

	if (list)
		list[0] = item;
	return list;
}

static enum rc fill_defaults(struct arena *arena, struct account *account)
{
	if (!account->url)
		account->url = "dev:";
	if (!account->gateway_classes) {
		account->gateway_classes = list_of(arena, "cloudflare");
		account->gateway_class_count = 1;
	}
	if (!account->dev_zones) {
		account->dev_zones = list_of(arena, "example.com");
		account->dev_zone_count = 1;
	}
	return account->gateway_classes && account->dev_zones ? RC_OK : RC_NOMEM;
}

enum rc read_accounts(struct reading *reading, const struct setting *setting)
{
	struct project *project = setting->object;
	struct account *accounts = NULL;
	struct map names, owners;
	void *items = NULL;
	size_t count = 0;
	enum rc rc = read_tables(reading, setting, &account_table, &items, &count);

	map_init(&names, reading->arena);
	map_init(&owners, reading->arena);
	accounts = items;
	for (size_t i = 0; i < count && !rc; i++) {
		struct account *account = &accounts[i];

		account->span = node_span(reading->text, setting->node->u.sequence.items[i]);
		check_token(reading, account);
		check_zones(reading, account);
		rc = fill_defaults(reading->arena, account);
		if (!rc)
			rc = check_name(reading, account, &names);
		if (!rc)
			rc = check_classes(reading, account, &owners);
	}
	if (rc)
		return rc;
	project->accounts = accounts;
	project->account_count = count;
	return RC_OK;
}
