/* An HTTPRoute in bytes: 'R', its flags and counts, its own texts one behind the other, then its parts in the order of
 * struct http_route. What has a default is a flag. Reading takes one piece of memory for the whole of it. */
#include <string.h>

#include "base/str.h"
#include "schema/decode_cache_internal.h"

#define ANNOTATION_PREFIX_OF_OURS ADIT_GROUP "/"

/* Of the route. */
#define HAS_NAMESPACE 1u
#define HAS_DEFAULT_GATEWAYS 2u
#define HAS_CREATED 4u
#define HAS_PAIRS 8u
/* Of a reference to a parent or a backend. */
#define HAS_GROUP 1u
#define HAS_KIND 2u
#define HAS_OTHER_NAMESPACE 4u
#define HAS_PORT 8u
#define HAS_SECTION 16u
#define HAS_WEIGHT 16u
#define NAMES_NAMESPACE 32u
/* Of a rule. */
#define HAS_NAME 1u
#define HAS_TIMEOUTS 2u
#define HAS_RETRY 4u
#define HAS_PERSISTENCE 8u
/* Of a match; its type stands above. */
#define HAS_PATH 1u

/** How much there is of what. */
struct sizes {
	size_t parents, hostnames, rules, matches, backends, labels, annotations;
	size_t text_bytes;
};

static bool has_plain_meta(const struct meta *meta)
{
	for (size_t i = 0; i < meta->annotation_count; i++)
		if (str_has_prefix(meta->annotations[i].key, ANNOTATION_PREFIX_OF_OURS))
			return false;
	return true;
}

static bool is_plain_rule(const struct http_rule *rule)
{
	for (size_t i = 0; i < rule->match_count; i++)
		if (rule->matches[i].condition || !rule->matches[i].path)
			return false;
	for (size_t i = 0; i < rule->backend_count; i++)
		if (rule->backends[i].filter_count || !rule->backends[i].name)
			return false;
	return !rule->filter_count;
}

static bool is_root_path(const char *path)
{
	return path[0] == '/' && !path[1];
}

static void measure_rule(const struct http_rule *rule, struct sizes *sizes)
{
	sizes->matches += rule->match_count;
	sizes->backends += rule->backend_count;
	for (size_t i = 0; i < rule->match_count; i++)
		if (!is_root_path(rule->matches[i].path))
			sizes->text_bytes += strlen(rule->matches[i].path) + 1;
	for (size_t i = 0; i < rule->backend_count; i++)
		sizes->text_bytes += strlen(rule->backends[i].name) + 1;
}

/* @return false: only its tree tells all of it */
static bool measure(const struct http_route *route, struct sizes *ret_sizes)
{
	struct sizes sizes = {.parents = route->parent_count, .hostnames = route->hostname_count, .rules = route->rule_count,
			      .labels = route->meta.label_count, .annotations = route->meta.annotation_count};

	if (!has_plain_meta(&route->meta))
		return false;
	sizes.text_bytes = strlen(route->meta.key) + 1;
	for (size_t i = 0; i < sizes.annotations; i++)
		sizes.text_bytes += strlen(route->meta.annotations[i].value) + 1;
	for (size_t i = 0; i < sizes.hostnames; i++)
		sizes.text_bytes += strlen(route->hostnames[i]) + 1;
	for (size_t i = 0; i < sizes.rules; i++) {
		if (!is_plain_rule(&route->rules[i]))
			return false;
		measure_rule(&route->rules[i], &sizes);
	}
	*ret_sizes = sizes;
	return true;
}

/* More than any item takes beside texts. */
#define ITEM_BYTES 128u

/** Small pieces on their way, so that not each is appended by itself. */
struct packing {
	struct decode_cache *cache;
	char *at;
	char bytes[4 * ITEM_BYTES];
};

static void flush(struct packing *p)
{
	strbuf_add(&p->cache->out, p->bytes, (size_t)(p->at - p->bytes));
	p->at = p->bytes;
}

/* Room for an item. */
static void begin_item(struct packing *p)
{
	if ((size_t)(p->at - p->bytes) > sizeof(p->bytes) - ITEM_BYTES)
		flush(p);
}

static void add_number(struct packing *p, uint64_t number)
{
	p->at = pack_number(p->at, number);
}

static void add_place(struct packing *p, const struct span *span)
{
	p->at = pack_place(p->at, &p->cache->line, span->line, span->column);
}

/* One that others have, too. */
static void add_interned(struct packing *p, const char *text)
{
	size_t number = packed_number(p->cache, text);

	if (number) {
		add_number(p, number);
		return;
	}
	flush(p);
	pack_interned(p->cache, text);
}

/* One of the route's own. */
static void add_own(struct packing *p, const char *text)
{
	size_t size = strlen(text) + 1;

	begin_item(p);
	if (size > ITEM_BYTES) {
		flush(p);
		strbuf_add(&p->cache->out, text, size);
		return;
	}
	memcpy(p->at, text, size);
	p->at += size;
}

static void add_own_texts(struct packing *p, const struct http_route *route)
{
	add_own(p, route->meta.key);
	for (size_t i = 0; i < route->meta.annotation_count; i++)
		add_own(p, route->meta.annotations[i].value);
	for (size_t i = 0; i < route->hostname_count; i++)
		add_own(p, route->hostnames[i]);
	for (size_t i = 0; i < route->rule_count; i++) {
		const struct http_rule *rule = &route->rules[i];

		for (size_t j = 0; j < rule->match_count; j++)
			if (!is_root_path(rule->matches[j].path))
				add_own(p, rule->matches[j].path);
		for (size_t j = 0; j < rule->backend_count; j++)
			add_own(p, rule->backends[j].name);
	}
}

static void add_head(struct packing *p, const struct http_route *route, const struct sizes *sizes, bool has_namespace)
{
	bool has_pairs = sizes->labels + sizes->annotations > 0, has_created = route->meta.created_s != NO_TIMESTAMP;

	*p->at++ = PACKED_ROUTE;
	add_number(p, (has_namespace ? HAS_NAMESPACE : 0) | (route->use_default_gateways ? HAS_DEFAULT_GATEWAYS : 0) |
		   (has_created ? HAS_CREATED : 0) | (has_pairs ? HAS_PAIRS : 0));
	add_number(p, sizes->parents);
	add_number(p, sizes->hostnames);
	add_number(p, sizes->rules);
	add_number(p, sizes->matches);
	add_number(p, sizes->backends);
	if (has_pairs) {
		add_number(p, sizes->labels);
		add_number(p, sizes->annotations);
	}
	add_number(p, sizes->text_bytes);
	begin_item(p);
	add_own_texts(p, route);
	begin_item(p);
	if (has_created)
		add_number(p, (uint64_t)route->meta.created_s);
	add_place(p, &route->meta.span);
	add_interned(p, route->meta.name_space);
}

static void add_pairs(struct packing *p, const struct meta *meta)
{
	for (size_t i = 0; i < meta->label_count; i++) {
		begin_item(p);
		add_interned(p, meta->labels[i].key);
		add_interned(p, meta->labels[i].value);
		add_place(p, &meta->labels[i].span);
	}
	for (size_t i = 0; i < meta->annotation_count; i++) {
		begin_item(p);
		add_interned(p, meta->annotations[i].key);
		add_place(p, &meta->annotations[i].span);
	}
}

static void add_parent(struct packing *p, const struct parent_ref *parent, const char *name_space)
{
	bool has_group = !str_eq(parent->group, GATEWAY_GROUP), has_kind = !str_eq(parent->kind, "Gateway");
	bool has_namespace = !str_eq(parent->name_space, name_space);

	begin_item(p);
	add_number(p, (has_group ? HAS_GROUP : 0) | (has_kind ? HAS_KIND : 0) | (has_namespace ? HAS_OTHER_NAMESPACE : 0) |
		   (parent->port ? HAS_PORT : 0) | (parent->section_name ? HAS_SECTION : 0));
	if (has_group)
		add_interned(p, parent->group);
	if (has_kind)
		add_interned(p, parent->kind);
	if (has_namespace)
		add_interned(p, parent->name_space);
	add_interned(p, parent->name);
	if (parent->section_name)
		add_interned(p, parent->section_name);
	if (parent->port)
		add_number(p, (uint32_t)parent->port);
	add_place(p, &parent->span);
}

static void add_backend(struct packing *p, const struct backend_ref *backend, const char *name_space)
{
	bool has_group = !str_is_empty(backend->group), has_kind = !str_eq(backend->kind, "Service");
	bool has_namespace = !str_eq(backend->name_space, name_space);

	begin_item(p);
	add_number(p, (has_group ? HAS_GROUP : 0) | (has_kind ? HAS_KIND : 0) | (has_namespace ? HAS_OTHER_NAMESPACE : 0) |
		   (backend->port ? HAS_PORT : 0) | (backend->weight != 1 ? HAS_WEIGHT : 0) |
		   (backend->has_namespace ? NAMES_NAMESPACE : 0));
	if (has_group)
		add_interned(p, backend->group);
	if (has_kind)
		add_interned(p, backend->kind);
	if (has_namespace)
		add_interned(p, backend->name_space);
	if (backend->port)
		add_number(p, (uint32_t)backend->port);
	if (backend->weight != 1)
		add_number(p, (uint32_t)backend->weight);
	add_place(p, &backend->span);
}

static void add_rule(struct packing *p, const struct http_rule *rule, const char *name_space)
{
	begin_item(p);
	add_number(p, (rule->name ? HAS_NAME : 0) | (rule->has_timeouts ? HAS_TIMEOUTS : 0) |
		   (rule->has_retry ? HAS_RETRY : 0) | (rule->has_session_persistence ? HAS_PERSISTENCE : 0));
	if (rule->name)
		add_interned(p, rule->name);
	add_number(p, rule->match_count);
	add_number(p, rule->backend_count);
	add_place(p, &rule->span);
	for (size_t i = 0; i < rule->match_count; i++) {
		const struct http_match *match = &rule->matches[i];

		begin_item(p);
		add_number(p, (unsigned)match->path_type << 1 | (is_root_path(match->path) ? 0 : HAS_PATH));
		add_place(p, &match->span);
		add_place(p, &match->path_span);
	}
	for (size_t i = 0; i < rule->backend_count; i++)
		add_backend(p, &rule->backends[i], name_space);
}

bool decode_cache_add_route(struct decode_cache *cache, const struct http_route *route, bool has_namespace)
{
	struct packing p;
	struct sizes sizes;

	/* Nor would its tree be added. */
	if (cache->is_unfit || !measure(route, &sizes))
		return cache->is_unfit;
	p.cache = cache;
	p.at = p.bytes;
	add_head(&p, route, &sizes, has_namespace);
	add_pairs(&p, &route->meta);
	for (size_t i = 0; i < sizes.parents; i++)
		add_parent(&p, &route->parents[i], route->meta.name_space);
	for (size_t i = 0; i < sizes.hostnames; i++) {
		begin_item(&p);
		add_place(&p, &route->hostname_spans[i]);
	}
	for (size_t i = 0; i < sizes.rules; i++)
		add_rule(&p, &route->rules[i], route->meta.name_space);
	flush(&p);
	return true;
}

/** The memory of one route: what is left of each sort. */
struct pool {
	struct http_match *matches;
	struct backend_ref *backends;
	size_t match_count, backend_count;
	const char *text, *text_end;   /* the last of them is a NUL */
};

static const char *take_text(struct unpacking *u, struct pool *pool)
{
	const char *text = pool->text;

	if (text == pool->text_end) {
		u->is_wrong = true;
		return "";
	}
	pool->text += strlen(text) + 1;
	return text;
}

static const char *get_interned(struct unpacking *u)
{
	struct unpacked_text *text = unpack_text(u);

	if (!text)
		return "";
	if (!text->interned)
		text->interned = build_intern(u->decoder, text->bytes);
	return text->interned;
}

static struct span get_span(struct unpacking *u)
{
	struct span span = {.text = u->decoder->text};

	unpack_place(u, &span.line, &span.column);
	return span;
}

/* @param prefix  bytes of the key before the name */
static void get_meta(struct unpacking *u, struct pool *pool, unsigned flags, struct meta *meta)
{
	struct unpacked_text *name_space;
	size_t prefix = 0;

	meta->key = take_text(u, pool);
	meta->created_s = flags & HAS_CREATED ? (int64_t)unpack_number(u) : NO_TIMESTAMP;
	meta->span = get_span(u);
	name_space = unpack_text(u);
	if (!name_space)
		return;
	if (name_space->size)
		prefix = name_space->size + 1;
	/* What was packed is what was given, or the default for this key. */
	if (flags & HAS_NAMESPACE)
		meta->name_space = name_space->interned ? name_space->interned : build_intern(u->decoder, name_space->bytes);
	else
		meta->name_space = meta_default_namespace(u->decoder, meta->span);
	if (!name_space->interned)
		name_space->interned = meta->name_space;
	if ((size_t)(pool->text - meta->key) <= prefix)
		u->is_wrong = true;
	else
		meta->name = meta->key + prefix;
}

static void get_pairs(struct unpacking *u, struct pool *pool, struct meta *meta)
{
	for (size_t i = 0; i < meta->label_count; i++) {
		meta->labels[i].key = get_interned(u);
		meta->labels[i].value = get_interned(u);
		meta->labels[i].span = get_span(u);
	}
	for (size_t i = 0; i < meta->annotation_count; i++) {
		meta->annotations[i].key = get_interned(u);
		meta->annotations[i].value = take_text(u, pool);
		meta->annotations[i].span = get_span(u);
	}
}

static void get_parent(struct unpacking *u, const char *name_space, struct parent_ref *parent)
{
	uint64_t flags = unpack_number(u);

	parent->group = flags & HAS_GROUP ? get_interned(u) : GATEWAY_GROUP;
	parent->kind = flags & HAS_KIND ? get_interned(u) : "Gateway";
	parent->name_space = flags & HAS_OTHER_NAMESPACE ? get_interned(u) : name_space;
	parent->name = get_interned(u);
	if (flags & HAS_SECTION)
		parent->section_name = get_interned(u);
	if (flags & HAS_PORT)
		parent->port = (int32_t)unpack_number(u);
	parent->span = get_span(u);
}

static void get_match(struct unpacking *u, struct pool *pool, struct http_match *match)
{
	uint64_t flags = unpack_number(u);

	u->is_wrong |= flags >> 1 > PATH_REGEX;
	match->path_type = (enum path_type)(flags >> 1 & 3);
	match->path = flags & HAS_PATH ? take_text(u, pool) : "/";
	match->span = get_span(u);
	match->path_span = get_span(u);
}

static void get_backend(struct unpacking *u, struct pool *pool, const char *name_space, struct backend_ref *backend)
{
	uint64_t flags = unpack_number(u);

	backend->group = flags & HAS_GROUP ? get_interned(u) : "";
	backend->kind = flags & HAS_KIND ? get_interned(u) : "Service";
	backend->name_space = flags & HAS_OTHER_NAMESPACE ? get_interned(u) : name_space;
	backend->has_namespace = flags & NAMES_NAMESPACE;
	backend->name = take_text(u, pool);
	if (flags & HAS_PORT)
		backend->port = (int32_t)unpack_number(u);
	backend->weight = flags & HAS_WEIGHT ? (int32_t)unpack_number(u) : 1;
	backend->span = get_span(u);
}

static void get_rule(struct unpacking *u, struct pool *pool, const char *name_space, struct http_rule *rule)
{
	uint64_t flags = unpack_number(u), matches, backends;

	if (flags & HAS_NAME)
		rule->name = get_interned(u);
	rule->has_timeouts = flags & HAS_TIMEOUTS;
	rule->has_retry = flags & HAS_RETRY;
	rule->has_session_persistence = flags & HAS_PERSISTENCE;
	matches = unpack_number(u);
	backends = unpack_number(u);
	rule->span = get_span(u);
	if (matches > pool->match_count || backends > pool->backend_count) {
		u->is_wrong = true;
		return;
	}
	rule->matches = matches ? pool->matches : NULL;
	rule->match_count = (size_t)matches;
	rule->backends = backends ? pool->backends : NULL;
	rule->backend_count = (size_t)backends;
	pool->matches += matches;
	pool->match_count -= (size_t)matches;
	pool->backends += backends;
	pool->backend_count -= (size_t)backends;
	for (size_t i = 0; i < rule->match_count; i++)
		get_match(u, pool, &rule->matches[i]);
	for (size_t i = 0; i < rule->backend_count; i++)
		get_backend(u, pool, name_space, &rule->backends[i]);
}

/* A part of the route's memory; NULL when it needs none. */
static void *carve(char **at, size_t count, size_t item_size)
{
	void *part = count ? *at : NULL;

	*at += count * item_size;
	return part;
}

/* The route and room for all of its parts. Each counts a byte or more that is there, so the sum is no more than a few hundred
 * times the bytes. */
static struct http_route *new_route(struct unpacking *u, const struct sizes *sizes, struct pool *pool)
{
	size_t pairs = sizes->labels + sizes->annotations;
	size_t size = sizeof(struct http_route) + sizes->parents * sizeof(struct parent_ref) +
		      sizes->hostnames * (sizeof(const char *) + sizeof(struct span)) + sizes->rules * sizeof(struct http_rule) +
		      sizes->matches * sizeof(struct http_match) + sizes->backends * sizeof(struct backend_ref) +
		      pairs * sizeof(struct pair) + sizes->text_bytes;
	struct http_route *route = build_new(u->decoder, size);
	char *at = (char *)(route + 1);

	if (!route)
		return NULL;
	route->parents = carve(&at, sizes->parents, sizeof(struct parent_ref));
	route->hostnames = carve(&at, sizes->hostnames, sizeof(const char *));
	route->hostname_spans = carve(&at, sizes->hostnames, sizeof(struct span));
	route->rules = carve(&at, sizes->rules, sizeof(struct http_rule));
	pool->matches = carve(&at, sizes->matches, sizeof(struct http_match));
	pool->backends = carve(&at, sizes->backends, sizeof(struct backend_ref));
	route->meta.labels = carve(&at, sizes->labels, sizeof(struct pair));
	route->meta.annotations = carve(&at, sizes->annotations, sizeof(struct pair));
	route->parent_count = sizes->parents;
	route->hostname_count = sizes->hostnames;
	route->rule_count = sizes->rules;
	route->meta.label_count = sizes->labels;
	route->meta.annotation_count = sizes->annotations;
	pool->match_count = sizes->matches;
	pool->backend_count = sizes->backends;
	memcpy(at, u->at, sizes->text_bytes);
	u->at += sizes->text_bytes;
	pool->text = at;
	pool->text_end = at + sizes->text_bytes;
	return route;
}

static void get_sizes(struct unpacking *u, uint64_t flags, struct sizes *ret_sizes)
{
	struct sizes sizes = {0};

	sizes.parents = unpack_count(u);
	sizes.hostnames = unpack_count(u);
	sizes.rules = unpack_count(u);
	sizes.matches = unpack_count(u);
	sizes.backends = unpack_count(u);
	if (flags & HAS_PAIRS) {
		sizes.labels = unpack_count(u);
		sizes.annotations = unpack_count(u);
	}
	sizes.text_bytes = unpack_count(u);
	u->is_wrong |= !sizes.text_bytes || u->is_wrong || u->at[sizes.text_bytes - 1];
	*ret_sizes = sizes;
}

void unpack_route(struct unpacking *u)
{
	struct objects *objects = u->decoder->objects;
	uint64_t flags = unpack_number(u);
	struct http_route *route;
	struct pool pool;
	struct sizes sizes;

	get_sizes(u, flags, &sizes);
	route = u->is_wrong ? NULL : new_route(u, &sizes, &pool);
	if (!route)
		return;
	route->use_default_gateways = flags & HAS_DEFAULT_GATEWAYS;
	get_meta(u, &pool, (unsigned)flags, &route->meta);
	get_pairs(u, &pool, &route->meta);
	for (size_t i = 0; i < sizes.parents; i++)
		get_parent(u, route->meta.name_space, &route->parents[i]);
	for (size_t i = 0; i < sizes.hostnames; i++) {
		route->hostnames[i] = take_text(u, &pool);
		route->hostname_spans[i] = get_span(u);
	}
	for (size_t i = 0; i < sizes.rules; i++)
		get_rule(u, &pool, route->meta.name_space, &route->rules[i]);
	BUILD_ADD(u->decoder, objects->routes, objects->route_count, objects->route_capacity, route);
}
