/* What an apply writes to the state and what waits for that, with a real store; the API is made by hand here: what is
 * sent to it is noted, and never answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/str.h"
#include "planner/applying.h"

#define MOST_SENT 8
#define TUNNELS 3
#define SECRET_BYTES 44 /* 32 in base64 */
#define OPEN "SELECT count(*) FROM intent WHERE result IS NULL"
#define ENDED "SELECT count(*) FROM intent WHERE result = 'ok'"
#define ACCOUNT_ID "0123456789abcdef0123456789abcdef"
#define ROWS "SELECT count(*) FROM resource"

static size_t wiped_secrets;

/** Instead of libc's: what is wiped and as long as a tunnel's secret is counted. */
void explicit_bzero(void *bytes, size_t size)
{
	volatile unsigned char *at = bytes;

	wiped_secrets += size == SECRET_BYTES;
	while (size)
		at[--size] = 0;
}

/** A folder with a state in it. */
struct fixture {
	char folder[64], path[80];
	struct run run;
	struct store *store;
};

static struct store *open_store(struct fixture *f, const char *purpose)
{
	const struct store_options options = { .project = "shop", .holder = "alice@laptop" };
	struct store *store = NULL;

	assert_int_equal(store_open(&f->run, f->path, &options, &store), RC_OK);
	if (purpose)
		assert_int_equal(store->vt->lock(store, purpose, 0), RC_OK);
	return store;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || run_init(&f->run))
		return -1;
	strcpy(f->folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/adit-apply-XXXXXX" : "/tmp/adit-apply-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/state.db", f->folder);
	f->store = open_store(f, "apply");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	static const char *const parts[] = { "", "-wal", "-shm", "-journal", ".lock" };
	struct fixture *f = *state;
	char path[96];

	f->store->vt->close(f->store);
	run_done(&f->run);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", f->path, parts[i]);
		unlink(path);
	}
	if (rmdir(f->folder))
		return -1;
	free(f);
	return 0;
}

/** One number out of the state, by a connection of its own. */
static int64_t query_number(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	int64_t number;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return number;
}

/** The API of one account. */
struct api {
	struct provider provider;
	const char *path;            /**< of the state */
	const struct call *sent[MOST_SENT];
	int64_t open[MOST_SENT];     /**< intents that were open, and durable, when it was sent */
	size_t sent_count, refused;  /**< the first that it does not take; MOST_SENT: none */
};

static enum rc api_submit(struct provider *provider, struct call *call)
{
	struct api *api = (struct api *)provider;

	assert_true(api->sent_count < MOST_SENT);
	if (api->sent_count == api->refused)
		return RC_NOMEM;
	api->open[api->sent_count] = query_number(api->path, OPEN);
	api->sent[api->sent_count++] = call;
	return RC_OK;
}

static enum rc api_next(struct provider *provider, int64_t timeout_ms, struct call **ret_call)
{
	(void)provider;
	(void)timeout_ms;
	(void)ret_call;
	return RC_NOTFOUND;
}

static size_t api_pending(const struct provider *provider)
{
	(void)provider;
	return 0;
}

/** An apply of new tunnels. */
struct world {
	struct api api;
	struct run *run;
	struct provider *providers[1];
	struct resource tunnels[TUNNELS];
	struct change changes[TUNNELS];
	struct tunnel_plan plans[TUNNELS], *plan_list[TUNNELS];
	struct plan plan;
	struct recorded_state recorded;
	struct live live;
	struct apply_options options;
	struct apply_input input;
	struct apply_result result;
	enum change_state states[TUNNELS];
	const char *messages[TUNNELS];
	size_t untold[TUNNELS];
	struct applying applying;
	/* events, in order */
	enum apply_event_kind events[8];
	size_t event_count;
};

static void note_event(void *context, const struct apply_event *event)
{
	struct world *world = context;

	assert_true(world->event_count < 8);
	world->events[world->event_count++] = event->kind;
}

static void world_open(struct world *world, void **state)
{
	static const struct provider_vt vt = { .submit = api_submit, .next = api_next, .pending = api_pending };
	static const char *const addresses[TUNNELS] = { "tunnel/a", "tunnel/b", "tunnel/c" };

	struct fixture *f = *state;

	memset(world, 0, sizeof(*world));
	world->run = &f->run;
	world->api = (struct api){ .provider = { .vt = &vt, .account = "main" }, .path = f->path, .refused = MOST_SENT };
	world->providers[0] = &world->api.provider;
	for (size_t i = 0; i < TUNNELS; i++) {
		world->tunnels[i] = (struct resource){ .kind = RESOURCE_TUNNEL, .address = addresses[i],
						     .id = "00000000-0000-4000-8000-00000000000a" };
		world->changes[i] = (struct change){ .action = ACTION_CREATE, .kind = RESOURCE_TUNNEL, .address = addresses[i],
						     .after = &world->tunnels[i] };
		world->plans[i] = (struct tunnel_plan){ .address = addresses[i], .account = "main", .name = addresses[i] };
		world->plan_list[i] = &world->plans[i];
	}
	world->plan = (struct plan){ .project = "shop", .changes = world->changes, .change_count = TUNNELS, .tunnels = world->plan_list,
				     .tunnel_count = TUNNELS };
	world->options = (struct apply_options){ .on_event = note_event, .context = world };
	world->input = (struct apply_input){ .plan = &world->plan, .providers = world->providers, .provider_count = 1,
					     .store = f->store, .recorded = &world->recorded, .live = &world->live,
					     .options = &world->options };
	map_init(&world->recorded.by_address, world->run->arena);
	world->applying = (struct applying){ .run = world->run, .in = &world->input, .plan = &world->plan,
					     .result = &world->result, .states = world->states, .messages = world->messages,
					     .journal = { .untold = world->untold } };
}

static struct step *make_step(struct world *world, enum call_kind kind)
{
	struct step *step = apply_step(&world->applying, &world->api.provider, kind, NULL);

	assert_non_null(step);
	step->call.secret = arena_strdup(world->run->arena, "swordfish");
	return step;
}

/** Begin a creation, and hand its call over. */
static struct step *begin(struct world *world)
{
	static const struct recovery_detail detail = { .account = "main", .name = "a" };
	struct step *step = make_step(world, CALL_TUNNEL_CREATE);

	assert_int_equal(apply_begin(&world->applying, "create", "tunnel/a", &detail, &step->intent), RC_OK);
	assert_int_equal(apply_submit(&world->applying, step), RC_OK);
	return step;
}

/** Record that the first change was made. */
static void record(struct world *world, int64_t intent)
{
	struct recorded *row = arena_alloc(world->run->arena, sizeof(*row));
	struct outcome outcome = { .upserts = row, .upsert_count = 1 };

	*row = (struct recorded){ .resource = &world->tunnels[0], .account_id = ACCOUNT_ID };
	assert_int_equal(apply_commit(&world->applying, intent, &outcome, "ok"), RC_OK);
	apply_settle(&world->applying, 0, CHANGE_DONE, NULL);
}

static void lose_lease(void **state)
{
	struct store *other = open_store(*state, NULL);

	assert_int_equal(other->vt->break_lease(other, 1), RC_OK);
	other->vt->close(other);
}

static void test_a_write_waits_for_its_intent(void **state)
{
	struct world world;
	struct step *first, *second;

	world_open(&world, state);
	first = begin(&world);
	second = begin(&world);
	assert_int_equal(world.api.sent_count, 0);
	assert_int_equal(apply_journal_write(&world.applying), RC_OK);
	assert_int_equal(world.api.sent_count, 2);
	assert_ptr_equal(world.api.sent[0], &first->call);
	assert_ptr_equal(world.api.sent[1], &second->call);
	assert_int_equal(world.api.open[0], 2);
	assert_string_equal(first->call.secret, "swordfish");
	assert_true(first->intent > 0 && second->intent > first->intent);
	assert_int_equal(apply_journal_wait_ms(&world.applying), -1);
}

static void test_a_read_waits_for_nothing(void **state)
{
	struct world world;
	struct step *read;

	world_open(&world, state);
	begin(&world);
	read = make_step(&world, CALL_TUNNEL_FIND);
	assert_int_equal(apply_submit(&world.applying, read), RC_OK);
	assert_int_equal(world.api.sent_count, 1);
	assert_ptr_equal(world.api.sent[0], &read->call);
	assert_int_equal(world.api.open[0], 0);
}

static void test_done_is_said_once_it_is_durable(void **state)
{
	struct world world;
	struct step *step;

	world_open(&world, state);
	step = begin(&world);
	assert_int_equal(apply_drain(&world.applying), RC_OK);
	record(&world, step->intent);
	begin(&world);
	assert_int_equal(world.event_count, 0);
	assert_int_equal(world.result.added, 0);
	assert_in_range(apply_journal_wait_ms(&world.applying), 0, 100);
	assert_int_equal(apply_drain(&world.applying), RC_OK);
	assert_int_equal(world.event_count, 1);
	assert_int_equal(world.events[0], APPLY_DONE);
	assert_int_equal(world.result.added, 1);
	assert_int_equal(world.applying.settled, 1);
	assert_int_equal(query_number(world.api.path, ENDED), 1);
	assert_int_equal(query_number(world.api.path, ROWS), 1);
	/* and before the next write */
	assert_int_equal(world.api.open[1], 1);
}

/** How often the file was written to: SQLite counts transactions in its header. */
static uint32_t count_transactions(const char *path)
{
	unsigned char counter[4];
	FILE *file = fopen(path, "rb");

	assert_non_null(file);
	assert_int_equal(fseek(file, 24, SEEK_SET), 0);
	assert_int_equal(fread(counter, 1, sizeof(counter), file), sizeof(counter));
	fclose(file);
	return (uint32_t)counter[0] << 24 | (uint32_t)counter[1] << 16 | (uint32_t)counter[2] << 8 | counter[3];
}

static void test_what_is_heard_and_what_begins_share_a_transaction(void **state)
{
	struct world world;
	struct step *made, *next;
	uint32_t before;

	world_open(&world, state);
	made = begin(&world);
	assert_int_equal(apply_journal_write(&world.applying), RC_OK);
	record(&world, made->intent);
	next = begin(&world);
	before = count_transactions(world.api.path);
	assert_int_equal(apply_journal_write(&world.applying), RC_OK);
	assert_int_equal(count_transactions(world.api.path), before + 1);
	assert_int_equal(query_number(world.api.path, ENDED), 1);
	assert_int_equal(query_number(world.api.path, OPEN), 1);
	assert_true(next->intent > made->intent);
}

/** The longer the last transaction took, the longer the next one waits for more, within bounds. */
static void test_a_slow_disk_is_asked_less_often(void **state)
{
	static const struct {
		int64_t took_ms, gather_ms;
	} cases[] = { { 0, 20 }, { 1, 20 }, { 5, 50 }, { 10, 100 }, { 1000, 100 } };
	struct world world;

	world_open(&world, state);
	begin(&world);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world.applying.journal.took_ms = cases[i].took_ms;
		world.applying.journal.since_ms = clock_mono_ms(&world.run->clock) + 1000;
		assert_in_range(apply_journal_wait_ms(&world.applying), cases[i].gather_ms + 990, cases[i].gather_ms + 1000);
		world.applying.journal.since_ms -= 1000 + cases[i].gather_ms;
		assert_int_equal(apply_journal_wait_ms(&world.applying), 0);
	}
}

/** Nothing is sent, nothing counts as done, and what was begun stays open. */
static void test_a_lost_lease(void **state)
{
	struct world world;
	struct step *made, *next;
	const char *secret;

	world_open(&world, state);
	made = begin(&world);
	assert_int_equal(apply_drain(&world.applying), RC_OK);
	record(&world, made->intent);
	apply_settle(&world.applying, 1, CHANGE_FAILED, "so it was said");
	next = begin(&world);
	secret = next->call.secret;
	lose_lease(state);
	assert_int_equal(apply_drain(&world.applying), RC_STALE);
	assert_true(world.result.is_lease_lost && world.applying.is_stopping);
	assert_int_equal(world.api.sent_count, 1);
	assert_memory_equal(secret, "\0\0\0\0\0\0\0\0\0", 9);
	assert_int_equal(query_number(world.api.path, OPEN), 1);
	assert_int_equal(query_number(world.api.path, ROWS), 0);
	assert_int_equal(world.states[0], CHANGE_PENDING);
	assert_int_equal(world.states[1], CHANGE_FAILED);
	assert_int_equal(world.result.added, 0);
	assert_int_equal(world.result.failed, 1);
	assert_int_equal(world.event_count, 1);
}

static void test_stopping_what_was_heard_is_written(void **state)
{
	struct world world;
	struct step *made, *next;

	world_open(&world, state);
	made = begin(&world);
	assert_int_equal(apply_drain(&world.applying), RC_OK);
	record(&world, made->intent);
	next = begin(&world);
	world.applying.is_stopping = true;
	assert_int_equal(apply_drain(&world.applying), RC_OK);
	assert_int_equal(world.api.sent_count, 1);
	assert_null(next->call.secret);
	assert_int_equal(query_number(world.api.path, "SELECT count(*) FROM intent"), 1);
	assert_int_equal(query_number(world.api.path, ROWS), 1);
	assert_int_equal(world.states[0], CHANGE_DONE);
}

static void test_a_call_that_is_not_taken(void **state)
{
	struct world world;
	struct step *steps[3];

	world_open(&world, state);
	for (size_t i = 0; i < 3; i++)
		steps[i] = begin(&world);
	world.api.refused = 1;
	assert_int_equal(apply_drain(&world.applying), RC_NOMEM);
	assert_int_equal(world.api.sent_count, 1);
	assert_non_null(steps[0]->call.secret);
	assert_null(steps[1]->call.secret);
	assert_null(steps[2]->call.secret);
	assert_int_equal(query_number(world.api.path, OPEN), 3);
}

/** The memory ends with the second creation: the third cannot be made, while two wait to be sent. */
static void end_memory(void *context, const struct apply_event *event)
{
	struct world *world = context;

	note_event(context, event);
	if (event->kind != APPLY_STARTED || world->event_count < 2)
		return;
	assert_int_equal(wiped_secrets, 0);
	while (arena_alloc(world->run->arena, 1024))
		;
	while (arena_alloc(world->run->arena, 1))
		;
}

static void test_a_phase_that_fails(void **state)
{
	struct world world;
	struct arena *all, *little = arena_new(1 << 20);

	world_open(&world, state);
	all = world.run->arena;
	world.run->arena = little;
	wiped_secrets = 0;
	world.options.on_event = end_memory;
	assert_int_equal(apply_plan(world.run, &world.input, &world.result), RC_NOMEM);
	assert_int_equal(world.api.sent_count, 0);
	assert_int_equal(world.result.skipped, TUNNELS);
	assert_int_equal(wiped_secrets, 2);
	world.run->arena = all;
	arena_free(little);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_write_waits_for_its_intent),
		TEST(test_a_read_waits_for_nothing),
		TEST(test_done_is_said_once_it_is_durable),
		TEST(test_what_is_heard_and_what_begins_share_a_transaction),
		TEST(test_a_slow_disk_is_asked_less_often),
		TEST(test_a_lost_lease),
		TEST(test_stopping_what_was_heard_is_written),
		TEST(test_a_call_that_is_not_taken),
		TEST(test_a_phase_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
