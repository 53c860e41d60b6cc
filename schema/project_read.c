/* Reading a project file by tables: kinds, lists, unknown keys. What the values mean is elsewhere. */
#include "schema/project_internal.h"

#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

struct diag *reading_fault(struct reading *reading, const struct setting *setting, const char *code,
			   const char *format, ...)
{
	bool is_unshown = setting->key && setting->key->is_unshown;
	struct span span = node_span(is_unshown ? reading->unshown : reading->text, setting->node);
	const char *what;
	va_list args;

	va_start(args, format);
	what = arena_vprintf(reading->arena, format, args);
	va_end(args);
	reading->is_invalid = true;
	return diag_add(reading->diags, SEVERITY_ERROR, code, span, "%s %s",
			*setting->path ? setting->path : "the project file", str_or_empty(what));
}

void *setting_target(const struct setting *setting)
{
	return (char *)setting->object + setting->key->offset;
}

bool reading_is_kind(struct reading *reading, const struct setting *setting, enum node_kind kind)
{
	struct diag *diag;

	if (setting->node->kind == kind)
		return true;
	diag = reading_fault(reading, setting, "A0303", "must be %s, but is %s", node_kind_text(kind),
			     node_kind_text(setting->node->kind));
	if (kind == NODE_STRING && setting->node->text)
		diag_help(reading->diags, diag, "Put it in quotes.");
	else if (kind == NODE_SEQUENCE)
		diag_help(reading->diags, diag, "Write it as a list: [...], or lines that start with \"- \".");
	else
		diag_help(reading->diags, diag, "See adit.yaml(5) for what belongs here.");
	return false;
}

/* What belongs here, for the help: all names that are read. */
static const char *list_keys(struct reading *reading, const struct project_table *table)
{
	struct strbuf list;
	const char *copy;

	strbuf_init(&list, 0);
	for (size_t i = 0; i < table->count; i++) {
		if (table->keys[i].read)
			strbuf_addf(&list, "%s%s", list.size ? ", " : "", table->keys[i].name);
	}
	copy = arena_strdup(reading->arena, strbuf_text(&list));
	strbuf_done(&list);
	return str_or_empty(copy);
}

static const char *nearest_key(const struct project_table *table, const char *name)
{
	const char *names[32];
	size_t count = 0;

	for (size_t i = 0; i < table->count && count < COUNT(names); i++) {
		if (table->keys[i].read)
			names[count++] = table->keys[i].name;
	}
	return str_nearest(name, names, count);
}

/* A fault at a key instead of its value. */
static struct diag *key_fault(struct reading *reading, const struct setting *setting,
			      const struct project_table *table, const struct node_member *member, const char *code,
			      const char *what)
{
	struct span span = {.text = table->is_unshown ? reading->unshown : reading->text, .line = member->line,
			    .column = member->column};

	reading->is_invalid = true;
	return diag_add(reading->diags, SEVERITY_ERROR, code, span, "%s %s \"%.100s\"",
			*setting->path ? setting->path : "the project file", what, member->key);
}

static void refuse_unknown(struct reading *reading, const struct setting *setting, const struct project_table *table,
			   const struct node_member *member)
{
	const char *nearest = nearest_key(table, member->key);
	struct diag *diag = key_fault(reading, setting, table, member, "A0304", "has no key");

	if (nearest)
		diag_help(reading->diags, diag, "Did you mean %s? The keys are: %s.", nearest, list_keys(reading, table));
	else
		diag_help(reading->diags, diag, "The keys are: %s.", list_keys(reading, table));
}

static void refuse_later(struct reading *reading, const struct setting *setting, const struct project_table *table,
			 const struct node_member *member)
{
	struct diag *diag = key_fault(reading, setting, table, member, "A0305",
				      "has a key that this adit does not read yet:");

	diag_help(reading->diags, diag, "Remove it: adit refuses what it would not act on.");
}

static const struct project_key *find_key(const struct project_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (str_eq(table->keys[i].name, name))
			return &table->keys[i];
	}
	return NULL;
}

static enum rc read_member(struct reading *reading, const struct setting *setting, const struct project_table *table,
			   const struct node_member *member)
{
	struct setting inner = {.node = member->value, .object = setting->object, .key = find_key(table, member->key)};

	if (!inner.key) {
		refuse_unknown(reading, setting, table, member);
		return RC_OK;
	}
	if (!inner.key->read) {
		refuse_later(reading, setting, table, member);
		return RC_OK;
	}
	if (member->value->kind == NODE_NULL)
		return RC_OK;
	inner.path = arena_printf(reading->arena, "%s%s%s", setting->path, *setting->path ? "." : "", member->key);
	return inner.path ? inner.key->read(reading, &inner) : RC_NOMEM;
}

/* A mapping with a key that is not read yet is another sort of thing: what it lacks is no fault. */
static bool has_later_key(const struct node *mapping, const struct project_table *table)
{
	for (size_t i = 0; i < mapping->u.mapping.count; i++) {
		const struct project_key *key = find_key(table, mapping->u.mapping.members[i].key);

		if (key && !key->read)
			return true;
	}
	return false;
}

static void require_members(struct reading *reading, const struct setting *setting, const struct project_table *table)
{
	if (has_later_key(setting->node, table))
		return;
	for (size_t i = 0; i < table->count; i++) {
		const struct project_key *key = &table->keys[i];
		const struct node *value = node_get(setting->node, key->name);
		struct diag *diag;

		if (!key->need || (value && value->kind != NODE_NULL))
			continue;
		diag = reading_fault(reading, setting, "A0302", "has no %s", key->name);
		diag_help(reading->diags, diag, "%s", key->need);
	}
}

enum rc read_table(struct reading *reading, const struct setting *setting, const struct project_table *table)
{
	enum rc rc = RC_OK;

	if (!reading_is_kind(reading, setting, NODE_MAPPING))
		return RC_OK;
	for (size_t i = 0; i < setting->node->u.mapping.count && !rc; i++)
		rc = read_member(reading, setting, table, &setting->node->u.mapping.members[i]);
	require_members(reading, setting, table);
	return rc;
}

enum rc read_tables(struct reading *reading, const struct setting *setting, const struct project_table *table,
		    void **ret_items, size_t *ret_count)
{
	enum rc rc = RC_OK;
	size_t count;
	char *items;

	if (!reading_is_kind(reading, setting, NODE_SEQUENCE))
		return RC_OK;
	count = setting->node->u.sequence.count;
	items = arena_array(reading->arena, count, table->size);
	if (!items)
		return RC_NOMEM;
	for (size_t i = 0; i < count && !rc; i++) {
		struct setting item = {
			.path = arena_printf(reading->arena, "%s[%zu]", setting->path, i),
			.node = setting->node->u.sequence.items[i],
			.key = setting->key,
			.object = items + i * table->size,
		};

		rc = item.path ? read_table(reading, &item, table) : RC_NOMEM;
	}
	if (rc)
		return rc;
	*ret_items = items;
	*ret_count = count;
	return RC_OK;
}

const char *read_checked_text(struct reading *reading, const struct setting *setting)
{
	const char *text = setting->node->text;
	struct diag *diag;

	if (!reading_is_kind(reading, setting, NODE_STRING))
		return NULL;
	if (setting->key->check ? setting->key->check(text) : *text)
		return text;
	diag = reading_fault(reading, setting, "A0307", "is not as it must be");
	diag_help(reading->diags, diag, "It must be %s.",
		  setting->key->form ? setting->key->form : "a text that is not empty");
	return NULL;
}

enum rc read_text(struct reading *reading, const struct setting *setting)
{
	const char *text = read_checked_text(reading, setting);

	if (text)
		*(const char **)setting_target(setting) = text;
	return RC_OK;
}

static void set_texts(const struct setting *setting, const char **texts, size_t count)
{
	*(const char ***)setting_target(setting) = texts;
	*(size_t *)(void *)((char *)setting->object + setting->key->count_offset) = count;
}

enum rc read_texts(struct reading *reading, const struct setting *setting)
{
	struct diag *diag;
	const char **texts;
	size_t count;

	if (!reading_is_kind(reading, setting, NODE_SEQUENCE))
		return RC_OK;
	count = setting->node->u.sequence.count;
	texts = arena_array(reading->arena, count, sizeof(*texts));
	if (!texts)
		return RC_NOMEM;
	for (size_t i = 0; i < count; i++) {
		struct setting item = *setting;

		item.path = arena_printf(reading->arena, "%s[%zu]", setting->path, i);
		item.node = setting->node->u.sequence.items[i];
		if (!item.path)
			return RC_NOMEM;
		texts[i] = read_checked_text(reading, &item);
	}
	set_texts(setting, texts, count);
	if (count < (size_t)setting->key->min) {
		diag = reading_fault(reading, setting, "A0307", "is an empty list");
		diag_help(reading->diags, diag, "Name at least one, or leave the key out for the default.");
	}
	return RC_OK;
}

enum rc read_integer(struct reading *reading, const struct setting *setting)
{
	const struct project_key *key = setting->key;
	struct diag *diag;
	int64_t value;

	if (!reading_is_kind(reading, setting, NODE_INT))
		return RC_OK;
	value = setting->node->u.integer;
	if (value >= key->min && value <= key->max) {
		*(int64_t *)setting_target(setting) = value;
		return RC_OK;
	}
	diag = reading_fault(reading, setting, "A0307", "is %lld", (long long)value);
	diag_help(reading->diags, diag, "It must be a whole number from %lld to %lld.", (long long)key->min,
		  (long long)key->max);
	return RC_OK;
}

enum rc read_duration(struct reading *reading, const struct setting *setting)
{
	const struct node *node = setting->node;
	struct diag *diag;
	int64_t ms;

	if (node->kind != NODE_INT && !reading_is_kind(reading, setting, NODE_STRING))
		return RC_OK;
	if (str_to_duration_ms(node->text, &ms) == RC_OK) {
		*(int64_t *)setting_target(setting) = ms;
		return RC_OK;
	}
	diag = reading_fault(reading, setting, "A0307", "is no duration: \"%.40s\"", node->text);
	diag_help(reading->diags, diag, "Write it like 10s, 1m30s or 24h; a bare number counts seconds.");
	return RC_OK;
}

enum rc read_word(struct reading *reading, const struct setting *setting, const char *const *words, size_t count,
		  size_t *ret_index)
{
	const char *nearest, *list = "";
	struct diag *diag;

	if (!reading_is_kind(reading, setting, NODE_STRING))
		return RC_OK;
	for (size_t i = 0; i < count; i++) {
		if (str_eq(setting->node->text, words[i])) {
			*ret_index = i;
			return RC_OK;
		}
		list = arena_printf(reading->arena, "%s%s%s", list, i ? " or " : "", words[i]);
		if (!list)
			return RC_NOMEM;
	}
	nearest = str_nearest(setting->node->text, words, count);
	diag = reading_fault(reading, setting, "A0307", "is \"%.40s\"", setting->node->text);
	if (nearest)
		diag_help(reading->diags, diag, "Did you mean %s? It must be %s.", nearest, list);
	else
		diag_help(reading->diags, diag, "It must be %s.", list);
	return RC_OK;
}
