/** @file Tests of the file behind the SQLite store: what is created, with which rights, and what is refused. */
#include "tests/state/fixture.h"

#include <signal.h>
#include <sys/resource.h>

static const struct store_options reading = { .project = "shop", .read_only = true };
static const struct store_options writing = { .project = "shop", .holder = "alice@laptop" };

static char *read_all(struct user *user, const char *path, size_t *ret_size)
{
	struct stat file;
	char *bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &file), 0);
	*ret_size = (size_t)file.st_size;
	bytes = arena_alloc(user->run.arena, *ret_size + 1);
	assert_int_equal(read(fd, bytes, *ret_size), *ret_size);
	close(fd);
	return bytes;
}

static void write_all(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void test_a_new_file_is_private_whatever_the_umask(void **state)
{
	static const mode_t umasks[] = { 0, 022, 0777 };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(umasks) / sizeof(umasks[0]); i++) {
		struct user *user = fixture_user(f);
		char *path = arena_printf(user->run.arena, "a%zu/b/state.db", i);
		mode_t old = i == 2 ? umask(0077) : umask(umasks[i]);
		enum rc rc;

		/* A folder that a umask of 0777 makes cannot be entered: make those first. */
		if (i == 2) {
			assert_int_equal(mkdir("a2", 0700), 0);
			assert_int_equal(mkdir("a2/b", 0700), 0);
			umask(umasks[i]);
		}
		rc = user_open(user, path, &writing);
		umask(old);
		assert_int_equal(rc, RC_OK);
		assert_int_equal(mode_of(path), 0600);
		assert_int_equal(mode_of(arena_printf(user->run.arena, "a%zu", i)), 0700);
		assert_int_equal(mode_of(arena_printf(user->run.arena, "a%zu/b", i)), 0700);
	}
}

static void test_side_files_are_private_too(void **state)
{
	struct fixture *f = *state;
	mode_t old = umask(0);
	struct user *user = fixture_open(f, "apply");
	struct sqlite_store *s = (struct sqlite_store *)user->store;

	assert_int_equal(sql_write_begin(&s->sql), RC_OK);
	umask(old);
	assert_int_equal(mode_of("state.db-journal"), 0600);
	assert_int_equal(sql_write_end(&s->sql, RC_OK), RC_OK);
	assert_int_equal(access("state.db-journal", F_OK), -1);
}

static void test_a_file_that_others_can_read_is_tightened(void **state)
{
	struct fixture *f = *state;
	struct user *reader, *writer;

	fixture_write(f, 1);
	assert_int_equal(chmod("state.db", 0644), 0);
	reader = fixture_open_read_only(f);
	assert_int_equal(mode_of("state.db"), 0644);
	assert_int_equal(user_diag(reader, "A0504")->severity, SEVERITY_WARNING);
	assert_non_null(user_diag(reader, "A0504")->help);
	writer = fixture_open(f, NULL);
	assert_int_equal(mode_of("state.db"), 0600);
	assert_int_equal(user_diag(writer, "A0504")->severity, SEVERITY_NOTE);
	assert_int_equal(user_load(writer).count, 1);
}

static void test_reading_nothing_creates_nothing(void **state)
{
	struct fixture *f = *state;
	struct user *user = fixture_user(f);
	struct recorded_state loaded;
	struct lease_info lease;
	struct intent *intents = NULL;
	size_t count = 1;

	assert_int_equal(user_open(user, "none/state.db", &reading), RC_OK);
	loaded = user_load(user);
	assert_int_equal(loaded.count, 0);
	assert_string_equal(loaded.lineage, "");
	assert_int_equal(loaded.serial, 0);
	assert_null(map_get(&loaded.by_address, "tunnel/a"));
	assert_int_equal(user->store->vt->lease(user->store, user->run.arena, &lease), RC_NOTFOUND);
	assert_int_equal(user->store->vt->open_intents(user->store, user->run.arena, &intents, &count), RC_OK);
	assert_int_equal(count, 0);
	assert_string_equal(user_export(user), "{\"format\":1,\"lineage\":\"\",\"project\":\"shop\",\"resources\":[],"
					       "\"serial\":0,\"zones\":[]}");
	assert_int_equal(access("none", F_OK), -1);
	assert_int_equal(user->run.diags.count, 0);
}

static void test_a_reader_writes_nothing(void **state)
{
	struct fixture *f = *state;
	size_t before, after;
	struct user *user;
	char *old, *new;
	struct intent intent = { .operation = "create", .address = "tunnel/a", .detail = "{}" };

	fixture_write(f, 3);
	user = fixture_open_read_only(f);
	old = read_all(user, "state.db", &before);
	assert_int_equal(user_load(user).count, 3);
	assert_int_equal(user->store->vt->lock(user->store, "plan", 0), RC_INTERNAL);
	assert_int_equal(user->store->vt->begin(user->store, &intent, 1), RC_INTERNAL);
	assert_int_equal(user_count_code(user, "A0514"), 2);
	user_close(user);
	new = read_all(user, "state.db", &after);
	assert_int_equal(before, after);
	assert_memory_equal(old, new, after);
}

/** As somebody who may not write, even where the tests run as root. */
static int read_as_nobody(void *context)
{
	struct user *user = fixture_user(context);
	struct recorded_state loaded;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return 1;
	if (access("state.db", W_OK) == 0 || access(".", W_OK) == 0)
		return 2;
	if (user_open(user, "state.db", &reading))
		return 3;
	if (user->store->vt->load(user->store, user->run.arena, &loaded) || loaded.count != 3)
		return 4;
	user_close(user);
	return user->run.diags.count ? 5 : 0;
}

static void test_a_reader_needs_no_right_to_write(void **state)
{
	struct fixture *f = *state;
	int status;

	fixture_write(f, 3);
	if (geteuid() == 0) {
		assert_int_equal(chown("state.db", 65534, (gid_t)-1), 0);
		assert_int_equal(chown(".", 65534, (gid_t)-1), 0);
	}
	assert_int_equal(chmod("state.db", 0400), 0);
	assert_int_equal(chmod(".", 0500), 0);
	status = fixture_join(f, fixture_fork(f, read_as_nobody, f));
	assert_int_equal(chmod(".", 0700), 0);
	assert_int_equal(status, 0);
}

static void test_an_empty_file_is_an_empty_state(void **state)
{
	struct fixture *f = *state;
	struct user *user;

	write_all("state.db", "", 0);
	assert_int_equal(user_load(fixture_open_read_only(f)).count, 0);
	user = fixture_open(f, "apply");
	assert_int_equal(user_load(user).count, 0);
	assert_int_equal(user->run.diags.count, 0);
	assert_int_equal(query_number("state.db", "PRAGMA application_id"), 0x61646974);
	assert_int_equal(query_number("state.db", "PRAGMA user_version"), SQL_SCHEMA_VERSION);
}

/** Both ways of opening refuse what is there, say so once, and leave every byte as it was, and its mode. */
static void assert_refused(struct fixture *f, enum rc expected, const char *code)
{
	struct user *users[2];
	size_t before, after;
	char *old;

	assert_int_equal(chmod("state.db", 0644), 0);
	for (size_t i = 0; i < 2; i++) {
		users[i] = fixture_user(f);
		old = read_all(users[i], "state.db", &before);
		assert_int_equal(user_open(users[i], "state.db", i ? &writing : &reading), expected);
		assert_null(users[i]->store);
		assert_only_error(users[i], code);
		assert_memory_equal(old, read_all(users[i], "state.db", &after), before);
		assert_int_equal(before, after);
		assert_int_equal(mode_of("state.db"), 0644);
	}
}

static void test_what_is_no_database_is_refused(void **state)
{
	char text[5000];

	memset(text, 'x', sizeof(text));
	write_all("state.db", text, sizeof(text));
	assert_refused(*state, RC_CORRUPT, "A0505");
}

static void test_a_short_text_is_refused(void **state)
{
	write_all("state.db", "hello\n", 6);
	assert_refused(*state, RC_CORRUPT, "A0505");
}

static void test_a_database_of_others_is_refused(void **state)
{
	run_sql("state.db", "CREATE TABLE moz_places (url TEXT)");
	assert_refused(*state, RC_CORRUPT, "A0505");
}

/** Many programs number their schemas from 1. */
static void test_a_database_of_others_with_our_version_is_refused(void **state)
{
	run_sql("state.db", "CREATE TABLE moz_places (url TEXT); PRAGMA user_version = 1");
	assert_refused(*state, RC_CORRUPT, "A0505");
}

static void test_another_application_id_is_refused(void **state)
{
	run_sql("state.db", "PRAGMA application_id = 252006674");
	assert_refused(*state, RC_CORRUPT, "A0505");
}

static void test_a_newer_schema_is_refused(void **state)
{
	fixture_write(*state, 2);
	run_sql("state.db", "PRAGMA user_version = 999");
	assert_refused(*state, RC_UNSUPPORTED, "A0506");
}

static void test_our_mark_without_our_tables_is_refused(void **state)
{
	run_sql("state.db", "PRAGMA application_id = 1633970548");
	assert_refused(*state, RC_CORRUPT, "A0505");
}

static void test_views_and_triggers_are_refused(void **state)
{
	fixture_write(*state, 1);
	run_sql("state.db", "CREATE TRIGGER t AFTER INSERT ON resource BEGIN DELETE FROM resource; END");
	assert_refused(*state, RC_CORRUPT, "A0505");
}

static void test_a_cut_off_file_is_refused(void **state)
{
	struct stat file;

	fixture_write(*state, 200);
	assert_int_equal(stat("state.db", &file), 0);
	assert_int_equal(truncate("state.db", file.st_size / 2), 0);
	assert_refused(*state, RC_CORRUPT, "A0505");
}

static void test_a_row_changed_by_hand_is_found(void **state)
{
	static const char *const edits[] = {
		"UPDATE resource SET fields = replace(fields, 'example.com', 'example.net')",
		"UPDATE resource SET tunnel = 'tunnel/other'",
		"UPDATE resource SET zone_id = NULL",
		"UPDATE resource SET account_id = ''",
		"UPDATE resource SET protected = 1",
		"UPDATE resource SET id = prior_comment, prior_comment = id",
		"UPDATE resource SET address = 'cname/b.example.com'",
	};
	struct fixture *f = *state;
	struct user *user;
	struct recorded_state loaded;

	fixture_write(f, 1);
	user = fixture_open_read_only(f);
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		run_sql("state.db", "CREATE TABLE kept AS SELECT * FROM resource");
		run_sql("state.db", edits[i]);
		assert_int_equal(user->store->vt->load(user->store, user->run.arena, &loaded), RC_CORRUPT);
		assert_int_equal(user_count_code(user, "A0505"), i + 1);
		run_sql("state.db", "DELETE FROM resource; INSERT INTO resource SELECT * FROM kept; DROP TABLE kept");
		assert_int_equal(user_load(user).count, 1);
	}
}

/** Somebody's tool turned the file into WAL. */
static void test_a_wal_database_is_read_and_turned_back(void **state)
{
	struct fixture *f = *state;
	sqlite3 *other = NULL;
	struct user *user;

	fixture_write(f, 3);
	run_sql("state.db", "PRAGMA journal_mode = WAL");
	assert_int_equal(user_load(fixture_open_read_only(f)).count, 3);
	/* what is in the WAL alone is seen too */
	assert_int_equal(sqlite3_open("state.db", &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "PRAGMA wal_autocheckpoint = 0;"
					     "DELETE FROM resource WHERE address = 'cname/a1.example.com'", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(user_load(fixture_open_read_only(f)).count, 2);
	assert_int_equal(mode_of("state.db-wal"), 0600);
	assert_int_equal(mode_of("state.db-shm"), 0600);
	sqlite3_close(other);
	for (size_t i = 0; i < f->user_count; i++)
		user_close(&f->users[i]);
	user = fixture_open(f, "apply");
	assert_int_equal(user_load(user).count, 2);
	assert_int_equal(access("state.db-wal", F_OK), -1);
	assert_int_equal(sqlite3_open("state.db", &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "SELECT 1 / (journal_mode = 'delete') FROM pragma_journal_mode", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(other);
}

static void test_pragmas_of_a_connection(void **state)
{
	static const struct {
		const char *pragma;
		int64_t expected;
	} pragmas[] = {
		{ "PRAGMA synchronous", 3 }, { "PRAGMA foreign_keys", 1 }, { "PRAGMA trusted_schema", 0 },
		{ "PRAGMA temp_store", 2 }, { "SELECT journal_mode = 'delete' FROM pragma_journal_mode", 1 },
	};
	struct user *user = fixture_open(*state, NULL);
	sqlite3 *db = ((struct sqlite_store *)user->store)->db;

	for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++) {
		sqlite3_stmt *row = NULL;

		assert_int_equal(sqlite3_prepare_v2(db, pragmas[i].pragma, -1, &row, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(row), SQLITE_ROW);
		assert_int_equal(sqlite3_column_int64(row, 0), pragmas[i].expected);
		sqlite3_finalize(row);
	}
}

static void test_places_that_are_no_files(void **state)
{
	static const struct {
		const char *location;
		enum rc rc;
		const char *code;
	} cases[] = {
		{ "", RC_UNSUPPORTED, "A0507" },
		{ "mysql://u:hunter2@db/adit", RC_UNSUPPORTED, "A0507" },
		{ "postgres://u:hunter2@127.0.0.1:1/adit", RC_IO, "A0520" },
		{ "s3://bucket/key", RC_DENIED, "A0544" },
		{ "https://u:hunter2@state.example.com/x", RC_INVALID, "A0543" },
		{ "folder", RC_IO, "A0508" },
		{ "fifo", RC_IO, "A0508" },
		{ "file/state.db", RC_IO, NULL },
		{ "dangling", RC_IO, "A0508" },
	};
	struct user *user = fixture_user(*state);

	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	write_all("file", "x", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t before = user->run.diags.error_count;

		assert_int_equal(user_open(user, cases[i].location, &writing), cases[i].rc);
		assert_int_equal(user->run.diags.error_count, before + 1);
		if (cases[i].code)
			assert_string_equal(user->run.diags.items[before].code, cases[i].code);
		assert_null(strstr(user->run.diags.items[before].summary, "hunter2"));
	}
}

/** Names that mean something to SQLite are files like any other. */
static void test_special_names_are_plain_files(void **state)
{
	static const char *const names[] = { ":memory:", "file:x?mode=memory" };
	struct user *user = fixture_user(*state);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(user_open(user, names[i], &writing), RC_OK);
		user_close(user);
		assert_int_equal(query_number(arena_printf(user->run.arena, "./%s", names[i]), "PRAGMA user_version"), SQL_SCHEMA_VERSION);
	}
}

/** Steps run in order from the version that is there, all or none. */
static void test_migration(void **state)
{
	static const struct migration good[] = {
		{ 4, "INSERT INTO news VALUES (2)" },
		{ 2, "CREATE TABLE news (n INTEGER) STRICT" },
		{ 3, "INSERT INTO news VALUES (1)" },
	};
	static const struct migration bad[] = {
		{ 5, "INSERT INTO news VALUES (3)" },
		{ 6, "INSERT INTO olds VALUES (1)" },
	};
	struct user *user = fixture_open(*state, NULL);
	struct sqlite_store *s = (struct sqlite_store *)user->store;

	assert_int_equal(sqlite_migrate(s, good, 3, 5), RC_OK);
	assert_int_equal(query_number("state.db", "PRAGMA user_version"), 5);
	assert_int_equal(query_number("state.db", "SELECT group_concat(n, '') FROM news"), 12);
	/* again: there is nothing to do */
	assert_int_equal(sqlite_migrate(s, good, 3, 5), RC_OK);
	assert_int_equal(query_number("state.db", "SELECT count(*) FROM news"), 2);
	/* a newer adit was faster: its version stays */
	assert_int_equal(sqlite_migrate(s, good, 3, 2), RC_OK);
	assert_int_equal(query_number("state.db", "PRAGMA user_version"), 5);
	/* the second step fails: the first is undone */
	assert_int_equal(sqlite_migrate(s, bad, 2, 7), RC_CORRUPT);
	assert_int_equal(query_number("state.db", "PRAGMA user_version"), 5);
	assert_int_equal(query_number("state.db", "SELECT count(*) FROM news"), 2);
	/* no step leads there */
	assert_int_equal(sqlite_migrate(s, good, 3, 6), RC_CORRUPT);
	assert_int_equal(user_count_code(user, "A0505"), 2);
}

/** A file as adit's first version of the schema was. */
static void write_version_1(struct fixture *f)
{
	fixture_write(f, 3);
	run_sql("state.db",
		"ALTER TABLE meta DROP COLUMN suspended;"
		"ALTER TABLE meta DROP COLUMN seal;"
		"ALTER TABLE intent DROP COLUMN fingerprint;"
		"DROP INDEX resource_tunnel;"
		"ALTER TABLE resource DROP COLUMN retired_ms;"
		"ALTER TABLE resource DROP COLUMN precedence;"
		"DROP TABLE gateway;"
		"DROP TABLE budget;"
		"CREATE TABLE budget (project TEXT NOT NULL, account TEXT NOT NULL, second INTEGER NOT NULL, calls INTEGER NOT NULL,"
		"  PRIMARY KEY (project, account, second)) STRICT, WITHOUT ROWID;"
		"INSERT INTO run (project, id, command, started_ms, status) VALUES ('shop', 1, 'apply', 1, 'complete');"
		"PRAGMA user_version = 1");
}

/** What is read is a copy in memory, brought to this version; the file stays as an older adit can read it. */
static void test_an_older_file_is_read(void **state)
{
	const struct budget_request request = { .account = "a", .want = 1, .limit = 1, .window_ms = 1000 };
	const struct store_options budget_only = { .project = "shop", .budget_only = true };
	struct fixture *f = *state;
	struct user *user, *budget;
	struct budget_grant grant;
	struct run_entry *runs;
	size_t before, after, count;
	char *old, *new;

	write_version_1(f);
	user = fixture_user(f);
	old = read_all(user, "state.db", &before);
	assert_int_equal(user_open(user, "state.db", &reading), RC_OK);
	/* a copy has no image */
	write_all("image", "", 0);
	assert_int_equal(chmod("image", 0600), 0);
	store_keep_image(user->store, "image", true);
	assert_int_equal(user_load(user).count, 3);
	assert_int_equal(user_load(user).items[0].retired_ms, 0);
	assert_null(user_load(user).suspended);
	assert_int_equal(user->store->vt->runs(user->store, user->run.arena, &runs, &count), RC_OK);
	assert_int_equal(count, 1);
	/* a budget is shared only where there is a place for it */
	budget = fixture_user(f);
	assert_int_equal(user_open(budget, "state.db", &budget_only), RC_OK);
	assert_int_equal(budget->store->vt->budget_take(budget->store, &request, &grant), RC_NOTFOUND);
	user_close(user);
	user_close(budget);
	assert_int_equal(user->run.diags.count + budget->run.diags.count, 0);
	new = read_all(user, "state.db", &after);
	assert_int_equal(before, after);
	assert_memory_equal(old, new, after);
}

static void test_an_older_file_is_migrated_by_a_writer(void **state)
{
	struct fixture *f = *state;
	struct user *user;

	write_version_1(f);
	user = fixture_open(f, "apply");
	assert_int_equal(query_number("state.db", "PRAGMA user_version"), SQL_SCHEMA_VERSION);
	assert_int_equal(user_load(user).count, 3);
	assert_int_equal(user_load(user).serial, 1);
	assert_int_equal(user->store->vt->suspend(user->store, "why"), RC_OK);
	assert_string_equal(user_load(user).suspended, "why");
	assert_int_equal(query_number("state.db", "SELECT fence FROM lease"), 2);
	assert_int_equal(query_number("state.db", "SELECT count(*) FROM run"), 1);
	user_close(user);
	/* and looks as one that was never older */
	assert_int_equal(query_number("state.db", "SELECT count(*) FROM gateway"), 0);
	assert_int_equal(query_number("state.db", "SELECT count(*) FROM pragma_table_info('budget') WHERE name = 'slot_ms'"), 1);
}

/** A full disk: nothing of the transaction stays, and the store goes on when there is room again. */
static void test_a_full_disk(void **state)
{
	struct fixture *f = *state;
	struct user *user = fixture_open(f, "apply");
	struct recorded items[400];
	struct rlimit old, small;

	items[0] = make_cname(user->run.arena, "tunnel/edge/web", "kept.example.com");
	assert_int_equal(user_commit(user, items, 1, NULL, 0), RC_OK);
	for (size_t i = 0; i < 400; i++)
		items[i] = make_cname(user->run.arena, "tunnel/edge/web", arena_printf(user->run.arena, "a%zu.example.com", i));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 120000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(user_commit(user, items, 400, NULL, 0), RC_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(user_count_code(user, "A0509"), 1);
	assert_int_equal(user_load(user).count, 1);
	assert_int_equal(user_commit(user, items, 400, NULL, 0), RC_OK);
	assert_int_equal(user_load(user).count, 401);
	assert_int_equal(user_load(user).serial, 2);
}

/** `state` is a place for plans of CI: no field of any kind is marked as holding a secret. */
static void test_no_field_holds_a_secret(void **state)
{
	static const enum resource_kind kinds[] = { RESOURCE_TUNNEL, RESOURCE_RULE, RESOURCE_CNAME };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (size_t j = 0; j < resource_type(kinds[i])->field_count; j++)
			assert_false(resource_type(kinds[i])->fields[j].flags & FIELD_SENSITIVE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_new_file_is_private_whatever_the_umask),
		TEST(test_side_files_are_private_too),
		TEST(test_a_file_that_others_can_read_is_tightened),
		TEST(test_reading_nothing_creates_nothing),
		TEST(test_a_reader_writes_nothing),
		TEST(test_a_reader_needs_no_right_to_write),
		TEST(test_an_empty_file_is_an_empty_state),
		TEST(test_what_is_no_database_is_refused),
		TEST(test_a_short_text_is_refused),
		TEST(test_a_database_of_others_is_refused),
		TEST(test_a_database_of_others_with_our_version_is_refused),
		TEST(test_another_application_id_is_refused),
		TEST(test_a_newer_schema_is_refused),
		TEST(test_our_mark_without_our_tables_is_refused),
		TEST(test_views_and_triggers_are_refused),
		TEST(test_a_cut_off_file_is_refused),
		TEST(test_a_row_changed_by_hand_is_found),
		TEST(test_a_wal_database_is_read_and_turned_back),
		TEST(test_pragmas_of_a_connection),
		TEST(test_places_that_are_no_files),
		TEST(test_special_names_are_plain_files),
		TEST(test_migration),
		TEST(test_an_older_file_is_read),
		TEST(test_an_older_file_is_migrated_by_a_writer),
		TEST(test_a_full_disk),
		TEST(test_no_field_holds_a_secret),
	};

	return cmocka_run_group_tests_name("store_file", tests, NULL, NULL);
}
