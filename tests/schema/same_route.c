/* Routes compared in every field. */
#include "tests/schema/same_route.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool same_span(const struct span *a, const struct span *b)
{
	return a->text == b->text && a->line == b->line && a->column == b->column;
}

static bool same_pairs(const struct pair *a, const struct pair *b, size_t count)
{
	bool is_same = true;

	for (size_t i = 0; i < count; i++)
		is_same &= same_text(a[i].key, b[i].key) && same_text(a[i].value, b[i].value) && same_span(&a[i].span, &b[i].span);
	return is_same;
}

static bool same_meta(const struct meta *a, const struct meta *b)
{
	return same_text(a->name_space, b->name_space) && same_text(a->name, b->name) && same_text(a->key, b->key) &&
	       a->label_count == b->label_count && a->annotation_count == b->annotation_count &&
	       same_pairs(a->labels, b->labels, a->label_count) &&
	       same_pairs(a->annotations, b->annotations, a->annotation_count) && a->created_s == b->created_s &&
	       same_span(&a->span, &b->span) && !a->origin_request == !b->origin_request && a->dns_off == b->dns_off &&
	       a->protect == b->protect && a->ignore == b->ignore;
}

static bool same_parents(const struct http_route *a, const struct http_route *b)
{
	bool is_same = a->parent_count == b->parent_count;

	for (size_t i = 0; is_same && i < a->parent_count; i++) {
		const struct parent_ref *x = &a->parents[i], *y = &b->parents[i];

		is_same = same_text(x->group, y->group) && same_text(x->kind, y->kind) && same_text(x->name_space, y->name_space) &&
			  same_text(x->name, y->name) && same_text(x->section_name, y->section_name) && x->port == y->port &&
			  same_span(&x->span, &y->span);
	}
	return is_same;
}

static bool same_matches(const struct http_rule *a, const struct http_rule *b)
{
	bool is_same = a->match_count == b->match_count;

	for (size_t i = 0; is_same && i < a->match_count; i++) {
		const struct http_match *x = &a->matches[i], *y = &b->matches[i];

		is_same = x->path_type == y->path_type && same_text(x->path, y->path) && same_text(x->method, y->method) &&
			  x->header_count == y->header_count && x->query_count == y->query_count &&
			  same_text(x->condition, y->condition) && same_span(&x->span, &y->span) &&
			  same_span(&x->path_span, &y->path_span);
	}
	return is_same;
}

static bool same_filters(const struct http_rule *a, const struct http_rule *b)
{
	bool is_same = a->filter_count == b->filter_count;

	for (size_t i = 0; is_same && i < a->filter_count; i++) {
		const struct http_filter *x = &a->filters[i], *y = &b->filters[i];

		is_same = x->type == y->type && same_text(x->type_text, y->type_text) && same_text(x->hostname, y->hostname) &&
			  same_text(x->scheme, y->scheme) && x->port == y->port && x->status == y->status &&
			  x->has_path == y->has_path && same_span(&x->span, &y->span);
	}
	return is_same;
}

static bool same_backends(const struct http_rule *a, const struct http_rule *b)
{
	bool is_same = a->backend_count == b->backend_count;

	for (size_t i = 0; is_same && i < a->backend_count; i++) {
		const struct backend_ref *x = &a->backends[i], *y = &b->backends[i];

		is_same = same_text(x->group, y->group) && same_text(x->kind, y->kind) && same_text(x->name_space, y->name_space) &&
			  x->has_namespace == y->has_namespace && same_text(x->name, y->name) && x->port == y->port &&
			  x->weight == y->weight && x->filter_count == y->filter_count && same_span(&x->span, &y->span);
	}
	return is_same;
}

static bool same_rules(const struct http_route *a, const struct http_route *b)
{
	bool is_same = a->rule_count == b->rule_count;

	for (size_t i = 0; is_same && i < a->rule_count; i++) {
		const struct http_rule *x = &a->rules[i], *y = &b->rules[i];

		is_same = same_text(x->name, y->name) && same_matches(x, y) && same_filters(x, y) && same_backends(x, y) &&
			  x->has_timeouts == y->has_timeouts && x->has_retry == y->has_retry &&
			  x->has_session_persistence == y->has_session_persistence && same_span(&x->span, &y->span);
	}
	return is_same;
}

bool same_route(const struct http_route *a, const struct http_route *b)
{
	bool is_same = same_meta(&a->meta, &b->meta) && same_parents(a, b) && a->hostname_count == b->hostname_count &&
		       same_rules(a, b) && a->use_default_gateways == b->use_default_gateways;

	for (size_t i = 0; is_same && i < a->hostname_count; i++)
		is_same = same_text(a->hostnames[i], b->hostnames[i]) && same_span(&a->hostname_spans[i], &b->hostname_spans[i]);
	return is_same;
}
