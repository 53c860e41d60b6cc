/* Following a URL through the desired state: hostname, tunnel, rule. */
#include "cli/explain.h"

#include <idn2.h>
#include <string.h>

#include "base/libcurl.h"
#include "base/regex.h"
#include "base/str.h"
#include "schema/translate.h"

static enum rc no_url(struct run *run, const char *url)
{
	struct diag *diag = diag_add(&run->diags, SEVERITY_ERROR, "A0865", (struct span){ 0 }, "%s is not a URL", url);

	diag_help(&run->diags, diag, "Such as https://shop.example.com/api/v1.");
	return RC_INVALID;
}

/** Lower case and A-labels, as browsers send it. */
static char *normal_host(struct arena *arena, const char *host)
{
	char *ascii = NULL, *copy;

	if (host[0] == '[' || idn2_to_ascii_8z(host, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return str_lower(arena, host);
	copy = str_lower(arena, ascii);
	idn2_free(ascii);
	return copy;
}

enum rc explain_parse(struct run *run, const char *url, const char **ret_host, const char **ret_path)
{
	char *host = NULL, *path = NULL;
	enum rc rc = libcurl_load(&run->diags);
	CURLU *parsed;

	if (rc)
		return rc;
	parsed = libcurl->url();
	rc = parsed ? RC_OK : RC_NOMEM;
	if (!rc && libcurl->url_set(parsed, CURLUPART_URL, url,
				CURLU_DEFAULT_SCHEME | CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS))
		rc = no_url(run, url);
	if (!rc && (libcurl->url_get(parsed, CURLUPART_HOST, &host, 0) ||
		    libcurl->url_get(parsed, CURLUPART_PATH, &path, CURLU_URLDECODE)))
		rc = no_url(run, url);
	if (!rc) {
		*ret_host = normal_host(run->arena, host);
		*ret_path = arena_strdup(run->arena, path);
		if (!*ret_host || !*ret_path)
			rc = RC_NOMEM;
	}
	libcurl->free(host);
	libcurl->free(path);
	libcurl->url_cleanup(parsed);
	return rc;
}

static const struct desired_cname *find_cname(const struct desired *desired, const char *name)
{
	for (size_t i = 0; i < desired->cname_count; i++)
		if (str_eq(desired->cnames[i].cname->u.cname.name, name))
			return &desired->cnames[i];
	return NULL;
}

/** As a resolver does: the name itself, else the wildcard of the nearest parent that has one. */
static enum rc resolve(struct arena *arena, const struct desired *desired, const char *host,
		       const struct desired_cname **ret_cname)
{
	*ret_cname = find_cname(desired, host);
	for (const char *dot = strchr(host, '.'); !*ret_cname && dot; dot = strchr(dot + 1, '.')) {
		char *wildcard = arena_printf(arena, "*%s", dot);

		if (!wildcard)
			return RC_NOMEM;
		*ret_cname = find_cname(desired, wildcard);
	}
	return RC_OK;
}

static const struct desired_tunnel *find_tunnel(const struct desired *desired, const char *address)
{
	for (size_t i = 0; i < desired->tunnel_count; i++)
		if (str_eq(desired->tunnels[i].tunnel->address, address))
			return &desired->tunnels[i];
	return NULL;
}

/** Match within the tunnel that the CNAME points at; without one, in the first tunnel that has a rule for it. */
static enum rc find_rule(const struct desired *desired, struct explanation *e)
{
	if (e->cname) {
		e->tunnel = find_tunnel(desired, e->cname->cname->tunnel);
		if (!e->tunnel)
			return RC_OK;
		return translate_match(e->tunnel->rules, e->tunnel->rule_count, e->host, e->path, &e->rule);
	}
	for (size_t i = 0; i < desired->tunnel_count; i++) {
		const struct desired_tunnel *tunnel = &desired->tunnels[i];
		size_t rule = 0;
		enum rc rc = !tunnel->rule_count ? RC_OK : translate_match(tunnel->rules, tunnel->rule_count, e->host, e->path, &rule);

		if (rc)
			return rc;
		if (rule + 1 >= tunnel->rule_count)
			continue;
		e->tunnel = tunnel;
		e->rule = rule;
		return RC_OK;
	}
	return RC_OK;
}

static enum rc find_next(struct explanation *e)
{
	size_t after = e->rule + 1, next;
	enum rc rc;

	if (!e->tunnel || after >= e->tunnel->rule_count)
		return RC_OK;
	rc = translate_match(e->tunnel->rules + after, e->tunnel->rule_count - after, e->host, e->path, &next);
	if (rc)
		return rc;
	e->has_next = true;
	e->next = after + next;
	return RC_OK;
}

static bool host_matches(const char *pattern, const char *host)
{
	if (str_is_empty(pattern) || str_eq(pattern, host))
		return true;
	return str_has_prefix(pattern, "*.") && str_has_suffix(host, pattern + 1);
}

/** A claim without a path of its own stands for every path of its object. */
static enum rc claim_matches(const struct claim *claim, const struct explanation *e, bool *ret_matches)
{
	struct regex *regex;
	enum rc rc;

	*ret_matches = claim->state != CLAIM_ELIDED && host_matches(claim->hostname, e->host);
	if (!*ret_matches || str_is_empty(claim->path))
		return RC_OK;
	rc = regex_new(claim->path, strlen(claim->path), &regex, NULL, 0);
	if (rc == RC_NOMEM)
		return rc;
	if (rc)
		return RC_OK;
	rc = regex_match(regex, e->path, strlen(e->path), ret_matches);
	regex_free(regex);
	return rc;
}

static enum rc find_claims(struct arena *arena, const struct desired *desired, struct explanation *e)
{
	size_t capacity = 0;

	for (size_t i = 0; i < desired->claim_count; i++) {
		const struct claim **claims;
		bool matches;
		enum rc rc = claim_matches(&desired->claims[i], e, &matches);

		if (rc)
			return rc;
		if (!matches)
			continue;
		claims = arena_grow(arena, e->claims, e->claim_count, &capacity, sizeof(*claims));
		if (!claims)
			return RC_NOMEM;
		e->claims = claims;
		e->claims[e->claim_count++] = &desired->claims[i];
	}
	return RC_OK;
}

enum rc explain_find(struct run *run, const struct desired *desired, const char *host, const char *path,
		     struct explanation *ret_explanation)
{
	struct explanation e = { .host = host, .path = path };
	enum rc rc = resolve(run->arena, desired, host, &e.cname);

	if (!rc)
		rc = find_rule(desired, &e);
	if (!rc)
		rc = find_next(&e);
	if (!rc)
		rc = find_claims(run->arena, desired, &e);
	if (rc)
		return rc;
	e.is_served = e.tunnel && resource_service_is_serving(e.tunnel->rules[e.rule]->u.rule.service);
	*ret_explanation = e;
	return RC_OK;
}
