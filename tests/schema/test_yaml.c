/** @file Tests of the YAML reader: what texts become, what is refused and where, and that nothing hostile costs much. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "schema/yaml.h"
#include "tests/base/unit.h"

/** One test's world. */
struct world {
	struct arena *arena;
	struct diags diags;
	struct text text;
	struct yaml_reader *reader;
	struct strbuf out;     /* documents as JSON, one per line */
	struct strbuf input;   /* generated texts */
	enum rc rc;            /* the last failure of yaml_open() or yaml_next() */
	size_t documents;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	w->arena = arena_new((size_t)2 * 1024 * 1024 * 1024);
	strbuf_init(&w->out, 0);
	strbuf_init(&w->input, 0);
	*state = w;
	return w->arena ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;

	yaml_close(w->reader);
	strbuf_done(&w->out);
	strbuf_done(&w->input);
	arena_free(w->arena);
	free(w);
	return 0;
}

static void start(struct world *w, const char *bytes, size_t size)
{
	yaml_close(w->reader);
	w->reader = NULL;
	diags_init(&w->diags, w->arena);
	strbuf_reset(&w->out);
	w->text = (struct text){.name = "test.yaml", .bytes = bytes, .size = size};
	w->rc = yaml_open(&w->diags, &w->text, &w->reader);
	w->documents = 0;
}

static struct node *next(struct world *w, bool *ret_end)
{
	struct node *root = NULL;
	enum rc rc;

	*ret_end = true;
	if (!w->reader)
		return NULL;
	rc = yaml_next(w->reader, w->arena, &root, ret_end);
	if (rc) {
		w->rc = rc;
		*ret_end = false;
		return NULL;
	}
	return root;
}

static void write_document(struct world *w, const struct node *root)
{
	struct json *value = NULL;

	w->documents++;
	if (root)
		assert_int_equal(node_to_json(w->arena, root, &value), RC_OK);
	if (w->out.size)
		strbuf_addc(&w->out, '\n');
	json_write_canonical(&w->out, value);
}

/* All documents; refused ones are left out, until the reader is at its end. */
static const char *read_bytes(struct world *w, const char *bytes, size_t size)
{
	bool is_end = false;

	start(w, bytes, size);
	for (unsigned tries = 0; !is_end; tries++) {
		size_t errors = w->diags.error_count;
		const struct node *root = next(w, &is_end);

		assert_true(tries < 1000000);
		if (!is_end && w->diags.error_count == errors)
			write_document(w, root);
	}
	return strbuf_text(&w->out);
}

static const char *read_string(struct world *w, const char *text)
{
	return read_bytes(w, text, strlen(text));
}

static const struct {
	const char *text, *json;
} documents[] = {
	/* streams */
	{"", ""},
	{"# only a comment\n", ""},
	{"\n\n", ""},
	{"---\n", "null"},
	{"---\n---\n", "null\nnull"},
	{"---\n# c\n---\na: 1\n", "null\n{\"a\":1}"},
	{"a: 1\n---\nb: 2\n...\n---\nc: 3\n", "{\"a\":1}\n{\"b\":2}\n{\"c\":3}"},
	{"%YAML 1.2\n---\na: 1\n", "{\"a\":1}"},
	{"%TAG !k! tag:example.com,2026:\n---\na: !k!x 1\n", "{\"a\":1}"},
	{"\xef\xbb\xbf" "a: 1\n", "{\"a\":1}"},
	{"a: 1\r\nb: 2\r\n", "{\"a\":1,\"b\":2}"},
	{"~", "null"},
	{"--- text\n", "\"text\""},
	{"- 1\n- [2, {a: 3}]\n-\n- - 4\n", "[1,[2,{\"a\":3}],null,[4]]"},
	{"a: |\n  x\n  y\nb: >-\n  p\n  q\n", "{\"a\":\"x\\ny\\n\",\"b\":\"p q\"}"},
	{"a: it's \"so\"\n", "{\"a\":\"it's \\\"so\\\"\"}"},
	/* anchors, aliases, merge keys */
	{"a: &x [1]\nb: *x\n", "{\"a\":[1],\"b\":[1]}"},
	{"a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}"},
	{"a: &x text\n*x : 1\n", "{\"a\":\"text\",\"text\":1}"},
	{"&k key: *k\n", "{\"key\":\"key\"}"},
	{"&k 0x10: *k\n", "{\"16\":16}"},
	{"b: &b {x: 1, z: 2}\nm: {<<: *b, z: 3}\n", "{\"b\":{\"x\":1,\"z\":2},\"m\":{\"x\":1,\"z\":3}}"},
	{"b: &b {x: 1, z: 2}\nm: {z: 3, <<: *b}\n", "{\"b\":{\"x\":1,\"z\":2},\"m\":{\"x\":1,\"z\":3}}"},
	{"p: &p {x: 1}\nq: &q {x: 2, z: 2}\nm: {<<: [*p, *q]}\n",
	 "{\"m\":{\"x\":1,\"z\":2},\"p\":{\"x\":1},\"q\":{\"x\":2,\"z\":2}}"},
	{"m: {<<: {x: 1}, z: 2}\n", "{\"m\":{\"x\":1,\"z\":2}}"},
	{"m: {<<: [], z: 2}\n", "{\"m\":{\"z\":2}}"},
	{"p: &p {x: 1}\nq: &q {<<: *p, z: 2}\nm: {<<: *q}\n",
	 "{\"m\":{\"x\":1,\"z\":2},\"p\":{\"x\":1},\"q\":{\"x\":1,\"z\":2}}"},
	{"m: {\"<<\": {x: 1}}\n", "{\"m\":{\"<<\":{\"x\":1}}}"},
	{"m: {!!merge <<: {x: 1}}\n", "{\"m\":{\"x\":1}}"},
	/* keys take their JSON form */
	{"true: a\n1: b\n0x10: c\n1.50: d\nno: e\n", "{\"1\":\"b\",\"1.5\":\"d\",\"16\":\"c\",\"false\":\"e\",\"true\":\"a\"}"},
	{"3.14159265358979: pi\n1e30: b\n", "{\"1e+30\":\"b\",\"3.1415927\":\"pi\"}"},
	{"\"true\": a\n'1': b\n", "{\"1\":\"b\",\"true\":\"a\"}"},
	{"? a\n: 1\n", "{\"a\":1}"},
	{"? a\n", "{\"a\":null}"},
	/* JSON */
	{"{\"a\":[1,-2,1.5,1e3,true,false,null,\"x\"],\"b\":{}}",
	 "{\"a\":[1,-2,1.5,1000,true,false,null,\"x\"],\"b\":{}}"},
	{"\t{\n\t\"a\":\t1,\n\t\"b\": [\t]\n}\n", "{\"a\":1,\"b\":[]}"},
	{"[\"\\/\\\"\\\\\\b\\f\\n\\r\\t\\u00e9\"]", "[\"/\\\"\\\\\\b\\f\\n\\r\\té\"]"},
	{"{\"\\ud83d\\ude00\":\"x\\uD83D\\uDE00y\\ud83d\\ude01\"}", "{\"😀\":\"x😀y😁\"}"},
	{"{\"a\":\"\\\"\\ud83d\\ude00\"}", "{\"a\":\"\\\"😀\"}"},
	{"{a: ': \"\\ud83d\\ude00\"', b: \"\\ud83d\\ude00\"}", "{\"a\":\": \\\"\\\\ud83d\\\\ude00\\\"\",\"b\":\"😀\"}"},
	{"{a: 1, # : \"\n b: \"\\ud83d\\ude00\"}", "{\"a\":1,\"b\":\"😀\"}"},
	{"{\"a\":\"\\\\ud83d\\\\ude00\"}", "{\"a\":\"\\\\ud83d\\\\ude00\"}"},
	{"{a: '\\ud83d\\ude00' , b: \"\\ud83d\\ude00\"}", "{\"a\":\"\\\\ud83d\\\\ude00\",\"b\":\"😀\"}"},
	{"{a: it's, # \"\n b: \"\\ud83d\\ude00\"}", "{\"a\":\"it's\",\"b\":\"😀\"}"},
	{"{\"a\":\"\\ud83d\\ude00\"}\n---\n[\"\\ud83d\\ude00\"]\n---\nb: '\\ud83d\\ude00'\n",
	 "{\"a\":\"😀\"}\n[\"😀\"]\n{\"b\":\"\\\\ud83d\\\\ude00\"}"},
};

static void test_documents(void **state)
{
	for (size_t i = 0; i < COUNT(documents); i++) {
		const char *json = read_string(*state, documents[i].text);
		const struct world *w = *state;

		if (w->diags.count)
			fail_msg("%s: %s", documents[i].text, w->diags.items[0].summary);
		assert_string_equal(json, documents[i].json);
	}
}

static const struct {
	const char *text;
	enum node_kind kind;
	const char *json;
} scalars[] = {
	{"~", NODE_NULL, "null"}, {"null", NODE_NULL, "null"}, {"Null", NODE_NULL, "null"}, {"NULL", NODE_NULL, "null"},
	{"", NODE_NULL, "null"}, {"nUll", NODE_STRING, "\"nUll\""},
	{"true", NODE_BOOL, "true"}, {"True", NODE_BOOL, "true"}, {"TRUE", NODE_BOOL, "true"},
	{"tRue", NODE_STRING, "\"tRue\""},
	{"yes", NODE_BOOL, "true"}, {"Yes", NODE_BOOL, "true"}, {"y", NODE_BOOL, "true"}, {"Y", NODE_BOOL, "true"},
	{"on", NODE_BOOL, "true"}, {"ON", NODE_BOOL, "true"}, {"false", NODE_BOOL, "false"},
	{"no", NODE_BOOL, "false"}, {"n", NODE_BOOL, "false"}, {"off", NODE_BOOL, "false"}, {"Off", NODE_BOOL, "false"},
	{"oN", NODE_STRING, "\"oN\""}, {"yess", NODE_STRING, "\"yess\""},
	{"0", NODE_INT, "0"}, {"-0", NODE_INT, "0"}, {"12", NODE_INT, "12"}, {"+12", NODE_INT, "12"},
	{"-12", NODE_INT, "-12"}, {"1_000", NODE_INT, "1000"}, {"1_", NODE_INT, "1"}, {"_1", NODE_STRING, "\"_1\""},
	{"010", NODE_INT, "8"}, {"0o17", NODE_INT, "15"}, {"0O17", NODE_INT, "15"}, {"08", NODE_INT, "8"},
	{"0x1F", NODE_INT, "31"}, {"-0x1f", NODE_INT, "-31"}, {"0b101", NODE_INT, "5"}, {"0b2", NODE_STRING, "\"0b2\""},
	{"0x", NODE_STRING, "\"0x\""}, {"0xg", NODE_STRING, "\"0xg\""}, {"0o8", NODE_STRING, "\"0o8\""},
	{"-9223372036854775808", NODE_INT, NULL}, {"9223372036854775807", NODE_INT, NULL},
	{"9223372036854775808", NODE_FLOAT, NULL}, {"0xFFFFFFFFFFFFFFFFFF", NODE_FLOAT, NULL},
	{"1.5", NODE_FLOAT, "1.5"}, {".5", NODE_FLOAT, "0.5"}, {"-.5", NODE_FLOAT, "-0.5"}, {"1.", NODE_INT, "1"},
	{"80.0", NODE_INT, "80"}, {"1e3", NODE_INT, "1000"}, {"1E-1", NODE_FLOAT, "0.1"}, {"1e400", NODE_STRING, "\"1e400\""},
	{"1e", NODE_STRING, "\"1e\""}, {".", NODE_STRING, "\".\""}, {".e1", NODE_STRING, "\".e1\""},
	{"+", NODE_STRING, "\"+\""}, {"-x", NODE_STRING, "\"-x\""}, {"1.2.3", NODE_STRING, "\"1.2.3\""},
	{"1:30", NODE_STRING, "\"1:30\""}, {"190:20:30", NODE_STRING, "\"190:20:30\""},
	{"2001-12-14", NODE_STRING, "\"2001-12-14\""}, {"2001-12-14T21:59:43Z", NODE_STRING, "\"2001-12-14T21:59:43Z\""},
	{"10s", NODE_STRING, "\"10s\""}, {"v1", NODE_STRING, "\"v1\""}, {"=", NODE_STRING, "\"=\""},
	{"inf", NODE_STRING, "\"inf\""}, {"nan", NODE_STRING, "\"nan\""},
	{"\"12\"", NODE_STRING, "\"12\""}, {"'true'", NODE_STRING, "\"true\""}, {"\"\"", NODE_STRING, "\"\""},
	{"!!str 12", NODE_STRING, "\"12\""}, {"!!str", NODE_STRING, "\"\""}, {"!!int \"12\"", NODE_INT, "12"},
	{"!!float 3", NODE_INT, "3"}, {"!!float 3.5", NODE_FLOAT, "3.5"}, {"!!bool on", NODE_BOOL, "true"},
	{"!!null ''", NODE_NULL, "null"}, {"!!binary 1234", NODE_STRING, "\"1234\""},
	{"!!timestamp 2001-12-14", NODE_STRING, "\"2001-12-14\""},
	{"!other 12", NODE_INT, "12"}, {"!other '12'", NODE_STRING, "\"12\""}, {"! 12", NODE_INT, "12"},
	{"!<tag:yaml.org,2002:str> 12", NODE_STRING, "\"12\""},
};

static void test_scalars_are_typed_as_kubernetes_does(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(scalars); i++) {
		char *text = arena_printf(w->arena, "k: %s\n", scalars[i].text);
		const struct node *value;
		bool is_end;

		start(w, text, strlen(text));
		value = node_get(next(w, &is_end), "k");
		if (!value)
			fail_msg("%s: refused", scalars[i].text);
		if (value->kind != scalars[i].kind)
			fail_msg("%s is %s", scalars[i].text, node_kind_text(value->kind));
		strbuf_reset(&w->out);
		write_document(w, value);
		if (scalars[i].json)
			assert_string_equal(strbuf_text(&w->out), scalars[i].json);
	}
}

static void test_integers_keep_all_their_bits(void **state)
{
	const char *text = "[-9223372036854775808, 9223372036854775807, 9223372036854775808, 9007199254740993]";
	const struct node *root;
	bool is_end;

	start(*state, text, strlen(text));
	root = next(*state, &is_end);
	assert_true(root->u.sequence.items[0]->u.integer == INT64_MIN);
	assert_true(root->u.sequence.items[1]->u.integer == INT64_MAX);
	assert_true(root->u.sequence.items[2]->u.real == 9223372036854775808.0);
	assert_true(root->u.sequence.items[3]->u.integer == 9007199254740993);
	assert_string_equal(root->u.sequence.items[2]->text, "9223372036854775808");
}

/* "documents" says how many were read in spite of the fault. */
static const struct {
	const char *text, *code;
	uint32_t line, column;
	const char *summary, *help; /* parts of them; NULL: none asked for */
	size_t documents;
} faults[] = {
	/* bytes */
	{"a: \xff\n", "A0101", 1, 4, "0xff", "UTF-8", 0},
	{"\xff\xfe" "a", "A0101", 1, 1, NULL, "UTF-16", 0},
	{"a: é\nb: \xc3(\n", "A0101", 2, 4, NULL, NULL, 0},
	{"a: \xed\xa0\x80\n", "A0101", 1, 4, NULL, NULL, 0},
	{"a: \xc0\xaf\n", "A0101", 1, 4, NULL, NULL, 0},
	{"a: \xf4\x90\x80\x80\n", "A0101", 1, 4, NULL, NULL, 0},
	{"a: \xe2\x82", "A0101", 1, 4, NULL, NULL, 0},
	{"é: \x1b[31m\n", "A0102", 1, 4, "U+001B", NULL, 0},
	{"a: \x7f\n", "A0102", 1, 4, "U+007F", NULL, 0},
	{"a: \xc2\x9b\n", "A0102", 1, 4, "U+009B", NULL, 0},
	{"a: 1\n\xef\xbb\xbf" "b: 1\n", "A0102", 2, 1, "byte order mark", NULL, 0},
	{"a: \xef\xbf\xbf\n", "A0102", 1, 4, "U+FFFF", NULL, 0},
	{"a: \"x\\0y\"\n", "A0102", 1, 4, "NUL", "\\u0000", 0},
	{"\"x\\u0000\": y\n", "A0102", 1, 1, "NUL", NULL, 0},
	/* syntax */
	{"a: *.example.com\n", "A0103", 1, 4, "alias", "quotes", 0},
	{"a: &.x\n", "A0103", 1, 4, "anchor", "quotes", 0},
	{"a: @x\n", "A0103", 1, 4, "cannot start with @", "quotes", 0},
	{"a: `x`\n", "A0103", 1, 4, "cannot start with `", "quotes", 0},
	{"a: %x\n", "A0103", 1, 4, "cannot start with %", "quotes", 0},
	{"a:\n\tb: 1\n", "A0103", 2, 1, "tab", "spaces", 0},
	{"a:\n  - b\n\t- c\n", "A0103", 3, 1, "tab", "spaces", 0},
	{"a: |\n\tx\n", "A0103", 2, 1, "tab", "spaces", 0},
	{"a: 1\nb: \"x\nc: 2\n", "A0103", 2, 4, "never closed", NULL, 0},
	{"a: 'x\n", "A0103", 1, 4, "never closed", NULL, 0},
	{"a: \"x\n---\nb: 1\n", "A0103", 1, 4, "next document", NULL, 0},
	{"a: b: c\n", "A0103", 1, 5, "\": \"", "quotes", 0},
	{"a: 1\n  b: 2\n", "A0103", 2, 4, "\": \"", "indented", 0},
	{"a: 1\nfoo\nb: 2\n", "A0103", 2, 1, "neither", NULL, 0},
	{"a:\n  - b\n c: 1\n", "A0103", 3, 2, "key", "Indent", 0},
	{"a: \"x\" y\n", "A0103", 1, 8, NULL, "quoted", 0},
	{"- a\nb: 1\n", "A0103", 2, 1, "list", "Indent", 0},
	{"a: - b\n", "A0103", 1, 4, "list", NULL, 0},
	{"a: \"\\d\"\n", "A0103", 1, 5, "escape", "single quotes", 0},
	{"a: \"\\xzz\"\n", "A0103", 1, 7, "hexadecimal", NULL, 0},
	{"[\"\\ud83d\"]", "A0103", 1, 5, "Unicode", "pair", 0},
	{"{\n  \"a\": \"x\"\n  \"b\": 2\n}\n", "A0103", 3, 3, "comma", NULL, 0},
	{"{\n  \"a\": 1\n  \"b\": 2\n}\n", "A0103", 3, 6, "comma", NULL, 0},
	{"a: 1\nb: {c: [1, 2\n", "A0103", 2, 8, "[ is never closed", NULL, 0},
	{"{\"a\": {\"b\": 1}\n", "A0103", 1, 1, "{ is never closed", NULL, 0},
	{"a: ]\n", "A0103", 1, 4, "value is expected", "quotes", 0},
	{"{\"a\":1}{\"b\":2}", "A0103", 1, 8, "more text follows", "---", 1},
	{"a: !k!x 1\n", "A0103", 1, 4, "prefix", "quotes", 0},
	{"%YAML 3.0\n---\na: 1\n", "A0103", 1, 1, "version", NULL, 0},
	{"a: >x\n  y\n", "A0103", 1, 5, "comment", "quotes", 0},
	{"a: {{ .Values.x }}\n", "A0109", 1, 5, "mapping", "template", 0},
	{"- {{- if }}\n---\na: 1\n", "A0109", 1, 4, NULL, "template", 0},
	{"{{ .x }}\n", "A0109", 1, 2, NULL, "template", 0},
	/* aliases and keys */
	{"a: *example\n", "A0104", 1, 4, "*example", "\"*example\"", 0},
	{"a: *x\nb: &x 1\n---\nc: 1\n", "A0104", 1, 4, NULL, NULL, 1},
	{"a: &x 1\n---\nb: *x\n", "A0104", 2 + 1, 4, NULL, NULL, 1},
	{"a: &a [1, *a]\n", "A0105", 1, 11, "inside", "line 1", 0},
	{"&a a: {b: {c: *b}, d: &b 1}\n", "A0104", 1, 15, NULL, NULL, 0},
	{"x: &x {y: {z: *x}}\n", "A0105", 1, 15, NULL, NULL, 0},
	{"a: 1\nb: 2\na: 3\n---\nc: 1\n", "A0108", 3, 1, "\"a\" is there already, at line 1 column 1", NULL, 1},
	{"{\"a\":1, \"b\":{\"c\":1,\"c\":2}}\n", "A0108", 1, 20, "line 1 column 14", NULL, 0},
	{"1: a\n\"1\": b\n", "A0108", 2, 1, "line 1 column 1", NULL, 0},
	{"y: a\ntrue: b\n", "A0108", 2, 1, NULL, NULL, 0},
	{"<<: {a: 1}\n<<: {b: 1}\n", "A0108", 2, 1, "\"<<\"", "<<: [", 0},
	{"? [a]\n: b\n---\nc: 1\n", "A0109", 1, 3, "a list", NULL, 1},
	{"? {a: 1}\n: b\n", "A0109", 1, 3, "a mapping", NULL, 0},
	{"~: x\n", "A0109", 1, 1, "null", NULL, 0},
	{"?\n: x\n", "A0109", 1, 2, "null", NULL, 0},
	{"a: &x [1]\n*x : 2\n", "A0109", 2, 1, "a list", NULL, 0},
	{"<<: 3\n", "A0110", 1, 1, "a number", NULL, 0},
	{"a: &a [1]\nb: {<<: [*a]}\n", "A0110", 2, 5, "a list", NULL, 0},
	{"<<: ~\n", "A0110", 1, 1, "null", NULL, 0},
	/* scalars */
	{"a: .inf\n", "A0111", 1, 4, ".inf", "quotes", 0},
	{"a: -.INF\n", "A0111", 1, 4, NULL, NULL, 0},
	{"a: .NaN\n---\nb: 1\n", "A0111", 1, 4, NULL, NULL, 1},
	{"a: !!int x\n", "A0112", 1, 4, "x", "!!int", 0},
	{"a: !!int 1.5\n", "A0112", 1, 4, NULL, NULL, 0},
	{"a: !!bool 1\n", "A0112", 1, 4, NULL, NULL, 0},
	{"a: !!null x\n", "A0112", 1, 4, NULL, NULL, 0},
};

static void test_faults_have_place_words_and_way_out(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(faults); i++) {
		const struct diag *diag;

		read_string(w, faults[i].text);
		if (!w->diags.count)
			fail_msg("%s was accepted", faults[i].text);
		diag = &w->diags.items[0];
		if (strcmp(diag->code, faults[i].code) != 0 || diag->span.line != faults[i].line ||
		    diag->span.column != faults[i].column)
			fail_msg("%s: %s at %u:%u: %s", faults[i].text, diag->code, diag->span.line, diag->span.column,
				 diag->summary);
		assert_int_equal(w->rc, RC_INVALID);
		assert_ptr_equal(diag->span.text, &w->text);
		if (faults[i].summary && !strstr(diag->summary, faults[i].summary))
			fail_msg("%s: %s", faults[i].text, diag->summary);
		if (faults[i].help && (!diag->help || !strstr(diag->help, faults[i].help)))
			fail_msg("%s: help: %s", faults[i].text, diag->help ? diag->help : "none");
		if (w->documents != faults[i].documents)
			fail_msg("%s: %zu documents", faults[i].text, w->documents);
	}
}

static void test_a_nul_byte_is_refused_with_its_place(void **state)
{
	struct world *w = *state;
	static const char text[] = "a: 1\nb: x\0y\n";

	read_bytes(w, text, sizeof(text) - 1);
	assert_int_equal(w->rc, RC_INVALID);
	assert_int_equal(w->diags.count, 1);
	assert_string_equal(w->diags.items[0].code, "A0102");
	assert_int_equal(w->diags.items[0].span.line, 2);
	assert_int_equal(w->diags.items[0].span.column, 5);
}

static void test_a_character_cut_off_at_the_end(void **state)
{
	static const char text[] = "a: \xe2\x82\xac";
	struct world *w = *state;

	read_bytes(w, text, 5);
	assert_int_equal(w->rc, RC_INVALID);
	assert_string_equal(w->diags.items[0].code, "A0101");
	assert_string_equal(read_bytes(w, text, 6), "{\"a\":\"€\"}");
}

static void test_the_arena_may_be_reset_between_documents(void **state)
{
	const char *text = "&a key: 1\nother: &b x\n---\nlonger: 2\nkey: 3\n---\nkey: *a\n";
	struct world *w = *state;
	struct arena *nodes = arena_new(1 << 16);
	struct node *root = NULL;
	bool is_end = false;

	start(w, text, strlen(text));
	assert_int_equal(yaml_next(w->reader, nodes, &root, &is_end), RC_OK);
	arena_reset(nodes);
	assert_int_equal(yaml_next(w->reader, nodes, &root, &is_end), RC_OK);
	assert_int_equal(root->u.mapping.count, 2);
	assert_string_equal(root->u.mapping.members[0].key, "longer");
	assert_string_equal(root->u.mapping.members[1].key, "key");
	arena_reset(nodes);
	assert_int_equal(yaml_next(w->reader, nodes, &root, &is_end), RC_INVALID);
	arena_free(nodes);
}

static void test_after_a_syntax_error_the_reader_is_at_its_end(void **state)
{
	struct world *w = *state;
	const char *text = "a: 1\n---\nb: [\n---\nc: 1\n";
	bool is_end;

	start(w, text, strlen(text));
	assert_non_null(next(w, &is_end));
	assert_null(next(w, &is_end));
	assert_int_equal(w->rc, RC_INVALID);
	for (int i = 0; i < 3; i++) {
		assert_null(next(w, &is_end));
		assert_true(is_end);
	}
	assert_int_equal(w->diags.error_count, 1);
}

static void check_place(const struct node *node, uint32_t line, uint32_t column)
{
	assert_non_null(node);
	assert_int_equal(node->line, line);
	assert_int_equal(node->column, column);
}

static void test_nodes_and_keys_have_places_in_characters(void **state)
{
	struct world *w = *state;
	const char *text = "# ü\nclé: {ü: \"é\", b: x}\nlist:\n- 1\n-   \"z\"\nempty:\nlast: |\n  x\n";
	const struct node *root, *inner;
	bool is_end;

	start(w, text, strlen(text));
	root = next(w, &is_end);
	check_place(root, 2, 1);
	inner = node_get(root, "clé");
	check_place(inner, 2, 6);
	check_place(node_get(inner, "ü"), 2, 10);
	check_place(node_get(inner, "b"), 2, 18);
	assert_int_equal(inner->u.mapping.members[1].line, 2);
	assert_int_equal(inner->u.mapping.members[1].column, 15);
	check_place(node_get(root, "list")->u.sequence.items[0], 4, 3);
	check_place(node_get(root, "list")->u.sequence.items[1], 5, 5);
	check_place(node_get(root, "last"), 7, 7);
	assert_null(node_get(root, "absent"));
	assert_null(node_get(node_get(root, "list"), "x"));
	assert_null(node_get(NULL, "x"));
	assert_int_equal(node_span(&w->text, inner).column, 6);
}

static void test_json_places_stay_when_pairs_become_shorter(void **state)
{
	struct world *w = *state;
	const char *text = "\xef\xbb\xbf\t{\"\\ud83d\\ude00\": [\"\\ud83d\\ude00\\ud83d\\ude00\", 7], \"b\": 1}";
	const struct node *root;
	bool is_end;

	start(w, text, strlen(text));
	root = next(w, &is_end);
	check_place(root, 1, 2);
	check_place(node_get(root, "😀"), 1, 19);
	check_place(node_get(root, "😀")->u.sequence.items[0], 1, 20);
	check_place(node_get(root, "😀")->u.sequence.items[1], 1, 48);
	check_place(node_get(root, "b"), 1, 57);
}

/* libyaml breaks lines at U+0085, U+2028, U+2029 and a lone carriage return; editors, and base/text.h, do not. */
static void test_lines_end_where_editors_end_them(void **state)
{
	struct world *w = *state;
	const char *text = "\xef\xbb\xbf" "a: \"x\u2028y\xc2\x85z\u2029\"\nb: [1,\r2]\r\nc: x";
	const struct node *root;
	bool is_end;

	start(w, text, strlen(text));
	root = next(w, &is_end);
	check_place(node_get(root, "b"), 2, 4);
	check_place(node_get(root, "b")->u.sequence.items[1], 2, 8);
	check_place(node_get(root, "c"), 3, 4);
	assert_string_equal(node_get(root, "c")->text, "x");
	read_string(w, "a: \"\u2028\"\nb: [1");
	assert_int_equal(w->diags.count, 1);
	assert_int_equal(w->diags.items[0].span.line, 2);
	assert_int_equal(w->diags.items[0].span.column, 4);
	read_string(w, "a: \"\u2028\"\nb: @");
	assert_int_equal(w->diags.items[0].span.line, 2);
	assert_non_null(strstr(w->diags.items[0].summary, "@"));
	read_string(w, "{\"a\": \"\u2028\\ud83d\\ude00\", b: *x}");
	assert_int_equal(w->diags.items[0].span.line, 1);
	assert_int_equal(w->diags.items[0].span.column, 27);
}

static void test_aliases_share_their_anchors_node(void **state)
{
	const char *text = "a: &x {k: 1}\nb: *x\nc: {<<: *x}\n";
	const struct node *root;
	bool is_end;

	start(*state, text, strlen(text));
	root = next(*state, &is_end);
	assert_ptr_equal(node_get(root, "a"), node_get(root, "b"));
	assert_ptr_equal(node_get(node_get(root, "a"), "k"), node_get(node_get(root, "c"), "k"));
	assert_int_equal(node_get(root, "c")->u.mapping.members[0].line, 1);
}

static const char *repeat(struct world *w, const char *before, const char *part, size_t times, const char *after)
{
	strbuf_reset(&w->input);
	strbuf_adds(&w->input, before);
	for (size_t i = 0; i < times; i++)
		strbuf_adds(&w->input, part);
	strbuf_adds(&w->input, after);
	assert_false(strbuf_failed(&w->input));
	return strbuf_text(&w->input);
}

static void assert_limit(struct world *w, const char *code)
{
	assert_int_equal(w->rc, RC_LIMIT);
	assert_true(w->diags.count > 0);
	assert_string_equal(w->diags.items[w->diags.count - 1].code, code);
}

static void test_nesting_up_to_the_limit(void **state)
{
	struct world *w = *state;
	size_t size;
	char *text;

	repeat(w, "", "[", LIMIT_DEPTH, "");
	size = w->input.size;
	for (size_t i = 0; i < size; i++)
		strbuf_addc(&w->input, ']');
	text = arena_strdup(w->arena, strbuf_text(&w->input));
	assert_string_equal(read_string(w, text), text);
	assert_int_equal(w->diags.count, 0);
	read_string(w, repeat(w, "", "[", LIMIT_DEPTH + 1, ""));
	assert_limit(w, "A0106");
	assert_int_equal(w->diags.items[0].span.column, LIMIT_DEPTH + 1);
}

static void test_depth_of_any_sort_is_refused_at_once(void **state)
{
	static const struct {
		const char *before, *part;
	} deep[] = {
		{"", "["}, {"", "{\"a\":"}, {"", "- "}, {"", "? - "}, {"a: ", "[\n"}, {"", "[{a: "},
		{"? [refused]\n: x\nb: ", "[\n "}, /* also while the rest of a refused document is skipped */
	};

	for (size_t i = 0; i < COUNT(deep); i++) {
		struct world *w = *state;

		read_string(w, repeat(w, deep[i].before, deep[i].part, 200000, ""));
		if (i == 3)
			assert_string_equal(w->diags.items[0].code, "A0109");
		else
			assert_limit(w, "A0106");
	}
}

static void test_depth_through_aliases_is_refused(void **state)
{
	struct world *w = *state;

	strbuf_adds(&w->input, "x0: &x0 [1]\n");
	for (unsigned i = 1; i < LIMIT_DEPTH; i++)
		strbuf_addf(&w->input, "x%u: &x%u [*x%u]\n", i, i, i - 1);
	read_string(w, strbuf_text(&w->input));
	assert_limit(w, "A0106");
	assert_int_equal(w->diags.items[0].span.line, LIMIT_DEPTH);
}

static void test_an_anchor_is_used_a_hundred_times_at_most(void **state)
{
	struct world *w = *state;

	read_string(w, repeat(w, "a: &a 1\nb: [", "*a,", LIMIT_ALIASES_PER_ANCHOR, "]"));
	assert_int_equal(w->diags.count, 0);
	read_string(w, repeat(w, "a: &a 1\nb: [", "*a,", LIMIT_ALIASES_PER_ANCHOR + 1, "]"));
	assert_limit(w, "A0114");
	assert_int_equal(w->diags.items[0].span.column, 5 + 3 * LIMIT_ALIASES_PER_ANCHOR);
}

static void test_alias_bombs_are_refused(void **state)
{
	struct world *w = *state;

	strbuf_adds(&w->input, "x0: &x0 [a,a,a,a,a,a,a,a,a,a]\n");
	for (unsigned i = 1; i < 20; i++) {
		strbuf_addf(&w->input, "x%u: &x%u [", i, i);
		for (unsigned j = 0; j < 10; j++)
			strbuf_addf(&w->input, "*x%u,", i - 1);
		strbuf_adds(&w->input, "]\n");
	}
	read_string(w, strbuf_text(&w->input));
	assert_limit(w, "A0107");
	assert_int_equal(w->diags.items[0].span.line, 8);
}

static void test_merge_bombs_are_refused(void **state)
{
	struct world *w = *state;

	strbuf_adds(&w->input, "m: &m {");
	for (unsigned i = 0; i < 170000; i++)
		strbuf_addf(&w->input, "k%u: 1,", i);
	strbuf_adds(&w->input, "}\nb: [");
	for (unsigned i = 0; i < 99; i++)
		strbuf_adds(&w->input, "{<<: *m},");
	strbuf_adds(&w->input, "]\n");
	read_string(w, strbuf_text(&w->input));
	assert_limit(w, "A0107");
}

static void test_directives_without_end_are_refused(void **state)
{
	struct world *w = *state;

	strbuf_reset(&w->input);
	for (unsigned i = 0; i < 100000; i++)
		strbuf_addf(&w->input, "%%TAG !a%u! x\n", i);
	strbuf_adds(&w->input, "---\na: 1\n");
	read_string(w, strbuf_text(&w->input));
	assert_limit(w, "A0115");
	assert_int_equal(w->documents, 0);
	read_string(w, repeat(w, "", "%YAML 1.2\n---\na: 1\n...\n", 200, ""));
	assert_int_equal(w->diags.count, 0);
	assert_int_equal(w->documents, 200);
}

static void test_long_texts(void **state)
{
	struct world *w = *state;

	read_string(w, repeat(w, "a: \"", "x", LIMIT_SCALAR_BYTES, "\""));
	assert_int_equal(w->diags.count, 0);
	read_string(w, repeat(w, "a: \"", "x", LIMIT_SCALAR_BYTES + 1, "\""));
	assert_limit(w, "A0113");
	read_string(w, repeat(w, "a: ", "9", 600, ""));
	assert_int_equal(w->diags.count, 0);
}

static void test_many_keys_are_compared_in_less_than_squares(void **state)
{
	struct world *w = *state;

	strbuf_reset(&w->input);
	for (unsigned i = 0; i < 200000; i++)
		strbuf_addf(&w->input, "k%u: 1\n", i);
	read_string(w, strbuf_text(&w->input));
	assert_int_equal(w->diags.count, 0);
	strbuf_adds(&w->input, "k7: 1\nk5: 1\nk7: 1\n");
	read_string(w, strbuf_text(&w->input));
	assert_int_equal(w->diags.count, 1);
	assert_int_equal(w->diags.items[0].span.line, 200001);
	assert_non_null(strstr(w->diags.items[0].summary, "line 8 column 1"));
}

static void test_merging_into_many_keys(void **state)
{
	struct world *w = *state;
	const struct node *root, *m;
	bool is_end;

	strbuf_reset(&w->input);
	strbuf_adds(&w->input, "b: &b {k3: base, z: base}\nm:\n  <<: *b\n");
	for (unsigned i = 0; i < 30; i++)
		strbuf_addf(&w->input, "  k%u: own\n", i);
	start(w, strbuf_text(&w->input), w->input.size);
	root = next(w, &is_end);
	m = node_get(root, "m");
	assert_int_equal(m->u.mapping.count, 31);
	assert_string_equal(node_get(m, "k3")->text, "own");
	assert_string_equal(node_get(m, "z")->text, "base");
	assert_string_equal(m->u.mapping.members[30].key, "z");
}

static void test_a_full_arena_is_no_crash(void **state)
{
	const char *text = "a: &x [1, {b: c}]\nd: *x\ne: {<<: {f: g}}\n";
	size_t needed = 0;

	for (size_t limit = 0; !needed && limit < 1 << 20; limit += 16) {
		struct arena *small = arena_new(limit);
		struct world *w = *state;
		struct node *root = NULL;
		bool is_end = false;
		enum rc rc;

		start(w, text, strlen(text));
		rc = yaml_next(w->reader, small, &root, &is_end);
		assert_true(rc == RC_OK || rc == RC_NOMEM);
		if (rc == RC_OK) {
			assert_non_null(root);
			needed = limit;
		} else {
			assert_int_equal(yaml_next(w->reader, small, &root, &is_end), RC_OK);
			assert_true(is_end);
		}
		arena_free(small);
	}
	assert_true(needed > 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(test_documents),
		TEST(test_scalars_are_typed_as_kubernetes_does),
		TEST(test_integers_keep_all_their_bits),
		TEST(test_faults_have_place_words_and_way_out),
		TEST(test_a_nul_byte_is_refused_with_its_place),
		TEST(test_a_character_cut_off_at_the_end),
		TEST(test_the_arena_may_be_reset_between_documents),
		TEST(test_after_a_syntax_error_the_reader_is_at_its_end),
		TEST(test_nodes_and_keys_have_places_in_characters),
		TEST(test_json_places_stay_when_pairs_become_shorter),
		TEST(test_lines_end_where_editors_end_them),
		TEST(test_aliases_share_their_anchors_node),
		TEST(test_nesting_up_to_the_limit),
		TEST(test_depth_of_any_sort_is_refused_at_once),
		TEST(test_depth_through_aliases_is_refused),
		TEST(test_an_anchor_is_used_a_hundred_times_at_most),
		TEST(test_alias_bombs_are_refused),
		TEST(test_merge_bombs_are_refused),
		TEST(test_directives_without_end_are_refused),
		TEST(test_long_texts),
		TEST(test_many_keys_are_compared_in_less_than_squares),
		TEST(test_merging_into_many_keys),
		TEST(test_a_full_arena_is_no_crash),
	};

	return cmocka_run_group_tests_name("schema_yaml", tests, NULL, NULL);
}
