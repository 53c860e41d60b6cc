/* What the YAML reader remembers of keys changes nothing of what it reads; nor does looking at many bytes at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "schema/yaml.h"
#include "tests/base/unit.h"

/** All documents of a text as JSON, a line each; what is refused is "!" and its code. @param keys  NULL: not shared */
static char *read_all(struct arena *arena, const char *bytes, size_t size, struct arena *keys)
{
	const struct text text = {.name = "test.yaml", .bytes = bytes, .size = size};
	struct yaml_reader *reader = NULL;
	struct strbuf out;
	struct diags diags;
	bool is_end = false;
	char *copy;

	diags_init(&diags, arena);
	strbuf_init(&out, 0);
	if (!yaml_open(&diags, &text, &reader) && keys)
		yaml_share_keys(reader, keys);
	while (reader && !is_end) {
		struct arena *nodes = arena_new(1 << 24);
		struct node *root = NULL;
		struct json *value = NULL;

		if (!yaml_next(reader, nodes, &root, &is_end) && root) {
			assert_int_equal(node_to_json(nodes, root, &value), RC_OK);
			json_write_canonical(&out, value);
			strbuf_addc(&out, '\n');
		}
		arena_free(nodes);
	}
	for (size_t i = 0; i < diags.count; i++)
		strbuf_addf(&out, "!%s %u:%u\n", diags.items[i].code, diags.items[i].span.line, diags.items[i].span.column);
	yaml_close(reader);
	copy = arena_strdup(arena, strbuf_text(&out));
	strbuf_done(&out);
	return copy;
}

static void assert_reads(const char *text, const char *expected)
{
	struct arena *arena = arena_new(1 << 26), *keys = arena_new(1 << 26);

	assert_string_equal(read_all(arena, text, strlen(text), NULL), expected);
	assert_string_equal(read_all(arena, text, strlen(text), keys), expected);
	arena_free(keys);
	arena_free(arena);
}

static void a_key_is_what_it_is_written_as(void **state)
{
	(void)state;
	assert_reads("{'yes': 1, a: 2}\n---\n{yes: 1, a: 2}\n---\n{'yes': 1, \"a\": 2}\n---\n{yes: 1}\n",
		     "{\"a\":2,\"yes\":1}\n{\"a\":2,\"true\":1}\n{\"a\":2,\"yes\":1}\n{\"true\":1}\n");
	assert_reads("{0x10: 1}\n---\n{16: 1}\n---\n{'16': 1}\n---\n{'0x10': 1}\n---\n{0x10: 1}\n",
		     "{\"16\":1}\n{\"16\":1}\n{\"16\":1}\n{\"0x10\":1}\n{\"16\":1}\n");
	assert_reads("{'~': 1, 'null': 2}\n---\n{~: 1}\n", "{\"null\":2,\"~\":1}\n!A0109 3:2\n");
	assert_reads("{'a': 1}\n---\n{!!str a: 1}\n---\n{!!int a: 1}\n", "{\"a\":1}\n{\"a\":1}\n!A0112 5:2\n");
	assert_reads("{'<<': {x: 1}}\n---\n{<<: {x: 1}}\n---\n{'<<': {x: 1}, <<: {z: 1}}\n",
		     "{\"<<\":{\"x\":1}}\n{\"x\":1}\n{\"<<\":{\"x\":1},\"z\":1}\n");
	assert_reads("{k: 1}\n---\n{&n k: 1, b: *n}\n---\n{k: *n}\n", "{\"k\":1}\n{\"b\":\"k\",\"k\":1}\n!A0104 5:5\n");
	assert_reads("{'': 1, a: 2}\n---\n{? '' : 1}\n---\n{'': 1, '': 2}\n", "{\"\":1,\"a\":2}\n{\"\":1}\n!A0108 5:9\n");
	assert_reads("{a: 1, a: 2}\n---\n{b: 1}\n", "{\"b\":1}\n!A0108 1:8\n");
}

static void only_an_escape_makes_a_nul(void **state)
{
	(void)state;
	assert_reads("a: \"x\\0y\"\n---\nb: 1\n", "{\"b\":1}\n!A0102 1:4\n");
	assert_reads("\"x\\0y\": 1\n", "!A0102 1:1\n");
	assert_reads("a: 'x\\0y'\n", "{\"a\":\"x\\\\0y\"}\n");
	assert_reads("a: x\\0y\n", "{\"a\":\"x\\\\0y\"}\n");
}

/** Keys that are alike, and more than there is memory for of all documents. */
static void many_keys(void **state)
{
	struct arena *arena = arena_new(1 << 28), *keys = arena_new(1 << 28);
	struct strbuf text;
	char *alone;

	(void)state;
	strbuf_init(&text, 0);
	for (unsigned i = 0; i < 3000; i++) {
		strbuf_adds(&text, "---\nmetadata: 1\n");
		for (unsigned j = 0; j < 10; j++)
			strbuf_addf(&text, "a%u-key-of-some-length-%ub: %u\n", j, i, j);
	}
	assert_false(strbuf_failed(&text));
	alone = read_all(arena, text.data, text.size, NULL);
	assert_string_equal(read_all(arena, text.data, text.size, keys), alone);
	assert_non_null(strstr(alone, "\"a9-key-of-some-length-2999b\":9"));
	/* What is shared has its limit. */
	assert_true(arena_used_bytes(keys) < 200000);
	strbuf_done(&text);
	arena_free(keys);
	arena_free(arena);
}

static void keys_are_shared(void **state)
{
	static const char text[] = "name: 1\nspec: 2\n---\nspec: 3\nname: 4\n";
	const struct text one = {.name = "test.yaml", .bytes = text, .size = sizeof(text) - 1};
	struct arena *arena = arena_new(1 << 20), *keys = arena_new(1 << 20);
	struct yaml_reader *reader;
	struct node *first = NULL, *second = NULL;
	struct diags diags;
	bool is_end;

	(void)state;
	diags_init(&diags, arena);
	assert_int_equal(yaml_open(&diags, &one, &reader), RC_OK);
	yaml_share_keys(reader, keys);
	assert_int_equal(yaml_next(reader, arena, &first, &is_end), RC_OK);
	assert_int_equal(yaml_next(reader, arena, &second, &is_end), RC_OK);
	yaml_close(reader);
	assert_ptr_equal(first->u.mapping.members[0].key, second->u.mapping.members[1].key);
	assert_ptr_equal(first->u.mapping.members[1].key, second->u.mapping.members[0].key);
	assert_string_equal(second->u.mapping.members[0].key, "spec");
	arena_free(keys);
	arena_free(arena);
}

/** A character that is refused, or that ends a line for libyaml alone, is found at each place. */
static void each_place_is_looked_at(void **state)
{
	static const struct {
		const char *character, *expected;
	} characters[] = {
		{"\x01", "!A0102"}, {"\x7f", "!A0102"}, {"\xff", "!A0101"}, {"\xc3(", "!A0101"}, {"\xe2\x82", "!A0101"},
		{"\xef\xbf\xbe", "!A0102"}, {"\xe2\x82\xac", "{"}, {"\xf0\x9f\x98\x80", "{"}, {"\t", "{"}, {"~", "{"},
	};

	(void)state;
	for (size_t c = 0; c < COUNT(characters); c++) {
		for (size_t at = 0; at < 200; at++) {
			struct arena *arena = arena_new(1 << 20);
			char text[300], *found;
			char *bytes;
			int size = snprintf(text, sizeof(text), "a: b%.*s%s%.*s\nc: d\n", (int)at,
					    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
					    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
					    "xxxxxxxxxxxxxxxx", characters[c].character, (int)(at % 70),
					    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
			char place[32];

			/* Of its own, so that its end is known. */
			bytes = malloc((size_t)size);
			assert_non_null(bytes);
			memcpy(bytes, text, (size_t)size);
			found = read_all(arena, bytes, (size_t)size, NULL);
			assert_memory_equal(found, characters[c].expected, strlen(characters[c].expected));
			snprintf(place, sizeof(place), " 1:%zu\n", at + 5);
			if (found[0] == '!')
				assert_non_null(strstr(found, place));
			free(bytes);
			arena_free(arena);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_what_it_is_written_as),
		cmocka_unit_test(only_an_escape_makes_a_nul),
		cmocka_unit_test(many_keys),
		cmocka_unit_test(keys_are_shared),
		cmocka_unit_test(each_place_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
