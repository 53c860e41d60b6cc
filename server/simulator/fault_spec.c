/* The language of faults: "KIND[=VALUE][,KEY=VALUE]...". */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "server/simulator/fault.h"

#define KIND(kind) (1u << (kind))
#define REFUSED_MS 3000
#define STALLED_MS (10 * 60 * 1000)
#define STALE_MS 5000
#define CONDITIONS (KIND(FAULT_SMALL_PAGES) | KIND(FAULT_REFUSE_RECORD))

static const struct kind {
	const char *name;
	enum fault_kind kind;
	int status;
	int64_t for_ms;
} kinds[] = {
	{"401", FAULT_DENIED, 401, 0},
	{"403", FAULT_DENIED, 403, 0},
	{"429", FAULT_RATE, 429, 0},
	{"500", FAULT_SERVER, 500, 0},
	{"502", FAULT_SERVER, 502, 0},
	{"503", FAULT_SERVER, 503, 0},
	{"failure", FAULT_FAILURE, 200, 0},
	{"refused", FAULT_REFUSED, 0, REFUSED_MS},
	{"reset", FAULT_RESET, 0, 0},
	{"lost", FAULT_LOST, 0, 0},
	{"truncated", FAULT_TRUNCATED, 0, 0},
	{"stalled", FAULT_STALLED, 0, STALLED_MS},
	{"content-type", FAULT_CONTENT_TYPE, 0, 0},
	{"page-missing", FAULT_PAGE_MISSING, 0, 0},
	{"page-twice", FAULT_PAGE_TWICE, 0, 0},
	{"item-appears", FAULT_ITEM_APPEARS, 0, 0},
	{"item-vanishes", FAULT_ITEM_VANISHES, 0, 0},
	{"stale", FAULT_STALE, 0, STALE_MS},
	{"drop-write", FAULT_DROP_WRITE, 0, 0},
	{"small-pages", FAULT_SMALL_PAGES, 0, 0},
	{"refuse-record", FAULT_REFUSE_RECORD, 0, 0},
};

static bool set_nth(struct fault *fault, const char *value)
{
	char digits[24] = "";
	size_t size = strlen(value);

	fault->is_from_nth = size && value[size - 1] == '+';
	size -= fault->is_from_nth;
	if (size >= sizeof(digits))
		return false;
	memcpy(digits, value, size);
	return !str_to_int64(digits, &fault->nth) && fault->nth > 0;
}

static bool set_times(struct fault *fault, const char *value)
{
	return !str_to_int64(value, &fault->times) && fault->times > 0;
}

static bool set_chance(struct fault *fault, const char *value)
{
	char *end = NULL;

	fault->chance = strtod(value, &end);
	return *value && !*end && fault->chance >= 0 && fault->chance <= 1;
}

static bool set_method(struct fault *fault, const char *value)
{
	size_t size = strlen(value);

	if (!size || size >= sizeof(fault->method))
		return false;
	memcpy(fault->method, value, size + 1);
	return true;
}

static bool set_path(struct fault *fault, const char *value)
{
	memcpy(fault->path, value, strlen(value) + 1);
	return *value == '/';
}

static bool set_for(struct fault *fault, const char *value)
{
	return !str_to_duration_ms(value, &fault->for_ms) && fault->for_ms > 0 && fault->for_ms <= SIMULATOR_FAULT_MS;
}

static bool set_body(struct fault *fault, const char *value)
{
	static const char *const bodies[] = {"json", "html", "empty"};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		if (!str_eq(bodies[i], value))
			continue;
		fault->body = (enum fault_body)i;
		return true;
	}
	return false;
}

static bool set_executed(struct fault *fault, const char *value)
{
	fault->is_executed = str_eq(value, "yes");
	return fault->is_executed || str_eq(value, "no");
}

static bool set_retry_after(struct fault *fault, const char *value)
{
	return !str_to_duration_ms(value, &fault->retry_after_ms) && fault->retry_after_ms > 0 &&
	       fault->retry_after_ms <= SIMULATOR_FAULT_MS;
}

static bool set_seed(struct fault *fault, const char *value)
{
	int64_t seed = 0;

	if (str_to_int64(value, &seed) || seed <= 0)
		return false;
	fault->draw.seed = (uint64_t)seed;
	return true;
}

static const struct key {
	const char *name;
	uint32_t kinds; /* those that it means something for */
	bool (*set)(struct fault *fault, const char *value);
} keys[] = {
	{"n", ~CONDITIONS, set_nth},
	{"times", ~CONDITIONS, set_times},
	{"p", ~CONDITIONS, set_chance},
	{"seed", ~CONDITIONS, set_seed},
	{"method", ~CONDITIONS, set_method},
	{"path", ~CONDITIONS, set_path},
	{"for", KIND(FAULT_REFUSED) | KIND(FAULT_STALLED) | KIND(FAULT_STALE), set_for},
	{"body", KIND(FAULT_SERVER), set_body},
	{"executed", KIND(FAULT_SERVER) | KIND(FAULT_RESET), set_executed},
	{"retry-after", KIND(FAULT_RATE), set_retry_after},
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (str_eq(kinds[i].name, name))
			return &kinds[i];
	}
	return NULL;
}

/* @param value  of "KIND=VALUE"; NULL: none */
static const char *set_kind(struct fault *fault, const char *name, const char *value)
{
	const struct kind *kind = find_kind(name);

	if (!kind)
		return "there is no fault of this kind";
	fault->kind = kind->kind;
	fault->status = kind->status;
	fault->for_ms = kind->for_ms;
	if ((value != NULL) != ((KIND(kind->kind) & CONDITIONS) != 0))
		return value ? "this kind takes no value" : "this kind needs a value, KIND=VALUE";
	if (kind->kind == FAULT_SMALL_PAGES && (str_to_int64(value, &fault->page_size) || fault->page_size < 1))
		return "the size of a page must be a positive number";
	if (kind->kind == FAULT_REFUSE_RECORD)
		memcpy(fault->name, value, strlen(value) + 1);
	return NULL;
}

static const char *set_key(struct fault *fault, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!str_eq(keys[i].name, name))
			continue;
		if (!(keys[i].kinds & KIND(fault->kind)))
			return "this key means nothing for this kind";
		return value && keys[i].set(fault, value) ? NULL : "this value cannot be";
	}
	return "there is no such key";
}

/* @return why not; NULL: done */
static const char *parse(struct fault *fault, const char *spec)
{
	char text[SIMULATOR_FAULT_BYTES];
	const char *why = NULL;
	bool is_first = true;
	char *rest = text;

	if (strlen(spec) >= sizeof(text))
		return "it is too long";
	memcpy(text, spec, strlen(spec) + 1);
	memcpy(fault->spec, spec, strlen(spec) + 1);
	while (!why && rest) {
		char *item = strsep(&rest, ","), *value = strchr(item, '=');

		if (value)
			*value++ = '\0';
		why = is_first ? set_kind(fault, item, value) : set_key(fault, item, value);
		is_first = false;
	}
	return why;
}

enum rc faults_add(struct faults *faults, const struct clock *clock, const char *spec, const char **ret_why)
{
	struct fault fault = {.chance = 1};
	const char *why;

	if (faults->count == SIMULATOR_FAULTS)
		return RC_LIMIT;
	fault.draw = *clock;
	/* Several without a seed of their own must not strike as one. */
	if (fault.draw.seed)
		fault.draw.seed += faults->count + 1;
	why = parse(&fault, spec);
	if (why) {
		*ret_why = why;
		return RC_INVALID;
	}
	fault.draw.drawn = 0;
	faults->items[faults->count++] = fault;
	return RC_OK;
}

const char *fault_name(const struct fault *fault)
{
	for (size_t i = 0; fault && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].kind == fault->kind && kinds[i].status == fault->status)
			return kinds[i].name;
	}
	return NULL;
}
