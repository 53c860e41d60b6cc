/* libyaml's failures in plain words, with the place that helps and the way out. */
#include <string.h>

#include "base/str.h"
#include "schema/yaml_internal.h"

/** Which of libyaml's two places is the one to show. OPENED: where the bracket was opened, if the text ends before it
 * is closed, and only in that case; another row stands for the other. */
enum place { AT_PROBLEM, AT_CONTEXT, OPENED };

static const struct explanation {
	const char *context; /* start of libyaml's context; NULL: any */
	const char *problem; /* start of libyaml's problem */
	enum place place;
	const char *summary;
	const char *help;
} explanations[] = {
	{"while scanning an alias", "did not find", AT_CONTEXT,
	 "text that starts with * is read as an alias",
	 "Put it in quotes: \"*.example.com\""},
	{"while scanning an anchor", "did not find", AT_CONTEXT,
	 "text that starts with & is read as an anchor",
	 "Put it in quotes."},
	{"while scanning a quoted scalar", "found unexpected end", AT_CONTEXT,
	 "this quote is never closed",
	 "Close it on the line where the text ends."},
	{"while scanning a quoted scalar", "found unexpected document", AT_CONTEXT,
	 "this quote is still open where the next document starts",
	 "Close it on the line where the text ends."},
	{"while parsing a quoted scalar", "found unknown escape", AT_PROBLEM,
	 "unknown escape after the backslash",
	 "In single quotes a backslash is an ordinary character: '\\d+'"},
	{"while parsing a quoted scalar", "found invalid Unicode", AT_PROBLEM,
	 "the escape is no Unicode character",
	 "A character beyond U+FFFF is written \\UXXXXXXXX (in JSON as a pair of \\u escapes, both "
	 "halves)."},
	{"while parsing a quoted scalar", "did not find expected hex", AT_PROBLEM,
	 "hexadecimal digits are missing in the escape",
	 "In single quotes a backslash is an ordinary character."},
	{"while scanning a block scalar", "found a tab", AT_PROBLEM,
	 "a tab stands where spaces must indent",
	 "Replace the tab by spaces."},
	{"while scanning a block scalar", "did not find", AT_PROBLEM,
	 "only a comment may follow | or > on its line",
	 "Put text that starts with | or > in quotes."},
	{"while scanning a simple key", "could not find expected ':'", AT_CONTEXT,
	 "this line is neither \"key: value\" nor part of a list",
	 "Add the colon and a space after the key, or indent the line to make it part of the value "
	 "above."},
	{"while parsing a flow mapping", "did not find expected ','", OPENED,
	 "this { is never closed",
	 "Add the missing }. Text that starts with { goes in quotes."},
	{"while parsing a flow mapping", "did not find expected ','", AT_PROBLEM,
	 "a comma or } is missing before this",
	 "Inside { } the members are separated by commas; text with brackets, commas or quotes in "
	 "it goes in quotes."},
	{"while parsing a flow sequence", "did not find expected ','", OPENED,
	 "this [ is never closed",
	 "Add the missing ]. Text that starts with [ goes in quotes."},
	{"while parsing a flow sequence", "did not find expected ','", AT_PROBLEM,
	 "a comma or ] is missing before this",
	 "Inside [ ] the items are separated by commas; text with brackets, commas or quotes in it "
	 "goes in quotes."},
	{"while parsing a flow node", "did not find expected node", OPENED,
	 "the text ends where a value is expected", NULL},
	{NULL, "did not find expected node", AT_PROBLEM,
	 "a value is expected here",
	 "Text that starts with a bracket, a comma or : goes in quotes."},
	{"while parsing a block mapping", "did not find expected key", AT_PROBLEM,
	 "a key of the mapping is expected here",
	 "Indent this line like the other keys of its mapping; after a quoted value nothing may follow."},
	{"while parsing a block collection", "did not find expected '-'", AT_PROBLEM,
	 "the next \"- \" of the list is expected here",
	 "Indent this line like the other items of its list, or less, to end it."},
	{NULL, "mapping values are not allowed", AT_PROBLEM,
	 "a \": \" is not allowed here",
	 "Text with a colon and a space in it goes in quotes; or the line is indented too deep."},
	{NULL, "block sequence entries are not allowed", AT_PROBLEM,
	 "a list cannot start here",
	 "Start it on a line of its own below the key."},
	{NULL, "block mapping keys are not allowed", AT_PROBLEM,
	 "a key cannot start here", NULL},
	{NULL, "did not find expected <document start>", AT_PROBLEM,
	 "the document has ended, but more text follows",
	 "Put --- on a line of its own between two documents; or indent the line like those above."},
	{NULL, "found undefined tag handle", AT_PROBLEM,
	 "the tag uses a prefix that no %TAG line declares",
	 "Text that starts with ! goes in quotes."},
	{NULL, "found incompatible YAML document", AT_PROBLEM,
	 "this version of YAML is unknown",
	 "Write %YAML 1.2, or leave the line out."},
	{NULL, "found a tab character", AT_PROBLEM,
	 "a tab indents this line",
	 "YAML is indented with spaces: replace the tab."},
};

static bool starts_with(const char *text, const char *prefix)
{
	return text && str_has_prefix(text, prefix);
}

static struct span to_span(const struct text *text, yaml_mark_t mark)
{
	return (struct span){.text = text, .line = (uint32_t)mark.line + 1, .column = (uint32_t)mark.column + 1};
}

/* libyaml puts the end of the text on a line of its own. */
static bool is_at_end(const struct text *text, yaml_mark_t mark)
{
	struct span span = to_span(text, mark);
	size_t size;
	const char *line = span_line(&span, &size);

	return !line || line == text->bytes + text->size;
}

static const struct explanation *find_explanation(const struct text *text, const yaml_parser_t *parser)
{
	for (size_t i = 0; i < sizeof(explanations) / sizeof(explanations[0]); i++) {
		const struct explanation *e = &explanations[i];

		if (!starts_with(parser->problem, e->problem) || (e->context && !starts_with(parser->context, e->context)))
			continue;
		if (e->place != OPENED || is_at_end(text, parser->problem_mark))
			return e;
	}
	return NULL;
}

/* The byte at @p span; 0 when it is behind the line's end. */
static char char_at(const struct span *span)
{
	size_t size, column = 1;
	const char *line = span_line(span, &size);

	for (size_t i = 0; line && i < size; i++) {
		if (((unsigned char)line[i] & 0xC0) == 0x80)
			continue;
		if (column++ == span->column)
			return line[i];
	}
	return 0;
}

static struct diag *add_bad_start(struct diags *diags, struct span span)
{
	char c = char_at(&span);
	struct diag *diag;

	if (c == '\t') {
		diag = diag_add(diags, SEVERITY_ERROR, "A0103", span, "a tab indents this line");
		diag_help(diags, diag, "YAML is indented with spaces: replace the tab.");
		return diag;
	}
	diag = diag_add(diags, SEVERITY_ERROR, "A0103", span, "a value cannot start with %c", c ? c : '?');
	diag_help(diags, diag, "Put it in quotes.");
	return diag;
}

static struct diag *add_syntax(struct diags *diags, const struct text *text, const yaml_parser_t *parser)
{
	const struct explanation *e = find_explanation(text, parser);
	struct span problem = to_span(text, parser->problem_mark);
	struct diag *diag;

	if (starts_with(parser->problem, "found character that cannot start"))
		return add_bad_start(diags, problem);
	if (!e)
		return diag_add(diags, SEVERITY_ERROR, "A0103", problem, "not valid YAML: %s",
				parser->problem ? parser->problem : "unknown fault");
	diag = diag_add(diags, SEVERITY_ERROR, "A0103",
			e->place == AT_PROBLEM ? problem : to_span(text, parser->context_mark), "%s", e->summary);
	if (e->help)
		diag_help(diags, diag, "%s", e->help);
	return diag;
}

void yaml_help_template(struct diags *diags, struct diag *diag)
{
	size_t size;
	const char *line = span_line(&diag->span, &size);

	if (line && memmem(line, size, "{{", 2))
		diag_help(diags, diag,
			  "{{ }} is an unrendered template; render it first (helm template) and give adit the output.");
}

enum rc yaml_syntax_error(struct diags *diags, const struct text *text, const yaml_parser_t *parser)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return RC_NOMEM;
	yaml_help_template(diags, add_syntax(diags, text, parser));
	return RC_INVALID;
}
