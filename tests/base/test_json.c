/** @file Tests of JSON values, the parser and both writers. */
#include "tests/base/unit.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"

static struct json *parse(struct arena *arena, const char *text)
{
	struct json *value = NULL;

	if (json_parse(arena, text, strlen(text), &value, NULL) != RC_OK)
		fail_msg("does not parse: %s", text);
	return value;
}

static const char *canonical(struct arena *arena, const struct json *value)
{
	struct strbuf out;
	const char *text;

	strbuf_init(&out, 0);
	json_write_canonical(&out, value);
	text = arena_strdup(arena, strbuf_text(&out));
	strbuf_done(&out);
	return text;
}

static void test_canonical_form(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "null", "null" },
		{ " [ true , false ] ", "[true,false]" },
		{ "{}", "{}" },
		{ "[]", "[]" },
		{ "{\"b\":1,\"a\":{\"d\":[],\"c\":{}}}", "{\"a\":{\"c\":{},\"d\":[]},\"b\":1}" },
		{ "{\"B\":1,\"a\":2,\"\":3}", "{\"\":3,\"B\":1,\"a\":2}" },
		{ "[1.0,-0,-0.0,1e2,1E+2,100e-2]", "[1,0,0,100,100,1]" },
		{ "[0.1,1.5,-2.25,0.30000000000000004]", "[0.1,1.5,-2.25,0.30000000000000004]" },
		{ "[1e20,9007199254740993,1e21,1e300,5e-324]",
		  "[100000000000000000000,9007199254740992,1e+21,1e+300,4.94065645841247e-324]" },
		{ "\"\\u00e9\\/\\ud83d\\ude00\"", "\"\xC3\xA9/\xF0\x9F\x98\x80\"" },
		{ "\"\\b\\f\\n\\r\\t\\\"\\\\\\u0001\"", "\"\\b\\f\\n\\r\\t\\\"\\\\\\u0001\"" },
		{ "\"<>&'\"", "\"<>&'\"" },
		{ "\"\\u007f\\u009b\\u202e\\u2066\"", "\"\\u007f\\u009b\\u202e\\u2066\"" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *once = canonical(*state, parse(*state, rows[i].text));

		assert_string_equal(once, rows[i].expected);
		assert_string_equal(canonical(*state, parse(*state, once)), once);
	}
	assert_string_equal(canonical(*state, NULL), "null");
}

static void test_numbers_that_json_does_not_have(void **state)
{
	struct json *number = json_new(*state, JSON_NUMBER);

	number->u.number = HUGE_VAL;
	assert_string_equal(canonical(*state, number), "null");
	number->u.number = (double)NAN;
	assert_string_equal(canonical(*state, number), "null");
}

static void test_invalid_texts(void **state)
{
	static const char *const rows[] = {
		"", " ", "{", "}", "[", "]", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
		"[1 2]", "1 2", "nul", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x1",
		"1e999", "-1e999", "\"", "\"a", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\u0000\"",
		"\"a\tb\"", "\"a\nb\"", "[\"\x01\"]", "\"\xFF\"", "\"\x80\"", "\"\xC3\"", "\"\xED\xA0\x80\"", "\xEF\xBB\xBF{}",
		"[\v1]", "[\xC2\xA0\x31]", "{} {}", "[1]]", "// x\n1", "/* */1", "[1]#", "\\u0031", "truefalse", "a",
	};
	size_t offset;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json *value = NULL;

		offset = SIZE_MAX;
		if (json_parse(*state, rows[i], strlen(rows[i]), &value, &offset) != RC_INVALID)
			fail_msg("parses: %s", rows[i]);
		assert_null(value);
		assert_true(offset <= strlen(rows[i]));
	}
}

static void test_bytes_with_a_nul(void **state)
{
	struct json *value = NULL;

	assert_int_equal(json_parse(*state, "1\0", 2, &value, NULL), RC_INVALID);
	assert_int_equal(json_parse(*state, "\"a\0b\"", 5, &value, NULL), RC_INVALID);
	assert_int_equal(json_parse(*state, "[1,\0 2]", 7, &value, NULL), RC_INVALID);
	assert_int_equal(json_parse(*state, "\0", 1, &value, NULL), RC_INVALID);
	/* nor is one needed at the end */
	assert_int_equal(json_parse(*state, "[1]garbage", 3, &value, NULL), RC_OK);
}

/** Each byte, at each place of strings of several lengths: strings are looked at by eight bytes at a time. */
static void test_each_byte_at_each_place_of_a_string(void **state)
{
	char text[32];

	for (size_t length = 1; length <= 24; length++)
		for (size_t place = 0; place < length; place++)
			for (int byte = 0; byte < 256; byte++) {
				struct json *value = NULL;
				size_t offset = SIZE_MAX;
				bool is_good = byte >= ' ' && byte < 0x80 && byte != '"' && byte != '\\';
				enum rc rc;

				text[0] = text[length + 1] = '"';
				memset(text + 1, 'a', length);
				text[1 + place] = (char)byte;
				rc = json_parse(*state, text, length + 2, &value, &offset);
				if (rc != (is_good ? RC_OK : RC_INVALID))
					fail_msg("byte %d at %zu of %zu: %d", byte, place, length, rc);
				if (is_good)
					assert_memory_equal(value->u.string, text + 1, length);
				else if (byte != '"' && byte != '\\')
					assert_int_equal(offset, 1 + place);
				arena_reset(*state);
			}
}

static void test_offset_points_at_the_fault(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
	} rows[] = { { "[1,2,x]", 5 }, { "{\"a\": 01}", 7 }, { "[1] 2", 4 }, { "\"a\nb\"", 2 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json *value;
		size_t offset = 99;

		assert_int_equal(json_parse(*state, rows[i].text, strlen(rows[i].text), &value, &offset), RC_INVALID);
		assert_int_equal(offset, rows[i].offset);
	}
}

static void test_depth(void **state)
{
	enum { LONG = 200000 };
	char *text = arena_alloc(*state, LONG + 1);
	struct json *value = NULL;

	for (size_t depth = 1; depth <= LIMIT_DEPTH + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		assert_int_equal(json_parse(*state, text, depth * 2, &value, NULL),
				 depth <= LIMIT_DEPTH ? RC_OK : RC_LIMIT);
	}
	memset(text, '[', LONG);
	assert_int_equal(json_parse(*state, text, LONG, &value, NULL), RC_LIMIT);
	memset(text, '{', LONG);
	assert_int_equal(json_parse(*state, text, LONG, &value, NULL), RC_LIMIT);
	/* brackets in a string are no nesting */
	text[0] = text[LONG - 1] = '"';
	assert_int_equal(json_parse(*state, text, LONG, &value, NULL), RC_OK);
}

static void test_the_last_of_equal_keys_wins(void **state)
{
	const struct json *value = parse(*state, "{\"a\":1,\"b\":2,\"a\":3,\"c\":4,\"a\":{\"a\":5,\"a\":6}}");

	assert_int_equal(json_count(value), 3);
	assert_string_equal(value->u.object.members[0].key, "a");
	assert_string_equal(value->u.object.members[1].key, "b");
	assert_string_equal(value->u.object.members[2].key, "c");
	assert_int_equal(json_get_int(json_get(value, "a"), "a", 0), 6);
}

static void test_equal_keys_are_refused(void **state)
{
	static const char *const repeated[][2] = {
		{"{\"a\":1,\"b\":2,\"b\":3,\"a\":4}", "b"}, {"[{\"a\":1},{\"a\":{\"c\":[],\"c\":[]}}]", "c"}, {"{\"\":1,\"\":1}", ""},
		{"{\"0\":0,\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,\"9\":0,\"10\":0,\"11\":0,\"12\":0,\"13\":0,"
		 "\"14\":0,\"15\":0,\"16\":0,\"17\":0,\"18\":0,\"19\":0,\"20\":0,\"21\":0,\"22\":0,\"23\":0,\"24\":0,\"25\":0,"
		 "\"26\":0,\"27\":0,\"28\":0,\"29\":0,\"30\":0,\"31\":0,\"32\":0,\"7\":1}", "7"},
	};
	const char *text = "{\"a\":{\"a\":[]},\"b\":{\"a\":1}}", *key = NULL;
	struct json *value = NULL;

	for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++) {
		assert_int_equal(json_parse_unique(*state, repeated[i][0], strlen(repeated[i][0]), &value, NULL, &key), RC_EXISTS);
		assert_string_equal(key, repeated[i][1]);
		assert_null(value);
	}
	assert_int_equal(json_parse_unique(*state, text, strlen(text), &value, NULL, &key), RC_OK);
	assert_int_equal(json_count(value), 2);
}

/* Quadratic behaviour in any of these would take minutes. */
static void test_a_hundred_thousand_keys(void **state)
{
	struct strbuf text;
	struct json *value, *reversed;

	strbuf_init(&text, 0);
	strbuf_adds(&text, "{\"k\":0");
	for (int i = 0; i < 100000; i++)
		strbuf_addf(&text, ",\"key%d\":%d,\"k\":%d", i, i, i);
	strbuf_addc(&text, '}');
	value = parse(*state, strbuf_text(&text));
	strbuf_reset(&text);
	strbuf_adds(&text, "{\"k\":99999");
	for (int i = 99999; i >= 0; i--)
		strbuf_addf(&text, ",\"key%d\":%d", i, i);
	strbuf_addc(&text, '}');
	reversed = parse(*state, strbuf_text(&text));
	strbuf_done(&text);
	assert_int_equal(json_count(value), 100001);
	assert_int_equal(json_get_int(value, "k", 0), 99999);
	assert_true(json_equal(value, reversed));
	assert_string_equal(canonical(*state, value), canonical(*state, reversed));
	assert_true(json_equal(json_copy(*state, value), reversed));
}

static void test_readers_are_calm(void **state)
{
	const struct json *value = parse(*state, "{\"s\":\"x\",\"i\":7,\"f\":1.5,\"b\":true,\"n\":null,\"a\":[1,2],"
						 "\"big\":9007199254740992,\"over\":9007199254740994}");
	struct json shorter = *json_get(value, "a");

	shorter.u.array.count = 1;
	assert_null(json_get(NULL, "a"));
	assert_null(json_get(json_get(value, "a"), "a"));
	assert_null(json_get(value, "none"));
	assert_string_equal(json_get_string(value, "s", "-"), "x");
	assert_string_equal(json_get_string(value, "i", "-"), "-");
	assert_null(json_get_string(NULL, "s", NULL));
	assert_int_equal(json_get_int(value, "i", 0), 7);
	assert_int_equal(json_get_int(value, "f", 3), 3);
	assert_int_equal(json_get_int(value, "s", 3), 3);
	assert_int_equal(json_get_int(value, "big", 0), 9007199254740992);
	assert_int_equal(json_get_int(value, "over", 3), 3);
	assert_true(json_get_bool(value, "b", false));
	assert_true(json_get_bool(value, "n", true));
	assert_int_equal(json_count(value), 8);
	assert_int_equal(json_count(json_get(value, "a")), 2);
	assert_int_equal(json_count(json_get(value, "s")), 0);
	assert_int_equal(json_count(NULL), 0);
	assert_non_null(json_item(json_get(value, "a"), 1));
	assert_null(json_item(json_get(value, "a"), 2));
	assert_null(json_item(value, 0));
	assert_null(json_item(&shorter, 1));
	assert_false(json_is_int(NULL));
}

static void test_equality(void **state)
{
	static const struct {
		const char *a, *b;
		bool expected;
	} rows[] = {
		{ "{\"a\":1,\"b\":[1,2]}", "{\"b\":[1,2],\"a\":1.0}", true },
		{ "[1,2]", "[2,1]", false },
		{ "[1]", "[1,2]", false },
		{ "{\"a\":1}", "{\"a\":1,\"b\":2}", false },
		{ "{\"a\":1}", "{\"b\":1}", false },
		{ "{\"a\":null}", "{}", false },
		{ "1", "\"1\"", false },
		{ "0", "-0.0", true },
		{ "\"a\"", "\"a\"", true },
		{ "true", "false", false },
		{ "{\"1\":1,\"2\":2,\"3\":3,\"4\":4,\"5\":5,\"6\":6,\"7\":7,\"8\":8,\"9\":9}",
		  "{\"9\":9,\"8\":8,\"7\":7,\"6\":6,\"5\":5,\"4\":4,\"3\":3,\"2\":2,\"1\":0}", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct json *a = parse(*state, rows[i].a), *b = parse(*state, rows[i].b);

		assert_int_equal(json_equal(a, b), rows[i].expected);
		assert_int_equal(json_equal(b, a), rows[i].expected);
		assert_true(json_equal(a, json_copy(*state, a)));
		if (rows[i].expected)
			assert_string_equal(canonical(*state, a), canonical(*state, b));
	}
	assert_true(json_equal(NULL, NULL));
	assert_true(json_equal(NULL, parse(*state, "null")));
	assert_false(json_equal(NULL, parse(*state, "0")));
}

static void test_builders(void **state)
{
	struct json *object = json_new(*state, JSON_OBJECT), *array = json_new(*state, JSON_ARRAY);
	char word[] = "word";

	assert_int_equal(json_push(*state, array, json_new_int(*state, -5)), RC_OK);
	assert_int_equal(json_push(*state, array, json_new_bool(*state, true)), RC_OK);
	assert_int_equal(json_push(*state, array, json_new_string(*state, word)), RC_OK);
	assert_int_equal(json_push(*state, array, json_new_string(*state, NULL)), RC_OK);
	assert_int_equal(json_push(*state, array, NULL), RC_NOMEM);
	memset(word, 'x', 4);
	assert_int_equal(json_set(*state, object, "b", array), RC_OK);
	assert_int_equal(json_set(*state, object, "a", json_new(*state, JSON_STRING)), RC_OK);
	assert_int_equal(json_set(*state, object, "a", json_new_int(*state, 1)), RC_OK);
	assert_int_equal(json_set(*state, object, "c", NULL), RC_NOMEM);
	assert_string_equal(canonical(*state, object), "{\"a\":1,\"b\":[-5,true,\"word\",null]}");
	assert_string_equal(canonical(*state, json_copy(*state, NULL)), "null");
}

static void test_writer_layout(void **state)
{
	static const char expected[] = "{\n"
				       "  \"a\": [\n"
				       "    1,\n"
				       "    \"x\",\n"
				       "    {}\n"
				       "  ],\n"
				       "  \"b\": {\n"
				       "    \"c\": true,\n"
				       "    \"d\": null,\n"
				       "    \"e\": []\n"
				       "  },\n"
				       "  \"f\": 1.5\n"
				       "}";
	static const char compact[] = "{\"a\":[1,\"x\",{}],\"b\":{\"c\":true,\"d\":null,\"e\":[]},\"f\":1.5}";

	for (unsigned indent = 0; indent <= 2; indent += 2) {
		struct strbuf out, again;
		struct json_writer w;

		strbuf_init(&out, 0);
		json_writer_init(&w, &out, indent);
		json_begin_object(&w);
		json_key(&w, "a");
		json_begin_array(&w);
		json_int(&w, 1);
		json_string(&w, "x");
		json_begin_object(&w);
		json_end_object(&w);
		json_end_array(&w);
		json_key(&w, "b");
		json_begin_object(&w);
		json_key_bool(&w, "c", true);
		json_key_string(&w, "d", NULL);
		json_key(&w, "e");
		json_begin_array(&w);
		json_end_array(&w);
		json_end_object(&w);
		json_key(&w, "f");
		json_number(&w, 1.5);
		json_end_object(&w);
		assert_string_equal(strbuf_text(&out), indent ? expected : compact);
		strbuf_init(&again, 0);
		json_writer_init(&w, &again, indent);
		json_value(&w, parse(*state, strbuf_text(&out)));
		assert_string_equal(strbuf_text(&again), strbuf_text(&out));
		strbuf_done(&again);
		strbuf_done(&out);
	}
}

static void test_writer_takes_text(void **state)
{
	struct strbuf out;
	struct json_writer w;

	(void)state;
	strbuf_init(&out, 0);
	json_writer_init(&w, &out, 0);
	json_begin_array(&w);
	json_raw(&w, "{\"a\":1}", 7);
	json_raw(&w, "2, and not this", 1);
	json_begin_object(&w);
	json_key(&w, "k");
	json_raw(&w, "[]", 2);
	json_key_int(&w, "l", 3);
	json_end_object(&w);
	json_end_array(&w);
	assert_string_equal(strbuf_text(&out), "[{\"a\":1},2,{\"k\":[],\"l\":3}]");
	strbuf_done(&out);
}

static void test_writer_strings(void **state)
{
	struct strbuf out;
	struct json_writer w;

	(void)state;
	strbuf_init(&out, 0);
	json_writer_init(&w, &out, 0);
	json_begin_array(&w);
	json_string(&w, "a\xFF\xC3");
	json_string(&w, "\x1B[0m");
	json_int(&w, INT64_MIN);
	json_null(&w);
	json_end_array(&w);
	assert_string_equal(strbuf_text(&out), "[\"a\xEF\xBF\xBD\xEF\xBF\xBD\",\"\\u001b[0m\",-9223372036854775808,null]");
	strbuf_done(&out);
}

/* Whatever the arena's limit: NOMEM, never a crash or half a value. */
static void test_every_shortage_of_memory(void **state)
{
	static const char text[] = "{\"a\":null,\"b\":[1,2,{\"c\":true}],\"d\":\"the last to be allocated, and long\"}";
	size_t limit = 0;
	enum rc rc;

	do {
		struct arena *arena = arena_new(limit);
		struct json *value = NULL;

		rc = json_parse(arena, text, strlen(text), &value, NULL);
		assert_true(rc == RC_OK || rc == RC_NOMEM);
		if (rc)
			assert_null(value);
		else
			assert_string_equal(canonical(*state, value), text);
		arena_free(arena);
		limit += 16;
	} while (rc);
	assert_true(limit > 200 && limit < 4000);
}

static void test_copies_share_their_keys(void **state)
{
	struct json *value = parse(*state, "[{\"a\":1,\"b\":{\"a\":\"x\"}},{\"a\":[]}]");
	struct json *copy, *borrowed;
	const char *text = "borrowed";
	struct map keys;

	map_init(&keys, *state);
	copy = json_copy_keys(*state, value, &keys);
	assert_true(json_equal(copy, value));
	assert_int_equal(keys.count, 2);
	assert_ptr_equal(json_item(copy, 0)->u.object.members[0].key, json_item(copy, 1)->u.object.members[0].key);
	assert_ptr_not_equal(json_item(copy, 0)->u.object.members[0].key, json_item(value, 0)->u.object.members[0].key);
	borrowed = json_borrow_string(*state, text);
	assert_ptr_equal(borrowed->u.string, text);
	assert_int_equal(json_push(*state, copy, borrowed), RC_OK);
	assert_int_equal(json_count(copy), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_canonical_form),
		ARENA_TEST(test_numbers_that_json_does_not_have),
		ARENA_TEST(test_invalid_texts),
		ARENA_TEST(test_bytes_with_a_nul),
		ARENA_TEST(test_each_byte_at_each_place_of_a_string),
		ARENA_TEST(test_offset_points_at_the_fault),
		ARENA_TEST(test_depth),
		ARENA_TEST(test_the_last_of_equal_keys_wins),
		ARENA_TEST(test_equal_keys_are_refused),
		ARENA_TEST(test_a_hundred_thousand_keys),
		ARENA_TEST(test_readers_are_calm),
		ARENA_TEST(test_equality),
		ARENA_TEST(test_copies_share_their_keys),
		ARENA_TEST(test_builders),
		ARENA_TEST(test_writer_layout),
		cmocka_unit_test(test_writer_takes_text),
		cmocka_unit_test(test_writer_strings),
		ARENA_TEST(test_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
