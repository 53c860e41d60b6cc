/** @file Opening the PostgreSQL store: where it is, for messages without its password, and how long to wait for it. */
#include "state/postgres.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

#define NOWHERE ((struct span){ 0 })

/* A statement waits for a lock no longer than this. */
#define LOCK_MS 15000
#define LOCK_REAL_MIN_MS 3000
/* A process that is stopped within a transaction loses it after this, so that others can go on. */
#define IDLE_MS 60000
#define IDLE_REAL_MIN_MS 6000

static void ignore_notice(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

static const char *option(const PQconninfoOption *options, const char *name)
{
	for (; options->keyword; options++)
		if (str_eq(options->keyword, name))
			return options->val;
	return NULL;
}

static enum rc fault_url(struct run *run, bool is_quiet)
{
	struct diag *diag;

	if (is_quiet)
		return RC_INVALID;
	/* Not shown: it may hold a password. */
	diag = diag_add(&run->diags, SEVERITY_ERROR, "A0523", NOWHERE, "the state's postgres:// URL cannot be read");
	diag_help(&run->diags, diag, "Write postgres://USER@HOST/DATABASE; the password comes from PGPASSWORD or a password file. In a "
		  "URL, write %%40 for @ and %%2F for / in it.");
	return RC_INVALID;
}

/** A password with '@' or '/' in it that is not written as %40 or %2F: libpq would take its end for the host, or the port, which are
 * shown. */
static bool is_ambiguous(const char *url)
{
	const char *rest = strstr(url, "://") + 3, *at = strchr(rest, '@');
	size_t size = strcspn(rest, "/");

	return at && (at > rest + size || strchr(at + 1, '@'));
}

/** "postgres://user@host:port/database", without password and options. */
static enum rc find_location(struct postgres_store *s, const char *url, bool is_quiet)
{
	PQconninfoOption *options = is_ambiguous(url) ? NULL : libpq->conninfoParse(url, NULL);
	struct strbuf text;
	const char *part;

	if (!options)
		return fault_url(s->sql.run, is_quiet);
	strbuf_init(&text, 0);
	strbuf_adds(&text, "postgres://");
	part = option(options, "user");
	if (!str_is_empty(part))
		strbuf_addf(&text, "%s@", part);
	strbuf_adds(&text, str_or_empty(option(options, "host")));
	part = option(options, "port");
	if (!str_is_empty(part))
		strbuf_addf(&text, ":%s", part);
	strbuf_addf(&text, "/%s", str_or_empty(option(options, "dbname")));
	s->sql.base.location = strbuf_failed(&text) ? NULL : arena_strdup(s->sql.run->arena, strbuf_text(&text));
	strbuf_done(&text);
	libpq->conninfoFree(options);
	return s->sql.base.location ? RC_OK : RC_NOMEM;
}

static int limit_ms(const struct postgres_store *s, int64_t ms, int least_real_ms)
{
	int real_ms = clock_real_ms(&s->sql.run->clock, ms);

	return real_ms > least_real_ms ? real_ms : least_real_ms;
}

/** pg_temp is searched first unless it is named: nobody's temporary table stands in for ours. What the server says is durable
 * may be more than "on". */
static enum rc configure(struct postgres_store *s)
{
	const char *encoding = NULL, *text;
	enum rc rc;

	text = arena_printf(s->sql.run->arena,
			    "SET search_path = adit, pg_temp; SET client_encoding = 'UTF8'; SET client_min_messages = error;"
			    "SET lock_timeout = %d; SET statement_timeout = '300s';"
			    "SET idle_in_transaction_session_timeout = %d; %s"
			    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';"
			    "SELECT current_setting('server_encoding')",
			    limit_ms(s, LOCK_MS, LOCK_REAL_MIN_MS), limit_ms(s, IDLE_MS, IDLE_REAL_MIN_MS),
			    s->sql.read_only ? "SET default_transaction_read_only = on;" : "");
	rc = text ? postgres_run_text(s, text, &encoding) : RC_NOMEM;
	if (!rc && !str_eq(encoding, "UTF8"))
		rc = sql_fault_damaged(&s->sql, "its database is not in UTF8, and cannot hold every text");
	return rc;
}

/** What the URL says comes last and wins. */
static enum rc connect_to(struct postgres_store *s, const char *url)
{
	static const char *const names[] = {"connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count",
					    "tcp_user_timeout", "application_name", "dbname", NULL};
	const char *const values[] = {"10", "15", "5", "3", "30000", "adit", url, NULL};

	s->connection = libpq->connectdbParams(names, values, 1);
	if (!s->connection)
		return RC_NOMEM;
	if (libpq->status(s->connection) != CONNECTION_OK)
		return postgres_fault_connect(s);
	libpq->setNoticeReceiver(s->connection, ignore_notice, NULL);
	if (libpq->setnonblocking(s->connection, 1) < 0)
		return postgres_fault(s, NULL);
	return configure(s);
}

enum rc postgres_store_open(struct run *run, const char *url, const struct store_options *options, struct store **ret_store)
{
	struct postgres_store *s = calloc(1, sizeof(*s));
	bool any = false;
	enum rc rc;

	if (!s)
		return RC_NOMEM;
	s->sql.is_empty = true;
	rc = sql_store_init(&s->sql, run, &postgres_driver, options);
	if (!rc)
		rc = libpq_load(options->budget_only ? NULL : &run->diags);
	if (!rc)
		rc = find_location(s, url, options->budget_only);
	if (!rc)
		rc = postgres_key(run->arena, "project", options->project, &s->project_key);
	if (!rc)
		rc = connect_to(s, url);
	if (!rc)
		rc = postgres_schema_check(s, &any);
	if (!rc)
		rc = postgres_read_clock(s);
	if (rc) {
		postgres_driver.close(&s->sql);
		return rc;
	}
	s->sql.is_empty = !any;
	*ret_store = &s->sql.base;
	return RC_OK;
}
