/* The YAML reader: libyaml's events into trees of nodes. An explicit stack of frames, no recursion. */
#include "schema/yaml.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "schema/yaml_internal.h"

static struct span span_at(const struct yaml_reader *reader, uint32_t line, uint32_t column)
{
	return (struct span){.text = reader->text, .line = line, .column = column};
}

/* libyaml counts from 0 */
static struct span mark_span(const struct yaml_reader *reader, const yaml_mark_t *mark)
{
	return span_at(reader, (uint32_t)mark->line + 1, (uint32_t)mark->column + 1);
}

static struct frame *top(struct yaml_reader *reader)
{
	return reader->depth ? &reader->frames[reader->depth - 1] : NULL;
}

static bool expects_key(const struct frame *frame)
{
	return frame && frame->node->kind == NODE_MAPPING && !frame->has_key;
}

enum rc yaml_push(struct yaml_reader *reader, const struct node_member *member)
{
	if (reader->pending_count == reader->pending_capacity) {
		size_t capacity = reader->pending_capacity ? reader->pending_capacity * 2 : 256;
		struct node_member *grown = reallocarray(reader->pending, capacity, sizeof(*grown));

		if (!grown)
			return RC_NOMEM;
		reader->pending = grown;
		reader->pending_capacity = capacity;
	}
	reader->pending[reader->pending_count++] = *member;
	return RC_OK;
}

static enum rc count_nodes(struct yaml_reader *reader, size_t count, const yaml_mark_t *mark)
{
	struct diag *diag;

	if (count <= LIMIT_NODES - reader->nodes) {
		reader->nodes += count;
		return RC_OK;
	}
	diag = diag_add(reader->diags, SEVERITY_ERROR, "A0107", mark_span(reader, mark),
			"the document has over %u nodes, aliases expanded", LIMIT_NODES);
	diag_help(reader->diags, diag, "Split it into several documents, or write out what the aliases repeat.");
	return RC_LIMIT;
}

static enum rc refuse_key(struct yaml_reader *reader, const yaml_mark_t *mark, const char *what)
{
	struct diag *diag = diag_add(reader->diags, SEVERITY_ERROR, "A0109", mark_span(reader, mark),
				     "%s cannot be a key", what);

	diag_help(reader->diags, diag, "Keys are text; put the key in quotes.");
	yaml_help_template(reader->diags, diag);
	return RC_INVALID;
}

static void place_interned(struct yaml_reader *reader, const struct yaml_key *key, const yaml_mark_t *mark, bool is_merge)
{
	struct frame *frame = &reader->frames[reader->depth - 1];

	frame->key.key = key->text;
	frame->key.line = (uint32_t)mark->line + 1;
	frame->key.column = (uint32_t)mark->column + 1;
	frame->has_key = true;
	frame->is_merge = is_merge;
}

static enum rc place_key(struct yaml_reader *reader, const struct node *key, const yaml_mark_t *mark, bool is_merge,
			 struct yaml_key **ret_key)
{
	char buffer[64];

	if (key->kind == NODE_NULL)
		return refuse_key(reader, mark, "nothing (null)");
	*ret_key = yaml_key_intern(reader, yaml_key_text(key, buffer, sizeof(buffer)));
	if (!*ret_key)
		return RC_NOMEM;
	place_interned(reader, *ret_key, mark, is_merge);
	return RC_OK;
}

/* A value is complete as far as its parent is concerned. */
static enum rc place_value(struct yaml_reader *reader, struct node *node, unsigned height)
{
	struct frame *frame = top(reader);
	struct node_member entry;

	if (!frame) {
		reader->root = node;
		return RC_OK;
	}
	if (height + 1 > frame->height)
		frame->height = height + 1;
	/* Of a list's items only the value is looked at. */
	frame->key.value = node;
	frame->has_key = false;
	if (!frame->is_merge || frame->node->kind == NODE_SEQUENCE)
		return yaml_push(reader, &frame->key);
	entry = frame->key;
	if (frame->merge.key) {
		struct diag *diag = diag_add(reader->diags, SEVERITY_ERROR, "A0108",
					     span_at(reader, entry.line, entry.column),
					     "the key \"<<\" is there already, at line %u column %u", frame->merge.line,
					     frame->merge.column);

		diag_help(reader->diags, diag, "Merge several mappings with one key: <<: [*first, *second]");
		return RC_INVALID;
	}
	frame->merge = entry;
	return RC_OK;
}

static enum rc add_anchor(struct yaml_reader *reader, const yaml_char_t *name, struct node *node, bool is_open,
			  struct anchor **ret_anchor)
{
	struct anchor *anchor;
	const char *key;

	*ret_anchor = NULL;
	if (!name)
		return RC_OK;
	anchor = arena_alloc(reader->arena, sizeof(*anchor));
	key = arena_strdup(reader->arena, (const char *)name);
	if (!anchor || !key)
		return RC_NOMEM;
	*anchor = (struct anchor){.node = node, .nodes = 1, .is_open = is_open};
	*ret_anchor = anchor;
	return map_put(&reader->anchors, key, anchor, NULL);
}

static enum rc check_scalar(struct yaml_reader *reader, const yaml_event_t *event)
{
	struct diag *diag;

	if (event->data.scalar.length > LIMIT_SCALAR_BYTES) {
		diag_add(reader->diags, SEVERITY_ERROR, "A0113", mark_span(reader, &event->start_mark),
			 "a text of %zu bytes is over the limit of %u", event->data.scalar.length, LIMIT_SCALAR_BYTES);
		return RC_LIMIT;
	}
	/* The text has none; only an escape makes one. */
	if (event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE &&
	    strlen((const char *)event->data.scalar.value) != event->data.scalar.length) {
		diag = diag_add(reader->diags, SEVERITY_ERROR, "A0102", mark_span(reader, &event->start_mark),
				"the text contains a NUL character");
		diag_help(reader->diags, diag, "Remove the escape \\0, \\x00 or \\u0000.");
		return RC_INVALID;
	}
	return RC_OK;
}

static bool is_merge_key(const yaml_event_t *event)
{
	const char *tag = (const char *)event->data.scalar.tag;

	if (event->data.scalar.value[0] != '<' || strcmp((const char *)event->data.scalar.value, "<<") != 0)
		return false;
	return tag ? str_eq(tag, "tag:yaml.org,2002:merge") : event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* A key with a tag or an anchor, or one that was not seen yet. */
static enum rc on_new_key(struct yaml_reader *reader, const yaml_event_t *event)
{
	struct node key = {.text = (const char *)event->data.scalar.value, .text_size = event->data.scalar.length};
	struct node *copy = NULL;
	struct yaml_key *interned;
	struct anchor *anchor;
	enum rc rc = yaml_scalar(reader, event, &key);

	if (rc)
		return rc;
	if (event->data.scalar.anchor) {
		copy = arena_alloc(reader->arena, sizeof(*copy));
		if (!copy)
			return RC_NOMEM;
		*copy = key;
		copy->line = (uint32_t)event->start_mark.line + 1;
		copy->column = (uint32_t)event->start_mark.column + 1;
		copy->text = arena_memdup(reader->arena, key.text, key.text_size);
		if (!copy->text)
			return RC_NOMEM;
		rc = add_anchor(reader, event->data.scalar.anchor, copy, false, &anchor);
		if (rc)
			return rc;
	}
	rc = place_key(reader, &key, &event->start_mark, is_merge_key(event), &interned);
	if (!rc && !event->data.scalar.tag && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		interned->is_plain = key.kind == NODE_STRING;
	return rc;
}

static enum rc on_scalar_key(struct yaml_reader *reader, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	const struct yaml_key *key = yaml_key_place(reader, text, event->data.scalar.length);

	if (event->data.scalar.tag || event->data.scalar.anchor || !yaml_is_key(key, text, event->data.scalar.length) ||
	    (!key->is_plain && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE))
		return on_new_key(reader, event);
	place_interned(reader, key, &event->start_mark, is_merge_key(event));
	return RC_OK;
}

static struct node *new_node(struct yaml_reader *reader, enum node_kind kind, const yaml_mark_t *mark, size_t extra)
{
	struct node *node = arena_alloc(reader->arena, sizeof(*node) + extra);

	if (!node)
		return NULL;
	node->kind = kind;
	node->line = (uint32_t)mark->line + 1;
	node->column = (uint32_t)mark->column + 1;
	return node;
}

static enum rc on_scalar(struct yaml_reader *reader, const yaml_event_t *event)
{
	size_t size = event->data.scalar.length;
	struct anchor *anchor;
	struct node *node;
	char *text;
	enum rc rc;

	rc = check_scalar(reader, event);
	if (!rc)
		rc = count_nodes(reader, 1, &event->start_mark);
	if (rc)
		return rc;
	if (expects_key(top(reader)))
		return on_scalar_key(reader, event);
	/* the text stands behind its node: one object instead of two */
	node = new_node(reader, NODE_STRING, &event->start_mark, size + 1);
	if (!node)
		return RC_NOMEM;
	text = (char *)(node + 1);
	memcpy(text, event->data.scalar.value, size);
	node->text = text;
	node->text_size = size;
	rc = yaml_scalar(reader, event, node);
	if (!rc)
		rc = add_anchor(reader, event->data.scalar.anchor, node, false, &anchor);
	return rc ? rc : place_value(reader, node, 0);
}

static enum rc refuse_depth(struct yaml_reader *reader, const yaml_mark_t *mark)
{
	struct diag *diag = diag_add(reader->diags, SEVERITY_ERROR, "A0106", mark_span(reader, mark),
				     "lists and mappings are nested over %u deep", LIMIT_DEPTH);

	diag_help(reader->diags, diag, "No Kubernetes object nests that deep; check that this is the right file.");
	return RC_LIMIT;
}

static enum rc on_collection(struct yaml_reader *reader, const yaml_event_t *event, enum node_kind kind)
{
	const yaml_char_t *name = kind == NODE_MAPPING ? event->data.mapping_start.anchor
						       : event->data.sequence_start.anchor;
	struct frame *frame = &reader->frames[reader->depth];
	size_t nodes_before = reader->nodes;
	struct node *node;
	enum rc rc;

	if (expects_key(top(reader)))
		return refuse_key(reader, &event->start_mark, node_kind_text(kind));
	rc = count_nodes(reader, 1, &event->start_mark);
	if (rc)
		return rc;
	node = new_node(reader, kind, &event->start_mark, 0);
	if (!node)
		return RC_NOMEM;
	*frame = (struct frame){.node = node, .first = reader->pending_count, .nodes_before = nodes_before, .height = 1};
	rc = add_anchor(reader, name, node, true, &frame->anchor);
	if (rc)
		return rc;
	reader->depth++;
	return RC_OK;
}

static enum rc fill_sequence(struct yaml_reader *reader, const struct frame *frame)
{
	size_t count = reader->pending_count - frame->first;
	struct node **items = arena_array(reader->arena, count, sizeof(struct node *));

	if (!items)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++)
		items[i] = reader->pending[frame->first + i].value;
	frame->node->u.sequence.items = items;
	frame->node->u.sequence.count = count;
	return RC_OK;
}

static enum rc fill_mapping(struct yaml_reader *reader, const struct frame *frame)
{
	struct node_member *members;
	size_t count;
	enum rc rc = yaml_merge_members(reader, frame);

	if (rc)
		return rc;
	count = reader->pending_count - frame->first;
	members = arena_array(reader->arena, count, sizeof(*members));
	if (!members)
		return RC_NOMEM;
	if (count)
		memcpy(members, reader->pending + frame->first, count * sizeof(*members));
	frame->node->u.mapping.members = members;
	frame->node->u.mapping.count = count;
	return RC_OK;
}

static enum rc on_collection_end(struct yaml_reader *reader)
{
	struct frame *frame = &reader->frames[reader->depth - 1];
	enum rc rc = frame->node->kind == NODE_SEQUENCE ? fill_sequence(reader, frame) : fill_mapping(reader, frame);

	if (rc)
		return rc;
	reader->pending_count = frame->first;
	if (frame->anchor) {
		frame->anchor->is_open = false;
		frame->anchor->nodes = reader->nodes - frame->nodes_before;
		frame->anchor->height = frame->height;
	}
	reader->depth--;
	return place_value(reader, frame->node, frame->height);
}

static enum rc refuse_alias(struct yaml_reader *reader, const yaml_event_t *event, const struct anchor *anchor)
{
	struct span span = mark_span(reader, &event->start_mark);
	const char *name = (const char *)event->data.alias.anchor;
	struct diag *diag;

	if (!anchor) {
		diag = diag_add(reader->diags, SEVERITY_ERROR, "A0104", span, "the alias *%s has no anchor before it", name);
		diag_help(reader->diags, diag, "Define &%s earlier in the same document, or, if text that starts with * is "
			  "meant, put it in quotes: \"*%s\"", name, name);
		return RC_INVALID;
	}
	if (anchor->is_open) {
		diag = diag_add(reader->diags, SEVERITY_ERROR, "A0105", span, "the alias *%s stands inside its own anchor", name);
		diag_help(reader->diags, diag, "The anchor &%s at line %u would contain itself; move it.", name,
			  anchor->node->line);
		return RC_INVALID;
	}
	diag = diag_add(reader->diags, SEVERITY_ERROR, "A0114", span, "the anchor &%s is used over %u times", name,
			LIMIT_ALIASES_PER_ANCHOR);
	diag_help(reader->diags, diag, "Write the value out, or give it a second anchor.");
	return RC_LIMIT;
}

static enum rc on_alias(struct yaml_reader *reader, const yaml_event_t *event)
{
	struct anchor *anchor = map_get(&reader->anchors, (const char *)event->data.alias.anchor);
	struct yaml_key *key;
	enum rc rc;

	if (!anchor || anchor->is_open || anchor->uses == LIMIT_ALIASES_PER_ANCHOR)
		return refuse_alias(reader, event, anchor);
	anchor->uses++;
	rc = count_nodes(reader, anchor->nodes, &event->start_mark);
	if (rc)
		return rc;
	if (reader->depth + anchor->height > LIMIT_DEPTH)
		return refuse_depth(reader, &event->start_mark);
	if (!expects_key(top(reader)))
		return place_value(reader, anchor->node, anchor->height);
	if (anchor->height)
		return refuse_key(reader, &event->start_mark, node_kind_text(anchor->node->kind));
	return place_key(reader, anchor->node, &event->start_mark, false, &key);
}

static enum rc on_event(struct yaml_reader *reader, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		reader->in_document = true;
		return RC_OK;
	case YAML_DOCUMENT_END_EVENT:
		reader->in_document = false;
		return RC_OK;
	case YAML_STREAM_END_EVENT:
		reader->is_ended = true;
		return RC_OK;
	case YAML_SCALAR_EVENT:
		return on_scalar(reader, event);
	case YAML_SEQUENCE_START_EVENT:
		return on_collection(reader, event, NODE_SEQUENCE);
	case YAML_MAPPING_START_EVENT:
		return on_collection(reader, event, NODE_MAPPING);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_collection_end(reader);
	case YAML_ALIAS_EVENT:
		return on_alias(reader, event);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
		return RC_OK;
	}
	return RC_INTERNAL;
}

/* How deep the events nest, also while a refused document is skipped: libyaml gets slow with depth. */
static bool is_too_deep(struct yaml_reader *reader, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		reader->nesting++;
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		reader->nesting--;
		break;
	default:
		break;
	}
	return reader->nesting > LIMIT_DEPTH;
}

/* Events while the reader is inside a document, or outside of one. @param is_skipped  it was refused: only its end matters */
static enum rc read_events(struct yaml_reader *reader, bool is_inside, bool is_skipped)
{
	enum rc rc = RC_OK;

	while (!rc && !reader->is_ended && reader->in_document == is_inside) {
		yaml_event_t event;

		if (!yaml_parser_parse(&reader->parser, &event)) {
			reader->is_ended = true;
			yaml_correct_mark(reader, &reader->parser.context_mark);
			yaml_correct_mark(reader, &reader->parser.problem_mark);
			return yaml_syntax_error(reader->diags, reader->text, &reader->parser);
		}
		yaml_correct_mark(reader, &event.start_mark);
		if (is_too_deep(reader, &event))
			rc = refuse_depth(reader, &event.start_mark);
		else if (!is_skipped || event.type == YAML_DOCUMENT_END_EVENT)
			rc = on_event(reader, &event);
		yaml_event_delete(&event);
	}
	return rc;
}

static void begin_document(struct yaml_reader *reader, struct arena *arena)
{
	reader->arena = arena;
	reader->root = NULL;
	reader->nodes = 0;
	reader->depth = 0;
	reader->pending_count = 0;
	map_init(&reader->anchors, arena);
	yaml_begin_keys(reader);
}

/* @p bytes  all of the text, or a part of it */
static enum rc open_bytes(struct diags *diags, const struct text *text, const struct text *bytes,
			  struct yaml_reader **ret_reader)
{
	size_t bom = bytes->size >= 3 && memcmp(bytes->bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	struct yaml_reader *reader;
	bool has_odd_breaks;
	enum rc rc = yaml_check_bytes(diags, bytes, &has_odd_breaks);

	if (rc)
		return rc;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return RC_NOMEM;
	reader->diags = diags;
	reader->text = text;
	reader->bom_size = reader->cursor.offset = bom;
	reader->has_odd_breaks = has_odd_breaks;
	rc = yaml_json_adapt(bytes->bytes + bom, bytes->size - bom, &reader->copy);
	if (rc || !yaml_parser_initialize(&reader->parser)) {
		free(reader->copy);
		free(reader);
		return RC_NOMEM;
	}
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader->parser,
				     reader->copy ? reader->copy : (const unsigned char *)bytes->bytes + bom,
				     bytes->size - bom);
	*ret_reader = reader;
	return RC_OK;
}

enum rc yaml_open(struct diags *diags, const struct text *text, struct yaml_reader **ret_reader)
{
	return open_bytes(diags, text, text, ret_reader);
}

enum rc yaml_open_part(struct diags *diags, const struct text *text, const struct text *part, uint32_t lines_before,
		       struct yaml_reader **ret_reader)
{
	enum rc rc = open_bytes(diags, text, part, ret_reader);

	if (rc)
		return rc;
	(*ret_reader)->lines_before = lines_before;
	if (!(*ret_reader)->copy && !(*ret_reader)->has_odd_breaks)
		return RC_OK;
	yaml_close(*ret_reader);
	return RC_UNSUPPORTED;
}

enum rc yaml_next(struct yaml_reader *reader, struct arena *arena, struct node **ret_root, bool *ret_end)
{
	/* the rest of a document that was refused */
	enum rc rc = read_events(reader, true, true);

	begin_document(reader, arena);
	if (!rc)
		rc = read_events(reader, false, false);
	if (!rc)
		rc = read_events(reader, true, false);
	if (rc) {
		/* only after refusing what a document says can libyaml go on */
		reader->is_ended |= rc != RC_INVALID;
		return rc;
	}
	*ret_root = reader->root && reader->root->kind != NODE_NULL ? reader->root : NULL;
	*ret_end = reader->is_ended;
	return RC_OK;
}

void yaml_close(struct yaml_reader *reader)
{
	if (!reader)
		return;
	yaml_parser_delete(&reader->parser);
	free(reader->pending);
	free(reader->copy);
	free(reader);
}
