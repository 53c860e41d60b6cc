/** @file What the tests of state/ share. */
#include "tests/state/fixture.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>

/** Where "state.db" is instead, when the tests of a driver run with the other one; NULL: in the folder. */
static const char *postgres_url(void)
{
	const char *url = getenv("ADIT_TEST_POSTGRES");

	return str_is_empty(url) ? NULL : url;
}

bool fixture_is_postgres(void)
{
	return postgres_url() != NULL;
}

static bool is_in_postgres(const char *path)
{
	return postgres_url() && str_eq(path, "state.db");
}

/** The first column of the last statement's row as a number; 0 without one. */
static int64_t run_in_postgres(const char *sql)
{
	PGconn *connection = PQconnectdb(postgres_url());
	PGresult *result;
	int64_t number = 0;

	assert_int_equal(PQstatus(connection), CONNECTION_OK);
	PQclear(PQexec(connection, "SET search_path = adit; SET client_min_messages = error"));
	result = PQexec(connection, sql);
	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQresultErrorMessage(result));
	if (PQntuples(result))
		number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	PQfinish(connection);
	return number;
}

void fixture_forget(const char *path)
{
	if (is_in_postgres(path))
		run_in_postgres("DROP SCHEMA IF EXISTS adit CASCADE");
	else
		unlink(path);
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	/* In memory where there is such a place: thousands of syncs take long on a disk. */
	strcpy(f->folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/adit-state-XXXXXX" : "/tmp/adit-state-XXXXXX");
	f->old_folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->old_folder < 0 || !mkdtemp(f->folder) || chdir(f->folder) < 0)
		return -1;
	fixture_forget("state.db");
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *file, int type, struct FTW *walk)
{
	(void)file;
	(void)type;
	(void)walk;
	return remove(path);
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->child_count; i++)
		if (f->children[i] > 0) {
			kill(f->children[i], SIGKILL);
			waitpid(f->children[i], NULL, 0);
		}
	for (size_t i = 0; i < f->user_count; i++) {
		user_close(&f->users[i]);
		run_done(&f->users[i].run);
	}
	if (fchdir(f->old_folder) < 0)
		return -1;
	close(f->old_folder);
	chmod(f->folder, 0700);
	nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

struct user *fixture_user(struct fixture *f)
{
	struct user *user = &f->users[f->user_count];

	assert_true(f->user_count < MAX_STORES);
	assert_int_equal(run_init(&user->run), RC_OK);
	f->user_count++;
	return user;
}

enum rc user_open(struct user *user, const char *path, const struct store_options *options)
{
	static const struct store_options standard = { .project = "shop", .holder = "alice@laptop" };

	return store_open(&user->run, is_in_postgres(path) ? postgres_url() : path, options ? options : &standard, &user->store);
}

struct user *fixture_open(struct fixture *f, const char *purpose)
{
	struct user *user = fixture_user(f);

	assert_int_equal(user_open(user, "state.db", NULL), RC_OK);
	if (purpose)
		assert_int_equal(user->store->vt->lock(user->store, purpose, 0), RC_OK);
	return user;
}

struct user *fixture_open_read_only(struct fixture *f)
{
	static const struct store_options options = { .project = "shop", .read_only = true };
	struct user *user = fixture_user(f);

	assert_int_equal(user_open(user, "state.db", &options), RC_OK);
	return user;
}

void user_close(struct user *user)
{
	if (user->store)
		user->store->vt->close(user->store);
	user->store = NULL;
}

void fixture_drop_user(struct fixture *f)
{
	struct user *user = &f->users[--f->user_count];

	user_close(user);
	run_done(&user->run);
}

size_t user_count_code(const struct user *user, const char *code)
{
	size_t count = 0;

	for (size_t i = 0; i < user->run.diags.count; i++)
		count += str_eq(user->run.diags.items[i].code, code);
	return count;
}

const struct diag *user_diag(const struct user *user, const char *code)
{
	for (size_t i = 0; i < user->run.diags.count; i++)
		if (str_eq(user->run.diags.items[i].code, code))
			return &user->run.diags.items[i];
	fail_msg("there is no diagnostic %s", code);
	return NULL;
}

void assert_only_error(const struct user *user, const char *code)
{
	for (size_t i = 0; i < user->run.diags.count; i++)
		assert_string_equal(user->run.diags.items[i].code, code);
	assert_int_equal(user->run.diags.error_count, 1);
	assert_non_null(user_diag(user, code)->help);
}

static struct resource *new_resource(struct arena *arena, enum resource_kind kind, const char *address, const char *tunnel)
{
	struct resource *resource = arena_alloc(arena, sizeof(*resource));

	assert_non_null(resource);
	assert_non_null(address);
	resource->kind = kind;
	resource->address = address;
	resource->tunnel = tunnel;
	return resource;
}

struct recorded make_tunnel(struct arena *arena, const char *address, const char *id)
{
	struct resource *resource = new_resource(arena, RESOURCE_TUNNEL, address, address);

	resource->id = id;
	resource->origin.object = "Gateway edge/web";
	resource->u.tunnel.account = "main";
	resource->u.tunnel.name = arena_printf(arena, "shop.%s", address + strlen("tunnel/"));
	resource->u.tunnel.status = "healthy";
	return (struct recorded){ .resource = resource, .account_id = "699d98642c564d2e855e9661899b7252" };
}

struct recorded make_rule(struct arena *arena, const char *tunnel, const char *hostname, const char *path, const char *service)
{
	const char *address = resource_rule_address(arena, tunnel, hostname, path, !*hostname);
	struct resource *resource = new_resource(arena, RESOURCE_RULE, address, tunnel);

	resource->origin.object = "HTTPRoute shop/web";
	resource->u.rule.hostname = hostname;
	resource->u.rule.path = path;
	resource->u.rule.service = service;
	return (struct recorded){ .resource = resource, .account_id = "699d98642c564d2e855e9661899b7252" };
}

struct recorded make_cname(struct arena *arena, const char *tunnel, const char *name)
{
	struct resource *resource = new_resource(arena, RESOURCE_CNAME, resource_cname_address(arena, name), tunnel);

	resource->id = "372e67954025e0ba6aaa6d586b9e0b59";
	resource->u.cname.account = "main";
	resource->u.cname.zone = "example.com";
	resource->u.cname.name = name;
	resource->u.cname.content = "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415.cfargotunnel.com";
	resource->u.cname.proxied = true;
	resource->u.cname.ttl = 1;
	resource->u.cname.comment = "adit:shop edge/web";
	return (struct recorded){ .resource = resource, .account_id = "699d98642c564d2e855e9661899b7252",
				  .zone_id = "023e105f4ecef8ad9ca31a8372d0c353", .prior_comment = "by hand" };
}

void set_rule_order(struct arena *arena, struct recorded *tunnel, const char *const *addresses, size_t count)
{
	struct json *order = json_new(arena, JSON_ARRAY);

	assert_non_null(order);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(json_push(arena, order, json_new_string(arena, addresses[i])), RC_OK);
	tunnel->resource->u.tunnel.rule_order = order;
}

enum rc user_commit(struct user *user, const struct recorded *upserts, size_t upsert_count, const char *const *removals,
		    size_t removal_count)
{
	const struct outcome outcome = { .upserts = upserts, .upsert_count = upsert_count, .removals = removals,
					 .removal_count = removal_count, .result = "ok" };

	return user->store->vt->commit(user->store, &outcome);
}

struct recorded_state user_load(struct user *user)
{
	struct recorded_state loaded = { 0 };

	assert_int_equal(user->store->vt->load(user->store, user->run.arena, &loaded), RC_OK);
	return loaded;
}

void fixture_write(struct fixture *f, size_t count)
{
	struct user *user = fixture_open(f, "apply");
	struct recorded *items = arena_array(user->run.arena, count, sizeof(*items));

	for (size_t i = 0; i < count; i++)
		items[i] = make_cname(user->run.arena, "tunnel/edge/web", arena_printf(user->run.arena, "a%zu.example.com", i));
	assert_int_equal(user_commit(user, items, count, NULL, 0), RC_OK);
	user_close(user);
}

const char *user_export(struct user *user)
{
	struct json *document = NULL;
	struct strbuf out;
	const char *text;

	assert_int_equal(user->store->vt->export_document(user->store, user->run.arena, &document), RC_OK);
	strbuf_init(&out, 0);
	json_write_canonical(&out, document);
	text = arena_strdup(user->run.arena, strbuf_text(&out));
	strbuf_done(&out);
	assert_non_null(text);
	return text;
}

int64_t query_number(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *row = NULL;
	int64_t number;

	if (is_in_postgres(path))
		return run_in_postgres(sql);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	number = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	sqlite3_close(db);
	return number;
}

void run_sql(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	if (is_in_postgres(path)) {
		run_in_postgres(sql);
		return;
	}
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

pid_t fixture_fork(struct fixture *f, int (*body)(void *context), void *context)
{
	pid_t child;

	assert_true(f->child_count < MAX_CHILDREN);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(body(context));
	f->children[f->child_count++] = child;
	return child;
}

int fixture_join(struct fixture *f, pid_t child)
{
	int status = -1;

	for (size_t i = 0; i < f->child_count; i++)
		if (f->children[i] == child)
			f->children[i] = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

mode_t mode_of(const char *path)
{
	struct stat file;

	assert_int_equal(stat(path, &file), 0);
	return file.st_mode & 07777;
}
