/** @file What the tests of state/ share: an empty folder to stand in, stores, and resources to record. */
#ifndef ADIT_TESTS_STATE_FIXTURE_H
#define ADIT_TESTS_STATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "state/postgres.h"
#include "state/sqlite.h"

#define MAX_STORES 4
#define MAX_CHILDREN 8

/** One process's view: a run and a store, closed by the teardown. */
struct user {
	struct run run;
	struct store *store;
};

struct fixture {
	char folder[64];
	int old_folder;
	struct user users[MAX_STORES];
	size_t user_count;
	pid_t children[MAX_CHILDREN];
	size_t child_count;
};

/** A folder of its own as working folder. */
int fixture_setup(void **state);
/** True when "state.db" stands for a PostgreSQL database (ADIT_TEST_POSTGRES). */
bool fixture_is_postgres(void);
/** Make "state.db" as if it never was; in PostgreSQL, too. */
void fixture_forget(const char *path);
/** Close every store, end every child, remove the folder. */
int fixture_teardown(void **state);

/** A store with a run and a clock of its own; options may be NULL: project "shop". Its rc is asserted by the caller. */
struct user *fixture_user(struct fixture *f);
enum rc user_open(struct user *user, const char *path, const struct store_options *options) MUST_CHECK;
/** Open "state.db" for writing and, if @p purpose, lock it; both must work. */
struct user *fixture_open(struct fixture *f, const char *purpose);
/** Open "state.db" for reading; must work. */
struct user *fixture_open_read_only(struct fixture *f);
void user_close(struct user *user);
/** Close the last user's store and forget the user: there are few. */
void fixture_drop_user(struct fixture *f);

/** How many diagnostics of @p user bear @p code. */
size_t user_count_code(const struct user *user, const char *code);
/** The first diagnostic with @p code; fails the test without one. */
const struct diag *user_diag(const struct user *user, const char *code);
/** The only error so far has @p code, and a way out. */
void assert_only_error(const struct user *user, const char *code);

struct recorded make_tunnel(struct arena *arena, const char *address, const char *id);
struct recorded make_rule(struct arena *arena, const char *tunnel, const char *hostname, const char *path, const char *service);
struct recorded make_cname(struct arena *arena, const char *tunnel, const char *name);
/** Fill a tunnel's rule_order. */
void set_rule_order(struct arena *arena, struct recorded *tunnel, const char *const *addresses, size_t count);

/** Commit upserts and removals under the user's lease. */
enum rc user_commit(struct user *user, const struct recorded *upserts, size_t upsert_count, const char *const *removals,
		    size_t removal_count) MUST_CHECK;
/** Load; must work. */
struct recorded_state user_load(struct user *user);
/** The canonical export; must work; arena of the user's run. */
const char *user_export(struct user *user);
/** Write "state.db" with so many CNAMEs, and close it. */
void fixture_write(struct fixture *f, size_t count);
/** One number out of the file, by a connection of its own. */
int64_t query_number(const char *path, const char *sql);
/** Run SQL on the file by a connection of its own; must work. */
void run_sql(const char *path, const char *sql);

/** Fork a child that runs @p body and leaves with its answer; ended by the teardown if it still lives. */
pid_t fixture_fork(struct fixture *f, int (*body)(void *context), void *context);
/** Wait for a child's end. @return what waitpid() says of it */
int fixture_join(struct fixture *f, pid_t child);

mode_t mode_of(const char *path);

#endif
