/** @file The schema of the PostgreSQL store, its versions, and the way from one to the next. Its versions are those of the
 * SQLite schema, which it follows; there is none before 2. */
#include "state/postgres.h"

#include "base/str.h"

#define NOWHERE ((struct span){ 0 })

/* Texts sort by their bytes, as addresses do everywhere in adit. */
#define TEXT "TEXT COLLATE \"C\""

static const char version_2[] =
	"CREATE TABLE adit.schema_version (version BIGINT NOT NULL);"
	"INSERT INTO adit.schema_version VALUES (2);"

	"CREATE TABLE adit.meta ("
	"  project " TEXT " NOT NULL PRIMARY KEY,"
	"  format BIGINT NOT NULL,"
	"  lineage " TEXT " NOT NULL,"
	"  serial BIGINT NOT NULL CHECK (serial >= 0),"
	"  fence BIGINT NOT NULL CHECK (fence >= 0),"
	"  suspended " TEXT ","
	"  seal " TEXT ");"

	"CREATE TABLE adit.resource ("
	"  project " TEXT " NOT NULL,"
	"  kind " TEXT " NOT NULL,"
	"  address " TEXT " NOT NULL CHECK (substr(address, 1, length(kind) + 1) = kind || '/'),"
	"  id " TEXT ", tunnel " TEXT ", object " TEXT ", account_id " TEXT ", zone_id " TEXT ", prior_comment " TEXT ","
	"  protected BIGINT NOT NULL CHECK (protected IN (0, 1)),"
	"  fields " TEXT " NOT NULL,"
	"  fingerprint " TEXT " NOT NULL,"
	"  retired_ms BIGINT NOT NULL DEFAULT 0,"
	"  precedence " TEXT ","
	"  PRIMARY KEY (project, kind, address));"
	"CREATE INDEX resource_tunnel ON adit.resource (project, tunnel);"

	"CREATE TABLE adit.zone ("
	"  project " TEXT " NOT NULL, account " TEXT " NOT NULL, zone_id " TEXT " NOT NULL, name " TEXT " NOT NULL,"
	"  plan " TEXT ","
	"  PRIMARY KEY (project, account, zone_id));"

	"CREATE TABLE adit.snapshot ("
	"  project " TEXT " NOT NULL, fingerprint " TEXT " NOT NULL, document " TEXT " NOT NULL,"
	"  PRIMARY KEY (project, fingerprint));"

	"CREATE TABLE adit.run ("
	"  project " TEXT " NOT NULL, id BIGINT NOT NULL,"
	"  command " TEXT " NOT NULL, actor " TEXT ", git_commit " TEXT ", plan_digest " TEXT ","
	"  started_ms BIGINT NOT NULL, ended_ms BIGINT, status " TEXT ","
	"  added BIGINT NOT NULL DEFAULT 0, changed BIGINT NOT NULL DEFAULT 0, destroyed BIGINT NOT NULL DEFAULT 0,"
	"  failed BIGINT NOT NULL DEFAULT 0, deferred BIGINT NOT NULL DEFAULT 0,"
	"  snapshot " TEXT ","
	"  PRIMARY KEY (project, id),"
	"  FOREIGN KEY (project, snapshot) REFERENCES adit.snapshot (project, fingerprint));"

	"CREATE TABLE adit.change ("
	"  project " TEXT " NOT NULL, run BIGINT NOT NULL, position BIGINT NOT NULL,"
	"  address " TEXT " NOT NULL, action " TEXT " NOT NULL, result " TEXT " NOT NULL,"
	"  PRIMARY KEY (project, run, position),"
	"  FOREIGN KEY (project, run) REFERENCES adit.run (project, id) ON DELETE CASCADE);"

	"CREATE TABLE adit.intent ("
	"  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
	"  project " TEXT " NOT NULL, run BIGINT, operation " TEXT " NOT NULL, address " TEXT ", detail " TEXT ","
	"  began_ms BIGINT NOT NULL, ended_ms BIGINT, result " TEXT ","
	"  fingerprint " TEXT ");"
	"CREATE INDEX intent_open ON adit.intent (project, id) WHERE result IS NULL;"

	"CREATE TABLE adit.lease ("
	"  project " TEXT " NOT NULL PRIMARY KEY,"
	"  holder " TEXT " NOT NULL, host " TEXT " NOT NULL, host_id " TEXT " NOT NULL, pid BIGINT NOT NULL,"
	"  purpose " TEXT " NOT NULL, acquired_ms BIGINT NOT NULL, heartbeat_ms BIGINT NOT NULL, ttl_ms BIGINT NOT NULL,"
	"  fence BIGINT NOT NULL);"

	"CREATE TABLE adit.gateway ("
	"  project " TEXT " NOT NULL, address " TEXT " NOT NULL, owner " TEXT " NOT NULL, account_id " TEXT ","
	"  tunnel_id " TEXT ", tunnel_name " TEXT ", document " TEXT ", fingerprint " TEXT " NOT NULL,"
	"  PRIMARY KEY (project, address));"
	"CREATE INDEX gateway_owner ON adit.gateway (owner, address);"

	"CREATE TABLE adit.budget ("
	"  account " TEXT " NOT NULL, slot_ms BIGINT NOT NULL, calls BIGINT NOT NULL,"
	"  PRIMARY KEY (account, slot_ms));";

/** Who made the schema of our name, if there is one. */
enum maker { MADE_BY_NOBODY, MADE_EMPTY, MADE_BY_OTHERS, MADE_BY_US };

static enum rc find_maker(struct postgres_store *s, enum maker *ret_maker)
{
	static const char sql[] =
		"SELECT CASE WHEN n.oid IS NULL THEN 0"
		" WHEN NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid) THEN 1"
		" WHEN NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'schema_version') THEN 2"
		" ELSE 3 END FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = 'adit'";
	const char *text = NULL;
	int64_t number = MADE_BY_NOBODY;
	enum rc rc = postgres_run_text(s, sql, &text);

	if (!rc && (!text || str_to_int64(text, &number)))
		rc = RC_INTERNAL;
	if (!rc)
		*ret_maker = (enum maker)number;
	return rc;
}

/** @param ret_version  0: there is no schema of adit's */
static enum rc read_version(struct postgres_store *s, enum maker maker, int64_t *ret_version)
{
	const char *text = NULL;
	int64_t version = 0;
	enum rc rc;

	if (maker == MADE_BY_OTHERS)
		return sql_fault_damaged(&s->sql, "its schema \"adit\" is of another program");
	if (maker != MADE_BY_US) {
		*ret_version = 0;
		return RC_OK;
	}
	rc = postgres_run_text(s, "SELECT max(version) FROM adit.schema_version", &text);
	if (!rc && (!text || str_to_int64(text, &version) || version < SQL_SCHEMA_VERSION))
		rc = sql_fault_damaged(&s->sql, "its version of the schema is one that never was");
	if (!rc)
		*ret_version = version;
	return rc;
}

static enum rc find_version(struct postgres_store *s, enum maker *ret_maker, int64_t *ret_version)
{
	enum rc rc = find_maker(s, ret_maker);

	return rc ? rc : read_version(s, *ret_maker, ret_version);
}

/** Another process may be doing the same, and then has done it when the lock comes. A schema that an administrator made for
 * us is used: to make one needs more rights. */
static enum rc create_alone(struct postgres_store *s)
{
	enum maker maker = MADE_BY_NOBODY;
	int64_t version = 0, key;
	enum rc rc = postgres_key(s->sql.run->arena, "schema", "", &key);

	if (!rc)
		rc = postgres_lock(s, key);
	if (!rc)
		rc = find_version(s, &maker, &version);
	if (rc || version)
		return rc;
	if (maker == MADE_BY_NOBODY)
		rc = postgres_run_text(s, "CREATE SCHEMA adit", NULL);
	return rc ? rc : postgres_run_text(s, version_2, NULL);
}

static enum rc create(struct postgres_store *s)
{
	enum rc rc = s->sql.driver->begin(&s->sql, true);

	return rc ? rc : sql_write_end(&s->sql, create_alone(s));
}

enum rc postgres_schema_check(struct postgres_store *s, bool *ret_any)
{
	enum maker maker = MADE_BY_NOBODY;
	int64_t version = 0;
	enum rc rc = find_version(s, &maker, &version);

	if (!rc && !version && !s->sql.read_only && !s->sql.budget_only) {
		rc = create(s);
		if (!rc)
			rc = find_version(s, &maker, &version);
	}
	if (!rc && version > SQL_SCHEMA_VERSION)
		rc = sql_fault_newer(&s->sql, version);
	if (!rc)
		*ret_any = version != 0;
	return rc;
}
