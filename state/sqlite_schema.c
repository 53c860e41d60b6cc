/** @file The schema of the SQLite store, its versions, and the way from one to the next. */
#include "state/sqlite.h"

#include <limits.h>

#define NOWHERE ((struct span){ 0 })

/* Every table is keyed by the project. WITHOUT ROWID where rows are small and read in the order of their key;
 * snapshots are long, and intents need ids that are never used twice. */
static const char version_1[] =
	"CREATE TABLE meta ("
	"  project TEXT NOT NULL PRIMARY KEY,"
	"  format INTEGER NOT NULL,"            /* of the document that `adit state pull` prints */
	"  lineage TEXT NOT NULL,"              /* '' until the first write */
	"  serial INTEGER NOT NULL CHECK (serial >= 0),"
	"  fence INTEGER NOT NULL CHECK (fence >= 0)" /* of the last lease; outlives it */
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE resource ("
	"  project TEXT NOT NULL,"
	"  kind TEXT NOT NULL,"
	"  address TEXT NOT NULL CHECK (substr(address, 1, length(kind) + 1) = kind || '/'),"
	"  id TEXT,"
	"  tunnel TEXT,"
	"  object TEXT,"
	"  account_id TEXT,"
	"  zone_id TEXT,"
	"  prior_comment TEXT,"
	"  protected INTEGER NOT NULL CHECK (protected IN (0, 1)),"
	"  fields TEXT NOT NULL,"               /* canonical JSON, as the kind's field table says */
	"  fingerprint TEXT NOT NULL,"          /* XXH3-128 of the other columns: checked when read */
	"  PRIMARY KEY (project, kind, address)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE zone ("
	"  project TEXT NOT NULL,"
	"  account TEXT NOT NULL,"
	"  zone_id TEXT NOT NULL,"
	"  name TEXT NOT NULL,"
	"  plan TEXT,"
	"  PRIMARY KEY (project, account, zone_id)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE snapshot ("
	"  project TEXT NOT NULL,"
	"  fingerprint TEXT NOT NULL,"          /* XXH3-128 of the document: equal ones are kept once */
	"  document TEXT NOT NULL,"             /* the desired state that a run applied */
	"  PRIMARY KEY (project, fingerprint)"
	") STRICT;"

	"CREATE TABLE run ("
	"  project TEXT NOT NULL,"
	"  id INTEGER NOT NULL,"                /* 1, 2, 3... within the project */
	"  command TEXT NOT NULL,"
	"  actor TEXT,"
	"  git_commit TEXT,"
	"  plan_digest TEXT,"
	"  started_ms INTEGER NOT NULL,"
	"  ended_ms INTEGER,"
	"  status TEXT,"                        /* NULL while it runs */
	"  added INTEGER NOT NULL DEFAULT 0,"
	"  changed INTEGER NOT NULL DEFAULT 0,"
	"  destroyed INTEGER NOT NULL DEFAULT 0,"
	"  failed INTEGER NOT NULL DEFAULT 0,"
	"  deferred INTEGER NOT NULL DEFAULT 0,"
	"  snapshot TEXT,"
	"  PRIMARY KEY (project, id),"
	"  FOREIGN KEY (project, snapshot) REFERENCES snapshot (project, fingerprint)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE change ("
	"  project TEXT NOT NULL,"
	"  run INTEGER NOT NULL,"
	"  position INTEGER NOT NULL,"
	"  address TEXT NOT NULL,"
	"  action TEXT NOT NULL,"
	"  result TEXT NOT NULL,"
	"  PRIMARY KEY (project, run, position),"
	"  FOREIGN KEY (project, run) REFERENCES run (project, id) ON DELETE CASCADE"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE intent ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  project TEXT NOT NULL,"
	"  run INTEGER,"                        /* NULL outside a run */
	"  operation TEXT NOT NULL,"
	"  address TEXT,"
	"  detail TEXT,"
	"  began_ms INTEGER NOT NULL,"
	"  ended_ms INTEGER,"
	"  result TEXT"                         /* NULL while the outcome is unknown */
	") STRICT;"
	"CREATE INDEX intent_open ON intent (project, id) WHERE result IS NULL;"

	"CREATE TABLE lease ("
	"  project TEXT NOT NULL PRIMARY KEY,"
	"  holder TEXT NOT NULL,"
	"  host TEXT NOT NULL,"
	"  host_id TEXT NOT NULL,"              /* kernel and pid namespace that pid belongs to */
	"  pid INTEGER NOT NULL,"
	"  purpose TEXT NOT NULL,"
	"  acquired_ms INTEGER NOT NULL,"
	"  heartbeat_ms INTEGER NOT NULL,"
	"  ttl_ms INTEGER NOT NULL,"
	"  fence INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"

	/* API calls counted per account and second, for processes that share one token's rate limit. */
	"CREATE TABLE budget ("
	"  project TEXT NOT NULL,"
	"  account TEXT NOT NULL,"
	"  second INTEGER NOT NULL,"            /* since 1970 */
	"  calls INTEGER NOT NULL,"
	"  PRIMARY KEY (project, account, second)"
	") STRICT, WITHOUT ROWID;";

/* Why a project is suspended; since when a tunnel is empty; a rule's place; shared tunnels; and the budget of an account, which all projects share. */
static const char version_2[] =
	"ALTER TABLE meta ADD COLUMN suspended TEXT;"
	"ALTER TABLE meta ADD COLUMN seal TEXT;"            /* XXH3-128 of lineage, serial and suspended; NULL before the first */
	"ALTER TABLE intent ADD COLUMN fingerprint TEXT;"   /* XXH3-128 of its texts */
	"ALTER TABLE resource ADD COLUMN retired_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE resource ADD COLUMN precedence TEXT;"
	"CREATE INDEX resource_tunnel ON resource (project, tunnel);"

	/* Gateways that other projects may contribute to, and who contributes to whose. */
	"CREATE TABLE gateway ("
	"  project TEXT NOT NULL,"
	"  address TEXT NOT NULL,"
	"  owner TEXT NOT NULL,"                /* the project itself, or whose Gateway it has rules in */
	"  account_id TEXT,"
	"  tunnel_id TEXT,"
	"  tunnel_name TEXT,"
	"  document TEXT,"                      /* canonical JSON of the owner's Gateway */
	"  fingerprint TEXT NOT NULL,"          /* XXH3-128 of the other columns: checked when read */
	"  PRIMARY KEY (project, address)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX gateway_owner ON gateway (owner, address);"

	"DROP TABLE budget;"
	"CREATE TABLE budget ("
	"  account TEXT NOT NULL,"              /* host of the API, and the account's id */
	"  slot_ms INTEGER NOT NULL,"           /* start of the part of a window that the calls were made in */
	"  calls INTEGER NOT NULL,"
	"  PRIMARY KEY (account, slot_ms)"
	") STRICT, WITHOUT ROWID;";

static const struct migration steps[] = {
	{ 0, version_1 },
	{ 1, version_2 },
};

/** What a database says of itself. */
struct identity {
	int64_t application_id, version, tables;
	int64_t foreign; /**< views, triggers, virtual tables: we make none, and one could run code of a stranger's */
};

static enum rc read_identity(struct sqlite_store *s, struct identity *ret_identity)
{
	static const char sql[] =
		"SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),"
		" (SELECT count(*) FROM sqlite_schema),"
		" (SELECT count(*) FROM sqlite_schema WHERE type IN ('view', 'trigger') OR sql LIKE 'CREATE VIRTUAL%')";
	sqlite3_stmt *row = NULL;
	int result = sqlite3_prepare_v2(s->db, sql, -1, &row, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(row);
	if (result == SQLITE_ROW)
		*ret_identity = (struct identity){ sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
						   sqlite3_column_int64(row, 2), sqlite3_column_int64(row, 3) };
	sqlite3_finalize(row);
	return result == SQLITE_ROW ? RC_OK : sqlite_fault(s, result);
}

static const char *step_from(const struct migration *table, size_t count, int64_t version)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].from == version)
			return table[i].sql;
	return NULL;
}

/** The steps, within a transaction. The version is read again: another process may have been faster. */
static enum rc migrate(struct sqlite_store *s, const struct migration *table, size_t count, int to)
{
	struct identity identity;
	char pragmas[96];
	int result;
	enum rc rc = read_identity(s, &identity);

	if (rc || identity.version >= to)
		return rc;
	for (int64_t version = identity.version; version < to; version++) {
		const char *sql = step_from(table, count, version);

		if (!sql)
			return sql_fault_damaged(&s->sql, "its version of the schema is one that never was");
		result = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
		if (result != SQLITE_OK)
			return sqlite_fault(s, result);
	}
	sqlite3_snprintf(sizeof(pragmas), pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
			 SQLITE_STATE_APPLICATION_ID, to);
	result = sqlite3_exec(s->db, pragmas, NULL, NULL, NULL);
	return result == SQLITE_OK ? RC_OK : sqlite_fault(s, result);
}

enum rc sqlite_migrate(struct sqlite_store *s, const struct migration *table, size_t count, int to)
{
	enum rc rc = sqlite_driver_begin(&s->sql, true);

	if (rc)
		return rc;
	rc = migrate(s, table, count, to);
	if (!rc)
		rc = sqlite_driver_commit(&s->sql);
	if (rc)
		sqlite_driver_rollback(&s->sql);
	return rc;
}

/** Opened for reading, an older file stays as it is: what is read is a copy in memory, brought to this adit's version. */
static enum rc migrate_copy(struct sqlite_store *s)
{
	sqlite3 *copy = NULL;
	int result = sqlite3_open_v2(":memory:", &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	sqlite3_backup *backup = result == SQLITE_OK ? sqlite3_backup_init(copy, "main", s->db, "main") : NULL;

	if (!backup) {
		sqlite3_close(copy);
		return RC_NOMEM;
	}
	result = sqlite3_backup_step(backup, -1);
	sqlite3_backup_finish(backup);
	if (result != SQLITE_DONE) {
		sqlite3_close(copy);
		return sqlite_fault(s, result);
	}
	sqlite_disconnect(s);
	s->db = copy;
	s->sql.is_empty = false;
	return sqlite_migrate(s, steps, sizeof(steps) / sizeof(steps[0]), SQL_SCHEMA_VERSION);
}

enum rc sqlite_schema_check(struct sqlite_store *s, bool *ret_any)
{
	struct identity identity;
	enum rc rc = read_identity(s, &identity);
	bool is_new;

	if (rc)
		return rc;
	is_new = !identity.application_id && !identity.version && !identity.tables;
	if (!is_new && identity.application_id != SQLITE_STATE_APPLICATION_ID)
		return sql_fault_damaged(&s->sql, "it is a SQLite database of another program");
	if (identity.version > SQL_SCHEMA_VERSION)
		return sql_fault_newer(&s->sql, identity.version);
	if (!is_new && (identity.version < 1 || identity.foreign))
		return sql_fault_damaged(&s->sql, "its tables are not those that adit makes");
	if (identity.version < SQL_SCHEMA_VERSION && s->sql.budget_only) {
		is_new = true; /* as good as none, until it is migrated */
	} else if (identity.version < SQL_SCHEMA_VERSION && !s->sql.read_only) {
		rc = sqlite_migrate(s, steps, sizeof(steps) / sizeof(steps[0]), SQL_SCHEMA_VERSION);
		is_new = false;
	} else if (identity.version < SQL_SCHEMA_VERSION && !is_new) {
		rc = migrate_copy(s);
	}
	if (!rc)
		*ret_any = !is_new;
	return rc;
}
