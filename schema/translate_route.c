/* Matches of a Route: what a tunnel can test, and what it cannot. */
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "schema/translate_internal.h"

/** A RegularExpression seen before: compiling is the dear part of translation. */
struct part_regex {
	enum rc rc;
	struct path_pattern pattern;
	char fault[PATH_FAULT_BYTES];
};

enum rc translate_fault_new(struct translation *t, const char *feature, const char *reason, struct span span,
			    const struct fault **ret_fault)
{
	struct fault *fault = arena_alloc(t->scratch, sizeof(*fault));

	if (!fault || !reason)
		return RC_NOMEM;
	fault->feature = feature;
	fault->reason = reason;
	fault->span = span;
	*ret_fault = fault;
	return RC_OK;
}

static enum rc render_regex(struct translation *t, const char *value, const struct part_regex **ret_regex)
{
	struct part_regex *regex = map_get(&t->regexes, value);

	if (!regex) {
		enum rc rc;

		regex = arena_alloc(t->arena, sizeof(*regex));
		if (!regex)
			return RC_NOMEM;
		regex->rc = path_render(t->arena, PATH_REGEX, value, &regex->pattern, regex->fault,
					sizeof(regex->fault));
		if (regex->rc == RC_NOMEM)
			return RC_NOMEM;
		rc = map_put(&t->regexes, value, regex, NULL);
		if (rc)
			return rc;
	}
	*ret_regex = regex;
	return RC_OK;
}

static enum rc refuse_path(struct translation *t, struct part_match *part, const char *fault)
{
	const char *feature = part->match->path_type == PATH_REGEX ? "RegularExpression path" : "path";
	const char *reason = arena_printf(t->arena, "path %s %s", part->match->path, fault);

	return translate_fault_new(t, feature, reason, part->match->path_span, &part->fault);
}

static enum rc render_path(struct translation *t, const struct part_route *route, struct part_match *part)
{
	const struct http_match *match = part->match;
	const struct part_regex *regex;
	const char *lint;
	char fault[PATH_FAULT_BYTES] = "";
	enum rc rc;

	if (match->path_type != PATH_REGEX) {
		rc = path_render(t->arena, match->path_type, match->path, &part->path, fault, sizeof(fault));
		return rc == RC_INVALID || rc == RC_LIMIT ? refuse_path(t, part, fault) : rc;
	}
	rc = render_regex(t, match->path, &regex);
	if (rc)
		return rc;
	if (regex->rc)
		return refuse_path(t, part, regex->fault);
	part->path = regex->pattern;
	lint = path_regex_lint(match->path);
	if (lint)
		diag_address(t->diags,
			     diag_add(t->diags, SEVERITY_WARNING, "A0218", match->path_span,
				      "RegularExpression %s %s", match->path, lint),
			     route->object);
	return RC_OK;
}

/** Header, query and method: dropped, as without the condition the rule would take more than it asks for. */
static enum rc judge_condition(struct translation *t, struct part_match *part)
{
	const struct http_match *match = part->match;
	const char *feature, *reason;

	if (!match->header_count && !match->query_count && !match->method)
		return RC_OK;
	feature = match->header_count ? "header match" : match->query_count ? "query match" : "method match";
	reason = arena_printf(t->arena, "matches on %s, which a tunnel cannot test",
			      match->condition ? match->condition : feature);
	return translate_fault_new(t, feature, reason, match->span, &part->fault);
}

enum rc translate_route_matches(struct translation *t, struct part_route *route)
{
	const struct http_route *source = route->route;

	if (route->rules)
		return RC_OK;
	route->rules = arena_array(t->scratch, source->rule_count, sizeof(*route->rules));
	if (!route->rules)
		return RC_NOMEM;
	for (size_t i = 0; i < source->rule_count; i++) {
		struct part_rule *rule = &route->rules[i];

		rule->rule = &source->rules[i];
		rule->matches = arena_array(t->scratch, rule->rule->match_count, sizeof(*rule->matches));
		if (!rule->matches)
			return RC_NOMEM;
		for (size_t k = 0; k < rule->rule->match_count; k++) {
			enum rc rc;

			rule->matches[k].match = &rule->rule->matches[k];
			rc = render_path(t, route, &rule->matches[k]);
			if (!rc && !rule->matches[k].fault)
				rc = judge_condition(t, &rule->matches[k]);
			if (rc)
				return rc;
		}
	}
	return RC_OK;
}
