/* The cache: one SQLite file without durability, opened for writing by the first put only. A run that writes is one
 * transaction; its number says which entries are still of use. */
#include "state/cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/alloc.h"
#include "base/file.h"

#define FORMAT 2
#define APPLICATION_ID 0x61646963 /* "adic" */
/* Damage is noticed by SQLite or by the reader's checksum: nothing waits for the disk. */
#define SETUP "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA cache_size=-8192;"
/* Pages that most entries have room in. The second index spares a look at every row for the newest run, and for what goes. */
#define SCHEMA "PRAGMA page_size=32768; PRAGMA application_id=1633970531; PRAGMA user_version=2;" \
	"CREATE TABLE entry(key BLOB PRIMARY KEY, run INTEGER NOT NULL, bytes BLOB NOT NULL);" \
	"CREATE INDEX entry_run ON entry(run);"
/* An entry is noted as of use again when it was so many writing runs ago: not each of thousands by each. */
#define NOTED_RUNS (CACHE_KEPT_RUNS / 2)

#define NEWEST "SELECT coalesce(max(run), 0) FROM entry"

struct cache {
	char *path;
	sqlite3 *db;             /* NULL: no file, or none that can be used */
	sqlite3_stmt *get, *use, *put;
	int64_t newest;          /* run that is in the file */
	int64_t run;             /* this one, once it writes */
	uint8_t (*used)[CACHE_KEY_BYTES]; /* what this run found, and no run noted lately */
	size_t used_count, used_capacity;
	bool is_reading, is_writing, is_broken;
};

static void disconnect(struct cache *cache)
{
	sqlite3_finalize(cache->get);
	sqlite3_finalize(cache->use);
	sqlite3_finalize(cache->put);
	cache->get = cache->use = cache->put = NULL;
	sqlite3_close(cache->db);
	cache->db = NULL;
	cache->is_reading = cache->is_writing = false;
}

/* No cache in this run, nor, where the file is at fault, that file in the next one. */
static void give_up(struct cache *cache, int code)
{
	bool is_damaged = (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB || (code & 0xFF) == SQLITE_ERROR;

	disconnect(cache);
	cache->is_broken = true;
	if (is_damaged)
		unlink(cache->path);
}

static int64_t read_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

/* A database of somebody else's that happens to have this name is left alone; an empty one is an attempt of ours. */
static bool is_others(const char *path)
{
	int64_t id = -1, tables = -1;
	sqlite3 *db = NULL;

	/* Whoever looks changes nothing, not even the way in which it is written. */
	if (!sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL)) {
		id = read_number(db, "PRAGMA application_id");
		tables = read_number(db, "SELECT count(*) FROM sqlite_schema");
	}
	sqlite3_close(db);
	return id >= 0 && id != APPLICATION_ID && tables > 0;
}

static int connect(struct cache *cache, int flags)
{
	int code = sqlite3_open_v2(cache->path, &cache->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (!code)
		code = sqlite3_exec(cache->db, SETUP, NULL, NULL, NULL);
	return code;
}

/* What came with a checkout, or what others may write, could say of a file what is not in it. It is neither used nor touched. */
static void connect_to_read(struct cache *cache)
{
	struct stat status;
	int code;

	if (lstat(cache->path, &status))
		return;
	if (!file_is_private(&status) || is_others(cache->path)) {
		cache->is_broken = true;
		return;
	}
	code = connect(cache, SQLITE_OPEN_READWRITE);
	if (!code && read_number(cache->db, "PRAGMA user_version") != FORMAT)
		code = SQLITE_NOTADB;
	if (!code)
		code = sqlite3_prepare_v2(cache->db, "SELECT bytes, run FROM entry WHERE key = ?1", -1, &cache->get, NULL);
	if (!code)
		cache->newest = read_number(cache->db, NEWEST);
	if (code)
		give_up(cache, code);
}

struct cache *cache_open(const char *path)
{
	struct cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->path = alloc_strdup(path);
	if (!cache->path) {
		free(cache);
		return NULL;
	}
	connect_to_read(cache);
	return cache;
}

static void note_use(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES])
{
	if (cache->used_count == cache->used_capacity) {
		size_t capacity = cache->used_capacity ? cache->used_capacity * 2 : 64;
		void *grown = reallocarray(cache->used, capacity, CACHE_KEY_BYTES);

		if (!grown)
			return;
		cache->used = grown;
		cache->used_capacity = capacity;
	}
	memcpy(cache->used[cache->used_count++], key, CACHE_KEY_BYTES);
}

bool cache_get(struct cache *cache, struct arena *arena, const uint8_t key[CACHE_KEY_BYTES], const char **ret_bytes, size_t *ret_size)
{
	bool is_found = false;
	int code;

	if (!cache->get)
		return false;
	/* One transaction for all: thousands of locks take as long as thousands of reads. */
	if (!cache->is_reading && !cache->is_writing)
		cache->is_reading = !sqlite3_exec(cache->db, "BEGIN", NULL, NULL, NULL);
	sqlite3_bind_blob(cache->get, 1, key, CACHE_KEY_BYTES, SQLITE_STATIC);
	code = sqlite3_step(cache->get);
	if (code == SQLITE_ROW) {
		*ret_size = (size_t)sqlite3_column_bytes(cache->get, 0);
		*ret_bytes = arena_memdup(arena, sqlite3_column_blob(cache->get, 0), *ret_size);
		is_found = *ret_bytes != NULL;
		if (sqlite3_column_int64(cache->get, 1) <= cache->newest - NOTED_RUNS)
			note_use(cache, key);
	}
	sqlite3_reset(cache->get);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		give_up(cache, code);
	return is_found;
}

void cache_release(struct cache *cache)
{
	if (cache && cache->is_reading)
		(void)sqlite3_exec(cache->db, "COMMIT", NULL, NULL, NULL);
	if (cache)
		cache->is_reading = false;
}

/* Mode 0600 whatever the umask: what routes say is not everybody's. */
static int create(struct cache *cache)
{
	int fd = open(cache->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), code;

	if (fd < 0)
		return SQLITE_CANTOPEN;
	close(fd);
	code = connect(cache, SQLITE_OPEN_READWRITE);
	return code ? code : sqlite3_exec(cache->db, SCHEMA, NULL, NULL, NULL);
}

static void begin_writing(struct cache *cache)
{
	int code;

	cache_release(cache);
	code = cache->db ? SQLITE_OK : create(cache);
	if (!code)
		code = sqlite3_exec(cache->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (!code)
		code = sqlite3_prepare_v2(cache->db, "INSERT OR REPLACE INTO entry(key, run, bytes) VALUES(?1, ?2, ?3)", -1, &cache->put, NULL);
	if (!code)
		code = sqlite3_prepare_v2(cache->db, "UPDATE entry SET run = ?2 WHERE key = ?1", -1, &cache->use, NULL);
	if (code) {
		give_up(cache, code);
		return;
	}
	cache->run = read_number(cache->db, NEWEST) + 1;
	cache->is_writing = true;
}

void cache_put(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES], const char *bytes, size_t size)
{
	int code;

	if (!cache->is_writing && !cache->is_broken)
		begin_writing(cache);
	if (!cache->is_writing)
		return;
	sqlite3_bind_blob(cache->put, 1, key, CACHE_KEY_BYTES, SQLITE_STATIC);
	sqlite3_bind_int64(cache->put, 2, cache->run);
	sqlite3_bind_blob64(cache->put, 3, bytes, size, SQLITE_STATIC);
	code = sqlite3_step(cache->put);
	sqlite3_reset(cache->put);
	if (code != SQLITE_DONE)
		give_up(cache, code);
}

static void finish_writing(struct cache *cache)
{
	char prune[96];
	int code = SQLITE_DONE;

	for (size_t i = 0; code == SQLITE_DONE && i < cache->used_count; i++) {
		sqlite3_bind_blob(cache->use, 1, cache->used[i], CACHE_KEY_BYTES, SQLITE_STATIC);
		sqlite3_bind_int64(cache->use, 2, cache->run);
		code = sqlite3_step(cache->use);
		sqlite3_reset(cache->use);
	}
	snprintf(prune, sizeof(prune), "DELETE FROM entry WHERE run <= %lld; COMMIT", (long long)cache->run - CACHE_KEPT_RUNS);
	if (code == SQLITE_DONE)
		code = sqlite3_exec(cache->db, prune, NULL, NULL, NULL);
	if (code)
		give_up(cache, code);
}

void cache_close(struct cache *cache)
{
	if (!cache)
		return;
	if (cache->is_writing)
		finish_writing(cache);
	disconnect(cache);
	free(cache->used);
	alloc_free(cache->path);
	free(cache);
}
