/* API tokens: what each may do and see. */
#include "server/simulator/token.h"

#include <string.h>

#include "base/str.h"
#include "server/simulator/build.h"

#define MAX_TOKEN_BYTES 1024

static const struct {
	const char *word;
	unsigned bits;
} permission_words[] = {
	{"account:read", PERMISSION_ACCOUNT_READ},
	{"zone:read", PERMISSION_ZONE_READ},
	{"dns:read", PERMISSION_DNS_READ},
	{"dns:write", PERMISSION_DNS_READ | PERMISSION_DNS_WRITE},
	{"tunnel:read", PERMISSION_TUNNEL_READ},
	{"tunnel:write", PERMISSION_TUNNEL_READ | PERMISSION_TUNNEL_WRITE},
};

enum rc token_permission_parse(const char *word, unsigned *ret_bits)
{
	for (size_t i = 0; i < sizeof(permission_words) / sizeof(permission_words[0]); i++) {
		if (str_eq(permission_words[i].word, word)) {
			*ret_bits = permission_words[i].bits;
			return RC_OK;
		}
	}
	return RC_INVALID;
}

bool token_is_wellformed(const char *text)
{
	size_t size = strlen(text);

	if (size == 0 || size > MAX_TOKEN_BYTES)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	return true;
}

static const struct json *read_list(struct build *build, struct cursor *cursor, int column)
{
	const char *text = cursor_text(cursor, build->arena, column);

	return text ? build_parse(build, text) : NULL;
}

static enum rc read_token(struct cursor *cursor, struct arena *arena, struct token **ret_token)
{
	struct build build = {.arena = arena};
	struct token *token = arena_alloc(arena, sizeof(*token));

	if (!token)
		return RC_NOMEM;
	*token = (struct token){
		.id = cursor_text(cursor, arena, 0),
		.name = cursor_text(cursor, arena, 1),
		.is_account_owned = cursor_int(cursor, 2) != 0,
		.permissions = (unsigned)cursor_int(cursor, 3),
		.zones = read_list(&build, cursor, 4),
		.accounts = read_list(&build, cursor, 5),
	};
	if (build.rc)
		return build.rc;
	if (!token->id || !token->name)
		return RC_NOMEM;
	*ret_token = token;
	return RC_OK;
}

enum rc token_find(struct store *store, struct arena *arena, const char *text, struct token **ret_token)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	char *digest = str_sha256_hex(arena, text, strlen(text));
	bool row = false;
	enum rc rc;

	if (!digest)
		return RC_NOMEM;
	rc = store_query(store, "SELECT id, name, account_owned, permissions, zones, accounts FROM token"
				" WHERE digest = ?1", BINDS(bind_text(digest)), &cursor);
	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (rc)
		return rc;
	return row ? read_token(&cursor, arena, ret_token) : RC_NOTFOUND;
}

/* What a token may do changes in place, so that its id and its place in the log stay. */
static const char add_sql[] =
	"INSERT INTO token (digest, id, name, account_owned, permissions, zones, accounts)"
	" VALUES (?1, ?2, coalesce(?3, 'token ' || (SELECT count(*) + 1 FROM token)), ?4, ?5, ?6, ?7)"
	" ON CONFLICT (digest) DO UPDATE SET name = coalesce(?3, name), permissions = ?5, zones = ?6,"
	" accounts = ?7 WHERE ?8";

enum rc token_add(struct store *store, struct arena *arena, const struct token_spec *spec, const char *id,
		  bool replace)
{
	struct build build = {.arena = arena};
	char *digest = str_sha256_hex(arena, spec->text, strlen(spec->text));
	const char *zones = spec->zones ? build_text(&build, spec->zones) : NULL;
	const char *accounts = spec->accounts ? build_text(&build, spec->accounts) : NULL;

	if (!digest || build.rc)
		return RC_NOMEM;
	return store_run(store, add_sql,
			 BINDS(bind_text(digest), bind_text(id), bind_text(spec->name),
			       bind_int(str_has_prefix(spec->text, "cfat_")), bind_int(spec->permissions),
			       bind_text(zones), bind_text(accounts), bind_int(replace)), NULL);
}

static bool contains(const struct json *list, const char *text)
{
	if (!list)
		return true;
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *item = json_item(list, i);

		if (item->type == JSON_STRING && str_eq(item->u.string, text))
			return true;
	}
	return false;
}

bool token_sees_account(const struct token *token, const char *account_id)
{
	return contains(token->accounts, account_id);
}

bool token_sees_zone(const struct token *token, const char *zone_name, const char *account_id)
{
	return contains(token->accounts, account_id) && contains(token->zones, zone_name);
}
