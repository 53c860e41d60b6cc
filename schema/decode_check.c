/* The validator: walks a node beside its schema and reports every difference. */
#include "schema/decode_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "schema/decode_format.h"

#define SHOWN_BYTES 60         /* of a value in a message */
#define PATH_DEPTH 64          /* schemas are never deeper */
#define NEAREST_CANDIDATES 64
#define NEAREST_WORD_BYTES 64  /* longer ones are no typing mistakes */

void check_begin(struct check *check, const struct text *text, const char *kind, const char *name_space,
		 const char *name)
{
	check->text = text;
	check->kind = kind;
	check->name_space = name_space;
	check->name = name;
	check->path = NULL;
	check->error_count = 0;
	check->blocked_count = 0;
}

void check_done(struct check *check)
{
	for (size_t i = 0; i < check->pattern_count; i++)
		regex_free(check->patterns[i].regex);
	check->pattern_count = 0;
}

bool check_is_full(const struct check *check)
{
	return check->error_count >= CHECK_MAX_PROBLEMS;
}

void check_object_name(const struct check *check, char *name, size_t size)
{
	/* Without a name a namespace tells nothing. */
	const char *name_space = check->name ? str_or_empty(check->name_space) : "";
	int length = snprintf(name, size, "%s%s%s%s%s", str_or_empty(check->kind), check->name ? " " : "", name_space,
			      *name_space ? "/" : "", str_or_empty(check->name));

	if (length >= 0 && (size_t)length >= size)
		name[str_utf8_cut(name, size - 1)] = '\0';
}

static void write_path(struct strbuf *out, const struct check_path *path)
{
	const struct check_path *steps[PATH_DEPTH];
	size_t count = 0;

	for (; path && count < PATH_DEPTH; path = path->parent)
		steps[count++] = path;
	while (count-- > 0) {
		if (!steps[count]->name)
			strbuf_addf(out, "[%zu]", steps[count]->index);
		else if (steps[count]->is_map_key)
			strbuf_addf(out, "[%s]", steps[count]->name);
		else
			strbuf_addf(out, "%s%s", out->size ? "." : "", steps[count]->name);
	}
}

static struct span place(const struct check *check, const struct node *node)
{
	return node_span(check->text, node);
}

static void report_full(struct check *check, const struct node *node)
{
	struct diag *diag = diag_add(check->diags, SEVERITY_ERROR, "A0144", place(check, node),
				     "more than %d problems in this object; the rest is not listed", CHECK_MAX_PROBLEMS);

	diag_help(check->diags, diag, "Correct these first.");
}

void check_fail(struct check *check, const char *code, const struct node *node, const char *help,
		const char *format, ...)
{
	struct strbuf out;
	struct diag *diag;
	va_list args;
	char object[400];
	const char *line;

	if (check_is_full(check))
		return;
	strbuf_init(&out, 0);
	write_path(&out, check->path);
	if (out.size > 0)
		strbuf_adds(&out, ": ");
	va_start(args, format);
	strbuf_vaddf(&out, format, args);
	va_end(args);
	line = str_printable(check->diags->arena, strbuf_text(&out), out.size,
			     false); /* values may have newlines */
	diag = diag_add(check->diags, SEVERITY_ERROR, code, place(check, node), "%s", str_or_empty(line));
	strbuf_done(&out);
	check_object_name(check, object, sizeof(object));
	diag_address(check->diags, diag, object);
	if (help)
		diag_help(check->diags, diag, "%s", help);
	check->error_count++;
	if (check_is_full(check))
		report_full(check, node);
}

void check_rule(struct check *check, const struct node *node, const char *message)
{
	check_fail(check, "A0143", node, NULL, "%s", message);
}

/* Bytes of @p node's text to show. */
static int shown(const struct node *node)
{
	return (int)str_utf8_cut(node->text, node->text_size < SHOWN_BYTES ? node->text_size : SHOWN_BYTES);
}

static const char *ellipsis(const struct node *node)
{
	return node->text_size > SHOWN_BYTES ? "..." : "";
}

static const char *type_text(enum value_type type)
{
	switch (type) {
	case VALUE_STRING:
		return "a string";
	case VALUE_BOOL:
		return "true or false";
	case VALUE_INT:
		return "a whole number";
	case VALUE_OBJECT:
	case VALUE_MAP:
		return "a mapping";
	case VALUE_LIST:
		return "a list";
	case VALUE_ANY:
		break;
	}
	return "a value";
}

static void wrong_type(struct check *check, const struct schema *schema, const struct node *node)
{
	const char *help = NULL;
	char quoted[SHOWN_BYTES + 64];

	if (schema->type == VALUE_STRING && node->text && node->text_size <= SHOWN_BYTES) {
		snprintf(quoted, sizeof(quoted), "Write it in quotes: \"%s\".", node->text);
		help = quoted;
	} else if ((schema->type == VALUE_INT || schema->type == VALUE_BOOL) && node->kind == NODE_STRING) {
		help = "Write it without quotes.";
	} else if (schema->type == VALUE_LIST) {
		help = "Each item of a list starts with \"- \".";
	}
	check->blocked_count++;
	check_fail(check, "A0135", node, help, "must be %s, not %s", type_text(schema->type),
		   node_kind_text(node->kind));
}

static void check_length(struct check *check, const struct schema *schema, const struct node *node)
{
	size_t length = node->text_size;

	if (schema->max > 0 && length > (size_t)schema->max)
		length = format_length(node->text, length);
	if (length < (size_t)schema->min)
		check_fail(check, "A0140", node, schema->help, "must not be empty");
	else if (schema->max > 0 && length > (size_t)schema->max)
		check_fail(check, "A0140", node, schema->help,
			   "is %zu characters long; at most %lld are allowed", length, (long long)schema->max);
}

static struct regex *pattern_regex(struct check *check, const char *pattern)
{
	struct check_pattern *slot = &check->patterns[check->pattern_count];

	for (size_t i = 0; i < check->pattern_count; i++)
		if (check->patterns[i].pattern == pattern)
			return check->patterns[i].regex;
	if (check->pattern_count == CHECK_MAX_PATTERNS ||
	    regex_new(pattern, strlen(pattern), &slot->regex, NULL, 0)) {
		check->out_of_memory = true;
		return NULL;
	}
	slot->pattern = pattern;
	check->pattern_count++;
	return slot->regex;
}

static bool has_format(struct check *check, const struct schema *schema, const struct node *node)
{
	struct regex *regex;
	bool is_match = true;

	if (schema->is_valid && !schema->is_valid(node->text, node->text_size))
		return false;
	if (!schema->pattern)
		return true;
	regex = pattern_regex(check, schema->pattern);
	if (regex && regex_match(regex, node->text, node->text_size, &is_match))
		check->out_of_memory = true;
	return is_match;
}

static bool is_one_of(const char *const *values, const char *text)
{
	for (; *values; values++)
		if (str_eq(*values, text))
			return true;
	return false;
}

static void check_enum(struct check *check, const struct schema *schema, const struct node *node)
{
	struct strbuf list;
	const char *nearest = NULL;
	char help[SHOWN_BYTES + 64];
	size_t count = 0;

	if (is_one_of(schema->values, node->text))
		return;
	strbuf_init(&list, 0);
	for (; schema->values[count]; count++)
		strbuf_addf(&list, "%s%s", count ? ", " : "", schema->values[count]);
	if (node->text_size <= NEAREST_WORD_BYTES)
		nearest = str_nearest(node->text, schema->values, count);
	if (nearest)
		snprintf(help, sizeof(help), "Did you mean %s?", nearest);
	check_fail(check, "A0138", node, nearest ? help : NULL, "\"%.*s%s\" is not one of %s", shown(node),
		   node->text, ellipsis(node), strbuf_text(&list));
	strbuf_done(&list);
}

static void check_string(struct check *check, const struct schema *schema, const struct node *node)
{
	size_t errors = check->error_count;

	if (node->kind != NODE_STRING) {
		wrong_type(check, schema, node);
		return;
	}
	if (schema->values) {
		check_enum(check, schema, node);
		return;
	}
	check_length(check, schema, node);
	if (check->error_count == errors && !has_format(check, schema, node))
		check_fail(check, "A0137", node, schema->help, "\"%.*s%s\" is not %s", shown(node), node->text,
			   ellipsis(node), schema->what);
}

static void check_int(struct check *check, const struct schema *schema, const struct node *node)
{
	int64_t value;

	if (!value_is_int(node, &value)) {
		wrong_type(check, schema, node);
		return;
	}
	if (value < schema->min || value > schema->max) {
		check_fail(check, "A0139", node, schema->help, "%lld is not between %lld and %lld",
			   (long long)value, (long long)schema->min, (long long)schema->max);
		return;
	}
	if (!schema->numbers)
		return;
	for (size_t i = 0; schema->numbers[i] != 0; i++)
		if (schema->numbers[i] == value)
			return;
	check_fail(check, "A0138", node, schema->help, "%lld is not one of the values allowed here",
		   (long long)value);
}

/* @param start  where it is likely to be: members mostly come in the order of the fields
 * @return its number; field_count: there is none */
static size_t find_field(const struct schema *schema, const char *name, size_t start)
{
	for (size_t i = start; i < schema->field_count; i++)
		if (schema->fields[i].name[0] == name[0] && strcmp(schema->fields[i].name, name) == 0)
			return i;
	for (size_t i = 0; i < start; i++)
		if (schema->fields[i].name[0] == name[0] && strcmp(schema->fields[i].name, name) == 0)
			return i;
	return schema->field_count;
}

static void unknown_field(struct check *check, const struct schema *schema, const struct node_member *member)
{
	const struct node key = { .kind = NODE_NULL, .line = member->line, .column = member->column };
	const char *names[NEAREST_CANDIDATES], *nearest = NULL;
	size_t count = 0, size = strlen(member->key);
	struct strbuf help;

	for (; count < schema->field_count && count < NEAREST_CANDIDATES; count++)
		names[count] = schema->fields[count].name;
	if (size <= NEAREST_WORD_BYTES)
		nearest = str_nearest(member->key, names, count);
	strbuf_init(&help, 0);
	if (nearest)
		strbuf_addf(&help, "Did you mean \"%s\"?", nearest);
	else
		strbuf_adds(&help, "Known here: ");
	for (size_t i = 0; !nearest && i < count; i++)
		strbuf_addf(&help, "%s%s", names[i], i + 1 < count ? ", " : ".");
	check_fail(check, "A0134", &key, strbuf_text(&help), "unknown field \"%.*s\"",
		   (int)str_utf8_cut(member->key, size < SHOWN_BYTES ? size : SHOWN_BYTES), member->key);
	strbuf_done(&help);
}

/* @param seen  a bit for each field that is there */
static void check_required(struct check *check, const struct schema *schema, const struct node *node, uint64_t seen)
{
	for (size_t i = 0; i < schema->field_count; i++)
		if (schema->fields[i].is_required && !(seen >> i & 1))
			check_fail(check, "A0136", node, schema->fields[i].schema->help,
				   "required field \"%s\" is missing", schema->fields[i].name);
}

static void check_object(struct check *check, const struct schema *schema, const struct node *node)
{
	struct check_path step = { .parent = check->path };
	uint64_t seen = 0;
	size_t next = 0;

	if (node->kind != NODE_MAPPING) {
		wrong_type(check, schema, node);
		return;
	}
	for (size_t i = 0; i < node->u.mapping.count && !check_is_full(check); i++) {
		const struct node_member *member = &node->u.mapping.members[i];
		size_t number = find_field(schema, member->key, next);

		if (number == schema->field_count) {
			if (!schema->is_open)
				unknown_field(check, schema, member);
			continue;
		}
		next = number + 1;
		if (!member->value || member->value->kind == NODE_NULL)
			continue;
		seen |= UINT64_C(1) << number;
		step.name = schema->fields[number].name;
		check->path = &step;
		check_value(check, schema->fields[number].schema, member->value);
		check->path = step.parent;
	}
	check_required(check, schema, node, seen);
}

/* Map keys are checked as if they were strings that stand where the key stands. */
static void check_map(struct check *check, const struct schema *schema, const struct node *node)
{
	struct check_path step = { .parent = check->path, .is_map_key = true };

	if (node->kind != NODE_MAPPING) {
		wrong_type(check, schema, node);
		return;
	}
	if (schema->max > 0 && node->u.mapping.count > (size_t)schema->max)
		check_fail(check, "A0141", node, NULL, "has %zu members; at most %lld are allowed",
			   node->u.mapping.count, (long long)schema->max);
	for (size_t i = 0; i < node->u.mapping.count && !check_is_full(check); i++) {
		const struct node_member *member = &node->u.mapping.members[i];
		const struct node key = { .kind = NODE_STRING, .line = member->line, .column = member->column,
					  .text = member->key, .text_size = strlen(member->key) };

		check_value(check, schema->key, &key);
		step.name = member->key;
		check->path = &step;
		if (member->value)
			check_value(check, schema->item, member->value);
		check->path = step.parent;
	}
}

/* What tells @p item apart from the others of its list. */
static const struct node *item_key(const struct schema *schema, const struct node *item)
{
	return schema->unique[0] ? value_get(item, schema->unique) : item;
}

static bool is_same(const struct node *a, const struct node *b)
{
	return a && b && a->text && b->text && a->kind == b->kind && str_eq(a->text, b->text);
}

/* Quadratic, but only for lists within their maximum. */
static void check_unique(struct check *check, const struct schema *schema, const struct node *node)
{
	for (size_t i = 1; i < node->u.sequence.count; i++) {
		const struct node *key = item_key(schema, node->u.sequence.items[i]);

		for (size_t j = 0; j < i; j++) {
			const struct node *other = item_key(schema, node->u.sequence.items[j]);

			if (!is_same(key, other))
				continue;
			check_fail(check, "A0142", key, NULL, "[%zu] and [%zu] have the same %s: \"%.*s%s\"", j,
				   i,
				   schema->unique[0] ? schema->unique : "value", shown(key), key->text,
				   ellipsis(key));
			break;
		}
	}
}

static void check_list(struct check *check, const struct schema *schema, const struct node *node)
{
	struct check_path step = { .parent = check->path };
	size_t count;

	if (node->kind != NODE_SEQUENCE) {
		wrong_type(check, schema, node);
		return;
	}
	count = node->u.sequence.count;
	if (count < (size_t)schema->min)
		check_fail(check, "A0141", node, schema->help, "must have at least %lld item%s",
			   (long long)schema->min, schema->min == 1 ? "" : "s");
	if (schema->max > 0 && count > (size_t)schema->max) {
		check->blocked_count++;
		check_fail(check, "A0141", node, schema->help, "has %zu items; at most %lld are allowed", count,
			   (long long)schema->max);
		count = (size_t)schema->max;
	}
	for (size_t i = 0; i < count && !check_is_full(check); i++) {
		step.index = i;
		check->path = &step;
		check_value(check, schema->item, node->u.sequence.items[i]);
		check->path = step.parent;
	}
	if (schema->unique && count == node->u.sequence.count)
		check_unique(check, schema, node);
}

void check_value(struct check *check, const struct schema *schema, const struct node *node)
{
	size_t blocked = check->blocked_count;

	check->visited++;
	switch (schema->type) {
	case VALUE_STRING:
		check_string(check, schema, node);
		break;
	case VALUE_BOOL:
		if (node->kind != NODE_BOOL)
			wrong_type(check, schema, node);
		break;
	case VALUE_INT:
		check_int(check, schema, node);
		break;
	case VALUE_OBJECT:
		check_object(check, schema, node);
		break;
	case VALUE_LIST:
		check_list(check, schema, node);
		break;
	case VALUE_MAP:
		check_map(check, schema, node);
		break;
	case VALUE_ANY:
		break;
	}
	if (schema->rule && check->blocked_count == blocked)
		schema->rule(check, node);
}
