/* The cache's file: what is found again, what goes when, and what a run writes. */
#include "state/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/base/unit.h"

/** A folder with the file in it. */
struct place {
	char folder[64], path[96];
	struct arena *arena;
};

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	strcpy(place->folder, "/tmp/adit-cache-XXXXXX");
	place->arena = arena_new(1 << 26);
	*state = place;
	if (!place->arena || !mkdtemp(place->folder))
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/adit-cache.db", place->folder);
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	unlink(place->path);
	rmdir(place->folder);
	arena_free(place->arena);
	free(place);
	return 0;
}

static void make_key(unsigned number, uint8_t key[CACHE_KEY_BYTES])
{
	memset(key, 0, CACHE_KEY_BYTES);
	memcpy(key, &number, sizeof(number));
}

static bool is_there(struct place *place, struct cache *cache, unsigned number)
{
	uint8_t key[CACHE_KEY_BYTES];
	const char *bytes;
	size_t size;

	make_key(number, key);
	if (!cache_get(cache, place->arena, key, &bytes, &size))
		return false;
	assert_int_equal(size, number + 1);
	for (size_t i = 0; i < size; i++)
		assert_int_equal((unsigned char)bytes[i], number & 0xFF);
	return true;
}

static void put(struct cache *cache, unsigned number)
{
	uint8_t key[CACHE_KEY_BYTES];
	char *bytes = malloc(number + 1);

	assert_non_null(bytes);
	memset(bytes, (int)(number & 0xFF), number + 1);
	make_key(number, key);
	cache_put(cache, key, bytes, number + 1);
	free(bytes);
}

static struct cache *open_cache(struct place *place)
{
	struct cache *cache = cache_open(place->path);

	assert_non_null(cache);
	return cache;
}

static int64_t ask(struct place *place, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;
	int64_t number;

	assert_int_equal(sqlite3_open_v2(place->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return number;
}

static void what_was_put_is_found(void **state)
{
	static const unsigned sizes[] = {0, 1, 100, 16000, 17000, 300000};
	struct place *place = *state;
	struct cache *cache = open_cache(place);
	struct stat status;

	assert_false(is_there(place, cache, 1));
	for (size_t i = 0; i < COUNT(sizes); i++)
		put(cache, sizes[i]);
	cache_close(cache);
	assert_int_equal(stat(place->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	cache = open_cache(place);
	for (size_t i = 0; i < COUNT(sizes); i++)
		assert_true(is_there(place, cache, sizes[i]));
	assert_false(is_there(place, cache, 2));
	cache_close(cache);
}

/** A run that finds entries 0 to 9, and puts one. */
static void run_once(struct place *place, unsigned number)
{
	struct cache *cache = open_cache(place);

	for (unsigned i = 0; i < 10; i++)
		assert_true(is_there(place, cache, i));
	put(cache, number);
	cache_close(cache);
}

static void what_is_of_use_stays_and_is_seldom_noted(void **state)
{
	struct place *place = *state;
	struct cache *cache = open_cache(place);
	unsigned quiet = 0;

	for (unsigned i = 0; i < 10; i++)
		put(cache, i);
	put(cache, 5000);
	cache_close(cache);
	for (unsigned i = 0; i < 4 * CACHE_KEPT_RUNS; i++) {
		run_once(place, 100 + i);
		quiet += ask(place, "SELECT count(*) FROM entry WHERE run = (SELECT max(run) FROM entry)") == 1;
	}
	/* Most runs write what they put and nothing else. */
	assert_true(quiet > 3 * CACHE_KEPT_RUNS && quiet < 4 * CACHE_KEPT_RUNS);
	cache = open_cache(place);
	for (unsigned i = 0; i < 10; i++)
		assert_true(is_there(place, cache, i));
	/* Nobody asked for it. */
	assert_false(is_there(place, cache, 5000));
	cache_close(cache);
	assert_int_equal(ask(place, "SELECT count(*) FROM entry"), 10 + CACHE_KEPT_RUNS);
}

/** Who has read holds nobody up. */
static void another_may_write_meanwhile(void **state)
{
	struct place *place = *state;
	struct cache *reader, *writer = open_cache(place);

	put(writer, 1);
	cache_close(writer);
	reader = open_cache(place);
	assert_true(is_there(place, reader, 1));
	cache_release(reader);
	writer = open_cache(place);
	put(writer, 2);
	cache_close(writer);
	/* Also the one that read may write afterwards, and asks again. */
	assert_true(is_there(place, reader, 2));
	put(reader, 3);
	assert_true(is_there(place, reader, 3));
	cache_close(reader);
	reader = open_cache(place);
	assert_true(is_there(place, reader, 1) && is_there(place, reader, 2) && is_there(place, reader, 3));
	cache_release(reader);
	cache_release(NULL);
	cache_close(reader);
}

static void a_file_of_another_format_is_made_anew(void **state)
{
	struct place *place = *state;
	struct cache *cache = open_cache(place);
	sqlite3 *db = NULL;

	put(cache, 1);
	cache_close(cache);
	assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	cache = open_cache(place);
	assert_false(is_there(place, cache, 1));
	cache_close(cache);
	cache = open_cache(place);
	put(cache, 1);
	cache_close(cache);
	cache = open_cache(place);
	assert_true(is_there(place, cache, 1));
	cache_close(cache);
	cache_close(NULL);
}

#define CACHE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CACHE_TEST(what_was_put_is_found),
		CACHE_TEST(what_is_of_use_stays_and_is_seldom_noted),
		CACHE_TEST(another_may_write_meanwhile),
		CACHE_TEST(a_file_of_another_format_is_made_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
