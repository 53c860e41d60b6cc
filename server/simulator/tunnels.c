/* Tunnels: create, details, change, delete, token. */
#include "base/str.h"
#include "server/simulator/connectors.h"
#include "server/simulator/handlers.h"
#include "server/simulator/ident.h"
#include "server/simulator/tunnel.h"

#define SECRET_BYTES 32

/* cloudflared takes an argument of this shape for an id, and so no tunnel may be called like one. */
static enum rc check_name(struct call *call, const char *name)
{
	if (str_is_empty(name) || ident_is_uuid(name))
		return call_refuse_invalid(call, "name must not be empty or shaped like a UUID");
	return RC_OK;
}

/* @param but_id  a tunnel that may have the name; "" for none */
static enum rc check_name_is_free(struct call *call, const char *name, const char *but_id)
{
	int64_t taken = 0;
	enum rc rc =
		store_number(call->store,
			     "SELECT count(*) FROM tunnel WHERE account_id = ?1 AND name = ?2"
			     " AND deleted_ms IS NULL AND id <> ?3",
			     BINDS(bind_text(call->account->id), bind_text(name), bind_text(but_id)), &taken);

	if (!rc && taken)
		return call_refuse(call, 409, 1013,
				   "You already have a tunnel with this name. Delete the existing tunnel, "
				   "or choose a different name for your new tunnel");
	return rc;
}

/* The secret of the body. @param ret_secret NULL when it has none */
static enum rc read_secret(struct call *call, unsigned char **ret_secret, size_t *ret_size)
{
	const char *text = NULL;
	enum rc rc = call_string(call, call->body, "tunnel_secret", &text);

	*ret_secret = NULL;
	*ret_size = 0;
	if (rc || !text)
		return rc;
	rc = str_base64_decode(call->arena, text, ret_secret, ret_size);
	if (rc == RC_INVALID || (!rc && *ret_size < SECRET_BYTES))
		return call_refuse_invalid(call, "tunnel_secret must be base64 of at least %d bytes",
					   SECRET_BYTES);
	return rc;
}

static enum rc make_secret(struct call *call, unsigned char **ret_secret, size_t *ret_size)
{
	*ret_secret = arena_alloc(call->arena, SECRET_BYTES);
	*ret_size = SECRET_BYTES;
	return *ret_secret ? clock_random(&call->service->clock, *ret_secret, SECRET_BYTES) : RC_NOMEM;
}

static enum rc read_config_src(struct call *call, const char **ret_config_src)
{
	enum rc rc = call_string(call, call->body, "config_src", ret_config_src);

	if (rc)
		return rc;
	if (!*ret_config_src)
		*ret_config_src = "local";
	if (!str_eq(*ret_config_src, "local") && !str_eq(*ret_config_src, "cloudflare"))
		return call_refuse_invalid(call, "config_src must be local or cloudflare");
	return RC_OK;
}

static enum rc insert(struct call *call, const struct tunnel *tunnel, const unsigned char *secret, size_t size)
{
	return store_run(call->store,
			 "INSERT INTO tunnel (id, account_id, name, secret, config_src, created_ms,"
			 " inactive_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
			 BINDS(bind_text(tunnel->id), bind_text(tunnel->account_id), bind_text(tunnel->name),
			       bind_blob(secret, size), bind_text(tunnel->config_src),
			       bind_int(tunnel->created_ms)),
			 NULL);
}

/* Only the answer to a creation carries the credentials. */
static enum rc answer_created(struct call *call, const struct tunnel *tunnel, const unsigned char *secret,
			      size_t size)
{
	struct build *build = &call->build;
	struct json *credentials = build_object(build);
	const char *encoded = str_base64(call->arena, secret, size);
	const char *token = tunnel_token(call->arena, tunnel, secret, size);

	if (!encoded || !token)
		return RC_NOMEM;
	build_string(build, credentials, "AccountTag", tunnel->account_id);
	build_string(build, credentials, "TunnelID", tunnel->id);
	build_string(build, credentials, "TunnelName", tunnel->name);
	build_string(build, credentials, "TunnelSecret", encoded);
	call->result = tunnel_json(build, tunnel);
	build_value(build, call->result, "credentials_file", credentials);
	build_string(build, call->result, "token", token);
	return RC_OK;
}

enum rc tunnels_create(struct call *call)
{
	struct tunnel tunnel = {.created_ms = call->now_ms, .inactive_ms = call->now_ms, .status = "inactive"};
	unsigned char *secret = NULL;
	size_t size = 0;
	enum rc rc = call_body_object(call);

	tunnel.account_id = call->account->id;
	if (!rc)
		rc = call_string(call, call->body, "name", &tunnel.name);
	if (!rc)
		rc = check_name(call, tunnel.name);
	if (!rc)
		rc = read_config_src(call, &tunnel.config_src);
	if (!rc)
		rc = read_secret(call, &secret, &size);
	if (!rc && !secret)
		rc = make_secret(call, &secret, &size);
	if (!rc)
		rc = check_name_is_free(call, tunnel.name, "");
	if (!rc)
		rc = ident_fresh(call->store, &call->service->clock, call->arena, ident_uuid,
				 "SELECT count(*) FROM tunnel WHERE id = ?1", &tunnel.id);
	if (!rc)
		rc = insert(call, &tunnel, secret, size);
	return rc ? rc : answer_created(call, &tunnel, secret, size);
}

enum rc tunnels_get(struct call *call)
{
	struct tunnel tunnel = {0};
	enum rc rc = tunnel_load(call, false, &tunnel);

	if (!rc)
		call->result = tunnel_json(&call->build, &tunnel);
	return rc;
}

static enum rc rename_tunnel(struct call *call, struct tunnel *tunnel, const char *name)
{
	enum rc rc = check_name(call, name);

	if (!rc)
		rc = check_name_is_free(call, name, tunnel->id);
	if (!rc)
		rc = store_run(call->store, "UPDATE tunnel SET name = ?2 WHERE id = ?1",
			       BINDS(bind_text(tunnel->id), bind_text(name)), NULL);
	if (!rc)
		tunnel->name = name;
	return rc;
}

/* Connectors that run keep running; they cannot connect again. */
static enum rc rotate_secret(struct call *call, const struct tunnel *tunnel, const unsigned char *secret,
			     size_t size)
{
	return store_run(call->store,
			 "UPDATE tunnel SET secret = ?2, secret_serial = secret_serial + 1 WHERE id = ?1",
			 BINDS(bind_text(tunnel->id), bind_blob(secret, size)), NULL);
}

enum rc tunnels_update(struct call *call)
{
	struct tunnel tunnel = {0};
	unsigned char *secret = NULL;
	const char *name = NULL;
	size_t size = 0;
	enum rc rc = tunnel_load(call, true, &tunnel);

	if (!rc)
		rc = call_body_object(call);
	if (!rc)
		rc = call_string(call, call->body, "name", &name);
	if (!rc)
		rc = read_secret(call, &secret, &size);
	if (!rc && name)
		rc = rename_tunnel(call, &tunnel, name);
	if (!rc && secret)
		rc = rotate_secret(call, &tunnel, secret, size);
	if (!rc)
		call->result = tunnel_json(&call->build, &tunnel);
	return rc;
}

enum rc tunnels_delete(struct call *call)
{
	struct tunnel tunnel = {0};
	bool cascade = false, given = false;
	enum rc rc = tunnel_load(call, true, &tunnel);

	if (!rc)
		rc = call_param_bool(call, "cascade", &cascade, &given);
	if (!rc && tunnel.active_ms && !cascade)
		return call_refuse(call, 400, 1022, "Cannot delete tunnel because it has active connections");
	if (!rc)
		rc = connectors_remove(call, tunnel.id, NULL);
	if (!rc)
		rc = store_run(call->store, "UPDATE tunnel SET deleted_ms = ?2 WHERE id = ?1",
			       BINDS(bind_text(tunnel.id), bind_int(call->now_ms)), NULL);
	if (!rc)
		rc = tunnel_find(call, tunnel.id, &tunnel);
	if (!rc)
		call->result = tunnel_json(&call->build, &tunnel);
	return rc;
}

enum rc tunnels_token(struct call *call)
{
	struct cursor cursor CURSOR_CLEANUP = {0};
	struct tunnel tunnel = {0};
	const unsigned char *secret = NULL;
	const char *token = NULL;
	size_t size = 0;
	bool row = false;
	enum rc rc = tunnel_load(call, true, &tunnel);

	if (!rc)
		rc = store_query(call->store, "SELECT secret FROM tunnel WHERE id = ?1",
				 BINDS(bind_text(tunnel.id)), &cursor);
	if (!rc)
		rc = cursor_next(&cursor, &row);
	if (rc)
		return rc;
	if (row)
		secret = cursor_blob(&cursor, call->arena, 0, &size);
	if (secret)
		token = tunnel_token(call->arena, &tunnel, secret, size);
	call->result = token ? json_new_string(call->arena, token) : NULL;
	return call->result ? RC_OK : RC_NOMEM;
}
