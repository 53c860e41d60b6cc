/* Diagnostics as text and JSON. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/run.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "report/diagnostics.h"

struct fixture {
	struct run run;
	struct strbuf out;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	setlocale(LC_CTYPE, "C.UTF-8");
	strbuf_init(&fixture.out, 0);
	*state = &fixture;
	return run_init(&fixture.run) ? -1 : 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	strbuf_done(&f->out);
	run_done(&f->run);
	return 0;
}

static struct span span_at(const struct text *text, uint32_t line, uint32_t column)
{
	return (struct span){ .text = text, .line = line, .column = column };
}

static void expect_text(struct fixture *f, const char *expected)
{
	diags_sort(&f->run.diags);
	diagnostics_text(&f->out, &f->run.diags, false);
	assert_string_equal(strbuf_text(&f->out), expected);
}

struct layout_case {
	const char *name, *line;
	uint32_t column;
	const char *shown, *caret;
};

static void test_layout(void **state)
{
	static const struct layout_case cases[] = {
		{ "plain", "  hostnam: a", 3, "  hostnam: a", "  ^" },
		{ "tabs", "\t\thost: a", 3, "        host: a", "        ^" },
		{ "wide characters", "\xe6\xbc\xa2\xe5\xad\x97: x", 4, "\xe6\xbc\xa2\xe5\xad\x97: x", "     ^" },
		{ "combining", "e\xcc\x81 x", 4, "e\xcc\x81 x", "  ^" },
		{ "escape sequences", "a\x1b[31mb: c", 1, "a\xef\xbf\xbd[31mb: c", "^" },
		{ "carriage return", "a: b\r", 4, "a: b", "   ^" },
		{ "past the end", "ab", 9, "ab", "  ^" },
		{ "empty line", "", 1, "", "^" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *bytes = arena_printf(f->run.arena, "first\n%s\nlast\n", cases[i].line);
		struct text text = { .name = "a.yaml", .bytes = bytes, .size = strlen(bytes) };
		char *expected = arena_printf(f->run.arena, "a.yaml:2:%u: error[A0101]: bad\n      2 | %s\n        | %s\n",
					      cases[i].column, cases[i].shown, cases[i].caret);

		diags_init(&f->run.diags, f->run.arena);
		strbuf_reset(&f->out);
		diag_add(&f->run.diags, SEVERITY_ERROR, "A0101", span_at(&text, 2, cases[i].column), "bad");
		expect_text(f, expected);
	}
}

static void test_parts(void **state)
{
	struct fixture *f = *state;
	struct diags *diags = &f->run.diags;
	struct diag *diag = diag_add(diags, SEVERITY_WARNING, "A0401", (struct span){ 0 }, "cannot list zones");

	diag_address(diags, diag, "account main");
	diag_help(diags, diag, "Give the token Zone: Read.\nOr another token.");
	diag->http_status = 403;
	diag->provider_code = 10000;
	expect_text(f, "warning[A0401]: account main: cannot list zones (HTTP 403, code 10000)\n"
		       "  help: Give the token Zone: Read.\nOr another token.\n");
}

static void test_address_once(void **state)
{
	struct fixture *f = *state;
	struct diag *diag = diag_add(&f->run.diags, SEVERITY_NOTE, "A0201", (struct span){ 0 }, "Gateway a/b is not ours");

	diag_address(&f->run.diags, diag, "Gateway a/b");
	expect_text(f, "note[A0201]: Gateway a/b is not ours\n");
}

/** A line of 200,000 characters is cut around the place, on both sides. */
static void test_long_line(void **state)
{
	struct fixture *f = *state;
	size_t size = 200000;
	char *bytes = arena_alloc(f->run.arena, size);
	struct text text = { .name = "long.json", .bytes = bytes, .size = size };
	const char *shown, *caret, *line_end;

	memset(bytes, 'x', size);
	bytes[99999] = '!';
	diag_add(&f->run.diags, SEVERITY_ERROR, "A0101", span_at(&text, 1, 100000), "bad");
	diagnostics_text(&f->out, &f->run.diags, false);
	shown = strchr(strbuf_text(&f->out), '\n') + 1;
	line_end = strchr(shown, '\n');
	caret = line_end + 1;
	assert_true(line_end - shown < 140);
	/* Three bytes of the first ellipsis take one column. */
	assert_int_equal(strcspn(shown, "!") - 2, strcspn(caret, "^"));
	assert_int_equal(shown[strcspn(shown, "!")], '!');
}

/** Errors are printed before warnings and notes when not all have room, and the rest is counted. */
static void test_room(void **state)
{
	struct fixture *f = *state;
	const char *text;

	for (unsigned i = 0; i < 30; i++)
		diag_add(&f->run.diags, SEVERITY_NOTE, "A0001", (struct span){ 0 }, "note %u", i);
	for (unsigned i = 0; i < 45; i++)
		diag_add(&f->run.diags, SEVERITY_ERROR, "A0002", (struct span){ 0 }, "error %u", i);
	diags_sort(&f->run.diags);
	diagnostics_text(&f->out, &f->run.diags, false);
	text = strbuf_text(&f->out);
	for (unsigned i = 0; i < 45; i++)
		assert_non_null(strstr(text, arena_printf(f->run.arena, "error %u\n", i)));
	assert_non_null(strstr(text, "note 0\n"));
	assert_non_null(strstr(text, "... and 25 more (25 notes)\n"));
}

/** The same warning of many places is printed for a few; what another code says is still printed. */
static void test_repetition(void **state)
{
	struct fixture *f = *state;
	const char *text;

	for (unsigned i = 0; i < 20; i++)
		diag_add(&f->run.diags, SEVERITY_WARNING, "A0001", (struct span){ 0 }, "same %u", i);
	diag_add(&f->run.diags, SEVERITY_WARNING, "A0002", (struct span){ 0 }, "other");
	f->run.diags.dropped = 3;
	diagnostics_text(&f->out, &f->run.diags, false);
	text = strbuf_text(&f->out);
	assert_non_null(strstr(text, "same 4\n"));
	assert_null(strstr(text, "same 5\n"));
	assert_non_null(strstr(text, "other\n"));
	assert_non_null(strstr(text, "... and 18 more (15 warnings, 3 not kept)\n"));
}

static void test_color(void **state)
{
	struct fixture *f = *state;

	diag_add(&f->run.diags, SEVERITY_ERROR, "A0001", (struct span){ 0 }, "bad");
	diagnostics_text(&f->out, &f->run.diags, true);
	assert_string_equal(strbuf_text(&f->out), "\033[1;31merror[A0001]:\033[0m bad\n");
}

static void test_no_escape_reaches_a_terminal(void **state)
{
	struct fixture *f = *state;
	struct text text = { .name = "evil\x1b]0;x\x07.yaml", .bytes = "\x1b[2J\xc2\x9b\n", .size = 7 };
	struct diag *diag = diag_add(&f->run.diags, SEVERITY_ERROR, "A0001", span_at(&text, 1, 1), "bad \x1b[2J name\r\n");

	diag_help(&f->run.diags, diag, "do \x1b[2J this");
	diag_address(&f->run.diags, diag, "HTTPRoute \x1b[2J");
	diagnostics_text(&f->out, &f->run.diags, false);
	assert_null(memchr(f->out.data, 0x1b, f->out.size));
	assert_null(memchr(f->out.data, 0x07, f->out.size));
	assert_null(memchr(f->out.data, '\r', f->out.size));
	assert_null(strstr(f->out.data, "\xc2\x9b"));
}

/** A text without bytes has a name and places, but no lines to show. */
static void test_text_that_is_not_shown(void **state)
{
	struct fixture *f = *state;
	struct text text = { .name = "adit.yaml" };

	diag_add(&f->run.diags, SEVERITY_ERROR, "A0306", span_at(&text, 3, 7), "would hold a secret");
	expect_text(f, "adit.yaml:3:7: error[A0306]: would hold a secret\n");
}

static void test_json(void **state)
{
	struct fixture *f = *state;
	struct text text = { .name = "a.yaml", .bytes = "a: 1\n\tb: 2\n", .size = 11 };
	struct json_writer w;
	struct diag *diag = diag_add(&f->run.diags, SEVERITY_ERROR, "A0101", span_at(&text, 2, 2), "bad \"b\"");
	struct json *parsed;
	const struct json *first, *range, *snippet;

	diag_help(&f->run.diags, diag, "Remove it.");
	diag_add(&f->run.diags, SEVERITY_WARNING, "A0201", (struct span){ 0 }, "no place");
	diags_sort(&f->run.diags);
	json_writer_init(&w, &f->out, 2);
	diagnostics_json(&w, &f->run.diags);
	assert_int_equal(json_parse(f->run.arena, f->out.data, f->out.size, &parsed, NULL), RC_OK);
	assert_int_equal(json_count(parsed), 2);
	first = str_eq(json_get_string(json_item(parsed, 0), "code", ""), "A0101") ? json_item(parsed, 0)
										    : json_item(parsed, 1);
	range = json_get(first, "range");
	snippet = json_get(first, "snippet");
	assert_string_equal(json_get_string(first, "severity", ""), "error");
	assert_string_equal(json_get_string(first, "summary", ""), "bad \"b\"");
	assert_string_equal(json_get_string(first, "detail", ""), "Remove it.");
	assert_string_equal(json_get_string(range, "filename", ""), "a.yaml");
	assert_int_equal(json_get_int(json_get(range, "start"), "line", 0), 2);
	assert_int_equal(json_get_int(json_get(range, "start"), "column", 0), 2);
	assert_int_equal(json_get_int(json_get(range, "start"), "byte", 0), 6);
	assert_int_equal(json_get_int(json_get(range, "end"), "column", 0), 3);
	assert_string_equal(json_get_string(snippet, "code", ""), "    b: 2");
	assert_int_equal(json_get_int(snippet, "highlight_start_offset", -1), 4);
	assert_int_equal(json_get_int(snippet, "highlight_end_offset", -1), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_layout, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_address_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_repetition, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_color, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_escape_reaches_a_terminal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_text_that_is_not_shown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
