/* Requests in Cloudflare's v4 wire format. */
#include "providers/cloudflare_request.h"

#include <string.h>

#include "base/libcurl.h"
#include "base/str.h"

#define NEEDS_TUNNEL_READ "Account: Cloudflare Tunnel: Read"
#define NEEDS_TUNNEL_EDIT "Account: Cloudflare Tunnel: Edit"
#define NEEDS_DNS_READ "Zone: DNS: Read"
#define NEEDS_DNS_EDIT "Zone: DNS: Edit"
#define NEEDS_ZONE_READ "Zone: Zone: Read"
#define NEEDS_ACCOUNT_READ "Account: Account Settings: Read"

#define TUNNELS "/accounts/{account}/cfd_tunnel"
#define TUNNEL TUNNELS "/{tunnel}"
#define ZONE "/zones/{zone}"
#define RECORDS ZONE "/dns_records"
#define RECORD RECORDS "/{record}"

#define USER_TOKEN_VERIFY "/user/tokens/verify"
#define ACCOUNT_TOKEN_VERIFY "/accounts/{account}/tokens/verify"
#define ACCOUNT_TOKEN_PREFIX "cfat_" /* tokens that belong to an account verify only there */

/* text, path, needs,
 *	method, body, is_create, per_page */
static const struct wire_kind kinds[] = {
	[CALL_ACCOUNTS_LIST] = {"list accounts", "/accounts", NEEDS_ACCOUNT_READ,
		HTTP_GET, WIRE_BODY_NONE, false, 50},
	[CALL_TOKEN_VERIFY] = {"verify token", USER_TOKEN_VERIFY, NULL, HTTP_GET, WIRE_BODY_NONE, false, 0},
	[CALL_TUNNELS_LIST] = {"list tunnels", TUNNELS, NEEDS_TUNNEL_READ,
		HTTP_GET, WIRE_BODY_NONE, false, 1000},
	[CALL_TUNNEL_FIND] = {"find tunnel", TUNNELS, NEEDS_TUNNEL_READ,
		HTTP_GET, WIRE_BODY_NONE, false, 1000},
	[CALL_TUNNEL_GET] = {"read tunnel", TUNNEL, NEEDS_TUNNEL_READ, HTTP_GET, WIRE_BODY_NONE, false, 0},
	[CALL_TUNNEL_CREATE] = {"create tunnel", TUNNELS, NEEDS_TUNNEL_EDIT,
		HTTP_POST, WIRE_BODY_TUNNEL_CREATE, true, 0},
	[CALL_TUNNEL_RENAME] = {"rename tunnel", TUNNEL, NEEDS_TUNNEL_EDIT,
		HTTP_PATCH, WIRE_BODY_TUNNEL_NAME, true, 0},
	[CALL_TUNNEL_SET_SECRET] = {"replace tunnel secret", TUNNEL, NEEDS_TUNNEL_EDIT,
		HTTP_PATCH, WIRE_BODY_TUNNEL_SECRET, false, 0},
	[CALL_TUNNEL_DELETE] = {"delete tunnel", TUNNEL, NEEDS_TUNNEL_EDIT, HTTP_DELETE, WIRE_BODY_EMPTY, false, 0},
	[CALL_TUNNEL_TOKEN] = {"read tunnel token", TUNNEL "/token", NEEDS_TUNNEL_EDIT,
		HTTP_GET, WIRE_BODY_NONE, false, 0},
	[CALL_CONFIG_GET] = {"read tunnel configuration", TUNNEL "/configurations", NEEDS_TUNNEL_READ,
		HTTP_GET, WIRE_BODY_NONE, false, 0},
	[CALL_CONFIG_PUT] = {"write tunnel configuration", TUNNEL "/configurations", NEEDS_TUNNEL_EDIT,
		HTTP_PUT, WIRE_BODY_CONFIG, false, 0},
	[CALL_CONNECTIONS_GET] = {"list tunnel connections", TUNNEL "/connections", NEEDS_TUNNEL_READ,
		HTTP_GET, WIRE_BODY_NONE, false, 0},
	[CALL_CONNECTIONS_DELETE] = {"drop tunnel connections", TUNNEL "/connections", NEEDS_TUNNEL_EDIT,
		HTTP_DELETE, WIRE_BODY_EMPTY, false, 0},
	[CALL_ZONES_LIST] = {"list zones", "/zones", NEEDS_ZONE_READ, HTTP_GET, WIRE_BODY_NONE, false, 50},
	[CALL_ZONE_GET] = {"read zone", ZONE, NEEDS_ZONE_READ, HTTP_GET, WIRE_BODY_NONE, false, 0},
	[CALL_RECORDS_LIST] = {"list DNS records", RECORDS, NEEDS_DNS_READ,
		HTTP_GET, WIRE_BODY_NONE, false, 5000},
	[CALL_RECORD_GET] = {"read DNS record", RECORD, NEEDS_DNS_READ, HTTP_GET, WIRE_BODY_NONE, false, 0},
	[CALL_RECORD_CREATE] = {"create DNS record", RECORDS, NEEDS_DNS_EDIT,
		HTTP_POST, WIRE_BODY_GIVEN, true, 0},
	[CALL_RECORD_PATCH] = {"update DNS record", RECORD, NEEDS_DNS_EDIT,
		HTTP_PATCH, WIRE_BODY_GIVEN, true, 0},
	[CALL_RECORD_DELETE] = {"delete DNS record", RECORD, NEEDS_DNS_EDIT, HTTP_DELETE, WIRE_BODY_NONE, false, 0},
	[CALL_RECORD_BATCH] = {"change DNS records", RECORDS "/batch", NEEDS_DNS_EDIT,
		HTTP_POST, WIRE_BODY_GIVEN, true, 0},
};

const struct wire_kind *wire_kind(enum call_kind kind)
{
	static const struct wire_kind unknown = {.text = "unknown call"};

	return (size_t)kind < sizeof(kinds) / sizeof(kinds[0]) ? &kinds[kind] : &unknown;
}

static bool id_is_plausible(const char *id, const char *others, size_t size_max)
{
	size_t size = 0;

	if (!id)
		return false;
	for (; id[size]; size++) {
		bool is_fine = (id[size] >= 'a' && id[size] <= 'z') || (id[size] >= 'A' && id[size] <= 'Z') ||
			       (id[size] >= '0' && id[size] <= '9') || strchr(others, id[size]);

		if (!is_fine || size >= size_max)
			return false;
	}
	return size > 0;
}

bool wire_id_is_plausible(const char *id)
{
	return id_is_plausible(id, "-", WIRE_ID_BYTES_MAX);
}

bool wire_account_id_is_plausible(const char *id)
{
	return id_is_plausible(id, "-_", WIRE_ACCOUNT_ID_BYTES_MAX);
}

static void add_escaped(struct strbuf *out, const char *text)
{
	char *escaped = libcurl_load(NULL) ? NULL : libcurl->easy_escape(NULL, text, 0);

	if (!escaped) {
		out->failed = true;
		return;
	}
	strbuf_adds(out, escaped);
	libcurl->free(escaped);
}

/** The id that stands for {name} at @p at. @return what is wrong with it, or NULL */
static const char *placeholder(const struct call *call, const char *account_id, const char *at, const char **ret_id)
{
	if (str_has_prefix(at, "{account}")) {
		*ret_id = account_id;
		return wire_account_id_is_plausible(account_id) ? NULL : "the account id is not known or no id";
	}
	if (str_has_prefix(at, "{tunnel}"))
		*ret_id = call->tunnel_id;
	else if (str_has_prefix(at, "{zone}"))
		*ret_id = call->zone_id;
	else
		*ret_id = call->record_id;
	return wire_id_is_plausible(*ret_id) ? NULL : "the id of the tunnel, zone or record is missing or no id";
}

static enum rc add_path(const struct call *call, const char *account_id, const char *template, struct strbuf *path,
			const char **ret_fault)
{
	while (*template) {
		size_t literal = strcspn(template, "{");
		const char *id;
		const char *fault;

		strbuf_add(path, template, literal);
		template += literal;
		if (!*template)
			break;
		fault = placeholder(call, account_id, template, &id);
		if (fault) {
			*ret_fault = fault;
			return RC_INVALID;
		}
		add_escaped(path, id);
		template += strcspn(template, "}") + 1;
	}
	return RC_OK;
}

static void add_filter(struct strbuf *path, const char *name, const char *value)
{
	if (!value)
		return;
	strbuf_addf(path, "%s=", name);
	add_escaped(path, value);
	strbuf_addc(path, '&');
}

/** What follows the path of a list. */
static void add_query(const struct call *call, const char *account_id, const struct wire_kind *kind, size_t page,
		      struct strbuf *path)
{
	strbuf_addc(path, '?');
	if (call->kind == CALL_TUNNELS_LIST || call->kind == CALL_TUNNEL_FIND)
		add_filter(path, "is_deleted", "false");
	if (call->kind == CALL_TUNNEL_FIND || call->kind == CALL_RECORDS_LIST)
		add_filter(path, "name", call->name);
	if (call->kind == CALL_RECORDS_LIST)
		add_filter(path, "comment.startswith", call->comment_prefix);
	if (call->kind == CALL_ZONES_LIST)
		add_filter(path, "account.id", account_id);
	strbuf_addf(path, "page=%zu&per_page=%u", page, kind->per_page);
}

enum rc wire_path(const struct call *call, const char *account_id, const char *token, size_t page, struct strbuf *path,
		  const char **ret_fault)
{
	const struct wire_kind *kind = wire_kind(call->kind);
	const char *template = kind->path;
	enum rc rc;

	if (!template) {
		*ret_fault = "there is no such call";
		return RC_INVALID;
	}
	if (call->kind == CALL_TOKEN_VERIFY && account_id && str_has_prefix(token, ACCOUNT_TOKEN_PREFIX))
		template = ACCOUNT_TOKEN_VERIFY;
	if (call->kind == CALL_TUNNEL_FIND && str_is_empty(call->name)) {
		*ret_fault = "the name of the tunnel is missing";
		return RC_INVALID;
	}
	rc = add_path(call, account_id, template, path, ret_fault);
	if (rc)
		return rc;
	if (kind->per_page)
		add_query(call, account_id, kind, page, path);
	return strbuf_failed(path) ? RC_NOMEM : RC_OK;
}

/** An object of up to three strings; a NULL one is left out. */
static void add_strings(struct strbuf *body, const char *name, const char *config_src, const char *secret)
{
	struct json_writer w;

	json_writer_init(&w, body, 0);
	json_begin_object(&w);
	if (name)
		json_key_string(&w, "name", name);
	if (config_src)
		json_key_string(&w, "config_src", config_src);
	if (secret)
		json_key_string(&w, "tunnel_secret", secret);
	json_end_object(&w);
}

/** What a body of that sort lacks, or NULL. */
static const char *body_fault(const struct call *call, enum wire_body body)
{
	bool needs_name = body == WIRE_BODY_TUNNEL_CREATE || body == WIRE_BODY_TUNNEL_NAME;
	bool needs_secret = body == WIRE_BODY_TUNNEL_CREATE || body == WIRE_BODY_TUNNEL_SECRET;
	bool needs_body = body == WIRE_BODY_GIVEN || body == WIRE_BODY_CONFIG;

	if (needs_name && str_is_empty(call->name))
		return "the name of the tunnel is missing";
	if (needs_secret && str_is_empty(call->secret))
		return "the secret of the tunnel is missing";
	if (needs_body && (!call->body || call->body->type != JSON_OBJECT))
		return "the body of the request is missing or no object";
	return NULL;
}

enum rc wire_body(const struct call *call, struct strbuf *body, const char **ret_fault)
{
	enum wire_body sort = wire_kind(call->kind)->body;
	const char *fault = body_fault(call, sort);

	if (fault) {
		*ret_fault = fault;
		return RC_INVALID;
	}
	switch (sort) {
	case WIRE_BODY_NONE:
		break;
	case WIRE_BODY_EMPTY:
		strbuf_adds(body, "{}");
		break;
	case WIRE_BODY_GIVEN:
		/* Sorted members put a batch into the order in which it is executed: deletes, patches, posts. */
		json_write_canonical(body, call->body);
		break;
	case WIRE_BODY_CONFIG:
		strbuf_adds(body, "{\"config\":");
		json_write_canonical(body, call->body);
		strbuf_addc(body, '}');
		break;
	case WIRE_BODY_TUNNEL_CREATE:
		add_strings(body, call->name, "cloudflare", call->secret);
		break;
	case WIRE_BODY_TUNNEL_NAME:
		add_strings(body, call->name, NULL, NULL);
		break;
	case WIRE_BODY_TUNNEL_SECRET:
		add_strings(body, NULL, NULL, call->secret);
		break;
	}
	return strbuf_failed(body) ? RC_NOMEM : RC_OK;
}
