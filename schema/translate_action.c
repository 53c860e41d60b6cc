/* What a rule of a Route does with requests: filters, policies, backends. */
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "schema/translate_internal.h"

enum rc translate_close(struct translation *t, struct part_rule *rule, const char *feature, struct span span,
			const char *format, ...)
{
	const struct fault **end = &rule->faults;
	const struct fault *fault;
	const char *reason;
	va_list args;
	enum rc rc;

	va_start(args, format);
	reason = arena_vprintf(t->arena, format, args);
	va_end(args);
	rc = translate_fault_new(t, feature, reason, span, &fault);
	if (rc)
		return rc;
	while (*end)
		end = (const struct fault **)(uintptr_t)&(*end)->next;
	*end = fault;
	rule->verdict = RULE_CLOSED;
	return RC_OK;
}

enum rc translate_merge(struct translation *t, const struct json *under, const struct json *over,
			const struct json **ret_merged)
{
	const struct json *const layers[] = {under, over};
	struct json *merged;

	if (!json_count(under) || !json_count(over)) {
		*ret_merged = json_count(over) ? over : json_count(under) ? under : NULL;
		return RC_OK;
	}
	merged = json_new(t->arena, JSON_OBJECT);
	if (!merged)
		return RC_NOMEM;
	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < json_count(layers[l]); i++) {
			const struct json_member *member = &layers[l]->u.object.members[i];
			enum rc rc = json_set(t->arena, merged, member->key, member->value);

			if (rc)
				return rc;
		}
	*ret_merged = merged;
	return RC_OK;
}

static bool is_https_redirect(const struct http_filter *filter)
{
	return str_eq(filter->scheme, "https") && !filter->hostname && !filter->has_path &&
	       (!filter->port || filter->port == 443) &&
	       (filter->status == 301 || filter->status == 302 || filter->status == 308);
}

static void warn_ignored(struct translation *t, const struct part_route *route, struct span span, const char *what)
{
	diag_address(t->diags,
		     diag_add(t->diags, SEVERITY_WARNING, "A0211", span,
			      "%s: ignored, as a tunnel has no counterpart", what),
		     route->object);
}

static enum rc rewrite_host(struct translation *t, struct part_rule *rule, const char *hostname)
{
	struct json *over = json_new(t->arena, JSON_OBJECT);

	if (!over || json_set(t->arena, over, "httpHostHeader", json_new_string(t->arena, hostname)))
		return RC_NOMEM;
	return translate_merge(t, rule->origin_request, over, &rule->origin_request);
}

static enum rc judge_rewrite(struct translation *t, struct part_rule *rule, const struct http_filter *filter)
{
	if (filter->has_path)
		return translate_close(t, rule, "URLRewrite path", filter->span,
				       "rewrites the path, which a tunnel passes on as it is");
	return filter->hostname ? rewrite_host(t, rule, filter->hostname) : RC_OK;
}

static enum rc judge_redirect(struct translation *t, struct part_rule *rule, const struct http_filter *filter)
{
	enum verdict before = rule->verdict;
	enum rc rc;

	if (!is_https_redirect(filter))
		return translate_close(t, rule, "RequestRedirect", filter->span,
				       "redirects, which a tunnel cannot; Cloudflare's Redirect Rules can");
	rc = translate_close(t, rule, "RequestRedirect", filter->span,
			     "redirects to https, but not from an HTTP listener that has an HTTPS one for the "
			     "same hostname "
			     "beside it; at Cloudflare's edge Always Use HTTPS does it without a rule");
	if (before == RULE_SERVES)
		rule->verdict = RULE_REDIRECTS;
	return rc;
}

static enum rc judge_filter(struct translation *t, const struct part_route *route, struct part_rule *rule,
			    const struct http_filter *filter)
{
	switch (filter->type) {
	case FILTER_MIRROR:
		warn_ignored(t, route, filter->span, filter->type_text);
		return RC_OK;
	case FILTER_REWRITE:
		return judge_rewrite(t, rule, filter);
	case FILTER_REDIRECT:
		return judge_redirect(t, rule, filter);
	case FILTER_REQUEST_HEADERS:
	case FILTER_RESPONSE_HEADERS:
	case FILTER_CORS:
		return translate_close(t, rule, filter->type_text, filter->span,
				       "a tunnel cannot run the filter %s; Cloudflare's Transform Rules may",
				       filter->type_text);
	case FILTER_EXTERNAL_AUTH:
	case FILTER_EXTENSION:
		break;
	}
	return translate_close(t, rule, filter->type_text, filter->span,
			       "a tunnel cannot run the filter %s, and it must not be left out",
			       filter->type_text);
}

static void warn_features(struct translation *t, const struct part_route *route, const struct http_rule *rule)
{
	if (rule->has_timeouts)
		warn_ignored(t, route, rule->span, "timeouts");
	if (rule->has_retry)
		warn_ignored(t, route, rule->span, "retry");
	if (rule->has_session_persistence)
		warn_ignored(t, route, rule->span, "sessionPersistence");
}

/** A policy on the Route, on this rule of it, or on its namespace. */
static enum rc judge_policy(struct translation *t, const struct part_route *route, struct part_rule *rule)
{
	const struct meta *meta = &route->route->meta;
	const struct meta name_space = {.key = meta->name_space};
	const struct fault *fault = NULL;
	enum rc rc;

	if (!t->policies.count)
		return RC_OK;
	rc = translate_policy_of(t, "Namespace", &name_space, NULL, &fault);
	if (!rc)
		rc = translate_policy_of(t, "HTTPRoute", meta, NULL, &fault);
	if (!rc && !fault && rule->rule->name)
		rc = translate_policy_of(t, "HTTPRoute", meta, rule->rule->name, &fault);
	if (!rc && fault && rule->verdict != RULE_CLOSED) {
		rule->verdict = RULE_CLOSED;
		rule->faults = fault;
	}
	return rc;
}

static enum rc judge_rule(struct translation *t, const struct part_route *route, struct part_rule *rule)
{
	enum rc rc = RC_OK;

	rule->verdict = RULE_SERVES;
	rule->origin_request = route->route->meta.origin_request;
	translate_listen(t, route->route, rule);
	warn_features(t, route, rule->rule);
	for (size_t i = 0; !rc && i < rule->rule->filter_count; i++)
		rc = judge_filter(t, route, rule, &rule->rule->filters[i]);
	if (!rc && rule->verdict == RULE_SERVES)
		rc = translate_backends(t, route, rule);
	return rc ? rc : judge_policy(t, route, rule);
}

enum rc translate_route_actions(struct translation *t, struct part_route *route)
{
	enum rc rc = translate_route_matches(t, route);

	for (size_t i = 0; !rc && !route->has_actions && i < route->route->rule_count; i++)
		rc = judge_rule(t, route, &route->rules[i]);
	route->has_actions = true;
	return rc;
}
