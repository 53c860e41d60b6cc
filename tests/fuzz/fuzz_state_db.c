/* State files with flipped bits: refused with a way back, or read just as they were written; never half.
 * The input is a list of (place, mask) of four and one byte: each mask is put over the byte at its place. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/run.h"
#include "base/str.h"
#include "state/store.h"
#include "tests/fuzz/fuzz.h"

#define ROWS 12
#define SNAPSHOT "{\"resources\":[{\"address\":\"tunnel/edge/web\",\"name\":\"shop.edge.web\"}]}"

static char path[64];
static unsigned char *good;
static size_t good_size;
static char *good_text;

static void record(struct store *store, struct arena *arena)
{
	struct recorded items[ROWS + 1] = {0};
	struct intent intent = {.operation = "create", .address = "tunnel/edge/web", .detail = "{}"};
	const struct outcome outcome = {.upserts = items, .upsert_count = ROWS + 1, .result = "ok"};
	const struct run_record run = {.command = "apply", .actor = "fuzz"};
	const struct run_result result = {.status = "complete", .added = ROWS + 1, .snapshot = SNAPSHOT,
					  .changes = "[{\"action\":\"create\",\"address\":\"tunnel/edge/web\",\"result\":\"ok\"}]"};
	int64_t id = 0;

	for (size_t i = 0; i <= ROWS; i++) {
		struct resource *resource = arena_alloc(arena, sizeof(*resource));

		if (!resource)
			abort();
		resource->tunnel = "tunnel/edge/web";
		resource->origin.object = "HTTPRoute shop/web";
		items[i].resource = resource;
		items[i].account_id = "699d98642c564d2e855e9661899b7252";
		if (i == ROWS) {
			resource->kind = RESOURCE_TUNNEL;
			resource->address = "tunnel/edge/web";
			resource->id = "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415";
			resource->u.tunnel.account = "main";
			resource->u.tunnel.name = "shop.edge.web";
			continue;
		}
		resource->kind = RESOURCE_RULE;
		resource->u.rule.hostname = arena_printf(arena, "h%zu.example.com", i);
		resource->u.rule.path = "";
		resource->u.rule.service = "http://web.shop.svc:80";
		resource->address = resource_rule_address(arena, "tunnel/edge/web", resource->u.rule.hostname, "", false);
	}
	if (store->vt->lock(store, "apply", 0) || store->vt->commit(store, &outcome) || store->vt->begin(store, &intent, 1))
		abort();
	if (store->vt->run_begin(store, &run, &id) || store->vt->run_end(store, id, &result))
		abort();
}

/** What a reader sees: everything that steers what is done next. @return NULL: it was refused, with words */
static char *read_all(bool is_writer)
{
	const struct store_options options = {.project = "shop", .read_only = !is_writer, .holder = "fuzz"};
	struct intent *intents = NULL;
	struct json *document = NULL;
	struct store *store = NULL;
	struct run_detail detail = {0};
	struct strbuf out;
	struct run run;
	size_t count = 0;
	char *text = NULL;
	enum rc rc;

	if (run_init(&run))
		abort();
	strbuf_init(&out, 0);
	run.clock.scale = 100000; /* waits for locks */
	rc = store_open(&run, path, &options, &store);
	if (!rc)
		rc = store->vt->export_document(store, run.arena, &document);
	if (!rc)
		rc = store->vt->open_intents(store, run.arena, &intents, &count);
	if (!rc)
		rc = store->vt->run_read(store, run.arena, 1, &detail);
	if (!rc && !detail.snapshot) {
		/* There is nothing that the run could be rolled back to: cli/snapshot.c refuses. */
		text = NULL;
	} else if (!rc) {
		json_write_canonical(&out, document);
		strbuf_addf(&out, "\n%s", detail.snapshot);
		for (size_t i = 0; i < count; i++)
			strbuf_addf(&out, "\n%s %s %s", intents[i].operation, str_or_empty(intents[i].address),
				    str_or_empty(intents[i].detail));
		text = strdup(strbuf_text(&out));
	} else if (!run.diags.error_count) {
		abort(); /* refused without a word */
	}
	if (store)
		store->vt->close(store);
	strbuf_done(&out);
	run_done(&run);
	return text;
}

static void write_file(const unsigned char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void prepare(void)
{
	const struct store_options options = {.project = "shop", .holder = "fuzz"};
	struct store *store = NULL;
	struct stat info;
	struct run run;
	int fd;

	snprintf(path, sizeof(path), "%s/adit-fuzz-%d.db", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
	unlink(path);
	if (run_init(&run) || store_open(&run, path, &options, &store))
		abort();
	record(store, run.arena);
	store->vt->close(store);
	run_done(&run);
	fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &info) || !(good = malloc((size_t)info.st_size)) ||
	    read(fd, good, (size_t)info.st_size) != info.st_size)
		abort();
	close(fd);
	good_size = (size_t)info.st_size;
	good_text = read_all(false);
	if (!good_text)
		abort();
}

static void judge(bool is_writer)
{
	char *text = read_all(is_writer);

	if (text && strcmp(text, good_text) != 0) {
		fprintf(stderr, "half read:\n%s\ninstead of\n%s\n", text, good_text);
		abort();
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *bytes;
	char journal[80];

	if (!good)
		prepare();
	bytes = malloc(good_size);
	if (!bytes)
		return 0;
	memcpy(bytes, good, good_size);
	for (size_t i = 0; i + 5 <= size && i < 40; i += 5) {
		uint32_t place;

		memcpy(&place, data + i, sizeof(place));
		bytes[place % good_size] ^= data[i + 4];
	}
	write_file(bytes, good_size);
	judge(false);
	write_file(bytes, good_size);
	judge(true);
	snprintf(journal, sizeof(journal), "%s-journal", path);
	unlink(journal);
	unlink(path);
	free(bytes);
	return 0;
}
