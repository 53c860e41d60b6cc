/* The decoder: texts into documents, Lists into items, each object to its kind. */
#include "schema/decode.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/sort.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "schema/decode_internal.h"

#define LIST_SUFFIX "List"

enum rc decode_open(struct arena *arena, struct diags *diags, struct objects *objects,
		    struct decoder **ret_decoder)
{
	struct decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return RC_NOMEM;
	decoder->arena = arena;
	decoder->diags = diags;
	decoder->objects = objects;
	decoder->check.diags = diags;
	decoder->nodes = arena_new(LIMIT_ARENA_BYTES);
	decoder->own = arena_new(LIMIT_ARENA_BYTES);
	if (!decoder->nodes || !decoder->own) {
		decode_close(decoder);
		return RC_NOMEM;
	}
	decoder->scratch = decoder->own;
	map_init(&decoder->own_interned, decoder->own);
	decoder->interned = &decoder->own_interned;
	map_init(&decoder->skipped, decoder->own);
	*ret_decoder = decoder;
	return RC_OK;
}

void decode_close(struct decoder *decoder)
{
	if (!decoder)
		return;
	check_done(&decoder->check);
	arena_free(decoder->nodes);
	arena_free(decoder->own);
	free(decoder);
}

/* What a Route, a Gateway or a Tunnel says concerns what itself makes. Policies, Services, Namespaces and the like decide how
 * others serve, and whom. */
void decode_refuse(struct decoder *decoder, const char *kind)
{
	static const char *const alone[] = {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute", "Gateway", "Tunnel"};
	bool is_alone = false;

	for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++)
		is_alone |= str_eq(kind, alone[i]);
	decoder->objects->invalid_count++;
	decoder->objects->hidden_count += !is_alone;
}

/* Foreign kinds are counted, so that the report can say what was not looked at. */
void decode_skip(struct decoder *decoder, const char *group, const char *kind, size_t count)
{
	const char *key = arena_printf(decoder->nodes, "%s\n%s", group, kind);
	struct skipped *skipped = key ? map_get(&decoder->skipped, key) : NULL, **list;

	if (skipped) {
		skipped->count += count;
		return;
	}
	key = key ? arena_strdup(decoder->own, key) : NULL;
	skipped = arena_alloc(decoder->own, sizeof(*skipped));
	list = arena_grow(decoder->own, decoder->skipped_list, decoder->skipped_count,
			  &decoder->skipped_capacity, sizeof(*list));
	if (!key || !skipped || !list || map_put(&decoder->skipped, key, skipped, NULL)) {
		decoder->out_of_memory = true;
		return;
	}
	skipped->group = build_intern(decoder, group);
	skipped->kind = build_intern(decoder, kind);
	skipped->count = count;
	list[decoder->skipped_count++] = skipped;
	decoder->skipped_list = list;
}

static bool is_being_deleted(struct decoder *decoder, const struct node *root)
{
	const struct node *when = value_get2(root, "metadata", "deletionTimestamp");
	struct diag *diag;
	char object[400];

	if (!when)
		return false;
	diag = diag_add(decoder->diags, SEVERITY_NOTE, "A0150", node_span(decoder->text, when),
			"the object is being deleted, so it counts as absent");
	check_object_name(&decoder->check, object, sizeof(object));
	diag_address(decoder->diags, diag, object);
	return true;
}

/* A document of which something was said has to be read again, so that it is said again. What building says, it says
 * each time. @param is_built  it was built meanwhile */
static void note_said(struct decoder *decoder, bool is_built)
{
	const struct diags *diags = decoder->diags;
	size_t said = diags->error_count + diags->warning_count + diags->note_count;

	if (decoder->cache && !is_built && said != decoder->said)
		decoder->cache->is_unfit = true;
	decoder->said = said;
}

static void build_known(struct decoder *decoder, const struct kind *kind, const struct node *root)
{
	struct meta meta;

	meta_build(decoder, kind, root, &meta);
	if (decoder->check.error_count == 0)
		kind->build(decoder, root, &meta);
}

/* What was built without fault; a text with one is not kept. */
static void keep_known(struct decoder *decoder, const struct kind *kind, const struct node *root)
{
	const struct objects *objects = decoder->objects;
	size_t count;

	if (!decoder->cache || decoder->check.error_count || decoder->out_of_memory)
		return;
	if (kind->build == build_http_route &&
	    decode_cache_add_route(decoder->cache, objects->routes[objects->route_count - 1],
				   value_get2(root, "metadata", "namespace")))
		return;
	decode_cache_add(decoder->cache, (size_t)(kind - kind_table(&count)), root);
}

static void decode_known(struct decoder *decoder, const struct kind *kind, const struct node *root)
{
	struct check *check = &decoder->check;

	if (kind->is_namespaced)
		check->name_space = value_text(value_get2(root, "metadata", "namespace"),
					       decoder->default_namespace ?
					       decoder->default_namespace : "default");
	kind_check(check, kind, root);
	if (check->error_count > 0 || is_being_deleted(decoder, root))
		return;
	note_said(decoder, false);
	/* What is said from here on is said each time. */
	build_known(decoder, kind, root);
	note_said(decoder, true);
	keep_known(decoder, kind, root);
}

void decode_checked(struct decoder *decoder, size_t number, const struct node *root)
{
	size_t count;
	const struct kind *kinds = kind_table(&count);

	if (number >= count)
		return;
	check_begin(&decoder->check, decoder->text, kinds[number].name, NULL, value_text(value_get2(root, "metadata", "name"), NULL));
	if (kinds[number].is_namespaced)
		decoder->check.name_space = value_text(value_get2(root, "metadata", "namespace"),
						       decoder->default_namespace ? decoder->default_namespace : "default");
	build_known(decoder, &kinds[number], root);
	if (decoder->check.error_count > 0)
		decode_refuse(decoder, kinds[number].name);
}

static void decode_foreign(struct decoder *decoder, const struct node *root, const char *group, const char *kind)
{
	if (is_being_deleted(decoder, root))
		return;
	if (build_policy(decoder, root, group, kind)) {
		if (decoder->cache)
			decoder->cache->is_unfit = true; /* it has members of any name, secret ones perhaps */
		return;
	}
	if (decoder->cache)
		decode_cache_add_skipped(decoder->cache, group, kind);
	decode_skip(decoder, group, kind, 1);
}

/* "group/version" apart; the group of "v1" is "". */
static const char *split_version(struct decoder *decoder, const char *api_version, const char **ret_version)
{
	const char *slash = strchr(api_version, '/');
	char *group = arena_memdup(decoder->nodes, api_version, slash ? (size_t)(slash - api_version) : 0);

	*ret_version = slash ? slash + 1 : api_version;
	if (!group)
		decoder->out_of_memory = true;
	return group ? group : "";
}

static void no_object(struct decoder *decoder, const struct node *root, const char *what)
{
	check_fail(&decoder->check, "A0130", root,
		   "Every Kubernetes object has apiVersion and kind. Name other YAML files in .aditignore.", "%s", what);
}

/* One object; @p api_version and @p kind hold for items of a typed list, which may lack their own. */
static void decode_one(struct decoder *decoder, const struct node *root, const char *api_version,
		       const char *kind)
{
	const struct node *version_node = value_get(root, "apiVersion"), *kind_node = value_get(root, "kind");
	const struct kind *known = NULL;
	const char *group, *version;

	api_version = value_text(version_node, version_node ? NULL : api_version);
	kind = value_text(kind_node, kind_node ? NULL : kind);
	check_begin(&decoder->check, decoder->text, kind, NULL,
		    value_text(value_get2(root, "metadata", "name"), NULL));
	if (root->kind != NODE_MAPPING) {
		no_object(decoder, root, "the document is no mapping, so it is no Kubernetes object");
		return;
	}
	if (str_is_empty(api_version) || str_is_empty(kind)) {
		no_object(decoder, root, str_is_empty(kind) ?
			  "the document has no kind" : "the document has no apiVersion");
		return;
	}
	group = split_version(decoder, api_version, &version);
	switch (kind_find(&decoder->check, version_node ? version_node : root, kind_node ? kind_node : root,
			  group, version, kind, &known)) {
	case KIND_READ:
		decode_known(decoder, known, root);
		break;
	case KIND_FOREIGN:
		decode_foreign(decoder, root, group, kind);
		break;
	case KIND_SILENT:
		if (decoder->cache)
			decode_cache_add_silent(decoder->cache);
		break;
	case KIND_REFUSED:
		break;
	}
}

static bool is_list(const struct node *root)
{
	const struct node *items = value_get(root, "items");
	const char *kind = value_text(value_get(root, "kind"), "");

	if (!str_has_suffix(kind, LIST_SUFFIX))
		return false;
	return items ? items->kind == NODE_SEQUENCE : str_eq(kind, LIST_SUFFIX);
}

static void decode_root(struct decoder *decoder, const struct node *root, const char *api_version,
			const char *kind);

static void decode_list(struct decoder *decoder, const struct node *list)
{
	const char *kind = value_text(value_get(list, "kind"), ""), *item_kind = NULL;
	const char *api_version = value_text(value_get(list, "apiVersion"), NULL);
	const struct node *items = value_get(list, "items");

	if (!str_eq(kind, LIST_SUFFIX)) {
		item_kind = arena_memdup(decoder->nodes, kind, strlen(kind) - strlen(LIST_SUFFIX));
		decoder->out_of_memory |= !item_kind;
	}
	for (size_t i = 0; i < value_count(items) && !decoder->out_of_memory; i++)
		decode_root(decoder, value_item(items, i), item_kind ? api_version : NULL, item_kind);
}

/* Lists may stand in lists; the reader's limit on nesting bounds the recursion. */
static void decode_root(struct decoder *decoder, const struct node *root, const char *api_version,
			const char *kind)
{
	if (is_list(root)) {
		decode_list(decoder, root);
		return;
	}
	decoder->objects->document_count++;
	decode_one(decoder, root, api_version, kind);
	note_said(decoder, false);
	if (decoder->check.error_count > 0)
		decode_refuse(decoder, value_text(value_get(root, "kind"), kind));
}

enum rc decode_judge_limits(struct decoder *decoder)
{
	struct diag *diag;

	if (decoder->out_of_memory || decoder->check.out_of_memory)
		return RC_NOMEM;
	if (decoder->check.visited <= LIMIT_INPUT_NODES)
		return RC_OK;
	diag = diag_add(decoder->diags, SEVERITY_ERROR, "A0152", (struct span){ .text = decoder->text },
			"the input has more than %u nodes", LIMIT_INPUT_NODES);
	diag_help(decoder->diags, diag, "Split it into several projects.");
	return RC_LIMIT;
}

/* What both have, one behind the other. */
#define APPEND(to, from, array, count, capacity) \
	for (size_t i = 0; i < (from)->objects->count; i++) \
		BUILD_ADD(to, (to)->objects->array, (to)->objects->count, (to)->objects->capacity, (from)->objects->array[i])

/* The default namespace was chosen once; that it was is noted once. */
static void drop_namespace_note(struct diags *diags)
{
	size_t kept = 0;

	for (size_t i = 0; i < diags->count; i++)
		if (!str_eq(diags->items[i].code, "A0151"))
			diags->items[kept++] = diags->items[i];
	diags->note_count -= diags->count - kept;
	diags->count = kept;
}

enum rc decode_absorb(struct decoder *decoder, struct decoder *from)
{
	struct objects *objects = decoder->objects;

	APPEND(decoder, from, classes, class_count, class_capacity);
	APPEND(decoder, from, gateways, gateway_count, gateway_capacity);
	APPEND(decoder, from, routes, route_count, route_capacity);
	APPEND(decoder, from, others, other_count, other_capacity);
	APPEND(decoder, from, grants, grant_count, grant_capacity);
	APPEND(decoder, from, tls_policies, tls_policy_count, tls_policy_capacity);
	APPEND(decoder, from, policies, policy_count, policy_capacity);
	APPEND(decoder, from, namespaces, namespace_count, namespace_capacity);
	APPEND(decoder, from, services, service_count, service_capacity);
	APPEND(decoder, from, tunnels, tunnel_count, tunnel_capacity);
	for (size_t i = 0; i < from->skipped_count; i++)
		decode_skip(decoder, from->skipped_list[i]->group, from->skipped_list[i]->kind, from->skipped_list[i]->count);
	objects->document_count += from->objects->document_count;
	objects->invalid_count += from->objects->invalid_count;
	objects->hidden_count += from->objects->hidden_count;
	decoder->check.visited += from->check.visited;
	if (decoder->has_noted_namespace)
		drop_namespace_note(from->diags);
	decoder->has_noted_namespace |= from->has_noted_namespace;
	diags_append(decoder->diags, from->diags);
	decoder->text = from->text;
	return decode_judge_limits(decoder);
}

static enum rc decode_documents(struct decoder *decoder, struct yaml_reader *reader)
{
	for (;;) {
		struct node *root = NULL;
		bool is_end = false;
		enum rc rc;

		arena_reset(decoder->nodes);
		rc = yaml_next(reader, decoder->nodes, &root, &is_end);
		if (rc == RC_INVALID || rc == RC_LIMIT) {
			/* The reader has said why, and cannot go on within this text. */
			decoder->objects->document_count++;
			decode_refuse(decoder, NULL);
			decoder->is_cut_short = true;
			return RC_OK;
		}
		if (rc || is_end)
			return rc;
		if (root)
			decode_root(decoder, root, NULL, NULL);
		rc = decode_judge_limits(decoder);
		if (rc)
			return rc;
	}
}

enum rc decode_text(struct decoder *decoder, const struct text *text, const char *default_namespace)
{
	struct yaml_reader *reader;
	enum rc rc;

	decoder->text = text;
	decoder->default_namespace = default_namespace;
	rc = yaml_open(decoder->diags, text, &reader);
	if (rc == RC_INVALID || rc == RC_LIMIT) {
		decoder->objects->document_count++;
		decode_refuse(decoder, NULL);
		return RC_OK;
	}
	if (rc)
		return rc;
	yaml_share_keys(reader, decoder->scratch);
	rc = decode_documents(decoder, reader);
	yaml_close(reader);
	return rc;
}

enum rc decode_part(struct decoder *decoder, const struct text *text, const char *default_namespace,
		    const struct text *part, uint32_t lines_before)
{
	struct yaml_reader *reader;
	enum rc rc;

	decoder->text = text;
	decoder->default_namespace = default_namespace;
	rc = yaml_open_part(decoder->diags, text, part, lines_before, &reader);
	if (rc)
		return rc;
	yaml_share_keys(reader, decoder->scratch);
	rc = decode_documents(decoder, reader);
	yaml_close(reader);
	return !rc && decoder->is_cut_short ? RC_INVALID : rc;
}

static int compare_skipped(const void *a, const void *b)
{
	const struct skipped_kind *sa = a, *sb = b;
	int order = strcmp(sa->group, sb->group);

	return order ? order : strcmp(sa->kind, sb->kind);
}

static enum rc finish_skipped(struct decoder *decoder)
{
	struct objects *objects = decoder->objects;
	size_t count = decoder->skipped_count;

	objects->skipped = arena_array(decoder->arena, count, sizeof(*objects->skipped));
	if (!objects->skipped)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct skipped *skipped = decoder->skipped_list[i];

		objects->skipped[i] = (struct skipped_kind){ skipped->group, skipped->kind, skipped->count };
	}
	objects->skipped_count = objects->skipped_capacity = count;
	sort_items(objects->skipped, count, sizeof(*objects->skipped), compare_skipped);
	return RC_OK;
}

enum rc decode_finish(struct decoder *decoder)
{
	enum rc rc = finish_skipped(decoder);

	return rc ? rc : decode_drop_duplicates(decoder);
}
