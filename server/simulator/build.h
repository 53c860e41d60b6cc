/** @file
 * Building JSON answers without a check after each member: the first failure sticks in rc and whoever began the
 * answer looks at it once, at the end. Everything is allocated in the arena; keys are borrowed. */
#ifndef ADIT_SERVER_SIMULATOR_BUILD_H
#define ADIT_SERVER_SIMULATOR_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/rc.h"

struct build {
	struct arena *arena;
	enum rc rc; /**< RC_OK, or the first failure */
};

struct json *build_object(struct build *build);
struct json *build_array(struct build *build);
void build_value(struct build *build, struct json *object, const char *key, struct json *value);
/** NULL writes null. */
void build_string(struct build *build, struct json *object, const char *key, const char *text);
void build_int(struct build *build, struct json *object, const char *key, int64_t number);
void build_bool(struct build *build, struct json *object, const char *key, bool truth);
void build_null(struct build *build, struct json *object, const char *key);
/** Milliseconds since 1970 as Cloudflare writes them, with microseconds; 0 writes null. */
void build_time(struct build *build, struct json *object, const char *key, int64_t wall_ms);
void build_push(struct build *build, struct json *array, struct json *value);
void build_push_string(struct build *build, struct json *array, const char *text);
/** An array of @p count strings under @p key. */
void build_strings(struct build *build, struct json *object, const char *key, const char *const *texts,
		   size_t count);
/** The value that @p text holds, as stored by the simulator itself; null when it holds none. */
struct json *build_parse(struct build *build, const char *text);
/** Canonical text of @p value, for storing; NULL when the build failed. */
const char *build_text(struct build *build, const struct json *value);

#endif
