/** @file Fuzz target: the YAML reader. Every node of every document is looked at, and what must hold for it is checked. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "schema/yaml.h"
#include "tests/fuzz/fuzz.h"

#define ARENA_BYTES ((size_t)512 * 1024 * 1024)
#define MOST_NODES 100000u /* an alias makes many of few; walking them all finds nothing new */

static void must(bool holds)
{
	if (!holds)
		abort();
}

struct walk {
	const struct text *text;
	size_t nodes;
	uint32_t depth;
};

static void look(struct walk *walk, const struct node *node);

static void look_at_sequence(struct walk *walk, const struct node *node)
{
	for (size_t i = 0; i < node->u.sequence.count; i++)
		look(walk, node->u.sequence.items[i]);
}

static void look_at_mapping(struct walk *walk, const struct node *node)
{
	for (size_t i = 0; i < node->u.mapping.count; i++) {
		const struct node_member *member = &node->u.mapping.members[i];

		must(member->line && member->column && str_is_utf8(member->key, strlen(member->key)));
		/* nothing stands before it under the same key */
		must(i > 100 || node_get(node, member->key) == member->value);
		look(walk, member->value);
	}
}

static void look_at_scalar(const struct node *node)
{
	must(node->text && strlen(node->text) == node->text_size);
	must(str_is_utf8(node->text, node->text_size));
	must(node->kind != NODE_FLOAT || isfinite(node->u.real));
}

static void look(struct walk *walk, const struct node *node)
{
	struct span span = node_span(walk->text, node);

	must(span.line && span.column && node_kind_text(node->kind)[0]);
	if (++walk->nodes > MOST_NODES)
		return;
	must(++walk->depth <= LIMIT_DEPTH + 1);
	if (node->kind == NODE_SEQUENCE)
		look_at_sequence(walk, node);
	else if (node->kind == NODE_MAPPING)
		look_at_mapping(walk, node);
	else
		look_at_scalar(node);
	walk->depth--;
}

/* What was read can be written as JSON, and that reads back as the same. */
static void check_json(struct arena *arena, const struct node *root)
{
	struct json *value, *again;
	struct strbuf out;
	enum rc rc = node_to_json(arena, root, &value);

	must(rc == RC_OK || rc == RC_NOMEM);
	if (rc)
		return;
	strbuf_init(&out, 0);
	json_write_canonical(&out, value);
	rc = json_parse(arena, strbuf_text(&out), out.size, &again, NULL);
	must(rc == RC_OK || rc == RC_NOMEM);
	if (!rc)
		must(json_equal(value, again));
	strbuf_done(&out);
}

static void read_documents(struct diags *diags, struct yaml_reader *reader, const struct text *text)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	bool is_end = !arena;
	enum rc rc = RC_OK;

	while (!is_end) {
		size_t errors = diags->error_count;
		struct node *root = NULL;

		arena_reset(arena);
		rc = yaml_next(reader, arena, &root, &is_end);
		must(rc == RC_OK || rc == RC_INVALID || rc == RC_LIMIT || rc == RC_NOMEM);
		/* a failure is explained, and explained once */
		must(diags->error_count == errors + (rc == RC_INVALID || rc == RC_LIMIT));
		if (!rc && root) {
			struct walk walk = {.text = text};

			look(&walk, root);
			if (walk.nodes <= MOST_NODES)
				check_json(arena, root);
		}
	}
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = {.name = "input", .bytes = (const char *)data, .size = size};
	struct arena *arena = arena_new(ARENA_BYTES);
	struct yaml_reader *reader = NULL;
	struct diags diags;
	enum rc rc;

	if (!arena)
		return 0;
	diags_init(&diags, arena);
	rc = yaml_open(&diags, &text, &reader);
	must(rc == RC_OK ? diags.count == 0 : rc == RC_NOMEM || diags.count == 1);
	if (!rc)
		read_documents(&diags, reader, &text);
	for (size_t i = 0; i < diags.count; i++)
		must(diags.items[i].span.line && diags.items[i].span.column && diags.items[i].summary[0]);
	yaml_close(reader);
	arena_free(arena);
	return 0;
}
