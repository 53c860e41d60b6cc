/** @file
 * Random histories against a model: upserts and removals, commits that fail, leases that change hands, reopenings,
 * moves of the whole project through a document. After each step the store says what the model says. */
#include "tests/state/fixture.h"

#define DB "state.db"
#define SEEDS 20
#define STEPS 60
#define NAMES 12

/** What should be recorded: for each possible resource its version, 0 for none. */
struct model {
	uint64_t seed;
	unsigned versions[NAMES];
	int64_t serial;
};

static uint64_t draw(struct model *model, uint64_t below)
{
	/* splitmix64 */
	uint64_t z = (model->seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % below;
}

/** The resource number @p n in a version: a third of each kind. */
static struct recorded make(struct arena *arena, size_t n, unsigned version)
{
	char *name = arena_printf(arena, "n%zu.example.com", n), *text = arena_printf(arena, "v%u", version);
	struct recorded item;

	switch (n % 3) {
	case 0:
		item = make_tunnel(arena, arena_printf(arena, "tunnel/t%zu", n), text);
		break;
	case 1:
		item = make_rule(arena, "tunnel/t0", name, "", text);
		break;
	default:
		item = make_cname(arena, "tunnel/t0", name);
		item.prior_comment = text;
	}
	item.is_protected = version % 2;
	return item;
}

static void assert_model(struct user *user, const struct model *model)
{
	struct recorded_state loaded = user_load(user);
	size_t count = 0;

	for (size_t n = 0; n < NAMES; n++) {
		struct recorded expected = make(user->run.arena, n, model->versions[n]);
		const struct recorded *item = map_get(&loaded.by_address, expected.resource->address);
		struct json *a = NULL, *b = NULL;

		assert_int_equal(item != NULL, model->versions[n] != 0);
		if (!item)
			continue;
		count++;
		assert_int_equal(resource_to_json(user->run.arena, expected.resource, true, &a), RC_OK);
		assert_int_equal(resource_to_json(user->run.arena, item->resource, true, &b), RC_OK);
		assert_true(json_equal(a, b));
		assert_true(str_eq(item->prior_comment, expected.prior_comment));
		assert_int_equal(item->is_protected, expected.is_protected);
	}
	assert_int_equal(loaded.count, count);
	assert_int_equal(loaded.serial, model->serial);
}

/** Some upserts and removals; when @p expected is no RC_OK, nothing of it may stay. */
static void commit_some(struct user *user, struct model *model, enum rc expected)
{
	struct recorded upserts[NAMES];
	const char *removals[NAMES];
	struct outcome outcome = { .upserts = upserts, .removals = removals, .result = "ok" };
	struct model next = *model;
	bool changed = false;

	for (size_t n = 0; n < NAMES; n++) {
		uint64_t dice = draw(&next, 6);

		if (dice == 0) {
			removals[outcome.removal_count++] = make(user->run.arena, n, 1).resource->address;
			changed |= next.versions[n] != 0;
			next.versions[n] = 0;
		} else if (dice == 1) {
			unsigned version = (unsigned)draw(&next, 3) + 1;

			upserts[outcome.upsert_count++] = make(user->run.arena, n, version);
			changed |= next.versions[n] != version;
			next.versions[n] = version;
		}
	}
	next.serial += changed;
	assert_int_equal(user->store->vt->commit(user->store, &outcome), expected);
	if (!expected)
		*model = next;
	else
		model->seed = next.seed;
}

static void open_user(struct user *user)
{
	assert_int_equal(user_open(user, DB, NULL), RC_OK);
}

/** Out, over a store that was emptied, and in again. */
static void move_house(struct user *user, struct model *model)
{
	struct json *document = NULL;
	const struct store_vt *vt = user->store->vt;
	const char *addresses[NAMES];
	bool any = false;

	assert_int_equal(vt->export_document(user->store, user->run.arena, &document), RC_OK);
	for (size_t n = 0; n < NAMES; n++) {
		addresses[n] = make(user->run.arena, n, 1).resource->address;
		any |= model->versions[n] != 0;
	}
	assert_int_equal(user_commit(user, NULL, 0, addresses, NAMES), RC_OK);
	assert_int_equal(vt->import_document(user->store, document, true), RC_OK);
	model->serial += any ? 2 : 0;
}

/** @param holder  index of the user that holds the lease, or -1 */
static void step(struct user *users, struct model *model, int *holder)
{
	int who = (int)draw(model, 2);
	struct user *user = &users[who];
	const struct store_vt *vt = user->store->vt;

	switch (draw(model, 5)) {
	case 0:
		assert_int_equal(vt->lock(user->store, "apply", 0), *holder < 0 || *holder == who ? RC_OK : RC_CONFLICT);
		*holder = *holder < 0 ? who : *holder;
		break;
	case 1:
		vt->unlock(user->store);
		*holder = *holder == who ? -1 : *holder;
		break;
	case 2:
		user_close(user);
		open_user(user);
		*holder = *holder == who ? -1 : *holder;
		break;
	case 3:
		if (*holder < 0 || *holder == who)
			move_house(user, model);
		break;
	default:
		commit_some(user, model, *holder < 0 || *holder == who ? RC_OK : RC_CONFLICT);
	}
	assert_model(&users[draw(model, 2)], model);
}

static void test_random_histories(void **state)
{
	struct fixture *f = *state;
	struct user *users = fixture_user(f);

	(void)fixture_user(f);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct model model = { .seed = seed };
		int holder = -1;

		fixture_forget(DB);
		open_user(&users[0]);
		open_user(&users[1]);
		for (size_t i = 0; i < STEPS; i++)
			step(users, &model, &holder);
		user_close(&users[0]);
		user_close(&users[1]);
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(users[i].run.diags.error_count, user_count_code(&users[i], "A0501"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_histories, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests_name("store_property", tests, NULL, NULL);
}
