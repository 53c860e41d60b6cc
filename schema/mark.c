/* Marks in DNS comments, and tunnel names from templates. */
#include "schema/mark.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "base/strbuf.h"

#define MARK_PREFIX "adit:"
#define HASH_DIGITS 12u

static bool is_part_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/** Bytes of the run of characters that a namespace or name may consist of, slashes and dots included. */
static size_t gateway_size(const char *text)
{
	size_t size = 0;

	while (is_part_char(text[size]) || text[size] == '.' || text[size] == '/')
		size++;
	return size;
}

static size_t project_size(const char *text)
{
	size_t size = 0;

	while (is_part_char(text[size]))
		size++;
	return size;
}

struct mark mark_parse(struct arena *arena, const char *comment)
{
	const char *text = str_or_empty(comment);
	struct mark none = {.rest = text}, mark;
	const char *project, *gateway;
	size_t project_bytes, gateway_bytes;

	if (!str_has_prefix(text, MARK_PREFIX))
		return none;
	project = text + strlen(MARK_PREFIX);
	project_bytes = project_size(project);
	if (!project_bytes || project_bytes > LIMIT_PROJECT_NAME_BYTES || project[project_bytes] != ' ')
		return none;
	gateway = project + project_bytes + 1;
	gateway_bytes = gateway_size(gateway);
	if (!gateway_bytes || (gateway[gateway_bytes] && gateway[gateway_bytes] != ' '))
		return none;
	mark.project = arena_memdup(arena, project, project_bytes);
	mark.gateway = arena_memdup(arena, gateway, gateway_bytes);
	mark.rest = gateway + gateway_bytes + (gateway[gateway_bytes] == ' ');
	return mark.project && mark.gateway ? mark : none;
}

/** @p text itself when it fits, else cut and closed with a dash and digits of its hash. */
static char *fit(struct arena *arena, char *text, size_t max_bytes)
{
	size_t size = text ? strlen(text) : 0;
	size_t kept = max_bytes - HASH_DIGITS - 1;
	char *hash;

	if (size <= max_bytes)
		return text;
	hash = str_sha256_hex(arena, text, size);
	if (!hash)
		return NULL;
	kept = str_utf8_cut(text, kept);
	return arena_printf(arena, "%.*s-%.*s", (int)kept, text, (int)HASH_DIGITS, hash);
}

char *mark_make(struct arena *arena, const char *project, const char *tunnel_address)
{
	const char *gateway = tunnel_address;

	if (str_has_prefix(gateway, "tunnel/"))
		gateway += strlen("tunnel/");
	return fit(arena, arena_printf(arena, MARK_PREFIX "%s %s", project, gateway), LIMIT_COMMENT_BYTES);
}

char *mark_apply(struct arena *arena, const char *project, const char *tunnel_address, const char *comment)
{
	char *mark = mark_make(arena, project, tunnel_address);
	const char *rest = mark_parse(arena, comment).rest;
	size_t size = strlen(rest), room;

	if (!mark || strlen(mark) + 2 > LIMIT_COMMENT_BYTES)
		return mark;
	room = LIMIT_COMMENT_BYTES - strlen(mark) - 1;
	if (size > room)
		size = str_utf8_cut(rest, room);
	while (size && rest[size - 1] == ' ')
		size--;
	if (!size)
		return mark;
	return arena_printf(arena, "%s %.*s", mark, (int)size, rest);
}

/** What tools write, in lower case, and what to call them. The more telling ones stand first. */
static const struct {
	const char *text, *tool;
} foreign_marks[] = {
	{"managed-by:cnap-gateway", "CNAP's gateway controller"},
	{"routed via cloudflare tunnel to gateway ", "CNAP's gateway controller"},
	{"_ctic_managed", "cloudflare-tunnel-ingress-controller"},
	{"cloudflare-tunnel-ingress-controller", "cloudflare-tunnel-ingress-controller"},
	{"cfgate", "cfgate"},
	{"external-dns", "external-dns"},
	{"octodns", "octoDNS"},
	{"dnscontrol", "DNSControl"},
	{"cloudflare-operator", "cloudflare-operator"},
	{"cloudflare-tunnel-gateway-controller", "cloudflare-tunnel-gateway-controller"},
	{"cloudflared-gateway", "cloudflared-gateway"},
	{"terraform", "Terraform"},
	{"opentofu", "OpenTofu"},
	{"pulumi", "Pulumi"},
	{"crossplane", "Crossplane"},
};

const char *mark_foreign_tool(const char *comment, const char *tags)
{
	for (size_t i = 0; i < sizeof(foreign_marks) / sizeof(foreign_marks[0]); i++)
		if (strcasestr(str_or_empty(comment), foreign_marks[i].text) ||
		    strcasestr(str_or_empty(tags), foreign_marks[i].text))
			return foreign_marks[i].tool;
	return NULL;
}

enum token_kind { TOKEN_LITERAL, TOKEN_PROJECT, TOKEN_NAMESPACE, TOKEN_GATEWAY };

/** A variable, or one literal byte, of a template. */
struct token {
	enum token_kind kind;
	char literal;
};

static const struct {
	const char *text;
	enum token_kind kind;
} variables[] = {
	{"{project}", TOKEN_PROJECT},
	{"{namespace}", TOKEN_NAMESPACE},
	{"{gateway}", TOKEN_GATEWAY},
};

/** @return bytes of the token at @p tmpl; 0 for an unknown variable */
static size_t read_token(const char *tmpl, struct token *ret_token)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (str_has_prefix(tmpl, variables[i].text)) {
			*ret_token = (struct token){.kind = variables[i].kind};
			return strlen(variables[i].text);
		}
	if (*tmpl == '{' || *tmpl == '}')
		return 0;
	*ret_token = (struct token){.kind = TOKEN_LITERAL, .literal = *tmpl};
	return 1;
}

/** The template as tokens. Without a namespace its variable goes, and with it the byte that sets it off: the one after
 * it, or where nothing follows the one before. */
static enum rc read_template(struct arena *arena, const char *tmpl, bool has_namespace, struct token **ret_tokens,
			     size_t *ret_count)
{
	struct token *tokens = arena_array(arena, strlen(tmpl), sizeof(*tokens));
	size_t count = 0, size;

	if (!tokens)
		return RC_NOMEM;
	for (const char *at = tmpl; *at; at += size) {
		struct token token;

		size = read_token(at, &token);
		if (!size)
			return RC_INVALID;
		if (token.kind != TOKEN_NAMESPACE || has_namespace)
			tokens[count++] = token;
		else if (at[size] && at[size] != '{')
			size++;
		else if (!at[size] && count && tokens[count - 1].kind == TOKEN_LITERAL)
			count--;
	}
	*ret_tokens = tokens;
	*ret_count = count;
	return RC_OK;
}

/** A part of a name: dots become dashes, so that the dots of the template stay telling. */
static void add_part(struct strbuf *name, const char *part)
{
	for (; *part; part++)
		strbuf_addc(name, *part == '.' ? '-' : *part);
}

static void render(struct strbuf *name, const struct token *tokens, size_t count, const char *project,
		   const char *name_space, const char *gateway)
{
	for (size_t i = 0; i < count; i++)
		switch (tokens[i].kind) {
		case TOKEN_LITERAL:
			strbuf_addc(name, tokens[i].literal);
			break;
		case TOKEN_PROJECT:
			add_part(name, project);
			break;
		case TOKEN_NAMESPACE:
			add_part(name, name_space);
			break;
		case TOKEN_GATEWAY:
			add_part(name, gateway);
			break;
		}
}

enum rc mark_tunnel_name(struct arena *arena, const char *tmpl, const char *project, const char *name_space,
			 const char *gateway, char **ret_name)
{
	struct token *tokens;
	struct strbuf text;
	char *name;
	size_t count;
	enum rc rc = read_template(arena, tmpl, !str_is_empty(name_space), &tokens, &count);

	if (rc)
		return rc;
	strbuf_init(&text, 0);
	render(&text, tokens, count, project, name_space, gateway);
	name = strbuf_failed(&text) ? NULL : arena_strdup(arena, strbuf_text(&text));
	strbuf_done(&text);
	name = fit(arena, name, LIMIT_TUNNEL_NAME_BYTES);
	if (!name)
		return RC_NOMEM;
	*ret_name = name;
	return RC_OK;
}

/** Positions of a name that a part of the template can end at; bit by bit, so that no template makes it slow. */
struct reach {
	bool at[LIMIT_TUNNEL_NAME_BYTES + 1];
};

static void step_text(struct reach *reach, const char *name, size_t size, const char *text, size_t text_size)
{
	for (size_t i = size + 1; i-- > 0;)
		reach->at[i] = i >= text_size && reach->at[i - text_size] &&
			       memcmp(name + i - text_size, text, text_size) == 0;
}

/** One or more characters of a part. */
static void step_part(struct reach *reach, const char *name, size_t size)
{
	bool inside = false;

	for (size_t i = 0; i <= size; i++) {
		bool was = reach->at[i];

		reach->at[i] = i > 0 && inside && is_part_char(name[i - 1]);
		inside = was || reach->at[i];
	}
}

static void step(struct reach *reach, const char *name, size_t size, const struct token *token,
		 const char *project)
{
	switch (token->kind) {
	case TOKEN_LITERAL:
		step_text(reach, name, size, &token->literal, 1);
		break;
	case TOKEN_PROJECT:
		step_text(reach, name, size, project, strlen(project));
		break;
	case TOKEN_NAMESPACE:
	case TOKEN_GATEWAY:
		step_part(reach, name, size);
		break;
	}
}

/** True for names that were cut: as long as they may be, closed with a dash and digits of the hash. */
static bool looks_cut(const char *name, size_t size)
{
	const char *tail = name + size - HASH_DIGITS;

	return size + 3 >= LIMIT_TUNNEL_NAME_BYTES && tail[-1] == '-' &&
	       strspn(tail, "0123456789abcdef") == HASH_DIGITS;
}

static bool is_rendered(struct arena *scratch, const char *tmpl, bool has_namespace, const char *project,
			const char *name)
{
	struct token *tokens;
	struct reach reach = {.at = {true}};
	size_t count, size = strlen(name), kept;
	bool is_cut = looks_cut(name, size), has_project = false;

	if (read_template(scratch, tmpl, has_namespace, &tokens, &count))
		return false;
	kept = is_cut ? size - HASH_DIGITS - 1 : size;
	for (size_t i = 0; i < count; i++) {
		step(&reach, name, kept, &tokens[i], project);
		has_project |= tokens[i].kind == TOKEN_PROJECT;
		/* The cut fell somewhere into what follows the project. */
		if (is_cut && has_project && reach.at[kept])
			return true;
	}
	/* Without the project in it a name says nothing on whose it is. */
	return has_project && reach.at[kept];
}

bool mark_is_tunnel_name(const char *tmpl, const char *project, const char *name)
{
	struct arena *scratch;
	bool is_ours;

	if (strlen(name) > LIMIT_TUNNEL_NAME_BYTES)
		return false;
	scratch = arena_new((size_t)1 << 20);
	if (!scratch)
		return false;
	is_ours = is_rendered(scratch, tmpl, true, project, name) ||
		  is_rendered(scratch, tmpl, false, project, name);
	arena_free(scratch);
	return is_ours;
}
