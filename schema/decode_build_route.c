/* HTTPRoute as a typed value, with the API server's defaults. */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "schema/decode_format.h"
#include "schema/decode_internal.h"
#include "schema/decode_route.h"

static enum path_type path_type_of(const struct node *path)
{
	const char *type = value_text(value_get(path, "type"), "PathPrefix");

	if (str_eq(type, "Exact"))
		return PATH_EXACT;
	return str_eq(type, "RegularExpression") ? PATH_REGEX : PATH_PREFIX;
}

static void add_conditions(struct strbuf *out, const struct node *list, const char *what)
{
	for (size_t i = 0; i < value_count(list); i++)
		strbuf_addf(out, "%s%s %s", out->size ? ", " : "", what,
			    value_text(value_get(value_item(list, i), "name"), ""));
}

/* What a match tests beside the path, in words; NULL when nothing. */
static const char *condition(struct decoder *decoder, const struct node *node)
{
	const char *method = value_text(value_get(node, "method"), NULL), *text;
	struct strbuf out;

	strbuf_init(&out, 0);
	if (method)
		strbuf_addf(&out, "method %s", method);
	add_conditions(&out, value_get(node, "headers"), "header");
	add_conditions(&out, value_get(node, "queryParams"), "query parameter");
	if (strbuf_failed(&out))
		decoder->out_of_memory = true;
	text = out.size ? build_copy(decoder, strbuf_text(&out)) : NULL;
	strbuf_done(&out);
	return text;
}

static void build_match(struct decoder *decoder, const struct node *node, struct http_match *to)
{
	const struct node *path = value_get(node, "path"), *value = value_get(path, "value");

	to->path_type = path_type_of(path);
	to->path = str_eq(value_text(value, "/"), "/") ? "/" : decode_build_text(decoder, value);
	to->method = build_intern(decoder, value_text(value_get(node, "method"), NULL));
	to->header_count = value_count(value_get(node, "headers"));
	to->query_count = value_count(value_get(node, "queryParams"));
	if (to->method || to->header_count > 0 || to->query_count > 0)
		to->condition = condition(decoder, node);
	to->span = build_span(decoder, node);
	to->path_span = build_span(decoder, value ? value : path ? path : node);
}

static void build_default_match(struct decoder *decoder, const struct node *rule, struct http_rule *to)
{
	to->matches = build_new(decoder, sizeof(*to->matches));
	if (!to->matches)
		return;
	to->match_count = 1;
	to->matches->path_type = PATH_PREFIX;
	to->matches->path = "/";
	to->matches->span = build_span(decoder, rule);
	to->matches->path_span = to->matches->span;
}

static enum filter_type filter_type_of(const char *text)
{
	for (size_t i = 0; i < ROUTE_FILTER_TYPES; i++)
		if (str_eq(route_filter_types[i].name, text))
			return (enum filter_type)i;
	return FILTER_EXTENSION;
}

static void build_filter(struct decoder *decoder, const struct node *node, struct http_filter *to)
{
	const struct node *value;

	to->type = filter_type_of(value_text(value_get(node, "type"), ""));
	to->type_text = route_filter_types[to->type].name;
	to->span = build_span(decoder, node);
	if (to->type != FILTER_REDIRECT && to->type != FILTER_REWRITE)
		return;
	value = value_get(node, route_filter_types[to->type].field);
	to->hostname = decode_build_text(decoder, value_get(value, "hostname"));
	to->has_path = value_get(value, "path") != NULL;
	if (to->type == FILTER_REWRITE)
		return;
	to->scheme = build_intern(decoder, value_text(value_get(value, "scheme"), NULL));
	to->port = (int32_t)value_int(value_get(value, "port"), 0);
	to->status = (int32_t)value_int(value_get(value, "statusCode"), 302);
}

static void build_backend(struct decoder *decoder, const struct node *node, const char *name_space,
			  struct backend_ref *to)
{
	to->group = build_name(decoder, value_get(node, "group"), "");
	to->kind = build_name(decoder, value_get(node, "kind"), "Service");
	to->name_space = build_name(decoder, value_get(node, "namespace"), name_space);
	to->has_namespace = value_get(node, "namespace") != NULL;
	to->name = decode_build_text(decoder, value_get(node, "name"));
	to->port = (int32_t)value_int(value_get(node, "port"), 0);
	to->weight = (int32_t)value_int(value_get(node, "weight"), 1);
	to->filter_count = value_count(value_get(node, "filters"));
	to->span = build_span(decoder, node);
}

static bool is_timeout(const struct node *timeouts, const char *key)
{
	const char *text = value_text(value_get(timeouts, key), NULL);

	return text && format_duration_ms(text) != 0;
}

static void build_rule(struct decoder *decoder, const struct node *node, const char *name_space,
		       struct http_rule *to)
{
	const struct node *matches = value_get(node, "matches"), *filters = value_get(node, "filters");
	const struct node *backends = value_get(node, "backendRefs"), *timeouts = value_get(node, "timeouts");

	to->name = build_intern(decoder, value_text(value_get(node, "name"), NULL));
	to->matches = build_items(decoder, matches, sizeof(*to->matches), &to->match_count);
	for (size_t i = 0; i < to->match_count; i++)
		build_match(decoder, value_item(matches, i), &to->matches[i]);
	if (to->match_count == 0)
		build_default_match(decoder, node, to);
	to->filters = build_items(decoder, filters, sizeof(*to->filters), &to->filter_count);
	for (size_t i = 0; i < to->filter_count; i++)
		build_filter(decoder, value_item(filters, i), &to->filters[i]);
	to->backends = build_items(decoder, backends, sizeof(*to->backends), &to->backend_count);
	for (size_t i = 0; i < to->backend_count; i++)
		build_backend(decoder, value_item(backends, i), name_space, &to->backends[i]);
	to->has_timeouts = is_timeout(timeouts, "request") || is_timeout(timeouts, "backendRequest");
	to->has_retry = value_get(node, "retry") != NULL;
	to->has_session_persistence = value_get(node, "sessionPersistence") != NULL;
	to->span = build_span(decoder, node);
}

static void build_default_rule(struct decoder *decoder, const struct node *root, struct http_route *route)
{
	route->rules = build_new(decoder, sizeof(*route->rules));
	if (!route->rules)
		return;
	route->rule_count = 1;
	route->rules->span = build_span(decoder, root);
	build_default_match(decoder, root, route->rules);
}

static void build_hostnames(struct decoder *decoder, const struct node *list, struct http_route *route)
{
	route->hostnames = build_items(decoder, list, sizeof(*route->hostnames), &route->hostname_count);
	if (route->hostname_count == 0)
		return;
	route->hostname_spans = build_items(decoder, list, sizeof(*route->hostname_spans),
					    &route->hostname_count);
	for (size_t i = 0; i < route->hostname_count; i++) {
		route->hostnames[i] = build_copy(decoder, value_text(value_item(list, i), ""));
		route->hostname_spans[i] = build_span(decoder, value_item(list, i));
	}
}

void build_http_route(struct decoder *decoder, const struct node *root, const struct meta *meta)
{
	const struct node *spec = value_get(root, "spec"), *rules = value_get(spec, "rules");
	struct http_route *route = build_new(decoder, sizeof(*route));

	if (!route)
		return;
	route->meta = *meta;
	route->parents = build_parents(decoder, value_get(spec, "parentRefs"), meta->name_space,
				       &route->parent_count);
	build_hostnames(decoder, value_get(spec, "hostnames"), route);
	route->rules = build_items(decoder, rules, sizeof(*route->rules), &route->rule_count);
	for (size_t i = 0; i < route->rule_count; i++)
		build_rule(decoder, value_item(rules, i), meta->name_space, &route->rules[i]);
	if (route->rule_count == 0)
		build_default_rule(decoder, spec ? spec : root, route);
	route->use_default_gateways = str_eq(value_text(value_get(spec, "useDefaultGateways"), ""), "All");
	BUILD_ADD(decoder, decoder->objects->routes, decoder->objects->route_count,
		  decoder->objects->route_capacity, route);
}

/* GRPCRoute, TLSRoute, TCPRoute, UDPRoute and the experimental kinds. */
static void add_other(struct decoder *decoder, struct other_route *route)
{
	BUILD_ADD(decoder, decoder->objects->others, decoder->objects->other_count,
		  decoder->objects->other_capacity, route);
}

void build_other_route(struct decoder *decoder, const struct node *root, const struct meta *meta)
{
	const struct node *spec = value_get(root, "spec"), *hostnames = value_get(spec, "hostnames");
	struct other_route *route = build_new(decoder, sizeof(*route));

	if (!route)
		return;
	route->meta = *meta;
	route->kind = build_name(decoder, value_get(root, "kind"), "");
	route->parents = build_parents(decoder, value_get(spec, "parentRefs"), meta->name_space,
				       &route->parent_count);
	route->hostnames = build_items(decoder, hostnames, sizeof(*route->hostnames), &route->hostname_count);
	for (size_t i = 0; i < route->hostname_count; i++)
		route->hostnames[i] = build_copy(decoder, value_text(value_item(hostnames, i), ""));
	route->use_default_gateways = str_eq(value_text(value_get(spec, "useDefaultGateways"), ""), "All");
	add_other(decoder, route);
}

void build_listener_set(struct decoder *decoder, const struct node *root, const struct meta *meta)
{
	struct other_route *set = build_new(decoder, sizeof(*set));

	if (!set)
		return;
	set->meta = *meta;
	set->kind = build_name(decoder, value_get(root, "kind"), "");
	set->parents = build_new(decoder, sizeof(*set->parents));
	set->parent_count = set->parents ? 1 : 0;
	if (set->parents)
		build_parent(decoder, value_get2(root, "spec", "parentRef"), meta->name_space, set->parents);
	add_other(decoder, set);
}
