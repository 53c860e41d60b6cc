/* Fields read in the place of their text: whatever is read so is what the JSON parser makes of it. */
#include "fixture.h"

#include "base/limits.h"
#include "state/fields_text.h"

static const char *const kinds_of_text[] = {
	[RESOURCE_TUNNEL] = "{\"account\":\"main\",\"created_at\":\"2024-05-01T10:00:00Z\",\"id\":\"f70ff985\",\"name\":\"shop.edge\","
			    "\"rule_order\":[\"rule/edge/a.example.com\",\"rule/edge/*\"],\"status\":\"healthy\"}",
	[RESOURCE_RULE] = "{\"hostname\":\"a.example.com\",\"path\":\"^/api(?:/|$)\",\"service\":\"http://web.shop.svc:8080\"}",
	[RESOURCE_CNAME] = "{\"account\":\"main\",\"comment\":\"adit:shop edge/web\",\"content\":\"f70ff985.cfargotunnel.com\","
			   "\"id\":\"372e6795\",\"name\":\"a.example.com\",\"proxied\":true,\"ttl\":300,\"zone\":\"example.com\"}",
};

#define KIND_COUNT (sizeof(kinds_of_text) / sizeof(kinds_of_text[0]))

static enum rc read_quickly(struct arena *arena, enum resource_kind kind, const char *text, size_t size, struct resource *ret_resource)
{
	char *copy = arena_memdup(arena, text, size);
	struct fields_form form;

	assert_non_null(copy);
	fields_form_init(&form, kind);
	*ret_resource = (struct resource){ .kind = kind, .address = "" };
	return fields_text_read(&form, arena, copy, size, ret_resource);
}

static enum rc read_slowly(struct arena *arena, enum resource_kind kind, const char *text, size_t size, struct resource **ret_resource)
{
	struct json *fields;
	enum rc rc = json_parse(arena, text, size, &fields, NULL);

	return rc ? rc : resource_from_json(arena, kind, "", fields, ret_resource);
}

static bool is_same(const struct field *field, const struct resource *a, const struct resource *b)
{
	const char *left = (const char *)a + field->offset, *right = (const char *)b + field->offset;

	switch (field->type) {
	case FIELD_STRING:
		return str_eq(*(const char *const *)(const void *)left, *(const char *const *)(const void *)right);
	case FIELD_BOOL:
		return memcmp(left, right, sizeof(bool)) == 0;
	case FIELD_INT:
		return memcmp(left, right, sizeof(int64_t)) == 0;
	case FIELD_JSON:
		return json_equal(*(const struct json *const *)(const void *)left, *(const struct json *const *)(const void *)right);
	}
	return false;
}

/** @return whether it was read in its place */
static bool compare_readings(struct arena *arena, enum resource_kind kind, const char *text, size_t size)
{
	const struct resource_type *type = resource_type(kind);
	struct resource quick, *slow;
	enum rc rc = read_quickly(arena, kind, text, size, &quick);

	if (rc == RC_NOTFOUND)
		return false;
	assert_int_equal(rc, RC_OK);
	if (read_slowly(arena, kind, text, size, &slow))
		fail_msg("%s is not to be read at all", text);
	for (size_t i = 0; i < type->field_count; i++)
		if (!is_same(&type->fields[i], &quick, slow))
			fail_msg("%s: %s", text, type->fields[i].name);
	return true;
}

static struct arena *arena_of(void **state)
{
	return fixture_user(*state)->run.arena;
}

static void test_what_is_written_is_read_in_its_place(void **state)
{
	struct arena *arena = arena_of(state);
	const char *const rules[] = { "rule/a/b", "rule/a/*" };
	struct recorded items[] = {
		make_tunnel(arena, "tunnel/a", "f70ff985"),
		make_rule(arena, "tunnel/a", "b.example.com", "^/x\x7e", "http://b:1"),
		make_rule(arena, "tunnel/a", "", "", "http_status:404"),
		make_cname(arena, "tunnel/a", "b.example.com"),
		make_cname(arena, "tunnel/a", "c.example.com"),
	};

	set_rule_order(arena, &items[0], rules, 2);
	items[4].resource->u.cname.ttl = 999999999999999;
	items[4].resource->u.cname.zone = items[4].resource->u.cname.content = NULL;
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		struct strbuf text;
		struct json *fields;

		assert_int_equal(resource_to_json(arena, items[i].resource, true, &fields), RC_OK);
		strbuf_init(&text, 0);
		json_write_canonical(&text, fields);
		assert_true(compare_readings(arena, items[i].resource->kind, strbuf_text(&text), text.size));
		strbuf_done(&text);
	}
}

static void test_other_forms_are_left_to_the_parser(void **state)
{
	static const struct {
		enum resource_kind kind;
		const char *text;
	} cases[] = {
		{ RESOURCE_RULE, "" },
		{ RESOURCE_RULE, "{}" },
		{ RESOURCE_RULE, "[]" },
		{ RESOURCE_RULE, "null" },
		{ RESOURCE_RULE, "{\"path\":\"a\\\\b\"}" },
		{ RESOURCE_RULE, "{\"path\":\"a\\u0041\"}" },
		{ RESOURCE_RULE, "{\"path\":\"a\\u0000\"}" },
		{ RESOURCE_RULE, "{\"path\":\"a\tb\"}" },
		{ RESOURCE_RULE, "{\"path\":\"\xC3\xA9\"}" },
		{ RESOURCE_RULE, "{\"path\":\"\xFF\"}" },
		{ RESOURCE_RULE, "{\"path\":null}" },
		{ RESOURCE_RULE, "{\"path\":1}" },
		{ RESOURCE_RULE, "{\"path\":[\"a\"]}" },
		{ RESOURCE_RULE, "{\"path\": \"a\"}" },
		{ RESOURCE_RULE, " {\"path\":\"a\"}" },
		{ RESOURCE_RULE, "{\"path\":\"a\"} " },
		{ RESOURCE_RULE, "{\"path\":\"a\"}{}" },
		{ RESOURCE_RULE, "{\"path\":\"a\",}" },
		{ RESOURCE_RULE, "{,\"path\":\"a\"}" },
		{ RESOURCE_RULE, "{\"path\":\"a\" \"service\":\"b\"}" },
		{ RESOURCE_RULE, "{\"path\":\"a\",\"path\":\"b\"}" },
		{ RESOURCE_RULE, "{\"service\":\"a\",\"path\":\"b\"}" },
		{ RESOURCE_RULE, "{\"path\":\"a\",\"pathology\":\"b\"}" },
		{ RESOURCE_RULE, "{\"other\":\"a\",\"path\":\"b\"}" },
		{ RESOURCE_RULE, "{\"hostname\":\"a\",\"origin_request\":{\"noTLSVerify\":true},\"service\":\"b\"}" },
		{ RESOURCE_RULE, "{\"origin_request\":[\"a\"]}" },
		{ RESOURCE_CNAME, "{\"ttl\":-1}" },
		{ RESOURCE_CNAME, "{\"ttl\":01}" },
		{ RESOURCE_CNAME, "{\"ttl\":1.5}" },
		{ RESOURCE_CNAME, "{\"ttl\":1e3}" },
		{ RESOURCE_CNAME, "{\"ttl\":}" },
		{ RESOURCE_CNAME, "{\"ttl\":\"1\"}" },
		{ RESOURCE_CNAME, "{\"ttl\":1000000000000000}" },
		{ RESOURCE_CNAME, "{\"ttl\":18446744073709551617}" },
		{ RESOURCE_CNAME, "{\"proxied\":\"true\"}" },
		{ RESOURCE_CNAME, "{\"proxied\":truely}" },
		{ RESOURCE_CNAME, "{\"proxied\":TRUE}" },
		{ RESOURCE_CNAME, "{\"proxied\":1}" },
		{ RESOURCE_TUNNEL, "{\"rule_order\":[]}" },
		{ RESOURCE_TUNNEL, "{\"rule_order\":[\"a\",]}" },
		{ RESOURCE_TUNNEL, "{\"rule_order\":[\"a\" \"b\"]}" },
		{ RESOURCE_TUNNEL, "{\"rule_order\":[\"a\",1]}" },
		{ RESOURCE_TUNNEL, "{\"rule_order\":[\"a\"" },
		{ RESOURCE_TUNNEL, "{\"rule_order\":\"a\"}" },
		{ RESOURCE_TUNNEL, "{\"origin_request\":{}}" },
	};
	struct arena *arena = arena_of(state);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (compare_readings(arena, cases[i].kind, cases[i].text, strlen(cases[i].text)))
			fail_msg("%s was read in its place", cases[i].text);
}

/** Cut off, or followed by anything. */
static void test_only_whole_texts_are_read(void **state)
{
	struct arena *arena = arena_of(state);

	for (size_t kind = 0; kind < KIND_COUNT; kind++) {
		const char *text = kinds_of_text[kind];
		size_t whole = strlen(text);

		assert_true(compare_readings(arena, (enum resource_kind)kind, text, whole));
		for (size_t size = 0; size <= whole + 1; size++)
			assert_int_equal(compare_readings(arena, (enum resource_kind)kind, text, size), size == whole);
	}
}

/** Each byte changed to each other one, and each left out. */
static void test_changed_texts_are_read_alike(void **state)
{
	struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
	size_t quick = 0;

	(void)state;
	for (size_t kind = 0; kind < KIND_COUNT; kind++) {
		size_t size = strlen(kinds_of_text[kind]);
		char text[512];

		assert_true(size < sizeof(text));
		for (size_t at = 0; at < size; at++) {
			for (int byte = 0; byte < 256; byte++) {
				arena_reset(arena);
				memcpy(text, kinds_of_text[kind], size + 1);
				text[at] = (char)byte;
				quick += compare_readings(arena, (enum resource_kind)kind, text, size);
			}
			memcpy(text, kinds_of_text[kind], at);
			memcpy(text + at, kinds_of_text[kind] + at + 1, size - at);
			quick += compare_readings(arena, (enum resource_kind)kind, text, size - 1);
		}
	}
	assert_true(quick > 10000);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_written_is_read_in_its_place, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_other_forms_are_left_to_the_parser, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_only_whole_texts_are_read, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_changed_texts_are_read_alike, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
