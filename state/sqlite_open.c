/** @file
 * Opening and closing the SQLite store.
 *
 * One file, with a rollback journal (journal_mode DELETE) and synchronous EXTRA, which also syncs the folder after
 * the journal is gone: a commit that returned survives power loss. WAL was rejected: its readers need to write a
 * -shm file, so that `plan` could not read a state on a read-only mount; it does not work on network file systems;
 * and a copy of the one file, as CI caches make, would miss what is still in the -wal file. Its gain, readers beside
 * a writer, is worth little where one lease holder writes. A file that somebody else turned into WAL is still read
 * rightly, and turned back when opened for writing. */
#include "state/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

#define NOWHERE ((struct span){ 0 })
/* Longer than reading 500,000 resources takes, shorter than a lease lasts. */
#define BUSY_MS 15000
#define BUSY_POLL_MS 20
/* However fast the run's clock runs: disks do not run faster with it. */
#define BUSY_REAL_MIN_MS 2000

static int on_busy(void *context, int calls)
{
	struct sqlite_store *s = context;
	const struct clock *clock = &s->sql.run->clock;
	int64_t now = clock_mono_ms(clock);

	if (!calls)
		s->busy_since_ms = now;
	if (s->sql.is_impatient ||
	    (now - s->busy_since_ms >= BUSY_MS && clock_real_ms(clock, now - s->busy_since_ms) >= BUSY_REAL_MIN_MS))
		return 0;
	clock_sleep_ms(clock, BUSY_POLL_MS);
	return 1;
}

static enum rc fault_file(struct sqlite_store *s, int error)
{
	struct diag *diag;

	if (s->sql.is_quiet)
		return RC_IO;
	diag = diag_add(&s->sql.run->diags, SEVERITY_ERROR, "A0508", NOWHERE, "cannot open the state %s: %s",
			s->sql.base.location, strerror(error));
	diag->system_errno = error;
	return RC_IO;
}

/** Mode 0600 whatever the umask. @return RC_OK; RC_EXISTS somebody else was faster; RC_IO */
static enum rc create_file(struct sqlite_store *s)
{
	const char *folder = file_folder(s->sql.run->arena, s->path);
	enum rc rc = folder ? file_make_folder(&s->sql.run->diags, folder) : RC_NOMEM;
	int fd, error = 0;

	if (rc)
		return rc;
	fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? RC_EXISTS : fault_file(s, errno);
	/* Nobody of this process has the file open yet: closing it cannot drop SQLite's locks. */
	if (fchmod(fd, 0600) < 0)
		error = errno;
	close(fd);
	return error ? fault_file(s, error) : RC_OK;
}

/** Once the file is known to be ours. By path: a descriptor of our own, when closed, would drop the locks of every
 * SQLite connection to the file. */
static void tighten(struct sqlite_store *s)
{
	struct diags *diags = &s->sql.run->diags;
	struct diag *diag;
	struct stat file;
	mode_t mode;

	if (stat(s->path, &file) < 0 || !(file.st_mode & 077))
		return;
	mode = file.st_mode;
	if (!s->sql.read_only && chmod(s->path, 0600) == 0) {
		diag_add(diags, SEVERITY_NOTE, "A0504", NOWHERE, "the state %s could be read by others (mode %04o): now 0600",
			 s->sql.base.location, (unsigned)(mode & 07777));
		return;
	}
	diag = diag_add(diags, SEVERITY_WARNING, "A0504", NOWHERE, "the state %s can be read by others (mode %04o)",
			s->sql.base.location, (unsigned)(mode & 07777));
	diag_help(diags, diag, "chmod 600 %s", s->sql.base.location);
}

static bool may_create(const struct sqlite_store *s)
{
	return !s->sql.read_only && !s->sql.budget_only;
}

/** @param ret_any  false: opened for reading, and nothing was ever stored */
static enum rc prepare_file(struct sqlite_store *s, bool *ret_any)
{
	struct stat file;
	enum rc rc;

	if (stat(s->path, &file) < 0 && errno == ENOENT && may_create(s)) {
		rc = create_file(s);
		if (rc && rc != RC_EXISTS)
			return rc;
	}
	if (stat(s->path, &file) < 0) {
		if (errno != ENOENT || may_create(s))
			return fault_file(s, errno);
		*ret_any = false;
		return RC_OK;
	}
	if (!S_ISREG(file.st_mode))
		return fault_file(s, S_ISDIR(file.st_mode) ? EISDIR : EINVAL);
	*ret_any = true;
	return RC_OK;
}

static enum rc connect(struct sqlite_store *s, int flags)
{
	int result = sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

	if (!s->db)
		return RC_NOMEM;
	if (result == SQLITE_OK)
		result = sqlite3_busy_handler(s->db, on_busy, s);
	if (result == SQLITE_OK)
		result = sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	if (result != SQLITE_OK)
		return sqlite_fault(s, result);
	s->sql.is_empty = false;
	return RC_OK;
}

/** True when a read-only connection cannot read before an interrupted write is rolled back. */
static bool needs_recovery(struct sqlite_store *s)
{
	int result = sqlite3_exec(s->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);

	return result == SQLITE_READONLY_ROLLBACK || result == SQLITE_READONLY_RECOVERY;
}

/** Rolling back an interrupted write restores what was recorded, and changes nothing of it. */
static enum rc connect_for_reading(struct sqlite_store *s)
{
	enum rc rc = connect(s, SQLITE_OPEN_READONLY);

	if (rc || !needs_recovery(s))
		return rc;
	sqlite_disconnect(s);
	rc = connect(s, SQLITE_OPEN_READWRITE);
	return rc ? rc : sqlite_run_text(s, "PRAGMA query_only = ON");
}

/** Trusting the file with nothing, and durable to the last commit; a power cut may undo the last taking of calls, which is
 * worth no sync of the folder. */
static enum rc configure(struct sqlite_store *s)
{
	enum rc rc = sqlite_run_text(s, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;"
				     "PRAGMA temp_store = MEMORY;");

	return rc ? rc : sqlite_run_text(s, s->sql.budget_only ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = EXTRA");
}

static enum rc check(struct sqlite_store *s, const char *sql)
{
	sqlite3_stmt *row = NULL;
	int result = sqlite3_prepare_v2(s->db, sql, -1, &row, NULL);
	enum rc rc = RC_OK;

	if (result == SQLITE_OK)
		result = sqlite3_step(row);
	if (result != SQLITE_ROW)
		rc = sqlite_fault(s, result);
	else if (!str_eq((const char *)sqlite3_column_text(row, 0), "ok"))
		rc = sql_fault_damaged(&s->sql, "it is damaged");
	sqlite3_finalize(row);
	return rc;
}

static enum rc check_all(struct sqlite_store *s, const char *const *checks, size_t count)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < count; i++)
		rc = check(s, checks[i]);
	return rc;
}

/** A row that a flipped bit hid from its project would be taken for never recorded. Who writes has every page checked, and
 * every row against its indexes, when opening. Who reads has the same of all tables but those of the history, which few read,
 * and that of the resources, of which a large state consists: of it the pages. Its rows each carry a fingerprint, and that
 * none is missed is seen when they are read, by resource_count(). */
enum rc sqlite_check_pages(struct sqlite_store *s)
{
	static const char *const checks[] = {
		"PRAGMA integrity_check(meta)", "PRAGMA integrity_check(zone)", "PRAGMA integrity_check(intent)",
		"PRAGMA integrity_check(lease)", "PRAGMA integrity_check(gateway)", "PRAGMA integrity_check(budget)",
		"PRAGMA quick_check(resource)",
	};
	enum rc rc = s->is_unchecked ? check_all(s, checks, sizeof(checks) / sizeof(checks[0])) : RC_OK;

	if (!rc)
		s->is_unchecked = false;
	return rc;
}

enum rc sqlite_check_history(struct sql_store *store)
{
	static const char *const checks[] = {
		"PRAGMA integrity_check(snapshot)", "PRAGMA integrity_check(run)", "PRAGMA integrity_check(change)",
	};
	struct sqlite_store *s = (struct sqlite_store *)store;

	return store->read_only ? check_all(s, checks, sizeof(checks) / sizeof(checks[0])) : RC_OK;
}

static enum rc open_database(struct sqlite_store *s)
{
	bool any = false;
	enum rc rc = s->sql.read_only ? connect_for_reading(s) : connect(s, SQLITE_OPEN_READWRITE);

	if (!rc)
		rc = configure(s);
	if (!rc)
		rc = sqlite_schema_check(s, &any);
	if (rc)
		return rc;
	if (!s->sql.budget_only)
		tighten(s);
	if (!any)
		sqlite_disconnect(s);
	if (s->sql.budget_only || !any)
		return RC_OK;
	s->is_unchecked = s->sql.read_only;
	if (s->sql.read_only)
		return RC_OK;
	rc = check(s, "PRAGMA integrity_check(1)");
	if (rc)
		return rc;
	/* Rows of many resources are written in no order: 64 MiB of pages, if there are so many, instead of 2. */
	rc = sqlite_run_text(s, "PRAGMA cache_size = -65536");
	if (rc)
		return rc;
	/* Refused, without an error, while others have a WAL open: then it stays WAL, which is as durable. */
	return sqlite_run_text(s, "PRAGMA journal_mode = DELETE");
}

static enum rc find_paths(struct sqlite_store *s, const char *path)
{
	struct arena *arena = s->sql.run->arena;

	s->sql.base.location = arena_strdup(arena, path);
	/* Names such as ":memory:" and "file:x" mean something to SQLite. */
	s->path = *path == '/' ? s->sql.base.location : arena_printf(arena, "./%s", path);
	return s->sql.base.location && s->path ? RC_OK : RC_NOMEM;
}

enum rc sqlite_store_open(struct run *run, const char *path, const struct store_options *options,
			  struct store **ret_store)
{
	struct sqlite_store *s = calloc(1, sizeof(*s));
	bool any = false;
	enum rc rc;

	if (!s)
		return RC_NOMEM;
	s->sql.is_empty = true;
	rc = sql_store_init(&s->sql, run, &sqlite_driver, options);
	if (!rc)
		rc = find_paths(s, path);
	if (!rc)
		rc = prepare_file(s, &any);
	if (!rc && any)
		rc = open_database(s);
	if (rc) {
		sqlite_driver.close(&s->sql);
		return rc;
	}
	*ret_store = &s->sql.base;
	return RC_OK;
}

enum rc sqlite_open_memory(struct sqlite_store *s)
{
	bool any = false;
	enum rc rc;

	s->path = ":memory:";
	rc = connect(s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	if (!rc)
		rc = sqlite_run_text(s, "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;");
	return rc ? rc : sqlite_schema_check(s, &any);
}
