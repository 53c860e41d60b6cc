/* Scalars typed as Kubernetes types them: sigs.k8s.io/yaml reads with goyaml.v2 and goes through JSON, so y, yes
 * and on are true, 010 is 8, 1_000 is 1000, base 60 and dates are text, and what JSON cannot express is an error.
 * Source: https://github.com/kubernetes-sigs/yaml/blob/master/goyaml.v2/resolve.go */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "schema/yaml_internal.h"

#define MAX_NUMBER_BYTES 400u      /* longer runs of digits are text: no double holds them */
#define MAX_EXACT 9007199254740992 /* 2^53: integers up to here are exact as a double */

static const struct word {
	const char *text;
	enum node_kind kind;
	bool boolean;
	double real;
} words[] = {
	{"~", NODE_NULL, false, 0}, {"null", NODE_NULL, false, 0}, {"Null", NODE_NULL, false, 0},
	{"NULL", NODE_NULL, false, 0},
	{"true", NODE_BOOL, true, 0}, {"True", NODE_BOOL, true, 0}, {"TRUE", NODE_BOOL, true, 0},
	{"false", NODE_BOOL, false, 0}, {"False", NODE_BOOL, false, 0}, {"FALSE", NODE_BOOL, false, 0},
	{"y", NODE_BOOL, true, 0}, {"Y", NODE_BOOL, true, 0}, {"yes", NODE_BOOL, true, 0},
	{"Yes", NODE_BOOL, true, 0}, {"YES", NODE_BOOL, true, 0},
	{"on", NODE_BOOL, true, 0}, {"On", NODE_BOOL, true, 0}, {"ON", NODE_BOOL, true, 0},
	{"n", NODE_BOOL, false, 0}, {"N", NODE_BOOL, false, 0}, {"no", NODE_BOOL, false, 0},
	{"No", NODE_BOOL, false, 0}, {"NO", NODE_BOOL, false, 0},
	{"off", NODE_BOOL, false, 0}, {"Off", NODE_BOOL, false, 0}, {"OFF", NODE_BOOL, false, 0},
	{".nan", NODE_FLOAT, false, NAN}, {".NaN", NODE_FLOAT, false, NAN}, {".NAN", NODE_FLOAT, false, NAN},
	{".inf", NODE_FLOAT, false, INFINITY}, {".Inf", NODE_FLOAT, false, INFINITY},
	{".INF", NODE_FLOAT, false, INFINITY},
	{"+.inf", NODE_FLOAT, false, INFINITY}, {"+.Inf", NODE_FLOAT, false, INFINITY},
	{"+.INF", NODE_FLOAT, false, INFINITY},
	{"-.inf", NODE_FLOAT, false, -INFINITY}, {"-.Inf", NODE_FLOAT, false, -INFINITY},
	{"-.INF", NODE_FLOAT, false, -INFINITY},
};

static bool resolve_word(struct node *node)
{
	if (node->text_size > 5 || !strchr("~nNtTfFyYoO.+-", node->text[0]))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (node->text[0] != words[i].text[0] || strcmp(node->text, words[i].text) != 0)
			continue;
		node->kind = words[i].kind;
		if (node->kind == NODE_BOOL)
			node->u.boolean = words[i].boolean;
		else if (node->kind == NODE_FLOAT)
			node->u.real = words[i].real;
		return true;
	}
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *at)
{
	while (is_digit(*at))
		at++;
	return at;
}

static void set_real(struct node *node, double real)
{
	node->kind = NODE_FLOAT;
	node->u.real = real;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool resolve_float(struct node *node, const char *plain)
{
	const char *at = plain + (*plain == '+' || *plain == '-');
	const char *digits = at;
	double real;

	at = skip_digits(at);
	if (*at == '.') {
		if (at == digits && !is_digit(at[1]))
			return false;
		at = skip_digits(at + 1);
	} else if (at == digits) {
		return false;
	}
	if (*at == 'e' || *at == 'E') {
		at += 1 + (at[1] == '+' || at[1] == '-');
		if (!is_digit(*at))
			return false;
		at = skip_digits(at);
	}
	if (*at)
		return false;
	real = strtod(plain, NULL);
	if (isinf(real))
		return false;
	set_real(node, real);
	return true;
}

static unsigned digit_value(char c)
{
	if (is_digit(c))
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 99;
}

/* The base as Go's ParseInt(text, 0, 64) finds it; moves *at behind the prefix. */
static unsigned number_base(const char **at)
{
	char mark = (*at)[0] == '0' ? (*at)[1] : 0;

	if (!mark)
		return 10;
	*at += strchr("xXoObB", mark) ? 2 : 1;
	return mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
}

/* Integers over 63 bits become a double, as they do on their way through JSON. */
static bool resolve_int(struct node *node, const char *plain)
{
	bool is_negative = *plain == '-';
	const char *at = plain + (*plain == '+' || *plain == '-');
	unsigned base = number_base(&at);
	uint64_t value = 0, most = (uint64_t)INT64_MAX + is_negative;
	bool is_large = false;
	double real = 0;

	if (!*at)
		return false;
	for (; *at; at++) {
		unsigned digit = digit_value(*at);

		if (digit >= base)
			return false;
		real = real * base + digit;
		if (value > (most - digit) / base)
			is_large = true;
		else
			value = value * base + digit;
	}
	if (is_large) {
		set_real(node, base == 10 ? strtod(plain, NULL) : is_negative ? -real : real);
		return !isinf(node->u.real);
	}
	node->kind = NODE_INT;
	node->u.integer = is_negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

static bool resolve_number(struct node *node)
{
	char plain[MAX_NUMBER_BYTES + 1];
	size_t size = 0;

	if (node->text_size > MAX_NUMBER_BYTES)
		return false;
	if (node->text[0] == '.')
		return resolve_float(node, node->text);
	for (const char *c = node->text; *c; c++) {
		if (*c != '_')
			plain[size++] = *c;
	}
	plain[size] = '\0';
	return resolve_int(node, plain) || resolve_float(node, plain);
}

void yaml_resolve_plain(struct node *node)
{
	char first = node->text[0];

	node->kind = NODE_STRING;
	if (!first) {
		node->kind = NODE_NULL;
		return;
	}
	if (resolve_word(node))
		return;
	if (!is_digit(first) && first != '+' && first != '-' && first != '.')
		return;
	if (!resolve_number(node))
		node->kind = NODE_STRING;
}

static const char tag_prefix[] = "tag:yaml.org,2002:";

enum tag { TAG_NONE, TAG_TEXT, TAG_INT, TAG_FLOAT, TAG_BOOL, TAG_NULL };

static const struct {
	const char *name;
	enum tag tag;
} tags[] = {
	{"str", TAG_TEXT}, {"binary", TAG_TEXT}, {"timestamp", TAG_TEXT}, {"int", TAG_INT},
	{"float", TAG_FLOAT}, {"bool", TAG_BOOL}, {"null", TAG_NULL},
};

static enum tag find_tag(const char *tag)
{
	if (!str_has_prefix(tag, tag_prefix))
		return TAG_NONE;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (strcmp(tag + sizeof(tag_prefix) - 1, tags[i].name) == 0)
			return tags[i].tag;
	}
	return TAG_NONE;
}

static bool is_tagged_kind(enum tag tag, enum node_kind kind)
{
	switch (tag) {
	case TAG_NONE:
	case TAG_TEXT:
		return true;
	case TAG_INT:
		return kind == NODE_INT;
	case TAG_FLOAT:
		return kind == NODE_INT || kind == NODE_FLOAT;
	case TAG_BOOL:
		return kind == NODE_BOOL;
	case TAG_NULL:
		return kind == NODE_NULL;
	}
	return false;
}

static struct diag *scalar_fault(struct yaml_reader *reader, const yaml_event_t *event, const char *code,
				 const char *what)
{
	struct span span = {.text = reader->text, .line = (uint32_t)event->start_mark.line + 1,
			    .column = (uint32_t)event->start_mark.column + 1};

	return diag_add(reader->diags, SEVERITY_ERROR, code, span, "\"%.100s\" %s",
			(const char *)event->data.scalar.value, what);
}

enum rc yaml_scalar(struct yaml_reader *reader, const yaml_event_t *event, struct node *node)
{
	enum tag tag = event->data.scalar.tag ? find_tag((const char *)event->data.scalar.tag) : TAG_NONE;
	struct diag *diag;

	node->kind = NODE_STRING;
	if (tag == TAG_TEXT || (tag == TAG_NONE && event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE))
		return RC_OK;
	yaml_resolve_plain(node);
	if (!is_tagged_kind(tag, node->kind)) {
		diag = scalar_fault(reader, event, "A0112", "is not what its tag says");
		diag_help(reader->diags, diag, "Remove the tag !!%s.",
			  (const char *)event->data.scalar.tag + sizeof(tag_prefix) - 1);
		return RC_INVALID;
	}
	if (node->kind != NODE_FLOAT)
		return RC_OK;
	if (!isfinite(node->u.real)) {
		diag = scalar_fault(reader, event, "A0111", "is a number that JSON cannot express");
		diag_help(reader->diags, diag, "Write a finite number, or put the text in quotes.");
		return RC_INVALID;
	}
	/* JSON knows one sort of number: 80.0 is 80 */
	if (fabs(node->u.real) <= MAX_EXACT && trunc(node->u.real) == node->u.real) {
		node->kind = NODE_INT;
		node->u.integer = (int64_t)node->u.real;
	}
	return RC_OK;
}

const char *yaml_key_text(const struct node *node, char *buffer, size_t buffer_size)
{
	switch (node->kind) {
	case NODE_BOOL:
		return node->u.boolean ? "true" : "false";
	case NODE_INT:
		snprintf(buffer, buffer_size, "%lld", (long long)node->u.integer);
		return buffer;
	case NODE_FLOAT: /* Go's FormatFloat(key, 'g', -1, 32): the fewest digits that give the same float */
		for (int digits = 1; digits <= 9; digits++) {
			snprintf(buffer, buffer_size, "%.*g", digits, node->u.real);
			if (strtof(buffer, NULL) == (float)node->u.real)
				break;
		}
		return buffer;
	case NODE_NULL:
	case NODE_STRING:
	case NODE_SEQUENCE:
	case NODE_MAPPING:
		break;
	}
	return node->text;
}
