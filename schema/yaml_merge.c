/* The members of a mapping: duplicate keys refused, "<<" merged in. */
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "schema/yaml_internal.h"

#define FEW_MEMBERS 12u /* up to here comparing each with each is faster than sorting */

static enum rc refuse_merge(struct yaml_reader *reader, const struct node_member *merge)
{
	struct span span = {.text = reader->text, .line = merge->line, .column = merge->column};
	struct diag *diag = diag_add(reader->diags, SEVERITY_ERROR, "A0110", span,
				     "\"<<\" merges mappings, but its value is %s", node_kind_text(merge->value->kind));

	diag_help(reader->diags, diag, "Write <<: *anchor or <<: [*first, *second], with anchors of mappings.");
	return RC_INVALID;
}

static enum rc push_all(struct yaml_reader *reader, const struct node *mapping)
{
	for (size_t i = 0; i < mapping->u.mapping.count; i++) {
		enum rc rc = yaml_push(reader, &mapping->u.mapping.members[i]);

		if (rc)
			return rc;
	}
	return RC_OK;
}

static enum rc push_merged(struct yaml_reader *reader, const struct node_member *merge)
{
	const struct node *value = merge->value;
	enum rc rc = RC_OK;

	if (value->kind == NODE_MAPPING)
		return push_all(reader, value);
	if (value->kind != NODE_SEQUENCE)
		return refuse_merge(reader, merge);
	for (size_t i = 0; i < value->u.sequence.count && !rc; i++) {
		struct node_member item = {.line = merge->line, .column = merge->column,
					   .value = value->u.sequence.items[i]};

		rc = item.value->kind == NODE_MAPPING ? push_all(reader, item.value) : refuse_merge(reader, &item);
	}
	return rc;
}

static enum rc refuse_duplicate(struct yaml_reader *reader, const struct node_member *first,
				const struct node_member *second)
{
	struct span span = {.text = reader->text, .line = second->line, .column = second->column};
	struct diag *diag = diag_add(reader->diags, SEVERITY_ERROR, "A0108", span,
				     "the key \"%.200s\" is there already, at line %u column %u", second->key,
				     first->line, first->column);

	diag_help(reader->diags, diag, "Remove one of the two.");
	return RC_INVALID;
}

static int compare_entries(const void *a, const void *b)
{
	const struct node_member *x = *(const struct node_member *const *)a;
	const struct node_member *y = *(const struct node_member *const *)b;
	int order = x->key == y->key ? 0 : strcmp(x->key, y->key);

	return order ? order : (x > y) - (x < y);
}

/* Of members of one key only the first stays; the others' key becomes NULL, and where both were written in this
 * mapping itself, the pair that ends first in the text is the fault. */
struct duplicates {
	const struct node_member *own_end; /* members before it were written in this mapping */
	const struct node_member *first, *second;
};

static void note_duplicate(struct duplicates *found, const struct node_member *first, struct node_member *second)
{
	if (second >= found->own_end) {
		second->key = NULL;
	} else if (!found->second || second < found->second) {
		found->first = first;
		found->second = second;
	}
}

static void find_among_few(struct duplicates *found, struct node_member *members, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count && members[i].key; j++) {
			const char *key = members[j].key;

			if (key && *key == *members[i].key && strcmp(key, members[i].key) == 0)
				note_duplicate(found, &members[i], &members[j]);
		}
	}
}

static enum rc find_among_many(struct duplicates *found, struct node_member *members, size_t count)
{
	struct node_member **sorted = reallocarray(NULL, count, sizeof(struct node_member *));
	size_t run = 0;

	if (!sorted)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &members[i];
	sort_items(sorted, count, sizeof(*sorted), compare_entries);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(sorted[i]->key, sorted[run]->key) == 0)
			note_duplicate(found, sorted[run], sorted[i]);
		else
			run = i;
	}
	free(sorted);
	return RC_OK;
}

static void drop_unnamed(struct yaml_reader *reader, size_t first)
{
	size_t kept = first;

	for (size_t i = first; i < reader->pending_count; i++) {
		if (reader->pending[i].key)
			reader->pending[kept++] = reader->pending[i];
	}
	reader->pending_count = kept;
}

enum rc yaml_merge_members(struct yaml_reader *reader, const struct frame *frame)
{
	size_t own = reader->pending_count - frame->first;
	struct duplicates found = {0};
	struct node_member *members;
	size_t count;
	enum rc rc = frame->merge.key ? push_merged(reader, &frame->merge) : RC_OK;

	if (rc)
		return rc;
	count = reader->pending_count - frame->first;
	if (count < 2)
		return RC_OK;
	members = reader->pending + frame->first;
	found.own_end = members + own;
	if (count <= FEW_MEMBERS)
		find_among_few(&found, members, count);
	else
		rc = find_among_many(&found, members, count);
	if (rc)
		return rc;
	if (found.second)
		return refuse_duplicate(reader, found.first, found.second);
	if (count > own)
		drop_unnamed(reader, frame->first);
	return RC_OK;
}
