/* The world that a simulator starts with. */
#include "server/simulator/seed.h"

#include <string.h>

#include "base/str.h"
#include "server/simulator/build.h"
#include "server/simulator/ident.h"
#include "server/simulator/token.h"
#include "server/simulator/zones.h"

struct seeding {
	struct diags *diags;
	struct arena *arena;
	struct service *service;
	const char *first_account; /* where zones go that name none */
};

static enum rc fail(struct seeding *seeding, const char *what, const char *text, const char *help)
{
	struct diag *diag = diag_add(seeding->diags, SEVERITY_ERROR, "A0903", (struct span){0},
				     "the simulator cannot start with %s \"%s\"", what, text);

	diag_help(seeding->diags, diag, "%s", help);
	return RC_INVALID;
}

/* "ID" or "ID=NAME". */
static enum rc seed_account(struct seeding *seeding, const char *spec)
{
	const char *equals = strchr(spec, '=');
	size_t size = equals ? (size_t)(equals - spec) : strlen(spec);
	char *id = arena_memdup(seeding->arena, spec, size);
	const char *name = equals ? equals + 1 : arena_printf(seeding->arena, "Account %.8s", spec);

	id = id ? str_lower(seeding->arena, id) : NULL;
	if (!id || !name)
		return RC_NOMEM;
	if (!ident_is_hex(id) || !*name)
		return fail(seeding, "account", spec,
			    "An account is 32 hex digits, and perhaps \"=\" and a name.");
	if (!seeding->first_account)
		seeding->first_account = id;
	return store_run(
		seeding->service->store,
		"INSERT INTO account (id, name, created_ms) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
		BINDS(bind_text(id), bind_text(name), bind_int(clock_wall_ms(&seeding->service->clock))), NULL);
}

static enum rc find_account(struct seeding *seeding, const char *id, bool *ret_found)
{
	int64_t count = 0;
	enum rc rc = store_number(seeding->service->store, "SELECT count(*) FROM account WHERE id = ?1",
				  BINDS(bind_text(id)), &count);

	*ret_found = count > 0;
	return rc;
}

/* "[ACCOUNT-ID/]NAME[@PLAN]". */
static enum rc seed_zone(struct seeding *seeding, const char *spec)
{
	static const char help[] =
		"A zone is a domain name, perhaps with an account of the simulator and \"/\" before it, "
		"and \"@\" with free, pro, business or enterprise behind it.";
	struct zone_spec zone = {.account_id = seeding->first_account, .plan = seeding->service->plan};
	char *text = str_lower(seeding->arena, spec), *slash, *at;
	const char *id = NULL;
	bool found = false;
	enum rc rc;

	if (!text)
		return RC_NOMEM;
	slash = strchr(text, '/');
	if (slash) {
		*slash = '\0';
		zone.account_id = text;
		text = slash + 1;
	}
	at = strchr(text, '@');
	if (at) {
		*at = '\0';
		zone.plan = zone_plan_find(at + 1);
	}
	zone.name = text;
	if (!zone.plan || !zones_is_name(zone.name) || !zone.account_id)
		return fail(seeding, "zone", spec, help);
	rc = find_account(seeding, zone.account_id, &found);
	if (!rc && !found)
		return fail(seeding, "zone", spec, help);
	return rc ? rc : zones_add(seeding->service->store, &seeding->service->clock, seeding->arena, &zone, &id);
}

/* One item behind "TOKEN=". */
static enum rc add_token_item(struct build *build, const char *item, struct token_spec *spec,
			      struct json *zones, struct json *accounts)
{
	unsigned bits = 0;

	if (str_has_prefix(item, "zone/")) {
		build_push_string(build, zones, item + strlen("zone/"));
		spec->zones = zones;
		return RC_OK;
	}
	if (str_has_prefix(item, "account/")) {
		build_push_string(build, accounts, item + strlen("account/"));
		spec->accounts = accounts;
		return RC_OK;
	}
	if (token_permission_parse(item, &bits) != RC_OK)
		return RC_INVALID;
	spec->permissions |= bits;
	return RC_OK;
}

static enum rc parse_token(struct build *build, char *text, struct token_spec *spec)
{
	struct json *zones = build_array(build), *accounts = build_array(build);
	char *equals = strchr(text, '='), *rest = NULL;

	spec->text = text;
	spec->permissions = PERMISSION_ALL;
	if (equals) {
		*equals = '\0';
		spec->permissions = 0;
		for (char *item = strtok_r(equals + 1, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
			if (add_token_item(build, item, spec, zones, accounts) != RC_OK)
				return RC_INVALID;
		}
	}
	return token_is_wellformed(spec->text) ? build->rc : RC_INVALID;
}

/* "TOKEN" or "TOKEN=ITEM,ITEM…". The token is a secret: messages give its place instead. */
static enum rc seed_token(struct seeding *seeding, size_t index, const char *text)
{
	struct build build = {.arena = seeding->arena};
	struct token_spec spec = {0};
	const char *place = arena_printf(seeding->arena, "number %zu", index + 1), *id = NULL;
	char *copy = arena_strdup(seeding->arena, text);
	enum rc rc;

	if (!copy || !place)
		return RC_NOMEM;
	rc = parse_token(&build, copy, &spec);
	if (rc == RC_INVALID)
		return fail(seeding, "token", place,
			    "A token has no spaces, and perhaps \"=\" and a list of tunnel:read, "
			    "tunnel:write, dns:read, dns:write, zone:read, account:read, zone/NAME, account/ID.");
	if (!rc)
		rc = ident_hex(&seeding->service->clock, seeding->arena, &id);
	return rc ? rc : token_add(seeding->service->store, seeding->arena, &spec, id, false);
}

static enum rc seed_all(struct seeding *seeding, const struct simulator_config *config)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < config->account_count; i++)
		rc = seed_account(seeding, config->accounts[i]);
	for (size_t i = 0; !rc && i < config->zone_count; i++)
		rc = seed_zone(seeding, config->zones[i]);
	for (size_t i = 0; !rc && i < config->token_count; i++)
		rc = seed_token(seeding, i, config->tokens[i]);
	return rc;
}

enum rc seed_world(struct diags *diags, struct arena *arena, struct service *service,
		   const struct simulator_config *config)
{
	struct seeding seeding = {.diags = diags, .arena = arena, .service = service};
	enum rc rc = store_begin(service->store);

	if (!rc)
		rc = seed_all(&seeding, config);
	if (!rc)
		rc = store_commit(service->store);
	store_rollback(service->store);
	if (rc == RC_OK || rc == RC_INVALID || rc == RC_NOMEM)
		return rc;
	diag_add(diags, SEVERITY_ERROR, "A0905", (struct span){0}, "the simulator's data cannot be written");
	return RC_IO;
}
