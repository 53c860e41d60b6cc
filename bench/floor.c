/* bench/floor: the least that a plan could do. It reads whole files and runs libyaml's events over manifests and cJSON
 * over API answers, in one thread, and uses nothing of what they say; or, with --start, only starts as adit does. */
#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <yaml.h>

struct totals {
	size_t manifest_bytes, answer_bytes, events, answers;
};

static void fail(const char *where, const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", where, what);
	exit(1);
}

/* The whole file in one buffer, ended by a NUL; owned by the caller. */
static char *read_file(const char *path, size_t *ret_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	size_t size, done = 0;
	char *bytes;

	if (fd < 0 || fstat(fd, &info))
		fail(path, strerror(errno));
	size = (size_t)info.st_size;
	bytes = malloc(size + 1);
	if (!bytes)
		fail(path, strerror(ENOMEM));
	while (done < size) {
		ssize_t got = read(fd, bytes + done, size - done);

		if (got <= 0)
			fail(path, got < 0 ? strerror(errno) : "it became shorter");
		done += (size_t)got;
	}
	close(fd);
	bytes[size] = '\0';
	*ret_size = size;
	return bytes;
}

static void run_events(const char *path, const char *bytes, size_t size, struct totals *totals)
{
	yaml_parser_t parser;
	bool at_end = false;

	if (!yaml_parser_initialize(&parser))
		fail(path, strerror(ENOMEM));
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, size);
	while (!at_end) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event))
			fail(path, parser.problem);
		at_end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
		totals->events++;
	}
	yaml_parser_delete(&parser);
}

static void parse_answer(const char *path, const char *bytes, size_t size)
{
	cJSON *answer = cJSON_ParseWithLength(bytes, size);

	if (!answer)
		fail(path, "no JSON");
	cJSON_Delete(answer);
}

static void read_one(const char *path, struct totals *totals)
{
	const char *dot = strrchr(path, '.');
	bool is_manifest = dot && !strcmp(dot, ".yaml"), is_answer = dot && !strcmp(dot, ".json");
	size_t size = 0;
	char *bytes;

	if (!is_manifest && !is_answer)
		return;
	bytes = read_file(path, &size);
	if (is_manifest) {
		run_events(path, bytes, size, totals);
		totals->manifest_bytes += size;
	} else {
		parse_answer(path, bytes, size);
		totals->answer_bytes += size;
		totals->answers++;
	}
	free(bytes);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void read_all(char **paths, struct totals *totals)
{
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *entry;

	if (!tree)
		fail(*paths, strerror(errno));
	while ((entry = fts_read(tree))) {
		if (entry->fts_info == FTS_F)
			read_one(entry->fts_path, totals);
		else if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR)
			fail(entry->fts_path, strerror(entry->fts_errno));
	}
	fts_close(tree);
}

/* What every run that plans does before it does anything: libraries, libcurl, the state's first row. */
static void start(const char *state)
{
	sqlite3_stmt *query = NULL;
	sqlite3 *db = NULL;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		fail("libcurl", "it cannot be used");
	if (sqlite3_open_v2(state, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "SELECT serial FROM meta", -1, &query, NULL) != SQLITE_OK ||
	    sqlite3_step(query) != SQLITE_ROW)
		fail(state, sqlite3_errmsg(db));
	sqlite3_finalize(query);
	sqlite3_close(db);
	curl_global_cleanup();
}

int main(int argc, char **argv)
{
	struct totals totals = {0};

	if (argc == 3 && !strcmp(argv[1], "--start")) {
		start(argv[2]);
		return 0;
	}
	if (argc < 2 || *argv[1] == '-') {
		fputs("usage: floor PATH... (files and folders; .yaml are manifests, .json API answers)\n"
		      "       floor --start STATE.db\n", stderr);
		return 64;
	}
	read_all(argv + 1, &totals);
	printf("{\"manifest_bytes\": %zu, \"answer_bytes\": %zu, \"events\": %zu, \"answers\": %zu}\n",
	       totals.manifest_bytes, totals.answer_bytes, totals.events, totals.answers);
	return 0;
}
