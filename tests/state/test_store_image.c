/* The image beside a state: what is loaded with it is what is loaded without, and it is only believed of the same bytes. */
#include "images.h"

#define IMAGE "adit-cache.state"
#define ROWS IMAGE_ROWS_LEAST

static const struct store_options reading = { .project = "shop", .read_only = true };

/** A state that is worth an image. */
static void write_world(struct fixture *f)
{
	static const struct recorded_zone zone = { .account = "main", .zone_id = "z", .name = "example.com", .plan = "free" };
	static const struct recorded_gateway gateway = { .address = "tunnel/edge/gw-0", .owner = "other" };
	struct user *user = fixture_open(f, "apply");
	struct outcome outcome = { .zones = &zone, .zone_count = 1, .gateways = &gateway, .gateway_count = 1, .result = "ok" };

	outcome.upserts = images_make(user->run.arena, ROWS, &outcome.upsert_count);
	assert_int_equal(user->store->vt->commit(user->store, &outcome), RC_OK);
	assert_int_equal(user->store->vt->suspend(user->store, "why"), RC_OK);
	fixture_drop_user(f);
}

static struct sqlite_store *sqlite_of(const struct user *user)
{
	return (struct sqlite_store *)(void *)user->store;
}

/** A reader that looks for an image. */
static struct user *open_reader(struct fixture *f, bool may_write)
{
	struct user *user = fixture_open_read_only(f);

	store_keep_image(user->store, IMAGE, may_write);
	return user;
}

/** Were the rows read? */
static bool has_read_rows(const struct user *user)
{
	return sqlite_of(user)->statements[SQL_RESOURCE_READ].statement != NULL;
}

static ino_t inode_of(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0 ? info.st_ino : 0;
}

static void make_image(struct fixture *f)
{
	(void)user_load(open_reader(f, true));
	assert_int_equal(mode_of(IMAGE), 0600);
	fixture_drop_user(f);
}

/** Load with an image, if it fits, and without, and compare. @return whether it did fit */
static bool compare_loads(struct fixture *f)
{
	struct user *with = open_reader(f, false), *without = fixture_open_read_only(f);
	struct recorded_state a = user_load(with), b = user_load(without);
	bool has_read = has_read_rows(with);

	images_compare(&a, &b);
	assert_true(has_read_rows(without));
	assert_false(sqlite_of(with)->is_unchecked);
	fixture_drop_user(f);
	fixture_drop_user(f);
	return !has_read;
}

static void test_loads_are_equal(void **state)
{
	struct fixture *f = *state;
	struct user *user;
	struct recorded_state first, second;

	write_world(f);
	user = open_reader(f, true);
	first = user_load(user);
	assert_true(has_read_rows(user));
	assert_int_equal(mode_of(IMAGE), 0600);
	assert_true(compare_loads(f));
	/* the same store, with the page checks behind it */
	sqlite_forget_statements(sqlite_of(user));
	second = user_load(user);
	assert_false(has_read_rows(user));
	images_compare(&first, &second);
	assert_true(first.count >= ROWS && first.zone_count == 1 && first.gateway_count == 1 && first.suspended);
}

static void test_it_is_made_when_it_may_and_is_worth_it(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, ROWS - 1);
	(void)user_load(open_reader(f, true));
	assert_int_equal(access(IMAGE, F_OK), -1);
	fixture_drop_user(f);
	write_world(f);
	(void)user_load(open_reader(f, false));
	assert_int_equal(access(IMAGE, F_OK), -1);
	fixture_drop_user(f);
	/* nor by who writes */
	store_keep_image(fixture_open(f, "apply")->store, IMAGE, true);
	(void)user_load(&f->users[f->user_count - 1]);
	assert_int_equal(access(IMAGE, F_OK), -1);
	store_keep_image(NULL, IMAGE, true);
}

static void test_a_writer_uses_it(void **state)
{
	struct fixture *f = *state;
	struct user *user;
	struct recorded_state loaded, plain;
	struct recorded one;

	write_world(f);
	/* Opening for writing changes nothing; taking the lease does. */
	make_image(f);
	user = fixture_open(f, NULL);
	store_keep_image(user->store, IMAGE, true);
	loaded = user_load(user);
	assert_false(has_read_rows(user));
	assert_int_equal(user->store->vt->lock(user->store, "apply", 0), RC_OK);
	one = make_cname(user->run.arena, "tunnel/edge/web", "new.example.com");
	assert_int_equal(user_commit(user, &one, 1, NULL, 0), RC_OK);
	plain = user_load(user);
	assert_true(has_read_rows(user));
	assert_int_equal(plain.count, loaded.count + 1);
}

static void change(struct fixture *f, size_t way)
{
	struct user *user = fixture_open(f, "apply");
	const struct store_vt *vt = user->store->vt;
	const struct run_record record = { .command = "apply", .actor = "alice" };
	struct intent intent = { .operation = "create", .address = "tunnel/edge/gw-0", .detail = "{}" };
	struct recorded item = make_cname(user->run.arena, "tunnel/edge/gw-0", "new.example.com");
	const char *gone = "cname/h0-1.example.com";
	int64_t id;

	switch (way) {
	case 0: assert_int_equal(user_commit(user, &item, 1, NULL, 0), RC_OK); break;
	case 1: assert_int_equal(user_commit(user, NULL, 0, &gone, 1), RC_OK); break;
	case 2: assert_int_equal(vt->suspend(user->store, NULL), RC_OK); break;
	case 3: assert_int_equal(vt->begin(user->store, &intent, 1), RC_OK); break;
	case 4: assert_int_equal(vt->run_begin(user->store, &record, &id), RC_OK); break;
	default: break; /* the lease alone */
	}
	fixture_drop_user(f);
}

static void test_no_write_leaves_it_of_use(void **state)
{
	struct fixture *f = *state;

	write_world(f);
	make_image(f);
	assert_true(compare_loads(f));
	for (size_t way = 0; way < 6; way++) {
		ino_t before = inode_of(IMAGE);

		change(f, way);
		assert_false(compare_loads(f));
		assert_int_equal(inode_of(IMAGE), before); /* it may not be made anew */
		make_image(f);
		assert_int_not_equal(inode_of(IMAGE), before);
		assert_true(compare_loads(f));
	}
}

static void test_another_project_has_another(void **state)
{
	static const struct store_options other = { .project = "other", .read_only = true };
	struct fixture *f = *state;
	struct user *user;

	write_world(f);
	make_image(f);
	user = fixture_user(f);
	assert_int_equal(user_open(user, "state.db", &other), RC_OK);
	store_keep_image(user->store, IMAGE, true);
	assert_int_equal(user_load(user).count, 0);
	assert_true(has_read_rows(user));
	assert_true(compare_loads(f));
}

static void flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	unsigned char byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static off_t size_of(const char *path)
{
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	return info.st_size;
}

static void test_a_damaged_image_is_none(void **state)
{
	struct fixture *f = *state;
	off_t size;

	write_world(f);
	make_image(f);
	size = size_of(IMAGE);
	for (off_t at = 0; at < size; at += size / 13) {
		flip(IMAGE, at);
		assert_false(compare_loads(f));
		flip(IMAGE, at);
	}
	assert_true(compare_loads(f));
	for (int i = 12; i >= 0; i--) {
		assert_int_equal(truncate(IMAGE, size / 13 * i), 0);
		assert_false(compare_loads(f));
	}
	make_image(f);
	assert_true(compare_loads(f));
}

/** @return of the load */
static enum rc load_damaged(struct fixture *f, const char *image, char words[1024])
{
	struct user *user = fixture_user(f);
	struct recorded_state loaded;
	enum rc rc = user_open(user, "state.db", &reading);

	*words = '\0';
	if (image && !rc)
		store_keep_image(user->store, image, true);
	if (!rc)
		rc = user->store->vt->load(user->store, user->run.arena, &loaded);
	for (size_t i = 0; i < user->run.diags.count; i++)
		snprintf(words + strlen(words), 1024 - strlen(words), "%s: %s\n", user->run.diags.items[i].code,
			 user->run.diags.items[i].summary);
	fixture_drop_user(f);
	return rc;
}

static void test_a_damaged_state_is_told_of(void **state)
{
	struct fixture *f = *state;
	char with[1024], without[1024];
	size_t refused = 0;
	off_t size;

	write_world(f);
	make_image(f);
	size = size_of("state.db");
	for (off_t at = 150; at < size; at += size / 29) {
		enum rc rc;

		flip("state.db", at);
		rc = load_damaged(f, IMAGE, with);
		assert_int_equal(rc, load_damaged(f, NULL, without));
		assert_string_equal(with, without);
		refused += rc != RC_OK;
		flip("state.db", at);
	}
	assert_true(refused > 15);
	make_image(f);
	assert_true(compare_loads(f));
}

static void test_what_others_may_write_is_not_believed(void **state)
{
	struct fixture *f = *state;
	ino_t before;

	write_world(f);
	make_image(f);
	before = inode_of(IMAGE);
	assert_int_equal(chmod(IMAGE, 0644), 0);
	assert_false(compare_loads(f));
	(void)user_load(open_reader(f, true));
	fixture_drop_user(f);
	assert_int_equal(inode_of(IMAGE), before);
	assert_int_equal(mode_of(IMAGE), 0644);
	assert_int_equal(chmod(IMAGE, 0600), 0);
	assert_true(compare_loads(f));
	assert_int_equal(rename(IMAGE, "elsewhere"), 0);
	assert_int_equal(symlink("elsewhere", IMAGE), 0);
	assert_false(compare_loads(f));
	(void)user_load(open_reader(f, true));
	fixture_drop_user(f);
	assert_int_equal(inode_of("elsewhere"), before);
	assert_int_not_equal(inode_of(IMAGE), before);
}

/** What is in a WAL is not in the file. */
static void test_a_wal_has_none(void **state)
{
	struct fixture *f = *state;
	sqlite3 *other = NULL;

	write_world(f);
	make_image(f);
	assert_int_equal(unlink(IMAGE), 0);
	run_sql("state.db", "PRAGMA journal_mode = WAL");
	assert_int_equal(sqlite3_open("state.db", &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "PRAGMA wal_autocheckpoint = 0;"
					     "DELETE FROM resource WHERE address = 'cname/h0-1.example.com'", NULL, NULL, NULL),
			 SQLITE_OK);
	(void)user_load(open_reader(f, true));
	assert_int_equal(access(IMAGE, F_OK), -1);
	sqlite3_close(other);
}

/** What is checked before another process writes is not what an image is made of afterwards. */
static void test_what_an_image_is_of_was_checked(void **state)
{
	struct fixture *f = *state;
	struct listed_page page = { 0 };
	struct recorded_state loaded;
	struct user *user;

	write_world(f);
	user = open_reader(f, true);
	assert_int_equal(user->store->vt->list(user->store, user->run.arena, "", &page), RC_OK);
	assert_false(sqlite_of(user)->is_unchecked);
	/* A row that the index of open intents lacks: loading alone would not see it. */
	run_sql("state.db", "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'result IS NULL', 'result = 3')"
			    " WHERE name = 'intent_open'");
	run_sql("state.db", "INSERT INTO intent (project, operation, began_ms, result) VALUES ('shop', 'create', 1, NULL)");
	run_sql("state.db", "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'result = 3', 'result IS NULL')"
			    " WHERE name = 'intent_open'");
	assert_int_equal(user->store->vt->load(user->store, user->run.arena, &loaded), RC_CORRUPT);
	assert_int_equal(access(IMAGE, F_OK), -1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_loads_are_equal),
		TEST(test_it_is_made_when_it_may_and_is_worth_it),
		TEST(test_a_writer_uses_it),
		TEST(test_no_write_leaves_it_of_use),
		TEST(test_another_project_has_another),
		TEST(test_a_damaged_image_is_none),
		TEST(test_a_damaged_state_is_told_of),
		TEST(test_what_others_may_write_is_not_believed),
		TEST(test_a_wal_has_none),
		TEST(test_what_an_image_is_of_was_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
