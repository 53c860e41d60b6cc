/* Damage to pages of the file, and when it is found. */
#include "fixture.h"

/** Each way to read anything. */
static enum rc read_by(struct user *user, size_t way)
{
	const struct store_vt *vt = user->store->vt;
	struct store *store = user->store;
	struct arena *arena = user->run.arena;
	struct recorded_gateway *gateways;
	struct recorded_state loaded;
	struct listed_page page = { 0 };
	struct run_detail detail;
	struct run_entry *runs;
	struct intent *intents;
	struct lease_info lease;
	struct slice *slices;
	struct json *document;
	size_t count;

	switch (way) {
	case 0: return vt->load(store, arena, &loaded);
	case 1: return vt->list(store, arena, "", &page);
	case 2: return vt->lease(store, arena, &lease);
	case 3: return vt->open_intents(store, arena, &intents, &count);
	case 4: return vt->runs(store, arena, &runs, &count);
	case 5: return vt->run_read(store, arena, 1, &detail);
	case 6: return vt->gateways(store, arena, "shop", &gateways, &count);
	case 7: return vt->slices(store, arena, "shop", NULL, &slices, &count);
	case 8: return vt->export_document(store, arena, &document);
	default: return RC_NOTFOUND;
	}
}

/** Damage pages behind the first: a writer finds it when it opens, a reader when it reads anything. */
static void test_damaged_pages_are_found(void **state)
{
	struct fixture *f = *state;
	struct user *writer, *reader;
	struct store_options other = { .project = "other" };
	size_t way = 0;
	char garbage[16384];
	int fd;

	fixture_write(f, 300);
	memset(garbage, 0xa5, sizeof(garbage));
	fd = open("state.db", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(lseek(fd, 0, SEEK_END) > 65536 + (off_t)sizeof(garbage));
	assert_int_equal(pwrite(fd, garbage, sizeof(garbage), 65536), sizeof(garbage));
	close(fd);
	writer = fixture_user(f);
	assert_int_equal(user_open(writer, "state.db", NULL), RC_CORRUPT);
	assert_only_error(writer, "A0505");
	assert_non_null(strstr(user_diag(writer, "A0505")->help, "adit state rebuild"));
	assert_int_equal(user_open(writer, "state.db", &other), RC_CORRUPT);
	for (;; way++) {
		enum rc rc;

		reader = fixture_open_read_only(f);
		rc = read_by(reader, way);
		if (rc == RC_NOTFOUND)
			break;
		assert_int_equal(rc, RC_CORRUPT);
		assert_only_error(reader, "A0505");
		fixture_drop_user(f);
	}
	assert_int_equal(way, 9);
}

static void test_pages_are_checked_once(void **state)
{
	struct user *reader;

	fixture_write(*state, 3);
	reader = fixture_open_read_only(*state);
	assert_true(((struct sqlite_store *)(void *)reader->store)->is_unchecked);
	for (size_t way = 0; way < 9; way++) {
		(void)read_by(reader, way);
		assert_false(((struct sqlite_store *)(void *)reader->store)->is_unchecked);
	}
	assert_int_equal(reader->run.diags.error_count, 1); /* there is no run 1 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_damaged_pages_are_found, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_pages_are_checked_once, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
