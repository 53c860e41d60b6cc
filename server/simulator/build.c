/* Building JSON answers with a failure that sticks. */
#include "server/simulator/build.h"

#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"

static struct json *check(struct build *build, struct json *value)
{
	if (!value && !build->rc)
		build->rc = RC_NOMEM;
	return value;
}

struct json *build_object(struct build *build)
{
	return check(build, json_new(build->arena, JSON_OBJECT));
}

struct json *build_array(struct build *build)
{
	return check(build, json_new(build->arena, JSON_ARRAY));
}

void build_value(struct build *build, struct json *object, const char *key, struct json *value)
{
	if (build->rc)
		return;
	build->rc = json_set(build->arena, object, key, value);
}

void build_string(struct build *build, struct json *object, const char *key, const char *text)
{
	if (!text)
		build_null(build, object, key);
	else
		build_value(build, object, key, check(build, json_new_string(build->arena, text)));
}

void build_int(struct build *build, struct json *object, const char *key, int64_t number)
{
	build_value(build, object, key, check(build, json_new_int(build->arena, number)));
}

void build_bool(struct build *build, struct json *object, const char *key, bool truth)
{
	build_value(build, object, key, check(build, json_new_bool(build->arena, truth)));
}

void build_null(struct build *build, struct json *object, const char *key)
{
	build_value(build, object, key, check(build, json_new(build->arena, JSON_NULL)));
}

void build_time(struct build *build, struct json *object, const char *key, int64_t wall_ms)
{
	char *text;

	if (wall_ms == 0) {
		build_null(build, object, key);
		return;
	}
	text = clock_rfc3339_us(build->arena, wall_ms);
	build_value(build, object, key, check(build, text ? json_new_string(build->arena, text) : NULL));
}

void build_push(struct build *build, struct json *array, struct json *value)
{
	if (build->rc)
		return;
	build->rc = value ? json_push(build->arena, array, value) : RC_NOMEM;
}

void build_push_string(struct build *build, struct json *array, const char *text)
{
	build_push(build, array, check(build, json_new_string(build->arena, text)));
}

void build_strings(struct build *build, struct json *object, const char *key, const char *const *texts,
		   size_t count)
{
	struct json *array = build_array(build);

	for (size_t i = 0; i < count; i++)
		build_push_string(build, array, texts[i]);
	build_value(build, object, key, array);
}

struct json *build_parse(struct build *build, const char *text)
{
	struct json *value = NULL;

	if (build->rc)
		return NULL;
	if (!text)
		return check(build, json_new(build->arena, JSON_NULL));
	build->rc = json_parse(build->arena, text, strlen(text), &value, NULL);
	return value;
}

const char *build_text(struct build *build, const struct json *value)
{
	struct strbuf buf;
	const char *text = NULL;

	strbuf_init(&buf, 0);
	json_write_canonical(&buf, value);
	if (!build->rc && strbuf_failed(&buf))
		build->rc = RC_NOMEM;
	if (!build->rc)
		text = arena_memdup(build->arena, strbuf_text(&buf), buf.size);
	if (!text && !build->rc)
		build->rc = RC_NOMEM;
	strbuf_done(&buf);
	return text;
}
